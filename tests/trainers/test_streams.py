"""Which examples a step reads: a function of (seed, step), fair to the weights, whole epochs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.batches.masking import Vocabulary, mask_rows
from trainers.batches.micro import Item, micro_batches
from trainers.batches.smoothing import smoothed
from trainers.batches.streams import Epochs, draw
from trainers.kinds.base import IGNORE, Row

seeds = st.integers(0, 2**31)


@given(st.integers(1, 20), seeds, st.integers(0, 60), st.integers(1, 40))
def test_a_stream_is_whole_epochs_and_needs_no_history(n: int, seed: int, start: int, count: int) -> None:
    whole = Epochs(n, seed, "test").take(0, start + count)
    assert np.array_equal(Epochs(n, seed, "test").take(start, count), whole[start:])
    for epoch in range(len(whole) // n):
        assert sorted(whole[epoch * n : (epoch + 1) * n]) == list(range(n))


def test_epochs_differ_from_each_other_and_between_purposes() -> None:
    stream = Epochs(50, 0, "a").take(0, 100)
    assert not np.array_equal(stream[:50], stream[50:])
    assert not np.array_equal(stream, Epochs(50, 0, "b").take(0, 100))


@given(st.lists(st.floats(0, 5), min_size=1, max_size=5).filter(lambda w: sum(w) > 0.1), seeds)
def test_draws_number_each_ingredient_from_zero(weights: list[float], seed: int) -> None:
    draws = draw(weights, 200, seed, "test")
    for i, weight in enumerate(weights):
        places = draws.place[draws.ingredient == i]
        assert np.array_equal(places, np.arange(len(places)))
        assert weight > 0 or len(places) == 0
    assert draws.ingredient.max() < len(weights)


def test_a_longer_sequence_of_draws_begins_like_a_shorter_one() -> None:
    short, long = draw([1, 2], 50, 7, "test"), draw([1, 2], 500, 7, "test")
    assert np.array_equal(short.ingredient, long.ingredient[:50])


def test_draws_follow_the_weights() -> None:
    drawn = np.bincount(draw([0.2, 0.3, 0.5], 20000, 3, "test").ingredient)
    assert np.allclose(drawn / 20000, [0.2, 0.3, 0.5], atol=0.015)  # over 4 standard errors


def test_smoothing_lifts_the_small() -> None:
    assert smoothed([100, 1], 0.0) == pytest.approx([0.5, 0.5])
    assert smoothed([100, 1], 1.0) == pytest.approx([100 / 101, 1 / 101])
    assert smoothed([100, 1], 0.3)[1] > 1 / 101


VOCABULARY = Vocabulary(size=100, mask=4, special=frozenset({0, 1, 2, 3, 4}))


@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=12), min_size=1, max_size=6), seeds)
def test_masking_predicts_only_ordinary_tokens_and_always_one(lines: list[list[int]], seed: int) -> None:
    rows = [np.array(line) for line in lines]
    masked = mask_rows(rows, 0.15, VOCABULARY, seed=seed, step=0)
    for row, result in zip(rows, masked, strict=True):
        chosen = result.target != IGNORE
        ordinary = ~np.isin(row, list(VOCABULARY.special))
        assert not (chosen & ~ordinary).any()
        assert chosen.any() == ordinary.any()
        assert np.array_equal(result.target[chosen], row[chosen])
        assert np.array_equal(result.tokens[~chosen], row[~chosen])


def test_masking_shares() -> None:
    """15 % are chosen; of those 80 % masked, 10 % random, 10 % as they were (Devlin et al. 2019, 3.1)."""
    rows = [np.full(100, 50)] * 300
    masked = mask_rows(rows, 0.15, VOCABULARY, seed=0, step=0)
    shown = np.concatenate([m.tokens[m.target != IGNORE] for m in masked])
    assert len(shown) / 30000 == pytest.approx(0.15, abs=0.01)
    assert (shown == VOCABULARY.mask).mean() == pytest.approx(0.8, abs=0.03)
    assert (shown == 50).mean() == pytest.approx(0.1, abs=0.03)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 4)), min_size=1, max_size=20), st.integers(1, 200))
def test_micro_batches_hold_every_item_once_within_the_budget(shapes: list[tuple[int, int]], budget: int) -> None:
    def row(length: int) -> Row:
        return Row(np.zeros(length, dtype=np.int64), np.zeros(1, dtype=np.int64))

    items = [Item(tuple(row(length) for _ in range(rows)), slot) for slot, (length, rows) in enumerate(shapes)]
    groups = list(micro_batches(items, budget))
    assert sorted(item.slot for group in groups for item in group) == list(range(len(items)))
    for group in groups:
        padded = sum(len(item.rows) for item in group) * max(item.length for item in group)
        assert len(group) == 1 or padded <= budget
