"""The runs hold what the store has: curves as COMMITs say them, rungs and scores as the leaderboard says them."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData
from tensorboardX.record_writer import masked_crc32c

from tests.tune_jobs import bench
from tests.tune_jobs.conftest import Run
from trainers.store.stages import StageStore
from tune_jobs.results.results import open_results

CURVE = {"loss": [[1, 2.5], [2, 1.25]], "dev": [[2, 40.0]]}


@pytest.fixture
def swept(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store with a sweep whose training stages have curves."""
    commit = StageStore.commit

    def with_curve(self: Any, stage: Any, attempt: Any, files: Any, inputs: Any, spec: Any, facts: Any) -> Any:
        if spec.kind in ("intermediate", "target"):
            facts = facts | {"label": f"{spec.kind} x?y=z", "curve": CURVE}
        return commit(self, stage, attempt, files, inputs, spec, facts)

    monkeypatch.setattr(StageStore, "commit", with_curve)
    assert crosslift("sweep", str(bench.write(tmp_path)), "--serial", "--trials", "3", "--json")[0] == 0
    return str(tmp_path / "store")


def events(folder: Path) -> list[Event]:
    """The one event file of a run, every checksum looked at."""
    (path,) = folder.iterdir()
    data, found = path.read_bytes(), []
    while data:
        head, (check,) = data[:8], struct.unpack("I", data[8:12])
        (length,) = struct.unpack("Q", head)
        body, (body_check,) = data[12 : 12 + length], struct.unpack("I", data[12 + length : 16 + length])
        assert masked_crc32c(head) == check and masked_crc32c(body) == body_check
        found.append(Event.FromString(body))
        data = data[16 + length :]
    return found


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for event in events(folder):
        for value in event.summary.value:
            if not value.tag.startswith("_hparams_"):
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def said_of(folder: Path, tag: str) -> Any:
    """What the plug-in for hyperparameters is told."""
    (content,) = (
        value.metadata.plugin_data.content
        for event in events(folder)
        for value in event.summary.value
        if value.tag == f"_hparams_/{tag}"
    )
    return getattr(HParamsPluginData.FromString(content), tag)


def parameters(folder: Path) -> dict[str, Any]:
    return {name: item.number_value for name, item in said_of(folder, "session_start_info").hparams.items()}


def test_runs_say_what_store_and_leaderboard_say(crosslift: Run, swept: str, tmp_path: Path) -> None:
    assert crosslift("tensorboard", "bench", "--to", "runs")[0] == 0
    rows = json.loads(crosslift("leaderboard", "bench", "--json")[1])["rows"]
    history = open_results(swept, "bench").history.trials
    assert len(list((tmp_path / "runs").iterdir())) == len(rows) == 3
    for row in rows:
        folder = tmp_path / "runs" / f"trial-{row['trial']:03d}"
        assert events(folder)[0].file_version == "brain.Event:2"
        found = scalars(folder)
        for task, score in row["tasks"].items():
            assert found[f"score/{task}"] == [(2, pytest.approx(score, rel=1e-6))]
        values = [event.value for event in history[row["trial"]].rungs.values()]
        assert found["rung/value"] == [(n, pytest.approx(value, rel=1e-6)) for n, value in enumerate(values, start=1)]
        assert found["suite/average"] == [(2, pytest.approx(row["average"], rel=1e-6))]
        assert ("suite/lift" in found) == (row["lift"] is not None)
        assert found["loss/target_x_y_z"][:2] == [(1, 2.5), (2, 1.25)]
        assert found["dev/target_x_y_z"][0] == (2, 40.0)
        assert ("loss/intermediate_x_y_z" in found) == (row["recipe"]["intermediate"] is not None)
        if row["trial"]:
            said = parameters(folder)
            assert said["target.optimisation.lr"] == row["recipe"]["target"]["optimisation"]["lr"]
            assert said["intermediate.tasks/snli"] == row["recipe"]["intermediate"]["tasks"].get("snli", 0.0)


def test_any_run_tells_what_all_runs_have(crosslift: Run, swept: str, tmp_path: Path) -> None:
    assert crosslift("tensorboard", "bench", "--to", "runs")[0] == 0
    folders = sorted((tmp_path / "runs").iterdir())
    pages = [said_of(folder, "experiment") for folder in folders]
    assert all(page == pages[0] for page in pages)
    named = {info.name for info in pages[0].hparam_infos}
    assert named == set().union(*(parameters(folder) for folder in folders))
    metrics = {info.name.tag for info in pages[0].metric_infos}
    assert metrics == {tag for folder in folders for tag in scalars(folder) if tag.startswith("suite/")}


@pytest.mark.slow  # starts two processes
def test_the_same_sweep_gives_the_same_files_in_every_process(crosslift: Run, swept: str, tmp_path: Path) -> None:
    command = ("tensorboard", "bench", "--to", "runs")

    def content() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in (tmp_path / "runs").rglob("events*")}

    assert crosslift(*command)[0] == 0
    here = content()
    for _ in range(2):
        subprocess.run([sys.executable, "-m", "tune_jobs", *command], check=True, cwd=tmp_path, env=dict(os.environ))
        assert content() == here


def test_a_folder_with_something_else_is_left_alone(crosslift: Run, swept: str, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    code, _, err = crosslift("tensorboard", "bench", "--to", "notes")
    assert code == 2 and "name another folder" in err
    assert (tmp_path / "notes" / "mine.txt").read_text() == "mine"
