"""A sweep on Ray gives what one process gives, also beside another sweep that shares its stages.

On two lanes: `test_demo.py`; on a lane of two workers: `test_ray_kills.py`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tasks import toy
from tests.tune_jobs import test_kills
from tests.tune_jobs.ray_cluster import CROSSLIFT, PATIENCE, machines, wait
from tests.tune_jobs.test_kills import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.ray]


def run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"CROSSLIFT_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [CROSSLIFT, *argv], cwd=folder, env=environment, text=True, capture_output=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done


def board(lab: Lab, sweep: str = "kills") -> Any:
    """The leaderboard as JSON."""
    return json.loads(run(lab.folder.parent, "leaderboard", sweep, "--store", lab.folder.name, "--json").stdout)


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


def test_one_lane_and_two_sweeps_at_once_give_what_one_process_gives(folder: Path, serial: Lab) -> None:
    """Bit for bit; one of the two is stopped."""
    longer = test_kills.SPACE.replace("name: kills", "name: other").replace("parts: 2}", "parts: 10}")
    (folder / "other.yaml").write_text(longer)  # the same recipes and eight more: it is not done when it is stopped
    with machines(folder, 2) as here:
        lab = Lab(folder / "shared")
        first = here.start(lab, "other.yaml", "--data", "data", "--lanes", "1")
        wait(lambda: len(lab.commits()) > 3)
        second = here.start(lab, "kills.yaml", "--data", "data", "--lanes", "1")
        wait(lambda: lab.events())
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=PATIENCE)
        assert first.returncode == 130 and "to continue" in err
        here.finish(second)
        wait(lambda: not here.left(), 60.0)
        # one lane, on an instance of its own beside the cluster
        run(folder, "sweep", "kills.yaml", "--lanes", "1", "--store", "one", "--data", "data")
    assert results(Lab(folder / "one")) == results(serial)
    assert board(Lab(folder / "one")) == board(lab) == board(serial)
    made = results(lab)
    assert {id: made[id] for id in results(serial)} == results(serial)
    again = {stage for stage, count in Counter(lab.begun()).items() if count > 1}
    assert len(again) <= 1, "each was trained once, but for what ran when a sweep was stopped"


def test_a_sweep_rests_when_its_budget_is_used_up_and_goes_on(folder: Path, serial: Lab) -> None:
    """The lane keeps what it has trained; without a larger budget nothing is begun."""
    lab = Lab(folder / "budget")
    command = ("sweep", "kills.yaml", "--lanes", "1", "--store", "budget", "--data", "data", "--json")
    cap = sum(commit.facts["seconds"] for commit in serial.commits().values()) / 4 / 3600  # a quarter of what it takes
    rested, still = (json.loads(run(folder, *command, "--core-hours", f"{cap:.6f}").stdout) for _ in range(2))
    assert rested["over"] == still["over"] == ["core_hours"]
    assert still["trained"] == 0
    assert 0 < rested["budget"]["core_hours"]["used"] <= still["budget"]["core_hours"]["used"]
    rested_at = len(lab.commits())
    assert rested_at < len(serial.commits())
    summary = json.loads(run(folder, *command).stdout)
    assert (summary["over"], summary["budget"]) == ([], {})
    assert results(lab) == results(serial)
    assert board(lab) == board(serial)
