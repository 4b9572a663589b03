"""What every metric is: statistics of single examples, and a score of their sum, so that examples can be resampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tasks.examples import Example


@dataclass(frozen=True)
class Score:
    """A score in 0..100, how many examples it is of, and its named parts (F1 and EM of question answering)."""

    value: float
    n: int
    details: Mapping[str, float] = field(default_factory=dict)


class Metric(Protocol):
    """A pure function of gold examples and predictions; `version` rises when results change."""

    @property
    def name(self) -> str:
        """What a task's declaration calls it."""

    @property
    def version(self) -> int:
        """Rises when the code changes results."""

    def statistics(self, gold: Sequence[Example], predictions: Sequence[Any]) -> np.ndarray:
        """Counts of each example, from which `score` is computed.

        Args:
            gold: labelled examples.
            predictions: one an example, in the same order; None where there is none, which scores 0.

        Returns:
            float64 [n, k]. Rows of several datasets may be concatenated, rows may be drawn again (bootstrap).

        Raises:
            ValueError: lengths differ, an example has no label, or a prediction is of the wrong form.
        """

    def score(self, statistics: np.ndarray) -> Score:
        """The score of any set of rows. Of no rows it is a `ValueError`."""

    def scores(self, sums: np.ndarray, n: int) -> np.ndarray:
        """Many scores at once, by the formula of `score`: the bootstrap needs a million of them.

        Args:
            sums: statistics summed over rows, [..., k].
            n: how many rows; 1 for sums that are means already.

        Returns:
            Scores in 0..100, [...].
        """


def paired(gold: Sequence[Example], predictions: Sequence[Any]) -> list[tuple[Example, Any]]:
    """Examples with their predictions; both must be equally many."""
    if len(gold) != len(predictions):
        raise ValueError(f"{len(predictions)} predictions for {len(gold)} examples")
    return list(zip(gold, predictions, strict=True))


def matrix(rows: Sequence[Sequence[float]], columns: int) -> np.ndarray:
    """Rows as float64 [n, columns], also where there are none."""
    return np.array(rows, dtype=np.float64).reshape(-1, columns)
