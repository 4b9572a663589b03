"""Tokens of a stage before anybody has tokenised its text: what `plan` shows until a COMMIT knows better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from tasks.data import Dataset
from tasks.examples import Example
from trainers.stages import Schedule

CHARACTERS_PER_TOKEN = 4.0  # of XLM-R's vocabulary on European languages; fewer for a small vocabulary
SAMPLE = 200  # examples that are measured


def planned_tokens(datasets: Sequence[Dataset], schedule: Schedule | None) -> int:
    """About how many tokens a stage reads: its steps' worth of examples, or every example once when scoring."""
    means = [_mean_tokens(dataset.examples[:SAMPLE], schedule) for dataset in datasets if dataset.examples]
    if not means:
        return 0
    if schedule is None:
        return round(sum(mean * len(dataset) for mean, dataset in zip(means, datasets, strict=True)))
    return round(schedule.steps * schedule.batch * sum(means) / len(means))


def _mean_tokens(examples: Sequence[Example], schedule: Schedule | None) -> float:
    lengths = [_characters(example) / CHARACTERS_PER_TOKEN + 2 for example in examples]
    if schedule is not None:
        lengths = [min(length, schedule.max_length) for length in lengths]
    return sum(lengths) / len(lengths)


def _characters(example: Example) -> int:
    """The characters that a model reads, without ids and labels."""
    unread = {"id", "label", "match", "tags", "answers", "article"}
    return sum(_length(value) for key, value in asdict(example).items() if key not in unread)


def _length(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return sum(len(str(item)) + 1 for item in value) if isinstance(value, list | tuple) else 0
