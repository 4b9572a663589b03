"""Inference over whole datasets: what does not fit into memory is halved, and the predictions stay the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tasks.data import Dataset, DataSource, load
from tasks.examples import Kind, Sentence, Tagged
from tests.trainers import world
from trainers.batches.tokens import Tokens
from trainers.kinds.base import Batch, Limits
from trainers.kinds.registry import kind_of
from trainers.model.encoder import build
from trainers.model.learner import Learner
from trainers.predict import Passes, predict
from trainers.recipe import Numerics
from trainers.work.tokenizer import train


class Cramped(Learner):
    """A learner on a machine with room for `room` padded tokens."""

    room = 10**9
    met = 0

    def infer(self, ingredient: int, batch: Batch) -> Tensor:
        """As the real one, as long as there is room."""
        if batch.tokens.numel() > self.room:
            self.met += 1
            raise torch.OutOfMemoryError("no room")
        return super().infer(ingredient, batch)


def tags(dataset: Dataset) -> list[str]:
    return sorted({tag for example in dataset.examples if isinstance(example, Tagged) for tag in example.tags or ()})


@pytest.mark.parametrize("room", [60, 200])
def test_out_of_memory_halves_the_batch(tmp_path: Path, room: int) -> None:
    data = world.folders(tmp_path)
    sources = [data.find("text", "train", "en"), data.find("udpos", "dev", "en")]
    text, tagged = (load(source) for source in sources if isinstance(source, DataSource))
    tokenizer = train([e.text for e in text.examples if isinstance(e, Sentence)], 300)
    encoder = build(vocabulary=len(tokenizer), hidden=16, layers=1, heads=2, positions=64, seed=0)
    labels = tags(tagged)
    head = kind_of(tagged.kind).head(16, len(labels), torch.Generator().manual_seed(0))
    model = Cramped(encoder.roberta, [head])
    whole = predict(model, 0, tagged, Tokens(tokenizer), Limits(48, 0), labels, Passes(4096, Numerics()))
    model.room = room
    assert predict(model, 0, tagged, Tokens(tokenizer), Limits(48, 0), labels, Passes(4096, Numerics())) == whole
    assert model.met > 0, "the room was never too small"


def test_one_example_that_does_not_fit_is_the_error(tmp_path: Path) -> None:
    data = world.folders(tmp_path)
    source = data.find("udpos", "dev", "en")
    assert isinstance(source, DataSource)
    tokenizer = train(["a b c"], 50)
    encoder = build(vocabulary=len(tokenizer), hidden=16, layers=1, heads=2, positions=64, seed=0)
    model = Cramped(encoder.roberta, [kind_of(Kind.TAGGING).head(16, 20)])
    model.room = 1
    tagged = load(source)
    with pytest.raises(torch.OutOfMemoryError):
        predict(model, 0, tagged, Tokens(tokenizer), Limits(48, 0), tags(tagged), Passes(4096, Numerics()))
