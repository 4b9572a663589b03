"""From recipe to stages: what is shared, and what is not."""

from __future__ import annotations

import pytest

from tasks.data import DataFolders
from tasks.errors import UserError
from tasks.suites import Suite
from tests.trainers import world
from trainers.graph import expand
from trainers.recipe import Numerics


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataFolders:
    return world.folders(tmp_path_factory.mktemp("toy"))


def labels(graph: object) -> set[str]:
    return {stage.label for stage in graph.stages.values()}  # type: ignore[attr-defined]


def test_stages_come_after_what_they_need(data: DataFolders) -> None:
    graph = world.graph(data, world.recipe({"snli": 1}))
    seen: set[str] = set()
    for id, stage in graph.stages.items():
        assert set(stage.needs) <= seen
        seen.add(id)


def test_order_and_zero_weights_change_no_id(data: DataFolders) -> None:
    first = world.graph(data, world.recipe({"snli": 1, "squad": 3}))
    for same in ({"squad": 3, "snli": 1}, {"squad": 0.75, "snli": 0.25}, {"snli": 1, "squad": 3, "hellaswag": 0}):
        assert set(world.graph(data, world.recipe(same)).stages) == set(first.stages)
    assert set(world.graph(data, world.recipe({"snli": 3, "squad": 1})).stages) != set(first.stages)


def test_recipes_share_what_they_have_in_common(data: DataFolders) -> None:
    baseline = world.graph(data, world.recipe(None))
    tuned = world.graph(data, world.recipe({"snli": 1}))
    shared = {tuned.stages[id].label for id in set(baseline.stages) & set(tuned.stages)}
    assert shared == {"tokenizer", "pretrain"}
    seeds = world.graph(data, world.recipe({"snli": 1}, seed=1))
    assert {seeds.stages[id].label for id in set(seeds.stages) & set(tuned.stages)} == {"tokenizer", "pretrain"}


def test_retrieval_scores_the_encoder_without_a_target_stage(data: DataFolders) -> None:
    graph = world.graph(data, world.recipe({"snli": 1}))
    assert "target tatoeba" not in labels(graph)
    score = next(s for s in graph.stages.values() if s.label.startswith("score tatoeba"))
    assert graph.encoder in (f"stage:{id}" for id in score.needs)


def test_another_place_for_the_same_files_changes_no_id(
    data: DataFolders, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = world.folders(tmp_path_factory.mktemp("elsewhere"))
    assert set(world.graph(elsewhere, world.recipe(None)).stages) == set(world.graph(data, world.recipe(None)).stages)


def test_threads_and_device_class_are_part_of_what_is_trained(data: DataFolders) -> None:
    one = world.recipe(None)
    two = one.model_copy(update={"numerics": Numerics(threads=2)})
    shared = set(world.graph(data, one).stages) & set(world.graph(data, two).stages)
    assert {world.graph(data, one).stages[id].label for id in shared} == {"tokenizer"}


def test_missing_cells_are_named(data: DataFolders) -> None:
    suite = Suite(name="odd", tasks=("udpos",), languages={"udpos": ("en", "xx")})
    graph = expand(world.recipe(None), suite, data)
    assert [(absent.task, absent.language) for absent in graph.absent] == [("udpos", "xx")]
    assert set(graph.cells) == {("udpos", "en")}


def test_missing_training_data_is_one_line(data: DataFolders) -> None:
    with pytest.raises(UserError, match="cosmosqa"):
        nowhere = DataFolders(data.folders, {"cosmosqa": {"train": ["nowhere.csv"]}})
        world.graph(nowhere, world.recipe({"cosmosqa": 1}))


def test_a_half_contains_the_quarter(data: DataFolders) -> None:
    from tasks.data import DataSource, load
    from tasks.parts import nested_order

    source = data.find("snli", "train", "en")
    assert isinstance(source, DataSource)
    ids = [example.id for example in load(source).examples]
    order = list(nested_order(ids, "crosslift"))
    assert sorted(order) == list(range(len(ids)))
    half = world.graph(data, world.recipe({"snli": 1}, fraction=0.5))
    whole = world.graph(data, world.recipe({"snli": 1}))
    assert set(half.stages) != set(whole.stages)
