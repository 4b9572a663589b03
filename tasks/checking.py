"""Is a folder's data what was published? Datasets are read as a sweep would; faults and odd counts are named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks import lock
from tasks.data import Absent, DataFolders, load
from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Passage, is_labelled
from tasks.faults import faults


@dataclass(frozen=True)
class Finding:
    """One dataset: its examples, how many of them have labels, and the published number where one is known.

    Of a pool that is searched, `examples` are the queries. `omits` says what of the published examples a reader leaves
    out on purpose. `faults` are the mistakes in its files, with file and line.
    """

    task: str
    split: str
    language: str
    examples: int = 0
    labelled: int = 0
    published: int | None = None
    omits: str = ""
    faults: tuple[str, ...] = ()

    @property
    def odd(self) -> bool:
        """Whether the number of examples is not the published one, nor what a reader leaves of it."""
        if self.published is None or self.faults:
            return False
        return self.examples > self.published or (self.examples < self.published and not self.omits)


def check(tasks: Iterable[Task], data: DataFolders) -> Iterator[Finding]:
    """Read every split of some tasks in every language that is there; what is not there is passed over.

    Readers refuse what is malformed: encodings, columns, unknown labels, offsets that do not lead to their answers,
    ids that occur twice.
    """
    for task in tasks:
        for split in task.splits:
            for language in data.languages(task.name, split):
                yield _finding(task, split, language, data)


def check_locks(folders: Iterable[Path]) -> Iterator[Finding]:
    """A finding for each file from the hub that is not what was fetched."""
    for folder in folders:
        for name, entry in lock.read(folder).items():
            file = folder / name
            if not file.is_file() or lock.changed(file, entry):
                what = "missing" if not file.is_file() else "not what was fetched"
                yield Finding(entry.task, "", "", faults=(f"{file}: {what}; {lock.MEND} again",))


def _finding(task: Task, split: str, language: str, data: DataFolders) -> Finding:
    try:
        source = data.find(task.name, split, language, labelled=False)
    except UserError as error:
        return Finding(task.name, split, language, faults=(str(error),))
    if isinstance(source, Absent):
        return Finding(task.name, split, language, faults=(source.why,))
    if found := faults(source):
        return Finding(task.name, split, language, faults=found)
    examples = [e for e in load(source).examples if not (isinstance(e, Passage) and e.candidate)]
    labelled = sum(map(is_labelled, examples))
    return Finding(task.name, split, language, len(examples), labelled, task.size(split, language), task.omits)
