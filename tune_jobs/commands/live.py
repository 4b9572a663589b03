"""What is on screen while a sweep runs: one moving line on a terminal, an occasional plain line anywhere else.

All of it goes to stderr; stdout is for results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from trainers.lane import Ending
from tune_jobs.lanes.notices import Notice, OnEvent, Remark, StageBegun, StageEnded, StageProgress
from tune_jobs.results.stages import SHORT
from tune_jobs.results.words import recipe_in_words
from tune_jobs.sweeps.events import Decided, Ended, Rung, Sampled

EVERY = 30.0  # seconds between two plain lines about stages

GOOD = (Ending.COMMITTED, Ending.STOPPED)
LOGGED = (Ending.FAILED, Ending.DIVERGED)  # the stage's own log says more


@contextmanager
def live(store: str, screen: Console | None = None, clock: Callable[[], float] = time.monotonic) -> Iterator[OnEvent]:
    """Within: a function that takes a sweep's notices and shows them.

    Args:
        store: where logs are.
        screen: where; stderr by default.
        clock: seconds.
    """
    screen = screen or Console(stderr=True, markup=False, highlight=False)
    if not screen.is_terminal:
        yield _Plain(store, screen, clock)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        yield _Moving(store, screen, progress)


class _Plain:
    """A line for every trial's end and every mishap, and one about stages now and then."""

    def __init__(self, store: str, screen: Console, clock: Callable[[], float]) -> None:
        self._store = store
        self._screen = screen
        self._clock = clock
        self._last = clock()
        self._done = 0

    def __call__(self, notice: Notice) -> None:
        line = _line(notice, self._store)
        self._done += isinstance(notice, StageEnded) and notice.ending is Ending.COMMITTED
        if line is None and isinstance(notice, StageProgress) and self._clock() - self._last >= EVERY:
            line = f"{notice.label}: step {notice.step} of {notice.steps} ({self._done} stages done)"
        if line is not None:
            self._last = self._clock()
            self._screen.print(line, soft_wrap=True)


class _Moving:
    """The running stages as bars; the lines above them stay."""

    def __init__(self, store: str, screen: Console, progress: Progress) -> None:
        self._store = store
        self._screen = screen
        self._progress = progress
        self._bars: dict[str, TaskID] = {}  # by lane

    def __call__(self, notice: Notice) -> None:
        line = _line(notice, self._store)
        if line is not None:
            self._screen.print(line)
        match notice:
            case StageBegun():
                self._clear(notice.lane)
                self._bars[notice.lane] = self._progress.add_task(notice.label, total=None)
            case StageProgress() if notice.lane in self._bars:
                self._progress.update(self._bars[notice.lane], completed=notice.step, total=notice.steps)
            case StageEnded():
                self._clear(notice.lane)

    def _clear(self, lane: str) -> None:
        bar = self._bars.pop(lane, None)
        if bar is not None:
            self._progress.remove_task(bar)


def _line(notice: Notice, store: str) -> str | None:
    """What is worth a line that stays."""
    match notice:
        case Sampled():
            return f"trial {notice.trial}: {recipe_in_words(notice.recipe)}"
        case Rung():
            return f"trial {notice.trial}: {notice.value:.1f} on {len(notice.cells)} cells of rung {notice.rung + 1}"
        case Decided(go_on=False):
            return f"trial {notice.trial}: pruned after rung {notice.rung + 1}"
        case Ended(how="failed"):
            return f"trial {notice.trial}: failed: {notice.reason}"
        case Remark():
            return notice.text
        case StageEnded() if notice.ending not in GOOD:
            log = f" (log: crosslift stages {notice.stage[:SHORT]} --store {store})" if notice.ending in LOGGED else ""
            return f"{notice.label}: {notice.ending.value}{': ' if notice.reason else ''}{notice.reason}{log}"
    return None
