"""`crosslift leaderboard`: the trials of a sweep, ranked, with their lift over the baseline."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from tune_jobs.commands.naming import sweep_name
from tune_jobs.commands.options import DEFAULT_STORE, JsonOption, NameArgument, StoreOption
from tune_jobs.commands.screen import console, print_json, print_table
from tune_jobs.results.leaderboard import Leaderboard, leaderboard
from tune_jobs.results.results import open_results
from tune_jobs.results.wording import NUMBERS, beside, cells, columns, tasks_of

ENDED = 2  # such looks that end --watch


def leaderboard_command(
    name: NameArgument,
    store: StoreOption = DEFAULT_STORE,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again, while trials are open.")] = False,
    every: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Between two looks of --watch.")] = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Rank the trials of a sweep; needs the store alone."""
    sweep = sweep_name(name)
    ended = 0  # looks in a row at which no trial was open: between two trials there is one such moment
    while True:
        board = leaderboard(open_results(store, sweep))
        if watch and not as_json:
            console().clear()  # on a terminal; nothing elsewhere
        if as_json:
            print_json(board.to_json())
        else:
            show(board)
        ended = 0 if not board.rows or any(row.how == "open" for row in board.rows) else ended + 1
        if not watch or ended == ENDED:
            return
        time.sleep(every)


def show(board: Leaderboard) -> None:
    """Print a leaderboard for people."""
    tasks = tasks_of(board)
    rows = [cells(row, tasks) for row in board.rows]
    print_table(columns(tasks), rows, right=(*NUMBERS, *tasks), title=board.sweep)
    for line in beside(board):
        typer.echo(line)
