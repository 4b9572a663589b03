"""A stage's training curve: some hundred points of it at most, so that it fits among the facts of its COMMIT.

Which steps have a point depends on the horizon alone, so a resumed stage has the curve of an undisturbed one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

POINTS = 100
"""About as many steps of a stage have a point; the last one always has."""

Point = tuple[int, float]
"""A step, counted from 1, and the value there."""


@dataclass(frozen=True)
class Curve:
    """The points so far.

    Attributes:
        loss: the mean loss of the steps since the point before.
        dev: scores on English dev (0..100), where they decide which weights are kept.
        recent: the sum of the losses since the last point.
        since: how many they are.
    """

    loss: tuple[Point, ...] = ()
    dev: tuple[Point, ...] = ()
    recent: float = 0.0
    since: int = 0

    def trained(self, step: int, steps: int, loss: float) -> Curve:
        """After `step` of `steps`, which had this loss."""
        total, since = self.recent + loss, self.since + 1
        if _has_point(step, 1, steps):
            return replace(self, loss=(*self.loss, (step, total / since)), recent=0.0, since=0)
        return replace(self, recent=total, since=since)

    def measured(self, step: int, every: int, steps: int, score: float) -> Curve:
        """After a measurement, of which there is one every so many steps, and one in the end."""
        return replace(self, dev=(*self.dev, (step, score))) if _has_point(step, every, steps) else self

    def facts(self) -> dict[str, list[Point]]:
        """What a COMMIT says: the points."""
        return {"loss": list(self.loss), "dev": list(self.dev)}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Curve:
        """The curve of which a stage's progress holds the attributes."""
        loss, dev = (tuple((int(step), float(value)) for step, value in saved[name]) for name in ("loss", "dev"))
        return cls(loss, dev, saved["recent"], saved["since"])


def _has_point(step: int, every: int, steps: int) -> bool:
    """Whether a step that is a multiple of `every`, or the last one, is among the points."""
    stride = math.ceil(math.ceil(steps / every) / POINTS)
    return step == steps or (step // every) % stride == 0
