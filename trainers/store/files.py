"""Local files: digests, files that appear whole or not at all, and the operating system's errors in a user's words."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tasks.errors import UserError

_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space or choose another place",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another place",
    errno.EROFS: "the file system is read-only; mount it writable or choose another place",
    errno.EACCES: "permission denied; choose a place that you may use",
    errno.EPERM: "not permitted here (a store needs hard links); choose a place on another file system",
    errno.ENOTSUP: "not supported here (a store needs hard links); choose a place on another file system",
    errno.ENOTDIR: "a file is in the place of a folder; remove it or choose another place",
    errno.EEXIST: "a file is in the place of a folder; remove it or choose another place",
    errno.EISDIR: "a folder is in the place of a file; remove it or choose another place",
}


def advice(error: Exception) -> str | None:
    """What a user can do about a full disk, a read-only one, missing rights and their like; None for other errors.

    Libraries written in Rust pass on the operating system's words without its number.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return _ADVICE.get(error.errno)
    full = os.strerror(errno.ENOSPC) in str(error)
    return _ADVICE[errno.ENOSPC] if full else None


@contextmanager
def mendable(doing: str, place: Path | str) -> Iterator[None]:
    """Turn an `OSError` inside into one line that says what could not be done, where, and what would be right."""
    try:
        yield
    except OSError as error:
        why = advice(error) or error.strerror or type(error).__name__
        raise UserError(f"cannot {doing}: {why}", where=str(place)) from error


def sha256_of(path: Path) -> str:
    """sha256 (64 hex digits) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, each of which then survives a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


@contextmanager
def whole_file(path: Path, mode: int | None = None) -> Iterator[Path]:
    """A temporary path beside `path`, which takes its place when the block ends well and is removed otherwise.

    Args:
        path: the file that is to appear; its folder is made.
        mode: permissions of the finished file; None: as the umask says.
    """
    make_folder(path.parent)
    temporary = path.parent / f".{path.name[:100]}.{uuid4().hex}.tmp"
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
