"""Every declared task, on the toy world: read, tokenised, trained on, scored, written, read back."""

from __future__ import annotations

import pytest

from tasks import catalog, toy
from tasks.data import DataFolders
from tasks.examples import Kind
from trainers.runner import Runner
from trainers.session import Settings
from trainers.store.folder import FolderObjects
from trainers.store.stages import StageStore
from tune_jobs.conformance import Bench

pytestmark = pytest.mark.slow  # trains models

WRITTEN = ("scored", "written")
UNREADABLE: dict[str, str] = {}
"""Tasks that do not work on the toy world, and why."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    root = tmp_path_factory.mktemp("conformance")
    toy.write(root / "world", size=0.05, seed=2, further_test=10)  # a fifth of fewer may be empty
    store = StageStore(FolderObjects(root / "store"))
    data = DataFolders((root / "world",), {})
    return Bench(data, data, store, Runner(store, Settings(root / "cache")), root / "cache", most=6)


@pytest.mark.parametrize("name", [task.name for task in catalog.all_tasks() if task.name not in UNREADABLE])
def test_a_declared_task_works_from_its_files_to_its_score(name: str, bench: Bench) -> None:
    task = catalog.get(name)
    checks = list(bench.conform(task))
    found = {check.what for check in checks}
    scored, written = ([c.of for c in checks if (c.what, c.of.split()[0]) == (what, name)] for what in WRITTEN)
    assert "read" in found
    assert scored == written
    assert bool(scored) == (task.selection is not None)
    if not task.kind.searched:
        assert "trained" in found


def test_every_kind_is_among_them() -> None:
    assert {task.kind for task in catalog.all_tasks()} == set(Kind)
