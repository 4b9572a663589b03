"""SQuAD's JSON: SQuAD 1.1 and 2.0, XQuAD, MLQA, COVID-QA, and TyDiQA's gold passage task."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Answer, Question
from tasks.parts import article_of
from tasks.readers.rows import file_names
from tasks.readers.source import document_of, list_field, record_of, text_field

_PREFIX = re.compile(r"([a-z]+)-")  # of a question's id in TyDiQA: its language


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
    """TyDiQA's gold passage task, in one language: transfer is zero-shot, so nothing else may be trained on.

    The raw files hold all languages, told apart by the ids' prefix: of these a test set is the questions of its own
    language, and a training set is refused. In XTREME's training files the ids are numbers in any language: there the
    file's name must say it. Most of these numbers occur more than once: the later ones get the suffix `#2`, `#3`, ….
    """
    seen: Counter[str] = Counter()
    own = task.codes.get(language, language)
    for path in files:
        told = file_names(task, language, path)
        kept = others = 0
        for example in _questions([path], mend=False):
            named = _PREFIX.match(example.id)
            foreign = named is not None and named[1] != own
            if split == "train" and (foreign or (named is None and not told)):
                raise UserError(_foreign(example.id, own, language), where=str(path))
            kept, others = kept + (not foreign), others + foreign
            seen[example.id] += 1
            repeated = split == "train" and seen[example.id] > 1
            if not foreign:
                yield replace(example, id=f"{example.id}#{seen[example.id]}") if repeated else example
        if others and not kept:
            raise UserError(f"none of its questions is in {language!r}: no id begins with '{own}-'", where=str(path))


def _foreign(question: str, own: str, language: str) -> str:
    what = f"question {question!r} is not in {language!r}, as far as its id tells"
    return f"{what}: keep the ids that begin with '{own}-', or name the file as in 'tydiqa.goldp.{language}.train.json'"


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
