"""A final run's predictions in the benchmark's layout: a folder a seed, and one of gold to score them against.

Test sets whose labels XTREME keeps to itself are predicted like the others; they have no gold here.

DIR/seed-1/xnli/test-de.tsv …    as XTREME takes it
DIR/gold/xnli/test-de.tsv …      crosslift score --predictions DIR/seed-1 --gold DIR/gold --suite xtreme
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tasks.errors import UserError
from tasks.submission_files import write_gold, write_predictions
from trainers.store.files import mendable
from tune_jobs.results.results import CellStages, Scores

GOLD, SEED = "gold", "seed-"


def prepare(folder: Path) -> None:
    """Make the folder, before anything is spent; what an earlier final run wrote into it is taken out.

    Raises:
        UserError: it holds something else, or cannot be written.
    """
    with mendable("write the submission", folder):
        folder.mkdir(parents=True, exist_ok=True)
        there = list(folder.iterdir())
        if any(not path.is_dir() or not path.name.startswith((GOLD, SEED)) for path in there):
            raise UserError("holds something else than a submission; name another folder", where=str(folder))
        for path in there:
            shutil.rmtree(path)


def write(folder: Path, cells: Mapping[int, CellStages], scores: Scores) -> int:
    """Write the predictions of report cells, by training seed; returns how many files of them there are."""
    files = 0
    for seed, stages in cells.items():
        for (task, language), stage in stages.items():
            found = scores.predictions(stage)
            write_predictions(
                folder / f"{SEED}{seed}", task, language, list(zip(found.ids, found.predicted, strict=True))
            )
            if found.scored:
                write_gold(folder / GOLD, task, language, list(zip(found.ids, found.gold, strict=True)))
            files += 1
    return files
