"""Command lines in a folder of their own, on lanes that answer by lot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tune_jobs import bench
from trainers.store.stages import StageStore
from tune_jobs.commands import main
from tune_jobs.lanes import serial_lane

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bench.LotLane]:
    """The lanes that commands have made, the newest last."""
    made: list[bench.LotLane] = []

    def lane(store: StageStore, micro_tokens: int, save_seconds: float) -> bench.LotLane:
        made.append(bench.LotLane(store, tmp_path / "lane"))
        return made[-1]

    monkeypatch.setattr(serial_lane, "serial_lane", lane)
    return made


@pytest.fixture
def crosslift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROSSLIFT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CROSSLIFT_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("os.fsync", lambda handle: None)  # nobody pulls the plug here, and it takes most of the time

    def run(*argv: str) -> tuple[int, str, str]:
        code = main.run(argv)
        out, err = capsys.readouterr()
        return code, out, err

    return run
