"""Does a task work from its files to its score? Read, tokenised, trained on for some steps, scored, written, read back.

What is trained here is tiny and worth nothing; that everything fits together is what is found out. A shipped task and
a user's own pass the same checks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from search_spaces import own_tasks
from search_spaces.settings import DataSettings, Toy
from tasks import catalog, submission, submission_files
from tasks.cells import Cell
from tasks.data import DataFolders, DataSource, load
from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Kind, is_labelled
from tasks.suites import Suite
from trainers.graph import Graph, expand
from trainers.recipe import Base, Intermediate, Optimisation, Recipe, Retrieval, Scratch, Target
from trainers.runner import Runner as StageRunner
from trainers.session import Settings
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.data_sources import open_data
from tune_jobs.lanes.serial import make
from tune_jobs.lanes.serial_lane import Runner
from tune_jobs.results.results import Scores

STEPS = 3
LIMIT = 64  # examples of a training set
TEXTS = (Kind.TEXT, Kind.PARALLEL)
ENGLISH = "en"
LENT = 0.05  # the size of the generated world whose text is borrowed


@dataclass(frozen=True)
class Check:
    """One thing that holds: `read`, `trained`, `scored` or `written`; of what, and what was found."""

    what: str
    of: str
    found: str


@dataclass(frozen=True)
class Bench:
    """Where tasks are tried.

    Attributes:
        own: the folders of the task's files.
        data: these, and one that lends `text` in English for the tokenizer and training sets of other tasks.
        store: for the stages; the encoder of one task serves the next.
        lane: what runs stages.
        cache: for copies of stored files.
        most: of so many languages of a task, scores are looked at; all by default.
    """

    own: DataFolders
    data: DataFolders
    store: StageStore
    lane: Runner
    cache: Path
    most: int | None = None

    def conform(self, task: Task) -> Iterator[Check]:
        """Yield what holds, step by step.

        Raises:
            UserError: something does not.
        """
        yield from self._read(task)
        graph = self._graph(task)
        make([graph], self.store, self.lane)
        yield from self._trained(graph)
        yield from self._scored(graph)

    def _read(self, task: Task) -> Iterator[Check]:
        found = 0
        for split in task.splits:
            for language in self.own.languages(task.name, split):
                source = self.own.find(task.name, split, language, labelled=False)
                assert isinstance(source, DataSource), source
                examples = load(source).examples
                labelled = sum(map(is_labelled, examples))
                found += 1
                yield Check("read", f"{split} {language}", f"{len(examples):,} examples, {labelled:,} with gold")
        if not found:
            bring = f"; bring {task.brings}" if task.brings else ""
            raise UserError(f"none of its files is in the data folders{bring}", where=f"task {task.name}")

    def _graph(self, task: Task) -> Graph:
        """A recipe that trains on the task if it can, and scores it in every language that is there."""
        there = (code for code in self._languages(task) if isinstance(self._selection(task, code), DataSource))
        scored, settings, taught = list(islice(there, self.most)), _optimisation(task), self._taught(task)
        suite = (
            Suite(task.name, (task.name,), {task.name: tuple(scored)})
            if scored
            else Suite("tatoeba", ("tatoeba",), {"tatoeba": self.data.languages("tatoeba", "test")})
        )
        recipe = Recipe(
            base=Base(scratch=_scratch(task, *self._spoken(task))),
            intermediate=Intermediate(tasks={taught: 1.0}, cap=LIMIT, optimisation=settings) if taught else None,
            target=Target(
                optimisation=settings,
                limit={task.train_on or task.name: LIMIT, **({task.before: LIMIT} if task.before else {})},
            ),
            retrieval=Retrieval(layer=1),
        )
        return expand(recipe, suite, self.data)

    def _languages(self, task: Task) -> Sequence[str]:
        return sorted({code for split in task.splits for code in self.own.languages(task.name, split)})

    def _taught(self, task: Task) -> str | None:
        """What trains an intermediate phase: the task in English, else in the first language that it is there in."""
        languages = self.own.languages(task.name, "train")
        if task.kind in TEXTS or task.kind.searched or not languages:
            return None
        if task.taught_in in languages:
            return task.name
        return f"{task.name}{'&' if '?' in task.name else '?'}language={languages[0]}"

    def _spoken(self, task: Task) -> tuple[str, ...]:
        """The languages of a tiny encoder's text: English, and those of a parallel text that have plain text, too."""
        languages = self._languages(task)
        if task.kind is Kind.TEXT:
            return (ENGLISH,) if ENGLISH in languages else (languages[0],)
        shared = {*languages} & {*self.data.languages("text", "train")} - {ENGLISH}
        return (ENGLISH, *sorted(shared)) if task.kind is Kind.PARALLEL else (ENGLISH,)

    def _selection(self, task: Task, language: str) -> object:
        if task.train_on in (None, task.name) and not task.kind.searched and not self._taught(task):
            return None  # nothing of its own trains its head
        return self.own.find_selection(task.name, language)

    def _trained(self, graph: Graph) -> Iterator[Check]:
        for stage in graph.stages.values():
            commit = self.store.committed(stage.id)
            assert commit is not None, "it was made"
            if isinstance(loss := commit.facts.get("loss"), float):
                if not math.isfinite(loss):
                    raise UserError(f"the loss is {loss}", where=stage.label)
                yield Check("trained", stage.label, f"{commit.facts['steps']} steps, loss {loss:.3f}")

    def _scored(self, graph: Graph) -> Iterator[Check]:
        scores = Scores(self.store, self.cache)
        for (task, language), stage in graph.cells.items():
            cell = scores.cell(stage)
            yield Check("scored", f"{task} {language}", f"{cell.score:.1f} on {cell.n:,} examples")
            self._written(cell, scores, stage)
            yield Check("written", f"{task} {language}", "read back to the same score")

    def _written(self, cell: Cell, scores: Scores, stage: str) -> None:
        found = scores.predictions(stage)
        with TemporaryDirectory() as place:
            predictions, gold = Path(place, "predictions"), Path(place, "gold")
            predicted = list(zip(found.ids, found.predicted, strict=True))
            right = list(zip(found.ids, found.gold, strict=True))
            submission_files.write_predictions(predictions, cell.task, cell.language, predicted)
            submission_files.write_gold(gold, cell.task, cell.language, right)
            suite = Suite("one", (cell.task,), {cell.task: (cell.language,)})
            (again,) = submission.score(predictions, gold, suite)
        if not math.isclose(again.score, cell.score, rel_tol=1e-9):
            raise AssertionError(f"{cell.task} {cell.language}: {cell.score} was written, {again.score} read back")


def _optimisation(task: Task) -> Optimisation:
    long = catalog.get(task.train_on or task.name).kind is Kind.SPAN
    return Optimisation(lr=1e-3, batch=8, steps=STEPS, max_length=64 if long else 48, stride=16)


def _scratch(task: Task, *languages: str) -> Scratch:
    """A tiny encoder on text, on the task itself if it is text."""
    return Scratch(
        vocabulary=300,
        hidden=16,
        layers=1,
        heads=2,
        positions=64,
        text=task.name if task.kind is Kind.TEXT else "text",
        parallel=task.name if len(languages) > 1 else None,
        languages=languages,
        steps=STEPS,
        batch=8,
        max_length=32,
    )


def checked(task: str | Path, folder: Path) -> Iterator[Check]:
    """The checks of a declared task, or of the one in a YAML file, on a data folder; nothing of it is kept.

    A small generated world lends the text for the tokenizer, and training sets of other tasks.

    Raises:
        UserError: something does not hold.
    """
    if isinstance(task, Path):
        own = own_tasks.read_task(task)
        own_tasks.declare([own])
        task = own.name
    settings = DataSettings(toy=Toy(size=LENT))
    with TemporaryDirectory() as place:
        store = StageStore(open_objects(f"{place}/store"))
        mine = DataFolders((folder.expanduser().absolute(),), {})
        lent = open_data(settings, folder)
        data = DataFolders((*mine.folders, *lent.folders), {}, lent.homes)
        lane = StageRunner(store, Settings(Path(place, "cache")))
        yield from Bench(mine, data, store, lane, Path(place, "cache")).conform(catalog.get(task))
