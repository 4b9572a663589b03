"""What stages say of their data means the same on every machine: here, a cache of its own and no path of the other."""

from __future__ import annotations

import pickle
import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tasks import toy
from tasks.data import DataFolders, DataSource, load
from tasks.errors import UserError
from tasks.homes import Home, Prefix, World
from tests.trainers import world
from tests.trainers.stores import client, lead_to, server
from trainers.lane import Assignment, Verdict
from trainers.located import Located, generated, locate, mirrored
from trainers.session import Session, Settings
from trainers.store.folder import FolderObjects
from trainers.store.stages import StageStore

SMALL = World(toy.VERSION, 0.02, 3, True)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as found:
        yield found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world in the cache of a machine."""
    return generated(SMALL, tmp_path_factory.mktemp("one"))


@pytest.fixture
def prefix(made: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Prefix:
    """The world below a prefix that nobody has mirrored."""
    lead_to(address, monkeypatch)
    found = Prefix(f"s3://lab/{uuid4().hex}", "some state")
    for file in (path for path in made.rglob("*xnli*/*") if path.is_file()):
        put(address, found, file.relative_to(made).as_posix(), file.read_bytes())
    return found


def put(address: str, prefix: Prefix, name: str, content: bytes) -> None:
    client(address).put_object(Bucket="lab", Key=key_of(prefix, name), Body=content)


def key_of(prefix: Prefix, name: str) -> str:
    return f"{prefix.location}/{name}".removeprefix("s3://lab/")


def of(folder: Path, home: Home | None, split: str = "test") -> Located:
    """XNLI in German-like words: its test set has a file of gold beside it."""
    folders = DataFolders((folder,), {}, {folder: home} if home is not None else {})
    source = folders.find("xnli", split, "qaa")
    assert isinstance(source, DataSource) and (source.gold is None) == (split == "dev")
    return locate(source, folders)


@pytest.mark.parametrize("split", ["dev", "test"])
@pytest.mark.parametrize("kind", ["world", "prefix"])
def test_another_machine_finds_the_same_without_a_path_of_the_first(
    made: Path, prefix: Prefix, tmp_path: Path, kind: str, split: str
) -> None:
    located = of(made, SMALL if kind == "world" else prefix, split)
    told = pickle.dumps(located)
    assert str(made.parent).encode() not in told
    found = pickle.loads(told).here(tmp_path)
    assert all(Path(file).is_relative_to(tmp_path) for file in (*found.files, found.gold) if file)
    there = DataFolders((made,), {}).find("xnli", split, "qaa")
    assert isinstance(there, DataSource)
    assert load(found).fingerprint == load(there).fingerprint


def test_where_all_of_a_prefix_was_read_nothing_is_copied(made: Path, prefix: Prefix, tmp_path: Path) -> None:
    located = of(made, prefix)
    shutil.copytree(made, mirrored(prefix, tmp_path))
    assert all(Path(file).is_relative_to(mirrored(prefix, tmp_path)) for file in located.here(tmp_path).files)
    assert not (tmp_path / "files").exists()


@pytest.mark.parametrize("what", ["gone", "another file"])
def test_a_prefix_that_has_changed_is_one_line_and_nothing_is_read(
    made: Path, prefix: Prefix, address: str, tmp_path: Path, what: str
) -> None:
    located = of(made, prefix, "dev")
    name = located.files[0].path
    if what == "gone":
        client(address).delete_object(Bucket="lab", Key=key_of(prefix, name))
    else:
        put(address, prefix, name, (made / name).read_bytes()[:-1] + b"!")
    with pytest.raises(UserError, match=rf"^{prefix.location}/{name}: {what} since the sweep was planned; bring that"):
        located.here(tmp_path)


def test_a_folder_that_this_machine_lacks_is_one_line(made: Path, tmp_path: Path) -> None:
    here = shutil.copytree(made, tmp_path / "data")
    located = of(here, None)
    assert load(located.here(tmp_path)).examples
    shutil.rmtree(here)
    missing = f"^{re.escape(str(here))}/.*: no such file on {platform.node()}; .*--data s3://"
    with pytest.raises(UserError, match=missing):
        located.here(tmp_path)


def test_other_data_at_the_same_path_is_never_read_for_it(made: Path, tmp_path: Path) -> None:
    here = shutil.copytree(made, tmp_path / "data")
    graph = world.graph(DataFolders((here,), {}), world.recipe())
    stage = next(stage for stage in graph.stages.values() if stage.label == "score xnli qaa")
    store = StageStore(FolderObjects(tmp_path / "store"))
    session = Session(Assignment(stage, "1"), store, Settings(tmp_path), lambda step, steps: Verdict.GO_ON, tmp_path)
    (fingerprint,) = stage.sources
    assert session.dataset(fingerprint).fingerprint == fingerprint
    file = Path(stage.sources[fingerprint].here(tmp_path).files[0])
    file.write_text("".join(file.read_text().splitlines(keepends=True)[1:]))
    what = f"xnli dev qaa: the data on {platform.node()} is not what the sweep was planned with; bring that back"
    with pytest.raises(UserError, match=what):
        session.dataset(fingerprint)


def test_a_world_of_another_release_is_one_line(made: Path, tmp_path: Path) -> None:
    other = replace(SMALL, version=toy.VERSION + 1)
    with pytest.raises(UserError, match=f"{platform.node()} generates; install the same release on all machines"):
        of(made, other).here(tmp_path)
    assert not any(tmp_path.iterdir())


def test_no_home_is_in_an_id(made: Path, prefix: Prefix) -> None:
    def ids(home: Any) -> list[str]:
        homes = {made: home} if home else {}
        return list(world.graph(DataFolders((made,), {}, homes), world.recipe({"snli": 1.0})).stages)

    assert ids(None) == ids(SMALL) == ids(prefix)
