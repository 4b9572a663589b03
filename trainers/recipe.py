"""A recipe: all that determines the models of one trial. What a space describes and a search samples.

A recipe speaks of tasks by name; `trainers.graph` turns it into stages, which speak of data by fingerprint.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from tasks.declaration import Task
from trainers.identity import Later, Rounded, Spec, round3

Device = Literal["cpu", "cuda"]
Pooling = Literal["mean", "cls"]
Share = Annotated[Rounded, Field(gt=0, le=1)]


class Numerics(Spec):
    """The class of machines and settings within which equal stages have equal bits."""

    device: Device = "cpu"
    dtype: Literal["fp32", "bf16"] = "fp32"
    threads: Annotated[int, Field(ge=1)] = 1  # intra-op threads: one or two give different bits


class Optimisation(Spec):
    """AdamW with linear decay, as in jiant: no weight decay on biases and LayerNorm, gradients clipped by norm."""

    lr: Annotated[Rounded, Field(gt=0)] = 1e-5
    batch: Annotated[int, Field(ge=1)] = 32  # examples per optimiser step, over all ranks
    epochs: Annotated[Rounded, Field(gt=0)] = 3.0
    steps: Annotated[int, Field(ge=1)] | None = None  # the schedule's horizon; None: from epochs
    warmup: Annotated[Rounded, Field(ge=0, le=1)] = 0.1  # share of the steps
    weight_decay: Annotated[Rounded, Field(ge=0)] = 0.01
    clip: Annotated[Rounded, Field(gt=0)] = 1.0
    dropout: Annotated[Rounded, Field(ge=0, lt=1)] = 0.1
    max_length: Annotated[int, Field(ge=8)] = 128  # subword tokens, special ones included
    stride: Annotated[int, Field(ge=0)] = 128  # subword tokens that neighbouring windows of a long context share
    keep: Literal["last", "best"] = "last"  # best: on English dev, measured once an epoch


class Scratch(Spec):
    """A small XLM-R of our own: a BPE tokenizer and a model pretrained by masked and translation language modelling."""

    vocabulary: Annotated[int, Field(ge=64)] = 2000
    hidden: Annotated[int, Field(ge=8)] = 128
    layers: Annotated[int, Field(ge=1)] = 4
    heads: Annotated[int, Field(ge=1)] = 4
    positions: Annotated[int, Field(ge=16)] = 256
    text: str = "text"  # the task that holds the monolingual text
    parallel: str | None = "parallel"  # the task that holds the parallel text
    languages: tuple[str, ...] = ()  # empty: all that the text task declares
    steps: Annotated[int, Field(ge=0)] = 1000  # 0: an untrained encoder
    batch: Annotated[int, Field(ge=1)] = 64
    lr: Annotated[Rounded, Field(gt=0)] = 1e-3
    warmup: Annotated[Rounded, Field(ge=0, le=1)] = 0.1
    weight_decay: Annotated[Rounded, Field(ge=0), Later(0.01)] = 0.01  # strong: words of one meaning become alike
    max_length: Annotated[int, Field(ge=8)] = 64
    shift: Annotated[int, Field(ge=0), Later(0)] = 0  # rows start at random positions up to it (Kiyono et al. 2021)
    dropout: Annotated[Rounded, Field(ge=0, lt=1)] = 0.1
    threads: Annotated[Annotated[int, Field(ge=1)] | None, Later(None)] = None  # where not `numerics.threads`
    mask: Annotated[Rounded, Field(gt=0, lt=1)] = 0.15  # share of tokens to predict (Devlin et al. 2019, section 3.1)
    parallel_share: Annotated[Rounded, Field(ge=0, le=1)] = (
        0.5  # share of steps on parallel text (Lample & Conneau 2019)
    )
    smoothing: Annotated[Rounded, Field(ge=0, le=1)] = 0.3  # language sampling ∝ n^smoothing (Conneau et al. 2020, 3.1)
    seed: Annotated[int, Field(ge=0)] = 0


class Base(Spec):
    """The base encoder: the name or path of any XLM-R-like `AutoModel`, or `scratch`."""

    model: str = "scratch"
    revision: str | None = None  # a hub model is pinned
    scratch: Scratch | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Base:
        if self.model != "scratch" and self.scratch is not None:
            raise ValueError("`scratch` settings need `model: scratch`")
        if self.model == "scratch" and self.scratch is None:
            object.__setattr__(self, "scratch", Scratch())
        return self


class Intermediate(Spec):
    """Training on a weighted mixture of intermediate tasks, before any target task."""

    tasks: dict[str, float]  # task → weight; normalised, zero weights dropped, order without meaning
    fraction: Share | dict[str, Share] = 1.0  # share of each task's train split, nested: a half contains the quarter
    cap: Annotated[int, Field(ge=1)] | None = None  # at most so many examples a task, after the fraction
    temperature: Annotated[Annotated[Rounded, Field(ge=0.1)] | None, Later(None)] = None  # draws ∝ weight · n^(1/T)
    mlm_share: Annotated[Rounded, Field(ge=0, lt=1)] = 0.0  # share of steps on masked language modelling
    mlm_text: str | None = None  # the task that holds the text for `mlm_share`
    optimisation: Optimisation = Optimisation()

    @field_validator("tasks")
    @classmethod
    def _canonical_weights(cls, tasks: dict[str, float]) -> dict[str, float]:
        """Sorted, without zeros, with sum 1: mixtures that train alike are equal.

        Weights that sum to 1 but for their rounding to 3 digits stay, so that a recipe that is read again is the same.
        """
        outside = next((task for task, weight in tasks.items() if weight < 0), None)
        if outside is not None:
            raise ValueError(f"the weight of {outside!r} is below 0")
        total = sum(tasks.values())
        if total == 0:
            raise ValueError("a mixture needs a task with a weight above 0")
        scale = 1.0 if abs(total - 1) < 0.01 else total
        return {task: round3(tasks[task] / scale) for task in sorted(tasks) if tasks[task]}


class Target(Spec):
    """Fine-tuning on each target task's English training set, with a fresh head.

    `before` names, by target task, what the same head learns from first, in place of what the task declares; None:
    nothing.
    """

    optimisation: Optimisation = Optimisation()
    per_task: dict[str, Optimisation] = Field(default_factory=dict)  # whole settings, by training task
    train_on: dict[str, str] = Field(default_factory=dict)  # another training task than the declared one, by task
    limit: dict[str, int] = Field(default_factory=dict)  # at most so many examples, the first of the nested order
    before: Annotated[dict[str, str | None], Later({})] = Field(default_factory=dict)

    def trained_on(self, task: Task) -> tuple[str, ...]:
        """The training sets from which a task's head learns, one after the other."""
        last = self.train_on.get(task.name, task.train_on or task.name)
        first = self.before.get(task.name, task.before)
        return (last,) if first in (None, last) else (str(first), last)


class Retrieval(Spec):
    """How a sentence becomes a vector: these two decide retrieval scores, so they are always recorded."""

    layer: Annotated[int, Field(ge=0)] = 14  # hidden state; 0 is the embedding output
    pooling: Pooling = "mean"  # means include CLS and SEP, as in the reference implementations


class Recipe(Spec):
    """Base encoder, intermediate phase (None: the baseline), target phases, numerics and seeds."""

    base: Base = Base()
    intermediate: Intermediate | None = None
    target: Target = Target()
    retrieval: Retrieval = Retrieval()
    numerics: Numerics = Numerics()
    seed: Annotated[int, Field(ge=0)] = 0  # training seed of the intermediate and target phases

    def baseline(self) -> Recipe:
        """The same recipe without an intermediate task: what lift is measured against."""
        return self.model_copy(update={"intermediate": None})
