"""From a space's data settings to folders with files: given ones, or a generated world in the cache."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from search_spaces.settings import DataSettings
from search_spaces.space import Space
from tasks import toy
from tasks.data import DataFolders
from tasks.errors import UserError
from trainers.graph import Graph, expand
from trainers.recipe import Recipe
from tune_jobs.pinned import check_pinned, locked_in
from tune_jobs.places import cache_folder


def open_data(settings: DataSettings, folder: Path) -> DataFolders:
    """The folders that these settings mean.

    Args:
        settings: the `data` section of a space.
        folder: what `--data` names; a generated world does not look at it.

    Raises:
        UserError: a folder is missing, or a file from the hub is not the one that a recipe was found with.
    """
    if settings.toy is not None:
        wanted = settings.toy
        name = f"v{toy.VERSION}-{wanted.size:g}-{wanted.seed}{'' if wanted.further else '-main'}"
        world = cache_folder() / "worlds" / name
        toy.write(world, size=wanted.size, seed=wanted.seed, further=wanted.further)
        return DataFolders((world,), {})
    if settings.hub and not folder.is_dir():
        raise UserError(
            "no such folder: bring the official files there, or `crosslift data fetch` them", where="--data"
        )
    folders = tuple(folder.expanduser().absolute() / name for name in settings.folders)
    for missing in (path for path in folders if not path.is_dir()):
        raise UserError(f"no folder {missing}; name the folder that holds the data", where="--data")
    check_pinned(settings.locked, locked_in(folders), "data.locked")
    return DataFolders(folders, settings.files)


def expander(space: Space, folder: Path) -> Callable[[Recipe], Graph]:
    """The stages of a recipe on the space's suite, rungs and data.

    Raises:
        UserError: something is wrong with data that recipes need; so it is known before anything is trained.
    """
    found = partial(expand, suite=space.suite, data=open_data(space.data, folder), rungs=space.rungs)
    found(space.widest())
    return found
