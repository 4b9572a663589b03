"""The official files themselves: as many examples as their publishers say, and parts that agree across languages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tasks.data import Absent, DataFolders, Dataset, DataSource, Part, load
from tasks.examples import Translation, is_labelled

FOLDER = os.environ.get("CROSSLIFT_REAL")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="CROSSLIFT_REAL names no folder of official files")

FILES = {
    "snli": {
        "train": [f"intermediate/esnli/{name}.dev" for name in ("s1", "s2", "labels")],
        "dev": ["intermediate/snli_1.0/snli_1.0_dev.jsonl"],
        "test": ["intermediate/snli_1.0/snli_1.0_test.jsonl"],
    },
    "hellaswag": {"train": ["intermediate/hellaswag/hellaswag_val.first2000.jsonl"]},
    "cosmosqa": {"train": ["intermediate/cosmosqa/valid.csv"]},
    "squad": {"train": ["squad/dev-v1.1.minus-xquad.json"]},
}
NTREX = ("ar", "de", "el", "es", "fr", "hi", "ru", "sw", "th", "tr", "vi", "zh")
COUNTS: dict[tuple[str, str], dict[str, int]] = {
    # 16 and 23 of SNLI's lines have no gold label
    ("snli", "train"): {"en": 9842},
    ("snli", "dev"): {"en": 1289 - 16},
    ("snli", "test"): {"en": 1277 - 23},
    ("hellaswag", "train"): {"en": 2000},
    ("cosmosqa", "train"): {"en": 2985},
    ("squad", "train"): {"en": 9380},
    ("copa", "train"): {"en": 400},
    ("copa", "dev"): {"en": 100},
    ("xnli", "dev"): dict.fromkeys(("de", "en", "es", "ru", "tr", "zh"), 2490),
    ("pawsx", "dev"): dict.fromkeys(("de", "en", "es", "zh"), 2000),
    ("udpos", "train"): {"en": 21253},
    ("udpos", "dev"): {"de": 3000, "en": 3974, "es": 3054, "ru": 3000, "tr": 988, "zh": 1000},
    ("panx", "train"): {"en": 20000},
    ("panx", "dev"): dict.fromkeys(("de", "en", "es", "ru", "tr", "zh"), 10000),
    ("xquad", "test"): dict.fromkeys(("de", "en", "es", "ru", "tr", "zh"), 1190),
    ("mlqa", "dev"): {"de": 512, "en": 1148, "es": 500, "zh": 504},
    ("tydiqa", "train"): {"en": 3696},
    ("xcopa", "dev"): dict.fromkeys(("en", "it", "tr", "zh"), 100),
    ("tatoeba", "test"): dict.fromkeys(("de", "es", "ru", "tr", "zh"), 1000),
    ("ntrex", "train"): dict.fromkeys(("en", *NTREX), 1997),
    ("ntrex-parallel", "train"): dict.fromkeys(NTREX, 1997),
}


@pytest.fixture(scope="module")
def data() -> DataFolders:
    root = Path(FOLDER or "")
    return DataFolders((root / "download", root / "source", root), FILES)


def dataset(found: DataSource | Absent) -> Dataset:
    assert isinstance(found, DataSource), found
    return load(found)


@pytest.mark.parametrize(("task", "split"), COUNTS)
def test_every_example_is_read(task: str, split: str, data: DataFolders) -> None:
    expected = COUNTS[task, split]
    assert data.languages(task, split) == tuple(sorted(expected))
    for language, count in expected.items():
        read = dataset(data.find(task, split, language))
        assert len(read) == count
        assert all(is_labelled(example) for example in read.examples)


def test_what_was_stripped_is_absent(data: DataFolders) -> None:
    found = data.find("tydiqa", "test", "en")
    assert isinstance(found, Absent)
    assert found.why.startswith("no labels in")
    assert isinstance(data.find("tydiqa", "test", "en", labelled=False), DataSource)


def test_the_held_out_articles_are_the_same_in_every_language_and_a_fifth(data: DataFolders) -> None:
    parts = {
        language: [e.id for e in dataset(data.find_selection("xquad", language)).examples]
        for language in ("de", "en", "es", "ru", "tr", "zh")
    }
    assert all(ids == parts["en"] for ids in parts.values())
    assert len(parts["en"]) == 236
    rest = dataset(data.find_report("xquad", "tr", Part.REST))
    assert len(rest) == 1190 - 236


def test_tatoeba_keeps_its_pool(data: DataFolders) -> None:
    for language in ("de", "zh"):
        selection = dataset(data.find_selection("tatoeba", language)).examples
        asked = [e for e in selection if isinstance(e, Translation) and e.match is not None]
        assert len(selection) == 1000
        assert 150 < len(asked) < 250


def test_training_data_shares_no_paragraph_with_xquad(data: DataFolders) -> None:
    squad = {e.context for e in dataset(data.find("squad", "train", "en")).examples}
    xquad = {e.context for e in dataset(data.find("xquad", "test", "en")).examples}
    assert len(xquad) == 240
    assert not squad & xquad
