"""Sweeps in milliseconds: objects in memory, graphs of small stages, and a lane that only commits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from search_spaces.document import parse
from search_spaces.space import Space, from_document
from tasks.cells import Cell
from tasks.data import Absent
from tests.tune_jobs.shelf import child, root
from trainers.graph import Graph
from trainers.identity import canonical_json, digest
from trainers.lane import Assignment, Ending, Outcome, Verdict
from trainers.recipe import Recipe
from trainers.stages import STAGE_PREFIX, Stage
from trainers.store.objects import ObjectInfo
from trainers.store.stages import StageStore

RUNGS = (("udpos", "xnli"), ("panx", "pawsx"))
LANGUAGES = ("en", "de")
ABSENT = Absent("pawsx", "dev", "de", "not published")
SPACE = {
    "name": "little",
    "suite": {
        "name": "four",
        "tasks": [task for rung in RUNGS for task in rung],
        "languages": {task: list(LANGUAGES) for rung in RUNGS for task in rung},
    },
    "rungs": [list(rung) for rung in RUNGS],
    "recipe": {
        "base": {"model": "scratch"},
        "intermediate": {
            "tasks": {"simplex": {"of": ["snli", "squad"], "at_most": 2, "parts": 2}},
            "fraction": {"choice": [0.5, 1.0]},
        },
    },
    "search": {"sampler": "grid", "concurrency": 2},
}


def space(**search: object) -> Space:
    """The little space (6 points) with other search settings."""
    return from_document(parse(yaml.safe_dump(SPACE | {"search": SPACE["search"] | search}), "little.yaml"))


class Killed(BaseException):
    """What happens to a process that is killed: nothing of it runs on."""


@dataclass
class MemoryObjects:
    """A store in memory. `lives` counts down with every write; with the last one the process is dead."""

    content: dict[str, bytes] = field(default_factory=dict)
    lives: int | None = None
    name: str = "memory"

    def _write(self, key: str, data: bytes) -> None:
        if self.lives is not None:
            if self.lives == 0:
                raise Killed
            self.lives -= 1
        self.content[key] = data

    def create(self, key: str, data: bytes) -> bool:
        if key in self.content:
            return self.content[key] == data
        self._write(key, data)
        return True

    def upload(self, key: str, path: Path) -> None:
        self._write(key, path.read_bytes())

    def read(self, key: str) -> bytes:
        return self.content[key]

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self.content[key])

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        for key in sorted(key for key in self.content if key.startswith(prefix)):
            yield ObjectInfo(key, len(self.content[key]), 0.0)

    def delete(self, key: str) -> None:
        self.content.pop(key, None)

    def now(self) -> float:
        return 0.0


def expand(recipe: Recipe) -> Graph:
    """Base → intermediate → a target a task → a score a cell."""
    base = root("base")
    encoder = base
    if recipe.intermediate is not None:
        encoder = child(f"intermediate {digest(recipe.intermediate)}", base)
    stages = {base.id: base, encoder.id: encoder}
    cells, rungs = {}, []
    for rung in RUNGS:
        scores = []
        for task in rung:
            target = child(f"target {task}", encoder)
            stages[target.id] = target
            for language in LANGUAGES:
                if (task, language) == (ABSENT.task, ABSENT.language):
                    continue
                score = child(f"score {task} {language}", base, target)
                stages[score.id] = score
                cells[task, language] = score.id
                scores.append(score.id)
        rungs.append(tuple(scores))
    return Graph(recipe, stages, cells, tuple(rungs), (ABSENT,), STAGE_PREFIX + encoder.id)


@dataclass
class LittleLane:
    """Commits real files. A score is a number that follows from the stage's id alone."""

    store: StageStore
    folder: Path
    mishap: Callable[[Assignment], Ending | None] = lambda assignment: None
    ran: list[str] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=lambda: {"seconds": 2.0, "tokens": 100})

    def run(self, assignment: Assignment, report: Callable[[int, int], Verdict]) -> Outcome:
        stage, attempt = assignment.stage, assignment.attempt
        commit = self.store.committed(stage.id)
        assert commit is None or commit.evicted, f"{stage.label} is trained again"
        self.ran.append(stage.id)
        for step in (1, 2):
            if report(step, 2) is Verdict.STOP:
                return Outcome(Ending.STOPPED)
        ending = self.mishap(assignment)
        if ending is not None:
            return Outcome(ending, "as told")
        path = self.folder / "file"
        path.write_bytes(_content(stage))
        name = "cell.json" if stage.label.startswith("child score ") else "model.safetensors"
        files = {name: self.store.put(stage.id, attempt, name, path)}
        self.store.commit(stage.id, attempt, files, {}, stage.spec, self.facts)
        return Outcome(Ending.COMMITTED)


def _content(stage: Stage) -> bytes:
    """A score stage's cell; of any other stage, its id."""
    if not stage.label.startswith("child score "):
        return stage.id.encode()
    *_, task, language = stage.label.split()
    value = int.from_bytes(hashlib.sha256(stage.id.encode()).digest()[:4]) / 2**32 * 100
    return canonical_json(Cell(task, language, value, 10, "selection", "accuracy", 1).to_json())


def story(objects: MemoryObjects, name: str = "little") -> list[dict[str, object]]:
    """What a sweep's events say, by trial: without drivers, times and the order in which trials took turns."""
    envelopes = [json.loads(objects.content[info.key]) for info in objects.list(f"sweeps/{name}/events/")]
    events = [e["event"] for e in envelopes if e["event"]["type"] not in ("driver", "opened", "rested")]
    return sorted(events, key=lambda event: event["trial"])
