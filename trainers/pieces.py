"""Pieces of stage specs, from datasets and a recipe's settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from tasks.data import Dataset
from tasks.declaration import Task
from tasks.examples import Kind
from trainers.identity import round3
from trainers.recipe import Intermediate, Numerics, Optimisation
from trainers.stages import Data, Schedule, Shape, Text


def shape(numerics: Numerics) -> Shape:
    """The lane that a stage with these numerics wants: a core a thread, and a GPU where it computes on one."""
    return Shape(cores=numerics.threads, gpus=int(numerics.device == "cuda"))


def text(dataset: Dataset) -> Text:
    """A language's text."""
    return Text(language=dataset.source.language, fingerprint=dataset.fingerprint, examples=len(dataset))


def training_data(task: Task, dataset: Dataset, count: int) -> Data:
    """The first `count` examples of a dataset, in its nested order."""
    return Data(fingerprint=dataset.fingerprint, kind=task.kind, examples=count, labels=task.labels)


def dev_data(task: Task, dataset: Dataset) -> Data:
    """All of a development set, and what it is scored by."""
    return training_data(task, dataset, len(dataset)).model_copy(update={"metric": task.metric})


def draw_probabilities(
    weights: Mapping[str, float], counts: Mapping[str, int], phase: Intermediate
) -> dict[str, float]:
    """Per-step draw probabilities of a mixture's tasks: ∝ weight, or with a temperature T ∝ weight · count^(1/T).

    Equal weights with a cap and a temperature are jiant's sampling, ∝ min(n, cap)^(1/T); T = 1 is proportional to size.
    """
    scale = {name: 1.0 if phase.temperature is None else counts[name] ** (1 / phase.temperature) for name in counts}
    total = sum(weights[name] * scale[name] for name in counts)
    return {name: round3(weights[name] * scale[name] / total) for name in counts}


def schedule(settings: Optimisation, counts: Sequence[int], kinds: Iterable[Kind]) -> Schedule:
    """The horizon in steps: as stated, or Σ epochs · ceil(n / batch) over the training sets.

    The stride matters to long contexts alone: elsewhere it is 0, so that another one changes no id.
    """
    steps = settings.steps or sum(math.ceil(settings.epochs * math.ceil(n / settings.batch)) for n in counts)
    fields = settings.model_dump(exclude={"epochs", "steps", "keep", "stride"})
    return Schedule(**fields, steps=steps, stride=settings.stride if Kind.SPAN in kinds else 0)
