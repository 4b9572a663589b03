"""Sentences and pairs of sentences → a label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.errors import UserError, nearest
from tasks.examples import TextPair
from trainers.kinds.base import IGNORE, SIGMA, Batch, Limits, Logits, Row, TaskKind
from trainers.kinds.heads import SentenceHead, initialise
from trainers.kinds.subwords import Frame, Int64s, Known, longest_first


class Classification(TaskKind[TextPair]):
    """One row an example. Longer ones are cut, the longer sentence first, as in the reference implementations."""

    def texts(self, example: TextPair) -> Iterable[str]:
        """One sentence or two."""
        return (example.first,) if example.second is None else (example.first, example.second)

    def rows(
        self, example: TextPair, known: Known, frame: Frame, limits: Limits, labels: Sequence[str]
    ) -> tuple[Row, ...]:
        """One row; its target is the label's place in `labels`."""
        places = {label: i for i, label in enumerate(labels)}
        target = np.array([label_place(example.label, places, example.id)])
        tokens, cut = _tokens(example, known, frame, limits)
        return (Row(tokens, target, cut=cut),)

    def head(
        self, hidden: int, labels: int, generator: torch.Generator | None = None, sigma: float = SIGMA
    ) -> nn.Module:
        """[rows, length, hidden] → [rows, labels]."""
        return initialise(SentenceHead(hidden, labels), generator, sigma)

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Summed cross-entropy of the labels."""
        return functional.cross_entropy(logits.float(), batch.targets[:, 0], ignore_index=IGNORE, reduction="sum")

    def count(self, rows: Sequence[Row]) -> int:
        """1 for a labelled example."""
        return sum(int(row.target[0] != IGNORE) for row in rows)

    def decode(self, example: TextPair, rows: Sequence[Row], logits: Sequence[Logits], labels: Sequence[str]) -> str:
        """The most probable label; the first of equals."""
        return labels[int(logits[0].argmax())]


def label_place(label: str | None, places: dict[str, int], where: str) -> int:
    """A label's place, IGNORE where there is none."""
    if label is None:
        return IGNORE
    if label not in places:
        raise UserError(f"unknown label {label!r}; {nearest(label, places)}", where=f"example {where}")
    return places[label]


def _tokens(example: TextPair, known: Known, frame: Frame, limits: Limits) -> tuple[Int64s, int]:
    """The row's tokens, and how many did not fit."""
    first = known[example.first].ids
    if example.second is None:
        room = limits.max_length - 2
        return frame.row(first[:room]), max(0, len(first) - room)
    second, room = known[example.second].ids, limits.max_length - 4
    return frame.row(*longest_first(first, second, room)), max(0, len(first) + len(second) - room)
