"""What is in a report: everything that its page says and its figures show. From the store alone."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from search_spaces.recipes import dump_recipe
from tasks.cells import Cell
from tune_jobs.results.best import recipe_file
from tune_jobs.results.finals import KeptFinal, kept
from tune_jobs.results.leaderboard import Leaderboard, Row, leaderboard
from tune_jobs.results.lift import Measured, interval
from tune_jobs.results.report.comparison import Comparison, Entry, compared
from tune_jobs.results.report.costs import Costs, costs
from tune_jobs.results.report.course import Course, course
from tune_jobs.results.results import Results, cells_of


@dataclass(frozen=True)
class Head:
    """What was searched, how, when and with what; times are UTC, of the first and the last event."""

    sweep: str
    store: str
    suite: str
    tasks: tuple[str, ...]
    rungs: tuple[tuple[str, ...], ...]
    base: str
    search: dict[str, Any]
    trials: dict[str, int]  # by how they ended, open ones too
    drivers: int
    began: str
    last: str
    versions: dict[str, str]


@dataclass(frozen=True)
class Best:
    """The best whole-suite trial, its recipe file, and the commands that make and use that."""

    row: Row
    recipe: str
    commands: tuple[str, ...]
    comparison: Comparison


@dataclass(frozen=True)
class FinalRun:
    """A final run: of which trial, if it is one of this sweep's, with which seeds; what it found, by part."""

    trial: int | None
    recipe: str
    seeds: tuple[int, ...]
    parts: dict[str, Comparison]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return vars(self) | {"parts": {part: found.to_json() for part, found in self.parts.items()}}


@dataclass(frozen=True)
class Report:
    """All of it; `best` is None until a trial has the whole suite."""

    head: Head
    costs: Costs
    board: Leaderboard
    best: Best | None
    course: Course
    finals: tuple[FinalRun, ...]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        best = self.best and {
            "trial": self.best.row.trial,
            "against": self.best.row.against,
            "recipe": self.best.recipe,
            "commands": list(self.best.commands),
            "comparison": self.best.comparison.to_json(),
        }
        return {
            "head": asdict(self.head),
            "costs": self.costs.to_json(),
            "leaderboard": self.board.to_json(),
            "best": best,
            "course": self.course.to_json(),
            "finals": [final.to_json() for final in self.finals],
        }


def report(results: Results, location: str) -> Report:
    """Gather a sweep's report.

    Args:
        results: the sweep.
        location: its store, as commands are told of it.
    """
    board = leaderboard(results)
    ids = {trial.sampled.recipe_id: trial.number for trial in results.history.trials}
    finals = tuple(_final(final, ids) for final in kept(results.scores.store.objects, results.name))
    best = _best(results, board, location) if results.history.ranked() else None
    return Report(_head(results, location), costs(results), board, best, course(results, board), finals)


def _head(results: Results, location: str) -> Head:
    space, ended = results.opened.space, {"complete": 0, "pruned": 0, "failed": 0, "open": 0}
    for trial in results.history.trials:
        ended[trial.ended.how.value if trial.ended else "open"] += 1
    model = space["recipe"]["base"].get("model")  # both may be axes
    return Head(
        sweep=results.name,
        store=location,
        suite=results.suite.name,
        tasks=results.suite.tasks,
        rungs=tuple(tuple(rung) for rung in space["rungs"]),
        base=model if isinstance(model, str) else "one of several",
        search=space["search"],
        trials=ended,
        drivers=results.history.drivers,
        began=_time(results.envelopes[0].at),
        last=_time(results.envelopes[-1].at),
        versions=results.opened.versions,
    )


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _best(results: Results, board: Leaderboard, location: str) -> Best:
    trial = results.trial(None)
    row = next(row for row in board.rows if row.trial == trial.number)
    at = ["--store", location]
    commands = (
        f"{shlex.join(['crosslift', 'best', results.name, *at])} > best.yaml",
        shlex.join(["crosslift", "final", "best.yaml", "--seeds", "3", *at]),
    )
    return Best(row, dump_recipe(recipe_file(results, trial)), commands, _comparison(results, board, row))


def _comparison(results: Results, board: Leaderboard, row: Row) -> Comparison:
    """The best trial beside the one that its lift is measured against."""
    other = next((r for r in board.rows if r.trial == row.against), None)
    return compared(row.name, _entries(results, row, other))


def _entries(results: Results, row: Row, other: Row | None) -> Iterator[tuple[str | None, str | None, Entry]]:
    theirs = {(cell.task, cell.language): cell.score for cell in other.cells} if other else {}
    for cell in _in_order(results, row):
        yield cell.task, cell.language, Entry(cell.score, theirs.get((cell.task, cell.language)))
    measured = _measured(results, row, other)
    for task in (task for task in results.suite.tasks if task in row.tasks):
        own = [cell for cell in measured if cell.task == task]
        base = other.tasks.get(task) if other else None
        yield task, None, Entry(row.tasks[task], base, interval(own) if own else None)
    assert row.average is not None, "the best trial has the whole suite"
    yield None, None, Entry(row.average, other.average if other else None, row.lift)


def _in_order(results: Results, row: Row) -> list[Cell]:
    place = {task: number for number, task in enumerate(results.suite.tasks)}
    return sorted(row.cells, key=lambda cell: (place[cell.task], cell.language))


def _measured(results: Results, row: Row, other: Row | None) -> list[Measured]:
    if other is None:
        return []
    trials = {trial.number: trial for trial in results.history.trials}
    return results.scores.measured([cells_of(trials[row.trial])], [cells_of(trials[other.trial])])


def _final(final: KeptFinal, trials: dict[str, int]) -> FinalRun:
    parts = {
        part: compared(
            name,
            [
                (line.task, line.language, Entry(line.score, line.baseline, line.lift.interval))
                for line in final.lines
                if line.part == part
            ],
        )
        for part, name in final.names.items()
    }
    notes = (*final.notes, *(f"absent: {cell}" for cell in final.absent))
    return FinalRun(trials.get(final.recipe), final.recipe, final.seeds, parts, notes)
