"""A user's own task in one YAML file: what it is, where its tables are, and which column holds what.

    name: reviews
    kind: classification
    languages: [en, de]
    labels: [bad, good]
    files: {train: reviews/train.csv, dev: "reviews/dev-{language}.jsonl", test: "reviews/test-{language}.jsonl"}
    columns: {first: text, label: stars}
    aliases: {"1": bad, "5": good}

A space names such files under `data.tasks`, relative to itself. They are written out in the sweep's log and in
`best.yaml`, which so stay complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from search_spaces.document import Document, Keys, read
from search_spaces.paths import RelativePath
from search_spaces.validation import validate
from tasks import catalog
from tasks.declaration import Group, HeldOut, Hub, Layout, Split, Table, Task
from tasks.errors import UserError, nearest
from tasks.examples import Kind
from tasks.readers.table import FORMATS, ROLES
from trainers.identity import Spec

METRICS = {  # by kind: the usual one first
    Kind.CLASSIFICATION: ("accuracy",),
    Kind.CHOICE: ("accuracy",),
    Kind.TAGGING: ("tag_f1", "tag_accuracy"),
    Kind.SPAN: ("squad", "mlqa"),
    Kind.RANKING: ("faq", "map@20"),
    Kind.TEXT: ("none",),
    Kind.PARALLEL: ("none",),
}
LABELLED = (Kind.CLASSIFICATION, Kind.TAGGING)

RESERVED = ("language", "control")  # of references
PLACEHOLDER = re.compile(r"\{([^}]*)\}")
PLACEHOLDERS = ("language", "iso3")

Code = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]+)?$")]
Column = Annotated[str, Field(pattern=r"^[\w -]+$")]
SplitName = Literal["train", "dev", "test"]
Several = Annotated[tuple[str, ...], Field(min_length=1)]


class OwnHub(Spec):
    """What the Hugging Face hub keeps of it; `tasks.declaration.Hub` says what the fields mean."""

    id: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    config: str | None = None
    splits: Annotated[dict[SplitName, str], Field(min_length=1)]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None


class OwnTask(Spec):
    """The declaration of a user's own task; `tasks.declaration.Task` and `Table` say what the fields mean."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
    kind: Kind
    languages: tuple[Code, ...] = ("en",)
    files: dict[SplitName, RelativePath | tuple[RelativePath, ...]] = Field(default_factory=dict)
    columns: dict[str, str | Several]
    only: dict[str, str] = Field(default_factory=dict)
    labels: tuple[str, ...] = ()
    aliases: dict[str, str] = Field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    first: Literal["0", "1", "A", "a"] = "0"
    metric: str | None = None
    train_on: str | None = None
    filters: tuple[Column, ...] = ()
    group: Group | None = None
    hub: OwnHub | None = None
    domain: str = "the user's own"
    licence: str = "the user's own"
    citation: str = "none"

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if not self.files and self.hub is None:
            raise ValueError("it needs `files` or `hub`: where its data is")
        if not self.languages:
            raise ValueError("`languages` names none")
        if reserved := [name for name in self.filters if name in RESERVED]:
            raise ValueError(f"`filters` cannot hold {reserved[0]!r}: it means something else in references")
        for check in (self._roles, self._formats, self._places, self._labels, self._metric):
            check()
        return self

    def _roles(self) -> None:
        if self.kind not in ROLES:
            raise ValueError(f"a {self.kind.value} task has a format of its own; known: {', '.join(ROLES)}")
        needed, possible = ROLES[self.kind]
        known = (*needed, *possible, "id")
        for role in self.columns:
            if role not in known:
                raise ValueError(f"`columns` of a {self.kind.value} task have no {role!r}, {nearest(role, known)}")
        if missing := [role for role in needed if role not in self.columns]:
            raise ValueError(f"`columns` of a {self.kind.value} task need {missing[0]!r}: the column that holds it")

    def _formats(self) -> None:
        for file in (file for split in self.files for file in self._files(split)):
            if not file.endswith(FORMATS):
                raise ValueError(f"{file!r} is no table; give {', '.join(FORMATS)}")
            if self.kind is Kind.TAGGING and file.endswith((".csv", ".tsv")):
                raise ValueError(f"{file!r} cannot hold lists of tokens; give .jsonl or .parquet")

    def _places(self) -> None:
        """Every language has rows of its own."""
        templates = [self.hub.config or ""] if self.hub else []
        templates += [file for split in self.files for file in self._files(split)]
        unknown = [name for place in templates for name in PLACEHOLDER.findall(place) if name not in PLACEHOLDERS]
        if unknown:
            raise ValueError(f"{{{unknown[0]}}} stands for nothing; write {{language}} or {{iso3}}")
        told = any(PLACEHOLDER.search(value) for value in self.only.values())
        for split in self.files:
            named = any(PLACEHOLDER.search(file) for file in self._files(split))
            if split != "train" and len(self.languages) > 1 and not (named or told):
                what = "the same rows in every language: name it in the path, or in `only`, with {language}"
                raise ValueError(f"`files.{split}`: {what}")

    def _labels(self) -> None:
        if self.kind in LABELLED and len(set(self.labels)) < 2:
            raise ValueError(f"a {self.kind.value} task needs `labels`, two or more")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("`labels` has a label twice")
        for label in self.labels:  # files of predictions have one a line
            if (
                label != label.strip()
                or not label
                or "\n" in label
                or (self.kind is Kind.TAGGING and len(label.split()) > 1)
            ):
                raise ValueError(f"the label {label!r} has blanks that files of predictions cannot hold")
        if unknown := [label for label in self.aliases.values() if label not in self.labels]:
            raise ValueError(f"`aliases` lead to {unknown[0]!r}, which is no label, {nearest(unknown[0], self.labels)}")

    def _metric(self) -> None:
        if self.metric is not None and self.metric not in METRICS[self.kind]:
            known = " or ".join(METRICS[self.kind])
            raise ValueError(f"a {self.kind.value} task is scored by {known}, not by {self.metric!r}")
        if "train" not in self.splits and self.train_on is None and self.kind in (*LABELLED, Kind.CHOICE, Kind.SPAN):
            raise ValueError("without a train file it needs `train_on`, the task whose training set trains its head")

    def _files(self, split: SplitName) -> tuple[str, ...]:
        files = self.files[split]
        return (files,) if isinstance(files, str) else files

    @property
    def splits(self) -> tuple[SplitName, ...]:
        """What there is, from files or the hub."""
        theirs = self.hub.splits if self.hub else {}
        return tuple(name for name in get_args(SplitName) if name in self.files or name in theirs)

    def task(self) -> Task:
        """The declaration, in the form of the shipped ones."""
        columns = {role: (c,) if isinstance(c, str) else c for role, c in self.columns.items()}
        table = Table(
            tuple(sorted(columns.items())),
            only=tuple(sorted(self.only.items())),
            unlabelled=self.unlabelled,
            first=self.first,
        )
        hub = None
        if self.hub is not None:
            theirs = {str(ours): name for ours, name in self.hub.splits.items()}
            hub = Hub(self.hub.id, self.hub.config, theirs, table, self.hub.revision)
        taught_in = "en" if "en" in self.languages else self.languages[0]
        splits: dict[str, Split] = {}
        for name in self.splits:
            places = [self._files(name)] if name in self.files else []
            if hub is not None and name in hub.splits:
                places.append((hub.file(self.name, name),))
            languages = (taught_in,) if name == "train" and not self.only else self.languages
            splits[name] = Split(tuple(Layout(files, table=table) for files in places), languages)
        return Task(
            name=self.name,
            kind=self.kind,
            reader="table",
            metric=self.metric or METRICS[self.kind][0],
            languages=self.languages,
            splits=splits,
            domain=self.domain,
            licence=self.licence,
            citation=self.citation,
            group=self.group,
            labels=self.labels,
            aliases=self.aliases,
            train_on=self.train_on or (self.name if "train" in splits else None),
            selection="dev" if "dev" in splits else HeldOut("test") if "test" in splits else None,
            report="test" if "test" in splits else None,
            dev="dev" if "dev" in splits else HeldOut("train") if "train" in splits else None,
            hub=hub,
            filters=self.filters,
            taught_in=taught_in,
        )


def read_task(path: Path) -> OwnTask:
    """The declaration in a YAML file.

    Raises:
        UserError: something is wrong in it, with file, line and key.
    """
    document = read(path)
    return validate(OwnTask, document.content, document)


def declare(tasks: Iterable[OwnTask]) -> None:
    """Make tasks known by their names.

    Raises:
        UserError: a name is taken, or `train_on` names a task that does not exist or has another kind or other labels.
    """
    declared = [own.task() for own in tasks]
    for task in declared:
        catalog.declare(task)
    for task in declared:
        if task.train_on not in (None, task.name):
            trained = catalog.get(str(task.train_on))
            if trained.kind is not task.kind or set(trained.labels) != set(task.labels):
                raise UserError(f"{trained.name} has another kind or other labels", where=f"task {task.name}: train_on")


def written_out(document: Document) -> Document:
    """A space or recipe file in which own tasks that it names stand written out, and are known by their names.

    Raises:
        UserError: a file is missing or wrong, or a name is taken.
    """
    data = document.content.get("data")
    if not isinstance(data, Mapping) or not isinstance(listed := data.get("tasks"), list):
        return document
    keys: Keys = ("data", "tasks")
    found = [_own(item, document, (*keys, index)) for index, item in enumerate(listed)]
    try:
        declare(found)
    except UserError as error:
        raise document.error(f"data.tasks: {error}", keys) from error
    content = {**document.content, "data": {**data, "tasks": [task.model_dump(mode="json") for task in found]}}
    return replace(document, content=content)


def _own(item: Any, document: Document, keys: Keys) -> OwnTask:
    if isinstance(item, str):
        return read_task(Path(document.source).parent / item)
    return validate(OwnTask, item, document, keys)
