"""From a task's name to its data: where the files of a split are in a language, or why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tasks import catalog, lock, readers, references
from tasks.declaration import HeldOut, Hub, Layout, Table, Task
from tasks.errors import UserError, nearest
from tasks.examples import is_labelled
from tasks.homes import Folder, Home
from tasks.layouts import languages_in, may_hold, names_language, paths
from tasks.loading import Dataset, DataSource, has_labels, load, name_of
from tasks.parts import Part
from tasks.zero_shot import check_training_file

__all__ = ["Absent", "DataFolders", "DataSource", "Dataset", "Part", "load"]


@dataclass(frozen=True)
class Absent:
    """A (task, split, language) that cannot be scored or trained on, and why, in a few words."""

    task: str
    split: str
    language: str
    why: str


@dataclass(frozen=True)
class DataFolders:
    """The folders that hold official files, and the files that a space names for a task's splits.

    `folders` are searched in order for a declaration's path templates. `files[task][split]` replaces a declaration's
    templates (relative to the folders too); `{language}` and `{iso3}` work in it. `homes` says where a folder's files
    come from; one that it does not name is where it is on every machine.

    Raises:
        UserError: `files` names a task or split that is not declared, or another language's file to train on.
    """

    folders: tuple[Path, ...]
    files: Mapping[str, Mapping[str, Sequence[str]]]
    homes: Mapping[Path, Home] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, splits in self.files.items():
            known = catalog.get(name).splits
            for split in splits:
                if split not in known:
                    raise UserError(f"unknown split {split!r}, {nearest(split, known)}", where=f"files.{name}")
            for file in splits.get("train", ()):
                check_training_file(catalog.get(name), file)

    def find(
        self, task: str, split: str, language: str, part: Part = Part.ALL, *, labelled: bool = True
    ) -> DataSource | Absent:
        """Locate a dataset. A split or language that is not there is `Absent`, not an error.

        Only as much is read as tells whether there are labels; of a held-out part, all, since it may be empty.

        Args:
            task: a declared task.
            split: one of its splits.
            language: ISO 639-1 code, or any code that stands in the files' names. The files decide, not the
                declaration's list of languages.
            part: all of the split, the held-out fifth, or the rest.
            labelled: False also finds data without labels, for predictions alone.

        Raises:
            UserError: unknown task, missing folder, missing file that a space names, or a malformed file.
        """
        declared = catalog.get(task)
        if split not in declared.splits:
            return Absent(task, split, language, f"there is no {split} split")
        if not readers.exists(declared) and not any(layout.table for layout in declared.splits[split].layouts):
            return Absent(task, split, language, "its files cannot be read yet")
        found = list(self._present(declared, split, language, part))
        if not found:
            return Absent(task, split, language, self._why_not(declared, split, language))
        pinned = (replace(source, revision=self._revision(source)) for source in found)  # before it is read
        usable = next((source for source in pinned if not labelled or has_labels(source)), None)
        if usable is None:
            return Absent(task, split, language, f"no labels in {name_of(found[0])}")
        if part is not Part.ALL and not any(is_labelled(e) or not labelled for e in load(usable).examples):
            return Absent(task, split, language, f"the {part} part is empty")
        return usable

    def find_training(self, task: str) -> DataSource | Absent:
        """What a task trains on: its training set in the language that it is taught in.

        Where the development set is held out of it, that is the rest: whether or not the best weights are kept, since
        what is compared should have learned from the same examples.
        """
        declared = catalog.get(task)
        held_out = declared.dev == HeldOut("train")
        return self.find(task, "train", declared.taught_in, Part.REST if held_out else Part.ALL)

    def find_dev(self, task: str) -> DataSource | Absent:
        """The English development set of a task's training task: its dev split or, failing that, a held-out fifth."""
        declared = catalog.get(task)
        trained = catalog.get(declared.train_on) if declared.train_on else declared
        if trained.dev is None:
            return Absent(task, "dev", "en", "there is no English development set")
        return self._find_rule(trained, trained.dev, trained.taught_in)

    def find_selection(self, task: str, language: str) -> DataSource | Absent:
        """What recipes are ranked on in a language: the dev set, or the held-out fifth of test data."""
        declared = catalog.get(task)
        if declared.selection is None:
            return Absent(task, "selection", language, "the task is not ranked on")
        return self._find_rule(declared, declared.selection, language)

    def find_report(self, task: str, language: str, part: Part = Part.ALL) -> DataSource | Absent:
        """What `final` alone scores; `Part.REST` leaves out the fifth that selection has seen."""
        declared = catalog.get(task)
        if declared.report is None:
            return Absent(task, "report", language, "the task is not reported")
        return self.find(task, declared.report, language, part)

    def _find_rule(self, task: Task, rule: str | HeldOut, language: str) -> DataSource | Absent:
        if isinstance(rule, HeldOut):
            return self.find(task.name, rule.split, language, Part.SELECTION)
        return self.find(task.name, rule, language)

    def languages(self, task: str, split: str) -> tuple[str, ...]:
        """The languages whose files are there, sorted; found by the files' names, labels or not."""
        declared = catalog.get(task)
        if split not in declared.splits:
            return ()
        codes = set(declared.splits[split].languages)
        for layout in self._layouts(declared, split):
            codes.update(code for folder in self._folders() for code in languages_in(declared, layout, folder))
        return tuple(sorted(code for code in codes if any(self._present(declared, split, code, Part.ALL))))

    def home_of(self, file: Path) -> tuple[Home, str]:
        """Where a found file comes from, and its path there."""
        folder = next(folder for folder in self.folders if file.is_relative_to(folder))
        return self.homes.get(folder, Folder(str(folder.absolute()))), file.relative_to(folder).as_posix()

    def _present(self, task: Task, split: str, language: str, part: Part) -> Iterator[DataSource]:
        """The sources whose files are there, the preferred layout first."""
        for layout in self._layouts(task, split):
            if not may_hold(task.splits[split], layout, language):
                continue
            found = [self._files(path) for path in paths(task, layout, language)]
            if all(found):
                files = [str(path) for group in found for path in group]
                labels = files.pop() if layout.gold else None
                own = task if catalog.is_own(task.name) else None
                yield DataSource(
                    task.name, split, language, tuple(files), part, labels, layout.labelled, layout.table, own
                )
            elif split in self._named(task) and not names_language(layout):
                gone = layout.files[found.index(())]
                raise UserError(f"no file {gone!r} in {self._shown()}", where=f"files.{task.name}.{split}")

    def _why_not(self, task: Task, split: str, language: str) -> str:
        """Why no layout is there: the language has no data, or the preferred layout's files are missing."""
        layout = self._layouts(task, split)[0]
        if not may_hold(task.splits[split], layout, language):
            return f"only in {', '.join(task.splits[split].languages) or 'languages that the files name'}"
        wanted = paths(task, layout, language)
        missing = f"no file {next(path for path in wanted if not self._files(path))}"
        return f"{missing}; bring {task.brings}" if task.brings else missing

    def _revision(self, source: DataSource) -> str | None:
        """The commits of a source's files if they came from the hub, in their order; what no lock names is refused."""
        found = [
            lock.pinned(folder, file, _hub_of(source.declared, file.relative_to(folder))).revision
            for file in map(Path, source.files)
            for folder in self.folders
            if file.is_relative_to(folder / "hub")
        ]
        return "+".join(dict.fromkeys(found)) or None

    def _layouts(self, task: Task, split: str) -> tuple[Layout, ...]:
        layouts = task.splits[split].layouts
        named = self._named(task).get(split)
        return layouts if named is None else (Layout(tuple(named), table=_only_table(layouts)),)

    def _named(self, task: Task) -> Mapping[str, Sequence[str]]:
        """The files that the space names for a task, or for what the task is a part of."""
        return {**self.files.get(references.split(task.name)[0], {}), **self.files.get(task.name, {})}

    def _files(self, path: str) -> tuple[Path, ...]:
        """The file of the first folder that has it; all those that a pattern meets, sorted."""
        if "*" in path:
            return next((found for folder in self._folders() if (found := tuple(sorted(folder.glob(path))))), ())
        return next(((folder / path,) for folder in self._folders() if (folder / path).is_file()), ())

    def _folders(self) -> tuple[Path, ...]:
        for folder in self.folders:
            if not folder.is_dir():
                raise UserError("no such data folder", where=str(folder))
        return self.folders

    def _shown(self) -> str:
        return ", ".join(map(str, self.folders))


def _hub_of(task: Task, file: Path) -> Hub | None:
    """Where the declarations say that a file, `hub/<task>/…`, is from: a task may be made of others."""
    part = file.parts[1]
    return catalog.get(part).hub if task.hub and part in task.hub.after else task.hub


def _only_table(layouts: Sequence[Layout]) -> Table | None:
    """How files that a space names are read: by the task's reader, or as tables if it has none."""
    return layouts[0].table if all(layout.table for layout in layouts) else None
