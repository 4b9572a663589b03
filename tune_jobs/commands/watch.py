"""`crosslift watch`: follow a sweep's newest job to its end."""

from __future__ import annotations

from tune_jobs.commands.job import follow, one
from tune_jobs.commands.options import ClusterOption, DashboardOption, JobArgument


def watch_command(name: JobArgument, cluster: ClusterOption = None, address: DashboardOption = None) -> None:
    """Follow a job to its end, with its exit code; Ctrl-C leaves it at work."""
    from tune_jobs.on_ray.jobs import Jobs
    from tune_jobs.on_ray.tunnel import dashboard

    with dashboard(address, cluster) as url:
        jobs = Jobs(url)
        follow(jobs, one(jobs, name))
