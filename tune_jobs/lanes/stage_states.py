"""What the broker knows of one stage, and where that leaves it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from trainers.lane import LaneId
from trainers.stages import Stage


class Shelf(Protocol):
    """What the broker needs of a stage store."""

    def committed(self, stage: str) -> HasWeights | None:
        """The stage's valid COMMIT, if it has one."""

    def begin(self, stage: str) -> str:
        """A new attempt's name, greater than all before."""


class HasWeights(Protocol):
    """A commit, as far as the broker looks into it."""

    @property
    def evicted(self) -> Collection[str]:
        """Names of the weights that have been removed."""


class State(StrEnum):
    """Where a stage stands."""

    PENDING = "pending"  # to be made, as soon as all it reads is done
    RUNNING = "running"  # a lane has it under the newest attempt
    DONE = "done"  # committed, files there
    ASIDE = "set aside"  # diverged, or failed too often; whoever wants it fails


class Stored(StrEnum):
    """What the store holds of a stage."""

    NOTHING = "nothing"
    EVICTED = "evicted"  # committed without its weights: enough for whoever wants it, not for a child that reads it
    WHOLE = "whole"


@dataclass
class Run:
    """The newest attempt at a stage. `seen`: the clock at its last sign of life; `begun`: the lane has reported."""

    lane: LaneId
    attempt: str
    seen: float
    begun: bool = False


@dataclass
class Entry:
    """What the broker knows of one stage; `stored` is None until somebody needs to know."""

    stage: Stage
    order: int
    stored: Stored | None = None
    run: Run | None = None
    failures: list[str] = field(default_factory=list)
    aside: bool = False
    diverged: bool = False  # which is why it is set aside
    handed: bool = False  # to a lane, by this broker

    @property
    def state(self) -> State:
        """Where it stands; a COMMIT outweighs all else."""
        if self.stored is Stored.WHOLE:
            return State.DONE
        if self.run is not None:
            return State.RUNNING
        return State.ASIDE if self.aside else State.PENDING

    @property
    def why(self) -> str:
        """Why it is set aside, in one line."""
        times = f"failed {len(self.failures)} times" if len(self.failures) > 1 else "failed"
        return f"{self.stage.label} {times}: {self.failures[-1]}"


def closure(ids: Iterable[str], needs: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """The ids and what they need, directly or not, each once, in the order in which they are met."""
    met: set[str] = set()
    todo = list(reversed(tuple(ids)))
    while todo:
        id = todo.pop()
        if id not in met:
            met.add(id)
            yield id
            todo.extend(reversed(tuple(needs(id))))
