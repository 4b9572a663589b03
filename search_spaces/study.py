"""The study: which point to try next. Stateless: it is built anew from the history at every question.

So a sweep that is continued asks exactly what an undisturbed one would have asked: the answer is a function of the
space, the trial's number and the history. Samplers are made anew too, seeded from (seed, number, attempt). What follows
from one past trial alone is remembered, so that a question among ten thousand trials need not work it out anew.

Until `search.startup` trials have a value, and for `sampler: random`, points are drawn from the axes' prior (`axes`,
`simplex`); afterwards the sampler is asked. What it proposes is moved to the nearest point. A point whose recipe was
met before is no new trial: the study asks again, with another seed, and at last takes the next unmet point.

CMA-ES keeps its state between questions in Optuna's own study, which is not stored here; it is started warm from all
trials instead (Nomura et al. 2021, Warm starting CMA-ES for hyperparameter optimization).
"""

from __future__ import annotations

import copy
import hashlib
import importlib
import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from random import Random
from typing import Any, Generic, TypeVar

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from search_spaces.coordinates import Coordinates
from search_spaces.simplex import NoMixtureError
from search_spaces.space import Params, Space
from tasks.errors import UserError
from trainers.identity import digest

ATTEMPTS = 8  # questions to a sampler before the prior is asked
DRAWS = 32  # from the prior, before the space is walked through
WARM_START = 10  # complete trials that CMA-ES needs: it starts from their best tenth
WALK = 1_000_000  # points looked at in such a walk

T = TypeVar("T")


class State(StrEnum):
    """How a past trial stands."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"
    PENDING = "pending"  # not ended, or not to be looked at yet: only its point is known


@dataclass(frozen=True)
class Past:
    """A past trial: its point (empty for the baseline), and what became of it.

    `value` is in 0..100, higher is better: the suite average of a complete trial, the value at rung `rung` of a pruned
    one, None otherwise. A value that is not finite is told as the worst of the others.
    """

    params: Mapping[str, Any]
    state: State
    value: float | None = None
    rung: int = 0


_STATES = {
    State.COMPLETE: TrialState.COMPLETE,
    State.PRUNED: TrialState.PRUNED,
    State.FAILED: TrialState.FAIL,
    State.PENDING: TrialState.RUNNING,
}


class Study:
    """Asks a sampler for the points of a space."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.coordinates = [Coordinates(name, axis) for name, axis in space.axes.items()]
        self.distributions: dict[str, BaseDistribution] = {}
        for coordinates in self.coordinates:
            self.distributions |= coordinates.distributions()
        self._recipes: dict[str, str] = {}
        self._met = _Each(lambda past: self._recipe(past.params) if past.params else "")
        self._trials = _Each(lambda past: self._trial(past, past.value))

    def suggest(self, number: int, history: Sequence[Past]) -> Params | None:
        """The point of trial `number`; None when no point is left whose recipe is new.

        Args:
            number: the trial's number; trial 0 is the baseline and is not asked for.
            history: the trials before it, in order of their numbers.
        """
        if not self.space.axes:  # one recipe and its baseline
            return {} if len(history) <= 1 else None
        met = {*self._met.of(history), self._baseline}
        points = self.space.grid() if self.space.search.sampler == "grid" else self._candidates(number, history)
        return next((point for point in points if self._recipe(point) not in met), None)

    def _candidates(self, number: int, history: Sequence[Past]) -> Iterator[Params]:
        """Points in the order in which they are to be tried, some of them twice."""
        if self.space.search.sampler != "random" and self._started(told := self._told(history)):
            for attempt in range(ATTEMPTS):
                with suppress(NoMixtureError):  # a proposal that is no point: ask again
                    yield self._ask(told, self._seed(number, attempt))
        random = Random(self._seed(number, ATTEMPTS))
        for _ in range(DRAWS):
            yield self.space.draw(random)
        size = self.space.size()
        if size is not None:
            start = random.randrange(size)
            yield from (self.space.at((start + step) % size) for step in range(min(size, WALK)))

    def _started(self, told: Sequence[FrozenTrial]) -> bool:
        states = [trial.state for trial in told]
        complete = states.count(TrialState.COMPLETE)
        least = WARM_START if self.space.search.sampler == "cmaes" else 1
        return complete >= least and complete + states.count(TrialState.PRUNED) >= self.space.search.startup

    def _ask(self, told: Sequence[FrozenTrial], seed: int) -> Params:
        """What the sampler proposes, on the nearest point."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(direction="maximize", sampler=_sampler(self.space.search.sampler, seed, told))
            study.add_trials(told)
            parameters = study.ask(self.distributions).params
        return self.space.canonical({c.name: c.decode(parameters) for c in self.coordinates})

    def _told(self, history: Sequence[Past]) -> list[FrozenTrial]:
        """The history as the study sees it; the baseline only where it is a point of the space."""
        values = [past.value for past in history if past.value is not None and math.isfinite(past.value)]
        worst = min(values, default=0.0)
        told = zip(history, self._trials.of(history), strict=True)
        trials = (self._trial(past, worst) if _infinite(past.value) else trial for past, trial in told)
        return [trial for trial in trials if trial is not None]

    def _trial(self, past: Past, value: float | None) -> FrozenTrial | None:
        """A past trial as a study has it, with this value; None: it is no point."""
        point = past.params or self.space.baseline_params
        if point is None or _infinite(value):
            return None
        parameters: dict[str, Any] = {}
        for name, place in self.space.canonical(point).items():
            parameters |= Coordinates(name, self.space.axes[name]).encode(place)
        trial = create_trial(
            state=_STATES[past.state],
            params=parameters,
            distributions=self.distributions,
            value=value if past.state is State.COMPLETE else None,
            intermediate_values={past.rung: value} if past.state is State.PRUNED and value is not None else None,
        )
        return _Lasting.of(trial)

    def _recipe(self, params: Mapping[str, Any]) -> str:
        """The recipe's digest at a point, computed once: two points may be one recipe."""
        key = json.dumps(params, sort_keys=True)
        if key not in self._recipes:
            self._recipes[key] = digest(self.space.recipe(params))
        return self._recipes[key]

    @cached_property
    def _baseline(self) -> str:
        return digest(self.space.baseline())

    def _seed(self, number: int, attempt: int) -> int:
        text = f"{self.space.search.seed} {number} {attempt}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % (2**31)


class _Each(Generic[T]):
    """What follows from each trial of a history, found once for as long as it is the same trial."""

    def __init__(self, find: Callable[[Past], T]) -> None:
        self._find = find
        self._found: list[tuple[Past, T]] = []

    def of(self, history: Sequence[Past]) -> list[T]:
        """In the history's order."""
        del self._found[len(history) :]
        for number, past in enumerate(history):
            if number == len(self._found):
                self._found.append((past, self._find(past)))
            elif self._found[number][0] is not past:
                self._found[number] = past, self._find(past)
        return [found for _, found in self._found]


class _Lasting(FrozenTrial):
    """A trial that every study may have as it is: what it holds is never changed, so a deep copy is a shallow one."""

    @classmethod
    def of(cls, trial: FrozenTrial) -> FrozenTrial:
        lasting = cls.__new__(cls)
        lasting.__dict__.update(trial.__dict__)
        return lasting

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenTrial:
        return copy.copy(self)


def _infinite(value: float | None) -> bool:
    return value is not None and not math.isfinite(value)


def _sampler(name: str, seed: int, told: Sequence[FrozenTrial]) -> BaseSampler:
    if name == "tpe":  # `startup` has passed, so TPE's own random start is off; running trials count as poor
        return TPESampler(seed=seed, multivariate=True, constant_liar=True, n_startup_trials=0)
    if name == "gp":
        return GPSampler(seed=seed, n_startup_trials=0)
    if name == "cmaes":
        independent = TPESampler(seed=seed, n_startup_trials=0)  # for the parameters that CMA-ES cannot have
        return CmaEsSampler(
            seed=seed,
            source_trials=[_numbers(trial) for trial in told if trial.state is TrialState.COMPLETE],
            independent_sampler=independent,
            warn_independent_sampling=False,
        )
    module, _, attribute = name.partition(":")
    try:
        sampler = getattr(importlib.import_module(module), attribute)(seed=seed)
    except (ImportError, AttributeError, TypeError) as error:
        raise UserError(f"cannot use the sampler {name}: {error}", where="search.sampler") from error
    if not isinstance(sampler, BaseSampler):
        raise UserError(f"{name} is no Optuna sampler (optuna.samplers.BaseSampler)", where="search.sampler")
    return sampler


def _numbers(trial: FrozenTrial) -> FrozenTrial:
    """A complete trial with the parameters that CMA-ES has: numbers that can vary."""
    distributions = {
        name: distribution
        for name, distribution in trial.distributions.items()
        if not isinstance(distribution, CategoricalDistribution) and not distribution.single()
    }
    return create_trial(
        value=trial.value, params={name: trial.params[name] for name in distributions}, distributions=distributions
    )
