"""What the doctor finds of a machine and a store; each fault is found by what it does, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import ray

from tests.trainers.stores import server
from tests.tune_jobs.conftest import Run
from tests.tune_jobs.ray_cluster import CROSSLIFT, PATIENCE, machines
from trainers.store.folder import FolderObjects
from tune_jobs import doctor

KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}


def findings(crosslift: Run, store: str) -> dict[str, dict[str, str]]:
    _, out, _ = crosslift("doctor", "--store", store, "--json")
    return {finding["check"]: finding for finding in json.loads(out)}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks of any size will do."""
    monkeypatch.setattr(doctor, "ROOM", 0.0)
    monkeypatch.setattr(doctor, "SHARED", 0.0)


def test_all_is_well_in_a_folder_and_nothing_stays(crosslift: Run, tmp_path: Path) -> None:
    code, out, _ = crosslift("doctor", "--store", str(tmp_path / "store"))
    assert code == 0 and "mend" not in out
    assert not list(FolderObjects(tmp_path / "store").list(""))


def test_all_is_well_in_a_bucket(crosslift: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with server() as endpoint:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": endpoint}.items():
            monkeypatch.setenv(name, value)
        found = findings(crosslift, "s3://lab/doctor")
    assert not found["store"]["mend"] and not found["clock"]["mend"]


class Overwrites(FolderObjects):
    """A store that takes every write, like servers that ignore `If-None-Match`."""

    def create(self, key: str, data: bytes) -> bool:
        self.delete(key)
        return super().create(key, data)


class Late(FolderObjects):
    """A store whose clock is an hour ahead."""

    def now(self) -> float:
        return super().now() + 3600.0


@pytest.mark.parametrize(("kind", "check", "word"), [(Overwrites, "store", "twice"), (Late, "clock", "+3600 s")])
def test_a_store_that_will_not_do_is_found(
    crosslift: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[FolderObjects], check: str, word: str
) -> None:
    monkeypatch.setattr(doctor, "open_objects", lambda location: kind(tmp_path / "store"))
    found = findings(crosslift, "any")
    assert word in found[check]["found"] and found[check]["mend"]
    assert [name for name, finding in found.items() if finding["mend"]] == [check]
    assert not list(FolderObjects(tmp_path / "store").list(""))


def test_what_cannot_be_written_is_one_line_and_exit_code_2(crosslift: Run, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file in its place")
    code, out, err = crosslift("doctor", "--store", str(tmp_path / "store"))
    assert code == 2 and "mend  store" in out and err.strip().endswith("to be mended first: store")


@pytest.mark.parametrize(("mode", "word"), [(None, "none at"), (0o644, "read by others"), (0o600, "there")])
def test_the_token_is_there_and_nobody_else_reads_it(
    crosslift: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int | None, word: str
) -> None:
    token = tmp_path / "auth_token"
    if mode is not None:
        token.write_text("secret")
        token.chmod(mode)
    monkeypatch.setattr(doctor, "TOKEN", token)
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    found = findings(crosslift, str(tmp_path / "store"))["ray token"]
    assert word in found["found"] and bool(found["mend"]) == (mode != 0o600)
    assert "secret" not in json.dumps(found) and os.environ["RAY_AUTH_MODE"] == "token"


@pytest.mark.slow
@pytest.mark.ray
def test_all_machines_of_a_cluster_look_at_themselves(tmp_path: Path) -> None:
    with machines(tmp_path, 1, 1) as here:
        argv = [CROSSLIFT, "doctor", "--address", here.cluster.address, "--store", str(tmp_path / "store"), "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE)
        nodes = {node["NodeManagerAddress"] for node in ray.nodes()}
    found = {finding["check"]: finding for finding in json.loads(done.stdout)}
    for check in ("python", "packages", "gpus", "store", "clock"):
        assert {f"{node} {check}" for node in nodes} <= found.keys()
    assert found["cluster"] == {"check": "cluster", "found": "16 trial slots", "mend": ""}
