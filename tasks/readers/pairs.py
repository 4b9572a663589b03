"""XNLI and PAWS-X in XTREME's layout: sentence1 TAB sentence2 TAB label, csv-quoted, without a header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import TextPair
from tasks.readers.source import label_of, rows_of


def read_pairs(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[TextPair]:
    """Pairs with row numbers over all files as ids. A test file may have two columns in all its rows: no labels."""
    columns = 3
    for number, (where, row) in enumerate(chain.from_iterable(rows_of(path, "\t") for path in files)):
        if number == 0 and split == "test" and len(row) == 2:
            columns = 2
        if len(row) != columns:
            expected = "sentence1, sentence2, label" if columns == 3 else "sentence1, sentence2, as the rows before"
            raise UserError(f"{len(row)} columns, not {columns} ({expected})", where=where)
        yield TextPair(str(number), row[0], row[1], label_of(task, row[2], where) if columns == 3 else None)
