"""A sweep's results, read from its store: event log, cells and predictions. From anywhere; no training code.

Cells and predictions are small and never change, so each is fetched once a machine (into the cache) and kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces import own_tasks
from tasks import metrics
from tasks.cells import Cell
from tasks.errors import UserError, nearest
from tasks.suites import Suite
from trainers.predictions import CELL, PREDICTIONS, Predictions, current_cell, read
from trainers.store import open_objects
from trainers.store.manifest import Commit
from trainers.store.stages import StageStore
from tune_jobs.places import cache_folder
from tune_jobs.results.lift import Measured, paired
from tune_jobs.sweeps.event_log import replay, sweeps
from tune_jobs.sweeps.events import CellOf, Envelope, Opened, cells_digest
from tune_jobs.sweeps.history import History, TrialHistory

KEPT = 512  # cells' predictions in memory: more than two trials of XTREME have
CellStages = dict[tuple[str, str], str]
"""(task, language) → id of the score stage."""


@dataclass(frozen=True)
class Scores:
    """Cells and predictions by score stage."""

    store: StageStore
    cache: Path
    _known: dict[str, Predictions] = field(default_factory=dict, repr=False)
    _commits: dict[str, Commit] = field(default_factory=dict, repr=False)

    def cell(self, stage: str) -> Cell:
        """The cell of a score stage, with the metric as it is now."""
        stored = Cell.from_json(json.loads(self._fetch(stage, CELL).read_bytes()))
        return current_cell(stored, lambda: self.predictions(stage))

    def cells(self, stages: Iterable[CellOf]) -> list[Cell]:
        """Some cells of a trial, under the names that the trial has for them: two may be of one stage."""
        return [replace(self.cell(c.stage), task=c.task, language=c.language) for c in stages]

    def predictions(self, stage: str) -> Predictions:
        """Predictions with the statistics of the metric as it is now.

        Those that were asked for last stay in memory: the baseline's are compared with every trial's.
        """
        known = self._known.pop(stage, None)
        if known is None:
            known = read(self._fetch(stage, PREDICTIONS)).current()
        self._known[stage] = known  # at the end: the first is the one that was asked for longest ago
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return known

    def measured(self, ours: Sequence[CellStages], theirs: Sequence[CellStages] = ()) -> list[Measured]:
        """What `lift` needs, for the cells that all have: one entry a seed on each side, paired in order."""
        common = set.intersection(*(set(side) for side in (*ours, *theirs)))
        return [self._measured(*cell, [s[cell] for s in ours], [s[cell] for s in theirs]) for cell in sorted(common)]

    def _measured(self, task: str, language: str, ours: Sequence[str], theirs: Sequence[str]) -> Measured:
        found = [self.predictions(stage) for stage in (*ours, *theirs)]
        first = found[0]
        rows = [paired(first.ids, first.statistics, p.ids, p.statistics, where=f"{task} {language}")[2] for p in found]
        left, right = rows[: len(ours)], rows[len(ours) :]
        scorer = metrics.get(first.metric, language)
        return Measured(task, language, scorer, first.ids, np.stack(left), np.stack(right) if right else None)

    def facts(self, stage: str) -> Mapping[str, Any]:
        """What the stage's COMMIT says about its run."""
        return self._commit(stage).facts

    def _fetch(self, stage: str, name: str) -> Path:
        return self.store.fetch(self._commit(stage), name, self.cache / "files")

    def _commit(self, stage: str) -> Commit:
        if stage not in self._commits:
            commit = self.store.committed(stage)
            if commit is None:
                raise UserError(f"the store has no score stage {stage[:12]}; run the sweep again to make it anew")
            self._commits[stage] = commit
        return self._commits[stage]


@dataclass(frozen=True)
class Results:
    """One sweep: its trials from the event log, and where their scores are.

    `envelopes` are its events as they were written, with their times.
    """

    name: str
    history: History
    scores: Scores
    envelopes: tuple[Envelope, ...] = ()

    @property
    def opened(self) -> Opened:
        """The first event: what was searched."""
        assert self.history.opened is not None, "open_results has looked"
        return self.history.opened

    @cached_property
    def suite(self) -> Suite:
        """The suite of the sweep, as its space had it when the sweep began."""
        content = self.opened.space["suite"]
        languages = {task: tuple(codes) for task, codes in content["languages"].items()}
        return Suite(content["name"], tuple(content["tasks"]), languages)

    def trial(self, number: int | None) -> TrialHistory:
        """A trial that was scored on the whole suite: the best one, or the one of this number."""
        ranked = self.history.ranked()
        if not ranked:
            raise UserError("no trial has been scored on the whole suite yet", where=f"sweep {self.name}")
        if number is None:
            return ranked[0]
        for trial in ranked:
            if trial.number == number:
                return trial
        whole = ", ".join(str(n) for n in sorted(t.number for t in ranked))
        raise UserError(f"trial {number} was not scored on the whole suite; these were: {whole}", where="--trial")


def cells_of(trial: TrialHistory) -> CellStages:
    """The score stages of a trial so far."""
    return {(cell.task, cell.language): cell.stage for rung in trial.rungs.values() for cell in rung.cells}


def changed(results: Results, trial: TrialHistory) -> bool:
    """Whether cells of a trial are others than those that it was compared by."""
    return any(cells_digest(results.scores.cells(rung.cells)) != rung.digest for rung in trial.rungs.values())


def open_results(location: str, name: str) -> Results:
    """The results of a sweep in a store.

    Raises:
        UserError: the store has no such sweep; the nearest name is given.
    """
    objects = open_objects(location)
    envelopes = tuple(replay(objects, name))
    history = History(envelope.event for envelope in envelopes)
    if history.opened is None:
        there = sweeps(objects)
        hint = nearest(name, there) if there else "it holds no sweep yet"
        raise UserError(f"no sweep {name!r} in {objects.name}: {hint}", where="--store")
    own_tasks.declare(own_tasks.OwnTask.model_validate(own) for own in history.opened.space["data"].get("tasks", ()))
    return Results(name, history, Scores(StageStore(objects), cache_folder()), envelopes)
