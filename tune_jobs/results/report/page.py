"""The report as one HTML file: no scripts, no fonts, nothing that is fetched.

Whatever comes from users (names, options, reasons) is escaped, here by the template and in figures by their serialiser.
The same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tune_jobs.results import wording
from tune_jobs.results.report import figures
from tune_jobs.results.report.comparison import Comparison, Entry
from tune_jobs.results.report.content import Report
from tune_jobs.results.report.course import baseline_score

HERE = Path(__file__).parent
LEVELS = 5  # `.gain-0` to `.gain-5` of the style sheet, and `.loss-…`


def render(report: Report) -> str:
    """The page."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "number": wording.number,
        "difference": wording.difference,
        "cost": wording.cost,
    }
    tasks = wording.tasks_of(report.board)
    return environment.get_template("page.html").render(
        report=report,
        css=(HERE / "page.css").read_text(encoding="utf-8"),
        columns=wording.columns(tasks),
        numeric=(*wording.NUMBERS, *tasks),
        rows=[(row, wording.cells(row, tasks)) for row in report.board.rows],
        beside=wording.beside(report.board),
        tint=_tint,
        **_drawn(report),
    )


def _drawn(report: Report) -> dict[str, Any]:
    """The figures that there is something to draw for; None for the others."""
    course, mixed = report.course, report.course.mixtures
    tasks = sorted({task for one in mixed for task in one.tasks})
    baseline = baseline_score(course)
    scatter = [(axis.name, figures.parameter(axis, baseline)) for axis in course.axes]
    return {
        "history": figures.history(course),
        "scatter": [(name, figure) for name, figure in scatter if figure],
        "mixed_tasks": _keys(tasks),
        "mixtures": figures.mixtures(mixed, tasks),
        "left_out": max(len(mixed) - figures.BARS, 0),
        "ternary": figures.ternary(mixed, tasks),
        "rungs": figures.rungs(course.rungs),
    }


def _keys(tasks: Sequence[str]) -> list[tuple[str, str]]:
    """The colour of each task."""
    return [(task, f"task-{number % figures.COLOURS}") for number, task in enumerate(tasks)]


def _tint(entry: Entry, comparison: Comparison) -> str:
    """The class of a cell of a comparison: gain or loss, and how much of the largest one."""
    if entry.difference is None or comparison.widest == 0:
        return ""
    level = round(LEVELS * min(abs(entry.difference) / comparison.widest, 1.0))
    return f"{'gain' if entry.difference >= 0 else 'loss'}-{level}"
