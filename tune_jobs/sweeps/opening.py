"""Who drives a sweep, and whether it is still the sweep that it was."""

from __future__ import annotations

from importlib.metadata import version

from search_spaces.space import Space
from tasks.errors import UserError
from trainers.graph import Graph
from trainers.identity import digest
from trainers.store.objects import Objects
from tune_jobs.pinned import check_pinned, pinned_files
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import Opened
from tune_jobs.sweeps.sampling import Expand

FENCE_SECONDS = 10.0  # between a driver's looks whether another one has taken over


def check_log(space: Space, objects: Objects, expand: Expand) -> EventLog:
    """The log of the space's sweep, nothing written yet.

    Raises:
        UserError: the sweep began with a space that differs in what makes results comparable, or with other data.
    """
    log = EventLog(objects, space.name)
    opened, where = log.history.opened, f"sweep {space.name}"
    if opened is None:
        return log
    if differing := space.differences(opened.space):
        raise UserError(
            f"the space has changed since this sweep began, in {', '.join(differing)}; "
            "give the space another name, or change it back",
            where=where,
        )
    graph = expand(space.widest())
    check_pinned(opened.locked, pinned_files(graph), where)
    if opened.data not in ("", data_digest(graph)):
        raise UserError("the data has changed since this sweep began; give the space another name", where=where)
    return log


def open_log(space: Space, objects: Objects, expand: Expand) -> EventLog:
    """Take over the log of the space's sweep, or begin it; raises as `check_log` does."""
    log = check_log(space, objects, expand)
    versions = {name: version(name) for name in ("crosslift", "torch", "transformers", "optuna")}
    if log.history.opened is None:
        graph = expand(space.widest())
        log.write(
            Opened(
                sweep=space.name,
                space=space.identity(),
                folders=space.data.folders,
                locked=pinned_files(graph),
                data=data_digest(graph),
                versions=versions,
            )
        )
    log.take_over(versions)
    return log


def data_digest(graph: Graph) -> str:
    """sha256 of the fingerprints of all data that a graph's stages read."""
    return digest(sorted({fingerprint for stage in graph.stages.values() for fingerprint in stage.sources}))
