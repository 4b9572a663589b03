"""Hypothesis strategies for lists of examples, one a reader, with ids as that reader gives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import strategies as st

from tasks import catalog
from tasks.examples import Answer, Choices, Passage, Question, Sentence, SentencePair, Tagged, TextPair, Translation
from tests.tasks import strategies_domains

ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=12)
LINE = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\n\r"), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)
TOKEN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\n\r\t"), min_size=1, max_size=6)


def _numbered(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Non-empty lists whose ids are the row numbers."""
    rows = st.lists(one, min_size=1, max_size=6)
    return rows.map(lambda examples: [replace(e, id=str(i)) for i, e in enumerate(examples)])


def _pairs(task: str) -> st.SearchStrategy[list[Any]]:
    label = st.sampled_from(catalog.get(task).labels)
    # a first field that is blank would leave a blank file
    return _numbered(st.builds(TextPair, st.just(""), LINE, ANY, label))


def _cells(task: str) -> st.SearchStrategy[list[Any]]:
    """Pairs of texts that a tab-separated line can hold, without quoting."""
    cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\n\r\t"), max_size=12)
    return _numbered(st.builds(TextPair, st.just(""), cell, cell, st.sampled_from(catalog.get(task).labels)))


def _choices(task: str) -> st.SearchStrategy[list[Any]]:
    n = {"copa": 2, "socialiqa": 3, "commonsenseqa": 5}.get(task, 4)
    question = {
        "hellaswag": st.just(""),
        "copa": st.sampled_from(["What was the cause?", "What was the effect?"]),
    }.get(task, ANY)
    choices = st.tuples(*[ANY] * n)
    context = st.just("") if task == "commonsenseqa" else ANY
    return _numbered(st.builds(Choices, st.just(""), context, question, choices, st.integers(0, n - 1)))


@st.composite
def _question(draw: st.DrawFn, prefix: str) -> Question:
    context = draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
    answers = []
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(context) - 1))
        answers.append(Answer(context[start : draw(st.integers(start + 1, len(context)))], start))
    identifier = prefix + draw(ANY)
    return Question(identifier, draw(ANY), context, tuple(answers), draw(st.sampled_from(["Oxygen", "Rhine"])))


def _questions(task: str) -> st.SearchStrategy[list[Any]]:
    one = _question("english-" if task == "tydiqa" else "")
    return st.lists(one, min_size=1, max_size=5, unique_by=lambda q: q.id)


def _tagged(task: str) -> st.SearchStrategy[list[Any]]:
    pair = st.tuples(TOKEN, st.sampled_from(catalog.get(task).labels))
    sentence = st.lists(pair, min_size=1, max_size=6).map(lambda rows: tuple(zip(*rows, strict=True)))
    return _numbered(sentence.map(lambda rows: Tagged("", rows[0], rows[1])))


def _texts(task: str) -> st.SearchStrategy[list[Any]]:
    return _numbered(st.builds(Sentence, st.just(""), LINE))


def _parallel(task: str) -> st.SearchStrategy[list[Any]]:
    return _numbered(st.builds(SentencePair, st.just(""), LINE, LINE))


def _translations(task: str) -> st.SearchStrategy[list[Any]]:
    """Queries in code-point order; of equal ones, the first translates the earlier candidate."""
    rows = _numbered(st.builds(Translation, st.just(""), LINE, LINE, st.none()))
    return rows.flatmap(lambda found: st.permutations(range(len(found))).map(partial(_matched, found)))


def _matched(found: list[Translation], rows: list[int]) -> list[Translation]:
    asked = sorted(zip([e.query for e in found], rows, strict=True))
    return [replace(e, query=query, match=str(row)) for e, (query, row) in zip(found, asked, strict=True)]


def _cosmos(task: str) -> st.SearchStrategy[list[Any]]:
    ids = st.lists(LINE, min_size=6, max_size=6, unique=True)
    return st.tuples(_choices(task), ids).map(lambda both: [replace(e, id=i) for e, i in zip(*both, strict=False)])


def _sentences(task: str) -> st.SearchStrategy[list[Any]]:
    return _numbered(st.builds(TextPair, st.just(""), LINE, st.none(), st.sampled_from(catalog.get(task).labels)))


@st.composite
def _answered(draw: st.DrawFn, task: str) -> list[Any]:
    """Questions in the order of their rows; the first row that has an answer gives the candidate its id."""
    rows = draw(st.lists(st.tuples(LINE, st.sampled_from(["Wash hands.", "At home."])), min_size=1, max_size=5))
    ids: dict[str, str] = {}
    for number, (_, answer) in enumerate(rows):
        ids.setdefault(answer, f"answer-{number}")
    queries = [Passage(f"question-{n}", q, "", False, (ids[a],), str(n)) for n, (q, a) in enumerate(rows)]
    return [*queries, *(Passage(key, text, "", True, None, key) for text, key in ids.items())]


@st.composite
def _sides(draw: st.DrawFn, task: str) -> list[Any]:
    def side(prefix: str, candidate: bool) -> list[Any]:
        texts = enumerate(draw(st.lists(TOKEN, min_size=1, max_size=5)))
        ids = [(f"{prefix}-{number}", text) for number, text in texts]
        return [Passage(id, text, "", candidate, None, id) for id, text in ids]

    return [*side("de", False), *side("en", True)]


@st.composite
def _paragraphs(draw: st.DrawFn, task: str) -> list[Any]:
    queries, candidates = [], []
    for number in range(draw(st.integers(1, 3))):
        texts = draw(st.lists(LINE, min_size=1, max_size=4))
        context, title = " ".join(texts), f"Article {number}"
        own = [Passage(f"en-{number}-{i}", text, context, True, None, title) for i, text in enumerate(texts)]
        for asked in range(draw(st.integers(0, 3)) if queries else 1):
            right = draw(st.sampled_from(own)).id
            queries.append(Passage(f"q{number}-{asked}", draw(ANY), "", False, (right,), title))
        candidates += own
    return [*queries, *candidates]


EXAMPLES: dict[str, tuple[str, Callable[[str], st.SearchStrategy[list[Any]]]]] = {
    "pairs": ("pawsx", _pairs),
    "nli": ("snli", _pairs),
    "qqp": ("qqp", _cells),
    "hellaswag": ("hellaswag", _choices),
    "cosmosqa": ("cosmosqa", _cosmos),
    "commonsenseqa": ("commonsenseqa", _choices),
    "copa": ("copa", _choices),
    "socialiqa": ("socialiqa", _choices),
    "squad": ("squad", _questions),
    "tydiqa": ("tydiqa", _questions),
    "tags": ("panx", _tagged),
    "text": ("text", _texts),
    "parallel": ("parallel", _parallel),
    "tatoeba": ("tatoeba", _translations),
    "sentences": ("umsab", _sentences),
    "pubmedqa": ("pubmedqa", _pairs),
    "similar": ("covid-faq-similarity", _pairs),
    "covid-faq": ("covid-faq", _answered),
    "bucc2018": ("bucc2018", _sides),
    "lareqa": ("lareqa", _paragraphs),
    "covid-qa": ("covid-qa", _questions),
    **strategies_domains.EXAMPLES,
}
"""For each reader a task that uses it, and the strategy of its examples."""
