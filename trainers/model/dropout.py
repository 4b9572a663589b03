"""Dropout whose mask is a function of (row key, site, position, feature) alone.

So a row's mask is the same in any batch, order, padding, micro-batch, rank and device, and gradients of a global batch
do not depend on how it is cut. The numbers are a counter-based generator's (Salmon et al. 2011, "Parallel random
numbers: as easy as 1, 2, 3"): SplitMix64's finaliser over key + counter * golden gamma (Steele et al. 2014, "Fast
splittable pseudorandom number generators"), in int64 arithmetic with wrap-around, which is exact on every device.

Only hidden states are dropped. The dropout of attention probabilities is switched off, so that the fused attention
kernels, whose random numbers cannot be keyed, stay usable.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

GAMMA, FIRST, SECOND = (c - (1 << 64) for c in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
LANES = 4  # one 64-bit word decides four features, by 16 bits each
STEPS = 1 << 16


class DropoutKeys:
    """The keys of the rows that pass through a model now, shared by all its sites."""

    def __init__(self) -> None:
        self._rows: Tensor | None = None

    def set(self, row_keys: Tensor) -> None:
        """Name the rows of the next forward pass.

        Args:
            row_keys: int64 [rows], from `trainers.randomness.row_keys`; on the model's device.
        """
        if row_keys.dtype != torch.int64 or row_keys.dim() != 1:
            raise ValueError(f"row keys must be int64 [rows], not {row_keys.dtype} {list(row_keys.shape)}")
        self._rows = row_keys

    def rows(self, count: int) -> Tensor:
        """The keys, int64 [count].

        Raises:
            RuntimeError: they were not set, or for another number of rows.
        """
        if self._rows is None or len(self._rows) != count:
            known = "none are" if self._rows is None else f"{len(self._rows)} are"
            raise RuntimeError(f"dropout of {count} rows needs as many keys: {known} set")
        return self._rows


class KeyedDropout(nn.Module):
    """Inverted dropout of hidden states [rows, length, hidden] or [rows, hidden]; identity in evaluation mode.

    `p` is realised in steps of 1/65536; the scale is that of the realised rate, so that the expectation is exact.
    """

    def __init__(self, p: float, keys: DropoutKeys, site: int) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"a dropout rate is at least 0 and below 1, not {p}")
        self.p, self.keys, self.site = p, keys, site

    def forward(self, states: Tensor) -> Tensor:
        """The same shape; dropped entries are 0, the others scaled by 1 / (1 - rate)."""
        dropped = round(self.p * STEPS)
        if not self.training or dropped == 0:
            return states
        kept = self._words(states) >= dropped - STEPS // 2
        # the scale stays out of the mask: in bfloat16 it would be rounded there, for all entries alike
        return states * kept.to(states.dtype) * (STEPS / (STEPS - dropped))

    def _words(self, states: Tensor) -> Tensor:
        """Uniform int16 numbers in the shape of the states."""
        keys = self.keys.rows(len(states))
        length = states.shape[1] if states.dim() == 3 else 1
        hidden = states.shape[-1]
        position = torch.arange(length, device=keys.device)[:, None]
        word = torch.arange(-(-hidden // LANES), device=keys.device)
        counter = (self.site << 40) + (position << 20) + word
        words = _finalise(keys[:, None, None] + counter * GAMMA).view(torch.int16)
        return words[..., :hidden].reshape(states.shape)

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"p={self.p}, site={self.site}"


def _finalise(words: Tensor) -> Tensor:
    """SplitMix64's mix in place. `>>` keeps the sign in torch: the mask makes it a logical shift."""
    shifted = torch.empty_like(words)
    for shift, factor in ((30, FIRST), (27, SECOND), (31, None)):
        torch.bitwise_right_shift(words, shift, out=shifted)
        words.bitwise_xor_(shifted.bitwise_and_((1 << (64 - shift)) - 1))
        if factor is not None:
            words.mul_(factor)
    return words


def install(model: nn.Module, p: float) -> DropoutKeys:
    """Put keyed dropout of rate `p` in the place of every dropout of hidden states, sites numbered in module order.

    Works on a model of the XLM-R family with any heads, and again on one that has been through it. Attention modules
    read the rate of their dropout of probabilities instead of calling it: it becomes 0.
    """
    keys = DropoutKeys()
    places = [
        (parent, name)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Dropout | KeyedDropout)
    ]
    site = 0
    for parent, name in places:
        if hasattr(parent, "attention_head_size"):
            setattr(parent, name, nn.Dropout(0.0))
        else:
            setattr(parent, name, KeyedDropout(p, keys, site).train(parent.training))
            site += 1
    return keys
