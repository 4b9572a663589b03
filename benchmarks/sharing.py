"""What sharing saves: 64 recipes of the toy world, each with all its stages for itself, against one sweep over them.

(a) every recipe in a store of its own: nothing is shared; (b) Crosslift on a Ray instance of its own. Both run two
stages at a time, one core each. Core-seconds at work are those in optimiser steps and in scoring, as commits state
them; the time of (b) holds the start of Ray and of its lanes, too.

    python -m benchmarks.sharing [--recipes 64]

Prints both bills, their ratio, and where it comes from, stage kind by stage kind; exits with 1 if nothing was saved.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.bills import LANES, WORLD, Bill, sweep, work_in
from search_spaces.space import load
from trainers.graph import Graph
from trainers.runner import Runner
from trainers.session import Settings
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.data_sources import expander
from tune_jobs.lanes.serial import make
from tune_jobs.sweeps.event_log import replay
from tune_jobs.sweeps.history import History
from tune_jobs.sweeps.summary import cost_of

SPACE = (
    f"name: sharing\n{WORLD}"
    + """\
              steps: 200, batch: 16, max_length: 48}
  intermediate:
    tasks: {simplex: {of: [snli, squad, hellaswag], at_most: 2, parts: 2}}
    fraction: {choice: [0.5, 1.0]}
    optimisation: {lr: 1e-3, batch: 8, steps: 100, max_length: 96, stride: 16}
  target:
    optimisation: {lr: {log_uniform: [1e-4, 2e-3], points: 6}, batch: 8, steps: 50, max_length: 96, stride: 16}
search: {sampler: random, trials: 64, concurrency: 8}
"""
)


def alone(graph: Graph, folder: Path) -> float:
    """Make all of a recipe's stages in a store of its own: the core-seconds."""
    store = StageStore(open_objects(str(folder / "store")))
    make([graph], store, Runner(store, Settings(folder / "cache")))
    return work_in(store)


def unshared(graphs: Sequence[Graph], folder: Path) -> Bill:
    """Every recipe by itself, two at a time."""
    begun = time.monotonic()
    folders = [folder / str(number) for number in range(len(graphs))]
    with ProcessPoolExecutor(LANES, multiprocessing.get_context("spawn")) as pool:
        work = sum(pool.map(alone, graphs, folders))
    wall = time.monotonic() - begun
    return Bill(wall * LANES, work, wall)


def explain(graphs: Sequence[Graph], store: StageStore) -> None:
    """Print how often each kind of stage was asked for and made, and what that cost."""
    asked = Counter(id for graph in graphs for id in graph.stages)
    kinds = {id: stage.spec.kind for graph in graphs for id, stage in graph.stages.items()}
    print(f"{'stages':14}{'asked for':>10}{'made':>8}{'core-seconds':>16}{'without sharing':>18}")
    for kind in dict.fromkeys(kinds.values()):
        costs = {id: cost_of(store.committed(id)).seconds for id in asked if kinds[id] == kind}
        total = sum(count * costs[id] for id, count in asked.items() if id in costs)
        times = sum(asked[id] for id in costs)
        print(f"{kind:14}{times:10}{len(costs):8}{sum(costs.values()):16.1f}{total:18.1f}")


def main() -> int:
    """Run both, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sharing.yaml").write_text(SPACE.replace("trials: 64", f"trials: {options.recipes}"))
        space = load(str(folder / "sharing.yaml"))
        store = StageStore(open_objects(str(folder / "store")))
        ours = sweep(space, str(folder / "store"))
        print(f"(b) one sweep:    {ours}", flush=True)
        history = History(envelope.event for envelope in replay(store.objects, space.name))
        graphs = [expander(space, folder)(trial.sampled.recipe) for trial in history.trials]
        explain(graphs, store)
        theirs = unshared(graphs, folder / "alone")
    print(f"(a) each by itself: {theirs}")
    ratio = theirs.work / ours.work
    walls = theirs.wall / ours.wall
    print(f"{len(graphs)} recipes: core-seconds at work (a) / (b) = {ratio:.1f}; wall (a) / (b) = {walls:.1f}")
    return 0 if ratio > 1 else 1


if __name__ == "__main__":
    sys.exit(main())
