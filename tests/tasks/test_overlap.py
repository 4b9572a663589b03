"""Texts that a training set shares with what is scored are found, exact and near, and no others."""

from __future__ import annotations

from tasks.data import Dataset, DataSource
from tasks.examples import Example, Kind, Passage, Sentence, Tagged, TextPair
from tasks.overlap import Overlap, overlaps

LONG = "the quick brown fox jumps over the lazy dog and then it sleeps in the warm afternoon sun"
OTHER = "a slow grey heron waits beside the old mill until the water is clear enough for it to see"


def dataset(task: str, *examples: Example) -> Dataset:
    return Dataset(DataSource(task, "test", "en", ()), Kind.CLASSIFICATION, examples)


def found(train: str, scored: str) -> tuple[int, int]:
    there = list(
        overlaps(dataset("t", TextPair("0", train, None, "x")), [dataset("s", TextPair("7", scored, None, "x"))])
    )
    assert all((o.train, o.scored, o.texts, o.examples) == ("t", "s", 1, ("7",)) for o in there)
    return (there[0].exact, there[0].near) if there else (0, 0)


def test_equal_texts_are_exact_whatever_their_case_and_punctuation() -> None:
    assert found(LONG, LONG) == (1, 0)
    assert found(LONG, LONG.upper().replace("dog", "dog,") + "!") == (1, 0)


def test_texts_of_which_most_runs_are_equal_are_near() -> None:
    words = LONG.split()
    assert found(LONG, " ".join([*words, "today"])) == (0, 1)
    assert found(LONG, " ".join(words[2:])) == (0, 1)
    assert found(LONG, " ".join([*words[:8], "not", *words[9:]])) == (0, 0), "a word in the middle breaks most runs"


def test_other_texts_are_not_found() -> None:
    assert found(LONG, OTHER) == (0, 0)
    assert found("", "?!") == (0, 0), "nothing is no text"


def test_short_texts_are_compared_as_a_whole() -> None:
    assert found("yes it is", "Yes, it is.") == (1, 0)
    assert found("yes it is", "yes it is not") == (0, 0)


def test_languages_without_blanks_are_compared_by_characters() -> None:
    text = "敏捷的棕色狐狸跳过了那只懒惰的狗然后在温暖的午后阳光下睡着了"
    assert found(text, text) == (1, 0)
    assert found(text, text + "昨天") == (0, 1)
    clauses = "、".join(text[i : i + 3] for i in range(0, len(text), 3))
    assert found(clauses, clauses + "、昨天") == (0, 1), "punctuation makes no words"
    assert found(text, "灰色的苍鹭在老磨坊旁边等待直到水足够清澈可以看见东西为止") == (0, 0)


def test_kinds_are_compared_with_each_other() -> None:
    tagged = dataset("u", Tagged("3", tuple(LONG.split()), None))
    (there,) = overlaps(dataset("t", TextPair("0", OTHER, LONG, "x")), [tagged])
    assert there == Overlap("t", "test en", "u", "test", "en", 1, 1, 0, ("3",))


def test_the_context_of_a_passage_is_compared_too() -> None:
    pool = dataset("p", Passage("a", "river", LONG, True, None, "a"))
    (there,) = overlaps(dataset("t", Sentence("0", LONG)), [pool])
    assert (there.texts, there.exact, there.examples) == (2, 1, ("a",))
