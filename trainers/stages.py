"""The five stage kinds as frozen specs, and the stage: a spec, where its inputs lie, and what people call it.

Encoders and tokenizers are named by origin: `stage:<id>` for what a stage made, `sha256:<digest>` for files that were
there before. Each kind has a version, a number beside its spec: it rises when the kind's code changes results.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tasks.examples import Kind
from trainers.identity import Later, Rounded, Spec, digest
from trainers.located import Located
from trainers.recipe import Numerics, Pooling
from trainers.store.bases import Pretrained

STAGE_PREFIX = "stage:"

LAST = -1
"""The last hidden state, of encoders of any depth."""


class Data(Spec):
    """A training set: its content, and how many of its examples, in the nested order of `salt`."""

    fingerprint: str
    kind: Kind
    examples: int
    labels: tuple[str, ...] = ()
    salt: str = "crosslift"
    metric: str | None = None  # of a dev set that decides which weights are kept


class Text(Spec):
    """One language's text (monolingual or parallel with English) for language modelling."""

    language: str
    fingerprint: str
    examples: int


class Schedule(Spec):
    """Everything about the optimiser; the fields are those of `recipe.Optimisation`, with the horizon in steps."""

    lr: Rounded
    batch: int
    steps: int
    warmup: Rounded
    weight_decay: Rounded
    clip: Rounded
    dropout: Rounded
    max_length: int
    stride: int


class StageSpec(Spec):
    """Base of the five kinds."""

    kind: str
    VERSION: ClassVar[int] = 1

    @property
    def id(self) -> str:
        """sha256 of kind, the kind's version, and the canonical spec; the ids it depends on are fields of the spec."""
        return digest({"version": self.VERSION, "spec": self})

    @property
    def needs(self) -> tuple[str, ...]:
        """The ids of the stages this one reads, in field order, each once."""
        origins = (getattr(self, name) for name in ("tokenizer", "encoder", "model") if hasattr(self, name))
        ids = [o.removeprefix(STAGE_PREFIX) for o in origins if o is not None and o.startswith(STAGE_PREFIX)]
        return tuple(dict.fromkeys(ids))


class TokenizerSpec(StageSpec):
    """A byte-pair tokenizer in XLM-R's form; BPE because its training gives the same file in every run."""

    kind: Literal["tokenizer"] = "tokenizer"
    text: tuple[Text, ...]
    vocabulary: int


class PretrainSpec(StageSpec):
    """A small XLM-R, pretrained by masked and translation language modelling; `steps: 0` is an untrained encoder."""

    kind: Literal["pretrain"] = "pretrain"
    tokenizer: str
    text: tuple[Text, ...]
    parallel: tuple[Text, ...]
    hidden: int
    layers: int
    heads: int
    positions: int
    mask: Rounded
    parallel_share: Rounded
    smoothing: Rounded
    shift: Annotated[int, Later(0)] = 0
    schedule: Schedule
    seed: int
    numerics: Numerics


class Ingredient(Spec):
    """One task of a mixture; `weight` is its per-step draw probability among the tasks."""

    data: Data
    weight: Rounded


class IntermediateSpec(StageSpec):
    """Training on a mixture; heads are dropped afterwards, the encoder stays. Ingredients are sorted by fingerprint."""

    kind: Literal["intermediate"] = "intermediate"
    tokenizer: str
    encoder: str
    mixture: tuple[Ingredient, ...]
    mlm_share: Rounded
    mlm_text: tuple[Text, ...]
    schedule: Schedule
    keep: Literal["last", "best"]
    dev: tuple[Data, ...] = ()  # what `keep: best` measures, parallel to `mixture`
    seed: int
    numerics: Numerics


class TargetSpec(StageSpec):
    """Fine-tuning on one English training set, or as a dual encoder for ranking.

    The head is fresh, or, with `head`, that of the target stage from which the encoder comes.
    """

    kind: Literal["target"] = "target"
    tokenizer: str
    encoder: str
    train: Data
    schedule: Schedule
    keep: Literal["last", "best"]
    dev: Data | None = None  # what `keep: best` measures
    pooling: Annotated[Pooling | None, Later(None)] = None  # of the last layer, where queries learn to find candidates
    head: Annotated[bool, Later(False)] = False
    seed: int
    numerics: Numerics


class ScoreSpec(StageSpec):
    """Predictions on one (task, language); `model` is a target stage, or an encoder's origin for retrieval."""

    VERSION: ClassVar[int] = 2  # 2: mining as in XTREME's code; cells say what they are of
    kind: Literal["score"] = "score"
    tokenizer: str
    model: str
    data: Data
    language: str
    metric: str
    part: Literal["selection", "report"]
    max_length: int
    stride: int
    layer: int | None = None
    pooling: Pooling | None = None
    normalised: Annotated[bool, Later(True)] = True  # whether retrieval compares directions alone
    dev: Annotated[Data | None, Later(None)] = None  # what a threshold is chosen on, where that is not `data`
    numerics: Numerics


AnyStageSpec = TokenizerSpec | PretrainSpec | IntermediateSpec | TargetSpec | ScoreSpec
AnySpec = Annotated[AnyStageSpec, Field(discriminator="kind")]


@dataclass(frozen=True)
class Shape:
    """The size of a lane: its workers, and the CPU cores and GPUs that each of them has."""

    workers: int = 1
    cores: int = 1
    gpus: int = 0


@dataclass(frozen=True)
class Stage:
    """A spec with what a lane needs to run it but a hash must not see."""

    spec: AnyStageSpec
    label: str  # for people: "target xnli", "score xnli de"
    sources: dict[str, Located] = field(default_factory=dict, hash=False)  # fingerprint → where the data comes from
    base: Pretrained | None = field(default=None, hash=False)  # the model that its sha256 origins mean
    tokens: int = 0  # planned tokens, for `plan` and ordering
    shape: Shape = Shape()  # of the lane that it wants

    @cached_property
    def id(self) -> str:
        """The spec's id."""
        return self.spec.id

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the stages whose files this one reads."""
        return self.spec.needs
