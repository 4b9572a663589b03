"""What a sweep may use before it rests: hours, GPU-hours, core-hours, money. And what it has used, in the same terms.

Hours are those of its drivers, by the clock on the wall. GPU-hours and core-hours are of lanes at work: from when a
lane takes a stage until it lets go of it, times its workers and the GPUs or cores of each. Lanes that start, wait or
idle are not counted, nor is what the store had already; a stage that two sweeps wait for counts for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from tasks.errors import UserError
from trainers.stages import Shape, Stage

HOUR = 3600.0
SMALLEST = {"workers": 1, "cores": 1, "gpus": 0}  # the lane of facts that do not say

Price = Annotated[float, Field(ge=0)]
Cap = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """Base of what a settings file holds: immutable, no key but the known ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Prices(Section):
    """In any currency. Where a machine's price covers its cores as well, say it for its GPUs alone."""

    gpu_hour: Price = 0.0
    core_hour: Price = 0.0
    head_hour: Price = 0.0  # of what is there as long as a driver is

    def of(self, usage: Usage) -> float:
        """What has been used costs."""
        at_work = usage.gpu_hours * self.gpu_hour + usage.core_hours * self.core_hour
        return at_work + usage.hours * self.head_hour


class Caps(Section):
    """The most that a sweep may use in all, from its first driver on; None: no matter how much."""

    hours: Cap | None = None
    gpu_hours: Cap | None = None
    core_hours: Cap | None = None
    money: Cap | None = None


@dataclass(frozen=True)
class Usage:
    """What has been used, in hours."""

    hours: float = 0.0
    gpu_hours: float = 0.0
    core_hours: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.hours + other.hours, self.gpu_hours + other.gpu_hours, self.core_hours + other.core_hours)

    def times(self, factor: float) -> Usage:
        """This, so many times."""
        return Usage(self.hours * factor, self.gpu_hours * factor, self.core_hours * factor)

    def at_least(self, other: Usage) -> Usage:
        """The greater of both, each by itself."""
        return Usage(
            max(self.hours, other.hours),
            max(self.gpu_hours, other.gpu_hours),
            max(self.core_hours, other.core_hours),
        )


def at_work(seconds: float, shape: Shape) -> Usage:
    """What a lane of this size uses in so many seconds."""
    lanes = seconds / HOUR * shape.workers
    return Usage(gpu_hours=lanes * shape.gpus, core_hours=lanes * shape.cores)


def taken(facts: Mapping[str, Any]) -> Usage:
    """What a lane was at work for, by the facts of a COMMIT or of progress; 0 seconds where they do not say."""
    workers, cores, gpus = (int(_number(facts, name, least)) for name, least in SMALLEST.items())
    return at_work(_number(facts, "seconds", 0.0), Shape(workers, cores, gpus))


def _number(facts: Mapping[str, Any], name: str, otherwise: float) -> float:
    found = facts.get(name)
    return float(found) if isinstance(found, int | float) else otherwise


@dataclass(frozen=True)
class Budget:
    """How much a sweep may use, and what that costs; without caps it is no budget."""

    caps: Caps = field(default_factory=Caps)
    prices: Prices = field(default_factory=Prices)

    @property
    def given(self) -> bool:
        """Whether anything is capped."""
        return bool(self.caps.model_dump(exclude_none=True))

    def lines(self, usage: Usage) -> tuple[Line, ...]:
        """What is capped, and how much of it has been used."""
        used = {**vars(usage), "money": self.prices.of(usage)}
        caps: dict[str, float] = self.caps.model_dump(exclude_none=True)
        return tuple(Line(what, used[what], cap) for what, cap in caps.items())

    def over(self, usage: Usage) -> tuple[str, ...]:
        """What is used up."""
        return tuple(line.what for line in self.lines(usage) if line.over)

    def check(self, stages: Iterable[Stage]) -> None:
        """Raises UserError where such stages would never use up what is capped."""
        hour = sum((at_work(HOUR, stage.shape) for stage in stages), Usage(hours=1.0))
        if self.caps.gpu_hours is not None and not hour.gpu_hours:
            raise UserError("the recipe is for `device: cpu` and uses no GPU; give --core-hours", where="--gpu-hours")
        if self.caps.money is not None and not self.prices.of(hour):
            priced = "gpu_hour, core_hour or head_hour" if hour.gpu_hours else "core_hour or head_hour"
            raise UserError(f"nothing that the sweep uses has a price; give --prices with {priced}", where="--money")


NO_BUDGET = Budget()


@dataclass(frozen=True)
class Line:
    """One cap: a field of `Caps`, how much of it has been used, and how much there is."""

    what: str
    used: float
    cap: float

    @property
    def over(self) -> bool:
        """Whether it is used up."""
        return self.used >= self.cap

    @property
    def option(self) -> str:
        """The option that sets it."""
        return "--" + self.what.replace("_", "-")

    def __str__(self) -> str:
        name = {"gpu_hours": "GPU-hours", "core_hours": "core-hours"}.get(self.what, self.what)
        return f"{self.used:.2f} of {self.cap:g} {name}"
