"""Run the stages of some graphs in this process, without a sweep around them: the broker and one lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tasks.errors import UserError
from trainers.graph import Graph
from trainers.lane import Ending
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Broker
from tune_jobs.lanes.interrupted import Interrupted
from tune_jobs.lanes.notices import OnEvent
from tune_jobs.lanes.serial_lane import Runner, SerialLane
from tune_jobs.lanes.signals import polite_stop


def make(
    graphs: Sequence[Graph],
    store: StageStore,
    lane: Runner,
    on_event: OnEvent = lambda notice: None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Make all score stages of these graphs, and whatever they need that is not stored.

    Returns:
        How many stages were made.

    Raises:
        UserError: one of the stages failed for good, as when the training diverges.
        Interrupted: SIGINT or SIGTERM; progress is kept.
    """
    broker = Broker(store, clock)
    for number, graph in enumerate(graphs):
        broker.want(str(number), 0, graph.cells.values(), graph.stages)
    run = 0
    with polite_stop() as asked:
        serial = SerialLane(broker, lane, on_event, asked)
        while (turn := serial.turn()) is not None:
            run += turn[1].ending is Ending.COMMITTED
            if asked():
                raise Interrupted("final")
    for number, graph in enumerate(graphs):
        answer = broker.done(str(number), graph.cells.values())
        assert answer is not None, "nobody has dropped it"
        if answer.missing:
            raise UserError(f"the recipe cannot be trained: {answer.reason or f'{answer.missing} stages are missing'}")
    return run
