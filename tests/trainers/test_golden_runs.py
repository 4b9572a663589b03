"""A golden run per stage kind: if a result changes, the kind's version must rise and these numbers with it.

The tolerance covers other processors and library builds; a change of data order, masking, initial weights, schedule or
loss is far outside of it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.trainers import world
from trainers.stages import IntermediateSpec, PretrainSpec, ScoreSpec, TargetSpec, TokenizerSpec

VERSIONS = {TokenizerSpec: 1, PretrainSpec: 1, IntermediateSpec: 1, TargetSpec: 1, ScoreSpec: 1}
LOSSES = {
    "pretrain": 5.7713,
    "intermediate snli+squad": 5.7905,
    "target udpos": 2.6884,
    "target xnli": 1.0886,
    "target copa": 0.6248,
    "target squad": 4.4855,
}
VOCABULARY = 300


def test_results_are_those_of_these_versions(tmp_path: Path) -> None:
    assert {kind: kind.VERSION for kind in VERSIONS} == VERSIONS, "new numbers below for a new version"
    graph = world.graph(world.folders(tmp_path / "toy"), world.recipe({"snli": 2.0, "squad": 1.0}, mlm_share=0.3))
    store = world.run_all(graph, tmp_path)
    facts = {stage.label: commit.facts for stage in graph.stages.values() if (commit := store.committed(stage.id))}
    assert facts["tokenizer"]["vocabulary"] == VOCABULARY
    for label, loss in LOSSES.items():
        assert facts[label]["loss"] == pytest.approx(loss, rel=5e-3), label
    scores = [stage for stage in graph.stages.values() if isinstance(stage.spec, ScoreSpec)]
    for stage in scores:
        commit = store.committed(stage.id)
        assert commit is not None
        cell = json.loads(store.read(commit, "cell.json"))
        assert 0 <= cell["score"] <= 100
        assert cell["version"] >= 1
