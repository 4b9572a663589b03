"""Which recipe comes next: trial 0 is the baseline, then the study's points, none twice.

Trial n begins when all trials up to n - c have ended (c = concurrency), and is sampled from these alone: which of the
c trials in flight is faster makes no difference, so a sweep can be done again. Of those in flight it knows only which
points they have taken. With c = 1 this is the usual sequential search. A search that is not `reproducible` begins a
trial whenever fewer than c are in flight, and knows all that have ended.
"""

from __future__ import annotations

import math

from search_spaces.space import Params, Space
from search_spaces.study import Past, State, Study
from trainers.identity import digest
from trainers.recipe import Recipe
from tune_jobs.sweeps.events import How
from tune_jobs.sweeps.history import History, TrialHistory
from tune_jobs.sweeps.rungs import BASELINE

STATES = {How.COMPLETE: State.COMPLETE, How.PRUNED: State.PRUNED, How.FAILED: State.FAILED}


def recipe_id(recipe: Recipe) -> str:
    """What makes two recipes the same: the sha256 of their canonical JSON."""
    return digest(recipe)


class Searcher:
    """A view of the space's study; all that it remembers is in the history."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._study = Study(space)
        self._told: dict[int, tuple[TrialHistory, Past]] = {}  # of trials of which nothing will change any more
        self._exhausted_at: int | None = None  # the number for which there was no new recipe

    def next(self, history: History) -> tuple[Params, Recipe] | None:
        """Params and recipe of the next trial; None if its turn has not come, or there is nothing new to try."""
        number = len(history.trials)
        if number == BASELINE:
            return {}, self._space.baseline()
        budget = self._space.search.trials
        if (budget is not None and number >= budget) or number == self._exhausted_at:
            return None
        search = self._space.search
        if search.reproducible:
            settled = self.settled(number)
            if any(trial.number < settled for trial in history.open()):
                return None
        elif len(history.open()) < search.concurrency:
            settled = number
        else:
            return None
        past = [self._past(trial, settled=trial.number < settled) for trial in history.trials]
        params = self._study.suggest(number, past)
        if params is None:
            self._exhausted_at = number
            return None
        return params, self._space.recipe(params)

    def _past(self, trial: TrialHistory, *, settled: bool) -> Past:
        if not settled or trial.ended is None:
            return told(trial, settled=False)
        known = self._told.get(trial.number)
        if known is None or known[0] is not trial:
            known = self._told[trial.number] = trial, told(trial, settled=True)
        return known[1]

    def settled(self, number: int) -> int:
        """How many trials have to end before trial `number` of a reproducible search begins."""
        return max(number - self._space.search.concurrency + 1, 0)

    def finished(self, history: History) -> bool:
        """Whether there is nothing more to try, however long one waits."""
        number, budget = len(history.trials), self._space.search.trials
        return (budget is not None and number >= max(budget, 1)) or (number > 0 and number == self._exhausted_at)


def told(trial: TrialHistory, *, settled: bool) -> Past:
    """A trial as the study may know it; what is not settled is a point without a result, even if it has ended."""
    params = trial.sampled.params
    if not settled or trial.ended is None:
        return Past(params, State.PENDING)
    if trial.ended.diverged:  # what the recipe did: the sampler is to keep away from it
        return Past(params, State.COMPLETE, -math.inf)
    rung = max(trial.rungs, default=0)
    return Past(params, STATES[trial.ended.how], trial.ended.value, rung)
