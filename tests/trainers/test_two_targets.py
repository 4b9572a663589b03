"""XCOPA is fine-tuned on Social IQa and then on COPA, with one head; a recipe may leave the first out."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file

from tasks.errors import UserError
from tasks.suites import Suite
from tests.trainers import world
from trainers.graph import Graph, expand
from trainers.identity import canonical
from trainers.recipe import Recipe
from trainers.stages import Stage, TargetSpec
from trainers.store.stages import StageStore

SUITE = Suite("choices", ("xcopa",), {"xcopa": ("en", "qaa")})
STILL = world.QUICK.model_copy(update={"lr": 1e-30, "weight_decay": 0.0})  # nothing moves


def graph_of(folder: Path, **target: object) -> Graph:
    recipe = world.recipe()
    return expand(with_target(recipe, **target), SUITE, world.folders(folder))


def with_target(recipe: Recipe, **changes: object) -> Recipe:
    return recipe.model_copy(update={"target": recipe.target.model_copy(update=changes)})


def targets(graph: Graph) -> dict[str, Stage]:
    return {stage.label: stage for stage in graph.stages.values() if isinstance(stage.spec, TargetSpec)}


def test_the_second_reads_the_first(tmp_path: Path) -> None:
    found = targets(graph_of(tmp_path))
    assert list(found) == ["target socialiqa", "target copa"]
    assert found["target socialiqa"].id in found["target copa"].needs
    assert found["target copa"].spec.head and not found["target socialiqa"].spec.head


@pytest.mark.parametrize("asked", [{"before": {"xcopa": None}}, {"train_on": {"xcopa": "socialiqa"}}])
def test_a_recipe_may_train_on_one_set(tmp_path: Path, asked: dict[str, object]) -> None:
    (only,) = targets(graph_of(tmp_path, **asked)).values()
    assert not only.spec.head


def test_stages_without_a_first_set_keep_their_ids(tmp_path: Path) -> None:
    """The field is one that was added later: what is hashed does not hold it."""
    (only,) = targets(graph_of(tmp_path, before={"xcopa": None})).values()
    assert "head" not in canonical(only.spec)
    with_it = only.spec.model_copy(update={"head": True})
    assert canonical(with_it)["head"] is True and with_it.id != only.id


@pytest.mark.slow
def test_the_head_goes_on(tmp_path: Path) -> None:
    """Where the second set moves nothing, its head is the first one's; a fresh one is another."""
    still = {"optimisation": world.QUICK, "per_task": {"copa": STILL}}
    heads = {}
    for name, change in (("both", {}), ("second alone", {"before": {"xcopa": None}})):
        graph = graph_of(tmp_path / "toy", **still, **change)
        store = world.run_all(graph, tmp_path / name)
        for label, stage in targets(graph).items():
            heads[name, label] = head(store, stage, tmp_path / "cache")
    first, second = heads["both", "target socialiqa"], heads["both", "target copa"]
    assert all(second[name].equal(tensor) for name, tensor in first.items())
    assert not all(heads["second alone", "target copa"][name].equal(tensor) for name, tensor in first.items())


def head(store: StageStore, stage: Stage, cache: Path) -> dict:
    commit = store.committed(stage.id)
    assert commit is not None
    return load_file(store.fetch(commit, "head.safetensors", cache))


def test_without_the_first_set_it_is_said_how_to_leave_it_out(tmp_path: Path) -> None:
    folders = world.folders(tmp_path)
    for file in tmp_path.glob("siqa/*"):
        file.unlink()
    with pytest.raises(UserError, match=r"socialiqa.*target\.before: \{xcopa: null\}"):
        expand(world.recipe(), SUITE, folders)
