"""What a sweep has cost, and what sharing, the store and pruning have saved: from the store alone.

A stage counts as found where the COMMIT that counts was there before the sweep's first event, by the store's clock.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from trainers.store.objects import Objects
from tune_jobs.results.results import Results
from tune_jobs.sweeps.summary import Cost, Summary, cost_of, summarise


@dataclass(frozen=True)
class Costs:
    """`spent` on the stages that were made for the sweep; `figures` are `sweep`'s own."""

    spent: Cost
    figures: Summary

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        figures = self.figures
        return {
            "spent": asdict(self.spent),
            "stages": {"trained": figures.trained, "stored": figures.stored, "shared": figures.shared},
            "saved_by_sharing": asdict(figures.saved_by_sharing),
            "saved_by_store": asdict(figures.saved_by_store),
            "saved_by_pruning": asdict(figures.saved_by_pruning),
        }


def costs(results: Results) -> Costs:
    """The costs of all stages that a rung of the sweep stands on."""
    store = results.scores.store
    stages = {stage for trial in results.history.trials for stage in trial.stages}
    written = _written(store.objects)
    began = _began(store.objects, results.name)
    trained = {stage for stage in stages if written.get(stage, began) >= began}
    committed = cache(store.committed)
    spent = sum((cost_of(committed(stage)) for stage in sorted(trained)), Cost())
    return Costs(spent, summarise(results.name, results.history, trained, store))


def _written(objects: Objects) -> dict[str, float]:
    """When each stage's newest COMMIT was written, from one listing."""
    found: dict[str, float] = {}
    for info in objects.list("stages/"):
        _, stage, name = info.key.split("/", 2)
        if name.startswith("COMMIT."):
            found[stage] = max(found.get(stage, 0.0), info.modified)
    return found


def _began(objects: Objects, sweep: str) -> float:
    """When the first event was written."""
    return next(info.modified for info in objects.list(f"sweeps/{sweep}/events/"))
