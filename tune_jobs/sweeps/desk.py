"""What a trial asks of its sweep, answered: stages by the broker, cells by the store, events into the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from search_spaces.space import Space
from tasks.cells import Cell
from trainers.stages import Stage
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Answer
from tune_jobs.lanes.notices import Notice, OnEvent
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import AnyEvent, Decided, Ended, Rung
from tune_jobs.sweeps.rungs import Halving, goes_on
from tune_jobs.sweeps.scorer import Scorer


class Wants(Protocol):
    """The broker as trials see it; `trial` is `<sweep>/<number>`."""

    def want(self, trial: str, rung: int, wanted: Iterable[str], stages: Mapping[str, Stage]) -> None:
        """See `Broker.want`."""

    def done(self, trial: str, wanted: Iterable[str]) -> Answer | None:
        """See `Broker.done`."""

    def drop(self, trial: str) -> None:
        """See `Broker.drop`."""


class SweepDesk:
    """Implements `trial.Desk`; the only place where a sweep's events are written, so the only writer."""

    def __init__(self, space: Space, store: StageStore, broker: Wants, log: EventLog, on_event: OnEvent) -> None:
        self._space = space
        self._broker = broker
        self._log = log
        self._on_event = on_event
        self._scorer = Scorer(store, space.suite, space.search.selection)

    def want(self, trial: int, rung: int, wanted: Iterable[str], stages: Mapping[str, Stage]) -> None:
        """See `Broker.want`; trials of several sweeps may share one broker."""
        self._broker.want(self._name(trial), rung, wanted, stages)

    def done(self, trial: int, wanted: Iterable[str]) -> Answer:
        """See `Broker.done`."""
        answer = self._broker.done(self._name(trial), wanted)
        assert answer is not None, "the broker has forgotten a trial"
        return answer

    def drop(self, trial: int) -> None:
        """See `Broker.drop`."""
        self._broker.drop(self._name(trial))

    def cell(self, stage: str) -> Cell:
        """See `Scorer.cell`."""
        return self._scorer.cell(stage)

    def mean(self, cells: Sequence[Cell]) -> float:
        """See `Scorer.mean`."""
        return self._scorer.mean(cells)

    def scored(self, rung: Rung) -> None:
        """Record a rung's value, once."""
        if rung.rung not in self._log.history.trials[rung.trial].rungs:
            self.record(rung)

    def decide(self, trial: int, rung: int) -> Decided:
        """Compare the trial with those that had ended when it began, or, where the search is not reproducible, with all
        that stand at the rung; what is recorded is never decided anew.
        """
        here = self._log.history.trials[trial]
        if rung not in here.decisions:
            search, trials = self._space.search, self._log.history.trials
            rule = Halving(search.prune.keep, search.prune.least) if search.prune is not None else None
            settled = here.sampled.settled  # which a log that is older than the field does not say
            before = trial - search.concurrency + 1 if settled is None else settled
            last = before - 1 if search.reproducible else len(trials) - 1
            values = self._log.history.rung_values(rung, last)
            others = [value for number, value in values.items() if number != trial]
            go_on = goes_on(trial, here.rungs[rung].value, others, rule)
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

    def tell(self, notice: Notice) -> None:
        """Show what is no event of the sweep."""
        self._on_event(notice)

    def _name(self, trial: int) -> str:
        return f"{self._space.name}/{trial}"
