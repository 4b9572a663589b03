"""What a service of 10,000 trials holds and costs: its broker's memory and decisions, and the driver's part of a trial.

(a) The broker: a real hub in a process of its own, on a folder store, with simulated lanes and trials
(`benchmarks/scale_broker.py`): some 60,000 stages, of which one in a hundred trials loses one to a divergence.
(b) The driver (`benchmarks/scale_driver.py`): the sampler's next point, writing and replaying events, and the memory of
the history. (c) What Ray Tune itself takes for a trial that ends at once.

    python -m benchmarks.scale [--trials 10000] [--folder DIR] [--only broker|driver|tune]

Prints tables at 100, 1,000 and 10,000 trials. Exits with 1 if the broker has grown by 100 MB over its empty state, or
if one decision in a hundred took it 5 ms or more, its store included; what it waited for a core on a busy machine is
left out, and said beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.scale_broker import Figures, Simulation
from benchmarks.scale_driver import SAMPLERS, forecasts, log_costs, tune_costs
from benchmarks.scale_hub import hub_apart

MARKS = (100, 1_000, 10_000)
WIDTH = 64  # lanes, and trials in flight
GROWTH = 100e6  # bytes
DECISION = 5e-3  # seconds, the 99th percentile
TUNED = (100, 300)  # trials of Ray Tune


def broker(marks: Sequence[int], folder: Path) -> bool:
    """Print what the broker holds and costs; whether it keeps to its limits."""
    (folder / "scratch").mkdir()
    print(f"(a) the broker, {WIDTH} lanes and {WIDTH} trials in flight; milliseconds are p50 / p99 / most")
    print(f"{'trials':>7}{'stages':>8}{'grown':>9}  {'decision':24}{'without store':24}{'round trip':24}", end="")
    print(f"{'no core':24}{'requests a stage':>18}{'listed':>8}{'seconds':>9}")
    good, stages = True, 0
    with hub_apart(folder / "store") as hub:
        for here in Simulation(hub, folder / "store", folder / "scratch", WIDTH).run(marks):
            print(_line(here, here.stages - stages), flush=True)
            stages = here.stages
            good &= here.grown < GROWTH and float(np.percentile(_inside(here), 99)) < DECISION
    return good


def driver(marks: Sequence[int], folder: Path) -> None:
    """Print what a trial costs its driver, without Ray."""
    print("\n(b) the driver, per trial, on the paper's space with XTREME's cells; milliseconds of processor time")
    columns = [*(f"next, {sampler}" for sampler in SAMPLERS), "write events", "replay", "history, kB"]
    print(f"{'trials':>7}" + "".join(f"{name:>14}" for name in columns))
    for mark in marks:
        log = log_costs(mark, folder / f"log-{mark}")
        values = (*forecasts(mark), log.write, log.replay, log.held / 1e3)
        print(f"{mark:7,}" + "".join(f"{value:14.2f}" for value in values), flush=True)


def tuned(folder: Path) -> None:
    """Print what Ray Tune takes for trials that end at once."""
    print("\n(c) Ray Tune: trials that end at once, four at a time, on actors that are used again; per trial")
    print(f"{'trials':>7}{'ms':>10}{'of the driver':>16}{'kB of it':>10}")
    for count, cost in zip(TUNED, tune_costs(TUNED, folder), strict=True):
        wall, driver = cost.seconds / count * 1e3, cost.driver / count * 1e3
        print(f"{count:7,}{wall:10.0f}{driver:16.0f}{cost.grown / count / 1e3:10.0f}")


def main() -> int:
    """Measure, and say whether the broker keeps to its limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=MARKS[-1])
    parser.add_argument("--folder", type=Path, help="where the store is made, and removed; in memory it is fastest")
    parser.add_argument("--only", choices=("broker", "driver", "tune"))
    options = parser.parse_args()
    marks = [mark for mark in MARKS if mark < options.trials] + [options.trials]
    good = True
    with tempfile.TemporaryDirectory(prefix="crosslift-scale-", dir=options.folder) as name:
        if options.only in (None, "broker"):
            good = broker(marks, Path(name))
        if options.only in (None, "driver"):
            driver(marks, Path(name))
        if options.only in (None, "tune"):
            tuned(Path(name))
    return 0 if good else 1


def _line(here: Figures, stages: int) -> str:
    asked = here.requests
    requests = sum(asked[name] for name in ("list", "read", "create")) / stages
    without = [max(cost.inside - cost.store, 0.0) for cost in here.decisions]
    columns = (_inside(here), without, [c.seen for c in here.decisions], [c.waited for c in here.decisions])
    times = "".join(
        f"{' / '.join(f'{v * 1e3:.2f}' for v in np.percentile(column, [50, 99, 100])):24}" for column in columns
    )
    grown = f"{here.grown / 1e6:.1f} MB"
    return (
        f"{here.trials:7,}{here.stages:8,}{grown:>9}  {times}{requests:18.1f}"
        f"{asked['listed'] / stages:8.1f}{here.seconds:9.0f}"
    )


def _inside(here: Figures) -> list[float]:
    return [cost.inside for cost in here.decisions]


if __name__ == "__main__":
    sys.exit(main())
