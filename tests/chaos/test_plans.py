"""What runs draw, and how their table counts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.chaos.blows import FAULTS, LONG, LONG_OUTAGE, OUTAGE, STAGES, Kind, draw
from tests.chaos.records import table
from tests.chaos.story import interval

PLANS = [draw(run) for run in range(1, 61)]


def test_sixty_runs_meet_every_kind_on_both_sizes_of_lanes() -> None:
    """Each three times at least; one outage is long."""
    kinds = [blow.kind for plan in PLANS for blow in plan.blows]
    assert all(kinds.count(kind) >= 3 for kind in Kind)
    assert {plan.wide for plan in PLANS} == {False, True}
    outages = {plan.run: blow.seconds for plan in PLANS for blow in plan.blows if blow.kind is Kind.OUTAGE}
    assert [run for run, seconds in outages.items() if seconds == LONG_OUTAGE] == [LONG]
    assert set(outages.values()) == {OUTAGE, LONG_OUTAGE}


def test_a_run_has_one_or_two_blows_in_order_and_all_can_fall() -> None:
    for plan in PLANS:
        assert 1 <= len(plan.blows) <= 2
        assert all(first.after <= second.after for first, second in pairwise(plan.blows))
        assert all(blow.after < STAGES for blow in plan.blows)
        assert plan.wide or Kind.RANK_1 not in [blow.kind for blow in plan.blows], "a lane of one has no rank 1"
        assert all(blow.seconds > 0 for blow in plan.blows if blow.kind in FAULTS)


def test_a_run_is_drawn_again_as_it_was() -> None:
    assert [draw(plan.run) for plan in PLANS] == PLANS
    assert draw(0).blows == ()


def test_an_interval_is_the_most_steps_between_saves() -> None:
    first = "saved at step 10\nstep 20 of 100: loss 1\nsaved at step 40\n"
    assert interval(first) == 30, "what came after the last save was lost with its log"
    assert interval(first + "step 90 of 100: loss 1\n") == 50
    assert interval("going on from step 40\nsaved at step 55\nstep 60 of 100: loss 1\n") == 15
    assert interval("label\n") == 0


def test_the_table_counts_a_run_in_the_row_of_each_of_its_blows() -> None:
    def found(run: int, *blows: tuple[str, float], **other: Any) -> dict[str, Any]:
        kinds = [{"kind": kind, "seconds": seconds} for kind, seconds in blows]
        return {"run": run, "blows": kinds, "seconds": 10.0 * run, "lost": run, "faults": []} | other

    runs = [
        found(1, ("driver", 0.0)),
        found(2, ("driver", 0.0), ("store outage", 10.0), faults=["x"]),
        found(3, ("store outage", 60.0)),
        found(4),
    ]
    rows = {line.split(" | ")[0]: line.split(" | ")[1:] for line in table(runs).splitlines()[2:]}
    assert rows == {
        "| nothing": ["1", "1", "4", "40, 40 |"],
        "| driver": ["2", "1", "2", "20, 20 |"],
        "| store outage": ["1", "0", "2", "20, 20 |"],
        "| store outage of a minute": ["1", "1", "3", "30, 30 |"],
        "| **all**": ["3", "2", "3", "20, 30 |"],
    }
