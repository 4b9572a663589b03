"""The intermediate and target stages: supervised training of encoder and heads, one task or a mixture of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedModel

from tasks import metrics
from tasks.examples import Kind
from trainers.batches.encoded import encode
from trainers.batches.language import LanguageBatches, lines
from trainers.batches.micro import GlobalBatch, Item
from trainers.batches.smoothing import MIXTURE_SMOOTHING, smoothed
from trainers.batches.streams import Draws, Epochs, draw
from trainers.batches.tokens import Tokens
from trainers.identity import canonical_json
from trainers.kinds.base import Batch, Limits, Row
from trainers.kinds.registry import kind_of
from trainers.loop import Trainer
from trainers.model.dropout import DropoutKeys, install
from trainers.model.encoder import load_encoder, load_language_model
from trainers.model.learner import Learner
from trainers.predict import Passes, predict
from trainers.randomness import torch_generator
from trainers.recipe import Numerics
from trainers.session import Session
from trainers.stages import Data, IntermediateSpec, Schedule, TargetSpec
from trainers.work import rank

HEAD = "head.safetensors"
MASK = 0.15  # of a masked-language-model share (Devlin et al. 2019, section 3.1)


@dataclass
class Tuning:
    """The objective: each step draws one ingredient and learns from a batch of its examples, or of masked text."""

    model: Learner
    keys: DropoutKeys
    pad: int
    evaluate_every: int
    data: Sequence[Data]
    rows: Sequence[Sequence[tuple[Row, ...]]]  # by ingredient, by example
    draws: Draws
    epochs: Sequence[Epochs]
    size: int
    masked: LanguageBatches | None
    dev: DevScore | None

    def batch(self, step: int) -> GlobalBatch:
        """The examples of a step; ingredient number `len(data)` is masked language modelling."""
        ingredient, place = int(self.draws.ingredient[step]), int(self.draws.place[step])
        if ingredient == len(self.data):
            assert self.masked is not None
            return self.masked.batch(place, ingredient)
        indices = self.epochs[ingredient].take(place * self.size, self.size)
        items = tuple(Item(self.rows[ingredient][index], slot) for slot, index in enumerate(indices.tolist()))
        kind = kind_of(self.data[ingredient].kind)
        return GlobalBatch(ingredient, items, sum(kind.count(item.rows) for item in items))

    def loss(self, ingredient: int, batch: Batch) -> Tensor:
        """Summed over the kind's items, or over the masked tokens."""
        if ingredient == len(self.data):
            return self.model.language_loss(batch)
        return kind_of(self.data[ingredient].kind).loss(self.model.logits(ingredient, batch), batch)

    def evaluate(self) -> float:
        """The mean of the tasks' scores on English dev."""
        assert self.dev is not None
        return self.dev.mean(self.model)


@dataclass(frozen=True)
class DevScore:
    """Scores a learner's heads on English dev, in the order of its ingredients."""

    data: Sequence[Data]
    session: Session
    tokens: Tokens
    schedule: Schedule
    numerics: Numerics

    def mean(self, model: Learner) -> float:
        """The unweighted mean over the tasks, 0..100."""
        return sum(self.score(model, i) for i in range(len(self.data))) / len(self.data)

    def score(self, model: Learner, ingredient: int) -> float:
        """One task's metric."""
        data = self.data[ingredient]
        dataset = self.session.dataset(data.fingerprint)
        limits = Limits(self.schedule.max_length, self.schedule.stride)
        passes = Passes(self.session.settings.micro_tokens, self.numerics, self.session.ranks)
        found = predict(model, ingredient, dataset, self.tokens, limits, data.labels, passes)
        assert data.metric is not None
        metric = metrics.get(data.metric, "en")
        return metric.score(metric.statistics(dataset.examples, found)).value


def run_intermediate(spec: IntermediateSpec, session: Session) -> dict[str, Any]:
    """Train on the mixture and save the encoder alone: its heads are dropped."""
    weights = [(1 - spec.mlm_share) * ingredient.weight for ingredient in spec.mixture]
    objective = _objective(
        spec,
        session,
        [i.data for i in spec.mixture],
        [*weights, spec.mlm_share] if spec.mlm_share else weights,
        spec.dev,
    )
    tally = Trainer(objective, spec.schedule, spec.numerics, spec.seed, session).run()
    _save_encoder(objective.model, spec.tokenizer, session)
    drawn = [*tally.drawn, *[0] * (len(weights) + 1 - len(tally.drawn))]
    names = [session.dataset(i.data.fingerprint).source.task for i in spec.mixture]
    mixture = {name: drawn[i] / tally.step for i, name in enumerate(names)}
    if spec.mlm_share:
        mixture["masked language modelling"] = drawn[len(weights)] / tally.step
    return tally.facts() | {"mixture": mixture}


def run_target(spec: TargetSpec, session: Session) -> dict[str, Any]:
    """Fine-tune on one training set; save encoder, head and what the head's outputs mean.

    Ranking has no head: see `trainers.work.rank`.
    """
    if spec.train.kind is Kind.RANKING:
        return rank.run(spec, session)
    objective = _objective(spec, session, [spec.train], [1.0], (spec.dev,) if spec.dev else ())
    if spec.head:
        objective.model.heads[0].load_state_dict(load_file(session.folder(spec.encoder) / HEAD))
    tally = Trainer(objective, spec.schedule, spec.numerics, spec.seed, session).run()
    _save_encoder(objective.model, spec.tokenizer, session)
    head = {name: tensor.contiguous().cpu() for name, tensor in objective.model.heads[0].state_dict().items()}
    save_file(head, session.made / HEAD)
    (session.made / "head.json").write_bytes(canonical_json({"kind": spec.train.kind, "labels": spec.train.labels}))
    return tally.facts()


def _objective(
    spec: IntermediateSpec | TargetSpec,
    session: Session,
    data: Sequence[Data],
    weights: Sequence[float],
    dev: Sequence[Data],
) -> Tuning:
    tokens = session.tokens(spec.tokenizer)
    schedule = spec.schedule
    limits = Limits(schedule.max_length, schedule.stride)
    masked = len(weights) > len(data)
    folder = session.folder(spec.encoder)
    language = load_language_model(folder) if masked else None
    encoder = cast(PreTrainedModel, language.base_model) if language is not None else load_encoder(folder)
    heads = [
        kind_of(d.kind).head(
            encoder.config.hidden_size,
            len(d.labels),
            torch_generator(spec.seed, "head " + d.fingerprint, i),
            encoder.config.initializer_range,
        )
        for i, d in enumerate(data)
    ]
    model = Learner(encoder, heads, language)
    rows = [encode(session.dataset(d.fingerprint), d, tokens, limits) for d in data]
    return Tuning(
        model=model,
        keys=install(model, schedule.dropout),
        pad=tokens.pad,
        evaluate_every=_epoch(data, schedule) if spec.keep == "best" else 0,
        data=data,
        rows=rows,
        draws=draw(weights, schedule.steps, spec.seed, "mixture"),
        epochs=[Epochs(d.examples, spec.seed, "epoch " + d.fingerprint) for d in data],
        size=schedule.batch,
        masked=_masked(spec, session, tokens) if masked and isinstance(spec, IntermediateSpec) else None,
        dev=DevScore(dev, session, tokens, schedule, spec.numerics) if dev else None,
    )


def _masked(spec: IntermediateSpec, session: Session, tokens: Tokens) -> LanguageBatches:
    weights, schedule = smoothed([text.examples for text in spec.mlm_text], MIXTURE_SMOOTHING), spec.schedule
    texts = [
        lines(session.dataset(text.fingerprint), tokens, schedule.max_length, weight)
        for text, weight in zip(spec.mlm_text, weights, strict=True)
    ]
    return LanguageBatches(
        texts,
        tokens,
        batch=schedule.batch,
        steps=schedule.steps,
        max_length=schedule.max_length,
        mask=MASK,
        seed=spec.seed,
    )


def _epoch(data: Sequence[Data], schedule: Schedule) -> int:
    """Steps of one epoch over all the training sets."""
    return sum(math.ceil(d.examples / schedule.batch) for d in data)


def _save_encoder(model: Learner, tokenizer: str, session: Session) -> None:
    model.encoder.save_pretrained(session.made)
    session.tokens(tokenizer).tokenizer.save_pretrained(session.made)
