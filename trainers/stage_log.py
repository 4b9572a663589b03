"""A stage's log: what a lane's process writes while it runs the stage, kept in the store beside the attempt.

Each save of progress keeps what has been written since the one before, so a lane that dies loses no more of its log
than of its training.
"""

from __future__ import annotations

import logging
import time
from types import TracebackType

from trainers.lane import Assignment
from trainers.store.stages import StageStore

PACKAGES = ("tasks", "trainers")
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
        self._lines: list[str] = []
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
        self._lines.append(self.format(record))

    def keep(self) -> None:
        """Store what has come since the last time; times are UTC.

        Raises:
            UserError: the store cannot be written.
        """
        if self._lines:
            stage, attempt = self._assignment.stage.id, self._assignment.attempt
            text = "".join(f"{line}\n" for line in self._lines)
            self._lines = []  # first: the store may have to log something
            self._store.keep_log(stage, attempt, f"{self._parts:04d}-{self._rank}", text)
            self._parts += 1
