"""`crosslift score`: a submission folder against a gold folder, to the reference implementation's numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    average, groups = chosen.average(cells), _groups(cells, chosen)
    if as_json:
        print_json(_json(cells, average, groups))
    else:
        _show(cells, average, groups, chosen)


def _groups(cells: Sequence[Cell], chosen: Suite) -> dict[str, Average]:
    """The average of each group that is there, which bears the group's name only if all of it is; for tables alone."""
    found: dict[str, Average] = {}
    for group in dict.fromkeys(str(catalog.get(cell.task).group) for cell in cells):
        tasks = tuple(task for task in chosen.tasks if str(catalog.get(task).group) == group)
        part = Suite(group, tasks, {task: chosen.languages_of(task) for task in tasks})
        found[group] = part.average(cell for cell in cells if cell.task in tasks)
    return found


def _json(cells: list[Cell], average: Average, groups: Mapping[str, Average]) -> object:
    return {
        "average": _named(average),
        "groups": {group: _named(part) for group, part in groups.items()},
        "tasks": dict(average.tasks),
        "cells": [cell.to_json() for cell in cells],
        "absent": [{"task": task, "language": language} for task, language in average.absent],
    }


def _named(average: Average) -> object:
    return {"name": average.name, "value": average.value, "whole": average.whole}


def _show(cells: list[Cell], average: Average, groups: Mapping[str, Average], chosen: Suite) -> None:
    rows = []
    for task, value in average.tasks.items():
        found = [cell for cell in cells if cell.task == task]
        languages = "  ".join(f"{cell.language} {cell.score:.1f}" for cell in found)
        parts = sorted({name for cell in found for name in cell.details})
        details = " / ".join(f"{name} {fmean(cell.details[name] for cell in found):.1f}" for name in parts)
        rows.append((task, str(catalog.get(task).group), number(value), details, languages))
    print_table(("task", "group", "score", "of which", "languages"), rows, right=("score",), title=chosen.name)
    for group, part in groups.items():
        typer.echo(f"{part.name if part.whole else f'{group}, {part.name}'}: {part.value:.1f}")
    typer.echo(f"{average.name}: {average.value:.1f}")
