"""From recipe to stages: what is shared, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tasks.data import Absent, DataFolders, DataSource, Part, load
from tasks.errors import UserError
from tasks.examples import Question
from tasks.suites import Suite
from tests.trainers import world
from trainers.graph import expand
from trainers.identity import canonical
from trainers.recipe import Base, Numerics, Recipe, Scratch
from trainers.stages import IntermediateSpec, PretrainSpec


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


def test_settings_of_a_scratch_encoder_reach_its_stage(data: DataFolders) -> None:
    recipe = world.recipe(None)
    assert recipe.base.scratch is not None
    scratch = recipe.base.scratch.model_copy(update={"weight_decay": 0.5, "shift": 3, "parallel_share": 0.25})
    graph = world.graph(data, recipe.model_copy(update={"base": Base(scratch=scratch)}))
    (spec,) = (stage.spec for stage in graph.stages.values() if isinstance(stage.spec, PretrainSpec))
    assert (spec.schedule.weight_decay, spec.shift, spec.parallel_share) == (0.5, 3, 0.25)


def test_fields_added_later_change_no_recipe_at_their_original_default() -> None:
    written = canonical(Recipe())["base"]["scratch"]
    assert not {"weight_decay", "shift"} & set(written)
    assert canonical(Scratch(shift=1, weight_decay=0.1)).keys() - written == {"weight_decay", "shift"}


def test_planned_tokens_of_pretraining_follow_the_parallel_share(data: DataFolders) -> None:
    def tokens(share: float) -> int:
        recipe = world.recipe(None)
        assert recipe.base.scratch is not None
        scratch = recipe.base.scratch.model_copy(update={"parallel_share": share})
        graph = world.graph(data, recipe.model_copy(update={"base": Base(scratch=scratch)}))
        return next(stage.tokens for stage in graph.stages.values() if isinstance(stage.spec, PretrainSpec))

    assert tokens(0.0) < tokens(0.5) < tokens(1.0), "pairs are longer than lines"


def test_planned_tokens_of_a_step_follow_the_shares_of_a_mixture(data: DataFolders) -> None:
    def per_step(tasks: dict[str, float], mlm_share: float = 0.0) -> float:
        graph = world.graph(data, world.recipe(tasks, mlm_share=mlm_share))
        (stage,) = (stage for stage in graph.stages.values() if isinstance(stage.spec, IntermediateSpec))
        return stage.tokens / stage.spec.schedule.steps

    short, long = per_step({"snli": 1}), per_step({"squad": 1})
    assert short < long
    assert per_step({"snli": 3, "squad": 1}) == pytest.approx(0.75 * short + 0.25 * long, rel=0.01)
    assert per_step({"squad": 1}, mlm_share=0.5) < long, "lines of text are shorter than windows"


def shares(data: DataFolders, **phase: object) -> dict[int, float]:
    """Draw probabilities by number of examples."""
    recipe = world.recipe({"snli": 1, "squad": 1})
    assert recipe.intermediate is not None
    changed = recipe.model_copy(update={"intermediate": recipe.intermediate.model_copy(update=phase)})
    (spec,) = (s.spec for s in world.graph(data, changed).stages.values() if isinstance(s.spec, IntermediateSpec))
    return {ingredient.data.examples: ingredient.weight for ingredient in spec.mixture}


def test_a_temperature_draws_by_size(data: DataFolders) -> None:
    plain = shares(data)
    assert set(plain.values()) == {0.5}
    sizes = sorted(plain)
    by_size = shares(data, temperature=1.0)
    assert by_size == pytest.approx({n: n / sum(sizes) for n in sizes}, abs=1e-3)
    flatter = shares(data, temperature=5.0)
    assert by_size[sizes[0]] < flatter[sizes[0]] < 0.5 < flatter[sizes[1]] < by_size[sizes[1]]
    assert set(shares(data, temperature=1.0, cap=sizes[0]).values()) == {0.5}, "capped, they are equally large"


@pytest.mark.parametrize("keep", ["last", "best"])
def test_what_is_held_out_of_a_training_set_is_not_trained_on(data: DataFolders, keep: Literal["last", "best"]) -> None:
    """Whichever weights are kept; a task with a dev set of its own trains on all of its training set."""
    quick = world.QUICK.model_copy(update={"keep": keep})
    graph = world.graph(data, world.recipe({"covid-qa": 1, "squad": 1}, quick=quick))
    stage = next(stage for stage in graph.stages.values() if isinstance(stage.spec, IntermediateSpec))
    trained = {stage.sources[part.data.fingerprint].source.task: part.data for part in stage.spec.mixture}
    assert trained["squad"].fingerprint == load(source(data.find("squad", "train", "en"))).fingerprint
    articles = {
        part: articles_of(source(data.find("covid-qa", "train", "en", part))) for part in (Part.ALL, Part.SELECTION)
    }
    kept = stage.sources[trained["covid-qa"].fingerprint].here(Path("nowhere"))
    assert articles_of(kept) == articles[Part.ALL] - articles[Part.SELECTION] != set()
    assert trained["covid-qa"].examples == len(load(kept))


def articles_of(found: DataSource) -> set[str]:
    return {example.article for example in load(found).examples if isinstance(example, Question)}


def source(found: DataSource | Absent) -> DataSource:
    assert isinstance(found, DataSource), found
    return found
