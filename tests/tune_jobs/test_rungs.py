"""The rung scheduler's decisions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tune_jobs.sweeps.rungs import Halving, goes_on

VALUES = st.lists(st.floats(0, 100), max_size=20)
RULES = st.builds(Halving, keep=st.floats(0.05, 1.0), least=st.integers(2, 8))


def test_the_top_half_goes_on() -> None:
    rule = Halving(keep=0.5, least=4)
    assert goes_on(9, 30.0, [10.0, 20.0, 40.0], rule)
    assert not goes_on(9, 15.0, [10.0, 20.0, 40.0], rule)


@given(st.floats(0, 100), VALUES, RULES)
def test_too_few_values_prune_nothing(value, others, rule) -> None:
    if len(others) + 1 < rule.least:
        assert goes_on(1, value, others, rule)


@given(st.floats(0, 100), VALUES, RULES)
def test_the_baseline_and_the_best_go_on(value, others, rule) -> None:
    assert goes_on(0, value, others, rule)
    assert goes_on(1, max([value, *others]), others, rule)
    assert goes_on(1, value, others, None)


@given(st.floats(0, 100), VALUES, RULES, st.randoms())
def test_order_means_nothing_and_better_is_never_worse(value, others, rule, random) -> None:
    shuffled = random.sample(others, len(others))
    assert goes_on(1, value, others, rule) == goes_on(1, value, shuffled, rule)
    if goes_on(1, value, others, rule):
        assert goes_on(1, value + 1, others, rule)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20, unique=True), RULES)
def test_the_share_that_goes_on_is_the_share_asked_for(values, rule) -> None:
    """Of distinct values that all stand at a rung, ceil(keep · n) would go on."""
    kept = [v for i, v in enumerate(values) if goes_on(1, v, values[:i] + values[i + 1 :], rule)]
    if len(values) >= rule.least:
        assert -1e-6 < len(kept) - rule.keep * len(values) < 1
        assert kept == [v for v in values if v >= min(kept)]
