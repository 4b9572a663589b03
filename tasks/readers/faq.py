"""Questions whose answers are searched: the COVID-19 FAQ of public authorities, and WebFAQ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.examples import Passage
from tasks.readers.quads import questions_of
from tasks.readers.rows import Located, file_names, in_language, names_of, spelled_out, wanted
from tasks.readers.source import objects_of, records_of, text_field

COLUMNS = ("question", "answer", "lang")


@dataclass(frozen=True)
class Asked:
    """A question with its answer: the row's number over all files, and what keeps held-out parts together."""

    number: int
    question: str
    answer: str
    article: str


def read_covid_faq(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Passage]:
    """Questions of a language, and the pool of that language's answers; equal answers are one candidate.

    Ids are row numbers over all files, so that they do not depend on the language.
    """
    rows = chain.from_iterable(records_of(path, "\t", COLUMNS) for path in files)
    return _passages(
        Asked(number, record["question"].strip(), record["answer"].strip(), str(number))
        for number, (_, record) in enumerate(rows)
        if record["lang"].strip() == language
    )


def read_webfaq(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Passage]:
    """WebFAQ's questions, and the pool of their answers; equal answers are one candidate, ids are row numbers.

    A `.jsonl` file holds WebFAQ's own records, in one language that the file does not say unless it has a column for
    it; any other the N-Quads that it is made from, of which the questions count that are tagged with the language. The
    questions of a page (`url`) are in one held-out part.
    """
    if task.only:
        task = spelled_out(task, _records(task, language, files))
    rows = enumerate(_records(task, language, files))
    kept = ((number, where, record) for number, (where, record) in rows if wanted(task, record, where))
    return _passages(_asked(*row) for row in kept)


def _records(task: Task, language: str, files: Sequence[Path]) -> Iterator[Located]:
    for path in files:
        if path.suffix == ".jsonl":
            yield from in_language(task, language, path, objects_of(path))
        else:
            yield from questions_of(path, names_of(task, language), untagged=file_names(task, language, path))


def _asked(number: int, where: str, record: Mapping[str, Any]) -> Asked:
    question, answer = (text_field(record, name, where).strip() for name in COLUMNS[:2])
    return Asked(number, question, answer, text_field(record, "url", where))


def _passages(rows: Iterable[Asked]) -> Iterator[Passage]:
    """The questions, then their answers as the pool; the first row that has an answer gives it its id."""
    answers: dict[str, str] = {}  # text → id of the candidate
    for row in rows:
        right = answers.setdefault(row.answer, f"answer-{row.number}")
        yield Passage(f"question-{row.number}", row.question, "", False, (right,), row.article)
    for text, key in answers.items():
        yield Passage(key, text, "", True, None, key)
