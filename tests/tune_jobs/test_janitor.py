"""What dead jobs leave on a cluster is cleared; what living jobs have, and what is to outlive its job, stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import ray
from ray.util.placement_group import placement_group

from tests.tune_jobs.ray_cluster import Machines, actors, machines, wait
from tune_jobs.on_ray import janitor

pytestmark = [pytest.mark.slow, pytest.mark.ray]

JOB = """
import sys
import ray
from ray.train.v2._internal.execution.controller.placement_group_cleaner import PlacementGroupCleaner
from ray.util.placement_group import placement_group

HEAD = {"node:__internal_head__": 0.001}
ray.init(sys.argv[1], log_to_driver=False)
settings = ray.remote(PlacementGroupCleaner).options(num_cpus=0, resources=HEAD, lifetime="detached")
cleaner = settings.remote("f" * 32, 1.0, 1.0, 2.0)
ray.get(cleaner.__ray_ready__.remote())
placement_group([{"CPU": 1}], lifetime="detached", name="to stay")
placement_group([{"CPU": 1}], name="to go")
"""


def groups() -> set[str]:
    return {g["name"] for g in ray.util.placement_group_table().values() if g["state"] != "REMOVED"}


def dead_job(here: Machines) -> None:
    subprocess.run([sys.executable, "-c", JOB, here.cluster.address], check=True, timeout=120)


def test_only_what_dead_jobs_have_left_is_cleared(tmp_path: Path) -> None:
    with machines(tmp_path, 2) as here:
        placement_group([{"CPU": 9}], name="of a living job")
        dead_job(here)
        assert len(actors(janitor.CLEANER)) == 1
        wait(lambda: sum(job["IsDead"] for job in ray._private.state.jobs()) == 1)
        janitor.clear()
        wait(lambda: not actors(janitor.CLEANER), 30.0)
        wait(lambda: groups() == {"to stay", "of a living job"}, 30.0)
