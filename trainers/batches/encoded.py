"""Examples as rows, made once per process: the training subset in its nested order, or a whole dataset."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from tasks.data import Dataset
from tasks.examples import Example
from tasks.parts import nested_order
from trainers.batches.cutting import Cut
from trainers.batches.tokens import Tokens
from trainers.kinds.base import Limits, Row
from trainers.kinds.registry import kind_of
from trainers.stages import Data

Rows = tuple[tuple[Row, ...], ...]
KEPT = 64  # encoded sets that stay in memory, so that trials that share data do not make them again

_cache: OrderedDict[tuple[object, ...], tuple[Rows, Cut]] = OrderedDict()


def encode(dataset: Dataset, data: Data, tokens: Tokens, limits: Limits) -> Rows:
    """The rows of the first `data.examples` examples of the nested order, which shuffling starts from."""
    order = nested_order([example.id for example in dataset.examples], data.salt)[: data.examples]
    chosen = [dataset.examples[i] for i in order]
    return _encode(dataset, chosen, (data.salt, data.examples), tokens, limits, data.labels)


def encode_all(dataset: Dataset, tokens: Tokens, limits: Limits, labels: Sequence[str]) -> Rows:
    """The rows of all examples, in file order."""
    return _encode(dataset, dataset.examples, (), tokens, limits, tuple(labels))


def _encode(
    dataset: Dataset,
    examples: Sequence[Example],
    which: tuple[object, ...],
    tokens: Tokens,
    limits: Limits,
    labels: tuple[str, ...],
) -> Rows:
    key = (dataset.fingerprint, dataset.kind, which, tokens.name, limits, labels)
    if key not in _cache:
        kind = kind_of(dataset.kind)
        texts = (text for example in dataset.examples for text in kind.texts(example))
        known, frame = tokens.of(dataset, texts, kind.offsets), tokens.frame
        rows = tuple(kind.rows(example, known, frame, limits, labels) for example in examples)
        _cache[key] = rows, Cut.of((sum(row.cut for row in group) for group in rows), limits.max_length)
        while len(_cache) > KEPT:
            _cache.popitem(last=False)
    _cache.move_to_end(key)
    found, cut = _cache[key]
    tokens.counted(dataset, cut)
    return found
