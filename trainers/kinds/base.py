"""What a task kind must do, and the rows and batches that pass between kinds, loop and scorer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from tasks.examples import Example

IGNORE = -100
"""The target of a position without loss, as in `torch.nn.functional.cross_entropy`."""


@dataclass(frozen=True)
class Limits:
    """How long a row may be, special tokens included, and how many context tokens neighbouring windows share."""

    max_length: int = 128
    stride: int = 64


@dataclass(frozen=True, slots=True)
class Row:
    """One sequence for the encoder. An example gives one row, a choice example one a choice, a long text several."""

    tokens: np.ndarray  # int64 [length], special tokens included
    target: np.ndarray  # int64; what the kind's loss compares with: [] or [1], [2] (start, end) or [length]
    note: Any = None  # what `decode` needs to come back to the text: word positions, character offsets


@dataclass(frozen=True)
class Batch:
    """Padded rows. `offsets[i] : offsets[i + 1]` are the rows of the batch's example i."""

    tokens: Tensor  # int64 [rows, length], padded with the tokenizer's pad id
    mask: Tensor  # bool [rows, length], True on real tokens
    targets: Tensor  # int64 [rows, …], padded with IGNORE
    offsets: tuple[int, ...]  # [examples + 1]


class TaskKind(Protocol):
    """Stateless; one instance a kind, in `trainers.kinds.registry`. All must pass `tests/trainers/test_kinds.py`."""

    def encode(
        self, example: Example, tokenizer: PreTrainedTokenizerFast, limits: Limits, labels: Sequence[str]
    ) -> tuple[Row, ...]:
        """Rows of an example. No token, tag or candidate answer is lost: long texts become several rows. Targets are
        IGNORE where the example has no label; a label outside `labels` is a `UserError`."""

    def head(self, hidden: int, labels: int) -> nn.Module:
        """A fresh head: hidden states [rows, length, hidden] and mask [rows, length] → logits."""

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """The *sum* of the losses of the batch's items (a scalar): the loop divides by the global count."""

    def count(self, rows: Sequence[Row]) -> int:
        """How many items (examples, labelled tokens, windows) these rows of one example add to the loss's divisor."""

    def decode(self, example: Example, rows: Sequence[Row], logits: Sequence[np.ndarray], labels: Sequence[str]) -> Any:
        """The prediction for an example from its rows' logits (unpadded): label, index, tags or answer; JSON-able."""


def collate(examples: Sequence[Sequence[Row]], pad: int, device: torch.device | str = "cpu") -> Batch:
    """Pad the rows of some examples to their longest.

    Args:
        examples: the rows of each example.
        pad: the tokenizer's pad id.
    """
    rows = [row for group in examples for row in group]
    length = max(len(row.tokens) for row in rows)
    width = max(len(row.target) for row in rows)
    tokens = np.full((len(rows), length), pad, dtype=np.int64)
    mask = np.zeros((len(rows), length), dtype=bool)
    # a target as long as its row is padded like it, so that position i of one is position i of the other
    targets = np.full((len(rows), width), IGNORE, dtype=np.int64)
    for i, row in enumerate(rows):
        tokens[i, : len(row.tokens)] = row.tokens
        mask[i, : len(row.tokens)] = True
        targets[i, : len(row.target)] = row.target
    offsets = tuple(np.cumsum([0, *(len(group) for group in examples)]).tolist())
    return Batch(*(torch.from_numpy(a).to(device) for a in (tokens, mask, targets)), offsets=offsets)
