"""What is waited for: how many trials a stage would serve, and the cheapest rung that wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass
class Demand:
    """How many trials a stage would serve, and the cheapest rung that waits for it."""

    trials: int
    rung: int


def demand_of(
    wants: Iterable[Mapping[str, int]],
    unmade: Callable[[Iterable[str]], Iterable[str]],
    doomed: Callable[[Iterable[str]], bool],
) -> dict[str, Demand]:
    """What trials wait for, by stage. A trial that can never be met waits for nothing: it is about to fail.

    Args:
        wants: of each trial, the stages that it wants, with the first rung that asked for each.
        unmade: of some stages, those that have to be made, with all that they read.
        doomed: whether one of them can never be made.
    """
    demand: dict[str, Demand] = {}
    for mine in wants:
        if doomed(mine):
            continue
        counted: set[str] = set()
        for rung in sorted(set(mine.values())):
            for id in unmade([id for id in mine if mine[id] == rung]):
                slot = demand.setdefault(id, Demand(0, rung))
                slot.rung = min(slot.rung, rung)
                slot.trials += id not in counted
                counted.add(id)
    return demand
