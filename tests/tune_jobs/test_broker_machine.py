"""The broker under any order of events: lanes that die, lie, come back, trials that come and go, and other brokers."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.tune_jobs.shelf import ELSEWHERE, GONE, Clock, Committed, MemoryShelf, by_id, child, root
from trainers.lane import Assignment, Ending, LaneId, Outcome, Verdict
from tune_jobs.lanes.broker import Broker, Patience
from tune_jobs.lanes.demand import Wishes
from tune_jobs.lanes.stage_states import State

ROOTS = [root(name) for name in "pq"]
MIDDLE = [child(f"m{i}", ROOTS[i % 2]) for i in range(3)]
LEAVES = [child(f"l{i}", ROOTS[i % 2], MIDDLE[i % 3]) for i in range(5)]
GRAPH = by_id(*ROOTS, *MIDDLE, *LEAVES)
PATIENCE = Patience(silence=10.0, failures=3)

TRIALS = st.sampled_from("abc")
LANES = st.sampled_from(["x", "y", "z"])


@dataclass
class Held:
    """What a lane believes it is running."""

    lane: LaneId
    work: Assignment


class BrokerMachine(RuleBasedStateMachine):
    """`runs` keeps all assignments ever handed out, also those of lanes that have died since: ghosts still speak."""

    @initialize()
    def begin(self) -> None:
        self.shelf, self.clock = MemoryShelf(), Clock()
        self.broker = Broker(self.shelf, self.clock, PATIENCE)
        self.lanes = {name: LaneId(name, 0) for name in "xyz"}
        self.holding: dict[str, Held | None] = dict.fromkeys("xyz")
        self.runs: list[Held] = []
        self.newest: dict[str, str] = {}
        self.wants: dict[str, set[str]] = {}
        self.failed: dict[str, int] = {}

    @rule(trial=TRIALS, rung=st.integers(0, 2), leaves=st.sets(st.sampled_from(LEAVES), min_size=1))
    def want(self, trial, rung, leaves):
        ids = sorted(leaf.id for leaf in leaves)
        self.broker.want(trial, rung, ids, GRAPH)
        self.wants.setdefault(trial, set()).update(ids)

    @rule(trial=TRIALS)
    def drop(self, trial):
        self.broker.drop(trial)
        self.wants.pop(trial, None)

    @rule(name=LANES)
    def ask(self, name):
        reply = self.broker.ask(self.lanes[name])
        if not isinstance(reply, Assignment):
            self.holding[name] = None
            return
        stage = reply.stage
        commit = self.shelf.commits.get(stage.id)
        assert commit is None or commit.evicted, "a committed stage was handed out again"
        if self.holding[name] is None or self.holding[name].work != reply:
            assert stage.id not in self.shelf.held, "what another broker makes was handed out"
        assert all(need in self.shelf.commits for need in stage.needs), "handed out before what it reads was there"
        if self.holding[name] is None or self.holding[name].work != reply:
            assert self.newest.get(stage.id) != reply.attempt, "one attempt was given to two lanes"
        self.newest[stage.id] = reply.attempt
        self.holding[name] = Held(self.lanes[name], reply)
        self.runs.append(self.holding[name])

    @rule(data=st.data(), evict=st.booleans())
    def progress(self, data, evict):
        held = self._any_run(data)
        if held is None:
            return
        stage, attempt = held.work.stage.id, held.work.attempt
        verdict = self.broker.progress(held.lane, stage, attempt, 1, 2)
        if verdict is Verdict.GO_ON:
            assert self.newest[stage] == attempt, "two attempts of a stage were told to go on"
            assert any(self._reaches(wanted, stage) for wanted in self.wants.values()), "nobody wants it"

    @rule(data=st.data(), ending=st.sampled_from(Ending), commits=st.booleans())
    def end(self, data, ending, commits):
        held = self._any_run(data)
        if held is None:
            return
        stage = held.work.stage.id
        if commits and (stage not in self.shelf.commits or self.shelf.commits[stage].evicted):
            self.shelf.commits[stage] = Committed(held.work.attempt)
        for _ in range(2):  # a repeated call changes nothing
            self.broker.end(held.lane, stage, held.work.attempt, Outcome(ending, "because"))
            states = self.broker.states()
        assert states == self.broker.states()
        if self.holding[held.lane.name] is held:
            self.holding[held.lane.name] = None

    @rule(name=LANES)
    def die(self, name):
        self.lanes[name] = LaneId(name, self.lanes[name].incarnation + 1)
        self.holding[name] = None

    @rule(name=LANES, excused=st.booleans())
    def report_lost(self, name, excused):
        self.broker.lost(self.lanes[name], "lost", excused=excused)

    @rule(seconds=st.floats(0.0, 20.0))
    def time_passes(self, seconds):
        self.clock.now += seconds

    @rule(stage=st.sampled_from(ROOTS + MIDDLE + LEAVES))
    def begun_elsewhere(self, stage):
        """Also what this broker's own lane runs: it learns of it from its store, not from the broker."""
        if stage.id not in self.shelf.commits and stage.id not in self.shelf.held:
            self.shelf.hold(stage.id, ELSEWHERE)

    @rule(stage=st.sampled_from(ROOTS + MIDDLE + LEAVES), commits=st.booleans())
    def ended_elsewhere(self, stage, commits):
        held = self.shelf.held.pop(stage.id, None)
        if held is not None and commits and stage.id not in self.shelf.commits:
            self.shelf.commits[stage.id] = Committed(held.attempt)

    @rule(stage=st.sampled_from(ROOTS + MIDDLE))
    def evict(self, stage):
        if stage.id in self.shelf.commits:
            self.shelf.commits[stage.id] = Committed("gone", evicted=GONE)

    @rule()
    def nothing_that_is_remembered_is_stale(self):
        remembered, ready = self.broker._demand(), self.broker._ready()
        anew = Wishes(self.broker._waits)
        for trial, wish in self.broker._wishes._wishes.items():
            for id, rung in wish.wanted.items():
                anew.add(trial, rung, [id], wish.reach)
        assert anew.demand() == remembered
        self.broker._fresh = False
        assert self.broker._ready() == ready

    @invariant()
    def a_stage_runs_once(self):
        lanes = [lane for lane in self._running_lanes() if lane]
        assert len(lanes) == len(set(lanes)), "a lane was given two stages"

    def teardown(self):
        """Whatever has happened: with one honest lane, and all others dead, every want ends in done or in a reason."""
        if not hasattr(self, "broker"):
            return
        self.shelf.held.clear()
        self.clock.now += 2 * PATIENCE.silence
        lane = LaneId("honest", 0)
        for _ in range(200):
            reply = self.broker.ask(lane)
            if not isinstance(reply, Assignment):
                break
            self.shelf.commits[reply.stage.id] = Committed(reply.attempt)
            self.broker.end(lane, reply.stage.id, reply.attempt, Outcome(Ending.COMMITTED))
        assert State.RUNNING not in self.broker.states().values()
        for trial, wanted in self.wants.items():
            answer = self.broker.done(trial, wanted)
            assert answer is not None
            assert not answer.missing or answer.reason, "a want was left behind"

    def _any_run(self, data) -> Held | None:
        return data.draw(st.sampled_from(self.runs)) if self.runs else None

    def _running_lanes(self) -> list[str]:
        return [e.run.lane.name for e in self.broker._entries.values() if e.run is not None]

    def _reaches(self, wanted: set[str], stage: str) -> bool:
        todo = list(wanted)
        while todo:
            id = todo.pop()
            if id == stage:
                return True
            todo.extend(GRAPH[id].needs)
        return False


TestBroker = BrokerMachine.TestCase
TestBroker.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
