"""`crosslift logs`: what a job has written."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_jobs.commands.job import follow, one
from tune_jobs.commands.options import ClusterOption, DashboardOption, JobArgument


def logs_command(
    name: JobArgument,
    cluster: ClusterOption = None,
    address: DashboardOption = None,
    on: Annotated[bool, typer.Option("--follow", "-f", help="And what it writes, to its end.")] = False,
) -> None:
    """Print what a sweep's newest job has written; stages' own logs are in the store: `crosslift stages`."""
    from tune_jobs.on_ray.jobs import Jobs
    from tune_jobs.on_ray.tunnel import dashboard

    with dashboard(address, cluster) as url:
        jobs = Jobs(url)
        job = one(jobs, name)
        if on:
            follow(jobs, job)
        else:
            typer.echo(jobs.log(job), nl=False)
