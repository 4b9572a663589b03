"""Which lanes there should be: they appear with work, make room for other sizes, and leave when idle."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.tune_jobs.shelf import Clock
from trainers.stages import Shape
from tune_jobs.lanes.fleet import Fleet, Limits

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
