"""How results are said: the numbers and words of the leaderboard, the same wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tune_jobs.results.leaderboard import Leaderboard, Row
    from tune_jobs.sweeps.summary import Cost

NUMBERS = ("rank", "trial", "average", "english", "lift")
"""Columns that hold numbers; so do the tasks'."""


def number(value: float | None) -> str:
    """A score in points, one decimal; a dash where there is none."""
    return "–" if value is None else f"{value:.1f}"


def difference(value: float | None) -> str:
    """A difference in points, with its sign."""
    return "–" if value is None else f"{round(value, 1) + 0.0:+.1f}"  # no "-0.0"


def cost(spent: Cost) -> str:
    """Time of lanes, and tokens."""
    minutes, seconds = divmod(round(spent.seconds), 60)
    time = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{time} of training and scoring, {spent.tokens / 1e6:.1f} million tokens"


def tasks_of(board: Leaderboard) -> list[str]:
    """The tasks that have a column."""
    return list(dict.fromkeys(task for row in board.rows for task in row.tasks))


def columns(tasks: Sequence[str]) -> tuple[str, ...]:
    """The leaderboard's columns."""
    return ("rank", "trial", "recipe", "average", "english", "lift", *tasks)


def cells(row: Row, tasks: Sequence[str]) -> tuple[str, ...]:
    """What stands in them for a trial."""
    lift = str(row.lift) if row.lift else "baseline" if row.trial == 0 else "–"
    ending = row.how if row.how == "open" or not row.rungs else f"{row.how} after rung {row.rungs}"
    return (
        str(row.rank) if row.rank else "–",
        str(row.trial),
        row.words if row.rank else f"{row.words} ({ending}{': ' + row.reason if row.reason else ''})",
        number(row.average),
        number(row.english),
        lift,
        *(number(row.tasks.get(task)) for task in tasks),
    )


def beside(board: Leaderboard) -> list[str]:
    """The lines below the table: what the numbers are, and what must be said of them."""
    return [
        f"average: {board.average}; lift: over the baseline, with a 95 % interval",
        *board.notes,
        *(f"absent: {cell.task} {cell.language}: {cell.why}" for cell in board.absent),
    ]
