"""A store through a proxy that spoils requests: nothing is lost, nothing is changed, and all comes to an end.

`CROSSLIFT_TRIPS` sets the number of round trips, `CROSSLIFT_STALL` the seconds of a stall (30 as on real networks, with
pauses of full length), and `CROSSLIFT_S3=s3://bucket/prefix` with AWS_ENDPOINT_URL names a real server.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from tasks.errors import UserError
from tests.trainers.fault_proxy import Fault, FaultProxy
from trainers.store.objects import ChangedObject
from trainers.store.retries import Retries
from trainers.store.s3 import SETTINGS, S3Objects
from trainers.store.s3_faults import passing
from trainers.store.stages import StageStore
from tune_jobs.results.storage import verify

TRIPS = int(os.environ.get("CROSSLIFT_TRIPS", "30"))
STALL = float(os.environ.get("CROSSLIFT_STALL", "1.5"))
QUICK = (Fault.SLOW_DOWN, Fault.LOST_REPLY)  # are tested by `make check`, too
PART = 5 << 20  # bytes; the least that servers take
HURRY = 1 if "CROSSLIFT_STALL" in os.environ else 8  # pauses are shorter by this


class Server:
    """An S3 server and a prefix on it, opened straight or through a proxy."""

    def __init__(self, address: str, bucket: str, prefix: str, **client_settings: Any) -> None:
        self.address, self.bucket, self.prefix = address, bucket, prefix
        self._settings = client_settings

    def open(self, address: str | None = None) -> S3Objects:
        """As another process of the same work would, by the server's own address or a proxy's."""
        name = f"s3://{self.bucket}/{self.prefix}"
        config = SETTINGS.merge(Config(read_timeout=STALL * 2 / 3 if address else 60, max_pool_connections=20))
        boto = boto3.client("s3", endpoint_url=address or self.address, config=config, **self._settings)
        retries = Retries(name, passing, reached=True, pause=_hurried)
        return S3Objects(self.bucket, self.prefix, boto, retries, part=PART)


def _hurried(ended: Event, seconds: float) -> None:
    ended.wait(seconds / HURRY)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    """The server in this process, or the real one that is named."""
    if location := os.environ.get("CROSSLIFT_S3"):
        parts = urlsplit(location)
        return Server(os.environ["AWS_ENDPOINT_URL"], parts.netloc, f"{parts.path.strip('/')}/{uuid4().hex}")
    keys = {"aws_access_key_id": "somebody", "aws_secret_access_key": "wordless-secret", "region_name": "us-east-1"}
    return Server(request.getfixturevalue("endpoint"), "lab", uuid4().hex, **keys)


@pytest.mark.parametrize("fault", [pytest.param(f, marks=[pytest.mark.slow] * (f not in QUICK)) for f in Fault])
def test_every_operation_outlives_every_fault(server: Server, tmp_path: Path, fault: Fault) -> None:
    """Many requests fail; what was done is looked at without the proxy."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(random.Random(1).randbytes(1000))
    large.write_bytes(random.Random(2).randbytes(2 * PART + 3))
    straight = server.open()
    rate = 0.1 if fault is Fault.STALL else 0.4
    with FaultProxy(server.address, rate=rate, seed=3, stall=STALL, kinds=[fault]) as proxy:
        objects = server.open(proxy.address)
        for number in range(6):
            assert objects.create(f"event/{number}", b"%d" % number)
            assert not objects.create(f"event/{number}", b"%d" % number)
            assert objects.read(f"event/{number}") == b"%d" % number
        for path in (small, large):
            objects.upload(path.name, path)
            objects.upload(path.name, path)
            objects.download(path.name, tmp_path / "copy")
            assert (tmp_path / "copy").read_bytes() == path.read_bytes()
        sizes = {f"event/{number}": 1 for number in range(6)} | {"small": 1000, "large": 2 * PART + 3}
        for _ in range(3):
            assert {info.key: info.size for info in objects.list("")} == sizes
        for number in range(6):
            objects.delete(f"event/{number}")
            with pytest.raises(KeyError):
                objects.read(f"event/{number}")
        assert objects.now() > 0
        objects.tidy(objects.now() + 60)
        assert proxy.counts[fault] > 0
    assert [info.key for info in straight.list("")] == ["large", "small"]
    assert straight.read("small") == small.read_bytes()
    straight.download("large", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == large.read_bytes()


@pytest.mark.slow
def test_a_damaged_object_is_told_from_a_flip_on_the_way(server: Server, tmp_path: Path) -> None:
    straight = server.open()
    right, wrong = b"right" * 50, b"wrong" * 50
    straight.create("whole", right)
    straight.create("damaged", right)
    metadata = straight._client.head_object(Bucket=server.bucket, Key=f"{server.prefix}/damaged")["Metadata"]
    straight._client.put_object(Bucket=server.bucket, Key=f"{server.prefix}/damaged", Body=wrong, Metadata=metadata)
    with FaultProxy(server.address, rate=0.4, seed=4, kinds=[Fault.FLIPPED_REPLY]) as proxy:
        objects = server.open(proxy.address)
        for _ in range(4):
            assert objects.read("whole") == right
            with pytest.raises(ChangedObject):
                objects.read("damaged")
            with pytest.raises(ChangedObject):
                objects.download("damaged", tmp_path / "copy")
        assert proxy.counts[Fault.FLIPPED_REPLY] > 0


@pytest.mark.slow
def test_an_outage_passes_unnoticed(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(random.Random(5).randbytes(2 * PART))
    with FaultProxy(server.address) as proxy:
        objects = server.open(proxy.address)
        assert objects.now() > 0
        acts: list[Callable[[], object]] = [
            lambda: objects.create("created", b"1"),
            lambda: objects.upload("uploaded", file),
            lambda: list(objects.list("")),
            lambda: objects.delete("nothing"),
            objects.now,
            lambda: objects.tidy(0),
        ]
        proxy.outage(2)
        with ThreadPoolExecutor(len(acts)) as pool:
            for done in [pool.submit(act) for act in acts]:
                done.result()
    straight = server.open()
    assert straight.read("created") == b"1"
    straight.download("uploaded", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == file.read_bytes()


@pytest.mark.slow
def test_the_proxy_is_a_process_of_its_own_too(server: Server) -> None:
    command = [sys.executable, "-m", "tests.trainers.fault_proxy", server.address, "--rate", "0.5", "--seed", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        objects = server.open(address)
        urlopen(Request(f"{address}/-/rate?rate=0", method="POST"))
        assert objects.create("a", b"1")
        urlopen(Request(f"{address}/-/outage?seconds=1", method="POST"))
        assert objects.read("a") == b"1"
        counts = json.load(urlopen(f"{address}/-/counts"))
        assert counts.pop("requests") > 0 and counts == {}, "resets of an outage are no drawn faults"
        process.terminate()
    assert process.returncode == 0


# Round trips of whole stages


def contents(trip: int) -> dict[str, bytes]:
    """Files of one stage; every tenth has one that travels in parts."""
    lot = random.Random(trip)
    large = PART + lot.randrange(PART) if trip % 10 == 0 else lot.randrange(300_000)
    return {"empty.txt": b"", "cell.json": lot.randbytes(200), "model.safetensors": lot.randbytes(large)}


def round_trip(store: StageStore, trip: int, folder: Path) -> None:
    """One stage from its begin to a reader's copy."""
    stage, files = f"{trip:064x}", contents(trip)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    attempt = store.begin(stage)
    for step in (10, 20):
        store.save_progress(stage, attempt, step, {"state.safetensors": folder / "cell.json"}, {"step": step})
        store.keep_log(stage, attempt, f"{step:09d}", "a line\n")
    progress = store.latest_progress(stage)
    assert progress is not None and progress.step == 20
    assert store.read(progress, "state.safetensors") == files["cell.json"]
    stored = {name: store.put(stage, attempt, name, folder / name) for name in files}
    commit = store.commit(stage, attempt, stored, {"trip": str(trip)}, {"kind": "score"}, {"trip": trip})
    assert commit.attempt == attempt and commit.number == 0
    assert store.committed(stage) == commit
    for name, data in files.items():
        assert store.fetch(commit, name, folder / "cache").read_bytes() == data


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_round_trips_through_faults_lose_nothing(server: Server, tmp_path: Path) -> None:
    reported: list[str] = []
    with FaultProxy(server.address, rate=0.1, seed=6, stall=STALL) as proxy:

        def go(trip: int) -> None:
            folder = tmp_path / str(trip)
            folder.mkdir()
            try:
                round_trip(StageStore(server.open(proxy.address)), trip, folder)
            except UserError as error:
                reported.append(str(error))

        with ThreadPoolExecutor(8 if TRIPS < 100 else 32) as pool:
            for done in [pool.submit(go, trip) for trip in range(TRIPS)]:
                done.result()
    print(f"{TRIPS} trips:", *(f"{count} {what};" for what, count in proxy.counts.most_common()))  # noqa: T201 - figures
    assert reported == [], "no fault lasts as long as the deadline"
    straight = StageStore(server.open())
    commits = {commit.stage: commit for commit in straight.commits()}
    assert commits.keys() == {f"{trip:064x}" for trip in range(TRIPS)}
    assert all(verified.faults == () for verified in verify(straight))
    for trip in range(TRIPS):
        commit = commits[f"{trip:064x}"]
        for name, data in contents(trip).items():
            assert straight.read(commit, name) == data
    left = Counter(info.key.split("/")[-1] for info in straight.objects.list("") if "/progress/" in info.key)
    assert not left, "progress goes with the commit"
    assert sum(proxy.counts[fault] for fault in Fault) > TRIPS
