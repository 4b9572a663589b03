"""The declaration of a task: everything Crosslift knows about a dataset before it opens a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tasks.examples import Kind


class Group(StrEnum):
    """XTREME's four groups; they matter for rungs and tables, not for averages."""

    CLASSIFICATION = "classification"
    TAGGING = "tagging"
    QA = "qa"
    RETRIEVAL = "retrieval"


@dataclass(frozen=True)
class Split:
    """One split of a task.

    `files` holds path templates relative to the data folder; `{language}` stands for the ISO 639-1 code and `{iso3}`
    for the ISO 639-3 code. Most splits have one file; SNLI-like splits may have several, Tatoeba two (one a side).
    """

    files: tuple[str, ...]
    languages: tuple[str, ...]
    labelled: bool = True


@dataclass(frozen=True)
class Hub:
    """Where the Hugging Face hub keeps the data. `verified` says that somebody has seen it at `revision`."""

    id: str
    config: str | None = None
    revision: str | None = None
    verified: bool = False


@dataclass(frozen=True)
class HeldOut:
    """Selection without a dev set: a fifth of `split`, chosen by hash, labelled as taken from test data.

    `by` names the example field that is hashed: `article` keeps a paragraph's questions together and is the same in
    every language, `query` is Tatoeba's English sentence.
    """

    split: str
    by: str


@dataclass(frozen=True)
class Task:
    """A dataset: what is learned, in which languages, how it is scored, and where it comes from.

    `selection` names the split (or the held-out fifth of one) on which recipes are ranked, `report` the split that
    `final` alone scores. `train_on` names the task whose `train` split trains this task's head (SQuAD for XQuAD); None
    means the task trains on its own, or, for retrieval, not at all. `tag_prefixes`, `labels`: closed label sets, in the
    order of the classifier's outputs.
    """

    name: str
    kind: Kind
    reader: str
    metric: str
    languages: tuple[str, ...]
    splits: Mapping[str, Split]
    domain: str
    licence: str
    citation: str
    group: Group | None = None
    labels: tuple[str, ...] = ()
    train_on: str | None = None
    selection: str | HeldOut | None = None
    report: str | None = None
    hub: Hub | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)  # published examples per split, English where it varies
    options: Mapping[str, str] = field(default_factory=dict)  # constants of the reader, e.g. a label column
