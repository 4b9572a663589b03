"""Masking for (translation) language modelling: which tokens to predict, and what stands in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainers.kinds.base import IGNORE, Row
from trainers.randomness import uniforms


@dataclass(frozen=True)
class Vocabulary:
    """What masking needs of a tokenizer."""

    size: int
    mask: int
    special: frozenset[int]


def mask_rows(rows: Sequence[np.ndarray], share: float, vocabulary: Vocabulary, *, seed: int, step: int) -> list[Row]:
    """Choose `share` of each row's ordinary tokens; 80 % become the mask, 10 % a random token, 10 % stay.

    Devlin et al. 2019, section 3.1. At least one token a row is chosen. A row's choice depends on (seed, step, its
    place in `rows`, position) alone.

    Args:
        rows: int64 [length] each, special tokens included; the whole global batch, in order.
        share: between 0 and 1.
        vocabulary: the tokenizer's size and special tokens.
        seed: the stage's.
        step: of the optimiser.
    """
    width = max(len(row) for row in rows)
    numbers = [uniforms(3 * width, seed, "mask", step, slot).reshape(3, width) for slot in range(len(rows))]
    return [_mask(row, share, vocabulary, numbers[slot][:, : len(row)]) for slot, row in enumerate(rows)]


def _mask(tokens: np.ndarray, share: float, vocabulary: Vocabulary, numbers: np.ndarray) -> Row:
    which, how, what = numbers
    ordinary = ~np.isin(tokens, list(vocabulary.special))
    chosen = ordinary & (which < share)
    if ordinary.any() and not chosen.any():
        chosen[np.flatnonzero(ordinary)[np.argmin(which[ordinary])]] = True
    target = np.where(chosen, tokens, IGNORE)
    shown = tokens.copy()
    shown[chosen & (how < 0.8)] = vocabulary.mask
    swap = chosen & (how >= 0.8) & (how < 0.9)
    shown[swap] = (what[swap] * vocabulary.size).astype(np.int64)
    return Row(tokens=shown, target=target)
