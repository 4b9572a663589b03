"""Pools that are searched: BUCC's two sides, and LAReQA's questions among sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Passage
from tasks.readers.source import document_of, lines_of, list_field, record_of, text_field


def read_bucc(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Passage]:
    """The foreign side's sentences search those of the English side; `gold.attach` adds which are translations.

    Each line is an id TAB a sentence. Sentences that occur twice stay twice; the search takes them for one.
    """
    if len(files) != 2:
        raise UserError(f"two files are wanted (foreign, English), not {len(files)}", where=f"task {task.name}")
    for candidate, path in enumerate(files):
        for key, text in _columns(path):
            yield Passage(key, text, "", bool(candidate), None, key)


def _columns(path: Path) -> Iterator[tuple[str, str]]:
    seen = set()
    for number, line in enumerate(lines_of(path), start=1):
        key, tab, text = line.partition("\t")
        if not tab or not key:
            raise UserError("an id TAB a sentence is wanted", where=f"{path}:{number}")
        if key in seen:
            raise UserError(f"the id {key!r} occurs twice", where=f"{path}:{number}")
        seen.add(key)
        yield key, text


def read_lareqa(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Passage]:
    """XQuAD-R: questions of the first file, and as candidates the sentences of all files, each with its paragraph.

    The files are named by their languages, the first one is that of the questions. The sentences that hold the answer
    of a question are right for it in every language: a question has the same id in all of them (Roy et al. 2020).
    """
    first, *rest = files
    pool = [first, *(path for path in rest if path.name != first.name)]
    relevant: dict[str, list[str]] = defaultdict(list)
    candidates: list[Passage] = []
    for path in pool:
        for candidate, asked in _sentences(path):
            candidates.append(candidate)
            for question in asked:
                relevant[question].append(candidate.id)
    for article, paragraph, where in _paragraphs(first):
        for item in list_field(paragraph, "qas", where):
            record = record_of(item, where)
            key = text_field(record, "id", where)
            yield Passage(key, text_field(record, "question", where), "", False, tuple(relevant[key]), article)
    yield from candidates


def _sentences(path: Path) -> Iterator[tuple[Passage, list[str]]]:
    """The candidates of a file, each with the ids of the questions that it answers."""
    for number, (article, paragraph, where) in enumerate(_paragraphs(path)):
        context = text_field(paragraph, "context", where)
        sentences, breaks = (list_field(paragraph, name, where) for name in ("sentences", "sentence_breaks"))
        if len(sentences) != len(breaks):
            raise UserError(f"{len(sentences)} sentences, but {len(breaks)} breaks", where=where)
        answers = [_answer(record_of(record, where), where) for record in list_field(paragraph, "qas", where)]
        ends = [_end(item, where) for item in breaks]
        holds = [[key for key, start in answers if _place(start, ends) == place] for place in range(len(sentences))]
        for place, (sentence, asked) in enumerate(zip(sentences, holds, strict=True)):
            if not isinstance(sentence, str):
                raise UserError("'sentences' must be strings", where=where)
            yield Passage(f"{path.stem}-{number}-{place}", sentence, context, True, None, article), asked


def _paragraphs(path: Path) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    for number, item in enumerate(list_field(record_of(document_of(path), str(path)), "data", str(path))):
        where = f"{path}: article {number}"
        article = record_of(item, where)
        for place, paragraph in enumerate(list_field(article, "paragraphs", where)):
            yield text_field(article, "title", where), record_of(paragraph, where), f"{where}, paragraph {place}"


def _answer(record: Mapping[str, Any], where: str) -> tuple[str, int]:
    """A question's id, and where its first answer begins."""
    answers = list_field(record, "answers", where)
    start = record_of(answers[0], where).get("answer_start") if answers else None
    if not isinstance(start, int) or isinstance(start, bool) or start < 0:
        raise UserError(f"'answer_start' must be a number, not {start!r}", where=where)
    return text_field(record, "id", where), start


def _end(item: Any, where: str) -> int:
    if not isinstance(item, list) or len(item) != 2 or not all(type(value) is int for value in item):
        raise UserError("'sentence_breaks' must be pairs of numbers: begin, end", where=where)
    return int(item[1])


def _place(start: int, ends: Sequence[int]) -> int:
    """The sentence in which a character stands; blanks after a sentence belong to the next one."""
    return next((place for place, end in enumerate(ends) if start < end), len(ends) - 1)
