"""What strikes a run, and when: drawn from the run's number alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.trainers.fault_proxy import Fault


class Kind(StrEnum):
    """What dies, hangs or fails."""

    DRIVER = "driver"
    BROKER = "broker"
    TRIAL = "trial"
    RANK_0 = "rank 0"
    RANK_1 = "rank 1"
    CALLER = "caller of lanes"
    CONTROLLER = "controller of a lane"
    RAYLET = "raylet"
    SUSPENDED = "worker suspended"
    OUTAGE = "store outage"
    ERRORS = "store errors"
    RESETS = "store resets"
    STALLS = "store stalls"
    CUTS = "store cut replies"
    FLIPS = "store bit flips"
    LOST = "store lost replies"
    ALL = "store faults of all kinds"


ACTORS = {
    Kind.BROKER: "BrokerActor",
    Kind.TRIAL: "ImplicitFunc",
    Kind.CALLER: "Caller",
    Kind.CONTROLLER: "TrainController",
}
"""Deaths of one actor → its class."""

RANKS = {Kind.RANK_0: 0, Kind.RANK_1: 1}

FAULTS = {
    Kind.ERRORS: (Fault.ERROR, Fault.SLOW_DOWN, Fault.THROTTLED),
    Kind.RESETS: (Fault.RESET, Fault.RESET_REPLY),
    Kind.STALLS: (Fault.STALL,),
    Kind.CUTS: (Fault.CUT,),
    Kind.FLIPS: (Fault.FLIPPED_REQUEST, Fault.FLIPPED_REPLY),
    Kind.LOST: (Fault.LOST_REPLY,),
    Kind.ALL: tuple(Fault),
}
"""Times in which one in ten requests to the store has a fault → which."""

STAGES = 16  # of the grid
INTERVAL = 0.3  # seconds between saves of progress
OUTAGE, LONG_OUTAGE = 10.0, 60.0  # seconds
LONG = 26  # the run with the long outage


@dataclass(frozen=True)
class Blow:
    """One of them.

    Attributes:
        after: so many COMMITs.
        intervals: checkpoint intervals that pass then.
        seconds: how long it lasts; 0: a death.
    """

    kind: Kind
    after: int
    intervals: float
    seconds: float = 0.0


@dataclass(frozen=True)
class Plan:
    """A run: on one lane of two workers (`wide`) or on two lanes of one, and what strikes it."""

    run: int
    wide: bool
    blows: tuple[Blow, ...]


def draw(run: int) -> Plan:
    """The plan of a run. Each kind has its turn as the first blow; half of the runs have a second one.

    Run 0 is undisturbed.
    """
    lot = Random(run)
    first, second = list(Kind)[run % len(Kind)], lot.choice(list(Kind))
    wide = lot.random() < 0.5
    kinds = [first, second] if lot.random() < 0.5 else [first]
    if run == LONG:
        return Plan(run, wide, (Blow(Kind.OUTAGE, *_moment(lot), LONG_OUTAGE),))
    if run == 0:
        return Plan(run, wide, ())
    blows = [Blow(kind, *_moment(lot), _seconds(kind, lot)) for kind in kinds]
    return Plan(run, wide or Kind.RANK_1 in kinds, tuple(sorted(blows, key=lambda blow: (blow.after, blow.intervals))))


def _moment(lot: Random) -> tuple[int, float]:
    """Commits, and intervals after them: amid a training, at its begin, or in what comes between two stages."""
    return lot.randrange(STAGES - 2), round(lot.uniform(0.0, 3.0), 2)


def _seconds(kind: Kind, lot: Random) -> float:
    if kind is Kind.OUTAGE:
        return OUTAGE
    if kind is Kind.SUSPENDED:
        return round(lot.uniform(2.0, 25.0), 1)
    return round(lot.uniform(10.0, 30.0), 1) if kind in FAULTS else 0.0
