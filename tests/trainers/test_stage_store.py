"""Stages in any store: what is committed, what counts, and how its files are fetched."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.trainers.store_lab import CONTENT, OTHER, STAGE, Lab
from trainers.store.folder import FolderObjects
from trainers.store.manifest import Commit
from trainers.store.stages import LostFile, StageStore


def test_the_layout_is_the_documented_one(lab: Lab) -> None:
    commit = lab.make()
    assert lab.listed() == sorted(
        [
            f"stages/{STAGE}/BEGIN.0.json",
            f"stages/{STAGE}/COMMIT.0.json",
            *(f"stages/{STAGE}/{commit.attempt}/{name}" for name in CONTENT),
        ]
    )


def test_a_commit_holds_what_was_put(lab: Lab) -> None:
    assert lab.store.committed(STAGE) is None
    attempt = lab.store.begin(STAGE)
    files = lab.put(attempt, CONTENT)
    assert lab.store.committed(STAGE) is None, "files without a COMMIT do not count"
    commit = lab.commit(attempt, files)
    assert (commit.stage, commit.attempt, commit.number) == (STAGE, attempt, 0)
    assert (commit.files, commit.inputs, commit.facts) == (files, {"encoder": "1" * 64}, {"tokens": 12})
    assert not commit.evicted
    assert StageStore(lab.open()).committed(STAGE) == commit
    assert lab.content(commit) == CONTENT


def test_names_may_have_folders(lab: Lab) -> None:
    commit = lab.make({"a/model.safetensors": b"1", "b/model.safetensors": b"2"})
    assert lab.content(commit) == {"a/model.safetensors": b"1", "b/model.safetensors": b"2"}


def test_attempts_are_ordered_by_their_beginning(lab: Lab) -> None:
    attempts = [StageStore(lab.open()).begin(STAGE) for _ in range(12)]
    assert attempts == sorted(attempts)
    assert len(set(attempts)) == 12


def test_racing_attempts_are_unique(lab: Lab) -> None:
    with ThreadPoolExecutor(6) as pool:
        attempts = list(pool.map(lambda _: StageStore(lab.open()).begin(STAGE), range(6)))
    assert len({attempt.split("-")[0] for attempt in attempts}) == 6


def test_the_first_of_two_writers_wins_and_the_other_is_discarded(lab: Lab) -> None:
    first, second = lab.store.begin(STAGE), lab.store.begin(STAGE)
    theirs = lab.put(second, {"model.safetensors": b"theirs"})
    ours = lab.put(first, CONTENT)
    lab.save(second, 3)
    winner = lab.commit(first, ours)
    assert winner.attempt == first, "an older attempt may commit: whoever comes first"
    assert lab.commit(second, theirs) == winner
    assert lab.commit(first, ours) == winner, "a repeated commit changes nothing"
    assert lab.store.committed(STAGE) == winner
    assert lab.content(winner) == CONTENT
    assert lab.listed(f"stages/{STAGE}/{second}/") == []


def test_of_racing_writers_all_agree_on_one(lab: Lab) -> None:
    attempts = [lab.store.begin(STAGE) for _ in range(6)]
    files = [lab.put(attempt, {"model.safetensors": attempt.encode()}) for attempt in attempts]
    stores = [StageStore(lab.open()) for _ in attempts]
    barrier = Barrier(len(attempts))

    def race(i: int) -> Commit:
        barrier.wait()
        return stores[i].commit(STAGE, attempts[i], files[i], {}, {}, {})

    with ThreadPoolExecutor(len(attempts)) as pool:
        commits = list(pool.map(race, range(len(attempts))))
    assert all(commit == commits[0] for commit in commits)
    assert commits[0].number == 0
    assert lab.content(commits[0]) == {"model.safetensors": commits[0].attempt.encode()}
    assert {key.split("/")[2] for key in lab.listed(f"stages/{STAGE}/0")} == {commits[0].attempt}


def test_a_commit_needs_its_files(lab: Lab) -> None:
    attempt = lab.store.begin(STAGE)
    files = lab.put(attempt, CONTENT)
    lab.objects.delete(f"stages/{STAGE}/{attempt}/config.json")
    with pytest.raises(LostFile, match=r"config\.json"):
        lab.commit(attempt, files)
    assert lab.store.committed(STAGE) is None


@pytest.mark.parametrize("facts", [{"loss": float("nan")}, {"when": object()}, {1: 2}])
def test_facts_that_json_cannot_hold_are_refused(lab: Lab, facts: dict[Any, Any]) -> None:
    attempt = lab.store.begin(STAGE)
    with pytest.raises((TypeError, ValueError)):
        lab.store.commit(STAGE, attempt, lab.put(attempt, CONTENT), {}, {}, facts)
    assert lab.store.committed(STAGE) is None


def test_all_commits_in_one_listing(lab: Lab) -> None:
    commits = [lab.make(stage=stage) for stage in (OTHER, STAGE)]
    lab.store.begin("6" * 64)
    assert list(lab.store.commits()) == sorted(commits, key=lambda commit: commit.stage)


def test_a_fetched_file_is_read_only_and_shared(lab: Lab, tmp_path: Path) -> None:
    commit = lab.make()
    path = lab.store.fetch(commit, "model.safetensors", tmp_path / "cache")
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    for name in ("model.safetensors", "config.json"):
        lab.objects.delete(commit.key(name))
    again = StageStore(lab.open()).fetch(commit, "model.safetensors", tmp_path / "cache")
    assert again == path, "what is in the cache is not fetched again"
    with pytest.raises(LostFile, match="is missing"):
        lab.store.fetch(commit, "config.json", tmp_path / "cache")
    with pytest.raises(KeyError, match="no file of stage"):
        lab.store.fetch(commit, "unknown", tmp_path / "cache")
    assert lab.store.read(commit, "cell.json") == CONTENT["cell.json"]


def test_a_file_that_many_want_is_downloaded_once(folder_lab: Lab, tmp_path: Path) -> None:
    commit = folder_lab.make()

    class Counting(FolderObjects):
        downloads = 0

        def download(self, key: str, path: Path) -> None:
            Counting.downloads += 1
            super().download(key, path)

    store = StageStore(Counting(tmp_path / "store"))
    with ThreadPoolExecutor(6) as pool:
        paths = list(pool.map(lambda _: store.fetch(commit, "model.safetensors", tmp_path / "cache"), range(6)))
    assert len(set(paths)) == 1
    assert paths[0].read_bytes() == CONTENT["model.safetensors"]
    assert Counting.downloads == 1
