"""The protocol between a lane and the broker: ask, report progress, say how it ended, ask again.

A lane is a worker group that runs one stage after another; the broker owns the stages. All calls are idempotent and
carry (lane, incarnation, stage, attempt), so a reply may get lost, a lane may die and come back, and an old attempt is
fenced off by a newer one. The serial lane and the Ray lanes speak the same protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from trainers.stages import Stage


@dataclass(frozen=True)
class LaneId:
    """A lane's name, and how often it has been started: a lane that comes back has lost what it ran before."""

    name: str
    incarnation: int


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
    STOP = "stop"  # nobody wants the stage, or a newer attempt runs it: keep progress, ask again


class Ending(StrEnum):
    """How a run of a stage ended. Only a COMMIT in the store makes a stage done: `COMMITTED` is a hint."""

    COMMITTED = "committed"
    STOPPED = "stopped"  # on the broker's verdict, progress saved
    FAILED = "failed"  # counts against the stage: three set it aside
    DIVERGED = "diverged"  # not finite any more: it would end so again, so it is set aside at once
    EXCUSED = "excused"  # the machine's fault (a lost node): does not count


@dataclass(frozen=True)
class Outcome:
    """The end of one run; `reason` is one line for people."""

    ending: Ending
    reason: str = ""


class Work(Protocol):
    """The broker as a lane sees it."""

    def ask(self, lane: LaneId) -> Assignment | Wait | Leave:
        """The next stage for this lane. A lane that asks while it is thought to run something has lost it."""

    def progress(self, lane: LaneId, stage: str, attempt: str, step: int, steps: int) -> Verdict:
        """Report that `step` of `steps` is done; also the sign of life."""

    def end(self, lane: LaneId, stage: str, attempt: str, outcome: Outcome) -> None:
        """Report how the run ended."""
