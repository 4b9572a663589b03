"""Searching a pool with the encoder's own vectors: for translations (Tatoeba), rankings (LAReQA), pairs (BUCC)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.functional import normalize
from transformers import PreTrainedModel

from tasks.data import Dataset
from tasks.examples import Passage, Translation
from tasks.metrics.mining import best_threshold
from tasks.metrics.ranking import DEPTH
from trainers.batches.encoded import encode_all
from trainers.batches.micro import Item
from trainers.batches.tokens import Tokens
from trainers.kinds.base import Batch, Limits, Logits
from trainers.mining import mine, neighbours
from trainers.model.encoder import pooled
from trainers.predict import Passes, gathered, over, precision
from trainers.recipe import Pooling

POOL = 1024  # queries that are compared with the whole pool at once


@dataclass(frozen=True)
class Embedder:
    """Vectors of whole datasets.

    Attributes:
        encoder: put into evaluation mode here.
        tokens: of the encoder's tokenizer.
        limits: of the rows.
        layer: the hidden state that is pooled (0: the embedding output).
        pooling: of a row's positions.
        passes: how to run the model.
        normalised: whether vectors have length 1, so that inner products are cosines.
    """

    encoder: PreTrainedModel
    tokens: Tokens
    limits: Limits
    layer: int
    pooling: Pooling
    passes: Passes
    normalised: bool = True

    def vectors(self, dataset: Dataset) -> Logits:
        """Float32 [examples, rows of each, width], in the order of the data."""
        rows = encode_all(dataset, self.tokens, self.limits, ())
        found: dict[int, Logits] = {}

        def run(items: list[Item], batch: Batch) -> None:
            with torch.no_grad(), precision(self.passes.numerics):
                output = pooled(self.encoder, batch.tokens, batch.mask, self.layer, self.pooling).float()
            values = (normalize(output, dim=-1) if self.normalised else output).cpu().numpy()
            found.update(
                zip((item.slot for item in items), values.reshape(len(items), -1, values.shape[-1]), strict=True)
            )

        over(rows, run, self.encoder, self.tokens.pad, self.passes)
        return np.stack([vectors for _, vectors in sorted(gathered(found, self.passes.ranks).items())])


def match(embedder: Embedder, dataset: Dataset) -> list[str]:
    """For each English query the id of the nearest candidate by cosine; the first of equals (facts: Tatoeba)."""
    vectors = embedder.vectors(dataset)
    ids = [example.id for example in dataset.examples if isinstance(example, Translation)]
    return [ids[place] for place in nearest(vectors[:, 0], vectors[:, 1])]


def nearest(queries: Logits, candidates: Logits) -> list[int]:
    """Index of the candidate with the largest inner product, for each query; both [n, width], normalised."""
    blocks = (queries[start : start + POOL] @ candidates.T for start in range(0, len(queries), POOL))
    return [int(place) for block in blocks for place in block.argmax(axis=1)]


@dataclass(frozen=True)
class Pool:
    """The two roles of a ranking dataset: the examples' places, and their vectors."""

    passages: Sequence[Passage]
    queries: list[int]
    candidates: list[int]
    vectors: Logits  # [examples, width]

    @classmethod
    def of(cls, embedder: Embedder, dataset: Dataset) -> Pool:
        """Embed a dataset."""
        passages = [example for example in dataset.examples if isinstance(example, Passage)]
        queries = [place for place, passage in enumerate(passages) if not passage.candidate]
        candidates = [place for place, passage in enumerate(passages) if passage.candidate]
        return cls(passages, queries, candidates, embedder.vectors(dataset)[:, 0])


def rank(embedder: Embedder, dataset: Dataset) -> list[Any]:
    """For each query the ids of the 20 candidates with the largest inner products, the best first; None for others."""
    pool = Pool.of(embedder, dataset)
    _, places = neighbours(pool.vectors[pool.queries], pool.vectors[pool.candidates], DEPTH)
    found: list[Any] = [None] * len(pool.passages)
    for query, row in zip(pool.queries, places.tolist(), strict=True):
        found[query] = [pool.passages[pool.candidates[place]].id for place in row]
    return found


def pair(embedder: Embedder, dataset: Dataset, dev: Dataset | None) -> list[Any]:
    """For each query the id of the candidate that it is paired with (facts: BUCC), or None.

    Args:
        embedder: of normalised vectors.
        dataset: what to mine.
        dev: what the threshold is chosen on; None: on `dataset` itself, as the reference does for dev.
    """
    pairs = _mined(embedder, dataset)
    chosen_on, own = (pairs, dataset) if dev is None else (_mined(embedder, dev), dev)
    gold = {example.id: example.relevant or () for example in own.examples if isinstance(example, Passage)}
    right = [candidate in gold[query] for query, candidate, _ in chosen_on]
    threshold = best_threshold([margin for *_, margin in chosen_on], right, sum(map(len, gold.values())))
    kept = {query: candidate for query, candidate, margin in pairs if margin >= threshold}
    return [kept.get(example.id) for example in dataset.examples]


def _mined(embedder: Embedder, dataset: Dataset) -> list[tuple[str, str, float]]:
    """Query, candidate and margin of the mined pairs, the best first.

    As in XTREME's code, equal texts of a side are one in the search, and what is mined for such a text has no id that
    could be meant: it is dropped. So are pairs whose margin is not above 0.
    """
    pool = Pool.of(embedder, dataset)
    texts = [passage.text.strip() for passage in pool.passages]
    queries, candidates = (_distinct(texts, places) for places in (pool.queries, pool.candidates))
    once = {place for side in (pool.queries, pool.candidates) for place in _unrepeated(texts, side)}
    mined = mine(pool.vectors[queries], pool.vectors[candidates])
    found = [
        (queries[row], candidates[column], float(margin))
        for (row, column), margin in zip(mined.pairs.tolist(), mined.margins.tolist(), strict=True)
    ]
    return [
        (pool.passages[query].id, pool.passages[candidate].id, margin)
        for query, candidate, margin in found
        if margin > 0 and query in once and candidate in once
    ]


def _distinct(texts: Sequence[str], places: Sequence[int]) -> list[int]:
    """The first place of each text."""
    first: dict[str, int] = {}
    for place in places:
        first.setdefault(texts[place], place)
    return list(first.values())


def _unrepeated(texts: Sequence[str], places: Sequence[int]) -> list[int]:
    """The places of the texts that stand there once."""
    counts = Counter(texts[place] for place in places)
    return [place for place in places if counts[texts[place]] == 1]
