"""What the benchmarks of sweeps share: a small toy world to search, a sweep over it, and the bill for that."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from search_spaces.space import Space
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.data_sources import expander
from tune_jobs.lanes.fleet import Limits
from tune_jobs.on_ray.driver import RaySettings, run_sweep_on_ray
from tune_jobs.sweeps.summary import cost_of

LANES = 2
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


def work_in(store: StageStore) -> float:
    """Seconds in optimiser steps and in scoring, of all stages of a store."""
    return sum(cost_of(commit).seconds for commit in store.commits())


def sweep(space: Space, location: str) -> Bill:
    """A sweep on a Ray instance of its own with `LANES` lanes of one core, from before Ray starts to its end."""
    begun = time.monotonic()
    settings = RaySettings(None, Limits(LANES), workers=1, micro_tokens=16384, save_seconds=60.0)
    run_sweep_on_ray(space, location, expand=expander(space, Path()), settings=settings)
    wall = time.monotonic() - begun
    return Bill(wall * LANES, work_in(StageStore(open_objects(location))), wall)
