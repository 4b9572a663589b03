"""`crosslift report`: a sweep as one HTML file to look at, to print and to hand on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tune_jobs.commands.naming import sweep_name
from tune_jobs.commands.options import DEFAULT_STORE, JsonOption, NameArgument, StoreOption
from tune_jobs.commands.screen import print_json
from tune_jobs.results.results import open_results


def report_command(
    name: NameArgument,
    store: StoreOption = DEFAULT_STORE,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE.html", help="The file to write. Default: NAME-report.html.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the sweep's tables and plots into one HTML file; `--json` prints what is in it (and writes with `--to`)."""
    from trainers.store.files import mendable, whole_file
    from tune_jobs.results.report.content import report
    from tune_jobs.results.report.page import render

    sweep = sweep_name(name)
    found = report(open_results(store, sweep), store)
    file = to or Path(f"{sweep}-report.html")
    if to or not as_json:
        with mendable("write the report", file), whole_file(file) as path:
            path.write_text(render(found), encoding="utf-8")
    if as_json:
        print_json(found.to_json())
    else:
        typer.echo(f"{file}: the report of {sweep}")
