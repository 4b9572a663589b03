"""Question answering: exact match and token F1 after normalisation, SQuAD's (Rajpurkar et al. 2016) and MLQA's.

SQuAD's is for every language of XQuAD and TyDiQA: ASCII punctuation, English articles, tokens between white space.
MLQA's (Lewis et al. 2020) has Unicode punctuation, articles by language, and characters as tokens in Chinese.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tasks.errors import UserError
from tasks.examples import Example, Question
from tasks.metrics.base import Score, matrix, paired

Normalise = Callable[[str], str]


@dataclass(frozen=True)
class AnswerScore:
    """(EM + F1) / 2 in percent, each the best over an example's answers. A prediction is the answer's text.

    `nothing`: whether an empty answer may be right, as in SQuAD 2.0; elsewhere two empty texts share no token.
    """

    name: str
    normalise: Normalise
    nothing: bool = False
    version: int = 1

    def statistics(self, gold: Sequence[Example], predictions: Sequence[Any]) -> np.ndarray:
        """Float64 [n, 2]: exact match (0 or 1) and F1 (0..1) of each question."""
        return matrix([self._row(example, predicted) for example, predicted in paired(gold, predictions)], 2)

    def score(self, statistics: np.ndarray) -> Score:
        """The mean of both columns' means."""
        if not len(statistics):
            raise ValueError("no example to score")
        sums = np.array([column.sum() for column in statistics.T])
        exact, f1 = (float(part) for part in _percent(sums, len(statistics)))
        value = float(self.scores(sums, len(statistics)))
        return Score(value, len(statistics), {"exact_match": exact, "f1": f1})

    def scores(self, sums: np.ndarray, n: int) -> np.ndarray:
        """The mean of exact match and F1, of sums [..., 2]."""
        return np.asarray(_percent(sums, n).sum(axis=-1) / 2)

    def _row(self, example: Example, predicted: Any) -> tuple[float, float]:
        if not isinstance(example, Question) or not example.answers:
            raise ValueError(f"example {example.id!r} has no answer")
        if predicted is None:
            return 0.0, 0.0
        if not isinstance(predicted, str):
            raise ValueError(f"the prediction for {example.id!r} is no text: {predicted!r}")
        text = self.normalise(predicted)
        answers = [self.normalise(answer.text) for answer in example.answers]
        if self.nothing:
            answers = [answer for answer in answers if answer] or [""]
        best = max(_f1(text, answer) if text or answer or not self.nothing else 1.0 for answer in answers)
        return max(float(text == answer) for answer in answers), best


def _percent(sums: np.ndarray, n: int) -> np.ndarray:
    return 100.0 * sums / n


def _f1(predicted: str, answer: str) -> float:
    """F1 of two bags of tokens; 0 where they share none, even if both are empty."""
    found, wanted = predicted.split(), answer.split()
    same = sum((Counter(found) & Counter(wanted)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(found), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ENGLISH_ARTICLES = re.compile(r"\b(a|an|the)\b")


def squad_normalise(text: str) -> str:
    """Lower case, without ASCII punctuation and English articles, single blanks (SQuAD 1.1's evaluation)."""
    return " ".join(_ENGLISH_ARTICLES.sub(" ", text.lower().translate(_ASCII_PUNCTUATION)).split())


_MLQA_ARTICLES: Mapping[str, re.Pattern[str] | None] = {
    "en": _ENGLISH_ARTICLES,
    "es": re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b"),
    "de": re.compile(r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    "vi": re.compile(r"\b(của|là|cái|chiếc|những)\b"),
    # the published pattern for the article al-: its first branch can never match, its second one also hits inside words
    "ar": re.compile(r"\s\u0627\u0644^|\u0627\u0644"),
    "hi": None,
    "zh": None,
}


@cache
def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def _spaced_characters(text: str) -> str:
    """Blanks around each CJK ideograph of the basic block (U+4E00 to U+9FA5), so that each is a token."""
    return "".join(f" {c} " if "\u4e00" <= c <= "\u9fa5" else c for c in text)


def mlqa_normalise(text: str, language: str) -> str:
    """MLQA's normalisation in the language of the answer."""
    text = "".join(c for c in text.lower() if not _is_punctuation(c))
    articles = _MLQA_ARTICLES[language]
    text = articles.sub(" ", text) if articles else text
    return " ".join((_spaced_characters(text) if language == "zh" else text).split())


def squad() -> AnswerScore:
    """The metric of SQuAD, XQuAD and TyDiQA, in every language."""
    return AnswerScore("squad", squad_normalise)


def squad2() -> AnswerScore:
    """SQuAD 2.0's (Rajpurkar et al. 2018): "" is right where there is no answer."""
    return AnswerScore("squad2", squad_normalise, nothing=True)


def mlqa(language: str | None) -> AnswerScore:
    """The metric of MLQA in a language; one that MLQA does not have is a `UserError`."""
    if language is None or language not in _MLQA_ARTICLES:
        known = ", ".join(sorted(_MLQA_ARTICLES))
        raise UserError(f"MLQA's score is defined for {known}, not for {language!r}", where="metric mlqa")
    return AnswerScore("mlqa", lambda text: mlqa_normalise(text, language))
