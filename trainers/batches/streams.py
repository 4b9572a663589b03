"""Which examples the global batch of a step holds: endless epochs over a set, and draws from a mixture.

Everything here is a function of (seed, step): a resumed stage asks for step 700 and gets what an undisturbed one got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainers.randomness import permutation, uniforms

Int64s = npt.NDArray[np.int64]


class Epochs:
    """An endless stream over `n` examples: one permutation an epoch, laid end to end."""

    def __init__(self, n: int, seed: int, purpose: str) -> None:
        if n < 1:
            raise ValueError("a stream needs at least one example")
        self._n, self._seed, self._purpose = n, seed, purpose
        self._orders: dict[int, Int64s] = {}

    def take(self, start: int, count: int) -> Int64s:
        """Example indices at the stream's places `start … start + count − 1`."""
        places = np.arange(start, start + count)
        epochs, offsets = np.divmod(places, self._n)
        return np.array(
            [self._order(e)[o] for e, o in zip(epochs.tolist(), offsets.tolist(), strict=True)], dtype=np.int64
        )

    def _order(self, epoch: int) -> Int64s:
        if epoch not in self._orders:
            self._orders = {e: order for e, order in self._orders.items() if e >= epoch - 1}  # the rest is past
            self._orders[epoch] = permutation(self._seed, self._purpose, epoch, self._n)
        return self._orders[epoch]


@dataclass(frozen=True)
class Draws:
    """A sequence of draws from a mixture: which ingredient each takes, and the how-manieth of that ingredient it is."""

    ingredient: Int64s  # [draws]
    place: Int64s  # [draws]


def draw(weights: Sequence[float], count: int, seed: int, purpose: str) -> Draws:
    """Draw `count` times with the given probabilities (normalised here), by inverting their cumulative sum."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    if not edges.size or not edges[-1] > 0:
        raise ValueError("a mixture needs a weight above 0")
    chosen = np.searchsorted(edges / edges[-1], uniforms(count, seed, purpose), side="right").astype(np.int64)
    chosen = np.minimum(chosen, len(weights) - 1)  # a cumulative sum may end a rounding error below 1
    place = np.zeros(count, dtype=np.int64)
    for i in range(len(weights)):
        mine = chosen == i
        place[mine] = np.arange(int(mine.sum()))
    return Draws(chosen, place)
