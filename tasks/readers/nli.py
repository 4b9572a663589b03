"""Natural language inference: SNLI's, MultiNLI's, XNLI's and ANLI's JSON lines, e-SNLI's three line-parallel files, the
TSV of counterfactual NLI (which has a header) and XTREME's of XNLI (which has none).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import TextPair
from tasks.readers.pairs import read_pairs
from tasks.readers.rows import Located, in_language, spelled_out, wanted
from tasks.readers.source import label_of, lines_of, objects_of, text_field

UNDECIDED = "-"
"""The gold label of a pair on which the annotators did not agree; such pairs are dropped (Bowman et al. 2015, 2.2)."""

HEADER = ("sentence1", "sentence2", "gold_label")
_SIDES = ("s1", "s2", "labels")


def read_nli(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[TextPair]:
    """Pairs from files of any of these forms, one after the other; ids are row numbers over all files.

    Undecided pairs keep their row number, so that ids do not depend on who dropped them. Of XNLI's own file of all
    languages the rows of one count, and are counted.
    """
    if all(path.suffix == ".jsonl" for path in files):
        task = spelled_out(task, (row for path in files for row in _objects(task, language, path)))
    if any(_side(path) in _SIDES for path in files):
        rows: Iterator[TextPair | None] = _side_files(task, files)
    else:
        rows = (row for path in files for row in _rows(task, split, language, path))
    for number, pair in enumerate(rows):
        if pair is not None:
            yield replace(pair, id=str(number))


def _rows(task: Task, split: str, language: str, path: Path) -> Iterator[TextPair | None]:
    if path.suffix == ".jsonl":
        return (_from_json(task, split, record, where) for where, record in _objects(task, language, path))
    if task.only:
        raise UserError(f"this file has no column {next(iter(task.only))!r} to filter by", where=str(path))
    first = next(iter(lines_of(path)))
    if tuple(first.split("\t")) == HEADER:
        return _headed(task, path)
    return read_pairs(task, split, language, [path])


def _objects(task: Task, language: str, path: Path) -> Iterator[Located]:
    return in_language(task, language, path, objects_of(path))


def _from_json(task: Task, split: str, record: Mapping[str, Any], where: str) -> TextPair | None:
    """A pair with SNLI's and MultiNLI's names of the fields, or with ANLI's; None if it is undecided."""
    first, second, gold = ("context", "hypothesis", "label") if "hypothesis" in record else HEADER
    label = text_field(record, gold, where) if split != "test" or gold in record else None
    if label == UNDECIDED or not wanted(task, record, where):
        return None
    sides = text_field(record, first, where), text_field(record, second, where)
    return TextPair("", *sides, None if label is None else label_of(task, label, where))


def _headed(task: Task, path: Path) -> Iterator[TextPair]:
    """Kaushik et al. 2020's form: a header, and no quoting."""
    for number, line in enumerate(lines_of(path)[1:], start=2):
        columns = line.split("\t")
        if len(columns) != len(HEADER):
            raise UserError(f"{len(columns)} columns, not 3 ({', '.join(HEADER)})", where=f"{path}:{number}")
        yield TextPair("", columns[0], columns[1], label_of(task, columns[2], f"{path}:{number}"))


def _side(path: Path) -> str:
    return path.name.split(".")[0]


def _side_files(task: Task, files: Sequence[Path]) -> Iterator[TextPair]:
    by_name = {_side(path): path for path in files}
    if len(files) != len(_SIDES) or set(by_name) != set(_SIDES):
        what = f"e-SNLI's three files s1, s2 and labels are wanted, not {', '.join(path.name for path in files)}"
        raise UserError(what, where=f"task {task.name}")
    first, second, labels = (lines_of(by_name[name]) for name in _SIDES)
    for name, lines in (("s2", second), ("labels", labels)):
        if len(lines) != len(first):
            what = f"{len(lines)} lines, but {by_name['s1'].name} has {len(first)}: they must be line-parallel"
            raise UserError(what, where=str(by_name[name]))
    for number, (one, two, label) in enumerate(zip(first, second, labels, strict=True), start=1):
        where = f"{by_name['labels']}:{number}"
        yield TextPair("", one.strip(), two.strip(), label_of(task, label.strip(), where))
