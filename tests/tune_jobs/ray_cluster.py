"""A Ray cluster of several raylets on this machine, and sweeps on it as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

from tests.tune_jobs.test_kills import Lab
from tune_jobs.lanes.hub import Hub
from tune_jobs.on_ray.broker_actor import NAMESPACE, broker_of
from tune_jobs.on_ray.cluster import SLOT, head_node

CROSSLIFT = str(Path(sys.executable).with_name("crosslift"))
OURS = ("BrokerActor", "Caller", "TrainController", "RayTrainWorker", "ImplicitFunc", "PlacementGroupCleaner")
ALIVE = frozenset({"ALIVE"})
PATIENCE = 400.0
QUICK = {"health_check_period_ms": 1000, "health_check_failure_threshold": 3}  # a dead raylet is noticed in seconds


@dataclass
class Machines:
    """The cluster; the head has no cores, so that lanes are on `workers`."""

    cluster: Cluster
    folder: Path
    workers: list[Any] = field(default_factory=list)

    def add(self, cores: int, **environment: str) -> None:
        """A node; what runs on it has these variables."""
        self.workers.append(self.cluster.add_node(num_cpus=cores, env_vars=environment))

    def lose(self) -> None:
        """A raylet is killed, and what runs on its node with it."""
        self.cluster.remove_node(self.workers.pop(0), allow_graceful=False)

    def start(self, lab: Lab, space: str, *options: str) -> subprocess.Popen[str]:
        argv = [CROSSLIFT, "sweep", space, "--address", self.cluster.address, "--json", "--store", lab.location]
        return subprocess.Popen(
            [*argv, *options],
            cwd=self.folder,
            env=os.environ | {"CROSSLIFT_CACHE": f"{lab.folder}-cache"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        printed: dict[str, Any] = json.loads(out)
        return printed

    def sweep(self, lab: Lab, space: str, *options: str) -> dict[str, Any]:
        return self.finish(self.start(lab, space, *options))

    def broker(self, lab: Lab) -> Hub:
        """The sweep's broker, which the sweep has started."""
        wait(lambda: any(a["Name"].startswith("broker-") for a in actors("BrokerActor")))
        return broker_of(lab.location, head_node())

    def left(self) -> dict[str, int]:
        """What is still there of sweeps: actors by class, also such as are to start again, and placement groups."""
        counts = {name: len(actors(name, ALIVE | {"RESTARTING", "PENDING_CREATION"})) for name in OURS}
        groups = ray.util.placement_group_table().values()
        counts["placement groups"] = sum(group["state"] not in ("REMOVED",) for group in groups)
        return {name: count for name, count in counts.items() if count}


def actors(name: str, states: Set[str] = ALIVE) -> list[dict[str, Any]]:
    """The actors of a class, as the cluster knows them; by default those that live."""
    known = ray._private.state.actors().values()
    return [a for a in known if a["ActorClassName"].rpartition(".")[2] == name and a["State"] in states]


def kill(process: int) -> None:
    """SIGKILL to one process."""
    os.kill(process, signal.SIGKILL)


def wait(met: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What a question answers, once that is something."""
    begun = time.monotonic()
    while not (answer := met()):
        assert time.monotonic() - begun < seconds, "waited in vain"
        time.sleep(0.05)
    return answer


@contextmanager
def machines(folder: Path, *cores: int) -> Iterator[Machines]:
    """Within: a head node, a node for each number of cores, and this process connected to them."""
    os.environ["RAY_AUTH_MODE"] = "disabled"
    head = {"num_cpus": 0, "resources": {SLOT: 16}, "_system_config": QUICK}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        here = Machines(cluster, folder)
        for count in cores:
            here.add(count)
        ray.init(cluster.address, namespace=NAMESPACE, log_to_driver=False)
        yield here
    finally:
        ray.shutdown()
        cluster.shutdown()
