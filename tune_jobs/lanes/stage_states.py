"""What the broker knows of one stage, where that leaves it, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from trainers.lane import SILENCE, Ending, LaneId, Outcome
from trainers.stages import Stage
from trainers.store.leases import Held, Holder


class Shelf(Protocol):
    """What the broker needs of a stage store."""

    def look(self, stage: str, holder: Holder) -> tuple[HasWeights | None, Held | None]:
        """The stage's valid COMMIT, if it has one; if not a whole one, who else is making it."""

    def begin(self, stage: str, holder: Holder) -> str | None:
        """A new attempt's name, greater than all before; None: it is made, or somebody else is making it."""


class HasWeights(Protocol):
    """A commit, as far as the broker looks into it."""

    @property
    def evicted(self) -> Collection[str]:
        """Names of the weights that have been removed."""


@dataclass(frozen=True)
class Patience:
    """When a stage is given up: seconds without a sign of life end a run, so many counted failures set it aside."""

    silence: float = SILENCE
    failures: int = 3
    settling: float = 0.0  # seconds after its start in which the lanes of a broker before it say what they run
    elsewhere: float = 5.0  # seconds between two looks at a stage that another broker holds


class State(StrEnum):
    """Where a stage stands."""

    PENDING = "pending"  # to be made, as soon as all it reads is done and nobody else is making it
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


@dataclass(frozen=True)
class Answer:
    """How far a request is.

    `missing`: stages that are not committed yet; `reason`: why it can never be met ("": it can); `diverged`: that is
    since a training is not finite, which tells something of the recipe.
    """

    missing: int
    reason: str = ""
    diverged: bool = False


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
    held: Held | None = None  # by another broker, when the store was asked last
    looked: float = 0.0  # when that was
    met: bool = False  # the store has been asked for it

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Ids of the stages that it reads."""
        return self.stage.needs

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

    def note(self, outcome: Outcome, patience: Patience) -> None:
        """A run has ended, and there is no COMMIT: does that count, and is the stage given up?"""
        reason = outcome.reason
        if outcome.ending is Ending.COMMITTED:
            reason = "said to be committed, but the store has no valid COMMIT"
        if outcome.ending in (Ending.FAILED, Ending.DIVERGED, Ending.COMMITTED):
            self.failures.append(reason)
            self.diverged = outcome.ending is Ending.DIVERGED
            self.aside = len(self.failures) >= patience.failures or self.diverged  # a divergence would only come again


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
