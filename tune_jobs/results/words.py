"""A recipe in few words: of everything it says, only what differs between the recipes of a sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trainers.recipe import Recipe

TASKS = "intermediate.tasks"  # a mixture is one value, however many tasks it has
DROPPED = ("intermediate", "optimisation", "scratch", "per_task")  # links of a path that say nothing in few words


def in_words(recipes: Sequence[Recipe]) -> list[str]:
    """A line a recipe, in their order: the mixture first, then every setting that is not the same in all of them."""
    leaves = [dict(_leaves(recipe)) for recipe in recipes]
    paths = list(dict.fromkeys(path for recipe in leaves for path in recipe))
    varying = [path for path in paths if path != TASKS and _varies(path, leaves)]
    return [_line(recipe, varying) for recipe in leaves]


def recipe_in_words(recipe: Recipe) -> str:
    """A line about a recipe by itself: its mixture."""
    return in_words([recipe])[0]


def mixture(tasks: dict[str, float]) -> str:
    """`snli 0.75 + squad 0.25`; a single task has no weight to tell."""
    present = {name: weight for name, weight in sorted(tasks.items()) if weight > 0}
    if len(present) == 1:
        return next(iter(present))
    total = sum(present.values())
    return " + ".join(f"{name} {weight / total:.3g}" for name, weight in present.items())


def _varies(path: str, recipes: Sequence[dict[str, Any]]) -> bool:
    """Recipes that lack a path (the baseline has no intermediate phase) do not make it a difference."""
    values = [recipe[path] for recipe in recipes if path in recipe]
    return any(value != values[0] for value in values)


def _line(leaves: dict[str, Any], varying: Sequence[str]) -> str:
    first = mixture(leaves[TASKS]) if TASKS in leaves else "no intermediate task"
    return ", ".join([first, *(f"{_short(path)} {_value(leaves[path])}" for path in varying if path in leaves)])


def _short(path: str) -> str:
    return " ".join(link for link in path.split(".") if link not in DROPPED)


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else "none" if value is None else str(value)


def _leaves(recipe: Recipe) -> Iterator[tuple[str, Any]]:
    content = recipe.model_dump(mode="json")
    if recipe.intermediate is None:
        content.pop("intermediate")
    yield from _flat(content, "")


def _flat(content: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        path = prefix + key
        if isinstance(value, dict) and path != TASKS:
            yield from _flat(value, path + ".")
        else:
            yield path, value
