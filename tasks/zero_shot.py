"""Is a training set in the language that it is said to be in? Transfer is zero-shot only as far as it is.

What a file's rows say is the readers' matter; here it is its name: a space may name files for a split, and one that is
published in another language than the task trains on is a mistake that no score would show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from tasks import catalog, references
from tasks.declaration import Layout, Task
from tasks.errors import UserError
from tasks.examples import Kind
from tasks.layouts import languages_of


def check_training_file(task: Task, file: str) -> None:
    """A file that a space names as a part of a task's training set is not one that another language's data lies in.

    Args:
        task: a declared task, or a part of one: `taught_in` is the language of its training set.
        file: a path as a space names it; a template with `{language}` is of the language that is asked for.

    Raises:
        UserError: it has the name of another language's file, of this task or of any other.
    """
    if task.kind in (Kind.TEXT, Kind.PARALLEL) or "{" in file:
        return
    found = sorted(set(_languages(task, file)))
    if found and task.taught_in not in found:
        name = references.split(task.name)[0]
        what = f"{file!r} is in {found[0]!r}, but {task.name} trains on {task.taught_in!r}: transfer would not be"
        raise UserError(
            f"{what} zero-shot; to train on it, write `{name}?language={found[0]}` for the task",
            where=f"files.{task.name}.train",
        )


def _languages(task: Task, file: str) -> Iterator[str]:
    """The languages whose files have this name: its end among all tasks' files, its last part among the task's own."""
    for other in catalog.all_tasks():
        for layout in _layouts(other):
            yield from languages_of(other, layout, file)
    name = PurePosixPath(file).name
    for layout in _layouts(task):
        bare = replace(layout, files=tuple(PurePosixPath(template).name for template in layout.files))
        yield from (language for language in languages_of(task, bare, name) if language in task.languages)


def _layouts(task: Task) -> Iterator[Layout]:
    return (layout for split in task.splits.values() for layout in split.layouts)
