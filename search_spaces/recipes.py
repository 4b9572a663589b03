"""A recipe as a file (`best.yaml`): the recipe written out in full, with the suite and the data that it is for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from search_spaces.checks import NAMED_SUITES, check_data
from search_spaces.document import Document, dotted, read
from search_spaces.own_tasks import written_out
from search_spaces.settings import DataSettings, SuiteSettings
from search_spaces.space import Name, check_recipe, resolve_suite
from search_spaces.template import RECIPE, refuse_axes_elsewhere, template
from search_spaces.validation import validate
from tasks.suites import Suite
from trainers.identity import Spec
from trainers.recipe import Recipe


@dataclass(frozen=True)
class RecipeFile:
    """A recipe without axes, and what to train and score it on."""

    name: str  # of the sweep that it came from
    data: DataSettings
    suite: Suite
    recipe: Recipe


class _File(Spec):
    name: Name
    data: DataSettings = DataSettings()
    suite: str | SuiteSettings
    recipe: dict[str, Any]


def dump_recipe(file: RecipeFile) -> str:
    """The YAML text of a recipe file; `load_recipe` gives back an equal one, to the last digit."""
    content = {
        "name": file.name,
        "data": file.data.model_dump(mode="json", exclude_defaults=True),
        "suite": _suite(file.suite),
        "recipe": file.recipe.model_dump(mode="json"),
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _suite(suite: Suite) -> str | dict[str, Any]:
    if suite.name in NAMED_SUITES:
        return suite.name
    own = SuiteSettings(name=suite.name, tasks=suite.tasks, languages=dict(suite.languages))
    return own.model_dump(mode="json", exclude_defaults=True)


def load_recipe(path: str | Path) -> RecipeFile:
    """Read a recipe file.

    Raises:
        UserError: it is missing or something is wrong in it: with file, line and key.
    """
    return from_document(read(Path(path)))


def from_document(document: Document) -> RecipeFile:
    """The recipe file that a document holds."""
    refuse_axes_elsewhere(document)
    document = written_out(document)
    file = validate(_File, document.content, document)
    found = template(file.recipe, document)
    if found.axes:
        keys = (*RECIPE, *next(iter(found.axes)))
        raise document.error(f"{dotted(keys)}: an axis in a recipe; give it a value, or use the file as a space", keys)
    suite = resolve_suite(file.suite, document)
    check_data(file.data, document)
    return RecipeFile(file.name, file.data, suite, check_recipe(found, {}, suite, document))
