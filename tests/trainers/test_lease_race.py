"""Sixteen processes want the same stages, some are suspended past their leases, some killed: each is made once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from uuid import uuid4

import pytest

from tests.trainers.racer import MOMENTS, NAMES, content, stage
from tests.trainers.stores import real_location
from trainers.store import open_objects
from trainers.store.collect import collect
from trainers.store.stages import StageStore
from trainers.store.survey import Survey

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

RACERS, READERS, STAGES = 16, 2, 20
TERM = 10.0  # seconds; where cores are few a living process is silent for a while, too
STRIKES = [f"{name}:{moment}" for name in ("SIGSTOP", "SIGKILL") for moment in MOMENTS]
ROOT = Path(__file__).parents[2]


@dataclass
class Race:
    """What the processes have said, and how they ended."""

    store: StageStore
    journals: dict[str, list[list[str]]]
    codes: dict[str, int]

    def said(self, word: str) -> list[list[str]]:
        """All lines that begin so."""
        return [line[1:] for line in chain(*self.journals.values()) if line[0] == word]

    def attempts(self, id: str) -> list[str]:
        """The attempts at a stage, in order."""
        return sorted(attempt for begun, attempt in self.said("begun") if begun == id)


@dataclass
class Runners:
    """The processes of a race."""

    store: StageStore
    meeting: Path
    processes: dict[str, subprocess.Popen[str]]

    def start(self, location: str, name: str, *words: str) -> None:
        what = "make" if words else "read"
        arguments = [what, location, str(TERM), str(STAGES), str(self.meeting), name, *words]
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "tests.trainers.racer", *arguments],
            cwd=ROOT,
            text=True,
            stderr=subprocess.PIPE,
        )

    def journal(self, name: str) -> list[list[str]]:
        path = self.meeting / f"{name}.journal"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def wait(self, true: Callable[[], object]) -> None:
        while not true():
            failed = [p for p in self.processes.values() if p.poll() not in (None, 0, -signal.SIGKILL)]
            assert not failed, failed[0].communicate()[1]
            time.sleep(0.1)

    def wake(self, name: str, *, late: bool) -> None:
        """Wait until a process is suspended and another one has its stage, or has even committed it; then go on."""
        self.wait(lambda: any(line[0] == "struck" for line in self.journal(name)))
        _, id, attempt, _ = self.journal(name)[-1]
        self.wait(lambda: max(Survey.of(self.store.objects, id).numbers("BEGIN")) > int(attempt.split("-")[0]))
        if late:
            self.wait(lambda: self.store.committed(id) is not None)
        self.processes[name].send_signal(signal.SIGCONT)


@pytest.fixture(scope="module", params=["folder", "real s3"])
def location(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of an empty store that many processes may use at once, which the S3 server of other tests is too slow for."""
    if request.param == "folder":
        return str(tmp_path_factory.mktemp("race") / "store")
    return f"{real_location()}/{uuid4().hex}"


@pytest.fixture(scope="module")
def race(location: str, tmp_path_factory: pytest.TempPathFactory) -> Race:
    runners = Runners(StageStore(open_objects(location), TERM), tmp_path_factory.mktemp("meeting"), {})
    with ExitStack() as end:
        for number in range(RACERS):
            runners.start(location, f"racer-{number}", STRIKES[number] if number < len(STRIKES) else "-")
        for number in range(READERS):
            runners.start(location, f"reader-{number}")
        for process in runners.processes.values():
            end.callback(process.kill)
        runners.wait(lambda: len(list(runners.meeting.glob("*.ready"))) == RACERS + READERS)
        (runners.meeting / "go").touch()
        for number, strike in enumerate(STRIKES):
            if strike.startswith("SIGSTOP"):
                runners.wake(f"racer-{number}", late=number % 2 == 0)
        for name, process in runners.processes.items():
            if name.startswith("racer"):
                runners.wait(lambda process=process: process.poll() is not None)
        (runners.meeting / "over").touch()
        errors = {name: process.communicate()[1] for name, process in runners.processes.items()}
        codes = {name: process.returncode for name, process in runners.processes.items()}
        assert all(code in (0, -signal.SIGKILL) for code in codes.values()), errors
    return Race(runners.store, {name: runners.journal(name) for name in runners.processes}, codes)


def test_every_process_was_struck_as_meant_and_all_others_ended_well(race: Race) -> None:
    struck = {name: [line[3] for line in lines if line[0] == "struck"] for name, lines in race.journals.items()}
    meant = {f"racer-{number}": [strike.partition(":")[0]] for number, strike in enumerate(STRIKES)}
    assert {name: signals for name, signals in struck.items() if signals} == meant
    killed = {name for name, signals in meant.items() if signals == ["SIGKILL"]}
    assert {name for name, code in race.codes.items() if code} == killed


def test_each_stage_is_committed_once(race: Race) -> None:
    for number in range(STAGES):
        assert Survey.of(race.store.objects, stage(number)).numbers("COMMIT", "DAMAGED") == [0]


def test_each_stage_is_made_once_but_for_those_whose_maker_was_struck(race: Race) -> None:
    struck = {attempt for _, attempt, _ in race.said("struck")}
    begun = {id: race.attempts(id) for id in map(stage, range(STAGES))}
    again = {attempt for attempts in begun.values() for attempt in attempts[:-1]}
    assert again == struck
    assert sum(map(len, begun.values())) == STAGES + len(STRIKES)


def test_all_agree_on_what_was_committed(race: Race) -> None:
    for id, _, winner in race.said("ended"):
        commit = race.store.committed(id)
        assert commit is not None and commit.attempt == winner


def test_readers_saw_every_stage_whole_and_unchanged(race: Race) -> None:
    """Otherwise they would have ended by an assertion."""
    for number in range(READERS):
        last = race.journals[f"reader-{number}"][-1]
        assert set(last[1:]) == {stage(number) for number in range(STAGES)}


def test_nothing_is_left_that_collection_does_not_find(race: Race) -> None:
    commits = list(race.store.commits())
    collect(race.store, {commit.stage for commit in commits}, grace=-3600.0)
    left = {info.key for info in race.store.objects.list("stages/") if info.key.count("/") > 2}
    kept = {commit.key(name) for commit in commits for name in commit.files}
    logs = {key for key in left if "/log/" in key}
    assert left - logs == kept
    for commit in commits:
        assert race.store.read(commit, "config.json") == content(commit.attempt, "config.json")
    assert set(NAMES) == set(commits[0].files)
