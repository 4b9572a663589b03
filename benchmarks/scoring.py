"""What scoring costs: all test sets of XTREME on one core, and the mining of pairs in a pool of BUCC's size.

(1) Invented gold and predictions, as many as XTREME has, in a gold folder and a submission folder. Timed is what
`crosslift score` does with them, not their making.

(2) Random vectors, where a tenth of the rows has a translation; timed is `trainers.search.pair`: neighbours both ways,
margins, pairs, threshold. The peak of memory holds the process and the making of the vectors, too. Beside it the
reference's algorithm in plain loops on fewer rows, and what that makes at full size: its search for neighbours grows
with the square of the rows, the rest with the rows. (XTREME's own code searches with faiss; only the rest is loops.)

    python -m benchmarks.scoring [--share 1.0] [--rows 100000] [--width 768] [--threads 2]

Exits with 1 if scoring takes more than a minute, mining more than 8 GiB, or both algorithms keep different pairs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numpy as np

from benchmarks import invented
from tasks import metrics
from tasks.cells import Cell
from tasks.data import Dataset, DataSource
from tasks.examples import Kind, Passage
from tasks.submission import score
from tasks.suites import Average, Suite, suite
from trainers.mining import NEIGHBOURS, Float32s
from trainers.search import Embedder, pair

MOST_SECONDS, MOST_MEMORY = 60.0, 8.0  # GiB
PLAIN_ROWS = 2000
PLANTED = 0.1  # of the rows have a translation
NOISE = (1.5, 6.0)  # lengths of what a translation has besides its English vector: the longest hide it

Given = ParamSpec("Given")
Result = TypeVar("Result")
Found = list[tuple[float, int]]
"""Neighbours of a row, the nearest first: similarity and row."""


@dataclass(frozen=True)
class Scored:
    """Seconds of each task, core-seconds of all of them, and the suite's average."""

    seconds: Mapping[str, float]
    cores: float
    average: Average


@dataclass(frozen=True)
class Mined:
    """The candidate of each row, the F1 of these pairs, the time, and the GiB of memory that the process had at most.

    `search` is the part of the seconds in which neighbours were searched, where that was timed by itself.
    """

    pairs: list[str | None]
    f1: float
    seconds: float
    memory: float
    search: float = 0.0


@dataclass(frozen=True)
class Known:
    """An embedder whose vectors are there already."""

    rows: Float32s

    def vectors(self, dataset: Dataset) -> Float32s:
        """[examples, 1, width]."""
        return self.rows[:, None, :]


def alone(threads: int, run: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """Run in a fresh process, whose peak of memory begins at that of this one: nothing large may be done in it."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))  # read when libraries load
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(run, *given, **named).result()


def scored(share: float) -> Scored:
    """Invent a share of all test examples, then score them task by task."""
    xtreme = suite("xtreme")
    with tempfile.TemporaryDirectory() as name:
        gold, predictions = Path(name, "gold"), Path(name, "predictions")
        invented.write(xtreme, share, gold, predictions)
        cells: list[Cell] = []
        seconds: dict[str, float] = {}
        cores = time.process_time()
        for task in xtreme.tasks:
            begun = time.perf_counter()
            cells += score(predictions, gold, Suite(task, (task,)))
            seconds[task] = time.perf_counter() - begun
        return Scored(seconds, time.process_time() - cores, xtreme.average(cells))


def pool_of(rows: int, width: int) -> tuple[Dataset, Float32s]:
    """Foreign queries and English candidates, as many of each; row i translates row i where it has a translation."""
    random = np.random.default_rng(0)
    vectors = random.standard_normal((2 * rows, width), dtype=np.float32)
    foreign, english = vectors[:rows], vectors[rows:]
    planted = random.permutation(rows)[: round(PLANTED * rows)]
    noise = random.uniform(*NOISE, size=(len(planted), 1)).astype(np.float32)
    foreign[planted] = english[planted] + noise * foreign[planted]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    right = set(planted.tolist())
    queries = [Passage(f"f{i}", f"f{i}", "", False, (f"e{i}",) if i in right else (), "") for i in range(rows)]
    candidates = [Passage(f"e{i}", f"e{i}", "", True, None, "") for i in range(rows)]
    return Dataset(DataSource("bucc2018", "dev", "de", ()), Kind.MINING, (*queries, *candidates)), vectors


def mined(rows: int, width: int) -> Mined:
    """The project's mining."""
    dataset, vectors = pool_of(rows, width)
    begun = time.perf_counter()
    found = pair(cast(Embedder, Known(vectors)), dataset, None)[:rows]
    seconds, memory = time.perf_counter() - begun, _peak()  # before these pairs are scored
    return Mined(found, _f1(dataset, found), seconds, memory)


def plainly(rows: int, width: int) -> Mined:
    """The reference's algorithm, one pair of vectors after another."""
    dataset, vectors = pool_of(rows, width)
    foreign, english = list(vectors[:rows]), list(vectors[rows:])
    begun = time.perf_counter()
    there, back = _nearest(foreign, english), _nearest(english, foreign)
    searched = time.perf_counter()
    there_mean, back_mean = ([sum(s for s, _ in found) / len(found) for found in side] for side in (there, back))
    pairs = []
    for i, found in enumerate(there):
        pairs.append(max((s / ((there_mean[i] + back_mean[j]) / 2), i, j) for s, j in found))
    for j, found in enumerate(back):
        pairs.append(max((s / ((there_mean[i] + back_mean[j]) / 2), i, j) for s, i in found))
    kept: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for margin, i, j in sorted(pairs, reverse=True):
        if i not in kept and j not in taken:
            kept[i] = j, margin
            taken.add(j)
    gold = {i for i in range(rows) if cast(Passage, dataset.examples[i]).relevant}
    threshold = _threshold([(margin, i == j and i in gold) for i, (j, margin) in kept.items()], len(gold))
    result = [f"e{kept[i][0]}" if i in kept and kept[i][1] >= threshold else None for i in range(rows)]
    seconds, memory = time.perf_counter() - begun, _peak()
    return Mined(result, _f1(dataset, result), seconds, memory, searched - begun)


def _nearest(queries: list[np.ndarray], pool: list[np.ndarray]) -> list[Found]:
    return [sorted(((float(x @ y), j) for j, y in enumerate(pool)), reverse=True)[:NEIGHBOURS] for x in queries]


def _threshold(items: list[tuple[float, bool]], wanted: int) -> float:
    """Midway below the pair with which F1 is the largest, as `kept` has them: the best margin first."""
    right, best, threshold = 0, 0.0, float("inf")
    for place, (margin, hit) in enumerate(items):
        right += hit
        f1 = 2 * right / (place + 1 + wanted)
        if f1 > best:
            best, threshold = f1, (margin + items[min(place + 1, len(items) - 1)][0]) / 2
    return threshold


def _f1(dataset: Dataset, found: list[str | None]) -> float:
    metric = metrics.get("bucc_f1")
    return metric.score(metric.statistics(dataset.examples[: len(found)], found)).value


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # of KiB


def main() -> int:
    """Score, mine, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of XTREME's test examples")
    parser.add_argument("--rows", type=int, default=100_000, help="of each side of the pool")
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--threads", type=int, default=2, help="of mining; scoring has one")
    options = parser.parse_args()

    scores = alone(1, scored, options.share)
    for task, seconds in scores.seconds.items():
        print(f"{task:9s} {scores.average.tasks[task]:5.1f}  {seconds:6.2f} s")
    total = sum(scores.seconds.values())
    print(
        f"{scores.average.name} {scores.average.value:.1f}: {total:.1f} s, {scores.cores:.1f} core-seconds", flush=True
    )

    ours = alone(options.threads, mined, options.rows, options.width)
    pool = f"{options.rows} x {options.rows} vectors of width {options.width}"
    cost = f"{ours.seconds:.1f} s with {options.threads} threads, at most {ours.memory:.2f} GiB"
    print(f"mining {pool}: {cost}; F1 {ours.f1:.1f}", flush=True)

    rows = min(options.rows, PLAIN_ROWS)
    plain, same = alone(1, plainly, rows, options.width), alone(1, mined, rows, options.width)
    times, rest = options.rows / rows, plain.seconds - plain.search
    print(f"plain loops, {rows} rows: search {plain.search:.1f} s, the rest {rest:.2f} s; here {same.seconds:.2f} s")
    search, rest = plain.search * times**2, rest * times
    ratio = (search + rest) / ours.seconds
    print(f"plain loops, extrapolated: search {search:.0f} s (x {times:g}²), the rest {rest:.1f} s (x {times:g})")
    print(f"plain loops / mining = {ratio:.0f}")
    different = sum(one != other for one, other in zip(plain.pairs, same.pairs, strict=True))
    print(f"{different} of {rows} rows with another pair")
    return 1 if total > MOST_SECONDS or ours.memory > MOST_MEMORY or different else 0


if __name__ == "__main__":
    sys.exit(main())
