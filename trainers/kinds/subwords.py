"""Texts to subwords in bulk, and rows in XLM-R's form: `<s> first </s>` or `<s> first </s></s> second </s>`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedTokenizerFast

from tasks.errors import UserError

Int64s = npt.NDArray[np.int64]

NO_OFFSETS = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Subwords:
    """The subwords of a text, without special tokens."""

    ids: Int64s  # [n]
    offsets: Int64s  # [n, 2]: begin and end in the text, in code points; empty where they were not asked for


class Known(Protocol):
    """The subwords of texts."""

    def __getitem__(self, text: str) -> Subwords:
        """Those of one of them; KeyError for other texts."""
        ...


@dataclass(frozen=True, slots=True)
class Frame:
    """The special tokens around a row."""

    cls: int
    sep: int
    unk: int

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerFast) -> Frame:
        """The frame that a tokenizer of the XLM-R family uses."""
        ids = (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.unk_token_id)
        if None in ids:
            raise UserError("the tokenizer must have a cls, a sep and an unk token, as XLM-R's has")
        return cls(*ids)

    def row(self, first: Int64s, second: Int64s | None = None) -> Int64s:
        """The row's tokens; `len(first) + 2` of them, or `len(first) + len(second) + 4`."""
        cls, sep = np.array([self.cls]), np.array([self.sep])
        return np.concatenate((cls, first, sep) if second is None else (cls, first, sep, sep, second, sep))


def subwords(texts: Iterable[str], tokenizer: PreTrainedTokenizerFast, offsets: bool = False) -> dict[str, Subwords]:
    """Each distinct text with its subwords.

    A text that spells a special token is read as plain text: a `<pad>` in a row would shift XLM-R's positions.
    """
    distinct = list(dict.fromkeys(texts))
    backend = tokenizer.backend_tokenizer  # called without the wrapper, which costs more than the tokenizing
    backend.no_truncation()
    backend.no_padding()
    backend.encode_special_tokens = True
    encode = backend.encode_batch if offsets else backend.encode_batch_fast  # the fast one knows no offsets
    encodings = encode(distinct, add_special_tokens=False)
    special, unknown = set(tokenizer.all_special_ids), tokenizer.unk_token_id
    return {
        text: Subwords(
            _plain(encoding.ids, special, unknown), _joined(encoding.offsets, len(text)) if offsets else NO_OFFSETS
        )
        for text, encoding in zip(distinct, encodings, strict=True)
    }


def _plain(ids: list[int], special: set[int], unknown: int) -> Int64s:
    """The ids, with the unknown subword for special ones: a unigram vocabulary may spell `<pad>` as one subword."""
    if not special.isdisjoint(ids):
        ids = [unknown if i in special else i for i in ids]
    return np.array(ids, dtype=np.int64)


def _joined(offsets: list[tuple[int, int]], length: int) -> Int64s:
    """Begins and ends, where a subword goes on to the next one's begin.

    A normaliser that composes `e` and its accent reports the `e` alone.
    """
    spans = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    spans[:, 1] = np.maximum(spans[:, 1], np.append(spans[1:, 0], length)[: len(spans)])
    return spans


def longest_first(first: Int64s, second: Int64s, room: int) -> tuple[Int64s, Int64s]:
    """Cut the end of the longer of the two, token by token (the first one on a tie), until both fit into `room`."""
    excess = max(0, len(first) + len(second) - room)
    gap = len(first) - len(second)
    if excess <= abs(gap):
        cut = excess if gap >= 0 else 0
    else:
        rest = excess - abs(gap)
        cut = max(gap, 0) + rest - rest // 2
    return first[: len(first) - cut], second[: len(second) - (excess - cut)]
