"""The workers of a lane as one stage sees them: whose slice is whose, and what all of them must agree on.

Every rank computes the same examples, random numbers and decisions from (spec, step), and takes a slice of the work;
only sums of gradients, predictions and rank 0's word on what it alone can know travel between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import distributed, nn

T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """One of `size` workers; with a size of 1 nothing is exchanged, and no process group is needed."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this rank speaks for all: it alone writes to the store and talks to the broker."""
        return self.rank == 0

    def slice(self, items: Sequence[T]) -> Sequence[T]:
        """This rank's share: every `size`-th item."""
        return items[self.rank :: self.size]

    def agree(self, value: T) -> T:
        """Rank 0's value, on every rank."""
        if self.size == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]

    def gather(self, value: T) -> list[T]:
        """Every rank's value, by rank, on every rank."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        distributed.all_gather_object(values, value)
        return values

    def total(self, numbers: Sequence[float]) -> list[float]:
        """Sums over the ranks, in float64 and in the order of the ranks."""
        return [sum(column) for column in zip(*self.gather(list(numbers)), strict=True)]

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its sum over the ranks, in one exchange a precision.

        A rank without an item has no gradients; a parameter without one on any rank keeps none, so that the optimiser
        passes it over as it would on a single rank.
        """
        if self.size == 1:
            return
        known = list(parameters)
        used = torch.tensor([p.grad is not None for p in known], dtype=torch.uint8)
        distributed.all_reduce(used, op=distributed.ReduceOp.MAX)
        present = [p for p, flag in zip(known, used.tolist(), strict=True) if flag]
        for kind in dict.fromkeys((p.dtype, p.device) for p in present):
            self._sum([p for p in present if (p.dtype, p.device) == kind])

    def _sum(self, parameters: Sequence[nn.Parameter]) -> None:
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        parts = torch.split(flat, [p.numel() for p in parameters])
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = part.view_as(parameter)


ALONE = Ranks()
