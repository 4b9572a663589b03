"""Bitext mining against plain loops, and its threshold by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import metrics
from tasks.examples import Passage
from tasks.metrics.mining import best_threshold
from trainers.mining import mine


def vectors(seed: int, rows: int, width: int = 6) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(rows, width))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def plainly(first: np.ndarray, second: np.ndarray, k: int) -> list[tuple[int, int, float]]:
    """The algorithm of the task's reference, with loops and nothing else."""

    def nearest(x: np.ndarray, pool: np.ndarray) -> list[tuple[float, int]]:
        return sorted(((-float(np.float64(x) @ np.float64(y)), j) for j, y in enumerate(pool)))[:k]

    def mean(found: list[tuple[float, int]]) -> float:
        return sum(-s for s, _ in found) / len(found)

    there, back = [nearest(x, second) for x in first], [nearest(y, first) for y in second]
    pairs = []
    for i, found in enumerate(there):
        best = max(found, key=lambda f: -f[0] / ((mean(found) + mean(back[f[1]])) / 2))
        pairs.append((i, best[1], -best[0] / ((mean(found) + mean(back[best[1]])) / 2)))
    for j, found in enumerate(back):
        best = max(found, key=lambda f: -f[0] / ((mean(found) + mean(there[f[1]])) / 2))
        pairs.append((best[1], j, -best[0] / ((mean(found) + mean(there[best[1]])) / 2)))
    kept, left, right = [], set(), set()
    for i, j, margin in sorted(pairs, key=lambda pair: -pair[2]):
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            kept.append((i, j, margin))
    return kept


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 25), st.integers(1, 25), st.integers(1, 5))
def test_it_finds_what_plain_loops_find(seed: int, rows: int, columns: int, k: int) -> None:
    first, second = vectors(seed, rows) + 1.0, vectors(seed + 1, columns) + 1.0  # all similarities are positive
    mined = mine(first, second, k)
    expected = plainly(first, second, k)
    assert mined.pairs.tolist() == [[i, j] for i, j, _ in expected]
    assert mined.margins == pytest.approx([margin for *_, margin in expected], rel=1e-5)


def test_translations_that_are_near_each_other_are_found() -> None:
    first = vectors(0, 50, 32)
    order = np.random.default_rng(1).permutation(50)
    mined = mine(first, first[order])
    assert dict(mined.pairs.tolist()) == {int(row): place for place, row in enumerate(order)}


@pytest.mark.parametrize(
    ("right", "wanted", "expected"),
    [
        ([True, True, False, False], 2, 2.5),  # between the second and the third
        ([False, True, False, True], 2, 1.0),  # all of them: there is nothing after the last
        ([True, False, False, False], 4, 3.5),
        ([False, False, False, False], 2, 0.0),  # nothing is right: all of them are kept, as in the reference
    ],
)
def test_the_threshold_lies_midway_after_the_best_pair(right: list[bool], wanted: int, expected: float) -> None:
    assert best_threshold([4.0, 3.0, 2.0, 1.0], right, wanted) == expected


def test_the_score_is_of_the_set_of_pairs() -> None:
    metric = metrics.get("bucc_f1")
    gold = [Passage(id, "", "", False, relevant, "") for id, relevant in (("a", ("x",)), ("b", ()), ("c", ("y", "z")))]
    score = metric.score(metric.statistics(gold, ["x", "w", "z"]))
    assert score.details == {"precision": pytest.approx(200 / 3), "recall": pytest.approx(200 / 3)}
    assert score.value == pytest.approx(200 / 3)
    assert metric.score(metric.statistics(gold, [None] * 3)).value == 0.0
