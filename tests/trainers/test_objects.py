"""What every store must do, and how a folder fails."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import UserError
from tests.trainers.stores import Open, one_line
from trainers.store.folder import FolderObjects
from trainers.store.objects import Objects, check_key


def keys(objects: Objects, prefix: str = "") -> list[str]:
    return [info.key for info in objects.list(prefix)]


# Every store


def test_an_object_is_created_once_and_reads_back(open_store: Open) -> None:
    assert open_store().create("a/b.json", b"first")
    assert not open_store().create("a/b.json", b"second")
    assert not open_store().create("a/b.json", b"first"), "equal bytes of another writer are not ours"
    assert open_store().read("a/b.json") == b"first"


def test_of_racing_threads_exactly_one_creates(open_store: Open) -> None:
    stores = [open_store() for _ in range(8)]
    for number in range(5):
        barrier = Barrier(8)

        def race(i: int, key: str = f"events/{number}", barrier: Barrier = barrier) -> bool:
            barrier.wait()
            return stores[i].create(key, f"by {i}".encode())

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(race, range(8)))
        assert won.count(True) == 1
        assert stores[0].read(f"events/{number}") == f"by {won.index(True)}".encode()


def test_a_missing_key_is_a_key_error(open_store: Open, tmp_path: Path) -> None:
    objects = open_store()
    objects.create("a/b", b"1")
    for key in ("nothing", "a/c", "a/b/c", "a"):
        with pytest.raises(KeyError, match=key):
            objects.read(key)
        with pytest.raises(KeyError, match=key):
            objects.download(key, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert list(tmp_path.glob(".copy*")) == []


def test_deleting_is_idempotent_and_frees_the_key(open_store: Open) -> None:
    objects = open_store()
    objects.create("a/b/c", b"1")
    objects.create("a/d", b"2")
    objects.delete("a/b/c")
    objects.delete("a/b/c")
    assert keys(objects) == ["a/d"]
    assert objects.create("a/b/c", b"3")
    assert objects.read("a/b/c") == b"3"


def test_creating_beside_deletes_of_the_last_neighbour(open_store: Open) -> None:
    """A folder that is emptied must not take a new object with it."""
    objects = open_store()

    def churn(i: int) -> None:
        for n in range(10):
            assert objects.create(f"deep/er/{i}-{n}", b"x")
            objects.delete(f"deep/er/{i}-{n}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(churn, range(4)))
    assert keys(objects) == []


def test_a_listing_is_sorted_by_whole_keys_and_knows_sizes(open_store: Open) -> None:
    objects = open_store()
    names = ["a-b", "a.b", "a0", "a/b-c/d", "a/b.c", "b/a", "a/b0", "é/x", "z"]
    for i, name in enumerate(names):
        objects.create(name, b"x" * i)
    found = list(objects.list(""))
    assert [info.key for info in found] == sorted(names)
    assert {info.key: info.size for info in found} == {name: i for i, name in enumerate(names)}
    for prefix in ("a", "a/", "a/b", "a/b-", "a/b-c/", "b", "nothing", "nothing/at/all"):
        assert keys(objects, prefix) == sorted(name for name in names if name.startswith(prefix)), prefix


def test_times_go_by_the_stores_clock(open_store: Open) -> None:
    objects = open_store()
    before = objects.now()
    objects.create("a", b"1")
    after = objects.now()
    (info,) = objects.list("")
    assert before - 1 <= info.modified <= after + 1, "a second is the finest grain that S3 has"
    assert before <= after <= before + 60


@pytest.mark.parametrize("size", [0, 1, 70_000, (16 << 20) + 12_345])
def test_a_file_of_any_size_comes_back(open_store: Open, tmp_path: Path, size: int) -> None:
    objects, path = open_store(), tmp_path / "file"
    path.write_bytes(random.Random(size).randbytes(size))
    objects.upload("attempt/model.safetensors", path)
    objects.download("attempt/model.safetensors", tmp_path / "deep" / "copy")
    assert (tmp_path / "deep" / "copy").read_bytes() == path.read_bytes()
    assert [(info.key, info.size) for info in objects.list("")] == [("attempt/model.safetensors", size)]


def test_an_upload_may_be_repeated_but_not_changed(open_store: Open, tmp_path: Path) -> None:
    objects, path = open_store(), tmp_path / "file"
    path.write_bytes(b"weights")
    objects.upload("attempt/model", path)
    objects.upload("attempt/model", path)
    path.write_bytes(b"changed")
    with pytest.raises(FileExistsError):
        objects.upload("attempt/model", path)
    assert objects.read("attempt/model") == b"weights"
    with pytest.raises(FileNotFoundError):
        objects.upload("attempt/other", tmp_path / "missing")


def _write_until_killed(store: Objects, path: Path) -> None:
    for n in range(100_000):
        store.create(f"created/{n}", b"x" * (1 << 20))
        store.upload(f"uploaded/{n}", path)


def test_a_killed_writer_leaves_no_partial_object(open_store: Open, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(random.Random(0).randbytes(3 << 20))
    for delay in (0.15, 0.31, 0.47):
        process = os.fork()
        if process == 0:
            try:
                _write_until_killed(open_store(), path)
            finally:
                os._exit(1)
        time.sleep(delay)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    objects = open_store()
    for info in objects.list(""):
        assert info.size == (1 << 20 if info.key.startswith("created/") else 3 << 20), info.key
        assert info.key.startswith(("created/", "uploaded/"))
    objects.tidy(objects.now() + 10)
    assert objects.create("created/next", b"1")


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a/.b", "a\nb", "a\\b"])
def test_what_is_no_key_is_refused_before_anything_is_touched(open_store: Open, key: str) -> None:
    objects = open_store()
    for act in (objects.read, objects.delete, lambda key: objects.create(key, b"")):
        with pytest.raises(ValueError, match="not a key"):
            act(key)
    assert keys(objects) == []


# A folder


@given(st.sets(st.text("ab-./0é", min_size=1, max_size=6), max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_folder_lists_like_a_sorted_set_of_keys(names: set[str]) -> None:
    def is_key(name: str) -> bool:
        try:
            return bool(check_key(name))
        except ValueError:
            return False

    # where one key is a folder of another, a file system can hold only one of them
    wanted = {name for name in filter(is_key, names) if not any(other.startswith(f"{name}/") for other in names)}
    with tempfile.TemporaryDirectory() as folder:
        objects = FolderObjects(Path(folder))
        for name in wanted:
            assert objects.create(name, b"1")
        assert keys(objects) == sorted(wanted)


def _create(folder: Path, key: str, i: int, start: Any, results: Any) -> None:
    objects = FolderObjects(folder)
    start.wait()
    results.put((i, objects.create(key, f"by {i}".encode())))


def test_of_racing_processes_exactly_one_creates(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(8), context.Queue()
    writers = [context.Process(target=_create, args=(tmp_path, "COMMIT", i, start, results)) for i in range(8)]
    for writer in writers:
        writer.start()
    won = [i for i, ours in (results.get(timeout=60) for _ in writers) if ours]
    for writer in writers:
        writer.join()
    assert len(won) == 1
    assert FolderObjects(tmp_path).read("COMMIT") == f"by {won[0]}".encode()


def test_temporary_files_are_not_listed_and_go_when_old(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    objects.create("a", b"1")
    left = tmp_path / ".tmp" / "left-by-a-dead-writer"
    left.write_bytes(b"half")
    assert keys(objects) == ["a"]
    objects.tidy(objects.now() - 60)
    assert left.exists(), "its writer may be alive"
    objects.tidy(objects.now() + 60)
    assert not left.exists()
    assert keys(objects) == ["a"]


def test_a_file_in_the_place_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("precious")
    objects = FolderObjects(tmp_path / "store")
    for act in (
        lambda: objects.create("a/b", b"1"),
        lambda: objects.read("a/b"),
        lambda: list(objects.list("a/")),
        lambda: list(objects.list("")),
        objects.now,
        lambda: objects.upload("a/b", Path(__file__)),
    ):
        with pytest.raises(UserError) as error:
            act()
        one_line(error, str(tmp_path / "store"), "a file is in the place of a folder", "remove it")
    assert (tmp_path / "store").read_text() == "precious"


def test_a_file_in_the_place_of_a_folder_inside(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    objects.create("stages", b"1")
    with pytest.raises(UserError) as error:
        objects.create("stages/a/COMMIT.0.json", b"2")
    one_line(error, "stages/a/COMMIT.0.json", "a file is in the place of a folder")
    assert [(info.key, info.size) for info in objects.list("")] == [("stages", 1)]


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A small file system in memory; the test is skipped where mounting is not allowed."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_read_only_mount(tmp_path: Path) -> None:
    with mounted(tmp_path / "store", "size=1m") as folder:
        objects = FolderObjects(folder)
        objects.create("a/b", b"1")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        for act in (
            lambda: objects.create("a/c", b"2"),
            lambda: objects.upload("a/d", Path(__file__)),
            lambda: objects.delete("a/b"),
            objects.now,
        ):
            with pytest.raises(UserError) as error:
                act()
            one_line(error, str(folder), "read-only")
        assert objects.read("a/b") == b"1"
        assert keys(objects) == ["a/b"]


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(2 << 20))
    with mounted(tmp_path / "store", "size=1m") as folder:
        objects = FolderObjects(folder)
        objects.create("a/b", b"1")
        for act in (lambda: objects.create("a/c", bytes(2 << 20)), lambda: objects.upload("a/d", big)):
            with pytest.raises(UserError) as error:
                act()
            one_line(error, str(folder), "disk is full", "free some space")
        assert keys(objects) == ["a/b"]
        assert objects.create("a/c", b"2"), "what did not fit leaves no temporary file behind"
    store = FolderObjects(tmp_path / "elsewhere")
    store.upload("big", big)
    with mounted(tmp_path / "cache", "size=1m") as folder:
        with pytest.raises(UserError) as error:
            store.download("big", folder / "copy")
        one_line(error, str(folder / "copy"), "disk is full")
        assert list(folder.iterdir()) == []
