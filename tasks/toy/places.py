"""What a file form is given: examples with their domains, and for which task, split and language it writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tasks.declaration import Task
from tasks.toy.realise import Speaker

T = TypeVar("T")


@dataclass(frozen=True)
class Told(Generic[T]):
    """An example, and the one of the world's domains that it is from."""

    domain: str
    what: T


@dataclass(frozen=True)
class Place:
    """A task's split in a language.

    Attributes:
        task: with its declaration.
        split: one of its splits.
        language: as the declaration calls it.
        speakers: who speaks each of the split's languages, and English.
    """

    task: Task
    split: str
    language: str
    speakers: Mapping[str, Speaker]

    @property
    def speaker(self) -> Speaker:
        """Who speaks the file's language."""
        return self.speakers[self.language]

    @property
    def name(self) -> str:
        """What ids begin with."""
        return f"{self.task.name}-{self.split}"

    def number(self, label: str) -> int:
        """What the hub calls a label."""
        return next(int(alias) for alias, word in self.task.aliases.items() if word == label and alias.isdecimal())


Form = Callable[[Sequence[Told[T]], Place], Iterable[str | None]]
"""The texts of a layout's files, in their order; None for one that is written elsewhere. A path with `*` takes any."""
