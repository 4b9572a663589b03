"""Held-out fifths agree across languages and keep pools whole; subsets are nested."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.examples import Answer, Question, Translation
from tasks.parts import Part, held_out, nested_order, take

WORDS = st.text(max_size=8)


def question(number: int, article: str, language: str) -> Question:
    return Question(f"q{number}", f"? {language}", f"{language} text", (Answer("text", 3),), article)


@given(st.lists(WORDS, min_size=1, max_size=30))
def test_both_parts_make_up_the_whole_and_articles_stay_together(articles: list[str]) -> None:
    whole = [question(i, article, "en") for i, article in enumerate(articles)]
    selection, rest = take(whole, Part.SELECTION), take(whole, Part.REST)
    assert sorted((*selection, *rest), key=whole.index) == list(take(whole, Part.ALL)) == whole
    assert not {e.article for e in selection} & {e.article for e in rest}


@given(st.lists(WORDS, min_size=1, max_size=30))
def test_the_same_articles_are_held_out_in_every_language(articles: list[str]) -> None:
    ids = [
        [e.id for e in take([question(i, a, language) for i, a in enumerate(articles)], Part.SELECTION)]
        for language in ("de", "zh")
    ]
    assert ids[0] == ids[1]


@given(st.lists(WORDS, min_size=1, max_size=30))
def test_the_candidate_pool_stays_whole(sentences: list[str]) -> None:
    whole = [Translation(str(i), english, f"c{i}", str(i)) for i, english in enumerate(sentences)]
    selection, rest = take(whole, Part.SELECTION), take(whole, Part.REST)
    for part in (selection, rest):
        assert [(e.id, e.query, e.candidate) for e in part] == [(e.id, e.query, e.candidate) for e in whole]
    matches = [(one.match, two.match) for one, two in zip(selection, rest, strict=True)]
    assert all((one is None) != (two is None) for one, two in matches)
    assert all(one == e.match or two == e.match for (one, two), e in zip(matches, whole, strict=True))


def test_a_fifth_is_held_out() -> None:
    share = np.mean([held_out(f"sentence {i}") for i in range(20_000)])
    assert abs(share - 0.2) < 0.01


def test_the_rule_is_that_of_the_first_release() -> None:
    # a change would move test examples into what selection has seen
    assert [held_out(title) for title in ("Oxygen", "Rhine", "Huguenot", "Warsaw")] == [False, True, True, False]


@given(st.sets(WORDS, max_size=40), st.integers(0, 2**32))
def test_subsets_are_nested_and_do_not_depend_on_the_order_of_rows(ids: set[str], seed: int) -> None:
    rows = sorted(ids)
    shuffled = random.Random(seed).sample(rows, len(rows))
    order = [rows[i] for i in nested_order(rows)]
    assert order == [shuffled[i] for i in nested_order(shuffled)]
    assert sorted(order) == rows
    # an example that is taken away leaves the others' order as it was
    if order:
        fewer = order[1:]
        assert [fewer[i] for i in nested_order(fewer)] == fewer


def test_another_salt_gives_another_order_and_positions_are_spread() -> None:
    ids = [str(i) for i in range(2_000)]
    one, two = nested_order(ids), nested_order(ids, "other")
    assert one.dtype == np.int64
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.1
    assert abs(np.corrcoef(one, np.arange(2_000))[0, 1]) < 0.1
