"""Tokens of a stage before anybody has tokenised its text: what `plan` shows until a COMMIT knows better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from tasks.data import Dataset
from tasks.examples import Example
from trainers.batches.smoothing import MIXTURE_SMOOTHING, smoothed
from trainers.stages import IntermediateSpec, PretrainSpec, Schedule, Text

CHARACTERS_PER_TOKEN = 4.0  # of XLM-R's vocabulary on European languages; fewer for a small vocabulary
SAMPLE = 200  # examples that are measured


def scoring_tokens(dataset: Dataset) -> int:
    """About how many tokens it takes to read every example once."""
    return round(_mean_tokens(dataset, None) * len(dataset))


def training_tokens(datasets: Sequence[Dataset], shares: Sequence[float], schedule: Schedule) -> int:
    """About how many tokens a training stage reads: its steps' worth of examples, in the shares of its datasets."""
    means = [_mean_tokens(dataset, schedule) for dataset in datasets]
    mean = sum(share * tokens for share, tokens in zip(shares, means, strict=True)) / sum(shares)
    return round(schedule.steps * schedule.batch * mean)


def pretraining_shares(spec: PretrainSpec) -> list[float]:
    """The share of rows that each monolingual text gets, then each parallel text."""
    mono = [(1 - spec.parallel_share) * share for share in _shares(spec.text, spec.smoothing)]
    return [*mono, *(spec.parallel_share * share for share in _shares(spec.parallel, spec.smoothing))]


def mixture_shares(spec: IntermediateSpec) -> list[float]:
    """The share of steps that each task gets, then each text of the masked-language-model share."""
    tasks = [(1 - spec.mlm_share) * ingredient.weight for ingredient in spec.mixture]
    return [*tasks, *(spec.mlm_share * share for share in _shares(spec.mlm_text, MIXTURE_SMOOTHING))]


def _shares(texts: Sequence[Text], smoothing: float) -> list[float]:
    return smoothed([text.examples for text in texts], smoothing) if texts else []


def _mean_tokens(dataset: Dataset, schedule: Schedule | None) -> float:
    """Of an example, special tokens included; rows are cut at the schedule's length."""
    examples: Sequence[Example] = dataset.examples[:SAMPLE]
    lengths = [_characters(example) / CHARACTERS_PER_TOKEN + 2 for example in examples]
    if schedule is not None:
        lengths = [min(length, schedule.max_length) for length in lengths]
    return sum(lengths) / max(len(lengths), 1)


def _characters(example: Example) -> int:
    """The characters that a model reads, without ids and labels."""
    unread = {"id", "label", "match", "tags", "answers", "article"}
    return sum(_length(value) for key, value in asdict(example).items() if key not in unread)


def _length(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return sum(len(str(item)) + 1 for item in value) if isinstance(value, list | tuple) else 0
