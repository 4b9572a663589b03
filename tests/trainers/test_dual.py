"""Dual encoders: gradients are those of the whole batch, whatever the micro-batches; ranking tasks are trained."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

from tasks.data import DataFolders, Dataset, DataSource
from tasks.examples import Answer, Kind, Question
from tasks.pairs import as_ranking, sentence_at
from tasks.suites import Suite
from tests.trainers import world
from tests.trainers.pair import run_pair
from tests.trainers.test_ranks import NEUTRAL, TOLERANCE
from trainers.batches.micro import GlobalBatch, micro_batches
from trainers.batches.streams import Epochs
from trainers.graph import Graph, expand
from trainers.kinds.base import Batch, Row, collate
from trainers.lane import Ending, Verdict
from trainers.model.dropout import install
from trainers.model.encoder import build
from trainers.model.learner import Learner
from trainers.randomness import row_keys
from trainers.stages import LAST, ScoreSpec, Stage, TargetSpec
from trainers.store.folder import FolderObjects
from trainers.store.stages import StageStore
from trainers.work.rank import DualEncoder, in_batch_losses

SIZE = 6
SUITE = Suite("ranked", ("lareqa", "mewslix"), {"lareqa": world.LANGUAGES, "mewslix": ("en",)})


# --- the loss ---------------------------------------------------------------------------------------------------------


def unit(seed: int, n: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(n, 2, 5, generator=generator, dtype=torch.float64), dim=-1)


@given(st.integers(0, 999), st.lists(st.integers(0, 3), min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_losses_follow_their_pairs_and_right_candidates_are_no_negatives(seed: int, candidates: list[int]) -> None:
    vectors = unit(seed, len(candidates))
    losses = in_batch_losses(vectors, candidates)
    order = np.random.default_rng(seed).permutation(len(candidates)).tolist()
    torch.testing.assert_close(in_batch_losses(vectors[order], [candidates[i] for i in order]), losses[order])
    for place, own in enumerate(candidates):  # as if the other pairs with the same candidate were not there
        kept = [i for i, other in enumerate(candidates) if i == place or other != own]
        alone = in_batch_losses(vectors[kept], [candidates[i] for i in kept])
        torch.testing.assert_close(alone[kept.index(place)], losses[place])


# --- gradients --------------------------------------------------------------------------------------------------------


def objective(lengths: Sequence[int]) -> DualEncoder:
    encoder = build(vocabulary=50, hidden=16, layers=2, heads=2, positions=32, seed=0).base_model
    model = Learner(encoder).train()  # type: ignore[arg-type]  # transformers has no types here
    chooser = np.random.default_rng(0)

    def row(length: int, target: int) -> Row:
        return Row(np.array([0, *chooser.integers(5, 50, length), 2]), np.array([target]))

    pairs = [(row(length, i), row(12 - length, i % 4)) for i, length in enumerate(lengths)]
    keys = install(model, 0.2)
    return DualEncoder(model, keys, 1, 0, pairs, Epochs(len(pairs), 0, "test"), SIZE, "mean")


def padded(made: DualEncoder, items: Sequence[object]) -> Batch:
    """With the dropout that the training loop would set."""
    slots = [item.slot for item in items for _ in item.rows]  # type: ignore[attr-defined]
    made.keys.set(torch.from_numpy(row_keys(0, "dropout", 0, slots, [0, 1] * len(items))))
    return collate([item.rows for item in items], made.pad)  # type: ignore[attr-defined]


def gradients(made: DualEncoder) -> list[Tensor]:
    return [p.grad.clone() for p in made.model.parameters() if p.grad is not None]


def cached(made: DualEncoder, batch: GlobalBatch, groups: Sequence[Sequence[object]]) -> tuple[float, list[Tensor]]:
    """Loss and gradients as the loop takes them: all vectors first, then one group after another."""
    made.model.zero_grad()
    with torch.no_grad():
        found = {slot: v for items in groups for slot, v in made.vectors(padded(made, items)).items()}
    made.couple(found)
    total = 0.0
    for items in groups:
        loss = made.loss(batch.ingredient, padded(made, items))
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    return total, gradients(made)


@given(st.lists(st.integers(1, 11), min_size=SIZE, max_size=SIZE), st.integers(1, 200))
@settings(max_examples=8, deadline=None)
def test_gradients_are_those_of_the_whole_batch(lengths: list[int], budget: int) -> None:
    """Plain backpropagation through all vectors at once is the measure; dropout is on."""
    made = objective(lengths)
    batch = made.batch(0)
    made.model.zero_grad()
    at_once = made.vectors(padded(made, batch.items))
    whole = in_batch_losses(torch.stack([at_once[slot] for slot in range(SIZE)]), made.candidates).sum()
    whole.backward()  # type: ignore[no-untyped-call]
    wanted = gradients(made)
    for groups in ([batch.items], list(micro_batches(batch.items, budget)), [batch.items[0::2], batch.items[1::2]]):
        loss, found = cached(made, batch, groups)
        assert loss == pytest.approx(float(whole.detach()), rel=1e-4)
        for ours, theirs in zip(found, wanted, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4 * float(theirs.abs().max()) + 3e-6)


# --- pairs out of questions -------------------------------------------------------------------------------------------

sentences = st.lists(
    st.text("abc ", min_size=1, max_size=8).map(lambda text: "A" + text.strip() + "z."), min_size=1, max_size=5
)


@given(sentences, st.data())
@settings(deadline=None)
def test_an_answer_stands_in_its_sentence(parts: list[str], data: st.DataObject) -> None:
    context = " ".join(parts)
    number = data.draw(st.integers(0, len(parts) - 1))
    begin = sum(len(part) + 1 for part in parts[:number])
    place = data.draw(st.integers(begin, begin + len(parts[number]) - 1))
    assert sentence_at(context, place) == parts[number]
    answer = Answer(context[place], place)
    asked = [Question(str(i), "who?", context, (answer,), "article") for i in range(2)]
    ranked = as_ranking(Dataset(DataSource("squad", "train", "en", ()), Kind.SPAN, tuple(asked)))
    first, second, sentence = ranked.examples
    assert (sentence.text, sentence.context) == (parts[number], context)  # type: ignore[union-attr]
    assert first.relevant == second.relevant == (sentence.id,)  # type: ignore[union-attr]


def test_abbreviations_before_small_letters_and_decimals_end_no_sentence() -> None:
    context = 'It cost 3.5 dollars, i.e. much. "Why?" She left.'
    assert sentence_at(context, context.index("much")) == "It cost 3.5 dollars, i.e. much."
    assert sentence_at(context, context.index("Why")) == '"Why?"'
    assert sentence_at(context, context.index("left")) == "She left."


# --- stages -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataFolders:
    return world.folders(tmp_path_factory.mktemp("toy"))


def graph_of(data: DataFolders, keep: str = "last") -> Graph:
    return expand(world.recipe(quick=world.QUICK.model_copy(update={"keep": keep})), SUITE, data)


def test_ranking_tasks_score_what_was_trained_for_them(data: DataFolders) -> None:
    graph = graph_of(data)
    targets = {s.label: s for s in graph.stages.values() if isinstance(s.spec, TargetSpec)}
    assert set(targets) == {"target lareqa", "target mewslix"}
    for (task, _), id in graph.cells.items():
        spec = graph.stages[id].spec
        assert isinstance(spec, ScoreSpec)
        assert spec.model == f"stage:{targets[f'target {task}'].id}"
        assert (spec.layer, spec.pooling, spec.normalised) == (LAST, "mean", True)


def test_settings_are_the_ranking_task_s_own(data: DataFolders) -> None:
    """SQuAD trains two heads with different settings, and limits count for both."""
    suite = Suite("both", ("xquad", "lareqa"), {"xquad": ("en",), "lareqa": ("en",)})
    recipe = world.recipe()
    settings = {"squad": world.QUICK, "lareqa": world.QUICK.model_copy(update={"lr": 5e-4})}
    target = recipe.target.model_copy(update={"per_task": settings, "limit": {"squad": 7}})
    graph = expand(recipe.model_copy(update={"target": target}), suite, data)
    specs = {s.label: s.spec for s in graph.stages.values() if isinstance(s.spec, TargetSpec)}
    assert {label: (spec.train.kind, spec.schedule.lr) for label, spec in specs.items()} == {
        "target squad": (Kind.SPAN, 1e-3),
        "target lareqa": (Kind.RANKING, 5e-4),
    }
    assert len({spec.train.fingerprint for spec in specs.values()}) == 1
    assert {spec.train.examples for spec in specs.values()} == {7}


@pytest.mark.slow
@pytest.mark.parametrize("label", ["target lareqa", "target mewslix"])
def test_resumed_equals_undisturbed_bit_for_bit(data: DataFolders, tmp_path: Path, label: str) -> None:
    graph = graph_of(data, "best")
    store = world.run_all(graph, tmp_path / "undisturbed", micro=256)
    stage = next(stage for stage in graph.stages.values() if stage.label == label)
    other = StageStore(FolderObjects(tmp_path / "other"))

    def stop(step: int, steps: int) -> Verdict:
        return Verdict.STOP if step == 3 else Verdict.GO_ON

    for needed in graph.stages.values():
        if needed.id in stage.needs or needed.label == "tokenizer":
            world.run(needed, other, tmp_path / "cache", micro=256)
    assert world.run(stage, other, tmp_path / "cache", stop, 256).ending is Ending.STOPPED
    assert world.run(stage, other, tmp_path / "cache", micro=256).ending is Ending.COMMITTED
    assert digests(store, stage) == digests(other, stage)


def digests(store: StageStore, stage: Stage) -> dict[str, str]:
    commit = store.committed(stage.id)
    assert commit is not None
    return {name: file.sha256 for name, file in commit.files.items()}


def stages_of(toy: Path) -> list[Stage]:
    return list(graph_of(DataFolders((toy,), {})).stages.values())


@pytest.mark.slow
def test_two_ranks_differ_from_one_by_rounding_alone(data: DataFolders, tmp_path: Path) -> None:
    graph = graph_of(data)
    alone = world.run_all(graph, tmp_path / "alone", micro=256)
    together = run_pair(tmp_path / "together", partial(stages_of, data.folders[0]), 256)
    for stage in (s for s in graph.stages.values() if isinstance(s.spec, TargetSpec)):
        one, two = (
            load_file(store.fetch(commit, "model.safetensors", tmp_path / "read"))
            for store in (alone, together)
            if (commit := store.committed(stage.id)) is not None
        )
        apart = torch.cat([(one[name] - two[name]).abs().flatten() for name in one])
        assert float(apart.max()) > 0
        assert float((apart > TOLERANCE).double().mean()) < NEUTRAL, stage.label
