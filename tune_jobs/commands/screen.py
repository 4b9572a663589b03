"""Printing: tables for people, JSON for programs, and nothing else on stdout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from tune_jobs.results.wording import number as number

WIDE = 200  # columns where no terminal says otherwise: a table in a file takes as many of them as it needs


def console() -> Console:
    """A console on stdout that neither guesses markup nor folds tables in files at 80 columns."""
    screen = Console(markup=False, highlight=False)
    return screen if screen.is_terminal else Console(markup=False, highlight=False, width=WIDE)


def print_json(value: Any) -> None:
    """One JSON document on stdout; a value that JSON cannot hold is an error."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), title: str | None = None
) -> None:
    """A plain table; the columns named in `right` hold numbers, and only the others are folded."""
    table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    for name in columns:
        is_number = name in right
        table.add_column(name, justify="right" if is_number else "left", overflow="fold", no_wrap=is_number)
    for row in rows:
        table.add_row(*row)
    console().print(table)
