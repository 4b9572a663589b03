"""What a hub counts: stages as they stand, requests, runs, what lanes read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tune_jobs.shelf import Clock, Committed, child, root
from tests.tune_jobs.test_hub import BASE, GRAPH, LEAF, OTHER, Bench
from trainers.lane import Assignment, Ending, LaneId, Outcome, Place
from trainers.stages import Shape, Stage
from tune_jobs.lanes.census import Tally, size

ROOTS = [root(f"root {number}") for number in range(3)]
STAGES = [*ROOTS, *(child(f"child {number}", parent) for number, parent in enumerate(ROOTS))]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.attend("a")
    return bench


def run(bench: Bench, lane: LaneId, seconds: float, ending: Ending) -> Assignment:
    """The next stage, which takes so long and ends so."""
    told = bench.take(lane)
    bench.clock.now += seconds
    if ending is Ending.COMMITTED:
        bench.commit(lane, told)
    else:
        bench.hub.end(lane, told.stage.id, told.attempt, Outcome(ending))
    return told


def test_stages_lanes_and_what_is_ready(bench: Bench) -> None:
    assert not bench.hub.census().stages and not bench.hub.census().lanes
    bench.hub.want("a/0", 0, [LEAF.id, OTHER.id], GRAPH)
    launched = bench.attend("a").launch
    census = bench.hub.census()
    assert census.stages == {("tokenizer", "pending"): 1, ("score", "pending"): 2}
    assert census.ready == {"1x1cpu": 1}, "its children have to wait for it"
    assert census.lanes == {("a", "1x1cpu", "waiting"): 1}
    lane = bench.lane(*launched)
    told = bench.take(lane)
    assert bench.hub.census().stages["tokenizer", "running"] == 1
    assert bench.hub.census().lanes == {("a", "1x1cpu", "busy"): 1}
    bench.commit(lane, told)
    bench.attend("a")
    census = bench.hub.census()
    assert census.stages == {("tokenizer", "done"): 1, ("score", "pending"): 2}
    assert census.ready == {"1x1cpu": 2}
    bench.hub.drop("a/0")
    bench.attend("a")
    assert not bench.hub.census().stages and not bench.hub.census().ready


def test_runs_are_counted_by_how_they_ended_with_their_seconds(bench: Bench) -> None:
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    lane = bench.lane()
    run(bench, lane, 3.0, Ending.FAILED)
    run(bench, lane, 4.0, Ending.STOPPED)
    run(bench, lane, 5.0, Ending.COMMITTED)
    bench.take(lane)
    bench.lane()  # the lane's process died amid the last one
    census = bench.hub.census()
    assert census.runs == {
        ("tokenizer", "failed"): 1,
        ("tokenizer", "stopped"): 1,
        ("tokenizer", "committed"): 1,
        ("score", "failed"): 1,
    }
    assert census.seconds["tokenizer", "failed"] == pytest.approx(3.0)
    assert census.seconds["tokenizer", "committed"] == pytest.approx(5.0)


def test_a_lost_machine_is_no_failure(bench: Bench) -> None:
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    bench.nodes.add("there")
    bench.take(bench.lane(places=(Place("there", 7),)))
    bench.nodes.remove("there")
    bench.attend("a")
    assert bench.hub.census().runs == {("tokenizer", "excused"): 1}


def test_what_the_store_has_is_found_once_and_what_another_trial_wants_is_shared(bench: Bench) -> None:
    bench.shelf.commits[BASE.id] = Committed("earlier")
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)
    bench.hub.want("a/0", 0, [LEAF.id], GRAPH)  # every call may be repeated
    bench.hub.want("a/1", 0, [LEAF.id, OTHER.id], GRAPH)
    told = run(bench, bench.lane(), 1.0, Ending.COMMITTED)
    bench.hub.want("a/2", 0, [told.stage.id], GRAPH)
    census = bench.hub.census()
    assert census.asked == {"tokenizer": 3, "score": 4}
    assert census.shared == {"tokenizer": 2, "score": 2}
    assert census.found == {"tokenizer": 1}, "what has been made since is not found"
    assert census.runs == {("score", "committed"): 1}


def test_steps_and_tokens_of_a_stage_add_up_to_what_was_planned() -> None:
    clock = Clock()
    tally = Tally(clock)
    stage = replace(LEAF, tokens=1000, shape=Shape(workers=2, gpus=1))
    key = "score", "2x1gpu"
    tally.begins("a/1", stage, "000000-a")
    for step, steps in ((0, 0), (10, 40), (20, 40), (20, 40), (30, 40)):
        tally.reports("a/1", stage.id, step, steps)
    assert (tally.steps[key], tally.tokens[key]) == (30, pytest.approx(750.0))
    tally.reports("a/1", OTHER.id, 40, 40)  # another stage's word
    tally.ends("a/1", Ending.STOPPED)
    assert tally.tokens[key] == pytest.approx(750.0)
    tally.begins("a/2", stage, "000001-b")  # goes on from a save at step 24
    tally.reports("a/2", stage.id, 25, 40)
    tally.reports("a/2", stage.id, 35, 40)
    tally.ends("a/2", Ending.COMMITTED)
    assert tally.tokens[key] == pytest.approx(750.0 + 1000 * 15 / 40)
    tally.ends("a/2", Ending.COMMITTED)
    assert tally.runs == {("score", "stopped"): 1, ("score", "committed"): 1}, "a run ends once"


@given(st.lists(st.tuples(st.integers(0, 3), st.none() | st.sets(st.sampled_from(STAGES)))))
def test_requests_are_counted_once_a_trial_and_stage(moves: list[tuple[int, set[Stage] | None]]) -> None:
    """None drops the trial; afterwards it asks as a new one would."""
    tally, asked, shared = Tally(Clock()), 0, 0
    living: dict[int, set[Stage]] = {}
    for trial, stages in moves:
        if stages is None:
            living.pop(trial, None)
            tally.drops(f"a/{trial}")
            continue
        fresh = stages - living.get(trial, set())
        others = {stage.id for other, mine in living.items() if other != trial for stage in mine}
        asked, shared = asked + len(fresh), shared + sum(stage.id in others for stage in fresh)
        living.setdefault(trial, set()).update(stages)
        tally.wants(f"a/{trial}", stages)
    assert (tally.asked.total(), tally.shared.total()) == (asked, shared)


def test_sizes_are_told_apart() -> None:
    shapes = [Shape(w, c, g) for w in (1, 2) for c in (1, 2) for g in (0,)] + [Shape(1, 4, 1), Shape(2, 4, 1)]
    assert len({size(shape) for shape in shapes}) == len(shapes)
