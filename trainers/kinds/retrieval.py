"""Kinds that search a pool with the encoder's own vectors: encoded here, pooled and matched by the scorer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from tasks.examples import Passage, Translation
from trainers.kinds.base import SIGMA, Batch, E, Limits, Logits, Row, TaskKind
from trainers.kinds.subwords import Frame, Known

NO_TARGET = np.zeros(0, dtype=np.int64)


class Searched(TaskKind[E]):
    """There is nothing to learn, so there is no head: `head`, `loss`, `count` and `decode` raise TypeError."""

    def head(
        self, hidden: int, labels: int, generator: torch.Generator | None = None, sigma: float = SIGMA
    ) -> nn.Module:
        """Raises TypeError."""
        _no_head()

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Raises TypeError."""
        _no_head()

    def count(self, rows: Sequence[Row]) -> int:
        """Raises TypeError."""
        _no_head()

    def decode(self, example: E, rows: Sequence[Row], logits: Sequence[Logits], labels: Sequence[str]) -> Any:
        """Raises TypeError."""
        _no_head()


class Retrieval(Searched[Translation]):
    """Two rows an example, query and candidate; sentences longer than a row lose their end, as in the references."""

    def texts(self, example: Translation) -> Iterable[str]:
        """Both sentences."""
        return (example.query, example.candidate)

    def rows(
        self, example: Translation, known: Known, frame: Frame, limits: Limits, labels: Sequence[str]
    ) -> tuple[Row, ...]:
        """The row of the query and the row of the candidate, with empty targets."""
        texts, room = (known[text].ids for text in (example.query, example.candidate)), limits.max_length - 2
        return tuple(Row(frame.row(ids[:room]), NO_TARGET, cut=max(0, len(ids) - room)) for ids in texts)


class Ranking(Searched[Passage]):
    """One row a passage: `<s> text </s>`, or `<s> text </s></s> context </s>`.

    What is too long loses its end, as in the references: the context first, then the text.
    """

    def texts(self, example: Passage) -> Iterable[str]:
        """The text, and the context if there is one."""
        return (example.text, example.context) if example.context else (example.text,)

    def rows(
        self, example: Passage, known: Known, frame: Frame, limits: Limits, labels: Sequence[str]
    ) -> tuple[Row, ...]:
        """The row of the passage, with an empty target."""
        text = known[example.text].ids
        context = known[example.context].ids if example.context else text[:0]
        room = limits.max_length - 4 - len(text)
        if example.context and room > 0:
            return (Row(frame.row(text, context[:room]), NO_TARGET, cut=max(0, len(context) - room)),)
        room = limits.max_length - 2
        return (Row(frame.row(text[:room]), NO_TARGET, cut=max(0, len(text) - room) + len(context)),)


def _no_head() -> NoReturn:
    raise TypeError("the encoder's own vectors are searched: there is no head, loss or prediction per example")
