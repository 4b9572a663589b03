"""From a space and a data folder to the function that gives a recipe's stages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from search_spaces.space import Space
from trainers.graph import Graph, expand
from trainers.recipe import Recipe
from tune_jobs.data_sources import open_data


def expander(space: Space, folder: Path) -> Callable[[Recipe], Graph]:
    """The stages of a recipe on the space's suite, rungs and data."""
    return partial(expand, suite=space.suite, data=open_data(space.data, folder), rungs=space.rungs)
