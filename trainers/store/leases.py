"""Leases: the newest attempt at a stage holds it, for as long as it shows signs of life.

A lease is no object of its own. `BEGIN.<n>.json` says who begins, and creating it is what only one of many can do. A
sign of life is anything that lies under the attempt; where nothing else is written, small numbered objects are::

    stages/<id>/<attempt>/alive/<k>    by whoever does the work, every few seconds; the one before goes
    stages/<id>/<attempt>/RELEASED     it has stopped without a COMMIT: others need not wait

A lease ends with a COMMIT, with RELEASED, or when its last sign of life is older than the term; only the store's own
clock is asked. Whoever lost a lease and goes on all the same does no harm: the first COMMIT counts.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.errors import UserError
from trainers.identity import canonical_json
from trainers.store.objects import ChangedObject, ObjectInfo, Objects
from trainers.store.survey import ALIVE, RELEASED, Survey

TERM = 90.0  # seconds without a sign of life after which a lease has lapsed: a store may be away for a minute
BEATS = 6  # signs of life in a term

log = logging.getLogger(__name__)


class Holder(BaseModel):
    """Who makes a stage.

    Attributes:
        life: of the broker that handed it out; unique.
        name: for people.
        reigns: the sweeps that it is made for → which of their drivers (a successor's number is greater).
    """

    model_config = ConfigDict(frozen=True)

    life: str
    name: str
    reigns: dict[str, int] = {}

    def succeeds(self, other: Holder) -> bool:
        """Whether this holder knows that the other one is over: it is its own, or drives the same sweeps after it."""
        if self.life == other.life:
            return True
        mine = self.reigns
        return bool(other.reigns) and all(name in mine and reign <= mine[name] for name, reign in other.reigns.items())


class Begin(BaseModel):
    """What BEGIN says. `commit`: the least number that this attempt's COMMIT can have."""

    attempt: str
    holder: Holder | None = None  # None: nobody, as before there were leases
    commit: int = 0

    def seal(self) -> bytes:
        """As bytes to store."""
        content: dict[str, Any] = self.model_dump(exclude_none=True)
        return canonical_json(content)


@dataclass(frozen=True)
class Held:
    """An attempt that holds its stage: begun at `since`, last seen alive at `seen`, in seconds by the store's clock."""

    holder: Holder
    attempt: str
    since: float
    seen: float


def lease(survey: Survey) -> Held | None:
    """Who holds a stage, whether or not it has lapsed; None: nobody, or it ended with a COMMIT or was released."""
    number = max(survey.numbers("BEGIN"), default=None)
    if number is None:
        return None
    signs = _under(survey, number)
    if any(info.key.rpartition("/")[2] == RELEASED for info in signs):
        return None
    begin = _begin(survey, number)
    if begin is None or begin.holder is None or any(made >= begin.commit for made in survey.numbers("COMMIT")):
        return None
    since = survey.found[f"BEGIN.{number}.json"].modified
    return Held(begin.holder, begin.attempt, since, max([since, *(info.modified for info in signs)]))


def holder_of(survey: Survey, attempt: str) -> Holder | None:
    """Who began an attempt; None: its BEGIN does not say."""
    begin = _begin(survey, int(attempt.partition("-")[0]))
    return begin.holder if begin is not None else None


def held(survey: Survey, now: float, term: float) -> bool:
    """Whether somebody holds a stage at a time (by the store's clock)."""
    found = lease(survey)
    return found is not None and now - found.seen <= term


class Holding:
    """While it is entered, an attempt's lease lives; on leaving it is given up, unless `committed` has been set.

    Writes come from a thread of its own, and none of them is necessary: what the store does not take is logged. `lost`
    tells that a newer attempt has begun; from then on nothing is written.
    """

    def __init__(self, objects: Objects, stage: str, attempt: str, term: float = TERM) -> None:
        self.committed = False
        self.lost = False
        self._objects = objects
        self._stage = stage
        self._folder = f"stages/{stage}/{attempt}"
        self._number = int(attempt.partition("-")[0])
        self._pause = term / BEATS
        self._beats = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Holding:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        if isinstance(error, UserError):  # the store has been waited for long enough: the term ends the lease
            return
        self._thread.join()
        try:
            if not self.committed and not self._superseded():
                self._objects.create(f"{self._folder}/{RELEASED}", b"{}")
            self._silence()
        except UserError as fault:
            log.warning("the lease ends with its term, not at once: %s", fault)

    def _live(self) -> None:
        pause = self._pause
        while not self.lost and not self._over.wait(pause):
            try:
                self._beat()
                pause = self._pause
            except UserError as fault:  # it may be back in time
                log.warning("no sign of life could be written: %s", fault)
                pause = self._pause / BEATS

    def _beat(self) -> None:
        if self._superseded():
            log.warning("another attempt has begun")
            self.lost = True
            return
        self._objects.create(self._sign(self._beats + 1), b"{}")
        self._silence()
        self._beats += 1

    def _silence(self) -> None:
        """Take back the last sign."""
        if self._beats:
            self._objects.delete(self._sign(self._beats))

    def _sign(self, number: int) -> str:
        return f"{self._folder}/{ALIVE}/{number:06d}"

    def _superseded(self) -> bool:
        begun = Survey.of(self._objects, self._stage, "BEGIN.").numbers("BEGIN")
        return max(begun, default=0) > self._number


def _under(survey: Survey, number: int) -> list[ObjectInfo]:
    """All objects of the attempt with this number."""
    return [info for key, info in survey.found.items() if key.startswith(f"{number:06d}-")]


def _begin(survey: Survey, number: int) -> Begin | None:
    key = f"BEGIN.{number}.json"
    try:
        return Begin.model_validate_json(survey.objects.read(f"stages/{survey.stage}/{key}"))
    except KeyError:  # deleted since the listing
        return None
    except (ValidationError, ChangedObject):
        survey.damage.append(f"{key}: it does not say who began; nobody is taken to hold the stage")
        return None
