"""`crosslift score`: a submission folder against a gold folder, to the reference implementation's numbers."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Annotated

import typer

from tasks import catalog
from tasks.cells import Cell
from tasks.suites import Average, Suite, suite
from tune_jobs.commands.options import JsonOption
from tune_jobs.commands.screen import number, print_json, print_table


def score_command(
    predictions: Annotated[Path, typer.Option("--predictions", metavar="DIR", help="The submission folder.")],
    gold: Annotated[Path, typer.Option("--gold", metavar="DIR", help="The gold folder, with the same names.")],
    name: Annotated[str, typer.Option("--suite", metavar="NAME", help="xtreme or xtreme-r.")] = "xtreme",
    as_json: JsonOption = False,
) -> None:
    """Score predictions per language, task, group and suite."""
    from tasks.submission import score

    chosen = suite(name)
    cells = score(predictions, gold, chosen)
    average = chosen.average(cells)
    if as_json:
        print_json(_json(cells, average))
    else:
        _show(cells, average, chosen)


def _groups(average: Average) -> dict[str, float]:
    """The mean over the tasks of each group that are there; groups matter for tables, not for the average."""
    members: dict[str, list[float]] = {}
    for task, value in average.tasks.items():
        members.setdefault(str(catalog.get(task).group), []).append(value)
    return {group: fmean(values) for group, values in members.items()}


def _json(cells: list[Cell], average: Average) -> object:
    return {
        "average": {"name": average.name, "value": average.value, "whole": average.whole},
        "groups": _groups(average),
        "tasks": dict(average.tasks),
        "cells": [cell.to_json() for cell in cells],
        "absent": [{"task": task, "language": language} for task, language in average.absent],
    }


def _show(cells: list[Cell], average: Average, chosen: Suite) -> None:
    rows = []
    for task, value in average.tasks.items():
        found = [cell for cell in cells if cell.task == task]
        languages = "  ".join(f"{cell.language} {cell.score:.1f}" for cell in found)
        parts = sorted({name for cell in found for name in cell.details})
        details = " / ".join(f"{name} {fmean(cell.details[name] for cell in found):.1f}" for name in parts)
        rows.append((task, str(catalog.get(task).group), number(value), details, languages))
    print_table(("task", "group", "score", "of which", "languages"), rows, right=("score",), title=chosen.name)
    for group, value in _groups(average).items():
        typer.echo(f"{group}: {value:.1f}")
    typer.echo(f"{average.name}: {average.value:.1f}")
