"""A hub in a process of its own behind a pipe, on a folder store, that says what each call costs and what it holds."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from trainers.store.folder import FolderObjects
from trainers.store.leases import Held, Holder
from trainers.store.manifest import Commit
from trainers.store.objects import ObjectInfo
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Patience
from tune_jobs.lanes.hub import Hub

NODE = "node"  # where all lanes are
T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """Seconds of one call.

    `waited`: on the run queue, ready but without a core, of caller and hub: what else the machine is doing. `seen`: as
    its caller saw it, pipe and pickling too, without that. `inside`: in the hub, without what that waited. `store`: the
    part of it in the store, which may hold some waiting. All of them at least 0.
    """

    seen: float
    inside: float
    store: float
    waited: float


class Counting(FolderObjects):
    """Counts requests, and what listings have named."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.requests: Counter[str] = Counter()

    def create(self, key: str, data: bytes) -> bool:
        """See `Objects.create`."""
        self.requests["create"] += 1
        return super().create(key, data)

    def read(self, key: str) -> bytes:
        """See `Objects.read`."""
        self.requests["read"] += 1
        return super().read(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `Objects.list`."""
        self.requests["list"] += 1
        for info in super().list(prefix):
            self.requests["listed"] += 1
            yield info


class TimedShelf:
    """A stage store that keeps the time."""

    def __init__(self, store: StageStore) -> None:
        self.seconds = 0.0
        self._store = store

    def look(self, stage: str, holder: Holder) -> tuple[Commit | None, Held | None]:
        """See `StageStore.look`."""
        return self._timed(lambda: self._store.look(stage, holder))

    def begin(self, stage: str, holder: Holder) -> str | None:
        """See `StageStore.begin`."""
        return self._timed(lambda: self._store.begin(stage, holder))

    def _timed(self, call: Callable[[], T]) -> T:
        begun = time.perf_counter()
        try:
            return call()
        finally:
            self.seconds += time.perf_counter() - begun


class HubApart:
    """The hub as it is called from another process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def call(self, name: str, *arguments: Any) -> Any:
        """What a method of the hub returns."""
        return self.timed(name, *arguments)[0]

    def timed(self, name: str, *arguments: Any) -> tuple[Any, Cost]:
        """That, and what it has cost."""
        begun, queued = time.perf_counter(), queue_seconds()
        self._connection.send((name, arguments))
        value, inside, store, there = self._connection.recv()
        seen, waited = time.perf_counter() - begun, queue_seconds() - queued + there
        if isinstance(value, Exception):
            raise value
        return value, Cost(max(seen - waited, 0.0), max(inside - there, 0.0), store, waited)

    def memory(self) -> int:
        """Resident bytes of the hub's process."""
        resident: int = self.call("_memory")
        return resident

    def requests(self) -> Counter[str]:
        """What the hub has asked of the store so far."""
        counted: Counter[str] = self.call("_requests")
        return counted


@contextmanager
def hub_apart(folder: Path) -> Iterator[HubApart]:
    """Within: a hub of its own process, on a store in a folder."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, folder), daemon=True)
    process.start()
    try:
        yield HubApart(ours)
    finally:
        ours.close()
        process.join(10)
        process.kill()


def resident() -> int:
    """Resident bytes of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def queue_seconds() -> float:
    """Seconds that this process has been ready to run while others had the cores."""
    return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9


def _serve(connection: Connection, folder: Path) -> None:
    objects = Counting(folder)
    shelf = TimedShelf(StageStore(objects))
    hub = Hub(shelf, time.monotonic, lambda: {NODE}, Patience())
    own: dict[str, Callable[[], Any]] = {"_memory": resident, "_requests": lambda: objects.requests}
    while True:
        try:
            name, arguments = connection.recv()
        except EOFError:
            return
        shelf.seconds, begun, queued = 0.0, time.perf_counter(), queue_seconds()
        try:
            value = own[name]() if name in own else getattr(hub, name)(*arguments)
        except Exception as error:  # the caller's to raise
            value = error
        inside, waited = time.perf_counter() - begun, queue_seconds() - queued
        connection.send((value, inside, shelf.seconds, waited))
