"""A question and a context → a piece of the context."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.errors import UserError
from tasks.examples import Question
from trainers.kinds.base import IGNORE, SIGMA, Batch, Limits, Logits, Row, TaskKind
from trainers.kinds.heads import TokenHead, initialise
from trainers.kinds.subwords import Frame, Int64s, Known, Subwords

MAX_QUESTION = 64  # subwords; this and the next two as in the reference implementations of SQuAD
MAX_ANSWER = 30  # subwords
N_BEST = 20  # starts, and ends, that are tried per window


@dataclass(frozen=True, slots=True)
class Window:
    """Where a row's part of the context stands: `offsets[i]` are the characters of the row's token `first + i`."""

    first: int
    offsets: Int64s  # [tokens, 2], code points of the context


class Span(TaskKind[Question]):
    """One row a window of the context: `<s> question </s></s> window </s>`, after XTREME's SQuAD reader.

    A question loses what is beyond 64 subwords or half of the row. Neighbouring windows share `stride` subwords, but
    never more than half a window. The first answer trains; a window that does not hold all of it points at `<s>`, as
    does every window of an answer that has no subword or is longer than the windows.
    """

    offsets = True

    def texts(self, example: Question) -> Iterable[str]:
        """The question and the context."""
        return (example.question, example.context)

    def rows(
        self, example: Question, known: Known, frame: Frame, limits: Limits, labels: Sequence[str]
    ) -> tuple[Row, ...]:
        """As many rows as there are windows; the targets are the positions of the answer's first and last subword."""
        longest = min(MAX_QUESTION, (limits.max_length - 4) // 2)
        whole, context = known[example.question].ids, known[example.context]
        question = whole[:longest]
        room = limits.max_length - 4 - len(question)
        answer = _answer_tokens(example, context)
        windows = _windows(len(context.ids), room, min(limits.stride, room // 2))
        rows = [_row(question, context, window, answer, frame) for window in windows]
        return (replace(rows[0], cut=len(whole) - len(question)), *rows[1:])  # once, not once a window

    def head(
        self, hidden: int, labels: int, generator: torch.Generator | None = None, sigma: float = SIGMA
    ) -> nn.Module:
        """[rows, length, hidden] → [rows, length, 2]: start and end; `labels` has no meaning."""
        return initialise(TokenHead(hidden, 2, dropout=False), generator, sigma)

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Summed over the windows: the mean of the cross-entropies of start and end among the row's positions."""
        scores = logits.float().masked_fill(~batch.mask[:, :, None], -torch.inf)
        # a choice of one of the row's positions for each start and each end; as a matrix, since the loss of anything
        # with more dimensions is not deterministic on GPUs
        choices, right = scores.transpose(1, 2).flatten(0, 1), batch.targets.flatten()
        return functional.cross_entropy(choices, right, ignore_index=IGNORE, reduction="sum") / 2

    def count(self, rows: Sequence[Row]) -> int:
        """The number of windows of a labelled question."""
        return sum(int(row.target[0] != IGNORE) for row in rows)

    def decode(self, example: Question, rows: Sequence[Row], logits: Sequence[Logits], labels: Sequence[str]) -> str:
        """The best answer of at most 30 subwords, by the sum of its start and end logits, over all windows.

        Where there is a label, for "no answer", nothing is answered if every window rates its `<s>` higher.
        """
        found = [_best(row.note, scores) for row, scores in zip(rows, logits, strict=True)]
        best = max(found, key=lambda candidate: candidate.score)  # the first of equals
        if labels and min(float(scores[0].sum()) for scores in logits) > best.score:
            return ""
        return example.context[best.begin : best.end].strip()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece of the context, in code points."""

    score: float
    begin: int
    end: int


NOTHING = Candidate(-np.inf, 0, 0)
NOWHERE = (-1, -1)  # before every window


def _windows(tokens: int, room: int, shared: int) -> list[tuple[int, int]]:
    """Begin and end of each window; the last ends with the context."""
    last = max(0, tokens - room)
    step = room - shared
    begins = [*range(0, last, step), -(-last // step) * step]
    return [(begin, min(begin + room, tokens)) for begin in begins]


def _answer_tokens(example: Question, context: Subwords) -> tuple[int, int] | None:
    """First and last of the subwords that the first answer touches; None without one, `NOWHERE` if it touches none."""
    if not example.answers:
        return None
    answer = example.answers[0]
    begin, end = answer.start, answer.start + len(answer.text)
    if begin < 0 or example.context[begin:end] != answer.text:
        what = f"the answer {answer.text[:40]!r} does not stand at character {begin} of its context"
        raise UserError(what, where=f"example {example.id}")
    begin += len(answer.text) - len(answer.text.lstrip())  # blanks around it belong to its neighbours' subwords
    end = begin + len(answer.text.strip())
    touched = np.flatnonzero((context.offsets[:, 0] < end) & (context.offsets[:, 1] > begin) & (begin < end))
    return (int(touched[0]), int(touched[-1])) if len(touched) else NOWHERE


def _row(
    question: Int64s, context: Subwords, window: tuple[int, int], answer: tuple[int, int] | None, frame: Frame
) -> Row:
    begin, end = window
    first = len(question) + 3
    if answer is None:
        target = [IGNORE, IGNORE]
    elif begin <= answer[0] and answer[1] < end:
        target = [first + answer[0] - begin, first + answer[1] - begin]
    else:
        target = [0, 0]
    tokens = frame.row(question, context.ids[begin:end])
    return Row(tokens, np.array(target), note=Window(first, context.offsets[begin:end]))


def _best(window: Window, scores: Logits) -> Candidate:
    """The best answer inside one window, `NOTHING` where it has no token."""
    inner = scores[window.first : window.first + len(window.offsets)]
    starts, ends = (np.argsort(-inner[:, side], kind="stable")[:N_BEST] for side in (0, 1))
    length = ends[None, :] - starts[:, None] + 1
    valid = (length >= 1) & (length <= MAX_ANSWER)
    if not valid.any():
        return NOTHING
    sums = np.where(valid, inner[starts, 0][:, None] + inner[ends, 1][None, :], -np.inf)
    i, j = np.unravel_index(sums.argmax(), sums.shape)
    return Candidate(float(sums[i, j]), int(window.offsets[starts[i], 0]), int(window.offsets[ends[j], 1]))
