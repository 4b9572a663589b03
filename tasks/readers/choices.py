"""Multiple choice: HellaSwag, COPA, XCOPA, CommonsenseQA and Social IQa (JSON lines), Cosmos QA (CSV)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError, nearest
from tasks.examples import Choices
from tasks.readers.source import choice_index, list_field, objects_of, records_of, text_field

ENDINGS = 4
LETTERS = ("A", "B", "C")
COSMOSQA_COLUMNS = ("id", "context", "question", "answer0", "answer1", "answer2", "answer3", "label")


def read_hellaswag(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Choices]:
    """Contexts with four endings; the context is `ctx`, or `ctx_a` and `ctx_b` where a file has only these."""
    for number, (where, record) in enumerate(chain.from_iterable(objects_of(path) for path in files)):
        endings = list_field(record, "endings", where)
        if len(endings) != ENDINGS or not all(isinstance(ending, str) for ending in endings):
            raise UserError(f"'endings' must be {ENDINGS} strings", where=where)
        yield Choices(str(number), _context(record, where), "", tuple(endings), _label(record, split, ENDINGS, where))


def _context(record: Mapping[str, Any], where: str) -> str:
    if "ctx" in record or "ctx_a" not in record:
        return text_field(record, "ctx", where)
    return f"{text_field(record, 'ctx_a', where)} {text_field(record, 'ctx_b', where)}".strip()


def read_cosmosqa(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Choices]:
    """Questions about a context with four answers; the columns are found by the header's names."""
    for path in files:
        wanted = COSMOSQA_COLUMNS[:-1] if split == "test" else COSMOSQA_COLUMNS
        for where, record in records_of(path, ",", wanted):
            answers = tuple(record[f"answer{i}"] for i in range(4))
            label = _label(record, split, len(answers), where)
            yield Choices(record["id"], record["context"], record["question"], answers, label)


def read_copa(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Choices]:
    """A premise and two alternatives; the question is phrased as in XTREME-R's reference code, in English."""
    for number, (where, record) in enumerate(chain.from_iterable(objects_of(path) for path in files)):
        asked = text_field(record, "question", where)
        if asked not in ("cause", "effect"):
            raise UserError(f"'question' must be 'cause' or 'effect', not {asked!r}", where=where)
        alternatives = (text_field(record, "choice1", where), text_field(record, "choice2", where))
        label = _label(record, split, len(alternatives), where)
        premise = text_field(record, "premise", where)
        yield Choices(str(number), premise, f"What was the {asked}?", alternatives, label)


def read_commonsenseqa(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Choices]:
    """Questions with five answers, in the official form (`question.stem`) or the hub's (`question`)."""
    for where, record in chain.from_iterable(objects_of(path) for path in files):
        asked = record.get("question")
        if isinstance(asked, dict):
            stem = text_field(asked, "stem", where)
            offered = [item if isinstance(item, dict) else {} for item in list_field(asked, "choices", where)]
            letters: list[Any] = [item.get("label") for item in offered]
            texts: list[Any] = [item.get("text") for item in offered]
        else:
            stem = text_field(record, "question", where)
            options = record.get("choices")
            if not isinstance(options, dict):
                raise UserError("'choices' must be an object with 'label' and 'text'", where=where)
            letters, texts = (list_field(options, name, where) for name in ("label", "text"))
        if not texts or len(letters) != len(texts) or not all(isinstance(text, str) for text in texts):
            raise UserError("each choice must have a 'label' and a 'text'", where=where)
        key = text_field(record, "answerKey", where) if split != "test" or "answerKey" in record else None
        if key is not None and key not in letters:
            raise UserError(f"'answerKey' {key!r} is none of {', '.join(map(repr, letters))}", where=where)
        label = None if key is None else letters.index(key)
        yield Choices(text_field(record, "id", where), "", stem, tuple(texts), label)


def read_socialiqa(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Choices]:
    """Contexts and questions with three answers; the right one is a letter, as in XTREME's copy."""
    for number, (where, record) in enumerate(chain.from_iterable(objects_of(path) for path in files)):
        answers = tuple(text_field(record, f"answer{letter}", where) for letter in LETTERS)
        right = text_field(record, "correct", where) if split != "test" or "correct" in record else None
        if right is not None and right not in LETTERS:
            raise UserError(f"'correct' must be A, B or C, not {right!r}", where=where)
        context, question = text_field(record, "context", where), text_field(record, "question", where)
        yield Choices(str(number), context, question, answers, None if right is None else LETTERS.index(right))


def _label(record: Mapping[str, Any], split: str, choices: int, where: str) -> int | None:
    """The right choice; a test file may leave it out."""
    if split == "test" and "label" not in record:
        return None
    if "label" not in record:
        raise UserError(f"no field 'label', {nearest('label', record)}", where=where)
    return choice_index(record["label"], choices, where)
