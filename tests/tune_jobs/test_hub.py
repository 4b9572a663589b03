"""What several sweeps share: notices, what is made for whom, deaths of lanes, drivers and of the hub itself."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from tests.tune_jobs.shelf import ELSEWHERE, Clock, Committed, MemoryShelf, by_id, child, root
from trainers.lane import Assignment, Ending, LaneId, Leave, Outcome, Place, Verdict, Wait
from trainers.stages import Shape
from tune_jobs.lanes.broker import Patience
from tune_jobs.lanes.drivers import Driver, LaneNotice, News
from tune_jobs.lanes.fleet import Limits
from tune_jobs.lanes.hub import LEASE, Hub
from tune_jobs.lanes.notices import Remark, StageBegun, StageEnded, StageProgress

BASE = root("base")
LEAF, OTHER = child("leaf", BASE), child("other", BASE)
GRAPH = by_id(BASE, LEAF, OTHER)
ONE = Shape()
HERE = (Place("here", 1),)


class Bench:
    """A hub with one lane, and the usual moves."""

    def __init__(self, patience: Patience | None = None) -> None:
        self.shelf, self.clock, self.nodes = MemoryShelf(), Clock(), {"here"}
        self.lanes: dict[tuple[str, int], dict[str, Shape]] = {}
        self.notices: dict[str, list[LaneNotice]] = defaultdict(list)  # all that a sweep's driver has heard
        self.begin(patience)

    def begin(self, patience: Patience | None = None) -> None:
        self.hub = Hub(self.shelf, self.clock, lambda: self.nodes, patience or Patience())

    def attend(
        self, sweep: str, reign: int = 1, lanes: dict[str, Shape] | None = None, ended: tuple[str, ...] = ()
    ) -> News:
        """A driver that has the lanes that it was told to launch, unless `lanes` says otherwise."""
        if lanes is None:
            known = self.lanes.get((sweep, reign), {})
            lanes = {name: shape for name, shape in known.items() if name not in ended}
        news = self.hub.attend(sweep, Driver(reign, {"CPU": 2.0}, Limits(), Counter(), lanes, ended))
        self.lanes[sweep, reign] = lanes | news.launch
        self.notices[sweep] += news.notices
        return news

    def silence(self, seconds: float, *attending: str) -> None:
        """Time in which only these drivers attend."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.now += 0.5
            for sweep in attending:
                self.attend(sweep)

    def lane(self, name: str = "a/1", places: tuple[Place, ...] = HERE) -> LaneId:
        self.clock.now += 0.01
        return self.hub.arrive(name, places)

    def take(self, lane: LaneId) -> Assignment:
        told = self.hub.ask(lane, ONE)
        assert isinstance(told, Assignment)
        return told

    def commit(self, lane: LaneId, told: Assignment) -> None:
        self.shelf.commits[told.stage.id] = Committed(told.attempt)
        self.hub.end(lane, told.stage.id, told.attempt, Outcome(Ending.COMMITTED))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_each_sweep_hears_of_its_own_stages(bench: Bench) -> None:
    for sweep, leaf in (("a", LEAF), ("b", OTHER)):
        bench.attend(sweep)
        bench.hub.want(f"{sweep}/0", 0, [leaf.id], GRAPH)
    lane = bench.lane()
    shared = bench.take(lane)
    bench.hub.progress(lane, BASE.id, shared.attempt, 1, 2)
    bench.commit(lane, shared)
    only = bench.take(lane)
    bench.commit(lane, only)
    news = {sweep: bench.attend(sweep) for sweep in "ab"}
    owner, other = ("a", "b") if only.stage == LEAF else ("b", "a")
    assert [type(n) for n in news[other].notices] == [StageBegun, StageProgress, StageEnded]
    assert [n.stage for n in news[owner].notices] == [BASE.id] * 3 + [only.stage.id] * 2
    assert news[owner].made == [(BASE.id, shared.attempt), (only.stage.id, only.attempt)]
    assert news[other].made == [(BASE.id, shared.attempt)]
    assert bench.attend(owner).made == [], "each once"


def test_a_lane_takes_stages_of_its_size_alone(bench: Bench) -> None:
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    assert isinstance(bench.hub.ask(bench.lane(), Shape(workers=2)), Wait)
    assert bench.take(bench.lane("a/2")).stage == BASE


def test_three_deaths_of_a_lane_set_its_stage_aside_but_lost_nodes_do_not(bench: Bench) -> None:
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    for life in range(4):
        node = f"node {life}"
        bench.nodes.add(node)
        bench.take(bench.lane(places=(Place(node, life),)))
        bench.nodes.remove(node)
    answer = bench.hub.done("a/0", [LEAF.id])
    assert answer is not None and answer.reason == "", "the machines are to blame"
    bench.take(bench.lane())  # this one's machine lives
    for _ in range(2):
        bench.take(bench.lane())
    bench.lane()
    answer = bench.hub.done("a/0", [LEAF.id])
    assert answer is not None and "failed 3 times" in answer.reason


def test_what_the_user_has_to_mend_reaches_the_driver_and_counts_against_nothing(bench: Bench) -> None:
    bench.attend("a")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    lane = bench.lane()
    for _ in range(5):
        told = bench.take(lane)
        bench.hub.end(lane, BASE.id, told.attempt, Outcome(Ending.MENDABLE, "data/x.tsv: no such file"))
    assert bench.attend("a").trouble == "data/x.tsv: no such file"
    assert bench.attend("a").trouble == ""


def test_a_driver_that_is_silent_is_dead(bench: Bench) -> None:
    bench.attend("a")
    bench.attend("b")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    bench.hub.enter("a/0", "brief")
    lane = bench.lane()
    told = bench.take(lane)
    bench.silence(LEASE + 1, "b")
    assert bench.hub.brief("a/0") is None
    assert bench.hub.done("a/0", [LEAF.id]) is None
    assert bench.hub.progress(lane, BASE.id, told.attempt, 1, 2) is Verdict.STOP


def test_a_driver_s_successor_begins_without_its_lanes(bench: Bench) -> None:
    bench.attend("a")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    (name,) = bench.attend("a").launch
    doomed = bench.lane(name)
    bench.take(doomed)
    bench.attend("a", 2)
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    assert bench.hub.ask(doomed, ONE) == Leave(), "it is about to die, and would take the stage with it"
    (again,) = bench.attend("a", 2).launch
    assert bench.take(bench.lane(again)).stage == BASE, "at once, and not after a long silence"


def test_after_its_own_death_it_adopts_what_lanes_announce(bench: Bench) -> None:
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    lane = bench.lane()
    told = bench.take(lane)
    bench.clock.now += 5.0
    bench.begin(Patience(settling=3.0))
    assert bench.hub.progress(lane, BASE.id, told.attempt, 1, 9) is Verdict.GO_ON, "whoever wants it has not spoken yet"
    assert bench.hub.done("a/0", [LEAF.id]) is None, "so the trial wants it again"
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    assert isinstance(bench.hub.ask(LaneId("a/2", 1), ONE), Wait), "lanes may still speak"
    assert bench.hub.progress(lane, BASE.id, told.attempt, 2, 9) is Verdict.GO_ON
    bench.clock.now += 4.0
    assert isinstance(bench.hub.ask(bench.lane("a/2"), ONE), Wait), "the stage has its lane"
    bench.commit(lane, told)
    assert bench.shelf.attempts[BASE.id] == 1


def test_after_its_own_death_it_starts_no_lane_beside_those_there_are(bench: Bench) -> None:
    bench.attend("a")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    ((name, shape),) = bench.attend("a").launch.items()
    bench.begin()
    bench.attend("a", lanes={name: shape})
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    bench.hub.ask(bench.lane(name), ONE)
    assert bench.attend("a", lanes={name: shape}).launch == {}
    bench.hub.want("a/1", 0, [OTHER.id], GRAPH)
    bench.hub.end(LaneId(name, 0), BASE.id, "x", Outcome(Ending.COMMITTED))
    assert name not in bench.attend("a", lanes={name: shape}).launch, "no name twice"


def test_lanes_leave_when_their_sweep_stops(bench: Bench) -> None:
    bench.attend("a")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    (name,) = bench.attend("a").launch
    lane = bench.lane(name)
    told = bench.take(lane)
    assert bench.hub.stop("a", 1) == 1
    assert bench.hub.progress(lane, BASE.id, told.attempt, 1, 2) is Verdict.STOP
    bench.hub.end(lane, BASE.id, told.attempt, Outcome(Ending.STOPPED))
    assert bench.hub.ask(lane, ONE) == Leave()
    bench.attend("a", ended=(name,))
    assert bench.hub.stop("a", 1) == 0
    bench.hub.leave("a", 1)
    assert not bench.hub.attended()


def test_a_driver_that_was_replaced_is_told_and_changes_nothing(bench: Bench) -> None:
    bench.attend("a")
    bench.attend("a", 2)
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    bench.hub.enter("a/0", "brief")
    (name,) = bench.attend("a", 2).launch
    lane = bench.lane(name)
    told = bench.take(lane)
    assert bench.attend("a", 1, lanes={}).replaced
    bench.hub.stop("a", 1)
    bench.hub.leave("a", 1)
    assert bench.hub.brief("a/0") == "brief"
    assert bench.hub.progress(lane, BASE.id, told.attempt, 1, 2) is Verdict.GO_ON
    assert not bench.attend("a", 2).replaced


def test_a_driver_that_was_given_up_and_comes_back_is_told_to_say_all_again(bench: Bench) -> None:
    life = bench.attend("a").life
    assert bench.attend("a").life == life
    bench.attend("b")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    bench.hub.want("b/0", 0, [LEAF.id], GRAPH)
    bench.silence(LEASE + 1, "b")
    assert bench.attend("a", lanes={}).life != life
    assert bench.hub.done("a/0", [LEAF.id]) is None, "though another trial wants the same"
    assert bench.hub.done("b/0", [LEAF.id]) is not None


def test_what_the_hub_itself_waits_for_is_nobody_s_silence(bench: Bench) -> None:
    bench.attend("a")
    bench.attend("b")
    bench.hub.enter("a/0", "brief")
    bench.clock.now += 10 * LEASE  # the store did not answer
    bench.attend("b")
    assert bench.hub.brief("a/0") == "brief"


def test_a_lost_machine_gives_its_stage_back_before_its_lane_has_another_place(bench: Bench) -> None:
    bench.attend("a")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    one, two = (name for name in (*bench.attend("a").launch, "a/other"))
    bench.attend("a", lanes={one: ONE, two: ONE})
    bench.nodes.add("there")
    bench.take(bench.lane(one, (Place("there", 1),)))
    other = bench.lane(two)
    assert isinstance(bench.hub.ask(other, ONE), Wait)
    bench.nodes.remove("there")
    news = bench.attend("a")
    assert [(n.ending, n.stage) for n in news.notices if isinstance(n, StageEnded)] == [(Ending.EXCUSED, BASE.id)]
    assert news.waited is not None, "the lane waits for a place"
    assert bench.take(other).stage == BASE


@pytest.mark.parametrize(("lost", "failures"), [(True, 0), (False, 1)])
def test_a_group_that_breaks_up_over_a_lost_machine_is_excused(bench: Bench, lost: bool, failures: int) -> None:
    """Rank 0 says that it failed, as rank 1 does not answer any more, and why is known only afterwards."""
    bench.attend("a")
    bench.nodes.add("there")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    both = (Place("here", 1), Place("there", 2))
    lane = bench.lane(places=both)
    told = bench.take(lane)
    for reason in ("connection closed", "rank 1's own words"):
        bench.hub.end(lane, BASE.id, told.attempt, Outcome(Ending.FAILED, reason))
    if lost:
        bench.nodes.remove("there")
    again = bench.lane()
    ended = [n for n in bench.attend("a", lanes={"a/1": ONE}).notices if isinstance(n, StageEnded)]
    assert [n.ending for n in ended] == [Ending.EXCUSED if lost else Ending.FAILED]
    assert lost or ended[0].reason == "connection closed"
    assert len(bench.hub._broker._entries[BASE.id].failures) == failures
    assert bench.take(again).stage == BASE


def test_lanes_of_a_sweep_that_stops_keep_their_progress_though_another_wants_the_stage(bench: Bench) -> None:
    bench.attend("a")
    bench.attend("b")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    bench.hub.want("b/0", 0, [LEAF.id], GRAPH)
    (name,) = bench.attend("a").launch
    lane = bench.lane(name)
    told = bench.take(lane)
    bench.hub.stop("a", 1)
    assert bench.hub.progress(lane, BASE.id, told.attempt, 1, 2) is Verdict.STOP
    bench.hub.end(lane, BASE.id, told.attempt, Outcome(Ending.STOPPED))
    assert bench.take(bench.lane("b/1")).stage == BASE


def test_a_silent_lane_loses_its_stage_though_no_other_lane_asks(bench: Bench) -> None:
    bench.begin(Patience(silence=5.0))
    bench.attend("a")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    (name,) = bench.attend("a").launch
    bench.take(bench.lane(name))
    bench.silence(6.0, "a")
    assert bench.hub._broker._entries[BASE.id].failures


def test_after_its_own_death_it_knows_where_lanes_stand(bench: Bench) -> None:
    """A machine that is lost then is to blame for what ran there, not the stage."""
    bench.nodes.add("there")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    lane = bench.lane(places=(Place("there", 1),))
    told = bench.take(lane)
    bench.begin()
    bench.attend("a", lanes={lane.name: ONE})
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    assert bench.hub.progress(lane, BASE.id, told.attempt, 1, 9) is Verdict.GO_ON
    bench.nodes.remove("there")
    bench.attend("a")
    assert bench.take(bench.lane("a/2")).stage == BASE
    assert not bench.hub._broker._entries[BASE.id].failures


def test_a_worker_that_outlives_its_machine_gets_nothing_more(bench: Bench) -> None:
    bench.attend("a")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    (name,) = bench.attend("a").launch
    bench.nodes.add("there")
    ghost = bench.lane(name, (Place("there", 1),))
    bench.take(ghost)
    bench.nodes.remove("there")
    bench.attend("a")
    assert bench.hub.ask(ghost, ONE) == Leave()
    assert bench.attend("a").waited is not None, "its lane still waits for another place"
    assert bench.take(bench.lane(name)).stage == BASE


def test_a_late_word_of_an_earlier_life_hides_nothing_of_the_present_one(bench: Bench) -> None:
    bench.attend("a")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    both = (Place("here", 1), Place("here", 2))
    before = bench.lane(places=both)
    old = bench.take(before)
    now = bench.lane(places=both)
    told = bench.take(now)
    bench.hub.end(before, BASE.id, old.attempt, Outcome(Ending.FAILED, "rank 1 was killed"))
    bench.commit(now, told)
    assert bench.attend("a", lanes={"a/1": ONE}).made == [(BASE.id, told.attempt)]


def test_a_lane_that_still_loads_is_not_shown_at_a_step(bench: Bench) -> None:
    bench.attend("a")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    lane = bench.lane()
    told = bench.take(lane)
    assert bench.hub.progress(lane, BASE.id, told.attempt, 0, 0) is Verdict.GO_ON
    assert [type(n) for n in bench.attend("a", lanes={"a/1": ONE}).notices] == [StageBegun]


def test_what_another_hub_makes_is_said_to_the_sweeps_that_wait_and_needs_no_lane(bench: Bench) -> None:
    bench.shelf.hold(BASE.id, ELSEWHERE)
    for sweep in "abc":
        bench.attend(sweep)
    for sweep in "ab":
        bench.hub.want(f"{sweep}/0", 0, [LEAF.id], GRAPH)
    for _ in range(3):
        news = {sweep: bench.attend(sweep) for sweep in "abc"}
        assert not any(told.launch for told in news.values())
    told = {sweep: [n for n in bench.notices[sweep] if isinstance(n, Remark)] for sweep in "abc"}
    said = Remark("root base is being made by sweep far elsewhere; waiting for it")
    assert told == {"a": [said], "b": [said], "c": []}
    bench.shelf.commits[BASE.id] = Committed("elsewhere")
    bench.silence(6.0, *"abc")
    assert sum(member.shape == ONE for member in bench.hub._fleet.members.values()) == 1, "for its leaf"
    assert bench.take(bench.lane()).stage == LEAF


def test_a_stage_is_held_for_the_sweeps_that_want_it_in_the_name_of_their_drivers(bench: Bench) -> None:
    bench.attend("a", reign=4)
    bench.attend("b", reign=7)
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    bench.hub.want("b/0", 0, [OTHER.id], GRAPH)
    lane = bench.lane()
    bench.commit(lane, bench.take(lane))
    bench.take(lane)
    bench.take(bench.lane("b/1"))
    holders = [bench.shelf.holders[stage.id] for stage in (BASE, LEAF, OTHER)]
    assert [holder.reigns for holder in holders] == [{"a": 4, "b": 7}, {"a": 4}, {"b": 7}]
    assert [holder.name for holder in holders] == ["sweep a, b", "sweep a", "sweep b"]
    assert len({holder.life for holder in holders}) == 1


def test_a_hub_that_was_started_again_need_not_wait_for_what_its_predecessor_held(bench: Bench) -> None:
    bench.attend("a", reign=4)
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    bench.take(bench.lane())
    bench.shelf.hold(BASE.id, bench.shelf.holders[BASE.id])
    bench.begin()  # and the lane has died with it
    bench.attend("a", reign=4)
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    assert bench.take(bench.lane("a/2")).stage == BASE
