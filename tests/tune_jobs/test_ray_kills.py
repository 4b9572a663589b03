"""On a real Ray cluster everything is killed in turn, each time amid a stage: the sweep ends as if undisturbed.

One sweep on a lane of two workers is struck six times: rank 1, rank 0, the broker, a trial's process, the driver, and
at last the raylet under the lane.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from search_spaces.space import load
from tasks import toy
from tests.trainers.pair import run_pair
from tests.tune_jobs import test_kills
from tests.tune_jobs.ray_cluster import Machines, actors, kill, machines, wait
from tests.tune_jobs.test_kills import Lab
from tests.tune_jobs.test_on_ray import board, results, run
from trainers.stages import Stage
from trainers.store.folder import FolderObjects
from trainers.store.manifest import Progress
from tune_jobs.commands.options import DEFAULT_MICRO_TOKENS
from tune_jobs.data_sources import expander
from tune_jobs.lanes.hub import Hub
from tune_jobs.sweeps.event_log import replay
from tune_jobs.sweeps.events import Decided

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.ray]

SAVE_EVERY = 0.3
STEPS = 100  # so many that a stage is saved some times
SPACE = (
    test_kills.SPACE.replace("steps: 12", f"steps: {STEPS}")
    .replace("tasks: [udpos, xnli, ", "tasks: [udpos, ")
    .replace("xnli: [en, qaa], ", "")
    .replace("[[udpos, xnli, ", "[[udpos, ")
)
WIDE = ("--workers", "2", "--lanes", "1", "--save-every", str(SAVE_EVERY), "--data", "data")


@dataclass
class Blow:
    """A stage that was struck: how far it was saved by then, and what was committed."""

    stage: str
    saved: Progress
    commits: dict[str, str]  # stage → attempt


@dataclass
class Story:
    serial: Lab
    pair: Lab
    killed: Lab
    blows: dict[str, Blow] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    processes: set[int] = field(default_factory=set)  # all workers of lanes that were seen

    @property
    def lost(self) -> list[str]:
        """The deaths that took a run along; workers outlive their raylet for a moment, and may finish a stage in it."""
        deaths = ["rank 1", "rank 0", "driver"]
        struck = self.blows["raylet"]
        if self.killed.commits()[struck.stage].attempt != struck.saved.attempt:
            deaths.append("raylet")
        return deaths


def in_the_middle(lab: Lab, broker: Hub, label: str) -> tuple[str, Progress]:
    """Wait until a stage of this label is at work and has been saved: its id and the save."""

    def saved() -> tuple[str, Progress] | None:
        if not any(name.startswith(label) for name, _ in broker.working().values()):
            return None
        running = set(lab.begun()) - {commit.stage for commit in lab.store.commits()}
        found = {stage: lab.store.latest_progress(stage) for stage in running}
        return next(((stage, progress) for stage, progress in found.items() if progress is not None), None)

    found: tuple[str, Progress] = wait(saved)
    return found


def strike(story: Story, name: str, broker: Hub, label: str) -> None:
    stage, saved = in_the_middle(story.killed, broker, label)
    story.blows[name] = Blow(stage, saved, {c.stage: c.attempt for c in story.killed.store.commits()})
    story.processes.update(workers(broker))


def workers(broker: Hub) -> list[int]:
    """The processes of the one lane, by rank."""
    (_, places), *_ = wait(lambda: list(broker.working().values()))
    return [place.process for place in places]


def living(processes: set[int]) -> dict[str, int]:
    """How many of some processes are still there."""
    count = sum(Path(f"/proc/{process}/stat").exists() for process in processes)
    return {"workers' processes": count} if count else {}


def killed(here: Machines, story: Story) -> None:
    lab = story.killed
    first = here.start(lab, "kills.yaml", *WIDE)
    broker = here.broker(lab)
    strike(story, "rank 1", broker, "pretrain")
    kill(workers(broker)[1])
    strike(story, "rank 0", broker, "target")
    kill(workers(broker)[0])
    strike(story, "broker", broker, "intermediate")
    kill(actors("BrokerActor")[0]["Pid"])
    strike(story, "trial", broker, "target")
    kill(actors("ImplicitFunc")[0]["Pid"])
    strike(story, "driver", broker, "intermediate")
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    again = here.start(lab, "kills.yaml", *WIDE)
    strike(story, "raylet", broker, "target")
    here.lose()
    story.said = here.finish(again)
    ended = time.monotonic()
    while (left := here.left() | living(story.processes)) and time.monotonic() - ended < 60.0:
        time.sleep(0.2)
    story.left = left


def stages_of(folder: Path) -> list[Stage]:
    """All that the grid trains, what others need first."""
    space = load(folder / "kills.yaml")
    graphs = map(expander(space, folder / "data"), [space.baseline(), *map(space.recipe, space.grid())])
    return list({id: stage for graph in graphs for id, stage in graph.stages.items()}.values())


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("ray-kills")
    toy.write(folder / "data", size=0.05, seed=1)
    (folder / "kills.yaml").write_text(SPACE)
    story = Story(Lab(folder / "serial"), Lab(folder / "pair" / "store"), Lab(folder / "killed"))
    run(folder, "sweep", "kills.yaml", "--serial", "--store", "serial", "--data", "data")
    run_pair(folder / "pair", partial(stages_of, folder), DEFAULT_MICRO_TOKENS)
    with machines(folder, 2, 2) as here:
        killed(here, story)
    yield story


def test_the_leaderboard_is_that_of_an_undisturbed_sweep(story: Story) -> None:
    """Bit for bit that of two workers whom nobody disturbs; the difference to one process is too small for a score."""
    assert results(story.killed) == results(story.pair)
    assert board(story.killed) == board(story.serial)


def test_two_workers_trained_every_stage(story: Story) -> None:
    """By how much they differ from one: `tests/trainers/test_ranks.py`."""
    assert results(story.killed).keys() == results(story.serial).keys()
    assert {commit.facts["workers"] for commit in story.killed.commits().values()} == {2}


def test_every_blow_hit_a_stage_in_its_middle(story: Story) -> None:
    assert set(story.blows) == {"rank 1", "rank 0", "broker", "trial", "driver", "raylet"}
    for name, blow in story.blows.items():
        assert blow.stage not in blow.commits, name
        assert 0 < blow.saved.step < STEPS, name


def test_no_committed_stage_is_trained_again(story: Story) -> None:
    after = story.killed.commits()
    for blow in story.blows.values():
        assert {id: after[id].attempt for id in blow.commits} == blow.commits
    assert all(commit.number == 0 for commit in after.values())


def test_at_most_what_came_after_the_last_save_is_lost(story: Story) -> None:
    """The logs of the later attempts say where they went on."""
    for name in story.lost:
        stage, saved = story.blows[name].stage, story.blows[name].saved
        later = "".join(list(story.killed.store.logs(stage).values())[1:])
        steps = [int(step) for step in re.findall(r"going on from step (\d+)", later)]
        assert steps and min(steps) >= saved.step > 0, name


def test_what_a_lane_runs_outlives_broker_and_trial(story: Story) -> None:
    """The lane goes on and is adopted; with lane, driver or node a stage is lost, and no other stage is."""
    begun = story.killed.begun()
    again = {id: begun.count(id) - 1 for id in begun if begun.count(id) > 1}
    assert again == dict(Counter(story.blows[name].stage for name in story.lost))


def test_nothing_is_left_behind(story: Story) -> None:
    assert story.left == {}


SEARCH = "{sampler: tpe, trials: 4, startup: 2, concurrency: 2, prune: {from: 2}}"
PRUNED = (
    test_kills.SPACE.replace("name: kills", "name: pruned")
    .replace("parts: 2}", "parts: 6}")
    .replace("{sampler: grid, concurrency: 2}", SEARCH)
)


def told(lab: Lab, sweep: str) -> list[Any]:
    """What was sampled, scored and decided, trial by trial."""
    events = [e.event.model_dump(mode="json") for e in replay(FolderObjects(lab.folder), sweep)]
    return sorted((e for e in events if "trial" in e), key=lambda e: e["trial"])


def test_with_tpe_and_pruning_decisions_outlive_all_deaths(tmp_path: Path) -> None:
    """Broker, trial and driver are killed, each after another decision; then the sweep goes on, with more trials.

    The reference is one undisturbed process.
    """
    toy.write(tmp_path / "data", size=0.05, seed=1)
    (tmp_path / "pruned.yaml").write_text(PRUNED)
    run(tmp_path, "sweep", "pruned.yaml", "--trials", "8", "--data", "data", "--serial", "--store", "once")
    lab = Lab(tmp_path / "killed")

    def events() -> list[str]:
        return [str(envelope.event) for envelope in replay(FolderObjects(lab.folder), "pruned")]

    def decided(count: int) -> None:
        wait(lambda: sum(isinstance(e.event, Decided) for e in replay(FolderObjects(lab.folder), "pruned")) >= count)

    with machines(tmp_path, 2) as here:
        first = here.start(lab, "pruned.yaml", "--trials", "6", "--data", "data")
        decided(1)
        kill(actors("BrokerActor")[0]["Pid"])
        decided(2)
        kill(actors("ImplicitFunc")[0]["Pid"])
        decided(3)
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
        recorded = events()
        summary = here.sweep(lab, "pruned.yaml", "--trials", "8", "--data", "data")
        wait(lambda: not here.left(), 60.0)
    assert events()[: len(recorded)] == recorded
    assert told(lab, "pruned") == told(Lab(tmp_path / "once"), "pruned")
    assert sum(summary["trials"].values()) == 8
    assert summary["trials"]["pruned"] > 0
    assert summary["saved_by_pruning"]["seconds"] > 0
    assert summary["stored"] > 0, "what the first run had made"
