"""Clears what dead jobs have left on a cluster: placement groups, and the cleaners that Ray Train starts for them.

A driver that is killed while its lanes start leaves a placement group which nobody owns, and its resources are lost to
all. Ray Train has a detached cleaner for each lane, which asks the dashboard whether its lane lives; on a cluster
without one it asks for ever.
"""

from __future__ import annotations

import logging
import os
import signal
from contextlib import suppress
from typing import Any

import ray
from ray._private.state import state  # the public lists come from the dashboard, or do not tell who made what
from ray.core.generated import gcs_pb2
from ray.util.placement_group import PlacementGroup, remove_placement_group

CLEANER = "PlacementGroupCleaner"

log = logging.getLogger(__name__)


def clear() -> None:
    """Remove them; to be called on the head node, where the cleaners are."""
    dead = {job["JobID"] for job in ray._private.state.jobs() if job["IsDead"]}
    actors = ray._private.state.actors()
    living = {id for id, actor in actors.items() if actor["State"] != "DEAD"}  # a detached one outlives its job
    for group in _groups():
        orphan = group.creator_job_id.hex() in dead and group.creator_actor_id.hex() not in living
        if orphan and not group.is_detached and group.state != group.REMOVED:
            log.warning("placement group %s of a dead job is removed", group.placement_group_id.hex())
            remove_placement_group(PlacementGroup(ray.PlacementGroupID(group.placement_group_id)))
    here = ray.get_runtime_context().get_node_id()
    for actor in actors.values():
        ours = actor["ActorClassName"] == CLEANER and actor["Address"]["NodeID"] == here
        if ours and actor["State"] == "ALIVE" and actor["JobID"] in dead:
            log.warning("a cleaner of a dead job is ended: process %d", actor["Pid"])
            with suppress(ProcessLookupError):
                os.kill(actor["Pid"], signal.SIGTERM)


def _groups() -> list[Any]:
    kind: Any = gcs_pb2  # generated; it has no types
    known = state._connect_and_get_accessor().get_placement_group_table()
    return [kind.PlacementGroupTableData.FromString(group) for group in known]
