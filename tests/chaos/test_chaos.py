"""Four of the runs: a driver, a rank and a node are killed, and the store is away.

`make chaos` has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.blows import Kind, draw
from tests.chaos.ground import Ground, ground
from tests.chaos.story import live

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.chaos, pytest.mark.timeout(900)]

RUNS = {51: Kind.DRIVER, 37: Kind.RANK_0, 58: Kind.RAYLET, 43: Kind.OUTAGE}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("chaos")) as found:
        yield found


@pytest.mark.parametrize("number", RUNS)
def test_a_struck_sweep_ends_as_an_undisturbed_one(place: Ground, number: int) -> None:
    plan = draw(number)
    ended = live(place, plan)
    if ended.faults:
        place.restart()
    assert ended.faults == [], ended.said
    assert [mark.blow.kind for mark in ended.marks] == [RUNS[number]], "it fell"
