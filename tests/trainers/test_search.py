"""Searching pools: rankings and mined pairs from given vectors, and the score stages of both on the toy world."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from tasks.cells import Cell
from tasks.data import Dataset, DataSource
from tasks.examples import Kind, Passage
from tasks.suites import Suite
from tests.trainers import world
from trainers import predictions
from trainers.graph import expand
from trainers.search import Embedder, pair, rank
from trainers.stages import ScoreSpec


@dataclass(frozen=True)
class Given:
    """An embedder whose vectors are known, by the passage's text."""

    by_text: dict[str, tuple[float, ...]]

    def vectors(self, dataset: Dataset) -> Any:
        found = [self.by_text[e.text] for e in dataset.examples if isinstance(e, Passage)]
        return np.array(found, dtype=np.float32)[:, None, :]


def dataset(*passages: Passage) -> Dataset:
    return Dataset(DataSource("bucc2018", "dev", "de", ()), Kind.MINING, passages)


def query(id: str, text: str, *relevant: str) -> Passage:
    return Passage(id, text, "", False, relevant, "")


def candidate(id: str, text: str) -> Passage:
    return Passage(id, text, "", True, None, "")


VECTORS = {"east": (1.0, 0.0), "north": (0.0, 1.0), "nearly east": (0.9, 0.1), "far east": (3.0, 0.0)}


def test_a_ranking_is_by_inner_product_and_of_candidates_alone() -> None:
    pool = ("north", "far east", "east", "nearly east")
    data = dataset(query("q", "east"), *(candidate(text, text) for text in pool))
    assert rank(cast(Embedder, Given(VECTORS)), data) == [
        ["far east", "east", "nearly east", "north"],
        None,
        None,
        None,
        None,
    ]


def test_pairs_are_kept_from_the_threshold_on() -> None:
    data = dataset(query("a", "east", "x"), query("b", "north"), candidate("x", "east"), candidate("y", "nearly east"))
    assert pair(cast(Embedder, Given(VECTORS)), data, None) == ["x", None, None, None], (
        "b's pair is wrong: the threshold is above it"
    )


def test_equal_texts_of_a_side_are_one() -> None:
    data = dataset(query("a", "east", "x"), query("b", "east"), candidate("x", "east"), candidate("y", "north"))
    assert pair(cast(Embedder, Given(VECTORS)), data, None)[:2] == ["x", None]


def test_the_threshold_is_the_dev_set_s() -> None:
    dev = dataset(
        query("a", "east", "x"), query("b", "north", "y"), candidate("x", "east"), candidate("y", "nearly east")
    )
    data = dataset(query("a", "east"), query("b", "north"), candidate("x", "east"), candidate("y", "nearly east"))
    assert pair(cast(Embedder, Given(VECTORS)), data, None)[:2] == [None, None], "no pair is right: none is kept"
    assert pair(cast(Embedder, Given(VECTORS)), data, dev)[:2] == ["x", "y"]


@pytest.mark.slow
@pytest.mark.parametrize("part", ["selection", "report"])
def test_both_are_scored_on_the_toy_world(tmp_path: Path, part: Any) -> None:
    suite = Suite("searched", ("bucc2018", "lareqa"), {"bucc2018": ("qaa",), "lareqa": ("en", "qaa")})
    graph = expand(world.recipe(), suite, world.folders(tmp_path / "data"), part=part)
    store = world.run_all(graph, tmp_path)
    scores = [stage for stage in graph.stages.values() if isinstance(stage.spec, ScoreSpec)]
    assert {s.spec.data.kind: s.spec.dev is not None for s in scores if isinstance(s.spec, ScoreSpec)} == {
        Kind.MINING: part == "report",  # its threshold is the dev set's
        Kind.RANKING: False,
    }
    for stage in scores:
        commit = store.committed(stage.id)
        assert commit is not None
        found = predictions.read(store.fetch(commit, predictions.PREDICTIONS, tmp_path / "read"))
        cell = Cell.from_json(json.loads(store.read(commit, predictions.CELL)))
        assert found.score.value == cell.score
        assert 0 <= cell.score <= 100 and cell.n == len(found.ids) > 0
