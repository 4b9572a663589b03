"""What a trial costs does not grow with the trials before it, and what a service holds does not grow for ever.

Requests and calls are counted, not timed; `benchmarks/scale.py` has the times.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml

from search_spaces.document import parse
from search_spaces.space import Space, from_document
from search_spaces.study import ATTEMPTS
from tests.tune_jobs.shelf import Clock, MemoryShelf, by_id, root
from tests.tune_jobs.world import SPACE, LittleLane, MemoryObjects, expand
from trainers.lane import Assignment, Place
from trainers.stages import Shape
from trainers.store.objects import ObjectInfo
from trainers.store.stages import StageStore
from tune_jobs.commands.log_file import BEFORE, OLD, LogFile
from tune_jobs.lanes.broker import Broker, Patience
from tune_jobs.lanes.drivers import KEPT, Driver
from tune_jobs.lanes.fleet import Limits
from tune_jobs.lanes.hub import Hub
from tune_jobs.lanes.notices import Notice, StageProgress
from tune_jobs.sweeps.driver import run_sweep
from tune_jobs.sweeps.events import Ended, How, Sampled
from tune_jobs.sweeps.history import History
from tune_jobs.sweeps.searcher import Searcher, recipe_id

TRIALS = 200
WINDOW = 20  # trials that are counted together, early in the sweep and late


@dataclass
class Counting(MemoryObjects):
    """Counts requests, and what listings have named. Keys are kept in order, so that many objects take no time."""

    requests: Counter[str] = field(default_factory=Counter)
    _keys: list[str] = field(default_factory=list)

    def _write(self, key: str, data: bytes) -> None:
        if key not in self.content:
            insort(self._keys, key)
        super()._write(key, data)

    def create(self, key: str, data: bytes) -> bool:
        self.requests["create"] += 1
        return super().create(key, data)

    def upload(self, key: str, path: Path) -> None:
        self.requests["upload"] += 1
        super().upload(key, path)

    def read(self, key: str) -> bytes:
        self.requests["read"] += 1
        return super().read(key)

    def delete(self, key: str) -> None:
        self.requests["delete"] += 1
        if key in self.content:
            del self._keys[bisect_left(self._keys, key)]
        super().delete(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        self.requests["list"] += 1
        for key in self._keys[bisect_left(self._keys, prefix) :]:
            if not key.startswith(prefix):
                return
            self.requests["listed"] += 1
            yield ObjectInfo(key, len(self.content[key]), 0.0)


def wide(**search: Any) -> Space:
    """The little space with 300 points."""
    recipe = SPACE["recipe"] | {
        "intermediate": SPACE["recipe"]["intermediate"] | {"fraction": {"choice": [n / 100 for n in range(1, 101)]}}
    }
    content = SPACE | {"recipe": recipe, "search": SPACE["search"] | {"trials": TRIALS} | search}
    return from_document(parse(yaml.safe_dump(content), "wide.yaml"))


@dataclass
class Calls:
    """Python calls while it is entered."""

    count: int = 0

    def __enter__(self) -> Calls:
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)

    def _seen(self, frame: FrameType, event: str, argument: object) -> None:
        self.count += event in ("call", "c_call")


class Watch:
    """Keeps what had been counted when each trial began."""

    def __init__(self, counted: Counter[str]) -> None:
        self.trials: list[Counter[str]] = []
        self._counted = counted

    def __call__(self, notice: Notice) -> None:
        if isinstance(notice, Sampled):
            self.trials.append(self._counted.copy())

    def within(self, first: int) -> Counter[str]:
        """In a window that begins with a trial."""
        return self.trials[first + WINDOW] - self.trials[first]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    """A sweep: requests to its store, and steps of its broker's answers."""
    objects = Counting()
    watch = Watch(objects.requests)
    store = StageStore(objects)

    def counted(name: str) -> Any:
        call = getattr(Broker, name)

        def counting(self: Broker, *arguments: Any) -> Any:
            with Calls() as calls:
                answer = call(self, *arguments)
            objects.requests[name] += calls.count
            return answer

        return counting

    with pytest.MonkeyPatch.context() as patch:
        for name in ("ask", "done"):
            patch.setattr(Broker, name, counted(name))
        lane = LittleLane(store, tmp_path_factory.mktemp("lane"))
        run_sweep(wide(), store, expand=expand, lane=lane, on_event=watch, clock=lambda: 0.0)
    return watch


@pytest.mark.slow
def test_a_trial_asks_no_more_of_the_store_the_more_there_are_before_it(swept: Watch) -> None:
    early, late = swept.within(WINDOW), swept.within(TRIALS - WINDOW - 1)
    assert early["create"] > WINDOW and early["list"] > WINDOW
    for kind in ("create", "upload", "read", "delete", "list", "listed"):
        assert late[kind] == early[kind], kind


@pytest.mark.slow
def test_a_decision_takes_no_more_steps_the_more_trials_were_before_it(swept: Watch) -> None:
    early, late = swept.within(WINDOW), swept.within(TRIALS - WINDOW - 1)
    assert early["ask"] > WINDOW
    assert late["ask"] <= 1.1 * early["ask"] and late["done"] <= 1.1 * early["done"]


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_question_works_out_only_what_is_new(sampler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    what = wide(sampler=sampler, startup=5)
    worked: Counter[str] = Counter()
    canonical = Space.canonical

    def counted(self: Space, params: Any) -> Any:
        worked["points"] += 1
        return canonical(self, params)

    monkeypatch.setattr(Space, "canonical", counted)
    searcher, history, asked = Searcher(what), History(), []
    for number in range(TRIALS // 2):
        before = worked["points"]
        found = searcher.next(history)
        asked.append(worked["points"] - before)
        assert found is not None
        params, recipe = found
        history.apply(Sampled(trial=number, params=params, recipe=recipe, recipe_id=recipe_id(recipe)))
        history.apply(Ended(trial=number, how=How.COMPLETE, value=float(number % 7)))
    assert max(asked) <= 3 * ATTEMPTS


def test_a_command_that_never_ends_has_logs_of_limited_size(tmp_path: Path) -> None:
    size = 10_000
    log = LogFile(tmp_path / "logs" / "command.log", size)
    for number in range(5_000):
        log.emit(logging.LogRecord("tasks", logging.INFO, "", 0, "line %d", (number,), None))
    log.close()
    files = sorted(log.path.parent.iterdir())
    assert len(files) == 1 + BEFORE
    assert sum(path.stat().st_size for path in files) <= (1 + BEFORE) * size
    assert log.path.read_text().splitlines()[-1].endswith("line 4999")


def test_logs_of_long_ago_go_when_a_new_one_comes(tmp_path: Path) -> None:
    for name, age in (("old.log", OLD + 60), ("old.log.1", OLD + 60), ("new.log", OLD / 2), ("other.txt", OLD + 60)):
        (tmp_path / name).write_text("a line\n")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    log = LogFile(tmp_path / "command.log")
    log.emit(logging.LogRecord("tasks", logging.INFO, "", 0, "a line", (), None))
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["command.log", "new.log", "other.txt"]


def test_notices_that_no_driver_fetches_are_limited() -> None:
    hub = Hub(MemoryShelf(), Clock(), lambda: {"here"}, Patience())
    stage, lanes = root("base"), {"a/1": Shape()}
    driver = Driver(1, {"CPU": 1.0}, Limits(), Counter(), lanes)
    hub.attend("a", driver)
    hub.want("a/0", 0, [stage.id], by_id(stage))
    lane = hub.arrive("a/1", (Place("here", 1),))
    work = hub.ask(lane, Shape())
    assert isinstance(work, Assignment)
    for step in range(1, KEPT + 101):
        hub.progress(lane, stage.id, work.attempt, step, 2 * KEPT)
    notices = hub.attend("a", driver).notices
    assert len(notices) == KEPT
    assert notices[-1] == StageProgress("a/1", stage.id, stage.label, KEPT + 100, 2 * KEPT)
    assert hub.attend("a", driver).notices == []
