"""The machines that lanes run on: which of them are gone, and which are about to be taken away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from trainers.lane import Place


@dataclass(frozen=True)
class Machines:
    """What a cluster says of its machines, by their ids.

    Attributes:
        alive: that live.
        doomed: of those, the ones that somebody has given notice of.
    """

    alive: Callable[[], Collection[str]]
    doomed: Callable[[], Collection[str]] = tuple

    def lost(self, places: Iterable[Place]) -> bool:
        """Whether a machine of these is gone."""
        return not {place.node for place in places} <= set(self.alive())

    def going(self, places: Iterable[Place]) -> bool:
        """Whether a machine of these is about to go."""
        return bool({place.node for place in places} & set(self.doomed()))

    def to_blame(self, places: Collection[Place]) -> bool:
        """Whether what ran at these places and has ended is excused."""
        return self.lost(places) or self.going(places)
