"""Two stages or trials that are not the same differ in named settings, wherever in the graph these are."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest

from tests.tune_jobs import bench
from tests.tune_jobs.conftest import Run
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.results.explain import recipes_differ, stages_differ
from tune_jobs.results.results import cells_of, open_results


@pytest.fixture
def store(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> StageStore:
    assert crosslift("sweep", str(bench.write(tmp_path)), "--serial", "--json")[0] == 0
    return StageStore(open_objects(str(tmp_path / "store")))


def test_score_stages_of_two_recipes_differ_in_what_the_recipes_differ_in(store: StageStore, tmp_path: Path) -> None:
    results = open_results(str(tmp_path / "store"), "bench")
    for one, other in combinations(results.history.trials, 2):
        settings = {difference.where for difference in recipes_differ(one.sampled.recipe, other.sampled.recipe)}
        assert settings
        stages = [cells_of(trial)["xnli", "de"] for trial in (one, other)]
        first, second = (store.committed(stage) for stage in stages)
        assert first is not None and second is not None and first.stage != second.stage
        found = [difference.where for difference in stages_differ(store, first, second)]
        lr = "target.optimisation.lr" in settings
        assert lr == any(where == "model > target: schedule.lr" for where in found)
        mixed = any(where.startswith("intermediate") for where in settings)
        assert mixed == any(where.startswith("model > target: encoder") for where in found)


def test_what_is_the_same_differs_in_nothing(store: StageStore) -> None:
    for commit in list(store.commits())[:5]:
        assert stages_differ(store, commit, commit) == []


def test_the_command_takes_stages_and_trials(crosslift: Run, store: StageStore) -> None:
    code, out, _ = crosslift("explain", "bench/0", "bench/1", "--json")
    assert code == 0 and any(row["where"].startswith("intermediate") for row in json.loads(out))
    one, other = sorted(commit.stage for commit in store.commits() if commit.spec["kind"] == "target")[:2]
    code, out, _ = crosslift("explain", one[:16], other[:16])
    assert code == 0 and "setting" in out
    assert crosslift("explain", one[:16], one[:16])[1] == "they are the same\n"


@pytest.mark.parametrize("second", ["bench/99", "bench/x", "nobody/0", "ffff", "bench/1"])
def test_what_cannot_be_compared_is_one_line(crosslift: Run, store: StageStore, second: str) -> None:
    first = next(store.commits()).stage
    code, _, err = crosslift("explain", first, second)
    assert code == 2 and err.strip().splitlines()[-1].startswith("crosslift: ")
