"""Is a cluster fit for Crosslift? Each of its machines looks at itself, and at the store from where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from trainers.stages import Shape
from tune_jobs.doctor import Finding, examine
from tune_jobs.on_ray.cluster import SLOT, cluster

PATIENCE = 180.0  # seconds that a machine has for its answer


def examine_cluster(address: str, store: str) -> Iterator[Finding]:
    """Look at all machines of a running cluster at once.

    Args:
        address: of the cluster.
        store: as the machines reach it.

    Raises:
        UserError: there is no such cluster.
    """
    with cluster(address, Shape(1, 1, 0)) as instance:
        slots = int(instance.room().get(SLOT, 0))
        mend = f"start the head with --resources='{{\"{SLOT}\": 64}}'"
        yield Finding("cluster", f"{slots} trial slots", "" if slots else mend)
        nodes = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
        look = ray.remote(num_cpus=0, max_retries=0)(_look)
        asked = {
            id: look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(id, soft=False)).remote(store)
            for id in nodes
        }
        packages: dict[str, str] = {}
        for id, reference in asked.items():
            for finding in _answer(reference):
                here = replace(finding, check=f"{nodes[id]} {finding.check}")
                if finding.check == "packages" and packages.setdefault("", finding.found) != finding.found:
                    here = replace(here, mend="another machine has other versions: install the same on all")
                yield here


def _look(store: str) -> list[Finding]:
    return list(examine(store))


def _answer(reference: ray.ObjectRef[list[Finding]]) -> list[Finding]:
    try:
        found: list[Finding] = ray.get(reference, timeout=PATIENCE)
    except ray.exceptions.RayError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        return [Finding("machine", f"cannot look at itself: {reason}", "install Crosslift there as on the head")]
    return found
