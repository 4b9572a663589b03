"""The event log: one writer, everything replayed, damage named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import UserError
from tests.tune_jobs.world import MemoryObjects, space
from trainers.store.folder import FolderObjects
from tune_jobs.sweeps.event_log import EventLog, replay, sweeps
from tune_jobs.sweeps.events import AbsentCell, AnyEvent, CellOf, Decided, Driver, Ended, How, Opened, Rung, Sampled
from tune_jobs.sweeps.searcher import recipe_id

IDS = st.text("0123456789abcdef", min_size=4, max_size=8)
TEXT = st.text(max_size=20)
VALUES = st.floats(0, 100, allow_nan=False)
RECIPE = space().baseline()
EVENTS: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(Driver, versions=st.dictionaries(TEXT, TEXT, max_size=2)),
    st.builds(
        Rung,
        trial=st.just(0),
        rung=st.integers(0, 3),
        value=VALUES,
        cells=st.lists(st.builds(CellOf, task=TEXT, language=TEXT, stage=IDS), max_size=3).map(tuple),
        digest=IDS,
        inputs=st.lists(IDS, max_size=3).map(tuple),
    ),
    st.builds(Decided, trial=st.just(0), rung=st.integers(0, 3), go_on=st.booleans()),
    st.builds(Ended, trial=st.just(0), how=st.sampled_from(How), value=st.none() | VALUES, reason=TEXT),
)
OPENED = Opened(sweep="s", space=space().identity(), versions={"crosslift": "0"})
SAMPLED = Sampled(
    trial=0,
    params={"intermediate.tasks": {"snli": 0.5, "squad": 0.5}, "intermediate.fraction": 0.5},
    recipe=space().recipe(space().at(3)),
    recipe_id=recipe_id(RECIPE),
    absent=(AbsentCell(task="pawsx", split="dev", language="de", why="not published"),),
)


@given(st.lists(EVENTS, max_size=12))
def test_what_was_written_is_replayed(events: list[AnyEvent]) -> None:
    objects = MemoryObjects()
    log = EventLog(objects, "s")
    for event in [OPENED, SAMPLED, *events]:
        log.write(event)
    assert [envelope.event for envelope in replay(objects, "s")] == [OPENED, SAMPLED, *events]
    again = EventLog(objects, "s").history
    assert again.trials == log.history.trials
    assert space().differences(again.opened.space) == ()


def test_one_writer(tmp_path: Path) -> None:
    """Eight drivers begin at once, and each writes on: one of them wins every number, and the others stop."""
    objects = FolderObjects(tmp_path)
    logs = [EventLog(objects, "s", clock=lambda: 0.0) for _ in range(8)]

    def drive(log: EventLog) -> int:
        for written in range(5):
            try:
                log.write(Driver())  # equal events: only the nonce tells one driver's from another's
            except UserError as error:
                assert "another driver runs this sweep" in str(error)
                return written
        return 5

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(drive, logs))
    assert sum(written) == len(list(replay(objects, "s")))
    assert [e.number for e in replay(objects, "s")] == list(range(sum(written)))


def test_a_replaced_driver_finds_out() -> None:
    objects = MemoryObjects()
    old = EventLog(objects, "s")
    old.take_over({})
    old.check()
    EventLog(objects, "s").take_over({})
    with pytest.raises(UserError, match="another driver"):
        old.check()
    with pytest.raises(UserError, match="another driver"):
        old.write(Driver())
    assert len(list(replay(objects, "s"))) == 2


def test_an_event_that_could_not_be_written_has_not_happened() -> None:
    objects = MemoryObjects()
    log = EventLog(objects, "s")
    EventLog(objects, "s").write(OPENED)
    with pytest.raises(UserError):
        log.write(SAMPLED)
    assert log.history.trials == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content.pop("sweeps/s/events/00000001.json"), "expected event 1 next"),
        (lambda content: content.update({"sweeps/s/events/00000001.json": b"{"}), "not an event"),
        (lambda content: content.update({"sweeps/s/events/zzz.json": b"{}"}), "expected event 3 next"),
        (
            lambda content: content.update({"sweeps/s/events/00000001.json": content["sweeps/s/events/00000002.json"]}),
            "is event 2, not 1",
        ),
    ],
)
def test_damage_is_named(damage, message: str) -> None:
    objects = MemoryObjects()
    log = EventLog(objects, "s")
    for _ in range(3):
        log.write(Driver())
    damage(objects.content)
    with pytest.raises(UserError, match=message) as caught:
        EventLog(objects, "s")
    assert "sweeps/s/events/" in str(caught.value)


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden"])
def test_a_name_cannot_leave_its_folder(name: str) -> None:
    with pytest.raises(UserError, match="a sweep's name"):
        EventLog(MemoryObjects(), name)


def test_sweeps_are_listed() -> None:
    objects = MemoryObjects()
    for name in ("b", "a"):
        EventLog(objects, name).write(OPENED)
    assert sweeps(objects) == ["a", "b"]
