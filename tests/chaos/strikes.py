"""A blow finds its moment and its victim."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from subprocess import Popen
from typing import Any

import ray

from tests.chaos.blows import ACTORS, FAULTS, INTERVAL, RANKS, Blow, Kind
from tests.chaos.ground import CORES, LANES, SWEEP, Bucket
from tests.trainers.fault_proxy import FaultProxy
from tests.tune_jobs.ray_cluster import Machines, actors, kill
from trainers.lane import Place
from trainers.store.manifest import Progress
from tune_jobs.on_ray.broker_actor import NAMESPACE, RemoteBroker, name_of

RATE = 0.1  # of requests with a fault
LOOK = 0.1  # seconds between two looks


class Over(Exception):
    """The sweep ended before the blow found its moment."""


@dataclass(frozen=True)
class Mark:
    """What there was when a blow fell.

    Attributes:
        commits: stage → attempt.
        begun: the stages of all attempts, committed or not.
        saved: of the stages at work, the last save.
    """

    blow: Blow
    commits: dict[str, str]
    begun: list[str]
    saved: dict[str, Progress | None]


@dataclass
class Sweep:
    """A sweep that is struck: its process, which changes with a driver's death, and where it runs."""

    here: Machines
    lab: Bucket
    proxy: FaultProxy
    wide: bool
    lot: Random
    until: float  # by the monotonic clock: later it is taken to hang
    processes: set[int] = field(default_factory=set)  # workers of lanes that were seen
    _timers: list[tuple[threading.Timer, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.process = self._start()

    def _start(self) -> Popen[str]:
        return self.here.start(self.lab, *SWEEP, *LANES[self.wide])

    def strike(self, blow: Blow) -> Mark:
        """Wait for a blow's moment, and do it. Raises Over where there is none."""
        self._until(lambda: "".join(self.lab.keys()).count("/COMMIT.") >= blow.after)
        time.sleep(blow.intervals * INTERVAL)
        victim = self._until(lambda: self._victim(blow.kind))
        mark = self._mark(blow)
        self._do(blow, victim)
        return mark

    def _until(self, met: Callable[[], Any]) -> Any:
        while not (answer := met()):
            if self.process.poll() is not None or time.monotonic() > self.until:
                raise Over
            time.sleep(LOOK)
        return answer

    def _mark(self, blow: Blow) -> Mark:
        commits = {commit.stage: commit.attempt for commit in self.lab.store.commits()}
        begun = self.lab.begun()
        return Mark(blow, commits, begun, {id: self.lab.store.latest_progress(id) for id in set(begun) - set(commits)})

    def _victim(self, kind: Kind) -> Any:
        """Whom it hits; None: nobody is there now."""
        if kind in ACTORS:
            return self.lot.choice([a["Pid"] for a in actors(ACTORS[kind])] or [None])
        if kind in (*RANKS, Kind.RAYLET, Kind.SUSPENDED):
            lanes = self._lanes()
            self.processes |= {place.process for places in lanes for place in places}
            lane = self.lot.choice(lanes) if lanes else ()
            return lane[RANKS.get(kind, self.lot.randrange(len(lane)))] if lane else None
        return self.process.pid

    def _lanes(self) -> list[tuple[Place, ...]]:
        """Where those at work have their workers, by rank."""
        with suppress(ValueError, ray.exceptions.RayError):  # there is no broker yet, or now
            name = name_of(self.lab.location)
            broker: Any = RemoteBroker(self.lab.location, lambda: ray.get_actor(name, NAMESPACE))
            return [places for _, places in broker.working().values() if places]
        return []

    def _do(self, blow: Blow, victim: Any) -> None:
        kind = blow.kind
        if kind is Kind.DRIVER:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
            self.process = self._start()
        elif kind is Kind.RAYLET:
            self.here.workers.sort(key=lambda node: bool(node.node_id != victim.node))
            self.here.lose()
            self.here.add(CORES[0])
        elif kind in ACTORS:
            _kill(victim)
        elif kind in RANKS:
            _kill(victim.process)
        elif kind is Kind.SUSPENDED:
            _send(victim.process, signal.SIGSTOP)
            self._later(blow.seconds, lambda: _send(victim.process, signal.SIGCONT))
        elif kind is Kind.OUTAGE:
            self.proxy.outage(blow.seconds)
        else:
            self.proxy.kinds, self.proxy.rate = FAULTS[kind], RATE
            self._later(blow.seconds, self._calm)

    def _calm(self) -> None:
        self.proxy.rate = 0.0

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, what)
        timer.start()
        self._timers.append((timer, what))

    def settle(self) -> None:
        """What lasts still ends now."""
        for timer, what in self._timers:
            timer.cancel()
            timer.join()
            what()
        self.proxy.outage(0.0)

    def end(self) -> None:
        """End the process, if it is there."""
        if self.process.poll() is None:  # else its number may be another one's by now
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()


@contextmanager
def sweep(*arguments: Any) -> Iterator[Sweep]:
    """Within: a sweep has been started."""
    found = Sweep(*arguments)
    try:
        yield found
    finally:
        found.settle()
        found.end()


def _kill(process: int) -> None:
    if _of_ray(process):
        kill(process)


def _send(process: int, what: signal.Signals) -> None:
    if _of_ray(process):
        os.kill(process, what)


def _of_ray(process: int) -> bool:
    """Whether it is there still, and not another one's number by now."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().startswith(b"ray::")
    except OSError:
        return False
