"""The leaderboard: who ranks, against whom lift is measured, and what is said beside the numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from search_spaces.space import Space, load
from tasks import metrics
from tasks.data import DataFolders
from tasks.metrics.accuracy import Accuracy
from tests.tune_jobs import bench
from trainers.graph import expand
from trainers.recipe import Intermediate, Optimisation, Recipe, Target
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Broker
from tune_jobs.results.leaderboard import Leaderboard, leaderboard
from tune_jobs.results.results import cells_of, open_results
from tune_jobs.results.words import in_words
from tune_jobs.sweeps.desk import SweepDesk
from tune_jobs.sweeps.driver import run_sweep
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import Ended, How


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSSLIFT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("os.fsync", lambda handle: None)  # durability has tests of its own
    return tmp_path


def swept(folder: Path, path: Path | None = None, **search: object) -> tuple[Space, Leaderboard]:
    space = load(path or bench.write(folder))
    space = replace(space, search=type(space.search).model_validate(space.search.model_dump(by_alias=True) | search))
    store = StageStore(open_objects(str(folder / "store")))
    stages = partial(expand, suite=space.suite, data=DataFolders((folder / "data",), {}), rungs=space.rungs)
    run_sweep(space, store, expand=stages, lane=bench.LotLane(store, folder / "lane"))
    return space, leaderboard(open_results(str(folder / "store"), "bench"), replicates=50)


def test_whole_suite_trials_rank_by_their_average(folder: Path) -> None:
    _, board = swept(folder)
    averages = [row.average for row in board.rows]
    assert averages == sorted(averages, reverse=True)
    assert [row.rank for row in board.rows] == list(range(1, 8))
    for row in board.rows:
        assert row.average == pytest.approx(fmean(row.tasks.values()))
        for task, score in row.tasks.items():
            assert score == pytest.approx(
                fmean(cell["score"] for cell in row.to_json()["cells"] if cell["task"] == task)
            )
        if row.lift is not None:
            baseline = next(other for other in board.rows if other.trial == row.against)
            assert row.lift.value == pytest.approx(row.average - baseline.average, abs=1e-6)


def test_lift_is_over_equal_target_settings_or_the_difference_is_named(folder: Path) -> None:
    _, board = swept(folder)
    by_trial = {row.trial: row for row in board.rows}
    named = " ".join(board.notes)
    for row in board.rows:
        if row.lift is None:
            assert row.trial == 0
            continue
        assert row.against is not None
        same = by_trial[row.against].recipe.target == row.recipe.target
        assert same or f" {row.trial}" in named


def test_there_is_no_lift_over_a_part_of_the_suite(folder: Path) -> None:
    swept(folder)
    results = open_results(str(folder / "store"), "bench")
    baseline = results.history.trials[0]
    del baseline.rungs[1]
    baseline.ended = Ended(trial=0, how=How.FAILED, value=baseline.value, reason="failed 3 times")
    board = leaderboard(results, replicates=50)
    assert [(row.rank, row.lift, row.against) for row in board.rows] == [(n, None, None) for n in [*range(1, 7), None]]
    assert sum("no lift" in note for note in board.notes) == 1
    assert not any("over trial 0" in note for note in board.notes)


@dataclass(frozen=True)
class HalfAccuracy(Accuracy):
    """Another version of the metric, which gives half the points."""

    version: int = 2

    def scores(self, sums: np.ndarray, n: int) -> np.ndarray:
        return super().scores(sums, n) / 2


def test_cells_follow_their_metric_and_the_change_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space, before = swept(folder, trials=3)
    assert not any("changed" in note for note in before.notes)
    monkeypatch.setitem(metrics._PLAIN, "accuracy", HalfAccuracy)
    results = open_results(str(folder / "store"), "bench")
    after = leaderboard(results, replicates=50)
    for old, new in zip(before.rows, after.rows, strict=True):
        share = {"xnli": 0.5, "tatoeba": 0.5, "udpos": 1.0, "panx": 1.0}
        assert new.tasks == pytest.approx({task: share[task] * value for task, value in old.tasks.items()})
        if new.lift is not None:
            baseline = next(row for row in after.rows if row.trial == new.against)
            assert new.lift.value == pytest.approx(new.average - baseline.average, abs=1e-6)
    assert sum("cells of trials 0, 1, 2 have changed" in note for note in after.notes) == 1
    store = results.scores.store
    desk = SweepDesk(space, store, Broker(store, lambda: 0.0), EventLog(store.objects, "bench"), lambda notice: None)
    for stage in cells_of(results.trial(0)).values():
        assert desk.cell(stage) == results.scores.cell(stage)


def test_pruned_trials_stand_below_with_their_rung(folder: Path) -> None:
    _, board = swept(folder, prune={"keep": 0.25, "from": 2}, concurrency=1)
    pruned = [row for row in board.rows if row.how == "pruned"]
    assert pruned
    assert all(row.rank is None and row.lift is None and row.rungs == 1 for row in pruned)
    assert board.rows[-len(pruned) :] == tuple(pruned)
    assert all("panx" not in row.tasks for row in pruned)


def test_strict_zero_shot_ranks_on_english(folder: Path) -> None:
    _, board = swept(folder, selection="english")
    english = [row.english for row in board.rows]
    assert english == sorted(english, reverse=True)
    assert "strict zero-shot" in board.notes[0]
    assert board.rows[0].average != board.rows[0].english


def german(folder: Path, *replaced: tuple[str, str]) -> Path:
    """The bench with a German training set of XNLI; its space with other words."""
    path = bench.write(folder)
    (folder / "data/xnli/train-de.tsv").write_text("".join(f"satz {i}\tzwei\t{bench.NLI[i % 3]}\n" for i in range(30)))
    text = path.read_text()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


def test_trials_that_train_in_german_are_no_zero_shot_and_are_named(folder: Path) -> None:
    _, board = swept(folder, german(folder, ("of: [snli, mnli]", "of: [snli, 'xnli?language=de']")))
    trained = {row.trial for row in board.rows if "xnli?language=de" in row.recipe.model_dump_json()}
    assert trained and 0 not in trained
    assert trained == {row.trial for row in board.rows if row.others == ("xnli?language=de",)}
    numbers = ", ".join(map(str, sorted(trained)))
    assert f"except for trials {numbers}, which trained on xnli?language=de in de" in board.notes[0]


@pytest.mark.parametrize("selection", ["all", "english"])
def test_a_target_that_is_taught_in_german_leaves_no_zero_shot_column(folder: Path, selection: str) -> None:
    path = german(folder, ("  target:\n", "  target:\n    train_on: {xnli: 'xnli?language=de'}\n"))
    _, board = swept(folder, path, selection=selection)
    assert "no strict zero-shot column: every trial trained on xnli?language=de in de" in board.notes[0]
    assert "(strict zero-shot)" not in board.notes[0]


def test_a_few_words_say_what_differs_and_nothing_else() -> None:
    def recipe(lr: float, target: float, **tasks: float) -> Recipe:
        phase = Intermediate(tasks=tasks, optimisation=Optimisation(lr=lr))
        return Recipe(intermediate=phase, target=Target(optimisation=Optimisation(lr=target)))

    one, two = recipe(1e-4, 1e-5, snli=0.75, squad=0.25), recipe(3e-4, 1e-5, snli=1.0)
    assert in_words([one, two, one.baseline()]) == [
        "snli 0.75 + squad 0.25, lr 0.0001",
        "snli, lr 0.0003",
        "no intermediate task",
    ]
    assert in_words([one, one]) == ["snli 0.75 + squad 0.25"] * 2
    assert in_words([two, recipe(3e-4, 1e-4, snli=1.0)])[1] == "snli, target lr 0.0001"
