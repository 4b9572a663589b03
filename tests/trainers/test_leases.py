"""Leases: who may begin a stage, and what keeps, ends and hands on the right to make it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tasks.errors import UserError
from tests.trainers.store_lab import CONTENT, OTHER, STAGE, Lab
from trainers.store.collect import collect
from trainers.store.folder import FolderObjects
from trainers.store.leases import Holder, Holding
from trainers.store.objects import ObjectInfo
from trainers.store.stages import Commit, StageStore

TERM = 60.0
NEAR = Holder(life="near", name="sweep near", reigns={"near": 3})
FAR = Holder(life="far", name="sweep far", reigns={"far": 8})


class Clocked:
    """Objects in memory with a server's clock, which the test moves."""

    name = "memory"

    def __init__(self) -> None:
        self.clock = 1000.0
        self.content: dict[str, tuple[bytes, float]] = {}

    def create(self, key: str, data: bytes) -> bool:
        return self.content.setdefault(key, (data, self.clock)) == (data, self.clock)

    def upload(self, key: str, path: Path) -> None:
        assert self.create(key, path.read_bytes())

    def read(self, key: str) -> bytes:
        return self.content[key][0]

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self.read(key))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        for key, (data, written) in sorted(self.content.items()):
            if key.startswith(prefix):
                yield ObjectInfo(key, len(data), written)

    def delete(self, key: str) -> None:
        self.content.pop(key, None)

    def now(self) -> float:
        return self.clock

    def tidy(self, before: float) -> None:
        """Nothing is left unfinished here."""


class Later(FolderObjects):
    """The same folder, an hour later."""

    def now(self) -> float:
        return super().now() + 3600.0


@pytest.fixture
def clocked(tmp_path: Path) -> tuple[Lab, Clocked]:
    objects = Clocked()
    lab = Lab(lambda: objects, tmp_path)
    lab.store = StageStore(objects, TERM)
    return lab, objects


def took(store: StageStore, holder: Holder, stage: str = STAGE) -> str:
    attempt = store.begin(stage, holder)
    assert attempt is not None
    return attempt


def finish(lab: Lab, attempt: str) -> Commit:
    return lab.commit(attempt, lab.put(attempt, CONTENT))


def until(true: Callable[[], object]) -> None:
    given_up = time.monotonic() + 30.0
    while not true():
        assert time.monotonic() < given_up
        time.sleep(0.01)


def signs(lab: Lab, attempt: str) -> list[str]:
    """What an attempt has written for its lease alone."""
    return [key.split("/", 3)[3] for key in lab.listed(f"stages/{STAGE}/{attempt}/")]


def test_what_is_held_is_left_to_its_holder_and_said_so(lab: Lab) -> None:
    attempt = took(lab.store, FAR)
    other = StageStore(lab.open())
    assert other.begin(STAGE, NEAR) is None
    commit, held = other.look(STAGE, NEAR)
    assert commit is None and held is not None
    assert (held.holder, held.attempt) == (FAR, attempt)
    assert held.since <= held.seen <= lab.objects.now() + 1.0  # whose clock may count whole seconds
    winner = finish(lab, attempt)
    assert other.look(STAGE, NEAR) == (winner, None)
    assert other.begin(STAGE, NEAR) is None, "it is made"


def test_a_stage_that_was_released_is_free_at_once(lab: Lab) -> None:
    attempt = took(lab.store, FAR)
    with Holding(lab.objects, STAGE, attempt):
        assert lab.store.begin(STAGE, NEAR) is None
    assert signs(lab, attempt) == ["RELEASED"]
    assert took(lab.store, NEAR) > attempt


def test_a_lease_ends_an_hour_after_its_last_sign(folder_lab: Lab) -> None:
    took(folder_lab.store, FAR)
    later = StageStore(Later(folder_lab.folder / "store"))
    assert later.look(STAGE, NEAR) == (None, None)
    took(later, NEAR)


@pytest.mark.parametrize(
    ("holder", "free"),
    [
        (FAR, True),  # it knows that its lane died
        (Holder(life="new", name="", reigns={"far": 8}), True),  # the broker died, its driver lives
        (Holder(life="new", name="", reigns={"far": 9, "near": 1}), True),  # the driver was replaced
        (Holder(life="new", name="", reigns={"far": 7}), False),  # it is the one that was replaced
        (Holder(life="new", name="", reigns={"near": 9}), False),
        (Holder(life="new", name="", reigns={}), False),
    ],
)
def test_who_knows_that_the_holder_is_over_need_not_wait(folder_lab: Lab, holder: Holder, free: bool) -> None:
    took(folder_lab.store, FAR)
    assert (folder_lab.store.begin(STAGE, holder) is not None) == free


def test_all_sweeps_that_it_was_made_for_must_be_replaced(folder_lab: Lab) -> None:
    took(folder_lab.store, Holder(life="both", name="", reigns={"far": 8, "near": 3}))
    assert folder_lab.store.begin(STAGE, FAR.model_copy(update={"reigns": {"far": 9}})) is None
    took(folder_lab.store, FAR.model_copy(update={"reigns": {"far": 9, "near": 3}}))


def test_a_run_without_a_sweep_has_no_successor(folder_lab: Lab) -> None:
    took(folder_lab.store, Holder(life="one", name="a final run"))
    assert folder_lab.store.begin(STAGE, Holder(life="two", name="a final run")) is None


def test_a_beginning_without_a_holder_holds_nothing(folder_lab: Lab) -> None:
    """As all attempts of stores that are older than leases."""
    lab = folder_lab
    assert lab.objects.create(f"stages/{STAGE}/BEGIN.0.json", b'{"attempt":"000000-old"}')
    assert took(lab.store, NEAR).startswith("000001-")
    assert lab.store.begin(STAGE).startswith("000002-"), "and asks nobody"
    took(lab.store, FAR)


def test_a_damaged_beginning_holds_nothing_and_is_named(folder_lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab = folder_lab
    took(lab.store, FAR)
    lab.overwrite(f"stages/{STAGE}/BEGIN.0.json", b'{"attempt"')
    took(lab.store, NEAR)
    assert "BEGIN.0.json" in caplog.text


@pytest.mark.parametrize("end", ["condemned", "evicted"])
def test_what_is_made_again_is_held_until_its_own_commit(lab: Lab, end: str) -> None:
    finish(lab, took(lab.store, FAR))
    if end == "condemned":
        lab.store.condemn(STAGE, 0)
    else:
        lab.store.evict(STAGE)
    again = took(lab.store, NEAR)
    assert lab.store.begin(STAGE, FAR) is None
    assert finish(lab, again).number == 1
    assert lab.store.look(STAGE, FAR)[1] is None


def test_everything_that_an_attempt_writes_is_a_sign_of_life(clocked: tuple[Lab, Clocked]) -> None:
    lab, objects = clocked
    attempt = took(lab.store, FAR)
    for write in (
        lambda: lab.save(attempt, 3),
        lambda: lab.store.keep_log(STAGE, attempt, "0000-0", "a line"),
        lambda: lab.put(attempt, {"config.json": b"{}"}),
        lambda: objects.create(f"stages/{STAGE}/{attempt}/alive/000001", b"{}"),
    ):
        objects.clock += TERM
        assert lab.store.begin(STAGE, NEAR) is None, "its last second"
        write()
    objects.clock += TERM + 0.1
    assert took(lab.store, NEAR) > attempt


def test_a_sign_that_comes_while_the_clock_is_asked_counts(clocked: tuple[Lab, Clocked]) -> None:
    """A holder wakes up between a look and the clock's answer: the second look sees it."""
    lab, objects = clocked
    attempt = took(lab.store, FAR)
    objects.clock += TERM + 1.0

    class Slow(Clocked):
        def __init__(self) -> None:
            self.__dict__ = objects.__dict__

        def now(self) -> float:
            objects.create(f"stages/{STAGE}/{attempt}/alive/000001", b"{}")
            return super().now()

    assert StageStore(Slow(), TERM).begin(STAGE, NEAR) is None


def test_whoever_works_gives_one_sign_after_another(folder_lab: Lab) -> None:
    lab = folder_lab
    attempt = took(lab.store, FAR)
    with Holding(lab.objects, STAGE, attempt, term=0.3) as holding:
        for number in (1, 2, 3):
            until(lambda number=number: f"alive/{number:06d}" in signs(lab, attempt))
        assert len(signs(lab, attempt)) <= 2, "the one before goes"
        winner = finish(lab, attempt)
        holding.committed = True
    assert lab.listed(f"stages/{STAGE}/{attempt}/") == sorted(winner.key(name) for name in CONTENT)


def test_an_exception_releases_the_stage_too(folder_lab: Lab) -> None:
    attempt = took(folder_lab.store, FAR)
    with pytest.raises(KeyboardInterrupt), Holding(folder_lab.objects, STAGE, attempt):
        raise KeyboardInterrupt
    took(folder_lab.store, NEAR)


def test_who_was_replaced_learns_it_and_writes_no_more(folder_lab: Lab) -> None:
    lab = folder_lab
    attempt = took(lab.store, FAR)
    with Holding(lab.objects, STAGE, attempt, term=0.3) as holding:
        until(lambda: signs(lab, attempt))
        newer = lab.store.begin(STAGE)
        until(lambda: holding.lost)
    assert signs(lab, attempt) == []
    assert lab.store.begin(STAGE) > newer


def test_a_store_that_is_away_ends_no_run(folder_lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    attempt = took(folder_lab.store, FAR)

    class Away(FolderObjects):
        away = True

        def create(self, key: str, data: bytes) -> bool:
            if self.away:
                raise UserError("cannot be reached", where="the store")
            return super().create(key, data)

    objects = Away(folder_lab.folder / "store")
    with Holding(objects, STAGE, attempt, term=0.3) as holding:
        until(lambda: caplog.text.count("no sign of life") > 2)
        objects.away = False
        until(lambda: signs(folder_lab, attempt))
        objects.away = True
        assert not holding.lost
    assert "the lease ends with its term" in caplog.text
    assert folder_lab.store.begin(STAGE, NEAR) is None


def test_collection_touches_nothing_that_somebody_holds(clocked: tuple[Lab, Clocked]) -> None:
    lab, objects = clocked
    for stage in (STAGE, OTHER):
        lab.put(took(lab.store, FAR, stage), CONTENT, stage)
    objects.clock += TERM
    lab.save(took(lab.store, FAR), 5)  # a lane died, and the next one goes on with this stage
    objects.clock += 1.0
    before = lab.listed(f"stages/{STAGE}/")
    gone = collect(lab.store, set(), grace=-3600.0)
    assert {removal.key.split("/")[1] for removal in gone} == {OTHER}
    assert lab.listed("stages/") == before
    objects.clock += TERM
    collect(lab.store, set(), grace=-3600.0)
    assert lab.listed() == []


def test_a_name_cannot_hide_among_the_signs(folder_lab: Lab) -> None:
    attempt = took(folder_lab.store, FAR)
    for name in ("alive/1", "RELEASED"):
        with pytest.raises(ValueError, match="signs of life"):
            folder_lab.put(attempt, {name: b""})


class LeaseMachine(RuleBasedStateMachine):
    """One stage, three brokers of which two drive the same sweep one after the other, in any order of events."""

    BROKERS = (
        Holder(life="1", name="", reigns={"far": 1}),
        Holder(life="2", name="", reigns={"far": 2}),
        Holder(life="3", name="", reigns={"near": 1}),
    )
    WHO = st.sampled_from(BROKERS)

    @initialize()
    def open(self) -> None:
        self.objects = Clocked()
        self.store = StageStore(self.objects, TERM)
        self.attempts: list[tuple[str, Holder]] = []
        self.seen, self.over, self.made = 0.0, True, False

    @rule(who=WHO)
    def begin(self, who: Holder) -> None:
        newest = self.attempts[-1][1] if self.attempts else who
        lapsed = self.objects.clock - self.seen > TERM
        free = not self.made and (
            self.over or lapsed or who.life == newest.life or (newest.life, who.life) == ("1", "2")
        )
        held = self.store.look(STAGE, who)[1]
        assert (held is None) == (free or self.made)
        assert held is None or (held.holder, held.attempt, held.seen) == (newest, self.attempts[-1][0], self.seen)
        attempt = self.store.begin(STAGE, who)
        assert (attempt is not None) == free
        if attempt is not None:
            assert all(attempt > before for before, _ in self.attempts)
            self.attempts.append((attempt, who))
            self.seen, self.over = self.objects.clock, False

    @rule(data=st.data(), name=st.sampled_from(["alive/000001", "log/0.txt", "progress/x", "RELEASED"]))
    def write(self, data: st.DataObject, name: str) -> None:
        """Also by those that were replaced long ago."""
        if not self.attempts:
            return
        attempt = data.draw(st.sampled_from(self.attempts))[0]
        new = self.objects.create(f"stages/{STAGE}/{attempt}/{name}", f"{self.objects.clock} {name}".encode())
        if new and attempt == self.attempts[-1][0]:
            self.seen, self.over = self.objects.clock, self.over or name == "RELEASED"

    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        if not self.attempts:
            return
        attempt = data.draw(st.sampled_from(self.attempts))[0]
        before = self.store.committed(STAGE)
        winner = self.store.commit(STAGE, attempt, {}, {}, {}, {})
        assert winner.attempt == attempt if before is None else winner == before
        self.made = self.over = True

    @rule()
    def condemn(self) -> None:
        commit = self.store.committed(STAGE)
        if commit is not None:
            self.store.condemn(STAGE, commit.number)
            self.made = False

    @rule(seconds=st.sampled_from([1.0, TERM / 2, TERM, TERM + 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.objects.clock += seconds


TestLeaseMachine = LeaseMachine.TestCase
TestLeaseMachine.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
