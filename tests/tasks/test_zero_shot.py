"""A file that is named to train on has the name of a file in the language that the task trains on, or of none."""

from __future__ import annotations

import pytest

from tasks import catalog
from tasks.errors import UserError
from tasks.layouts import named, names_language
from tasks.zero_shot import check_training_file

TRAINED = [task for task in catalog.all_tasks() if "train" in task.splits and "text" not in task.kind]
TOLD = [
    (task.name, template)
    for task in TRAINED
    for split in task.splits.values()
    for layout in split.layouts
    for template in layout.files
    if names_language(layout) and "{" in template
]


@pytest.mark.parametrize(("name", "template"), TOLD)
def test_a_file_of_another_language_is_refused_and_the_reference_is_named(name: str, template: str) -> None:
    task = catalog.get(name)
    if task.kind == "parallel":
        return
    for language in task.languages:
        file = f"mine/{named(task, template, language)}"
        if language == task.taught_in:
            check_training_file(task, file)
            continue
        with pytest.raises(UserError, match=rf"write `{name.replace('+', '.')}\?language={language}` for the task"):
            check_training_file(task, file)
    check_training_file(task, template)


def test_a_part_in_another_language_trains_on_its_file_and_not_on_english() -> None:
    german = catalog.get("xnli?language=de")
    check_training_file(german, "translated/train-de.tsv")
    with pytest.raises(UserError, match=r"is in 'en', but xnli.language=de trains on 'de'"):
        check_training_file(german, "xnli/train-en.tsv")


@pytest.mark.parametrize(
    "file", ["mine/train.tsv", "my/train-new.tsv", "xnli/train-v2.tsv", "snli/s1.dev", "no/en.tsv"]
)
def test_names_that_say_nothing_of_a_language_pass(file: str) -> None:
    check_training_file(catalog.get("xnli"), file)


def test_files_of_other_tasks_are_known_too() -> None:
    with pytest.raises(UserError, match=r"'download/xcopa/val-it.jsonl' is in 'it', but copa trains on 'en'"):
        check_training_file(catalog.get("copa"), "download/xcopa/val-it.jsonl")
