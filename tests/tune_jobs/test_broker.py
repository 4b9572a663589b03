"""The broker's decisions one by one; `test_broker_machine` tries them in any order."""

from __future__ import annotations

import pytest

from tests.tune_jobs.shelf import ELSEWHERE, GONE, Clock, Committed, MemoryShelf, by_id, child, root
from trainers.lane import Assignment, Ending, LaneId, Leave, Outcome, Verdict, Wait
from trainers.stages import Stage
from tune_jobs.lanes.broker import Answer, Broker, Patience
from tune_jobs.lanes.stage_states import State

LANE = LaneId("lane", 0)
BASE = root("base")
LEAF, OTHER = child("leaf", BASE), child("other", BASE)
GRAPH = by_id(BASE, LEAF, OTHER)


class Bench:
    """A broker with its store and clock, and the usual moves of a lane."""

    def __init__(self, patience: Patience | None = None) -> None:
        self.shelf, self.clock = MemoryShelf(), Clock()
        self.told: list[tuple[Stage, str]] = []  # what it waits for, and on whom
        self.broker = Broker(
            self.shelf, self.clock, patience, on_held=lambda stage, held: self.told.append((stage, held.holder.name))
        )

    def take(self, lane: LaneId = LANE) -> Assignment:
        assignment = self.broker.ask(lane)
        assert isinstance(assignment, Assignment)
        return assignment

    def commit(self, assignment: Assignment, lane: LaneId = LANE) -> None:
        self.shelf.commits[assignment.stage.id] = Committed(assignment.attempt)
        self.end(assignment, Ending.COMMITTED, lane)

    def end(self, assignment: Assignment, ending: Ending, lane: LaneId = LANE, reason: str = "") -> None:
        self.broker.end(lane, assignment.stage.id, assignment.attempt, Outcome(ending, reason))

    def done(self, wanted: list[str]) -> Answer:
        """As any trial that wants these is answered."""
        answers = (self.broker.done(trial, wanted) for trial in sorted(self.broker.trials()))
        return next(answer for answer in answers if answer is not None)

    def go_on(self, assignment: Assignment, lane: LaneId = LANE) -> Verdict:
        return self.broker.progress(lane, assignment.stage.id, assignment.attempt, 1, 10)


@pytest.fixture
def bench() -> Bench:
    return Bench(Patience(silence=100.0, failures=3))


def test_what_a_stage_reads_is_made_before_it(bench: Bench) -> None:
    bench.broker.want("a", 0, [LEAF.id], GRAPH)
    first = bench.take()
    assert first.stage == BASE
    assert bench.broker.ask(LaneId("second", 0)) == Wait()
    bench.commit(first)
    assert bench.take().stage == LEAF
    assert bench.done([LEAF.id]).missing == 1


def test_equal_requests_are_one(bench: Bench) -> None:
    for trial in ("a", "b"):
        bench.broker.want(trial, 0, [LEAF.id], GRAPH)
    bench.commit(bench.take())
    bench.commit(bench.take())
    assert bench.done([LEAF.id]).missing == 0
    assert bench.broker.ask(LANE) == Wait()


def test_a_committed_stage_needs_nothing(bench: Bench) -> None:
    bench.shelf.commits[LEAF.id] = Committed("before")
    bench.broker.want("a", 0, [LEAF.id], GRAPH)
    assert bench.done([LEAF.id]).missing == 0
    assert bench.broker.ask(LANE) == Wait()


def test_evicted_weights_are_made_again_only_for_a_child(bench: Bench) -> None:
    bench.shelf.commits[BASE.id] = Committed("before", evicted=GONE)
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    assert bench.done([BASE.id]).missing == 0
    assert bench.broker.ask(LANE) == Wait()
    bench.broker.want("b", 0, [LEAF.id], GRAPH)
    assert bench.take().stage == BASE


def test_most_wanted_first_then_cheap_rungs_then_arrival(bench: Bench) -> None:
    roots = [root(name) for name in "abcd"]
    graph = by_id(*roots)
    late, early, cheap, popular = roots
    bench.broker.want("one", 1, [early.id, late.id, popular.id], graph)
    bench.broker.want("two", 0, [cheap.id], graph)
    bench.broker.want("three", 2, [popular.id], graph)
    order = []
    for _ in roots:
        order.append(bench.take())
        bench.commit(order[-1])
    assert [assignment.stage for assignment in order] == [popular, cheap, early, late]


def test_only_a_commit_in_the_store_is_believed(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    for _ in range(3):
        bench.end(bench.take(), Ending.COMMITTED)
    answer = bench.done([BASE.id])
    assert answer.missing == 1
    assert "no valid COMMIT" in answer.reason


@pytest.mark.parametrize("ending", [Ending.FAILED, Ending.STOPPED, Ending.EXCUSED])
def test_a_commit_counts_however_the_run_ended(bench: Bench, ending: Ending) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    assignment = bench.take()
    bench.shelf.commits[BASE.id] = Committed(assignment.attempt)
    bench.end(assignment, ending)
    assert bench.done([BASE.id]).missing == 0


def test_three_failures_set_a_stage_aside_and_say_why(bench: Bench) -> None:
    bench.broker.want("a", 0, [LEAF.id, OTHER.id], GRAPH)
    bench.broker.want("b", 0, [OTHER.id], GRAPH)
    for number in range(3):
        assert bench.done([LEAF.id]).reason == ""
        bench.end(bench.take(), Ending.FAILED, reason=f"reason {number}")
    assert bench.done([LEAF.id]).reason == "root base failed 3 times: reason 2"
    assert bench.done([OTHER.id]).reason
    assert bench.broker.ask(LANE) == Wait()


def test_a_divergence_would_come_again(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    bench.end(bench.take(), Ending.DIVERGED, reason="loss is not finite at step 7")
    assert bench.done([BASE.id]).reason == "root base failed: loss is not finite at step 7"
    assert bench.broker.ask(LANE) == Wait()


def test_a_failing_branch_leaves_other_trials_alone(bench: Bench) -> None:
    bench.broker.want("a", 0, [LEAF.id, OTHER.id], GRAPH)
    bench.broker.want("b", 0, [OTHER.id], GRAPH)
    bench.commit(bench.take())
    assert bench.take().stage == OTHER
    for _ in range(3):
        bench.end(bench.take(LaneId("second", 0)), Ending.FAILED, LaneId("second", 0), "broken")
    assert bench.done([LEAF.id]).reason
    assert bench.done([OTHER.id]).reason == ""


def test_excused_and_stopped_runs_do_not_count(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    for ending in [Ending.EXCUSED, Ending.STOPPED] * 5:
        bench.end(bench.take(), ending)
    bench.commit(bench.take())
    assert bench.done([BASE.id]).missing == 0


def test_nobody_wants_it_any_more(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    bench.broker.want("b", 0, [BASE.id], GRAPH)
    assignment = bench.take()
    bench.broker.drop("a")
    assert bench.go_on(assignment) is Verdict.GO_ON
    bench.broker.drop("b")
    assert bench.go_on(assignment) is Verdict.STOP
    bench.end(assignment, Ending.STOPPED)
    assert bench.broker.ask(LANE) == Wait()
    bench.broker.want("c", 0, [BASE.id], GRAPH)
    again = bench.take()
    assert again.stage == BASE
    assert again.attempt != assignment.attempt


def test_a_reply_that_was_lost_is_given_again(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    assert bench.take() == bench.take()


@pytest.mark.parametrize("back", [LANE, LaneId("lane", 1)])
def test_a_lane_that_asks_has_lost_what_it_ran(bench: Bench, back: LaneId) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    first = bench.take()
    bench.go_on(first)
    second = bench.take(back)
    assert second.stage == first.stage
    assert second.attempt != first.attempt
    assert bench.go_on(first) is Verdict.STOP
    assert bench.go_on(second, back) is Verdict.GO_ON


def test_a_ghost_lane_is_told_to_leave(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    bench.take(LaneId("lane", 1))
    assert bench.broker.ask(LaneId("lane", 0)) == Leave()


def test_silence_ends_a_run_and_fences_it(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    first = bench.take()
    bench.clock.now = 99.0
    assert bench.go_on(first) is Verdict.GO_ON
    bench.clock.now = 198.0
    assert bench.broker.ask(LaneId("second", 0)) == Wait()
    bench.clock.now = 200.0
    second = bench.take(LaneId("second", 0))
    assert bench.go_on(first) is Verdict.STOP
    bench.commit(first)  # the old attempt was faster after all: the first COMMIT counts
    assert bench.done([BASE.id]).missing == 0
    assert bench.go_on(second, LaneId("second", 0)) is Verdict.STOP


@pytest.mark.parametrize(("excused", "state"), [(True, State.PENDING), (False, State.ASIDE)])
def test_a_lost_node_excuses_any_other_death_counts(excused: bool, state: State) -> None:
    bench = Bench(Patience(failures=1))
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    bench.take()
    bench.broker.lost(LANE, "gone", excused=excused)
    assert bench.broker.states()[BASE.id] is state


def test_another_sweep_may_have_made_it_meanwhile(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    assert bench.done([BASE.id]).missing == 1
    bench.shelf.commits[BASE.id] = Committed("elsewhere")
    assert bench.broker.ask(LANE) == Wait()
    assert not bench.broker.waits() and not bench.broker.stuck()
    assert bench.done([BASE.id]).missing == 0


def test_what_reads_a_stage_that_was_made_meanwhile_is_ready_at_once(bench: Bench) -> None:
    bench.broker.want("a", 0, [LEAF.id], GRAPH)
    assert bench.done([LEAF.id]).missing == 1
    assert sum(bench.broker.demand().values()) == 1
    bench.shelf.commits[BASE.id] = Committed("elsewhere")
    assert bench.take().stage == LEAF


def test_an_input_that_went_away_is_made_again(bench: Bench) -> None:
    bench.broker.want("a", 0, [LEAF.id], GRAPH)
    bench.commit(bench.take())
    leaf = bench.take()
    bench.shelf.commits[BASE.id] = Committed("evicted by another", evicted=GONE)
    bench.end(leaf, Ending.FAILED, reason="no weights")
    assert bench.take().stage == BASE


def test_what_nobody_needs_is_forgotten(bench: Bench) -> None:
    graph: dict[str, Stage] = dict(GRAPH)
    bench.broker.want("a", 0, [LEAF.id], graph)
    bench.broker.want("b", 0, [OTHER.id], graph)
    bench.broker.drop("a")
    assert set(bench.broker.states()) == {BASE.id, OTHER.id}


def test_what_failed_too_often_stays_aside_for_the_next_trial(bench: Bench) -> None:
    bench.broker.want("a", 0, [LEAF.id], GRAPH)
    for _ in range(3):
        bench.end(bench.take(), Ending.FAILED, reason="broken")
    bench.broker.drop("a")
    bench.broker.want("b", 0, [OTHER.id], GRAPH)
    assert bench.done([OTHER.id]).reason
    assert bench.broker.ask(LANE) == Wait()


def test_a_running_stage_that_is_wanted_again_goes_on(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    assignment = bench.take()
    bench.broker.drop("a")
    bench.broker.want("b", 0, [BASE.id], GRAPH)
    assert bench.broker.ask(LaneId("second", 0)) == Wait()
    assert bench.go_on(assignment) is Verdict.GO_ON


def test_what_another_broker_makes_is_left_to_it_and_others_are_made_meanwhile(bench: Bench) -> None:
    bench.shelf.commits[BASE.id] = Committed("before")
    bench.shelf.hold(LEAF.id, ELSEWHERE)
    bench.broker.want("a", 0, [LEAF.id, OTHER.id], GRAPH)
    assert sum(bench.broker.demand().values()) == 1, "no lane is wanted for it"
    bench.commit(bench.take())
    assert bench.broker.ask(LANE) == Wait()
    assert bench.broker.states()[LEAF.id] is State.PENDING
    assert bench.broker.waits()
    assert not bench.broker.demand()
    assert bench.told == [(LEAF, "sweep far")]


def test_the_store_is_asked_for_it_now_and_then(bench: Bench) -> None:
    bench.shelf.hold(BASE.id, ELSEWHERE)
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    for _ in range(100):
        assert bench.broker.ask(LANE) == Wait()
        assert bench.done([BASE.id]).missing == 1
    assert bench.shelf.looks[BASE.id] == 1
    bench.clock.now += 5.0
    bench.broker.tick()
    assert bench.shelf.looks[BASE.id] == 2
    assert bench.told == [(BASE, "sweep far")], "once"


def test_its_commit_comes_from_elsewhere(bench: Bench) -> None:
    bench.shelf.hold(BASE.id, ELSEWHERE)
    bench.broker.want("a", 0, [LEAF.id], GRAPH)
    assert bench.broker.ask(LANE) == Wait()
    bench.shelf.commits[BASE.id] = Committed("elsewhere")
    bench.clock.now += 5.0
    assert bench.take().stage == LEAF
    assert not bench.broker.waits()


def test_a_lease_that_has_lapsed_is_taken_over(bench: Bench) -> None:
    bench.shelf.hold(BASE.id, ELSEWHERE)
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    assert bench.broker.ask(LANE) == Wait()
    del bench.shelf.held[BASE.id]
    assert bench.broker.ask(LANE) == Wait(), "nobody knows yet"
    bench.clock.now += 5.0
    assert sum(bench.broker.demand().values()) == 0
    bench.broker.tick()
    assert sum(bench.broker.demand().values()) == 1, "also where there is no lane that asks"
    assert bench.take().stage == BASE


def test_a_race_for_a_stage_that_is_lost_is_no_failure(bench: Bench) -> None:
    """Others begin and even commit between this broker's look and its own beginning."""
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    assert sum(bench.broker.demand().values()) == 1
    bench.shelf.hold(BASE.id, ELSEWHERE)
    assert bench.broker.ask(LANE) == Wait()
    assert bench.told == [(BASE, "sweep far")]
    bench.broker.want("b", 0, [LEAF.id, OTHER.id], GRAPH)
    bench.shelf.commits[BASE.id] = Committed("elsewhere")
    bench.clock.now += 5.0
    first = bench.take()
    bench.shelf.commits |= {LEAF.id: Committed("elsewhere"), OTHER.id: Committed("elsewhere")}
    assert bench.broker.ask(LaneId("second", 0)) == Wait()
    bench.end(first, Ending.COMMITTED)
    assert bench.done([BASE.id, LEAF.id, OTHER.id]).missing == 0


def test_two_attempts_of_others_are_told_of_one_after_the_other(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    for _ in range(2):
        bench.shelf.hold(BASE.id, ELSEWHERE)
        bench.broker.ask(LANE)
        bench.clock.now += 5.0
    bench.broker.tick()
    assert bench.told == [(BASE, "sweep far")] * 2


def test_a_run_whose_lease_was_lost_stops_and_its_stage_waits_for_the_other(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    first = bench.take()
    bench.shelf.hold(BASE.id, ELSEWHERE)  # it had been suspended for too long
    assert bench.go_on(first) is Verdict.GO_ON
    bench.end(first, Ending.STOPPED)
    assert bench.broker.ask(LANE) == Wait()
    assert bench.told == [(BASE, "sweep far")]


def test_a_broker_that_was_started_again_does_not_adopt_what_was_taken_over(bench: Bench) -> None:
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    bench.shelf.hold(BASE.id, ELSEWHERE)
    ours = Assignment(BASE, "attempt-0")
    assert bench.go_on(ours) is Verdict.STOP
    assert bench.broker.ask(LaneId("second", 0)) == Wait()


def test_a_broker_that_was_started_again_adopts_what_its_predecessor_handed_out(bench: Bench) -> None:
    """Also where it cannot know that the holder of the lane's own attempt is over."""
    bench.broker.want("a", 0, [BASE.id], GRAPH)
    bench.shelf.hold(BASE.id, ELSEWHERE)
    assert bench.go_on(Assignment(BASE, bench.shelf.held[BASE.id].attempt)) is Verdict.GO_ON
    assert bench.broker.states()[BASE.id] is State.RUNNING
