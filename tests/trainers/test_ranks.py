"""Two workers share a stage: the same slices, the same decisions, and a result that differs by rounding alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tasks.data import DataFolders
from tests.trainers import world
from tests.trainers.pair import run_pair
from trainers.graph import Graph
from trainers.ranks import ALONE
from trainers.stages import Stage
from trainers.store.stages import StageStore

MICRO = 256  # padded tokens
MIXTURE = {"snli": 2.0, "squad": 1.0}
TOLERANCE = 1e-4  # of a weight: sums of gradients are added in another order; dropout is on
# the share of weights that may differ by more: of those that add the same to all that a softmax compares (biases of
# keys, and of scores of tokens) the gradient is zero but for rounding, which AdamW scales up
NEUTRAL = 0.02

pytestmark = pytest.mark.slow  # trains models in processes of their own


def test_alone_there_is_nothing_to_exchange() -> None:
    assert ALONE.agree("x") == "x" and ALONE.gather(3) == [3] and ALONE.total([1.5, 2.0]) == [1.5, 2.0]
    assert list(ALONE.slice([1, 2, 3])) == [1, 2, 3] and ALONE.first


def graph_of(data: DataFolders) -> Graph:
    best = world.QUICK.model_copy(update={"keep": "best"})
    return world.graph(data, world.recipe(MIXTURE, mlm_share=0.3, quick=best))


def stages_of(toy: Path) -> list[Stage]:
    return list(graph_of(world.folders(toy)).stages.values())


def two_ranks(root: Path, stop_at: int = 0) -> StageStore:
    return run_pair(root, partial(stages_of, root.parent / "toy"), MICRO, stop_at)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def graph(root: Path) -> Graph:
    return graph_of(world.folders(root / "toy"))


@pytest.fixture(scope="module")
def alone(graph: Graph, root: Path) -> StageStore:
    return world.run_all(graph, root / "alone", micro=MICRO)


@pytest.fixture(scope="module")
def together(graph: Graph, root: Path) -> StageStore:
    return two_ranks(root / "together")


def weights(store: StageStore, id: str, folder: Path) -> dict[str, torch.Tensor]:
    commit = store.committed(id)
    assert commit is not None
    names = [name for name in commit.files if name.endswith(".safetensors")]
    return {f"{name} {key}": t for name in names for key, t in load_file(store.fetch(commit, name, folder)).items()}


def test_weights_differ_by_rounding_alone(
    graph: Graph, alone: StageStore, together: StageStore, tmp_path: Path
) -> None:
    moved = 0
    for stage in graph.stages.values():
        one, two = weights(alone, stage.id, tmp_path), weights(together, stage.id, tmp_path)
        assert one.keys() == two.keys()
        if one:
            apart = torch.cat([(one[name] - two[name]).abs().flatten() for name in one])
            assert float((apart > TOLERANCE).double().mean()) < NEUTRAL, stage.label
            moved += int((apart > 0).sum())
    assert moved, "something was summed over ranks"


def test_tokens_are_counted_once(graph: Graph, alone: StageStore, together: StageStore) -> None:
    def counted(store: StageStore, id: str) -> dict[str, Any]:
        commit = store.committed(id)
        assert commit is not None
        return {name: commit.facts.get(name) for name in ("steps", "tokens", "mixture", "examples")}

    assert {id: counted(together, id) for id in graph.stages} == {id: counted(alone, id) for id in graph.stages}


def test_resumed_equals_undisturbed_bit_for_bit(graph: Graph, together: StageStore, root: Path, tmp_path: Path) -> None:
    stopped = two_ranks(root / "stopped", stop_at=3)
    for stage in graph.stages.values():
        one, two = weights(together, stage.id, tmp_path), weights(stopped, stage.id, tmp_path)
        assert all(torch.equal(one[name], two[name]) for name in one), stage.label
