"""A Ray instance to work on: one that is started here, or a running cluster; and what it has."""

from __future__ import annotations

import io
import logging
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass

import ray

from tasks.errors import UserError
from trainers.stages import Shape

SLOT = "trial_slot"
LOOPBACK = "127.0.0.2"  # Ray takes 127.0.0.1 to mean the address that others reach this machine at
KNOCK = 10.0  # seconds that a cluster's head has to answer
SLOTS = 4  # for each core of an instance of our own: trials wait most of the time, but each is a process

# read by Ray Tune: no files of results that nobody reads, no words that nobody asked for
ENVIRONMENT = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}


log = logging.getLogger(__name__)


class _ToLog(io.TextIOBase):
    """Lines become records of the command's log."""

    def write(self, text: str) -> int:
        for line in text.splitlines():
            if line.strip():
                log.info("ray: %s", line)
        return len(text)


@dataclass(frozen=True)
class Cluster:
    """A connection to Ray. `head`: the id of the head node; `own`: whether it was started here."""

    head: str
    own: bool

    def room(self) -> dict[str, float]:
        """All that the cluster has, by Ray's names."""
        return dict(ray.cluster_resources())


@contextmanager
def cluster(address: str | None, wishes: Shape) -> Iterator[Cluster]:
    """Within: a Ray instance.

    Args:
        address: of a running one (`auto`: found here); None: one of our own, on loopback, gone afterwards.
        wishes: the largest lane that will be needed; an instance of our own has room for it.

    Raises:
        UserError: there is none at that address, or it has no slots for trials.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    logging.getLogger("ray").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module="ray")
    with redirect_stdout(_ToLog()):  # stdout is for results, and Ray writes there what it happens to notice, to its end
        _connect(address, wishes)
        try:
            if address is None:
                _check_gpus(wishes)
            yield Cluster(head_node(), own=address is None)
        finally:
            ray.shutdown()


def _connect(address: str | None, wishes: Shape) -> None:
    try:
        if address is None:
            cores = max(os.cpu_count() or 1, wishes.workers * wishes.cores)
            os.environ.setdefault("RAY_TRAIN_ENABLE_PREEMPTION_WATCHER", "0")  # nobody takes this machine away
            ray.init(
                "local",  # also where another instance runs on this machine
                num_cpus=cores,
                resources={SLOT: SLOTS * cores},
                _node_ip_address=LOOPBACK,
                include_dashboard=False,
                _system_config={"enable_metrics_collection": False},  # it listens on all addresses, without a token
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        else:
            _knock(address)
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except ConnectionError as error:
        raise UserError(f"no Ray cluster: {error}", where="--address") from error


def _check_gpus(wishes: Shape) -> None:
    """Raises UserError if this machine, which does not grow, lacks GPUs that a lane wants."""
    wanted, there = wishes.workers * wishes.gpus, int(ray.cluster_resources().get("GPU", 0))
    if wanted > there:
        raise UserError(
            f"a lane wants {wanted} GPUs and this machine has {there}; run on a cluster that has them (--address), or "
            "give `device: cpu`",
            where="recipe.numerics",
        )


def _knock(address: str) -> None:
    """Raises ConnectionError at once where nobody answers; Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return  # `auto` and the like
    try:
        socket.create_connection((host, int(port)), timeout=KNOCK).close()
    except OSError as error:
        raise ConnectionError(f"nobody answers at {address} ({error})") from error


def check_slots() -> None:
    """Raises UserError if no node has slots for trials."""
    if not ray.cluster_resources().get(SLOT):
        raise UserError(
            f"the cluster has no resource `{SLOT}`, which trials run on; "
            f"start its head with `ray start --head --resources='{{\"{SLOT}\": 64}}'`",
            where="--address",
        )


def head_node() -> str:
    """The id of the node that everything central is pinned to."""
    for node in ray.nodes():
        if node["Alive"] and "node:__internal_head__" in node["Resources"]:
            return str(node["NodeID"])
    raise UserError("the cluster has no head node that lives", where="--address")
