"""A log file for each command: notes, warnings and tracebacks of stages, which are not for the screen."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tune_jobs.places import cache_folder

PACKAGES = ("tasks", "trainers", "search_spaces", "tune_jobs")
SIZE = 10_000_000  # bytes of a file; then the next one begins
BEFORE = 3  # files of a command beside its newest one
OLD = 30 * 86_400.0  # seconds after its last line for which a log stays

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LogFile(RotatingFileHandler):
    """A file, and its folder, that come with the first record; old ones there go then.

    What goes beyond `size` bytes is in `<path>.1` to `<path>.3`, the newest first; what is older than these is lost.
    """

    def __init__(self, path: Path, size: int = SIZE) -> None:
        super().__init__(path, maxBytes=size, backupCount=BEFORE, encoding="utf-8", delay=True)
        self.setFormatter(logging.Formatter(_FORMAT))
        self.path = path
        self.warned = False  # whether anything is in it that the user should look at

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record.

        Raises:
            OSError: the cache cannot be written; a stage could not either.
        """
        if self.stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _clear(self.path.parent)
        super().emit(record)
        self.warned |= record.levelno >= logging.WARNING

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Let an error out: by default it would be a traceback on the screen."""
        raise  # logging calls this while it handles the error


@contextmanager
def log_file() -> Iterator[LogFile]:
    """Within: whatever our packages log, from INFO on, is in a file of this process, and nowhere else."""
    log = LogFile(cache_folder() / "logs" / f"{time.strftime('%Y-%m-%d-%H%M%S')}-{os.getpid()}.log")
    loggers = [logging.getLogger(name) for name in PACKAGES]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(log)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield log
    finally:
        for logger, level, propagate in before:
            logger.removeHandler(log)
            logger.setLevel(level)
            logger.propagate = propagate
        log.close()


def _clear(folder: Path) -> None:
    """Remove logs of long ago; other commands may do so at the same time."""
    for path in folder.glob("*.log*"):
        try:
            if time.time() - path.stat().st_mtime > OLD:
                path.unlink()
        except FileNotFoundError:
            continue
