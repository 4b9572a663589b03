"""Which languages a recipe is trained in: scores are zero-shot from English only where English alone has labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tasks import catalog
from tasks.suites import Suite
from trainers.recipe import Recipe

ENGLISH = "en"


def not_english(recipe: Recipe, suite: Suite) -> tuple[str, ...]:
    """The training tasks of a recipe that are not in English: intermediate ones, and those of the suite's targets."""
    intermediate = recipe.intermediate.tasks if recipe.intermediate else {}
    trained = [task for task in map(catalog.get, suite.tasks) if task.dual or not task.kind.searched]
    targets = [name for task in trained for name in recipe.target.trained_on(task)]
    return tuple(name for name in dict.fromkeys((*intermediate, *targets)) if catalog.get(name).taught_in != ENGLISH)


def zero_shot(recipes: Mapping[int, Recipe], suite: Suite) -> tuple[str, bool]:
    """What the column `english` is, in words, and whether it is strictly zero-shot for every trial.

    Args:
        recipes: of the trials, by their numbers.
        suite: what they are scored on.
    """
    found = {trial: names for trial, recipe in recipes.items() if (names := not_english(recipe, suite))}
    if not found:
        return "`english` is the strict zero-shot column", True
    named = _listed(f"{name} in {catalog.get(name).taught_in}" for names in found.values() for name in names)
    if len(found) == len(recipes):
        return f"`english` is no strict zero-shot column: every trial trained on {named}", False
    numbers = ", ".join(map(str, sorted(found)))
    return f"`english` is the strict zero-shot column except for trials {numbers}, which trained on {named}", False


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
