"""A trial's encoder as a Hugging Face folder, with a note of what it is."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tasks.errors import UserError, nearest
from trainers.identity import canonical_json
from trainers.stages import STAGE_PREFIX
from trainers.store.files import mendable
from trainers.store.manifest import Commit
from tune_jobs.results.results import Results, cells_of
from tune_jobs.sweeps.history import TrialHistory

NOTE = "crosslift.json"


def export(results: Results, trial: TrialHistory, folder: Path, task: str | None = None) -> Commit:
    """Write a folder that `AutoModel.from_pretrained` loads, whole or not at all; returns the stage it comes from.

    Args:
        results: the sweep.
        trial: one that was scored on the whole suite.
        folder: must not exist yet, or be empty.
        task: export the encoder that was fine-tuned for this task (with its head beside it); by default the encoder
            that all target tasks start from.

    Raises:
        UserError: the folder is not empty, the task is not in the suite or not fine-tuned, or the weights are gone.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError("there is something already; name a new folder", where=str(folder))
    commit = _tuned(results, trial, task) if task else _encoder(results, trial)
    with mendable("write", folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _fill(building, results, trial, commit)
            building.chmod(0o755)
            building.replace(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)  # gone after a success
    return commit


def _fill(building: Path, results: Results, trial: TrialHistory, commit: Commit) -> None:
    for name in commit.files:
        shutil.copyfile(results.scores.store.fetch(commit, name, results.scores.cache / "files"), building / name)
    about = {
        "sweep": results.name,
        "trial": trial.number,
        "stage": commit.stage,
        "recipe": trial.sampled.recipe,
        "value": trial.value,
        "facts": commit.facts,
    }
    (building / NOTE).write_bytes(canonical_json(about))


def _tuned(results: Results, trial: TrialHistory, task: str) -> Commit:
    """The target stage whose head scored this task."""
    scores = {name: stage for (name, _), stage in cells_of(trial).items()}
    if task not in scores:
        raise UserError(f"trial {trial.number} was not scored on {task!r}, {nearest(task, scores)}", where="--task")
    model = _commit(results, _commit(results, scores[task]).spec["model"])
    if model.spec["kind"] != "target":
        raise UserError(f"{task} is scored without fine-tuning; leave out --task to export the encoder", where="--task")
    return model


def _encoder(results: Results, trial: TrialHistory) -> Commit:
    """The stage that made the encoder from which the trial's target phases start."""
    model = _commit(results, _commit(results, next(iter(cells_of(trial).values()))).spec["model"])
    return _commit(results, model.spec["encoder"]) if model.spec["kind"] == "target" else model


def _commit(results: Results, origin: object) -> Commit:
    assert isinstance(origin, str), "specs name models by strings"
    if origin.startswith("sha256:"):
        raise UserError("this trial has no intermediate phase: its encoder is the base model itself, or name a --task")
    stage = origin.removeprefix(STAGE_PREFIX)
    commit = results.scores.store.committed(stage)
    if commit is None or (commit.evicted and commit.spec["kind"] != "score"):
        raise UserError(f"the weights of stage {stage[:12]} are not in the store any more; run the sweep again")
    return commit
