"""The sweep's truth: numbered create-only objects in the store, one writer at a time.

`sweeps/<name>/events/<number>.json`. An event is written before it takes effect, so whoever reads the log knows all
that has happened. Two drivers cannot both create number n: the second learns from it that it has been replaced.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby

from pydantic import ValidationError

from tasks.errors import UserError
from trainers.store.objects import Objects
from tune_jobs.sweeps.events import AnyEvent, Driver, Envelope
from tune_jobs.sweeps.history import History
from tune_jobs.sweeps.roots import refer

DIGITS = 8  # numbers are padded, so that a listing is in order
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def replay(objects: Objects, sweep: str) -> Iterator[Envelope]:
    """All events of a sweep, in order; none if there is no such sweep.

    Raises:
        UserError: an event is damaged, or one is missing in the middle.
    """
    prefix = _prefix(sweep)
    for number, info in enumerate(objects.list(prefix)):
        if info.key != _key(sweep, number):
            raise UserError(f"expected event {number} next: restore the store", where=f"{objects.name}/{info.key}")
        yield _read(objects, info.key, number)


def sweeps(objects: Objects) -> list[str]:
    """Names of all sweeps in a store, sorted."""
    first = f"/events/{0:0{DIGITS}d}.json"
    keys = (info.key for info in objects.list("sweeps/"))
    return [key.removeprefix("sweeps/").removesuffix(first) for key in keys if key.endswith(first)]


class EventLog:
    """The writer's end of the log, and in `history` what all its events amount to."""

    def __init__(self, objects: Objects, sweep: str, *, clock: Callable[[], float] = time.time) -> None:
        """Read the log; writing begins with `take_over`, or with an opening event on an empty log."""
        self.sweep = sweep
        self.nonce = uuid.uuid4().hex
        self.reign = 0  # the number of the event by which this driver took over: a successor's is greater
        self.driven = 0.0  # seconds that earlier drivers have driven, each from its first event to its last
        self._objects = objects
        self._clock = clock
        self.history = History()
        self._next = 0
        for _, envelopes in groupby(replay(objects, sweep), key=lambda envelope: envelope.driver):
            times = []
            for envelope in envelopes:
                self.history.apply(envelope.event)
                self._next += 1
                times.append(envelope.at)
            self.driven += max(times[-1] - times[0], 0.0)

    def take_over(self, versions: dict[str, str]) -> None:
        """Become the one driver: the next write of whoever drove before fails."""
        self.reign = self._next
        self.write(Driver(versions=versions))

    def write(self, event: AnyEvent) -> None:
        """Add an event; it has happened when this returns.

        Raises:
            UserError: another driver has written in the meantime, or the store cannot be written.
        """
        envelope = Envelope(number=self._next, driver=self.nonce, at=self._clock(), event=event)
        key = _key(self.sweep, self._next)
        if not self._objects.create(key, envelope.model_dump_json().encode()):
            raise replaced(self.sweep)
        self._next += 1
        self.history.apply(event)

    def refer(self, roots: Iterable[str]) -> None:
        """Note what a trial that is about to begin stands on (`Graph.roots`)."""
        refer(self._objects, self.sweep, roots)

    def check(self) -> None:
        """Between two events: raise `UserError` if another driver has taken over."""
        with suppress(KeyError):  # one object is asked for: a listing has all that were written before
            self._objects.read(_key(self.sweep, self._next))
            raise replaced(self.sweep)


def replaced(sweep: str) -> UserError:
    """What a driver ends with that is no longer the one."""
    return UserError("another driver runs this sweep: this one stops", where=f"sweep {sweep}")


def _prefix(sweep: str) -> str:
    if not NAME.fullmatch(sweep):
        raise UserError("a sweep's name has letters, digits, '.', '_' and '-' only", where=f"sweep {sweep!r}")
    return f"sweeps/{sweep}/events/"


def _key(sweep: str, number: int) -> str:
    return f"{_prefix(sweep)}{number:0{DIGITS}d}.json"


def _read(objects: Objects, key: str, number: int) -> Envelope:
    try:
        envelope = Envelope.model_validate_json(objects.read(key))
    except ValidationError as error:
        first = error.errors()[0]
        why = ": ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)
        raise UserError(
            f"not an event that this version reads ({why}); restore it, or give the space another name",
            where=f"{objects.name}/{key}",
        ) from error
    if envelope.number != number:
        raise UserError(f"is event {envelope.number}, not {number}", where=f"{objects.name}/{key}")
    return envelope
