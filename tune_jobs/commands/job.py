"""What the commands on jobs share: following one to its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from tasks.errors import UserError

if TYPE_CHECKING:
    from tune_jobs.on_ray.jobs import Job, Jobs

STOPPED = 130  # the exit code of a command that was asked to end
ENDING = 30.0  # seconds that a job has from its last word to its end
LOOK = 0.5


def follow(jobs: Jobs, job: Job) -> None:
    """Print what a job writes until it ends.

    Raises:
        typer.Exit: it did not succeed; with its exit code.
        UserError: nobody can say how it ended.
        KeyboardInterrupt: Ctrl-C; the job goes on.
    """
    try:
        for text in jobs.follow(job):
            typer.echo(text, nl=False)
        now, until = jobs.look(job), time.monotonic() + ENDING
        while now.live and time.monotonic() < until:
            time.sleep(LOOK)
            now = jobs.look(job)
    except KeyboardInterrupt:
        typer.echo(f"\n{job.id} goes on; `crosslift stop {job.name}` ends it", err=True)
        raise
    if now.live:
        raise UserError("it writes no more, but has not ended; `crosslift watch` it again", where=job.id)
    if now.state != "succeeded":
        typer.echo(f"crosslift: {job.id}: {now.state}: {' '.join(now.message.split())[-300:]}", err=True)
        raise typer.Exit(now.code or (STOPPED if now.state == "stopped" else 1))


def one(jobs: Jobs, name: str) -> Job:
    """The job of this id, or the newest of a sweep.

    Raises:
        UserError: there is none.
    """
    return jobs.named(name)[-1]
