"""Prometheus metrics through Ray: the agent on each node exports what processes of that node set here.

Names get the prefix `ray_`, counters the suffix `_total`. The broker tells of stages and lanes, drivers of trials, and
every process that reads or writes a store of that store's faults. Tags are bounded: kinds, states, sizes, sweeps,
stores; never stages, trials or single lanes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Generic, TypeVar

from ray.util import metrics

from trainers.store import retries
from tune_jobs.lanes.census import Census
from tune_jobs.lanes.notices import Notice
from tune_jobs.sweeps.events import Decided, Ended, How, Sampled
from tune_jobs.sweeps.history import History
from tune_jobs.sweeps.rungs import BASELINE

Key = TypeVar("Key", bound=str | tuple[str, ...])


class Gauges(Generic[Key]):
    """What there is now, by some tags; `common` are the same for all of it."""

    def __init__(self, name: str, about: str, *tags: str, **common: str) -> None:
        self._metric = metrics.Gauge(name, about, (*common, *tags))
        self._metric.set_default_tags(common)
        self._tags = tags
        self._known: set[Key] = set()

    def set(self, values: Mapping[Key, float]) -> None:
        """All of it: what is not named any more is zero."""
        self._known |= values.keys()
        for key in self._known:
            self._metric.set(values.get(key, 0), _tagged(self._tags, key))


class Totals(Generic[Key]):
    """What has been counted, by some tags; `common` are the same for all of it."""

    def __init__(self, name: str, about: str, *tags: str, **common: str) -> None:
        self._metric = metrics.Counter(name, about, (*common, *tags))
        self._metric.set_default_tags(common)
        self._tags = tags
        self._known: dict[Key, float] = {}

    def raise_to(self, values: Mapping[Key, float]) -> None:
        """The counts as they are by now; they only grow."""
        for key, value in values.items():
            if value > self._known.get(key, 0):
                self._metric.inc(value - self._known.get(key, 0), _tagged(self._tags, key))
                self._known[key] = value


def _tagged(tags: tuple[str, ...], key: str | tuple[str, ...]) -> dict[str, str]:
    return dict(zip(tags, (key,) if isinstance(key, str) else key, strict=True))


class BrokerMetrics:
    """What a broker's census says. `store`: its location."""

    def __init__(self, store: str) -> None:
        here = {"store": store}
        self._stages = Gauges[tuple[str, str]](
            "crosslift_stages", "stages that trials want now", "kind", "state", **here
        )
        self._ready = Gauges[str](
            "crosslift_ready_stages", "stages that could run if there were a lane", "lane", **here
        )
        self._lanes = Gauges[tuple[str, str, str]](
            "crosslift_lanes", "lanes by who has them, size and state", "sweep", "lane", "state", **here
        )
        self._asked = Totals[str](
            "crosslift_stages_asked", "requests of trials, each trial and stage once", "kind", **here
        )
        self._shared = Totals[str](
            "crosslift_stages_shared", "requests for what another living trial had asked for", "kind", **here
        )
        self._found = Totals[str]("crosslift_stages_found", "stages that the store had already", "kind", **here)
        self._runs = Totals[tuple[str, str]]("crosslift_runs", "runs of stages that ended", "kind", "ending", **here)
        self._seconds = Totals[tuple[str, str]](
            "crosslift_run_seconds", "seconds of lanes that those runs took", "kind", "ending", **here
        )
        self._steps = Totals[tuple[str, str]]("crosslift_steps", "steps that lanes reported", "kind", "lane", **here)
        self._tokens = Totals[tuple[str, str]](
            "crosslift_tokens", "tokens of those steps, as planned", "kind", "lane", **here
        )

    def publish(self, census: Census) -> None:
        """Set all of it."""
        self._stages.set(census.stages)
        self._ready.set(census.ready)
        self._lanes.set(census.lanes)
        self._asked.raise_to(census.asked)
        self._shared.raise_to(census.shared)
        self._found.raise_to(census.found)
        self._runs.raise_to(census.runs)
        self._seconds.raise_to(census.seconds)
        self._steps.raise_to(census.steps)
        self._tokens.raise_to(census.tokens)


class TrialMetrics:
    """A sweep's trials and decisions, from its events on; what earlier drivers have seen counts, too."""

    def __init__(self, store: str, sweep: str, history: History) -> None:
        here = {"store": store, "sweep": sweep}
        self._trials = Gauges[str]("crosslift_trials", "trials of a sweep", "state", **here)
        self._decisions = Totals[str]("crosslift_decisions", "decisions after rungs", "decision", **here)
        self._value = Gauges[str]("crosslift_value", "the average that trials are compared by", "of", **here)
        self._states: Counter[str] = Counter()
        self._decided: Counter[str] = Counter()
        self._values: dict[str, float] = {}
        for trial in history.trials:
            for event in (trial.sampled, *trial.decisions.values(), trial.ended):
                self._take(event)
        self._publish()

    def note(self, notice: Notice) -> None:
        """Something has happened in the sweep."""
        if self._take(notice):
            self._publish()

    def _take(self, notice: Notice | None) -> bool:
        match notice:
            case Sampled():
                self._states["running"] += 1
            case Decided(go_on=go_on):
                self._decided["go on" if go_on else "prune"] += 1
            case Ended(trial=trial, how=how, value=value):
                self._states["running"] -= 1
                self._states[how.value] += 1
                if how is How.COMPLETE and value is not None:
                    self._values["best"] = max(value, self._values.get("best", value))
                    self._values |= {"baseline": value} if trial == BASELINE else {}
            case _:
                return False
        return True

    def _publish(self) -> None:
        self._trials.set(self._states)
        self._decisions.raise_to(self._decided)
        self._value.set(self._values)


@cache
def count_store_faults() -> None:
    """Count, from now on, what this process meets when it asks a store; once is enough."""
    faults = metrics.Counter("crosslift_store_faults", "faults of stores that may pass", ("store", "outcome"))
    retries.watch(lambda store, outcome: faults.inc(1, {"store": store, "outcome": outcome}))
