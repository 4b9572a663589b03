"""Suites: which tasks in which languages, and how their cells average.

A task's score is the unweighted mean over its languages, a suite's the unweighted mean over its tasks (XTREME's
evaluation, Hu et al. 2020). Only a whole suite bears the suite's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from tasks import catalog
from tasks.catalog import xtreme, xtreme_r
from tasks.cells import Cell
from tasks.errors import UserError, nearest


@dataclass(frozen=True)
class Suite:
    """Tasks to score; `languages` overrides the languages of their declarations.

    Raises:
        UserError: no task, an unknown or repeated task, an override for a task that is not in the suite, no language.
    """

    name: str
    tasks: tuple[str, ...]
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"suite {self.name}"
        if not self.tasks:
            raise UserError("a suite needs at least one task", where=where)
        for task in self.tasks:
            catalog.get(task)
            if self.tasks.count(task) > 1:
                raise UserError(f"task {task!r} occurs twice", where=where)
            if not self.languages_of(task):
                raise UserError(f"task {task!r} needs languages: it declares none", where=where)
        for task in self.languages:
            if task not in self.tasks:
                raise UserError(f"languages for {task!r}, which is not in it, {nearest(task, self.tasks)}", where=where)

    def languages_of(self, task: str) -> tuple[str, ...]:
        """The languages in which the suite scores a task."""
        return tuple(self.languages[task] if task in self.languages else catalog.get(task).languages)

    @property
    def wanted(self) -> tuple[tuple[str, str], ...]:
        """Every (task, language) of the suite."""
        return tuple((task, language) for task in self.tasks for language in self.languages_of(task))

    def average(self, cells: Iterable[Cell]) -> Average:
        """The suite's average over the cells that are there; cells outside the suite are left out.

        Raises:
            ValueError: two cells of one (task, language), or none of the suite's.
        """
        scores: dict[tuple[str, str], float] = {}
        for cell in cells:
            key = cell.task, cell.language
            if key in scores:
                raise ValueError(f"two cells of {cell.task} {cell.language}")
            scores[key] = cell.score
        absent = tuple(key for key in self.wanted if key not in scores)
        tasks = {
            task: fmean(found)
            for task in self.tasks
            if (found := [scores[task, lang] for lang in self.languages_of(task) if (task, lang) in scores])
        }
        if not tasks:
            raise ValueError(f"no cell of suite {self.name}")
        return Average(self.title(absent), fmean(tasks.values()), tasks, absent)

    def title(self, absent: Sequence[tuple[str, str]]) -> str:
        """What an average without some of the cells is called: the suite's own name only if none is absent."""
        if not absent:
            return f"{self.name} average"
        lacking = set(absent)
        present = [task for task in self.tasks if any((task, la) not in lacking for la in self.languages_of(task))]
        title = f"mean of {len(present)} of {len(self.tasks)} tasks: {', '.join(present)}"
        missing = [f"{task} {language}" for task, language in absent if task in present]
        return f"{title} (without {', '.join(missing)})" if missing else title


@dataclass(frozen=True)
class Average:
    """A suite's average with its name: the suite's own only if no cell is absent."""

    name: str
    value: float
    tasks: Mapping[str, float]
    absent: tuple[tuple[str, str], ...]

    @property
    def whole(self) -> bool:
        """Whether every cell of the suite is in it."""
        return not self.absent


_NAMED: Mapping[str, Suite] = {
    "xtreme": Suite("xtreme", tuple(task.name for task in xtreme.TASKS)),
    "xtreme-r": Suite("xtreme-r", tuple(xtreme_r.LANGUAGES), xtreme_r.LANGUAGES),
}


def suite(name: str) -> Suite:
    """A named suite, `xtreme` or `xtreme-r`; an unknown name is a `UserError`. Others are made with `Suite(…)`."""
    if name not in _NAMED:
        raise UserError(f"unknown suite {name!r}, {nearest(name, _NAMED)}")
    return _NAMED[name]
