"""The serial driver: a sweep in one process. Trials take turns, one lane runs their stages.

Replay the log, continue the trials that are open, begin new ones, run what they want, stage by stage. The same call
continues an interrupted sweep and extends a finished one whose budget has grown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

from search_spaces.space import Space
from tasks.errors import UserError
from trainers.graph import Graph
from trainers.identity import digest
from trainers.lane import Assignment, Ending, Outcome
from trainers.recipe import Recipe
from trainers.store.objects import Objects
from trainers.store.stages import StageStore
from tune_jobs.lanes.broker import Broker
from tune_jobs.lanes.interrupted import Interrupted
from tune_jobs.lanes.notices import OnEvent
from tune_jobs.lanes.serial_lane import Runner, SerialLane
from tune_jobs.lanes.signals import polite_stop
from tune_jobs.sweeps.desk import SweepDesk
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import AbsentCell, Opened, Sampled
from tune_jobs.sweeps.history import TrialHistory
from tune_jobs.sweeps.searcher import Searcher, recipe_id
from tune_jobs.sweeps.summary import Summary, summarise
from tune_jobs.sweeps.trial import run as live

FENCE_SECONDS = 10.0  # within a stage, between looks whether another driver has taken over

Expand = Callable[[Recipe], Graph]


def run_sweep(
    space: Space,
    store: StageStore,
    *,
    expand: Expand,
    lane: Runner,
    on_event: OnEvent = lambda notice: None,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Run a sweep to its end, from wherever its log leaves it.

    Args:
        space: what to search; its name is the sweep's.
        store: where stages and events live.
        expand: a recipe's stages on the space's suite, data and rungs.
        lane: what runs a stage.
        on_event: is told of every event and of what the lane does.
        clock: seconds, monotonic.

    Raises:
        UserError: the sweep of this name had another space, another driver took over, or data or store are at fault.
        Interrupted: SIGINT or SIGTERM; the running stage's progress is in the store.
    """
    with polite_stop() as asked:
        log = open_log(space, store.objects, expand)
        driver = _Driver(space, store, log, expand, lane, on_event, clock, asked)
        driver.drive()
    return summarise(space.name, log.history, driver.trained, store)


def open_log(space: Space, objects: Objects, expand: Expand) -> EventLog:
    """Take over the log of the space's sweep, or begin it.

    Raises:
        UserError: the sweep began with a space that differs in what makes results comparable, or with other data.
    """
    log = EventLog(objects, space.name)
    opened = log.history.opened
    versions = {name: version(name) for name in ("crosslift", "torch", "transformers", "optuna")}
    if opened is not None and (differing := space.differences(opened.space)):
        raise UserError(
            f"the space has changed since this sweep began, in {', '.join(differing)}; "
            "give the space another name, or change it back",
            where=f"sweep {space.name}",
        )
    data = data_digest(expand(space.widest()))
    if opened is None:
        folders = space.data.folders
        log.write(Opened(sweep=space.name, space=space.identity(), folders=folders, data=data, versions=versions))
    elif opened.data not in ("", data):
        raise UserError(
            "the data has changed since this sweep began; give the space another name", where=f"sweep {space.name}"
        )
    log.take_over(versions)
    return log


def data_digest(graph: Graph) -> str:
    """sha256 of the fingerprints of all data that a graph's stages read."""
    return digest(sorted({fingerprint for stage in graph.stages.values() for fingerprint in stage.sources}))


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
    ) -> None:
        self.trained: set[str] = set()
        self._store = store
        self._log = log
        self._expand = expand
        self._clock = clock
        self._asked = asked
        self._fenced = clock()
        self._searcher = Searcher(space)
        broker = Broker(store, clock)
        self._desk = SweepDesk(space, store, broker, log, on_event)
        self._lane = SerialLane(broker, runner, on_event, self._stop)
        self._lives: dict[int, Iterator[None]] = {}

    def drive(self) -> None:
        """Until no trial is open and none is to begin."""
        for trial in self._log.history.open():
            self._begin(trial, self._expand(trial.sampled.recipe))
        while True:
            self._take_turns()
            if not self._lives:
                return
            if self._asked():
                raise Interrupted(self._log.sweep)
            self._fence()
            turn = self._lane.turn()
            if turn is None:
                raise RuntimeError(f"trials {sorted(self._lives)} wait for stages, and none is ready")
            self._count(*turn)

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
        number = len(self._log.history.trials)
        found = self._searcher.next(self._log.history)
        if found is None:
            return False
        params, recipe = found
        graph = self._expand(recipe)
        if not graph.cells:
            why = f": {graph.absent[0].why}" if graph.absent else ""
            raise UserError(f"no cell of the suite can be scored{why}", where=f"sweep {self._log.sweep}")
        absent = tuple(AbsentCell(task=a.task, split=a.split, language=a.language, why=a.why) for a in graph.absent)
        self._desk.record(
            Sampled(trial=number, params=params, recipe=recipe, recipe_id=recipe_id(recipe), absent=absent)
        )
        self._begin(self._log.history.trials[number], graph)
        return True

    def _begin(self, trial: TrialHistory, graph: Graph) -> None:
        self._lives[trial.number] = live(trial, graph, self._desk)

    def _stop(self) -> bool:
        """Whether we were asked to stop; raises if another driver has taken over."""
        if self._clock() - self._fenced >= FENCE_SECONDS:
            self._fence()
        return self._asked()

    def _fence(self) -> None:
        self._fenced = self._clock()
        self._log.check()
