"""The broker as several processes share it: lanes, trials and drivers of any number of sweeps on one store.

`Hub` is a plain object, thin over the broker and the fleet; `tune_jobs/on_ray/broker_actor.py` makes an actor of it. A
driver that does not attend for a while is dead: its trials want nothing any more, and its lanes are gone.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from trainers.lane import Assignment, Ending, LaneId, Leave, Outcome, Place, Verdict, Wait
from trainers.stages import Shape, Stage
from trainers.store.leases import Held, Holder
from tune_jobs.lanes.broker import Answer, Broker, Patience
from tune_jobs.lanes.census import Census, Tally, size
from tune_jobs.lanes.drivers import Driver, LaneNotice, News, Sweep
from tune_jobs.lanes.fleet import Fleet
from tune_jobs.lanes.machines import Machines
from tune_jobs.lanes.notices import Remark, StageBegun, StageEnded, StageProgress, waiting
from tune_jobs.lanes.shares import Claim
from tune_jobs.lanes.stage_states import Shelf, closure

LEASE = 20.0  # seconds without a word from its driver after which a sweep's wants end
BLINK = 1.0  # seconds between two words of drivers that count at most: more is this hub's own delay
DIED = "the lane's processes ended"


class Hub:
    """Implements `trainers.lane.Work` for lanes, `want`, `done`, `drop` for trials, `attend` for drivers."""

    def __init__(
        self,
        store: Shelf,
        clock: Callable[[], float],
        nodes: Callable[[], Collection[str]],
        patience: Patience,
        doomed: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """Args:
        store: of the stages.
        clock: seconds, monotonic, also over a restart of this process.
        nodes: the machines that are alive.
        patience: the broker's.
        doomed: machines that live and are about to be taken away.
        """
        self._clock = clock
        self._heard = clock()  # when a driver had its last word
        self._awake = 0.0  # seconds of this hub's life, without what it spent waiting for a store
        self._machines = Machines(nodes, doomed)
        self._life = uuid.uuid4().hex
        self._broker = Broker(store, clock, patience, self._holder, self._held)
        self._fleet = Fleet(clock)
        self._tally = Tally(clock)
        self._ready: Counter[Shape] = Counter()  # what a driver was told last
        self._living: dict[str, LaneId] = {}  # lane → its present life, with its workers' places
        self._running: dict[str, tuple[Stage, set[str]]] = {}  # lane → what it was given, and the sweeps that want it
        self._sweeps: dict[str, Sweep] = {}
        self._briefs: dict[str, object] = {}
        self._others: tuple[Claim, ...] = ()
        self._ended: set[str] = set()  # lanes that are gone, or about to die with their driver
        self._failed: dict[str, tuple[LaneId, str, str, Outcome]] = {}  # lane → what its group said before it broke up

    # --- lanes ------------------------------------------------------------------------------------------------------

    def arrive(self, name: str, places: tuple[Place, ...] = ()) -> LaneId:
        """See `Work.arrive`; what a lane ran on a machine that is gone, or about to be, is excused."""
        excused = self._machines.to_blame(self._places(name))
        self._break_up(name, excused=excused)
        self._living[name] = self._broker.arrive(name, places, excused=excused)
        return self._living[name]

    def ask(self, lane: LaneId, shape: Shape | None = None) -> Assignment | Wait | Leave:
        """See `Work.ask`."""
        self._meet(lane)
        if lane.name in self._ended or self._fleet.leaves(lane.name) or self._machines.going(lane.places):
            return Leave()
        answer = self._broker.ask(lane, shape)
        if shape is not None and not isinstance(answer, Leave):
            self._fleet.saw(lane.name, shape, busy=isinstance(answer, Assignment))
        if isinstance(answer, Assignment):
            stage = answer.stage
            sweeps = self._wanting(stage.id)
            self._running[lane.name] = stage, sweeps
            self._tally.begins(lane.name, stage, answer.attempt)
            self._note(sweeps, StageBegun(lane.name, stage.id, stage.label, stage.shape))
        return answer

    def progress(self, lane: LaneId, stage: str, attempt: str, step: int, steps: int) -> Verdict:
        """See `Work.progress`."""
        self._meet(lane)
        if self._to_stop(lane.name) or self._machines.going(lane.places):
            return Verdict.STOP
        self._tally.reports(lane.name, stage, step, steps)
        known, sweeps = self._running.get(lane.name, (None, set()))
        if known is not None and known.id == stage and steps:  # it may be loading what it needs
            self._note(sweeps, StageProgress(lane.name, stage, known.label, step, steps))
        return self._broker.progress(lane, stage, attempt, step, steps)

    def end(self, lane: LaneId, stage: str, attempt: str, outcome: Outcome) -> None:
        """See `Work.end`.

        Where one of several workers has failed, the group breaks up: only then is known whether a machine is to blame.
        """
        self._meet(lane)
        if self._living.get(lane.name, lane) != lane:  # an earlier life's word, which comes late
            self._broker.end(lane, stage, attempt, outcome)
        elif lane.name in self._failed:
            pass  # another rank's word
        elif outcome.ending is Ending.FAILED and len(lane.places) > 1:
            self._failed[lane.name] = lane, stage, attempt, outcome
        else:
            self._end(lane, stage, attempt, outcome)

    def _end(self, lane: LaneId, stage: str, attempt: str, outcome: Outcome) -> None:
        self._broker.end(lane, stage, attempt, outcome)
        self._tally.ends(lane.name, outcome.ending)
        known, sweeps = self._running.pop(lane.name, (None, set()))
        sweeps = sweeps or self._wanting(stage)
        label = known.label if known is not None else stage[:12]
        self._note(sweeps, StageEnded(lane.name, stage, label, outcome.ending, outcome.reason))
        for sweep in sweeps & self._sweeps.keys():
            if outcome.ending is Ending.COMMITTED:
                self._sweeps[sweep].made.append((stage, attempt))
            if outcome.ending is Ending.MENDABLE:
                self._sweeps[sweep].trouble = outcome.reason

    def working(self) -> dict[str, tuple[str, tuple[Place, ...]]]:
        """Lanes at work: what they run, and where their workers are, by rank."""
        return {name: (stage.label, self._places(name)) for name, (stage, _) in self._running.items()}

    # --- trials -----------------------------------------------------------------------------------------------------

    def enter(self, trial: str, brief: object) -> None:
        """What a trial has to know, kept for it until it is dropped."""
        self._briefs[trial] = brief

    def brief(self, trial: str) -> object | None:
        """What was entered for a trial; None: not yet, or not since this hub's death."""
        return self._briefs.get(trial)

    def want(self, trial: str, rung: int, wanted: Iterable[str], stages: Mapping[str, Stage]) -> None:
        """See `Broker.want`; `trial` is `<sweep>/<number>`."""
        ids = tuple(wanted)
        self._tally.wants(trial, (stages[id] for id in closure(ids, lambda id: stages[id].needs)))
        self._broker.want(trial, rung, ids, stages)

    def done(self, trial: str, wanted: Iterable[str]) -> Answer | None:
        """See `Broker.done`."""
        return self._broker.done(trial, wanted)

    def drop(self, trial: str) -> None:
        """See `Broker.drop`."""
        self._briefs.pop(trial, None)
        self._tally.drops(trial)
        self._broker.drop(trial)

    # --- drivers ----------------------------------------------------------------------------------------------------

    def attend(self, sweep: str, driver: Driver) -> News:
        """A sweep's driver says that it lives, and learns what has happened."""
        self._pass_time()
        known = self._sweeps.get(sweep)
        if known is not None and driver.reign < known.reign:
            return News("", [], {}, [], "", None, replaced=True)
        if known is not None and driver.reign > known.reign:
            self._forget(sweep)
        mine = self._sweeps.setdefault(sweep, Sweep(driver.reign, self._awake))
        mine.seen = self._awake
        for name in driver.ended:
            self._gone(name, excused=self._machines.to_blame(self._places(name)))
        for other in [name for name, entry in self._sweeps.items() if self._awake - entry.seen > LEASE]:
            self._forget(other)
        self._look_at_lanes(sweep, driver)
        mine.begun |= any(trial.partition("/")[0] == sweep for trial in self._broker.trials())
        demand = self._ready = self._broker.demand() if mine.begun else driver.ahead
        launch = self._fleet.grow(sweep, demand, driver.room, driver.limits, self._others)
        news = News(mine.life, list(mine.notices), launch, mine.made, mine.trouble, self._fleet.wait(sweep))
        mine.notices.clear()
        mine.made, mine.trouble = [], ""
        return news

    def _pass_time(self) -> None:
        """What this hub spent waiting is nobody's silence."""
        now = self._clock()
        self._awake += min(now - self._heard, BLINK)
        self._heard = now

    def _look_at_lanes(self, sweep: str, driver: Driver) -> None:
        """End silent runs, take stages back from lost machines, and know the lanes that this driver has."""
        self._broker.tick()
        for name in [name for name in self._living if self._machines.lost(self._places(name))]:
            self._break_up(name, excused=True)
            self._broker.leave(name, excused=True)
            self._fleet.displaced(name)
        for name in [name for name in self._living if self._machines.going(self._places(name))]:
            if self._fleet.leave(name):  # so that another one takes its place; what it runs stops at its next step
                text = f"lane {name}: its machine is about to be taken away; its stage goes on elsewhere"
                self._note(_sweeps_of([name]), Remark(text))
        for name in [name for name, member in self._fleet.members.items() if member.owner == sweep]:
            if name not in driver.lanes:
                self._gone(name, excused=True)  # its driver never heard of it
        self._fleet.adopt(sweep, driver.lanes)

    def stop(self, sweep: str, reign: int) -> int:
        """The sweep's trials want nothing any more; its lanes keep the progress of what they run, and leave.

        Returns:
            How many lanes are still there; those that have found no place yet need no farewell.
        """
        mine = self._sweeps.get(sweep)
        if mine is None or mine.reign != reign:
            return 0
        mine.stopped = True
        self._drop_all(sweep)
        self._fleet.release(sweep)
        members = self._fleet.members.values()
        return sum(member.owner == sweep and member.placed is not None for member in members)

    def leave(self, sweep: str, reign: int) -> None:
        """The driver ends, and its lanes with it."""
        self._pass_time()
        if sweep in self._sweeps and self._sweeps[sweep].reign == reign:
            self._forget(sweep)

    def attended(self) -> bool:
        """Whether there are drivers, also silent ones."""
        return bool(self._sweeps)

    # --- who watches ------------------------------------------------------------------------------------------------

    def census(self) -> Census:
        """What there is now, and what has been counted. It asks nobody, also not the store."""
        lanes = Counter((m.owner, size(m.shape), m.state) for m in self._fleet.members.values())
        ready = {size(shape): count for shape, count in self._ready.items()}
        return self._tally.census(self._broker.standing(), ready, lanes, self._broker.found)

    # --- the hubs of other stores -----------------------------------------------------------------------------------

    def claim(self) -> Claim:
        """What this hub's lanes hold."""
        return self._fleet.claim()

    def hear(self, claims: Iterable[Claim]) -> None:
        """What those of the other hubs on the cluster hold."""
        self._others = tuple(claims)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _wanting(self, stage: str) -> set[str]:
        return _sweeps_of(self._broker.wanting(stage))

    def _holder(self, trials: Iterable[str]) -> Holder:
        """As whom this hub makes what some trials want; a driver that has not attended yet is as old as can be."""
        sweeps = sorted(_sweeps_of(trials))
        reigns = {name: self._sweeps[name].reign if name in self._sweeps else 0 for name in sweeps}
        return Holder(life=self._life, name=f"sweep {', '.join(sweeps)}", reigns=reigns)

    def _held(self, stage: Stage, held: Held) -> None:
        self._note(self._wanting(stage.id), waiting(stage, held))

    def _forget(self, sweep: str) -> None:
        """A driver is gone, and its lanes with it."""
        self._drop_all(sweep)
        for name in [name for name, member in self._fleet.members.items() if member.owner == sweep]:
            self._gone(name, excused=True)  # its driver died: not the stage's fault
        self._sweeps.pop(sweep, None)

    def _drop_all(self, sweep: str) -> None:
        for trial in self._broker.trials() | self._briefs.keys():
            if trial.partition("/")[0] == sweep:
                self.drop(trial)

    def _gone(self, name: str, *, excused: bool) -> None:
        """A lane has ended; if it was at work, that is lost."""
        self._break_up(name, excused=excused)
        self._broker.leave(name, excused=excused)
        self._fleet.gone(name)
        self._ended.add(name)

    def _break_up(self, name: str, *, excused: bool) -> None:
        """The processes of a lane are gone; what one of them said last counts, unless a machine was lost."""
        failed = self._failed.pop(name, None)
        if failed is not None and not excused:
            self._end(*failed)
        self._living.pop(name, None)
        stage, sweeps = self._running.pop(name, (None, set()))
        if stage is not None:
            ending = Ending.EXCUSED if excused else Ending.FAILED
            self._tally.ends(name, ending)
            self._note(sweeps, StageEnded(name, stage.id, stage.label, ending, DIED))

    def _to_stop(self, lane: str) -> bool:
        owner = self._sweeps.get(lane.partition("/")[0])
        return lane in self._ended or (owner is not None and owner.stopped)

    def _meet(self, lane: LaneId) -> None:
        """After this hub's own death, lanes are known by what they say."""
        known = self._living.get(lane.name)
        newer = known is None or lane.incarnation > known.incarnation
        if newer and lane.name not in self._ended and not self._machines.lost(lane.places):
            self._living[lane.name] = lane

    def _places(self, lane: str) -> tuple[Place, ...]:
        return self._living[lane].places if lane in self._living else ()

    def _note(self, sweeps: Iterable[str], notice: LaneNotice) -> None:
        for sweep in sweeps:
            if sweep in self._sweeps:
                self._sweeps[sweep].notices.append(notice)


def _sweeps_of(trials: Iterable[str]) -> set[str]:
    return {trial.partition("/")[0] for trial in trials}
