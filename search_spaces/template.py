"""The `recipe` section of a space: a recipe in which axes stand in place of values.

Two things hold in a space that a recipe itself does not know, since a recipe is written out in full:
an entry of `target.per_task` inherits what it does not say from `target.optimisation`, and shares in
`intermediate.fraction` of tasks that a mixture leaves out mean nothing and are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.axes import Axis, Choice, Integer, LogUniform, Uniform
from search_spaces.document import Document, Keys, dotted
from search_spaces.simplex import Simplex
from search_spaces.validation import validate

RECIPE: Keys = ("recipe",)
AXES: Mapping[str, type[Axis]] = {
    "choice": Choice,
    "uniform": Uniform,
    "log_uniform": LogUniform,
    "integer": Integer,
    "simplex": Simplex,
}
MIXTURE: Keys = ("intermediate", "tasks")
# What must not be searched: a seed that scored well is luck, and stages of different numerics are not compared.
_FIXED: tuple[Keys, ...] = (("seed",), ("base", "scratch", "seed"), ("numerics",))


@dataclass(frozen=True)
class Template:
    """The recipe section as it is written, and the axes in it by their keys below `recipe`."""

    content: Mapping[str, Any]
    axes: Mapping[Keys, Axis]

    def fill(self, values: Mapping[Keys, Any]) -> dict[str, Any]:
        """The recipe section with a value in place of each axis, inheritance resolved."""
        content = self.raw(values)
        _inherit(content)
        _drop_idle_fractions(content)
        return content

    def raw(self, values: Mapping[Keys, Any]) -> dict[str, Any]:
        """The recipe section with a value in place of each axis, otherwise as it is written."""
        filled: dict[str, Any] = _fill(self.content, values, ())
        return filled

    @property
    def firsts(self) -> dict[Keys, Any]:
        """The first value of each axis."""
        return {keys: axis.first for keys, axis in self.axes.items()}


def refuse_axes_elsewhere(document: Document) -> None:
    """An axis outside of the recipe section is a `UserError`."""
    for section in ("data", "suite", "rungs", "search"):
        for keys, _ in _places(document.content.get(section), (section,)):
            raise document.error(f"{dotted(keys)}: an axis may stand only below `recipe`", keys)


def template(content: dict[str, Any], document: Document) -> Template:
    """Find and check the axes of a recipe section, in the order in which they are written.

    Raises:
        UserError: an axis is malformed, or stands where none may be.
    """
    axes = {keys[1:]: _axis(place, document, keys) for keys, place in _places(content, RECIPE)}
    return Template(content, axes)


def _places(content: Any, keys: Keys) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """The mappings that are meant as axes: those with an axis's word as a key."""
    if isinstance(content, dict):
        if AXES.keys() & content.keys():
            yield keys, content
        else:
            for key, value in content.items():
                yield from _places(value, (*keys, key))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _places(value, (*keys, index))


def _axis(place: dict[str, Any], document: Document, keys: Keys) -> Axis:
    words = [word for word in AXES if word in place]
    if len(words) > 1:
        raise document.error(f"{dotted(keys)}: `{words[0]}` and `{words[1]}` are two axes; write one", keys)
    below = keys[1:]
    if not below or any(below[: len(fixed)] == fixed for fixed in _FIXED):
        raise document.error(f"{dotted(keys)} cannot be an axis: give it a value", keys)
    if any(isinstance(key, int) for key in below):
        raise document.error(f"{dotted(keys)}: an item of a list cannot be an axis; make the list a choice", keys)
    if words[0] == "simplex" and below != MIXTURE:
        raise document.error(f"{dotted(keys)}: a simplex may stand only at {dotted(RECIPE + MIXTURE)}", keys)
    for inner, _ in _places(place[words[0]], (*keys, words[0])):
        raise document.error(f"{dotted(inner)}: an axis inside of an axis; write the options out", inner)
    return validate(AXES[words[0]], place, document, keys)


def _fill(content: Any, values: Mapping[Keys, Any], keys: Keys) -> Any:
    if keys in values:
        return _copy(values[keys])
    if isinstance(content, dict):
        return {key: _fill(value, values, (*keys, key)) for key, value in content.items()}
    return _copy(content)


def _copy(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _copy(value) for key, value in content.items()}
    return [_copy(item) for item in content] if isinstance(content, list | tuple) else content


def _inherit(recipe: dict[str, Any]) -> None:
    target = recipe.get("target")
    if isinstance(target, dict) and isinstance(target.get("per_task"), dict):
        common = target.get("optimisation")
        common = common if isinstance(common, dict) else {}
        target["per_task"] = {
            task: common | own if isinstance(own, dict) else own for task, own in target["per_task"].items()
        }


def _drop_idle_fractions(recipe: dict[str, Any]) -> None:
    phase = recipe.get("intermediate")
    if not isinstance(phase, dict):
        return
    tasks, fraction = phase.get("tasks"), phase.get("fraction")
    if isinstance(tasks, dict) and isinstance(fraction, dict):
        phase["fraction"] = {task: share for task, share in fraction.items() if tasks.get(task)}
