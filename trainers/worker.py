"""The train loop of a lane: what each worker of a long-lived `TorchTrainer.fit()` runs.

Start-up is paid once: rank 0 asks the broker for stage after stage and tells the others, all of them run it, rank 0
commits. A worker that dies takes its group down; Ray Train starts it again, and the broker hands out what was lost.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import nullcontext
from types import TracebackType

import ray
import ray.train

from tasks.errors import UserError
from trainers.lane import SILENCE, Assignment, Ending, Lane, LaneId, Leave, Outcome, Place, Verdict, Wait, Work
from trainers.ranks import Ranks
from trainers.runner import Runner
from trainers.session import Settings
from trainers.store import open_objects
from trainers.store.stages import StageStore

PAUSE, LONGEST = 0.1, 1.0  # seconds between two questions of an idle lane: at first, and in the end
HANGING = 70  # the exit code of a worker that has hung (sysexits.h: EX_SOFTWARE)
REPORT = 0.3  # seconds between two reports

log = logging.getLogger(__name__)


def serve(lane: Lane) -> None:
    """Run stages until the broker lets the lane go.

    Raises:
        RuntimeError: a stage failed on this rank and not for certain on the others, who may wait for it: the group has
            to start again. The broker knows the reason by then.
    """
    context = ray.train.get_context()
    ranks = Ranks(context.get_world_rank(), context.get_world_size())
    settings = Settings(lane.cache(), lane.micro_tokens, lane.save_seconds)
    runner = Runner(StageStore(open_objects(lane.location, reached=True)), settings, ranks)
    places = ranks.gather(Place(ray.get_runtime_context().get_node_id(), os.getpid()))
    me = ranks.agree(lane.work.arrive(lane.name, tuple(places)) if ranks.first else LaneId("", 0))
    pause = PAUSE
    while True:
        told = ranks.agree(lane.work.ask(me, lane.shape) if ranks.first else Wait())
        if isinstance(told, Leave):
            return
        if isinstance(told, Assignment):
            _run(lane, me, runner, told)
            pause = PAUSE
        else:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST)


def _run(lane: Lane, me: LaneId, runner: Runner, told: Assignment) -> None:
    reporter = Reporter(lane.work, me, told)
    with reporter if runner.ranks.first else nullcontext():  # it alone reports
        try:
            outcome = runner.run(told, reporter)
        except UserError as error:
            outcome = Outcome(Ending.MENDABLE, str(error))
    together = outcome.ending in (Ending.COMMITTED, Ending.STOPPED, Ending.DIVERGED)  # on all ranks or on none
    if runner.ranks.first or not together:
        lane.work.end(me, told.stage.id, told.attempt, outcome)
    if not together and runner.ranks.size > 1:
        raise RuntimeError(f"{told.stage.label} on rank {runner.ranks.rank}: {outcome.reason}")


class Reporter:
    """Tells the broker how far a stage is, from a thread of its own while it is entered.

    A step notes where it is and reads the broker's last answer, so it never waits for a call; and a process that loads
    or uploads is not taken for dead. After `silence` seconds without a step it ends itself, and its group starts again:
    a thread that hangs in a collective or a driver cannot be interrupted, and would hold the lane's machines for ever.
    """

    def __init__(self, work: Work, me: LaneId, told: Assignment, silence: float = SILENCE) -> None:
        self._work, self._me, self._told, self._silence = work, me, told, silence
        self._stepped = time.monotonic()
        self._at = 0, 0
        self._verdict = Verdict.GO_ON
        self._error: Exception | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._report, daemon=True)

    def __enter__(self) -> Reporter:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self, step: int, steps: int) -> Verdict:
        """A step is done; what the broker said last. Raises what the last report raised."""
        self._stepped, self._at = time.monotonic(), (step, steps)
        if self._error is not None:
            raise self._error
        return self._verdict

    def _report(self) -> None:
        stage, attempt = self._told.stage.id, self._told.attempt
        while self._verdict is Verdict.GO_ON and self._error is None and not self._over.wait(REPORT):
            try:
                self._verdict = self._work.progress(self._me, stage, attempt, *self._at)
            except Exception as error:  # the stage ends by it, at its next step
                self._error = error
            self._look()
        while not self._over.wait(REPORT):
            self._look()

    def _look(self) -> None:
        if time.monotonic() - self._stepped > self._silence:
            log.error("no step for %g s: the process ends", self._silence)
            os._exit(HANGING)
