"""One of many processes that want the same stages, and one that reads what they have made.

    python racer.py make LOCATION TERM STAGES FOLDER NAME STRIKE
    python racer.py read LOCATION TERM STAGES FOLDER NAME

The work is cheap and everything else is real. FOLDER is where processes meet: each says `NAME.ready` and begins when
`go` is there; what it does is a line of `NAME.journal`. STRIKE is a signal with a moment, such as `SIGSTOP:files`: the
process sends it to itself amid its first stage, as a suspended machine or one without power does. `-`: never.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from trainers.store import open_objects
from trainers.store.leases import Holder, Holding
from trainers.store.stages import StageStore

MOMENTS = ("begun", "saved", "files", "commit")  # after its beginning, a save, some files, and right before its COMMIT
PAUSE = 0.05  # seconds of work between two moments
NAMES = {"model.safetensors": 200_000, "config.json": 300, "parts/cell.json": 20}


def stage(number: int) -> str:
    """The id of a stage."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def content(attempt: str, name: str) -> bytes:
    """What an attempt makes: of each one something else."""
    unit = hashlib.sha256(f"{attempt} {name}".encode()).digest()
    return (unit * (NAMES[name] // len(unit) + 1))[: NAMES[name]]


@dataclass
class Racer:
    """A broker and its lane in one, for one of the processes."""

    store: StageStore
    stages: list[str]
    meeting: Path
    name: str
    strike: str

    def __post_init__(self) -> None:
        self.me = Holder(life=uuid.uuid4().hex, name=self.name)

    def note(self, *words: str) -> None:
        with (self.meeting / f"{self.name}.journal").open("a") as lines:
            lines.write(" ".join(words) + "\n")

    def make(self) -> None:
        """Until all stages are made, by whomever."""
        missing = list(self.stages)
        while missing:
            for id in missing:
                attempt = self.store.begin(id, self.me)
                if attempt is not None:
                    self.note("begun", id, attempt)
                    self._work(id, attempt)
            missing = [id for id in missing if self.store.committed(id) is None]
            time.sleep(4 * PAUSE)

    def _work(self, id: str, attempt: str) -> None:
        with TemporaryDirectory() as folder, Holding(self.store.objects, id, attempt, self.store.term) as holding:
            files = {}
            for moment in self._moments(id, attempt):
                if moment == "saved":
                    path = Path(folder, "state")
                    path.write_bytes(content(attempt, "config.json"))
                    self.store.save_progress(id, attempt, 1, {"state.safetensors": path}, {})
                    self.store.keep_log(id, attempt, "0000-0", "a line\n")
                if moment == "files":
                    for name in NAMES:
                        path = Path(folder, "file")
                        path.write_bytes(content(attempt, name))
                        files[name] = self.store.put(id, attempt, name, path)
            winner = self.store.commit(id, attempt, files, {}, {"stage": id}, {})
            holding.committed = True
        self.note("ended", id, attempt, winner.attempt)

    def _moments(self, id: str, attempt: str) -> Iterator[str]:
        for moment in MOMENTS:
            yield moment
            time.sleep(PAUSE)
            name, _, when = self.strike.partition(":")
            if when == moment:
                self.strike = "-"
                self.note("struck", id, attempt, name)
                os.kill(os.getpid(), signal.Signals[name])

    def read(self) -> None:
        """What is committed is there, whole, and stays: until the race is over, and once more."""
        seen: dict[str, str] = {}
        over = False
        while not over:
            over = (self.meeting / "over").exists()
            for id in self.stages:
                commit = self.store.committed(id)
                assert commit is not None or id not in seen, "a commit has gone"
                if commit is None:
                    continue
                assert seen.setdefault(id, commit.attempt) == commit.attempt, "another commit counts"
                for name in NAMES:
                    assert self.store.read(commit, name) == content(commit.attempt, name)
            self.note("read", *seen)


if __name__ == "__main__":
    what, location, term, count, meeting, name, *strike = sys.argv[1:]
    store = StageStore(open_objects(location), float(term))
    racer = Racer(store, [stage(number) for number in range(int(count))], Path(meeting), name, *strike or ["-"])
    (racer.meeting / f"{name}.ready").touch()
    while not (racer.meeting / "go").exists():
        time.sleep(0.01)
    racer.make() if what == "make" else racer.read()
