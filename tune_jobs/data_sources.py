"""From a space's data settings to folders with files: given ones, or a generated world in the cache."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath

from search_spaces.settings import DataSettings
from search_spaces.space import Space
from tasks import catalog, toy
from tasks.data import DataFolders
from tasks.errors import UserError
from tasks.layouts import fits, matches
from trainers.graph import Graph, expand
from trainers.recipe import Recipe
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
        wanted = settings.toy
        name = f"v{toy.VERSION}-{wanted.size:g}-{wanted.seed}{'' if wanted.further else '-main'}"
        world = cache_folder() / "worlds" / name
        toy.write(world, size=wanted.size, seed=wanted.seed, further=wanted.further)
        return DataFolders((world,), {})
    if settings.hub and remote(folder) is None and not folder.is_dir():
        raise UserError(
            "no such folder: bring the official files there, or `crosslift data fetch` them", where="--data"
        )
    folders = tuple(_local(folder, name, settings) for name in settings.folders)
    check_pinned(settings.locked, locked_in(folders), "data.locked")
    return DataFolders(folders, settings.files)


def local_folder(place: Path | str, settings: DataSettings | None = None) -> Path:
    """A data folder on this machine: the one that is named, or a copy of what is below an `s3://` prefix.

    Args:
        place: a folder or a prefix.
        settings: with files and tasks of a user's own, of which copies are wanted, too.

    Raises:
        UserError: it is missing.
    """
    location = remote(place)
    if location is not None:
        return mirror(location, partial(_is_data, settings or DataSettings()))
    found = Path(place).expanduser().absolute()
    if not found.is_dir():
        raise UserError(f"no folder {found}; name the folder that holds the data", where="--data")
    return found


def _local(folder: Path, name: str, settings: DataSettings) -> Path:
    base = remote(folder)
    if remote(name) is not None:
        return local_folder(name, settings)
    return local_folder(folder / name if base is None else f"{base}/{PurePosixPath(name)}".removesuffix("/."), settings)


def _is_data(settings: DataSettings, key: str) -> bool:
    """Whether a key is a file that some task may read, shipped, or of the user's own; or one that a space names."""
    tasks = (*catalog.all_tasks(), *(own.task() for own in settings.tasks))
    named = (file for splits in settings.files.values() for files in splits.values() for file in files)
    return any(fits(task, key) for task in tasks) or any(matches(file, key) for file in named)


def expander(space: Space, folder: Path) -> Callable[[Recipe], Graph]:
    """The stages of a recipe on the space's suite, rungs and data.

    Raises:
        UserError: something is wrong with data that recipes need; so it is known before anything is trained.
    """
    found = partial(expand, suite=space.suite, data=open_data(space.data, folder), rungs=space.rungs)
    found(space.widest())
    return found
