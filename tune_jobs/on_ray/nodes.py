"""The machines of a cluster, as the broker needs to know them: which live, and which are about to be taken away.

Ray calls a node draining when somebody has given notice: an autoscaler, whoever hears of a cloud's pre-emption, or
`ray drain-node`. Ray Train tells its workers, too (`ray.train.get_preemption_info`), but each time that it is asked all
of them meet. The broker knows where lanes are, and its answer to one worker reaches all of them at the same step.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import ray
from ray._private import state  # nothing public tells of drains outside of Ray Train's workers

FRESH = 0.5  # seconds for which an answer counts: the hub asks many times a second


def alive() -> frozenset[str]:
    """Ids of the nodes that live."""
    return frozenset(node["NodeID"] for node in ray.nodes() if node["Alive"])


def doomed() -> frozenset[str]:
    """Ids of the nodes that are being drained."""
    return frozenset(state.state.get_draining_nodes())


class Seldom:
    """One of these questions, asked anew only after `FRESH`."""

    def __init__(self, ask: Callable[[], frozenset[str]]) -> None:
        self._ask = ask
        self._asked = -FRESH
        self._answer: frozenset[str] = frozenset()

    def __call__(self) -> frozenset[str]:
        """The answer, as it was lately."""
        if time.monotonic() - self._asked > FRESH:
            self._answer = self._ask()
            self._asked = time.monotonic()
        return self._answer
