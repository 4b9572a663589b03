"""A lane under Ray Train: one long-lived `TorchTrainer.fit()`, called by an actor on the head node.

Ray Train's controller lives on the node of whoever calls `fit()` and dies with it. The actor belongs to the driver, so
a driver's death takes its lanes along, and the loss of a worker node does not.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from trainers.lane import Lane
from trainers.memory import ENVIRONMENT as MEMORY

THREADS = 64  # lanes that one driver may have
DEATHS = 4  # of its workers, after which a lane ends; another one is begun. Machines taken away with notice are none

# read by Ray Train: look after workers often, and do not ask anew while nodes take minutes to come
ENVIRONMENT = {
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "1",
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "86400",
    "RAY_TRAIN_METRICS_ENABLED": "0",
}


class Caller:
    """Runs lanes, each in a thread of its own."""

    def run(self, lane: Lane) -> None:
        """Run a lane from its start, through some deaths of its workers, until the broker lets it go."""
        _fit(lane)


def caller(head: str) -> Any:
    """The actor, on the head node: there it is not lost with a worker node."""
    strategy = NodeAffinitySchedulingStrategy(head, soft=False)
    return ray.remote(Caller).options(num_cpus=0, max_concurrency=THREADS, scheduling_strategy=strategy).remote()


def _fit(lane: Lane) -> None:
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray.train  # and torch, which the driver can do without
    from ray.train.torch import TorchConfig, TorchTrainer

    shape = lane.shape
    resources = {"CPU": float(shape.cores), **({"GPU": float(shape.gpus)} if shape.gpus else {})}
    with tempfile.TemporaryDirectory(prefix="crosslift-lane-") as scratch:  # for Ray; all that matters is in the store
        TorchTrainer(
            _serve,
            train_loop_config={"lane": lane},
            torch_config=TorchConfig(backend="cpu:gloo,cuda:nccl" if shape.gpus else "gloo"),
            scaling_config=ray.train.ScalingConfig(
                num_workers=shape.workers, use_gpu=shape.gpus > 0, resources_per_worker=resources
            ),
            run_config=ray.train.RunConfig(  # type: ignore[call-arg]  # its types are those of Train's first version
                name=lane.name.replace("/", "-"),
                storage_path=scratch,
                worker_runtime_env={"env_vars": MEMORY},
                failure_config=ray.train.FailureConfig(  # type: ignore[call-arg]  # so are these
                    max_failures=DEATHS, max_preemption_failures=-1
                ),
            ),
        ).fit()


def _serve(config: dict[str, Any]) -> None:
    from trainers.worker import serve  # in the worker alone
    from tune_jobs.on_ray.metrics import count_store_faults

    count_store_faults()
    serve(config["lane"])
