"""Freed memory stays with the process: no step takes the same pages from the system again."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from trainers.memory import ENVIRONMENT

STEPS = """
import resource, sys, threading
import numpy as np
from trainers.memory import keep_freed_memory

def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        block = np.empty(12_000_000)
        block.fill(1.0)
        del block
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def measure():
    faults(2)
    print(faults(10))

if sys.argv[1] == "keep":
    assert keep_freed_memory()
if sys.argv[2] == "thread":
    thread = threading.Thread(target=measure)
    thread.start()
    thread.join()
else:
    measure()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
@pytest.mark.parametrize("where", ["main", "thread"])
@pytest.mark.parametrize("environment", [{}, ENVIRONMENT])
def test_a_large_block_is_taken_from_the_system_once(where: str, environment: dict[str, str]) -> None:
    def faults(how: str, more: dict[str, str]) -> int:
        argv = [sys.executable, "-c", STEPS, how, where]
        return int(subprocess.run(argv, env=os.environ | more, capture_output=True, text=True, check=True).stdout)

    assert faults("leave" if environment else "keep", environment) < faults("leave", {}) / 100
