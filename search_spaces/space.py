"""A space: everything that a sweep may try, and how it tries it.

A space is a YAML file: a recipe in which any leaf may be an axis, and where its data comes from, the suite that ranks
recipes, the rungs, and the settings of the search. `load` reads a file or a shipped space by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from math import prod
from pathlib import Path
from random import Random
from typing import Annotated, Any

from pydantic import Field

from search_spaces.axes import Axis
from search_spaces.checks import check_data, check_english, check_names, check_rungs, check_suite, misfit
from search_spaces.document import Document, Keys, dotted, parse, read
from search_spaces.own_tasks import written_out
from search_spaces.settings import DataSettings, Search, SuiteSettings
from search_spaces.template import AXES, RECIPE, Template, refuse_axes_elsewhere, template
from search_spaces.validation import validate
from tasks import catalog
from tasks.errors import UserError, nearest
from tasks.suites import Suite
from tasks.suites import suite as declared_suite
from trainers.identity import Spec, canonical
from trainers.recipe import Recipe

Params = dict[str, Any]
"""A point: a canonical, JSON-able value for each axis, by the axis's dotted keys below `recipe`."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]  # also a folder in the store
Rungs = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Space:
    """What may vary, on which data and suite, searched how."""

    name: str
    data: DataSettings
    suite: Suite
    rungs: Rungs  # cheap tasks first
    search: Search
    template: Template

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """The axes by their dotted keys below `recipe`, in the order in which they are written."""
        return {dotted(keys): axis for keys, axis in self.template.axes.items()}

    @property
    def first(self) -> Params:
        """Each axis at its first option or lower end."""
        return {name: axis.first for name, axis in self.axes.items()}

    def canonical(self, params: Mapping[str, Any]) -> Params:
        """A point with its axes in order and each value in its canonical form.

        Raises:
            ValueError: the axes differ, or a value does not lie on its axis.
        """
        if params.keys() != self.axes.keys():
            raise ValueError(f"a point of {self.name} has the axes {list(self.axes)}, not {list(params)}")
        point = {name: axis.canonical(params[name]) for name, axis in self.axes.items()}
        for name, axis in self.axes.items():
            if not axis.contains(point[name]):
                raise ValueError(f"{point[name]!r} does not lie on the axis {name} of {self.name}: {axis!r}")
        return point

    def recipe(self, params: Mapping[str, Any]) -> Recipe:
        """The recipe at a point.

        Raises:
            ValueError: this is no point of the space.
            UserError: the values of the axes do not fit together.
        """
        values = self.canonical(params)
        recipe = _recipe(self.template.fill({keys: values[dotted(keys)] for keys in self.template.axes}))
        wrong = misfit(recipe, self.suite)
        if wrong is not None:
            raise UserError(f"recipe.{dotted(wrong[1])}: {wrong[0]}", where=self.name)
        return recipe

    def baseline(self) -> Recipe:
        """The recipe without intermediate phase, at the first value of every other axis: trial 0."""
        return self.recipe(self.first).baseline()

    @property
    def baseline_params(self) -> Params | None:
        """The point of the baseline; None where it is none, since the space's recipes have an intermediate phase."""
        return self.first if self.recipe(self.first).intermediate is None else None

    def widest(self) -> Recipe:
        """The first recipe, with all tasks that some recipe's mixture holds: it reads whatever data others read."""
        first = self.recipe(self.first)
        others = [
            self.recipe(self.first | {name: axis.canonical(value)})
            for name, axis in self.axes.items()
            for value in axis.extremes
        ]
        phases = [recipe.intermediate for recipe in (first, *others) if recipe.intermediate is not None]
        if not phases:
            return first
        tasks = dict.fromkeys((task for phase in phases for task in phase.tasks), 1.0)
        return first.model_copy(update={"intermediate": phases[0].model_copy(update={"tasks": tasks})})

    def size(self) -> int | None:
        """How many points there are; None if an axis is continuous."""
        sizes = [axis.size for axis in self.axes.values()]
        return None if None in sizes else prod(size for size in sizes if size is not None)

    def at(self, index: int) -> Params:
        """Point number `index` of a finite space; the axis written last changes fastest."""
        point: Params = {}
        for name, axis in reversed(self.axes.items()):
            if axis.size is None:
                raise ValueError(f"the axis {name} of {self.name} is continuous: its points have no numbers")
            index, place = divmod(index, axis.size)
            point[name] = axis.canonical(axis.at(place))
        return dict(reversed(point.items()))

    def draw(self, random: Random) -> Params:
        """A point from the prior: each axis on its own."""
        return {name: axis.canonical(axis.draw(random)) for name, axis in self.axes.items()}

    def grid(self) -> Iterator[Params]:
        """All points, in the order of their numbers.

        Raises:
            UserError: an axis is continuous.
        """
        size = self.size()
        if size is None:
            raise UserError(f"recipe.{self._continuous[0]} is continuous: a grid needs `points`", where=self.name)
        return (self.at(index) for index in range(size))

    @property
    def _continuous(self) -> tuple[str, ...]:
        return tuple(name for name, axis in self.axes.items() if axis.size is None)

    def warnings(self) -> tuple[str, ...]:
        """The axes that keep trials from sharing stages, a line each."""
        return tuple(
            f"recipe.{name} is continuous: no two trials will share a stage from there on; give it `points`"
            for name in self._continuous
            if name.startswith(("base.", "intermediate."))
        )

    def identity(self) -> dict[str, Any]:
        """What makes results of this space comparable, JSON-able, with all defaults written out.

        Outside are the name, the budget (`trials`), `concurrency` and where the data is and was from: more trials
        extend a sweep. Inside are `data.files`, since they say which published file serves as which split.
        """
        recipe = canonical(_recipe(self.template.raw(self.template.firsts)))
        for keys, axis in self.template.axes.items():
            _put(recipe, keys, canonical(axis))
        languages = {name: list(self.suite.languages_of(name)) for name in self.suite.tasks}
        return {
            "data": _without(canonical(self.data), "folders", "locked"),
            "suite": {"name": self.suite.name, "tasks": list(self.suite.tasks), "languages": languages},
            "rungs": [list(rung) for rung in self.rungs],
            "recipe": recipe,
            "search": _without(canonical(self.search), "trials", "concurrency"),
        }

    def differences(self, other: Space | Mapping[str, Any]) -> tuple[str, ...]:
        """The dotted keys in which this space differs from another one, or from another one's identity."""
        theirs = other.identity() if isinstance(other, Space) else other
        ours, them = dict(_leaves(self.identity(), ())), dict(_leaves(theirs, ()))
        missing = object()
        return tuple(key for key in sorted({*ours, *them}) if ours.get(key, missing) != them.get(key, missing))


class _File(Spec):
    """The sections of a space's file."""

    name: Name
    data: DataSettings = DataSettings()
    suite: str | SuiteSettings
    rungs: Annotated[tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...], Field(min_length=1)] | None = None
    recipe: dict[str, Any]
    search: Search


def shipped() -> tuple[str, ...]:
    """The names of the shipped spaces."""
    folder = resources.files("search_spaces") / "shipped"
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def load(name_or_path: str | Path) -> Space:
    """A shipped space by name, or the space in a YAML file.

    Raises:
        UserError: there is no such space, or something is wrong in it: with file, line and key.
    """
    return from_document(document_of(name_or_path))


def document_of(name_or_path: str | Path) -> Document:
    """The document of a shipped space by name, or of a YAML file.

    Raises:
        UserError: there is no such space, or it cannot be read.
    """
    name, path = str(name_or_path), Path(name_or_path)
    if name in shipped():
        text = (resources.files("search_spaces") / "shipped" / f"{name}.yaml").read_text(encoding="utf-8")
        return parse(text, f"{name}.yaml")
    if path.suffix not in (".yaml", ".yml") and not path.is_file():
        raise UserError(f"no space {name!r}: give a YAML file or a shipped space, {nearest(name, shipped())}")
    return read(path)


def from_document(document: Document) -> Space:
    """The space that a document describes; every mistake in it is a `UserError` with its line."""
    refuse_axes_elsewhere(document)
    document = written_out(document)
    file = validate(_File, document.content, document)
    axes = template(file.recipe, document)
    suite = resolve_suite(file.suite, document)
    check_data(file.data, document)
    rungs = file.rungs or (tuple(suite.tasks),)
    check_rungs(rungs, suite, document)
    if file.search.selection == "english":
        check_english(rungs[0], suite, document)
    for values in _probes(axes):
        check_recipe(axes, values, suite, document)
    space = Space(file.name, file.data, suite, rungs, file.search, axes)
    if file.search.sampler == "grid" and space.size() is None:
        keys = (*RECIPE, *next(keys for keys, axis in axes.axes.items() if axis.size is None))
        raise document.error(f"{dotted(keys)} is continuous: `sampler: grid` needs `points` here", keys)
    return space


def resolve_suite(settings: str | SuiteSettings, document: Document) -> Suite:
    """The suite of a name, or the user's own."""
    if isinstance(settings, SuiteSettings):
        check_suite(settings, document)
        languages = {name: settings.languages.get(name, catalog.get(name).languages) for name in settings.tasks}
        return Suite(settings.name, settings.tasks, languages)  # written out: other processes do not know own tasks
    try:
        return declared_suite(settings)
    except UserError as error:
        raise document.error(f"suite: {error}", ("suite",)) from error


def check_recipe(axes: Template, values: Mapping[Keys, Any], suite: Suite, document: Document) -> Recipe:
    """The recipe with these values in place of the axes, checked as far as it can be without data."""
    recipe = validate(Recipe, axes.fill(values), document, RECIPE)
    check_names(axes.raw(values), suite, document)
    wrong = misfit(recipe, suite)
    if wrong is not None:
        keys = (*RECIPE, *wrong[1])
        raise document.error(f"{dotted(keys)}: {wrong[0]}", keys)
    return recipe


def _probes(axes: Template) -> Iterator[dict[Keys, Any]]:
    """The first point, and the extremes of each axis with all others at their first values."""
    yield axes.firsts
    for keys, axis in axes.axes.items():
        for value in axis.extremes:
            yield axes.firsts | {keys: axis.canonical(value)}


def _recipe(content: Mapping[str, Any]) -> Recipe:
    return Recipe.model_validate_json(json.dumps(content), strict=True)


def _without(content: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in keys}


def _put(content: dict[str, Any], keys: Keys, value: Any) -> None:
    for key in keys[:-1]:
        content = content.setdefault(str(key), {})  # a phase that the first point leaves out has no mapping yet
    content[str(keys[-1])] = value


def _leaves(content: Any, keys: Keys) -> Iterator[tuple[str, Any]]:
    """Dotted keys and values of nested mappings; an axis is one value."""
    if isinstance(content, Mapping) and not AXES.keys() & content.keys():
        for key, value in content.items():
            yield from _leaves(value, (*keys, key))
    else:
        yield dotted(keys), content
