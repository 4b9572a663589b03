"""What a stage sees while it runs: its inputs as local folders, its data, where its files go, and its progress."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from safetensors.torch import load_file, save_file
from torch import Tensor

from tasks.data import Dataset, load
from tasks.errors import UserError
from trainers.batches.cutting import Cut
from trainers.batches.tokens import Tokens
from trainers.checkpoint import Checkpoint
from trainers.identity import digest
from trainers.lane import Assignment, Verdict
from trainers.model.encoder import load_tokenizer
from trainers.ranks import ALONE, Ranks
from trainers.stages import STAGE_PREFIX
from trainers.store.bases import BaseStore
from trainers.store.cache import assembled
from trainers.store.manifest import Commit
from trainers.store.stages import StageStore

TENSORS = "progress.safetensors"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How a lane runs stages; none of it changes what a stage is, so none of it is in an id."""

    cache: Path  # local copies of stored files, and scratch space
    micro_tokens: int = 16384  # padded tokens a micro-batch holds at most
    save_seconds: float = 60.0  # between saves of progress: what a killed lane loses at most


Report = Callable[[int, int], Verdict]


class Signal(NamedTuple):
    """What to do between two steps."""

    stop: bool  # keep progress and stop: the broker's verdict
    save: bool  # it is time to


@dataclass
class Session:
    """One run of one assignment."""

    assignment: Assignment
    store: StageStore
    settings: Settings
    report: Report  # (step, steps) → go on or stop
    made: Path  # an empty folder: the files put here are the stage's result
    ranks: Ranks = ALONE
    keep_log: Callable[[], None] = lambda: None  # store what has been logged so far
    clock: Callable[[], float] = time.monotonic
    inputs: dict[str, str] = field(default_factory=dict)  # origins read so far → digest of what was read
    cuts: dict[str, Cut] = field(default_factory=dict)  # what did not fit into rows, by dataset
    _saved: float = 0.0

    def __post_init__(self) -> None:
        self._saved = self.clock()

    @property
    def lane(self) -> dict[str, int]:
        """The size of the lane that it runs on, as facts say it beside the seconds."""
        shape = self.assignment.stage.shape
        return {"workers": self.ranks.size, "cores": shape.cores, "gpus": shape.gpus}

    def dataset(self, fingerprint: str) -> Dataset:
        """The data of this fingerprint.

        Raises:
            UserError: it is not on this machine and cannot be brought, or it is other data than was planned with.
        """
        dataset = load(self.assignment.stage.sources[fingerprint].here(self.settings.cache))
        if dataset.fingerprint != fingerprint:
            source = dataset.source
            what = f"the data on {platform.node()} is not what the sweep was planned with"
            where = f"{source.task} {source.split} {source.language}"
            raise UserError(f"{what}; bring that back, or start again under a new name", where=where)
        self.inputs[f"data:{fingerprint}"] = fingerprint
        return dataset

    def folder(self, origin: str) -> Path:
        """A local folder with the files of a stage (`stage:<id>`) or of a base model (`sha256:<digest>`)."""
        if not origin.startswith(STAGE_PREFIX):
            base = self.assignment.stage.base
            assert base is not None, "a stage that reads a base model says which"
            self.inputs[origin] = origin.partition(":")[2]
            return BaseStore(self.store.objects).folder(base, self.settings.cache)
        stage = origin.removeprefix(STAGE_PREFIX)
        commit = self.store.committed(stage)
        if commit is None:
            raise RuntimeError(f"stage {stage[:12]} is needed by {self.assignment.stage.label} and is not committed")
        self.inputs[origin] = content(commit)
        return materialise(self.store, commit, self.settings.cache)

    def tokens(self, origin: str) -> Tokens:
        """The tokenizer in the folder of `origin`; what it makes of data is kept in the cache."""
        return Tokens(load_tokenizer(self.folder(origin)), self.settings.cache / "tokens", self._counted)

    def _counted(self, dataset: Dataset, cut: Cut) -> None:
        """Remember what did not fit, and say it once."""
        source = dataset.source
        name = f"{source.task} {source.split} {source.language}"
        if cut.cut and self.cuts.get(name) != cut:
            self.cuts[name] = cut
            self.note(f"{name}: {cut}, {cut.tokens:,} subwords lost")

    # ---- progress -------------------------------------------------------------------------------------------------

    def tell(self, step: int, steps: int) -> Signal:
        """Report that `step` of `steps` is done; what to do now is rank 0's word, and the same on all ranks."""
        if self.ranks.size == 1:
            return self._ask(step, steps)
        return Signal(*self.ranks.agree(self._ask(step, steps) if self.ranks.first else ()))

    def _ask(self, step: int, steps: int) -> Signal:
        stop = self.report(step, steps) is Verdict.STOP
        return Signal(stop, stop or self.clock() - self._saved >= self.settings.save_seconds)

    def save(self, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Store progress; a later run of this stage, in this lane or another, goes on from it. Rank 0's is enough."""
        self._saved = self.clock()
        if not self.ranks.first:
            return
        path = self.made.parent / TENSORS
        save_file(dict(tensors), path)
        stage = self.assignment.stage.id
        self.store.save_progress(stage, self.assignment.attempt, step, {TENSORS: path}, {**facts, **self.lane})
        path.unlink()
        self.note(f"saved at step {step}")
        self.keep_log()
        self._saved = self.clock()

    def resume(self) -> Checkpoint | None:
        """The latest progress of this stage, whichever attempt made it; of all ranks the same."""
        found = self.ranks.agree(self.store.latest_progress(self.assignment.stage.id) if self.ranks.first else None)
        if found is None:
            return None
        path = self.store.fetch(found, TENSORS, self.settings.cache / "files")
        self.note(f"going on from step {found.step}")
        facts = {name: fact for name, fact in found.facts.items() if name not in self.lane}  # another lane's
        return Checkpoint(load_file(path), facts)

    def note(self, text: str) -> None:
        """A line for the stage's log."""
        log.info("%s", text)


def content(commit: Commit) -> str:
    """sha256 over the names and digests of a commit's files."""
    return digest({name: file.sha256 for name, file in commit.files.items()})


def materialise(store: StageStore, commit: Commit, cache: Path) -> Path:
    """The files of a commit under their own names in a local folder, linked from the cache of verified files."""
    files = cache / "files"
    return assembled(cache, f"stages/{content(commit)}", commit.files, lambda name: store.fetch(commit, name, files))
