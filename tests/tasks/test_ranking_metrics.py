"""mAP, recall and nDCG against an implementation of their own, and by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import metrics
from tasks.examples import Passage

IDS = [str(i) for i in range(40)]
RANKINGS = st.lists(st.sampled_from(IDS), max_size=30)
RELEVANT = st.sets(st.sampled_from(IDS), min_size=1, max_size=25)


def query(relevant: Any) -> Passage:
    return Passage("q", "", "", False, tuple(relevant), "")


def average_precision(found: list[str], relevant: set[str]) -> float:
    """By its definition, place by place: what has been found cannot be found again."""
    total, right, missing = 0.0, 0, set(relevant)
    for place, id in enumerate(found[:20], start=1):
        if id in missing:
            missing.remove(id)
            right += 1
            total += right / place
    return 100 * total / min(len(relevant), 20)


def ndcg(found: list[str], relevant: set[str]) -> float:
    firsts = {id: place for place, id in reversed(list(enumerate(found[:10])))}
    gains = [1.0 if place in {firsts.get(id) for id in relevant} else 0.0 for place in range(10)]
    ideal = sorted((1.0 if i < len(relevant) else 0.0 for i in range(10)), reverse=True)
    return (
        100
        * sum(g / math.log2(i + 2) for i, g in enumerate(gains))
        / sum(g / math.log2(i + 2) for i, g in enumerate(ideal))
    )


@given(st.lists(st.tuples(RANKINGS, RELEVANT), min_size=1, max_size=5))
def test_scores_equal_their_definitions(queries: list[tuple[list[str], set[str]]]) -> None:
    gold = [query(sorted(relevant)) for _, relevant in queries]
    found = [ranking for ranking, _ in queries]
    metric, faq = metrics.get("map@20"), metrics.get("faq")
    mean = metric.score(metric.statistics(gold, found))
    assert mean.value == pytest.approx(np.mean([average_precision(*pair) for pair in queries]))
    score = faq.score(faq.statistics(gold, found))
    assert score.value == pytest.approx(np.mean([ndcg(*pair) for pair in queries]))
    assert score.details["map@20"] == pytest.approx(mean.value)
    for depth in (1, 10, 20):
        right = [100 * len(set(r[:depth]) & rel) / min(len(rel), depth) for r, rel in queries]
        assert score.details[f"recall@{depth}"] == pytest.approx(np.mean(right))
    assert score.n == mean.n == len(queries)


@given(RELEVANT)
def test_a_perfect_ranking_scores_100(relevant: set[str]) -> None:
    others = [id for id in IDS if id not in relevant]
    for name in ("map@20", "faq"):
        metric = metrics.get(name)
        assert metric.score(metric.statistics([query(relevant)], [[*relevant, *others]])).value == pytest.approx(100)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["a", "x", "b"], (1 + 2 / 3) / 2 * 100),
        (["x", "a", "a", "b"], (1 / 2 + 2 / 4) / 2 * 100),
        (["x", "x", "a"], 1 / 3 / 2 * 100),
        ([*["x"] * 19, "a", "b"], 1 / 20 / 2 * 100),
        ([], 0.0),
        (None, 0.0),
    ],
)
def test_average_precision_by_hand(found: list[str] | None, expected: float) -> None:
    """A candidate that is repeated counts once, at its first place, and takes up the others."""
    metric = metrics.get("map@20")
    assert metric.score(metric.statistics([query("ab")], [found])).value == pytest.approx(expected)


def test_what_cannot_be_scored_is_an_error() -> None:
    metric = metrics.get("map@20")
    with pytest.raises(ValueError, match="no candidate is right"):
        metric.statistics([query([])], [["a"]])
    with pytest.raises(ValueError, match="no list of ids"):
        metric.statistics([query("a")], ["a"])
    with pytest.raises(ValueError, match="no query"):
        metric.score(metric.statistics([], []))
