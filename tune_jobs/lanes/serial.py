"""Run the stages of some graphs in this process, without a sweep around them: the broker and one lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from tasks.errors import UserError
from trainers.graph import Graph
from trainers.lane import Ending
from trainers.store.leases import Holder
from trainers.store.stages import StageStore
from tune_jobs.lanes.bases import bring_bases
from tune_jobs.lanes.broker import Broker
from tune_jobs.lanes.interrupted import Interrupted
from tune_jobs.lanes.notices import OnEvent, waiting
from tune_jobs.lanes.serial_lane import PAUSE, Runner, SerialLane
from tune_jobs.lanes.signals import polite_stop


def make(
    graphs: Sequence[Graph],
    store: StageStore,
    lane: Runner,
    on_event: OnEvent = lambda notice: None,
    clock: Callable[[], float] = time.monotonic,
    name: str = "a run without a sweep",
) -> int:
    """Make all score stages of these graphs, and whatever they need that is not stored; what others make is waited for.

    Args:
        graphs: whose cells are wanted.
        store: where stages live.
        lane: what runs a stage.
        on_event: is told what the lane does.
        clock: seconds, monotonic.
        name: what others are told that wait for one of its stages.

    Returns:
        How many stages were made.

    Raises:
        UserError: one of the stages failed for good, as when the training diverges.
        Interrupted: SIGINT or SIGTERM; progress is kept.
    """
    me = Holder(life=uuid4().hex, name=name)
    bring_bases(graphs, store.objects, on_event)
    broker = Broker(store, clock, None, lambda trials: me, lambda stage, held: on_event(waiting(stage, held)))
    for number, graph in enumerate(graphs):
        broker.want(str(number), 0, graph.cells.values(), graph.stages)
    run = 0
    with polite_stop() as asked:
        serial = SerialLane(broker, lane, on_event, asked)
        while True:
            turn = serial.turn()
            if turn is not None:
                run += turn[1].ending is Ending.COMMITTED
            elif broker.waits():
                time.sleep(PAUSE)
            else:
                break
            if asked():
                raise Interrupted("final")
    for number, graph in enumerate(graphs):
        answer = broker.done(str(number), graph.cells.values())
        assert answer is not None, "nobody has dropped it"
        if answer.missing:
            raise UserError(f"the recipe cannot be trained: {answer.reason or f'{answer.missing} stages are missing'}")
    return run
