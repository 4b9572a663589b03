"""Base models go into a store once, are found there without their folder or the hub, and are what they were."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.errors import UserError
from tests.trainers.base_models import FILES, TAKEN, look_alike
from tests.trainers.store_lab import Lab
from tests.trainers.stores import one_line
from trainers import base
from trainers.base import BaseModels, Found
from trainers.store.bases import BaseStore

COMMIT = "c" * 40
ENCODER = "sha256:9ec0cdbf409d290232d4880f3811897c2575ea24bc891a672ba9b1e4b6e9d9f5"
TOKENIZER = "sha256:c2e316691e1813ccff72485ae1ef222144f8a3d6748e275b54efb29fc2560647"


@pytest.fixture
def found(tmp_path: Path) -> Found:
    return BaseModels().find(str(look_alike(tmp_path / "model")), None)


def keys(lab: Lab) -> list[str]:
    return [info.key for info in lab.objects.list("bases/")]


def test_origins_are_digests_of_names_and_contents(found: Found, tmp_path: Path) -> None:
    """These are in the ids of all stages that start from a base model: they never change."""
    assert (found.origins.encoder, found.origins.tokenizer) == (ENCODER, TOKENIZER)
    other = BaseModels().find(str(look_alike(tmp_path / "other", b"others")), None)
    assert other.origins.tokenizer == TOKENIZER and other.origins.encoder != ENCODER
    assert other.model.id != found.model.id


def test_a_model_is_brought_once_and_read_without_its_folder(lab: Lab, found: Found, tmp_path: Path) -> None:
    store, said = BaseStore(lab.objects), []
    assert store.find(found.model.id) is None
    found.bring(store, said.append)
    written = list(lab.objects.list("bases/"))
    found.bring(store, said.append)
    assert list(lab.objects.list("bases/")) == written
    assert len(said) == 1 and "base model" in said[0]
    shutil.rmtree(tmp_path / "model")
    again = BaseStore(lab.open())
    assert again.find(found.model.id) == found.model
    folder = again.folder(found.model, tmp_path / "elsewhere")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {name: FILES[name] for name in TAKEN}
    found.bring(again)  # nothing is looked for in the folder


def test_without_its_list_or_a_file_there_is_no_model(lab: Lab, found: Found) -> None:
    store = BaseStore(lab.objects)
    found.bring(store)
    for key in keys(lab):
        lab.objects.delete(key)
        assert store.find(found.model.id) is None
        found.bring(store)
        assert store.find(found.model.id) == found.model


def test_a_changed_file_is_noticed_and_brought_again(lab: Lab, found: Found, tmp_path: Path) -> None:
    store = BaseStore(lab.objects)
    found.bring(store)
    for number, key in enumerate(keys(lab)):
        content = lab.objects.read(key)
        lab.overwrite(key, bytes([content[0] ^ 1]) + content[1:])
        if not key.endswith("FILES.json"):
            with pytest.raises(UserError) as error:
                store.folder(found.model, tmp_path / f"cache {number}")
            one_line(error, key, "brings it again")
        assert store.find(found.model.id) is None
        found.bring(store)
        assert store.find(found.model.id) == found.model
        assert lab.objects.read(key) == content


def test_a_folder_that_changes_meanwhile_is_not_stored(lab: Lab, found: Found, tmp_path: Path) -> None:
    (tmp_path / "model/model.safetensors").write_bytes(b"WEIGHTS")
    with pytest.raises(UserError, match="has changed since"):
        found.bring(BaseStore(lab.objects))
    assert BaseStore(lab.objects).find(found.model.id) is None


def test_the_hub_is_not_asked_for_a_commit_that_the_store_has(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(model: str, revision: str | None) -> Path:
        asked.append((model, revision))
        return tmp_path / "snapshot"

    look_alike(tmp_path / "snapshot")
    monkeypatch.setattr(base, "_download", download)
    store = BaseStore(lab.objects)
    for revision in (COMMIT, "main"):
        BaseModels(store).find("some/model", revision).bring(store)
    shutil.rmtree(tmp_path / "snapshot")
    asked.clear()
    found = BaseModels(BaseStore(lab.open())).find("some/model", COMMIT)
    assert (found.origins.encoder, found.origins.tokenizer) == (ENCODER, TOKENIZER) and not asked
    found.bring(store)
    base._read.cache_clear()
    for name, revision in (("some/model", "main"), ("other/model", COMMIT)):  # a branch moves: it names nothing
        with pytest.raises(UserError):
            BaseModels(store).find(name, revision)
    assert len(asked) == 2


def test_what_no_sweep_refers_to_goes(folder_lab: Lab, found: Found, tmp_path: Path) -> None:
    store, lab = BaseStore(folder_lab.objects), folder_lab
    other = BaseModels().find(str(look_alike(tmp_path / "other", b"others")), None)
    for model, name in ((found, f"a@{COMMIT}"), (other, f"b@{COMMIT}")):
        model.bring(store)
        store.name(name, model.model)
    everything = keys(lab)
    assert store.collect({found.model.root, "5" * 64}, grace=3600) == []
    said = store.collect({found.model.root}, grace=-1, dry_run=True)
    assert keys(lab) == everything
    assert store.collect({found.model.root}, grace=-1) == said
    assert {removal.key for removal in said} == set(everything) - set(keys(lab))
    assert store.named(f"a@{COMMIT}") == found.model and store.named(f"b@{COMMIT}") is None
    assert {key.split("/")[1] for key in keys(lab)} == {found.model.id, "named"}
    store.collect(set(), grace=-1)
    assert keys(lab) == []
