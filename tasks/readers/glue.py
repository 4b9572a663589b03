"""QQP in GLUE's form: a header, tab-separated columns, no quoting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import TextPair
from tasks.readers.source import check_header, label_of, lines_of

COLUMNS = ("question1", "question2", "is_duplicate")


def read_qqp(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[TextPair]:
    """Question pairs; the columns are found by the header's names, ids are row numbers over all files.

    GLUE's file has some rows that break off before their label. They are dropped, as in the hub's copy, and keep their
    row number.
    """
    number = -1
    for path in files:
        header, *lines = lines_of(path)
        names = header.split("\t")
        wanted = COLUMNS[:2] if split == "test" else COLUMNS
        check_header(names, wanted, f"{path}:1")
        places = [names.index(name) for name in wanted]
        for place, line in enumerate(lines, start=2):
            number += 1
            columns = line.split("\t")
            if len(columns) > len(names):
                raise UserError(f"{len(columns)} columns, but the header has {len(names)}", where=f"{path}:{place}")
            if len(columns) == len(names):
                first, second, *label = (columns[i] for i in places)
                gold = label_of(task, label[0], f"{path}:{place}") if label else None
                yield TextPair(str(number), first, second, gold)
