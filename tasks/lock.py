"""`data.lock`: which revision each hub file of a data folder came from, and what is in it.

A folder's lock lies beside its `hub/`. Data from the hub that no lock names is an error: nobody could say later what
it was.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tasks.declaration import Hub
from tasks.errors import UserError

NAME = "data.lock"
MEND = "fetch it with `crosslift data fetch`"


@dataclass(frozen=True)
class Locked:
    """One file from the hub: where it came from, the commit that was meant, and its content."""

    task: str
    hub: str
    revision: str
    sha256: str
    examples: int


def read(folder: Path) -> dict[str, Locked]:
    """The files that a folder's lock names, by their path below it; none without a lock.

    Raises:
        UserError: the lock is no lock.
    """
    path = folder / NAME
    try:
        stamp = _stamp(path)
    except FileNotFoundError:
        return {}
    return dict(_read(path, stamp))


def _stamp(path: Path) -> tuple[int, int, int]:
    """Tells a file from the one that takes its place, even within a tick of the clock."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=16)
def _read(path: Path, stamp: tuple[int, int, int]) -> Mapping[str, Locked]:
    try:
        files: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {name: Locked(**entry) for name, entry in files.items()}
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"not a lock that can be read; {MEND} again", where=str(path)) from error


def write(folder: Path, changes: Mapping[str, Locked | None]) -> None:
    """Change a folder's lock: None takes a file's entry out. Others stay, also those that another process writes."""
    with (folder / f".{NAME}").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        files = {name: entry for name, entry in {**read(folder), **changes}.items() if entry is not None}
        part = folder / f"{NAME}.part"
        part.write_text(text(files), encoding="utf-8")
        part.replace(folder / NAME)


def text(files: Mapping[str, Locked]) -> str:
    """What a lock that names these files says."""
    content = {"files": {name: asdict(entry) for name, entry in sorted(files.items())}}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def pinned(folder: Path, file: Path, hub: Hub | None = None) -> Locked:
    """What a folder's lock says of a file in it.

    Raises:
        UserError: nothing, or of other content or of another dataset or commit than the declaration means.
    """
    entry = read(folder).get(file.relative_to(folder).as_posix())
    if entry is None:
        raise UserError(f"data from the hub that {folder / NAME} does not name; {MEND}", where=str(file))
    if changed(file, entry):
        raise UserError(f"not what was fetched from the hub; {MEND} again", where=str(file))
    if hub is not None and (hub.id != entry.hub or hub.revision not in (None, entry.revision)):
        wanted = hub.id if hub.revision is None else f"{hub.id} at {hub.revision}"
        raise UserError(
            f"fetched from {entry.hub} at {entry.revision}, not from {wanted}; {MEND} again", where=str(file)
        )
    return entry


def changed(file: Path, entry: Locked) -> bool:
    """Whether a file's content is another one than was fetched."""
    return digest(file) != entry.sha256


def digest(file: Path) -> str:
    """sha256 of a file, 64 hex digits; as long as the file is the same, it is read once."""
    return _digest(file, _stamp(file))


@lru_cache(maxsize=1 << 14)  # more files than a benchmark has: they are asked for in turn, again and again
def _digest(file: Path, stamp: tuple[int, int, int]) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
