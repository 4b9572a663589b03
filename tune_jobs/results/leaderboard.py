"""The leaderboard: whole-suite trials ranked by their average, each with its lift over the baseline.

Pruned, failed and open trials stand below, with the rung they reached: only whole-suite trials rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks import catalog
from tasks.cells import Cell
from tasks.declaration import HeldOut
from trainers.identity import canonical, digest
from trainers.recipe import Recipe
from tune_jobs.results.lift import Interval, interval
from tune_jobs.results.remarks import remarks
from tune_jobs.results.results import Results, cells_of, changed
from tune_jobs.results.taught import not_english, zero_shot
from tune_jobs.results.words import in_words
from tune_jobs.sweeps.events import AbsentCell, How
from tune_jobs.sweeps.history import TrialHistory
from tune_jobs.sweeps.rungs import BASELINE
from tune_jobs.sweeps.searcher import recipe_id

ENGLISH = "en"


@dataclass(frozen=True)
class Row:
    """One trial. `average` is over the tasks that it was scored on, `english` over those of them that have English.

    `against` is the number of the trial that lift is measured against: the one without intermediate task and with the
    same target settings where the sweep has it, else trial 0. There is none where that one lacks a part of the suite.
    """

    rank: int | None
    trial: int
    recipe: Recipe
    words: str
    how: str  # complete, pruned, failed or open
    rungs: int  # how many rungs it was scored on
    name: str  # of the average: the suite's own only if every cell is there
    average: float | None
    english: float | None
    lift: Interval | None
    against: int | None
    tasks: Mapping[str, float]
    reason: str = ""
    others: tuple[str, ...] = ()  # training tasks in another language than English: `english` is not zero-shot then
    cells: tuple[Cell, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        return {
            "rank": self.rank,
            "trial": self.trial,
            "recipe": canonical(self.recipe),
            "trained_in_other_languages": list(self.others),
            "words": self.words,
            "how": self.how,
            "rungs": self.rungs,
            "average_of": self.name,
            "average": self.average,
            "english": self.english,
            "lift": self.lift and self.lift.to_json(),
            "lift_against_trial": self.against,
            "tasks": dict(self.tasks),
            "reason": self.reason,
            "cells": [cell.to_json() for cell in self.cells],
        }


@dataclass(frozen=True)
class Leaderboard:
    """All trials of a sweep, ranked ones first, and what must be said beside the numbers."""

    sweep: str
    average: str  # what the average is called: the suite's name, or the tasks that are covered
    rows: tuple[Row, ...]
    absent: tuple[AbsentCell, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        return {
            "sweep": self.sweep,
            "average": self.average,
            "rows": [row.to_json() for row in self.rows],
            "absent": [cell.model_dump() for cell in self.absent],
            "notes": list(self.notes),
        }


def leaderboard(results: Results, *, replicates: int = 1000) -> Leaderboard:
    """Rank a sweep's trials.

    Args:
        results: the sweep.
        replicates: of the lift's bootstrap; see `tune_jobs.results.lift`.
    """
    trials = results.history.trials
    words = in_words([trial.sampled.recipe for trial in trials])
    ranked = results.history.ranked()
    ranks = {trial.number: rank for rank, trial in enumerate(ranked, start=1)}
    below = sorted((t for t in trials if t.number not in ranks), key=lambda t: (-len(t.rungs), t.number))
    others = counterparts(trials)
    rows = tuple(
        _row(results, trial, others[trial.number], words[trial.number], ranks.get(trial.number), replicates)
        for trial in [*ranked, *below]
    )
    absent = tuple(dict.fromkeys(cell for trial in trials for cell in trial.sampled.absent))
    name = rows[0].name if ranked else "no trial has the whole suite yet"
    said = remarks((cells_of(trial) for trial in [*ranked, *below]), results.scores)
    return Leaderboard(results.name, name, rows, absent, (*_notes(results, rows), *said))


def counterparts(trials: Sequence[TrialHistory]) -> dict[int, TrialHistory | None]:
    """By number, the trial that each trial's lift is measured against (see `Row.against`)."""
    whole = [trial for trial in trials if trial.ended is not None and trial.ended.how is How.COMPLETE]
    first = {trial.sampled.recipe_id: trial for trial in reversed(whole)}
    zero = next((trial for trial in whole if trial.number == BASELINE), None)
    return {trial.number: first.get(recipe_id(trial.sampled.recipe.baseline()), zero) for trial in trials}


def _row(
    results: Results, trial: TrialHistory, against: TrialHistory | None, words: str, rank: int | None, replicates: int
) -> Row:
    stages = cells_of(trial)
    cells = [cell for rung in trial.rungs.values() for cell in results.scores.cells(rung.cells)]
    english = [cell for cell in cells if cell.language == ENGLISH]
    average = results.suite.average(cells) if cells else None
    lift = None
    if rank is not None and against is not None and against.number != trial.number:
        lift = interval(results.scores.measured([stages], [cells_of(against)]), replicates=replicates)
    return Row(
        rank=rank,
        trial=trial.number,
        recipe=trial.sampled.recipe,
        words=words,
        how=trial.ended.how.value if trial.ended else "open",
        rungs=len(trial.rungs),
        name=average.name if average else "nothing yet",
        average=average.value if average else None,
        english=results.suite.average(english).value if english else None,
        lift=lift,
        against=against.number if against and lift else None,
        tasks=average.tasks if average else {},
        reason=trial.ended.reason if trial.ended else "",
        others=not_english(trial.sampled.recipe, results.suite),
        cells=tuple(cells),
    )


def _notes(results: Results, rows: Sequence[Row]) -> tuple[str, ...]:
    tasks = sorted({task for row in rows for task in row.tasks})
    held_out = [task for task in tasks if isinstance(catalog.get(task).selection, HeldOut)]
    english, strict = zero_shot({row.trial: row.recipe for row in rows}, results.suite)
    if results.opened.space["search"].get("selection") != "english":
        notes = [f"ranked on `average`, which looks at target languages; {english}"]
    elif strict:
        notes = ["ranked on English alone (strict zero-shot); `average` looks at target languages"]
    else:
        notes = [f"ranked on English alone; `average` looks at target languages; {english}"]
    if (rested := results.history.rested) is not None and results.history.rests and rested.over:
        used_up = " and ".join(name.replace("_", "-") for name in rested.over)
        notes.append(f"the sweep rests, as its budget of {used_up} is used up; a larger one goes on")
    others_now = [str(trial.number) for trial in results.history.trials if changed(results, trial)]
    if others_now:
        notes.append(
            f"cells of trials {', '.join(others_now)} have changed since they were compared, by another version of "
            "their metric or in the store: ranks are as they were, numbers as they are"
        )
    if held_out:
        notes.append(f"{', '.join(held_out)}: a held-out fifth, taken from test data")
    without = [row for row in rows if row.rank and row.recipe.intermediate is not None and row.lift is None]
    if without:
        numbers = ", ".join(str(row.trial) for row in without)
        notes.append(f"trials {numbers} have no lift, as no baseline was scored on the whole suite")
    others = [row for row in rows if row.lift and row.against == BASELINE and _other_target(rows, row)]
    if others:
        numbers = ", ".join(str(row.trial) for row in others)
        notes.append(f"lift of trials {numbers}: over trial 0, as no baseline ran with their target settings")
    return tuple(notes)


def _other_target(rows: Sequence[Row], row: Row) -> bool:
    baseline = next(other for other in rows if other.trial == row.against)
    return digest(baseline.recipe) != digest(row.recipe.baseline())
