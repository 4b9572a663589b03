"""Training data of a ranking task: queries with the candidates that are right for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tasks.data import Dataset
from tasks.errors import UserError
from tasks.examples import Example, Kind, Passage, Question

BREAK = re.compile(r"""(?<=[.!?])["')\]]*\s+(?=["'(\[]?[^\W_a-z])""")
"""Where a sentence ends: behind its mark (and what closes with it), before a blank and no small letter."""


def as_ranking(dataset: Dataset) -> Dataset:
    """The same as queries and candidates.

    Questions about contexts become what LAReQA asks: which sentence, read with its paragraph, holds the answer. A
    ranking dataset stays as it is.

    Raises:
        UserError: it is of another kind.
    """
    if dataset.kind is Kind.RANKING:
        return dataset
    if dataset.kind is not Kind.SPAN:
        raise UserError(f"a ranking task cannot learn from a {dataset.kind} task", where=f"task {dataset.source.task}")
    candidates: dict[tuple[str, str], Passage] = {}
    queries = list(_queries(dataset.examples, candidates))
    return Dataset(dataset.source, Kind.RANKING, (*queries, *candidates.values()))


def learnable(example: Example) -> bool:
    """Whether it is a query with a right candidate, or a question with an answer."""
    match example:
        case Passage():
            return bool(example.relevant)
        case Question():
            return bool(example.answers and example.answers[0].text)
    return False


def _queries(examples: Sequence[Example], candidates: dict[tuple[str, str], Passage]) -> Iterator[Passage]:
    """The questions; their sentences are put among the candidates, each once."""
    for example in examples:
        if isinstance(example, Question) and learnable(example):
            sentence = sentence_at(example.context, example.answers[0].start)
            new = Passage(f"sentence {len(candidates)}", sentence, example.context, True, None, example.article)
            found = candidates.setdefault((sentence, example.context), new)
            yield Passage(example.id, example.question, "", False, (found.id,), example.article)


def sentence_at(context: str, place: int) -> str:
    """The sentence of a context in which a character stands; a blank between two belongs to the second."""
    begin = 0
    for found in BREAK.finditer(context):
        blank = found.start() + len(found.group().rstrip())
        if place < blank:
            return context[begin:blank]
        begin = found.end()
    return context[begin:]
