"""What the benchmarks of sweeps share: a small toy world to search, a sweep over it, and the bill for that."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import ray

from search_spaces.space import Space
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.data_sources import expander
from tune_jobs.lanes.fleet import Limits
from tune_jobs.on_ray.driver import RaySettings, run_sweep_on_ray
from tune_jobs.sweeps.summary import cost_of

LANES = 2
LOOK = 0.2  # seconds between two looks at what Ray has given away
WORLD = """\
data: {toy: {size: 0.1, seed: 1}}
suite:
  name: two
  tasks: [udpos, xnli]
  languages: {udpos: [en, qaa, qab], xnli: [en, qaa, qab]}
recipe:
  base:
    model: scratch
    scratch: {vocabulary: 400, hidden: 32, layers: 2, heads: 2, positions: 128, languages: [en, qaa, qab],
"""
"""The beginning of a space, up to the open braces of `scratch`."""


@dataclass(frozen=True)
class Bill:
    """Core-seconds that were allocated, those of them in which something was learned or scored, and the wall time."""

    allocated: float
    work: float
    wall: float

    @property
    def overhead(self) -> float:
        """Core-seconds that were paid for nothing."""
        return self.allocated - self.work

    def __str__(self) -> str:
        parts = f"{self.allocated:.0f} allocated - {self.work:.0f} at work = {self.overhead:.0f} core-seconds"
        return f"{parts}; {self.wall:.0f} s"


class Meter:
    """Core-seconds that a Ray instance has given to somebody while this is entered, as Ray itself accounts for them."""

    def __init__(self) -> None:
        self.allocated = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Meter:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._over.wait(LOOK):
            now = time.monotonic()
            self.allocated += _given() * (now - before)
            before = now


def _given() -> float:
    """Cores that are given away now; none before Ray has started and after it has ended."""
    if not ray.is_initialized():
        return 0.0
    try:
        return float(ray.cluster_resources().get("CPU", 0.0) - ray.available_resources().get("CPU", 0.0))
    except ray.exceptions.RaySystemError:  # it ends just now
        return 0.0


def work_in(store: StageStore) -> float:
    """Seconds in optimiser steps and in scoring, of all stages of a store."""
    return sum(cost_of(commit).seconds for commit in store.commits())


def sweep(space: Space, location: str) -> Bill:
    """A sweep on a Ray instance of its own with `LANES` lanes of one core; the wall time is from before Ray starts."""
    begun = time.monotonic()
    settings = RaySettings(None, Limits(LANES), workers=1, micro_tokens=16384, save_seconds=60.0)
    with Meter() as meter:
        run_sweep_on_ray(space, location, expand=expander(space, Path()), settings=settings)
    return Bill(meter.allocated, work_in(StageStore(open_objects(location))), time.monotonic() - begun)
