"""Strategies of examples of biomedical text, FAQ, entities, supertags and templates, with ids as their readers give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tasks.examples import Answer, Passage, Question, Sentence, SentencePair, Tagged

_CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufeff|<")
LINE = st.text(_CHARACTERS, min_size=1, max_size=12).map(lambda text: " ".join(text.split())).filter(bool)
TOKEN = st.text(_CHARACTERS, min_size=1, max_size=5).map(lambda text: "".join(text.split())).filter(bool)
WORDS = st.lists(st.sampled_from(["river", "Bonn", "größer", "и", "高"]), min_size=1, max_size=3).map(" ".join)


@st.composite
def _supertagged(draw: st.DrawFn, task: str) -> list[Any]:
    pair = st.tuples(TOKEN, st.sampled_from(["0", "7", "1362"]))
    sentences = draw(st.lists(st.lists(pair, min_size=1, max_size=5), min_size=1, max_size=5))
    return [Tagged(str(n), *(tuple(side) for side in zip(*rows, strict=True))) for n, rows in enumerate(sentences)]


@st.composite
def _asked(draw: st.DrawFn, task: str) -> list[Any]:
    pages = st.sampled_from(["https://a.example/faq", "https://b.example/faq"])
    rows = draw(st.lists(st.tuples(LINE, st.sampled_from(["By bus.", "At noon."]), pages), min_size=1, max_size=5))
    ids: dict[str, str] = {}
    for number, (_, answer, _) in enumerate(rows):
        ids.setdefault(answer, f"answer-{number}")
    queries = [Passage(f"question-{n}", q, "", False, (ids[a],), page) for n, (q, a, page) in enumerate(rows)]
    return [*queries, *(Passage(key, text, "", True, None, key) for text, key in ids.items())]


@st.composite
def _linked(draw: st.DrawFn, task: str) -> list[Any]:
    """Queries may leave out rows: the concepts of those have no name in the other file."""
    keys = ["C0000001", "C0000002|C0000003", "CL123456"]
    named = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3, unique=True))
    numbers = sorted(draw(st.sets(st.integers(0, 6), min_size=1, max_size=4)))
    queries = []
    for number in numbers:
        key, mention, rest = draw(st.sampled_from(named)), draw(LINE), draw(LINE)
        queries.append(Passage(f"en-{number}", mention, f"{mention} {rest}", False, (key,), key))
    return [*queries, *(Passage(key, draw(LINE), "", True, None, key) for key in named)]


@st.composite
def _translated(draw: st.DrawFn, task: str) -> list[Any]:
    return [SentencePair(f"u:{n}", *pair) for n, pair in enumerate(draw(st.lists(st.tuples(LINE, LINE), min_size=1)))]


@st.composite
def _segments(draw: st.DrawFn, task: str) -> list[Any]:
    return [Sentence(f"u:{n}", text) for n, text in enumerate(draw(st.lists(LINE, min_size=1)))]


@st.composite
def _clinical(draw: st.DrawFn, task: str) -> list[Any]:
    """Sentences of runs of tokens, each an entity or nothing."""
    runs = st.lists(st.tuples(st.booleans(), st.lists(TOKEN, min_size=1, max_size=3)), min_size=1, max_size=3)
    examples = []
    for number, sentence in enumerate(draw(st.lists(runs, min_size=1, max_size=3))):
        tags = [
            (f"{'I' if place else 'B'}-CLINENTITY" if entity else "O")
            for entity, tokens in sentence
            for place in range(len(tokens))
        ]
        tokens = tuple(token for _, run in sentence for token in run)
        examples.append(Tagged(f"EN1-{number}", tokens, tuple(tags)))
    return examples


@st.composite
def _mentions(draw: st.DrawFn, task: str) -> list[Any]:
    entities = draw(st.lists(st.sampled_from(["Q1", "Q22", "Q333"]), min_size=1, max_size=3, unique=True))
    queries = []
    for number in range(draw(st.integers(1, 4))):
        mention, left, right = draw(WORDS), draw(WORDS), draw(WORDS)
        right_one = (draw(st.sampled_from(entities)),)
        text = f"{mention}: {left} {{ {mention} }} {right}"
        queries.append(Passage(f"m{number}", text, "", False, right_one, f"doc-{draw(st.integers(0, 1))}"))
    return [*queries, *(Passage(key, draw(WORDS), "", True, None, key) for key in entities)]


@st.composite
def _cases(draw: st.DrawFn, task: str) -> list[Any]:
    """Templates without slots, so that all hundred cases of a test are the same."""
    examples = []
    for test in range(draw(st.integers(1, 2))):
        words = draw(st.permutations(["river", "Bonn", "größer"]))
        context = " ".join(words)
        asked = draw(st.lists(st.tuples(WORDS, st.sampled_from(words)), min_size=1, max_size=2))
        examples += [
            Question(f"{test}-{c}-{n}", question, context, (Answer(word, context.index(word)),), f"{test}-{c}")
            for c in range(100)
            for n, (question, word) in enumerate(asked)
        ]
    return examples


EXAMPLES: dict[str, tuple[str, Callable[[str], st.SearchStrategy[list[Any]]]]] = {
    "ccg": ("ccg", _supertagged),
    "webfaq": ("webfaq", _asked),
    "xl-bel": ("xl-bel", _linked),
    "tmx": ("tico19", _translated),
    "tmx-text": ("tico19-text", _segments),
    "e3c": ("e3c", _clinical),
    "mewslix": ("mewslix", _mentions),
    "multichecklist": ("multichecklist", _cases),
}
