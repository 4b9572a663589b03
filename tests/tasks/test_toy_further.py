"""The toy world has files of every declared task, and they hold what their forms are about."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from tasks import catalog, lock, toy
from tasks.data import Absent, DataFolders, DataSource, load
from tasks.errors import UserError
from tasks.examples import Example, Passage, Question, TextPair, is_labelled
from tasks.toy import concepts, further
from tasks.toy.files import main_files
from tasks.toy.moods import NEUTRAL, sentiments
from tasks.toy.world import Split, World

GOLDEN = "a1fa5e8883cf7e221a30259bb4e359ccf6f046a4bbc00cbfd278c4b226ef9fd7"
UNLABELLED = [("x-csqa", "test")]  # as it is published
FILTERED = ("mnli?genre", "webfaq?topic", "webfaq?origin", "medmcqa?subject_name", "headqa?category")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> DataFolders:
    folder = tmp_path_factory.mktemp("toy") / "world"
    toy.write(folder, size=0.05)
    return DataFolders((folder,), {})


def examples(data: DataFolders, task: str, split: str, language: str = "en") -> Sequence[Example]:
    source = data.find(task, split, language, labelled=False)
    assert not isinstance(source, Absent), source
    return load(source).examples


def test_the_main_files_are_what_they_were() -> None:
    """Measurements of transfer are compared over versions: a change to these files is a change of all of them."""
    counts = {name: max(1, round(standard * 0.02)) for name, standard in toy.SIZES.items()}
    found = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in main_files(World.create(0), counts)}
    assert hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest() == GOLDEN


SPLITS = [(task.name, split) for task in catalog.all_tasks() for split in task.splits]


@pytest.mark.parametrize(("task", "split"), SPLITS)
def test_every_split_of_every_task_is_there(world: DataFolders, task: str, split: str) -> None:
    languages = world.languages(task, split)
    assert languages
    for language in languages:
        labelled = {is_labelled(example) for example in examples(world, task, split, language)}
        assert (True in labelled) == ((task, split) not in UNLABELLED)


def test_tasks_in_several_languages_are_in_all_of_the_world_s(world: DataFolders) -> None:
    for task in ("pawsx", "umsab", "webfaq", "xl-bel", "mewslix", "headqa", "xstorycloze"):
        assert world.languages(task, "test") == ("en", *toy.LANGUAGES)
    for task in ("tico19", "afrisenti", "ntrex-parallel"):
        assert world.languages(task, "train") == tuple(toy.LANGUAGES)
    assert world.languages("e3c", "test") == tuple(toy.LANGUAGES)  # a pattern of files beside the language's name
    for task in ("mlqa", "covid-faq", "multichecklist"):
        assert set(world.languages(task, "test")) == set(catalog.get(task).languages)


@pytest.mark.parametrize("name", [task.name for task in catalog.all_tasks() if "train" in task.splits])
def test_no_example_is_trained_on_and_decides_or_is_scored(world: DataFolders, name: str) -> None:
    trained, decides = world.find_training(name), world.find_dev(name)
    languages = {code for split in catalog.get(name).splits for code in world.languages(name, split)}
    scored = [find(name, code) for code in sorted(languages) for find in (world.find_selection, world.find_report)]
    assert not isinstance(trained, Absent) or not catalog.get(name).dev, trained
    if not isinstance(trained, Absent):
        assert read_of(trained)
        for other in (decides, *scored):
            assert read_of(trained).isdisjoint(read_of(other)), other


def read_of(source: DataSource | Absent) -> set[tuple[str, str]]:
    """Which examples of which file have labels to learn from or to be scored by."""
    if isinstance(source, Absent):
        return set()
    return {(source.files[0], example.id) for example in load(source).examples if is_labelled(example)}


@pytest.mark.parametrize("name", FILTERED)
def test_filters_part_the_examples_by_domain(world: DataFolders, name: str) -> None:
    task = catalog.get(name.split("?")[0])
    split = "train" if "train" in task.splits else "test"
    values = [f"{domain}.example" if name.endswith("origin") else domain for domain in toy.DOMAINS]
    parts = [examples(world, f"{name}={value}", split) for value in values]
    assert all(parts)
    assert sum(map(_asked, parts)) == _asked(examples(world, task.name, split))


def _asked(found: Sequence[Example]) -> int:
    return sum(not (isinstance(example, Passage) and example.candidate) for example in found)


def test_hub_files_are_locked_and_a_changed_lock_is_refused(world: DataFolders, tmp_path: Path) -> None:
    folder = world.folders[0]
    named = lock.read(folder)
    there = {path.relative_to(folder).as_posix() for path in (folder / "hub").rglob("*.jsonl")}
    assert set(named) == there
    assert not any(lock.changed(folder / name, entry) for name, entry in named.items())
    assert {len(examples(world, "scitail", "train"))} == {named["hub/scitail/train.jsonl"].examples}
    place = tmp_path / "hub/scitail/train.jsonl"
    place.parent.mkdir(parents=True)
    place.write_bytes((folder / "hub/scitail/train.jsonl").read_bytes())
    with pytest.raises(UserError, match="does not name"):
        DataFolders((tmp_path,), {}).find("scitail", "train", "en")


def test_a_larger_set_begins_with_the_smaller_one() -> None:
    small, large = (dict(further.files(World.create(0), counts)) for counts in (_counts(4), _counts(9)))
    lines = [name for name in small if name.endswith((".jsonl", ".tsv", ".txt", ".csv", ".conll")) and name in large]
    together = ("covid-faq/", "multichecklist/")  # languages one after the other
    extended = [name for name in lines if not name.startswith(together)]
    assert len(extended) > 50
    assert all(large[name].startswith(small[name]) for name in extended)


def _counts(count: int) -> dict[str, int]:
    return {f"further_{part}": count for part in Split}


def test_some_questions_have_no_answer_and_it_is_about_somebody_else(world: DataFolders) -> None:
    asked = [e for e in examples(world, "squad2", "train") if isinstance(e, Question)]
    bare = [question for question in asked if question.answers[0].text == ""]
    assert len(bare) * 3 == len(asked)
    for question in bare:
        assert any(word[0].isupper() and word not in question.context for word in question.question.split())


def test_some_offsets_of_covid_qa_are_off(world: DataFolders) -> None:
    file = world.folders[0] / "covid-qa/COVID-QA.json"
    found = [block for article in json.loads(file.read_text())["data"] for block in article["paragraphs"]]
    right = [
        block["context"].startswith(answer["text"], answer["answer_start"])
        for block in found
        for asked in block["qas"]
        for answer in asked["answers"]
    ]
    assert 0 < sum(right) < len(right)


def test_every_label_is_learned_from_as_many_examples() -> None:
    told = dict(further.files(World.create(0), _counts(60)))
    labels = Counter(told["umsab/english/train_labels.txt"].split())
    assert set(labels.values()) == {20}
    assert set(Counter(told["tweeteval/emotion/train_labels.txt"].split()).values()) == {15}


def test_no_word_alone_tells_a_person_s_sentiment() -> None:
    """A quality is there or missing as often, so half of the sentences with its word have the one label."""
    drawn = Counter[tuple[str, str]]()
    for telling in islice(sentiments(World.create(0).stream("moods", Split.TRAIN)), 6000):
        if telling.label != NEUTRAL:
            drawn[telling.sentence.clause.quality, telling.label] += 1
    for dimension in concepts.PERSON_STATES:
        for word in dimension.words:
            positive, negative = (drawn[word, label] for label in ("positive", "negative"))
            assert 0.35 < positive / (positive + negative) < 0.65


def test_pairs_of_questions_have_both_labels(world: DataFolders) -> None:
    for task in ("qqp", "covid-faq-similarity", "pawsx"):
        found = [example.label for example in examples(world, task, "train") if isinstance(example, TextPair)]
        assert set(found) == {"0", "1"}


def test_every_task_has_files_of_its_own_or_shares_them() -> None:
    """A new task needs an entry in `further.FAMILIES`, unless other files serve it."""
    main = {"squad", "hellaswag", "cosmosqa", "copa", "xnli", "udpos", "panx", "xquad", "tydiqa", "bucc2018", "tatoeba"}
    main |= {"xcopa", "lareqa", "text", "parallel"}
    shared = {"tico19-text", "ntrex"}
    assert {task.name for task in catalog.all_tasks()} == main | shared | set(further.FAMILIES)


def test_a_world_without_them_has_the_main_files_alone(tmp_path: Path) -> None:
    whole, main = (toy.write(tmp_path / str(f), size=0.02, seed=3, further=f) for f in (True, False))
    assert set(main.files) < set(whole.files) and not any(name.startswith("hub/") for name in main.files)
    assert all(whole.files[name] == digest for name, digest in main.files.items())
    with pytest.raises(UserError, match="a toy world of another size"):
        toy.write(tmp_path / "False", size=0.02, seed=3)
