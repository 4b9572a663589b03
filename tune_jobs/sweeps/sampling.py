"""How a trial begins: the searcher's next recipe, its stages, and the event that says so."""

from __future__ import annotations

from collections.abc import Callable

from search_spaces.space import Space
from tasks.errors import UserError
from trainers.graph import Graph
from trainers.recipe import Recipe
from trainers.store.stages import StageStore
from tune_jobs.lanes.bases import bring_bases
from tune_jobs.sweeps.desk import SweepDesk
from tune_jobs.sweeps.event_log import EventLog
from tune_jobs.sweeps.events import AbsentCell, Sampled
from tune_jobs.sweeps.history import History, TrialHistory
from tune_jobs.sweeps.searcher import Searcher, recipe_id

Expand = Callable[[Recipe], Graph]


class Sampling:
    """Begins the trials of a sweep, in the order of their numbers.

    Those that are open already come first, and those that have ended and whose results the store has lost since. None
    begins while `rests` says so.
    """

    def __init__(
        self,
        space: Space,
        store: StageStore,
        log: EventLog,
        desk: SweepDesk,
        expand: Expand,
        rests: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._log = log
        self._desk = desk
        self._expand = expand
        self._rests = rests
        self._searcher = Searcher(space)
        self._reproducible = space.search.reproducible
        self._open = log.history.open() + _lost(log.history, store)

    def next(self) -> tuple[TrialHistory, Graph] | None:
        """The next trial and its stages; None if its turn has not come, or there is nothing new to try.

        Raises:
            UserError: none of the suite's cells can be scored.
        """
        if self._rests():
            return None
        while self._open:
            trial = self._open.pop(0)
            graph = self._expand(trial.sampled.recipe)
            self._supply(graph)
            if trial.ended is None or _scores(trial) <= graph.stages.keys():  # else another version made it
                return trial, graph
        history = self._log.history
        found = self._searcher.next(history)
        if found is None:
            return None
        params, recipe = found
        graph = self._expand(recipe)
        if not graph.cells:
            why = f": {graph.absent[0].why}" if graph.absent else ""
            raise UserError(f"no cell of the suite can be scored{why}", where=f"sweep {self._log.sweep}")
        absent = tuple(AbsentCell(task=a.task, split=a.split, language=a.language, why=a.why) for a in graph.absent)
        number = len(history.trials)
        self._supply(graph)
        settled = self._searcher.settled(number) if self._reproducible else None
        begun = Sampled(
            trial=number, params=params, recipe=recipe, recipe_id=recipe_id(recipe), absent=absent, settled=settled
        )
        self._desk.record(begun)
        return history.trials[number], graph

    def _supply(self, graph: Graph) -> None:
        """What a trial stands on stays in the store from now on, and its base model is there."""
        self._log.refer(graph.roots)
        bring_bases([graph], self._store.objects, self._desk.tell)

    @property
    def finished(self) -> bool:
        """Whether there will be no more trials."""
        return not self._open and self._searcher.finished(self._log.history)


def left(space: Space, history: History) -> bool:
    """Whether a sweep that has come so far has something to do yet: trials that are open, or one to begin."""
    return bool(history.open()) or Searcher(space).next(history) is not None


def _lost(history: History, store: StageStore) -> list[TrialHistory]:
    """Trials that have ended, with a score stage that is not there any more."""
    ended = [trial for trial in history.trials if trial.ended is not None]
    unmade = store.unmade({stage for trial in ended for stage in _scores(trial)})
    return [trial for trial in ended if _scores(trial) & unmade]


def _scores(trial: TrialHistory) -> set[str]:
    """The score stages of a trial's rungs."""
    return {cell.stage for rung in trial.rungs.values() for cell in rung.cells}
