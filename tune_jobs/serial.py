"""Run the stages of some graphs in this process, without a sweep around them: the broker and one lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from trainers.graph import Graph
from trainers.lane import Assignment, Ending, LaneId, Outcome, Verdict
from trainers.store.stages import StageStore
from tune_jobs.broker import Broker
from tune_jobs.interrupted import Interrupted
from tune_jobs.notices import OnEvent, StageBegun, StageEnded, StageProgress
from tune_jobs.signals import polite_stop

SERIAL = LaneId("serial", 0)


class Lane(Protocol):
    """What runs a stage: `trainers.runner.Runner`."""

    def run(self, assignment: Assignment, report: Callable[[int, int], Verdict]) -> Outcome:
        """Run a stage to its COMMIT, or as far as `report` lets it."""


class StageFailed(RuntimeError):
    """A stage was set aside, so its graph has no scores."""


def make(
    graphs: Sequence[Graph],
    store: StageStore,
    lane: Lane,
    on_event: OnEvent = lambda notice: None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Make all score stages of these graphs, and whatever they need that is not stored.

    Returns:
        How many stages were run.

    Raises:
        StageFailed: one of the stages failed for good.
        Interrupted: SIGINT or SIGTERM; progress is kept.
    """
    broker = Broker(store, clock)
    for number, graph in enumerate(graphs):
        broker.want(str(number), 0, graph.cells.values(), graph.stages)
    run = 0
    with polite_stop() as asked:
        while isinstance(work := broker.ask(SERIAL), Assignment):
            if asked():
                raise Interrupted("final")
            _run(work, broker, lane, on_event, asked)
            run += 1
    for graph in graphs:
        answer = broker.done(graph.cells.values())
        if answer.missing:
            raise StageFailed(answer.reason or f"{answer.missing} stages cannot be made")
    return run


def _run(work: Assignment, broker: Broker, lane: Lane, on_event: OnEvent, asked: Callable[[], bool]) -> None:
    id, label = work.stage.id, work.stage.label

    def report(step: int, steps: int) -> Verdict:
        on_event(StageProgress(SERIAL.name, id, label, step, steps))
        verdict = broker.progress(SERIAL, id, work.attempt, step, steps)
        return Verdict.STOP if asked() else verdict

    on_event(StageBegun(SERIAL.name, id, label))
    outcome = lane.run(work, report)
    broker.end(SERIAL, id, work.attempt, outcome)
    on_event(StageEnded(SERIAL.name, id, label, outcome.ending, outcome.reason))
    if outcome.ending is Ending.STOPPED and asked():
        raise Interrupted("final")
