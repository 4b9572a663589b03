"""Readers: official files in, examples out. One function a format, found by the name in a task's declaration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Example
from tasks.readers.checklist import read_multichecklist
from tasks.readers.choices import read_commonsenseqa, read_copa, read_cosmosqa, read_hellaswag, read_socialiqa
from tasks.readers.concepts import read_xl_bel
from tasks.readers.e3c import read_e3c
from tasks.readers.entities import read_mewslix
from tasks.readers.faq import read_covid_faq, read_webfaq
from tasks.readers.glue import read_qqp
from tasks.readers.nli import read_nli
from tasks.readers.pairs import read_pairs
from tasks.readers.ranking import read_bucc, read_lareqa
from tasks.readers.sentences import read_pubmedqa, read_sentences, read_similar
from tasks.readers.squad import read_covid_qa, read_squad, read_tydiqa
from tasks.readers.tags import read_ccg, read_tags
from tasks.readers.text import read_parallel, read_tatoeba, read_text
from tasks.readers.tmx import read_tmx, read_tmx_text


class Reader(Protocol):
    """Yields the examples of official files in their order; all must pass `tests/tasks/test_readers.py`.

    Ids are unique over all files, and stable: they do not depend on where the files lie. Anything malformed is a
    `UserError` with file and line (or question). A label is None only where a test file has none.
    """

    def __call__(self, task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Example]:
        """Yield the examples of `files`, one file after the other."""


READERS: Mapping[str, Reader] = {
    "nli": read_nli,
    "pairs": read_pairs,
    "qqp": read_qqp,
    "hellaswag": read_hellaswag,
    "cosmosqa": read_cosmosqa,
    "commonsenseqa": read_commonsenseqa,
    "copa": read_copa,
    "socialiqa": read_socialiqa,
    "squad": read_squad,
    "tydiqa": read_tydiqa,
    "tags": read_tags,
    "text": read_text,
    "parallel": read_parallel,
    "tatoeba": read_tatoeba,
    "sentences": read_sentences,
    "pubmedqa": read_pubmedqa,
    "similar": read_similar,
    "covid-faq": read_covid_faq,
    "bucc2018": read_bucc,
    "lareqa": read_lareqa,
    "ccg": read_ccg,
    "mewslix": read_mewslix,
    "multichecklist": read_multichecklist,
    "webfaq": read_webfaq,
    "xl-bel": read_xl_bel,
    "tmx": read_tmx,
    "tmx-text": read_tmx_text,
    "e3c": read_e3c,
    "covid-qa": read_covid_qa,
}


def exists(task: Task) -> bool:
    """Whether the files of a declared task can be read."""
    return task.reader in READERS


def get(task: Task) -> Reader:
    """The reader of a task; one that does not exist yet is a `UserError`."""
    if not exists(task):
        raise UserError(f"task {task.name!r} is declared, but its files cannot be read yet: choose another task")
    return READERS[task.reader]
