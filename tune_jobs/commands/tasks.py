"""`crosslift tasks`: the declared tasks, all or one, and what nobody has verified; `tasks check` tries one out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tasks import catalog
from tasks.declaration import HeldOut, Hub, Task
from tasks.errors import UserError
from tasks.examples import Kind
from tune_jobs.commands.options import JsonOption
from tune_jobs.commands.screen import print_json, print_table

SHOW = "show"


class _Named(TyperGroup):
    """What is no command is the name of a task: `crosslift tasks xnli`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # types of typer's own are private
        """The command of these arguments, and what is left of them."""
        return super().resolve_command(ctx, args if args[0] in self.commands else [SHOW, *args])


tasks_app = typer.Typer(
    help="List the tasks that a space can name, show one (`tasks NAME`), or check one.",
    cls=_Named,
    invoke_without_command=True,
)


@tasks_app.callback()
def tasks_command(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option(help="Only tasks of this kind.")] = None,
    domain: Annotated[str | None, typer.Option(help="Only tasks whose domain holds this word.")] = None,
    language: Annotated[str | None, typer.Option(help="Only tasks that are published in this language.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the tasks that a space can name, show one (`tasks NAME`), or check one."""
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
        print_json([_declared(task) for task in shown])
        return
    columns = ("task", "kind", "metric", "languages", "sizes", "trained on", "selection", "domain", "licence", "hub")
    print_table(columns, [_row(task) for task in shown], right=("languages",))


@tasks_app.command(SHOW)
def show_command(
    task: Annotated[str, typer.Argument(metavar="NAME", help="A declared task, or a part of one.")],
    as_json: JsonOption = False,
) -> None:
    """Everything that is declared of a task: languages, files, sizes, hub form, licence, citation."""
    found = catalog.get(task)
    if as_json:
        print_json(_declared(found))
        return
    for what, values in _facts(found):
        for place, value in enumerate(values):
            typer.echo(f"{what if place == 0 else '':12}{value}")


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


def _declared(task: Task) -> dict[str, Any]:
    return {**asdict(task), "splits": {name: asdict(split) for name, split in task.splits.items()}}


def _facts(task: Task) -> Iterator[tuple[str, list[str]]]:
    """What a person wants to know of a task, in some words each; nothing of what it does not have."""
    name, kind, metric, _, _, trained, selection, domain, licence, _ = _row(task)
    yield "task", [name]
    yield "kind", [f"{kind}, scored by {metric}"]
    yield "domain", [domain]
    yield "languages", [" ".join(task.languages)]
    yield "trained on", [trained if task.taught_in == "en" else f"{trained} in {task.taught_in}"]
    yield "selection", [f"{selection}; report: {task.report or '–'}"]
    yield "filters", [", ".join(task.filters)] if task.filters else []
    yield "files", [line for split in task.splits for line in _files(task, split)]
    yield "{iso3}", [", ".join(f"{code} for {language}" for language, code in task.codes.items())] if task.codes else []
    yield "sizes", list(_sizes(task))
    yield "bring", [task.brings] if task.brings else []
    yield "left out", [task.omits] if task.omits else []
    yield "hub", _hub_facts(task.hub) if task.hub else []
    yield "licence", [licence]
    yield "citation", [task.citation]


def _files(task: Task, split: str) -> Iterator[str]:
    """A line a layout, the preferred one first."""
    for layout in task.splits[split].layouts:
        gold = f", labels: {layout.gold}" if layout.gold else "" if layout.labelled else ", without labels"
        yield f"{split}: {', '.join(layout.files)}{gold}"


def _sizes(task: Task) -> Iterator[str]:
    """A line a split, the languages of a size together."""
    for split, size in task.sizes.items():
        if isinstance(size, int):
            yield f"{split}: {size:,}{'' if len(task.splits[split].languages) == 1 else ' in each language'}"
            continue
        known = sorted(set(size.values()), reverse=True)
        of = {n: " ".join(language for language, other in size.items() if other == n) for n in known}
        yield f"{split}: {'; '.join(f'{n:,} in {languages}' for n, languages in of.items())}"


def _hub_facts(hub: Hub) -> list[str]:
    config = f", config {hub.config}" if hub.config else ""
    revision = f"revision {hub.revision or 'not pinned: the newest'}; {'' if hub.verified else 'not '}verified"
    return [f"{hub.id}{config}; {revision}", *(f"{ours}: {theirs}" for ours, theirs in hub.splits.items())]


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
