"""The parameters of a sweep as people read them: a number on its own scale, an option, a weight a task of a mixture.

(Samplers are told of them in another form: see `search_spaces.coordinates`.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from search_spaces.axes import Axis, Choice, Integer, Interval, LogUniform, text_of
from search_spaces.document import Document, dotted
from search_spaces.simplex import Simplex
from search_spaces.template import Template, template
from tune_jobs.sweeps.events import Opened
from tune_jobs.sweeps.history import TrialHistory

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Parameter:
    """One of them.

    Attributes:
        name: the axis's dotted keys below `recipe`; of a mixture's weight, with `/` and the task.
        keys: the axis's alone.
        axis: where its values lie.
        task: whose weight in a mixture it is.
    """

    name: str
    keys: str
    axis: Axis
    task: str | None = None

    @property
    def scale(self) -> Literal["linear", "log", "options"]:
        """How its values are drawn."""
        if isinstance(self.axis, Choice) or self._one_task:
            return "options"
        return "log" if isinstance(self.axis, LogUniform) else "linear"

    @property
    def options(self) -> tuple[Value, ...]:
        """The values on the scale `options`: as they are written, or their JSON where they are no plain values."""
        if isinstance(self.axis, Simplex):
            return self.axis.simplex.tasks
        if not isinstance(self.axis, Choice):
            return ()
        plain = all(option is None or isinstance(option, Value) for option in self.axis.choice)
        distinct = plain and len(set(self.axis.choice)) == len(self.axis.choice)  # `1`, `1.0` and `true` are equal
        return self.axis.choice if distinct else tuple(map(text_of, self.axis.choice))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value on the other scales."""
        match self.axis:
            case Integer(numbers=numbers):
                return numbers[0], numbers[-1]
            case Interval(ends=ends):
                return ends
            case Simplex():
                return 0.0, 1.0
        raise TypeError(f"{self.name} is no number")

    def value(self, point: Mapping[str, Any]) -> Value:
        """Its value at a point of the space."""
        value = point[self.keys]
        if isinstance(self.axis, Choice):
            return self.options[[text_of(option) for option in self.axis.choice].index(text_of(value))]
        if isinstance(self.axis, Simplex):
            return next(iter(value)) if self.task is None else float(value.get(self.task, 0.0))
        number: int | float = value
        return number

    @property
    def _one_task(self) -> bool:
        return isinstance(self.axis, Simplex) and self.task is None


def parameters(opened: Opened) -> list[Parameter]:
    """The parameters of what a sweep searches, in the order of its space."""
    return [parameter for keys, axis in _template(opened).axes.items() for parameter in _of(dotted(keys), axis)]


def point(opened: Opened, trial: TrialHistory) -> Mapping[str, Any]:
    """A trial's point; empty for a baseline that is none, as the space's recipes have an intermediate phase."""
    if trial.sampled.params:
        return trial.sampled.params
    written = _template(opened)
    if written.raw(written.firsts).get("intermediate") is not None:
        return {}
    return {dotted(keys): axis.canonical(axis.first) for keys, axis in written.axes.items()}


def _of(keys: str, axis: Axis) -> list[Parameter]:
    if isinstance(axis, Simplex) and axis.simplex.at_most > 1:
        return [Parameter(f"{keys}/{task}", keys, axis, task) for task in axis.simplex.tasks]
    return [Parameter(keys, keys, axis)]


def _template(opened: Opened) -> Template:
    return template(opened.space["recipe"], Document(f"sweep {opened.sweep}", opened.space))
