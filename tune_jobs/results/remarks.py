"""What must be said beside scores: how they came about, where that is not what a reader would take for granted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from tasks import catalog
from trainers.batches.cutting import cuts
from tune_jobs.results.results import CellStages, Scores

NOTABLE = 0.01
"""The share of examples above which it is worth a line that they were cut."""


def remarks(cells: Iterable[CellStages], scores: Scores) -> tuple[str, ...]:
    """A line a task for what is to be said of its cells; nothing is said twice.

    Args:
        cells: score stages of some models, the most interesting one first.
        scores: where they lie.
    """
    said = (line for stages in cells for line in (*_cut(stages, scores), *_pools(stages, scores)))
    return tuple(dict.fromkeys(said))


def _cut(stages: CellStages, scores: Scores) -> Iterator[str]:
    """`xnli dev: examples cut at 128 subwords: th 31 of 2,490, zh 40 of 2,490`."""
    found = {name: cut for stage in stages.values() for name, cut in cuts(scores.facts(stage)).items()}
    notable = [(name.rpartition(" "), cut) for name, cut in sorted(found.items()) if cut.share > NOTABLE]
    for (data, length), group in groupby(notable, lambda item: (item[0][0], item[1].max_length)):
        each = ", ".join(f"{language} {cut.cut:,} of {cut.examples:,}" for (_, _, language), cut in group)
        yield f"{data}: examples cut at {length} subwords: {each}"


def _pools(stages: CellStages, scores: Scores) -> Iterator[str]:
    """`lareqa: candidates of 3 of 11 languages (de, en, th)`: fewer are easier to search."""
    for (task, _), stage in sorted(stages.items()):
        pool, there = catalog.get(task).pool, scores.facts(stage).get("pool", {})
        if there and not set(pool) <= set(there):
            yield f"{task}: candidates of {len(there)} of {len(pool)} languages ({', '.join(there)})"
