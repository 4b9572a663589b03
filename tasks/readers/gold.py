"""Labels that lie in a file of their own, in the form of the benchmark's gold folder: one line an example."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Choices, Example, Passage, Tagged, TextPair, Translation
from tasks.readers.source import choice_index, label_of, lines_of, objects_of


def attach(task: Task, examples: Sequence[Example], gold: Path) -> tuple[Example, ...]:
    """The examples with the labels of a gold file: label words, indices, or tags (a blank line between sentences)."""
    kind = type(examples[0])
    if kind not in _ATTACH:
        raise UserError(f"a {task.kind} task takes no separate gold file", where=str(gold))
    return _ATTACH[kind](task, examples, gold)


def _labels(task: Task, examples: Sequence[Any], gold: Path) -> tuple[TextPair, ...]:
    lines = _counted(lines_of(gold), len(examples), gold)
    return tuple(
        replace(example, label=label_of(task, line.strip(), f"{gold}:{place}"))
        for place, (example, line) in enumerate(zip(examples, lines, strict=True), start=1)
    )


def _choices(task: Task, examples: Sequence[Any], gold: Path) -> tuple[Choices, ...]:
    records = _counted(list(objects_of(gold)), len(examples), gold)
    return tuple(
        replace(example, label=choice_index(record.get("label"), len(example.choices), where))
        for example, (where, record) in zip(examples, records, strict=True)
    )


def _tags(task: Task, examples: Sequence[Any], gold: Path) -> tuple[Tagged, ...]:
    sentences = "\n".join(lines_of(gold)).strip("\n").split("\n\n")
    tagged = []
    for example, sentence in zip(examples, _counted(sentences, len(examples), gold), strict=True):
        where = f"{gold}: sentence {int(example.id) + 1}"
        tags = tuple(label_of(task, tag, where) for tag in sentence.split())
        if len(tags) != len(example.tokens):
            raise UserError(f"{len(tags)} tags for {len(example.tokens)} tokens", where=where)
        tagged.append(replace(example, tags=tags))
    return tuple(tagged)


def _translations(task: Task, examples: Sequence[Any], gold: Path) -> tuple[Translation, ...]:
    """XTREME's English side is sorted; line i of the gold file is the foreign line (from 0) that it translates."""
    rows: dict[int, None] = {}
    for place, line in enumerate(_counted(lines_of(gold), len(examples), gold), start=1):
        row = choice_index(line.strip(), len(examples), f"{gold}:{place}")
        if row in rows:
            raise UserError(f"row {row} occurs twice: it must be a permutation", where=f"{gold}:{place}")
        rows[row] = None
    translated = [str(row) for row in rows]
    return tuple(replace(example, match=translated[int(example.match)]) for example in examples)


def _pairs(task: Task, examples: Sequence[Any], gold: Path) -> tuple[Passage, ...]:
    """BUCC's: foreign id TAB English id; a pair that occurs twice counts once."""
    sides = {side: {example.id for example in examples if example.candidate is side} for side in (False, True)}
    relevant: dict[str, tuple[str, ...]] = {}
    for place, line in enumerate(lines_of(gold), start=1):
        query, tab, candidate = line.partition("\t")
        for key, side in ((query, False), (candidate, True)):
            if not tab or key not in sides[side]:
                raise UserError(f"the id {key!r} is not among the sentences", where=f"{gold}:{place}")
        relevant[query] = tuple(dict.fromkeys((*relevant.get(query, ()), candidate)))
    return tuple(e if e.candidate else replace(e, relevant=relevant.get(e.id, ())) for e in examples)


def _counted(lines: list[Any], wanted: int, gold: Path) -> list[Any]:
    if len(lines) != wanted:
        raise UserError(f"{len(lines)} labels for {wanted} examples", where=str(gold))
    return lines


_ATTACH: dict[type, Callable[[Task, Sequence[Any], Path], tuple[Example, ...]]] = {
    TextPair: _labels,
    Choices: _choices,
    Tagged: _tags,
    Translation: _translations,
    Passage: _pairs,
}
