"""Damaged commits and files in any store: what is believed, what is repaired."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import UserError
from tests.trainers.store_lab import CONTENT, OTHER, STAGE, Lab
from trainers.store.folder import FolderObjects
from trainers.store.manifest import Commit, Damaged, StoredFile
from trainers.store.stages import LostFile, StageStore


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
