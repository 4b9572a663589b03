"""`crosslift data`: bring tasks from the hub, check what is in a folder, and what training and test sets share."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasks import catalog
from tasks.errors import UserError
from tune_jobs.commands.options import DataOption, JsonOption, SpaceArgument
from tune_jobs.commands.screen import print_json, print_table

if TYPE_CHECKING:
    from tasks.checking import Finding
    from tasks.declaration import Task
    from tasks.lock import Locked
    from tasks.overlap import Overlap

data_app = typer.Typer(help="Bring data from the hub, and check what is in a folder.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(metavar="TASK...", help="Declared tasks. Default: all.")]


@data_app.command("fetch")
def fetch_command(
    tasks: Annotated[
        list[str], typer.Argument(metavar="TASK...", help="Tasks that the hub has, or YAML files of your own.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="DIR|s3://…", help="The data folder.")],
    language: Annotated[list[str] | None, typer.Option(help="Only this language; may be repeated.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch tasks from the Hugging Face hub, and pin what was fetched in DIR/data.lock."""
    from tasks.hub import fetch
    from tune_jobs.mirror import publish, remote, workshop

    found: dict[str, Locked] = {}
    location = remote(to)
    folder = Path(to) if location is None else workshop(location)
    for name in tasks:
        typer.echo(f"{name}: fetching", err=True)
        found |= fetch(
            _task(name),
            folder,
            languages=language or (),
            on_file=lambda file, examples: typer.echo(f"  {file}: {examples:,} examples", err=True),
        )
    if location is not None:
        publish(folder, found, location)
    if as_json:
        print_json({name: asdict(entry) for name, entry in found.items()})
    else:
        typer.echo(f"{len(found)} files in {to}, pinned by {to.rstrip('/')}/data.lock")


@data_app.command("check")
def check_command(
    tasks: Names = None,
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar="DIR|s3://…", help="A data folder; repeatable.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read all data of a folder: counts against the published sizes, labels, offsets, encodings, pinned files.

    Ends with 2 where data cannot be used, or has not as many examples as were published.
    """
    from tasks.checking import check, check_locks
    from tasks.data import DataFolders
    from tune_jobs.data_sources import local_folder

    folders = tuple(local_folder(folder) for folder in data or ["."])
    chosen = [_task(name) for name in tasks] if tasks else catalog.all_tasks()
    found = [*check(chosen, DataFolders(folders, {})), *check_locks(folders)]
    if not found:
        raise UserError("no file of a declared task is there", where=", ".join(map(str, folders)))
    if as_json:
        print_json([asdict(finding) for finding in found])
    else:
        _show(found)
    faults, odd = sum(bool(finding.faults) for finding in found), sum(finding.odd for finding in found)
    if faults:
        raise UserError(f"{faults} of {len(found)} datasets cannot be used as they are")
    if odd:
        raise UserError(f"{odd} of {len(found)} datasets do not have as many examples as were published")


@data_app.command("overlap")
def overlap_command(
    space: SpaceArgument,
    data: DataOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Which texts that a space scores stand in what it trains on, exactly or nearly? Ask it before a final run."""
    from search_spaces.space import load
    from tune_jobs.results.overlap import overlaps_of

    found = overlaps_of(load(space), data)
    if as_json:
        print_json([asdict(overlap) for overlap in found])
    elif not found:
        typer.echo("no text that is scored stands in what is trained on")
    else:
        rows = [
            (f"{o.train} {o.part}", f"{o.scored} {o.split} {o.language}", *_counts(o), ", ".join(o.examples))
            for o in found
        ]
        columns = ("trained on", "scored", "texts", "exact", "near", "such as")
        print_table(columns, rows, right=("texts", "exact", "near"))


def _counts(overlap: Overlap) -> tuple[str, ...]:
    return tuple(f"{number:,}" for number in (overlap.texts, overlap.exact, overlap.near))


def _task(name: str) -> Task:
    """A declared task, or the one in a YAML file."""
    if not name.endswith((".yaml", ".yml")):
        return catalog.get(name)
    from search_spaces import own_tasks

    own = own_tasks.read_task(Path(name))
    own_tasks.declare([own])
    return catalog.get(own.name)


def _show(found: list[Finding]) -> None:
    from tasks.faults import MOST

    rows = [_row(finding) for finding in found if not finding.faults]
    columns = ("task", "split", "language", "examples", "labelled", "")
    print_table(columns, rows, right=("examples", "labelled"))
    for finding in found:
        for fault in finding.faults:
            typer.echo(f"{finding.task} {finding.split} {finding.language}: {fault}")
        if len(finding.faults) == MOST:
            typer.echo(f"{finding.task} {finding.split} {finding.language}: {MOST} faults, and perhaps more")


def _row(finding: Finding) -> tuple[str, ...]:
    note = f"published: {finding.published:,}" if finding.odd else ""
    if finding.omits and finding.published and finding.examples < finding.published:
        note = f"left out {finding.published - finding.examples:,} of {finding.published:,}: {finding.omits}"
    return finding.task, finding.split, finding.language, f"{finding.examples:,}", f"{finding.labelled:,}", note
