"""A trial under Ray Tune: a light function on a `trial_slot`, which reports what its driver has to write.

It owns nothing: stages are the broker's, events are the driver's. Started again after its death, it lives the same
trial from its beginning; what is done already is done, and what is recorded is not recorded twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ray import tune

from tasks.cells import Cell
from tasks.errors import UserError
from tasks.suites import Suite
from trainers.graph import Graph
from trainers.stages import Stage
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Answer
from tune_jobs.lanes.hub import Hub
from tune_jobs.on_ray.metrics import count_store_faults
from tune_jobs.sweeps.events import Decided, Ended, Rung
from tune_jobs.sweeps.history import TrialHistory
from tune_jobs.sweeps.scorer import Scorer
from tune_jobs.sweeps.trial import run

POLL = 0.5  # seconds between two looks at the broker
TOLD = "event"  # the key of a report: what the driver has to write, as JSON
ASKED = "decide"  # the key of a report: the rung after which the driver has to decide
NUMBERS = "numbers"  # the key of a report: a rung's value, and the scores of its tasks, for whoever watches
TROUBLE = "trouble"  # the key of a report: what the user has to mend before any trial can go on


@dataclass(frozen=True)
class Brief:
    """What a trial has to know: its history and stages, and what its sweep compares by."""

    trial: TrialHistory
    graph: Graph
    suite: Suite
    selection: str


def live(config: dict[str, Any], broker: Hub, sweep: str, location: str) -> None:
    """The function that Ray Tune runs; `config["trial"]` is the trial's number."""
    count_store_faults()
    name = f"{sweep}/{config['trial']}"
    while not isinstance(brief := broker.brief(name), Brief):
        time.sleep(POLL)
    desk = TrialDesk(name, brief, broker, StageStore(open_objects(location, reached=True)))
    try:
        for _ in run(brief.trial, brief.graph, desk):
            time.sleep(POLL)
    except UserError as error:  # the store's fault, say: the trial has not failed, and lives on when that is mended
        tune.report({TROUBLE: str(error)})


class TrialDesk:
    """Implements `sweeps.trial.Desk`: what is to be written is reported; Ray Tune stops a trial that is to end."""

    def __init__(self, name: str, brief: Brief, broker: Hub, store: StageStore) -> None:
        self._name = name
        self._brief = brief
        self._broker = broker
        self._scorer = Scorer(store, brief.suite, brief.selection)
        self._wanted: list[tuple[int, tuple[str, ...], Mapping[str, Stage]]] = []

    def want(self, trial: int, rung: int, wanted: Iterable[str], stages: Mapping[str, Stage]) -> None:
        """See `Broker.want`."""
        self._wanted.append((rung, tuple(wanted), stages))
        self._broker.want(self._name, *self._wanted[-1])

    def done(self, trial: int, wanted: Iterable[str]) -> Answer:
        """See `Broker.done`; a broker that has forgotten is told again."""
        ids = tuple(wanted)
        while (answer := self._broker.done(self._name, ids)) is None:
            for request in self._wanted:
                self._broker.want(self._name, *request)
        return answer

    def drop(self, trial: int) -> None:
        """See `Broker.drop`; the driver does it, which knows also of a death."""

    def cell(self, stage: str) -> Cell:
        """See `Scorer.cell`."""
        return self._scorer.cell(stage)

    def mean(self, cells: Sequence[Cell]) -> float:
        """See `Scorer.mean`."""
        return self._scorer.mean(cells)

    def scored(self, rung: Rung) -> None:
        """Report a rung."""
        cells = [replace(self.cell(cell.stage), task=cell.task, language=cell.language) for cell in rung.cells]
        scores = {f"score/{task}": score for task, score in self._brief.suite.average(cells).tasks.items()}
        tune.report({TOLD: rung.model_dump_json(), NUMBERS: {"value": rung.value, **scores}})
        self._brief.trial.rungs[rung.rung] = rung

    def decide(self, trial: int, rung: int) -> Decided:
        """Ask whether to go on: who is still here afterwards does."""
        tune.report({ASKED: rung})
        return Decided(trial=trial, rung=rung, go_on=True)

    def ended(self, end: Ended) -> None:
        """Report the end."""
        tune.report({TOLD: end.model_dump_json()})
