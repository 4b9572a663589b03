"""Damaged commits and files in any store: what is believed, what is repaired."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import UserError
from tests.trainers.store_lab import CONTENT, OTHER, STAGE, Lab
from trainers.store.folder import FolderObjects
from trainers.store.manifest import Commit, Damaged, StoredFile
from trainers.store.stages import LostFile, StageStore
from tune_jobs.results.storage import verify


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


def _whole_life(lab: Lab, stage: str, *, evicted: bool) -> Commit:
    """All kinds of objects that a committed stage has."""
    attempt = lab.store.begin(stage)
    lab.save(attempt, 10, stage=stage)
    lab.store.keep_log(stage, attempt, "000000010", "step 10\n")
    made = lab.commit(attempt, lab.put(attempt, CONTENT, stage), stage)
    return (lab.store.evict(stage) or made) if evicted else made


def _of_no_result(key: str) -> bool:
    """Nothing is made from these: who began the stage, and what was said meanwhile."""
    return "/BEGIN." in key or "/log/" in key


def _objects(lab: Lab, stage: str) -> list[str]:
    keys = lab.listed(f"stages/{stage}/")
    assert {key.split("/")[2].split(".")[0] for key in keys} >= {"BEGIN", "COMMIT"}
    return keys


def _faulty(lab: Lab) -> set[str]:
    """What `crosslift store verify` says of."""
    return {verified.stage for verified in verify(lab.store) if verified.faults}


def _repair(lab: Lab, commit: Commit) -> None:
    """What a sweep does that needs the stage."""
    assert lab.store.committed(commit.stage) is None
    repaired = lab.make(stage=commit.stage)
    assert repaired.number == commit.number + 1
    assert lab.store.committed(commit.stage) == repaired
    assert lab.content(repaired) == CONTENT


@pytest.mark.parametrize(("how", "evicted"), [("flipped", False), ("cut", True)])
def test_damage_of_any_object_is_found(lab: Lab, how: str, evicted: bool) -> None:
    """In each of several equal stages another object is damaged."""
    first = _whole_life(lab, "0" * 64, evicted=evicted)
    objects = _objects(lab, first.stage)
    commits = [first] + [_whole_life(lab, f"{n:064x}", evicted=evicted) for n in range(1, len(objects))]
    hurt = {commit.stage: _objects(lab, commit.stage)[n] for n, commit in enumerate(commits)}
    for key in hurt.values():
        whole = lab.objects.read(key)
        lab.overwrite(key, whole[:-1] if how == "cut" else bytes([whole[0] ^ 1]) + whole[1:])
    found = {stage for stage, key in hurt.items() if not _of_no_result(key)}
    assert len(found) == len(first.kept) + 1 + evicted, "each file, the COMMIT and the tombstone"
    assert _faulty(lab) == found
    for commit in commits:
        if commit.stage in found:
            _repair(lab, commit)
        else:
            assert lab.store.committed(commit.stage) == commit
    assert _faulty(lab) == set()


@pytest.mark.slow
@given(st.data(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_byte_of_any_object_can_change_a_result(data: st.DataObject, evicted: bool) -> None:
    """A damaged object is found and its stage made again, or a reader gets what was written."""
    with TemporaryDirectory() as folder:
        lab = Lab(lambda: FolderObjects(Path(folder) / "store"), Path(folder))
        commit = _whole_life(lab, STAGE, evicted=evicted)
        key = data.draw(st.sampled_from(_objects(lab, STAGE)), label="key")
        whole = lab.objects.read(key)
        place = data.draw(st.integers(0, len(whole) - 1), label="place")
        change = data.draw(st.integers(0, 255), label="change")  # 0: cut there
        lab.overwrite(key, whole[:place] + (bytes([whole[place] ^ change]) + whole[place + 1 :] if change else b""))
        if _faulty(lab):
            assert not _of_no_result(key)
            _repair(lab, commit)
            assert _faulty(lab) == set()
        else:
            assert _of_no_result(key) or key.endswith(".json"), "a manifest may be spelled in another way: 1E-05"
            assert lab.store.committed(commit.stage) == commit
            assert lab.content(commit) == {name: CONTENT[name] for name in commit.kept}


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
