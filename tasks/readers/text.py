"""One sentence a line: plain text, parallel text, and Tatoeba."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Sentence, SentencePair, Translation
from tasks.readers.source import lines_of


def read_text(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Sentence]:
    """Lines, numbered over all files; blank lines are skipped."""
    number = 0
    for path in files:
        for line in lines_of(path):
            if line.strip():
                yield Sentence(str(number), line.strip())
                number += 1


def read_parallel(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[SentencePair]:
    """Translation pairs of a foreign and an English file; lines that are blank in both are skipped."""
    for number, (foreign, english) in enumerate(_line_parallel(task, files)):
        if foreign or english:
            yield SentencePair(str(number), english, foreign)


def read_tatoeba(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Translation]:
    """Row i offers line i of the foreign file and asks with the i-th English sentence in code-point order, as XTREME.

    So predictions in the order of rows are XTREME's submission. `match` is the row of the English sentence's own line:
    its translation in LASER's files; for XTREME's, whose English side is sorted, `gold.attach` looks it up.
    """
    foreign, english = zip(*_line_parallel(task, files), strict=True)
    order = sorted(range(len(english)), key=english.__getitem__)
    for row, line in enumerate(order):
        yield Translation(str(row), english[line], foreign[row], str(line))


def _line_parallel(task: Task, files: Sequence[Path]) -> Iterator[tuple[str, str]]:
    if len(files) != 2:
        raise UserError(f"two files are wanted (foreign, English), not {len(files)}", where=f"task {task.name}")
    foreign, english = (lines_of(path) for path in files)
    if len(foreign) != len(english):
        what = f"{len(english)} lines, but {files[0].name} has {len(foreign)}: they must be line-parallel"
        raise UserError(what, where=str(files[1]))
    for place, (left, right) in enumerate(zip(foreign, english, strict=True), start=1):
        if bool(left.strip()) != bool(right.strip()):
            path = files[1] if left.strip() else files[0]
            raise UserError("a blank line whose translation is not blank", where=f"{path}:{place}")
        yield left.strip(), right.strip()
