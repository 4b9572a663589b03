"""The simplex: all points and no others, the documented prior, and one way to write a point."""

from __future__ import annotations

from itertools import product
from math import comb
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import chisquare

from search_spaces.axes import text_of
from search_spaces.coordinates import Coordinates
from search_spaces.simplex import Lattice, NoMixtureError, Point, Simplex, combination
from tests.search_spaces.strategies import simplexes
from trainers.identity import round3


def by_brute_force(lattice: Lattice) -> set[str]:
    """All points, from all assignments of parts to tasks."""
    points = []
    for units in product(range(lattice.parts + 1), repeat=len(lattice.of)):
        if sum(units) == lattice.parts and sum(map(bool, units)) <= lattice.at_most:
            shares = zip(lattice.of, units, strict=True)
            points.append({task: round3(unit / lattice.parts) for task, unit in shares if unit})
    return {text_of(point) for point in points}


@given(simplexes(max_parts=6))
def test_the_numbers_reach_every_point_once_and_nothing_else(axis: Simplex) -> None:
    listed = [text_of(axis.at(index)) for index in range(axis.size)]
    assert len(set(listed)) == axis.size
    assert set(listed) == by_brute_force(axis.simplex)


@given(st.integers(0, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_combinations_come_in_lexicographic_order(nk: tuple[int, int]) -> None:
    n, k = nk
    every = [tuple(combination(rank, n, k)) for rank in range(comb(n, k))]
    assert every == sorted(set(every))
    assert all(len(set(chosen)) == k and set(chosen) <= set(range(n)) for chosen in every)
    with pytest.raises(IndexError):
        combination(comb(n, k), n, k)


def test_the_prior_is_uniform_over_number_then_subset_then_composition() -> None:
    axis = Simplex(simplex=Lattice(of=("c", "a", "d", "b"), at_most=3, parts=5))
    draws, random = 20_000, Random(1)
    seen: dict[str, int] = {text_of(point): 0 for point in axis.values()}
    for _ in range(draws):
        seen[text_of(axis.draw(random))] += 1

    def probability(point: Point) -> float:
        mixed = len(point)
        return 1 / (3 * comb(4, mixed) * comb(4, mixed - 1))

    expected = [draws * probability(point) for point in axis.values()]
    assert sum(expected) == pytest.approx(draws)
    assert chisquare(list(seen.values()), expected).pvalue > 0.001


@given(simplexes(), st.data())
def test_order_and_zero_weights_do_not_matter(axis: Simplex, data: st.DataObject) -> None:
    point = axis.at(data.draw(st.integers(0, axis.size - 1)))
    rest = {task: 0.0 for task in axis.simplex.of if task not in point}
    written = dict(data.draw(st.permutations([*point.items(), *rest.items()])))
    assert list(axis.canonical(written).items()) == list(point.items())
    assert Coordinates("x", axis).encode(axis.canonical(written)) == Coordinates("x", axis).encode(point)


@given(simplexes(), st.data())
def test_nearest_keeps_points_and_never_mixes_too_many(axis: Simplex, data: st.DataObject) -> None:
    lattice = axis.simplex
    amounts = {task: data.draw(st.integers(0, lattice.parts)) for task in lattice.tasks}
    if not any(amounts.values()):
        with pytest.raises(NoMixtureError):
            lattice.nearest(amounts)
        return
    point = lattice.nearest(amounts)
    assert axis.contains(point)
    assert lattice.nearest(lattice.units(point)) == point
    assert all(amounts[task] for task in point)
    # no task outside of the mixture has a larger amount than the largest one in it
    assert max(amounts[task] for task in point) == max(amounts.values())


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        ({"a": 0.25, "b": 0.75}, True),
        ({"b": 0.75, "a": 0.25}, False),  # not sorted
        ({"a": 1.0, "b": 0.0}, False),  # a zero weight
        ({"a": 0.5, "b": 0.75}, False),
        ({"a": 0.3, "b": 0.7}, False),
        ({"a": 0.25, "b": 0.25, "c": 0.5}, False),
        ({"z": 1.0}, False),
        ({"a": 1}, False),  # a whole number: weights are floats
        ({}, False),
        ("a", False),
    ],
)
def test_what_lies_on_the_lattice(value: object, inside: bool) -> None:
    assert Simplex(simplex=Lattice(of=("a", "b", "c"), at_most=2, parts=4)).contains(value) is inside


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"of": ["a"], "at_most": 2, "parts": 4}, "at most 1"),
        ({"of": ["a", "b"], "at_most": 2, "parts": 1}, "raise `parts`"),
        ({"of": ["a", "a"], "at_most": 1, "parts": 1}, "stands twice"),
        ({"of": [], "at_most": 1, "parts": 1}, "at least 1"),
    ],
)
def test_impossible_lattices_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Lattice.model_validate(fields)
