"""The target stage of a ranking task: one encoder for queries and candidates, which makes the right ones alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from tasks import metrics
from tasks.data import Dataset
from tasks.examples import Passage, is_labelled
from tasks.pairs import as_ranking
from tasks.parts import nested_order
from trainers.batches.encoded import encode_all
from trainers.batches.micro import GlobalBatch, Item
from trainers.batches.streams import Epochs
from trainers.batches.tokens import Tokens
from trainers.kinds.base import Batch, Limits, Row
from trainers.loop import Trainer
from trainers.model.dropout import DropoutKeys, install
from trainers.model.encoder import load_encoder, pooled
from trainers.model.learner import Learner
from trainers.predict import Passes
from trainers.recipe import Pooling
from trainers.search import Embedder, rank
from trainers.session import Session
from trainers.stages import LAST, Data, TargetSpec

SCALE = 100.0
"""Of the cosines in the softmax: where XTREME-R's reference code begins, and hardly leaves, as its rate is 1e-5."""

Pair = tuple[Row, Row]


@dataclass
class DualEncoder:
    """The objective: among the candidates of the global batch, a query finds its own by the cosine of their vectors.

    The loss is the summed cross-entropy of a softmax over the batch (Gillick et al. 2019, Karpukhin et al. 2020).
    Each query trains with its first right candidate; where another query has the same one, that is left out.
    """

    model: Learner
    keys: DropoutKeys
    pad: int
    evaluate_every: int
    pairs: Sequence[Pair]
    epochs: Epochs
    size: int
    pooling: Pooling
    dev: DevSearch | None = None
    losses: Tensor = field(default_factory=lambda: torch.zeros(0))  # [size], of the step's items
    pulls: Tensor = field(default_factory=lambda: torch.zeros(0))  # [size, 2, width]: their gradients by the vectors
    candidates: tuple[int, ...] = ()  # of the step's items

    def batch(self, step: int) -> GlobalBatch:
        """The pairs of a step; a row's target is its slot."""
        indices = self.epochs.take(step * self.size, self.size).tolist()
        chosen = [self.pairs[index] for index in indices]
        self.candidates = tuple(int(pair[1].target[0]) for pair in chosen)
        items = (
            Item(tuple(replace(row, target=np.array([slot])) for row in pair), slot) for slot, pair in enumerate(chosen)
        )
        return GlobalBatch(0, tuple(items), self.size)

    def vectors(self, batch: Batch) -> dict[int, Tensor]:
        """Float32 [2, width] a pair, query and candidate, each of length 1; by slot."""
        return dict(zip(_slots(batch), self._vectors(batch), strict=True))

    def couple(self, vectors: Mapping[int, Tensor]) -> None:
        """Each item's loss among all of them, and the gradients by the vectors."""
        known = torch.stack([vectors[slot] for slot in range(self.size)]).requires_grad_()
        losses = in_batch_losses(known, self.candidates)
        (self.pulls,) = torch.autograd.grad(losses.sum(), known)
        self.losses = losses.detach()

    def loss(self, ingredient: int, batch: Batch) -> Tensor:
        """The items' summed losses, with the gradient that they have in the whole batch."""
        slots, vectors = _slots(batch), self._vectors(batch)
        pulls, losses = (known[slots].to(vectors.device) for known in (self.pulls, self.losses))
        return losses.sum() + ((vectors - vectors.detach()) * pulls).sum()

    def evaluate(self) -> float:
        """mAP@20 on English dev."""
        assert self.dev is not None
        return self.dev.score(self.model)

    def _vectors(self, batch: Batch) -> Tensor:
        found = pooled(self.model.encoder, batch.tokens, batch.mask, LAST, self.pooling).float()
        return normalize(found, dim=-1).reshape(-1, 2, found.shape[-1])


def in_batch_losses(vectors: Tensor, candidates: Sequence[int]) -> Tensor:
    """Each query's cross-entropy among the candidates of a batch.

    Args:
        vectors: [n, 2, width], query and right candidate, of length 1.
        candidates: which candidate each pair has: equal ones are right for each other's queries.

    Returns:
        [n].
    """
    queries, answers = vectors.unbind(dim=1)
    which = torch.tensor(candidates, device=vectors.device)
    own = torch.eye(len(which), dtype=torch.bool, device=vectors.device)
    logits = (SCALE * queries @ answers.T).masked_fill((which[:, None] == which) & ~own, -torch.inf)
    return cross_entropy(logits, torch.arange(len(which), device=vectors.device), reduction="none")


@dataclass(frozen=True)
class DevSearch:
    """Scores an encoder on English dev."""

    data: Data
    session: Session
    tokens: Tokens
    limits: Limits
    spec: TargetSpec

    def score(self, model: Learner) -> float:
        """The metric over the queries."""
        assert self.spec.pooling is not None and self.data.metric is not None
        dataset = as_ranking(self.session.dataset(self.data.fingerprint))
        passes = Passes(self.session.settings.micro_tokens, self.spec.numerics, self.session.ranks)
        found = rank(Embedder(model.encoder, self.tokens, self.limits, LAST, self.spec.pooling, passes), dataset)
        asked = [place for place, example in enumerate(dataset.examples) if is_labelled(example)]
        metric = metrics.get(self.data.metric, "en")
        gold = [dataset.examples[place] for place in asked]
        return metric.score(metric.statistics(gold, [found[place] for place in asked])).value


def run(spec: TargetSpec, session: Session) -> dict[str, Any]:
    """Train on the pairs of one training set and save the encoder; there is no head."""
    assert spec.pooling is not None
    tokens, schedule = session.tokens(spec.tokenizer), spec.schedule
    limits = Limits(schedule.max_length, schedule.stride)
    model = Learner(load_encoder(session.folder(spec.encoder)))
    objective = DualEncoder(
        model=model,
        keys=install(model, schedule.dropout),
        pad=tokens.pad,
        evaluate_every=math.ceil(spec.train.examples / schedule.batch) if spec.keep == "best" else 0,
        pairs=pairs(as_ranking(session.dataset(spec.train.fingerprint)), spec.train, tokens, limits),
        epochs=Epochs(spec.train.examples, spec.seed, "epoch " + spec.train.fingerprint),
        size=schedule.batch,
        pooling=spec.pooling,
        dev=DevSearch(spec.dev, session, tokens, limits, spec) if spec.dev else None,
    )
    tally = Trainer(objective, schedule, spec.numerics, spec.seed, session).run()
    model.encoder.save_pretrained(session.made)
    tokens.tokenizer.save_pretrained(session.made)
    return tally.facts()


def pairs(dataset: Dataset, data: Data, tokens: Tokens, limits: Limits) -> list[Pair]:
    """The first queries of the nested order, each with its first right candidate, whose row's target is its place."""
    rows = [group[0] for group in encode_all(dataset, tokens, limits, ())]
    passages = [example for example in dataset.examples if isinstance(example, Passage)]
    places = {passage.id: place for place, passage in enumerate(passages) if passage.candidate}
    asked = [(row, p.id, places[p.relevant[0]]) for row, p in zip(rows, passages, strict=True) if p.relevant]
    order = nested_order([id for _, id, _ in asked], data.salt)[: data.examples]
    chosen = [asked[place] for place in order]
    return [(row, replace(rows[right], target=np.array([right]))) for row, _, right in chosen]


def _slots(batch: Batch) -> list[int]:
    slots: list[int] = batch.targets[::2, 0].tolist()
    return slots
