"""Two sweeps in processes of their own on one store: what both want is trained once, and nobody waits for the dead."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks import toy
from tests.tune_jobs import test_kills
from tests.tune_jobs.test_kills import COMMAND, STRUCK, Lab
from trainers.store.folder import FolderObjects

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ONE = test_kills.SPACE.replace("name: kills", "name: one")
OTHER = (
    test_kills.SPACE.replace("name: kills", "name: other")
    .replace("at_most: 2, parts: 2}}", "at_most: 1, parts: 2}}\n    fraction: {choice: [0.5, 1.0]}")
    .replace("concurrency: 2", "concurrency: 3")
)


@dataclass
class Sweep:
    """A process of `crosslift sweep`, and what it has said so far."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def said(self) -> str:
        return self.err.read_text()

    def end(self) -> dict[str, Any]:
        """What it prints in the end."""
        assert self.process.wait(timeout=300) == 0, self.said()
        printed: dict[str, Any] = json.loads(self.out.read_text())
        return printed


@dataclass
class Bench:
    """Sweeps in a folder with data and spaces, each with a cache of its own."""

    folder: Path
    lab: Lab
    begun: int = 0

    def start(self, name: str, *options: str, strike: tuple[str, str, int, str] | None = None) -> Sweep:
        """Start a sweep, with a signal to itself (which one, before or after, of how many, writes to which path)."""
        self.begun += 1
        out, err, trace = (self.folder / f"{self.begun}.{kind}" for kind in ("out", "err", "trace"))
        by = COMMAND if strike is None else (sys.executable, str(STRUCK), str(trace), *map(str, strike))
        command = [*by, "sweep", f"{name}.yaml", "--serial", "--json", "--data", "data", "--store", "store"]
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [*command, "--micro-tokens", "128", *options],
                cwd=self.folder,
                env=os.environ | {"CROSSLIFT_CACHE": f"{self.folder}/cache-{name}", "OMP_NUM_THREADS": "1"},
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        return Sweep(process, out, err)

    def stage(self, kind: str) -> str:
        """The one stage of a kind that has been made."""
        (found,) = (commit.stage for commit in self.lab.commits().values() if commit.spec["kind"] == kind)
        return found

    def released(self) -> list[str]:
        return [info.key for info in FolderObjects(self.lab.folder).list("stages/") if info.key.endswith("/RELEASED")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    toy.write(tmp_path / "data", size=0.05, seed=1)
    (tmp_path / "one.yaml").write_text(ONE)
    (tmp_path / "other.yaml").write_text(OTHER)
    return Bench(tmp_path, Lab(tmp_path / "store"))


def until(true: Callable[[], object], *sweeps: Sweep) -> None:
    while not true():
        for sweep in sweeps:
            assert sweep.process.poll() is None, sweep.said()
        time.sleep(0.05)


def test_what_two_sweeps_share_is_trained_once(bench: Bench) -> None:
    """They begin together, and meet at the first stage: one waits until the other one has made it."""
    one = bench.start("one", "--trials", "3", strike=("SIGSTOP", "after", 2, r"/BEGIN\.0\.json"))
    assert os.WIFSTOPPED(os.waitpid(one.process.pid, os.WUNTRACED)[1])
    other = bench.start("other", "--trials", "3")
    until(lambda: "pretrain is being made by sweep one elsewhere; waiting for it" in other.said(), other)
    os.killpg(one.process.pid, signal.SIGCONT)
    printed = [one.end(), other.end()]
    commits, begun = bench.lab.commits(), bench.lab.begun()
    assert sorted(begun) == sorted(commits), "each once"
    assert all(commit.number == 0 for commit in commits.values())
    assert sum(said["trained"] for said in printed) == len(commits)
    assert all(said["trials"].keys() == {"complete"} for said in printed)
    shared = sum(said["trained"] + said["stored"] for said in printed) - len(commits)
    assert 0 < shared < len(commits)
    assert other.said().count("pretrain is being made") == 1, "said once"
    assert not bench.released()


def test_a_sweep_that_was_killed_goes_on_at_once(bench: Bench) -> None:
    """The lease of its first life is as fresh as can be: the log says that its driver was replaced."""
    killed = bench.start("one", "--trials", "1", "--save-every", "0", strike=("SIGKILL", "after", 3, "PROGRESS"))
    assert killed.process.wait() == -signal.SIGKILL
    again = bench.start("one", "--trials", "1")
    again.end()
    assert "waiting for it" not in again.said()
    assert len(bench.lab.begun()) == len(bench.lab.commits()) + 1


def test_a_sweep_that_was_asked_to_stop_keeps_nobody_waiting(bench: Bench) -> None:
    """Another sweep goes on with what it was making, from where it stopped."""
    stopped = bench.start("one", "--trials", "1", "--save-every", "0", strike=("SIGINT", "after", 3, "PROGRESS"))
    assert stopped.process.wait() == 130, stopped.said()
    assert len(bench.released()) == 1
    other = bench.start("other", "--trials", "1")
    other.end()
    assert "waiting for it" not in other.said()
    assert "going on from step" in "".join(bench.lab.store.logs(bench.stage("pretrain")).values())
    assert not bench.released(), "a commit takes it away"
