"""How the brokers of several stores share a cluster: each uses what the others leave, and at least an equal part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Room = Mapping[str, float]
"""What a cluster has in all, by Ray's names: CPU, GPU."""


@dataclass(frozen=True)
class Claim:
    """What a broker's lanes hold or wait for, and the seconds for which one of them has found no place."""

    held: Room
    waits: float


def share(room: Room, others: Sequence[Claim]) -> Room:
    """The part of a cluster that a broker may use beside others."""
    parts = 1 + sum(any(other.held.values()) for other in others)
    return {
        name: max(total - sum(other.held.get(name, 0.0) for other in others), total / parts)
        for name, total in room.items()
    }
