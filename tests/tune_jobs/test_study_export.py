"""The exported study is the sweep: Optuna reads back what the leaderboard and the event log say."""

from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from search_spaces.document import parse
from search_spaces.space import from_document
from tests.tune_jobs import bench
from tests.tune_jobs.conftest import Run
from tune_jobs.results.parameters import parameters
from tune_jobs.results.results import open_results
from tune_jobs.results.study_export import distribution
from tune_jobs.sweeps.events import Opened

AXES = """\
name: axes
suite: {name: one, tasks: [xnli]}
recipe:
  base: {model: scratch, scratch: {steps: {integer: [10, 30], step: 10}}}
  intermediate:
    tasks: {simplex: {of: [snli, squad, hellaswag], at_most: 2, parts: 3}}
    fraction: {choice: [0.5, {snli: 0.25}]}
    cap: {choice: [null, 100]}
    optimisation: {lr: {log_uniform: [1.0e-5, 1.0e-4], points: 3}, warmup: {uniform: [0.0, 0.2]}, batch: {choice: [8, 16]}}
search: {sampler: random, trials: 40}
"""  # noqa: E501


@pytest.fixture
def swept(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> str:
    """A store with a sweep of which some trials were pruned."""
    path = bench.write(tmp_path)
    path.write_text(path.read_text().replace("concurrency: 2", "concurrency: 1, prune: {keep: 0.25, from: 2}"))
    assert crosslift("sweep", str(path), "--serial", "--json")[0] == 0
    return str(tmp_path / "store")


def trials(file: Path, name: str = "bench") -> list[FrozenTrial]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.load_study(study_name=name, storage=f"sqlite:///{file}").trials


def test_the_study_says_what_the_leaderboard_says(crosslift: Run, swept: str, tmp_path: Path) -> None:
    assert crosslift("study", "bench", "--to", "bench.db")[0] == 0
    board = json.loads(crosslift("leaderboard", "bench", "--json")[1])
    rows = {row["trial"]: row for row in board["rows"]}
    history = open_results(swept, "bench").history.trials
    found = trials(tmp_path / "bench.db")
    assert [trial.number for trial in found] == list(range(len(rows)))
    assert {"complete", "pruned"} == {row["how"] for row in rows.values()}
    for trial, past in zip(found, history, strict=True):
        row = rows[trial.number]
        assert trial.state is {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}[row["how"]]
        assert trial.value == pytest.approx(row["average"])
        assert trial.intermediate_values == {rung + 1: event.value for rung, event in past.rungs.items()}
        said = trial.user_attrs
        assert (said.get("rank"), said.get("lift"), said["recipe"]) == (row["rank"], row["lift"], row["recipe"])
        assert said["recipe_id"] == past.sampled.recipe_id
        assert trial.datetime_start is not None and trial.datetime_complete is not None
        assert trial.datetime_start <= trial.datetime_complete
        if trial.number == 0:
            assert trial.params == {}
            continue
        recipe = row["recipe"]
        assert trial.params["target.optimisation.lr"] == recipe["target"]["optimisation"]["lr"]
        for task in ("snli", "mnli"):
            assert trial.params[f"intermediate.tasks/{task}"] == recipe["intermediate"]["tasks"].get(task, 0.0)


def test_the_same_sweep_gives_the_same_study(crosslift: Run, swept: str, tmp_path: Path) -> None:
    for name in ("a.db", "b.db"):
        assert crosslift("study", "bench", "--to", name)[0] == 0
    assert trials(tmp_path / "a.db") == trials(tmp_path / "b.db")


def test_what_is_there_is_not_written_over_unless_told(crosslift: Run, swept: str, tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    file.write_text("mine")
    code, _, err = crosslift("study", "bench", "--to", str(file))
    assert code == 2 and "--replace" in err and file.read_text() == "mine"
    assert crosslift("study", "bench", "--to", str(file), "--replace")[0] == 0
    assert len(trials(file)) == 7
    assert sorted(path.name for path in tmp_path.iterdir() if "study.db" in path.name) == ["study.db"]


def test_open_and_failed_trials_are_what_they_are(crosslift: Run, swept: str, tmp_path: Path) -> None:
    events = sorted((tmp_path / "store/sweeps/bench/events").iterdir())
    last = json.loads(events[-1].read_text())
    assert last["event"]["type"] == "ended"
    events[-1].unlink()
    crosslift("study", "bench", "--to", "open.db")
    trial = trials(tmp_path / "open.db")[last["event"]["trial"]]
    assert (trial.state, trial.value, trial.datetime_complete) == (TrialState.RUNNING, None, None)
    last["event"] |= {"how": "failed", "reason": "three lanes died"}
    events[-1].write_text(json.dumps(last))
    crosslift("study", "bench", "--to", "failed.db")
    trial = trials(tmp_path / "failed.db")[last["event"]["trial"]]
    assert trial.state is TrialState.FAIL and trial.user_attrs["reason"] == "three lanes died"


def test_every_point_of_every_axis_lies_in_its_distribution() -> None:
    space = from_document(parse(AXES, "axes.yaml"))
    # through JSON, as the event log keeps it
    opened = Opened.model_validate_json(Opened(sweep="axes", space=space.identity()).model_dump_json())
    known = parameters(opened)
    assert [p.name for p in known if p.task] == [f"intermediate.tasks/{t}" for t in ("hellaswag", "snli", "squad")]
    seen: dict[str, set[object]] = {parameter.name: set() for parameter in known}
    from random import Random

    for seed in range(60):
        point = space.draw(Random(seed))
        study = optuna.create_study()
        params = {parameter.name: parameter.value(point) for parameter in known}
        study.add_trial(
            optuna.trial.create_trial(value=0.0, params=params, distributions={p.name: distribution(p) for p in known})
        )
        assert study.trials[0].params == params
        for name, value in params.items():
            seen[name].add(value)
    assert seen["intermediate.optimisation.batch"] == {8, 16}
    assert seen["intermediate.cap"] == {None, 100}
    assert seen["intermediate.fraction"] == {"0.5", '{"snli": 0.25}'}
    assert seen["base.scratch.steps"] == {10, 20, 30}
    assert len(seen["intermediate.optimisation.lr"]) == 3
