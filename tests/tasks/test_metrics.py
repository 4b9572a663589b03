"""Metrics: hand-worked values of every rule, and what holds for all of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import metrics
from tasks.errors import UserError
from tasks.examples import Answer, Choices, Example, Passage, Question, Tagged, TextPair, Translation
from tasks.metrics.tag_f1 import chunks

POS = ("NOUN", "SCONJ", "CCONJ", "SYM", "INTJ", "X", "PUNCT")
NER = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def pair(number: int, label: str | None) -> TextPair:
    return TextPair(str(number), "a", "b", label)


def tagged(number: int, tags: Sequence[str]) -> Tagged:
    return Tagged(str(number), tuple("t" for _ in tags), tuple(tags))


def asked(number: int, *answers: str) -> Question:
    context = "|".join(answers)
    return Question(str(number), "?", context, tuple(Answer(a, context.index(a)) for a in answers), "A")


def value(name: str, gold: Sequence[Example], predictions: Sequence[Any], language: str | None = None) -> float:
    metric = metrics.get(name, language)
    return metric.score(metric.statistics(gold, predictions)).value


# ---- accuracy -----------------------------------------------------------------------------------------------------


def test_accuracy_of_labels_choices_and_neighbours() -> None:
    assert value("accuracy", [pair(0, "x"), pair(1, "y"), pair(2, "y")], ["x", "y", "x"]) == pytest.approx(200 / 3)
    assert value("accuracy", [Choices("0", "", "", ("a", "b"), 1)] * 4, [1, 0, 1, 1]) == 75
    rows = [Translation("0", "q", "c", "1"), Translation("1", "q", "c", "0")]
    assert value("accuracy", rows, ["1", "1"]) == 50


def test_a_translation_without_a_match_is_not_counted() -> None:
    rows = [Translation("0", "q", "c", "0"), Translation("1", "q", "c", None)]
    metric = metrics.get("accuracy")
    score = metric.score(metric.statistics(rows, ["0", "0"]))
    assert (score.value, score.n) == (100, 1)


def test_a_label_of_another_type_is_never_right() -> None:
    assert value("accuracy", [Choices("0", "", "", ("a", "b"), 1)], [True]) == 0
    assert value("accuracy", [pair(0, "1")], [1]) == 0


# ---- tags ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-PER I-PER O B-LOC", [("PER", 0, 1), ("LOC", 3, 3)]),
        ("I-PER I-PER O I-LOC", [("PER", 0, 1), ("LOC", 3, 3)]),  # a chunk may start with I-
        ("B-PER B-PER I-LOC", [("PER", 0, 0), ("PER", 1, 1), ("LOC", 2, 2)]),
        ("B-PER I-LOC I-LOC", [("PER", 0, 0), ("LOC", 1, 2)]),
        ("O O", []),
        ("NOUN NOUN VERB", [("NOUN", 0, 1), ("VERB", 2, 2)]),  # a run of equal tags is one chunk
        ("CCONJ SCONJ", [("CCONJ", 0, 0), ("SCONJ", 1, 1)]),  # read whole: not the same tag
        ("SYM SYM", [("SYM", 0, 0), ("SYM", 1, 1)]),  # S is read as `single`
        ("INTJ INTJ", [("INTJ", 0, 1)]),
    ],
)
def test_chunks(tags: str, expected: list[tuple[str, int, int]]) -> None:
    assert list(chunks(tags.split())) == expected


def test_a_conjunction_of_the_wrong_kind_is_wrong() -> None:
    # seqeval 1.2.2 drops the first letter of a tag without prefix and counts this as right
    assert value("tag_f1", [tagged(0, ["SCONJ"])], [["CCONJ"]]) == 0


def test_merged_runs_make_chunk_f1_stricter_than_tag_accuracy() -> None:
    # true chunks: NOUN 0-1, X 2; predicted: NOUN 0, X 1-2. Two of three tags are right, no chunk is
    assert value("tag_f1", [tagged(0, ["NOUN", "NOUN", "X"])], [["NOUN", "X", "X"]]) == 0


def test_f1_is_over_all_chunks_and_chunks_end_with_their_sentence() -> None:
    gold = [tagged(0, ["B-PER", "I-PER"]), tagged(1, ["I-PER", "O", "B-LOC"])]
    score = metrics.get("tag_f1").score(
        metrics.get("tag_f1").statistics(gold, [["B-PER", "I-PER"], ["O", "O", "B-LOC"]])
    )
    # 3 true chunks, 2 predicted, 2 right: P = 1, R = 2/3
    assert score.value == pytest.approx(80)
    assert score.details == pytest.approx({"precision": 100, "recall": 200 / 3})


def test_differing_token_counts_are_an_error() -> None:
    with pytest.raises(ValueError, match="1 tags for the 2 tokens of sentence '7'"):
        value("tag_f1", [tagged(7, ["O", "O"])], [["O"]])


# ---- answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "language", "answer", "predicted", "exact", "f1"),
    [
        ("squad", None, "The cup.", "cup", 100, 100),
        ("squad", None, "red cup", "the cup", 0, 200 / 3),
        ("squad", None, "cup cup red", "cup red red", 0, 200 / 3),  # bags of tokens
        ("squad", "de", "die Tasse", "Tasse", 0, 200 / 3),  # English articles in every language
        ("squad", "zh", "北京大学。", "北京", 0, 0),  # ASCII punctuation, white-space tokens
        ("squad", None, "«cup»", "cup", 0, 0),
        ("squad", None, "the", "the", 100, 0),  # only an article: equal, and no token in common
        ("squad", None, "another", "other", 0, 0),  # articles are whole words
        ("mlqa", "zh", "北京大学。", "北京", 0, 200 / 3),
        ("mlqa", "zh", "在2008年", "2008年", 0, 80),  # runs of other characters stay whole
        ("mlqa", "de", "die Tasse", "eine Tasse", 100, 100),
        ("mlqa", "en", "«The cup»", "cup", 100, 100),
        ("mlqa", "es", "los unos", "taza", 0, 0),
        ("mlqa", "vi", "cái cốc", "cốc", 100, 100),
        ("mlqa", "hi", "the cup", "cup", 0, 200 / 3),  # no articles
        ("mlqa", "ar", "\u0627\u0644\u0643\u0623\u0633", "\u0643\u0623\u0633", 100, 100),
        # the article's letters inside a word split it in two
        ("mlqa", "ar", "\u0633\u0627\u0644\u0645", "\u0633 \u0645", 100, 100),
        ("mlqa", "en", "the", "the", 100, 0),
    ],
)
def test_one_answer(metric: str, language: str, answer: str, predicted: str, exact: float, f1: float) -> None:
    scorer = metrics.get(metric, language)
    score = scorer.score(scorer.statistics([asked(0, answer)], [predicted]))
    assert score.details == pytest.approx({"exact_match": exact, "f1": f1})
    assert score.value == pytest.approx((exact + f1) / 2)


def test_the_best_answer_counts_for_each_measure() -> None:
    scorer = metrics.get("squad")
    row = scorer.statistics([asked(0, "the", "red cup")], ["the"])
    assert row.tolist() == [[1, 0]]


def test_mlqa_is_for_its_languages_and_unknown_metrics_are_told() -> None:
    for language in (None, "tr"):
        with pytest.raises(UserError, match="defined for ar, de, en, es, hi, vi, zh"):
            metrics.get("mlqa", language)
    with pytest.raises(UserError, match="no metric 'acuracy', did you mean 'accuracy'"):
        metrics.get("acuracy")


@pytest.mark.parametrize(
    ("predicted", "exact", "f1"),
    [("", 100.0, 100.0), ("the", 100.0, 100.0), ("red", 0.0, 0.0), (None, 0.0, 0.0)],
)
def test_where_there_is_no_answer_squad_2_wants_none(predicted: str | None, exact: float, f1: float) -> None:
    """An article alone is nothing after normalisation; in SQuAD 1.1 two empty texts share no token."""
    metric = metrics.get("squad2")
    assert metric.score(metric.statistics([asked(0, "")], [predicted])).details == {"exact_match": exact, "f1": f1}
    assert metrics.get("squad").statistics([asked(0, "a")], ["the"]).tolist() == [[1.0, 0.0]]


def test_tag_accuracy_counts_tokens() -> None:
    metric = metrics.get("tag_accuracy")
    score = metric.score(metric.statistics([tagged(0, ["A", "B", "C"]), tagged(1, ["A"])], [["A", "B", "X"], None]))
    assert (score.value, score.n) == (50.0, 4)


# ---- all of them --------------------------------------------------------------------------------------------------

Case = tuple[list[Example], list[Any]]
TEXTS = st.text("ab .,", min_size=1, max_size=6)


def _cases(gold: st.SearchStrategy[Any], make: Callable[[int, Any], Example], predict: Any) -> st.SearchStrategy[Case]:
    rows = st.lists(st.tuples(gold, predict), min_size=1, max_size=8)
    return rows.map(lambda r: ([make(i, g) for i, (g, _) in enumerate(r)], [p for _, p in r]))


def _tag_cases(tags: Sequence[str]) -> st.SearchStrategy[Case]:
    sentence = st.lists(st.tuples(st.sampled_from(tags), st.sampled_from(tags)), min_size=1, max_size=6)
    rows = st.lists(st.tuples(sentence, st.booleans()), min_size=1, max_size=6)
    return rows.map(
        lambda r: (
            [tagged(i, [g for g, _ in s]) for i, (s, _) in enumerate(r)],
            [[p for _, p in s] if there else None for s, there in r],
        )
    )


def query(number: int, relevant: Sequence[str]) -> Passage:
    return Passage(str(number), "?", "", False, tuple(relevant), "")


LABELS = st.sampled_from("xyz")
CANDIDATES = st.sampled_from("abcd")
SOUGHT = st.lists(CANDIDATES, unique=True, min_size=1)
RANKED = st.none() | st.lists(CANDIDATES, max_size=25)
CASES: dict[str, tuple[str, str | None, st.SearchStrategy[Case]]] = {
    "accuracy": ("accuracy", None, _cases(LABELS, pair, st.none() | LABELS)),
    "pos": ("tag_f1", None, _tag_cases(POS)),
    "ner": ("tag_f1", None, _tag_cases(NER)),
    "tag accuracy": ("tag_accuracy", None, _tag_cases(POS)),
    "squad": ("squad", None, _cases(TEXTS, asked, st.none() | TEXTS)),
    "squad 2.0": ("squad2", None, _cases(st.just("") | TEXTS, asked, st.none() | st.just("") | TEXTS)),
    "mlqa": ("mlqa", "zh", _cases(TEXTS, asked, st.none() | TEXTS)),
    "bucc": ("bucc_f1", None, _cases(st.lists(CANDIDATES, max_size=1), query, st.none() | CANDIDATES)),
    "map@20": ("map@20", None, _cases(SOUGHT, query, RANKED)),
    "faq": ("faq", None, _cases(SOUGHT, query, RANKED)),
}


def gold_of(name: str, example: Example) -> Any:
    match example:
        case TextPair():
            return example.label
        case Tagged():
            return example.tags
        case Question():
            return example.answers[0].text
        case Passage(relevant=relevant):
            return next(iter(relevant or ()), None) if name == "bucc_f1" else relevant
    raise AssertionError


@pytest.mark.parametrize("name", CASES)
@given(data=st.data(), seed=st.integers(0, 99))
def test_rows_are_independent_and_their_order_does_not_matter(name: str, data: st.DataObject, seed: int) -> None:
    metric_name, language, cases = CASES[name]
    metric = metrics.get(metric_name, language)
    (gold, predictions), (more, others) = data.draw(cases), data.draw(cases)
    rows = metric.statistics(gold, predictions)
    assert rows.dtype == np.float64
    assert len(rows) == len(gold)
    both = metric.statistics([*gold, *more], [*predictions, *others])
    assert (both == np.concatenate([rows, metric.statistics(more, others)])).all()
    shuffled = random.Random(seed).sample(range(len(both)), len(both))
    assert metric.score(both[shuffled]).value == pytest.approx(metric.score(both).value)


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_many_scores_at_once_are_those_of_each_alone(name: str, data: st.DataObject) -> None:
    metric_name, language, cases = CASES[name]
    metric = metrics.get(metric_name, language)
    rows = metric.statistics(*data.draw(cases))
    draws = data.draw(st.lists(st.lists(st.sampled_from(range(len(rows))), min_size=3, max_size=3), min_size=1))
    found = metric.scores(rows[draws].sum(axis=1), 3)
    assert found.tolist() == pytest.approx([metric.score(rows[draw]).value for draw in draws])
    assert metric.scores(rows[draws].mean(axis=1), 1) == pytest.approx(found)


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_the_score_is_a_percentage_and_gold_itself_scores_as_high_as_any(name: str, data: st.DataObject) -> None:
    metric_name, language, cases = CASES[name]
    gold, predictions = data.draw(cases)
    got = value(metric_name, gold, predictions, language)
    best = value(metric_name, gold, [gold_of(metric_name, e) for e in gold], language)
    assert 0 <= got <= best <= 100 or math.isclose(got, best)


@pytest.mark.parametrize(
    ("name", "language", "gold"),
    [
        ("accuracy", None, [pair(0, "x"), pair(1, "y")]),
        ("tag_f1", None, [tagged(0, ["B-PER", "I-PER", "O"])]),
        ("tag_accuracy", None, [tagged(0, ["NOUN", "VERB"])]),
        ("squad", None, [asked(0, "red cup", "cup")]),
        ("squad2", None, [asked(0, ""), asked(1, "red cup", "cup")]),
        ("mlqa", "zh", [asked(0, "北京大学。"), asked(1, "red cup", "cup")]),
        ("bucc_f1", None, [query(0, ["a"]), query(1, []), query(2, ["b"])]),
        ("map@20", None, [query(0, ["a", "b"]), query(1, ["c"])]),
        ("faq", None, [query(0, ["a", "b"]), query(1, ["c"])]),
    ],
)
def test_perfect_is_100_and_a_missing_prediction_scores_0(name: str, language: str | None, gold: list[Example]) -> None:
    assert value(name, gold, [gold_of(name, e) for e in gold], language) == 100
    assert value(name, gold, [None] * len(gold), language) == 0


@pytest.mark.parametrize("name", ["accuracy", "tag_f1", "squad", "bucc_f1"])
def test_wrong_use_is_an_error_and_not_a_score(name: str) -> None:
    metric = metrics.get(name)
    with pytest.raises(ValueError, match="2 predictions for 1 examples"):
        metric.statistics([pair(0, "x")], ["x", "y"])
    with pytest.raises(ValueError, match="has no"):
        metric.statistics([pair(0, None)], ["x"])
    with pytest.raises(ValueError, match="no example to score"):
        metric.score(metric.statistics([], []))
