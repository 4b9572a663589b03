"""The jobs of a cluster, through Ray's Job API: sent, listed, followed, stopped."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import requests
from ray.job_submission import JobDetails, JobStatus, JobSubmissionClient

from tasks.errors import UserError
from tune_jobs.submission import Submission, environment, next_number

MARK = "crosslift"  # in a job's metadata: what kind of job of ours it is
LIVE = ("pending", "running")
TALKATIVE = (  # loggers of Ray that tell of every upload and every closed socket
    "ray.dashboard.modules.job.sdk",
    "ray.dashboard.modules.dashboard_sdk",
    "ray._private.runtime_env.packaging",
)


@dataclass(frozen=True)
class Job:
    """A job of ours.

    Attributes:
        id: unique on the cluster.
        kind: sweep or final.
        name: of the sweep.
        store: where its results are.
        number: of its driver.
        sent: the digest of what was submitted.
        state: pending, running, succeeded, failed or stopped.
        began: seconds since 1970; None while it is pending.
        ended: likewise; None while it lives.
        message: what Ray says of its state.
        code: its command's exit code, once it has ended by itself.
    """

    id: str
    kind: str
    name: str
    store: str
    number: int
    sent: str
    state: str
    began: float | None
    ended: float | None
    message: str
    code: int | None = None

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return self.state in LIVE


class Jobs:
    """The jobs of one cluster.

    Raises (all methods):
        UserError: nobody answers, the token is not the cluster's, or the cluster refuses.
    """

    def __init__(self, address: str) -> None:
        """Args:
        address: of the dashboard, `http://host:port`.
        """
        self._address = address
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.ERROR)
        with self._mendable():
            self._client = JobSubmissionClient(address)

    def all(self) -> list[Job]:
        """Ours, the oldest first."""
        with self._mendable():
            found = [_job(details) for details in self._client.list_jobs() if MARK in (details.metadata or {})]
        return sorted(found, key=lambda job: (job.began or float("inf"), job.number))

    def named(self, name: str) -> list[Job]:
        """Those of a sweep, final runs too; or the one of this id.

        Raises:
            UserError: there is none.
        """
        jobs = self.all()
        found = [job for job in jobs if name == job.id] or [job for job in jobs if name == job.name]
        if not found:
            known = ", ".join(dict.fromkeys(job.name for job in jobs)) or "none"
            raise UserError(f"the cluster has no job of it; it has jobs of: {known}", where=name)
        return found

    def submit(self, submission: Submission, number: int) -> Job | None:
        """Send a job.

        Returns:
            The job; None: its id is taken, since another submission was quicker.
        """
        id = submission.id(number)
        about = {MARK: submission.kind, "name": submission.name, "store": submission.store}
        with self._mendable(), tempfile.TemporaryDirectory(prefix="crosslift-job-") as folder:
            submission.fill(Path(folder))
            try:
                self._client.submit_job(
                    entrypoint=submission.command,
                    submission_id=id,
                    runtime_env={"working_dir": folder, "env_vars": environment()},
                    metadata={**about, "number": str(number), "sent": submission.sent},
                )
            except RuntimeError:
                if id in {job.id for job in self.all()}:
                    return None
                raise
        return next(job for job in self.all() if job.id == id)

    def stop(self, job: Job) -> None:
        """Ask a job to end: its lanes keep the progress of what they run."""
        with self._mendable():
            self._client.stop_job(job.id)

    def look(self, job: Job) -> Job:
        """The job as it is now."""
        with self._mendable():
            return _job(self._client.get_job_info(job.id))

    def log(self, job: Job) -> str:
        """All that it has written so far."""
        with self._mendable():
            return self._client.get_job_logs(job.id)

    def follow(self, job: Job) -> Iterator[str]:
        """What it has written and writes, until it ends."""
        with self._mendable():
            yield from _in_step(self._client.tail_job_logs(job.id))

    @contextmanager
    def _mendable(self) -> Iterator[None]:
        try:
            yield
        except (ConnectionError, requests.exceptions.ConnectionError, aiohttp.ClientError) as error:
            raise UserError(
                "nobody answers there; `ray up` the cluster, and give its file with --cluster, or the address of a "
                "tunnel (`ray dashboard CLUSTER.YAML`) with --address",
                where=self._address,
            ) from error
        except RuntimeError as error:  # what the Job API and its token check raise
            reason = " ".join(str(error).split())
            raise UserError(_advice(reason), where=self._address) from error


def send(jobs: Jobs, submission: Submission, drivers: int) -> tuple[Job, bool]:
    """The job that does what is asked: the live one, or the next.

    Args:
        jobs: of the cluster.
        submission: what is asked.
        drivers: how many the sweep has had, by its store.

    Returns:
        The job, and whether it was sent now.

    Raises:
        UserError: a live job does the same with other settings.
    """
    while True:
        known = jobs.all()
        mine = submission.kind, submission.name, submission.store
        live = next((job for job in known if job.live and (job.kind, job.name, job.store) == mine), None)
        if live is not None and live.sent == submission.sent:
            return live, False
        if live is not None:
            raise UserError(
                f"this job of it runs, with another space, other options or another version of Crosslift; "
                f"`crosslift stop {live.name}`, and submit again: nothing is lost",
                where=live.id,
            )
        job = jobs.submit(submission, next_number(submission, drivers, {job.id for job in known}))
        if job is not None:
            return job, True


def _advice(reason: str) -> str:
    if "token" in reason.lower():
        return (
            "the cluster asks for its token; set RAY_AUTH_MODE=token and bring the cluster's token to ~/.ray/auth_token"
        )
    return f"the cluster refuses: {reason[:300]}"


def _job(details: JobDetails) -> Job:
    about = details.metadata or {}
    return Job(
        str(details.submission_id),
        about[MARK],
        about["name"],
        about["store"],
        int(about["number"]),
        about["sent"],
        JobStatus(details.status).value.lower(),
        _seconds(details.start_time),
        _seconds(details.end_time),
        details.message or "",
        details.driver_exit_code,
    )


def _seconds(milliseconds: int | None) -> float | None:
    return None if not milliseconds else milliseconds / 1000


def _in_step(texts: AsyncIterator[str]) -> Iterator[str]:
    """What an asynchronous iterator gives, one after the other."""
    loop = asyncio.new_event_loop()
    try:
        while True:
            try:
                yield loop.run_until_complete(anext(texts))
            except StopAsyncIteration:
                return
    finally:
        loop.close()
