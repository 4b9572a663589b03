"""SQuAD's JSON: SQuAD 1.1 and 2.0, XQuAD, MLQA, COVID-QA, and TyDiQA's gold passage task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Answer, Question
from tasks.parts import article_of
from tasks.readers.source import document_of, list_field, record_of, text_field


def read_squad(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Question]:
    """Questions in file order, with the publisher's ids. A question whose answers are all empty has none.

    One that SQuAD 2.0 calls impossible has the answer "", which is right where nothing is answered.
    """
    yield from _questions(files, mend=False)


def read_covid_qa(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Question]:
    """COVID-QA: ids are numbers, and some offsets are off: such an answer is where it occurs nearest to its offset."""
    yield from _questions(files, mend=True)


def _questions(files: Sequence[Path], mend: bool) -> Iterator[Question]:
    for path in files:
        document = document_of(path)
        articles = document.get("data") if isinstance(document, dict) else document  # gold files may lack the outer key
        if not isinstance(articles, list):
            raise UserError("SQuAD's JSON is wanted: a list of articles under 'data'", where=str(path))
        for number, article in enumerate(articles):
            yield from _article(record_of(article, f"{path}: article {number}"), f"{path}: article {number}", mend)


def read_tydiqa(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Question]:
    """TyDiQA's gold passage task; its training set must be of the language that is asked for: transfer is zero-shot.

    The raw file holds all languages, told apart by the ids' prefix. In XTREME's English file the ids are numbers, and
    most occur more than once: the second and later ones get the suffix `#2`, `#3`, ….
    """
    seen: Counter[str] = Counter()
    own = f"{task.codes.get(language, language)}-"
    for example in read_squad(task, split, language, files):
        if split == "train" and not (example.id.startswith(own) or example.id.isdecimal()):
            what = f"question {example.id!r} is not in {language!r}: keep only the ids that begin with {own!r}"
            raise UserError(what, where=", ".join(map(str, files)))
        seen[example.id] += 1
        repeated = split == "train" and seen[example.id] > 1
        yield replace(example, id=f"{example.id}#{seen[example.id]}") if repeated else example


def _article(article: Mapping[str, Any], where: str, mend: bool) -> Iterator[Question]:
    for place, item in enumerate(list_field(article, "paragraphs", where)):
        paragraph = record_of(item, f"{where}, paragraph {place}")
        context = text_field(paragraph, "context", f"{where}, paragraph {place}")
        title = article.get("title") or article_of(context)
        for asked in list_field(paragraph, "qas", f"{where}, paragraph {place}"):
            yield _question(record_of(asked, where), context, str(title), where, mend)


def _question(record: Mapping[str, Any], context: str, article: str, where: str, mend: bool) -> Question:
    number = record.get("id") if mend else None
    identifier = str(number) if type(number) is int else text_field(record, "id", where)
    where = f"{where.split(': article')[0]}: question {identifier}"
    if record.get("is_impossible") is True:
        return Question(identifier, text_field(record, "question", where), context, (Answer("", 0),), article)
    answers = [] if "answers" not in record else list_field(record, "answers", where)
    found = (_answer(record_of(answer, where), context, where, mend) for answer in answers)
    return Question(
        identifier, text_field(record, "question", where), context, tuple(a for a in found if a.text), article
    )


def _answer(record: Mapping[str, Any], context: str, where: str, mend: bool) -> Answer:
    text, start = text_field(record, "text", where), record.get("answer_start")
    if not text:
        return Answer("", 0)
    if not isinstance(start, int) or isinstance(start, bool):
        raise UserError(f"'answer_start' must be a number, not {start!r}", where=where)
    if mend:
        return Answer(text, _nearest(text, start, context, where))
    if start < 0 or context[start : start + len(text)] != text:
        raise UserError(f"the answer {text!r} is not in the context at {start} (counted in code points)", where=where)
    return Answer(text, start)


def _nearest(text: str, start: int, context: str, where: str) -> int:
    """Where an answer occurs nearest to its stated offset, the earlier of two as near."""
    start = min(max(start, 0), len(context))
    found = [place for place in (context.rfind(text, 0, start + len(text)), context.find(text, start)) if place >= 0]
    if not found:
        raise UserError(f"the answer {text!r} is nowhere in the context", where=where)
    return min(found, key=lambda place: abs(place - start))
