"""What a space trains on against what it scores: see `tasks.overlap`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from search_spaces.space import Space
from tasks.data import Dataset, load
from tasks.overlap import Overlap, overlaps
from trainers.graph import Graph, expand
from trainers.stages import ScoreSpec
from tune_jobs.data_sources import open_data
from tune_jobs.places import cache_folder
from tune_jobs.results.final import PARTS


def overlaps_of(space: Space, folder: Path) -> list[Overlap]:
    """Every overlap of what the space's recipes learn from with a selection or report split.

    They learn from training sets, from the text of language modelling, and from the development sets by which the best
    weights are kept; that a development set is also what recipes are ranked on is no finding.

    Raises:
        UserError: data is missing.
    """
    data = open_data(space.data, folder)
    train: dict[str, Dataset] = {}
    scored: dict[str, Dataset] = {}
    for part in PARTS:
        _gather(expand(space.widest(), space.suite, data, rungs=space.rungs, part=part), train, scored)
    found = (overlap for dataset in train.values() for overlap in overlaps(dataset, _others(dataset, scored)))
    return list(dict.fromkeys(found))  # a held-out fifth keeps the whole pool: it holds the same texts


def _gather(graph: Graph, train: dict[str, Dataset], scored: dict[str, Dataset]) -> None:
    for stage in graph.stages.values():
        if isinstance(stage.spec, ScoreSpec):
            data = stage.spec.data.fingerprint
            scored[data] = load(stage.sources[data].here(cache_folder()))
        else:
            train |= {data: load(located.here(cache_folder())) for data, located in stage.sources.items()}


def _others(dataset: Dataset, scored: Mapping[str, Dataset]) -> list[Dataset]:
    """What is scored, without the very development set that is compared with it."""
    itself = None if dataset.source.split == "train" else dataset.fingerprint
    return [other for data, other in scored.items() if data != itself]
