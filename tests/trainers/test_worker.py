"""A worker speaks while it makes no step; one that hangs ends, so that its group starts again."""

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
        with worker.Reporter(Deaf(), LaneId("lane", 0), TOLD, silence=1.0) as reporter:
            for step in range(steps):
                reporter(step, steps)
                time.sleep(0.1)
            time.sleep(0.0 if steps else 60.0)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == code


class Slow(Deaf):
    """A broker that takes its time, then fails, or tells the stage to stop."""

    def __init__(self, verdict: Verdict | Exception) -> None:
        self.verdict, self.told = verdict, list[tuple[int, int]]()

    def progress(self, lane: LaneId, stage: str, attempt: str, step: int, steps: int) -> Verdict:
        time.sleep(0.2)
        self.told.append((step, steps))
        if len(self.told) < 3:
            return Verdict.GO_ON
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


def until_it_answers(reporter: worker.Reporter) -> Verdict:
    """Steps of a stage, each of which must be quick."""
    while True:
        begun = time.monotonic()
        verdict = reporter(7, 9)
        assert time.monotonic() - begun < 0.1, "a step waited for the broker"
        if verdict is Verdict.STOP:
            return verdict
        time.sleep(0.01)


def test_a_stage_without_steps_gives_signs_of_life_and_no_step_waits_for_an_answer() -> None:
    broker = Slow(Verdict.STOP)
    with worker.Reporter(broker, LaneId("lane", 0), TOLD) as reporter:
        while not broker.told:
            time.sleep(0.01)
        assert broker.told == [(0, 0)]
        assert until_it_answers(reporter) is Verdict.STOP
    assert broker.told[-1] == (7, 9)


def test_what_a_report_raises_ends_the_stage() -> None:
    broker = Slow(ConnectionError("gone"))
    with worker.Reporter(broker, LaneId("lane", 0), TOLD) as reporter, pytest.raises(ConnectionError, match="gone"):
        until_it_answers(reporter)
