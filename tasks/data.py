"""From a task's name to its examples: where the files are, which part of them is meant, and their fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from tasks.examples import Example, Kind, fingerprint


class Part(StrEnum):
    """Which part of a split: all of it, the held-out fifth that selection may see, or the rest."""

    ALL = "all"
    SELECTION = "selection"
    REST = "rest"


@dataclass(frozen=True)
class DataSource:
    """Where one dataset lies. A location, not an identity: it never enters a stage id."""

    task: str
    split: str
    language: str
    files: tuple[str, ...]
    part: Part = Part.ALL


@dataclass(frozen=True)
class Absent:
    """A (task, split, language) that cannot be scored or trained on, and why, in a few words."""

    task: str
    split: str
    language: str
    why: str


@dataclass(frozen=True)
class Dataset:
    """The examples of one source, in file order."""

    source: DataSource
    kind: Kind
    examples: tuple[Example, ...]

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the canonical examples after reader and filter."""
        return fingerprint(self.examples)

    def __len__(self) -> int:
        return len(self.examples)


@dataclass(frozen=True)
class DataFolders:
    """The folders that hold official files, and the files that a space names for a task's splits.

    `folders` are searched in order for a declaration's path templates. `files[task][split]` replaces a declaration's
    templates (relative to the folders too); `{language}` and `{iso3}` work in it.
    """

    folders: tuple[Path, ...]
    files: Mapping[str, Mapping[str, Sequence[str]]]

    def find(self, task: str, split: str, language: str, part: Part = Part.ALL) -> DataSource | Absent:
        """Locate a dataset without opening it. A split or language that is not there is `Absent`, not an error."""
        raise NotImplementedError


def load(source: DataSource) -> Dataset:
    """Read a dataset; a malformed file is a `UserError` that names file and line. Cached per process."""
    raise NotImplementedError
