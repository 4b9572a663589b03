"""Metrics by name; each equals the benchmark's reference implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tasks.errors import UserError, nearest
from tasks.metrics.accuracy import Accuracy, TagAccuracy
from tasks.metrics.answers import mlqa, squad, squad2
from tasks.metrics.base import Metric, Score
from tasks.metrics.mining import MiningF1
from tasks.metrics.ranking import Faq, MeanAveragePrecision
from tasks.metrics.tag_f1 import TagF1

__all__ = ["Metric", "Score", "get"]

_PLAIN: Mapping[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "tag_accuracy": TagAccuracy,
    "tag_f1": TagF1,
    "squad": squad,
    "squad2": squad2,
    "bucc_f1": MiningF1,
    "map@20": MeanAveragePrecision,
    "faq": Faq,
}
_NAMES = (*_PLAIN, "mlqa")


def get(name: str, language: str | None = None) -> Metric:
    """The metric that a task's declaration names.

    Args:
        name: one of `accuracy`, `tag_accuracy`, `tag_f1`, `squad`, `squad2`, `mlqa`, `bucc_f1`, `map@20`, `faq`.
        language: of the answers; MLQA's normalisation depends on it.

    Raises:
        UserError: a metric that does not exist, or `mlqa` in a language that it does not have.
    """
    if name == "mlqa":
        return mlqa(language)
    if name in _PLAIN:
        return _PLAIN[name]()
    raise UserError(f"there is no metric {name!r}, {nearest(name, _NAMES)}")
