"""What runs amounted to, a line each, and the table of all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.chaos.blows import LONG_OUTAGE, Kind, Plan

if TYPE_CHECKING:  # the table needs no Ray
    from tests.chaos.story import Ended

Record = dict[str, Any]


def record(plan: Plan, ended: Ended) -> Record:
    """A run as JSON."""
    blows = [
        asdict(mark.blow) | {"at": {id[:12]: saved.step if saved else 0 for id, saved in mark.saved.items()}}
        for mark in ended.marks
    ]
    return {
        "run": plan.run,
        "lanes": "1 x 2" if plan.wide else "2 x 1",
        "planned": [blow.kind.value for blow in plan.blows],
        "blows": blows,
        "seconds": round(ended.seconds, 1),
        "again": ended.again,
        "lost": ended.lost,
        "injected": ended.injected,
        "faults": ended.faults,
    }


def load(path: Path) -> dict[int, Record]:
    """The latest record of each run."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {found["run"]: found for found in map(json.loads, lines)}


def append(path: Path, found: Record) -> None:
    """Keep a record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lines:
        lines.write(f"{json.dumps(found)}\n")


def table(records: Iterable[Record]) -> str:
    """By what struck, as Markdown; a run with two blows stands in two rows."""
    runs = sorted(records, key=lambda found: int(found["run"]))
    rows = [
        "| struck | runs | survived | steps lost, at most | seconds: median, longest |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, hit in _groups(runs):
        if hit:
            seconds = sorted(found["seconds"] for found in hit)
            lost = max(found["lost"] for found in hit)
            whole = sum(not found["faults"] for found in hit)
            rows.append(
                f"| {name} | {len(hit)} | {whole} | {lost} | {seconds[len(seconds) // 2]:.0f}, {seconds[-1]:.0f} |"
            )
    return "\n".join(rows)


def _groups(runs: list[Record]) -> Iterable[tuple[str, list[Record]]]:
    yield "nothing", [found for found in runs if not found["blows"]]
    for kind in Kind:
        for long in (False, True):
            hit = [found for found in runs if any(_is(blow, kind, long) for blow in found["blows"])]
            yield f"{kind}{' of a minute' if long else ''}", hit
    yield "**all**", [found for found in runs if found["blows"]]


def _is(blow: dict[str, Any], kind: Kind, long: bool) -> bool:
    return bool(blow["kind"] == kind and (blow["seconds"] >= LONG_OUTAGE) == long)
