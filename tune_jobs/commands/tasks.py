"""`crosslift tasks`: the declared tasks, and what nobody has verified about them; `tasks check` tries one out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tasks import catalog
from tasks.declaration import HeldOut, Task
from tasks.errors import UserError
from tasks.examples import Kind
from tune_jobs.commands.options import JsonOption
from tune_jobs.commands.screen import print_json, print_table

tasks_app = typer.Typer(help="List the tasks that a space can name, or check one.", invoke_without_command=True)


@tasks_app.callback()
def tasks_command(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option(help="Only tasks of this kind.")] = None,
    domain: Annotated[str | None, typer.Option(help="Only tasks whose domain holds this word.")] = None,
    language: Annotated[str | None, typer.Option(help="Only tasks that are published in this language.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the tasks that a space can name, or check one."""
    if context.invoked_subcommand is not None:
        return
    if kind is not None and kind not in {k.value for k in Kind}:
        raise UserError(f"no task kind {kind!r}; kinds: {', '.join(k.value for k in Kind)}", where="--kind")
    shown = [
        task
        for task in catalog.all_tasks()
        if kind in (None, task.kind)
        and (domain or "").lower() in task.domain.lower()
        and (language is None or language in task.languages)
    ]
    if not shown:
        raise UserError("no task is like that; `crosslift tasks` lists all", where="tasks")
    if as_json:
        print_json([{**asdict(task), "splits": {n: asdict(s) for n, s in task.splits.items()}} for task in shown])
        return
    columns = ("task", "kind", "metric", "languages", "sizes", "trained on", "selection", "domain", "licence", "hub")
    print_table(columns, [_row(task) for task in shown], right=("languages",))


@tasks_app.command("check")
def check_command(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A task's YAML file, or the name of a declared task.")],
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Its data. Default: beside the YAML file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a task, train on it for some steps, score it, write the scores' files and read them back."""
    from tune_jobs.conformance import checked

    path = Path(task)
    own = path.suffix in (".yaml", ".yml")
    checks = checked(path if own else task, data or (path.parent if own else Path()))
    rows = []
    for check in checks:
        rows.append(check)
        if not as_json:
            typer.echo(f"{check.what:8} {check.of}: {check.found}")
    if as_json:
        print_json([asdict(check) for check in rows])
    else:
        typer.echo("it can be named in a space")


def _row(task: Task) -> tuple[str, ...]:
    selection = task.selection
    return (
        task.name,
        task.kind.value,
        task.metric,
        str(len(task.languages)),
        ", ".join(f"{split} {size:,}" for split in task.splits if (size := _size(task, split))) or "–",
        task.train_on or (task.name if "train" in task.splits else "–"),
        f"a fifth of {selection.split}" if isinstance(selection, HeldOut) else selection or "–",
        task.domain,
        task.licence,
        _hub(task),
    )


def _size(task: Task, split: str) -> int | None:
    """The size of a split in English, or in the first language whose size is known."""
    return next((size for code in ("en", *task.languages) if (size := task.size(split, code)) is not None), None)


def _hub(task: Task) -> str:
    if task.hub is None:
        return "–"
    if not task.hub.verified:
        return f"{task.hub.id} (unverified)"
    return f"{task.hub.id}@{(task.hub.revision or 'unpinned')[:8]}"
