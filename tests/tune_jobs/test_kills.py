"""Real processes are killed at the worst moments, one after another in one store; what is left in the end is, bit for
bit, what an undisturbed sweep leaves.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

import pytest

from tasks import toy
from trainers.store.folder import FolderObjects
from trainers.store.manifest import Progress
from trainers.store.objects import Objects
from trainers.store.stages import Commit, StageStore
from tune_jobs.commands import main
from tune_jobs.sweeps.event_log import replay
from tune_jobs.sweeps.events import Envelope
from tune_jobs.sweeps.history import History
from tune_jobs.sweeps.opening import FENCE_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # nine processes, each of which imports torch

MICRO = 128  # padded tokens: every step accumulates
STRUCK = Path(__file__).with_name("struck.py")
COMMAND = (str(Path(sys.executable).with_name("crosslift")),)

SPACE = """\
name: kills
data: {folders: [.]}
suite:
  name: four
  tasks: [udpos, xnli, tatoeba, panx]
  languages: {udpos: [en, qaa], xnli: [en, qaa], tatoeba: [qaa], panx: [qaa]}
rungs: [[udpos, xnli, tatoeba], [panx]]
recipe:
  base:
    model: scratch
    scratch:
      {vocabulary: 300, hidden: 16, layers: 2, heads: 2, positions: 128, languages: [en, qaa],
       steps: 12, batch: 8, max_length: 32, dropout: 0.1}
  intermediate:
    tasks: {simplex: {of: [snli, squad], at_most: 2, parts: 2}}
    mlm_share: 0.3
    mlm_text: text
    optimisation: {lr: 1e-3, batch: 8, steps: 12, max_length: 96, stride: 16, dropout: 0.1}
  target:
    optimisation: {lr: 1e-3, batch: 8, steps: 12, max_length: 96, stride: 16, dropout: 0.1, keep: best}
  retrieval: {layer: 1}
search: {sampler: grid, concurrency: 2}
"""


@dataclass(frozen=True)
class Lab:
    """A store folder, and what lies in it."""

    folder: Path

    @property
    def location(self) -> str:
        """As a command takes it."""
        return str(self.folder)

    @property
    def objects(self) -> Objects:
        return FolderObjects(self.folder)

    @property
    def store(self) -> StageStore:
        return StageStore(self.objects)

    def keys(self) -> list[str]:
        return [info.key for info in self.objects.list("")]

    def commits(self) -> dict[str, Commit]:
        return {commit.stage: commit for commit in self.store.commits()}

    def begun(self) -> list[str]:
        """The stage of every attempt."""
        return [key.split("/")[1] for key in self.keys() if "/BEGIN." in key]

    def events(self) -> list[Envelope]:
        return list(replay(self.objects, "kills"))

    def history(self) -> History:
        return History(envelope.event for envelope in self.events())

    def picture(self) -> dict[str, tuple[int, int]]:
        """Every file, temporary ones too, with its size and the time of its last change."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@dataclass(frozen=True)
class Death:
    """A killed run: what it wrote, in order, and what it left."""

    wrote: list[str]  # keys
    commits: dict[str, Commit]
    begun: list[str]
    keys: list[str]
    history: History
    progress: dict[str, Progress | None]  # by stage, of those that are not committed


@dataclass(frozen=True)
class Kill:
    """When to kill, in terms of the writes of the process, and what must be so in the store that it leaves."""

    moment: str
    count: int
    pattern: str
    holds: Callable[[Death, Stages], bool]


@dataclass(frozen=True)
class Stages:
    """Ids of the stages that are killed."""

    pretrain: str
    intermediate: str  # of trial 1


def _open(death: Death, stage: str) -> bool:
    return stage in death.begun and stage not in death.commits


def _saved(death: Death, stage: str, step: int) -> bool:
    progress = death.progress.get(stage)
    return _open(death, stage) and progress is not None and progress.step == step


def _half_uploaded(death: Death, stage: str) -> bool:
    last = death.wrote[-1]
    return _open(death, stage) and re.search(rf"stages/{stage}/[^/]+/config\.json$", last) is not None


def _without_event(death: Death, stages: Stages) -> bool:
    """All that rung 1 of trial 1 reads is committed, and the log does not know it."""
    trial = death.history.trials[1]
    return not trial.rungs and death.wrote[-1].rpartition("/")[2] == "COMMIT.0.json"


def _idle(death: Death, stages: Stages) -> bool:
    return set(death.begun) == set(death.commits) and len(death.history.trials[1].rungs) == 1


KILLS = {
    "during pretraining": Kill(
        "after", 4, r"/{pretrain}/.*/PROGRESS\.json", lambda death, stages: _saved(death, stages.pretrain, 4)
    ),
    "during an intermediate phase": Kill(
        "after", 5, r"/{intermediate}/.*/PROGRESS\.json", lambda death, stages: _saved(death, stages.intermediate, 5)
    ),
    "during an upload before COMMIT": Kill(
        "before",
        1,
        r"/{intermediate}/[^/]+/model\.safetensors",
        lambda death, stages: _half_uploaded(death, stages.intermediate),
    ),
    "after COMMIT before its event": Kill("before", 1, r'/events/.*"type":"rung","trial":1,"rung":0', _without_event),
    "idle between stages": Kill("before", 2, r"/BEGIN\.0\.json", _idle),
}


@dataclass(frozen=True)
class Bench:
    """Runs sweeps of the space in processes of their own; each store has its own cache."""

    folder: Path

    def start(self, lab: Lab, *options: str, by: tuple[str, ...] = COMMAND) -> subprocess.Popen[str]:
        argv = [*by, "sweep", "kills.yaml", "--serial", "--json", "--data", "data", "--store", str(lab.folder)]
        return subprocess.Popen(
            [*argv, "--micro-tokens", str(MICRO), *options],
            cwd=self.folder,
            env=os.environ | {"CROSSLIFT_CACHE": f"{lab.folder}-cache", "OMP_NUM_THREADS": "1"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def sweep(self, lab: Lab, *options: str, by: tuple[str, ...] = COMMAND) -> dict[str, Any]:
        """A run to the sweep's end: what it prints."""
        process = self.start(lab, *options, by=by)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        printed: dict[str, Any] = json.loads(out)
        return printed

    def struck(self, trace: str, strike: str, moment: str, count: int, pattern: str) -> tuple[str, ...]:
        """The command, with a signal to its process group at a moment."""
        return (sys.executable, str(STRUCK), str(self.folder / trace), strike, moment, str(count), pattern)

    def wrote(self, trace: str, lab: Lab) -> list[str]:
        """The keys that a struck command has written."""
        lines = (self.folder / trace).read_text().splitlines()
        return [str(Path(line).relative_to(lab.folder)) for line in lines]


@dataclass(frozen=True)
class Story:
    """An undisturbed sweep, and one that was killed again and again."""

    whole: Lab
    whole_said: dict[str, Any]
    killed: Lab
    killed_said: dict[str, Any]  # by its last run
    deaths: dict[str, Death]
    last_wrote: list[str]  # by the run that reached the end

    @cached_property
    def runs(self) -> list[list[str]]:
        """The keys that each run wrote."""
        return [*(death.wrote for death in self.deaths.values()), self.last_wrote]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("kills")
    toy.write(folder / "data", size=0.05, seed=1)
    (folder / "kills.yaml").write_text(SPACE)
    return Bench(folder)


@pytest.fixture(scope="module")
def story(bench: Bench) -> Story:
    whole, killed = Lab(bench.folder / "whole"), Lab(bench.folder / "killed")
    said = bench.sweep(whole)
    stages = _stages(whole)
    deaths = {name: _die(bench, killed, name, kill, stages) for name, kill in KILLS.items()}
    end = bench.sweep(killed, "--save-every", "0", by=bench.struck("last", "SIGKILL", "after", 1, "nothing"))
    return Story(whole, said, killed, end, deaths, bench.wrote("last", killed))


def _stages(whole: Lab) -> Stages:
    commits = whole.commits()
    inputs = whole.history().trials[1].rungs[0].inputs
    of_kind = {commits[id].spec["kind"]: id for id in inputs}
    return Stages(str(of_kind["pretrain"]), str(of_kind["intermediate"]))


def _die(bench: Bench, lab: Lab, name: str, kill: Kill, stages: Stages) -> Death:
    trace = name.replace(" ", "-")
    by = bench.struck(trace, "SIGKILL", kill.moment, kill.count, kill.pattern.format(**vars(stages)))
    process = bench.start(lab, "--save-every", "0", by=by)
    _, err = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, err
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    begun, commits = lab.begun(), lab.commits()
    progress = {id: lab.store.latest_progress(id) for id in set(begun) - set(commits)}
    return Death(bench.wrote(trace, lab), commits, begun, lab.keys(), lab.history(), progress)


@pytest.mark.parametrize("name", KILLS)
def test_it_was_killed_at_the_moment_meant(story: Story, name: str) -> None:
    assert KILLS[name].holds(story.deaths[name], _stages(story.whole))


def test_what_is_under_test_was_on(story: Story) -> None:
    """Dropout is in the space; these two are seen in the facts."""
    stages = _stages(story.whole)
    commits = story.whole.commits()
    for commit in (commits[stages.pretrain], commits[stages.intermediate]):
        padded, steps = commit.facts["padded"], commit.facts["steps"]
        assert isinstance(padded, int) and isinstance(steps, int)
        assert commit.facts["micro_tokens"] == MICRO
        assert padded / steps > MICRO, "gradients are accumulated"
    mixtures = [c.facts["mixture"] for c in commits.values() if c.spec["kind"] == "intermediate"]
    assert {"masked language modelling", "snli", "squad"} in [set(mixture) for mixture in mixtures]


@pytest.mark.parametrize("name", KILLS)
def test_no_committed_stage_is_trained_again(story: Story, name: str) -> None:
    before = story.deaths[name]
    later = story.runs[list(KILLS).index(name) + 1 :]
    touched = {key.split("/")[1] for wrote in later for key in wrote if key.startswith("stages/")}
    assert touched.isdisjoint(before.commits)
    after = story.killed.commits()
    assert {id: after[id].attempt for id in before.commits} == {id: c.attempt for id, c in before.commits.items()}


def test_only_what_was_being_made_is_begun_again(story: Story) -> None:
    stages = _stages(story.whole)
    begun = story.killed.begun()
    assert {id: begun.count(id) for id in begun if begun.count(id) > 1} == {stages.pretrain: 2, stages.intermediate: 3}
    assert all(commit.number == 0 for commit in story.killed.commits().values())


def test_training_goes_on_from_what_was_saved(story: Story) -> None:
    stages = _stages(story.whole)
    for run, stage, step in ((1, stages.pretrain, 5), (2, stages.intermediate, 6)):
        saves = [key for key in story.runs[run] if f"/{stage}/" in key and "/progress/" in key]
        assert f"/progress/{step:09d}-" in saves[0]


def test_a_dead_process_writes_no_more(story: Story) -> None:
    drivers = [envelope.driver for envelope in story.killed.events()]
    assert len(list(groupby(drivers))) == len(set(drivers)) == len(story.runs)
    attempts = [{"/".join(k.split("/")[1:3]) for k in wrote if re.search(r"/\d{6}-", k)} for wrote in story.runs]
    assert all(attempts)
    assert all(one.isdisjoint(other) for one, other in combinations(attempts, 2)), "an attempt is of one process"


def test_weights_and_cells_are_those_of_an_undisturbed_run(story: Story) -> None:
    def result(commit: Commit) -> dict[str, Any]:
        facts = {name: fact for name, fact in commit.facts.items() if name not in ("seconds", "machine")}
        return {"files": commit.files, "inputs": commit.inputs, "spec": commit.spec, "facts": facts}

    whole, killed = story.whole.commits(), story.killed.commits()
    assert {id: result(c) for id, c in killed.items()} == {id: result(c) for id, c in whole.items()}
    assert any(name.endswith(".safetensors") for commit in whole.values() for name in commit.files)


def test_the_events_of_every_trial_are_those_of_an_undisturbed_run(story: Story) -> None:
    def told(lab: Lab) -> list[dict[str, Any]]:
        events = [envelope.event.model_dump(mode="json") for envelope in lab.events()]
        return sorted((e for e in events if "trial" in e), key=lambda event: event["trial"])

    assert told(story.killed) == told(story.whole)


def test_the_leaderboard_is_that_of_an_undisturbed_run(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def board(lab: Lab) -> str:
        monkeypatch.setenv("CROSSLIFT_CACHE", f"{lab.folder}-cache")
        assert main.run(("leaderboard", "kills", "--store", str(lab.folder), "--json")) == 0
        return capsys.readouterr().out

    assert board(story.killed) == board(story.whole)
    assert [row["how"] for row in json.loads(board(story.whole))["rows"]] == ["complete"] * 4


def test_a_continued_sweep_counts_what_it_found(story: Story) -> None:
    found = len(story.deaths["idle between stages"].commits)
    assert (story.whole_said["trained"], story.whole_said["stored"]) == (len(story.whole.commits()), 0)
    assert (story.killed_said["trained"], story.killed_said["stored"]) == (len(story.whole.commits()) - found, found)


def test_a_replaced_driver_stops_with_one_line_and_writes_no_more(bench: Bench) -> None:
    """The first is suspended in the middle of pretraining; when it wakes up, a second one has taken over."""
    lab = Lab(bench.folder / "replaced")
    by = bench.struck("replaced-trace", "SIGSTOP", "after", 1, r"/log/0002-0\.txt")  # a save's last write
    first = bench.start(lab, "--trials", "1", "--save-every", "0", by=by)
    assert os.WIFSTOPPED(os.waitpid(first.pid, os.WUNTRACED)[1])
    suspended = time.monotonic()
    assert bench.sweep(lab, "--trials", "1")["trials"] == {"complete": 1}
    picture = lab.picture()
    time.sleep(max(0.0, suspended + FENCE_SECONDS - time.monotonic()))
    os.killpg(first.pid, signal.SIGCONT)
    out, err = first.communicate(timeout=60)
    assert (first.returncode, out) == (2, "")
    assert [line for line in err.splitlines() if line.startswith("crosslift: ")] == err.splitlines()[-1:]
    assert "another driver runs this sweep" in err.splitlines()[-1]
    assert lab.picture().items() <= picture.items(), "it may only clear away its own temporary files"
