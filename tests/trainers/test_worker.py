"""A worker that hangs ends, so that its group starts again; one that makes steps goes on."""

from __future__ import annotations

import os
import time

import pytest

from trainers import worker
from trainers.lane import Assignment, LaneId, Outcome, Place, Verdict, Wait
from trainers.stages import Shape, Stage, TokenizerSpec

TOLD = Assignment(Stage(TokenizerSpec(text=(), vocabulary=300), "tokenizer"), "000000-x")


class Deaf:
    """A broker that always says: go on."""

    def arrive(self, name: str, places: tuple[Place, ...] = ()) -> LaneId:
        return LaneId(name, 0)

    def ask(self, lane: LaneId, shape: Shape | None = None) -> Wait:
        return Wait()

    def progress(self, lane: LaneId, stage: str, attempt: str, step: int, steps: int) -> Verdict:
        return Verdict.GO_ON

    def end(self, lane: LaneId, stage: str, attempt: str, outcome: Outcome) -> None: ...


@pytest.mark.parametrize(("steps", "code"), [(0, worker.HANGING), (30, 0)])
def test_a_process_ends_that_makes_no_step_for_long(steps: int, code: int) -> None:
    child = os.fork()
    if child == 0:
        reporter = worker._Reporter(Deaf(), LaneId("lane", 0), TOLD)
        with worker.watched(reporter, silence=1.0):
            for step in range(steps):
                reporter(step, steps)
                time.sleep(0.1)
            time.sleep(0.0 if steps else 60.0)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == code
