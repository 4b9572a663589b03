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
class Layout:
    """One way in which the files of a split are laid out.

    `files` and `gold` are path templates relative to the data folder; `{language}` stands for the ISO 639-1 code and
    `{iso3}` for the ISO 639-3 code, and `*` for anything: all files that are there. `gold` is a file of labels alone,
    as the benchmark's scorer reads it. A layout
    that is not `labelled` as published may hold placeholders: its labels are never read.
    """

    files: tuple[str, ...]
    gold: str | None = None
    labelled: bool = True


@dataclass(frozen=True)
class Split:
    """One split of a task: its layouts, the preferred one first, and the languages it is published in.

    The languages are a fact, not a fence: where a template names the language, the file decides.
    """

    layouts: tuple[Layout, ...]
    languages: tuple[str, ...]

    @property
    def labelled(self) -> bool:
        """Whether any layout has labels."""
        return any(layout.labelled for layout in self.layouts)


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

    What is hashed is the article of a question, so that it stays together and is the same in every language, and the
    English sentence of a translation (`tasks.parts`).
    """

    split: str


@dataclass(frozen=True)
class Task:
    """A dataset: what is learned, in which languages, how it is scored, and where it comes from.

    `selection` names the split (or the held-out fifth of one) on which recipes are ranked, `report` the split that
    `final` alone scores, `dev` the English development set. `train_on` names the task whose `train` split trains this
    task's head (SQuAD for XQuAD); None means the task trains on its own, or, for retrieval, not at all. `labels` is
    the closed label set in the order of the classifier's outputs, `aliases` other spellings of labels in its files.
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
    aliases: Mapping[str, str] = field(default_factory=dict)
    train_on: str | None = None
    selection: str | HeldOut | None = None
    report: str | None = None
    dev: str | HeldOut | None = None
    hub: Hub | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)  # published examples per split, English where it varies
    normalised: bool = True  # whether retrieval compares directions alone (cosines), or inner products
    codes: Mapping[str, str] = field(default_factory=dict)  # what `{iso3}` means here, where it departs from ISO 639-3
