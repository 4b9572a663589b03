"""What a reader yields: one frozen example type per task kind, and the fingerprint of a list of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The task kinds, each with its own example type, head and prediction type."""

    CLASSIFICATION = "classification"  # a sentence or a pair of sentences → a label
    CHOICE = "choice"  # a context, a question and n answers → the index of the right one
    TAGGING = "tagging"  # tokens → a tag each
    SPAN = "span"  # a question and a context → a piece of the context
    RETRIEVAL = "retrieval"  # an English sentence → its translation in a pool
    RANKING = "ranking"  # a query → the candidates of a pool, the best first
    MINING = "mining"  # two sides of a pool → the pairs that translate each other
    TEXT = "text"  # plain sentences, for masked language modelling
    PARALLEL = "parallel"  # an English sentence and its translation, for translation language modelling

    @property
    def searched(self) -> bool:
        """Whether a pool is searched with the encoder's own vectors: there is no head to train."""
        return self in (Kind.RETRIEVAL, Kind.RANKING, Kind.MINING)


@dataclass(frozen=True, slots=True)
class TextPair:
    """Classification: `second` is None for single sentences, `label` is None where the split has none."""

    id: str
    first: str
    second: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class Choices:
    """Multiple choice: the model reads `context`, `question` + each of `choices`; `label` indexes `choices`."""

    id: str
    context: str
    question: str
    choices: tuple[str, ...]
    label: int | None


@dataclass(frozen=True, slots=True)
class Tagged:
    """Tagging: `tags` has as many entries as `tokens`, or is None where the split has none."""

    id: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """`context[start : start + len(text)] == text`, counted in Unicode code points."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Question:
    """Span extraction; `answers` is empty where the split has none, `article` keeps held-out parts together."""

    id: str
    question: str
    context: str
    answers: tuple[Answer, ...]
    article: str


@dataclass(frozen=True, slots=True)
class Translation:
    """Retrieval: row i offers `candidate` (foreign) to the pool and asks with `query` (English).

    `match` is the id of the row whose candidate translates the query, or None where the split has no gold.
    """

    id: str
    query: str
    candidate: str
    match: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """Ranking and mining: a query, or a candidate of the pool that all queries of the dataset search.

    `context` is read after `text` ("" where there is none). `relevant` are the ids of the candidates that are right for
    a query; None for candidates, and where the split has no gold. `article` keeps held-out parts together.
    """

    id: str
    text: str
    context: str
    candidate: bool
    relevant: tuple[str, ...] | None
    article: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A line of monolingual text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A line of parallel text: English and its translation."""

    id: str
    english: str
    foreign: str


Example = TextPair | Choices | Tagged | Question | Translation | Passage | Sentence | SentencePair

EXAMPLE_TYPES: dict[Kind, type[Example]] = {
    Kind.CLASSIFICATION: TextPair,
    Kind.CHOICE: Choices,
    Kind.TAGGING: Tagged,
    Kind.SPAN: Question,
    Kind.RETRIEVAL: Translation,
    Kind.RANKING: Passage,
    Kind.MINING: Passage,
    Kind.TEXT: Sentence,
    Kind.PARALLEL: SentencePair,
}


def is_labelled(example: Example) -> bool:
    """Whether an example can be scored or trained on; text always can."""
    match example:
        case TextPair() | Choices():
            return example.label is not None
        case Tagged():
            return example.tags is not None
        case Question():
            return bool(example.answers)
        case Translation():
            return example.match is not None
        case Passage():
            return example.relevant is not None
    return True


def is_asked(example: Example) -> bool:
    """Whether an example wants a prediction, as all do but the candidates of a pool."""
    return not (isinstance(example, Passage) and example.candidate)


def without_label(example: Example) -> Example:
    """The example as a test set shows it."""
    match example:
        case TextPair() | Choices():
            return replace(example, label=None)
        case Tagged():
            return replace(example, tags=None)
        case Question():
            return replace(example, answers=())
        case Translation():
            return replace(example, match=None)
        case Passage():
            return replace(example, relevant=None)
    return example


def _fields(value: Example | Answer) -> dict[str, Any]:
    """Shallow, unlike `dataclasses.asdict`, which is several times slower; the encoder asks for nested answers."""
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__}


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_fields)


def canonical(example: Example) -> bytes:
    """One line of canonical JSON: sorted keys, no blanks, UTF-8."""
    return _ENCODER.encode(_fields(example)).encode()


def fingerprint(examples: Iterable[Example]) -> str:
    """sha256 over the canonical examples in their order, so that hub, folder and S3 agree on equal data."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(canonical(example))
        digest.update(b"\n")
    return digest.hexdigest()
