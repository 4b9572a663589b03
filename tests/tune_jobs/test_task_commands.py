"""`crosslift tasks` and `crosslift data`: what can be named, whether it works, and what is in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks import catalog
from tests.search_spaces.test_own_tasks import REVIEWS
from tests.tune_jobs import bench
from tune_jobs.commands import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def crosslift(
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command line in a folder of its own; generated worlds are shared by these tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROSSLIFT_CACHE", str(tmp_path_factory.getbasetemp() / "task-commands"))
    monkeypatch.setattr(catalog, "_OWN", {})

    def run(*argv: str) -> tuple[int, str, str]:
        code = main.run(argv)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def lay_out(folder: Path, **changes: Any) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "reviews.yaml").write_text(yaml.safe_dump(REVIEWS | changes))
    (folder / "train.csv").write_text("text,stars\n" + "fine thing,5\npoor thing,1\n" * 10)
    for language in ("en", "de"):
        rows = ({"text": f"thing {number}", "stars": 5 - 4 * (number % 2)} for number in range(8))
        (folder / f"dev-{language}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.slow
def test_a_user_s_own_task_is_tried_out(crosslift: Run, tmp_path: Path) -> None:
    lay_out(tmp_path / "mine")
    code, out, err = crosslift("tasks", "check", "mine/reviews.yaml", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert [check["of"] for check in found if check["what"] == "read"] == ["train en", "dev de", "dev en"]
    scored = [check for check in found if check["what"] == "scored"]
    assert [check["of"] for check in scored] == ["reviews de", "reviews en"]
    assert "on 8 examples" in scored[0]["found"]
    trained = [check["of"] for check in found if check["what"] == "trained"]
    assert any("target reviews" in name for name in trained) and any("intermediate" in name for name in trained)
    code, out, _ = crosslift("tasks", "check", "mine/reviews.yaml")
    assert code == 0 and out.endswith("it can be named in a space\n")


@pytest.mark.slow
def test_what_does_not_hold_is_one_line(crosslift: Run, tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "train.csv").write_text("text,stars\nfine,4\n")
    assert crosslift("tasks", "check", "reviews.yaml")[::2] == (
        2,
        f"crosslift: {tmp_path}/train.csv:2: unknown label '4', known: bad, good\n",
    )
    for file in tmp_path.glob("*.*"):
        if file.suffix != ".yaml":
            file.unlink()
    for task in ("reviews.yaml", "xnli"):  # a generated world lends what others need, not what is tried out
        code, _, err = crosslift("tasks", "check", task)
        assert code == 2 and "none of its files is in the data folders" in err


def test_tasks_are_listed_by_domain_and_language(crosslift: Run) -> None:
    listed = json.loads(crosslift("tasks", "--domain", "biomedical", "--json")[1])
    assert {"pubmedqa", "ncbi-disease", "xl-bel"} <= {task["name"] for task in listed}
    assert all("biomedical" in task["domain"].lower() for task in listed)
    swahili = {task["name"] for task in json.loads(crosslift("tasks", "--language", "sw", "--json")[1])}
    assert {"xnli", "tydiqa", "afrisenti"} <= swahili and "snli" not in swahili
    assert crosslift("tasks", "--domain", "cookery")[0] == 2


def test_all_that_is_declared_of_a_task_is_shown_by_its_name(crosslift: Run) -> None:
    for task in catalog.all_tasks():
        code, out, err = crosslift("tasks", task.name)
        assert code == 0, err
        assert " ".join(task.languages) in out and task.licence in out and task.citation in out
        for split in task.splits.values():
            assert all(file in out for layout in split.layouts for file in layout.files)
        assert task.hub is None or f"{task.hub.id}" in out
        assert (task.brings in out) and (task.omits in out)
        assert json.loads(crosslift("tasks", task.name, "--json")[1])["languages"] == list(task.languages)
    assert "trained on  umsab?language=de in de" in crosslift("tasks", "umsab?language=de")[1]
    assert crosslift("tasks", "xnly")[::2] == (2, "crosslift: unknown task 'xnly', did you mean 'xnli'?\n")


def test_what_the_user_has_to_bring_is_said(crosslift: Run, tmp_path: Path) -> None:
    assert "bring your own CCGbank (LDC)" in crosslift("tasks", "check", "ccg")[2]
    space = bench.write(tmp_path)
    space.write_text(space.read_text().replace("of: [snli, mnli]", "of: [ccg, mnli]"))
    code, _, err = crosslift("plan", str(space))
    assert code == 2 and "no file ccg/ccg.train; bring your own CCGbank (LDC)" in err


def test_data_is_checked(crosslift: Run, tmp_path: Path) -> None:
    (tmp_path / "xnli").mkdir()
    (tmp_path / "xnli/dev-de.tsv").write_text("a\tb\tneutral\n")
    (tmp_path / "xnli/dev-en.tsv").write_text("a\tb\tneutral\n")
    code, out, err = crosslift("data", "check")
    assert code == 2 and "2 of 2 datasets do not have as many examples as were published" in err
    assert out.count("published: 2,490") == 2
    (tmp_path / "xnli/dev-de.tsv").write_text("a\tb\tneutrl\na\tb\tneutral\na\tb\n")
    code, out, err = crosslift("data", "check", "xnli")
    assert code == 2 and "1 of 2 datasets" in err
    assert f"xnli dev de: {tmp_path}/xnli/dev-de.tsv:1: unknown label 'neutrl'" in out
    assert f"xnli dev de: {tmp_path}/xnli/dev-de.tsv:3: 2 columns, not 3" in out
    assert crosslift("data", "check", "pawsx")[::2] == (
        2,
        f"crosslift: {tmp_path}: no file of a declared task is there\n",
    )


def test_what_a_reader_leaves_out_is_said_and_queries_are_counted(crosslift: Run, tmp_path: Path) -> None:
    rows = [f"C000000{i}||mention {i}||a <tgt>mention</tgt>" for i in range(4)]
    (tmp_path / "xl-bel").mkdir()
    for language, kept in (("de", rows), ("en", rows[:3])):
        (tmp_path / f"xl-bel/{language}_1k_test_query_with_context.txt").write_text("\n".join(kept) + "\n")
    code, out, _ = crosslift("data", "check", "--json")
    assert code == 0 and [finding["examples"] for finding in json.loads(out)] == [3, 3]
    assert "left out 997 of 1,000: mentions of concepts that no" in crosslift("data", "check")[1]


def test_what_training_and_test_sets_share_is_shown(crosslift: Run, tmp_path: Path) -> None:
    space = bench.write(tmp_path)

    def pairs() -> set[tuple[str, ...]]:
        found = json.loads(crosslift("data", "overlap", str(space), "--json")[1])
        return {(o["train"], o["part"], o["scored"], o["language"]) for o in found}

    before = pairs()
    assert ("parallel", "train de", "tatoeba", "de") in before, "the bench pretrains on what it retrieves"
    (tmp_path / "data/text/de.txt").write_text("ein satz aus panx\nein anderer\n")
    with (tmp_path / "data/panx/dev-de.tsv").open("a") as end:
        end.write("Ein\tO\nSatz\tO\naus\tO\nPANX\tO\n\n")
    assert pairs() - before == {("text", "train de", "panx", "de")}
    assert "text train de" in crosslift("data", "overlap", str(space))[1]


def test_a_dev_set_that_keeps_the_best_weights_is_compared_with_all_but_itself(crosslift: Run, tmp_path: Path) -> None:
    space = bench.write(tmp_path)
    space.write_text(space.read_text().replace("epochs: 1}", "epochs: 1, keep: best}"))
    found = json.loads(crosslift("data", "overlap", str(space), "--json")[1])
    # the bench says the same in all its dev and test sets: in English the test set alone is left
    of_dev = [o for o in found if (o["train"], o["part"], o["scored"]) == ("panx", "dev en", "panx")]
    assert sorted(o["language"] for o in of_dev) == ["de", "de", "en"]


def test_what_is_not_on_the_hub_is_said(crosslift: Run) -> None:
    code, _, err = crosslift("data", "fetch", "bucc2018", "--to", "here")
    assert code == 2 and "not on the hub" in err
