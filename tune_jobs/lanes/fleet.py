"""Which lanes there are, and which there should be: they appear with work and leave when idle.

A plain state machine beside the broker: it counts lanes against the stages that could run now, lane size by lane size.
Whoever started a lane owns it; every owner may use every lane.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from trainers.stages import Shape
from tune_jobs.lanes.shares import Claim, Room, fits, share, without

TENURE = 60.0  # seconds that a lane stays at its place at least: it took a while to start


@dataclass(frozen=True)
class Limits:
    """How far the fleet may grow.

    `most`: lanes of one owner; None: as many as the cluster has room for. `idle`: seconds that one without work stays.
    `grows`: the cluster gets machines for what waits, so up to `most` lanes may be asked for one after another before
    there is room.
    """

    most: int | None = None
    idle: float = 30.0
    grows: bool = False


@dataclass
class Member:
    """A lane: at work or not since `since`. `placed`: when its workers were heard first, None while it waits."""

    owner: str
    shape: Shape
    since: float
    placed: float | None = None
    busy: bool = False
    leaving: bool = False

    @property
    def spare(self) -> bool:
        """Whether it will take the next stage of its size."""
        return not self.busy and not self.leaving

    @property
    def state(self) -> str:
        """For whoever watches: waiting for a place, busy, or idle."""
        if self.placed is None:
            return "waiting"
        return "busy" if self.busy else "idle"


class Fleet:
    """The lanes that a broker serves. `clock`: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._life = uuid.uuid4().hex[:6]  # so that names are new after a death, too
        self._begun = 0
        self.members: dict[str, Member] = {}

    # --- what lanes do ----------------------------------------------------------------------------------------------

    def saw(self, name: str, shape: Shape, *, busy: bool) -> None:
        """A lane has asked, and got a stage or not."""
        member = self.members.setdefault(name, self._member(name.partition("/")[0], shape))
        if member.placed is None or member.busy != busy:
            member.since = self._clock()
        member.placed = self._clock() if member.placed is None else member.placed
        member.busy = busy

    def adopt(self, owner: str, lanes: Mapping[str, Shape]) -> None:
        """Lanes that an owner has: those of which a fleet that died knew are taken to be at work until they ask."""
        for name, shape in lanes.items():
            self.members.setdefault(name, self._member(owner, shape, at_work=True))

    def leaves(self, name: str) -> bool:
        """Whether this lane is to leave now, between two stages."""
        return name in self.members and self.members[name].leaving

    def leave(self, name: str) -> bool:
        """A lane is to leave at the end of its stage; whether that is news."""
        news = name in self.members and not self.members[name].leaving
        if news:
            self.members[name].leaving = True
        return news

    def displaced(self, name: str) -> None:
        """A lane has lost its place, and waits for another one."""
        if name in self.members:
            member = self.members[name]
            member.placed, member.busy, member.since = None, False, self._clock()

    def gone(self, name: str) -> None:
        """A lane has ended."""
        self.members.pop(name, None)

    # --- what lanes there should be ---------------------------------------------------------------------------------

    def wait(self, owner: str) -> tuple[float, Shape] | None:
        """How long the owner's longest waiting lane has not been placed, in seconds, and its size."""
        first = self._first_waiting(owner)
        return (self._clock() - first.since, first.shape) if first else None

    def claim(self) -> Claim:
        """What the other brokers of the cluster have to know."""
        first = self._first_waiting()
        return Claim(
            held=_sum(member for member in self.members.values() if member.placed is not None),
            wanted=_sum([first] if first else []),
            waits=self._clock() - first.since if first else 0.0,
        )

    def grow(
        self, owner: str, demand: Counter[Shape], room: Room, limits: Limits, others: Sequence[Claim] = ()
    ) -> dict[str, Shape]:
        """New lanes for an owner's sweep, by name; what has to leave for them, or is idle for too long, is told so.

        Args:
            owner: whose lanes they will be.
            demand: stages that could run now, by the size of lane that they want.
            room: what the cluster has.
            limits: the owner's.
            others: what the brokers of other stores hold: if one waits, lanes beyond our share leave.
        """
        pressing = [other for other in others if other.presses(room)]
        free = without(room, [other.held for other in others])
        if pressing:
            self._give_way(share(room, others), free, pressing)
        room = share(room, others)
        limits = replace(limits, grows=limits.grows and not pressing)  # where another waits, ours do not queue up
        begun: dict[str, Shape] = {}
        for shape, count in sorted(demand.items(), key=lambda item: -item[1]):
            self._take_back(owner, shape)
            spare = sum(member.spare and member.shape == shape for member in self.members.values())
            for _ in range(count - spare):
                if not self._fits(owner, shape, room, limits):
                    self._make_room(demand)
                unused = without(free, [_sum(self.members.values())])
                stands = not self._staying() and not fits(_sum([self._member(owner, shape)]), unused)
                if not self._fits(owner, shape, room, limits) or (pressing and stands):
                    break  # where another store's lane waits already, ours does not stand beside it
                self._begun += 1
                name = f"{owner}/{self._life}-{self._begun}"
                begun[name] = shape
                self.members[name] = self._member(owner, shape)
        self._end_idle(limits.idle)
        return begun

    def release(self, owner: str) -> None:
        """The owner's lanes leave at the end of their stages."""
        for member in self.members.values():
            member.leaving |= member.owner == owner

    def _fits(self, owner: str, shape: Shape, room: Room, limits: Limits) -> bool:
        """Whether there is a place, or will be as soon as those that leave have left.

        A lane may wait for one, so that a cluster sees what to grow for: the first of all, and where the cluster grows
        one at any time.
        """
        staying = self._staying()
        if limits.most is not None and sum(member.owner == owner for member in staying) >= limits.most:
            return False
        placed = all(member.placed is not None for member in staying)
        return not staying or (limits.grows and placed) or fits(_sum([*staying, self._member(owner, shape)]), room)

    def _give_way(self, part: Room, free: Room, pressing: Sequence[Claim]) -> None:
        """Lanes leave at the end of their stages, idle and young ones first, until the rest fit into our part.

        For one that has no lane at all they leave until its first one has room, too.
        """
        old = [(m, m.placed) for m in self._staying() if m.placed is not None and self._clock() - m.placed >= TENURE]
        shut_out = [other.wanted for other in pressing if not any(other.held.values())]
        for member, _ in sorted(old, key=lambda pair: (pair[0].busy, -pair[1])):
            held = _sum(self._staying())
            if fits(held, part) and all(fits(wanted, without(free, [held])) for wanted in shut_out):
                return
            member.leaving = True

    def _first_waiting(self, owner: str | None = None) -> Member | None:
        """The lane that waits for a place for the longest time."""
        waiting = [member for member in self._staying() if member.placed is None and owner in (None, member.owner)]
        return min(waiting, key=lambda member: member.since, default=None)

    def _staying(self) -> list[Member]:
        return [member for member in self.members.values() if not member.leaving]

    def _member(self, owner: str, shape: Shape, *, at_work: bool = False) -> Member:
        return Member(owner, shape, self._clock(), self._clock() if at_work else None, at_work)

    def _take_back(self, owner: str, shape: Shape) -> None:
        """Lanes that were to leave as soon as they have a place stay, as there is work for them again."""
        for member in self.members.values():
            member.leaving &= member.placed is not None or (member.owner, member.shape) != (owner, shape)

    def _make_room(self, demand: Counter[Shape]) -> None:
        """Lanes of sizes that nobody waits for leave, those that wait for a place as soon as they have one."""
        for member in self.members.values():
            member.leaving |= not member.busy and not demand[member.shape]

    def _end_idle(self, patience: float) -> None:
        for member in self.members.values():
            idle = member.placed is not None and not member.busy
            member.leaving |= idle and self._clock() - member.since > patience


def _sum(members: Iterable[Member]) -> Room:
    """What lanes hold together."""
    shapes = [member.shape for member in members]
    return {"CPU": sum(s.workers * s.cores for s in shapes), "GPU": sum(s.workers * s.gpus for s in shapes)}
