"""A trial ends while a stage trains for it: the stage stops with its progress, unless another trial wants it too."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainers import world
from trainers.graph import Graph
from trainers.lane import Assignment, Ending, Outcome
from trainers.runner import Runner
from trainers.session import Settings
from trainers.store.folder import FolderObjects
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Broker
from tune_jobs.lanes.notices import Notice, StageProgress
from tune_jobs.lanes.serial_lane import SerialLane

STAGE = "pretrain"
AT = 3  # the step after which the trial is pruned

pytestmark = pytest.mark.slow  # trains models


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return world.graph(world.folders(tmp_path / "toy"), world.recipe())


@pytest.fixture
def store(tmp_path: Path) -> StageStore:
    return StageStore(FolderObjects(tmp_path / "store"))


def pruned_amid(broker: Broker, store: StageStore, trial: str, cache: Path) -> list[tuple[Assignment, Outcome]]:
    """Run all there is to run; one trial ends amid the pretraining."""

    def told(notice: Notice) -> None:
        if isinstance(notice, StageProgress) and notice.label == STAGE and notice.step == AT:
            broker.drop(trial)

    lane = SerialLane(broker, Runner(store, Settings(cache)), told, lambda: False)
    turns: list[tuple[Assignment, Outcome]] = []
    while (turn := lane.turn()) is not None:
        turns.append(turn)
    return turns


def endings(turns: list[tuple[Assignment, Outcome]]) -> dict[str, Ending]:
    return {assignment.stage.label: outcome.ending for assignment, outcome in turns}


@pytest.fixture
def want(graph: Graph, store: StageStore) -> Callable[[Broker, str], None]:
    return lambda broker, trial: broker.want(trial, 0, graph.cells.values(), graph.stages)


def test_a_pruned_trial_leaves_nothing_to_do(
    graph: Graph, store: StageStore, want: Callable[[Broker, str], None], tmp_path: Path
) -> None:
    broker = Broker(store, time.monotonic)
    want(broker, "pruned")
    assert endings(pruned_amid(broker, store, "pruned", tmp_path / "cache"))[STAGE] is Ending.STOPPED
    stage = next(stage for stage in graph.stages.values() if stage.label == STAGE)
    saved = store.latest_progress(stage.id)
    assert saved is not None and saved.step == AT, "it is kept for whoever wants it later"
    assert not broker.demand() and broker.trials() == set()
    want(broker, "later")
    later = pruned_amid(broker, store, "nobody", tmp_path / "cache")
    assert set(endings(later).values()) == {Ending.COMMITTED}
    assert f"going on from step {AT}" in "".join(store.logs(stage.id).values())


def test_what_another_trial_wants_goes_on(
    graph: Graph, store: StageStore, want: Callable[[Broker, str], None], tmp_path: Path
) -> None:
    broker = Broker(store, time.monotonic)
    want(broker, "pruned")
    want(broker, "other")
    turns = pruned_amid(broker, store, "pruned", tmp_path / "cache")
    assert set(endings(turns).values()) == {Ending.COMMITTED}
    assert len(turns) == len({assignment.stage.id for assignment, _ in turns}) == len(graph.stages)
