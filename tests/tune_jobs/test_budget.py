"""Budgets: a sweep rests when one is used up, and under a larger one ends as if it had never rested."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_spaces.space import Space
from tasks.errors import UserError
from tests.tune_jobs import bench, world
from tests.tune_jobs.conftest import Run
from tests.tune_jobs.shelf import Clock
from tests.tune_jobs.world import Killed, LittleLane, MemoryObjects, space, story
from trainers.graph import Graph
from trainers.lane import Assignment, Ending, Outcome, Verdict
from trainers.recipe import Recipe
from trainers.stages import Shape
from trainers.store.stages import StageStore
from tune_jobs.cluster_settings import ClusterSettings, cluster_settings
from tune_jobs.sweeps.budget import NO_BUDGET, Budget, Caps, Prices
from tune_jobs.sweeps.driver import run_sweep
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import Sampled
from tune_jobs.sweeps.meter import Meter
from tune_jobs.sweeps.summary import Summary

STEP, STEPS = 360.0, 5  # seconds, and how many a stage has: half an hour
SHAPE = Shape(workers=2, cores=3, gpus=4)
PRUNED = {"sampler": "tpe", "trials": 7, "startup": 2, "concurrency": 2, "prune": {"keep": 0.5, "from": 2}}


@dataclass
class SlowLane:
    """Takes time by the clock, and keeps its progress when it is stopped, as lanes do."""

    store: StageStore
    folder: Path
    clock: Clock
    steps: int = 0  # that were taken, with those that were lost
    loading: float = 0.0  # seconds before a stage's first step
    on_step: Callable[[], None] = lambda: None
    little: LittleLane = field(init=False)

    def __post_init__(self) -> None:
        self.little = LittleLane(self.store, self.folder)

    def run(self, assignment: Assignment, report: Callable[[int, int], Verdict]) -> Outcome:
        stage, attempt = assignment.stage, assignment.attempt
        lane = {"workers": stage.shape.workers, "cores": stage.shape.cores, "gpus": stage.shape.gpus}
        saved = self.store.latest_progress(stage.id)
        step, seconds = (saved.step, saved.facts["seconds"]) if saved is not None else (0, 0.0)
        self.clock.now += self.loading
        while step < STEPS:
            self.clock.now += STEP
            self.steps, step, seconds = self.steps + 1, step + 1, seconds + STEP
            self.on_step()
            if report(step, STEPS) is Verdict.STOP and step < STEPS:
                self.store.save_progress(stage.id, attempt, step, {}, {"seconds": seconds, **lane})
                return Outcome(Ending.STOPPED)
        self.little.facts = {"seconds": seconds, **lane}
        return self.little.run(assignment, lambda step, steps: Verdict.GO_ON)


def expand(recipe: Recipe) -> Graph:
    """The little graph, of stages that want lanes of `SHAPE`."""
    graph = world.expand(recipe)
    return replace(graph, stages={id: replace(stage, shape=SHAPE) for id, stage in graph.stages.items()})


class Bench:
    """A store in memory and a slow lane; drivers come and go."""

    def __init__(self, folder: Path) -> None:
        self.objects = MemoryObjects()
        self.clock = Clock()
        self.lane = SlowLane(StageStore(self.objects), folder, self.clock)

    def sweep(self, what: Space, budget: Budget = NO_BUDGET) -> Summary:
        return run_sweep(what, self.lane.store, expand=expand, lane=self.lane, clock=self.clock, budget=budget)

    def log(self) -> EventLog:
        return EventLog(self.objects, "little")

    def known(self, budget: Budget) -> float:
        """The GPU-hours of all drivers so far, as the next one would know them."""
        return Meter(budget, self.log(), self.objects, self.clock).used().gpu_hours


def gpu_hours(cap: float) -> Budget:
    return Budget(Caps(gpu_hours=cap))


def taken(steps: int) -> float:
    """The GPU-hours of some steps."""
    return steps * STEP / 3600 * SHAPE.workers * SHAPE.gpus


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    bench = Bench(tmp_path_factory.mktemp("whole"))
    bench.sweep(space(**PRUNED))
    return bench


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0.1, 1.0), min_size=1, max_size=6), st.booleans())
def test_no_more_is_used_and_nothing_is_lost(
    undisturbed: Bench, tmp_path: Path, shares: list[float], killed: bool
) -> None:
    bench, whole = Bench(tmp_path), taken(undisturbed.lane.steps)
    for share in sorted(shares):
        budget = gpu_hours(share * whole)
        summary = bench.sweep(space(**PRUNED), budget)
        (line,) = summary.budget
        assert line.used == pytest.approx(taken(bench.lane.steps))
        assert line.used < line.cap + taken(1)
        assert summary.over == (("gpu_hours",) if bench.lane.steps < undisturbed.lane.steps else ())
        assert bench.known(budget) == pytest.approx(line.used)
    if killed:  # right after it has taken over
        bench.objects.lives = 1
        with suppress(Killed):
            bench.sweep(space(**PRUNED))
        bench.objects.lives = None
    bench.sweep(space(**PRUNED))
    assert story(bench.objects) == story(undisturbed.objects)
    assert bench.lane.steps == undisturbed.lane.steps


def test_a_budget_that_is_used_up_stays_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.lane.loading = 50.0  # which the store knows nothing of
    budget = gpu_hours(taken(12))
    first = bench.sweep(space(), budget)
    steps, events = bench.lane.steps, story(bench.objects)
    again = bench.sweep(space(), budget)
    assert again.over == first.over == ("gpu_hours",)
    assert (bench.lane.steps, story(bench.objects)) == (steps, events)
    assert again.budget == first.budget


def test_what_killed_drivers_have_finished_or_saved_is_counted(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    def kill() -> None:
        if bench.lane.steps == 13:
            raise Killed

    bench.lane.on_step = kill
    with pytest.raises(Killed):
        bench.sweep(space(), gpu_hours(taken(1000)))
    assert bench.known(gpu_hours(1.0)) == pytest.approx(taken(10)), "two stages, and nothing saved of the third"


def test_what_was_there_or_made_for_others_is_free(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sweep(replace(space(), name="other"))
    summary = bench.sweep(space(), gpu_hours(0.01))
    assert summary.over == ()
    assert summary.budget[0].used == 0.0
    assert all(trial.ended for trial in bench.log().history.trials)


def test_hours_are_of_all_drivers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    monkeypatch.setattr("time.time", bench.clock)
    monkeypatch.setattr(EventLog.__init__, "__kwdefaults__", {"clock": bench.clock})
    first = bench.sweep(space(), Budget(Caps(hours=1.05)))
    assert (first.over, bench.lane.steps) == (("hours",), 11)
    bench.clock.now += 1e6  # nobody drives
    second = bench.sweep(space(), Budget(Caps(hours=1.25)))
    assert (second.over, bench.lane.steps) == (("hours",), 13)


def test_money_is_what_lanes_and_the_head_cost(tmp_path: Path) -> None:
    prices = Prices(gpu_hour=2.0, core_hour=0.5, head_hour=1.0)
    hour = SHAPE.workers * (SHAPE.gpus * 2.0 + SHAPE.cores * 0.5) + 1.0
    bench = Bench(tmp_path)
    summary = bench.sweep(space(), Budget(Caps(money=hour), prices))
    assert summary.over == ("money",)
    assert bench.lane.steps == 10
    assert summary.budget[0].used == pytest.approx(hour)


def test_no_trial_begins_on_a_spent_budget(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sweep(space(), gpu_hours(taken(3)))
    notices: list[object] = []
    run_sweep(
        space(),
        bench.lane.store,
        expand=expand,
        lane=bench.lane,
        clock=bench.clock,
        on_event=notices.append,
        budget=gpu_hours(taken(2)),
    )
    assert not any(isinstance(notice, Sampled) for notice in notices)


@pytest.mark.parametrize(
    ("budget", "complaint"),
    [
        (Budget(Caps(gpu_hours=1.0)), "--gpu-hours: .*uses no GPU; give --core-hours"),
        (Budget(Caps(money=1.0)), "--money: nothing .* has a price"),
        (Budget(Caps(money=1.0), Prices(gpu_hour=3.0)), "--money: nothing .* has a price"),
    ],
)
def test_a_cap_that_would_never_be_reached_is_refused(tmp_path: Path, budget: Budget, complaint: str) -> None:
    bench = Bench(tmp_path)
    with pytest.raises(UserError, match=complaint):
        run_sweep(space(), bench.lane.store, expand=world.expand, lane=bench.lane, budget=budget)
    assert not bench.objects.content


SETTINGS = """\
lanes: 4
workers: 8
prices: {gpu_hour: 2.5, head_hour: 1}
budget:
  hours: 24
  money: 1000
"""


def test_options_win_over_the_file_and_travel_without_it(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SETTINGS)
    found = cluster_settings(tmp_path / "s.yaml", workers=2, prices="core_hour=0.1,gpu_hour=3", caps={"money": 5.0})
    prices = Prices(gpu_hour=3.0, core_hour=0.1, head_hour=1.0)
    assert found == ClusterSettings(4, 2, Budget(Caps(hours=24.0, money=5.0), prices))
    words = found.words()
    caps = {name: words[name.replace("_", "-")] for name in Caps.model_fields}
    there = cluster_settings(None, lanes=words["lanes"], workers=words["workers"], prices=words["prices"], caps=caps)
    assert there == found


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("lanes: 4", "lane: 4", "s.yaml:1: unknown key 'lane', .*lanes"),
        ("workers: 8", "workers: 0", "s.yaml:2: workers: "),
        ("gpu_hour: 2.5", "gpu_hours: 2.5", "s.yaml:3: unknown key 'gpu_hours' in prices, .*gpu_hour"),
        ("gpu_hour: 2.5", "gpu_hour: -1", "s.yaml:3: prices.gpu_hour: "),
        ("hours: 24", "hours: 0", "s.yaml:5: budget.hours: .*greater than 0"),
        ("money: 1000", "money: much", "s.yaml:6: budget.money: .*number"),
    ],
)
def test_mistakes_in_the_file_have_their_lines(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    (tmp_path / "s.yaml").write_text(SETTINGS.replace(old, new))
    with pytest.raises(UserError, match=complaint):
        cluster_settings(tmp_path / "s.yaml")


@pytest.mark.parametrize("prices", ["gpu=1", "gpu_hour", "gpu_hour=x", "gpu_hour=-1", "gpu_hour=nan", "core_hour=1,"])
def test_prices_that_are_none_are_refused(prices: str) -> None:
    with pytest.raises(UserError, match=r"^--prices: "):
        cluster_settings(None, prices=prices)


@pytest.mark.parametrize("cap", [0.0, -1.0, float("nan"), float("inf")])
def test_caps_that_are_none_are_refused(cap: float) -> None:
    with pytest.raises(UserError, match=r"^--gpu-hours: a number above 0, not "):
        cluster_settings(None, caps={"gpu_hours": cap, "hours": None})


def test_on_the_command_line(lot: list[bench.LotLane], crosslift: Run, tmp_path: Path) -> None:
    bench.write(tmp_path)
    code, out, err = crosslift("sweep", "bench.yaml", "--serial", "--hours", "1e-6")
    assert code == 0, err
    assert "of 1e-06 hours" in out
    assert "to go on: the same command with --hours above 1e-06" in out
    assert "the sweep rests, as its budget of hours is used up" in crosslift("leaderboard", "bench")[1]
    code, out, err = crosslift("sweep", "bench.yaml", "--serial", "--hours", "5", "--trials", "2")
    assert code == 0, err
    assert "of 5 hours" in out
    assert "to go on" not in out
    assert "rests" not in crosslift("leaderboard", "bench")[1]
