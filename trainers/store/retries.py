"""How a store that fails is tried again: the pauses between tries, until when, and what is said meanwhile."""

from __future__ import annotations

import logging
import math
import os
import random
import time
from collections.abc import Callable
from itertools import count
from threading import Event
from typing import TypeVar

from tasks.errors import UserError

log = logging.getLogger(__name__)

T = TypeVar("T")

WAIT = "CROSSLIFT_STORE_WAIT"
"""The environment variable that says for how many seconds a store which fails is tried again."""

DEADLINE = 300.0  # seconds without it
STRANGER = 15.0  # seconds for a store that has never answered: its address is wrong, more likely than not
LONGEST = 10.0  # seconds between two tries at most
QUIET = 5.0  # seconds after which a failing store is spoken of: single faults are everyday
RETRIED, GAVE_UP = "tried again", "given up"

Watcher = Callable[[str, str], None]
_watchers: list[Watcher] = []


def watch(watcher: Watcher) -> None:
    """Tell somebody of every fault in this process that may pass: the store's name, and `RETRIED` or `GAVE_UP`."""
    _watchers.append(watcher)


class Passing(Exception):
    """A fault that another try may not meet. The text says what it is, in words that may stand in a log."""


class GaveUp(Exception):
    """Something failed until the deadline; `__cause__` is the last fault."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it failed for {seconds:.0f} s")
        self.seconds = seconds


class Retries:
    """Tries of what is asked of one store, by any number of threads.

    The n-th pause is drawn from 0 to 0.2 · 2ⁿ s, and to 10 s at most, so that many processes do not come back as one
    (exponential backoff with full jitter). Each step has a deadline of its own, which counts from its first fault: a
    store that answers reads and refuses writes does not keep a writer for ever.

    Args:
        name: the store's, for the log.
        passing: the words for a fault that may pass; None for all others, which are raised at once.
        deadline: seconds for which a store that has answered is tried again.
        reached: whether it is known to answer; a store that is not is given up after 15 s.
        clock: seconds that only grow.
        pause: waits on an event for so many seconds.
    """

    def __init__(
        self,
        name: str,
        passing: Callable[[Exception], str | None],
        deadline: float = DEADLINE,
        *,
        reached: bool = False,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[Event, float], object] = Event.wait,
    ) -> None:
        self._name, self._passing, self._deadline = name, passing, deadline
        self._reached = reached
        self._clock, self._pause = clock, pause
        self._said = False  # that the store fails: once an outage, whichever thread notices

    def call(self, step: Callable[[], T], ended: Event | None = None) -> T:
        """What a step gives, which is repeated while it fails in a way that may pass.

        Args:
            step: may be repeated at any point, even if it was done and its reply was lost. Calls may be nested.
            ended: set when nobody needs the result any more: no further try is made.

        Raises:
            GaveUp: the deadline is over, or nobody needs it.
            Exception: what the step raised, if it is no passing fault.
        """
        ended = ended or Event()
        began: float | None = None
        for number in count():
            try:
                result = step()
            except Exception as error:
                why = self._passing(error)
                if why is None:
                    raise
                now = self._clock()
                began = now if began is None else began
                failing = now - began
                left = (self._deadline if self._reached else min(STRANGER, self._deadline)) - failing
                if left > 0:
                    self._fails(why, failing, left)
                    self._pause(ended, min(random.uniform(0, min(0.2 * 2 ** min(number, 10), LONGEST)), left))
                if left <= 0 or ended.is_set():
                    self._tell(GAVE_UP)
                    raise GaveUp(failing) from error
                self._tell(RETRIED)
            else:
                self._reached = True
                if began is not None:
                    self._is_back(self._clock() - began)
                return result
        raise AssertionError("it counts for ever")

    def _fails(self, why: str, failing: float, left: float) -> None:
        if failing >= QUIET and not self._said:
            self._said = True
            log.warning("%s has failed for %.0f s: %s; it is tried for %.0f s more", self._name, failing, why, left)

    def _tell(self, outcome: str) -> None:
        for watcher in tuple(_watchers):
            watcher(self._name, outcome)

    def _is_back(self, failing: float) -> None:
        if self._said:
            self._said = False
            log.warning("%s answers again, after %.0f s", self._name, failing)


def deadline() -> float:
    """Seconds for which a store that has answered is tried again: `CROSSLIFT_STORE_WAIT`, or 300.

    Raises:
        UserError: the variable holds no number of seconds.
    """
    text = os.environ.get(WAIT, "")
    try:
        seconds = float(text or DEADLINE)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise UserError(f"{text!r} is no number of seconds; give one such as {DEADLINE:.0f}", where=WAIT)
    return seconds
