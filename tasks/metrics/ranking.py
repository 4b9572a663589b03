"""Ranking: mean average precision, recall and nDCG at a depth. A prediction is a list of candidate ids, the best first.

A query that no candidate is right for is a `ValueError`: nothing could be found. An id that a ranking repeats counts
once, at its first place; its other places are wrong ones, as in XTREME-R's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np

from tasks.examples import Example, Passage
from tasks.metrics.base import Score, matrix, paired

DEPTH = 20  # candidates of a ranking that are looked at


@dataclass(frozen=True)
class MeanAveragePrecision:
    """mAP@20 in percent, the mean over queries, as XTREME-R scores LAReQA and Mewsli-X.

    A query's average precision is the sum of the precision at each right candidate's place, over the smaller of the
    number of right candidates and the depth.
    """

    name: str = "map@20"
    version: int = 2

    def statistics(self, gold: Sequence[Example], predictions: Sequence[Any]) -> np.ndarray:
        """Float64 [n, 1]: the average precision of each query, 0..1."""
        return matrix([[_average_precision(*_hits(e, p))] for e, p in paired(gold, predictions)], 1)

    def score(self, statistics: np.ndarray) -> Score:
        """100 · mean."""
        return Score(float(_mean(statistics)[0]), len(statistics))

    def scores(self, sums: np.ndarray, n: int) -> np.ndarray:
        """100 · sum / n, of sums [..., 1]."""
        return np.asarray(100.0 * sums[..., 0] / n)


@dataclass(frozen=True)
class Faq:
    """Retrieval of answers: nDCG@10 in percent is the score; recall at 1, 10 and 20 and mAP@20 are its details.

    Gains are binary; the discount of place i (from 1) is log2(i + 1) (Järvelin & Kekäläinen 2002).
    """

    name: str = "faq"
    version: int = 2

    def statistics(self, gold: Sequence[Example], predictions: Sequence[Any]) -> np.ndarray:
        """Float64 [n, 5]: nDCG@10, recall@1, @10, @20 and average precision of each query, 0..1."""
        return matrix([_faq(*_hits(example, predicted)) for example, predicted in paired(gold, predictions)], 5)

    def score(self, statistics: np.ndarray) -> Score:
        """100 · mean of each column."""
        ndcg, *rest = (float(value) for value in _mean(statistics))
        names = ("recall@1", "recall@10", "recall@20", "map@20")
        return Score(ndcg, len(statistics), dict(zip(names, rest, strict=True)))

    def scores(self, sums: np.ndarray, n: int) -> np.ndarray:
        """100 · nDCG@10, of sums [..., 5]."""
        return np.asarray(100.0 * sums[..., 0] / n)


def _hits(example: Example, predicted: Any) -> tuple[list[bool], int]:
    """Whether the candidate at each place is right, and how many there are."""
    if not isinstance(example, Passage) or not example.relevant:
        raise ValueError(f"no candidate is right for query {example.id!r}")
    if predicted is None:
        return [], len(set(example.relevant))
    if isinstance(predicted, str) or not all(isinstance(found, str) for found in predicted):
        raise ValueError(f"the prediction for {example.id!r} is no list of ids: {predicted!r}")
    relevant, looked_at = set(example.relevant), list(predicted[:DEPTH])
    return [id in relevant and id not in looked_at[:place] for place, id in enumerate(looked_at)], len(relevant)


def _average_precision(hits: Sequence[bool], relevant: int) -> float:
    right = np.cumsum(hits)
    precisions = [right[i] / (i + 1) for i, hit in enumerate(hits) if hit]
    return float(sum(precisions)) / min(relevant, DEPTH)


def _faq(hits: Sequence[bool], relevant: int) -> list[float]:
    recalls = [sum(hits[:depth]) / min(relevant, depth) for depth in (1, 10, 20)]
    return [_ndcg(hits, relevant, 10), *recalls, _average_precision(hits, relevant)]


def _ndcg(hits: Sequence[bool], relevant: int, depth: int) -> float:
    gained = sum(1 / log2(place + 2) for place, hit in enumerate(hits[:depth]) if hit)
    return gained / sum(1 / log2(place + 2) for place in range(min(relevant, depth)))


def _mean(statistics: np.ndarray) -> np.ndarray:
    if not len(statistics):
        raise ValueError("no query to score")
    return np.asarray(100.0 * statistics.sum(axis=0) / len(statistics))
