"""What is said beside scores, from what the COMMITs of their stages say."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainers.batches.cutting import Cut
from trainers.stages import TokenizerSpec
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.results.remarks import remarks
from tune_jobs.results.results import CellStages, Scores


def stored(folder: Path, facts: dict[tuple[str, str], dict[str, Any]]) -> tuple[CellStages, Scores]:
    """A stage a cell, whose COMMIT holds these facts."""
    store = StageStore(open_objects(str(folder)))
    stages = {}
    for number, (cell, said) in enumerate(facts.items()):
        spec = TokenizerSpec(text=(), vocabulary=300 + number)
        store.commit(spec.id, store.begin(spec.id), {}, {}, spec, said)
        stages[cell] = spec.id
    return stages, Scores(store, folder / "cache")


def test_only_what_is_cut_often_is_said_once_a_task(tmp_path: Path) -> None:
    cuts = {"th": Cut(2490, 31, 400, 128), "zh": Cut(2490, 40, 900, 128), "en": Cut(2490, 24, 90, 128)}
    facts = {("xnli", language): {"cut": {f"xnli dev {language}": asdict(cut)}} for language, cut in cuts.items()}
    stages, scores = stored(tmp_path, facts | {("udpos", "de"): {"cut": {}}, ("panx", "de"): {}})
    assert remarks([stages, stages], scores) == (
        "xnli dev: examples cut at 128 subwords: th 31 of 2,490, zh 40 of 2,490",
    )


def test_a_pool_that_lacks_languages_is_named(tmp_path: Path) -> None:
    whole = dict.fromkeys(["ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh"], 900)
    part = {"de": 900, "en": 900, "th": 900}
    stages, scores = stored(tmp_path / "part", {("lareqa", code): {"pool": part} for code in part})
    assert remarks([stages], scores) == ("lareqa: candidates of 3 of 11 languages (de, en, th)",)
    stages, scores = stored(tmp_path / "whole", {("lareqa", "de"): {"pool": whole}})
    assert not remarks([stages], scores)
