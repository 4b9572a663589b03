"""The protocol between a lane and the broker: ask, report progress, say how it ended, ask again.

A lane is a worker group that runs one stage after another; the broker owns the stages. All calls are idempotent and
carry (lane, incarnation, stage, attempt), so a reply may get lost, a lane may die and come back, and an old attempt is
fenced off by a newer one. The serial lane and the Ray lanes speak the same protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from trainers.stages import Shape, Stage

SILENCE = 1800.0  # seconds without a step after which a run has hung


@dataclass(frozen=True)
class Place:
    """Where a worker runs: the id of its node, and its process there."""

    node: str
    process: int


@dataclass(frozen=True)
class LaneId:
    """A lane's name, and how often it has been started: a lane that comes back has lost what it ran before.

    `places` are those of its workers, by rank. They travel with every call, so that a broker that has died knows them.
    """

    name: str
    incarnation: int
    places: tuple[Place, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Assignment:
    """Run this stage, writing under this attempt."""

    stage: Stage
    attempt: str


@dataclass(frozen=True)
class Wait:
    """No stage is ready; ask again."""


@dataclass(frozen=True)
class Leave:
    """There will be no more work for this lane."""


class Verdict(StrEnum):
    """The answer to progress."""

    GO_ON = "go on"
    STOP = "stop"  # nobody wants the stage, a newer attempt runs it, or its machine goes: keep progress, ask again


class Ending(StrEnum):
    """How a run of a stage ended. Only a COMMIT in the store makes a stage done: `COMMITTED` is a hint."""

    COMMITTED = "committed"
    STOPPED = "stopped"  # on the broker's verdict, progress saved
    FAILED = "failed"  # counts against the stage: three set it aside
    DIVERGED = "diverged"  # not finite any more: it would end so again, so it is set aside at once
    EXCUSED = "excused"  # the machine's fault (a lost node): does not count
    MENDABLE = "stopped by a fault of data or store"  # that every other stage would meet: the user has to mend it


@dataclass(frozen=True)
class Outcome:
    """The end of one run; `reason` is one line for people."""

    ending: Ending
    reason: str = ""


class Work(Protocol):
    """The broker as a lane sees it."""

    def arrive(self, name: str, places: tuple[Place, ...] = ()) -> LaneId:
        """A lane has started, or started again and lost what it ran; `places`: of its workers, by rank."""

    def ask(self, lane: LaneId, shape: Shape | None = None) -> Assignment | Wait | Leave:
        """The next stage for a lane, of exactly its shape; None: of any."""

    def progress(self, lane: LaneId, stage: str, attempt: str, step: int, steps: int) -> Verdict:
        """Report that `step` of `steps` is done; also the sign of life."""

    def end(self, lane: LaneId, stage: str, attempt: str, outcome: Outcome) -> None:
        """Report how the run ended."""


@dataclass(frozen=True)
class Lane:
    """What the workers of a lane are told when they start.

    Attributes:
        name: unique among the lanes of a broker.
        shape: of the worker group.
        work: the broker.
        location: of the store.
        cache: this machine's folder for copies of stored files, asked on the machine of the worker.
        micro_tokens: padded tokens that a micro-batch holds at most.
        save_seconds: between saves of progress.
    """

    name: str
    shape: Shape
    work: Work
    location: str
    cache: Callable[[], Path]
    micro_tokens: int
    save_seconds: float
