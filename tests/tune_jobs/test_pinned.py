"""What a sweep read from the hub is in its log and in `best.yaml`, and is compared before anything goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from search_spaces.recipes import dump_recipe, load_recipe
from search_spaces.space import load
from tasks import lock
from tasks.data import DataFolders
from tasks.errors import UserError
from tests.tune_jobs import bench
from trainers.graph import expand
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.data_sources import open_data
from tune_jobs.results.best import recipe_file
from tune_jobs.results.results import open_results
from tune_jobs.sweeps.driver import run_sweep

FILE = "hub/xnli/dev-de.jsonl"


def bring(folder: Path, revision: str, label: int = 0) -> None:
    """XNLI's German dev set as the hub has it, in place of the official one."""
    (folder / "xnli/dev-de.tsv").unlink(missing_ok=True)
    file = folder / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = ({"premise": f"satz {i}", "hypothesis": "zwei", "label": label or i % 3} for i in range(40))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    lock.write(folder, {FILE: lock.Locked("xnli", "facebook/xnli", revision, lock.digest(file), 40)})


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A sweep of two trials on data of which a part is from the hub; the same again continues it."""
    monkeypatch.setattr("os.fsync", lambda handle: None)  # durability has tests of its own
    monkeypatch.setenv("CROSSLIFT_CACHE", str(tmp_path / "cache"))
    path = bench.write(tmp_path)
    path.write_text(path.read_text().replace("sampler: grid,", "sampler: grid, trials: 2,"))
    bring(tmp_path / "data", "a" * 40)

    def run() -> None:
        space, store = load(path), StageStore(open_objects(str(tmp_path / "store")))
        stages = partial(expand, suite=space.suite, data=DataFolders((tmp_path / "data",), {}), rungs=space.rungs)
        run_sweep(space, store, expand=stages, lane=bench.LotLane(store, tmp_path / "lane"))

    run()
    return run


def test_the_best_recipe_says_which_files_of_the_hub_it_was_found_with(
    sweep: Callable[[], None], tmp_path: Path
) -> None:
    results = open_results(str(tmp_path / "store"), "bench")
    best = tmp_path / "best.yaml"
    best.write_text(dump_recipe(recipe_file(results, results.history.trials[1])))
    file = load_recipe(best)
    assert file.data.locked == results.opened.locked
    (pinned,) = file.data.locked.items()
    assert pinned[0] == FILE and pinned[1].revision == "a" * 40
    open_data(file.data, tmp_path)
    bring(tmp_path / "data", "b" * 40)
    with pytest.raises(
        UserError, match=r"data.locked: hub/xnli/dev-de.jsonl was read as of commit a+, but it is of co"
    ):
        open_data(file.data, tmp_path)
    lock.write(tmp_path / "data", {FILE: None})
    with pytest.raises(UserError, match="but it is not there now"):
        open_data(file.data, tmp_path)


@pytest.mark.parametrize(
    ("revision", "label", "what"), [("b", 0, "of commit bbbbbbbbbbbb now"), ("a", 2, "its content is another")]
)
def test_a_sweep_goes_on_with_the_files_that_it_began_with_alone(
    sweep: Callable[[], None], tmp_path: Path, revision: str, label: int, what: str
) -> None:
    sweep()
    bring(tmp_path / "data", revision * 40, label)
    with pytest.raises(UserError, match=f"sweep bench: {FILE} was read as of commit aaaaaaaaaaaa, but .*{what}"):
        sweep()
    bring(tmp_path / "data", "a" * 40)
    sweep()
