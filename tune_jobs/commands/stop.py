"""`crosslift stop`: end a sweep's jobs; the same `submit` continues."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from tune_jobs.commands.options import ClusterOption, DashboardOption, JobArgument

LOOK = 0.5


def stop_command(
    name: JobArgument,
    cluster: ClusterOption = None,
    address: DashboardOption = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Until it has ended.")] = True,
) -> None:
    """Stop what runs of a sweep: lanes keep the progress of their stages, and leave."""
    from tune_jobs.on_ray.jobs import Jobs
    from tune_jobs.on_ray.tunnel import dashboard

    with dashboard(address, cluster) as url:
        jobs = Jobs(url)
        live = [job for job in jobs.named(name) if job.live]
        for job in live:
            jobs.stop(job)
        for job in live:
            while wait and jobs.look(job).live:
                time.sleep(LOOK)
            typer.echo(f"{job.id}: {'stopped' if wait else 'asked to stop'}; the same `crosslift submit` continues it")
        if not live:
            typer.echo(f"{name}: nothing of it runs")
