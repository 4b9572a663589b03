"""What a trial asks of its sweep, answered: stages by the broker, cells by the store, events into the log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO

from search_spaces.space import Space
from tasks.cells import Cell
from trainers.predictions import CELL, PREDICTIONS, current_cell, read
from trainers.stages import Stage
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Answer, Broker
from tune_jobs.lanes.notices import OnEvent
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import AnyEvent, Decided, Ended, Rung
from tune_jobs.sweeps.rungs import Halving, goes_on


class SweepDesk:
    """Implements `trial.Desk`; the only place where a sweep's events are written, so the only writer."""

    def __init__(self, space: Space, store: StageStore, broker: Broker, log: EventLog, on_event: OnEvent) -> None:
        self._space = space
        self._store = store
        self._broker = broker
        self._log = log
        self._on_event = on_event
        self._cells: dict[str, Cell] = {}

    def want(self, trial: int, rung: int, wanted: Iterable[str], stages: Mapping[str, Stage]) -> None:
        """See `Broker.want`; trials of several sweeps may share one broker."""
        self._broker.want(self._name(trial), rung, wanted, stages)

    def done(self, wanted: Iterable[str]) -> Answer:
        """See `Broker.done`."""
        return self._broker.done(wanted)

    def drop(self, trial: int) -> None:
        """See `Broker.drop`."""
        self._broker.drop(self._name(trial))

    def cell(self, stage: str) -> Cell:
        """The cell of a committed score stage, with the metric as it is now; read once."""
        if stage not in self._cells:
            commit = self._store.committed(stage)
            if commit is None:
                raise RuntimeError(f"score stage {stage} was committed and is not any more")
            stored = Cell.from_json(json.loads(self._store.read(commit, CELL)))
            self._cells[stage] = current_cell(stored, lambda: read(BytesIO(self._store.read(commit, PREDICTIONS))))
        return self._cells[stage]

    def mean(self, cells: Sequence[Cell]) -> float:
        """The mean over the tasks so far; under `selection: english` over their English cells alone."""
        english_only = self._space.search.selection == "english"
        return self._space.suite.average(cell for cell in cells if cell.language == "en" or not english_only).value

    def scored(self, rung: Rung) -> None:
        """Record a rung's value, once."""
        if rung.rung not in self._log.history.trials[rung.trial].rungs:
            self.record(rung)

    def decide(self, trial: int, rung: int) -> Decided:
        """Compare the trial with those that had ended when it began; what is recorded is never decided anew."""
        here = self._log.history.trials[trial]
        if rung not in here.decisions:
            prune = self._space.search.prune
            rule = Halving(prune.keep, prune.least) if prune is not None else None
            others = self._log.history.rung_values(rung, trial - self._space.search.concurrency)
            go_on = goes_on(trial, here.rungs[rung].value, others.values(), rule)
            self.record(Decided(trial=trial, rung=rung, go_on=go_on))
        return here.decisions[rung]

    def ended(self, end: Ended) -> None:
        """Record a trial's end, once."""
        if self._log.history.trials[end.trial].ended is None:
            self.record(end)

    def record(self, event: AnyEvent) -> None:
        """Write an event, then show it."""
        self._log.write(event)
        self._on_event(event)

    def _name(self, trial: int) -> str:
        return f"{self._space.name}/{trial}"
