"""A sweep on Ray: the same result whatever runs it, shared by two sweeps, extended, and quiet."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tasks import toy
from tests.tune_jobs import test_kills
from tests.tune_jobs.ray_cluster import CROSSLIFT, PATIENCE
from tests.tune_jobs.test_kills import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TOLERANCE = 1e-4  # of weights after training on two ranks instead of one


def run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"CROSSLIFT_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [CROSSLIFT, *argv], cwd=folder, env=environment, text=True, capture_output=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done


def board(lab: Lab) -> Any:
    """The leaderboard as JSON."""
    return json.loads(run(lab.folder.parent, "leaderboard", "kills", "--store", lab.folder.name, "--json").stdout)


def results(lab: Lab) -> dict[str, dict[str, str]]:
    """The sha256 of all files of all stages."""
    return {id: {name: f.sha256 for name, f in commit.files.items()} for id, commit in lab.commits().items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("on-ray")
    toy.write(folder / "data", size=0.05, seed=1)
    (folder / "kills.yaml").write_text(test_kills.SPACE)
    return folder


@pytest.fixture(scope="module")
def serial(folder: Path) -> Lab:
    run(folder, "sweep", "kills.yaml", "--serial", "--store", "serial", "--data", "data")
    return Lab(folder / "serial")


@pytest.mark.parametrize("lanes", ["1", "2"])
def test_lanes_give_what_one_process_gives_bit_for_bit(folder: Path, serial: Lab, lanes: str) -> None:
    store = f"lanes-{lanes}"
    run(folder, "sweep", "kills.yaml", "--lanes", lanes, "--store", store, "--data", "data")
    assert results(Lab(folder / store)) == results(serial)
    assert board(Lab(folder / store)) == board(serial)
