"""`crosslift tensorboard`: a sweep's trials as TensorBoard's runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tune_jobs.commands.naming import sweep_name
from tune_jobs.commands.options import DEFAULT_STORE, JsonOption, NameArgument, StoreOption
from tune_jobs.commands.screen import print_json
from tune_jobs.results.results import open_results


def tensorboard_command(
    name: NameArgument,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder for the runs, one a trial.")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Write training curves, rungs, scores and parameters of all trials into a folder that TensorBoard reads."""
    from tune_jobs.results.tensorboard import export_events

    runs = export_events(open_results(store, sweep_name(name)), to)
    if as_json:
        print_json({"folder": str(to), "runs": runs})
    else:
        typer.echo(f"{to}: runs: {runs}; look at them with `tensorboard --logdir {to}`")
