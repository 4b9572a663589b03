"""The local cache of fetched files: by digest, read-only, shared by all processes of a machine."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from uuid import uuid4

from trainers.store.files import make_folder, mendable, sha256_of, whole_file
from trainers.store.manifest import StoredFile
from trainers.store.objects import ChangedObject


def cached(cache_dir: Path, name: str, file: StoredFile, download: Callable[[Path], None]) -> Path:
    """The local copy of a stored file at `cache_dir/<sha256>/<last part of name>`, downloaded and verified if needed.

    Of several processes that want the same file one downloads it and the others wait.

    Args:
        cache_dir: folder of the cache; made if missing.
        name: the file's name in the store.
        file: what it must be.
        download: writes the file's content to a path.

    Raises:
        ChangedObject: the downloaded bytes are not those that were stored; nothing stays in the cache.
    """
    path = cache_dir / file.sha256 / PurePosixPath(name).name
    if _is_there(path, file):
        return path
    with mendable("write the cache", path.parent), only_one(path.parent):
        if not _is_there(path, file):
            with whole_file(path, mode=0o444) as temporary:
                download(temporary)
                if temporary.stat().st_size != file.size or sha256_of(temporary) != file.sha256:
                    raise ChangedObject("its content is not what was written", where=name)
    return path


def assembled(cache: Path, name: str, files: Iterable[str], fetch: Callable[[str], Path]) -> Path:
    """The folder `cache/name` with links to fetched files under their own names, made if it is not there.

    Args:
        cache: this machine's cache.
        name: says what is in the folder, such as a digest of it.
        files: the names.
        fetch: the path of a file in the cache, by its name.
    """
    folder = cache / name
    if not folder.is_dir():
        building = cache / "building" / f"{folder.name}-{uuid4().hex}"
        building.mkdir(parents=True)
        try:
            for file in files:
                (building / file).hardlink_to(fetch(file))
            folder.parent.mkdir(parents=True, exist_ok=True)
            building.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another lane on this machine was first, with the same bytes
                raise
        finally:
            shutil.rmtree(building, ignore_errors=True)  # gone after a success
    return folder


def _is_there(path: Path, file: StoredFile) -> bool:
    """Files appear in the cache only after verification, and are read-only: their size is enough to look at."""
    return path.is_file() and path.stat().st_size == file.size


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the operating system frees if this process dies."""
    make_folder(folder)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
