"""The meter of a sweep with a budget: what its earlier drivers have used, by the store, and what this one uses.

Of earlier drivers the store knows what each stage took that was made for the sweep: its COMMITs, and the progress of
what was not finished, say seconds and size of lane, and the BEGIN of the attempt says for whom. A driver that ended in
peace has written down (`Rested`) what had been used by then, which is a little more: lanes load what they need.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from trainers.stages import Shape
from trainers.store.leases import holder_of
from trainers.store.manifest import Commit, Damaged, Manifest
from trainers.store.objects import ChangedObject, Objects
from trainers.store.survey import Survey
from tune_jobs.lanes.notices import Notice, OnEvent, StageBegun, StageEnded
from tune_jobs.sweeps.budget import HOUR, Budget, Usage, at_work, taken
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import Rested
from tune_jobs.sweeps.roots import referred_by


class Meter:
    """Counts from its making on. Notices may come from several threads."""

    def __init__(self, budget: Budget, log: EventLog, objects: Objects, clock: Callable[[], float]) -> None:
        """Args:
        budget: without caps nothing is counted.
        log: of the sweep, as its earlier drivers have left it.
        objects: the store.
        clock: seconds, monotonic.
        """
        self.budget = budget
        self._clock = clock
        self._began = clock()
        self._before = _before(log, objects) if budget.given else Usage()
        self._at_work = Usage()
        self._running: dict[str, tuple[Shape, float]] = {}  # by lane, since when
        self._lock = threading.Lock()
        self._over: tuple[str, ...] = ()

    def note(self, notice: Notice) -> None:
        """Take in what lanes do for the sweep."""
        if isinstance(notice, StageBegun | StageEnded):
            with self._lock:
                if (run := self._running.pop(notice.lane, None)) is not None:
                    self._at_work += self._since(*run)
                if isinstance(notice, StageBegun):
                    self._running[notice.lane] = notice.shape, self._clock()

    def used(self) -> Usage:
        """What the sweep has used in all, with what runs now."""
        with self._lock:
            running = sum((self._since(*run) for run in self._running.values()), Usage())
            return self._before + self._at_work + running + Usage(hours=(self._clock() - self._began) / HOUR)

    def over(self) -> tuple[str, ...]:
        """What of the budget is used up; once it is, it stays so."""
        if self.budget.given and not self._over:
            self._over = self.budget.over(self.used())
        return self._over

    def rested(self) -> Rested:
        """The event with which a driver ends that leaves something to do."""
        return Rested(over=self.over(), **vars(self.used()))

    def _since(self, shape: Shape, begun: float) -> Usage:
        return at_work(self._clock() - begun, shape)


def metered(meter: Meter, on_event: OnEvent) -> OnEvent:
    """The same, and the meter is told first."""

    def tell(notice: Notice) -> None:
        meter.note(notice)
        on_event(notice)

    return tell


def _before(log: EventLog, objects: Objects) -> Usage:
    """What earlier drivers have used."""
    made = sum((usage for stage in _made(log.sweep, objects) for usage in stage), Usage(hours=log.driven / HOUR))
    rested = log.history.rested
    return made if rested is None else made.at_least(Usage(rested.hours, rested.gpu_hours, rested.core_hours))


def _made(sweep: str, objects: Objects) -> Iterator[list[Usage]]:
    """Of each stage of a sweep's trials, what the attempts took that were made for it."""
    stages = referred_by(objects, sweep)
    for survey in Survey.all(objects) if stages else ():
        if survey.stage in stages:
            made = [manifest for manifest in _manifests(survey) if _is_for(sweep, survey, manifest.attempt)]
            yield [taken(manifest.facts) for manifest in made]


def _manifests(survey: Survey) -> Iterator[Manifest]:
    """All COMMITs that can be read, also such as count no longer, or else the latest progress."""
    numbers = survey.numbers("COMMIT")
    for number in numbers:
        try:
            yield Commit.unseal(survey.objects.read(f"stages/{survey.stage}/COMMIT.{number}.json"))
        except (KeyError, Damaged, ChangedObject):  # deleted since, or unbelievable: it says nothing
            continue
    if not numbers and (progress := survey.progress()) is not None:
        yield progress


def _is_for(sweep: str, survey: Survey, attempt: str) -> bool:
    holder = holder_of(survey, attempt)
    return holder is not None and sweep in holder.reigns
