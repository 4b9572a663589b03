"""Fixtures of the store's tests: every test that takes `open_store` runs on every kind of store."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trainers.store_lab import Lab
from tests.trainers.stores import Open, opener, server
from trainers.store.folder import FolderObjects


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of an S3 server in this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request
    with server() as address:
        yield address


@pytest.fixture(params=["folder", "s3", "real s3"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens one and the same empty store, again and again."""
    endpoint = request.getfixturevalue("endpoint") if request.param == "s3" else ""
    return opener(request.param, endpoint, tmp_path)


@pytest.fixture
def lab(open_store: Open, tmp_path: Path) -> Lab:
    return Lab(open_store, tmp_path)


@pytest.fixture
def folder_lab(tmp_path: Path) -> Lab:
    return Lab(lambda: FolderObjects(tmp_path / "store"), tmp_path)
