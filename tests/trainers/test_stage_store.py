"""Stages in any store: what counts, what is repaired, what is made again, and what may be swept away."""

from __future__ import annotations

import logging
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import UserError
from tests.trainers.stores import Open
from trainers.store.collect import collect
from trainers.store.folder import FolderObjects
from trainers.store.manifest import Commit, Damaged, Progress, StoredFile
from trainers.store.objects import ObjectInfo, Objects
from trainers.store.stages import LostFile, StageStore

STAGE = "5" * 64
OTHER = "7" * 64
CONTENT = {"model.safetensors": b"weights" * 100, "config.json": b"{}", "cell.json": b'{"score": 50.0}'}


class Lab:
    """A store and a folder to write files in."""

    def __init__(self, open_store: Open, folder: Path) -> None:
        self.open, self.folder = open_store, folder
        self.objects = open_store()
        self.store = StageStore(self.objects)

    def file(self, content: bytes) -> Path:
        path = self.folder / "file-to-store"
        path.write_bytes(content)
        return path

    def put(self, attempt: str, content: dict[str, bytes], stage: str = STAGE) -> dict[str, StoredFile]:
        return {name: self.store.put(stage, attempt, name, self.file(data)) for name, data in content.items()}

    def make(self, content: dict[str, bytes] = CONTENT, stage: str = STAGE) -> Commit:
        """A whole attempt: begin, put, commit."""
        attempt = self.store.begin(stage)
        return self.commit(attempt, self.put(attempt, content, stage), stage)

    def commit(self, attempt: str, files: dict[str, StoredFile], stage: str = STAGE) -> Commit:
        return self.store.commit(stage, attempt, files, {"encoder": "1" * 64}, {"kind": "target"}, {"tokens": 12})

    def save(self, attempt: str, step: int, content: bytes = b"state", stage: str = STAGE) -> Progress:
        return self.store.save_progress(stage, attempt, step, {"state.safetensors": self.file(content)}, {"step": step})

    def listed(self, prefix: str = "") -> list[str]:
        return [info.key for info in self.objects.list(prefix)]

    def overwrite(self, key: str, content: bytes) -> None:
        """What a broken disk or a careless hand does."""
        self.objects.delete(key)
        self.objects.create(key, content)

    def content(self, commit: Commit) -> dict[str, bytes]:
        return {name: self.store.fetch(commit, name, self.folder / "cache").read_bytes() for name in commit.kept}


@pytest.fixture
def lab(open_store: Open, tmp_path: Path) -> Lab:
    return Lab(open_store, tmp_path)


@pytest.fixture
def folder_lab(tmp_path: Path) -> Lab:
    return Lab(lambda: FolderObjects(tmp_path / "store"), tmp_path)


# Commit


def test_the_layout_is_the_documented_one(lab: Lab) -> None:
    commit = lab.make()
    assert lab.listed() == sorted(
        [
            f"stages/{STAGE}/BEGIN.0.json",
            f"stages/{STAGE}/COMMIT.0.json",
            *(f"stages/{STAGE}/{commit.attempt}/{name}" for name in CONTENT),
        ]
    )


def test_a_commit_holds_what_was_put(lab: Lab) -> None:
    assert lab.store.committed(STAGE) is None
    attempt = lab.store.begin(STAGE)
    files = lab.put(attempt, CONTENT)
    assert lab.store.committed(STAGE) is None, "files without a COMMIT do not count"
    commit = lab.commit(attempt, files)
    assert (commit.stage, commit.attempt, commit.number) == (STAGE, attempt, 0)
    assert (commit.files, commit.inputs, commit.facts) == (files, {"encoder": "1" * 64}, {"tokens": 12})
    assert not commit.evicted
    assert StageStore(lab.open()).committed(STAGE) == commit
    assert lab.content(commit) == CONTENT


def test_names_may_have_folders(lab: Lab) -> None:
    commit = lab.make({"a/model.safetensors": b"1", "b/model.safetensors": b"2"})
    assert lab.content(commit) == {"a/model.safetensors": b"1", "b/model.safetensors": b"2"}


def test_attempts_are_ordered_by_their_beginning(lab: Lab) -> None:
    attempts = [StageStore(lab.open()).begin(STAGE) for _ in range(12)]
    assert attempts == sorted(attempts)
    assert len(set(attempts)) == 12


def test_racing_attempts_are_unique(lab: Lab) -> None:
    with ThreadPoolExecutor(6) as pool:
        attempts = list(pool.map(lambda _: StageStore(lab.open()).begin(STAGE), range(6)))
    assert len({attempt.split("-")[0] for attempt in attempts}) == 6


def test_the_first_of_two_writers_wins_and_the_other_is_discarded(lab: Lab) -> None:
    first, second = lab.store.begin(STAGE), lab.store.begin(STAGE)
    theirs = lab.put(second, {"model.safetensors": b"theirs"})
    ours = lab.put(first, CONTENT)
    lab.save(second, 3)
    winner = lab.commit(first, ours)
    assert winner.attempt == first, "an older attempt may commit: whoever comes first"
    assert lab.commit(second, theirs) == winner
    assert lab.commit(first, ours) == winner, "a repeated commit changes nothing"
    assert lab.store.committed(STAGE) == winner
    assert lab.content(winner) == CONTENT
    assert lab.listed(f"stages/{STAGE}/{second}/") == []


def test_of_racing_writers_all_agree_on_one(lab: Lab) -> None:
    attempts = [lab.store.begin(STAGE) for _ in range(6)]
    files = [lab.put(attempt, {"model.safetensors": attempt.encode()}) for attempt in attempts]
    stores = [StageStore(lab.open()) for _ in attempts]
    barrier = Barrier(len(attempts))

    def race(i: int) -> Commit:
        barrier.wait()
        return stores[i].commit(STAGE, attempts[i], files[i], {}, {}, {})

    with ThreadPoolExecutor(len(attempts)) as pool:
        commits = list(pool.map(race, range(len(attempts))))
    assert all(commit == commits[0] for commit in commits)
    assert commits[0].number == 0
    assert lab.content(commits[0]) == {"model.safetensors": commits[0].attempt.encode()}
    assert {key.split("/")[2] for key in lab.listed(f"stages/{STAGE}/0")} == {commits[0].attempt}


def test_a_commit_needs_its_files(lab: Lab) -> None:
    attempt = lab.store.begin(STAGE)
    files = lab.put(attempt, CONTENT)
    lab.objects.delete(f"stages/{STAGE}/{attempt}/config.json")
    with pytest.raises(LostFile, match=r"config\.json"):
        lab.commit(attempt, files)
    assert lab.store.committed(STAGE) is None


@pytest.mark.parametrize("facts", [{"loss": float("nan")}, {"when": object()}, {1: 2}])
def test_facts_that_json_cannot_hold_are_refused(lab: Lab, facts: dict[Any, Any]) -> None:
    attempt = lab.store.begin(STAGE)
    with pytest.raises((TypeError, ValueError)):
        lab.store.commit(STAGE, attempt, lab.put(attempt, CONTENT), {}, {}, facts)
    assert lab.store.committed(STAGE) is None


def test_all_commits_in_one_listing(lab: Lab) -> None:
    commits = [lab.make(stage=stage) for stage in (OTHER, STAGE)]
    lab.store.begin("6" * 64)
    assert list(lab.store.commits()) == sorted(commits, key=lambda commit: commit.stage)


# Damage and repair


def _truncate(lab: Lab, commit: Commit) -> None:
    key = f"stages/{STAGE}/COMMIT.0.json"
    lab.overwrite(key, lab.objects.read(key)[:-20])


def _edit(lab: Lab, commit: Commit) -> None:
    key = f"stages/{STAGE}/COMMIT.0.json"
    lab.overwrite(key, lab.objects.read(key).replace(b'"tokens":12', b'"tokens":13'))


def _of_another_schema(lab: Lab, commit: Commit) -> None:
    lab.overwrite(f"stages/{STAGE}/COMMIT.0.json", b'{"attempt": "000000-x", "files": ["model.safetensors"]}')


def _of_another_stage(lab: Lab, commit: Commit) -> None:
    lab.overwrite(f"stages/{STAGE}/COMMIT.0.json", commit.model_copy(update={"stage": OTHER}).seal())


def _lose_a_file(lab: Lab, commit: Commit) -> None:
    lab.objects.delete(commit.key("config.json"))


def _cut_a_file(lab: Lab, commit: Commit) -> None:
    lab.overwrite(commit.key("model.safetensors"), b"weights")


@pytest.mark.parametrize(
    "damage",
    [_truncate, _edit, _of_another_schema, _of_another_stage, _lose_a_file, _cut_a_file],
    ids=lambda f: f.__name__,
)
def test_a_damaged_commit_is_passed_over_and_repaired(
    lab: Lab, damage: Callable[[Lab, Commit], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(lab, lab.make())
    with caplog.at_level(logging.WARNING):
        assert lab.store.committed(STAGE) is None
    assert "COMMIT.0.json" in caplog.text
    assert list(lab.store.commits()) == []
    repaired = lab.make()
    assert repaired.number == 1
    assert lab.store.committed(STAGE) == repaired
    assert lab.content(repaired) == CONTENT
    assert f"stages/{STAGE}/COMMIT.0.json" in lab.listed(), "nothing is rewritten"


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_changed_byte_of_a_manifest_is_believed(position: int, change: int) -> None:
    commit = Commit(
        stage=STAGE, attempt="000000-a", number=0, files={"a": StoredFile(sha256="0" * 64, size=3)}, inputs={},
        spec={"lr": 1e-5, "name": "é"}, facts={"seconds": 0.1, "steps": [1, None, True]},
    )  # fmt: skip
    sealed = bytearray(commit.seal())
    assert Commit.unseal(bytes(sealed)) == commit
    sealed[position % len(sealed)] ^= change
    with suppress(Damaged):
        assert Commit.unseal(bytes(sealed)) == commit, "at most another spelling of the same content"


def test_a_verifying_read_finds_changed_bytes_and_the_stage_is_made_again(lab: Lab, tmp_path: Path) -> None:
    commit = lab.make()
    lab.overwrite(commit.key("model.safetensors"), b"WEIGHTS" * 100)
    assert lab.store.committed(STAGE) == commit, "the size is right: only a read can tell"
    with pytest.raises(LostFile, match="has changed"):
        lab.store.fetch(commit, "model.safetensors", tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.name != ".lock"]
    assert lab.store.committed(STAGE) is None, "from then on everybody knows"
    repaired = lab.make()
    assert repaired.number == 1
    assert lab.content(repaired) == CONTENT


def test_damage_is_told_also_where_it_cannot_be_marked(folder_lab: Lab, tmp_path: Path) -> None:
    commit = folder_lab.make()
    folder_lab.overwrite(commit.key("model.safetensors"), b"WEIGHTS" * 100)

    class ReadOnly(FolderObjects):
        def create(self, key: str, data: bytes) -> bool:
            raise UserError("read-only", where=key)

    with pytest.raises(LostFile, match="has changed"):
        StageStore(ReadOnly(tmp_path / "store")).fetch(commit, "model.safetensors", tmp_path / "cache")


def test_of_two_valid_commits_the_higher_number_counts(lab: Lab) -> None:
    commit = lab.make()
    key = commit.key("cell.json")
    lab.objects.delete(key)
    repaired = lab.make()
    lab.objects.create(key, CONTENT["cell.json"])
    assert lab.store.committed(STAGE) == repaired


# Fetching


def test_a_fetched_file_is_read_only_and_shared(lab: Lab, tmp_path: Path) -> None:
    commit = lab.make()
    path = lab.store.fetch(commit, "model.safetensors", tmp_path / "cache")
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    for name in ("model.safetensors", "config.json"):
        lab.objects.delete(commit.key(name))
    again = StageStore(lab.open()).fetch(commit, "model.safetensors", tmp_path / "cache")
    assert again == path, "what is in the cache is not fetched again"
    with pytest.raises(LostFile, match="is missing"):
        lab.store.fetch(commit, "config.json", tmp_path / "cache")
    with pytest.raises(KeyError, match="no file of stage"):
        lab.store.fetch(commit, "unknown", tmp_path / "cache")
    assert lab.store.read(commit, "cell.json") == CONTENT["cell.json"]


def test_a_file_that_many_want_is_downloaded_once(folder_lab: Lab, tmp_path: Path) -> None:
    commit = folder_lab.make()

    class Counting(FolderObjects):
        downloads = 0

        def download(self, key: str, path: Path) -> None:
            Counting.downloads += 1
            super().download(key, path)

    store = StageStore(Counting(tmp_path / "store"))
    with ThreadPoolExecutor(6) as pool:
        paths = list(pool.map(lambda _: store.fetch(commit, "model.safetensors", tmp_path / "cache"), range(6)))
    assert len(set(paths)) == 1
    assert paths[0].read_bytes() == CONTENT["model.safetensors"]
    assert Counting.downloads == 1


# Progress


def test_the_furthest_complete_progress_of_any_attempt_counts(lab: Lab, tmp_path: Path) -> None:
    assert lab.store.latest_progress(STAGE) is None
    first, second = lab.store.begin(STAGE), lab.store.begin(STAGE)
    lab.save(first, 9, b"nine")
    lab.save(second, 8, b"eight")
    lab.save(first, 100, b"hundred")
    progress = lab.store.latest_progress(STAGE)
    assert progress is not None
    assert (progress.step, progress.attempt, progress.facts) == (100, first, {"step": 100})
    assert lab.store.fetch(progress, "state.safetensors", tmp_path / "cache").read_bytes() == b"hundred"
    saves = {key.split("/")[4].split("-")[0] for key in lab.listed() if "/progress/" in key}
    assert saves == {f"{100:09d}", f"{8:09d}"}, "an attempt keeps its newest save only"


class Dies(Exception):
    """The process is gone."""


class Mortal:
    """A store whose process dies at its n-th write or delete, before or after that is done."""

    def __init__(self, objects: Objects, at: int, done: bool) -> None:
        self._objects, self._left, self._done = objects, at, done
        self.name = objects.name

    def _change(self, act: Callable[..., Any], *arguments: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Dies
        if self._left == 0 and not self._done:
            raise Dies
        result = act(*arguments)
        if self._left == 0:
            raise Dies
        return result

    def create(self, key: str, data: bytes) -> bool:
        won: bool = self._change(self._objects.create, key, data)
        return won

    def upload(self, key: str, path: Path) -> None:
        self._change(self._objects.upload, key, path)

    def delete(self, key: str) -> None:
        self._change(self._objects.delete, key)

    def read(self, key: str) -> bytes:
        return self._objects.read(key)

    def download(self, key: str, path: Path) -> None:
        self._objects.download(key, path)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._objects.list(prefix)

    def now(self) -> float:
        return self._objects.now()

    def tidy(self, before: float) -> None:
        self._objects.tidy(before)


def deaths(lab: Lab, act: Callable[[StageStore], object]) -> Iterator[int]:
    """Run something again and again, dying one write later each time, until it lives through."""
    for at in range(1, 60):
        for done in (False, True):
            try:
                act(StageStore(Mortal(lab.objects, at, done)))
            except Dies:
                yield at
            else:
                return
    raise AssertionError("it never ends")


def test_a_crash_while_saving_loses_no_progress(folder_lab: Lab) -> None:
    lab = folder_lab
    attempt = lab.store.begin(STAGE)
    lab.save(attempt, 10, b"ten")
    files = {name: lab.file(b"twenty") for name in ("model.safetensors", "optimiser.safetensors")}
    steps = []
    for _ in deaths(lab, lambda store: store.save_progress(STAGE, attempt, 20, files, {})):
        progress = lab.store.latest_progress(STAGE)
        assert progress is not None
        for name in progress.files:
            assert lab.store.read(progress, name) == (b"ten" if progress.step == 10 else b"twenty")
        steps.append(progress.step)
    assert steps[0] == 10
    assert steps[-1] == 20
    assert steps == sorted(steps)
    assert len([key for key in lab.listed() if key.endswith("PROGRESS.json")]) == 1


def test_damaged_progress_gives_way_to_older(lab: Lab, tmp_path: Path) -> None:
    first, second = lab.store.begin(STAGE), lab.store.begin(STAGE)
    lab.save(first, 10, b"ten")
    newer = lab.save(second, 20, b"twenty")
    lab.overwrite(newer.key("state.safetensors"), b"TWENTY")
    with pytest.raises(LostFile, match="has changed"):
        lab.store.fetch(newer, "state.safetensors", tmp_path / "cache")
    older = lab.store.latest_progress(STAGE)
    assert older is not None
    assert older.step == 10
    lab.overwrite(older.key("state.safetensors"), b"")
    assert lab.store.latest_progress(STAGE) is None


def test_a_commit_drops_all_progress(lab: Lab) -> None:
    first, second = lab.store.begin(STAGE), lab.store.begin(STAGE)
    lab.save(first, 10)
    lab.save(second, 20)
    lab.commit(second, lab.put(second, CONTENT))
    assert lab.store.latest_progress(STAGE) is None
    assert [key for key in lab.listed() if "/progress/" in key] == []


def test_a_result_cannot_hide_among_progress(lab: Lab) -> None:
    with pytest.raises(ValueError, match="progress"):
        lab.put(lab.store.begin(STAGE), {"progress/x": b""})


def test_a_crash_at_any_point_of_a_stage_leaves_it_committed_or_not(folder_lab: Lab) -> None:
    lab = folder_lab
    weights = lab.folder / "weights"
    weights.write_bytes(b"weights")

    def whole(store: StageStore) -> Commit:
        attempt = store.begin(STAGE)
        store.save_progress(STAGE, attempt, 5, {"state.safetensors": weights}, {})
        files = {"model.safetensors": store.put(STAGE, attempt, "model.safetensors", weights)}
        return store.commit(STAGE, attempt, files, {}, {}, {})

    done = [lab.store.committed(STAGE) is not None for _ in deaths(lab, whole)]
    assert done == sorted(done), "once committed it stays so"
    commit = lab.store.committed(STAGE)
    assert commit is not None
    assert commit.number == 0, "no crash makes a second commit necessary"
    assert lab.content(commit) == {"model.safetensors": b"weights"}


# Eviction


def test_evicted_weights_go_and_all_else_stays(lab: Lab, tmp_path: Path) -> None:
    commit = lab.make()
    evicted = lab.store.evict(STAGE)
    assert evicted is not None
    assert lab.store.committed(STAGE) == evicted
    assert evicted.evicted == {"model.safetensors"}
    assert set(evicted.kept) == {"config.json", "cell.json"}
    assert lab.content(evicted) == {name: CONTENT[name] for name in ("config.json", "cell.json")}
    with pytest.raises(LostFile, match="evicted"):
        lab.store.fetch(evicted, "model.safetensors", tmp_path / "cache")
    with pytest.raises(LostFile, match="is missing"):
        lab.store.fetch(commit, "model.safetensors", tmp_path / "other cache")
    assert lab.store.evict(STAGE) == evicted


def test_evicted_weights_are_made_again(lab: Lab) -> None:
    lab.make()
    lab.store.evict(STAGE)
    again = lab.make()
    assert again.number == 1
    assert not again.evicted
    assert lab.store.committed(STAGE) == again
    assert lab.content(again) == CONTENT
    lab.store.evict(STAGE)
    assert lab.make().number == 2


def test_nothing_to_evict(lab: Lab) -> None:
    assert lab.store.evict(STAGE) is None
    commit = lab.make({"cell.json": b"{}"})
    assert lab.store.evict(STAGE) == commit
    assert not commit.evicted
    assert not [key for key in lab.listed() if "EVICTED" in key]


def test_a_crash_while_evicting(folder_lab: Lab) -> None:
    lab = folder_lab
    commit = lab.make({"a.safetensors": b"1", "b.safetensors": b"2", "cell.json": b"{}"})
    for _ in deaths(lab, lambda store: store.evict(STAGE)):
        found = lab.store.committed(STAGE)
        assert found is not None, "the cells are never lost"
        assert found.evicted in (frozenset(), {"a.safetensors", "b.safetensors"})
        assert lab.store.read(found, "cell.json") == b"{}"
    assert lab.listed(commit.folder) == [commit.key("cell.json")]


# Collection


def swept(lab: Lab, live: set[str], **settings: Any) -> set[str]:
    """What goes without grace; a dry run says the same and changes nothing."""
    settings = {"grace": -60.0, **settings}  # before the store's clock has gone on by a minute
    before = lab.listed()
    planned = collect(lab.store, live, dry_run=True, **settings)
    assert lab.listed() == before
    sizes = {info.key: info.size for info in lab.objects.list("")}
    assert all(removal.size == sizes[removal.key] and removal.why for removal in planned)
    assert collect(lab.store, live, **settings) == planned
    gone = {removal.key for removal in planned}
    left = [key for key in lab.listed() if key in before or "EVICTED" not in key]  # but for new tombstones
    assert left == [key for key in before if key not in gone]
    return gone


def test_unreferenced_stages_and_dead_attempts_go(lab: Lab) -> None:
    dead = lab.store.begin(STAGE)
    lab.put(dead, CONTENT)
    kept = lab.make()
    gone = lab.make(stage=OTHER)
    lab.save(dead, 3)
    expected = {key for key in lab.listed() if OTHER in key or f"/{dead}/" in key}
    assert swept(lab, {STAGE}) == expected
    assert lab.store.committed(STAGE) == kept
    assert lab.store.committed(gone.stage) is None
    assert lab.content(kept) == CONTENT
    assert swept(lab, {STAGE}) == set()


def test_nothing_goes_within_the_grace(lab: Lab) -> None:
    dead = lab.store.begin(STAGE)
    lab.put(dead, CONTENT)
    lab.make()
    lab.make(stage=OTHER)
    assert swept(lab, {STAGE}, grace=3600.0) == set()


def test_what_may_be_at_work_is_kept(lab: Lab) -> None:
    old, live = lab.store.begin(STAGE), lab.store.begin(STAGE)
    furthest = lab.save(old, 50)
    lab.put(old, {"model.safetensors": b"half"})
    lab.save(live, 20)
    lab.put(live, {"model.safetensors": b"so far"})
    assert swept(lab, {STAGE}) == {f"stages/{STAGE}/{old}/model.safetensors"}
    assert lab.store.latest_progress(STAGE) == furthest
    assert lab.commit(live, lab.put(live, {"model.safetensors": b"so far"})).attempt == live


def test_running_stages_are_left_alone(lab: Lab) -> None:
    lab.put(lab.store.begin(OTHER), CONTENT, OTHER)
    assert swept(lab, set(), running={OTHER}) == set()


def test_the_policy_decides_whose_weights_stay(lab: Lab) -> None:
    first, second = lab.make(), lab.make(stage=OTHER)
    assert swept(lab, {STAGE, OTHER}, weights={OTHER}) == {first.key("model.safetensors")}
    evicted = lab.store.committed(STAGE)
    assert evicted is not None
    assert evicted.evicted == {"model.safetensors"}
    assert lab.content(second) == CONTENT
    assert swept(lab, {STAGE, OTHER}, weights={OTHER}) == set()
    remade = lab.make()
    assert swept(lab, {STAGE, OTHER}) == {evicted.key("config.json"), evicted.key("cell.json")}
    assert lab.content(remade) == CONTENT


def test_a_collection_that_dies_goes_on_later_and_never_brings_an_old_commit_back(folder_lab: Lab) -> None:
    lab = folder_lab
    for _ in range(3):
        lab.store.evict(STAGE)
        newest = lab.make()
    numbers = []

    def act(store: StageStore) -> None:
        collect(store, set(), grace=-60.0)

    for _ in deaths(lab, act):
        found = lab.store.committed(STAGE)
        numbers.append(-1 if found is None else found.number)
    assert newest.number == 2
    assert numbers[0] == 2
    assert numbers == sorted(numbers, reverse=True)
    assert set(numbers) <= {2, -1}
    assert lab.listed() == []
