"""`crosslift export`: a trial's encoder as a Hugging Face folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tune_jobs.commands.naming import sweep_name
from tune_jobs.commands.options import DEFAULT_STORE, JsonOption, NameArgument, StoreOption
from tune_jobs.commands.screen import print_json
from tune_jobs.results.results import open_results


def export_command(
    name: NameArgument,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder to make.")],
    store: StoreOption = DEFAULT_STORE,
    trial: Annotated[int | None, typer.Option(min=0, help="Another whole-suite trial than the best one.")] = None,
    task: Annotated[str | None, typer.Option(help="The encoder as fine-tuned for this task, with its head.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the encoder of the best trial into a folder that AutoModel.from_pretrained loads."""
    from tune_jobs.results.export import export

    results = open_results(store, sweep_name(name))
    chosen = results.trial(trial)
    commit = export(results, chosen, to, task)
    if as_json:
        print_json({"folder": str(to), "trial": chosen.number, "stage": commit.stage, "files": sorted(commit.files)})
    else:
        what = f"encoder fine-tuned for {task}" if task else "encoder"
        typer.echo(f"{to}: the {what} of trial {chosen.number}; load it with AutoModel.from_pretrained({str(to)!r})")
