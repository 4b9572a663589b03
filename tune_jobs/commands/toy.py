"""`crosslift toy`: write the toy world's miniature benchmark into a folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tune_jobs.commands.options import JsonOption
from tune_jobs.commands.screen import print_json


def toy_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if it is not there.")],
    size: Annotated[float, typer.Option(min=0.01, help="Multiplies the number of examples of every file.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another world.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Write a generated benchmark in the official file formats: English and five invented languages."""
    from tasks import toy

    manifest = toy.write(folder, size=size, seed=seed)
    if as_json:
        print_json(asdict(manifest))
    else:
        typer.echo(f"{folder}: {len(manifest.files)} files in {', '.join(('en', *toy.LANGUAGES))}")
