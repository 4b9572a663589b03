"""`crosslift jobs`: what runs on a cluster, and what has run."""

from __future__ import annotations

import time
from dataclasses import asdict

from tune_jobs.commands.options import ClusterOption, DashboardOption, JsonOption
from tune_jobs.commands.screen import print_json, print_table


def jobs_command(cluster: ClusterOption = None, address: DashboardOption = None, as_json: JsonOption = False) -> None:
    """List a cluster's jobs, the oldest first."""
    from tune_jobs.on_ray.jobs import Jobs
    from tune_jobs.on_ray.tunnel import dashboard

    with dashboard(address, cluster) as url:
        found = Jobs(url).all()
    if as_json:
        print_json([asdict(job) for job in found])
        return
    rows = [(job.id, job.kind, job.state, _time(job.began), _time(job.ended), job.store) for job in found]
    print_table(("job", "kind", "state", "began", "ended", "store"), rows)


def _time(seconds: float | None) -> str:
    return "–" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
