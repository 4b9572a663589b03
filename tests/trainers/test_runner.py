"""Stages run for real: resumed = undisturbed, micro-batches do not matter, and every ending is told apart."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from tasks.data import DataFolders
from tests.trainers import world
from trainers import predictions
from trainers.batches.cutting import cuts
from trainers.graph import Graph
from trainers.lane import Assignment, Ending, Verdict
from trainers.model import kept
from trainers.model.learner import Learner
from trainers.runner import Runner
from trainers.session import Settings
from trainers.stages import Stage
from trainers.store.folder import FolderObjects
from trainers.store.leases import Holder
from trainers.store.stages import StageStore
from trainers.work import score

MIXTURE = {"snli": 2.0, "squad": 1.0}
SMALL_BATCHES = 256  # padded tokens: several micro-batches a step

pytestmark = pytest.mark.slow  # trains models


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataFolders:
    return world.folders(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def graph(data: DataFolders) -> Graph:
    best = world.QUICK.model_copy(update={"keep": "best"})
    return world.graph(data, world.recipe(MIXTURE, mlm_share=0.3, quick=best))


@pytest.fixture(scope="module")
def undisturbed(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> StageStore:
    return world.run_all(graph, tmp_path_factory.mktemp("undisturbed"), micro=SMALL_BATCHES)


def by_label(graph: Graph, label: str) -> Stage:
    return next(stage for stage in graph.stages.values() if stage.label == label)


def contents(store: StageStore, stage: Stage) -> dict[str, str]:
    commit = store.committed(stage.id)
    assert commit is not None
    return {name: file.sha256 for name, file in commit.files.items()}


def curve(store: StageStore, stage: Stage) -> object:
    commit = store.committed(stage.id)
    assert commit is not None
    return commit.facts["curve"]


def with_inputs(store: StageStore, graph: Graph, folder: Path, stage: Stage) -> StageStore:
    """Another store in which everything that a stage needs has run."""
    other = StageStore(FolderObjects(folder / "store"))
    for id in needs(graph, stage):
        world.run(graph.stages[id], other, folder / "cache", micro=SMALL_BATCHES)
    return other


def needs(graph: Graph, stage: Stage) -> list[str]:
    wanted: set[str] = set()
    todo = list(stage.needs)
    while todo:
        id = todo.pop()
        wanted.add(id)
        todo += graph.stages[id].needs
    return [id for id in graph.stages if id in wanted]


@pytest.mark.parametrize("label", ["pretrain", "intermediate snli+squad", "target udpos", "target squad"])
@pytest.mark.parametrize("stop_at", [1, 4])
def test_resumed_equals_undisturbed_bit_for_bit(
    graph: Graph, undisturbed: StageStore, tmp_path: Path, label: str, stop_at: int
) -> None:
    """With dropout, gradient accumulation, a mixture, a masked share and best-on-dev on."""
    stage = by_label(graph, label)
    store = with_inputs(undisturbed, graph, tmp_path, stage)

    def stop(step: int, steps: int) -> Verdict:
        return Verdict.STOP if step == stop_at else Verdict.GO_ON

    assert world.run(stage, store, tmp_path / "cache", stop, SMALL_BATCHES).ending is Ending.STOPPED
    saved = store.latest_progress(stage.id)
    assert saved is not None and saved.step == stop_at
    seen: list[int] = []

    def watch(step: int, steps: int) -> Verdict:
        seen.append(step)
        return Verdict.GO_ON

    assert world.run(stage, store, tmp_path / "cache", watch, SMALL_BATCHES).ending is Ending.COMMITTED
    assert seen[0] == stop_at + 1, "no step is taken twice"
    assert contents(store, stage) == contents(undisturbed, stage)
    assert curve(store, stage) == curve(undisturbed, stage)
    assert store.latest_progress(stage.id) is None


def test_the_whole_graph_is_the_same_in_another_store(
    graph: Graph, undisturbed: StageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There a fresh model scores each language; in the first one a model stayed in memory for the next language."""
    loaded: list[Path] = []
    load = score.load_tuned

    def counted(folder: Path) -> tuple[Learner, tuple[str, ...]]:
        loaded.append(folder)
        return load(folder)

    monkeypatch.setattr(score, "load_tuned", counted)
    again = StageStore(FolderObjects(tmp_path / "store"))
    for stage in graph.stages.values():
        kept.forget()
        world.run(stage, again, tmp_path / "cache", micro=SMALL_BATCHES)
        assert contents(again, stage) == contents(undisturbed, stage), stage.label
    fresh, models = len(loaded), len(set(loaded))
    world.run_all(graph, tmp_path / "kept", micro=SMALL_BATCHES)
    assert len(loaded) - fresh == models < fresh, "each model was loaded once"


def test_micro_batches_move_weights_only_by_rounding(graph: Graph, undisturbed: StageStore, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    whole = world.run_all(graph, tmp_path)
    stage = by_label(graph, "pretrain")
    for store, other in ((whole, undisturbed),):
        mine, theirs = (
            load_file(s.fetch(s.committed(stage.id), "model.safetensors", tmp_path / name))  # type: ignore[arg-type]
            for s, name in ((store, "a"), (other, "b"))
        )
        for name, tensor in mine.items():
            assert torch.allclose(tensor, theirs[name], atol=1e-4), name


def test_predictions_rescore_to_themselves(graph: Graph, undisturbed: StageStore, tmp_path: Path) -> None:
    for stage in (graph.stages[id] for id in graph.cells.values()):
        commit = undisturbed.committed(stage.id)
        assert commit is not None
        found = predictions.read(undisturbed.fetch(commit, "predictions.parquet", tmp_path))
        again = found.rescored()
        assert again.ids == found.ids
        assert (again.statistics == found.statistics).all(), stage.label


def test_a_diverging_training_is_told_apart(data: DataFolders, tmp_path: Path) -> None:
    wild = world.QUICK.model_copy(update={"lr": 1e30, "clip": 1e30, "warmup": 0.0})
    graph = world.graph(data, world.recipe(None, quick=wild))
    store = StageStore(FolderObjects(tmp_path / "store"))
    outcomes = {s.label: world.run(s, store, tmp_path / "c") for s in list(graph.stages.values())[:3]}
    label, last = list(outcomes.items())[-1]
    assert label.startswith("target")
    assert last.ending is Ending.DIVERGED
    assert "step" in last.reason


def test_a_failure_of_the_code_is_an_outcome_with_its_reason(graph: Graph, tmp_path: Path) -> None:
    store = StageStore(FolderObjects(tmp_path / "store"))
    outcome = world.run(by_label(graph, "pretrain"), store, tmp_path / "cache")
    assert outcome.ending is Ending.FAILED
    assert "is not committed" in outcome.reason
    assert not list((tmp_path / "cache" / "building").iterdir()), "nothing half-made stays"


@pytest.mark.parametrize("ending", [Ending.STOPPED, Ending.FAILED])
def test_a_run_that_ends_without_a_commit_keeps_nobody_waiting(
    graph: Graph, undisturbed: StageStore, tmp_path: Path, ending: Ending
) -> None:
    """Stopped, or failed for want of what it reads."""
    stage = by_label(graph, "pretrain")
    store = StageStore(FolderObjects(tmp_path / "store"))
    if ending is Ending.STOPPED:
        store = with_inputs(undisturbed, graph, tmp_path, stage)
    here, there = (Holder(life=life, name=life) for life in ("here", "there"))
    attempt = store.begin(stage.id, here)
    assert attempt is not None and store.begin(stage.id, there) is None
    runner = Runner(store, Settings(tmp_path / "cache"))
    assert runner.run(Assignment(stage, attempt), world.always(Verdict.STOP)).ending is ending
    assert store.begin(stage.id, there) is not None


def test_a_run_that_was_taken_over_stops_with_its_progress(
    graph: Graph, undisturbed: StageStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a suspension: its broker does not know, but its next sign of life finds out."""
    stage = by_label(graph, "pretrain")
    store = StageStore(with_inputs(undisturbed, graph, tmp_path, stage).objects, term=0.3)
    newer: list[str] = []

    def report(step: int, steps: int) -> Verdict:
        if step == 2:
            newer.append(store.begin(stage.id))
            given_up = time.monotonic() + 60.0
            while "another attempt has begun" not in caplog.text:
                assert time.monotonic() < given_up
                time.sleep(0.01)
        return Verdict.GO_ON

    assert world.run(stage, store, tmp_path / "cache", report).ending is Ending.STOPPED
    saved = store.latest_progress(stage.id)
    assert saved is not None and saved.step == 2
    assert saved.attempt < newer[0]
    assert not any("RELEASED" in info.key for info in store.objects.list(f"stages/{stage.id}/"))


def test_commits_say_what_was_realised(graph: Graph, undisturbed: StageStore) -> None:
    commit = undisturbed.committed(by_label(graph, "intermediate snli+squad").id)
    assert commit is not None
    mixture = commit.facts["mixture"]
    assert isinstance(mixture, dict)
    assert set(mixture) == {"snli", "squad", "masked language modelling"}
    assert sum(mixture.values()) == pytest.approx(1.0)  # type: ignore[arg-type]
    for fact in ("tokens", "seconds", "machine"):
        assert commit.facts[fact]
    points = commit.facts["curve"]
    assert [step for step, _ in points["loss"]] == [1, 2, 3, 4, 5, 6]
    assert commit.facts["best_score"] in [score for _, score in points["dev"]]


def test_what_is_cut_is_in_the_commit_and_in_the_log(data: DataFolders, tmp_path: Path) -> None:
    short = world.QUICK.model_copy(update={"max_length": 12, "steps": 1})
    graph = world.graph(data, world.recipe(None, quick=short))
    store = world.run_all(graph, tmp_path)
    (stage,) = (graph.stages[id] for (task, language), id in graph.cells.items() if (task, language) == ("xnli", "en"))
    commit = store.committed(stage.id)
    assert commit is not None
    (cut,) = cuts(commit.facts).values()
    assert 0 < cut.cut <= cut.examples and cut.tokens >= cut.cut and cut.max_length == 12
    assert str(cut) in "".join(store.logs(stage.id).values())
    tagged = next(graph.stages[id] for (task, _), id in graph.cells.items() if task == "udpos")
    assert store.committed(tagged.id).facts["cut"] == {}  # type: ignore[union-attr]
