"""The edge to storage: create-only objects under string keys, in a folder or an S3 bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tasks.errors import UserError


@dataclass(frozen=True)
class ObjectInfo:
    """One object: its key, its size in bytes, and when the store's own clock says it was written (seconds)."""

    key: str
    size: int
    modified: float


class ChangedObject(UserError):
    """An object's bytes are not those that were written."""


class Objects(Protocol):
    """What a store must do. Keys are `/`-separated; no object is ever rewritten.

    Every implementation passes `tests/trainers/test_objects.py`. A store that cannot be reached, read or written raises
    `UserError` with the store's name; a missing key raises `KeyError`, and bytes that a store knows to be wrong raise
    `ChangedObject`.
    """

    name: str  # for people: the folder or the s3:// prefix, without secrets

    def create(self, key: str, data: bytes) -> bool:
        """Write a small object unless one is there. True: it is ours (also when the reply was lost and a retry found
        our own write); False: an earlier write is there. Never a partial object, never an overwritten one.
        """

    def upload(self, key: str, path: Path) -> None:
        """Write a file of any size under a key that nobody else writes (an attempt's own folder). The same content
        again is no error; other content under the key is a `FileExistsError`.
        """

    def read(self, key: str) -> bytes:
        """The bytes of an object."""

    def download(self, key: str, path: Path) -> None:
        """Copy an object to a file (atomically: the file appears whole or not at all)."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects whose key begins with `prefix`, sorted by key."""

    def delete(self, key: str) -> None:
        """Remove an object; a missing one is no error."""

    def now(self) -> float:
        """Seconds by the store's own clock, for leases."""

    def tidy(self, before: float) -> None:
        """Remove what dead writers left unfinished before that time (by the store's clock); it is never listed."""


def check_key(key: str) -> str:
    """The key itself if every store can hold it; otherwise a `ValueError`, for keys are made by us, not by users."""
    parts = key.split("/")
    if not all(part and not part.startswith(".") and part.isprintable() and "\\" not in part for part in parts):
        raise ValueError(f"not a key: {key!r} (parts are printable, not empty, without a leading dot)")
    return key
