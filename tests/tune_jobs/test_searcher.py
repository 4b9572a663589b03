"""The searcher: the baseline first, no recipe twice, and nothing that depends on which trial was faster."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.study import Past, State, Study
from tests.tune_jobs.world import space
from tune_jobs.sweeps.events import Ended, How, Sampled
from tune_jobs.sweeps.history import History
from tune_jobs.sweeps.searcher import Searcher, recipe_id


def sampled(number: int, params: dict, recipe) -> Sampled:
    return Sampled(trial=number, params=params, recipe=recipe, recipe_id=recipe_id(recipe))


def ended(number: int, value: float, how: How = How.COMPLETE) -> Ended:
    return Ended(trial=number, how=how, value=None if how is How.FAILED else value)


def run(searcher: Searcher, history: History, order) -> History:
    """Begin trials as they may, and end open ones in an order that `order` chooses."""
    while True:
        while (found := searcher.next(history)) is not None:
            history.apply(sampled(len(history.trials), *found))
        open_trials = history.open()
        if not open_trials:
            return history
        number = open_trials[order(len(open_trials))].number
        history.apply(ended(number, value=(number * 37) % 100, how=How.FAILED if number % 5 == 4 else How.COMPLETE))


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_recipe_twice_until_the_space_is_exhausted(sampler: str, concurrency: int) -> None:
    searcher = Searcher(space(sampler=sampler, trials=50, concurrency=concurrency, startup=3))
    history = run(searcher, History(), lambda n: 0)
    assert history.trials[0].sampled.recipe == space().baseline()
    assert len(history.trials) == 7  # the baseline and the space's six points
    assert len({trial.sampled.recipe_id for trial in history.trials}) == 7


@settings(deadline=None, max_examples=10)
@given(st.data(), st.sampled_from(["grid", "tpe"]), st.integers(1, 4))
def test_which_trial_is_faster_makes_no_difference(data, sampler: str, concurrency: int) -> None:
    what = space(sampler=sampler, trials=7, concurrency=concurrency, startup=2)
    in_turn = run(Searcher(what), History(), lambda n: 0)
    shuffled = run(Searcher(what), History(), lambda n: data.draw(st.integers(0, n - 1)))
    assert [t.sampled for t in shuffled.trials] == [t.sampled for t in in_turn.trials]


def test_the_study_knows_of_trials_in_flight_only_their_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trial 2 ends before the others, but its value is told only when theirs are."""
    searcher, asked = Searcher(space(sampler="tpe", trials=7, concurrency=3, startup=2)), []

    def suggest(number: int, past: list[Past]) -> dict | None:
        asked.append([trial.state for trial in past])
        return Study.suggest(searcher._study, number, past)

    monkeypatch.setattr(searcher._study, "suggest", suggest)
    history = History()
    for number in range(5):
        found = searcher.next(history)
        assert found is not None
        history.apply(sampled(number, *found))
        for end in {2: [2, 0], 3: [1]}.get(number, []):
            history.apply(ended(end, 50.0))
    done, pending = State.COMPLETE, State.PENDING
    assert asked == [
        [pending],
        [pending, pending],
        [done, pending, pending],
        [done, done, pending, pending],
    ]


@settings(deadline=None, max_examples=10)
@given(st.data(), st.integers(1, 4))
def test_no_more_than_concurrency_trials_are_open(data, concurrency: int) -> None:
    searcher, history = Searcher(space(concurrency=concurrency)), History()
    while True:
        while (found := searcher.next(history)) is not None:
            history.apply(sampled(len(history.trials), *found))
            assert len(history.open()) <= concurrency
        if not history.open():
            break
        number = data.draw(st.sampled_from(history.open())).number
        history.apply(ended(number, 50.0))
    assert len(history.trials) == 7


def test_the_budget_counts_the_baseline() -> None:
    history = run(Searcher(space(trials=3)), History(), lambda n: 0)
    assert len(history.trials) == 3


def test_a_search_that_need_not_be_reproducible_waits_for_no_slow_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trial 0 is slow: the others go on without it, and know each other's values at once."""
    what = space(sampler="tpe", trials=7, concurrency=2, startup=2, reproducible=False)
    searcher, asked = Searcher(what), []

    def suggest(number: int, past: list[Past]) -> dict | None:
        asked.append([trial.state for trial in past])
        return Study.suggest(searcher._study, number, past)

    monkeypatch.setattr(searcher._study, "suggest", suggest)
    history = History()
    for number in range(4):
        found = searcher.next(history)
        assert found is not None
        history.apply(sampled(number, *found))
        if number:
            assert searcher.next(history) is None, "two are in flight"
            history.apply(ended(number, 50.0))
    done, pending = State.COMPLETE, State.PENDING
    assert asked == [[pending], [pending, done], [pending, done, done]]


def test_only_a_search_that_is_not_reproducible_says_so_in_its_identity() -> None:
    assert "reproducible" not in str(space().identity())
    assert space(reproducible=False).identity() != space().identity()


def test_a_diverged_trial_is_told_as_the_worst_and_a_failed_one_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    searcher, asked = Searcher(space(sampler="tpe", trials=7, startup=2, concurrency=1)), []
    monkeypatch.setattr(Study, "suggest", lambda self, number, past: asked.extend(past))
    history = History()
    for number, diverged in enumerate((False, True, False)):
        history.apply(sampled(number, {"point": number}, space().baseline()))
        history.apply(Ended(trial=number, how=How.FAILED, value=None, reason="it failed", diverged=diverged))
    searcher.next(history)
    assert [past.state for past in asked] == [State.FAILED, State.COMPLETE, State.FAILED]
    assert asked[1].value is not None and asked[1].value < 0
