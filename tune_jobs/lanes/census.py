"""What a hub's work amounts to, as numbers: what is there now, and what has been counted since the hub began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from trainers.lane import Ending
from trainers.stages import Shape, Stage

KindState = tuple[str, str]
KindEnding = tuple[str, str]
KindShape = tuple[str, str]
OwnerShapeState = tuple[str, str, str]
SECOND = "000001"  # what all attempts at a stage but the first are named above (`StageStore.begin`)


@dataclass(frozen=True)
class Census:
    """One look at a hub. Kinds are those of stages, shapes as `size` writes them, owners are sweeps.

    Attributes:
        stages: that are wanted now, by kind and state (pending, running, done, set aside).
        ready: stages that could run now if there were a lane, by shape.
        lanes: by owner, shape and state (waiting, busy, idle).
        asked: requests of trials for stages, each trial and stage once, by kind; all from here on only grow.
        shared: those of them that met a stage which another living trial had asked for.
        found: stages that the store had when it was asked first.
        runs: that have ended, by kind and how.
        seconds: of lanes that those took.
        steps: that were reported, by kind and shape.
        tokens: that those have read, as far as they were planned (`Stage.tokens`).
    """

    stages: Mapping[KindState, int]
    ready: Mapping[str, int]
    lanes: Mapping[OwnerShapeState, int]
    asked: Mapping[str, int]
    shared: Mapping[str, int]
    found: Mapping[str, int]
    runs: Mapping[KindEnding, int]
    seconds: Mapping[KindEnding, float]
    steps: Mapping[KindShape, int]
    tokens: Mapping[KindShape, float]


def size(shape: Shape) -> str:
    """A lane's size in few characters: `1x2cpu` is one worker with two cores, `2x1gpu` two with a GPU each."""
    return f"{shape.workers}x{shape.gpus}gpu" if shape.gpus else f"{shape.workers}x{shape.cores}cpu"


@dataclass
class _Run:
    """A run at work: since when, and how far it is."""

    stage: Stage
    begun: float
    step: int | None  # None: it goes on from a save, and has not said which
    part: float = 0.0  # of the stage


class Tally:
    """What only grows. `clock`: seconds, monotonic.

    After a death of the hub it begins anew, as counters may; runs of the hub before it are not counted.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._running: dict[str, _Run] = {}
        self._wants: dict[str, set[str]] = {}  # of living trials
        self._askers: Counter[str] = Counter()  # of each stage, among those
        self.asked: Counter[str] = Counter()
        self.shared: Counter[str] = Counter()
        self.runs: Counter[KindEnding] = Counter()
        self.seconds: dict[KindEnding, float] = {}
        self.steps: Counter[KindShape] = Counter()
        self.tokens: dict[KindShape, float] = {}

    def wants(self, trial: str, stages: Iterable[Stage]) -> None:
        """A trial asks for stages, with all that they read; what it has asked for before is not counted again."""
        mine = self._wants.setdefault(trial, set())
        for stage in stages:
            if stage.id not in mine:
                mine.add(stage.id)
                self.asked[stage.spec.kind] += 1
                self.shared[stage.spec.kind] += self._askers[stage.id] > 0
                self._askers[stage.id] += 1

    def drops(self, trial: str) -> None:
        """A trial wants nothing any more."""
        for stage in self._wants.pop(trial, ()):
            self._askers[stage] -= 1
            if not self._askers[stage]:
                del self._askers[stage]

    def begins(self, lane: str, stage: Stage, attempt: str) -> None:
        """A lane has taken a stage; only a stage's first attempt is sure to begin at its beginning."""
        self._running[lane] = _Run(stage, self._clock(), 0 if attempt < SECOND else None)

    def reports(self, lane: str, stage: str, step: int, steps: int) -> None:
        """A lane is at a step of its stage."""
        run = self._running.get(lane)
        if run is None or run.stage.id != stage or not steps:
            return
        if run.step is not None and step > run.step:
            self.steps[_key(run.stage)] += step - run.step
            self._read(run, step / steps - run.part)
        run.step, run.part = step, step / steps

    def ends(self, lane: str, ending: Ending) -> None:
        """A run has ended; one that has committed has read all to its end."""
        run = self._running.pop(lane, None)
        if run is None:
            return
        if ending is Ending.COMMITTED and run.step is not None:
            self._read(run, 1.0 - run.part)
        key = run.stage.spec.kind, ending.name.lower()
        self.runs[key] += 1
        self.seconds[key] = self.seconds.get(key, 0.0) + self._clock() - run.begun

    def census(
        self,
        stages: Mapping[KindState, int],
        ready: Mapping[str, int],
        lanes: Mapping[OwnerShapeState, int],
        found: Mapping[str, int],
    ) -> Census:
        """What has been counted, beside what there is now."""
        return Census(
            stages=stages,
            ready=ready,
            lanes=lanes,
            asked=dict(self.asked),
            shared=dict(self.shared),
            found=dict(found),
            runs=dict(self.runs),
            seconds=dict(self.seconds),
            steps=dict(self.steps),
            tokens=dict(self.tokens),
        )

    def _read(self, run: _Run, part: float) -> None:
        key = _key(run.stage)
        self.tokens[key] = self.tokens.get(key, 0.0) + part * run.stage.tokens


def _key(stage: Stage) -> KindShape:
    return stage.spec.kind, size(stage.shape)
