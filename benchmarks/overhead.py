"""What start-up costs: allocated core-seconds in which nothing is learned, of 16 recipes on the toy world.

(a) a `TorchTrainer` for each trial, nested in Ray Tune, nothing shared; (b) Crosslift, two lanes. Both are charged for
the cores that Ray has given to them, as long as it has.

    python -m benchmarks.overhead [--recipes 16]

Prints both bills and their ratio; exits with 1 if it is below 5.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.bills import WORLD, sweep
from benchmarks.nested import nested
from search_spaces.space import load
from trainers.stages import Shape
from tune_jobs.data_sources import expander
from tune_jobs.on_ray.cluster import cluster

LEAST = 5.0
SPACE = (
    f"name: overhead\n{WORLD}"
    + """\
              steps: 100, batch: 16, max_length: 48}
  intermediate:
    tasks: {simplex: {of: [snli, squad], at_most: 2, parts: 2}}
    optimisation: {lr: 1e-3, batch: 8, steps: 50, max_length: 96, stride: 16}
  target:
    optimisation: {lr: {choice: [1e-4, 2e-4, 5e-4, 1e-3, 2e-3]}, batch: 8, steps: 50, max_length: 96, stride: 16}
search: {sampler: grid, concurrency: 4, trials: RECIPES}
"""
)


def main() -> int:
    """Run both, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", type=int, default=16)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "overhead.yaml").write_text(SPACE.replace("RECIPES", str(options.recipes)))
        space = load(str(folder / "overhead.yaml"))
        expand = expander(space, folder)
        recipes = [space.baseline(), *(space.recipe(point) for point in space.grid())][: options.recipes]
        ours = sweep(space, str(folder / "store"))
        print(f"(b) Crosslift: {ours}")
        with cluster(None, Shape()):
            theirs = nested([expand(recipe) for recipe in recipes])
    print(f"(a) nested:    {theirs}")
    ratio = theirs.overhead / ours.overhead
    print(f"{len(recipes)} recipes: overhead (a) / (b) = {ratio:.1f}; wall (a) / (b) = {theirs.wall / ours.wall:.1f}")
    return 0 if ratio >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
