"""Language-model batches: where a row's positions start."""

from __future__ import annotations

import numpy as np
import torch

from trainers.batches.language import LanguageBatches, Lines
from trainers.batches.tokens import Tokens
from trainers.kinds.base import Row, collate
from trainers.model.encoder import build
from trainers.model.learner import Learner
from trainers.work.tokenizer import train

SHIFT, MAX_LENGTH, POSITIONS = 7, 16, 24


def batches(shift: int) -> LanguageBatches:
    tokenizer = train(["some words to be cut into pieces"], 40)
    line = np.arange(5, 15)
    pairs = Lines((line, line + 1), (line + 2, line[:4]))
    return LanguageBatches(
        [Lines((line,)), pairs],
        Tokens(tokenizer),
        batch=32,
        steps=20,
        max_length=MAX_LENGTH,
        mask=0.3,
        seed=0,
        shift=shift,
    )


def rows(made: LanguageBatches, step: int) -> list[Row]:
    return [item.rows[0] for item in made.batch(step).items]


def test_positions_start_everywhere_up_to_the_shift_and_at_zero_without() -> None:
    assert {row.start for step in range(20) for row in rows(batches(SHIFT), step)} == set(range(SHIFT + 1))
    assert {row.start for step in range(20) for row in rows(batches(0), step)} == {0}


def test_a_shift_moves_positions_and_nothing_else() -> None:
    for one, other in zip(rows(batches(SHIFT), 3), rows(batches(0), 3), strict=True):
        assert np.array_equal(one.tokens, other.tokens)
        assert np.array_equal(one.target, other.target)


def test_a_step_is_a_function_of_its_number() -> None:
    made = batches(SHIFT)
    for step in (19, 5, 0):  # late before early
        for one, other in zip(rows(made, step), rows(batches(SHIFT), step), strict=True):
            assert one.start == other.start
            assert np.array_equal(one.tokens, other.tokens)
            assert np.array_equal(one.target, other.target)


def test_a_shifted_row_is_encoded_at_its_positions() -> None:
    """Swapping the position embeddings of a shifted row for those of an unshifted one gives the same loss."""
    model = build(vocabulary=40, hidden=16, layers=1, heads=2, positions=POSITIONS, seed=0)
    row = next(row for row in rows(batches(SHIFT), 0) if row.start)
    moved = collate([[row]], pad=1)
    still = collate([[Row(row.tokens, row.target)]], pad=1)
    learner = Learner(model.roberta, language=model).eval()
    with torch.no_grad():
        loss, unshifted = learner.language_loss(moved), learner.language_loss(still)
        assert not torch.allclose(loss, unshifted)
        table = model.roberta.embeddings.position_embeddings.weight
        table[2 : 2 + MAX_LENGTH] = table[2 + row.start : 2 + row.start + MAX_LENGTH].clone()
        assert torch.allclose(loss, learner.language_loss(still))
