"""Lift: the paired average by hand, and what an interval must do."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import UserError
from tune_jobs.results.lift import Measured, dirichlet_weights, interval, paired


class Mean:
    """Accuracy: the mean of the only column."""

    def scores(self, sums: Any, n: int) -> Any:
        return 100 * sums[..., 0] / n


class Ratio:
    """An F1-like score: hits over a total, which no mean of examples' scores gives."""

    def scores(self, sums: Any, n: int) -> Any:
        return 100 * sums[..., 0] / sums[..., 1]


def world(seed: int, *, languages: int = 4, seeds: int = 3, n: int = 40, lift: float = 0.0) -> list[Measured]:
    """Two tasks with effects of language, seed and example; the recipe is right `lift` more often on average."""
    rng = np.random.default_rng(seed)
    names = [f"l{i}" for i in range(languages)]
    of_language = dict(zip(names, rng.normal(0, 0.04, languages), strict=True))
    of_seed = rng.normal(0, 0.03, (seeds, 1))
    cells = []
    for task, language in product(("t", "u"), names):
        easy = rng.uniform(0.3, 0.7, n)
        theirs = rng.random((seeds, n)) < easy
        ours = rng.random((seeds, n)) < np.clip(easy + lift + of_language[language] + of_seed, 0, 1)
        ids = tuple(f"{task}-{i}" for i in range(n))
        cells.append(Measured(task, language, Mean(), ids, ours[..., None] * 1.0, theirs[..., None] * 1.0))
    return cells


def test_the_number_is_the_mean_over_tasks_of_means_over_languages() -> None:
    cells = world(0)[:-1]  # one task now has a language less: means of means are no mean of all
    by_task: dict[str, list[float]] = {}
    for cell in cells:
        assert cell.theirs is not None
        by_task.setdefault(cell.task, []).append(100 * float(cell.ours.mean() - cell.theirs.mean()))
    expected = sum(sum(v) / len(v) for v in by_task.values()) / len(by_task)
    assert interval(cells, replicates=10).value == pytest.approx(expected)


def test_a_score_that_is_no_mean_of_examples_is_scored_from_sums() -> None:
    statistics = np.array([[[1.0, 1.0], [1.0, 9.0]]])
    whole = interval([Measured("t", "en", Ratio(), ("a", "b"), statistics)], replicates=50)
    assert whole.value == pytest.approx(20.0)
    assert whole.low < 20 < whole.high


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_swapping_the_sides_mirrors_the_interval(seed: int) -> None:
    cells = world(seed, n=10)
    there = interval(cells, replicates=100)
    back = interval([replace(c, ours=c.theirs, theirs=c.ours) for c in cells], replicates=100)
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))


def test_a_recipe_has_no_lift_over_itself() -> None:
    same = interval([replace(c, theirs=c.ours) for c in world(1)], replicates=100)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_pairing_takes_out_what_both_sides_share() -> None:
    cells = world(2, n=200)
    rng = np.random.default_rng(0)
    shifted = [replace(c, theirs=np.clip(c.ours - (rng.random(c.ours.shape) < 0.02), 0, 1)) for c in cells]
    lift = interval(shifted)
    alone = interval([replace(c, theirs=None) for c in cells])
    assert lift.high - lift.low < (alone.high - alone.low) / 4


def test_equal_arguments_give_equal_intervals_and_another_seed_another() -> None:
    assert interval(world(3), replicates=150) == interval(world(3), replicates=150)
    assert interval(world(3), replicates=150, seed=1) != interval(world(3), replicates=150)


@pytest.mark.parametrize("n", [3, 5, 30, 400])
def test_weights_give_a_weighted_mean_its_unbiased_variance(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    weights = dirichlet_weights(np.random.default_rng(0), 40_000, n)
    means = weights @ values / weights.sum(axis=1)
    assert means.mean() == pytest.approx(values.mean(), abs=0.02)
    assert means.var() == pytest.approx(values.var(ddof=1) / n, rel=0.05)


def test_the_interval_covers_the_truth_and_sees_a_clear_lift() -> None:
    truth = 10.0
    found = [interval(world(s, languages=6, seeds=5, lift=0.10, n=300), replicates=60) for s in range(30)]
    assert np.mean([i.low <= truth <= i.high for i in found]) >= 0.85
    assert np.mean([i.low > 0 for i in found]) > 0.9


def test_without_lift_the_interval_seldom_excludes_zero() -> None:
    found = [interval(world(1000 + s, languages=6, seeds=5), replicates=60) for s in range(30)]
    assert np.mean([i.low > 0 or i.high < 0 for i in found]) < 0.15


def test_pairs_by_example_id_whatever_the_order() -> None:
    ours, theirs = np.array([[1.0], [0.0], [1.0]]), np.array([[3.0], [1.0], [2.0]])
    ids, left, right = paired(("a", "b", "c"), ours, ("c", "a", "b"), theirs, where="xnli de")
    assert ids == ("a", "b", "c")
    assert left[:, 0].tolist() == [1, 0, 1]
    assert right[:, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("other", [("a", "b"), ("a", "b", "d"), ("a", "b", "b")])
def test_other_examples_cannot_be_paired(other: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match=r"xnli de: .*different examples"):
        paired(("a", "b", "c"), np.zeros((3, 1)), other, np.zeros((len(other), 1)), where="xnli de")


def test_cells_with_different_numbers_of_seeds_are_a_mistake() -> None:
    cells = world(4)
    with pytest.raises(ValueError, match="as many seeds"):
        interval([cells[0], replace(cells[1], ours=cells[1].ours[:2], theirs=None)])
    with pytest.raises(ValueError, match="at least one cell"):
        interval([])
