"""Encoders of the XLM-R family: built from scratch, loaded, pooled and saved as Hugging Face folders."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
)

from tasks.errors import UserError
from trainers.randomness import torch_generator
from trainers.recipe import Pooling

# attention probabilities are never dropped: fused kernels stay usable, and the rest of dropout is keyed by example
QUIET: dict[str, Any] = {"attention_probs_dropout_prob": 0.0}


@contextmanager
def seeded(seed: int, purpose: str, *counters: int) -> Iterator[None]:
    """Within it, torch's global generator is that of (seed, purpose, counters): for initial weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(torch_generator(seed, purpose, *counters).initial_seed())
        yield


def build(*, vocabulary: int, hidden: int, layers: int, heads: int, positions: int, seed: int) -> XLMRobertaForMaskedLM:
    """A small XLM-R with fresh weights and its language-model head."""
    config = XLMRobertaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * hidden,
        max_position_embeddings=positions + 2,  # positions start at padding_idx + 1
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        # XLM-R large has a standard deviation of 0.02 at a width of 1024: scaled, for sums of equal size
        initializer_range=0.02 * math.sqrt(1024 / hidden),
        **QUIET,
    )
    with seeded(seed, "initial encoder"):
        return XLMRobertaForMaskedLM(config)


def load_encoder(folder: Path) -> PreTrainedModel:
    """The encoder of a Hugging Face folder, without pooler; safetensors only."""
    model = AutoModel.from_pretrained(folder, add_pooling_layer=False, use_safetensors=True, **QUIET)
    return cast(PreTrainedModel, model)


def load_language_model(folder: Path) -> PreTrainedModel:
    """The encoder with its language-model head."""
    return cast(PreTrainedModel, AutoModelForMaskedLM.from_pretrained(folder, use_safetensors=True, **QUIET))


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The fast tokenizer of a folder."""
    return cast(PreTrainedTokenizerFast, AutoTokenizer.from_pretrained(folder))


def hidden_states(encoder: PreTrainedModel, tokens: Tensor, mask: Tensor, positions: Tensor | None = None) -> Tensor:
    """The last hidden states [rows, length, hidden] of int64 tokens [rows, length]; mask is True on real tokens.

    `positions` (int64 [rows, length], counted from 0 on the first token) replace the running ones.
    """
    first = encoder.config.pad_token_id + 1  # XLM-R's positions start behind the padding's
    ids = None if positions is None else positions + first
    output: Tensor = encoder(input_ids=tokens, attention_mask=mask.long(), position_ids=ids).last_hidden_state
    return output


def translation_positions(tokens: Tensor, sep: int) -> Tensor:
    """Positions [rows, length] that start again at the second sentence of a pair, so that translations face each other.

    Lample & Conneau 2019, section 3.4. Rows of one sentence keep their running positions.

    Args:
        tokens: int64 [rows, length] of `<s> first </s></s> second </s>` or `<s> only </s>`.
        sep: the id of `</s>`.
    """
    running = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
    border = (tokens[:, 1:] == sep) & (tokens[:, :-1] == sep)  # true where the second `</s>` of a border stands
    start = (border.int().argmax(dim=1) + 1) * border.any(dim=1)
    return torch.where(running >= start[:, None], running - start[:, None], running)


def pooled(encoder: PreTrainedModel, tokens: Tensor, mask: Tensor, layer: int, pooling: Pooling) -> Tensor:
    """One vector a row [rows, hidden] of hidden state `layer` (0: the embedding output); means include CLS and SEP.

    `layer` may be `trainers.stages.LAST`.

    Raises:
        UserError: the encoder has fewer layers.
    """
    depth = encoder.config.num_hidden_layers
    if layer > depth:
        raise UserError(
            f"layer {layer} of an encoder with {depth} layers; give 0 to {depth}", where="recipe.retrieval.layer"
        )
    states: Tensor = encoder(input_ids=tokens, attention_mask=mask.long(), output_hidden_states=True).hidden_states[
        layer
    ]
    if pooling == "cls":
        return states[:, 0]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1)
