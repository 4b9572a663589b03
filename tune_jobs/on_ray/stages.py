"""Stages of some graphs on the lanes of a Ray instance, without a sweep around them: what a final run needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tasks.errors import UserError
from trainers.graph import Graph
from trainers.lane import Lane
from trainers.stages import Shape
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.lanes.bases import bring_bases
from tune_jobs.lanes.hub import Hub
from tune_jobs.lanes.interrupted import Interrupted
from tune_jobs.lanes.notices import OnEvent
from tune_jobs.lanes.signals import polite_stop
from tune_jobs.on_ray.attendant import Attendant
from tune_jobs.on_ray.broker_actor import broker_of
from tune_jobs.on_ray.cluster import cluster
from tune_jobs.on_ray.driver import RaySettings, first_lane, one_at_a_time, shaped, widest
from tune_jobs.places import cache_folder

LOOK = 1.0  # seconds between two looks at what is missing


def make_on_ray(
    graphs: Sequence[Graph], location: str, name: str, settings: RaySettings, on_event: OnEvent = lambda notice: None
) -> int:
    """Make all score stages of these graphs, and whatever they need that is not stored.

    Args:
        graphs: whose stages.
        location: of the store, as all machines reach it.
        name: of the run, in the lanes' names; of two runs of one name and store the earlier one ends.
        settings: where and how wide.
        on_event: is told what the lanes do.

    Returns:
        How many stages were made.

    Raises:
        UserError: one of the stages failed for good; or there is no such cluster.
        Interrupted: SIGINT or SIGTERM; progress is kept.
    """
    store = StageStore(open_objects(location))
    wide = [shaped(graph, settings.workers) for graph in graphs]
    if all(store.committed(id) is not None for id in dict.fromkeys(id for g in wide for id in g.cells.values())):
        return 0
    bring_bases(graphs, store.objects, on_event)
    with cluster(settings.address, widest(wide)) as instance, polite_stop() as asked:
        broker = broker_of(location, instance.head)
        reign = int(time.time())  # there is no log that counts: the later one drives

        def lane(name: str, shape: Shape) -> Lane:
            return Lane(name, shape, broker, location, cache_folder, settings.micro_tokens, settings.save_seconds)

        tell = one_at_a_time(on_event)
        ahead = first_lane(wide, store)
        attendant = Attendant(broker, name, instance, settings.limits, lane, tell, ahead, reign)
        try:
            with attendant:
                _wait(broker, name, wide, attendant, asked)
                if not instance.own or asked():
                    attendant.dismiss()
        finally:
            broker.leave(name, reign)
        if asked():
            raise Interrupted(name)
        return len({stage for stage, _ in attendant.made})


def _wait(broker: Hub, name: str, graphs: Sequence[Graph], attendant: Attendant, asked: Callable[[], bool]) -> None:
    """Want the stages until all are there, or until somebody asks for the end."""
    while not asked():
        if attendant.error is not None:
            raise attendant.error
        missing = 0
        for number, graph in enumerate(graphs):
            wanted = tuple(graph.cells.values())
            answer = broker.done(f"{name}/{number}", wanted)
            if answer is None:  # not yet, or not since the broker's death
                broker.want(f"{name}/{number}", 0, wanted, graph.stages)
                missing += 1
            elif answer.missing and answer.reason:
                raise UserError(f"the recipe cannot be trained: {answer.reason}")
            else:
                missing += answer.missing
        if not missing:
            return
        time.sleep(LOOK)
