"""How the brokers of several stores share a cluster: each uses what the others leave, and at least an equal part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Room = Mapping[str, float]
"""What a cluster has in all, or what somebody takes of it, by Ray's names: CPU, GPU."""

PATIENCE = 5.0  # seconds that a lane of another store waits before one of ours leaves for it


@dataclass(frozen=True)
class Claim:
    """What a broker's lanes hold, what those that have found no place want, and for how many seconds they wait."""

    held: Room
    wanted: Room
    waits: float = 0.0

    def presses(self, room: Room) -> bool:
        """Whether it has waited for some time for what the cluster could give."""
        return self.waits > PATIENCE and fits(self.wanted, room)


def fits(wanted: Room, room: Room) -> bool:
    """Whether there is room for it."""
    return all(count <= room.get(name, 0.0) for name, count in wanted.items())


def without(room: Room, taken: Iterable[Room]) -> Room:
    """What is left."""
    parts = tuple(taken)
    return {name: total - sum(part.get(name, 0.0) for part in parts) for name, total in room.items()}


def share(room: Room, others: Sequence[Claim]) -> Room:
    """The part of a cluster that a broker may use beside others."""
    rivals = [other for other in others if any(other.held.values()) or any(other.wanted.values())]
    left = without(room, (part for other in rivals for part in (other.held, other.wanted)))
    return {name: max(left[name], total / (1 + len(rivals))) for name, total in room.items()}
