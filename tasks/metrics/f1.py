"""F1 from counts of what is right, predicted and true, whatever is counted."""

from __future__ import annotations

import numpy as np

from tasks.metrics.base import Score


class CountsF1:
    """Micro-averaged F1 in percent; statistics are float64 [n, 3]: right, predicted and true, row by row."""

    def score(self, statistics: np.ndarray) -> Score:
        """2PR / (P + R), 0 where nothing is right."""
        if not len(statistics):
            raise ValueError("no example to score")
        sums = statistics.sum(axis=0)
        precision, recall = (float(part) * 100 for part in _precision_and_recall(sums))
        value = float(self.scores(sums, len(statistics)))
        return Score(value, len(statistics), {"precision": precision, "recall": recall})

    def scores(self, sums: np.ndarray, n: int) -> np.ndarray:
        """2PR / (P + R) of sums [..., 3]."""
        return f1(sums) * 100


def f1(sums: np.ndarray) -> np.ndarray:
    """2PR / (P + R) of sums [..., 3], 0..1; 0 where nothing is right."""
    precision, recall = _precision_and_recall(sums)
    return _share(2 * precision * recall, precision + recall)


def _precision_and_recall(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    right, predicted, true = (sums[..., column] for column in range(3))
    return _share(right, predicted), _share(right, true)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The quotient; 0 where there is nothing."""
    return np.asarray(np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) > 0))
