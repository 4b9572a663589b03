"""Reading a dataset: its files, part and labels as examples, what holds for all of them, and their fingerprint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

from tasks import catalog, readers
from tasks.declaration import Table, Task
from tasks.errors import UserError
from tasks.examples import Example, Kind, fingerprint, is_labelled, without_label
from tasks.parts import Part, drawn, take
from tasks.readers import gold
from tasks.readers.source import stamp
from tasks.readers.table import read_table

_CACHED_DATASETS = 64


@dataclass(frozen=True)
class DataSource:
    """Where one dataset lies. A location, not an identity: it never enters a stage id.

    `gold` is a file of labels alone; the labels in `files` are not read where `labelled` is False; `table` says how to
    read `files` where the task's own reader does not. `own` is the declaration of a user's own task, which another
    process does not know by name. `revision` is the commit of files from the hub.
    """

    task: str
    split: str
    language: str
    files: tuple[str, ...]
    part: Part = Part.ALL
    gold: str | None = None
    labelled: bool = True
    table: Table | None = None
    own: Task | None = field(default=None, hash=False)
    revision: str | None = None

    @property
    def declared(self) -> Task:
        """The task's declaration."""
        return self.own or catalog.get(self.task)


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


def load(source: DataSource) -> Dataset:
    """Read a dataset; a malformed file is a `UserError` that names file and line.

    Cached per process: as long as the files are the same, so is the object.
    """
    stamps = tuple(stamp(Path(path)) for path in _all_files(source))
    return _load(source, stamps)


@lru_cache(maxsize=_CACHED_DATASETS)
def _load(source: DataSource, stamps: tuple[tuple[int, int], ...]) -> Dataset:
    if source.part is not Part.ALL:
        whole = _load(replace(source, part=Part.ALL), stamps)
        return Dataset(source, whole.kind, take(whole.examples, source.part))
    task = source.declared
    examples = tuple(_examples(task, source))
    if task.control is not None:
        examples = _control(task, source, examples)
    if source.gold:
        examples = gold.attach(task, examples, Path(source.gold))
    if not source.labelled:
        examples = tuple(without_label(example) for example in examples)
    _check(task, examples, source)
    return Dataset(source, task.kind, examples)


def _examples(task: Task, source: DataSource) -> Iterator[Example]:
    files = [Path(file) for file in source.files]
    if source.table is not None:
        return read_table(task, source.table, source.split, source.language, files)
    return readers.get(task)(task, source.split, source.language, files)


def _control(task: Task, source: DataSource, filtered: Sequence[Example]) -> tuple[Example, ...]:
    """As many random examples of the same files as a filter has left, in file order."""
    return drawn(tuple(_examples(replace(task, only={}), source)), filtered, f"control {task.control}")


def _check(task: Task, examples: tuple[Example, ...], source: DataSource) -> None:
    """What holds for every dataset: it has examples, their ids are unique, and all have labels or none."""
    if not examples:
        raise UserError(f"the file holds no examples in {source.language!r}", where=name_of(source))
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise UserError(f"the id {example.id!r} occurs twice", where=name_of(source))
        seen.add(example.id)
    labelled = [is_labelled(example) for example in examples]
    if not task.kind.searched and any(labelled) and not all(labelled):
        bare = examples[labelled.index(False)].id
        raise UserError(f"example {bare!r} has no label, but others have", where=name_of(source))


def has_labels(source: DataSource) -> bool:
    """Whether a source has labels, as far as its first example tells."""
    if source.gold is not None or not source.labelled:
        return source.labelled
    first = next(_examples(source.declared, source), None)
    if first is None:
        raise UserError(f"the file holds no examples in {source.language!r}", where=name_of(source))
    return is_labelled(first)


def _all_files(source: DataSource) -> tuple[str, ...]:
    return (*source.files, source.gold) if source.gold else source.files


def name_of(source: DataSource) -> str:
    """Its files, for errors."""
    return ", ".join(_all_files(source))
