"""Axes: what may stand in a space in place of a value. An axis's fields are its YAML form.

    fraction: {choice: [0.25, 1.0]}
    warmup:   {uniform: [0.0, 0.2]}                        # continuous; `points: 5` makes it a grid
    lr:       {log_uniform: [1e-5, 1e-4], points: 3}       # a grid with both ends, equal steps on the log scale
    batch:    {integer: [16, 64], step: 16}

Floats are rounded to 3 significant digits, so that what is sampled is what is trained and hashed. The prior of each
axis is uniform: over the options, over the points, or over the interval (of logarithms, for `log_uniform`).
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from random import Random
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from trainers.identity import Rounded, Spec, canonical, round3

Points = Annotated[int, Field(ge=2, le=1000)] | None


class Axis(Spec, ABC):
    """The values that one place of a recipe may take, with a prior over them."""

    @property
    @abstractmethod
    def size(self) -> int | None:
        """How many values there are; None for a continuous axis."""

    @abstractmethod
    def at(self, index: int) -> Any:
        """Value number `index` of a finite axis, in its fixed order."""

    @abstractmethod
    def draw(self, random: Random) -> Any:
        """A value from the prior."""

    @abstractmethod
    def contains(self, value: Any) -> bool:
        """Whether the value, in its canonical form, lies on the axis."""

    @property
    def first(self) -> Any:
        """The value that stands for the axis where nothing is sampled: the first option, or the lower end."""
        return self.at(0)

    @property
    def extremes(self) -> Iterator[Any]:
        """Values that show whether the axis fits its place: all of a finite axis, the ends of an interval."""
        return self.values()

    def values(self) -> Iterator[Any]:
        """All values of a finite axis, in order."""
        if self.size is None:
            raise ValueError(f"a continuous axis has no list of values: {self!r}")
        return (self.at(index) for index in range(self.size))

    def canonical(self, value: Any) -> Any:
        """The one way in which a value is written: what the study is told and the recipe is made of."""
        return canonical(value)


def _rounded(value: Any) -> Any:
    """An option with all its floats rounded to 3 significant digits."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round3(value) if isinstance(value, float) else value


def text_of(option: Any) -> str:
    """An option as canonical JSON: equal options, equal text. `1` and `1.0` differ, as their types do."""
    return json.dumps(canonical(option), sort_keys=True, ensure_ascii=False)


class Choice(Axis):
    """One of some options, of any type that fits the place; mappings and lists too."""

    choice: Annotated[tuple[Annotated[Any, AfterValidator(_rounded)], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        texts = [text_of(option) for option in self.choice]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        if twice is not None:
            raise ValueError(f"the option {twice} stands twice (numbers are rounded to 3 significant digits)")
        return self

    @property
    def size(self) -> int:
        """The number of options."""
        return len(self.choice)

    def at(self, index: int) -> Any:
        """Option number `index`."""
        return self.choice[index]

    def draw(self, random: Random) -> Any:
        """Uniform over the options."""
        return random.choice(self.choice)

    def contains(self, value: Any) -> bool:
        """Whether it is one of the options."""
        return text_of(value) in map(text_of, self.choice)


class Integer(Axis):
    """Whole numbers from low to high, both included, `step` apart. They are not rounded."""

    integer: tuple[int, int]
    step: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.integer[0] > self.integer[1]:
            raise ValueError(f"the ends are in the wrong order: write [{self.integer[1]}, {self.integer[0]}]")
        return self

    @property
    def numbers(self) -> range:
        """The values."""
        return range(self.integer[0], self.integer[1] + 1, self.step)

    @property
    def size(self) -> int:
        """How many whole numbers."""
        return len(self.numbers)

    def at(self, index: int) -> int:
        """Low + index · step."""
        return self.numbers[index]

    @property
    def extremes(self) -> Iterator[int]:
        """Both ends."""
        return iter({self.numbers[0]: None, self.numbers[-1]: None})

    def draw(self, random: Random) -> int:
        """Uniform over the values."""
        return random.choice(self.numbers)

    def contains(self, value: Any) -> bool:
        """Whether it is a whole number of the range."""
        return isinstance(value, int) and not isinstance(value, bool) and value in self.numbers


class Interval(Axis):
    """Numbers between two ends, both included: all of them, or `points` of them in equal steps."""

    points: Points = None

    @property
    @abstractmethod
    def ends(self) -> tuple[float, float]:
        """Low and high."""

    @abstractmethod
    def between(self, share: float) -> float:
        """The number at a share (0..1) of the way from low to high."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.ends
        if not low < high:
            raise ValueError(f"the lower end must be below the upper one, not {low:g} and {high:g}")
        if self.points is not None and len(set(self.values())) < self.points:
            raise ValueError(f"{self.points} points between {low:g} and {high:g} are equal at 3 significant digits")
        return self

    @property
    def size(self) -> int | None:
        """The number of points, None for all numbers."""
        return self.points

    def at(self, index: int) -> float:
        """Point number `index`, from the lower end."""
        if self.points is None or not 0 <= index < self.points:
            raise IndexError(f"{self!r} has no point {index}")
        low, high = self.ends  # exactly: a power of a quotient may miss the upper end
        return low if index == 0 else high if index == self.points - 1 else self._near(index / (self.points - 1))

    @property
    def first(self) -> float:
        """The lower end."""
        return self.ends[0]

    @property
    def extremes(self) -> Iterator[float]:
        """Both ends."""
        return iter(self.ends)

    def draw(self, random: Random) -> float:
        """Uniform over the points, or over the interval in its own scale."""
        return self._near(random.random()) if self.points is None else self.at(random.randrange(self.points))

    def contains(self, value: Any) -> bool:
        """Whether it lies between the ends (or is one of the points) and has at most 3 significant digits."""
        if not isinstance(value, float) or not math.isfinite(value) or value != round3(value):
            return False
        low, high = self.ends
        return low <= value <= high if self.points is None else value in set(self.values())

    def _near(self, share: float) -> float:
        low, high = self.ends
        return min(max(round3(self.between(share)), low), high)


class Uniform(Interval):
    """Numbers on a linear scale."""

    uniform: tuple[Rounded, Rounded]

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high."""
        return self.uniform

    def between(self, share: float) -> float:
        """Low + share · (high − low)."""
        low, high = self.uniform
        return low + share * (high - low)


class LogUniform(Interval):
    """Numbers on a logarithmic scale; both ends are above 0."""

    log_uniform: tuple[Annotated[Rounded, Field(gt=0)], Annotated[Rounded, Field(gt=0)]]

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high."""
        return self.log_uniform

    def between(self, share: float) -> float:
        """Low · (high / low) ** share."""
        low, high = self.log_uniform
        return low * math.exp(share * math.log(high / low))
