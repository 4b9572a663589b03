"""A lane in this process: asks the broker, runs a stage, says how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from trainers.lane import Assignment, LaneId, Outcome, Verdict, Work
from trainers.runner import Runner as StageRunner
from trainers.session import Settings
from trainers.store.stages import StageStore
from tune_jobs.lanes.notices import OnEvent, StageBegun, StageEnded, StageProgress
from tune_jobs.places import cache_folder

SERIAL = LaneId("serial", 0)
PAUSE = 1.0  # seconds between two questions while others make all that is wanted


class Runner(Protocol):
    """What runs a stage: `trainers.runner.Runner`."""

    def run(self, assignment: Assignment, report: Callable[[int, int], Verdict]) -> Outcome:
        """Run a stage to its COMMIT, or as far as `report` lets it."""


@dataclass(frozen=True)
class SerialLane:
    """The lane's side of `trainers.lane.Work`. `stop` says, at every report, whether to keep progress and stop."""

    work: Work
    runner: Runner
    on_event: OnEvent
    stop: Callable[[], bool]

    def turn(self) -> tuple[Assignment, Outcome] | None:
        """Run one stage; None if none is ready."""
        assignment = self.work.ask(SERIAL)
        if not isinstance(assignment, Assignment):
            return None
        id, label = assignment.stage.id, assignment.stage.label

        def report(step: int, steps: int) -> Verdict:
            self.on_event(StageProgress(SERIAL.name, id, label, step, steps))
            verdict = self.work.progress(SERIAL, id, assignment.attempt, step, steps)
            return Verdict.STOP if self.stop() else verdict

        self.on_event(StageBegun(SERIAL.name, id, label, assignment.stage.shape))
        outcome = self.runner.run(assignment, report)
        self.work.end(SERIAL, id, assignment.attempt, outcome)
        self.on_event(StageEnded(SERIAL.name, id, label, outcome.ending, outcome.reason))
        return assignment, outcome


def serial_lane(store: StageStore, micro_tokens: int, save_seconds: float) -> StageRunner:
    """What runs stages here; its local copies are in this machine's cache folder.

    Args:
        store: where stages live.
        micro_tokens: padded tokens that a micro-batch holds at most.
        save_seconds: between saves of progress.
    """
    return StageRunner(store, Settings(cache=cache_folder(), micro_tokens=micro_tokens, save_seconds=save_seconds))
