"""A recipe against its baseline, task by task and language by language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tune_jobs.results.leaderboard import ENGLISH
from tune_jobs.results.lift import Interval


@dataclass(frozen=True)
class Entry:
    """Two scores in points, and the interval of their difference where it is known. No baseline: nothing to compare."""

    score: float
    baseline: float | None = None
    lift: Interval | None = None

    @property
    def difference(self) -> float | None:
        """The score minus the baseline's."""
        return None if self.baseline is None else self.score - self.baseline


@dataclass(frozen=True)
class Comparison:
    """The scores of a recipe.

    Attributes:
        average: what the mean over the tasks is called.
        cells: (task, language) → the two scores.
        means: task → their means over its languages.
        overall: the means over the tasks.
    """

    average: str
    cells: Mapping[tuple[str, str], Entry]
    means: Mapping[str, Entry]
    overall: Entry

    @property
    def tasks(self) -> tuple[str, ...]:
        """In the order in which they are scored."""
        return tuple(self.means)

    @property
    def languages(self) -> tuple[str, ...]:
        """English first, then by code."""
        return tuple(sorted({language for _, language in self.cells}, key=lambda code: (code != ENGLISH, code)))

    @property
    def widest(self) -> float:
        """The largest difference of a cell, either way: what the colours span."""
        return max((abs(e.difference) for e in self.cells.values() if e.difference is not None), default=0.0)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        rows = [{"task": task, "language": language, **_json(e)} for (task, language), e in self.cells.items()]
        rows += [{"task": task, "language": None, **_json(e)} for task, e in self.means.items()]
        return {"average_of": self.average, "rows": [*rows, {"task": None, "language": None, **_json(self.overall)}]}


def compared(average: str, rows: Iterable[tuple[str | None, str | None, Entry]]) -> Comparison:
    """The comparison of rows (task, language, scores); no language: a task's mean; no task: the mean over all."""
    cells: dict[tuple[str, str], Entry] = {}
    means: dict[str, Entry] = {}
    overall: list[Entry] = []
    for task, language, entry in rows:
        if task is None:
            overall.append(entry)
        elif language is None:
            means[task] = entry
        else:
            cells[task, language] = entry
    (only,) = overall
    return Comparison(average, cells, means, only)


def _json(entry: Entry) -> dict[str, Any]:
    return {
        "score": entry.score,
        "baseline": entry.baseline,
        "difference": entry.difference,
        "lift": entry.lift and entry.lift.to_json(),
    }
