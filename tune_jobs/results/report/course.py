"""How a search went: trial by trial, parameter by parameter, rung by rung. The data of the report's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tune_jobs.results.leaderboard import Leaderboard, Row
from tune_jobs.results.parameters import Parameter, Value, parameters, point
from tune_jobs.results.results import Results
from tune_jobs.sweeps.events import How
from tune_jobs.sweeps.rungs import BASELINE


@dataclass(frozen=True)
class Tried:
    """A trial in the order of trials: the score that ranks it (none unless it ranks), and the best one up to it."""

    trial: int
    how: str
    score: float | None
    best: float | None


@dataclass(frozen=True)
class Axis:
    """A parameter and where the ranked trials lie on it: (trial, value, score), best first.

    `options` are the values of the scale `options`, in order; `ends` those of the others.
    """

    name: str
    scale: Literal["linear", "log", "options"]
    options: tuple[Value, ...]
    ends: tuple[float, float] | None
    points: tuple[tuple[int, Value, float], ...]


@dataclass(frozen=True)
class Mixed:
    """What a ranked trial mixed, task → weight, with its score."""

    trial: int
    rank: int
    score: float
    tasks: dict[str, float]


@dataclass(frozen=True)
class RungOf:
    """One rung: its tasks, the values of the trials that reached it, and which were pruned after it."""

    number: int  # from 1
    tasks: tuple[str, ...]
    values: dict[int, float]
    pruned: tuple[int, ...]


@dataclass(frozen=True)
class Course:
    """All of it. `ranked_by` is the leaderboard's column that ranks: `average`, or `english`."""

    ranked_by: str
    tried: tuple[Tried, ...]
    axes: tuple[Axis, ...]
    mixtures: tuple[Mixed, ...]
    rungs: tuple[RungOf, ...]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def course(results: Results, board: Leaderboard) -> Course:
    """How a sweep went, in the numbers of its leaderboard."""
    by = "english" if results.opened.space["search"].get("selection") == "english" else "average"
    scores = {row.trial: score for row in board.rows if (score := _score(row, by)) is not None}
    known = parameters(results.opened)
    return Course(
        by,
        _tried(results, scores),
        tuple(_axis(results, parameter, board, scores) for parameter in known),
        tuple(_mixed(row, scores[row.trial]) for row in board.rows if row.trial in scores and row.recipe.intermediate),
        _rungs(results),
    )


def _score(row: Row, by: str) -> float | None:
    if row.rank is None:
        return None
    return row.english if by == "english" else row.average


def _tried(results: Results, scores: dict[int, float]) -> tuple[Tried, ...]:
    found: list[Tried] = []
    best: float | None = None
    for trial in results.history.trials:
        score = scores.get(trial.number)
        best = score if best is None else best if score is None else max(best, score)
        found.append(Tried(trial.number, trial.ended.how.value if trial.ended else "open", score, best))
    return tuple(found)


def _axis(results: Results, parameter: Parameter, board: Leaderboard, scores: dict[int, float]) -> Axis:
    trials = {trial.number: trial for trial in results.history.trials}
    places = {row.trial: point(results.opened, trials[row.trial]) for row in board.rows if row.trial in scores}
    points = tuple((number, parameter.value(at), scores[number]) for number, at in places.items() if at)
    ends = None if parameter.scale == "options" else parameter.ends
    return Axis(parameter.name, parameter.scale, parameter.options, ends, points)


def _mixed(row: Row, score: float) -> Mixed:
    assert row.rank is not None and row.recipe.intermediate is not None
    tasks = row.recipe.intermediate.tasks
    total = sum(tasks.values())
    return Mixed(row.trial, row.rank, score, {task: weight / total for task, weight in tasks.items()})


def _rungs(results: Results) -> tuple[RungOf, ...]:
    trials = results.history.trials
    pruned = {t.number: max(t.rungs) for t in trials if t.ended is not None and t.ended.how is How.PRUNED}
    return tuple(
        RungOf(
            number + 1,
            tuple(tasks),
            {trial.number: trial.rungs[number].value for trial in trials if number in trial.rungs},
            tuple(trial for trial, rung in pruned.items() if rung == number),
        )
        for number, tasks in enumerate(_tasks(results))
    )


def _tasks(results: Results) -> Sequence[Sequence[str]]:
    rungs: Sequence[Sequence[str]] = results.opened.space["rungs"]
    return rungs


def baseline_score(course: Course) -> float | None:
    """The score of trial 0, where it ranks."""
    return next((tried.score for tried in course.tried if tried.trial == BASELINE), None)
