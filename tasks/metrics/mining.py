"""Bitext mining as in BUCC 2018: the threshold on margins, and F1 over pairs, which `trainers/mining.py` finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.examples import Example, Passage
from tasks.metrics.base import matrix, paired
from tasks.metrics.f1 import CountsF1, f1


def best_threshold(margins: Sequence[float], right: Sequence[bool], wanted: int) -> float:
    """The threshold that maximises F1: midway between the last pair that is kept and the next one.

    Args:
        margins: of the mined pairs, in descending order.
        right: whether each of them is in the gold.
        wanted: pairs of the gold.

    Returns:
        The first of equals. After the last pair there is no next one (the reference reads past the end there): then it
        is that pair's own margin. Without any right pair it is 0, which keeps all, as in the reference.
    """
    hits = np.cumsum(right, dtype=np.float64)
    if not len(hits) or hits[-1] == 0:
        return 0.0
    counts = np.arange(1, len(hits) + 1)
    best = int(np.argmax(f1(np.stack((hits, counts, np.full(len(hits), wanted)), axis=-1))))
    following = margins[min(best + 1, len(margins) - 1)]
    return (margins[best] + following) / 2


@dataclass(frozen=True)
class MiningF1(CountsF1):
    """F1 over the set of pairs, in percent. A prediction is the id of the candidate that a query was paired with.

    A query without a pair has the prediction None. The statistics are those of `TagF1`, with pairs for chunks.
    """

    name: str = "bucc_f1"
    version: int = 1

    def statistics(self, gold: Sequence[Example], predictions: Sequence[Any]) -> np.ndarray:
        """Float64 [n, 3], one row a query: right, predicted and true pairs."""
        return matrix([_row(example, predicted) for example, predicted in paired(gold, predictions)], 3)


def _row(example: Example, predicted: Any) -> tuple[int, int, int]:
    if not isinstance(example, Passage) or example.relevant is None:
        raise ValueError(f"query {example.id!r} has no gold")
    return int(predicted in example.relevant), int(predicted is not None), len(set(example.relevant))
