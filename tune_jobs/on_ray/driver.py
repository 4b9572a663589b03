"""The driver of a sweep on Ray: Ray Tune runs its trials, lanes under Ray Train run their stages.

The event log is the truth, as in the serial driver: trials that are open are lived on, the rest is begun. Ray's own
records are scratch.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ray import tune
from ray.tune.logger import LoggerCallback

from search_spaces.space import Space
from trainers.graph import Graph
from trainers.lane import Lane
from trainers.stages import Shape
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.lanes.bases import bring_bases
from tune_jobs.lanes.fleet import Limits
from tune_jobs.lanes.interrupted import Interrupted
from tune_jobs.lanes.notices import Notice, OnEvent, Remark
from tune_jobs.lanes.signals import polite_stop
from tune_jobs.on_ray.attendant import Attendant
from tune_jobs.on_ray.broker_actor import broker_of
from tune_jobs.on_ray.cluster import SLOT, Cluster, check_slots, cluster
from tune_jobs.on_ray.loggers import Tracking, described, set_up
from tune_jobs.on_ray.metrics import TrialMetrics, count_store_faults
from tune_jobs.on_ray.search import Brake, Conduct, RungScheduler, SweepSearcher
from tune_jobs.on_ray.trial import Brief, live
from tune_jobs.places import cache_folder
from tune_jobs.sweeps.budget import NO_BUDGET, Budget
from tune_jobs.sweeps.desk import SweepDesk
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.history import TrialHistory
from tune_jobs.sweeps.meter import Meter, metered
from tune_jobs.sweeps.opening import FENCE_SECONDS, check_log, open_log
from tune_jobs.sweeps.sampling import Expand, Sampling, left
from tune_jobs.sweeps.summary import Summary, summarise
from tune_jobs.tracking import Tracker

DEATHS = 3  # of a trial's process that are made good; with one more the trial has failed


@dataclass(frozen=True)
class RaySettings:
    """Where and how wide a sweep runs; none of it is in an id.

    Attributes:
        address: of a running cluster; None: a Ray instance of our own.
        limits: of the lanes.
        workers: of each lane.
        micro_tokens: padded tokens that a micro-batch holds at most.
        save_seconds: between saves of progress.
        budget: what the sweep may use in all, see `sweeps.driver.run_sweep`.
        track: where its trials are shown besides.
    """

    address: str | None
    limits: Limits
    workers: int
    micro_tokens: int
    save_seconds: float
    budget: Budget = NO_BUDGET
    track: tuple[Tracker, ...] = ()


def run_sweep_on_ray(
    space: Space, location: str, *, expand: Expand, settings: RaySettings, on_event: OnEvent = lambda notice: None
) -> Summary:
    """Run a sweep to its end, from wherever its log leaves it.

    Args:
        space: what to search; its name is the sweep's.
        location: of the store; of a folder, the path that all machines of the cluster share.
        expand: a recipe's stages on the space's suite, data and rungs.
        settings: where and how wide.
        on_event: is told of every event and of what the lanes do, from several threads, one at a time.

    Raises:
        UserError: as the serial driver; or there is no such cluster, or it has no slots for trials.
        Interrupted: SIGINT or SIGTERM; the running stages' progress is in the store.
    """
    store = StageStore(open_objects(location))
    known = check_log(space, store.objects, expand)  # before anything is started
    first = shaped(expand(space.baseline()), settings.workers)
    meter = Meter(settings.budget, known, store.objects, time.monotonic)
    if settings.budget.given:
        settings.budget.check(first.stages.values())
    if known.history.opened is not None and meter.over() and left(space, known.history):
        return _summary(space, known, set(), store, meter, meter.over())
    bring_bases([first], store.objects, on_event)  # before machines are asked for, which would wait for it
    with cluster(settings.address, widest([first])) as instance:
        check_slots()
        loggers = set_up(settings.track, space.name)
        log = open_log(space, store.objects, expand)  # last: it ends whoever drives the sweep now
        ahead = first_lane([first], store)
        count_store_faults()
        published = TrialMetrics(location, space.name, log.history)
        with polite_stop() as asked:  # in here: Ray sets signals of its own when it starts
            tell = one_at_a_time(published.note, metered(meter, on_event))
            driver = _Driver(space, location, store, log, settings, instance, tell, ahead, meter, loggers)
            over = driver.run(expand, asked)
    return _summary(space, log, driver.trained, store, meter, over)


def _summary(
    space: Space, log: EventLog, trained: set[str], store: StageStore, meter: Meter, over: tuple[str, ...]
) -> Summary:
    summary = summarise(space.name, log.history, trained, store)
    return replace(summary, budget=meter.budget.lines(meter.used()), over=over)


class _Driver:
    """One run of a sweep on a Ray instance; `trained` are the stages that were made for it."""

    def __init__(
        self,
        space: Space,
        location: str,
        store: StageStore,
        log: EventLog,
        settings: RaySettings,
        instance: Cluster,
        on_event: OnEvent,
        ahead: Counter[Shape],
        meter: Meter,
        loggers: Mapping[Tracker, LoggerCallback],
    ) -> None:
        self._space = space
        self._location = location
        self._store = store
        self._log = log
        self._settings = settings
        self._instance = instance
        self._meter = meter
        self._loggers = loggers
        self._broker = broker_of(location, instance.head)
        self._desk = SweepDesk(space, store, self._broker, log, on_event)
        self._attendant = Attendant(
            self._broker, space.name, instance, settings.limits, self._lane, on_event, ahead, log.reign
        )
        self._fenced = time.monotonic()

    @property
    def trained(self) -> set[str]:
        """Stages whose COMMIT that counts is of an attempt that was made for this sweep, in this run."""
        commits = ((self._store.committed(stage), attempt) for stage, attempt in self._attendant.made)
        return {commit.stage for commit, attempt in commits if commit is not None and commit.attempt == attempt}

    def run(self, expand: Expand, asked: Callable[[], bool]) -> tuple[str, ...]:
        """Live all trials, or as far as the budget goes: what of it is used up, if something is left to do."""
        rests = self._meter.over
        sampling = Sampling(self._space, self._store, self._log, self._desk, expand, lambda: bool(rests()))
        conduct = Conduct(
            self._log.history,
            self._desk,
            sampling,
            self._enter,
            self._leave,
            lambda: self._stop(asked),
            described(self._log.history) if self._loggers else lambda trial: {},
        )
        scratch = Path(tempfile.mkdtemp(prefix="crosslift-tune-"))
        try:
            with self._attendant:
                self._tune(conduct, scratch)
                if not self._instance.own or asked() or rests() or conduct.error is not None:
                    self._attendant.dismiss()  # lanes keep the progress of what they run, and leave
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            self._broker.leave(self._space.name, self._log.reign)
        if conduct.error is not None:
            raise conduct.error
        over = rests() if rests() and left(self._space, self._log.history) else ()
        if self._meter.budget.given and (over or asked()):
            self._desk.record(self._meter.rested())
        if asked() and not over:
            raise Interrupted(self._log.sweep)
        return over

    def _tune(self, conduct: Conduct, scratch: Path) -> None:
        function = tune.with_parameters(live, broker=self._broker, sweep=self._space.name, location=self._location)
        tune.Tuner(
            tune.with_resources(function, {SLOT: 1}),
            tune_config=tune.TuneConfig(
                search_alg=SweepSearcher(conduct),
                scheduler=RungScheduler(conduct),
                num_samples=-1,
                reuse_actors=True,
                trial_name_creator=lambda trial: f"trial-{trial.config['trial']}",
                trial_dirname_creator=lambda trial: f"trial-{trial.config['trial']}",
            ),
            run_config=tune.RunConfig(
                name=f"{self._space.name}-{uuid.uuid4().hex[:8]}",  # Tune's registry is shared by all sweeps
                storage_path=str(scratch),
                failure_config=tune.FailureConfig(max_failures=DEATHS),
                stop=Brake(conduct),
                callbacks=[Tracking(*found, self._log.history, self._remark) for found in self._loggers.items()],
                verbose=0,
            ),
        ).fit()

    def _enter(self, trial: TrialHistory, graph: Graph) -> None:
        wide = shaped(graph, self._settings.workers)
        brief = Brief(trial, wide, self._space.suite, self._space.search.selection)
        self._attendant.enter(f"{self._space.name}/{trial.number}", brief)

    def _leave(self, trial: int) -> None:
        self._attendant.leave(f"{self._space.name}/{trial}")

    def _remark(self, line: str) -> None:
        self._desk.tell(Remark(line))

    def _lane(self, name: str, shape: Shape) -> Lane:
        settings = self._settings
        return Lane(
            name, shape, self._broker, self._location, cache_folder, settings.micro_tokens, settings.save_seconds
        )

    def _stop(self, asked: Callable[[], bool]) -> bool:
        """Whether to end: asked to, or out of budget. Raises what the user has to mend, also a successor."""
        if self._attendant.error is not None:
            raise self._attendant.error
        if time.monotonic() - self._fenced >= FENCE_SECONDS:
            self._fenced = time.monotonic()
            self._log.check()
        return asked() or bool(self._meter.over())


def shaped(graph: Graph, workers: int) -> Graph:
    """The graph with stages that want lanes of so many workers."""
    stages = {id: replace(stage, shape=replace(stage.shape, workers=workers)) for id, stage in graph.stages.items()}
    return replace(graph, stages=stages)


def widest(graphs: Sequence[Graph]) -> Shape:
    """The largest lane that stages of these graphs want."""
    shapes = [stage.shape for graph in graphs for stage in graph.stages.values()]
    return Shape(*(max(getattr(shape, size) for shape in shapes) for size in ("workers", "cores", "gpus")))


def first_lane(graphs: Sequence[Graph], store: StageStore) -> Counter[Shape]:
    """The lane that the first stage wants which is not in the store."""
    stages = (stage for graph in graphs for stage in graph.stages.values())
    return Counter(stage.shape for stage in islice((s for s in stages if store.committed(s.id) is None), 1))


def one_at_a_time(*listeners: OnEvent) -> OnEvent:
    """All of them, for several threads."""
    lock = threading.Lock()

    def tell(notice: Notice) -> None:
        with lock:
            for listener in listeners:
                listener(notice)

    return tell
