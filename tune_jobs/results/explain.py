"""Why two stages, or two recipes, are not the same: the settings that differ, down to the stages that they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trainers.recipe import Recipe
from trainers.stages import STAGE_PREFIX
from trainers.store.manifest import Commit
from trainers.store.stages import StageStore

MISSING = "(not there)"


@dataclass(frozen=True)
class Difference:
    """One setting, by its path, and its two values."""

    where: str
    first: Any
    second: Any


def recipes_differ(first: Recipe, second: Recipe) -> list[Difference]:
    """The settings in which two recipes differ."""
    sides = (_flat(recipe.model_dump(mode="json")) for recipe in (first, second))
    return list(_differences(*(dict(side) for side in sides)))


def stages_differ(store: StageStore, first: Commit, second: Commit) -> list[Difference]:
    """The settings in which two made stages differ.

    Where they read different stages, those are compared in their place (`encoder > pretrain: schedule.steps`), as far
    as the store still knows them.
    """
    return list(_stages(store, first, second, ""))


def _stages(store: StageStore, first: Commit, second: Commit, path: str) -> Iterator[Difference]:
    if first.stage == second.stage:
        return
    found = list(_differences(*(dict(_flat(commit.spec)) for commit in (first, second))))
    if not found:
        yield Difference(f"{path}the version of stage kind {first.spec['kind']}", first.stage[:12], second.stage[:12])
    for difference in found:
        read = [_origin(store, value) for value in (difference.first, difference.second)]
        if read[0] is not None and read[1] is not None:
            kind = read[0].spec["kind"]
            yield from _stages(store, read[0], read[1], f"{path}{difference.where} > {kind}: ")
        else:
            yield Difference(path + difference.where, difference.first, difference.second)


def _origin(store: StageStore, value: Any) -> Commit | None:
    """The stage that a spec names, if it is one and the store has it."""
    named = isinstance(value, str) and value.startswith(STAGE_PREFIX)
    return store.committed(value.removeprefix(STAGE_PREFIX)) if named else None


def _differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    for path in dict.fromkeys((*first, *second)):
        one, other = first.get(path, MISSING), second.get(path, MISSING)
        if one != other:
            yield Difference(path, one, other)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested mappings and lists, by dotted path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _flat(item, f"{path}[{place}]")
    else:
        yield path, value
