"""Metrics by name; each equals the benchmark's reference implementation."""

from __future__ import annotations

from tasks.errors import UserError, nearest
from tasks.metrics.accuracy import Accuracy
from tasks.metrics.answers import mlqa, squad
from tasks.metrics.base import Metric, Score
from tasks.metrics.tag_f1 import TagF1

__all__ = ["Metric", "Score", "get"]

_NAMES = ("accuracy", "tag_f1", "squad", "mlqa")


def get(name: str, language: str | None = None) -> Metric:
    """The metric that a task's declaration names.

    Args:
        name: `accuracy`, `tag_f1`, `squad` or `mlqa`.
        language: of the answers; MLQA's normalisation depends on it.

    Raises:
        UserError: a metric that does not exist (yet), or `mlqa` in a language that it does not have.
    """
    match name:
        case "accuracy":
            return Accuracy()
        case "tag_f1":
            return TagF1()
        case "squad":
            return squad()
        case "mlqa":
            return mlqa(language)
    raise UserError(f"there is no metric {name!r} yet, {nearest(name, _NAMES)}")
