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


def test_texts_that_a_side_has_twice_are_mined_and_dropped() -> None:
    """One id of them would be as good as another: the reference drops all. They still take their partner's place."""
    sides = (candidate("x", "east"), candidate("y", "nearly east"))
    data = dataset(query("a", "east", "x"), query("b", "east "), query("c", "north", "y"), *sides)
    given = Given({**VECTORS, "east ": VECTORS["east"]})
    assert pair(cast(Embedder, given), data, None)[:3] == [None, None, "y"]


def test_what_points_away_is_no_pair() -> None:
    vectors = {**VECTORS, "west": (-1.0, 0.0)}
    data = dataset(query("a", "east", "x"), candidate("x", "west"))
    assert pair(cast(Embedder, Given(vectors)), data, None) == ["x", None], "the ratio of two negatives is positive"
    data = dataset(query("a", "north", "x"), candidate("x", "east"))
    assert pair(cast(Embedder, Given(vectors)), data, None) == [None, None]


def test_the_threshold_is_the_dev_set_s() -> None:
    pool = (candidate("x", "east"), candidate("y", "nearly east"))
    dev = dataset(query("a", "east", "x"), query("b", "north"), *pool)
    data = dataset(query("a", "east"), query("b", "north"), *pool)
    assert pair(cast(Embedder, Given(VECTORS)), data, None)[:2] == ["x", "y"], "no pair is right: all are kept"
    assert pair(cast(Embedder, Given(VECTORS)), data, dev)[:2] == ["x", None]


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
        shared = stage.spec.data.kind is Kind.RANKING  # type: ignore[union-attr]
        assert ({f"candidates {language}" for language in ("en", "qaa", "qab")} <= cell.details.keys()) == shared
        assert commit.facts.get("pool", {}) == {name[11:]: n for name, n in cell.details.items() if " " in name}
