"""A log file for each command: notes, warnings and tracebacks of stages, which are not for the screen."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tune_jobs.places import cache_folder

PACKAGES = ("tasks", "trainers", "search_spaces", "tune_jobs")
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LogFile(logging.FileHandler):
    """A file, and its folder, that come with the first record."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", delay=True)
        self.setFormatter(logging.Formatter(_FORMAT))
        self.path = path
        self.warned = False  # whether anything is in it that the user should look at

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record.

        Raises:
            OSError: the cache cannot be written; a stage could not either.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
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
