"""Zero-shot inference: predictions of a task's head, and matches of retrieval, for whole datasets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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
from trainers.recipe import Numerics, Pooling

POOL = 1024  # queries that are compared with the whole pool at once


def predict(
    model: Learner,
    ingredient: int,
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerFast,
    limits: Limits,
    labels: Sequence[str],
    budget: int,
    numerics: Numerics,
) -> list[Any]:
    """The predictions of one of a learner's heads, in the order of the data.

    Args:
        model: encoder and heads; put into evaluation mode here.
        ingredient: the number of the head.
        dataset: what to predict.
        tokenizer: the encoder's.
        limits: of the rows.
        labels: what the head's outputs mean.
        budget: padded tokens a forward pass.
        numerics: device and precision.
    """
    kind = kind_of(dataset.kind)
    rows = encode_all(dataset, tokenizer, limits, labels)
    pad = tokenizer.pad_token_id
    found: list[Any] = [None] * len(rows)

    def run(items: list[Item], batch: Batch) -> None:
        with _precision(numerics):
            logits = unpad(model.infer(ingredient, batch), batch)
        for item, values in zip(items, logits, strict=True):
            found[item.slot] = kind.decode(dataset.examples[item.slot], item.rows, values, labels)

    _over(rows, run, model, pad, budget, numerics)
    return found


def match(
    encoder: PreTrainedModel,
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerFast,
    limits: Limits,
    layer: int,
    pooling: Pooling,
    budget: int,
    numerics: Numerics,
) -> list[str]:
    """For each English query the id of the nearest candidate by cosine; the first of equals (facts: Tatoeba)."""
    rows = encode_all(dataset, tokenizer, limits, ())
    width = encoder.config.hidden_size
    vectors = np.zeros((len(rows), 2, width), dtype=np.float32)

    def run(items: list[Item], batch: Batch) -> None:
        with torch.no_grad(), _precision(numerics):
            output = normalize(pooled(encoder, batch.tokens, batch.mask, layer, pooling).float(), dim=-1)
        vectors[[item.slot for item in items]] = output.cpu().numpy().reshape(len(items), 2, width)

    _over(rows, run, encoder, tokenizer.pad_token_id, budget, numerics)
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
    budget: int,
    numerics: Numerics,
) -> None:
    """Run over all examples in micro-batches; one that does not fit into memory is halved, down to one example."""
    model.to(numerics.device).eval()

    def attempt(items: list[Item]) -> None:
        try:
            run(items, collate([item.rows for item in items], pad, numerics.device))
            return
        except torch.OutOfMemoryError:
            if len(items) == 1:
                raise
        middle = len(items) // 2  # outside of the handler, which would keep the failed batch alive
        attempt(items[:middle])
        attempt(items[middle:])

    for items in micro_batches([Item(row, slot) for slot, row in enumerate(rows)], budget):
        attempt(items)


def _precision(numerics: Numerics) -> torch.autocast:
    return torch.autocast(numerics.device, torch.bfloat16, enabled=numerics.dtype == "bf16")
