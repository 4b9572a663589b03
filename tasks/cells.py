"""A cell: the score of one (task, language)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tasks import catalog, metrics
from tasks.examples import Example


@dataclass(frozen=True)
class Cell:
    """The score of one (task, language), in 0..100, with the number of examples that it is of.

    `part` is `selection` or `report`; `version` is the metric's, `details` its named parts (F1 and EM), and how many
    candidates each language has in a pool that they share (`candidates de`). `data` is the fingerprint of what was
    scored, `revision` its commit on the hub where it came from there; `layer` (−1: the last) and `pooling` say how a
    sentence became a vector, where a pool was searched.
    """

    task: str
    language: str
    score: float
    n: int
    part: Literal["selection", "report"]
    metric: str
    version: int
    details: Mapping[str, float] = field(default_factory=dict)
    data: str | None = None
    revision: str | None = None
    layer: int | None = None
    pooling: str | None = None

    def to_json(self) -> dict[str, Any]:
        """What `cell.json` of a score stage holds."""
        return asdict(self) | {"details": dict(self.details)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Cell:
        """The cell that `to_json` wrote."""
        return cls(**content)


def cell(
    task: str,
    language: str,
    part: Literal["selection", "report"],
    gold: Sequence[Example],
    predictions: Sequence[Any],
) -> Cell:
    """Score predictions: a pure function of them, the gold examples and the metric's version."""
    metric = metrics.get(catalog.get(task).metric, language)
    score = metric.score(metric.statistics(gold, predictions))
    return Cell(task, language, score.value, score.n, part, metric.name, metric.version, score.details)
