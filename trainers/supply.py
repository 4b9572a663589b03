"""The data that a recipe's stages read, and what of it is not there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tasks import catalog
from tasks.data import Absent, DataFolders, Dataset, DataSource, load
from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Kind
from trainers.located import Located, locate
from trainers.recipe import Intermediate

ScorePart = Literal["selection", "report"]


@dataclass
class Supply:
    """Datasets by what they are for. Training data must be there; what cannot be scored is noted.

    Attributes:
        folders: where the files are.
        unlabelled: whether report splits that have no gold are predicted, too.
        absent: what was asked for and cannot be scored.
        predicted: the (task, language) of report splits without gold.
    """

    folders: DataFolders
    unlabelled: bool = False
    absent: list[Absent] = field(default_factory=list)
    predicted: set[tuple[str, str]] = field(default_factory=set)

    def located(self, dataset: Dataset) -> Located:
        """Where a dataset comes from, for stages to say."""
        return locate(dataset.source, self.folders)

    def must(self, task: str, split: str, language: str) -> Dataset:
        """Load text to train on, which cannot be absent."""
        return _loaded(self.folders.find(task, split, language))

    def training(self, task: str) -> Dataset:
        """Load a task's training set, which cannot be absent."""
        return _loaded(self.folders.find_training(task))

    def first(self, task: str, target: str) -> Dataset:
        """Load a training set that a target's head learns from before its own."""
        try:
            return self.training(task)
        except UserError as error:
            what = f"{error}; {target} learns from it first: bring it, or write `target.before: {{{target}: null}}`"
            raise UserError(what) from error

    def dev(self, task: str) -> Dataset:
        """Load the English development set that decides which weights are kept."""
        return _loaded(self.folders.find_dev(task))

    def subset(self, name: str, phase: Intermediate) -> tuple[Dataset, int]:
        """A task's training set, and how many of its examples count."""
        dataset = self.training(name)
        share = phase.fraction if isinstance(phase.fraction, float) else phase.fraction.get(name, 1.0)
        count = max(1, round(len(dataset) * share))
        return dataset, count if phase.cap is None else min(count, phase.cap)

    def mlm_texts(self, phase: Intermediate) -> list[Dataset]:
        """The texts of a masked-language-model share, in all languages that are there; none without such a share."""
        if phase.mlm_share == 0:
            return []
        if phase.mlm_text is None:
            what = "a masked-language-model share needs `mlm_text`, a task of kind text"
            raise UserError(what, where="recipe.intermediate")
        task = catalog.get(phase.mlm_text).name
        found = [self.folders.find(task, "train", language) for language in self.folders.languages(task, "train")]
        texts = [load(source) for source in found if isinstance(source, DataSource)]
        if not texts:
            raise UserError(f"no text of task {task} in the data folders", where="recipe.intermediate.mlm_text")
        return texts

    def evaluation(self, task: Task, language: str, part: ScorePart) -> Dataset | None:
        """The examples that a part scores, or that are only predicted; what is missing is noted as an absent cell."""
        find = self.folders.find_selection if part == "selection" else self.folders.find_report
        found = find(task.name, language)
        if isinstance(found, DataSource):
            return load(found)
        bare = self.without_gold(task, language) if part == "report" and self.unlabelled else None
        if bare is None:
            self.absent.append(found)
            return None
        self.predicted.add((task.name, language))
        return load(bare)

    def without_gold(self, task: Task, language: str) -> DataSource | None:
        """The report split as it is without labels; mining needs gold of its dev set, for a threshold."""
        if task.report is None:
            return None
        found = self.folders.find(task.name, task.report, language, labelled=False)
        needed = self.folders.find(task.name, "dev", language) if task.kind is Kind.MINING else found
        return found if isinstance(found, DataSource) and isinstance(needed, DataSource) else None

    def threshold(self, task: Task, language: str) -> Dataset | None:
        """What a threshold is chosen on before a report: the language's dev set, for tasks that have thresholds."""
        return _loaded(self.folders.find(task.name, "dev", language)) if task.kind is Kind.MINING else None


def _loaded(found: DataSource | Absent) -> Dataset:
    if isinstance(found, Absent):
        raise UserError(f"no {found.split} data in {found.language}: {found.why}", where=f"task {found.task}")
    return load(found)
