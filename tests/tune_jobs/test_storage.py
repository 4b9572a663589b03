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
from trainers.store.stages import StageStore
from tune_jobs.results.storage import Keep, clear, verify


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
    again = json.loads(crosslift("sweep", str(tmp_path / "bench.yaml"), "--serial", "--json")[1])
    shutil.rmtree(tmp_path / "cache")  # what was fetched before
    assert again["trained"] >= 0 and not [v for v in verify(store) if v.faults and store.committed(v.stage) is not None]
    assert board(crosslift) == before


def test_what_a_sweep_refers_to_stays(crosslift: Run, store: StageStore) -> None:
    before, commits = board(crosslift), list(store.commits())
    code, out, _ = crosslift("store", "gc", "--grace", "0")
    assert code == 0 and "0 files" in out
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
