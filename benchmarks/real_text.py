"""Does the sweep on real text learn anything? Its baseline trial against the two simplest rivals, in each language.

UDPOS, as the sweep scored it, against the majority tag of the English training set; Tatoeba against the same encoder
without training, on the whole test sets: the fifth that ranks recipes has 200 queries, of which a weak encoder finds
four. Run it after the sweep, on its store:

    crosslift sweep small --data DIR --serial --store LAB
    python -m benchmarks.real_text --data DIR --store LAB

Prints a line a cell and exits with 1 if a rival wins one.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from search_spaces.space import load as load_space
from tasks import metrics
from tasks.data import DataFolders, Dataset, DataSource, load
from tasks.examples import Tagged
from tasks.suites import Suite
from trainers.graph import expand
from trainers.recipe import Recipe
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.data_sources import open_data
from tune_jobs.lanes.serial import make
from tune_jobs.lanes.serial_lane import serial_lane
from tune_jobs.results.results import cells_of, open_results


def found(source: object) -> Dataset:
    """The dataset of a source that must be there."""
    assert isinstance(source, DataSource), source
    return load(source)


def majority(data: DataFolders, language: str) -> float:
    """The score of giving every token the most frequent tag of the English training set."""
    train = found(data.find("udpos", "train", "en")).examples
    tags = Counter(tag for example in train if isinstance(example, Tagged) for tag in example.tags or ())
    tag = tags.most_common(1)[0][0]
    examples = found(data.find_selection("udpos", language)).examples
    metric = metrics.get("tag_f1")
    predictions = [[tag] * len(example.tokens) for example in examples if isinstance(example, Tagged)]
    return metric.score(metric.statistics(examples, predictions)).value


def untrained(recipe: Recipe) -> Recipe:
    """The recipe with its encoder before any training."""
    assert recipe.base.scratch is not None
    scratch = recipe.base.scratch.model_copy(update={"steps": 0})
    return recipe.model_copy(update={"base": recipe.base.model_copy(update={"scratch": scratch})})


def tatoeba(recipe: Recipe, suite: Suite, data: DataFolders, location: str) -> dict[tuple[str, str], float]:
    """The scores of a recipe's encoder on the whole test sets."""
    alone = Suite("tatoeba", ("tatoeba",), {"tatoeba": suite.languages_of("tatoeba")})
    graph = expand(recipe, alone, data, part="report")
    store = StageStore(open_objects(location))
    make([graph], store, serial_lane(store, micro_tokens=16384, save_seconds=60.0))
    scores = open_results(location, "small").scores
    return {cell: scores.cell(stage).score for cell, stage in graph.cells.items()}


def main() -> int:
    """Compare cell by cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--store", required=True)
    options = parser.parse_args()
    space = load_space("small")
    data = open_data(space.data, options.data)
    results = open_results(options.store, space.name)
    cells = {cell: results.scores.cell(stage).score for cell, stage in cells_of(results.trial(0)).items()}
    rivals = {("udpos", language): majority(data, language) for language in space.suite.languages_of("udpos")}
    cells |= tatoeba(space.baseline(), space.suite, data, options.store)
    rivals |= tatoeba(untrained(space.baseline()), space.suite, data, options.store)
    for (task, language), rival in rivals.items():  # all of them are in the files
        print(f"{task:8s} {language}  {cells[task, language]:5.1f}  rival {rival:5.1f}")
    return 1 if any(cells[cell] <= rival for cell, rival in rivals.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
