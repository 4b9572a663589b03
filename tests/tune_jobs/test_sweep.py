"""The serial sweep: in turn, interrupted anywhere, continued, extended, and told to stop."""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest

from search_spaces.space import Space, load
from tasks.data import DataFolders
from tasks.errors import UserError
from tests.tune_jobs import bench as files
from tests.tune_jobs.world import ABSENT, RUNGS, Killed, LittleLane, MemoryObjects, expand, space, story
from trainers.graph import expand as of_files
from trainers.lane import Assignment, Ending
from trainers.store.stages import StageStore
from tune_jobs.lanes.interrupted import Interrupted
from tune_jobs.lanes.notices import Notice, StageBegun, StageEnded, StageProgress
from tune_jobs.sweeps.driver import run_sweep
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import Decided, Ended, How, Rung, Sampled
from tune_jobs.sweeps.searcher import recipe_id
from tune_jobs.sweeps.summary import Cost, Summary

PRUNED = {"sampler": "tpe", "trials": 7, "startup": 2, "concurrency": 2, "prune": {"keep": 0.5, "from": 2}}


class Bench:
    """A store in memory and a lane on it; `sweep` may be called again and again."""

    def __init__(self, folder: Path) -> None:
        self.objects = MemoryObjects()
        self.lane = LittleLane(StageStore(self.objects), folder)
        self.notices: list[Notice] = []

    def sweep(self, what: Space) -> Summary:
        return run_sweep(
            what, self.lane.store, expand=expand, lane=self.lane, on_event=self.notices.append, clock=lambda: 0.0
        )

    def history(self):
        return EventLog(self.objects, "little").history


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_grid_is_swept_whole(bench: Bench) -> None:
    summary = bench.sweep(space())
    trials = bench.history().trials
    assert summary.trials == {How.COMPLETE: 7}
    assert len({trial.sampled.recipe_id for trial in trials}) == 7
    assert trials[0].sampled.recipe.intermediate is None
    for trial in trials:
        graph = expand(trial.sampled.recipe)
        assert trial.sampled.recipe_id == recipe_id(graph.recipe)
        assert {(c.task, c.language): c.stage for r in trial.rungs.values() for c in r.cells} == graph.cells
        assert trial.stages == set(graph.stages)
        assert [cell.why for cell in trial.sampled.absent] == [ABSENT.why]


def test_a_value_is_the_mean_over_the_tasks_so_far(bench: Bench) -> None:
    bench.sweep(space())
    trial = bench.history().trials[3]
    scores: dict[str, list[float]] = {}
    for number in range(len(RUNGS)):
        for cell in trial.rungs[number].cells:
            commit = bench.lane.store.committed(cell.stage)
            assert commit is not None
            content = bench.lane.store.read(commit, "cell.json")
            scores.setdefault(cell.task, []).append(float(content.split(b'"score":')[1].split(b",")[0]))
        assert set(scores) == {task for group in RUNGS[: number + 1] for task in group}
        means = [sum(found) / len(found) for found in scores.values()]
        assert trial.rungs[number].value == pytest.approx(sum(means) / len(means))


def test_nothing_is_trained_twice(bench: Bench) -> None:
    first = bench.sweep(space())
    uses = Counter(id for trial in bench.history().trials for id in trial.stages)
    assert first.trained == len(bench.lane.ran) == len(uses)
    assert first.shared == sum(count > 1 for count in uses.values()) > 0
    spared = sum(count - 1 for count in uses.values())
    assert first.saved_by_sharing == Cost(2.0 * spared, 100 * spared)
    again = bench.sweep(space())
    assert (again.trained, again.stored) == (0, first.trained)
    assert again.saved_by_store == Cost(2.0 * first.trained, 100 * first.trained)


def test_a_larger_budget_extends(bench: Bench, tmp_path: Path) -> None:
    bench.sweep(space(sampler="random", trials=3))
    before = story(bench.objects)
    bench.sweep(space(sampler="random", trials=5))
    whole = Bench(tmp_path)
    whole.sweep(space(sampler="random", trials=5))
    assert story(bench.objects)[: len(before)] == before
    assert story(bench.objects) == story(whole.objects)


def test_a_changed_space_names_its_keys(bench: Bench) -> None:
    bench.sweep(space(trials=2))
    with pytest.raises(UserError, match=r"little.*search\.seed"):
        bench.sweep(space(trials=2, seed=1))


@pytest.mark.parametrize("changed", ["xnli/dev-de.tsv", "snli/snli_1.0_train.jsonl"], ids=["target", "intermediate"])
def test_a_sweep_is_not_continued_on_other_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    monkeypatch.setattr("os.fsync", lambda handle: None)  # durability has tests of its own
    what = load(files.write(tmp_path))
    store = StageStore(MemoryObjects())
    lane = files.LotLane(store, tmp_path / "lane")

    def sweep(trials: int) -> None:
        wanted = replace(what, search=what.search.model_copy(update={"trials": trials}))
        stages = partial(of_files, suite=what.suite, data=DataFolders((tmp_path / "data",), {}), rungs=what.rungs)
        run_sweep(wanted, store, expand=stages, lane=lane)

    sweep(1)
    ran = len(lane.ran)
    (tmp_path / "data/xnli/train-de.tsv").write_text("of no use to the sweep\n")
    sweep(2)
    assert len(lane.ran) > ran
    events, ran = story(store.objects, "bench"), len(lane.ran)
    lines = (tmp_path / "data" / changed).read_text().splitlines(keepends=True)
    (tmp_path / "data" / changed).write_text("".join(lines[:-1]))
    with pytest.raises(UserError, match="bench: the data has changed since this sweep began; give the space another"):
        sweep(3)
    assert (story(store.objects, "bench"), len(lane.ran)) == (events, ran)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"trials": 4}, PRUNED], ids=["grid", "pruned"])
def test_killed_anywhere_it_ends_the_same(settings: dict, tmp_path: Path) -> None:
    whole = Bench(tmp_path)
    whole.objects.lives = 10**9
    whole.sweep(space(**settings))
    writes = 10**9 - whole.objects.lives
    for lives in Random(1).sample(range(writes), 8):
        bench = Bench(tmp_path)
        bench.objects.lives = lives
        with pytest.raises(Killed):
            bench.sweep(space(**settings))
        bench.objects.lives = None
        bench.sweep(space(**settings))  # the lane itself refuses a stage that is committed
        assert story(bench.objects) == story(whole.objects), f"killed after {lives} writes"


@pytest.mark.parametrize("lives", [6, pytest.param(11, marks=pytest.mark.slow)])
def test_killed_again_and_again_it_ends_the_same(lives: int, tmp_path: Path) -> None:
    whole, bench = Bench(tmp_path), Bench(tmp_path)
    whole.sweep(space(**PRUNED))
    for _ in range(1000):
        bench.objects.lives = lives
        try:
            bench.sweep(space(**PRUNED))
        except Killed:
            continue
        break
    assert story(bench.objects) == story(whole.objects)


def test_pruned_trials_stop_and_the_baseline_never_does(bench: Bench) -> None:
    bench.sweep(space(**PRUNED))
    trials = bench.history().trials
    ends = {trial.number: trial.ended.how for trial in trials if trial.ended is not None}
    assert len(ends) == 7
    assert ends[0] is How.COMPLETE
    pruned = [trial for trial in trials if ends[trial.number] is How.PRUNED]
    assert pruned
    for trial in pruned:
        assert list(trial.rungs) == [0]
        assert not trial.decisions[0].go_on
    assert [trial.number for trial in bench.history().ranked()] == sorted(
        (n for n in ends if ends[n] is How.COMPLETE), key=lambda n: -(trials[n].value or 0)
    )


def test_a_trial_whose_stage_fails_ends_and_the_others_go_on(bench: Bench) -> None:
    intermediate = next(id for id in expand(space().recipe(space().at(2))).stages if id not in _baseline())

    def mishap(assignment: Assignment) -> Ending | None:
        return Ending.FAILED if assignment.stage.id == intermediate else None

    bench.lane.mishap = mishap
    summary = bench.sweep(space())
    assert summary.trials == {How.COMPLETE: 6, How.FAILED: 1}
    assert bench.lane.ran.count(intermediate) == 3
    failed = next(t for t in bench.history().trials if t.ended is not None and t.ended.how is How.FAILED)
    assert failed.ended is not None
    assert failed.ended.reason.endswith("failed 3 times: as told")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_at_the_next_report(bench: Bench, number: signal.Signals, tmp_path: Path) -> None:
    def interrupt(assignment: Assignment) -> None:
        if len(bench.lane.ran) == 5:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    bench.lane.mishap = interrupt
    with pytest.raises(Interrupted):
        bench.sweep(space())
    assert signal.getsignal(number) is before
    assert len(bench.lane.ran) == 5  # the stage that had made its last report was committed, none was begun
    bench.lane.mishap = lambda assignment: None
    bench.sweep(space())
    whole = Bench(tmp_path)
    whole.sweep(space())
    assert story(bench.objects) == story(whole.objects)


def test_a_second_driver_replaces_the_first(bench: Bench) -> None:
    def take_over(assignment: Assignment) -> None:
        if len(bench.lane.ran) == 5:
            EventLog(bench.objects, "little").take_over({})

    bench.lane.mishap = take_over
    with pytest.raises(UserError, match="another driver"):
        bench.sweep(space())
    assert sum("/BEGIN." in key for key in bench.objects.content) == 5, "a replaced driver begins no stage"


def test_a_replaced_driver_notices_within_a_long_stage(bench: Bench) -> None:
    times = iter(range(0, 10**6, 20))

    def take_over(notice: Notice) -> None:
        if isinstance(notice, StageProgress) and len(bench.lane.ran) == 1:
            EventLog(bench.objects, "little").take_over({})

    with pytest.raises(UserError, match="another driver"):
        run_sweep(
            space(),
            bench.lane.store,
            expand=expand,
            lane=bench.lane,
            on_event=take_over,
            clock=lambda: float(next(times)),
        )
    assert len(bench.lane.ran) == 1


def test_the_screen_is_told_everything_in_order(bench: Bench) -> None:
    bench.sweep(space(trials=1))
    kinds = [type(notice) for notice in bench.notices]
    graph = expand(space().baseline())
    assert kinds[0] is Sampled
    assert kinds[-1] is Ended
    assert [k for k in kinds if k in (Rung, Decided)] == [Rung, Decided, Rung]
    assert kinds.count(StageBegun) == kinds.count(StageEnded) == len(graph.stages)
    assert kinds.count(StageProgress) == 2 * len(graph.stages)


def test_evicted_weights_are_made_again_for_a_new_child(bench: Bench) -> None:
    bench.sweep(space(trials=1))
    base, target = list(expand(space().baseline()).stages)[:2]
    for id in (base, target):
        bench.lane.store.evict(id)
    bench.sweep(space(trials=2))
    assert Counter(bench.lane.ran)[base] == 2
    assert Counter(bench.lane.ran)[target] == 1  # nobody reads the baseline's own target again


def _baseline() -> set[str]:
    return set(expand(space().baseline()).stages)
