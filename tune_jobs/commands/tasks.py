"""`crosslift tasks`: the declared tasks, and what nobody has verified about them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tasks import catalog
from tasks.declaration import HeldOut, Task
from tasks.errors import UserError
from tasks.examples import Kind
from tune_jobs.commands.options import JsonOption
from tune_jobs.commands.screen import print_json, print_table


def tasks_command(
    kind: Annotated[str | None, typer.Option(help="Only tasks of this kind.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the tasks that a space can name."""
    if kind is not None and kind not in {k.value for k in Kind}:
        raise UserError(f"no task kind {kind!r}; kinds: {', '.join(k.value for k in Kind)}", where="--kind")
    shown = [task for task in catalog.all_tasks() if kind in (None, task.kind)]
    if as_json:
        print_json([{**asdict(task), "splits": {n: asdict(s) for n, s in task.splits.items()}} for task in shown])
        return
    columns = ("task", "kind", "metric", "languages", "trained on", "selection", "hub")
    print_table(columns, [_row(task) for task in shown], right=("languages",))


def _row(task: Task) -> tuple[str, ...]:
    selection = task.selection
    return (
        task.name,
        task.kind.value,
        task.metric,
        str(len(task.languages)),
        task.train_on or (task.name if "train" in task.splits else "–"),
        f"a fifth of {selection.split}" if isinstance(selection, HeldOut) else selection or "–",
        _hub(task),
    )


def _hub(task: Task) -> str:
    if task.hub is None:
        return "–"
    if not task.hub.verified:
        return f"{task.hub.id} (unverified)"
    return f"{task.hub.id}@{(task.hub.revision or 'unpinned')[:8]}"
