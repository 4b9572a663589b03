"""Base models go into the store before any lane wants them: from there every machine takes them."""

from __future__ import annotations

from collections.abc import Iterable

from trainers.graph import Graph
from trainers.store.bases import BaseStore
from trainers.store.objects import Objects
from tune_jobs.lanes.notices import OnEvent, Remark


def bring_bases(graphs: Iterable[Graph], objects: Objects, on_event: OnEvent) -> None:
    """See to it that a store has the base models of some graphs.

    Args:
        graphs: of recipes whose stages are to run.
        objects: the store.
        on_event: is told what is written.

    Raises:
        UserError: a model is neither there nor here.
    """
    found = {graph.base.model.id: graph.base for graph in graphs if graph.base is not None}
    for base in found.values():
        base.bring(BaseStore(objects), lambda line: on_event(Remark(line)))
