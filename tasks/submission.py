"""A submission folder against a gold folder, in the layout of XTREME's scorer, to that scorer's numbers.

`<task>/test-<language>.tsv`: a label a line (XNLI, PAWS-X), a tag a line with blank lines between sentences (UDPOS,
PANX), foreign id TAB English id (BUCC), the row that each English line translates (Tatoeba). `.jsonl`: `{"label": n}` a
line (XCOPA). `.json`: id → answer for questions, whose gold is SQuAD's JSON; id → ids, the best first, for rankings,
whose gold is id → one id or all that are right. The gold folder has the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tasks import catalog
from tasks.cells import Cell, cell
from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Choices, Example, Kind, Passage, Tagged, TextPair, Translation
from tasks.readers.source import document_of, lines_of, objects_of
from tasks.readers.squad import read_squad
from tasks.suites import Suite

Read = tuple[Sequence[Example], Sequence[Any]]
"""Gold examples without their text, and a prediction for each."""


def score(predictions: Path, gold: Path, suite: Suite) -> list[Cell]:
    """The cells of a suite for which both folders have a file.

    Raises:
        UserError: a folder is missing, a file is malformed or does not fit its gold, or there is nothing to score.
    """
    for folder in (predictions, gold):
        if not folder.is_dir():
            raise UserError("no such folder", where=str(folder))
    cells = list(_cells(predictions, gold, suite))
    if not cells:
        wanted = _name(*suite.wanted[0])
        raise UserError(f"nothing of suite {suite.name} is in both folders, such as {wanted}", where=str(predictions))
    return cells


def _cells(predictions: Path, gold: Path, suite: Suite) -> Iterator[Cell]:
    for name, language in suite.wanted:
        task, place = catalog.get(name), _name(name, language)
        if (predictions / place).is_file() and (gold / place).is_file():
            examples, predicted = READERS[task.kind](task, language, gold / place, predictions / place)
            yield cell(name, language, "report", examples, predicted)


def _labels(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    wanted, found = _counted([line.strip() for line in lines_of(gold)], predictions)
    return [TextPair(str(i), "", None, task.aliases.get(label, label)) for i, label in enumerate(wanted)], [
        task.aliases.get(label.strip(), label.strip()) for label in found
    ]


def _rows(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    wanted, found = _counted([_number(line, gold, i) for i, line in enumerate(lines_of(gold))], predictions)
    predicted = [_number(line, predictions, i) for i, line in enumerate(found)]
    return [Translation(str(i), "", "", row) for i, row in enumerate(wanted)], predicted


def _number(line: str, path: Path, row: int) -> str:
    """The row's digits in one spelling; a blank line is no prediction."""
    text = line.strip()
    if text and not text.isdecimal():
        raise UserError(f"a row's number is wanted, not {text!r}", where=f"{path}:{row + 1}")
    return str(int(text)) if text else ""


def _choices(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    wanted, found = ([record.get("label") for _, record in objects_of(path)] for path in (gold, predictions))
    if len(wanted) != len(found):
        raise UserError(f"{len(found)} predictions for {len(wanted)} examples", where=str(predictions))
    return [Choices(str(i), "", "", (), label) for i, label in enumerate(wanted)], found


def _tags(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    wanted, found = _sentences(gold), _sentences(predictions)
    if len(wanted) != len(found):
        raise UserError(f"{len(found)} sentences, not {len(wanted)} as in the gold", where=str(predictions))
    for number, (one, other) in enumerate(zip(wanted, found, strict=True), start=1):
        if len(one) != len(other):
            raise UserError(f"{len(other)} tags in sentence {number}, which has {len(one)}", where=str(predictions))
    return [Tagged(str(i), ("",) * len(tags), tuple(tags)) for i, tags in enumerate(wanted)], found


def _sentences(path: Path) -> list[list[str]]:
    """Tags, the last column of each line, between blank lines; several of these are one."""
    sentences: list[list[str]] = [[]]
    for line in lines_of(path):
        if line.strip():
            sentences[-1].append(line.split()[-1])
        elif sentences[-1]:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def _answers(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    """A question without a prediction scores 0; what is predicted besides is ignored."""
    questions = [q for q in read_squad(task, "test", language, [gold]) if q.answers]
    found = _object(predictions)
    return questions, [found.get(question.id) for question in questions]


def _pairs(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    """Sets of pairs: a pair that is repeated is one, and a blank line is a pair that is wrong."""
    wanted, found = ({tuple(line.split("\t")) for line in lines_of(path)} for path in (gold, predictions))
    every = sorted(wanted | found)
    examples = [Passage("\t".join(p), "", "", False, ("\t".join(p),) if p in wanted else (), "") for p in every]
    return examples, ["\t".join(p) if p in found else None for p in every]


def _rankings(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    """A query without a prediction scores 0; what is predicted besides is ignored."""
    wanted, found = _object(gold), _object(predictions)
    relevant = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in wanted.items()}
    return [Passage(key, "", "", False, ids, "") for key, ids in relevant.items()], [found.get(key) for key in relevant]


def _object(path: Path) -> dict[str, Any]:
    value = document_of(path)
    if not isinstance(value, dict):
        raise UserError(f"a JSON object is wanted, not {type(value).__name__}", where=str(path))
    return value


def _counted(wanted: list[str], predictions: Path) -> tuple[list[str], list[str]]:
    found = lines_of(predictions)
    if len(found) != len(wanted):
        raise UserError(f"{len(found)} lines, not {len(wanted)} as in the gold", where=str(predictions))
    return wanted, found


READERS: dict[Kind, Callable[[Task, str, Path, Path], Read]] = {
    Kind.CLASSIFICATION: _labels,
    Kind.CHOICE: _choices,
    Kind.TAGGING: _tags,
    Kind.SPAN: _answers,
    Kind.RETRIEVAL: _rows,
    Kind.RANKING: _rankings,
    Kind.MINING: _pairs,
}
SUFFIXES = {Kind.CHOICE: ".jsonl", Kind.SPAN: ".json", Kind.RANKING: ".json"}
"""Of the kinds whose files are no `.tsv`."""


def _name(task: str, language: str) -> Path:
    return Path(task) / f"test-{language}{SUFFIXES.get(catalog.get(task).kind, '.tsv')}"
