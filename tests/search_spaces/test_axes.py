"""Every axis: what is drawn, listed or decoded lies on it, rounded, and comes back the same from the study's form."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import chisquare, kstest

from search_spaces.axes import Axis, Choice, Integer, Interval, LogUniform, Uniform, text_of
from search_spaces.coordinates import Coordinates
from search_spaces.simplex import NoMixtureError, Simplex
from tests.search_spaces.strategies import axes, intervals
from trainers.identity import round3

LISTED = 60


@given(axes(), st.integers())
def test_what_is_drawn_lies_on_the_axis_in_canonical_form(axis: Axis, seed: int) -> None:
    value = axis.canonical(axis.draw(Random(seed)))
    assert axis.contains(value)
    assert text_of(axis.canonical(value)) == text_of(value)
    assert json.loads(json.dumps(value)) == value


@given(axes())
def test_a_finite_axis_lists_each_value_once(axis: Axis) -> None:
    if axis.size is None:
        with pytest.raises(ValueError, match="continuous"):
            axis.values()
        return
    listed = [axis.canonical(axis.at(index)) for index in range(min(axis.size, LISTED))]
    assert len({text_of(value) for value in listed}) == len(listed)
    assert all(axis.contains(value) for value in listed)
    assert text_of(axis.canonical(axis.first)) == text_of(listed[0])
    with pytest.raises(IndexError):
        axis.at(axis.size)


@given(axes(), st.integers())
def test_parameters_give_back_their_value_and_fit_their_distributions(axis: Axis, seed: int) -> None:
    coordinates = Coordinates("x", axis)
    value = axis.canonical(axis.draw(Random(seed)))
    parameters = coordinates.encode(value)
    distributions = coordinates.distributions()
    assert parameters.keys() == distributions.keys()
    for name, parameter in parameters.items():
        assert distributions[name]._contains(distributions[name].to_internal_repr(parameter))
    assert text_of(coordinates.decode(parameters)) == text_of(value)


@given(axes(), st.integers())
def test_whatever_a_sampler_proposes_becomes_a_value_of_the_axis(axis: Axis, seed: int) -> None:
    coordinates, random = Coordinates("x", axis), Random(seed)
    parameters = {}
    for name, distribution in coordinates.distributions().items():
        if hasattr(distribution, "choices"):
            parameters[name] = random.choice(distribution.choices)
        elif isinstance(distribution.low, int):
            parameters[name] = random.randrange(distribution.low, distribution.high + 1, distribution.step)
        else:
            parameters[name] = random.uniform(distribution.low, distribution.high)
    if isinstance(axis, Simplex) and not any(parameters.values()):
        with pytest.raises(NoMixtureError):
            coordinates.decode(parameters)
    else:
        assert axis.contains(axis.canonical(coordinates.decode(parameters)))


@given(intervals())
def test_numbers_have_three_digits_and_include_both_ends(axis: Interval) -> None:
    low, high = axis.ends
    assert (low, high) == (round3(low), round3(high))
    assert axis.contains(low)
    assert axis.contains(high)
    assert not axis.contains(high * 1.1)
    if axis.size is not None:
        values = list(axis.values())
        assert (values[0], values[-1]) == (low, high)
        assert values == sorted(values)


def test_a_log_grid_has_equal_ratios() -> None:
    assert list(LogUniform(log_uniform=(1e-5, 1e-4), points=3).values()) == [1e-5, 3.16e-5, 1e-4]
    assert list(LogUniform(log_uniform=(1e-5, 1e-1), points=5).values()) == [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]


def test_whole_numbers_are_not_rounded() -> None:
    axis = Integer(integer=(1024, 1031), step=3)
    assert list(axis.values()) == [1024, 1027, 1030]
    assert not axis.contains(1031)
    assert not axis.contains(1027.0)


def test_priors_are_uniform_on_their_own_scale() -> None:
    random = Random(0)
    flat = [Uniform(uniform=(2.0, 3.0)).draw(random) for _ in range(2000)]
    assert kstest(flat, "uniform", args=(2, 1)).pvalue > 0.001
    log = [LogUniform(log_uniform=(1e-6, 1.0)).draw(random) for _ in range(2000)]
    assert kstest(log, "loguniform", args=(1e-6, 1.0)).pvalue > 0.001
    for axis in (Choice(choice=(1, "a", None)), Integer(integer=(0, 9), step=3)):
        drawn = [text_of(axis.draw(random)) for _ in range(2000)]
        assert chisquare([drawn.count(text_of(value)) for value in axis.values()]).pvalue > 0.001


@pytest.mark.parametrize(
    ("axis", "fields", "message"),
    [
        (Choice, {"choice": []}, "at least 1"),
        (Choice, {"choice": [0.5, 0.50001]}, "stands twice"),
        (Uniform, {"uniform": [1, 1]}, "below"),
        (LogUniform, {"log_uniform": [0, 1]}, "greater than 0"),
        (LogUniform, {"log_uniform": [1e-5, 1e-4], "points": 1}, "greater than or equal to 2"),
        (LogUniform, {"log_uniform": [1.0, 1.01], "points": 9}, "equal at 3"),
        (Integer, {"integer": [3, 1]}, r"write \[1, 3\]"),
        (Integer, {"integer": [1, 3], "step": 0}, "greater than or equal to 1"),
    ],
)
def test_impossible_axes_are_refused(axis: type[Axis], fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        axis.model_validate(fields)
