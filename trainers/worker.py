"""The train loop of a lane: what each worker of a long-lived `TorchTrainer.fit()` runs.

Start-up is paid once: rank 0 asks the broker for stage after stage and tells the others, all of them run it, rank 0
commits. A worker that dies takes its group down; Ray Train starts it again, and the broker hands out what was lost.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import ray
import ray.train

from tasks.errors import UserError
from trainers.lane import SILENCE, Assignment, Ending, Lane, LaneId, Leave, Outcome, Place, Verdict, Wait, Work
from trainers.ranks import Ranks
from trainers.runner import Runner
from trainers.session import Settings
from trainers.store import open_objects
from trainers.store.stages import StageStore

PAUSE = 0.1  # seconds between two questions of an idle lane
HANGING = 70  # the exit code of a worker that has hung (sysexits.h: EX_SOFTWARE)
REPORT = 0.3  # seconds between two reports, each of which is a call to another process

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
    runner = Runner(StageStore(open_objects(lane.location)), settings, ranks)
    places = ranks.gather(Place(ray.get_runtime_context().get_node_id(), os.getpid()))
    me = ranks.agree(lane.work.arrive(lane.name, tuple(places)) if ranks.first else LaneId("", 0))
    while True:
        told = ranks.agree(lane.work.ask(me, lane.shape) if ranks.first else Wait())
        if isinstance(told, Leave):
            return
        if isinstance(told, Assignment):
            _run(lane, me, runner, told)
        else:
            time.sleep(PAUSE)


def _run(lane: Lane, me: LaneId, runner: Runner, told: Assignment) -> None:
    reporter = _Reporter(lane.work, me, told)
    with watched(reporter) if runner.ranks.first else nullcontext():  # it alone reports
        try:
            outcome = runner.run(told, reporter)
        except UserError as error:
            outcome = Outcome(Ending.MENDABLE, str(error))
    together = outcome.ending in (Ending.COMMITTED, Ending.STOPPED, Ending.DIVERGED)  # on all ranks or on none
    if runner.ranks.first or not together:
        lane.work.end(me, told.stage.id, told.attempt, outcome)
    if not together and runner.ranks.size > 1:
        raise RuntimeError(f"{told.stage.label} on rank {runner.ranks.rank}: {outcome.reason}")


@contextmanager
def watched(reporter: _Reporter, silence: float = SILENCE) -> Iterator[None]:
    """Within: this process ends if a stage makes no step for so many seconds; its group starts again.

    A thread that hangs in a collective or a driver cannot be interrupted, and would hold the lane's machines for ever.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(min(silence, 1.0)):
            if time.monotonic() - reporter.stepped > silence:
                log.error("no step for %g s: the process ends", silence)
                os._exit(HANGING)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


class _Reporter:
    """Tells the broker how far a stage is, now and then; in between its last answer holds. `stepped`: the last time."""

    def __init__(self, work: Work, me: LaneId, told: Assignment) -> None:
        self._work, self._me, self._told = work, me, told
        self.stepped = time.monotonic()
        self._last = -REPORT
        self._verdict = Verdict.GO_ON

    def __call__(self, step: int, steps: int) -> Verdict:
        self.stepped = now = time.monotonic()
        if now - self._last >= REPORT and self._verdict is Verdict.GO_ON:
            self._last = now
            self._verdict = self._work.progress(self._me, self._told.stage.id, self._told.attempt, step, steps)
        return self._verdict
