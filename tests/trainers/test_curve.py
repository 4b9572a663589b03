"""A curve has few points whatever the horizon, all the losses are in it, and it may be interrupted anywhere."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.curve import POINTS, Curve

LOSSES = st.floats(0, 100, allow_nan=False)


def drawn(losses: list[float], stop_at: int = 0) -> Curve:
    """The curve of a stage with these losses; after step `stop_at` it goes through JSON, as progress does."""
    curve = Curve()
    for step, loss in enumerate(losses, start=1):
        curve = curve.trained(step, len(losses), loss)
        if step == stop_at:
            curve = Curve.from_json(json.loads(json.dumps(asdict(curve))))
    return curve


@given(losses=st.lists(LOSSES, min_size=1, max_size=450), data=st.data())
def test_a_curve_is_short_and_holds_the_mean_of_all_losses(losses: list[float], data: st.DataObject) -> None:
    curve = drawn(losses)
    steps = [step for step, _ in curve.loss]
    assert len(steps) <= POINTS + 1
    assert steps[-1] == len(losses)
    assert len(steps) >= min(len(losses), POINTS // 2)
    spans = [step - before for step, before in zip(steps, [0, *steps], strict=False)]
    total = sum(span * value for span, (_, value) in zip(spans, curve.loss, strict=True))
    assert total == pytest.approx(sum(losses))
    assert drawn(losses, data.draw(st.integers(1, len(losses)))) == curve


@given(every=st.integers(1, 40), steps=st.integers(1, 9000))
def test_measurements_are_thinned_and_the_last_one_stays(every: int, steps: int) -> None:
    curve = Curve()
    measured = [*range(every, steps, every), steps]
    for step in measured:
        curve = curve.measured(step, every, steps, float(step))
    assert len(curve.dev) <= POINTS + 1
    assert curve.dev[-1] == (steps, float(steps))
    if len(measured) <= POINTS:
        assert [step for step, _ in curve.dev] == measured
