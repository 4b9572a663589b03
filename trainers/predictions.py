"""A score stage's predictions as Parquet: ids, predictions, gold and per-example statistics.

A cell is a pure function of this file and the metric, so it can be computed again, widened or bootstrapped anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tasks import metrics
from tasks.cells import Cell
from tasks.examples import Example, Kind, is_labelled
from tasks.gold import gold, labelled

PREDICTIONS, CELL = "predictions.parquet", "cell.json"
"""The names of a score stage's two files."""


@dataclass(frozen=True)
class Predictions:
    """The predictions of one cell, in the order of the data; without gold there are no statistics and no score."""

    kind: Kind
    metric: str
    language: str
    version: int  # of the metric that made the statistics
    ids: tuple[str, ...]
    predicted: tuple[Any, ...]
    gold: tuple[Any, ...]
    statistics: npt.NDArray[np.float64]  # [examples, k], as the metric defines them; k = 0 without gold

    @property
    def scored(self) -> bool:
        """Whether there is gold."""
        return bool(self.statistics.shape[1])

    def current(self) -> Predictions:
        """The same with the statistics of the metric as it is now: itself if that has not changed."""
        same = not self.scored or self.version == metrics.get(self.metric, self.language).version
        return self if same else self.rescored()

    def rescored(self) -> Predictions:
        """The same with statistics that are computed again."""
        examples = [labelled(self.kind, id, value) for id, value in zip(self.ids, self.gold, strict=True)]
        return predictions(self.kind, self.metric, self.language, examples, self.predicted)

    @property
    def score(self) -> metrics.Score:
        """The score of all examples."""
        return metrics.get(self.metric, self.language).score(self.statistics)


def predictions(
    kind: Kind, metric: str, language: str, examples: Sequence[Example], predicted: Sequence[Any]
) -> Predictions:
    """Predictions with their statistics, of examples that all have labels or all have none."""
    scorer = metrics.get(metric, language)
    bare = not any(map(is_labelled, examples))
    return Predictions(
        kind=kind,
        metric=metric,
        language=language,
        version=scorer.version,
        ids=tuple(example.id for example in examples),
        predicted=tuple(predicted),
        gold=tuple(gold(example) for example in examples),
        statistics=np.asarray([[]] * len(examples) if bare else scorer.statistics(examples, predicted), np.float64),
    )


def write(path: Path, found: Predictions) -> None:
    """Write one Parquet file; equal predictions give equal bytes."""
    table = pa.table(
        {
            "id": list(found.ids),
            "prediction": [json.dumps(p, ensure_ascii=False) for p in found.predicted],
            "gold": [json.dumps(g, ensure_ascii=False, sort_keys=True) for g in found.gold],
            "statistics": pa.array(found.statistics.tolist(), type=pa.list_(pa.float64())),
        }
    )
    about = {
        "kind": found.kind.value,
        "metric": found.metric,
        "language": found.language,
        "version": str(found.version),
    }
    pq.write_table(table.replace_schema_metadata(about), path, compression="zstd")


def current_cell(cell: Cell, found: Callable[[], Predictions]) -> Cell:
    """A cell as its metric is now.

    Args:
        cell: as a score stage holds it.
        found: gives that stage's predictions; called only if the metric has changed since.
    """
    version = metrics.get(cell.metric, cell.language).version
    if cell.version == version:
        return cell
    score = found().current().score
    return replace(cell, score=score.value, n=score.n, version=version, details={**cell.details, **score.details})


def read(source: Path | BinaryIO) -> Predictions:
    """Read what `write` wrote."""
    table = pq.read_table(source)
    about = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    columns = table.to_pydict()
    return Predictions(
        kind=Kind(about["kind"]),
        metric=about["metric"],
        language=about["language"],
        version=int(about["version"]),
        ids=tuple(columns["id"]),
        predicted=tuple(json.loads(p) for p in columns["prediction"]),
        gold=tuple(json.loads(g) for g in columns["gold"]),
        statistics=np.array(columns["statistics"], dtype=np.float64).reshape(table.num_rows, -1),
    )
