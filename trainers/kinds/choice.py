"""A context, a question and some choices → the right choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.errors import UserError
from tasks.examples import Choices
from trainers.kinds.base import IGNORE, SIGMA, Batch, Limits, Logits, Row, TaskKind
from trainers.kinds.heads import SentenceHead, initialise
from trainers.kinds.subwords import Frame, Int64s, Known


class Choice(TaskKind[Choices]):
    """One row a choice: `<s> context </s></s> question choice </s>`; a softmax over the scores of an example's rows.

    What is too long loses the end of its context first, then the beginning of `question choice`, so that the choices
    stay apart. The label list has no meaning here.
    """

    def texts(self, example: Choices) -> Iterable[str]:
        """The context, and each choice behind the question."""
        return (example.context, *_seconds(example))

    def rows(
        self, example: Choices, known: Known, frame: Frame, limits: Limits, labels: Sequence[str]
    ) -> tuple[Row, ...]:
        """As many rows as there are choices; the target of each is the index of the right one."""
        target = np.array([_right(example)])
        context = known[example.context].ids
        whole = ((context, known[second].ids) for second in _seconds(example))
        return tuple(_row(*pair, target, frame, limits.max_length - 4) for pair in whole)

    def head(
        self, hidden: int, labels: int, generator: torch.Generator | None = None, sigma: float = SIGMA
    ) -> nn.Module:
        """[rows, length, hidden] → [rows, 1]; `labels` has no meaning."""
        return initialise(SentenceHead(hidden, 1), generator, sigma)

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Summed cross-entropy of the right choices among the rows of their examples."""
        scores = by_example(logits[:, 0].float(), batch.offsets)
        targets = batch.targets[list(batch.offsets[:-1]), 0]
        return functional.cross_entropy(scores, targets, ignore_index=IGNORE, reduction="sum")

    def count(self, rows: Sequence[Row]) -> int:
        """1 for a labelled example."""
        return int(rows[0].target[0] != IGNORE)

    def decode(self, example: Choices, rows: Sequence[Row], logits: Sequence[Logits], labels: Sequence[str]) -> int:
        """The index of the choice with the highest score; the first of equals."""
        return int(np.argmax([row[0] for row in logits]))


def by_example(scores: Tensor, offsets: tuple[int, ...]) -> Tensor:
    """Scores [rows] → [examples, most choices]; where an example has fewer, minus infinity: nothing in a softmax."""
    sizes = [end - start for start, end in pairwise(offsets)]
    example = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes)).to(scores.device)
    choice = torch.arange(offsets[-1], device=scores.device) - torch.tensor(offsets[:-1], device=scores.device)[example]
    table = scores.new_full((len(sizes), max(sizes)), -torch.inf)
    return table.index_put((example, choice), scores)


def _seconds(example: Choices) -> list[str]:
    return [f"{example.question} {choice}" if example.question else choice for choice in example.choices]


def _row(context: Int64s, second: Int64s, target: Int64s, frame: Frame, room: int) -> Row:
    cut = max(0, len(context) + len(second) - room)
    second = second[max(0, len(second) - room) :]
    return Row(frame.row(context[: room - len(second)], second), target, cut=cut)


def _right(example: Choices) -> int:
    if not example.choices:
        raise UserError("an example needs at least one choice", where=f"example {example.id}")
    if example.label is None:
        return IGNORE
    if not 0 <= example.label < len(example.choices):
        what = f"the right choice must be between 0 and {len(example.choices) - 1}, not {example.label}"
        raise UserError(what, where=f"example {example.id}")
    return example.label
