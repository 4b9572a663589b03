"""Does a training set hold what is scored? Texts that stand in both, exactly or nearly.

Texts are compared without case, punctuation and repeated blanks. Near is a text of which at least four fifths of the
runs of eight words (of sixteen characters in scripts without blanks) stand somewhere in the training set; a text that
is shorter than a run is compared as a whole alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.data import Dataset
from tasks.examples import (
    Choices,
    Example,
    Passage,
    Question,
    Sentence,
    SentencePair,
    Tagged,
    TextPair,
    Translation,
)

WORDS, CHARACTERS = 8, 16  # of a run
NEAR = 0.8
SHOWN = 3
# kana, Han, Thai and Lao, Burmese, Khmer
_WITHOUT_BLANKS = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_PUNCTUATION = re.compile(r"[^\w\s]|_")

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Overlap:
    """Of the `texts` of a scored dataset, how many are in what was trained on; `examples` are ids of some of them.

    `train` is the task that is trained on, `part` its split and language; `scored`, `split` and `language` are of the
    dataset.
    """

    train: str
    part: str
    scored: str
    split: str
    language: str
    texts: int
    exact: int
    near: int
    examples: tuple[str, ...]


def overlaps(train: Dataset, scored: Iterable[Dataset]) -> Iterator[Overlap]:
    """What of each scored dataset stands in a training set; those without any overlap are passed over."""
    whole, runs = _index(train)
    for dataset in scored:
        exact, near = [], []
        texts = dict(_texts(dataset))
        for text, example in texts.items():
            if _among(_hashes([text]), whole).all():
                exact.append(example)
            elif (own := _runs(text)) and _among(_hashes(own), runs).mean() >= NEAR:
                near.append(example)
        if exact or near:
            source, part = dataset.source, f"{train.source.split} {train.source.language}"
            found = tuple(dict.fromkeys((*exact, *near)))[:SHOWN]
            counts = len(texts), len(exact), len(near)
            yield Overlap(train.source.task, part, source.task, source.split, source.language, *counts, found)


def _index(dataset: Dataset) -> tuple[Hashes, Hashes]:
    """The hashes of a dataset's texts, and of all their runs."""
    texts = dict(_texts(dataset))
    runs = np.unique(_hashes(run for text in texts for run in _runs(text)))
    return np.unique(_hashes(texts)), runs


def _among(hashes: Hashes, index: Hashes) -> npt.NDArray[np.bool_]:
    """Which of some hashes stand in a sorted index: a bisection each, for the index may hold millions."""
    if not len(index):
        return np.zeros(len(hashes), dtype=np.bool_)
    places = np.minimum(np.searchsorted(index, hashes), len(index) - 1)
    return np.asarray(index[places] == hashes)


def _texts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Texts in the form in which they are compared, each with an example's id; those without any word are left out."""
    for example in dataset.examples:
        for text in _fields(example):
            plain = " ".join(_PUNCTUATION.sub(" ", text.casefold()).split())
            if plain:
                yield plain, example.id


def _fields(example: Example) -> tuple[str, ...]:
    match example:
        case TextPair(first=first, second=second):
            return (first, second or "")
        case Choices(context=context, choices=choices):
            return (context, *choices)
        case Tagged(tokens=tokens):
            return (" ".join(tokens),)
        case Question(question=question, context=context):
            return (question, context)
        case Translation(query=query, candidate=candidate):
            return (query, candidate)
        case Passage(text=text, context=context):
            return (text, context)
        case Sentence(text=text):
            return (text,)
        case SentencePair(english=english, foreign=foreign):
            return (english, foreign)


def _runs(text: str) -> list[str]:
    """All runs of a text; none of one that is shorter than a run."""
    words = text.split()
    bare = "".join(words)
    if 2 * len(_WITHOUT_BLANKS.findall(bare)) > len(bare):
        return [bare[i : i + CHARACTERS] for i in range(len(bare) - CHARACTERS + 1)]
    return [" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)]


def _hash(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big"))


def _hashes(texts: Iterable[str]) -> Hashes:
    return np.fromiter((_hash(text) for text in texts), dtype=np.uint64)
