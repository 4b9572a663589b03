"""Sentences with labels line by line, PubMedQA's JSON, and pairs of questions in a CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import TextPair
from tasks.readers.source import document_of, label_of, lines_of, list_field, record_of, records_of, text_field

SIMILAR = ("question_1", "question_2", "similar")


def read_sentences(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[TextPair]:
    """A text a line, and in a second file its label (TweetEval, UMSAB); ids are line numbers."""
    if len(files) != 2:
        raise UserError(f"two files are wanted (texts, labels), not {len(files)}", where=f"task {task.name}")
    texts, labels = (lines_of(path) for path in files)
    if len(texts) != len(labels):
        raise UserError(f"{len(labels)} labels for {len(texts)} texts", where=str(files[1]))
    for number, (text, label) in enumerate(zip(texts, labels, strict=True)):
        gold = label_of(task, label.strip(), f"{files[1]}:{number + 1}")
        yield TextPair(str(number), text.strip(), None, gold)


def read_pubmedqa(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[TextPair]:
    """PubMedQA's expert labels: a question, its abstract without the conclusion, and the answer; ids are PubMed's.

    A second file has the test's answers: its ids are the test set, and the others the training set.
    """
    path, *answered = files
    questions = record_of(document_of(path), str(path))
    asked = questions.keys() if not answered else _of_split(split, questions.keys(), answered[0])
    for key in (key for key in questions if key in asked):
        where = f"{path}: {key}"
        record = record_of(questions[key], where)
        contexts = list_field(record, "CONTEXTS", where)
        if not all(isinstance(context, str) for context in contexts):
            raise UserError("'CONTEXTS' must be strings", where=where)
        gold = label_of(task, text_field(record, "final_decision", where), where)
        yield TextPair(key, text_field(record, "QUESTION", where), " ".join(contexts), gold)


def _of_split(split: str, questions: Set[str], answered: Path) -> Set[str]:
    """The ids of the questions that the test's answers are given for, or of the others."""
    answers = record_of(document_of(answered), str(answered))
    for key in answers:
        text_field(answers, key, f"{answered}: {key}")
        if key not in questions:
            raise UserError("no such question", where=f"{answered}: {key}")
    return answers.keys() if split == "test" else questions - answers.keys()


def read_similar(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[TextPair]:
    """Pairs of questions in a CSV with a header, and whether they ask the same; ids are row numbers over all files."""
    number = 0
    for path in files:
        for where, record in records_of(path, ",", SIMILAR):
            first, second, label = (record[name] for name in SIMILAR)
            yield TextPair(str(number), first, second, label_of(task, label, where))
            number += 1
