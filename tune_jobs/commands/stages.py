"""`crosslift stages`: what a store has made, what is at work or left behind, and each stage's log."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_jobs.commands.options import DEFAULT_STORE, JsonOption, StoreOption
from tune_jobs.commands.screen import print_json, print_table
from tune_jobs.results.stages import SHORT, StageRow, stage, stages


def stages_command(
    id: Annotated[
        str, typer.Argument(metavar="[ID]", help="A stage, or the beginning of its id: prints its log.")
    ] = "",
    store: StoreOption = DEFAULT_STORE,
    made: Annotated[bool, typer.Option("--made", help="List those also that are made.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the stages that are begun and not made, or print one stage's log."""
    from trainers.store import open_objects
    from trainers.store.stages import StageStore

    opened = StageStore(open_objects(store))
    if id:
        row = stage(opened, id)
        logs = opened.logs(row.id)
        if as_json:
            print_json(row.to_json() | {"logs": logs})
        else:
            typer.echo(f"stage {row.id}: {_state(row)}")
            for attempt, text in logs.items():
                typer.echo(f"attempt {attempt.partition('-')[0].lstrip('0') or 0}:\n{text}", nl=False)
        return
    rows = [row for row in stages(opened) if made or row.commit is None]
    if as_json:
        print_json([row.to_json() for row in rows])
    elif rows:
        cells = [(row.id[:SHORT], _state(row), str(row.attempts), f"{row.silent:.0f} s ago") for row in rows]
        print_table(("stage", "state", "attempts", "written"), cells, right=("attempts", "written"))
    else:
        typer.echo("all stages that were begun are made; `--made` lists them")


def _state(row: StageRow) -> str:
    if row.commit is not None:
        seconds, workers = row.commit.facts.get("seconds", 0.0), row.commit.facts.get("workers", 1)
        return f"{row.kind}: made in {seconds:.1f} s, workers: {workers}"
    return "begun" if row.step is None else f"begun, saved at step {row.step}"
