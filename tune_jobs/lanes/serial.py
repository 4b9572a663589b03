"""Run the stages of some graphs in this process, without a sweep around them: the broker and one lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from trainers.graph import Graph
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Broker
from tune_jobs.lanes.interrupted import Interrupted
from tune_jobs.lanes.notices import OnEvent
from tune_jobs.lanes.serial_lane import Runner, SerialLane
from tune_jobs.lanes.signals import polite_stop


class StageFailed(RuntimeError):
    """A stage was set aside, so its graph has no scores."""


def make(
    graphs: Sequence[Graph],
    store: StageStore,
    lane: Runner,
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
        serial = SerialLane(broker, lane, on_event, asked)
        while serial.turn() is not None:
            run += 1
            if asked():
                raise Interrupted("final")
    for graph in graphs:
        answer = broker.done(graph.cells.values())
        if answer.missing:
            raise StageFailed(answer.reason or f"{answer.missing} stages cannot be made")
    return run
