"""Who drives a sweep, and whether it is still the sweep that it was."""

from __future__ import annotations

from importlib.metadata import version

from search_spaces.space import Space
from tasks.errors import UserError
from trainers.graph import Graph
from trainers.identity import digest
from trainers.store.objects import Objects
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
    opened = log.history.opened
    if opened is not None and (differing := space.differences(opened.space)):
        raise UserError(
            f"the space has changed since this sweep began, in {', '.join(differing)}; "
            "give the space another name, or change it back",
            where=f"sweep {space.name}",
        )
    if opened is not None and opened.data not in ("", data_digest(expand(space.widest()))):
        raise UserError(
            "the data has changed since this sweep began; give the space another name", where=f"sweep {space.name}"
        )
    return log


def open_log(space: Space, objects: Objects, expand: Expand) -> EventLog:
    """Take over the log of the space's sweep, or begin it; raises as `check_log` does."""
    log = check_log(space, objects, expand)
    versions = {name: version(name) for name in ("crosslift", "torch", "transformers", "optuna")}
    if log.history.opened is None:
        data, folders = data_digest(expand(space.widest())), space.data.folders
        log.write(Opened(sweep=space.name, space=space.identity(), folders=folders, data=data, versions=versions))
    log.take_over(versions)
    return log


def data_digest(graph: Graph) -> str:
    """sha256 of the fingerprints of all data that a graph's stages read."""
    return digest(sorted({fingerprint for stage in graph.stages.values() for fingerprint in stage.sources}))
