"""A world from a seed, and the independent streams of chance that everything is drawn from.

Each file's examples come from a stream of its own, one after the other: a larger file begins with the smaller one, and
a change to one file leaves the others alone. What a situation is about (its key: words, but no names) decides by a hash
whether it may occur in training, development or test sets, so that no two of these share a situation.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from random import Random
from typing import TypeVar

from tasks.toy import concepts
from tasks.toy.concepts import Dimension
from tasks.toy.grammar import Name
from tasks.toy.languages import ALL
from tasks.toy.lexicon import Lexicon
from tasks.toy.realise import Speaker

T = TypeVar("T")
Key = tuple[str, ...]

_PEOPLE, _PLACES, _ORGANISATIONS, _UNSEEN = 40, 16, 16, 80


class Split(StrEnum):
    """Which sets a situation may occur in. Plain text is of the training part, Tatoeba of the test part."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


@cache
def _zipf(count: int) -> tuple[float, ...]:
    """Steeper than Zipf's 1/r: a small encoder has to see the frequent words often before it learns anything."""
    return tuple(1 / rank**1.5 for rank in range(1, count + 1))


_SHARES = ((70, Split.TRAIN), (85, Split.DEV), (100, Split.TEST))  # percent, cumulated


@dataclass(frozen=True)
class World:
    """The words and names of a seed. `unseen` are parts of names that no plain text and no training set has."""

    seed: int
    speakers: dict[str, Speaker]
    people: tuple[Name, ...]
    places: tuple[Name, ...]
    organisations: tuple[Name, ...]
    unseen: tuple[str, ...]

    @classmethod
    def create(cls, seed: int) -> World:
        """The world of a seed."""
        lexicon = Lexicon.invent(seed, _PEOPLE + _PLACES + _ORGANISATIONS + _UNSEEN)
        names = iter(lexicon.names)
        people, places, organisations = (
            tuple(Name((next(names),), entity) for _ in range(count))
            for count, entity in ((_PEOPLE, "PER"), (_PLACES, "LOC"), (_ORGANISATIONS, "ORG"))
        )
        speakers = {language.code: Speaker(language, lexicon) for language in ALL}
        return cls(seed, speakers, people, places, organisations, tuple(names))

    def split_of(self, key: Key) -> Split:
        """The part that a situation belongs to."""
        percent = zlib.crc32(f"{self.seed}/{'/'.join(key)}".encode()) % 100
        return next(split for bound, split in _SHARES if percent < bound)

    def stream(self, name: str, split: Split, domains: Sequence[str] = concepts.DOMAINS) -> Stream:
        """An independent stream of chance, the same in every run."""
        return Stream(self, Random(f"{self.seed}/{name}/{split}"), split, tuple(domains))


@dataclass(frozen=True)
class Stream:
    """Draws situations of one split from one stream of chance."""

    world: World
    rng: Random
    split: Split
    domains: tuple[str, ...]

    def pick(self, items: Sequence[T]) -> T:
        """One of several, each as likely."""
        return items[int(self.rng.random() * len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """Several different ones, in random order."""
        return self.rng.sample(items, count)

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return self.rng.random() < probability

    def allowed(self, draw: Callable[[], tuple[Key, T]]) -> T:
        """Draws until the situation's key belongs to this stream's split."""
        while True:
            key, item = draw()
            if self.world.split_of(key) is self.split:
                return item

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """A shuffled copy."""
        return self.rng.sample(items, len(items))

    def positions(self, count: int) -> Iterator[int]:
        """Positions 0 … count-1 without end, shuffled in blocks, so that each occurs as often."""
        while True:
            yield from self.shuffled(range(count))

    # what situations are made of

    def people(self, count: int) -> list[Name]:
        """Different people."""
        return self.sample(self.world.people, count)

    def kind(self, hypernym: str = "") -> str:
        """A kind of thing from this stream's domains."""
        return self.pick(concepts.KINDS[hypernym or self.pick(tuple(concepts.KINDS))][self.pick(self.domains)])

    def kinds(self, count: int) -> list[str]:
        """Kinds of things with different hypernyms."""
        return [self.kind(hypernym) for hypernym in self.sample(tuple(concepts.KINDS), count)]

    def room(self) -> str:
        """A room from this stream's domains."""
        return self.pick(concepts.ROOMS[self.pick(self.domains)])

    def rooms(self, count: int) -> list[str]:
        """Different rooms from this stream's domains."""
        return self.sample([room for domain in self.domains for room in concepts.ROOMS[domain]], count)

    def one(self, dimensions: Sequence[T]) -> T:
        """One of a list in order of frequency: the r-th has a weight of r^-1.5 (Zipf's law, a steep one)."""
        return self.rng.choices(dimensions, _zipf(len(dimensions)))[0]

    def two(self, dimensions: Sequence[T]) -> tuple[T, T]:
        """Two different ones by the same law; either order is as likely, so that a word's place tells nothing."""
        while True:
            first, second = self.rng.choices(dimensions, _zipf(len(dimensions)), k=2)
            if first is not second:
                return first, second

    def synonym(self, word: str, dimension: Dimension) -> str:
        """Another word of the same value."""
        value = next(value for value in dimension.values if word in value)
        return self.pick([other for other in value if other != word])

    def contrary(self, word: str, dimension: Dimension) -> str:
        """A word of another value of the same dimension."""
        return self.pick([other for value in dimension.values if word not in value for other in value])
