"""A final run's predictions in the benchmark's layout: a folder a seed, and one of gold to score them against.

DIR/seed-1/xnli/test-de.tsv …    as XTREME takes it
DIR/gold/xnli/test-de.tsv …      crosslift score --predictions DIR/seed-1 --gold DIR/gold --suite xtreme
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tasks.submission_files import write_gold, write_predictions
from tune_jobs.results.results import CellStages, Scores

GOLD = "gold"


def write(folder: Path, cells: Mapping[int, CellStages], scores: Scores) -> int:
    """Write the predictions of report cells, by training seed; returns how many files of them there are."""
    files = 0
    for seed, stages in cells.items():
        for (task, language), stage in stages.items():
            found = scores.predictions(stage)
            write_predictions(
                folder / f"seed-{seed}", task, language, list(zip(found.ids, found.predicted, strict=True))
            )
            write_gold(folder / GOLD, task, language, list(zip(found.ids, found.gold, strict=True)))
            files += 1
    return files
