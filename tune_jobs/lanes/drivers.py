"""What a sweep's driver and the hub say to each other."""

from __future__ import annotations

import uuid
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from trainers.stages import Shape
from tune_jobs.lanes.fleet import Limits
from tune_jobs.lanes.notices import Remark, StageBegun, StageEnded, StageProgress
from tune_jobs.lanes.shares import Room

KEPT = 10_000  # notices that a driver may be late for

LaneNotice = StageBegun | StageProgress | StageEnded | Remark


@dataclass(frozen=True)
class Driver:
    """What a driver says of itself.

    Attributes:
        reign: a greater one than before is the successor of a driver that died, and its lanes with it; a smaller one
            is a driver that has been replaced and does not know yet.
        room: what the cluster has.
        limits: how many lanes it wants.
        ahead: what it will want first, so that a lane can start before a trial has.
        lanes: that it has, with their sizes.
        ended: its lanes that have ended.
    """

    reign: int
    room: Room
    limits: Limits
    ahead: Counter[Shape]
    lanes: Mapping[str, Shape] = field(default_factory=dict)
    ended: tuple[str, ...] = ()


@dataclass(frozen=True)
class News:
    """What a driver learns when it attends.

    Attributes:
        life: of what the hub knows of the sweep; another one than before has forgotten what it was told.
        notices: of stages that the sweep's trials want, since the last time.
        launch: lanes to start.
        replaced: another driver runs the sweep; all else is empty.
        made: stages that were committed for the sweep's trials, with the attempts that lanes were given.
        trouble: what the user has to mend before anything can go on; "" if nothing.
        waited: seconds for which a lane of this driver has not been placed, and its size.
    """

    life: str
    notices: list[LaneNotice]
    launch: dict[str, Shape]
    made: list[tuple[str, str]]
    trouble: str
    waited: tuple[float, Shape] | None
    replaced: bool = False


@dataclass
class Sweep:
    """What the hub keeps for one sweep's driver. `seen`: when it attended last, in the time that this hub was awake."""

    reign: int
    seen: float
    life: str = field(default_factory=lambda: uuid.uuid4().hex)
    notices: deque[LaneNotice] = field(default_factory=lambda: deque(maxlen=KEPT))
    made: list[tuple[str, str]] = field(default_factory=list)
    trouble: str = ""
    begun: bool = False  # one of its trials has wanted something
    stopped: bool = False  # its lanes are to leave, and to keep the progress of what they run
