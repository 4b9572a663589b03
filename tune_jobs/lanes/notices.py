"""What a live screen is told while a sweep runs: the log's own events as they are written, and what lanes do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trainers.lane import Ending
from trainers.stages import Shape, Stage
from trainers.store.leases import Held
from tune_jobs.sweeps.events import AnyEvent


@dataclass(frozen=True)
class StageBegun:
    """A lane of this size has taken a stage; `label` is for people."""

    lane: str
    stage: str
    label: str
    shape: Shape


@dataclass(frozen=True)
class StageProgress:
    """`step` of `steps` is done."""

    lane: str
    stage: str
    label: str
    step: int
    steps: int


@dataclass(frozen=True)
class StageEnded:
    """A run of a stage has ended; `reason` is "" where all is well."""

    lane: str
    stage: str
    label: str
    ending: Ending
    reason: str


@dataclass(frozen=True)
class Remark:
    """A line for people."""

    text: str


def waiting(stage: Stage, held: Held) -> Remark:
    """That another broker makes a stage."""
    return Remark(f"{stage.label} is being made by {held.holder.name} elsewhere; waiting for it")


Notice = AnyEvent | StageBegun | StageProgress | StageEnded | Remark
OnEvent = Callable[[Notice], None]
