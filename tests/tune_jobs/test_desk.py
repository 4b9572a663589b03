"""What the desk decides and records for trials."""

from __future__ import annotations

import pytest

from tests.tune_jobs.world import MemoryObjects, space
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Broker
from tune_jobs.sweeps.desk import SweepDesk
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import Ended, How, Rung, Sampled
from tune_jobs.sweeps.searcher import recipe_id

PRUNE = {"keep": 0.5, "from": 2}


def rung(trial: int, value: float) -> Rung:
    return Rung(trial=trial, rung=0, value=value, cells=(), digest="")


def sampled(trial: int, settled: int | None = None) -> Sampled:
    recipe = space().baseline()
    return Sampled(trial=trial, params={}, recipe=recipe, recipe_id=recipe_id(recipe), settled=settled)


def desk_with(values: list[float], concurrency: int, reproducible: bool = True) -> tuple[SweepDesk, EventLog]:
    """A desk whose trials all stand at the first rung."""
    objects = MemoryObjects()
    store, log = StageStore(objects), EventLog(objects, "little")
    what = space(concurrency=concurrency, prune=PRUNE, reproducible=reproducible)
    desk = SweepDesk(what, store, Broker(store, lambda: 0.0), log, lambda notice: None)
    for trial, value in enumerate(values):
        desk.record(sampled(trial))
        desk.scored(rung(trial, value))
    return desk, log


@pytest.mark.parametrize(("concurrency", "go_on"), [(1, False), (2, True), (3, True)])
def test_a_trial_is_compared_with_those_that_had_ended_when_it_began(concurrency: int, go_on: bool) -> None:
    """Alone in flight, trial 3 is third of four; beside trial 2 it is second of three; beside 1 and 2, first of two."""
    desk, _ = desk_with([10.0, 30.0, 40.0, 20.0], concurrency)
    assert desk.decide(3, 0).go_on is go_on


@pytest.mark.parametrize("trial", [1, 2])
def test_a_trial_that_began_before_any_had_ended_is_compared_with_none(trial: int) -> None:
    """With four in flight, trials 1 and 2 begin beside trial 0; what came later stands at the rung all the same."""
    desk, _ = desk_with([50.0, 10.0, 20.0, 45.0, 44.0, 43.0], 4)
    assert desk.decide(trial, 0).go_on


def test_a_trial_is_compared_as_it_was_to_be_when_it_began_also_with_fewer_in_flight_now() -> None:
    """Trial 2 began beside trial 1, which may still run: continued one after another, it is not compared with it."""
    desk, _ = desk_with([10.0, 30.0], 1)
    desk.record(sampled(2, settled=1))
    desk.scored(rung(2, 20.0))
    assert desk.decide(2, 0).go_on


@pytest.mark.parametrize(("value", "go_on"), [(10.0, False), (42.0, False), (46.0, True)])
def test_without_reproducibility_a_trial_is_compared_with_all_at_its_rung(value: float, go_on: bool) -> None:
    desk, _ = desk_with([50.0, value, 20.0, 45.0, 44.0, 43.0], 4, reproducible=False)
    assert desk.decide(1, 0).go_on is go_on


def test_what_is_repeated_is_recorded_once() -> None:
    desk, log = desk_with([10.0, 20.0], 1)
    first = desk.decide(1, 0)
    written = len(log.history.trials[1].decisions), log._next
    assert desk.decide(1, 0) is first
    desk.scored(rung(1, 55.0))
    end = Ended(trial=1, how=How.COMPLETE, value=20.0)
    desk.ended(end)
    desk.ended(end)
    assert (len(log.history.trials[1].decisions), log._next) == (written[0], written[1] + 1)
    assert log.history.trials[1].value == 20.0
