"""Zero-shot inference: predictions of a task's head, and matches of retrieval, for whole datasets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from tasks.data import Dataset
from tasks.examples import Translation
from trainers.batches.encoded import encode_all
from trainers.batches.micro import Item, micro_batches
from trainers.kinds.base import Batch, Limits, Logits, Row, collate, unpad
from trainers.kinds.registry import kind_of
from trainers.model.encoder import pooled
from trainers.model.learner import Learner
from trainers.ranks import ALONE, Ranks
from trainers.recipe import Numerics, Pooling

T = TypeVar("T")


@dataclass(frozen=True)
class Passes:
    """How forward passes are run; none of it changes a prediction by more than rounding.

    `budget`: padded tokens a pass; `told`: called with (passes done, passes in all), the same on every rank.
    """

    budget: int
    numerics: Numerics
    ranks: Ranks = ALONE
    told: Callable[[int, int], None] = lambda done, passes: None


POOL = 1024  # queries that are compared with the whole pool at once


def predict(
    model: Learner,
    ingredient: int,
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerFast,
    limits: Limits,
    labels: Sequence[str],
    passes: Passes,
) -> list[Any]:
    """The predictions of one of a learner's heads, in the order of the data.

    Args:
        model: encoder and heads; put into evaluation mode here.
        ingredient: the number of the head.
        dataset: what to predict.
        tokenizer: the encoder's.
        limits: of the rows.
        labels: what the head's outputs mean.
        passes: how to run the model.
    """
    kind = kind_of(dataset.kind)
    rows = encode_all(dataset, tokenizer, limits, labels)
    found: dict[int, Any] = {}

    def run(items: list[Item], batch: Batch) -> None:
        with _precision(passes.numerics):
            logits = unpad(model.infer(ingredient, batch), batch)
        for item, values in zip(items, logits, strict=True):
            found[item.slot] = kind.decode(dataset.examples[item.slot], item.rows, values, labels)

    _over(rows, run, model, tokenizer.pad_token_id, passes)
    return [prediction for _, prediction in sorted(_all(found, passes.ranks).items())]


def match(
    encoder: PreTrainedModel,
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerFast,
    limits: Limits,
    layer: int,
    pooling: Pooling,
    passes: Passes,
) -> list[str]:
    """For each English query the id of the nearest candidate by cosine; the first of equals (facts: Tatoeba)."""
    rows = encode_all(dataset, tokenizer, limits, ())
    found: dict[int, Logits] = {}

    def run(items: list[Item], batch: Batch) -> None:
        with torch.no_grad(), _precision(passes.numerics):
            output = normalize(pooled(encoder, batch.tokens, batch.mask, layer, pooling).float(), dim=-1)
        pairs = output.cpu().numpy().reshape(len(items), 2, -1)
        found.update(zip((item.slot for item in items), pairs, strict=True))

    _over(rows, run, encoder, tokenizer.pad_token_id, passes)
    vectors = np.stack([pair for _, pair in sorted(_all(found, passes.ranks).items())])
    ids = [example.id for example in dataset.examples if isinstance(example, Translation)]
    return [ids[place] for place in nearest(vectors[:, 0], vectors[:, 1])]


def nearest(queries: Logits, candidates: Logits) -> list[int]:
    """Index of the candidate with the largest inner product, for each query; both [n, width], normalised."""
    blocks = (queries[start : start + POOL] @ candidates.T for start in range(0, len(queries), POOL))
    return [int(place) for block in blocks for place in block.argmax(axis=1)]


def _over(
    rows: Sequence[tuple[Row, ...]],
    run: Callable[[list[Item], Batch], None],
    model: nn.Module,
    pad: int,
    passes: Passes,
) -> None:
    """Run over all examples in micro-batches, those of this rank among them.

    One that does not fit into memory is halved, down to one example.
    """
    model.to(passes.numerics.device).eval()

    def attempt(items: list[Item]) -> None:
        try:
            run(items, collate([item.rows for item in items], pad, passes.numerics.device))
            return
        except torch.OutOfMemoryError:
            if len(items) == 1:
                raise
        middle = len(items) // 2  # outside of the handler, which would keep the failed batch alive
        attempt(items[:middle])
        attempt(items[middle:])

    cut = list(micro_batches([Item(row, slot) for slot, row in enumerate(rows)], passes.budget))
    for start in range(0, len(cut), passes.ranks.size):  # in step, so that all ranks are told the same
        for items in passes.ranks.slice(cut[start : start + passes.ranks.size]):
            attempt(items)
        passes.told(min(start + passes.ranks.size, len(cut)), len(cut))


def _all(found: dict[int, T], ranks: Ranks) -> dict[int, T]:
    """What all ranks have found, by place."""
    return {place: what for part in ranks.gather(found) for place, what in part.items()}


def _precision(numerics: Numerics) -> torch.autocast:
    return torch.autocast(numerics.device, torch.bfloat16, enabled=numerics.dtype == "bf16")
