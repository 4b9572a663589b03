"""Examples as rows, tokenised once per process: the training subset in its nested order, or a whole dataset."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache

from transformers import PreTrainedTokenizerFast

from tasks.data import Dataset
from tasks.examples import Example
from tasks.parts import nested_order
from trainers.identity import digest
from trainers.kinds.base import Limits, Row
from trainers.kinds.registry import kind_of
from trainers.stages import Data

Rows = tuple[tuple[Row, ...], ...]
KEPT = 64  # encoded sets that stay in memory, so that trials that share data do not tokenise it again

_cache: OrderedDict[tuple[object, ...], Rows] = OrderedDict()


def encode(dataset: Dataset, data: Data, tokenizer: PreTrainedTokenizerFast, limits: Limits) -> Rows:
    """The rows of the first `data.examples` examples of the nested order, which shuffling starts from."""
    order = nested_order([example.id for example in dataset.examples], data.salt)[: data.examples]
    chosen = [dataset.examples[i] for i in order]
    return _encode(dataset, chosen, (data.salt, data.examples), tokenizer, limits, data.labels)


def encode_all(dataset: Dataset, tokenizer: PreTrainedTokenizerFast, limits: Limits, labels: Sequence[str]) -> Rows:
    """The rows of all examples, in file order."""
    return _encode(dataset, dataset.examples, (), tokenizer, limits, tuple(labels))


def _encode(
    dataset: Dataset,
    examples: Sequence[Example],
    which: tuple[object, ...],
    tokenizer: PreTrainedTokenizerFast,
    limits: Limits,
    labels: tuple[str, ...],
) -> Rows:
    key = (dataset.fingerprint, dataset.kind, which, _name(tokenizer), limits, labels)
    if key not in _cache:
        _cache[key] = tuple(kind_of(dataset.kind).encode_many(examples, tokenizer, limits, labels))
        while len(_cache) > KEPT:
            _cache.popitem(last=False)
    _cache.move_to_end(key)
    return _cache[key]


@lru_cache(maxsize=8)
def _name(tokenizer: PreTrainedTokenizerFast) -> str:
    return digest(tokenizer.backend_tokenizer.to_str())
