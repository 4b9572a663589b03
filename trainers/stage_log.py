"""A stage's log: what a lane's process writes while it runs the stage, kept in the store beside the attempt.

Each save of progress keeps what has been written since the one before, so a lane that dies loses no more of its log
than of its training. Of what a library says again and again between two saves, the first and the last lines are kept.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from types import TracebackType

from trainers.lane import Assignment
from trainers.store.stages import StageStore

PACKAGES = ("tasks", "trainers")
LINES = 2_000  # of a part, at each of its ends
FORM = "%(asctime)s %(levelname)s %(message)s"


class StageLog(logging.Handler):
    """While it is entered, gathers what our packages log in this process, from INFO on; on leaving, all is kept."""

    def __init__(self, store: StageStore, assignment: Assignment, rank: int = 0) -> None:
        super().__init__(logging.INFO if rank == 0 else logging.WARNING)  # what goes well is the same on all ranks
        form = logging.Formatter(FORM if rank == 0 else f"{FORM} (rank {rank})", "%Y-%m-%dT%H:%M:%SZ")
        form.converter = time.gmtime
        self.setFormatter(form)
        self._store = store
        self._assignment = assignment
        self._rank = rank
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=LINES)
        self._left_out = 0
        self._parts = 0
        self._before: list[tuple[logging.Logger, int]] = []

    def __enter__(self) -> StageLog:
        for logger in map(logging.getLogger, PACKAGES):
            self._before.append((logger, logger.level))
            logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
            logger.addHandler(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for logger, level in self._before:
            logger.removeHandler(self)
            logger.setLevel(level)
        if kind is None:  # an exception is the store's or the user's to mend: it is what people are told
            self.keep()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        line = self.format(record)
        if len(self._first) < LINES:
            self._first.append(line)
            return
        self._left_out += len(self._last) == LINES
        self._last.append(line)

    def keep(self) -> None:
        """Store what has come since the last time; times are UTC.

        Raises:
            UserError: the store cannot be written.
        """
        if self._first:
            stage, attempt = self._assignment.stage.id, self._assignment.attempt
            left_out = [f"({self._left_out} lines left out)"] if self._left_out else []
            text = "".join(f"{line}\n" for line in (*self._first, *left_out, *self._last))
            self._first, self._left_out = [], 0  # first: the store may have to log something
            self._last.clear()
            self._store.keep_log(stage, attempt, f"{self._parts:04d}-{self._rank}", text)
            self._parts += 1
