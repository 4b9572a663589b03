"""A sweep on hosts that are reached by ssh, its store on a real S3 server: a worker host is lost, then the head host.

`make test-cluster` runs it, as root.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.cluster import s3
from tests.cluster.cluster import BUCKET, PREFIX, Outside
from tests.cluster.hosts import OUTSIDE, RAY, Hosts, hosts, left_behind
from trainers.store.manifest import Progress
from trainers.store.s3 import SETTINGS, S3Objects
from trainers.store.stages import StageStore

TOOLS = ("sshd", "rsync", "ip", "ceph-mon", "ceph-osd", "radosgw")
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
    pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="`make test-cluster` installs what is missing"),
]

PATIENCE = 300.0
SPACE = """\
name: hosts
data: {toy: {size: 0.05, seed: 1, further: false}}
suite:
  name: two
  tasks: [udpos, tatoeba]
  languages: {udpos: [en, qaa], tatoeba: [qaa]}
recipe:
  base:
    model: scratch
    scratch:
      {vocabulary: 300, hidden: 16, layers: 2, heads: 2, positions: 128, languages: [en, qaa],
       steps: 400, batch: 8, max_length: 32, dropout: 0.1}
  intermediate:
    tasks: {simplex: {of: [snli, squad], at_most: 1, parts: 1}}
    optimisation: {lr: 1e-3, batch: 8, steps: 400, max_length: 96, stride: 16, dropout: 0.1}
  target:
    optimisation: {lr: 1e-3, batch: 8, steps: 30, max_length: 96, stride: 16, dropout: 0.1}
  retrieval: {layer: 1}
search: {sampler: grid, concurrency: 2}
"""
SUBMIT = ("submit", "hosts.yaml", "--workers", "2", "--lanes", "1", "--save-every", "1")
PRETRAINING, INTERMEDIATE = "pretrain", "intermediate"


@dataclass
class Story:
    """What was seen, in the order in which it happened."""

    outside: Outside
    saved: dict[str, Progress] = field(default_factory=dict)  # what was saved when a host was lost
    before: dict[str, str] = field(default_factory=dict)  # committed when the head was lost: stage → attempt
    jobs: list[dict[str, Any]] = field(default_factory=list)
    board: dict[str, Any] = field(default_factory=dict)
    best: str = ""
    final: dict[str, Any] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)  # of the struck stages
    secrets: list[str] = field(default_factory=list)  # files that hold one
    left: list[str] = field(default_factory=list)


def wait(met: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + PATIENCE
    while not (answer := met()):
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.3)
    return answer


def in_the_middle(store: StageStore, kind: str) -> Progress:
    """What a stage of this kind has saved that has not ended."""

    def saved() -> Progress | None:
        stages = {info.key.split("/")[1] for info in store.objects.list("stages/") if "/progress/" in info.key}
        for stage in stages:
            progress = store.latest_progress(stage)
            if progress is not None and kind in "".join(store.logs(stage).values()):
                return progress
        return None

    answer: Progress = wait(saved, f"a save of {kind}")
    return answer


def attempts(store: StageStore) -> dict[str, str]:
    return {commit.stage: commit.attempt for commit in store.commits()}


def holding(folders: list[Path], words: list[str]) -> list[str]:
    """Files in which one of these words stands, except those that are there to hold them."""
    mine = {"credentials", "auth_token"}
    found = []
    for path in (path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name not in mine:
            content = path.read_bytes()
            found += [str(path) for word in words if word.encode() in content]
    return found


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """All of it; hosts and server are gone afterwards."""
    folder = tmp_path_factory.mktemp("cluster")
    forget()
    with hosts(folder / "hosts", {}) as machines, s3.server(folder / "s3", OUTSIDE) as server:
        found = Story(Outside(folder / "outside", server))
        live(found, machines, server)
    forget()
    found.left = list(left_behind())
    return found


def forget() -> None:
    """Remove what Ray's launcher keeps of the cluster on this machine, also when it is down."""
    for path in RAY.glob("cluster-crosslift-ssh*"):
        path.unlink()


def live(story: Story, machines: Hosts, server: s3.Server) -> None:
    """Up, a sweep, a lost worker, a lost head, up again, the same command, down; and then without a cluster."""
    outside = story.outside
    outside.folder.mkdir()
    outside.prepare()
    (outside.folder / "hosts.yaml").write_text(SPACE)
    machines.image = outside.image()
    for number in (1, 2, 3):
        machines.add(number)
    outside.write_file(machines, 1, (2, 3))
    store = opened(server)

    outside.up()
    outside.json(*SUBMIT)
    story.saved[PRETRAINING] = in_the_middle(store, PRETRAINING)
    machines.hosts[2].lose()
    machines.add(2)
    stage = story.saved[PRETRAINING].stage
    wait(lambda: store.committed(stage), "the pretraining, on the host that took the lost one's place")

    story.saved[INTERMEDIATE] = in_the_middle(store, INTERMEDIATE)
    machines.hosts[1].lose()
    story.before = attempts(store)
    machines.add(4)
    outside.write_file(machines, 4, (2, 3))
    outside.up()
    outside.run("crosslift", *SUBMIT, "--watch")
    story.jobs = outside.json("jobs")
    story.secrets = secrets_in(outside, machines, server, store)
    outside.down()
    for host in machines.hosts.values():
        host.lose()

    story.board = outside.json("leaderboard", "hosts")
    story.best = outside.run("crosslift", "best", "hosts")
    (outside.folder / "best.yaml").write_text(story.best)
    story.final = outside.json("final", "best.yaml", "--seeds", "1")
    story.commits = attempts(store)
    story.logs = {kind: "".join(store.logs(saved.stage).values()) for kind, saved in story.saved.items()}


def opened(server: s3.Server) -> StageStore:
    """The store as this process reads it."""
    keys = {"aws_access_key_id": server.access, "aws_secret_access_key": server.secret, "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=server.endpoint, config=SETTINGS, **keys)
    return StageStore(S3Objects(BUCKET, PREFIX, client))


def secrets_in(outside: Outside, machines: Hosts, server: s3.Server, store: StageStore) -> list[str]:
    """Where a credential stands that was used: on hosts, in logs, in the store, in what the cluster says of jobs."""
    words = [server.secret, server.access, outside.token]
    places = [place for host in machines.hosts.values() for place in (host.home, host.ray)]
    found = holding([*places, outside.folder], words)
    objects = store.objects
    found += [info.key for info in objects.list("") if any(w.encode() in objects.read(info.key) for w in words)]
    records = outside.run("ray", "exec", "--no-config-cache", str(outside.file), "ray job list")
    assert "hosts-2" in records, records
    return found + [f"job records: {word[:4]}…" for word in words if word in records]


@pytest.mark.parametrize("kind", [PRETRAINING, INTERMEDIATE])
def test_no_more_is_lost_than_what_came_after_the_last_save(story: Story, kind: str) -> None:
    """Whoever comes after goes on from it; only a head's workers may outlive it for a moment, and end their stage."""
    saved = story.saved[kind]
    if story.commits[saved.stage] == saved.attempt:
        assert kind == INTERMEDIATE
        return
    steps = [int(step) for step in re.findall(r"going on from step (\d+)", story.logs[kind])]
    assert steps and steps[-1] >= saved.step


def test_a_new_cluster_goes_on_where_the_lost_one_was(story: Story) -> None:
    """The same command: the next driver, and nothing trained again."""
    assert [job["id"] for job in story.jobs] == ["hosts-2"], "the new head knows of no other"
    assert story.jobs[0]["state"] == "succeeded"
    assert story.before.items() <= story.commits.items()


def test_results_need_the_store_alone(story: Story) -> None:
    rows = story.board["rows"]
    assert [row["how"] for row in rows] == ["complete"] * 3
    assert "recipe:" in story.best
    assert story.final["lines"] and all(0 <= line["score"] <= 100 for line in story.final["lines"])


def test_no_credential_stands_anywhere(story: Story) -> None:
    assert story.secrets == []


def test_nothing_is_left_behind(story: Story) -> None:
    assert story.left == []
    mine = str(story.outside.folder.parent).encode()
    running = [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if mine in _read(path)]
    assert running == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just ended
        return b""
