"""Averages are unweighted means of means, and only a whole suite bears the suite's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.cells import Cell, cell
from tasks.errors import UserError
from tasks.examples import Answer, Question, TextPair
from tasks.suites import Suite, suite


def scored(task: str, language: str, score: float) -> Cell:
    return Cell(task, language, score, 10, "selection", "accuracy", 1)


MINE = Suite("mine", ("xnli", "xcopa"), {"xnli": ("de", "tr", "zh"), "xcopa": ("it",)})


def test_a_suite_is_the_mean_of_tasks_and_a_task_the_mean_of_its_languages() -> None:
    cells = [scored("xnli", "de", 50), scored("xnli", "tr", 60), scored("xnli", "zh", 70), scored("xcopa", "it", 80)]
    average = MINE.average(cells)
    assert (average.value, average.tasks) == (70, {"xnli": 60, "xcopa": 80})
    assert (average.name, average.whole) == ("mine average", True)


def test_a_partial_suite_does_not_bear_the_name_and_names_what_is_absent() -> None:
    average = MINE.average([scored("xnli", "de", 50), scored("xnli", "tr", 60)])
    assert average.name == "mean of 1 of 2 tasks: xnli (without xnli zh)"
    assert average.absent == (("xnli", "zh"), ("xcopa", "it"))
    assert average.value == 55
    one_language_short = [scored("xnli", "de", 50), scored("xnli", "tr", 60), scored("xcopa", "it", 80)]
    assert MINE.average(one_language_short).name == "mean of 2 of 2 tasks: xnli, xcopa (without xnli zh)"


@given(st.sets(st.sampled_from(suite("xtreme").wanted), min_size=1))
def test_no_subset_of_cells_is_called_the_xtreme_average(present: set[tuple[str, str]]) -> None:
    whole = len(present) == len(suite("xtreme").wanted)
    average = suite("xtreme").average([scored(task, language, 50) for task, language in present])
    assert ("xtreme" in average.name) == whole == average.whole
    assert set(average.absent) == set(suite("xtreme").wanted) - present
    assert average.value == pytest.approx(50)


def test_cells_outside_the_suite_do_not_count_and_twice_is_an_error() -> None:
    assert MINE.average([scored("xnli", "de", 50), scored("xnli", "fr", 0), scored("panx", "de", 0)]).value == 50
    with pytest.raises(ValueError, match="two cells of xnli de"):
        MINE.average([scored("xnli", "de", 50), scored("xnli", "de", 60)])
    with pytest.raises(ValueError, match="no cell of suite mine"):
        MINE.average([scored("panx", "de", 0)])


def test_the_named_suites_have_the_published_tasks_and_languages() -> None:
    counts = {
        "xtreme": {
            "xnli": 15, "pawsx": 7, "udpos": 33, "panx": 40, "xquad": 11, "mlqa": 7, "tydiqa": 9, "bucc2018": 4,
            "tatoeba": 36,
        },
        "xtreme-r": {
            "xnli": 15, "xcopa": 11, "udpos": 38, "panx": 48, "xquad": 12, "mlqa": 7, "tydiqa": 9, "tatoeba": 41,
            "mewslix": 11, "lareqa": 11,
        },
    }  # fmt: skip
    for name, expected in counts.items():
        named = suite(name)
        assert {task: len(set(named.languages_of(task))) for task in named.tasks} == expected


@pytest.mark.parametrize(
    ("tasks", "languages", "what"),
    [
        ((), {}, "needs at least one task"),
        (("xnly",), {}, "did you mean 'xnli'"),
        (("xnli", "xnli"), {}, "occurs twice"),
        (("xnli",), {"xnlu": ("de",)}, "did you mean 'xnli'"),
        (("xnli",), {"xnli": ()}, "needs languages"),
        (("text",), {}, "needs languages"),
    ],
)
def test_mistakes_in_a_suite_are_told(tasks: tuple[str, ...], languages: dict[str, tuple[str, ...]], what: str) -> None:
    with pytest.raises(UserError, match=what):
        Suite("mine", tasks, languages)


def test_an_unknown_suite_is_told() -> None:
    with pytest.raises(UserError, match="unknown suite 'xtrem', did you mean 'xtreme'"):
        suite("xtrem")


def test_a_cell_is_made_of_predictions() -> None:
    gold = [TextPair(str(i), "a", "b", "neutral") for i in range(4)]
    made = cell("xnli", "de", "report", gold, ["neutral", "neutral", "entailment", None])
    assert made == Cell("xnli", "de", 50.0, 4, "report", "accuracy", 1)
    asked = Question("q", "?", "in der Stadt", (Answer("der Stadt", 3),), "A")
    answered = cell("mlqa", "de", "selection", [asked], ["Stadt"])
    assert (answered.score, answered.details) == (100, {"exact_match": 100, "f1": 100})
