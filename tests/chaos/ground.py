"""Where the runs happen: a cluster, a real S3 server behind a proxy with faults, and what undisturbed sweeps leave."""

from __future__ import annotations

import io
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from tasks import toy
from tests.chaos.blows import INTERVAL
from tests.cluster import s3
from tests.trainers import stores
from tests.trainers.fault_proxy import FaultProxy
from tests.trainers.pair import run_pair
from tests.tune_jobs.ray_cluster import Machines, machines
from tests.tune_jobs.test_kills import Lab
from tests.tune_jobs.test_on_ray import results, run
from tests.tune_jobs.test_ray_kills import stages_of
from trainers.store.objects import Objects
from trainers.store.s3 import SETTINGS, S3Objects
from tune_jobs.commands import main
from tune_jobs.commands.options import DEFAULT_MICRO_TOKENS

BUCKET = "lab"
STALL = 8.0  # seconds
CORES = (2, 2)  # of the nodes
SPACE = """\
name: kills
data: {folders: [.]}
suite:
  name: two
  tasks: [udpos, tatoeba]
  languages: {udpos: [en, qaa], tatoeba: [qaa]}
recipe:
  base:
    model: scratch
    scratch:
      {vocabulary: 300, hidden: 16, layers: 2, heads: 2, positions: 128, languages: [en, qaa],
       steps: 100, batch: 8, max_length: 32, dropout: 0.1}
  intermediate:
    tasks: {simplex: {of: [snli, squad], at_most: 1, parts: 1}}
    mlm_share: 0.3
    mlm_text: text
    optimisation: {lr: 1e-3, batch: 8, steps: 60, max_length: 96, stride: 16, dropout: 0.1}
  target:
    optimisation: {lr: 1e-3, batch: 8, steps: 60, max_length: 96, stride: 16, dropout: 0.1, keep: best}
  retrieval: {layer: 1}
search: {sampler: grid, concurrency: 2}
"""
SWEEP = ("kills.yaml", "--save-every", str(INTERVAL), "--data", "data")
BOARD = ("leaderboard", "kills", "--json")
LANES = {True: ("--workers", "2", "--lanes", "1"), False: ("--workers", "1", "--lanes", "2")}


@dataclass(frozen=True)
class Bucket(Lab):
    """A store below a prefix, as this process reaches it: past the proxy. `folder`: only a name for what is local."""

    client: Any

    @property
    def location(self) -> str:
        return f"s3://{BUCKET}/{self.folder.name}"

    @property
    def objects(self) -> Objects:
        return S3Objects(BUCKET, self.folder.name, self.client)

    def clear(self) -> None:
        """Remove all of it."""
        for info in self.objects.list(""):
            self.objects.delete(info.key)


@dataclass
class Ground:
    """All that runs have in common.

    Attributes:
        folder: with the space, the data and the caches.
        upstream: the S3 server's address; clients know that of the proxy alone.
        port: of the proxies, one after another.
        wholes: the files of undisturbed sweeps, by whether their lanes have two workers.
        board: their leaderboard.
    """

    folder: Path
    upstream: str
    port: int
    client: Any
    wholes: dict[bool, dict[str, dict[str, str]]]
    board: str
    _stack: ExitStack = field(default_factory=ExitStack)
    _here: Machines | None = None

    @property
    def here(self) -> Machines:
        """The cluster, which is started if there is none."""
        if self._here is None:
            self._here = self._stack.enter_context(machines(self.folder, *CORES))
        return self._here

    def restart(self) -> None:
        """End the cluster; the next run has another one."""
        self._here = None
        self._stack.close()

    def bucket(self, run: int) -> Bucket:
        """The store of a run."""
        return Bucket(self.folder / f"run-{run}", self.client)

    def proxy(self, run: int) -> FaultProxy:
        """The way to the server, undisturbed at first; its faults are the run's own."""
        return FaultProxy(self.upstream, seed=run, stall=STALL, port=self.port)

    def forget(self) -> None:
        """Empty the lanes' cache, so that each run reads from its store."""
        shutil.rmtree(self.folder / "lanes-cache", ignore_errors=True)


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Within: all of it, with what undisturbed sweeps leave; the cluster starts with the first run."""
    toy.write(folder / "data", size=0.05, seed=1)
    (folder / "kills.yaml").write_text(SPACE)
    serial = Lab(folder / "serial")
    run(folder, "sweep", *SWEEP, "--serial", "--store", "serial")
    run_pair(folder / "pair", partial(stages_of, folder), DEFAULT_MICRO_TOKENS)
    wholes = {False: results(serial), True: results(Lab(folder / "pair" / "store"))}
    with _server(folder / "s3") as server, pytest.MonkeyPatch.context() as patch:
        port = _free_port()
        keys = {"AWS_ACCESS_KEY_ID": server.access, "AWS_SECRET_ACCESS_KEY": server.secret}
        proxied = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        lanes = {"CROSSLIFT_CACHE": str(folder / "lanes-cache"), "RAY_AUTH_MODE": "disabled"}
        for name, value in (server.environment | keys | proxied | lanes).items():
            patch.setenv(name, value)  # processes of the cluster have them from here
        client = boto3.client("s3", endpoint_url=server.endpoint, config=SETTINGS)
        client.create_bucket(Bucket=BUCKET)
        found = Ground(folder, server.endpoint, port, client, wholes, command(*BOARD, "--store", serial.location)[1])
        try:
            yield found
        finally:
            found.restart()


def command(*argv: str) -> tuple[int, str]:
    """A command in this process: its exit code, and what it prints."""
    with redirect_stdout(io.StringIO()) as out:
        code = main.run(argv)
    return code, out.getvalue()


@contextmanager
def _server(folder: Path) -> Iterator[s3.Server]:
    """A real server where one is installed."""
    if os.geteuid() == 0 and all(map(shutil.which, s3.PACKAGES[:-1])):
        with s3.server(folder) as server:
            yield server
        return
    with stores.server() as address:
        yield s3.Server(address, "somebody", "wordless-secret")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as there:
        return int(there.getsockname()[1])
