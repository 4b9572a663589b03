"""`python -m tests.chaos`: many runs, each with another number; the same command continues.

Exit code 1: something did not hold; its run is told again with `--from N --runs 1`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.chaos.blows import draw
from tests.chaos.ground import Ground, ground
from tests.chaos.records import append, load, record, table
from tests.chaos.story import live


def main() -> int:
    """Run, or print the table of what was run."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--from", type=int, default=None, dest="first", help="run these anew; else what is missing")
    parser.add_argument("--minutes", type=float, default=75.0, help="no run is begun later")
    parser.add_argument("--results", type=Path, default=Path("chaos/results.jsonl"))
    parser.add_argument("--table", action="store_true", help="print the table only")
    given = parser.parse_args()
    known = load(given.results)
    if not given.table:
        first = 1 if given.first is None else given.first
        numbers = [n for n in range(first, first + given.runs) if given.first is not None or n not in known]
        _run(numbers, given.results, time.monotonic() + 60 * given.minutes)
        known = load(given.results)
    print(table(known.values()))  # noqa: T201 - a command's result
    return 1 if any(found["faults"] for found in known.values()) else 0


def _run(numbers: list[int], results: Path, until: float) -> None:
    if not numbers:
        return
    temporary = tempfile.TemporaryDirectory(prefix="crosslift-chaos-", ignore_cleanup_errors=True)
    with temporary as folder, ground(Path(folder)) as place:
        for number in numbers:
            if time.monotonic() > until:
                break
            _one(place, number, results)


def _one(place: Ground, number: int, results: Path) -> None:
    plan = draw(number)
    ended = live(place, plan)
    found = record(plan, ended)
    append(results, found)
    struck = ", ".join(f"{blow.kind} after {blow.after} commits" for blow in plan.blows) or "nothing"
    how = "; ".join(ended.faults) or "as undisturbed"
    print(f"run {number}: {struck}: {how} ({ended.seconds:.0f} s)", file=sys.stderr, flush=True)  # noqa: T201 - progress
    if ended.broken:
        _keep(place, number, results.parent / f"run-{number}.txt", ended.said)
        place.restart()
    else:
        place.bucket(number).clear()


def _keep(place: Ground, number: int, path: Path, said: str) -> None:
    """What helps to understand a fault: what the sweep said, the keys of its store, and the logs of its stages."""
    lab = place.bucket(number)
    logs = [f"--- {stage}\n{lab.store.logs(stage)}" for stage in sorted(set(lab.begun()))]
    with suppress(OSError):
        path.write_text("\n".join([said, *lab.keys(), *logs]))


if __name__ == "__main__":
    sys.exit(main())
