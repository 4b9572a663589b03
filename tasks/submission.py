"""A submission folder against a gold folder, in the layout of XTREME's scorer, to that scorer's numbers.

`<task>/test-<language>.tsv`: a label a line (XNLI, PAWS-X), a tag a line with blank lines between sentences (UDPOS,
PANX), foreign id TAB English id (BUCC), the row that each English line translates, these in code-point order (Tatoeba).
`.jsonl`: `{"label": n}` a line (XCOPA). `.json`: id → answer for questions, whose gold is SQuAD's JSON; id → ids, the
best first, for rankings, whose gold is id → one id or all that are right. The gold folder has the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks import catalog
from tasks.cells import Cell, cell
from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Answer, Choices, Example, Kind, Passage, Question, Tagged, TextPair, Translation
from tasks.readers.source import document_of, lines_of, objects_of, record_of, text_field
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
        wanted = place(*suite.wanted[0])
        raise UserError(f"nothing of suite {suite.name} is in both folders, such as {wanted}", where=str(predictions))
    return cells


def _cells(predictions: Path, gold: Path, suite: Suite) -> Iterator[Cell]:
    for name, language in suite.wanted:
        task, file = catalog.get(name), place(name, language)
        if (predictions / file).is_file() and (gold / file).is_file():
            examples, predicted = READERS[task.kind](task, language, gold / file, predictions / file)
            yield cell(name, language, "report", examples, predicted)


def _labels(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    """As they stand there: the reference compares strings."""
    wanted, found = _counted([line.strip() for line in lines_of(gold)], predictions)
    return [TextPair(str(i), "", None, label) for i, label in enumerate(wanted)], [label.strip() for label in found]


def _rows(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    wanted, found = _counted([_number(line, gold, i) for i, line in enumerate(lines_of(gold))], predictions)
    predicted = [_number(line, predictions, i) for i, line in enumerate(found)]
    return [Translation(str(i), "", "", row) for i, row in enumerate(wanted)], predicted


def _number(line: str, path: Path, row: int) -> str:
    """The row's number as it stands there, which is what the reference compares: `01` is another one than `1`."""
    text = line.strip()
    if text and not text.removeprefix("-").isdecimal():
        raise UserError(f"a row's number is wanted, not {text!r}", where=f"{path}:{row + 1}")
    return text


def _choices(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    wanted, found = (list(map(_choice, objects_of(path))) for path in (gold, predictions))
    if len(wanted) != len(found):
        raise UserError(f"{len(found)} predictions for {len(wanted)} examples", where=str(predictions))
    return [Choices(str(i), "", "", (), label) for i, label in enumerate(wanted)], found


def _choice(line: tuple[str, Mapping[str, Any]]) -> int:
    where, record = line
    label = record.get("label")
    if not isinstance(label, int) or isinstance(label, bool):
        raise UserError(f"'label' must be the number of a choice, not {label!r}", where=where)
    return label


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
    questions = list(_questions(gold))
    found = _object(predictions)
    for id, answer in found.items():
        if not isinstance(answer, str):
            raise UserError(f"the answer to {id!r} must be a string, not {answer!r}", where=str(predictions))
    return questions, [found.get(question.id) for question in questions]


def _questions(gold: Path) -> Iterator[Question]:
    """SQuAD's JSON, with or without the outer `data`; as in the reference, offsets do not matter here."""
    document = document_of(gold)
    articles = document.get("data") if isinstance(document, dict) else document
    for article in _records(articles, gold):
        for paragraph in _records(article.get("paragraphs"), gold):
            for asked in _records(paragraph.get("qas"), gold):
                texts = [text_field(answer, "text", str(gold)) for answer in _records(asked.get("answers"), gold)]
                found = tuple(Answer(text, 0) for text in texts or [""] * (asked.get("is_impossible") is True))
                id = text_field(asked, "id", str(gold))
                if not any(answer.text for answer in found) and asked.get("is_impossible") is not True:
                    raise UserError(f"question {id!r} has no answer: this is no gold", where=str(gold))
                yield Question(id, "", "", found, "")


def _records(items: Any, path: Path) -> list[Mapping[str, Any]]:
    if not isinstance(items, list):
        raise UserError("SQuAD's JSON is wanted: data, paragraphs, qas and answers are lists", where=str(path))
    return [record_of(item, str(path)) for item in items]


def _pairs(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    """Sets of pairs: a pair that is repeated is one, and a blank line is a pair that is wrong. Nothing may be mined."""
    mined = lines_of(predictions) if predictions.read_bytes().strip(b"\r\n") else []
    wanted, found = ({tuple(line.strip().split("\t")) for line in lines} for lines in (lines_of(gold), mined))
    every = sorted(wanted | found)
    examples = [Passage("\t".join(p), "", "", False, ("\t".join(p),) if p in wanted else (), "") for p in every]
    return examples, ["\t".join(p) if p in found else None for p in every]


def _rankings(task: Task, language: str, gold: Path, predictions: Path) -> Read:
    """A query without a prediction scores 0; what is predicted besides is ignored."""
    wanted, found = _object(gold), _object(predictions)
    relevant = {key: _ids(key, [value] if isinstance(value, str) else value, gold) for key, value in wanted.items()}
    ranked = {key: list(_ids(key, value, predictions)) for key, value in found.items() if key in relevant}
    return [Passage(key, "", "", False, ids, "") for key, ids in relevant.items()], [ranked.get(k) for k in relevant]


def _ids(key: str, ids: Any, path: Path) -> tuple[str, ...]:
    if not isinstance(ids, list) or not ids or not all(isinstance(id, str) for id in ids):
        raise UserError(f"{key!r} must have a list of ids, not {ids!r}", where=str(path))
    return tuple(ids)


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


def place(task: str, language: str) -> Path:
    """The name of a cell's file, in a folder of predictions as in one of gold."""
    return Path(task) / f"test-{language}{SUFFIXES.get(catalog.get(task).kind, '.tsv')}"
