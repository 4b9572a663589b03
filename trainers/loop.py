"""The training loop: optimiser steps over global batches, exact resume, and what to do when a step cannot be taken.

One loop serves all three training kinds. An objective says what a step learns from; the loop takes its rank's slice of
it, cuts that into micro-batches, divides the summed loss by the global count, adds the gradients of all ranks, and owns
optimiser, schedule, best weights and progress.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from trainers.batches.micro import GlobalBatch, Item, micro_batches
from trainers.checkpoint import Checkpoint, pack, unpack
from trainers.curve import Curve
from trainers.kinds.base import Batch, collate
from trainers.memory import out_of_memory
from trainers.model.dropout import DropoutKeys
from trainers.randomness import row_keys
from trainers.recipe import Numerics
from trainers.session import Session
from trainers.stages import Schedule

T = TypeVar("T")

LINES = 10  # of a stage's log that say how far it is


class Diverged(Exception):
    """A loss or a gradient is no longer finite: the same recipe would end the same way again."""


class Stopped(Exception):
    """The broker told the stage to stop; its progress is saved."""


class Objective(Protocol):
    """What is learned: a model, the global batch of each step, and a loss."""

    keys: DropoutKeys
    pad: int
    evaluate_every: int  # steps between measurements on English dev; 0: never

    @property
    def model(self) -> nn.Module:
        """All that is trained."""

    def batch(self, step: int) -> GlobalBatch:
        """The examples of a step: a function of (seed, step)."""

    def loss(self, ingredient: int, batch: Batch) -> Tensor:
        """The summed loss of some of the step's items (a scalar)."""

    def evaluate(self) -> float:
        """The score on English dev, higher is better; called where `keep` is `best`."""


@runtime_checkable
class Coupled(Protocol):
    """An objective whose items are compared with each other: each step it sees the vectors of all of them first."""

    def vectors(self, batch: Batch) -> dict[int, Tensor]:
        """What is compared, by slot."""

    def couple(self, vectors: Mapping[int, Tensor]) -> None:
        """Take the vectors of a whole global batch: what `loss` says of its items from here on depends on them."""


@dataclass(frozen=True)
class Tally:
    """How far a stage is and what it took; part of its progress and, in the end, of its COMMIT."""

    step: int = 0
    tokens: int = 0  # real ones, without padding
    padded: int = 0  # what the encoder saw
    seconds: float = 0.0
    drawn: tuple[int, ...] = ()  # steps that each ingredient got
    micro_tokens: int = 16384  # the micro-batch budget; an out-of-memory error halves it
    best_step: int = 0
    best_score: float | None = None
    loss: float | None = None  # of the last step
    curve: Curve = field(default_factory=Curve)

    def facts(self) -> dict[str, Any]:
        """What a COMMIT says about the training."""
        plain = {k: v for k, v in asdict(self).items() if k not in ("step", "drawn", "curve")}
        return {"steps": self.step, **plain, "curve": self.curve.facts()}


@dataclass
class Trainer:
    """One run of one training stage."""

    objective: Objective
    schedule: Schedule
    numerics: Numerics
    seed: int
    session: Session
    tally: Tally = field(default_factory=Tally)
    best: dict[str, Tensor] | None = None

    def run(self) -> Tally:
        """Train to the horizon, from the latest progress if there is any; the model is left with the kept weights.

        Raises:
            Diverged: a loss or gradient norm is not finite.
            Stopped: the broker's verdict; progress is saved.
        """
        self.objective.model.to(self.numerics.device)
        self.optimiser = adamw(self.objective.model, self.schedule)
        self.tally = replace(self.tally, micro_tokens=self.session.settings.micro_tokens)
        if (saved := self.session.resume()) is not None:
            self._restore(saved)
        while self.tally.step < self.schedule.steps:
            self._advance()
            self._note()
            signal = self.session.tell(self.tally.step, self.schedule.steps)
            if self.tally.step == self.schedule.steps:
                break
            if signal.save:
                self._save()
            if signal.stop:
                raise Stopped
        if self.best is not None:
            self.objective.model.load_state_dict(self.best)
        return self.tally

    def _advance(self) -> None:
        """One optimiser step, and the measurement on dev that may follow it."""
        started = self.session.clock()
        batch = self.objective.batch(self.tally.step)
        loss, padded = self._gradients(batch)
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.lr * learning_rate_factor(self.tally.step, self.schedule)
        norm = nn.utils.clip_grad_norm_(self.objective.model.parameters(), self.schedule.clip)
        if not (math.isfinite(loss) and bool(torch.isfinite(norm))):
            raise Diverged(f"loss {loss:.4g}, gradient norm {float(norm):.4g} at step {self.tally.step + 1}")
        self.optimiser.step()
        drawn = list(self.tally.drawn) + [0] * (batch.ingredient + 1 - len(self.tally.drawn))
        drawn[batch.ingredient] += 1
        self.tally = replace(
            self.tally,
            step=self.tally.step + 1,
            tokens=self.tally.tokens + batch.tokens,
            padded=self.tally.padded + padded,
            drawn=tuple(drawn),
            loss=loss,
            curve=self.tally.curve.trained(self.tally.step + 1, self.schedule.steps, loss),
        )
        self._measure()
        self.tally = replace(self.tally, seconds=self.tally.seconds + self.session.clock() - started)

    def _gradients(self, batch: GlobalBatch) -> tuple[float, int]:
        """The gradient of the global batch, and the loss and padded tokens that it took: equal on all ranks."""
        share = self.session.ranks.slice(batch.items)
        if isinstance(self.objective, Coupled):
            self._couple(self.objective, share)
        loss, padded = self._accumulate(batch, share)
        self.session.ranks.sum_gradients(self.objective.model.parameters())
        loss, all_padded = self.session.ranks.total([loss, padded])
        return loss, int(all_padded)

    def _accumulate(self, batch: GlobalBatch, share: Sequence[Item]) -> tuple[float, int]:
        """This rank's part of the gradient."""
        losses = self._in_micro_batches(share, lambda items: self._micro(batch, items))
        return sum(loss for loss, _ in losses), sum(padded for _, padded in losses)

    def _couple(self, objective: Coupled, share: Sequence[Item]) -> None:
        """Show the objective the vectors of all ranks' items, without gradients: dropout will be the same again.

        The gradient of the loss by these vectors is then all that an item needs to know of the others (Gao et al.
        2021, arXiv 2101.06983), whatever the micro-batches and ranks.
        """

        def run(items: list[Item]) -> dict[int, Tensor]:
            with torch.no_grad(), self._precision():
                return {slot: v.cpu() for slot, v in objective.vectors(self._padded(items)).items()}

        found = {slot: v for part in self._in_micro_batches(share, run) for slot, v in part.items()}
        objective.couple({slot: v for part in self.session.ranks.gather(found) for slot, v in part.items()})

    def _in_micro_batches(self, share: Sequence[Item], run: Callable[[list[Item]], T]) -> list[T]:
        """What each micro-batch gives; out of memory halves them and begins again."""
        while True:
            self.objective.model.train()
            self.optimiser.zero_grad(set_to_none=True)
            try:
                return [run(items) for items in micro_batches(share, self.tally.micro_tokens)]
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                if self.tally.micro_tokens <= max(item.length * len(item.rows) for item in share):
                    raise
                self.tally = replace(self.tally, micro_tokens=self.tally.micro_tokens // 2)
                self.session.note(f"out of memory: micro-batches of {self.tally.micro_tokens} tokens from here on")

    def _micro(self, batch: GlobalBatch, items: list[Item]) -> tuple[float, int]:
        padded = self._padded(items)
        with self._precision():
            loss = self.objective.loss(batch.ingredient, padded) / max(batch.count, 1)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        return float(loss.detach()), padded.tokens.numel()

    def _padded(self, items: list[Item]) -> Batch:
        """The batch of some items, for which dropout is set."""
        device = self.numerics.device
        padded = collate([item.rows for item in items], self.objective.pad, device)
        slots = [item.slot for item in items for _ in item.rows]
        numbers = [number for item in items for number in range(len(item.rows))]
        keys = row_keys(self.seed, "dropout", self.tally.step, slots, numbers)
        self.objective.keys.set(torch.from_numpy(keys).to(device))
        return padded

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.numerics.device, torch.bfloat16, enabled=self.numerics.dtype == "bf16")

    def _note(self) -> None:
        """Some lines a stage for its log."""
        tally, steps = self.tally, self.schedule.steps
        if tally.step % max(steps // LINES, 1) == 0 or tally.step == steps:
            speed = f"{tally.tokens / tally.seconds:.0f} tokens/s" if tally.seconds else ""
            self.session.note(f"step {tally.step} of {steps}: loss {tally.loss:.4f}, {speed}")

    def _measure(self) -> None:
        """Keep the weights of the best measurement so far; the first of equals stays."""
        every = self.objective.evaluate_every
        if not every or (self.tally.step % every and self.tally.step != self.schedule.steps):
            return
        score = self.objective.evaluate()
        self.session.note(f"step {self.tally.step}: {score:.2f} on English dev")
        curve = self.tally.curve.measured(self.tally.step, every, self.schedule.steps, score)
        self.tally = replace(self.tally, curve=curve)
        if self.tally.best_score is None or score > self.tally.best_score:
            self.best = {k: v.detach().clone() for k, v in self.objective.model.state_dict().items()}
            self.tally = replace(self.tally, best_step=self.tally.step, best_score=score)

    def _save(self) -> None:
        facts: dict[str, Any] = asdict(self.tally)
        self.session.save(self.tally.step, pack(self.objective.model, self.optimiser, self.best), facts)

    def _restore(self, saved: Checkpoint) -> None:
        facts = dict(saved.facts)
        budget = min(facts["micro_tokens"], self.session.settings.micro_tokens)  # a lowered setting takes effect
        curve = Curve.from_json(facts["curve"]) if "curve" in facts else Curve()  # older progress has none
        self.tally = Tally(**{**facts, "drawn": tuple(facts["drawn"]), "micro_tokens": budget, "curve": curve})
        self.best = unpack(saved.tensors, self.objective.model, self.optimiser)


def adamw(model: nn.Module, schedule: Schedule) -> torch.optim.AdamW:
    """AdamW as in jiant: eps 1e-8, no weight decay on biases and norms (all parameters with one dimension)."""
    named = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in named if p.ndim > 1], "weight_decay": schedule.weight_decay},
        {"params": [p for p in named if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.lr, betas=(0.9, 0.999), eps=1e-8, fused=True)


def learning_rate_factor(step: int, schedule: Schedule) -> float:
    """Linear warm-up over `warmup` of the steps, then linear decay to 0; `step` counts from 0, no step has rate 0."""
    warm = math.ceil(schedule.steps * schedule.warmup)
    if step < warm:
        return (step + 1) / warm
    return (schedule.steps - step) / max(schedule.steps - warm, 1)
