"""Sentences and pairs of sentences → a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerFast

from tasks.errors import UserError, nearest
from tasks.examples import TextPair
from trainers.kinds.base import IGNORE, SIGMA, Batch, Int64s, Limits, Logits, Row, TaskKind
from trainers.kinds.heads import SentenceHead, initialise
from trainers.kinds.subwords import Frame, Subwords, chunks, longest_first, subwords


class Classification(TaskKind[TextPair]):
    """One row an example. Longer ones are cut, the longer sentence first, as in the reference implementations."""

    def encode_many(
        self, examples: Sequence[TextPair], tokenizer: PreTrainedTokenizerFast, limits: Limits, labels: Sequence[str]
    ) -> Iterator[tuple[Row, ...]]:
        """One row; its target is the label's place in `labels`."""
        frame = Frame.of(tokenizer)
        places = {label: i for i, label in enumerate(labels)}
        for chunk in chunks(examples):
            texts = [text for e in chunk for text in (e.first, e.second) if text is not None]
            known = subwords(texts, tokenizer)
            for example in chunk:
                target = np.array([label_place(example.label, places, example.id)])
                yield (Row(_tokens(example, known, frame, limits), target),)

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


def _tokens(example: TextPair, known: dict[str, Subwords], frame: Frame, limits: Limits) -> Int64s:
    first = known[example.first].ids
    if example.second is None:
        return frame.row(first[: limits.max_length - 2])
    return frame.row(*longest_first(first, known[example.second].ids, limits.max_length - 4))
