"""Masking for (translation) language modelling: which tokens to predict, and what stands in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from trainers.kinds.base import IGNORE, Row
from trainers.randomness import uniforms


@dataclass(frozen=True)
class Vocabulary:
    """What masking needs of a tokenizer."""

    size: int
    mask: int
    special: frozenset[int]

    @cached_property
    def is_special(self) -> npt.NDArray[np.bool_]:
        """Which ids are special tokens: bool [size]."""
        return np.isin(np.arange(self.size), list(self.special))


def mask_rows(rows: Sequence[np.ndarray], share: float, vocabulary: Vocabulary, *, seed: int, step: int) -> list[Row]:
    """Choose `share` of each row's ordinary tokens; 80 % become the mask, 10 % a random token, 10 % stay.

    Devlin et al. 2019, section 3.1. At least one token a row is chosen. A row's choice depends on (seed, step, its
    place in `rows`, position) and the length of the longest row, so `rows` is never a part of a batch.

    Args:
        rows: int64 [length] each, special tokens included; the whole global batch, in order.
        share: between 0 and 1.
        vocabulary: the tokenizer's size and special tokens.
        seed: the stage's.
        step: of the optimiser.
    """
    lengths = np.array([len(row) for row in rows])
    width = int(lengths.max())
    tokens = np.zeros((len(rows), width), dtype=np.int64)
    real = np.arange(width) < lengths[:, None]
    tokens[real] = np.concatenate(rows)
    numbers = np.stack([uniforms(3 * width, seed, "mask", step, slot) for slot in range(len(rows))])
    which, how, what = numbers.reshape(len(rows), 3, width).swapaxes(0, 1)

    ordinary = real & ~vocabulary.is_special[tokens]
    chosen = ordinary & (which < share)
    bare = np.flatnonzero(ordinary.any(axis=1) & ~chosen.any(axis=1))
    chosen[bare, np.where(ordinary, which, 1.0).argmin(axis=1)[bare]] = True
    target = np.where(chosen, tokens, IGNORE)
    swapped = np.where(how < 0.9, (what * vocabulary.size).astype(np.int64), tokens)
    shown = np.where(chosen, np.where(how < 0.8, vocabulary.mask, swapped), tokens)
    return [Row(shown[i, :length], target[i, :length]) for i, length in enumerate(lengths)]
