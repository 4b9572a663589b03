"""How an axis looks to Optuna: distributions for its parameters, and the way there and back.

Every value has one set of parameters, so that equal points are equal to the study. A grid of numbers is told by index,
which keeps its order and its scale. A mixture is told as the parts of each task, zeros included: a task that helps then
shows as one parameter whose high values score well, whatever it was mixed with, and all samplers can work with it. What
a sampler proposes between the points is moved to the nearest one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.axes import Axis, Choice, Integer, Interval, LogUniform, text_of
from search_spaces.simplex import Lattice, Simplex
from trainers.identity import round3

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Coordinates:
    """The parameters of one axis; their names begin with the axis's own."""

    name: str
    axis: Axis

    def distributions(self) -> dict[str, BaseDistribution]:
        """A distribution for each parameter."""
        axis, name = self.axis, self.name
        if isinstance(axis, Choice):
            return {name: CategoricalDistribution([text_of(option) for option in axis.choice])}
        if isinstance(axis, Integer):
            return {name: IntDistribution(axis.numbers[0], axis.numbers[-1], step=axis.step)}
        if isinstance(axis, Interval):
            if axis.size is not None:
                return {name: IntDistribution(0, axis.size - 1)}
            return {name: FloatDistribution(*axis.ends, log=isinstance(axis, LogUniform))}
        lattice = _lattice(axis)
        if lattice.at_most == 1:
            return {name: CategoricalDistribution(lattice.tasks)}
        return {f"{name}/{task}": IntDistribution(0, lattice.parts) for task in lattice.tasks}

    def encode(self, value: Any) -> Parameters:
        """The parameters of a value on the axis."""
        axis, name = self.axis, self.name
        if isinstance(axis, Choice):
            return {name: text_of(value)}
        if isinstance(axis, Interval) and axis.size is not None:
            return {name: list(axis.values()).index(value)}
        if isinstance(axis, Simplex):
            if axis.simplex.at_most == 1:
                return {name: next(iter(value))}
            return {f"{name}/{task}": parts for task, parts in axis.simplex.units(value).items()}
        return {name: value}

    def decode(self, parameters: Mapping[str, Any]) -> Any:
        """The value nearest to some parameters.

        Raises:
            NoMixtureError: a mixture of nothing, the one proposal that is near no value.
        """
        axis, given = self.axis, parameters.get(self.name)
        if isinstance(axis, Choice):
            return json.loads(str(given))
        if isinstance(axis, Interval):
            return axis.at(int(parameters[self.name])) if axis.size is not None else round3(parameters[self.name])
        if isinstance(axis, Integer):
            return given
        lattice = _lattice(axis)
        if lattice.at_most == 1:
            return {str(given): 1.0}
        return lattice.nearest({task: parameters[f"{self.name}/{task}"] for task in lattice.tasks})


def _lattice(axis: Axis) -> Lattice:
    if not isinstance(axis, Simplex):
        raise TypeError(f"no coordinates for {axis!r}")
    return axis.simplex
