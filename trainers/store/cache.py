"""The local cache of fetched files: by digest, read-only, shared by all processes of a machine."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

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
