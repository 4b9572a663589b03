"""Span questions: SQuAD, XQuAD and TyDiQA.

A context says several facts of one template about things and people in every combination. A question names a fact by a
synonym, a hypernym or a converse, so that its sentence has no more words in common with it than the others have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tasks.toy import concepts, facts
from tasks.toy.concepts import HYPERNYM, KINDS
from tasks.toy.grammar import Clause, Name, Noun, Phrase, Pronoun, Sentence
from tasks.toy.world import Key, Stream

QUESTIONS = 2  # a paragraph


@dataclass(frozen=True)
class Asked:
    """A question; the answer is a phrase (or a numeral) of one of the context's sentences."""

    question: Sentence
    sentence: int
    answer: Phrase | str


@dataclass(frozen=True)
class Paragraph:
    """A context and the questions about it."""

    context: tuple[Sentence, ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True)
class _Fact:
    """A fact, and the question to which `answer` is the answer."""

    clause: Clause
    question: Clause
    answer: Phrase | str


def paragraphs(stream: Stream) -> Iterator[Paragraph]:
    """Paragraphs of four facts with two questions, without end."""
    while True:
        known = stream.allowed(partial(stream.pick(


_TEMPLATES: tuple[Callable[[Stream], tuple[Key, Sequence[_Fact]]], ...] = (_where, _how_many, _who, _what, _transfer)
