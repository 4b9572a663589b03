"""What final runs have found, kept in the store beside their sweep: `sweeps/<name>/finals/<number>.json`.

A final run that says again what is known is not kept again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic.dataclasses import dataclass as checked

from tasks.errors import UserError
from trainers.store.objects import Objects
from tune_jobs.results.lift import Interval


@checked(frozen=True)
class KeptInterval:
    """A lift and its interval."""

    value: float
    low: float
    high: float
    level: float

    @property
    def interval(self) -> Interval:
        """As results have it."""
        return Interval(self.value, self.low, self.high, self.level)


@checked(frozen=True)
class KeptLine:
    """Scores of recipe and baseline, means over seeds; see `tune_jobs.results.final.Line`."""

    part: str
    task: str | None
    language: str | None
    examples: int
    score: float
    baseline: float
    lift: KeptInterval


@checked(frozen=True)
class KeptFinal:
    """A final run: which recipe (its digest, with the seed that it was selected with), which seeds, and the scores.

    `names` says for each part what its average is called.
    """

    recipe: str
    seeds: tuple[int, ...]
    names: dict[str, str]
    lines: tuple[KeptLine, ...]
    absent: tuple[str, ...]
    notes: tuple[str, ...]


def keep(objects: Objects, sweep: str, recipe: str, found: dict[str, Any]) -> None:
    """Keep what a final run has found, in the form of its `--json`."""
    lines = [{key: line[key] for key in KeptLine.__dataclass_fields__} for line in found["lines"]]
    content = {key: found[key] for key in ("seeds", "names", "absent", "notes")} | {"recipe": recipe, "lines": lines}
    data = json.dumps(content, sort_keys=True, allow_nan=False).encode()
    before = [objects.read(info.key) for info in objects.list(_prefix(sweep))]
    number = len(before)
    while data not in before and not objects.create(f"{_prefix(sweep)}{number:06d}.json", data):
        number += 1  # another final run has been quicker


def kept(objects: Objects, sweep: str) -> Sequence[KeptFinal]:
    """The final runs of a sweep's recipes, in their order.

    Raises:
        UserError: one cannot be read.
    """
    return [_read(objects, info.key) for info in objects.list(_prefix(sweep))]


def _read(objects: Objects, key: str) -> KeptFinal:
    try:
        return KeptFinal(**json.loads(objects.read(key)))
    except (ValidationError, ValueError, TypeError) as error:
        raise UserError(
            "not what a final run of this version writes: restore it, or remove it", where=f"{objects.name}/{key}"
        ) from error


def _prefix(sweep: str) -> str:
    return f"sweeps/{sweep}/finals/"
