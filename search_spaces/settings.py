"""The parts of a space that are not the recipe: where data comes from, which suite, which rungs, how it is searched."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from search_spaces.own_tasks import OwnTask
from search_spaces.paths import RelativePath
from trainers.identity import Later, Rounded, Spec

SAMPLERS = ("random", "grid", "tpe", "gp", "cmaes")


class Toy(Spec):
    """A generated world (`tasks.toy`): its size relative to the standard one, and its seed.

    Without `further` it holds the tasks alone that it is tried out with, and is written in two thirds of the time.
    """

    size: Annotated[float, Field(gt=0)] = 1.0
    seed: Annotated[int, Field(ge=0)] = 0
    further: Annotated[bool, Later(True)] = True


class Pinned(Spec):
    """A file from the hub as a sweep read it: the commit that it is of, and the sha256 of its content."""

    revision: str
    sha256: str


class DataSettings(Spec):
    """Where data comes from: a generated world, folders with official files, or the Hugging Face hub.

    `folders` are relative to `--data` and searched in order. `files[task][split]` names the published files that serve
    as a split, relative to the folders; `{language}` and `{iso3}` work in them. `hub` says that `crosslift data fetch`
    can bring what no folder has. `tasks` are users' own (`search_spaces.own_tasks`), as they stand in their files.
    `locked` are the files from the hub that a recipe was found with, by their paths below a folder: what is there now
    must be the same.
    """

    toy: Toy | None = None
    folders: Annotated[tuple[RelativePath, ...], Field(min_length=1)] = (".",)
    files: dict[str, dict[str, Annotated[tuple[RelativePath, ...], Field(min_length=1)]]] = Field(default_factory=dict)
    hub: bool = False
    tasks: Annotated[tuple[OwnTask, ...], Later(())] = ()
    locked: Annotated[dict[str, Pinned], Later({})] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.toy is not None and (self.hub or self.files or self.folders != (".",)):
            raise ValueError("`toy` generates all data: leave out `folders`, `files` and `hub`")
        return self


class SuiteSettings(Spec):
    """A user's own suite: its tasks, and the languages of those tasks that shall differ from their declarations."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    tasks: Annotated[tuple[str, ...], Field(min_length=1)]
    languages: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)


class Prune(Spec):
    """After each rung the top `keep` share goes on, as soon as `from` trials have a value at it."""

    model_config = ConfigDict(populate_by_name=True)

    keep: Annotated[Rounded, Field(gt=0, le=1)] = 0.5
    least: Annotated[int, Field(ge=2, alias="from")] = 4


class Search(Spec):
    """How recipes are chosen.

    `sampler` is random, grid, tpe, gp, cmaes, or the import path of an Optuna sampler (`package.module:Class`). All but
    grid draw from the axes' prior until `startup` trials have a value. Trial 0 is the baseline and one of `trials`;
    None: as many as a grid has points, and the baseline.

    A `reproducible` search samples and compares trial n by the trials before n - `concurrency` alone, so that timing
    decides nothing. Without it a trial begins as soon as there is a place, and knows whatever has ended or reached its
    rung by then: lanes are never idle, and another run of the sweep may find other recipes.
    """

    sampler: str = "tpe"
    trials: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    concurrency: Annotated[int, Field(ge=1)] = 1
    reproducible: Annotated[bool, Later(True)] = True
    startup: Annotated[int, Field(ge=1)] = 10
    prune: Prune | None = None
    selection: Literal["all", "english"] = "all"

    @model_validator(mode="after")
    def _known_sampler(self) -> Self:
        if self.sampler not in SAMPLERS and self.sampler.count(":") != 1:
            raise ValueError(f"unknown sampler {self.sampler!r}; write {', '.join(SAMPLERS)} or package.module:Class")
        if self.trials is None and self.sampler != "grid":
            raise ValueError(f"`sampler: {self.sampler}` needs `trials`, the number of recipes to try")
        return self
