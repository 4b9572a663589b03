"""Which lanes there should be: they appear with work, make room for other sizes, and leave when idle."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.tune_jobs.shelf import Clock
from trainers.stages import Shape
from tune_jobs.lanes.fleet import TENURE, Fleet, Limits
from tune_jobs.lanes.shares import PATIENCE, Claim, share

ONE, TWO = Shape(cores=1), Shape(cores=2)
ROOM = {"CPU": 2.0}
OPEN = Limits(idle=30.0)


def test_a_lane_for_each_stage_as_far_as_there_is_room() -> None:
    fleet = Fleet(Clock())
    assert list(fleet.grow("a", Counter({ONE: 5}), ROOM, OPEN).values()) == [ONE, ONE]
    assert fleet.grow("a", Counter({ONE: 5}), ROOM, OPEN) == {}


def test_no_more_than_were_asked_for() -> None:
    assert len(Fleet(Clock()).grow("a", Counter({ONE: 5}), {"CPU": 9.0}, Limits(most=3))) == 3


def test_lanes_that_wait_for_work_take_it() -> None:
    fleet = Fleet(Clock())
    (name,) = fleet.grow("a", Counter({ONE: 1}), ROOM, OPEN)
    fleet.saw(name, ONE, busy=False)
    assert fleet.grow("b", Counter({ONE: 1}), ROOM, OPEN) == {}, "whoever owns it"
    fleet.saw(name, ONE, busy=True)
    assert list(fleet.grow("b", Counter({ONE: 1}), ROOM, OPEN).values()) == [ONE]


def test_an_idle_lane_makes_room_for_another_size() -> None:
    fleet = Fleet(Clock())
    (large,) = fleet.grow("a", Counter({TWO: 1}), ROOM, OPEN)
    fleet.saw(large, TWO, busy=True)
    assert fleet.grow("a", Counter({ONE: 3}), ROOM, OPEN) == {}
    assert not fleet.leaves(large), "it is at work"
    fleet.saw(large, TWO, busy=False)
    assert list(fleet.grow("a", Counter({ONE: 3}), ROOM, OPEN).values()) == [ONE, ONE]
    assert fleet.leaves(large)


def test_idle_lanes_leave_after_a_while() -> None:
    clock = Clock()
    fleet = Fleet(clock)
    (name,) = fleet.grow("a", Counter({ONE: 1}), ROOM, OPEN)
    fleet.saw(name, ONE, busy=False)
    clock.now = 29.0
    fleet.grow("a", Counter(), ROOM, OPEN)
    assert not fleet.leaves(name)
    clock.now = 31.0
    fleet.grow("a", Counter(), ROOM, OPEN)
    assert fleet.leaves(name)


def test_the_first_lane_may_wait_for_a_cluster_that_grows() -> None:
    fleet, clock = Fleet(clock := Clock()), clock
    large = Shape(workers=8, gpus=1)
    (name,) = fleet.grow("a", Counter({large: 2}), ROOM, OPEN)
    clock.now = 5.0
    assert fleet.wait("a") == (5.0, large)
    fleet.saw(name, large, busy=True)
    assert fleet.wait("a") is None


def test_where_the_cluster_grows_one_lane_waits_at_any_time() -> None:
    fleet, gpu = Fleet(Clock()), Shape(gpus=1)
    growing = Limits(most=3, grows=True)
    room = {"CPU": 8.0, "GPU": 0.0}
    for machines in range(4):
        begun = fleet.grow("a", Counter({gpu: 9}), room, growing)
        assert len(begun) == (machines < 3), "one after another, and no more than were asked for"
        assert fleet.grow("a", Counter({gpu: 9}), room, growing) == {}
        room = room | {"GPU": machines + 1.0}
        for name in begun:
            fleet.saw(name, gpu, busy=True)


def test_a_lane_without_a_place_that_nobody_waits_for_holds_no_room() -> None:
    fleet, huge = Fleet(Clock()), Shape(cores=6)
    (name,) = fleet.grow("a", Counter({huge: 1}), {"CPU": 8.0}, OPEN)  # though no single machine may have six
    assert len(fleet.grow("a", Counter({ONE: 3}), {"CPU": 8.0}, OPEN)) == 3
    assert fleet.leaves(name) and fleet.wait("a") != (0.0, huge)


@given(
    st.lists(st.tuples(st.sampled_from([ONE, TWO]), st.integers(0, 4), st.booleans()), max_size=20), st.integers(2, 6)
)
def test_whatever_is_wanted_lanes_that_stay_fit_in(wishes: list[tuple[Shape, int, bool]], cores: int) -> None:
    fleet = Fleet(Clock())
    for shape, count, busy in wishes:
        for name in list(fleet.members):
            if fleet.leaves(name):
                fleet.gone(name)
            else:
                fleet.saw(name, fleet.members[name].shape, busy=busy)
        fleet.grow("a", Counter({shape: count}), {"CPU": float(cores)}, OPEN)
        assert sum(m.shape.cores for m in fleet.members.values() if not m.leaving) <= cores


class Rivals:
    """Two brokers' fleets on one cluster; what a lane may start with, it starts with at once."""

    def __init__(self, cores: float) -> None:
        self.clock, self.room = Clock(), {"CPU": cores}
        self.fleets = {"a": Fleet(self.clock), "b": Fleet(self.clock)}

    def look(self, owner: str, demand: Counter[Shape]) -> None:
        """One attends; lanes that leave are gone at once, and who finds room is placed."""
        other = next(fleet for name, fleet in self.fleets.items() if name != owner)
        self.fleets[owner].grow(owner, demand, self.room, OPEN, (other.claim(),))
        for fleet in self.fleets.values():
            for name in [name for name in fleet.members if fleet.leaves(name)]:
                fleet.gone(name)
        for fleet in self.fleets.values():
            for name, member in fleet.members.items():
                if member.placed is None and self.held() + member.shape.cores <= self.room["CPU"]:
                    fleet.saw(name, member.shape, busy=True)

    def held(self) -> int:
        return sum(
            m.shape.cores for fleet in self.fleets.values() for m in fleet.members.values() if m.placed is not None
        )

    def lanes(self) -> dict[str, int]:
        return {name: sum(m.placed is not None for m in fleet.members.values()) for name, fleet in self.fleets.items()}


def test_lanes_leave_for_another_store_that_waits_but_no_more_than_its_share() -> None:
    rivals = Rivals(4)
    many = Counter({ONE: 9})
    rivals.look("a", many)
    assert rivals.lanes() == {"a": 4, "b": 0}
    rivals.clock.now = TENURE
    rivals.look("b", many)
    rivals.look("a", many)
    assert rivals.lanes() == {"a": 4, "b": 0}, "it has not waited long"
    rivals.clock.now += PATIENCE + 1
    for _ in range(3):
        rivals.look("a", many)
        rivals.look("b", many)
    assert rivals.lanes() == {"a": 2, "b": 2}
    rivals.fleets["b"].members.clear()
    rivals.look("a", many)
    assert rivals.lanes() == {"a": 4, "b": 0}


def test_where_there_is_room_for_one_lane_two_stores_take_turns() -> None:
    rivals, wide = Rivals(2), Counter({TWO: 9})
    rivals.look("a", wide)
    turns = []
    for _ in range(4):
        for owner in "baba":
            rivals.look(owner, wide)
        turns.append(rivals.lanes())
        rivals.clock.now += TENURE + 1
    assert turns == [{"a": 1, "b": 0}, {"a": 0, "b": 1}, {"a": 1, "b": 0}, {"a": 0, "b": 1}]


def test_a_wide_lane_gets_its_turn_beside_a_narrow_one() -> None:
    """Two cores: b's narrow lane leaves one, which is b's share and of no use to a."""
    rivals = Rivals(2)
    rivals.look("b", Counter({ONE: 1}))
    for _ in range(4):
        for owner, wish in (("a", TWO), ("b", ONE)):
            rivals.look(owner, Counter({wish: 1}))
        rivals.clock.now += TENURE + 1
        if rivals.lanes() == {"a": 1, "b": 0}:
            return
    raise AssertionError(rivals.lanes())


def test_a_lane_that_no_machine_can_hold_keeps_nobody_from_working() -> None:
    fleet = Fleet(Clock())
    impossible = Claim({}, {"CPU": 0.0, "GPU": 8.0}, waits=999.0)
    assert list(fleet.grow("a", Counter({ONE: 1}), ROOM, OPEN, [impossible]).values()) == [ONE]
    elsewhere = Claim({"CPU": 1.0}, {"CPU": 2.0}, waits=999.0)
    assert list(Fleet(Clock()).grow("a", Counter({ONE: 1}), ROOM, OPEN, [elsewhere]).values()) == [ONE], "it is free"


@given(st.lists(st.integers(0, 9), max_size=4), st.integers(1, 9))
def test_shares_leave_nobody_without(held: list[int], cores: int) -> None:
    claims = [Claim({"CPU": float(count)}, {}) for count in held]
    mine = share({"CPU": float(cores)}, claims)["CPU"]
    rivals = sum(count > 0 for count in held)
    assert mine >= cores / (rivals + 1)
    assert mine + sum(held) <= cores or mine == cores / (rivals + 1)
