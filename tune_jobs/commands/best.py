"""`crosslift best`: the best recipe of a sweep, as YAML on stdout."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_jobs.commands.naming import sweep_name
from tune_jobs.commands.options import DEFAULT_STORE, JsonOption, NameArgument, StoreOption
from tune_jobs.commands.screen import print_json
from tune_jobs.results.leaderboard import leaderboard
from tune_jobs.results.results import open_results


def best_command(
    name: NameArgument,
    store: StoreOption = DEFAULT_STORE,
    trial: Annotated[int | None, typer.Option(min=0, help="Another whole-suite trial than the best one.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the best whole-suite recipe; `crosslift final` trains it with fresh seeds."""
    from search_spaces.recipes import dump_recipe
    from tune_jobs.results.best import recipe_file

    results = open_results(store, sweep_name(name))
    chosen = results.trial(trial)
    board = leaderboard(results)
    row = next(row for row in board.rows if row.trial == chosen.number)
    if as_json:
        print_json(row.to_json())
        return
    lift = f"; lift {row.lift} over trial {row.against} (95 % interval)" if row.lift else ""
    typer.echo(f"# trial {row.trial} of sweep {board.sweep}, {row.name} {row.average:.2f}{lift}")
    for note in board.notes:
        typer.echo(f"# {note}")
    typer.echo(dump_recipe(recipe_file(results, chosen)), nl=False)
