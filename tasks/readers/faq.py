"""Questions whose answers are searched: the COVID-19 FAQ of public authorities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.declaration import Task
from tasks.examples import Passage
from tasks.readers.source import records_of

COLUMNS = ("question", "answer", "lang")


def read_covid_faq(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Passage]:
    """Questions of a language, and the pool of that language's answers; equal answers are one candidate.

    Ids are row numbers over all files, so that they do not depend on the language.
    """
    answers: dict[str, str] = {}  # text → id of the candidate
    queries: list[Passage] = []
    number = 0
    for path in files:
        for _, record in records_of(path, "\t", COLUMNS):
            question, answer, spoken = (record[name].strip() for name in COLUMNS)
            if spoken == language:
                right = answers.setdefault(answer, f"answer-{number}")
                queries.append(Passage(f"question-{number}", question, "", False, (right,), str(number)))
            number += 1
    yield from queries
    for text, key in answers.items():
        yield Passage(key, text, "", True, None, key)
