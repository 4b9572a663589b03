"""What a space trains on against what it scores: see `tasks.overlap`."""

from __future__ import annotations

from pathlib import Path

from search_spaces.space import Space
from tasks.data import Dataset, load
from tasks.overlap import Overlap, overlaps
from trainers.graph import Graph, expand
from trainers.stages import IntermediateSpec, ScoreSpec, TargetSpec
from tune_jobs.data_sources import open_data
from tune_jobs.results.final import PARTS


def overlaps_of(space: Space, folder: Path) -> list[Overlap]:
    """Every overlap of a training set of the space with a selection or report split.

    Raises:
        UserError: data is missing.
    """
    data = open_data(space.data, folder)
    train: dict[str, Dataset] = {}
    scored: dict[str, Dataset] = {}
    for part in PARTS:
        _gather(expand(space.widest(), space.suite, data, rungs=space.rungs, part=part), train, scored)
    return [found for dataset in train.values() for found in overlaps(dataset, scored.values())]


def _gather(graph: Graph, train: dict[str, Dataset], scored: dict[str, Dataset]) -> None:
    for stage in graph.stages.values():
        match stage.spec:
            case IntermediateSpec(mixture=mixture):
                train |= {i.data.fingerprint: load(stage.sources[i.data.fingerprint]) for i in mixture}
            case TargetSpec(train=data):
                train[data.fingerprint] = load(stage.sources[data.fingerprint])
            case ScoreSpec(data=data):
                scored[data.fingerprint] = load(stage.sources[data.fingerprint])
