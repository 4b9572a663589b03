"""Tokens → a tag each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.errors import UserError
from tasks.examples import Tagged
from trainers.kinds.base import IGNORE, SIGMA, Batch, Limits, Logits, Row, TaskKind
from trainers.kinds.classification import label_place
from trainers.kinds.heads import TokenHead, initialise
from trainers.kinds.subwords import Frame, Int64s, Known

EMPTY = np.zeros(0, dtype=np.int64)


class Tagging(TaskKind[Tagged]):
    """The tag stands on a token's first subword. Nothing is cut: a long sentence becomes several rows.

    Each token is tokenized by itself, as in the reference implementation, and one that yields no subword (odd
    whitespace) becomes the unknown subword. A row's note holds the positions of first subwords, int64 [tokens begun].
    """

    def texts(self, example: Tagged) -> Iterable[str]:
        """Its tokens."""
        return example.tokens

    def rows(
        self, example: Tagged, known: Known, frame: Frame, limits: Limits, labels: Sequence[str]
    ) -> tuple[Row, ...]:
        """Rows of whole tokens, as many as fit; only a token longer than a row goes on in the next."""
        places = {label: i for i, label in enumerate(labels)}
        unknown = np.array([frame.unk])
        room = limits.max_length - 2
        words = (ids if len(ids := known[token].ids) else unknown for token in example.tokens)
        pieces = [p for word, tag in zip(words, _tags(example, places), strict=True) for p in _cut(word, tag, room)]
        return tuple(_row(part, frame) for part in _pack(pieces, room))

    def head(
        self, hidden: int, labels: int, generator: torch.Generator | None = None, sigma: float = SIGMA
    ) -> nn.Module:
        """[rows, length, hidden] → [rows, length, labels]."""
        return initialise(TokenHead(hidden, labels, dropout=True), generator, sigma)

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Summed cross-entropy of the tags of first subwords."""
        flat = logits.float().flatten(0, 1)
        return functional.cross_entropy(flat, batch.targets.flatten(), ignore_index=IGNORE, reduction="sum")

    def count(self, rows: Sequence[Row]) -> int:
        """The number of tagged tokens."""
        return sum(int((row.target != IGNORE).sum()) for row in rows)

    def decode(
        self, example: Tagged, rows: Sequence[Row], logits: Sequence[Logits], labels: Sequence[str]
    ) -> list[str]:
        """One tag a token; the first of equally probable ones."""
        return [labels[i] for row, scores in zip(rows, logits, strict=True) for i in scores[row.note].argmax(axis=-1)]


@dataclass(frozen=True, slots=True)
class Piece:
    """Subwords that stay in one row: a whole token, or a part of one that is longer than a row."""

    ids: Int64s
    tag: int
    begins: bool  # whether the token begins here


def _tags(example: Tagged, places: dict[str, int]) -> list[int]:
    if example.tags is None:
        return [IGNORE] * len(example.tokens)
    if len(example.tags) != len(example.tokens):
        what = f"{len(example.tokens)} tokens need as many tags, not {len(example.tags)}"
        raise UserError(what, where=f"example {example.id}")
    return [label_place(tag, places, example.id) for tag in example.tags]


def _cut(word: Int64s, tag: int, room: int) -> list[Piece]:
    return [Piece(word[i : i + room], tag if i == 0 else IGNORE, i == 0) for i in range(0, len(word), room)]


def _pack(pieces: Sequence[Piece], room: int) -> list[list[Piece]]:
    """Pieces in as few rows as their order allows; one empty row for a sentence without tokens."""
    rows: list[list[Piece]] = [[]]
    used = 0
    for piece in pieces:
        if used + len(piece.ids) > room:
            rows.append([])
            used = 0
        rows[-1].append(piece)
        used += len(piece.ids)
    return rows


def _row(pieces: Sequence[Piece], frame: Frame) -> Row:
    tokens = frame.row(np.concatenate([EMPTY, *(piece.ids for piece in pieces)]))
    starts = 1 + np.cumsum([0, *(len(piece.ids) for piece in pieces)])[:-1]
    begun = [i for i, piece in enumerate(pieces) if piece.begins]
    target = np.full(len(tokens), IGNORE, dtype=np.int64)
    target[starts[begun]] = [pieces[i].tag for i in begun]
    return Row(tokens, target, note=starts[begun])
