"""From a trial to a recipe file: its recipe, with the suite and the data of its sweep."""

from __future__ import annotations

import json

from search_spaces.recipes import RecipeFile
from search_spaces.settings import DataSettings
from tune_jobs.results.results import Results
from tune_jobs.sweeps.history import TrialHistory


def recipe_file(results: Results, trial: TrialHistory) -> RecipeFile:
    """What `crosslift final` needs, from the event log alone."""
    opened = results.opened
    locked = {name: pinned.model_dump() for name, pinned in opened.locked.items()}
    data = opened.space["data"] | {"folders": opened.folders or (".",), "locked": locked}
    return RecipeFile(
        name=results.name,
        data=DataSettings.model_validate_json(json.dumps(data)),
        suite=results.suite,
        recipe=trial.sampled.recipe,
    )
