"""Is transfer real? A larger toy world, 2 pretraining seeds x 3 training seeds, paired differences with intervals.

Two claims, declared here before anything is trained:

1. Pretraining: in every language but the one declared lowest in resources (`tasks.toy.LOWEST`), a pretrained
   encoder beats the same fine-tuning of an untrained one, as a mean over the tasks, with a 95 % interval above 0.
2. Intermediate task: `HELPFUL`, trained on before the targets, lifts the suite average with an interval above 0.

    python -m benchmarks.transfer --to DIR [--size 1.5] [--steps 6000]

Runs one process a pretraining seed, each with one thread; prints a table and exits with 1 if a claim fails. The store
in DIR makes a second run cheap. A run is a pair (pretraining seed, training seed); pairing is over runs and examples.
Runs that share a pretraining seed count as independent, so with two of them the intervals know little of that noise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tasks import toy
from tasks.data import DataFolders
from tasks.suites import Suite
from tasks.toy import LOWEST
from trainers.graph import Graph, expand
from trainers.recipe import Base, Intermediate, Optimisation, Recipe, Retrieval, Scratch, Target
from trainers.runner import Runner
from trainers.session import Settings
from trainers.store.folder import FolderObjects
from trainers.store.stages import StageStore
from tune_jobs.lanes.serial import make
from tune_jobs.results.lift import Interval, interval
from tune_jobs.results.results import Scores

# the same kind of reasoning as XNLI, with more examples; with a masked share, to keep the rest
HELPFUL = "snli"
FEW = 2000  # training examples of XNLI
LANGUAGES = ("en", *toy.LANGUAGES)
TASKS = ("udpos", "xnli")  # tagging and classification
SUITE = Suite("transfer", TASKS, dict.fromkeys(TASKS, LANGUAGES))
PRETRAINING_SEEDS = (0, 1)
TRAINING_SEEDS = (0, 1, 2)
VARIANTS = ("untrained", "pretrained", HELPFUL)


def recipe(variant: str, pretraining: int, training: int, steps: int) -> Recipe:
    """One variant's recipe; all share the target settings."""
    tuning = Optimisation(lr=5e-4, batch=16, epochs=2, max_length=64, stride=16)
    reasoning = tuning.model_copy(update={"batch": 32, "epochs": 10.0, "dropout": 0.0})
    scratch = Scratch(
        vocabulary=3000, hidden=128, layers=2, positions=128, languages=LANGUAGES, batch=32, lr=2e-3, max_length=48,
        dropout=0.0, mask=0.3, parallel_share=0.7, smoothing=0.5, weight_decay=0.5, shift=32, seed=pretraining,
        steps=0 if variant == "untrained" else steps,
    )  # fmt: skip
    phase = Intermediate(
        tasks={HELPFUL: 1.0}, mlm_share=0.5, mlm_text="text", optimisation=reasoning.model_copy(update={"epochs": 8.0})
    )
    return Recipe(
        base=Base(model="scratch", scratch=scratch),
        intermediate=phase if variant == HELPFUL else None,
        target=Target(optimisation=tuning, per_task={"xnli": reasoning}, limit={"xnli": FEW}),
        retrieval=Retrieval(layer=2),
        seed=training,
    )


def graphs(variant: str, data: DataFolders, steps: int, pretraining: Sequence[int] = PRETRAINING_SEEDS) -> list[Graph]:
    """A variant's graphs, one a run, in a fixed order."""
    return [expand(recipe(variant, p, t, steps), SUITE, data) for p in pretraining for t in TRAINING_SEEDS]


def train(folder: Path, data: DataFolders, steps: int, seed: int) -> None:
    """Everything with one pretraining seed, in this process."""
    store = StageStore(FolderObjects(folder / "store"))
    todo = [graph for variant in VARIANTS for graph in graphs(variant, data, steps, [seed])]
    make(todo, store, Runner(store, Settings(cache=folder / f"cache-{seed}")))


def lifts(folder: Path, data: DataFolders, steps: int) -> dict[str, Interval]:
    """Claim → its paired difference."""
    store = StageStore(FolderObjects(folder / "store"))
    scores = Scores(store, folder / "cache")
    cells = {variant: [graph.cells for graph in graphs(variant, data, steps)] for variant in VARIANTS}
    found = {}
    for language in LANGUAGES:
        mine, theirs = (
            [{cell: id for cell, id in run.items() if cell[1] == language} for run in cells[v]]
            for v in ("pretrained", "untrained")
        )
        found[f"pretraining, {language}"] = interval(scores.measured(mine, theirs))
    for task in TASKS:
        mine, theirs = (
            [{cell: id for cell, id in run.items() if cell[0] == task and cell[1] != "en"} for run in cells[v]]
            for v in ("pretrained", "untrained")
        )
        found[f"pretraining, {task} in all other languages"] = interval(scores.measured(mine, theirs))
    found[f"{HELPFUL} as intermediate task"] = interval(scores.measured(cells[HELPFUL], cells["pretrained"]))
    return found


def main() -> int:
    """Train in one process a pretraining seed, then compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--size", type=float, default=1.5)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)  # a child: train with this pretraining seed
    options = parser.parse_args()
    world = options.to / f"world-{options.size:g}"
    toy.write(world, size=options.size, seed=0)
    data = DataFolders((world,), {})
    if options.seed is not None:
        train(options.to, data, options.steps, options.seed)
        return 0
    started = time.monotonic()
    children = [subprocess.Popen([sys.executable, *sys.argv, "--seed", str(seed)]) for seed in PRETRAINING_SEEDS]
    if any(code != 0 for code in [child.wait() for child in children]):  # wait for all of them
        return 1
    claims = lifts(options.to, data, options.steps)
    for claim, found in claims.items():
        print(f"{claim:45s} {found.value:+6.2f}  [{found.low:+6.2f}, {found.high:+6.2f}]")
    print(f"{len(PRETRAINING_SEEDS) * len(TRAINING_SEEDS)} runs a variant, {time.monotonic() - started:.0f} s")
    exempt = {f"pretraining, {LOWEST}"}
    declared = [c for c in claims if c not in exempt and "in all other" not in c]
    failed = [claim for claim in declared if claims[claim].low <= 0]
    print("every claim holds" if not failed else f"not above 0: {'; '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
