"""Runs one assignment: a session, the kind's work, the files into the store, and a COMMIT that makes it count."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging as transformers_logging

from tasks.errors import UserError
from trainers.lane import Assignment, Ending, Outcome, Verdict
from trainers.loop import Diverged, Stopped
from trainers.memory import keep_freed_memory
from trainers.model.kept import forget
from trainers.ranks import ALONE, Ranks
from trainers.recipe import Numerics
from trainers.session import Report, Session, Settings
from trainers.stage_log import StageLog
from trainers.stages import IntermediateSpec, PretrainSpec, ScoreSpec, TargetSpec, TokenizerSpec
from trainers.store.files import advice, mendable
from trainers.store.leases import Holding
from trainers.store.stages import LostFile, StageStore
from trainers.work import pretrain, score, tokenizer, tune

WORK: dict[type, Callable[[Any, Session], dict[str, Any]]] = {
    TokenizerSpec: tokenizer.run,
    PretrainSpec: pretrain.run,
    IntermediateSpec: tune.run_intermediate,
    TargetSpec: tune.run_target,
    ScoreSpec: score.run,
}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runner:
    """What a lane is made of besides its conversation with the broker."""

    store: StageStore
    settings: Settings
    ranks: Ranks = ALONE

    def run(self, assignment: Assignment, report: Report) -> Outcome:
        """Run a stage to its COMMIT.

        A run that fails for a reason of the stage (a divergence, an exception) is an outcome; what the user can mend
        (the store, the data) is raised, since every other stage would meet it too. While it runs, its first worker
        keeps the lease; a run that has lost it stops at its next report.

        Raises:
            UserError: the store, the cache or the data.
        """
        if not self.ranks.first:
            return self._run(assignment, report)
        with Holding(self.store.objects, assignment.stage.id, assignment.attempt, self.store.term) as holding:

            def told(step: int, steps: int) -> Verdict:
                verdict = report(step, steps)
                return Verdict.STOP if holding.lost else verdict

            outcome = self._run(assignment, told)
            holding.committed = outcome.ending is Ending.COMMITTED
            return outcome

    def _run(self, assignment: Assignment, report: Report) -> Outcome:
        with mendable("write the cache", self.settings.cache):
            folder = Path(tempfile.mkdtemp(prefix="stage-", dir=_folder(self.settings.cache / "building")))
            made = _folder(folder / "made")
        try:
            with StageLog(self.store, assignment, self.ranks.rank) as kept:
                session = Session(assignment, self.store, self.settings, report, made, self.ranks, kept.keep)
                return self._make(session)
        finally:
            shutil.rmtree(folder)

    def _make(self, session: Session) -> Outcome:
        assignment, started = session.assignment, time.monotonic()
        session.note(assignment.stage.label)
        session.note(f"on {platform.node()}, process {os.getpid()}; workers: {self.ranks.size}")
        session.keep_log()  # what kills a process may come before the first save
        try:
            numerics = getattr(assignment.stage.spec, "numerics", Numerics())
            configure(numerics)
            if not isinstance(assignment.stage.spec, ScoreSpec):
                forget()  # training needs the memory
            facts = WORK[type(assignment.stage.spec)](assignment.stage.spec, session)
            cuts = {name: asdict(cut) for name, cut in session.cuts.items()}
            facts = {"label": assignment.stage.label, "seconds": time.monotonic() - started, "cut": cuts} | facts
            if self.ranks.first:
                device = numerics.device
                self._commit(session, facts | session.lane | {"machine": machine(device)})
            return Outcome(Ending.COMMITTED)
        except Stopped:
            session.note("stopped: nobody waits for it any more, another attempt runs it, or its lane leaves")
            return Outcome(Ending.STOPPED)
        except Diverged as error:
            session.note(f"diverged: {error}")
            return Outcome(Ending.DIVERGED, str(error))
        except LostFile as error:  # not this stage's fault: what it needs is made again
            return Outcome(Ending.EXCUSED, str(error))
        except UserError:
            raise
        except Exception as error:
            if why := advice(error):
                raise UserError(f"cannot write the cache: {why}", where=str(self.settings.cache)) from error
            log.exception("%s failed", assignment.stage.label)
            reason = " ".join(f"{type(error).__name__}: {error}".split())  # the lines of the rest are in the log
            return Outcome(Ending.FAILED, reason)

    def _commit(self, session: Session, facts: dict[str, Any]) -> None:
        stage, attempt = session.assignment.stage, session.assignment.attempt
        files = {
            path.name: self.store.put(stage.id, attempt, path.name, path) for path in sorted(session.made.iterdir())
        }
        session.note(f"made in {facts['seconds']:.1f} s")
        session.keep_log()  # before the COMMIT, after which nothing of a stage is written
        self.store.commit(stage.id, attempt, files, inputs=session.inputs, spec=stage.spec, facts=facts)


def configure(numerics: Numerics) -> None:
    """Pin what decides bits: intra-op threads and deterministic kernels.

    Raises:
        UserError: the recipe needs a GPU, and there is none.
    """
    keep_freed_memory()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if numerics.device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "there is no GPU on this machine; run where there is one, or give `device: cpu`", where="recipe.numerics"
        )
    torch.set_num_threads(numerics.threads)
    torch.use_deterministic_algorithms(True)
    # nothing reads what is not written; filling it took up to a tenth of a step
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # its stub lacks it
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers has no types here
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def machine(device: str) -> dict[str, str]:
    """Versions and device class that a result was made with. `device`: cpu or cuda."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": version("transformers"),
        "crosslift": version("crosslift"),
        "device": torch.cuda.get_device_name() if device == "cuda" else platform.machine(),
    }


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
