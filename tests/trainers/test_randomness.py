"""Random streams: functions of their names, independent of one another, the same for ever."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainers.randomness import permutation, row_key, row_keys, torch_generator, uniforms

SEED = st.integers(-(2**63), 2**63 - 1)
COUNTER = st.integers(0, 2**40)

GOLDEN_KEYS = [-6981697856915232863, 2795122009671492209]
GOLDEN_ORDER = [6, 1, 7, 0, 4, 2, 3, 5]
GOLDEN_UNIFORMS = [0.0653471979701078, 0.22408441615450936]


def test_streams_never_change():
    """Golden values: a stage that was trained once must be trained the same way by every later version."""
    assert [row_key(0, "dropout", 0, 0, 0), row_key(7, "dropout", 3, 100, 1)] == GOLDEN_KEYS
    assert permutation(7, "order", 2, 8).tolist() == GOLDEN_ORDER
    assert uniforms(2, 7, "mask", 5).tolist() == GOLDEN_UNIFORMS


def test_another_process_draws_the_same():
    code = "from trainers.randomness import *; print(row_key(3, 'd', 1, 2, 0), permutation(3, 'o', 0, 5).tolist())"
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "99"}
    )
    assert other.stdout.strip() == f"{row_key(3, 'd', 1, 2, 0)} {permutation(3, 'o', 0, 5).tolist()}"


@given(SEED, COUNTER, st.lists(st.tuples(COUNTER, st.integers(0, 1000)), min_size=1, max_size=20))
def test_row_keys_do_not_depend_on_their_company(seed, step, pairs):
    examples, rows = zip(*pairs, strict=True)
    keys = row_keys(seed, "dropout", step, examples, rows)
    assert keys.tolist() == [row_key(seed, "dropout", step, e, r) for e, r in pairs]
    assert len(set(keys.tolist())) == len(set(pairs))


def test_keys_of_neighbouring_names_differ():
    keys = [
        row_key(seed, purpose, step, example, row)
        for seed in range(4)
        for purpose in ("a", "b", "ab")
        for step in range(8)
        for example in range(16)
        for row in range(4)
    ]
    assert len(set(keys)) == len(keys)


def test_bits_of_keys_are_fair():
    keys = row_keys(0, "dropout", 0, np.arange(20000), 0).view(np.uint64)
    bits = (keys[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    # 64 bits, 5 standard errors of a fair coin over 20,000 throws
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(20000)


@given(SEED, st.integers(0, 100), st.integers(0, 300))
def test_permutations_are_permutations(seed, epoch, n):
    assert sorted(permutation(seed, "order", epoch, n).tolist()) == list(range(n))


def test_permutations_are_uniform():
    counts: dict[tuple[int, ...], int] = {}
    for epoch in range(6000):
        order = tuple(permutation(1, "order", epoch, 3).tolist())
        counts[order] = counts.get(order, 0) + 1
    chi2 = sum((count - 1000) ** 2 / 1000 for count in counts.values())
    assert len(counts) == 6
    assert chi2 < 20.5  # 5 degrees of freedom, p = 0.001


def test_uniforms_and_purposes():
    first, second = uniforms(50000, 0, "mask", 1), uniforms(50000, 0, "mask", 2)
    assert first.min() >= 0 and first.max() < 1
    assert abs(first.mean() - 0.5) < 0.007
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.025
    assert not np.array_equal(first, uniforms(50000, 0, "other", 1))


def test_torch_generators_follow_their_names():
    def draw(*name):
        return torch.randn(8, generator=torch_generator(*name))

    assert torch.equal(draw(0, "init", 1), draw(0, "init", 1))
    assert not torch.equal(draw(0, "init", 1), draw(0, "init", 2))
    assert not torch.equal(draw(0, "init", 1), draw(1, "init", 1))
