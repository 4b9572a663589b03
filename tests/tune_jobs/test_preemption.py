"""A machine is about to be taken away: what runs there keeps its progress, goes on elsewhere, and nothing counts it."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest

from tasks import toy
from tests.tune_jobs import test_kills
from tests.tune_jobs.shelf import Clock, Committed, MemoryShelf, by_id, child, root
from tests.tune_jobs.test_kills import Lab
from trainers.lane import Assignment, Ending, LaneId, Leave, Outcome, Place, Verdict
from trainers.stages import Shape
from tune_jobs.lanes.broker import Patience
from tune_jobs.lanes.drivers import Driver, News
from tune_jobs.lanes.fleet import Limits
from tune_jobs.lanes.hub import Hub
from tune_jobs.lanes.notices import Remark, StageEnded

BASE = root("base")
LEAF = child("leaf", BASE)
GRAPH = by_id(BASE, LEAF)
WIDE = Shape(workers=2)
STAGE = Shape()


class Bench:
    """A hub, one driver with all the lanes that it was told to launch, and machines that come and go."""

    def __init__(self) -> None:
        self.shelf, self.clock = MemoryShelf(), Clock()
        self.alive, self.doomed = {"here", "there"}, set[str]()
        self.hub = Hub(self.shelf, self.clock, lambda: self.alive, Patience(), lambda: self.doomed)
        self.lanes: dict[str, Shape] = {}
        self.news: list[News] = []
        self.attend()
        self.hub.want("a/0", 0, [LEAF.id], GRAPH)

    def attend(self, *ended: str, most: int | None = 1) -> dict[str, Shape]:
        """What is launched."""
        self.clock.now += 0.5
        for name in ended:
            self.lanes.pop(name, None)
        news = self.hub.attend("a", Driver(1, {"CPU": 4.0}, Limits(most), Counter(), self.lanes, ended))
        self.lanes |= news.launch
        self.news.append(news)
        return news.launch

    def lane(self, name: str, *nodes: str) -> LaneId:
        self.clock.now += 0.01
        return self.hub.arrive(name, tuple(Place(node, process) for process, node in enumerate(nodes)))

    def at_work(self, *nodes: str) -> tuple[LaneId, Assignment]:
        (name,) = self.attend()
        lane = self.lane(name, *nodes)
        told = self.hub.ask(lane, STAGE)
        assert isinstance(told, Assignment)
        assert self.report(lane, told) is Verdict.GO_ON
        return lane, told

    def report(self, lane: LaneId, told: Assignment) -> Verdict:
        return self.hub.progress(lane, told.stage.id, told.attempt, 1, 2)

    def failures(self) -> str:
        answer = self.hub.done("a/0", [LEAF.id])
        assert answer is not None
        return answer.reason


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("nodes", [("here",), ("there", "here"), ("here", "there")])
def test_a_stage_stops_and_goes_on_elsewhere(bench: Bench, nodes: tuple[str, ...]) -> None:
    """One machine of several is enough."""
    lane, told = bench.at_work(*nodes)
    bench.doomed.add("here")
    assert bench.attend() == bench.attend() == {}
    assert bench.report(lane, told) is Verdict.STOP
    bench.hub.end(lane, told.stage.id, told.attempt, Outcome(Ending.STOPPED))
    (other,) = bench.attend()  # at once, though one lane is allowed: this one is about to leave
    assert isinstance(bench.hub.ask(lane, STAGE), Leave)
    again = bench.hub.ask(bench.lane(other, "there"), STAGE)
    assert isinstance(again, Assignment) and again.stage == told.stage and again.attempt != told.attempt
    assert bench.attend(lane.name) == {}
    said = [notice for news in bench.news for notice in news.notices]
    assert sum(isinstance(notice, Remark) and "taken away" in notice.text for notice in said) == 1
    assert [notice.ending for notice in said if isinstance(notice, StageEnded)] == [Ending.STOPPED]


def test_an_idle_lane_leaves_too(bench: Bench) -> None:
    (name,) = bench.attend()
    lane = bench.lane(name, "here")
    bench.doomed.add("here")
    assert isinstance(bench.hub.ask(lane, STAGE), Leave)


@pytest.mark.parametrize("end", ["its group starts again", "it has ended", "its node is gone", "it fails"])
def test_what_is_too_slow_to_stop_is_excused(bench: Bench, end: str) -> None:
    """Five times: three failures would set the stage aside."""
    for number in range(5):
        node = f"node {number}"
        bench.alive.add(node)
        lane, told = bench.at_work(node)
        bench.doomed.add(node)
        bench.attend()
        if end == "its group starts again":
            bench.hub.arrive(lane.name, (Place("there", 7),))
        if end == "it fails":
            two = LaneId(lane.name, lane.incarnation, (*lane.places, Place("there", 8)))
            bench.hub.end(two, told.stage.id, told.attempt, Outcome(Ending.FAILED, "a rank is gone"))
        if end == "its node is gone":
            bench.alive.remove(node)
        bench.attend(*bench.lanes, most=0)
    assert bench.failures() == ""
    lane, told = bench.at_work("there")
    bench.shelf.commits[BASE.id] = Committed(told.attempt)


def test_a_machine_that_stays_after_all_is_used_again(bench: Bench) -> None:
    bench.doomed.add("here")
    (name,) = bench.attend()
    bench.doomed.clear()
    assert isinstance(bench.hub.ask(bench.lane(name, "here"), STAGE), Assignment)


SPACE = test_kills.SPACE.replace("steps: 12, batch: 8, max_length: 32", "steps: 600, batch: 8, max_length: 32")


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.timeout(900)
def test_a_drained_node_of_two_is_left_with_all_progress(tmp_path: Path) -> None:
    """The lane has a worker on each of two nodes; nothing saves progress but the notice."""
    from tests.tune_jobs.ray_cluster import machines, wait

    toy.write(tmp_path / "data", size=0.05, seed=1)
    (tmp_path / "kills.yaml").write_text(SPACE)
    lab = Lab(tmp_path / "store")
    options = ("--workers", "2", "--lanes", "1", "--trials", "1", "--save-every", "100000", "--data", "data")
    with machines(tmp_path, 1, 1, 1) as here:
        process = here.start(lab, "kills.yaml", *options)
        broker = here.broker(lab)

        def places() -> tuple[Place, ...] | None:
            work = broker.working().values()
            return next((places for label, places in work if label.startswith("pretrain")), None)

        first = wait(places)
        assert len({place.node for place in first}) == 2
        drain(here.cluster.address, first[1].node)
        second = wait(lambda: (now := places()) and now != first and now)
        assert first[1].node not in {place.node for place in second}
        _, err = process.communicate(timeout=400)
        assert process.returncode == 0, err
    assert err.count("about to be taken away") == 1
    (pretrain,) = (c for c in lab.commits().values() if c.facts["label"].startswith("pretrain"))
    before, after = lab.store.logs(pretrain.stage).values()
    (step,) = re.findall(r"saved at step (\d+)", before)
    assert f"going on from step {step}" in after
    assert "saved at step" not in after
    assert Counter(lab.begun()).most_common(2)[1][1] == 1, "no other stage was begun twice"


def drain(address: str, node: str, seconds: float = 120.0) -> None:
    """Give notice that a node will be taken away."""
    import ray
    from ray.core.generated import autoscaler_pb2

    reason = autoscaler_pb2.DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION")
    client = ray._raylet.GcsClient(address=address)
    accepted, why = client.drain_node(node, reason, "taken away", int((time.time() + seconds) * 1000))
    assert accepted, why
