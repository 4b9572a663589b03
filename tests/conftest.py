"""The published files, which lie packed beside the project where they are there at all."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

PACKED = Path(__file__).parents[2] / "shared" / "real"


@pytest.fixture(scope="session")
def real() -> Iterator[Path]:
    """A folder with the published files, unpacked; tests that need them are skipped where they are not there."""
    if not (PACKED / "unpack").is_file():
        pytest.skip(f"no published files in {PACKED}")
    with TemporaryDirectory(prefix="crosslift-real-") as folder:
        subprocess.run(["bash", str(PACKED / "unpack"), folder], check=True)
        yield Path(folder)
