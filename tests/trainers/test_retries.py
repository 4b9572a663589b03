"""How long a store that fails is tried again, and what is said meanwhile, on a clock that jumps over pauses."""

from __future__ import annotations

import logging
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainers.stores import Hurry
from trainers.store import retries
from trainers.store.retries import GAVE_UP, LONGEST, RETRIED, STRANGER, GaveUp, Passing, Retries

DEADLINE = 120.0


def around(seconds: float) -> st.SearchStrategy[float]:
    """Up to twice as long; not so close that rounding decides."""
    return st.floats(0, 2 * seconds).filter(lambda x: abs(x - seconds) > 1e-6)


class Store:
    """One that is out from a time on, and for how long."""

    def __init__(self, begin: float, seconds: float, *, reached: bool = True, name: str = "s3://lab") -> None:
        self.clock, self.begin, self.end = Hurry(), begin, begin + seconds
        self.tries = 0
        self.retries = Retries(
            name,
            lambda error: str(error) if isinstance(error, Passing) else None,
            DEADLINE,
            reached=reached,
            clock=self.clock,
            pause=self.clock.pause,
        )

    def ask(self) -> float:
        self.tries += 1
        if self.begin <= self.clock.now < self.end:
            raise Passing("out")
        return self.clock.now


@given(around(DEADLINE))
def test_an_outage_passes_unnoticed_if_it_ends_before_the_deadline(seconds: float) -> None:
    store = Store(0, seconds)
    if seconds < DEADLINE:
        assert seconds <= store.retries.call(store.ask) <= seconds + LONGEST
    else:
        with pytest.raises(GaveUp) as error:
            store.retries.call(store.ask)
        assert isinstance(error.value.__cause__, Passing)
        assert store.clock.now == pytest.approx(DEADLINE), "the last try is at the deadline"
    assert store.tries < 200


@given(around(STRANGER))
def test_a_store_that_never_answered_is_given_up_soon(seconds: float) -> None:
    store = Store(0, seconds, reached=False)
    if seconds < STRANGER:
        store.retries.call(store.ask)
        store.begin, store.end = store.clock.now, store.clock.now + DEADLINE - 1
        store.retries.call(store.ask)  # now it is known
    else:
        with pytest.raises(GaveUp):
            store.retries.call(store.ask)
        assert store.clock.now == pytest.approx(STRANGER)


def test_each_step_has_its_own_deadline() -> None:
    """A store that refuses writes and answers reads keeps nobody for ever."""
    store = Store(0, 10 * DEADLINE)

    def write() -> None:
        assert store.retries.call(lambda: "read") == "read"
        raise Passing("no")

    with pytest.raises(GaveUp):
        store.retries.call(write)
    assert store.clock.now == pytest.approx(DEADLINE)


def test_a_nested_step_that_gave_up_is_not_tried_again() -> None:
    store = Store(0, 10 * DEADLINE)
    with pytest.raises(GaveUp):
        store.retries.call(lambda: store.retries.call(store.ask))
    assert store.clock.now == pytest.approx(DEADLINE)


def test_what_does_not_pass_is_raised_at_once() -> None:
    store = Store(0, 0)

    def denied() -> None:
        store.tries += 1
        raise PermissionError("denied")

    with pytest.raises(PermissionError):
        store.retries.call(denied)
    assert store.tries == 1


def test_nobody_waits_for_what_nobody_needs() -> None:
    store, ended = Store(0, DEADLINE), Event()

    def step() -> float:
        if store.tries == 2:
            ended.set()
        return store.ask()

    with pytest.raises(GaveUp):
        store.retries.call(step, ended)
    assert store.tries == 3, "the one that is under way"


@given(st.lists(st.tuples(st.floats(0.1, 50), st.floats(20, DEADLINE - 1)), max_size=5))
def test_an_outage_is_told_once_and_its_end(outages: list[tuple[float, float]]) -> None:
    """The first part of each pair is how long the store is well before."""
    store = Store(0, 0, name="s3://told")
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]  # a stub
    logger = logging.getLogger("trainers.store.retries")
    logger.addHandler(handler)
    try:
        for well, seconds in outages:
            store.clock.now += well
            store.begin, store.end = store.clock.now, store.clock.now + seconds
            store.retries.call(store.ask)
    finally:
        logger.removeHandler(handler)
    assert ["has failed" in line for line in said] == [True, False] * len(outages)
    assert all(line.startswith("s3://told ") for line in said)


def test_single_faults_are_not_worth_a_word(caplog: pytest.LogCaptureFixture) -> None:
    store = Store(0, 0.5)
    store.retries.call(store.ask)
    assert store.tries > 1
    assert caplog.text == ""


@pytest.mark.parametrize("seconds", [10.0, 2 * DEADLINE])
def test_whoever_watches_is_told_of_every_fault(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(retries, "_watchers", [])
    retries.watch(lambda store, outcome: told.append((store, outcome)))
    store = Store(0, seconds)
    if seconds < DEADLINE:
        store.retries.call(store.ask)
        assert told == [("s3://lab", RETRIED)] * (store.tries - 1)
    else:
        with pytest.raises(GaveUp):
            store.retries.call(store.ask)
        assert told == [("s3://lab", RETRIED)] * (store.tries - 1) + [("s3://lab", GAVE_UP)]
