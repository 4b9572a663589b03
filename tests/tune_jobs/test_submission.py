"""What a job is made of, and which job a submission is: the live one, the next one, or neither.

Real jobs on a real cluster: `tests/cluster`.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from search_spaces.document import parse
from search_spaces.space import from_document
from tasks import lock
from tasks.errors import UserError
from tests.tune_jobs import world
from tune_jobs.code import package_files
from tune_jobs.on_ray.jobs import Job, Jobs, send
from tune_jobs.submission import (
    SENT,
    Submission,
    checked_data,
    checked_store,
    environment,
    next_number,
    text_of,
    words,
)

OWN = """\
name: reviews
kind: classification
languages: [en]
labels: [bad, good]
files: {train: reviews/train.csv, dev: reviews/dev.csv}
columns: {first: text, label: stars}
"""


def submission(**changes: Any) -> Submission:
    return replace(Submission("sweep", "little", "s3://bucket/lab", "name: little\n", ("--lanes", "2")), **changes)


@dataclass
class Cluster:
    """Jobs that are only noted; `quicker` is somebody else's submission that comes first."""

    jobs: list[Job] = field(default_factory=list)
    quicker: Submission | None = None

    def all(self) -> list[Job]:
        return list(self.jobs)

    def submit(self, wanted: Submission, number: int) -> Job | None:
        if self.quicker is not None:
            first, self.quicker = self.quicker, None
            self.note(first, number)
        if wanted.id(number) in {job.id for job in self.jobs}:
            return None
        return self.note(wanted, number)

    def note(self, wanted: Submission, number: int) -> Job:
        id, sent = wanted.id(number), wanted.sent
        job = Job(id, wanted.kind, wanted.name, wanted.store, number, sent, "running", 1.0, None, "")
        self.jobs.append(job)
        return job

    def end(self) -> None:
        self.jobs = [replace(job, state="stopped") for job in self.jobs]


def sent(cluster: Cluster, wanted: Submission, drivers: int = 0) -> tuple[str, bool]:
    job, new = send(cast(Jobs, cluster), wanted, drivers)
    return job.id, new


def test_the_same_command_attaches_and_then_continues() -> None:
    cluster = Cluster()
    assert sent(cluster, submission()) == ("little-1", True)
    assert sent(cluster, submission(), drivers=1) == ("little-1", False)
    cluster.end()
    assert sent(cluster, submission(), drivers=1) == ("little-2", True)


def test_on_a_new_cluster_the_store_knows_how_many_there_were() -> None:
    assert sent(Cluster(), submission(), drivers=4) == ("little-5", True)


@pytest.mark.parametrize("changes", [{"options": ("--trials", "9")}, {"text": "name: little\nrungs: []\n"}])
def test_a_live_job_with_other_settings_is_not_taken_for_it(changes: dict[str, Any]) -> None:
    cluster = Cluster()
    sent(cluster, submission())
    with pytest.raises(UserError, match="crosslift stop little"):
        sent(cluster, submission(**changes))


def test_other_stores_and_final_runs_are_other_jobs() -> None:
    """Also where their ids would be the same."""
    cluster = Cluster()
    sent(cluster, submission())
    assert sent(cluster, submission(store="s3://bucket/other")) == ("little-2", True)
    assert sent(cluster, submission(kind="final")) == ("little-final-1", True)
    assert sent(cluster, submission(name="little-final")) == ("little-final-2", True)
    assert next_number(submission(), 0, ()) == 1


def test_whoever_comes_second_attaches() -> None:
    cluster = Cluster(quicker=submission())
    assert sent(cluster, submission()) == ("little-1", False)


def test_what_travels_is_what_runs_there(tmp_path: Path) -> None:
    """In the working folder the package is the one in it, whatever else is installed."""
    submission().fill(tmp_path)
    assert (tmp_path / SENT).read_text() == "name: little\n"
    where = "import tasks, trainers, search_spaces, tune_jobs as t; print(t.__path__[0])"
    found = subprocess.run([sys.executable, "-c", where], cwd=tmp_path, text=True, capture_output=True, check=True)
    assert found.stdout.strip() == str(tmp_path / "tune_jobs")
    shown = subprocess.run([sys.executable, "-m", "tune_jobs", "--help"], cwd=tmp_path, text=True, capture_output=True)
    assert "sweep" in shown.stdout
    names = {name for name, _ in package_files()}
    assert {"search_spaces/shipped/quickstart.yaml", "tune_jobs/__main__.py"} <= names
    assert not any("__pycache__" in name for name in names)


def test_own_tasks_and_the_lock_travel(tmp_path: Path) -> None:
    """The space is complete without the files beside it, and says which files of the hub it means."""
    (tmp_path / "reviews.yaml").write_text(OWN)
    (tmp_path / "reviews").mkdir()
    text = yaml.safe_dump(world.SPACE | {"data": {"folders": ["."], "tasks": ["reviews.yaml"]}})
    name = "hub/pawsx/dev.jsonl"
    lock.write(tmp_path, {name: lock.Locked("pawsx", "a/b", "c" * 40, "d" * 64, 2)})
    document = parse(text, str(tmp_path / "little.yaml"))
    loaded = from_document(parse(text_of(document, tmp_path), "sent.yaml"))
    assert [own.name for own in loaded.data.tasks] == ["reviews"]
    assert loaded.data.locked[name].sha256 == "d" * 64
    assert loaded.identity() == from_document(document).identity()


def test_places_travel_and_credentials_do_not() -> None:
    outer = {"AWS_ENDPOINT_URL": "http://store:9000", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ACCESS_KEY_ID": "key"}
    assert environment(outer).items() >= {"AWS_ENDPOINT_URL": "http://store:9000"}.items()
    assert not {"secret", "key"} & set(environment(outer).values())
    with pytest.raises(UserError, match="password"):
        environment({"AWS_ENDPOINT_URL": "http://me:secret@store:9000"})


def test_a_store_is_the_same_on_all_machines(tmp_path: Path) -> None:
    for store in ("s3://bucket/lab", str(tmp_path)):
        assert checked_store(store) == store
    assert checked_store("s3://bucket/lab/") == "s3://bucket/lab", "one store has one name"
    with pytest.raises(UserError, match="absolute path"):
        checked_store("lab")
    assert checked_data(Path()) is None
    assert checked_data(Path("s3://bucket/data")) == "s3://bucket/data"
    with pytest.raises(UserError, match="absolute path"):
        checked_data(Path("data"))


def test_options_that_were_not_given_are_left_to_the_command() -> None:
    assert words({"lanes": 2, "trials": None, "data": Path("s3")}) == ("--lanes", "2", "--data", "s3")
