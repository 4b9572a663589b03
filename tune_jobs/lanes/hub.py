"""The broker as several processes share it: lanes, trials and drivers of any number of sweeps on one store.

`Hub` is a plain object, thin over the broker and the fleet; `tune_jobs/on_ray/broker_actor.py` makes an actor of it. A
driver that does not attend for a while is dead: its trials want nothing any more, and its lanes are gone.
"""

from __future__ import annotations

import uuid
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from trainers.lane import Assignment, Ending, LaneId, Leave, Outcome, Place, Verdict, Wait
from trainers.stages import Shape, Stage
from tune_jobs.lanes.broker import Answer, Broker, Patience
from tune_jobs.lanes.fleet import Fleet, Limits
from tune_jobs.lanes.notices import StageBegun, StageEnded, StageProgress
from tune_jobs.lanes.shares import Claim, Room
from tune_jobs.lanes.stage_states import Shelf

LEASE = 20.0  # seconds without a word from its driver after which a sweep's wants end
KEPT = 10_000  # notices that a driver may be late for

LaneNotice = StageBegun | StageProgress | StageEnded


@dataclass(frozen=True)
class Driver:
    """What a driver says of itself.

    Attributes:
        nonce: one a process: another one than before is the successor of a driver that died, and its lanes with it.
        room: what the cluster has.
        limits: how many lanes it wants.
        ahead: what it will want first, so that a lane can start before a trial has.
        lanes: that it has, with their sizes.
        ended: its lanes that have ended.
    """

    nonce: str
    room: Room
    limits: Limits
    ahead: Counter[Shape]
    lanes: Mapping[str, Shape] = field(default_factory=dict)
    ended: tuple[str, ...] = ()


@dataclass(frozen=True)
class News:
    """What a driver learns when it attends.

    Attributes:
        life: of the hub; another one than before has forgotten what it was told.
        notices: of stages that the sweep's trials want, since the last time.
        launch: lanes to start.
        made: stages that were committed for the sweep's trials, with the attempts that lanes were given.
        trouble: what the user has to mend before anything can go on; "" if nothing.
        waited: seconds for which a lane of this driver has not been placed, and its size.
    """

    life: str
    notices: list[LaneNotice]
    launch: dict[str, Shape]
    made: list[tuple[str, str]]
    trouble: str
    waited: tuple[float, Shape] | None


@dataclass
class Sweep:
    """What the hub keeps for one sweep's driver."""

    driver: str
    seen: float
    notices: deque[LaneNotice]
    made: list[tuple[str, str]]
    trouble: str = ""
    begun: bool = False  # one of its trials has wanted something


class Hub:
    """Implements `trainers.lane.Work` for lanes, `want`, `done`, `drop` for trials, `attend` for drivers."""

    def __init__(
        self, store: Shelf, clock: Callable[[], float], nodes: Callable[[], Collection[str]], patience: Patience
    ) -> None:
        """Args:
        store: of the stages.
        clock: seconds, monotonic, also over a restart of this process.
        nodes: the machines that are alive.
        patience: the broker's.
        """
        self._clock = clock
        self._born = clock()
        self._nodes = nodes
        self._life = uuid.uuid4().hex
        self._broker = Broker(store, clock, patience)
        self._fleet = Fleet(clock)
        self._stands: dict[str, tuple[Place, ...]] = {}  # lane → where its workers are, by rank
        self._running: dict[str, tuple[Stage, set[str]]] = {}  # lane → what it was given, and the sweeps that want it
        self._sweeps: dict[str, Sweep] = {}
        self._briefs: dict[str, object] = {}
        self._others: tuple[Claim, ...] = ()
        self._ended: set[str] = set()  # lanes that are gone, or about to die with their driver

    # --- lanes ------------------------------------------------------------------------------------------------------

    def arrive(self, name: str, places: tuple[Place, ...] = ()) -> LaneId:
        """See `Work.arrive`; what a lane ran on a machine that is gone is excused."""
        excused = self._lost_node(name)
        self._stands[name] = places
        self._running.pop(name, None)
        return self._broker.arrive(name, places, excused=excused)

    def ask(self, lane: LaneId, shape: Shape | None = None) -> Assignment | Wait | Leave:
        """See `Work.ask`."""
        if lane.name in self._ended or self._fleet.leaves(lane.name):
            return Leave()
        answer = self._broker.ask(lane, shape)
        if shape is not None:
            self._fleet.saw(lane.name, shape, busy=isinstance(answer, Assignment))
        if isinstance(answer, Assignment):
            stage = answer.stage
            sweeps = {trial.partition("/")[0] for trial in self._broker.wanting(stage.id)}
            self._running[lane.name] = stage, sweeps
            self._note(sweeps, StageBegun(lane.name, stage.id, stage.label))
        return answer

    def progress(self, lane: LaneId, stage: str, attempt: str, step: int, steps: int) -> Verdict:
        """See `Work.progress`."""
        known, sweeps = self._running.get(lane.name, (None, set()))
        if known is not None and known.id == stage:
            self._note(sweeps, StageProgress(lane.name, stage, known.label, step, steps))
        return self._broker.progress(lane, stage, attempt, step, steps)

    def end(self, lane: LaneId, stage: str, attempt: str, outcome: Outcome) -> None:
        """See `Work.end`."""
        self._broker.end(lane, stage, attempt, outcome)
        known, sweeps = self._running.pop(lane.name, (None, set()))
        sweeps = sweeps or {trial.partition("/")[0] for trial in self._broker.wanting(stage)}
        label = known.label if known is not None else stage[:12]
        self._note(sweeps, StageEnded(lane.name, stage, label, outcome.ending, outcome.reason))
        for sweep in sweeps & self._sweeps.keys():
            if outcome.ending is Ending.COMMITTED:
                self._sweeps[sweep].made.append((stage, attempt))
            if outcome.ending is Ending.MENDABLE:
                self._sweeps[sweep].trouble = outcome.reason

    def working(self) -> dict[str, tuple[str, tuple[Place, ...]]]:
        """Lanes at work: what they run, and where their workers are, by rank."""
        return {name: (stage.label, self._stands.get(name, ())) for name, (stage, _) in self._running.items()}

    # --- trials -----------------------------------------------------------------------------------------------------

    def enter(self, trial: str, brief: object) -> None:
        """What a trial has to know, kept for it until it is dropped."""
        self._briefs[trial] = brief

    def brief(self, trial: str) -> object | None:
        """What was entered for a trial; None: not yet, or not since this hub's death."""
        return self._briefs.get(trial)

    def want(self, trial: str, rung: int, wanted: Iterable[str], stages: Mapping[str, Stage]) -> None:
        """See `Broker.want`; `trial` is `<sweep>/<number>`."""
        self._broker.want(trial, rung, wanted, stages)

    def done(self, wanted: Iterable[str]) -> Answer | None:
        """See `Broker.done`; None: want them first (this hub has died since, or the trial was dropped)."""
        ids = tuple(wanted)
        return self._broker.done(ids) if self._broker.knows(ids) else None

    def drop(self, trial: str) -> None:
        """See `Broker.drop`."""
        self._briefs.pop(trial, None)
        self._broker.drop(trial)

    # --- drivers ----------------------------------------------------------------------------------------------------

    def attend(self, sweep: str, driver: Driver) -> News:
        """A sweep's driver says that it lives, and learns what has happened."""
        now = self._clock()
        if sweep in self._sweeps and self._sweeps[sweep].driver != driver.nonce:
            self.leave(sweep)
        mine = self._sweeps.setdefault(sweep, Sweep(driver.nonce, now, deque(maxlen=KEPT), []))
        mine.seen = now
        for name in driver.ended:
            self._gone(name, excused=self._lost_node(name))
        for other in [name for name, entry in self._sweeps.items() if now - entry.seen > LEASE]:
            self.leave(other)
        self._fleet.adopt(sweep, driver.lanes)
        mine.begun |= any(trial.partition("/")[0] == sweep for trial in self._broker.trials())
        demand = self._broker.demand() if mine.begun else driver.ahead
        launch = self._fleet.grow(sweep, demand, driver.room, driver.limits, self._others)
        news = News(self._life, list(mine.notices), launch, mine.made, mine.trouble, self._fleet.wait(sweep))
        mine.notices.clear()
        mine.made, mine.trouble = [], ""
        return news

    def stop(self, sweep: str) -> int:
        """The sweep's trials want nothing any more, and its lanes leave after their stages.

        Returns:
            How many lanes are still there; those that have found no place yet need no farewell.
        """
        for trial in self._broker.trials() | self._briefs.keys():
            if trial.partition("/")[0] == sweep:
                self.drop(trial)
        self._fleet.release(sweep)
        members = self._fleet.members.values()
        return sum(member.owner == sweep and member.placed is not None for member in members)

    def leave(self, sweep: str) -> int:
        """The driver is gone, and its lanes with it.

        Returns:
            How many other drivers there are.
        """
        self.stop(sweep)
        for name in [name for name, member in self._fleet.members.items() if member.owner == sweep]:
            self._gone(name, excused=True)  # its driver died: not the stage's fault
        self._sweeps.pop(sweep, None)
        return len(self._sweeps)

    def quiet(self) -> float:
        """Seconds since a driver was heard; the hub's own age if none ever was."""
        return self._clock() - max((sweep.seen for sweep in list(self._sweeps.values())), default=self._born)

    # --- the hubs of other stores -----------------------------------------------------------------------------------

    def claim(self) -> Claim:
        """What this hub's lanes hold."""
        return self._fleet.claim()

    def hear(self, claims: Iterable[Claim]) -> None:
        """What those of the other hubs on the cluster hold."""
        self._others = tuple(claims)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _gone(self, name: str, *, excused: bool) -> None:
        """A lane has ended; if it was at work, that is lost."""
        self._broker.leave(name, excused=excused)
        self._stands.pop(name, None)
        self._running.pop(name, None)
        self._fleet.gone(name)
        self._ended.add(name)

    def _lost_node(self, lane: str) -> bool:
        return not {place.node for place in self._stands.get(lane, ())} <= set(self._nodes())

    def _note(self, sweeps: Iterable[str], notice: LaneNotice) -> None:
        for sweep in sweeps:
            if sweep in self._sweeps:
                self._sweeps[sweep].notices.append(notice)
