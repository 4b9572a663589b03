"""The final run: the winner and its baseline with fresh seeds, scored on the selection and the report splits.

Both sides are trained with the same target settings and the same seeds, so that seed i of one is paired with seed i of
the other. Where selection looked at a fifth of the test data, the report is given with and without that fifth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from search_spaces.recipes import RecipeFile
from tasks import catalog
from tasks.cells import Cell
from tasks.data import Absent, DataFolders, Part, load
from tasks.declaration import HeldOut
from tasks.examples import is_labelled
from trainers.base import BaseModels
from trainers.graph import Graph, expand
from trainers.identity import digest
from trainers.recipe import Recipe
from trainers.store.bases import BaseStore
from trainers.store.stages import StageStore
from tune_jobs.places import cache_folder
from tune_jobs.results import finals, looks, submitted
from tune_jobs.results.lift import Interval, Measured, interval
from tune_jobs.results.remarks import remarks
from tune_jobs.results.results import Scores
from tune_jobs.sweeps.events import CellOf
from tune_jobs.sweeps.roots import refer

Make = Callable[[Sequence[Graph]], int]
ReportPart = Literal["selection", "report", "report without the fifth"]
PARTS: tuple[Literal["selection", "report"], ...] = ("selection", "report")
REST: ReportPart = "report without the fifth"


@dataclass(frozen=True)
class Line:
    """Scores of recipe and baseline (means over seeds), and the lift; over all languages of a task, or all tasks.

    `task` or `language` is None where the line is an average over all of them. `cells` are the recipe's own, one a
    seed, where the line is of one language: by which metric, and from which data, layer and pooling scores come.
    """

    part: ReportPart
    task: str | None
    language: str | None
    examples: int
    score: float
    baseline: float
    lift: Interval
    cells: tuple[Cell, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        return {**vars(self), "lift": self.lift.to_json(), "cells": [cell.to_json() for cell in self.cells]}


@dataclass(frozen=True)
class Final:
    """What a final run found. `names` says what each part's overall average is called."""

    name: str
    seeds: tuple[int, ...]
    lines: tuple[Line, ...]
    names: Mapping[str, str]
    absent: tuple[str, ...]
    predicted: tuple[tuple[str, str], ...]  # cells that have predictions and no score, for lack of labels
    notes: tuple[str, ...]  # what must be said beside the numbers
    stages: int  # that were run for it
    looks: int  # at the test sets for this sweep, this one with them
    submission: str | None  # the folder of the predictions

    def to_json(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        return {**vars(self), "lines": [line.to_json() for line in self.lines], "names": dict(self.names)}


@dataclass(frozen=True)
class _Side:
    """Graphs of one recipe: by part, one a seed."""

    graphs: Mapping[str, Sequence[Graph]]


def final(
    file: RecipeFile,
    data: DataFolders,
    store: StageStore,
    make: Make,
    *,
    seeds: int,
    submission: Path | None = None,
) -> Final:
    """Train and score the recipe and its baseline.

    Args:
        file: the recipe, with its suite.
        data: where the files are.
        store: where stages live; what it has is not trained again.
        make: makes all stages of some graphs that are not stored, and says how many.
        seeds: how many; they follow the recipe's own, with which it was selected.
        submission: the folder for the predictions of the test sets; None: they stay in the store alone.
    """
    first = file.recipe.seed + 1
    fresh = tuple(range(first, first + seeds))
    models = BaseModels(BaseStore(store.objects))
    ours = _side(file, file.recipe, data, fresh, models, unlabelled=submission is not None)
    theirs = _side(file, file.recipe.baseline(), data, fresh, models)
    graphs = [graph for side in (ours, theirs) for part in PARTS for graph in side.graphs[part]]
    if submission is not None:
        submitted.prepare(submission)
    count = looks.note(store.objects, file, fresh)
    refer(store.objects, file.name, {root for graph in graphs for root in graph.roots})
    stages = make(graphs)
    scores = Scores(store, cache_folder())
    if submission is not None:
        reported = {seed: graph.cells for seed, graph in zip(fresh, ours.graphs["report"], strict=True)}
        submitted.write(submission, reported, scores)
    measured: dict[ReportPart, list[Measured]] = {}
    for part in PARTS:
        sides = [[graph.scored for graph in side.graphs[part]] for side in (ours, theirs)]
        if sides[0][0]:
            measured[part] = scores.measured(*sides)
    rest = [cell for found in measured.get("report", []) if (cell := _without_the_fifth(found, data)) is not None]
    if rest:
        held = {(cell.task, cell.language): cell for cell in rest}
        measured[REST] = [held.get((cell.task, cell.language), cell) for cell in measured["report"]]
    changed = {cell.task for cell in rest}  # without the fifth, only these differ, and the average
    lines = tuple(
        replace(line, cells=_cells(line, ours, scores))
        for part, cells in measured.items()
        for line in _lines(part, cells)
        if part != REST or line.task is None or line.task in changed
    )
    absent = [f"{a.task} {a.language}: {a.why}" for part in PARTS for a in ours.graphs[part][0].absent]
    names: dict[str, str] = {part: _name(file, cells) for part, cells in measured.items()}
    where = str(submission) if submission is not None else None
    notes = remarks([ours.graphs[part][0].cells for part in PARTS], scores)
    predicted = tuple(sorted(ours.graphs["report"][0].predicted))
    found = Final(file.name, fresh, lines, names, tuple(dict.fromkeys(absent)), predicted, notes, stages, count, where)
    finals.keep(store.objects, file.name, digest(file.recipe), found.to_json())
    return found


def _side(
    file: RecipeFile,
    recipe: Recipe,
    data: DataFolders,
    seeds: Sequence[int],
    models: BaseModels,
    *,
    unlabelled: bool = False,
) -> _Side:
    seeded = [recipe.model_copy(update={"seed": seed}) for seed in seeds]
    stages = partial(expand, suite=file.suite, data=data, unlabelled=unlabelled, models=models)
    return _Side({part: [stages(r, part=part) for r in seeded] for part in PARTS})


def _without_the_fifth(cell: Measured, data: DataFolders) -> Measured | None:
    """The same cell without the examples that selection has seen; None where selection saw no test data."""
    task = catalog.get(cell.task)
    if not isinstance(task.selection, HeldOut) or task.report != task.selection.split:
        return None
    source = data.find_report(cell.task, cell.language, Part.REST)
    if isinstance(source, Absent):
        return None
    kept = {example.id for example in load(source).examples if is_labelled(example)}
    rows = np.array([i for i, example in enumerate(cell.ids) if example in kept])
    assert cell.theirs is not None
    ids = tuple(cell.ids[i] for i in rows)
    return replace(cell, ids=ids, ours=cell.ours[:, rows], theirs=cell.theirs[:, rows])


def _lines(part: ReportPart, cells: Sequence[Measured]) -> list[Line]:
    """A line a cell, a line a task, and one for all."""
    tasks = list(dict.fromkeys(cell.task for cell in cells))
    lines = []
    for task in tasks:
        own = [cell for cell in cells if cell.task == task]
        lines += [_line(part, task, cell.language, [cell]) for cell in own]
        lines.append(_line(part, task, None, own))
    return [*lines, _line(part, None, None, cells)]


def _cells(line: Line, side: _Side, scores: Scores) -> tuple[Cell, ...]:
    """What a line of one language is made of; the rest of a test set has no cells of its own."""
    if line.task is None or line.language is None or line.part == REST:
        return ()
    stages = [graph.cells[line.task, line.language] for graph in side.graphs[line.part]]
    return tuple(scores.cells(CellOf(task=line.task, language=line.language, stage=stage) for stage in stages))


def _line(part: ReportPart, task: str | None, language: str | None, cells: Sequence[Measured]) -> Line:
    def mean(values: Sequence[Measured]) -> float:
        return interval(values, replicates=1).value  # of the scores themselves: no interval is asked for

    alone = [replace(cell, theirs=None) for cell in cells]
    other = [replace(cell, ours=cell.theirs, theirs=None) for cell in cells if cell.theirs is not None]
    examples = sum(len(cell.ids) for cell in cells)
    return Line(part, task, language, examples, mean(alone), mean(other), interval(cells))


def _name(file: RecipeFile, cells: Sequence[Measured]) -> str:
    """The suite's name if every cell of it is there."""
    there = {(cell.task, cell.language) for cell in cells}
    return file.suite.title([cell for cell in file.suite.wanted if cell not in there])
