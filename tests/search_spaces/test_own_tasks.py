"""A user's own task in a YAML file is a task like the shipped ones, wherever a space names it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from search_spaces import own_tasks
from search_spaces.recipes import RecipeFile, dump_recipe, load_recipe
from search_spaces.space import Space, load
from tasks import catalog
from tasks.cells import Cell
from tasks.data import DataSource
from tasks.data import load as load_data
from tasks.errors import UserError
from trainers.identity import canonical_json
from tune_jobs.data_sources import open_data

LANGUAGES = (("en", 80.0), ("de", 40.0))
REVIEWS: dict[str, Any] = {
    "name": "reviews",
    "kind": "classification",
    "languages": ["en", "de"],
    "labels": ["bad", "good"],
    "files": {"train": "train.csv", "dev": "dev-{language}.jsonl"},
    "columns": {"first": "text", "label": "stars"},
    "aliases": {"1": "bad", "5": "good"},
}
SPACE: dict[str, Any] = {
    "name": "own",
    "data": {"tasks": ["tasks/reviews.yaml"]},
    "suite": {"name": "mine", "tasks": ["reviews"]},
    "recipe": {"intermediate": {"tasks": {"snli": 1.0}, "fraction": {"choice": [0.5, 1.0]}}},
    "search": {"sampler": "random", "trials": 2},
}


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_OWN", {})


def lay_out(folder: Path, own: dict[str, Any] = REVIEWS, space: dict[str, Any] = SPACE) -> Path:
    (folder / "tasks").mkdir(exist_ok=True)
    (folder / "tasks" / "reviews.yaml").write_text(yaml.safe_dump(own))
    (folder / "space.yaml").write_text(yaml.safe_dump(space))
    (folder / "train.csv").write_text("text,stars\nfine,5\npoor,1\n")
    for language in ("en", "de"):
        (folder / f"dev-{language}.jsonl").write_text(json.dumps({"text": f"gut {language}", "stars": 5}) + "\n")
    return folder / "space.yaml"


def test_a_space_trains_and_ranks_on_it(tmp_path: Path) -> None:
    space = load(lay_out(tmp_path))
    data = open_data(space.data, tmp_path)
    found = data.find_selection("reviews", "de")
    assert isinstance(found, DataSource)
    assert [e.id for e in load_data(found).examples] == ["0"]
    assert space.suite.wanted == (("reviews", "en"), ("reviews", "de"))


def test_the_declaration_is_part_of_the_space_and_its_place_is_not(tmp_path: Path) -> None:
    one = load(lay_out(tmp_path)).identity()
    (tmp_path / "other").mkdir()
    assert load(lay_out(tmp_path / "other")).identity() == one
    catalog._OWN.clear()
    changed = load(lay_out(tmp_path, {**REVIEWS, "aliases": {"1": "good", "5": "bad"}}))
    assert changed.differences(one) == ("data.tasks",)


def test_a_space_without_own_tasks_is_what_it_was() -> None:
    assert "tasks" not in load("quickstart").identity()["data"]


def test_a_source_carries_the_declaration_to_other_processes(tmp_path: Path) -> None:
    space = load(lay_out(tmp_path))
    found = open_data(space.data, tmp_path).find("reviews", "train", "en")
    assert isinstance(found, DataSource)
    catalog._OWN.clear()  # as in a process that has not read the space
    assert [getattr(e, "label", None) for e in load_data(found).examples] == ["good", "bad"]


def test_a_recipe_file_holds_it(tmp_path: Path) -> None:
    space: Space = load(lay_out(tmp_path))
    file = RecipeFile("own", space.data, space.suite, space.baseline())
    path = tmp_path / "elsewhere.yaml"
    path.write_text(dump_recipe(file))
    catalog._OWN.clear()
    assert canonical_json(load_recipe(path).data) == canonical_json(space.data)
    assert catalog.get("reviews").labels == ("bad", "good")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({"lable": "x"}, "unknown key 'lable'"),
    "an unknown kind": ({"kind": "clasification"}, "kind"),
    "a role that the kind lacks": ({"columns": {"first": "t", "label": "l", "secnd": "u"}}, "did you mean 'second'?"),
    "a role that is missing": ({"columns": {"first": "t"}}, "need 'label'"),
    "no labels": ({"labels": []}, "needs `labels`"),
    "a label twice": ({"labels": ["bad", "good", "bad"]}, "a label twice"),
    "an alias to nowhere": ({"aliases": {"1": "god"}}, "did you mean 'good'?"),
    "another kind's metric": ({"metric": "squad"}, "is scored by accuracy"),
    "a file that is no table": ({"files": {"train": "train.xlsx"}}, "'train.xlsx' is no table"),
    "a path to elsewhere": ({"files": {"train": "/etc/train.csv"}}, "relative to the data folder"),
    "no data": ({"files": {}}, "needs `files` or `hub`"),
    "the same rows twice": ({"files": {"train": "t.csv", "dev": "dev.csv"}}, "the same rows in every language"),
    "a placeholder for nothing": ({"files": {"train": "{lang}.csv"}}, "{lang} stands for nothing"),
    "a language that is a path": ({"languages": ["../de"]}, "languages"),
    "a filter that means something else": ({"filters": ["language"]}, "means something else in references"),
    "a label that no line holds": ({"labels": ["bad", " good"]}, "has blanks that files of predictions cannot hold"),
    "a hub id that is none": ({"hub": {"id": "reviews", "splits": {"train": "train"}}}, "hub.id"),
    "nothing to train on": ({"files": {"dev": "{language}.csv"}}, "needs `train_on`"),
    "a shipped task's name": ({"name": "xnli"}, "the name of a shipped task"),
    "a trainer of another kind": (
        {"files": {"dev": "{language}.csv"}, "train_on": "squad"},
        "another kind or other labels",
    ),
}


def test_its_suite_averages_where_nobody_has_read_the_space(tmp_path: Path) -> None:
    """As a trial on Ray does, in a process of its own."""
    suite = load(lay_out(tmp_path)).suite
    catalog._OWN.clear()
    cells = [Cell("reviews", language, score, 1, "selection", "accuracy", 1) for language, score in LANGUAGES]
    assert (suite.average(cells).value, suite.average(cells).name) == (60.0, "mine average")


def test_a_part_of_a_task_has_one_spelling(tmp_path: Path) -> None:
    for written in ("reviews?topic=a&control=1", "reviews?topic=a b", "reviews?"):
        suite = {"name": "mine", "tasks": [written]}
        catalog._OWN.clear()
        with pytest.raises(UserError, match=r"write it as 'reviews|a filter is written as"):
            load(lay_out(tmp_path, {**REVIEWS, "filters": ["topic"]}, {**SPACE, "suite": suite}))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_a_line(name: str, tmp_path: Path) -> None:
    change, what = WRONG[name]
    with pytest.raises(UserError) as error:
        load(lay_out(tmp_path, REVIEWS | change))
    assert what in str(error.value) and ".yaml" in str(error.value)


def test_a_task_of_the_hub_needs_no_files(tmp_path: Path) -> None:
    hub = {"id": "me/reviews", "config": "{language}", "splits": {"train": "train", "dev": "validation"}}
    task = own_tasks.OwnTask.model_validate({**REVIEWS, "files": {}, "hub": hub}).task()
    assert [layout.files for layout in task.splits["dev"].layouts] == [("hub/reviews/dev-{language}.jsonl",)]
    assert task.hub is not None and task.hub.table == task.splits["train"].layouts[0].table
    both = own_tasks.OwnTask.model_validate({**REVIEWS, "hub": hub}).task()
    assert [len(both.splits[name].layouts) for name in ("train", "dev")] == [2, 2]


def test_two_tasks_of_one_name_must_be_equal(tmp_path: Path) -> None:
    load(lay_out(tmp_path))
    load(lay_out(tmp_path))
    with pytest.raises(UserError, match="declared twice, and differently"):
        own_tasks.declare([own_tasks.OwnTask.model_validate(REVIEWS | {"domain": "shops"})])
