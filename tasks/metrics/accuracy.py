"""Accuracy: of labels, of choices, and of the nearest neighbour in retrieval (Tatoeba)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.examples import Choices, Example, Tagged, TextPair, Translation
from tasks.metrics.base import Score, matrix, paired


@dataclass(frozen=True)
class Accuracy:
    """Share of right predictions, in percent.

    A prediction is the label (`TextPair`), the choice's index (`Choices`) or the id of the row whose candidate was
    found (`Translation`). Statistics: [right, counted]; a translation without a match, outside the scored part, is not
    counted.
    """

    name: str = "accuracy"
    version: int = 1

    def statistics(self, gold: Sequence[Example], predictions: Sequence[Any]) -> np.ndarray:
        """Float64 [n, 2]: right, counted."""
        return matrix([_row(example, predicted) for example, predicted in paired(gold, predictions)], 2)

    def score(self, statistics: np.ndarray) -> Score:
        """100 · right / counted."""
        sums = statistics.sum(axis=0)
        if sums[1] == 0:
            raise ValueError("no example to score")
        return Score(float(self.scores(sums, len(statistics))), int(sums[1]))

    def scores(self, sums: np.ndarray, n: int) -> np.ndarray:
        """100 · right / counted, of sums [..., 2]."""
        return np.asarray(sums[..., 0] / sums[..., 1] * 100)


def _row(example: Example, predicted: Any) -> tuple[float, float]:
    match example:
        case Translation(match=None):
            return 0.0, 0.0
        case Translation(match=right) | TextPair(label=right) | Choices(label=right) if right is not None:
            return float(predicted == right and type(predicted) is type(right)), 1.0
    raise ValueError(f"example {example.id!r} has no label that accuracy could compare")


@dataclass(frozen=True)
class TagAccuracy(Accuracy):
    """Share of tokens with the right tag, in percent. A prediction has as many tags as there are tokens."""

    name: str = "tag_accuracy"

    def statistics(self, gold: Sequence[Example], predictions: Sequence[Any]) -> np.ndarray:
        """Float64 [n, 2], one row a sentence: right tags, tokens."""
        return matrix([_tags(example, predicted) for example, predicted in paired(gold, predictions)], 2)


def _tags(example: Example, predicted: Any) -> tuple[int, int]:
    if not isinstance(example, Tagged) or example.tags is None:
        raise ValueError(f"example {example.id!r} has no tags")
    if predicted is None:
        return 0, len(example.tags)
    if len(predicted) != len(example.tags):
        raise ValueError(f"{len(predicted)} tags for the {len(example.tags)} tokens of sentence {example.id!r}")
    return sum(one == other for one, other in zip(predicted, example.tags, strict=True)), len(example.tags)
