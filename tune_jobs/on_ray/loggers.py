"""W&B and MLflow, each through Ray's own callback of Ray Tune: a run a trial, with its parameters, rungs and scores.

What they are told is what people look at, and not what trials report for the sweep's sake. A tracker that fails ends no
sweep: it is said once, and the sweep goes on without it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.tune import Callback
from ray.tune.logger import LoggerCallback
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from tasks.errors import UserError
from tune_jobs.on_ray.trial import NUMBERS
from tune_jobs.results.parameters import Value, parameters, point
from tune_jobs.sweeps.history import History, TrialHistory
from tune_jobs.sweeps.rungs import BASELINE
from tune_jobs.tracking import Tracker

STEP = "training_iteration"  # by Ray Tune's name
RETRIES = "3"  # some 15 s: trials wait meanwhile, and by MLflow's own default of 7 they would for minutes
OFFLINE = ("offline", "disabled", "dryrun")  # values of WANDB_MODE without a server

log = logging.getLogger(__name__)


class Tracking(Callback):
    """One tracker's view of a sweep.

    Args:
        tracker: which.
        logger: Ray's callback for it, set up.
        history: kept up to date by the sweep's log.
        tell: says a line to people.
    """

    def __init__(self, tracker: Tracker, logger: LoggerCallback, history: History, tell: Callable[[str], None]) -> None:
        self._tracker = tracker
        self._logger: LoggerCallback | None = logger
        self._history = history
        self._tell = tell

    def __getstate__(self) -> dict[str, Any]:
        """Ray Tune pickles whatever it is given; see `Conduct`."""
        return {}

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """A run begins, or its trial does once more."""
        self._guarded(lambda logger: logger.log_trial_start(trial))

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """A rung, or the end."""
        told = measures(self._history, trial.config["trial"], result)
        if told:
            self._guarded(lambda logger: logger.log_trial_result(iteration, trial, dict(told)))

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Scored on the whole suite, or pruned."""
        self._guarded(lambda logger: logger.log_trial_end(trial))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Its function has failed for good."""
        self._guarded(lambda logger: logger.log_trial_end(trial, failed=True))

    def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
        """What is on its way has some time to arrive."""
        self._guarded(lambda logger: logger.on_experiment_end(trials, **info))

    def _guarded(self, call: Callable[[LoggerCallback], None]) -> None:
        if self._logger is None:
            return
        try:
            call(self._logger)
        except Exception as error:
            log.exception("%s", self._tracker)
            self._logger = None
            self._tell(f"{self._tracker} fails, and the sweep goes on without it: {_line(error)}")


def measures(history: History, number: int, result: Mapping[str, Any]) -> dict[str, float]:
    """What a tracker is told of a report: nothing where it is neither a rung nor the end.

    Returns:
        `value`, the average over the tasks so far, `score/<task>`, and `lift_over_trial_0` (the difference of values at
        the same rung); at the end `complete`: 1 if the whole suite was scored, else 0. The step is the rung, from 1.
    """
    trial, baseline = history.trials[number], history.trials[BASELINE]
    told: dict[str, float] = dict(result.get(NUMBERS, {}))
    rung = max(trial.rungs, default=0)
    if told and number != BASELINE and rung in baseline.rungs:
        told["lift_over_trial_0"] = told["value"] - baseline.rungs[rung].value
    if trial.ended is not None:
        told["complete"] = float(trial.ended.how.value == "complete")
    return told | {STEP: rung + 1} if told else {}


def described(history: History) -> Callable[[TrialHistory], dict[str, Value]]:
    """The parameters of trials by their dotted names, for a run's configuration."""
    assert history.opened is not None, "trials begin after their sweep"
    opened = history.opened
    known = parameters(opened)

    def describe(trial: TrialHistory) -> dict[str, Value]:
        where = point(opened, trial)
        return {"recipe": trial.sampled.recipe_id} | {p.name: p.value(where) for p in known if where}

    return describe


def set_up(wanted: Sequence[Tracker], sweep: str) -> dict[Tracker, LoggerCallback]:
    """Ray's callback for each tracker; Ray is connected by then.

    Raises:
        UserError: it is not installed, does not answer, or nobody is signed in.
    """
    return {tracker: _logger(tracker, sweep) for tracker in wanted}


def _logger(tracker: Tracker, sweep: str) -> LoggerCallback:
    tracker.check()
    try:
        return _wandb(tracker.where, sweep) if tracker.kind == "wandb" else _mlflow(tracker.where, sweep)
    except Exception as error:
        log.exception("%s", tracker)
        raise UserError(_line(error), where=tracker.option) from error


def _mlflow(uri: str, sweep: str) -> LoggerCallback:
    from ray.air.integrations.mlflow import MLflowLoggerCallback

    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", RETRIES)
    for talkative in ("alembic", "mlflow"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    logger = MLflowLoggerCallback(uri, experiment_name=sweep, tags={"sweep": sweep})
    logger.setup()
    return logger


def _wandb(where: str, sweep: str) -> LoggerCallback:
    """A process a trial writes to W&B, on this node and with its node's environment.

    Ray's callback would hand it the key in a runtime environment, which the dashboard and Ray's logs show.
    """
    from ray.air.integrations.wandb import WandbLoggerCallback

    class Heard(WandbLoggerCallback):
        """The same, which also says that one of its processes has failed."""

        def _cleanup_logging_actors(self, timeout: int = 0, kill_on_timeout: bool = False) -> None:
            running = list(self._trial_logging_futures.values())
            ray.get(ray.wait(running, num_returns=len(running), timeout=timeout)[0])
            super()._cleanup_logging_actors(timeout, kill_on_timeout)

    entity, _, project = where.rpartition("/")
    mode = os.environ.get("WANDB_MODE")
    options: dict[str, Any] = {
        "entity": entity or None,
        "mode": mode,
        "dir": os.environ.get("WANDB_DIR", str(Path.cwd())),
    }
    here: dict[str, Any] = {
        "num_cpus": 0,
        "scheduling_strategy": NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False),
    }
    if mode not in OFFLINE and not ray.get(ray.remote(_signed_in).options(**here).remote()):
        raise UserError("Ray's processes on this node have no key; `wandb login` here, or start Ray with WANDB_API_KEY")
    logger = Heard(project, group=sweep, **options)
    logger.setup()
    actor = ray.remote(logger._logger_actor_cls)
    made: Any = actor.options(**here)  # not restarted: W&B takes no run twice
    logger._remote_logger_class = made
    return logger


def _signed_in() -> bool:
    import wandb

    return bool(os.environ.get("WANDB_API_KEY") or wandb.api.api_key)


def _line(error: BaseException) -> str:
    if isinstance(error, ray.exceptions.RayTaskError) and error.cause is not None:
        error = error.cause  # without Ray's frames
    return " ".join(str(error).split())[:300] or type(error).__name__
