"""The package's own files: what travels with a job, and what two sweeps must have in common to share a broker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

PACKAGES = ("tasks", "trainers", "search_spaces", "tune_jobs")


def package_files() -> Iterator[tuple[str, Path]]:
    """All files of the packages: their paths below the folder that holds the packages, in order, and where they are."""
    for package in PACKAGES:
        (folder,) = import_module(package).__path__
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(Path(folder).parent).as_posix(), path


@cache
def code_digest() -> str:
    """sha256 over the packages' files, as they were when this process asked first."""
    digest = hashlib.sha256()
    for name, path in package_files():
        digest.update(f"{name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
