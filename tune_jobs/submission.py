"""What a job on a cluster is made of: the packages, the space or recipe, what `data.lock` says, and a command.

All of it lies in the job's working folder, which Ray hands to every process of the job. Data and weights do not travel:
nodes read data below `--data`, and stages from the store. Nothing in a job is a secret: its description can be read by
whoever reads the cluster's jobs, so credentials stay where nodes have them.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml

from search_spaces.document import Document
from search_spaces.own_tasks import written_out
from tasks import lock
from tasks.errors import UserError
from trainers.identity import digest
from trainers.store import open_objects
from trainers.store.retries import WAIT
from tune_jobs.code import code_digest, package_files
from tune_jobs.mirror import remote, workshop
from tune_jobs.pinned import locked_in
from tune_jobs.results import looks
from tune_jobs.sweeps.event_log import replay
from tune_jobs.sweeps.history import History

Kind = Literal["sweep", "final"]

SENT = "sent.yaml"  # the space or the recipe, in the working folder
STOPPING = 900  # seconds that a stopped job has for the progress of what its lanes run
TRAVELLING = (  # of the environment: where things are and how long they are waited for, and never who one is
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
    "AWS_RESPONSE_CHECKSUM_VALIDATION",
    WAIT,
)


@dataclass(frozen=True)
class Submission:
    """A job to be.

    Attributes:
        kind: a sweep, or a final run.
        name: the sweep's; of a final run, the one that its recipe came from.
        store: where stages and results live, as every node reaches it.
        text: of the space or recipe, complete.
        options: of the command, beside store and file.
    """

    kind: Kind
    name: str
    store: str
    text: str
    options: tuple[str, ...]

    @property
    def sent(self) -> str:
        """sha256 of all that decides what the job does: an equal job need not be sent twice."""
        return digest([self.kind, self.name, self.store, self.text, list(self.options), code_digest()])

    @property
    def command(self) -> str:
        """What runs on the head, in the working folder."""
        words = ["python", "-m", "tune_jobs", self.kind, SENT, "--address", "auto", "--store", self.store]
        return shlex.join([*words, *self.options])

    def id(self, number: int) -> str:
        """The job's id: `number` says how many drivers the sweep has had by then, with this one."""
        return f"{self.name}-{number}" if self.kind == "sweep" else f"{self.name}-final-{number}"

    def fill(self, folder: Path) -> None:
        """Write the working folder."""
        for name, path in package_files():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
        (folder / SENT).write_text(self.text, encoding="utf-8")


def text_of(document: Document, data: Path) -> str:
    """A space or recipe file as it travels: with its own tasks written out, and what the data's lock says.

    Args:
        document: the file.
        data: the data folder or `s3://` prefix; a folder that only nodes have says nothing here.
    """
    content: dict[str, Any] = dict(written_out(document).content)
    section = dict(content.get("data") or {})
    where = remote(data)
    folder = data if where is None else workshop(where)
    folders = [Path(folder) / name for name in section.get("folders") or ["."]]
    pinned = locked_in(path for path in folders if (path / lock.NAME).is_file())
    if pinned and "locked" not in section and "toy" not in section:
        section["locked"] = {name: entry.model_dump(mode="json") for name, entry in pinned.items()}
    if section:
        content["data"] = section
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def environment(outer: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What of this environment travels.

    Raises:
        UserError: an address that would travel holds a password.
    """
    found = {name: outer[name] for name in TRAVELLING if outer.get(name)}
    for name, value in found.items():
        parts = urlsplit(value)
        if parts.username or parts.password:
            raise UserError("an address with a password would stand in the job's description; leave it out", where=name)
    return {**found, "RAY_JOB_STOP_WAIT_TIME_S": str(STOPPING), "PYTHONUNBUFFERED": "1"}


def checked_store(store: str) -> str:
    """The store as every node reaches it.

    Raises:
        UserError: a relative folder, which is another one on each machine.
    """
    if "://" in store or Path(store).is_absolute():
        return store.rstrip("/")
    raise UserError(
        "on a cluster the store is an s3:// prefix, or the absolute path of a folder that all machines share",
        where=f"--store {store}",
    )


def checked_data(data: Path) -> str | None:
    """The data as every node reaches it; None: none was named.

    Raises:
        UserError: a relative folder, which would be looked for in the job's working folder.
    """
    if data == Path():
        return None
    if where := remote(data):
        return where
    if data.is_absolute():
        return str(data)
    raise UserError(
        "on a cluster data is below an s3:// prefix, or in a folder at the same absolute path on all machines",
        where=f"--data {data}",
    )


def words(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Options of a command line; those that are None are left out, those with several values are repeated."""
    listed = ((name, value if isinstance(value, tuple) else (value,)) for name, value in options.items())
    given = ((name, value) for name, values in listed for value in values if value is not None)
    return tuple(word for name, value in given for word in (f"--{name}", str(value)))


def next_number(submission: Submission, drivers: int, taken: Collection[str]) -> int:
    """The number of the next job: above the drivers that the log names, and one whose id no job of the cluster has."""
    return next(number for number in count(drivers + 1) if submission.id(number) not in taken)


def drivers(submission: Submission) -> int:
    """How many drivers a sweep, or looks at the test sets its final runs, have had, by the store.

    Raises:
        UserError: the store cannot be read from here.
    """
    objects = open_objects(submission.store)
    if submission.kind == "final":
        return looks.count(objects, submission.name)
    return History(envelope.event for envelope in replay(objects, submission.name)).drivers
