"""Data as stages name it: by where it comes from, not by where it lies; each machine finds it for itself.

A folder is where it is, a generated world is generated into the machine's cache, a file below an `s3://` prefix is
fetched into it. What is found is what was planned with, by the fingerprint of its examples (`Session.dataset`).
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tasks import lock, toy
from tasks.data import DataFolders, DataSource
from tasks.errors import UserError
from tasks.homes import Folder, HomeFile, Prefix, World
from trainers.store import open_objects
from trainers.store.cache import cached
from trainers.store.manifest import StoredFile
from trainers.store.objects import ChangedObject


@dataclass(frozen=True)
class Located:
    """A data source that means the same on every machine.

    `files` are those of `source` in its order, its gold at the end; `source` has their paths below their homes.
    """

    source: DataSource
    files: tuple[HomeFile, ...]

    def here(self, cache: Path) -> DataSource:
        """The source with the paths of its files on this machine.

        Args:
            cache: this machine's folder for what can be made or fetched again.

        Raises:
            UserError: a file is not here and cannot be brought, or is another one than was planned with.
        """
        return _named(self.source, [str(path_of(file, cache)) for file in self.files])


def locate(source: DataSource, folders: DataFolders) -> Located:
    """A source that was found in some folders, by its homes."""
    paths = (*source.files, source.gold) if source.gold else source.files
    files = tuple(_home_file(Path(path), folders) for path in paths)
    return Located(_named(source, [file.path for file in files]), files)


def _named(source: DataSource, names: list[str]) -> DataSource:
    count = len(source.files)
    return replace(source, files=tuple(names[:count]), gold=names[count] if source.gold else None)


def _home_file(path: Path, folders: DataFolders) -> HomeFile:
    home, name = folders.home_of(path)
    if isinstance(home, Prefix):
        return HomeFile(home, name, lock.digest(path), path.stat().st_size)
    return HomeFile(home, name)


def path_of(file: HomeFile, cache: Path) -> Path:
    """A file of a home on this machine, made or fetched if it must be; arguments and errors as of `Located.here`."""
    match file.home:
        case Folder(folder):
            return _there(Path(folder) / file.path)
        case World() as world:
            return _generated(world, cache) / file.path
        case Prefix() as prefix:
            whole = mirrored(prefix, cache) / file.path
            return whole if whole.is_file() else _fetched(file, prefix.location, cache)


def generated(world: World, cache: Path) -> Path:
    """The folder of a generated world in a machine's cache, written unless it is there."""
    if world.version != toy.VERSION:
        what = f"a generated world of version {world.version} is wanted, and version {toy.VERSION} is what Crosslift on"
        raise UserError(f"{what} {platform.node()} generates; install the same release on all machines", where="data")
    folder = cache / "worlds" / world.name
    toy.write(folder, size=world.size, seed=world.seed, further=world.further)
    return folder


_generated = lru_cache(maxsize=8)(generated)  # every call reads the world to see that it is whole


def mirrored(prefix: Prefix, cache: Path) -> Path:
    """Where a machine that has read all of a prefix keeps its copy; others fetch the files that they need."""
    return cache / "data" / "folders" / prefix.state


def _there(path: Path) -> Path:
    if not path.is_file():
        mend = "bring it to the same path on every machine, or keep the data in a bucket: --data s3://…"
        raise UserError(f"no such file on {platform.node()}; {mend}", where=str(path))
    return path


def _fetched(file: HomeFile, location: str, cache: Path) -> Path:
    objects = _open(location)
    try:
        meant = StoredFile(sha256=file.sha256, size=file.size)
        return cached(cache / "files", file.path, meant, lambda path: objects.download(file.path, path))
    except (KeyError, ChangedObject) as error:
        what = "gone" if isinstance(error, KeyError) else "another file"
        mend = "bring that one back, or start again under a new name"
        raise UserError(f"{what} since the sweep was planned; {mend}", where=f"{location}/{file.path}") from error


_open = lru_cache(maxsize=8)(open_objects)  # a connection a prefix
