"""Zero-shot inference: predictions of a task's head for whole datasets, over all ranks of a lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn

from tasks.data import Dataset
from trainers.batches.encoded import encode_all
from trainers.batches.micro import Item, micro_batches
from trainers.batches.tokens import Tokens
from trainers.kinds.base import Batch, Limits, Row, collate, unpad
from trainers.kinds.registry import kind_of
from trainers.memory import out_of_memory
from trainers.model.learner import Learner
from trainers.ranks import ALONE, Ranks
from trainers.recipe import Numerics

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


def predict(
    model: Learner,
    ingredient: int,
    dataset: Dataset,
    tokens: Tokens,
    limits: Limits,
    labels: Sequence[str],
    passes: Passes,
) -> list[Any]:
    """The predictions of one of a learner's heads, in the order of the data.

    Args:
        model: encoder and heads; put into evaluation mode here.
        ingredient: the number of the head.
        dataset: what to predict.
        tokens: of the encoder's tokenizer.
        limits: of the rows.
        labels: what the head's outputs mean.
        passes: how to run the model.
    """
    kind = kind_of(dataset.kind)
    rows = encode_all(dataset, tokens, limits, labels)
    found: dict[int, Any] = {}

    def run(items: list[Item], batch: Batch) -> None:
        with precision(passes.numerics):
            logits = unpad(model.infer(ingredient, batch), batch)
        for item, values in zip(items, logits, strict=True):
            found[item.slot] = kind.decode(dataset.examples[item.slot], item.rows, values, labels)

    over(rows, run, model, tokens.pad, passes)
    return [prediction for _, prediction in sorted(gathered(found, passes.ranks).items())]


def over(
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
        except RuntimeError as error:
            if len(items) == 1 or not out_of_memory(error):
                raise
        middle = len(items) // 2  # outside of the handler, which would keep the failed batch alive
        attempt(items[:middle])
        attempt(items[middle:])

    cut = list(micro_batches([Item(row, slot) for slot, row in enumerate(rows)], passes.budget))
    for start in range(0, len(cut), passes.ranks.size):  # in step, so that all ranks are told the same
        for items in passes.ranks.slice(cut[start : start + passes.ranks.size]):
            attempt(items)
        passes.told(min(start + passes.ranks.size, len(cut)), len(cut))


def gathered(found: dict[int, T], ranks: Ranks) -> dict[int, T]:
    """What all ranks have found, by place."""
    return {place: what for part in ranks.gather(found) for place, what in part.items()}


def precision(numerics: Numerics) -> torch.autocast:
    """The context that forward passes run in."""
    return torch.autocast(numerics.device, torch.bfloat16, enabled=numerics.dtype == "bf16")
