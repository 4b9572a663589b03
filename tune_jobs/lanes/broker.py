"""The broker: owns the stages. Who wants what, what is running, what is done, what has been given up.

A plain state machine: calls come in, decisions go out; clock and store are passed in. It knows neither threads nor Ray,
so a serial driver, a Ray actor and a simulator can all drive it. A stage is, at any moment, in one of four states::

    PENDING ──ask──▶ RUNNING ──COMMIT in the store──▶ DONE
       ▲                │
       └─ stopped, excused, failed (three times, or diverged: ASIDE)

Truth about DONE is in the store alone; what lanes say is a hint to look there. So is who makes a stage: one that
another broker holds stays PENDING, and the store is asked for it now and then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from uuid import uuid4

from trainers.lane import Assignment, Ending, LaneId, Leave, Outcome, Place, Verdict, Wait
from trainers.stages import Shape, Stage
from trainers.store.leases import Held, Holder
from tune_jobs.lanes.demand import Demand, Waits, Wishes, waits_of
from tune_jobs.lanes.stage_states import Answer, Entry, Patience, Run, Shelf, State, Stored, closure

__all__ = ["Answer", "Broker", "Patience"]


class Broker:
    """Implements `trainers.lane.Work` for the lanes, and `want`, `done`, `drop` for the trials.

    Every call may be repeated: a repeated one changes nothing. An attempt that is not the newest is fenced off: its
    progress is answered with STOP, its end is only a reason to look into the store.
    """

    def __init__(
        self,
        store: Shelf,
        clock: Callable[[], float],
        patience: Patience | None = None,
        holder: Callable[[Collection[str]], Holder] | None = None,
        on_held: Callable[[Stage, Held], None] = lambda stage, held: None,
    ) -> None:
        """Args:
        store: the only judge of what is done.
        clock: seconds, monotonic.
        patience: when to give up.
        holder: as whom this broker makes what these trials want; None: as itself, for no sweep.
        on_held: is told once of each attempt of another broker that a stage has to wait for.
        """
        nobody = Holder(life=uuid4().hex, name="a run without a sweep")
        self._holder = holder or (lambda trials: nobody)
        self._on_held = on_held
        self._store = store
        self._clock = clock
        self._patience = patience or Patience()
        self._settled = clock() + self._patience.settling
        self._entries: dict[str, Entry] = {}
        self._watched: dict[str, Entry] = {}  # those that run here or are held elsewhere
        self._wishes = Wishes(self._waits)
        self._incarnations: dict[str, int] = {}  # lane → newest incarnation that has spoken
        self.found: Counter[str] = Counter()  # stages that were whole when the store was asked first, by kind
        self._orders = 0
        self._ready_now: list[Entry] = []
        self._fresh = False  # whether nothing has changed since that was found

    # --- the trials' side -------------------------------------------------------------------------------------------

    def want(self, trial: str, rung: int, wanted: Iterable[str], stages: Mapping[str, Stage]) -> None:
        """A trial asks for stages, for as long as it lives; several requests add up.

        Args:
            trial: who asks; its wants end with `drop`.
            rung: for the order, cheap rungs come first.
            wanted: ids of stages.
            stages: by id, at least the wanted ones and everything they read, directly or not.
        """
        ids = tuple(dict.fromkeys(wanted))
        reach = list(closure(ids, lambda id: self._entries[id].needs if id in self._entries else stages[id].needs))
        for id in reach:
            if id not in self._entries:
                self._entries[id] = Entry(stages[id], self._orders)
                self._orders += 1
            elif self._entries[id].state is not State.DONE:
                self._entries[id].stored = None  # a fresh request is a fresh look: another sweep may have made it
                self._changed(id)
        self._wishes.add(trial, rung, ids, reach)
        self._fresh = False

    def drop(self, trial: str) -> None:
        """The trial's wants end; what nobody wants any more is stopped at its next report, progress kept."""
        if not self._wishes.drop(trial):
            return
        busy = [id for id, entry in self._entries.items() if entry.run is not None or entry.failures]
        kept = self._wishes.reach().union(closure(busy, lambda id: self._entries[id].needs))
        self._entries = {id: entry for id, entry in self._entries.items() if id in kept}
        self._watched = {id: entry for id, entry in self._watched.items() if id in kept}
        self._fresh = False

    def done(self, trial: str, wanted: Iterable[str]) -> Answer | None:
        """How far these stages of a trial are. None: it must want them first, as it was dropped or never asked here."""
        ids = tuple(dict.fromkeys(wanted))
        if trial not in self._wishes or not all(id in self._entries for id in ids):
            return None
        missing = [id for id in ids if self._stored(self._entries[id]) is Stored.NOTHING]
        doomed = self._doom(missing)
        return Answer(len(missing), doomed.why, doomed.diverged) if doomed is not None else Answer(len(missing))

    # --- the lanes' side --------------------------------------------------------------------------------------------

    def arrive(self, name: str, places: tuple[Place, ...] = (), *, excused: bool = False) -> LaneId:
        """A lane has started: a number greater than those of its earlier lives. What those ran is lost."""
        newest = self._incarnations.get(name)
        if newest is not None:
            self.lost(LaneId(name, newest), f"lane {name} died", excused=excused)
        # the clock goes on over a death of the broker, which forgets the numbers
        self._incarnations[name] = max(int(self._clock() * 1000), (newest or 0) + 1)
        return LaneId(name, self._incarnations[name], places)

    def leave(self, name: str, *, excused: bool) -> None:
        """A lane has ended for good; if it was at work, that is lost."""
        newest = self._incarnations.get(name)
        if newest is not None:
            self.lost(LaneId(name, newest), f"lane {name} ended", excused=excused)
            self._incarnations[name] = newest + 1  # a worker that outlives its machine for a moment gets nothing more

    def ask(self, lane: LaneId, shape: Shape | None = None) -> Assignment | Wait | Leave:
        """The next stage for this lane: of the ready ones the one that most trials wait for, then the cheapest rung."""
        self.tick()
        if self._clock() < self._settled:
            return Wait()
        newest = self._incarnations.get(lane.name, lane.incarnation)
        if lane.incarnation < newest:
            return Leave()  # a ghost of a lane that has been started again
        self._incarnations[lane.name] = lane.incarnation
        held = next((e for e in self._watched.values() if e.run is not None and e.run.lane.name == lane.name), None)
        if held is not None:
            again = self._again(held, lane)
            if again is not None:
                return again
        while (entry := next((e for e in self._ready() if shape in (None, e.stage.shape)), None)) is not None:
            attempt = self._store.begin(entry.stage.id, self._holder(self.wanting(entry.stage.id)))
            if attempt is not None:
                self._run(entry, Run(lane, attempt, self._clock()))
                return Assignment(entry.stage, attempt)
            self._look(entry)  # another broker has made it meanwhile, or is about to
        return Wait()

    def progress(self, lane: LaneId, stage: str, attempt: str, step: int, steps: int) -> Verdict:
        """A sign of life. STOP: a newer attempt runs the stage, or nobody wants it any more.

        A stage that this broker has handed to nobody was handed out by its predecessor: it is adopted.
        """
        entry = self._entries.get(stage)
        if entry is None and self._clock() < self._settled:
            return Verdict.GO_ON  # whoever wants it will say so
        if entry is not None and entry.state is State.PENDING and not entry.handed:
            self._adopt(entry, Run(lane, attempt, self._clock(), begun=True))
        if entry is not None and entry.run is not None and (entry.run.lane, entry.run.attempt) == (lane, attempt):
            entry.run.seen, entry.run.begun = self._clock(), True  # before the silent are ended: this one is not silent
        self.tick()
        if entry is None or entry.run is None or (entry.run.lane, entry.run.attempt) != (lane, attempt):
            return Verdict.STOP
        return Verdict.GO_ON if stage in self._demand() else Verdict.STOP

    def end(self, lane: LaneId, stage: str, attempt: str, outcome: Outcome) -> None:
        """A run has ended. An older attempt's end only makes us look whether it has committed all the same."""
        entry = self._entries.get(stage)
        if entry is None:
            return
        if entry.run is not None and (entry.run.lane, entry.run.attempt) == (lane, attempt):
            self._finish(entry, outcome)
        elif entry.stored is not Stored.WHOLE:
            self._look(entry)

    def lost(self, lane: LaneId, reason: str, *, excused: bool) -> None:
        """A lane has died; `excused` when its node went with it."""
        for entry in list(self._watched.values()):
            if entry.run is not None and entry.run.lane == lane:
                self._finish(entry, Outcome(Ending.EXCUSED if excused else Ending.FAILED, reason))

    def tick(self) -> None:
        """End runs that have been silent for too long, and look after what others make; each call of a lane does it."""
        now = self._clock()
        for id, entry in list(self._watched.items()):
            if entry.held is not None and now - entry.looked >= self._patience.elsewhere:
                self._look(entry)
            if entry.run is not None and now - entry.run.seen > self._patience.silence:
                silent = f"no progress for {self._patience.silence:g} s on lane {entry.run.lane.name}"
                self._finish(entry, Outcome(Ending.FAILED, silent))
            if entry.run is None and entry.held is None:
                self._watched.pop(id)

    # --- decisions --------------------------------------------------------------------------------------------------

    def demand(self) -> Counter[Shape]:
        """How many stages could run now if there were lanes for them, by the shape that they want."""
        return Counter(entry.stage.shape for entry in self._ready())

    def waits(self) -> bool:
        """Whether another broker is making something that is waited for."""
        return any(self._entries[id].held is not None for id in self._demand())

    def stuck(self) -> bool:
        """Whether something is waited for, and nobody is making anything that is."""
        demand = [self._entries[id] for id in self._demand()]
        return bool(demand) and not self._ready() and not any(entry.run or entry.held for entry in demand)

    def wanting(self, stage: str) -> set[str]:
        """The trials that wait for a stage, directly or not."""
        return self._wishes.wanting(stage)

    def trials(self) -> set[str]:
        """All trials that want something."""
        return self._wishes.trials()

    def states(self) -> dict[str, State]:
        """Where every stage that the broker knows stands."""
        return {id: entry.state for id, entry in self._entries.items()}

    def standing(self) -> Counter[tuple[str, str]]:
        """How many stages there are, by kind and state."""
        return Counter((entry.stage.spec.kind, entry.state.value) for entry in self._entries.values())

    def _again(self, held: Entry, lane: LaneId) -> Assignment | None:
        """A lane asks that is thought to run something: our reply was lost, or the lane has lost the run."""
        if held.run is not None and held.run.lane == lane and not held.run.begun:
            self._look(held)
            return Assignment(held.stage, held.run.attempt) if held.run is not None else None
        self._finish(held, Outcome(Ending.FAILED, f"lane {lane.name} came back without it"))
        return None

    def _run(self, entry: Entry, run: Run) -> None:
        entry.run, entry.handed = run, True
        self._watched[entry.stage.id] = entry
        self._changed(entry.stage.id)

    def _adopt(self, entry: Entry, run: Run) -> None:
        self._look(entry)
        if entry.state is State.PENDING and (entry.held is None or entry.held.attempt == run.attempt):
            entry.held = None  # it is this lane's own, from the broker before this one
            self._run(entry, run)
            self._incarnations.setdefault(run.lane.name, run.lane.incarnation)

    def _finish(self, entry: Entry, outcome: Outcome) -> None:
        entry.run = None
        self._look(entry)  # whatever the lane says, a COMMIT counts
        if entry.state is State.DONE:
            entry.failures.clear()
            return
        for need in entry.needs:
            self._entries[need].stored = None  # it may have failed because one of its inputs is gone
            self._changed(need)
        entry.note(outcome, self._patience)

    def _look(self, entry: Entry) -> None:
        """Ask the store. A COMMIT that turns up under a running attempt ends it: that attempt is fenced off."""
        commit, held = self._store.look(entry.stage.id, self._holder(self.wanting(entry.stage.id)))
        entry.stored = Stored.NOTHING if commit is None else Stored.EVICTED if commit.evicted else Stored.WHOLE
        if entry.stored is Stored.WHOLE:
            entry.run = None
            if not entry.met:
                self.found[entry.stage.spec.kind] += 1
        entry.met = True
        known, entry.looked = entry.held, self._clock()
        entry.held = held if entry.run is None else None
        if entry.held is not None:
            self._watched[entry.stage.id] = entry
            if known is None or known.attempt != entry.held.attempt:
                self._on_held(entry.stage, entry.held)
        self._changed(entry.stage.id)

    def _changed(self, stage: str) -> None:
        self._wishes.changed(stage)
        self._fresh = False

    def _stored(self, entry: Entry) -> Stored:
        if entry.stored is None:
            self._look(entry)
        assert entry.stored is not None
        return entry.stored

    def _ready(self) -> list[Entry]:
        """Pending stages that somebody waits for and whose inputs are whole, best first."""
        demand = self._demand()
        if not self._fresh:
            self._fresh = True  # first: looking into the store on the way may tell otherwise
            ready = [
                entry
                for entry in (self._entries[id] for id in demand)
                if entry.state is State.PENDING
                and entry.held is None
                and all(self._stored(self._entries[need]) is Stored.WHOLE for need in entry.needs)
            ]
            ready.sort(key=lambda e: (-demand[e.stage.id].trials, demand[e.stage.id].rung, e.order))
            self._ready_now = ready
        return self._ready_now

    def _demand(self) -> Mapping[str, Demand]:
        return self._wishes.demand()

    def _waits(self, wanted: Mapping[str, int]) -> Waits:
        """What a trial waits for: one that can never be met for nothing, as it is about to fail."""
        return waits_of(wanted, self._unmade) if self._doom(wanted) is None else {}

    def _unmade(self, wanted: Iterable[str]) -> Iterator[str]:
        """Wanted stages that are not committed, and of what they read, all that is not whole."""
        missing = (id for id in wanted if self._stored(self._entries[id]) is Stored.NOTHING)
        return closure(missing, self._unmade_needs)

    def _unmade_needs(self, id: str) -> list[str]:
        entry = self._entries[id]
        if entry.run is not None:
            return []  # it has what it reads
        return [need for need in entry.needs if self._stored(self._entries[need]) is not Stored.WHOLE]

    def _doom(self, wanted: Iterable[str]) -> Entry | None:
        """What of these stages, or of those they read, can never be made."""
        entries = (self._entries[id] for id in self._unmade(wanted))
        return next((entry for entry in entries if entry.state is State.ASIDE), None)
