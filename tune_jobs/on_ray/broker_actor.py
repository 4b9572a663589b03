"""The hub as a named actor on the head node, one for each store, and the handle through which all others reach it.

Every call is idempotent, so it is repeated after the actor's death; the actor comes back empty, lanes announce what
they run, and trials want again what they want.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, cast

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.code import code_digest
from tune_jobs.lanes.broker import Patience
from tune_jobs.lanes.hub import LEASE, Hub
from tune_jobs.lanes.shares import Claim
from tune_jobs.on_ray import janitor
from tune_jobs.on_ray.metrics import BrokerMetrics, count_store_faults
from tune_jobs.on_ray.nodes import Seldom, alive, doomed

NAMESPACE = "crosslift"
PREFIX = "broker-"
LOOK = 2.0  # seconds between two looks at the other brokers
CLEARING = 30.0  # seconds between two looks for what dead jobs have left
SETTLING = 3.0  # seconds after the actor's start in which the lanes that a predecessor had served report
REVIVAL = 60.0  # seconds that whoever calls waits for it to come back
PAUSE = 0.2  # seconds between two tries
ALONE = 3 * LEASE  # seconds without a word of its drivers after which the actor ends
DESERTED = 4.0  # the same where all of them have left: what their jobs have left behind can be seen by then

log = logging.getLogger(__name__)


class BrokerActor:
    """Forwards each call to the hub."""

    def __init__(self, location: str) -> None:
        patience = Patience(settling=SETTLING)
        store = StageStore(open_objects(location, reached=True))
        self._hub = Hub(store, time.monotonic, Seldom(alive), patience, Seldom(doomed))
        self._name = name_of(location)
        self._calls = 0  # that have begun and not ended: a store may keep one waiting for minutes
        self._spoken = time.monotonic()  # when the last one ended
        self._quiet = threading.Lock()  # held while the hub changes
        self._metrics = BrokerMetrics(location.rstrip("/"))
        count_store_faults()
        threading.Thread(target=self._look_around, daemon=True).start()

    def call(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """One call of the hub."""
        if name == "claim":  # another broker's, which is no reason to stay
            return self._hub.claim()
        self._calls += 1
        try:
            with self._quiet:
                return getattr(self._hub, name)(*arguments, **keywords)
        finally:
            self._spoken = time.monotonic()
            self._calls -= 1

    def _look_around(self) -> None:
        """Hear the brokers of other stores, clear away what dead jobs have left, publish what there is, and end when
        there is no driver.
        """
        me = ray.get_runtime_context().current_actor  # not there when the thread ends
        cleared = -CLEARING
        claims: dict[str, Claim] = {}
        while self._calls or time.monotonic() - self._spoken < (ALONE if self._hub.attended() else DESERTED):
            try:
                claims = dict(_claims(self._name, claims))
                self._hub.hear(claims.values())
                self._publish()
                if time.monotonic() - cleared > CLEARING:
                    cleared = time.monotonic()
                    janitor.clear()
            except Exception:  # the cluster is in trouble, or ends: whoever waits for us will know
                log.exception("the cluster does not answer")
            time.sleep(LOOK)
        with suppress(Exception):  # or its successor does it
            janitor.clear()
        ray.kill(me)  # for good: it is not started again

    def _publish(self) -> None:
        """What the hub counts, unless it waits for its store."""
        if self._quiet.acquire(timeout=LOOK):
            try:
                census = self._hub.census()
            finally:
                self._quiet.release()
            self._metrics.publish(census)


def _claims(mine: str, before: Mapping[str, Claim]) -> Iterator[tuple[str, Claim]]:
    """Of the other brokers on the cluster, by name; one that does not answer still claims what it did before."""
    for actor in ray.util.list_named_actors(all_namespaces=True):
        if actor["namespace"] == NAMESPACE and actor["name"].startswith(PREFIX) and actor["name"] != mine:
            name = actor["name"]
            try:
                other = ray.get_actor(name, NAMESPACE)
                yield name, cast(Claim, ray.get(other.call.remote("claim", (), {}), timeout=LOOK))
            except (ValueError, ray.exceptions.RayError):  # it ends, starts again, or is slow
                if name in before:
                    yield name, before[name]


class RemoteBroker:
    """The hub in another process: has the methods of `Hub`, each a call to its actor, whichever that is by then."""

    def __init__(self, location: str, find: Callable[[], Any]) -> None:
        """Args:
        location: of the store.
        find: the broker, as an actor; raises ValueError if there is none now. Not passed on to other processes, which
            only look for it.
        """
        self._location = location
        self._find = find
        self._actor = find()

    def __reduce__(self) -> tuple[Any, ...]:
        return _there, (self._location,)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments, **keywords: self._call(name, arguments, keywords)

    def _call(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        given_up = time.monotonic() + REVIVAL
        while True:
            try:
                return ray.get(self._actor.call.remote(name, arguments, keywords))
            except ray.exceptions.RayTaskError as error:  # what the hub raises, without Ray's frames
                raise error.cause from None
            except ray.exceptions.RayActorError:  # it died, and Ray starts it again; or it has ended for good
                if time.monotonic() > given_up:
                    raise
                time.sleep(PAUSE)
                with suppress(ValueError):
                    self._actor = self._find()


def _there(location: str) -> RemoteBroker:
    return RemoteBroker(location, lambda: ray.get_actor(name_of(location), NAMESPACE))


def name_of(location: str) -> str:
    """The actor's name: of a store, however it is spelt, and of this code: two sweeps never mix theirs."""
    return PREFIX + hashlib.sha256(f"{code_digest()} {location.rstrip('/')}".encode()).hexdigest()[:16]


def broker_of(location: str, head: str) -> Hub:
    """The broker of a store on this Ray instance, started on the head node if there is none.

    It ends by itself when there are no drivers any more.
    """
    settings = ray.remote(BrokerActor).options(
        name=name_of(location),
        namespace=NAMESPACE,
        get_if_exists=True,
        lifetime="detached",
        num_cpus=0,
        max_restarts=-1,
        scheduling_strategy=NodeAffinitySchedulingStrategy(head, soft=False),
    )
    return cast(Hub, RemoteBroker(location, lambda: settings.remote(location)))
