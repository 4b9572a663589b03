"""What a training stage trains: an encoder with the heads of its tasks, or with its language-model head."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from trainers.kinds.base import IGNORE, Batch
from trainers.model.encoder import hidden_states, translation_positions


class Learner(nn.Module):
    """An encoder, one head an ingredient, and the language model that the encoder belongs to where one is trained."""

    def __init__(
        self, encoder: PreTrainedModel, heads: Sequence[nn.Module] = (), language: PreTrainedModel | None = None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleList(heads)
        self.language_head: nn.Module | None = language.lm_head if language is not None else None

    def logits(self, ingredient: int, batch: Batch) -> Tensor:
        """What a task's head says of a batch."""
        logits: Tensor = self.heads[ingredient](hidden_states(self.encoder, batch.tokens, batch.mask), batch.mask)
        return logits

    def language_loss(self, batch: Batch) -> Tensor:
        """The summed cross-entropy of the tokens to predict; only they go through the vocabulary's projection.

        Positions start where the batch says; those of a pair's second sentence start again there (see
        `translation_positions`).
        """
        if self.language_head is None:
            raise TypeError("this learner has no language-model head")
        positions = translation_positions(batch.tokens, self.encoder.config.eos_token_id)
        states = hidden_states(self.encoder, batch.tokens, batch.mask, positions + batch.starts[:, None])
        wanted = batch.targets != IGNORE
        logits = self.language_head(states[wanted])
        return cross_entropy(logits.float(), batch.targets[wanted], reduction="sum")

    @torch.no_grad()
    def infer(self, ingredient: int, batch: Batch) -> Tensor:
        """Logits without gradients; the caller has set `eval()`."""
        return self.logits(ingredient, batch)
