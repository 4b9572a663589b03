"""A final run's submission: test sets without labels are predicted like those with, and enter no average."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from search_spaces.recipes import RecipeFile
from search_spaces.settings import DataSettings
from tasks.data import DataFolders
from tasks.suites import Suite
from tests.trainers import world
from trainers.runner import Runner
from trainers.session import Settings
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.lanes.serial import make
from tune_jobs.results.final import Final, final

pytestmark = pytest.mark.slow  # trains models

LANGUAGES = world.LANGUAGES[:2]
SUITE = Suite(
    "four",
    ("udpos", "xnli", "xcopa", "bucc2018"),
    {"udpos": LANGUAGES, "xnli": LANGUAGES, "xcopa": LANGUAGES, "bucc2018": LANGUAGES[1:]},
)
GOLD_APART = frozenset((task, language) for task, language in SUITE.wanted)
"""The toy world keeps the labels of these test sets in a folder of their own, as XTREME's scorer does."""


def finish(data: DataFolders, folder: Path) -> Final:
    store = StageStore(open_objects(str(folder / "store")))
    file = RecipeFile("toy", DataSettings(), SUITE, world.recipe({"snli": 1.0}))
    lane = Runner(store, Settings(folder / "cache"))
    return final(file, data, store, partial(make, store=store, lane=lane), seeds=1, submission=folder / "submission")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_labels_the_submission_is_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSLIFT_CACHE", str(tmp_path / "cache"))
    data = world.folders(tmp_path / "data")
    whole = finish(data, tmp_path / "whole")
    shutil.rmtree(tmp_path / "data/gold")
    bare = finish(data, tmp_path / "bare")
    ours, theirs = files(tmp_path / "whole/submission"), files(tmp_path / "bare/submission")
    assert len(theirs) == len(GOLD_APART)
    assert theirs == {name: content for name, content in ours.items() if not name.startswith("gold")}
    assert not whole.predicted
    assert set(bare.predicted) == GOLD_APART
    assert not [line for line in bare.lines if line.part != "selection"], "no score, no average"
    assert [line for line in bare.lines if line.part == "selection"] == [
        line for line in whole.lines if line.part == "selection"
    ]
    assert not bare.absent
    for line in whole.lines:
        assert bool(line.cells) == (line.language is not None and line.part in ("selection", "report"))
        for cell in line.cells:
            assert (cell.task, cell.language, cell.part) == (line.task, line.language, line.part)
            assert cell.score == pytest.approx(line.score) and cell.n == line.examples
            assert cell.metric and cell.version and cell.data
            assert (cell.layer, cell.pooling) == ((1, "mean") if cell.task == "bucc2018" else (None, None))
