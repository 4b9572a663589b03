"""What is waited for: how many trials a stage would serve, and the cheapest rung that wants it.

A decision of the broker must not cost more the more trials there are: what each trial waits for is remembered, and
found out anew only where a stage has changed that it stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field

Waits = Mapping[str, int]
"""Stages that have to be made for a trial, with the cheapest rung of it that waits for each."""


@dataclass
class Demand:
    """How many trials a stage would serve, and the cheapest rung that waits for it."""

    trials: int
    rung: int


@dataclass
class _Wish:
    """What a trial wants: the stages with the first rung that asked for each, and those with all that they read."""

    wanted: dict[str, int] = field(default_factory=dict)
    reach: set[str] = field(default_factory=set)
    waits: Waits | None = None  # None: something has changed


class Wishes:
    """Who wants what. `waits` finds out what a trial that wants some stages waits for; it may call `changed`."""

    def __init__(self, waits: Callable[[Mapping[str, int]], Waits]) -> None:
        self._find = waits
        self._wishes: dict[str, _Wish] = {}
        self._demand: dict[str, Demand] | None = None  # None: something has changed

    def __contains__(self, trial: str) -> bool:
        return trial in self._wishes

    def add(self, trial: str, rung: int, wanted: Iterable[str], reach: Iterable[str]) -> None:
        """A trial wants stages. `reach`: these, and all that they read, directly or not."""
        wish = self._wishes.setdefault(trial, _Wish())
        wish.wanted.update({id: min(rung, wish.wanted.get(id, rung)) for id in wanted})
        wish.reach.update(reach)
        wish.waits = self._demand = None

    def drop(self, trial: str) -> bool:
        """It wants nothing any more. False: it did not."""
        self._demand = None
        return self._wishes.pop(trial, None) is not None

    def changed(self, stage: str) -> None:
        """Something about a stage is other than before."""
        for wish in self._wishes.values():
            if stage in wish.reach:
                wish.waits = self._demand = None

    def trials(self) -> set[str]:
        """Who wants something."""
        return set(self._wishes)

    def wanting(self, stage: str) -> set[str]:
        """The trials that want a stage, directly or not."""
        return {trial for trial, wish in self._wishes.items() if stage in wish.reach}

    def reach(self) -> set[str]:
        """All stages that are wanted, directly or not."""
        return set().union(*(wish.reach for wish in self._wishes.values()))

    def demand(self) -> Mapping[str, Demand]:
        """What is waited for, by stage."""
        if self._demand is None:
            demand: dict[str, Demand] = {}
            for wish in self._wishes.values():
                if wish.waits is None:
                    wish.waits = self._find(wish.wanted)
                for id, rung in wish.waits.items():
                    slot = demand.setdefault(id, Demand(0, rung))
                    slot.trials += 1
                    slot.rung = min(slot.rung, rung)
            self._demand = demand  # last: finding out may look into the store, which sets it to None
        return self._demand


def waits_of(wanted: Mapping[str, int], unmade: Callable[[Set[str]], Iterable[str]]) -> Waits:
    """What a trial waits for.

    Args:
        wanted: the stages that it wants, with the first rung that asked for each.
        unmade: of some stages, those that have to be made, with all that they read.
    """
    waits: dict[str, int] = {}
    for rung in sorted(set(wanted.values())):
        for id in unmade({id: None for id in wanted if wanted[id] == rung}.keys()):
            waits.setdefault(id, rung)
    return waits
