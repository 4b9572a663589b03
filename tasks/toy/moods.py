"""Single sentences with a label: sentiment and emotion.

Both are read off what is said of a person, which is a quality or that it is missing: every word of a quality stands in
as many sentences with "not" as without, so the label follows from the two together. What is said of a thing is neutral.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from tasks.toy import concepts
from tasks.toy.concepts import Dimension
from tasks.toy.facts import has_quality, owned
from tasks.toy.grammar import Clause, Noun, Phrase, Sentence
from tasks.toy.world import Key, Stream

POSITIVE, NEGATIVE, NEUTRAL = "positive", "negative", "neutral"
_MOOD, _ENERGY, _ = concepts.PERSON_STATES
_TRAITS = concepts.THING_TRAITS[1:]  # those of two values
EMOTIONS = {"joy": (_MOOD, 0), "sadness": (_MOOD, 1), "optimism": (_ENERGY, 0), "anger": (_ENERGY, 1)}
"""Emotion → the value of which dimension it is; not to be glad is sadness."""


@dataclass(frozen=True)
class Telling:
    """A sentence and its label."""

    sentence: Sentence
    label: str


def sentiments(stream: Stream) -> Iterator[Telling]:
    """Mira is glad in the kitchen, or not sad: positive. The cup of Mira is not big in the kitchen: neutral."""
    for number in stream.positions(3):
        label = (POSITIVE, NEGATIVE, NEUTRAL)[number]
        sentence = stream.allowed(
            partial(_of_thing if label == NEUTRAL else _of_person, stream, int(label != POSITIVE))
        )
        yield Telling(sentence, label)


def emotions(stream: Stream) -> Iterator[Telling]:
    """The same by dimension: Mira is not glad in the kitchen: sadness."""
    labels = tuple(EMOTIONS)
    for number in stream.positions(len(labels)):
        dimension, value = EMOTIONS[labels[number]]
        yield Telling(stream.allowed(partial(_said, stream, dimension, value)), labels[number])


def _of_person(stream: Stream, value: int) -> tuple[Key, Sentence]:
    return _said(stream, stream.one(concepts.PERSON_STATES), value)


def _of_thing(stream: Stream, value: int) -> tuple[Key, Sentence]:
    return _said(stream, stream.one(_TRAITS), value, owned(stream.kind(), stream.people(1)[0]))


def _said(stream: Stream, dimension: Dimension, value: int, subject: Phrase | None = None) -> tuple[Key, Sentence]:
    """Somebody or something has a value of a dimension, or does not have the other one; and a thing is as it is."""
    negated, room, kind = stream.chance(0.5), stream.room(), stream.kind()
    word = stream.pick(dimension.values[1 - value if negated else value])
    beside = stream.pick(stream.one(concepts.THING_STATES).words)
    about, owner = subject or stream.people(1)[0], stream.people(1)[0]
    clause = Clause(about, quality=word, obliques=(("in", Noun(room)),), negated=negated)
    key = ("mood", word, room, str(negated), kind, beside)
    return key, Sentence(clause, "and", has_quality(owned(kind, owner), beside))
