"""A sweep's trials and lanes, simulated, against a real hub: they ask, report, commit a tiny file, and want more."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scale_graphs import Wanted, wanted
from benchmarks.scale_hub import NODE, Cost, HubApart
from trainers.lane import Assignment, Ending, LaneId, Leave, Outcome, Place, Verdict
from trainers.stages import Shape
from trainers.store.folder import FolderObjects
from trainers.store.stages import StageStore
from tune_jobs.lanes.drivers import Driver
from tune_jobs.lanes.fleet import Limits

SWEEP = "scale"
DIVERGES = 100  # one trial in so many has a target that diverges
STEPS = 2  # reports of each run


@dataclass(frozen=True)
class Figures:
    """What has been seen up to some number of trials.

    Attributes:
        trials: that have ended.
        stages: that were committed.
        grown: bytes that the hub's process holds more than when it was empty.
        decisions: costs of the calls of `ask` since the figures before.
        requests: of the hub at the store, since the figures before.
        seconds: since the figures before.
    """

    trials: int
    stages: int
    grown: int
    decisions: list[Cost]
    requests: Counter[str]
    seconds: float


@dataclass
class Lane:
    """A lane: what it runs, and the reports that it has made of it."""

    me: LaneId
    shape: Shape
    work: Assignment | None = None
    reports: int = 0


@dataclass
class Trial:
    """A trial in flight."""

    wanted: Wanted
    rung: int = 0


@dataclass
class Simulation:
    """A sweep that is played. `width`: lanes, and trials in flight."""

    hub: HubApart
    store: Path
    scratch: Path
    width: int
    stages: int = 0
    ended: int = 0
    decisions: list[Cost] = field(default_factory=list)
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _gone: list[str] = field(default_factory=list)
    _trials: dict[int, Trial] = field(default_factory=dict)
    _begun: int = 0
    _doomed: set[str] = field(default_factory=set)

    def run(self, marks: Sequence[int]) -> Iterator[Figures]:
        """Play trials, and give figures when so many have ended. `marks` rise."""
        self._stages_here = StageStore(FolderObjects(self.store))
        self._file = self.scratch / "model.safetensors"
        self._file.write_bytes(b"weights")
        empty, requests, since = self.hub.memory(), self.hub.requests(), time.monotonic()
        for mark in marks:
            while self.ended < mark:
                self._round(mark)
            now = self.hub.requests()
            grown, seconds = self.hub.memory() - empty, time.monotonic() - since
            yield Figures(self.ended, self.stages, grown, self.decisions, now - requests, seconds)
            self.decisions, requests, since = [], now, time.monotonic()

    def _round(self, last: int) -> None:
        """Everybody's turn, once; trials up to `last` begin."""
        self._attend()
        for number in range(self._begun, min(last, self._begun + self.width - len(self._trials))):
            self._begin(number)
        for lane in list(self._lanes.values()):
            self._ask(lane) if lane.work is None else self._work(lane, lane.work)
        for number, trial in list(self._trials.items()):
            self._look(number, trial)

    def _attend(self) -> None:
        room = {"CPU": float(self.width), "GPU": 0.0}
        lanes = {name: lane.shape for name, lane in self._lanes.items()}
        me = Driver(1, room, Limits(most=self.width), Counter(), lanes, tuple(self._gone))
        self._gone.clear()
        for name, shape in self.hub.call("attend", SWEEP, me).launch.items():
            self._lanes[name] = Lane(self.hub.call("arrive", name, (Place(NODE, len(self._lanes)),)), shape)

    # --- trials -----------------------------------------------------------------------------------------------------

    def _begin(self, number: int) -> None:
        trial = Trial(wanted(number))
        self._begun = number + 1
        self._trials[number] = trial
        if number % DIVERGES == DIVERGES - 1:
            self._doomed.add(trial.wanted.last_target)
        self.hub.call("enter", f"{SWEEP}/{number}", trial.wanted)
        self._want(number, trial)

    def _want(self, number: int, trial: Trial) -> None:
        self.hub.call("want", f"{SWEEP}/{number}", trial.rung, trial.wanted.rungs[trial.rung], trial.wanted.stages)

    def _look(self, number: int, trial: Trial) -> None:
        answer = self.hub.call("done", f"{SWEEP}/{number}", trial.wanted.rungs[trial.rung])
        if answer.missing and not answer.reason:
            return
        trial.rung += 1
        if not answer.reason and trial.rung < len(trial.wanted.rungs):
            self._want(number, trial)
            return
        self.hub.call("drop", f"{SWEEP}/{number}")
        self._doomed.discard(trial.wanted.last_target)
        del self._trials[number]
        self.ended += 1

    # --- lanes ------------------------------------------------------------------------------------------------------

    def _ask(self, lane: Lane) -> None:
        answer, cost = self.hub.timed("ask", lane.me, lane.shape)
        self.decisions.append(cost)
        if isinstance(answer, Assignment):
            lane.work, lane.reports = answer, 0
        elif isinstance(answer, Leave):
            del self._lanes[lane.me.name]
            self._gone.append(lane.me.name)

    def _work(self, lane: Lane, work: Assignment) -> None:
        stage, attempt = work.stage, work.attempt
        lane.reports += 1
        verdict = self.hub.call("progress", lane.me, stage.id, attempt, lane.reports, STEPS)
        if verdict is Verdict.STOP:
            outcome = Outcome(Ending.STOPPED)
        elif lane.reports < STEPS:
            return
        elif stage.id in self._doomed:
            outcome = Outcome(Ending.DIVERGED, "not finite")
        else:
            self._commit(work)
            outcome = Outcome(Ending.COMMITTED)
        self.hub.call("end", lane.me, stage.id, attempt, outcome)
        lane.work = None

    def _commit(self, work: Assignment) -> None:
        stage, store = work.stage, self._stages_here
        files = {self._file.name: store.put(stage.id, work.attempt, self._file.name, self._file)}
        store.commit(stage.id, work.attempt, files, {}, stage.spec, {"seconds": 1.0, "tokens": 1000})
        self.stages += 1
