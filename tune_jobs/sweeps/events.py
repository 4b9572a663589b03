"""What can happen in a sweep: the typed events of its log, in the order in which a trial meets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from search_spaces.settings import Pinned
from tasks.cells import Cell
from trainers.identity import digest
from trainers.recipe import Recipe


class Event(BaseModel):
    """Base of all events: immutable, closed, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Opened(Event):
    """The sweep's first event: the space's identity, and the versions that began it.

    `folders`, relative to `--data`, are no part of the identity; they are kept so that `best` can say where data was.
    `locked` are the files from the hub among what the first recipe reads, by their paths below a folder. `data` is the
    sha256 of the fingerprints of what it reads, with the tasks of every mixture, so that a sweep is not continued on
    other data; empty in logs that are older than it.
    """

    type: Literal["opened"] = "opened"
    sweep: str
    space: dict[str, Any]
    folders: tuple[str, ...] = ()
    locked: dict[str, Pinned] = {}
    data: str = ""
    versions: dict[str, str] = {}


class Driver(Event):
    """A driver takes the sweep over; whoever drove it before finds this in its place and stops."""

    type: Literal["driver"] = "driver"
    versions: dict[str, str] = {}


class AbsentCell(Event):
    """A cell that the suite asks for and the data does not have."""

    task: str
    split: str
    language: str
    why: str


class Sampled(Event):
    """A trial begins.

    `params` is the study's canonical point; empty for the baseline, which is not sampled. `settled`: how many trials
    had ended by then, of those that it is sampled from and compared with; None where the search is not reproducible.
    """

    type: Literal["sampled"] = "sampled"
    trial: int
    params: dict[str, Any]
    recipe: Recipe
    recipe_id: str
    absent: tuple[AbsentCell, ...] = ()
    settled: int | None = None


@dataclass(frozen=True, slots=True)
class CellOf:
    """Where a cell is: the score stage whose COMMIT holds it. A trial of XTREME has some 160: they are to be small."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    task: str
    language: str
    stage: str


class Rung(Event):
    """A trial's cells of one rung are there.

    `value` is the mean over all the tasks up to this rung, in 0..100; `digest` is `cells_digest` of this rung's cells,
    so that the leaderboard notices a cell that changes afterwards; `inputs` are the stages that its score stages read,
    directly or not.
    """

    type: Literal["rung"] = "rung"
    trial: int
    rung: int
    value: float
    cells: tuple[CellOf, ...]
    digest: str
    inputs: tuple[str, ...] = ()

    @property
    def stages(self) -> set[str]:
        """All stages that it stands on."""
        return {*self.inputs, *(cell.stage for cell in self.cells)}


def cells_digest(cells: Sequence[Cell]) -> str:
    """sha256 of cells: what they say, in this order."""
    return digest([cell.to_json() for cell in cells])


class Decided(Event):
    """Whether a trial goes on after a rung; never decided anew."""

    type: Literal["decided"] = "decided"
    trial: int
    rung: int
    go_on: bool


class How(StrEnum):
    """How a trial ended."""

    COMPLETE = "complete"  # the whole suite was scored: it ranks
    PRUNED = "pruned"
    FAILED = "failed"


class Ended(Event):
    """A trial has ended.

    `value`: the suite's mean if complete, else the last rung's, None before the first. `diverged`: it failed since a
    training of it is not finite.
    """

    type: Literal["ended"] = "ended"
    trial: int
    how: How
    value: float | None
    reason: str = ""
    diverged: bool = False


class Rested(Event):
    """A driver with a budget ends and leaves something to do: whoever drives next goes on.

    `over`: what of the budget was used up; empty: it was interrupted. The rest is what the sweep had used by then in
    all, in hours.
    """

    type: Literal["rested"] = "rested"
    over: tuple[str, ...] = ()
    hours: float
    gpu_hours: float
    core_hours: float


AnyEvent = Annotated[Opened | Driver | Sampled | Rung | Decided | Ended | Rested, Field(discriminator="type")]


class Envelope(Event):
    """An event as it lies in the store: its number, the driver that wrote it (a fresh nonce a run), and when.

    The nonce makes the bytes of two drivers differ even where their events are equal. `at` is for people: seconds since
    1970 by the driver's clock.
    """

    number: int
    driver: str
    at: float
    event: AnyEvent
