"""SQuAD's JSON: SQuAD 1.1 and 2.0, XQuAD, MLQA, and TyDiQA's gold passage task."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Answer, Question
from tasks.readers.source import document_of, list_field, record_of, text_field

_ENGLISH = "english-"


def read_squad(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Question]:
    """Questions in file order, with the publisher's ids. A question whose answers are all empty has none.

    One that SQuAD 2.0 calls impossible has the answer "", which is right where nothing is answered.
    """
    for path in files:
        document = document_of(path)
        articles = document.get("data") if isinstance(document, dict) else document  # gold files may lack the outer key
        if not isinstance(articles, list):
            raise UserError("SQuAD's JSON is wanted: a list of articles under 'data'", where=str(path))
        for number, article in enumerate(articles):
            yield from _article(record_of(article, f"{path}: article {number}"), f"{path}: article {number}")


def read_tydiqa(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Question]:
    """TyDiQA's gold passage task; its training set must be English, since transfer from it is to be zero-shot.

    The raw file holds all languages, told apart by the ids' prefix. In XTREME's English file the ids are numbers, and
    most occur more than once: the second and later ones get the suffix `#2`, `#3`, ….
    """
    seen: Counter[str] = Counter()
    for example in read_squad(task, split, language, files):
        if split == "train" and not (example.id.startswith(_ENGLISH) or example.id.isdecimal()):
            what = f"question {example.id!r} is not English: keep only the ids that begin with {_ENGLISH!r}"
            raise UserError(what, where=", ".join(map(str, files)))
        seen[example.id] += 1
        repeated = split == "train" and seen[example.id] > 1
        yield replace(example, id=f"{example.id}#{seen[example.id]}") if repeated else example


def _article(article: Mapping[str, Any], where: str) -> Iterator[Question]:
    for place, item in enumerate(list_field(article, "paragraphs", where)):
        paragraph = record_of(item, f"{where}, paragraph {place}")
        context = text_field(paragraph, "context", f"{where}, paragraph {place}")
        title = article.get("title") or hashlib.sha256(context.encode()).hexdigest()[:16]
        for asked in list_field(paragraph, "qas", f"{where}, paragraph {place}"):
            yield _question(record_of(asked, where), context, str(title), where)


def _question(record: Mapping[str, Any], context: str, article: str, where: str) -> Question:
    identifier = text_field(record, "id", where)
    where = f"{where.split(': article')[0]}: question {identifier}"
    if record.get("is_impossible") is True:
        return Question(identifier, text_field(record, "question", where), context, (Answer("", 0),), article)
    answers = [] if "answers" not in record else list_field(record, "answers", where)
    found = (_answer(record_of(answer, where), context, where) for answer in answers)
    return Question(
        identifier, text_field(record, "question", where), context, tuple(a for a in found if a.text), article
    )


def _answer(record: Mapping[str, Any], context: str, where: str) -> Answer:
    text, start = text_field(record, "text", where), record.get("answer_start")
    if not text:
        return Answer("", 0)
    if not isinstance(start, int) or isinstance(start, bool):
        raise UserError(f"'answer_start' must be a number, not {start!r}", where=where)
    if start < 0 or context[start : start + len(text)] != text:
        raise UserError(f"the answer {text!r} is not in the context at {start} (counted in code points)", where=where)
    return Answer(text, start)
