"""Chunk F1 of tag sequences, with the chunks of seqeval 0.0.12, which XTREME's scores are made with.

Tags with a B-/I- prefix are IOB2 entities. Tags without one, as in part-of-speech tagging, are read whole: a run of
equal tags is one chunk. As in the reference, only the first letter of a tag is looked at where a prefix is expected,
so tags that begin with S (SCONJ, SYM) always stand alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.examples import Example, Tagged
from tasks.metrics.base import matrix, paired
from tasks.metrics.f1 import CountsF1

Chunk = tuple[str, int, int]
"""Type, first and last token."""


@dataclass(frozen=True)
class TagF1(CountsF1):
    """Micro-averaged F1 over chunks, in percent. A prediction is a sequence of as many tags as there are tokens."""

    name: str = "tag_f1"
    version: int = 1

    def statistics(self, gold: Sequence[Example], predictions: Sequence[Any]) -> np.ndarray:
        """Float64 [n, 3], one row a sentence: right, predicted and true chunks. Chunks end with their sentence."""
        return matrix([_row(example, predicted) for example, predicted in paired(gold, predictions)], 3)


def _row(example: Example, predicted: Any) -> tuple[int, int, int]:
    if not isinstance(example, Tagged) or example.tags is None:
        raise ValueError(f"example {example.id!r} has no tags")
    true = set(chunks(example.tags))
    if predicted is None:
        return 0, 0, len(true)
    if len(predicted) != len(example.tokens):
        raise ValueError(f"{len(predicted)} tags for the {len(example.tokens)} tokens of sentence {example.id!r}")
    found = set(chunks(predicted))
    return len(true & found), len(found), len(true)


def chunks(tags: Sequence[str]) -> Iterator[Chunk]:
    """The chunks of one sentence: (type, first, last token)."""
    start, before = 0, "O"
    for i, tag in enumerate((*tags, "O")):
        if _ends(before, tag):
            yield _type(before), start, i - 1
        if _starts(before, tag):
            start = i
        before = tag


def _type(tag: str) -> str:
    return tag.split("-")[-1]


def _outside(tag: str) -> bool:
    return tag[0] in "O."


def _ends(before: str, tag: str) -> bool:
    """Whether a chunk ends between two neighbouring tags."""
    if before[0] in "ES":
        return True
    if before[0] in "BI" and tag[0] in "BSO":
        return True
    return not _outside(before) and _type(before) != _type(tag)


def _starts(before: str, tag: str) -> bool:
    """Whether a chunk starts with `tag`."""
    if tag[0] in "BS":
        return True
    if before[0] in "ESO" and tag[0] in "EI":
        return True
    return not _outside(tag) and _type(before) != _type(tag)
