"""Data below an `s3://` prefix is what it would be in a folder, copied once, and never another than was pinned."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from search_spaces.settings import DataSettings
from tasks import lock
from tasks.data import DataFolders, DataSource, load
from tasks.errors import UserError
from tasks.hub import fetch
from tests.tasks.hub_server import serving
from tests.tasks.test_hub import SCITAIL
from tests.trainers.stores import client, lead_to, server
from tests.tune_jobs import bench
from tune_jobs.commands import main
from tune_jobs.data_sources import open_data
from tune_jobs.mirror import publish, remote

HUB = "hub/scitail/train.jsonl"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as found:
        yield found


@pytest.fixture
def prefix(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty prefix on a server on loopback, which the environment leads to; the cache is the test's own."""
    lead_to(address, monkeypatch)
    monkeypatch.setenv("CROSSLIFT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("os.fsync", lambda handle: None)  # durability has tests of its own
    return f"s3://lab/{uuid4().hex}"


def put(address: str, place: str, content: bytes) -> None:
    client(address).put_object(Bucket="lab", Key=place.removeprefix("s3://lab/"), Body=content)


def upload(address: str, folder: Path, prefix: str) -> None:
    for file in (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        put(address, f"{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes())


def found(data: DataFolders, task: str, split: str, language: str) -> Any:
    source = data.find(task, split, language)
    assert isinstance(source, DataSource), source
    return load(source)


def from_hub(folder: Path, label: str = "neutral") -> None:
    file = folder / HUB
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'{{"premise": "a", "hypothesis": "b", "label": "{label}"}}\n')
    lock.write(folder, {HUB: lock.Locked("scitail", "allenai/scitail", "a" * 40, lock.digest(file), 1)})


@pytest.mark.parametrize("written", ["folders", "--data"])
def test_a_prefix_is_read_as_a_folder_is(prefix: str, address: str, tmp_path: Path, written: str) -> None:
    bench.write(tmp_path)
    from_hub(tmp_path / "data")
    upload(address, tmp_path / "data", f"{prefix}/data")
    if written == "folders":
        data = open_data(DataSettings(folders=(f"{prefix}/data",)), tmp_path)
    else:
        data = open_data(DataSettings(folders=("data",)), Path(prefix))
    here = open_data(DataSettings(folders=("data",)), tmp_path)
    for task, split, language in (("xnli", "dev", "de"), ("panx", "train", "en"), ("scitail", "train", "en")):
        assert found(data, task, split, language).fingerprint == found(here, task, split, language).fingerprint
    assert data.languages("udpos", "dev") == here.languages("udpos", "dev")


def test_what_is_the_same_is_copied_once_and_what_no_task_reads_never(
    prefix: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write(tmp_path)
    upload(address, tmp_path / "data", prefix)
    put(address, f"{prefix}/holiday.jpg", b"x")
    copied: list[str] = []
    from trainers.store.s3 import S3Objects

    download = S3Objects.download
    monkeypatch.setattr(S3Objects, "download", lambda self, key, path: (copied.append(key), download(self, key, path)))
    first = open_data(DataSettings(), Path(prefix))
    assert "xnli/dev-de.tsv" in copied and "holiday.jpg" not in copied and len(copied) == len(set(copied))
    copied.clear()
    assert open_data(DataSettings(), Path(prefix)).folders == first.folders and not copied
    put(address, f"{prefix}/xnli/dev-de.tsv", b"neu\tzwei\tneutral\n")
    second = open_data(DataSettings(), Path(prefix))
    assert copied == ["xnli/dev-de.tsv"]
    assert len(found(second, "xnli", "dev", "de")) == 1 and len(found(first, "xnli", "dev", "de")) == 80


def test_a_file_that_its_lock_does_not_mean_is_refused(prefix: str, address: str, tmp_path: Path) -> None:
    from_hub(tmp_path / "data")
    upload(address, tmp_path / "data", prefix)
    put(address, f"{prefix}/{HUB}", b"{}")
    with pytest.raises(UserError, match=rf"{prefix}/{HUB}: not what was fetched from the hub"):
        open_data(DataSettings(), Path(prefix))


def test_what_is_missing_is_one_line(prefix: str, address: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"{prefix}: no data of a declared task is there"):
        open_data(DataSettings(), Path(prefix))
    with pytest.raises(UserError, match="the bucket does not exist"):
        open_data(DataSettings(), Path("s3://nobodys"))
    assert remote(tmp_path) is None and remote(Path("s3://a/b/")) == remote("s3://a/b") == "s3://a/b"


def test_the_hub_s_files_are_published_below_a_prefix_and_again(
    prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import datasets
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets-cache")
    from_hub(tmp_path / "mine")
    publish(tmp_path / "mine", [HUB], prefix)
    with serving({"allenai/scitail": SCITAIL}) as hub:
        monkeypatch.setattr("tasks.hub.fetch", partial(fetch, endpoint=hub.endpoint))
        assert main.run(["data", "fetch", "scitail", "--to", prefix]) == 0, capsys.readouterr().err
    data = open_data(DataSettings(), Path(prefix))
    assert len(found(data, "scitail", "train", "en")) == 2
    assert set(lock.read(data.folders[0])) == {HUB, "hub/scitail/dev.jsonl"}
    assert main.run(["data", "check", "--data", prefix]) == 2
    assert "published: 23,097" in capsys.readouterr().out
