"""What a trial costs the driver of a sweep: the next point, its events, memory for them, and Ray Tune's own part."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.scale_hub import resident
from search_spaces.space import Space, load
from trainers.store.folder import FolderObjects
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import AnyEvent, CellOf, Decided, Ended, How, Opened, Rung, Sampled
from tune_jobs.sweeps.history import History
from tune_jobs.sweeps.searcher import Searcher, recipe_id

SAMPLERS = ("random", "tpe", "cmaes")
ASKED = 5  # points of each sampler
IN_FLIGHT = 4


@dataclass(frozen=True)
class TuneCosts:
    """Of all trials together: seconds, and those of the driver's processor; bytes that the driver has grown."""

    seconds: float
    driver: float
    grown: int


def forecasts(trials: int) -> list[float]:
    """Milliseconds for the next point of each sampler after so many trials, the median of some questions."""
    space, lot = _space("random"), Random(0)
    history = History(event for number in range(trials) for event in _trial(space, number, lot, cells=False))
    return [_forecast(Searcher(_space(sampler)), history) for sampler in SAMPLERS]


def _forecast(searcher: Searcher, history: History) -> float:
    searcher.next(history)  # what follows from past trials is found once, not at each question
    taken = []
    for _ in range(ASKED):
        begun = time.process_time()
        assert searcher.next(history) is not None
        taken.append(time.process_time() - begun)
    return sorted(taken)[ASKED // 2] * 1e3


@dataclass(frozen=True)
class LogCosts:
    """Of one trial: milliseconds to write its events and to read them again, and bytes of the history."""

    write: float
    replay: float
    held: float


def log_costs(trials: int, folder: Path) -> LogCosts:
    """What the event log of so many trials takes, each on all of XTREME's cells."""
    space, lot = _space("random"), Random(0)
    log = EventLog(FolderObjects(folder), space.name)
    log.write(Opened(sweep=space.name, space=space.identity()))
    written = 0.0
    for event in (event for number in range(trials) for event in _trial(space, number, lot)):
        begun = time.process_time()
        log.write(event)
        written += time.process_time() - begun
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:  # where no freed memory is used again
        replayed, held = pool.submit(_replay, folder, space.name).result()
    return LogCosts(written / trials * 1e3, replayed / trials * 1e3, held / trials)


def _replay(folder: Path, name: str) -> tuple[float, int]:
    """Seconds to read a log, and bytes that its history takes."""
    empty, begun = resident(), time.process_time()
    log = EventLog(FolderObjects(folder), name)
    taken = time.process_time() - begun
    return taken, resident() - empty if log.history.trials else 0


def tune_costs(counts: Sequence[int], folder: Path) -> list[TuneCosts]:
    """What Ray Tune itself takes for so many trials that end at once, on a Ray instance of our own."""
    from ray import tune  # here alone: processes of the other parts are to be small
    from ray.tune.search import Searcher as TuneSearcher

    from trainers.stages import Shape
    from tune_jobs.on_ray.cluster import SLOT, cluster

    class Counted(TuneSearcher):
        """So many trials, by their numbers."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.left = count

        def suggest(self, trial_id: str) -> Any:
            if not self.left:
                return str(TuneSearcher.FINISHED)
            self.left -= 1
            return {"trial": self.left}

        def on_trial_complete(
            self, trial_id: str, result: dict[str, object] | None = None, error: bool = False
        ) -> None:
            assert not error

        def save(self, checkpoint_path: str) -> None:
            """Nothing."""

        def restore(self, checkpoint_path: str) -> None:
            """Nothing."""

    def ends(config: dict[str, int]) -> None:
        tune.report({"trial": config["trial"]})

    costs = []
    with cluster(None, Shape()):
        for count in counts:
            empty, begun, worked = resident(), time.monotonic(), time.process_time()
            tune.Tuner(
                tune.with_resources(ends, {SLOT: 1}),
                tune_config=tune.TuneConfig(
                    search_alg=Counted(count), num_samples=-1, reuse_actors=True, max_concurrent_trials=IN_FLIGHT
                ),
                run_config=tune.RunConfig(name=f"ends-{count}", storage_path=str(folder / "tune"), verbose=0),
            ).fit()
            costs.append(TuneCosts(time.monotonic() - begun, time.process_time() - worked, resident() - empty))
    return costs


def _space(sampler: str) -> Space:
    """The paper's space without an end."""
    space = load("paper")
    return replace(space, search=space.search.model_copy(update={"sampler": sampler, "trials": None}))


def _trial(space: Space, number: int, lot: Random, *, cells: bool = True) -> Iterator[AnyEvent]:
    """All events of a trial at a point of the prior, scored on the whole suite; trial 0 is the baseline."""
    point = space.draw(lot) if number else {}
    recipe = space.recipe(point) if number else space.baseline()
    yield Sampled(trial=number, params=point, recipe=recipe, recipe_id=recipe_id(recipe))
    value = 100 * lot.random()
    for rung, tasks in enumerate(space.rungs):
        names = [(task, language) for task in tasks for language in space.suite.languages_of(task)] if cells else []
        found = tuple(CellOf(task=task, language=language, stage=_id(lot)) for task, language in names)
        inputs = tuple(_id(lot) for _ in tasks)
        yield Rung(trial=number, rung=rung, value=value, cells=found, digest=_id(lot), inputs=inputs)
        if rung < len(space.rungs) - 1:
            yield Decided(trial=number, rung=rung, go_on=True)
    yield Ended(trial=number, how=How.COMPLETE, value=value)


def _id(lot: Random) -> str:
    """What looks like a stage's id."""
    return f"{lot.getrandbits(256):064x}"
