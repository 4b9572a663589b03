"""Natural language inference: SNLI's and MultiNLI's JSON lines, e-SNLI's three line-parallel files, XNLI's TSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import TextPair
from tasks.readers.pairs import read_pairs
from tasks.readers.source import label_of, lines_of, objects_of, text_field

UNDECIDED = "-"
"""The gold label of a pair on which the annotators did not agree; such pairs are dropped (Bowman et al. 2015, 2.2)."""

_SIDES = ("s1", "s2", "labels")


def read_nli(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[TextPair]:
    """Pairs from any of the three forms, told apart by the files' names; ids are row numbers over all files.

    Undecided pairs keep their row number, so that ids do not depend on who dropped them.
    """
    if all(path.suffix == ".jsonl" for path in files):
        return _json_lines(task, files)
    if any(_side(path) in _SIDES for path in files):
        return _side_files(task, files)
    return read_pairs(task, split, language, files)


def _side(path: Path) -> str:
    return path.name.split(".")[0]


def _json_lines(task: Task, files: Sequence[Path]) -> Iterator[TextPair]:
    for number, (where, record) in enumerate(chain.from_iterable(objects_of(path) for path in files)):
        label = text_field(record, "gold_label", where)
        if label == UNDECIDED:
            continue
        first, second = text_field(record, "sentence1", where), text_field(record, "sentence2", where)
        yield TextPair(str(number), first, second, label_of(task, label, where))


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
    for number, (one, two, label) in enumerate(zip(first, second, labels, strict=True)):
        where = f"{by_name['labels']}:{number + 1}"
        yield TextPair(str(number), one.strip(), two.strip(), label_of(task, label.strip(), where))
