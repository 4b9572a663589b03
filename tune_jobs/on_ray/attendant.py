"""The driver's other hand: says that it lives, starts lanes and notices their end, and passes on what they tell."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

import ray

from tasks.errors import UserError
from trainers.lane import Lane
from trainers.stages import Shape
from tune_jobs.lanes.drivers import Driver, News
from tune_jobs.lanes.fleet import Limits
from tune_jobs.lanes.hub import Hub
from tune_jobs.lanes.notices import OnEvent, Remark
from tune_jobs.on_ray.cluster import Cluster
from tune_jobs.on_ray.train import THREADS, caller
from tune_jobs.sweeps.event_log import replaced

BEAT = 0.5  # seconds between two looks: where cores are few, each costs training time
DEADLINE = 120.0  # seconds that a lane may wait for its place before somebody is told
BROKEN = 3  # lanes that may die one after another
FAREWELL = 600.0  # seconds that lanes have for the progress of what they run: a large model's takes a while

log = logging.getLogger(__name__)


class Attendant:
    """A thread that attends the broker while it is entered; `made` are stages with attempts, `error` ends the sweep."""

    def __init__(
        self,
        broker: Hub,
        sweep: str,
        instance: Cluster,
        limits: Limits,
        lane: Callable[[str, Shape], Lane],
        on_event: OnEvent,
        ahead: Counter[Shape],
        reign: int,
    ) -> None:
        self.made: list[tuple[str, str]] = []
        self.error: Exception | None = None
        self._broker = broker
        self._sweep = sweep
        self._instance = instance
        self._limits = replace(limits, most=min(limits.most or THREADS, THREADS))
        self._lane = lane
        self._on_event = on_event
        self._caller = caller(instance.head)
        self._running: dict[Any, Lane] = {}  # by the reference of its call
        self._briefs: dict[str, object] = {}
        self._ahead = ahead
        self._reign = reign
        self._life = ""
        self._broken = 0  # lanes that have ended by an error, one after another, without a stage between them
        self._warned = DEADLINE  # seconds of waiting at which the next warning is due
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._attend, daemon=True)

    def __enter__(self) -> Attendant:
        self._beat()  # before any trial: whatever an earlier driver has left ends here
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()
        if kind is None and self.error is None:
            self._beat()  # what has happened since
        ray.kill(self._caller)

    def enter(self, trial: str, brief: object) -> None:
        """Give a trial what it has to know, now and after a death of the broker."""
        self._briefs[trial] = brief
        self._broker.enter(trial, brief)

    def leave(self, trial: str) -> None:
        """A trial has ended: it wants nothing any more."""
        self._briefs.pop(trial, None)
        self._broker.drop(trial)

    def dismiss(self) -> None:
        """The sweep's trials want nothing any more; wait until its lanes have left."""
        self._limits = Limits(most=0)
        self._briefs.clear()
        waited = 0.0
        while self._broker.stop(self._sweep, self._reign) and waited < FAREWELL and self.error is None:
            self._ending.wait(BEAT)
            waited += BEAT

    def _attend(self) -> None:
        while not self._ending.is_set():
            try:
                self._beat()
            except Exception as error:
                self.error = error
                return
            self._ending.wait(BEAT)

    def _beat(self) -> None:
        ended = tuple(self._ended())
        lanes = {lane.name: lane.shape for lane in self._running.values()}
        ahead = self._ahead if not self._life else Counter[Shape]()  # later on, trials say what they want
        me = Driver(self._reign, self._instance.room(), self._limits, ahead, lanes, ended)
        news = self._broker.attend(self._sweep, me)
        if news.replaced:
            raise replaced(self._sweep)
        self.made += news.made
        self._broken = 0 if news.made else self._broken
        if self._life not in ("", news.life):
            for trial, brief in list(self._briefs.items()):  # the broker has died and forgotten, or gave us up
                self._broker.enter(trial, brief)
        self._life = news.life
        for name, shape in news.launch.items():
            lane = self._lane(name, shape)
            self._running[self._caller.run.remote(lane)] = lane
        for notice in news.notices:
            self._on_event(notice)
        if news.trouble:
            raise UserError(news.trouble)
        self._warn(news)

    def _ended(self) -> list[str]:
        """Names of lanes whose call has come back."""
        if not self._running:
            return []
        done, _ = ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
        errors: list[ray.exceptions.RayError] = []
        for reference in done:
            try:
                ray.get(reference)
            except ray.exceptions.RayError as error:  # another lane is begun in its place
                log.warning("lane %s ended: %s", self._running[reference].name, error)
                errors.append(error)
        if errors:
            self._mourn(errors)
        return [self._running.pop(reference).name for reference in done]

    def _mourn(self, errors: Sequence[ray.exceptions.RayError]) -> None:
        """Lanes have died, several at once of one cause; again and again is the user's to mend."""
        self._broken += 1
        if self._broken == BROKEN:
            reason = str(errors[-1]).strip().splitlines()[-1]
            raise UserError(f"{BROKEN} times one after another lanes died, the last of: {reason}") from errors[-1]
        if any(isinstance(error, ray.exceptions.RayActorError) for error in errors):  # who called them has died
            self._caller = caller(self._instance.head)

    def _warn(self, news: News) -> None:
        """One line about a lane that finds no place, and again each time that it has waited twice as long."""
        if news.waited is None:
            self._warned = DEADLINE
            return
        seconds, shape = news.waited
        if seconds < self._warned:
            return
        self._warned = 2 * seconds
        has = ", ".join(f"{self._instance.room().get(name, 0):g} {name}" for name in ("CPU", "GPU"))
        wants = f"{shape.workers} x ({shape.cores} CPU, {shape.gpus} GPU)"
        self._on_event(Remark(f"a lane of {wants} waits for its place since {seconds:.0f} s; the cluster has {has}"))
