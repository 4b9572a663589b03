"""Questions whose answers are searched: the COVID-19 FAQ of public authorities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError, nearest
from tasks.examples import Passage
from tasks.readers.source import rows_of

COLUMNS = ("question", "answer", "lang")


def read_covid_faq(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Passage]:
    """Questions of a language, and the pool of that language's answers; equal answers are one candidate.

    Ids are row numbers over all files, so that they do not depend on the language.
    """
    answers: dict[str, str] = {}  # text → id of the candidate
    queries: list[Passage] = []
    number = 0
    for path in files:
        rows = rows_of(path, "\t")
        place, header = next(rows)
        if missing := [name for name in COLUMNS if name not in header]:
            raise UserError(f"no column {missing[0]!r} in the header, {nearest(missing[0], header)}", where=place)
        for where, row in rows:
            if len(row) != len(header):
                raise UserError(f"{len(row)} columns, but the header has {len(header)}", where=where)
            question, answer, spoken = (row[header.index(name)].strip() for name in COLUMNS)
            if spoken == language:
                right = answers.setdefault(answer, f"answer-{number}")
                queries.append(Passage(f"question-{number}", question, "", False, (right,), str(number)))
            number += 1
    yield from queries
    for text, key in answers.items():
        yield Passage(key, text, "", True, None, key)
