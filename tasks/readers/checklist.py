"""MultiCheckList: questions that XTREME-R's templates make, about short texts in 50 languages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError, nearest
from tasks.examples import Answer, Question
from tasks.readers.source import lines_of

CASES = 100
"""Cases of each test; each is a text with the questions of its test."""

PROPERTIES = frozenset(("age", "color", "material", "shape", "size"))
NAMES = ("Adam", "Daniel", "David", "Felix", "Leon", "Martin", "Oscar", "Robert", "Simon", "Victor")
_SLOT = re.compile(r"\{([a-z_.]+\d?)(?:\[(\d)\])?\}")
_COMMA = re.compile(r"\s*[,،\uff0c]\s*")
_BLANKS = ("my", "th")  # where a blank stands between the parts of a value
_PROPERTY, _CONTEXT, _QUESTION, _ANSWER = "property", "Context", "Question", "Answer"
_HEADS = ("Name", "Capability")
_SOURCES = {"s": "state"}  # what the templates call a row's field


@dataclass(frozen=True)
class Row:
    """A template, or a value for templates: in English, and the ways to say it, each with when it is said so."""

    english: str
    variants: tuple[tuple[str, frozenset[str]], ...]
    where: str

    def said(self, meant: Sequence[str]) -> str | None:
        """How it is said beside these English values: the way that most of them ask for, else the one for all."""
        asked = {part for value in meant for part in _parts(value)}
        fit = {text: len(when & asked) for text, when in self.variants if text and _is_meant(when, asked)}
        return max(fit, key=fit.__getitem__) if fit else None


@dataclass(frozen=True)
class Test:
    """A block of the file: rows by their field, in file order; `where` it begins."""

    name: str
    where: str
    rows: dict[str, list[Row]] = field(default_factory=dict)


def read_multichecklist(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Question]:
    """Questions in a language, each with its answer in its text; the same cases, with the same ids, in all languages.

    The published suites are pickles, which Crosslift does not open, and their JSON has no answers. So the templates are
    filled here: by a hash of test and case, with names of our own. Where a language says a template in several ways,
    the file names the English values that each is for. A case that a language cannot say, or whose answer does not
    stand in its text as it is, is left out.
    """
    for path in files:
        tests = _tests(path, language)
        for number, test in enumerate(tests):
            values = {**(tests[number - 1].rows if number else {}), **test.rows}  # the last test takes its values there
            for case in range(CASES):
                yield from _case(f"{number}-{case}", values, language)


def _tests(path: Path, language: str) -> list[Test]:
    header, *lines = (line.split("\t") for line in lines_of(path))
    if header[:2] != ["Field", "en"]:
        raise UserError("MultiCheckList's templates are wanted: Field TAB en TAB …", where=f"{path}:1")
    if language not in header[1:]:
        raise UserError(f"no column {language!r}, {nearest(language, header[1:])}", where=f"{path}:1")
    tests: list[Test] = []
    for number, line in enumerate(lines, start=2):
        head, where = line[0].strip(), f"{path}:{number}"
        cells = [cell.strip() for cell in line[1:]] + [""] * (len(header) - len(line))
        if len(cells) != len(header) - 1:
            raise UserError(f"{len(line)} columns, but the header has {len(header)}", where=where)
        if head == _HEADS[0]:
            tests.append(Test(cells[0], where))
        elif head and head not in _HEADS:
            if not tests:
                raise UserError("a row before the first test's 'Name'", where=where)
            tests[-1].rows.setdefault(head, []).append(Row(cells[0], _variants(header[1:], cells, language), where))
    for test in tests:
        contexts, questions, answers = (len(test.rows.get(name, ())) for name in (_CONTEXT, _QUESTION, _ANSWER))
        if not contexts or not questions or questions != answers:
            what = f"the test {test.name!r} has {contexts} contexts, {questions} questions and {answers} answers"
            raise UserError(f"{what}: it must have a context, and an answer to each question", where=test.where)
    return tests


def _variants(header: Sequence[str], cells: Sequence[str], language: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The language's columns; one named `xx-placeholders` says when the one before it is meant."""
    whens = [*zip(header[1:], cells[1:], strict=True), ("", "")]
    return tuple(
        (text, frozenset(_parts(when)) if name == f"{language}-placeholders" else frozenset())
        for code, text, (name, when) in zip(header, cells, whens, strict=True)
        if code == language
    )


def _is_meant(when: frozenset[str], asked: set[str]) -> bool:
    """Whether a way to say something is for one of these values; what is for a property is for no other property."""
    properties = when & PROPERTIES
    return not when or bool(when & asked and (not properties or properties & asked))


def _parts(value: str) -> list[str]:
    """A value, its parts between commas, and their last words: conditions name objects with and without article."""
    parts = [part.lower() for part in (value, *_COMMA.split(value)) if part]
    return [*parts, *(part.split()[-1] for part in parts if part.split())]


def _case(key: str, rows: Mapping[str, Sequence[Row]], language: str) -> Iterator[Question]:
    """The questions of one case."""
    contexts, questions, answers = (rows[name] for name in (_CONTEXT, _QUESTION, _ANSWER))
    context = contexts[_draw(f"{key} context", len(contexts))]
    chosen = _chosen(key, context, rows)
    text = _filled(context, chosen, {**chosen, "context": context}, language, capital=True)
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        own = _own(question, chosen) | {"context": context}
        asked, right = (_filled(row, chosen, own, language) for row in (question, answer))
        if text and asked and right and right in text:
            yield Question(f"{key}-{number}", asked, text, (Answer(right, _place(right, text)),), key)


def _chosen(key: str, context: Row, rows: Mapping[str, Sequence[Row]]) -> dict[str, Row]:
    """A value for each slot of a context: drawn by hash, names and the two properties differ."""
    chosen: dict[str, Row] = {}
    slots = {match[1] for match in _SLOT.finditer(context.english)}
    for slot in sorted(slots):
        if slot.startswith("first_name"):
            place = _draw(f"{key} name", len(NAMES)) + (3 if slot != "first_name" else 0)
            name = NAMES[place % len(NAMES)]
            chosen[slot] = Row(name, ((name, frozenset()),), context.where)
        elif not slot.startswith("p."):
            values = rows.get(_SOURCES.get(slot, slot), ())
            if not values:
                raise UserError(f"no values for {slot!r}", where=context.where)
            chosen[slot] = values[_draw(f"{key} {slot}", len(values))]
    if any(slot.startswith("p.") for slot in slots):
        chosen |= _properties(key, rows, context.where)
    return chosen


def _properties(key: str, rows: Mapping[str, Sequence[Row]], where: str) -> dict[str, Row]:
    known = [row for row in rows.get(_PROPERTY, ()) if rows.get(row.english)]
    if len(known) < 2:
        raise UserError("two properties with values are wanted", where=where)
    first = _draw(f"{key} property", len(known))
    second = (first + 1 + _draw(f"{key} other", len(known) - 1)) % len(known)
    chosen: dict[str, Row] = {}
    for number, row in ((1, known[first]), (2, known[second])):
        values = rows[row.english]
        chosen |= {f"p.p{number}": row, f"p.v{number}": values[_draw(f"{key} value {number}", len(values))]}
    return chosen


def _own(question: Row, chosen: Mapping[str, Row]) -> dict[str, Row]:
    """What a question is said by: one about the first property does not look at the second one."""
    other = "2" if "{p.p1}" in question.english else "1" if "{p.p2}" in question.english else None
    return {slot: row for slot, row in chosen.items() if not (slot.startswith("p.") and slot[-1] == other)}


def _filled(
    template: Row, chosen: Mapping[str, Row], beside: Mapping[str, Row], language: str, capital: bool = False
) -> str | None:
    """A template in a language with its values; None where the language cannot say it."""
    meant = [row.english for row in beside.values()]
    text = template.said(meant)
    found = {match[0]: _value(match, chosen, meant, language) for match in _SLOT.finditer(text or "")}
    if text is None or None in found.values():
        return None
    for slot, value in found.items():
        begins = capital and slot == "{obj[1]}"  # it begins a sentence
        text = text.replace(slot, f"{value[:1].upper()}{value[1:]}" if begins and value else str(value))
    return text


def _value(match: re.Match[str], chosen: Mapping[str, Row], meant: Sequence[str], language: str) -> str | None:
    row = chosen.get(match[1])
    said = None if row is None else row.said(meant)
    if said is None or match[2] is None:
        return said
    parts = said.split() if language in _BLANKS and not _COMMA.search(said) else _COMMA.split(said)
    return parts[int(match[2])] if int(match[2]) < len(parts) else None


def _place(answer: str, text: str) -> int:
    """Where an answer stands: as a word of its own, if it does so."""
    whole = re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text)
    return whole.start() if whole else text.index(answer)


def _draw(purpose: str, n: int) -> int:
    """A number below n: a function of what it is for."""
    return int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "big") % n
