"""References to a part of a task mean one thing, under one name."""

from __future__ import annotations

import pytest

from tasks import catalog
from tasks.errors import UserError


def test_a_plain_name_is_the_task_itself() -> None:
    assert catalog.get("mnli").name == "mnli" and catalog.get("mnli").only == {}


def test_equal_references_have_one_name() -> None:
    one, other = catalog.get("mnli?genre=fiction&control=3"), catalog.get("mnli?control=3&genre=fiction")
    assert one == other and one.name == "mnli?control=3&genre=fiction"
    assert (one.only, one.control, one.taught_in) == ({"genre": "fiction"}, 3, "en")
    assert catalog.get(one.name) == one


def test_a_seed_has_one_spelling() -> None:
    assert catalog.get("mnli?genre=x&control=07").name == "mnli?control=7&genre=x"


def test_a_value_may_hold_any_character() -> None:
    task = catalog.get("mnli?genre=face%20to%26face")
    assert task.only == {"genre": "face to&face"} and catalog.get(task.name) == task


def test_a_language_is_that_of_the_training_set() -> None:
    assert catalog.get("umsab?language=de").taught_in == "de"
    assert catalog.get("umsab?language=de").languages == catalog.get("umsab").languages


def test_without_a_training_set_a_language_is_the_one_that_is_scored() -> None:
    task = catalog.get("webfaq?topic=healthcare&language=de")
    assert (task.languages, task.only, task.taught_in) == (("de",), {"topic": "healthcare"}, "en")


WRONG = {
    "mnlj?genre=x": "unknown task 'mnlj', did you mean 'mnli'?",
    "mnli?": "a filter is written as",
    "mnli?genre": "a filter is written as",
    "mnli?genre=": "value is empty",
    "mnli?genre=a&genre=b": "each key once",
    "mnli?gnre=a": "no filter 'gnre', did you mean 'genre'?",
    "mnli?control=1": "needs the filter",
    "mnli?genre=a&control=x": "must be a seed",
    "mnli?language=de": "no training set in 'de'",
    "covid-faq?language=ja": "covid-faq has no data in 'ja'",
}


@pytest.mark.parametrize("reference", WRONG)
def test_a_wrong_reference_says_what_would_be_right(reference: str) -> None:
    with pytest.raises(UserError) as error:
        catalog.get(reference)
    assert WRONG[reference] in str(error.value)
