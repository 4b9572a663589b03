"""`crosslift study`: a sweep's study as a file for Optuna's tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tune_jobs.commands.naming import sweep_name
from tune_jobs.commands.options import DEFAULT_STORE, JsonOption, NameArgument, StoreOption
from tune_jobs.commands.screen import print_json
from tune_jobs.results.results import open_results


def study_command(
    name: NameArgument,
    to: Annotated[Path, typer.Option("--to", metavar="FILE.db", help="The SQLite file to write.")],
    store: StoreOption = DEFAULT_STORE,
    replace: Annotated[bool, typer.Option("--replace", help="Write a file anew that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the sweep's study into a file that optuna.load_study and optuna-dashboard open."""
    from tune_jobs.results.study_export import export_study

    results = open_results(store, sweep_name(name))
    trials = export_study(results, to, replace=replace)
    if as_json:
        print_json({"file": str(to), "study": results.name, "trials": trials})
    else:
        typer.echo(f"{to}: study {results.name!r}, trials: {trials}; look at it with `optuna-dashboard sqlite:///{to}`")
