"""Ray Tune's two questions, answered by the sweep: which trial is next, and does this one go on?

Both are asked in the driver, one after another, so that this is the only writer of events. What Ray Tune keeps itself
is scratch: its trials are rebuilt from the event log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter
from ray.tune import Stopper
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from tasks.errors import UserError
from trainers.graph import Graph
from tune_jobs.on_ray.trial import ASKED, TOLD, TROUBLE
from tune_jobs.sweeps.desk import SweepDesk
from tune_jobs.sweeps.events import Ended, How, Rung
from tune_jobs.sweeps.history import History, TrialHistory
from tune_jobs.sweeps.sampling import Sampling

T = TypeVar("T")
_EVENT: TypeAdapter[Rung | Ended] = TypeAdapter(Rung | Ended)


class Conduct:
    """What happens to a sweep while Ray Tune runs it; its first error ends the sweep, whatever Ray makes of it."""

    def __init__(
        self,
        history: History,
        desk: SweepDesk,
        sampling: Sampling,
        enter: Callable[[TrialHistory, Graph], None],
        leave: Callable[[int], None],
        stop: Callable[[], bool],
        describe: Callable[[TrialHistory], Mapping[str, object]] = lambda trial: {},
    ) -> None:
        """Args:
        history: kept up to date by the log.
        desk: writes events.
        sampling: begins trials.
        enter: is told of each trial that begins.
        leave: is told of each trial that has ended: its wants end with it.
        stop: whether the sweep is to stop; may raise.
        describe: what a trial's configuration says besides its number, for loggers.
        """
        self.error: BaseException | None = None
        self._history = history
        self._desk = desk
        self._sampling = sampling
        self._enter = enter
        self._leave = leave
        self._stop = stop
        self._describe = describe

    def __getstate__(self) -> dict[str, Any]:
        """Ray Tune pickles whatever it is given, to restore it one day; that is not how sweeps are continued."""
        return {}

    def guarded(self, call: Callable[[], T], otherwise: T) -> T:
        """Call, and keep an error for whoever runs the sweep."""
        if self.error is not None:
            return otherwise
        try:
            return call()
        except BaseException as error:
            self.error = error
            return otherwise

    def suggest(self) -> dict[str, Any] | str | None:
        """The next trial's number, as its configuration; None: wait; `Searcher.FINISHED`: there will be none."""
        found = self._sampling.next()
        if found is None:
            return Searcher.FINISHED if self._sampling.finished else None
        self._enter(*found)
        return {**self._describe(found[0]), "trial": found[0].number}

    def reported(self, number: int, result: dict[str, Any]) -> str:
        """Write what a trial reports, once, and say whether it goes on.

        Raises:
            UserError: what the trial has met and the user has to mend.
        """
        if TROUBLE in result:
            raise UserError(result[TROUBLE])
        trial = self._history.trials[number]
        if TOLD in result:
            match _EVENT.validate_json(result[TOLD]):
                case Rung() as rung:
                    self._desk.scored(rung)
                case Ended() as end:
                    self._desk.ended(end)
        elif ASKED in result and not self._desk.decide(number, result[ASKED]).go_on:
            self._desk.ended(Ended(trial=number, how=How.PRUNED, value=trial.value))
        if trial.ended is None:
            return str(TrialScheduler.CONTINUE)
        self._leave(number)
        return str(TrialScheduler.STOP)

    def failed(self, number: int) -> None:
        """A trial's function has failed for good; the sweep goes on."""
        trial = self._history.trials[number]
        reason = "the trial's process failed again and again; its log is among Ray's"
        self._desk.ended(Ended(trial=number, how=How.FAILED, value=trial.value, reason=reason))
        self._leave(number)

    def stopping(self) -> bool:
        """Whether the sweep is to end now."""
        return self.guarded(self._stop, True) or self.error is not None


class SweepSearcher(Searcher):
    """The sweep's own search as Ray Tune asks it."""

    def __init__(self, conduct: Conduct) -> None:
        super().__init__()
        self._conduct = conduct
        self._numbers: dict[str, int] = {}

    def set_search_properties(self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any) -> bool:
        """There is nothing to set: spaces say all."""
        return True

    def suggest(self, trial_id: str) -> Any:
        """See `Conduct.suggest`."""
        finished: dict[str, Any] | str | None = Searcher.FINISHED
        found = self._conduct.guarded(self._conduct.suggest, finished)
        if isinstance(found, dict):
            self._numbers[trial_id] = found["trial"]
        return found

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """A trial has ended, which the event log knows; or Ray Tune has given it up."""
        if error:
            self._conduct.guarded(lambda: self._conduct.failed(self._numbers[trial_id]), None)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the event log is what a sweep is continued from."""

    def restore(self, checkpoint_path: str) -> None:
        """See `save`."""


class RungScheduler(FIFOScheduler):
    """Compares trials at the space's rungs and nowhere else."""

    _supports_buffered_results = False

    def __init__(self, conduct: Conduct) -> None:
        super().__init__()
        self._conduct = conduct

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """See `Conduct.reported`."""
        number = trial.config["trial"]
        return self._conduct.guarded(lambda: self._conduct.reported(number, result), str(TrialScheduler.STOP))


@dataclass
class Brake(Stopper):
    """Ends Ray Tune's loop when the sweep is to stop."""

    conduct: Conduct

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """No trial is stopped by itself."""
        return False

    def stop_all(self) -> bool:
        """See `Conduct.stopping`."""
        return self.conduct.stopping()
