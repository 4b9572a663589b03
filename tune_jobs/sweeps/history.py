"""What the events amount to: a sweep and its trials, rebuilt by replay and kept up to date by the driver."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tune_jobs.sweeps.events import AnyEvent, Decided, Driver, Ended, How, Opened, Rested, Rung, Sampled


@dataclass
class TrialHistory:
    """One trial: how it began, its rungs and decisions so far, and its end if it has ended."""

    sampled: Sampled
    rungs: dict[int, Rung] = field(default_factory=dict)
    decisions: dict[int, Decided] = field(default_factory=dict)
    ended: Ended | None = None

    @property
    def number(self) -> int:
        """The trial's number; 0 is the baseline."""
        return self.sampled.trial

    @property
    def value(self) -> float | None:
        """The newest rung's value: the mean over the tasks so far."""
        return self.rungs[max(self.rungs)].value if self.rungs else None

    @property
    def stages(self) -> set[str]:
        """All stages that its rungs stand on."""
        return {id for rung in self.rungs.values() for id in rung.stages}


class History:
    """A fold over events: `History(events)`, then `apply` for each new one."""

    def __init__(self, events: Iterable[AnyEvent] = ()) -> None:
        self.opened: Opened | None = None
        self.drivers = 0
        self.rested: Rested | None = None  # the last one, also where the sweep has gone on since
        self.rests = False  # it has not
        self.trials: list[TrialHistory] = []
        self._open: dict[int, TrialHistory] = {}
        for event in events:
            self.apply(event)

    def apply(self, event: AnyEvent) -> None:
        """Take one event in. Trials begin in the order of their numbers."""
        self.rests = isinstance(event, Rested)
        match event:
            case Opened():
                self.opened = event
            case Driver():
                self.drivers += 1
            case Rested():
                self.rested = event
            case Sampled():
                if event.trial != len(self.trials):
                    raise ValueError(f"trial {event.trial} begins where trial {len(self.trials)} was to begin")
                self.trials.append(TrialHistory(event))
                self._open[event.trial] = self.trials[-1]
            case Rung():
                self.trials[event.trial].rungs[event.rung] = event
            case Decided():
                self.trials[event.trial].decisions[event.rung] = event
            case Ended():
                self.trials[event.trial].ended = event
                self._open.pop(event.trial, None)

    def open(self) -> list[TrialHistory]:
        """Trials that have begun and not ended."""
        return list(self._open.values())

    def ranked(self) -> list[TrialHistory]:
        """Whole-suite trials, best first (the earlier of two equals): nothing else ranks."""
        whole = [t for t in self.trials if t.ended is not None and t.ended.how is How.COMPLETE]
        return sorted(whole, key=lambda trial: (-(trial.value or 0.0), trial.number))

    def rung_values(self, rung: int, last: int) -> dict[int, float]:
        """The values that stand at a rung, by trial, of the trials up to number `last`; of none where it is below 0."""
        return {t.number: t.rungs[rung].value for t in self.trials[: max(last + 1, 0)] if rung in t.rungs}
