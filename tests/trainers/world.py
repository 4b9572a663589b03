"""A tiny toy world, a tiny recipe on it, and a lane that runs a graph's stages one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tasks import toy
from tasks.data import DataFolders
from tasks.suites import Suite
from trainers.graph import Graph, expand
from trainers.lane import Assignment, Ending, Outcome, Verdict
from trainers.recipe import Base, Intermediate, Optimisation, Recipe, Retrieval, Scratch, Target
from trainers.runner import Runner
from trainers.session import Settings
from trainers.stages import Stage
from trainers.store.folder import FolderObjects
from trainers.store.stages import StageStore

LANGUAGES = ("en", *list(toy.LANGUAGES)[:2])
SUITE = Suite(
    name="tiny",
    tasks=("udpos", "xnli", "xcopa", "xquad", "tatoeba"),
    languages={"udpos": LANGUAGES, "xnli": LANGUAGES, "xcopa": LANGUAGES, "xquad": LANGUAGES, "tatoeba": LANGUAGES[1:]},
)
QUICK = Optimisation(lr=1e-3, batch=8, steps=6, max_length=96, stride=16, dropout=0.1)


def folders(root: Path) -> DataFolders:
    """The generated world under a folder, small enough for tests."""
    toy.write(root, size=0.05, seed=1)
    return DataFolders((root,), {})


def recipe(
    tasks: Mapping[str, float] | None = None,
    *,
    quick: Optimisation = QUICK,
    mlm_share: float = 0.0,
    fraction: float = 1.0,
    seed: int = 0,
) -> Recipe:
    """A recipe that trains in a second."""
    scratch = Scratch(
        vocabulary=300,
        hidden=16,
        layers=2,
        heads=2,
        positions=128,
        languages=LANGUAGES,
        steps=6,
        batch=8,
        max_length=32,
        shift=8,
    )
    intermediate = None
    if tasks is not None:
        intermediate = Intermediate(
            tasks=dict(tasks), optimisation=quick, mlm_share=mlm_share, mlm_text="text" if mlm_share else None,
            fraction=fraction,
        )  # fmt: skip
    return Recipe(
        base=Base(model="scratch", scratch=scratch),
        intermediate=intermediate,
        target=Target(optimisation=quick),
        retrieval=Retrieval(layer=1),
        seed=seed,
    )


def always(verdict: Verdict) -> Callable[[int, int], Verdict]:
    """A broker that always answers the same."""
    return lambda step, steps: verdict


def run(
    stage: Stage,
    store: StageStore,
    cache: Path,
    report: Callable[[int, int], Verdict] | None = None,
    micro: int = 16384,
) -> Outcome:
    """Run one stage under a new attempt."""
    runner = Runner(store, Settings(cache=cache, micro_tokens=micro))
    return runner.run(Assignment(stage, store.begin(stage.id)), report or always(Verdict.GO_ON))


def run_all(graph: Graph, folder: Path, *, micro: int = 16384) -> StageStore:
    """Run a graph to its end in a folder store."""
    store = StageStore(FolderObjects(folder / "store"))
    for stage in graph.stages.values():
        if store.committed(stage.id) is None:
            outcome = run(stage, store, folder / "cache", micro=micro)
            assert outcome.ending is Ending.COMMITTED, outcome
    return store


def graph(data: DataFolders, of: Recipe) -> Graph:
    """The graph of a recipe on the tiny suite."""
    return expand(of, SUITE, data)
