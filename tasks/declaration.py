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
class Table:
    """How the rows of a table (JSON lines, CSV, TSV or Parquet) are read as examples.

    Attributes:
        columns: role → column; the roles of a kind are the fields of its examples (`tasks.readers.table`). A dot leads
            into what is nested (`answers.text`). Several columns make one list.
        only: column → the one value of rows that count; `{language}` stands for the language that is read.
        unlabelled: values of the label column that mean "none": such rows are left out.
        prefixed: column → what it begins with in rows that count; `{language}` and `{iso3}` work in it.
        first: what the first choice is called where the right one is a number or a letter: `0`, `1` or `A`.
        paragraphs: whether what keeps questions together is the number of their context among the table's, which is
            the same in all languages of parallel tables; else it is the article that is named, or the context itself.
    """

    columns: tuple[tuple[str, tuple[str, ...]], ...]
    only: tuple[tuple[str, str], ...] = ()
    unlabelled: tuple[str, ...] = ()
    prefixed: tuple[tuple[str, str], ...] = ()
    first: str = "0"
    paragraphs: bool = False


@dataclass(frozen=True)
class Layout:
    """One way in which the files of a split are laid out.

    `files` and `gold` are path templates relative to the data folder; `{language}` stands for the ISO 639-1 code and
    `{iso3}` for the ISO 639-3 code, and `*` for anything: all files that are there. `gold` is a file of labels alone,
    as the benchmark's scorer reads it. A layout that is not `labelled` as published may hold placeholders: its labels
    are never read. `table` says how to read it where the task's own reader does not.
    """

    files: tuple[str, ...]
    gold: str | None = None
    labelled: bool = True
    table: Table | None = None


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
    """What the Hugging Face hub keeps of a task.

    Attributes:
        id: of the dataset.
        config: its name there; `{language}` and `{iso3}` work in it.
        splits: our split → theirs; the rows of several, with blanks between their names, follow each other. None: the
            hub's form cannot serve.
        table: how its rows become examples; None: the task's own reader takes them as JSON lines.
        revision: the commit that is meant; None: the newest when it is fetched, which the lock then names.
        verified: whether somebody has seen it at `revision`.
        after: tasks whose hub forms are parts of this task, too, and come first.
        lacks: why the hub's form cannot serve: what it does not have.
    """

    id: str
    config: str | None = None
    splits: Mapping[str, str] = field(default_factory=dict)
    table: Table | None = None
    revision: str | None = None
    verified: bool = False
    after: tuple[str, ...] = ()
    lacks: str = ""

    def names_language(self) -> bool:
        """Whether each language is a config of its own."""
        return self.config is not None and "{" in self.config

    def file(self, task: str, split: str) -> str:
        """The path template of what `crosslift data fetch` writes, below a data folder."""
        return f"hub/{task}/{split}-{{language}}.jsonl" if self.names_language() else f"hub/{task}/{split}.jsonl"


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
    task's head (SQuAD for XQuAD); None means the task trains on its own, or, where a pool is searched, not at all.
    `before` names the task whose training set the same head learns from first (Social IQa for XCOPA, as in XTREME-R).
    `labels` is the closed label set in the order of the classifier's outputs, `aliases` other spellings of labels in
    its files.

    A reference to a part of a task (`tasks.references`) is a task of its own: `only` are the values that its rows must
    have in some of the `filters`, `control` asks for as many random examples instead, drawn with that seed, and
    `taught_in` is the language of its training set.

    `sizes` are published numbers of examples by split, and by language where languages differ. `omits` says what of
    them the reader leaves out, if anything; `brings` what users have to bring themselves, as nobody may pass it on.
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
    before: str | None = None
    selection: str | HeldOut | None = None
    report: str | None = None
    dev: str | HeldOut | None = None
    hub: Hub | None = None
    sizes: Mapping[str, int | Mapping[str, int]] = field(default_factory=dict)
    pool: tuple[str, ...] = ()  # languages whose candidates all queries search together; their ids begin with them
    normalised: bool = True  # whether retrieval compares directions alone (cosines), or inner products
    codes: Mapping[str, str] = field(default_factory=dict)  # what `{iso3}` means here, where it departs from ISO 639-3
    filters: tuple[str, ...] = ()  # columns of its files that a reference may ask for
    only: Mapping[str, str] = field(default_factory=dict)
    control: int | None = None
    taught_in: str = "en"
    omits: str = ""
    brings: str = ""

    def size(self, split: str, language: str) -> int | None:
        """How many examples a split is published with in a language, queries where a pool is searched, if known."""
        size = self.sizes.get(split)
        return size.get(language) if isinstance(size, Mapping) else size

    @property
    def dual(self) -> bool:
        """Whether the encoder is trained for the task to give queries and right candidates like vectors."""
        return self.kind is Kind.RANKING and self.train_on is not None
