"""From a space's data settings to folders with files, and where these come from: what other machines are told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath

from search_spaces.settings import DataSettings
from search_spaces.space import Space
from tasks import catalog, toy
from tasks.data import DataFolders
from tasks.errors import UserError
from tasks.homes import Prefix, World
from tasks.layouts import fits, matches
from trainers.base import BaseModels
from trainers.graph import Graph, expand
from trainers.located import generated, mirrored
from trainers.recipe import Recipe
from trainers.store.bases import BaseStore
from trainers.store.objects import Objects
from tune_jobs.mirror import mirror, remote
from tune_jobs.pinned import check_pinned, locked_in
from tune_jobs.places import cache_folder


def open_data(settings: DataSettings, folder: Path) -> DataFolders:
    """The folders that these settings mean.

    Args:
        settings: the `data` section of a space.
        folder: what `--data` names, also an `s3://` prefix; a generated world does not look at it.

    Raises:
        UserError: a folder is missing, or a file from the hub is not the one that a recipe was found with.
    """
    if settings.toy is not None:
        world = World(toy.VERSION, settings.toy.size, settings.toy.seed, settings.toy.further)
        made = generated(world, cache_folder())
        return DataFolders((made,), {}, {made: world})
    if settings.hub and remote(folder) is None and not folder.is_dir():
        raise UserError(
            "no such folder: bring the official files there, or `crosslift data fetch` them", where="--data"
        )
    found = [_find(_place(folder, name), settings) for name in settings.folders]
    folders = tuple(here for here, _ in found)
    check_pinned(settings.locked, locked_in(folders), "data.locked")
    return DataFolders(folders, settings.files, {here: prefix for here, prefix in found if prefix is not None})


def local_folder(place: Path | str) -> Path:
    """A data folder on this machine: the one that is named, or a copy of what is below an `s3://` prefix.

    Raises:
        UserError: it is missing.
    """
    return _find(place, DataSettings())[0]


def _find(place: Path | str, settings: DataSettings) -> tuple[Path, Prefix | None]:
    """A data folder on this machine, and the prefix that it is a copy of.

    Args:
        place: a folder or a prefix.
        settings: with files and tasks of a user's own, of which copies are wanted, too.
    """
    location = remote(place)
    if location is not None:
        prefix = mirror(location, partial(_is_data, settings))
        return mirrored(prefix, cache_folder()), prefix
    found = Path(place).expanduser().absolute()
    if not found.is_dir():
        raise UserError(f"no folder {found}; name the folder that holds the data", where="--data")
    return found, None


def _place(folder: Path, name: str) -> Path | str:
    """The place of a space's folder, relative to `--data`."""
    base = remote(folder)
    if remote(name) is not None:
        return name
    return folder / name if base is None else f"{base}/{PurePosixPath(name)}".removesuffix("/.")


def _is_data(settings: DataSettings, key: str) -> bool:
    """Whether a key is a file that some task may read, shipped, or of the user's own; or one that a space names."""
    tasks = (*catalog.all_tasks(), *(own.task() for own in settings.tasks))
    named = (file for splits in settings.files.values() for files in splits.values() for file in files)
    return any(fits(task, key) for task in tasks) or any(matches(file, key) for file in named)


def expander(space: Space, folder: Path, objects: Objects | None = None) -> Callable[[Recipe], Graph]:
    """The stages of a recipe on the space's suite, rungs and data.

    Args:
        space: the space.
        folder: what `--data` names.
        objects: the store, which may have base models that the hub then need not be asked for.

    Raises:
        UserError: something is wrong with data that recipes need; so it is known before anything is trained.
    """
    models = BaseModels(BaseStore(objects) if objects is not None else None)
    data = open_data(space.data, folder)
    found = partial(expand, suite=space.suite, data=data, rungs=space.rungs, models=models)
    found(space.widest())
    return found
