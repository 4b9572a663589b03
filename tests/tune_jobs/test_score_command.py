"""`crosslift score`: what it prints for people and programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.suites import suite
from tests.tasks.official import save
from tune_jobs.commands import main


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSSLIFT_CACHE", str(tmp_path / "cache"))
    save(tmp_path / "gold", {"xnli/test-de.tsv": "neutral\nentailment\n", "udpos/test-de.tsv": "NOUN\nVERB\n"})
    save(tmp_path / "ours", {"xnli/test-de.tsv": "neutral\nneutral\n", "udpos/test-de.tsv": "NOUN\nVERB\n"})
    return tmp_path


def run(folders: Path, *options: str) -> int:
    return main.run(("score", "--predictions", str(folders / "ours"), "--gold", str(folders / "gold"), *options))


def test_scores_by_language_task_group_and_suite(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folders) == 0
    out = capsys.readouterr().out
    assert "de 50.0" in out
    assert "\ntagging, mean of 1 of 2 tasks: udpos (without udpos af" in out, "a part does not bear the group's name"
    assert out.splitlines()[-1].startswith("mean of 2 of 9 tasks: xnli, udpos (without xnli ar")
    assert out.splitlines()[-1].endswith(": 75.0"), "a partial suite has no XTREME average"


def test_as_json(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folders, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tasks"] == {"xnli": 50.0, "udpos": 100.0}
    groups = {name: (part["value"], part["whole"]) for name, part in found["groups"].items()}
    assert groups == {"classification": (50.0, False), "tagging": (100.0, False)}
    assert (found["average"]["value"], found["average"]["whole"]) == (75.0, False)
    assert {(c["task"], c["language"]): c["n"] for c in found["cells"]} == {("xnli", "de"): 2, ("udpos", "de"): 1}


def test_a_group_that_is_whole_bears_its_name(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"{task}/test-{la}.tsv": "1\n" for task in ("xnli", "pawsx") for la in suite("xtreme").languages_of(task)}
    save(folders / "gold", files)
    save(folders / "ours", files)
    assert run(folders) == 0
    assert "\nclassification average: 100.0\n" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_one_line(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folders, "--suite", "xtrme") == 2
    assert "did you mean 'xtreme'" in capsys.readouterr().err
