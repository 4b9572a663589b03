"""A recipe file gives back the recipe that was written, to the last digit."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.document import parse
from search_spaces.recipes import RecipeFile, dump_recipe, from_document, load_recipe
from search_spaces.space import Space, load, shipped
from tasks.errors import UserError
from tests.search_spaces.strategies import SPACE, space_of
from trainers.identity import digest


def file_of(space: Space, seed: int) -> RecipeFile:
    return RecipeFile(space.name, space.data, space.suite, space.recipe(space.draw(Random(seed))))


@settings(max_examples=30)
@given(st.sampled_from(shipped()), st.integers())
def test_every_shipped_recipe_comes_back(name: str, seed: int) -> None:
    file = file_of(load(name), seed)
    assert from_document(parse(dump_recipe(file), "best.yaml")) == file


@settings(max_examples=30)
@given(st.floats(1e-7, 1e-1), st.floats(0, 1), st.integers(1, 10**6))
def test_every_number_comes_back(lr: float, warmup: float, limit: int) -> None:
    numbers = ("lr: 3e-4", f"lr: {lr!r}, warmup: {warmup!r}")
    space = space_of(SPACE, numbers, ("per_task:", f"limit: {{xnli: {limit}}}\n    per_task:"))
    for recipe in (space.recipe(space.first), space.baseline()):
        file = RecipeFile(space.name, space.data, space.suite, recipe)
        back = from_document(parse(dump_recipe(file), "best.yaml"))
        assert back.recipe == recipe
        assert digest(back.recipe) == digest(recipe)


def test_mistakes_in_a_recipe_file_have_a_line(tmp_path: Path) -> None:
    path = tmp_path / "best.yaml"
    text = dump_recipe(file_of(space_of(), 0))
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "weight_decay" in row)
    for old, new, message in (
        ("weight_decay: 0.01", "wieght_decay: 0.01", "did you mean 'weight_decay'"),
        ("weight_decay: 0.01", "weight_decay: {choice: [0.01]}", "an axis in a recipe"),
    ):
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(UserError, match=message) as caught:
            load_recipe(path)
        assert str(caught.value).startswith(f"{path}:{line}: ")
