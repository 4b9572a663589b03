"""Progress in any store: the furthest that is whole counts, and no crash loses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainers.store_lab import CONTENT, STAGE, Lab, deaths
from trainers.store.manifest import Commit
from trainers.store.stages import LostFile, StageStore


def test_the_furthest_complete_progress_of_any_attempt_counts(lab: Lab, tmp_path: Path) -> None:
    assert lab.store.latest_progress(STAGE) is None
    first, second = lab.store.begin(STAGE), lab.store.begin(STAGE)
    lab.save(first, 9, b"nine")
    lab.save(second, 8, b"eight")
    lab.save(first, 100, b"hundred")
    progress = lab.store.latest_progress(STAGE)
    assert progress is not None
    assert (progress.step, progress.attempt, progress.facts) == (100, first, {"step": 100})
    assert lab.store.fetch(progress, "state.safetensors", tmp_path / "cache").read_bytes() == b"hundred"
    saves = {key.split("/")[4].split("-")[0] for key in lab.listed() if "/progress/" in key}
    assert saves == {f"{100:09d}", f"{8:09d}"}, "an attempt keeps its newest save only"


def test_a_crash_while_saving_loses_no_progress(folder_lab: Lab) -> None:
    lab = folder_lab
    attempt = lab.store.begin(STAGE)
    lab.save(attempt, 10, b"ten")
    files = {name: lab.file(b"twenty") for name in ("model.safetensors", "optimiser.safetensors")}
    steps = []
    for _ in deaths(lab, lambda store: store.save_progress(STAGE, attempt, 20, files, {})):
        progress = lab.store.latest_progress(STAGE)
        assert progress is not None
        for name in progress.files:
            assert lab.store.read(progress, name) == (b"ten" if progress.step == 10 else b"twenty")
        steps.append(progress.step)
    assert steps[0] == 10
    assert steps[-1] == 20
    assert steps == sorted(steps)
    assert len([key for key in lab.listed() if key.endswith("PROGRESS.json")]) == 1


def test_damaged_progress_gives_way_to_older(lab: Lab, tmp_path: Path) -> None:
    first, second = lab.store.begin(STAGE), lab.store.begin(STAGE)
    lab.save(first, 10, b"ten")
    newer = lab.save(second, 20, b"twenty")
    lab.overwrite(newer.key("state.safetensors"), b"TWENTY")
    with pytest.raises(LostFile, match="has changed"):
        lab.store.fetch(newer, "state.safetensors", tmp_path / "cache")
    older = lab.store.latest_progress(STAGE)
    assert older is not None
    assert older.step == 10
    lab.overwrite(older.key("state.safetensors"), b"")
    assert lab.store.latest_progress(STAGE) is None


def test_a_commit_drops_all_progress(lab: Lab) -> None:
    first, second = lab.store.begin(STAGE), lab.store.begin(STAGE)
    lab.save(first, 10)
    lab.save(second, 20)
    lab.commit(second, lab.put(second, CONTENT))
    assert lab.store.latest_progress(STAGE) is None
    assert [key for key in lab.listed() if "/progress/" in key] == []


def test_a_result_cannot_hide_among_progress(lab: Lab) -> None:
    with pytest.raises(ValueError, match="progress"):
        lab.put(lab.store.begin(STAGE), {"progress/x": b""})


def test_a_crash_at_any_point_of_a_stage_leaves_it_committed_or_not(folder_lab: Lab) -> None:
    lab = folder_lab
    weights = lab.folder / "weights"
    weights.write_bytes(b"weights")

    def whole(store: StageStore) -> Commit:
        attempt = store.begin(STAGE)
        store.save_progress(STAGE, attempt, 5, {"state.safetensors": weights}, {})
        files = {"model.safetensors": store.put(STAGE, attempt, "model.safetensors", weights)}
        return store.commit(STAGE, attempt, files, {}, {}, {})

    done = [lab.store.committed(STAGE) is not None for _ in deaths(lab, whole)]
    assert done == sorted(done), "once committed it stays so"
    commit = lab.store.committed(STAGE)
    assert commit is not None
    assert commit.number == 0, "no crash makes a second commit necessary"
    assert lab.content(commit) == {"model.safetensors": b"weights"}
