"""What a task kind must do, and the rows and batches that pass between kinds, loop and scorer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tasks.errors import UserError
from tasks.examples import Example
from trainers.kinds.subwords import Frame, Int64s, Known

SIGMA = 0.02
"""XLM-R's standard deviation of initial weights, at its width of 768 or 1024."""

IGNORE = -100
"""The target of a position without loss, as in `torch.nn.functional.cross_entropy`."""

Logits = npt.NDArray[np.float32]
E = TypeVar("E", bound=Example, contravariant=True)


@dataclass(frozen=True)
class Limits:
    """How long a row may be, special tokens included, and how many context tokens neighbouring windows share."""

    max_length: int = 128
    stride: int = 64

    def __post_init__(self) -> None:
        if self.max_length < 8:
            raise UserError(f"max_length must be at least 8 subword tokens, not {self.max_length}")
        if self.stride < 0:
            raise UserError(f"stride must not be negative, not {self.stride}")


@dataclass(frozen=True, slots=True)
class Row:
    """One sequence for the encoder. An example gives one row, a choice example one a choice, a long text several."""

    tokens: Int64s  # [length], special tokens included
    target: Int64s  # what the kind's loss compares with: [0] (retrieval), [1], [2] (start, end) or [length]
    note: Any = None  # what `decode` needs to come back to the text: word positions, character offsets
    start: int = 0  # the first token's position, for language modelling alone
    cut: int = 0  # subwords that did not fit into it, nor into another row of the example


@dataclass(frozen=True)
class Batch:
    """Padded rows. `offsets[i] : offsets[i + 1]` are the rows of the batch's example i."""

    tokens: Tensor  # int64 [rows, length], padded with the tokenizer's pad id
    mask: Tensor  # bool [rows, length], True on real tokens
    targets: Tensor  # int64 [rows, …], padded with IGNORE
    offsets: tuple[int, ...]  # [examples + 1]
    starts: Tensor  # int64 [rows]: where each row's positions start, for language modelling alone


class TaskKind(Protocol[E]):
    """Stateless; one instance a kind, in `trainers.kinds.registry`. All must pass `tests/trainers/test_kinds.py`."""

    offsets: bool = False
    """Whether `rows` asks where in a text its subwords stand."""

    def texts(self, example: E) -> Iterable[str]:
        """What of an example is tokenised."""
        ...

    def rows(self, example: E, known: Known, frame: Frame, limits: Limits, labels: Sequence[str]) -> tuple[Row, ...]:
        """The rows of an example.

        No token, tag or candidate answer is lost: long texts become several rows; what may be cut is said in the
        kind's own docstring and counted in `Row.cut`. Targets are IGNORE where the example has no label.

        Args:
            example: the example.
            known: the subwords of its texts.
            frame: the tokenizer's special tokens.
            limits: of a row.
            labels: what the targets mean.

        Raises:
            UserError: a label outside `labels`.
        """
        ...

    def head(
        self, hidden: int, labels: int, generator: torch.Generator | None = None, sigma: float = SIGMA
    ) -> nn.Module:
        """A fresh head: hidden states [rows, length, hidden] and mask [rows, length] → logits.

        Logits are [rows, labels] for classification, [rows, 1] for choice, [rows, length, labels] for tagging and
        [rows, length, 2] (start, end) for span. `generator` (on the CPU) draws the initial weights with standard
        deviation `sigma`: the encoder's own, as a narrow encoder's head learns nothing for long from XLM-R's.
        """
        ...

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """The *sum* of the losses of the batch's items (a float32 scalar): the loop divides by the global count."""
        ...

    def count(self, rows: Sequence[Row]) -> int:
        """How many items (examples, labelled tokens, windows) these rows of one example add to the loss's divisor."""
        ...

    def decode(self, example: E, rows: Sequence[Row], logits: Sequence[Logits], labels: Sequence[str]) -> Any:
        """The prediction for an example from its rows' logits (unpadded, see `unpad`); JSON-able.

        A label for classification, an index for choice, a list of tags for tagging, the answer's text for span.
        """
        ...


def collate(examples: Sequence[Sequence[Row]], pad: int, device: torch.device | str = "cpu") -> Batch:
    """Pad the rows of some examples to their longest.

    Args:
        examples: the rows of each example.
        pad: the tokenizer's pad id.
        device: where the batch's tensors go.
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
    return Batch(
        tokens=torch.from_numpy(tokens).to(device),
        mask=torch.from_numpy(mask).to(device),
        targets=torch.from_numpy(targets).to(device),
        offsets=tuple(np.cumsum([0, *(len(group) for group in examples)]).tolist()),
        starts=torch.tensor([row.start for row in rows], device=device),
    )


def unpad(logits: Tensor, batch: Batch) -> list[list[Logits]]:
    """The logits of each example's rows, without padding, as `decode` takes them.

    Args:
        logits: [rows, n], or [rows, length, n] where each position has its own.
        batch: the batch they were computed from.
    """
    values = logits.detach().float().cpu().numpy()
    lengths = batch.mask.sum(dim=1).tolist()
    rows = [values[i, :n] if values.ndim == 3 else values[i] for i, n in enumerate(lengths)]
    return [rows[start:end] for start, end in pairwise(batch.offsets)]
