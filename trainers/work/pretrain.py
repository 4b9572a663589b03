"""The pretrain stage: a small XLM-R by masked and translation language modelling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from trainers.batches.language import LanguageBatches, Lines, lines
from trainers.batches.micro import GlobalBatch
from trainers.batches.smoothing import smoothed
from trainers.batches.tokens import Tokens
from trainers.kinds.base import Batch
from trainers.loop import Trainer
from trainers.model.dropout import DropoutKeys, install
from trainers.model.encoder import build
from trainers.model.learner import Learner
from trainers.session import Session
from trainers.stages import PretrainSpec, Text


@dataclass
class Pretraining:
    """The objective: predict masked tokens of sentences and of sentence pairs (Lample & Conneau 2019, section 3).

    The two sentences of a pair have the same positions, from which an encoder learns which words face each other.
    """

    model: Learner
    keys: DropoutKeys
    pad: int
    batches: LanguageBatches
    evaluate_every: int = 0

    def batch(self, step: int) -> GlobalBatch:
        """The language-model batch of a step."""
        return self.batches.batch(step)

    def loss(self, ingredient: int, batch: Batch) -> Tensor:
        """Summed over the predicted tokens."""
        return self.model.language_loss(batch)

    def evaluate(self) -> float:
        """Never asked: the last weights are kept."""
        raise NotImplementedError


def run(spec: PretrainSpec, session: Session) -> dict[str, Any]:
    """Pretrain (or, with 0 steps, only initialise) and save a Hugging Face folder with its tokenizer."""
    tokens = session.tokens(spec.tokenizer)
    model = build(
        vocabulary=len(tokens.tokenizer),
        hidden=spec.hidden,
        layers=spec.layers,
        heads=spec.heads,
        positions=spec.positions,
        seed=spec.seed,
    )
    facts: dict[str, Any] = {}
    if spec.schedule.steps:
        learner = Learner(model.roberta, language=model)
        schedule = spec.schedule
        batches = LanguageBatches(
            sources(spec, session, tokens),
            tokens,
            batch=schedule.batch,
            steps=schedule.steps,
            max_length=schedule.max_length,
            mask=spec.mask,
            seed=spec.seed,
            shift=spec.shift,
        )
        objective = Pretraining(learner, install(learner, schedule.dropout), tokens.pad, batches)
        tally = Trainer(objective, schedule, spec.numerics, spec.seed, session).run()
        facts = tally.facts()
    model.save_pretrained(session.made)
    tokens.tokenizer.save_pretrained(session.made)
    return facts


def sources(spec: PretrainSpec, session: Session, tokens: Tokens) -> list[Lines]:
    """Monolingual and parallel text, each smoothed over its languages; `parallel_share` divides the draws."""
    kinds = [(spec.text, 1 - spec.parallel_share), (spec.parallel, spec.parallel_share)]
    return [source for texts, share in kinds if share > 0 for source in _weighted(texts, share, spec, session, tokens)]


def _weighted(
    texts: tuple[Text, ...], share: float, spec: PretrainSpec, session: Session, tokens: Tokens
) -> list[Lines]:
    weights = smoothed([text.examples for text in texts], spec.smoothing)
    return [
        lines(session.dataset(text.fingerprint), tokens, spec.schedule.max_length, share * weight)
        for text, weight in zip(texts, weights, strict=True)
    ]
