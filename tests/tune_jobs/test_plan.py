"""Plans: what they count is what a sweep then runs, and sizes follow from specs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from search_spaces.space import Space, load
from tasks.data import DataFolders
from tests.tune_jobs import bench
from trainers.graph import expand
from trainers.model.encoder import build
from trainers.recipe import Numerics
from trainers.stages import PretrainSpec, Schedule
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.cluster_settings import cluster_settings
from tune_jobs.results.plan import Estimate, Expand, plan
from tune_jobs.results.sizes import parameters
from tune_jobs.sweeps.budget import Usage
from tune_jobs.sweeps.driver import run_sweep


@pytest.fixture
def bench_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Space, Expand, StageStore, bench.LotLane]:
    monkeypatch.setattr("os.fsync", lambda handle: None)
    space = load(bench.write(tmp_path))
    stages = partial(expand, suite=space.suite, data=DataFolders((tmp_path / "data",), {}), rungs=space.rungs)
    store = StageStore(open_objects(str(tmp_path / "store")))
    return space, stages, store, bench.LotLane(store, tmp_path / "lane")


def with_search(space: Space, **search: object) -> Space:
    return replace(space, search=type(space.search).model_validate(space.search.model_dump(by_alias=True) | search))


def to_run(estimate: Estimate) -> int:
    return sum(count.to_run for count in estimate.stages.values())


@pytest.mark.parametrize("sampler", [{"sampler": "grid"}, {"sampler": "random", "trials": 4, "seed": 3}])
def test_a_plan_counts_what_the_sweep_then_runs(
    bench_space: tuple[Space, Expand, StageStore, bench.LotLane], sampler: dict[str, object]
) -> None:
    space, stages, store, lane = bench_space
    space = with_search(space, **sampler)
    before = plan(space, stages, store.commits())
    assert before.exact
    assert before.low == before.high
    assert before.low.hours is None, "no timing is recorded yet"
    summary = run_sweep(space, store, expand=stages, lane=lane)
    assert to_run(before.low) == summary.trained
    assert before.low.recipes == sum(summary.trials.values())

    after = plan(space, stages, store.commits())
    assert to_run(after.low) == after.low.tokens == after.low.gigabytes == after.low.hours == 0
    for kind, count in after.low.stages.items():
        assert count.stored == count.distinct == before.low.stages[kind].to_run
        assert count.shared == count.asked - count.distinct


def test_half_a_sweep_later_the_rest_is_planned(
    bench_space: tuple[Space, Expand, StageStore, bench.LotLane],
) -> None:
    space, stages, store, lane = bench_space
    whole = to_run(plan(space, stages, store.commits()).low)
    done = run_sweep(with_search(space, trials=3), store, expand=stages, lane=lane).trained
    rest = plan(space, stages, store.commits()).low
    assert to_run(rest) == whole - done
    assert rest.hours is not None
    assert rest.hours > 0


def test_gpus_and_money_are_planned_as_timed(bench_space: tuple[Space, Expand, StageStore, bench.LotLane]) -> None:
    space, stages, store, lane = bench_space
    run_sweep(with_search(space, trials=3), store, expand=stages, lane=lane)
    commits = [c.model_copy(update={"facts": c.facts | {"workers": 2, "cores": 3, "gpus": 4}}) for c in store.commits()]
    settings = cluster_settings(None, lanes=5, prices="gpu_hour=2,core_hour=0.1,head_hour=1")
    rest = plan(space, stages, commits, settings.price()).low
    assert rest.usage is not None and rest.money is not None
    hours = rest.usage.hours
    assert hours > 0
    assert rest.usage == Usage(hours, pytest.approx(8 * hours), pytest.approx(6 * hours))
    assert rest.money == pytest.approx(16 * hours + 0.6 * hours + hours / 5)


def test_stored_scores_need_nothing_even_if_their_weights_are_gone(
    bench_space: tuple[Space, Expand, StageStore, bench.LotLane],
) -> None:
    space, stages, store, lane = bench_space
    run_sweep(space, store, expand=stages, lane=lane)
    commits = [c.model_copy(update={"evicted": frozenset({"x"})}) for c in store.commits() if c.spec["kind"] != "score"]
    scores = [c for c in store.commits() if c.spec["kind"] == "score"]
    assert to_run(plan(space, stages, [*commits, *scores]).low) == 0
    missing = plan(space, stages, [*commits, *scores[1:]]).low
    assert missing.stages["score"].to_run == 1
    assert missing.stages["tokenizer"].to_run == 1, "its weights and all that they came from are made again"


def test_other_samplers_give_a_range(bench_space: tuple[Space, Expand, StageStore, bench.LotLane]) -> None:
    space, stages, store, _ = bench_space
    drawn = plan(with_search(space, sampler="tpe", trials=4), stages, store.commits())
    assert not drawn.exact
    assert drawn.low.recipes == drawn.high.recipes == 4
    assert drawn.low.tokens <= drawn.high.tokens


def test_parameters_are_those_of_the_model() -> None:
    schedule = Schedule(lr=1e-3, batch=1, steps=1, warmup=0, weight_decay=0, clip=1, dropout=0, max_length=8, stride=0)
    spec = PretrainSpec(
        tokenizer="stage:x", text=(), parallel=(), hidden=24, layers=3, heads=2, positions=40, mask=0.15,
        parallel_share=0, smoothing=1, schedule=schedule, seed=0, numerics=Numerics(),
    )  # fmt: skip
    model = build(vocabulary=77, hidden=24, layers=3, heads=2, positions=40, seed=0)
    assert parameters(spec, 77) == sum(p.numel() for p in model.parameters())
