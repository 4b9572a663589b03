"""Things that are mentioned, to be linked to what they are: Mewsli-X and XL-BEL.

Every kind of thing is one entity, described by its hypernym.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from tasks.toy import concepts, facts
from tasks.toy.concepts import HYPERNYM
from tasks.toy.grammar import Noun, Sentence
from tasks.toy.texts import sentences
from tasks.toy.world import Key, Stream

KINDS = tuple(sorted(HYPERNYM))


@dataclass(frozen=True)
class Mention:
    """A sentence in which a kind of thing is mentioned, between two others."""

    before: Sentence
    sentence: Sentence
    after: Sentence
    kind: str


def mentions(stream: Stream) -> Iterator[Mention]:
    """Mira finds the lamp in the kitchen, among other news."""
    news = sentences(stream)
    while True:
        kind, sentence = stream.allowed(partial(_mention, stream))
        yield Mention(next(news), sentence, next(news), kind)


def number_of(kind: str) -> int:
    """An entity's number, from 1."""
    return KINDS.index(kind) + 1


def description(kind: str) -> Sentence:
    """A lamp is a tool."""
    return facts.say(facts.is_a(kind, HYPERNYM[kind]))


def _mention(stream: Stream) -> tuple[Key, tuple[str, Sentence]]:
    kind, room, (person,) = stream.kind(), stream.room(), stream.people(1)
    change = stream.pick(concepts.CHANGES)
    verb = stream.pick(stream.pick(change.causes or change.values))
    return ("mention", kind, verb, room), (kind, facts.say(facts.acts(person, verb, Noun(kind), room)))
