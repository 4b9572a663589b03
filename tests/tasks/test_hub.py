"""Tasks come from a hub to a folder, pinned; what is in the folder is checked against what was fetched."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tasks import catalog, lock
from tasks.catalog.hub import HUBS
from tasks.checking import check, check_locks
from tasks.data import DataFolders, DataSource, load
from tasks.errors import UserError
from tasks.hub import fetch
from tests.tasks.hub_server import SHA, HubServer, serving


def table(**columns: list[object]) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def configs(**files: str) -> bytes:
    """A dataset card that says which files a config has: `config__split=path`."""
    named: dict[str, list[str]] = {}
    for key, path in files.items():
        config, split = key.split("__")
        named.setdefault(config, []).append(f"  - split: {split}\n    path: {path}\n")
    body = "".join(f"- config_name: {name}\n  data_files:\n{''.join(parts)}" for name, parts in named.items())
    return f"---\nconfigs:\n{body}---\n".encode()


SCITAIL = {
    "README.md": configs(tsv_format__train="tsv/train.parquet", tsv_format__validation="tsv/dev.parquet"),
    "tsv/train.parquet": table(premise=["a", "b"], hypothesis=["c", "d"], label=["entails", "neutral"]),
    "tsv/dev.parquet": table(premise=["e"], hypothesis=["f"], label=["neutral"]),
}
XNLI = {
    "README.md": configs(en__train="en/t.jsonl", en__validation="en/v.jsonl", de__validation="de/v.jsonl"),
    **{
        f"{place}.jsonl": json.dumps({"premise": f"p {place}", "hypothesis": "h", "label": label}).encode() + b"\n"
        for label, place in enumerate(("en/t", "en/v", "de/v"))
    },
}


def pairs(*labels: int) -> bytes:
    rows = ({"premise": f"p {i}", "hypothesis": "h", "label": label} for i, label in enumerate(labels))
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parts(**splits: bytes) -> dict[str, bytes]:
    """A dataset of one config, a JSON lines file a split."""
    card = configs(**{f"default__{name}": f"{name}.jsonl" for name in splits})
    return {"README.md": card, **{f"{name}.jsonl": content for name, content in splits.items()}}


ROUNDS = {f"{split}_r{n}": pairs(*[n - 1] * n) for split in ("train", "dev") for n in (1, 2, 3)}
NLI = {
    "stanfordnlp/snli": parts(train=pairs(0, -1), validation=pairs(1)),
    "nyu-mll/multi_nli": parts(train=pairs(2), validation_matched=pairs(0)),
    "facebook/anli": parts(**ROUNDS),
}


def paragraph(language: str) -> bytes:
    asked = [(f"q{i}", f"{language} context {i // 2}") for i in range(40)]
    rows = (
        {"id": key, "question": "?", "context": text, "answers": {"text": [language], "answer_start": [0]}}
        for key, text in asked
    )
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


XQUAD = {
    "README.md": configs(**{f"xquad.{code}__validation": f"{code}.jsonl" for code in ("en", "de")}),
    **{f"{code}.jsonl": paragraph(code) for code in ("en", "de")},
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    import datasets
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets-cache")
    with serving({"allenai/scitail": SCITAIL, "facebook/xnli": XNLI, "google/xquad": XQUAD, **NLI}) as server:
        yield server


def test_what_is_fetched_is_pinned_and_read(hub: HubServer, tmp_path: Path) -> None:
    found = fetch(catalog.get("scitail"), tmp_path / "data", endpoint=hub.endpoint)
    assert {name: entry.examples for name, entry in found.items()} == {
        "hub/scitail/train.jsonl": 2,
        "hub/scitail/dev.jsonl": 1,
    }
    assert {entry.revision for entry in found.values()} == {SHA}
    source = DataFolders((tmp_path / "data",), {}).find("scitail", "train", "en")
    assert isinstance(source, DataSource)
    assert [getattr(e, "label", "") for e in load(source).examples] == ["entails", "neutral"]


def test_every_language_is_a_config_and_numbers_are_labels(hub: HubServer, tmp_path: Path) -> None:
    fetch(catalog.get("xnli"), tmp_path, languages=["en", "de"], endpoint=hub.endpoint)
    data = DataFolders((tmp_path,), {})
    assert data.languages("xnli", "dev") == ("de", "en")
    source = data.find("xnli", "dev", "de")
    assert isinstance(source, DataSource)
    assert [getattr(e, "label", "") for e in load(source).examples] == ["contradiction"]


def test_a_task_of_several_datasets_is_fetched_whole_and_pinned_part_by_part(hub: HubServer, tmp_path: Path) -> None:
    fetch(catalog.get("snli"), tmp_path, endpoint=hub.endpoint)
    asked = len(hub.asked)
    fetch(catalog.get("anli+"), tmp_path, endpoint=hub.endpoint)
    assert not any("snli" in path for path in hub.asked[asked:]), "what is there and pinned stays as it is"
    assert {entry.hub for entry in lock.read(tmp_path).values()} == set(NLI)
    source = DataFolders((tmp_path,), {}).find("anli+", "train", "en")
    assert isinstance(source, DataSource) and source.revision == SHA
    labels = [getattr(e, "label", "")[0] for e in load(source).examples]
    assert "".join(labels) == "e" + "c" + "e" + "nn" + "ccc"
    (tmp_path / "hub/mnli/train.jsonl").write_bytes(pairs(1))
    with pytest.raises(UserError, match=r"hub/mnli/train\.jsonl: not what was fetched"):
        DataFolders((tmp_path,), {}).find("anli+", "train", "en")


def test_xquad_s_fifth_is_of_the_same_paragraphs_in_all_languages(hub: HubServer, tmp_path: Path) -> None:
    fetch(catalog.get("xquad"), tmp_path, languages=["en", "de"], endpoint=hub.endpoint)
    found = [DataFolders((tmp_path,), {}).find_selection("xquad", language) for language in ("en", "de")]
    ids = [{e.id for e in load(source).examples} for source in found if isinstance(source, DataSource)]
    assert ids[0] == ids[1] and 0 < len(ids[0]) < 40
    assert {key[:1] + str(int(key[1:]) ^ 1) for key in ids[0]} == ids[0], "a paragraph stays together"


def test_fetching_more_keeps_what_was_pinned(hub: HubServer, tmp_path: Path) -> None:
    fetch(catalog.get("scitail"), tmp_path, endpoint=hub.endpoint)
    fetch(catalog.get("xnli"), tmp_path, languages=["en"], endpoint=hub.endpoint)
    assert {entry.task for entry in lock.read(tmp_path).values()} == {"scitail", "xnli"}


def test_a_fetch_that_breaks_off_leaves_no_file_under_another_commit(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(catalog.get("scitail"), tmp_path, endpoint=hub.endpoint)

    def full(path: Path, rows: object) -> int:
        path.write_text("")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tasks.hub._write", full)
    with pytest.raises(OSError, match="No space"):
        fetch(catalog.get("scitail"), tmp_path, endpoint=hub.endpoint)
    with pytest.raises(UserError, match=r"data\.lock does not name"):
        DataFolders((tmp_path,), {}).find("scitail", "train", "en")
    assert set(lock.read(tmp_path)) == {"hub/scitail/dev.jsonl"}, "what was not touched stays"


def test_what_json_cannot_hold_is_not_written_as_something_else(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bad in (dt.date(2020, 3, 27), float("nan")):
        rows = table(premise=["a"], hypothesis=["c"], label=["entails"], seen=[bad])
        monkeypatch.setitem(SCITAIL, "tsv/train.parquet", rows)
        with pytest.raises(UserError, match=r"train\.jsonl:1: JSON cannot hold a row of the hub's"):
            fetch(catalog.get("scitail"), tmp_path / str(bad), endpoint=hub.endpoint)


def test_data_that_no_lock_names_is_refused(hub: HubServer, tmp_path: Path) -> None:
    fetch(catalog.get("scitail"), tmp_path, endpoint=hub.endpoint)
    (tmp_path / lock.NAME).unlink()
    with pytest.raises(UserError, match=r"data\.lock does not name; fetch it with `crosslift data fetch`"):
        DataFolders((tmp_path,), {}).find("scitail", "train", "en")
    (tmp_path / lock.NAME).write_text("{}")
    with pytest.raises(UserError, match="not a lock that can be read"):
        DataFolders((tmp_path,), {}).find("scitail", "train", "en")


def test_changed_files_and_odd_counts_are_found(hub: HubServer, tmp_path: Path) -> None:
    fetch(catalog.get("scitail"), tmp_path, endpoint=hub.endpoint)
    assert list(check_locks([tmp_path])) == []
    train, dev = check([catalog.get("scitail")], DataFolders((tmp_path,), {}))
    assert (train.examples, train.published, train.odd, dev.labelled) == (2, 23_097, True, 1)
    file = tmp_path / "hub/scitail/dev.jsonl"
    file.write_text(file.read_text().replace("neutral", "neutrl"))
    (fault,) = check_locks([tmp_path])
    (line,) = fault.faults
    assert str(file) in line and "not what was fetched" in line
    good, bad = (finding.faults for finding in check([catalog.get("scitail")], DataFolders((tmp_path,), {})))
    assert good == () and "not what was fetched from the hub" in bad[0]


def test_what_the_hub_lacks_is_said_in_a_line(hub: HubServer, tmp_path: Path) -> None:
    for name, what in (
        ("squad", "hub dataset rajpurkar/squad: cannot be fetched"),
        ("bucc2018", "task bucc2018: its official files are not on the hub"),
        (
            "udpos",
            "task udpos: the hub's google/xtreme has not XTREME's conversion of fused tokens; bring the official",
        ),
        ("covid-qa", "task covid-qa: the hub's deepset/covid_qa_deepset has not offsets that lead to all"),
        ("ccg", r"task ccg: its official files are not on the hub; bring your own CCGbank \(LDC\)"),
    ):
        with pytest.raises(UserError, match=what):
            fetch(catalog.get(name), tmp_path, endpoint=hub.endpoint)
    with pytest.raises(UserError, match="config 'fr' cannot be read"):
        fetch(catalog.get("xnli"), tmp_path, languages=["fr"], endpoint=hub.endpoint)
    for name, languages, what in (
        ("mnli?genre=fiction", (), "only a part of mnli; fetch mnli itself"),
        ("scitail", ("en",), "all its languages are in one table"),
        ("xnli", ("../x",), "no language code"),
    ):
        with pytest.raises(UserError, match=what):
            fetch(catalog.get(name), tmp_path, languages=languages, endpoint=hub.endpoint)


def test_a_hub_that_cannot_be_reached_is_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be fetched"):
        fetch(catalog.get("scitail"), tmp_path, endpoint="http://127.0.0.1:9")


def test_every_hub_form_is_of_a_declared_task() -> None:
    for name, hub in HUBS.items():
        task = catalog.get(name)
        assert set(hub.splits) <= set(task.splits), name
        assert hub.revision is not None or not hub.verified, "who has seen it can name the commit"
