"""Run `crosslift`, and strike its whole process group with a signal at an exact moment of its writing into a folder.

    python struck.py TRACE SIGNAL before|after COUNT PATTERN COMMAND…

A file enters a folder store by one hard link. The signal comes right before or after the COUNTth link to a path that
PATTERN is found in; behind the path of a sweep's event stands what is in it. Every link that was made is a line of the
file TRACE.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from trainers.store import folder
from tune_jobs.commands.main import main

Link = Callable[[Path, Path], bool]


def struck(link: Link, trace: Path, strike: signal.Signals, moment: str, count: int, pattern: str) -> Link:
    """The link function, with the strike in it."""
    met = 0

    def linked(temporary: Path, target: Path) -> bool:
        nonlocal met
        text = f"{target} {temporary.read_text()}" if "/events/" in target.as_posix() else str(target)
        met += re.search(pattern, text) is not None
        now = met == count and re.search(pattern, text) is not None
        if now and moment == "before":
            os.killpg(0, strike)
        made = link(temporary, target)
        with trace.open("a") as lines:
            lines.write(f"{target}\n")
        if now and moment == "after":
            os.killpg(0, strike)
        return made

    return linked


if __name__ == "__main__":
    trace, strike, moment, count, pattern, *command = sys.argv[1:]
    folder._link = struck(folder._link, Path(trace), signal.Signals[strike], moment, int(count), pattern)
    main(command)
