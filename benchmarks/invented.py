"""Gold and predictions of XTREME's sizes, invented from a seed and right in part, in the files of its scorer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tasks import catalog
from tasks.catalog.build import words
from tasks.declaration import Task
from tasks.examples import Kind
from tasks.submission import SUFFIXES
from tasks.suites import Suite

RIGHT = 0.7  # of the predictions, before some of the others are right by chance
# test examples of the smallest and the largest language; those between are taken to lie evenly in ratio …
SPANS = {
    "xnli": (5010, 5010), "pawsx": (2000, 2000), "udpos": (47, 20436), "panx": (10000, 10000), "xquad": (1190, 1190),
    "mlqa": (4517, 11590), "tydiqa": (323, 2719), "bucc2018": (1896, 14330), "tatoeba": (1000, 1000),
}  # fmt: skip
# … but for these
EXACT: Mapping[str, Mapping[str, int]] = {
    "panx": dict.fromkeys(words("af bn hi kk ml mr ms sw ta te tl ur"), 1000) | dict.fromkeys(words("jv my yo"), 100),
    "mlqa": {"en": 11590, "es": 5253, "de": 4517, "ar": 5335, "hi": 4918, "vi": 5495, "zh": 5137},
    "bucc2018": {"de": 9580, "fr": 9086, "ru": 14330, "zh": 1896},
    "tatoeba": {"jv": 205, "te": 234, "ta": 307, "sw": 390, "th": 548, "kk": 575, "ml": 687, "ka": 746},
}
PHRASES = {"panx": ("O", "O", "O", "B-LOC", "B-PER\nI-PER", "B-ORG\nI-ORG\nI-ORG")}  # of UDPOS: single tags
SENTENCE = {"udpos": 20.0, "panx": 5.3}  # phrases: about 20 and 8 tokens
# the scripts' first letters; other languages get Latin ones
LETTERS = {
    "zh": 0x4E00, "ar": 0x0628, "bn": 0x0995, "el": 0x03B1, "hi": 0x0915, "ko": 0xAC00, "ru": 0x0430, "te": 0x0C15,
    "th": 0x0E01,
}  # fmt: skip
VOCABULARY = 2000
CONTEXT, ASKED = 60, 5  # words of a paragraph, questions to it

Random = np.random.Generator


def write(suite: Suite, share: float, gold: Path, predictions: Path) -> None:
    """Both folders, with a share of the examples of each (task, language)."""
    for name in suite.tasks:
        task, random = catalog.get(name), np.random.default_rng(suite.tasks.index(name))
        for language, n in sizes(suite, name, share).items():
            texts = INVENTED[task.kind](task, language, n, random)
            for folder, text in zip((gold, predictions), texts, strict=True):
                path = folder / name / f"test-{language}{SUFFIXES.get(task.kind, '.tsv')}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")


def sizes(suite: Suite, task: str, share: float) -> dict[str, int]:
    """Test examples of each language."""
    languages = suite.languages_of(task)
    spread = dict(zip(languages, np.geomspace(*SPANS[task], len(languages)).tolist(), strict=True))
    return {language: max(2, round(n * share)) for language, n in (spread | dict(EXACT.get(task, {}))).items()}


def labels(task: Task, language: str, n: int, random: Random) -> tuple[str, str]:
    """A label a line, gold and predicted."""
    gold = random.choice(task.labels, n)
    return lines(gold), lines(guessed(gold, random.choice(task.labels, n), random))


def tags(task: Task, language: str, n: int, random: Random) -> tuple[str, str]:
    """A tag a line, blank lines between sentences."""
    phrases = PHRASES.get(task.name, task.labels)
    lengths = np.maximum(random.poisson(SENTENCE[task.name], n), 1)
    drawn = (random.integers(len(phrases), size=length).tolist() for length in lengths)
    gold = np.array("\n\n".join("\n".join(phrases[i] for i in sentence) for sentence in drawn).split("\n"))
    predicted = guessed(gold, random.choice(task.labels, len(gold)), random)
    return lines(gold), lines(np.where(gold == "", gold, predicted))


def rows(task: Task, language: str, n: int, random: Random) -> tuple[str, str]:
    """The row that each line translates."""
    gold = random.permutation(n)
    return lines(gold), lines(guessed(gold, random.integers(n, size=n), random))


def pairs(task: Task, language: str, n: int, random: Random) -> tuple[str, str]:
    """As many predicted pairs as there are."""
    gold = random.permutation(10 * n)[:n]
    predicted = guessed(gold, random.permutation(gold), random)
    return _ids(language, gold), _ids(language, predicted)


def questions(task: Task, language: str, n: int, random: Random) -> tuple[str, str]:
    """Three answers a question, which overlap; predicted is one of them or other words of the paragraph."""
    vocabulary, blank = _vocabulary(language, random), "" if language == "zh" else " "
    paragraphs, predicted = [], {}
    for start in range(0, n, ASKED):
        text = [vocabulary[i] for i in random.integers(VOCABULARY, size=CONTEXT).tolist()]
        asked = []
        for number in range(start, min(start + ASKED, n)):
            at, length, guess = random.integers((2, 1, 0), (CONTEXT - 9, 7, 5)).tolist()
            spans = [(at, length), (at, length + 1), (at - 1, length + 1), (at + 1, length), (0, 2)]
            found = [blank.join(text[first : first + size]) for first, size in spans]
            starts = [len(blank.join([*text[:first], ""])) for first, _ in spans]
            answers = [{"text": t, "answer_start": s} for t, s in zip(found[:3], starts[:3], strict=True)]
            asked.append({"id": str(number), "question": "?", "answers": answers})
            predicted[str(number)] = found[guess]
        paragraphs.append({"context": blank.join(text), "qas": asked})
    return json.dumps({"data": [{"title": "", "paragraphs": paragraphs}]}), json.dumps(predicted)


INVENTED: Mapping[Kind, Callable[[Task, str, int, Random], tuple[str, str]]] = {
    Kind.CLASSIFICATION: labels,
    Kind.TAGGING: tags,
    Kind.SPAN: questions,
    Kind.RETRIEVAL: rows,
    Kind.MINING: pairs,
}


def guessed(gold: np.ndarray, other: np.ndarray, random: Random) -> np.ndarray:
    """The gold, or something else."""
    return np.where(random.random(len(gold)) < RIGHT, gold, other)


def lines(values: Sequence[str] | np.ndarray) -> str:
    """A value a line."""
    return "\n".join(map(str, values)) + "\n"


def _ids(language: str, candidates: np.ndarray) -> str:
    return lines([f"{language}-{i:09d}\ten-{j:09d}" for i, j in enumerate(candidates.tolist())])


def _vocabulary(language: str, random: Random) -> list[str]:
    """Words of the language's script, with an article, and every tenth with a comma."""
    first = LETTERS.get(language, ord("a"))
    spelt = ("".join(chr(first + i) for i in random.integers(25, size=length)) for length in _lengths(language, random))
    return ["the", *(word + "," * (i % 10 == 0) for i, word in enumerate(spelt, start=1))]


def _lengths(language: str, random: Random) -> list[int]:
    return [int(n) for n in random.integers(1, 3 if language == "zh" else 10, size=VOCABULARY - 1)]
