"""The serial driver: a sweep in one process. Trials take turns, one lane runs their stages.

Replay the log, continue the trials that are open, begin new ones, run what they want, stage by stage. The same call
continues an interrupted sweep and extends a finished one whose budget has grown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from search_spaces.space import Space
from trainers.lane import Assignment, Ending, Outcome
from trainers.store.leases import Holder
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Broker
from tune_jobs.lanes.interrupted import Interrupted
from tune_jobs.lanes.notices import OnEvent, waiting
from tune_jobs.lanes.serial_lane import PAUSE, Runner, SerialLane
from tune_jobs.lanes.signals import polite_stop
from tune_jobs.sweeps.budget import NO_BUDGET, Budget
from tune_jobs.sweeps.desk import SweepDesk
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.meter import Meter, metered
from tune_jobs.sweeps.opening import FENCE_SECONDS, open_log
from tune_jobs.sweeps.sampling import Expand, Sampling, left
from tune_jobs.sweeps.summary import Summary, summarise
from tune_jobs.sweeps.trial import run as live


def run_sweep(
    space: Space,
    store: StageStore,
    *,
    expand: Expand,
    lane: Runner,
    on_event: OnEvent = lambda notice: None,
    clock: Callable[[], float] = time.monotonic,
    budget: Budget = NO_BUDGET,
) -> Summary:
    """Run a sweep to its end, from wherever its log leaves it.

    Args:
        space: what to search; its name is the sweep's.
        store: where stages and events live.
        expand: a recipe's stages on the space's suite, data and rungs.
        lane: what runs a stage.
        on_event: is told of every event and of what the lane does.
        clock: seconds, monotonic.
        budget: what it may use in all. When that is used up the running stage keeps its progress and no trial begins:
            the sweep rests, and goes on under a larger one.

    Raises:
        UserError: the sweep of this name had another space, another driver took over, or data or store are at fault.
        Interrupted: SIGINT or SIGTERM; the running stage's progress is in the store.
    """
    if budget.given:
        budget.check(expand(space.baseline()).stages.values())
    with polite_stop() as asked:
        log = open_log(space, store.objects, expand)
        meter = Meter(budget, log, store.objects, clock)
        driver = _Driver(space, store, log, expand, lane, on_event, clock, asked, meter)
        over = driver.drive()
    summary = summarise(space.name, log.history, driver.trained, store)
    return replace(summary, budget=budget.lines(meter.used()), over=over)


class _Driver:
    """The loop over trials and stages; `trained` are the stages that it has made."""

    def __init__(
        self,
        space: Space,
        store: StageStore,
        log: EventLog,
        expand: Expand,
        runner: Runner,
        on_event: OnEvent,
        clock: Callable[[], float],
        asked: Callable[[], bool],
        meter: Meter,
    ) -> None:
        self.trained: set[str] = set()
        self._space = space
        self._store = store
        self._log = log
        self._meter = meter
        self._clock = clock
        self._asked = asked
        self._fenced = clock()
        me = Holder(life=log.nonce, name=f"sweep {space.name}", reigns={space.name: log.reign})
        self._broker = Broker(store, clock, None, lambda trials: me, lambda stage, held: on_event(waiting(stage, held)))
        self._desk = SweepDesk(space, store, self._broker, log, on_event)
        self._sampling = Sampling(space, store, log, self._desk, expand, lambda: bool(meter.over()))
        self._lane = SerialLane(self._broker, runner, metered(meter, on_event), self._stop)
        self._lives: dict[int, Iterator[None]] = {}

    def drive(self) -> tuple[str, ...]:
        """Until no trial is open and none is to begin, or the budget is used up: what of it, if something is left."""
        while True:
            self._take_turns()
            if self._meter.over() and left(self._space, self._log.history):
                self._rest()
                return self._meter.over()
            if not self._lives:
                return ()
            if self._asked():
                self._rest()
                raise Interrupted(self._log.sweep)
            self._fence()
            turn = self._lane.turn()
            if turn is not None:
                self._count(*turn)
            elif self._broker.waits():
                time.sleep(PAUSE)
            elif self._broker.stuck():  # else another sweep has made what they wait for
                raise RuntimeError(f"trials {sorted(self._lives)} wait for stages, and none is ready")

    def _count(self, work: Assignment, outcome: Outcome) -> None:
        """A stage is trained by us if the COMMIT that counts is of our attempt."""
        if outcome.ending is Ending.COMMITTED:
            commit = self._store.committed(work.stage.id)
            if commit is not None and commit.attempt == work.attempt:
                self.trained.add(work.stage.id)

    def _take_turns(self) -> None:
        """Let every trial go on until it has to wait, and begin new ones in the places of those that ended."""
        ended = object()
        moved = True
        while moved:
            moved = self._sample()
            for number in sorted(self._lives):
                if next(self._lives[number], ended) is ended:
                    del self._lives[number]
                    moved = True

    def _sample(self) -> bool:
        """Begin the next trial if its turn has come."""
        found = self._sampling.next()
        if found is None:
            return False
        trial, graph = found
        self._lives[trial.number] = live(trial, graph, self._desk)
        return True

    def _stop(self) -> bool:
        """Whether we were asked to stop, or the budget is used up; raises if another driver has taken over."""
        if self._clock() - self._fenced >= FENCE_SECONDS:
            self._fence()
        return self._asked() or bool(self._meter.over())

    def _rest(self) -> None:
        """Write down what has been used, for whoever drives next."""
        if self._meter.budget.given:
            self._desk.record(self._meter.rested())

    def _fence(self) -> None:
        self._fenced = self._clock()
        self._log.check()
