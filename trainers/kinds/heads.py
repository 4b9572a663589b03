"""The heads: XLM-R's own forms; initial weights are normal, biases 0."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainers.kinds.base import SIGMA

DROPOUT = 0.1
"""XLM-R's own; `trainers.model.dropout.install` puts the recipe's in its place."""


class SentenceHead(nn.Module):
    """The `<s>` vector through dropout, dense, tanh, dropout and a projection, as in XLM-RoBERTa's classifier.

    The two dropouts are modules of their own, so that each has its own mask.
    """

    def __init__(self, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first_dropout = nn.Dropout(DROPOUT)
        self.dense = nn.Linear(hidden, hidden)
        self.second_dropout = nn.Dropout(DROPOUT)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """[rows, length, hidden] → [rows, outputs]."""
        pooled = torch.tanh(self.dense(self.first_dropout(states[:, 0])))
        logits: Tensor = self.out(self.second_dropout(pooled))
        return logits


class TokenHead(nn.Module):
    """Each position through a projection, after dropout where `dropout` is set (tags have it, spans do not)."""

    def __init__(self, hidden: int, outputs: int, *, dropout: bool) -> None:
        super().__init__()
        self.dropout = nn.Dropout(DROPOUT) if dropout else nn.Identity()
        self.out = nn.Linear(hidden, outputs)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """[rows, length, hidden] → [rows, length, outputs]."""
        logits: Tensor = self.out(self.dropout(states))
        return logits


def initialise(head: nn.Module, generator: torch.Generator | None, sigma: float = SIGMA) -> nn.Module:
    """Draw the initial weights, in module order."""
    for module in head.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=sigma, generator=generator)
            nn.init.zeros_(module.bias)
    return head
