"""A store is found damaged wherever it is, mended by the sweep that needs it, and cleared of what nobody needs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.tune_jobs import bench
from tests.tune_jobs.conftest import Run
from trainers.store import open_objects
from trainers.store.stages import WEIGHTS, StageStore
from tune_jobs.results.results import cells_of, open_results
from tune_jobs.results.storage import Keep, clear, verify
from tune_jobs.sweeps.event_log import replay
from tune_jobs.sweeps.events import Ended, How


@pytest.fixture
def store(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> StageStore:
    """Of a finished sweep."""
    assert crosslift("sweep", str(bench.write(tmp_path)), "--serial", "--json")[0] == 0
    return StageStore(open_objects(str(tmp_path / "store")))


def board(crosslift: Run) -> Any:
    code, out, err = crosslift("leaderboard", "bench", "--json")
    assert code == 0, err
    return json.loads(out)


def files(store: StageStore) -> set[str]:
    """All that commits name."""
    return {commit.key(name) for commit in store.commits() for name in commit.files}


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_any_damaged_file_is_found_and_made_again(
    crosslift: Run, store: StageStore, lot: list[bench.LotLane], tmp_path: Path, how: str
) -> None:
    before, whole = board(crosslift), files(store)
    assert crosslift("store", "verify")[0] == 0
    hurt = sorted(whole)[:: max(len(whole) // 5, 1)]
    if how != "gone":  # a stage without a COMMIT is not damaged, but not made
        made = [commit for commit in store.commits() if commit.spec["kind"] == "score"]
        hurt += [f"stages/{commit.stage}/COMMIT.0.json" for commit in made[:: max(len(made) // 3, 1)]]
    for key in hurt:
        path = tmp_path / "store" / key
        content = path.read_bytes()
        path.chmod(0o600)
        if how == "gone":
            path.unlink()
        else:
            path.write_bytes(bytes([content[0] ^ 1]) + content[1:] if how == "flipped" else content[:-1])
    damaged = {key.split("/")[1] for key in hurt}
    assert {v.stage for v in verify(store) if v.faults} == damaged
    code, _, err = crosslift("store", "verify")
    assert code == 2 and "makes it again" in err
    code, out, err = crosslift("sweep", str(tmp_path / "bench.yaml"), "--serial", "--json")
    assert code == 0, err
    again = json.loads(out)
    shutil.rmtree(tmp_path / "cache")  # what was fetched before
    trials = open_results(str(tmp_path / "store"), "bench").history.trials
    scores = {stage for trial in trials for stage in cells_of(trial).values()}
    assert again["trained"] >= len(damaged & scores) > 0
    for stage in scores:
        commit = store.committed(stage)
        assert commit is not None and commit.number == (stage in damaged), "a repair has a number of its own"
    assert not any(v.faults for v in verify(store) if v.stage in scores)
    assert board(crosslift) == before


def test_what_a_sweep_refers_to_stays(crosslift: Run, store: StageStore) -> None:
    before, commits = board(crosslift), list(store.commits())
    code, out, _ = crosslift("store", "gc", "--grace", "0")
    assert code == 0 and out.startswith("0 files")
    assert list(store.commits()) == commits
    assert board(crosslift) == before


def test_what_nobody_refers_to_goes_as_it_was_said(crosslift: Run, store: StageStore, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "store" / "sweeps")
    said = clear(store, Keep.of("all"), grace=-1.0, dry_run=True)
    assert {removal.key for removal in said} >= files(store)
    assert list(store.commits()), "nothing has gone yet"
    assert clear(store, Keep.of("all"), grace=-1.0) == said
    assert not list(store.objects.list("stages/"))


def test_a_store_is_listed_by_kind(crosslift: Run, store: StageStore) -> None:
    listed = json.loads(crosslift("store", "ls", "--json")[1])
    assert sum(row["stages"] for row in listed["holdings"]) == len(list(store.commits()))
    assert listed["sweeps"] == ["bench"]
    assert "score" in crosslift("store", "ls")[1]


def test_a_policy_that_is_none_is_the_users_to_mend(crosslift: Run, store: StageStore) -> None:
    code, _, err = crosslift("store", "gc", "--keep", "best")
    assert code == 2 and "best:3" in err


def weighty(store: StageStore) -> set[str]:
    """Stages that have weights."""
    return {commit.stage for commit in store.commits() if any(name.endswith(WEIGHTS) for name in commit.kept)}


@pytest.mark.parametrize("policy", ["intermediate", "best:1", "best:99"])
def test_weights_stay_as_the_policy_says_and_all_else_stays(crosslift: Run, store: StageStore, policy: str) -> None:
    before, had, commits = board(crosslift), weighty(store), {commit.stage for commit in store.commits()}
    results = open_results(store.objects.name, "bench")
    best = set().union(*(trial.stages for trial in results.history.ranked()[:1]))
    kinds = {commit.stage: commit.spec["kind"] for commit in store.commits()}
    wanted = {
        "intermediate": {stage for stage in had if kinds[stage] != "target"},
        "best:1": had & best,
        "best:99": had,
    }[policy]
    clear(store, Keep.of(policy), grace=-1.0)
    assert weighty(store) == wanted
    assert {commit.stage for commit in store.commits()} == commits
    assert board(crosslift) == before


def test_a_sweep_with_an_open_trial_keeps_its_weights(crosslift: Run, store: StageStore, tmp_path: Path) -> None:
    events = sorted((tmp_path / "store/sweeps/bench/events").iterdir())
    assert '"type":"ended"' in events[-1].read_text()
    events[-1].unlink()
    had = weighty(store)
    clear(store, Keep.of("best:1"), grace=-1.0)
    assert weighty(store) == had


def test_final_runs_are_referred_to(crosslift: Run, store: StageStore, tmp_path: Path) -> None:
    (tmp_path / "best.yaml").write_text(crosslift("best", "bench")[1])
    assert crosslift("final", "best.yaml", "--seeds", "1", "--json")[0] == 0
    before = list(store.commits())
    assert clear(store, Keep.of("all"), grace=-1.0) == []
    assert list(store.commits()) == before


def test_what_is_lost_of_a_failed_trial_is_made_again_and_changes_no_event(
    crosslift: Run, store: StageStore, lot: list[bench.LotLane], tmp_path: Path
) -> None:
    """A trial that failed after its first rung: that rung's cells come back, what failed is not tried again."""
    objects = store.objects
    trial = open_results(objects.name, "bench").history.trials[2]
    events = {e.event.model_dump_json(): e for e in replay(objects, "bench")}
    kept = [e for e in events.values() if getattr(e.event, "trial", None) in (None, 0, 1, 2)]
    kept = [e for e in kept if not (getattr(e.event, "trial", None) == 2 and getattr(e.event, "rung", 0) == 1)]
    failed = Ended(trial=2, how=How.FAILED, value=trial.rungs[0].value, reason="diverged", diverged=True)
    for info in list(objects.list("sweeps/bench/events/")):
        objects.delete(info.key)
    for number, envelope in enumerate(kept):
        event = failed if isinstance(envelope.event, Ended) and envelope.event.trial == 2 else envelope.event
        line = envelope.model_copy(update={"number": number, "event": event}).model_dump_json()
        assert objects.create(f"sweeps/bench/events/{number:08d}.json", line.encode())
    lost = [cells_of(trial)[cell] for cell in (("xnli", "de"), ("panx", "de"))]
    for stage in lost:
        store.condemn(stage, 0)
    space = str(tmp_path / "bench.yaml")
    assert crosslift("sweep", space, "--serial", "--trials", "3")[0] == 0
    assert store.committed(lost[0]) is not None and store.committed(lost[1]) is None
    again = open_results(objects.name, "bench").history.trials[2]
    assert again.ended == failed and set(again.rungs) == {0}
