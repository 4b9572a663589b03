"""The rival of the benchmarks: every recipe is a Tune trial with a `TorchTrainer` of its own, which shares nothing.

Core-seconds are what Ray gives away meanwhile; those of work are what commits say was spent in optimiser steps and in
scoring.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ray
import ray.train
from ray import tune
from ray.train.torch import TorchTrainer

from benchmarks.bills import Bill, Meter, work_in
from trainers.graph import Graph
from trainers.lane import Assignment, Ending, Verdict
from trainers.runner import Runner
from trainers.session import Settings
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.on_ray.cluster import SLOT


def nested(graphs: Sequence[Graph]) -> Bill:
    """Run each recipe's stages by itself, under Ray Tune and Ray Train, one core a recipe; Ray has been started."""
    begun = time.monotonic()
    trainable = tune.with_resources(tune.with_parameters(_trial, graphs=list(graphs)), {SLOT: 1})
    tuner = tune.Tuner(
        trainable,
        param_space={"recipe": tune.grid_search(list(range(len(graphs))))},
        tune_config=tune.TuneConfig(max_concurrent_trials=int(ray.cluster_resources()["CPU"])),  # none waits for a core
        run_config=tune.RunConfig(storage_path=tempfile.mkdtemp(), verbose=0),
    )
    with Meter() as meter:
        results = tuner.fit()
    assert not results.errors, results.errors[0]
    work = sum((result.metrics or {})["work"] for result in results)
    return Bill(meter.allocated, work, time.monotonic() - begun)


def _trial(config: dict[str, Any], graphs: list[Graph]) -> None:
    folder = Path(tempfile.mkdtemp())
    TorchTrainer(
        _train,
        train_loop_config={"graph": graphs[config["recipe"]], "folder": folder},
        scaling_config=ray.train.ScalingConfig(num_workers=1, resources_per_worker={"CPU": 1}),
        run_config=ray.train.RunConfig(storage_path=str(folder)),
    ).fit()
    store = StageStore(open_objects(str(folder / "store")))
    tune.report({"work": work_in(store)})


def _train(config: dict[str, Any]) -> None:
    store = StageStore(open_objects(str(config["folder"] / "store")))
    runner = Runner(store, Settings(config["folder"] / "cache"))
    for stage in config["graph"].stages.values():
        outcome = runner.run(Assignment(stage, store.begin(stage.id)), lambda step, steps: Verdict.GO_ON)
        assert outcome.ending is Ending.COMMITTED, outcome
