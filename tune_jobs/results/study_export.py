"""A sweep's study as a file that Optuna opens, and `optuna-dashboard` shows: from the event log, nothing decided anew.

Numbers stand on their own scales, options as they are written, mixtures as a weight a task. Trials have their numbers,
their times and what became of them: the value by which they rank, intermediate values by rung (1 is the first), and as
user attributes what the leaderboard says. The same sweep gives the same study.
"""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import URL

from search_spaces.axes import Integer
from tasks.errors import UserError
from trainers.identity import canonical
from trainers.store.files import mendable, whole_file
from tune_jobs.results.leaderboard import Row, leaderboard
from tune_jobs.results.parameters import Parameter, parameters, point
from tune_jobs.results.results import Results
from tune_jobs.sweeps.events import Ended, How, Sampled
from tune_jobs.sweeps.history import TrialHistory

STATES = {How.COMPLETE: TrialState.COMPLETE, How.PRUNED: TrialState.PRUNED, How.FAILED: TrialState.FAIL}


def export_study(results: Results, to: Path, *, replace: bool = False) -> int:
    """Write the study of a sweep into an SQLite file, which appears whole or not at all.

    Args:
        results: the sweep.
        to: the file.
        replace: whether a file that is there is written anew.

    Returns:
        How many trials it has.

    Raises:
        UserError: the file is there, or cannot be written.
    """
    if to.exists() and not replace:
        raise UserError("it is there; name another file, or give `--replace`", where=str(to))
    trials = study_trials(results)
    with mendable("write the study", to), whole_file(to) as path, warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = RDBStorage(URL.create("sqlite", database=str(path)).render_as_string())
        study = optuna.create_study(storage=storage, study_name=results.name, direction="maximize")
        for key, value in _about(results).items():
            study.set_user_attr(key, value)
        study.add_trials(trials)
        storage.remove_session()
        storage.engine.dispose()
    return len(trials)


def study_trials(results: Results) -> list[FrozenTrial]:
    """The trials as Optuna has them, in the order of their numbers."""
    rows = {row.trial: row for row in leaderboard(results).rows}
    known = parameters(results.opened)
    began, ended = _times(results, Sampled), _times(results, Ended)
    return [
        _trial(results, trial, known, rows[trial.number], began[trial.number], ended.get(trial.number))
        for trial in results.history.trials
    ]


def distribution(parameter: Parameter) -> BaseDistribution:
    """Where the values of a parameter come from."""
    if parameter.scale == "options":
        return CategoricalDistribution(parameter.options)
    if isinstance(axis := parameter.axis, Integer):
        return IntDistribution(axis.numbers[0], axis.numbers[-1], step=axis.step)
    return FloatDistribution(*parameter.ends, log=parameter.scale == "log")


def _trial(
    results: Results,
    trial: TrialHistory,
    known: list[Parameter],
    row: Row,
    began: datetime,
    ended: datetime | None,
) -> FrozenTrial:
    where = point(results.opened, trial)
    there = known if where else []
    state = STATES[trial.ended.how] if trial.ended else TrialState.RUNNING
    return FrozenTrial(
        number=trial.number,
        trial_id=trial.number,
        state=state,
        value=trial.value if state in (TrialState.COMPLETE, TrialState.PRUNED) else None,
        datetime_start=began,
        datetime_complete=ended,
        params={parameter.name: parameter.value(where) for parameter in there},
        distributions={parameter.name: distribution(parameter) for parameter in there},
        user_attrs=_said(trial, row),
        system_attrs={},
        intermediate_values={rung + 1: event.value for rung, event in sorted(trial.rungs.items())},
    )


def _said(trial: TrialHistory, row: Row) -> dict[str, Any]:
    """What the leaderboard says of a trial; what there is nothing to say of is left out."""
    said = {
        "rank": row.rank,
        "words": row.words,
        "recipe_id": trial.sampled.recipe_id,
        "recipe": canonical(row.recipe),
        "seed": row.recipe.seed,
        "average_of": row.name,
        "average": row.average,
        "english": row.english,
        "lift": row.lift and row.lift.to_json(),
        "lift_against_trial": row.against,
        "tasks": dict(row.tasks),
        "reason": row.reason,
        "diverged": bool(trial.ended and trial.ended.diverged),
    }
    return {key: value for key, value in said.items() if value not in (None, "", {})}


def _about(results: Results) -> dict[str, Any]:
    """What is said of the study."""
    space = results.opened.space
    return {
        "suite": results.suite.name,
        "rungs": space["rungs"],
        "search": space["search"],
        "versions": results.opened.versions,
    }


def _times(results: Results, kind: type[Sampled] | type[Ended]) -> dict[int, datetime]:
    """When events of a kind were written, by trial; local and without a zone, as Optuna has it."""
    return {e.event.trial: datetime.fromtimestamp(e.at) for e in results.envelopes if isinstance(e.event, kind)}
