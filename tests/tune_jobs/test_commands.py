"""The command line, from plan to export, on small files; and how each way of ending looks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tests.tune_jobs import bench
from tests.tune_jobs.conftest import Run
from trainers import runner
from trainers.lane import Assignment, Ending, Outcome, Verdict
from trainers.runner import Runner
from trainers.session import Session, Settings
from trainers.stages import IntermediateSpec, TokenizerSpec
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.commands import main
from tune_jobs.lanes import serial_lane
from tune_jobs.lanes.interrupted import Interrupted


def as_json(result: tuple[int, str, str]) -> Any:
    code, out, err = result
    assert code == 0, err
    return json.loads(out)


def test_from_plan_to_export(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> None:
    space = str(bench.write(tmp_path))
    planned = as_json(crosslift("plan", space, "--json"))
    assert planned["exact"]
    assert planned["low"]["recipes"] == 7
    assert planned["low"]["hours"] is None
    to_run = {kind: count["to_run"] for kind, count in planned["low"]["stages"].items()}

    first = as_json(crosslift("sweep", space, "--serial", "--json"))
    assert first["trained"] == sum(to_run.values()) == len(lot[-1].ran)
    again = as_json(crosslift("sweep", space, "--serial", "--json"))
    assert again["trained"] == 0
    assert again["stored"] == first["trained"]
    assert as_json(crosslift("plan", space, "--json"))["low"]["tokens"] == 0

    board = as_json(crosslift("leaderboard", "bench", "--json"))
    assert [row["rank"] for row in board["rows"]] == list(range(1, 8))
    assert board["rows"][-1]["trial"] == 0, "the lane answers worse without an intermediate phase"
    assert all(row["lift"]["low"] > 0 for row in board["rows"][:-1] if row["lift_against_trial"] == 0)
    assert board == as_json(crosslift("leaderboard", space, "--json")), "by the space's file as by its name"

    code, best, _ = crosslift("best", "bench")
    assert code == 0
    (tmp_path / "best.yaml").write_text(best)
    found = as_json(crosslift("final", "best.yaml", "--seeds", "2", "--json"))
    assert found["seeds"] == [1, 2]
    whole = next(line for line in found["lines"] if line["part"] == "report" and line["task"] is None)
    assert whole["score"] - whole["baseline"] == pytest.approx(whole["lift"]["value"])
    assert whole["lift"]["low"] > 0
    again = as_json(crosslift("final", "best.yaml", "--seeds", "2", "--json"))
    assert (again["stages"], found["looks"], again["looks"]) == (0, 1, 1), "the same look"
    assert as_json(crosslift("final", "best.yaml", "--seeds", "1", "--json"))["looks"] == 2
    assert {path.name for path in (tmp_path / "bench-submission").iterdir()} == {"gold", "seed-1"}, "of the last run"
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.tex").touch()
    code, _, err = crosslift("final", "best.yaml", "--submission", "full")
    assert code == 2 and "full: holds something else" in err

    made = as_json(crosslift("export", "bench", "--to", "out", "--json"))
    assert made["trial"] == board["rows"][0]["trial"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*made["files"], "crosslift.json"}


def test_stages_and_their_logs_are_shown(crosslift: Run, tmp_path: Path) -> None:
    store = StageStore(open_objects(str(tmp_path / "store")))
    assert "all stages that were begun are made" in crosslift("stages")[1]
    spec = TokenizerSpec(text=(), vocabulary=300)
    made, failed = store.begin(spec.id), store.begin("f" * 64)
    store.keep_log("f" * 64, failed, "0000-0", "it went wrong\n")
    assert [row["id"] for row in as_json(crosslift("stages", "--json"))] == sorted([spec.id, "f" * 64])
    store.commit(spec.id, made, {}, {}, spec, {"seconds": 3.0})
    assert [row["id"] for row in as_json(crosslift("stages", "--json"))] == ["f" * 64]
    assert [row["made"] for row in as_json(crosslift("stages", "--made", "--json"))] == [True, False]
    assert "ffffffffffff  begun" in crosslift("stages")[1]
    assert crosslift("stages", "ff")[1].splitlines()[-1] == "it went wrong"
    assert as_json(crosslift("stages", "ff", "--json"))["logs"] == {failed: "it went wrong\n"}
    assert "tokenizer: made in 3.0 s" in crosslift("stages", spec.id)[1]
    code, _, err = crosslift("stages", "zz")
    assert code == 2 and "no stage's id begins with 'zz'" in err


def test_a_lane_is_set_up_as_asked(crosslift: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def lane(store: StageStore, *settings: float) -> None:
        raise UserError(f"settings {settings}")

    monkeypatch.setattr(serial_lane, "serial_lane", lane)
    space = str(bench.write(tmp_path))
    own = Settings(cache=tmp_path)
    assert f"settings ({own.micro_tokens}, {own.save_seconds})" in crosslift("sweep", space, "--serial")[2]
    asked = ("--micro-tokens", "64", "--save-every", "0")
    assert "settings (64, 0.0)" in crosslift("sweep", space, "--serial", *asked)[2]


def test_what_selection_has_seen_is_left_out(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> None:
    crosslift("sweep", str(bench.write(tmp_path)), "--serial", "--trials", "2")
    (tmp_path / "best.yaml").write_text(crosslift("best", "bench")[1])
    found = as_json(crosslift("final", "best.yaml", "--seeds", "1", "--json"))
    sizes = {
        line["part"]: line["examples"] for line in found["lines"] if line["task"] == "tatoeba" and line["language"]
    }
    submitted = ("--predictions", "bench-submission/seed-1", "--gold", "bench-submission/gold")
    scored = {
        (c["task"], c["language"]): c["score"] for c in as_json(crosslift("score", *submitted, "--json"))["cells"]
    }
    lines = [line for line in found["lines"] if line["part"] == "report" and line["language"]]
    assert scored == pytest.approx({(line["task"], line["language"]): line["score"] for line in lines})
    rest = sizes["report without the fifth"]
    assert 0.7 * 150 < rest < 0.9 * 150
    tasks = {line["task"] for line in found["lines"] if line["part"] == "report without the fifth"}
    assert tasks == {"tatoeba", None}, "selection saw no test data of the others"
    assert "panx ru" in " ".join(found["absent"])


def test_text_says_what_was_selected_on(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> None:
    space = str(bench.write(tmp_path))
    code, swept, progress = crosslift("sweep", space, "--serial")
    assert code == 0
    assert "trained" in swept
    assert len(progress.splitlines()) < 60, "quiet where no terminal is"
    _, shown, _ = crosslift("leaderboard", "bench")
    assert "looks at target languages" in shown
    assert "tatoeba: a held-out fifth, taken from test data" in shown
    assert "mean of" not in shown.splitlines()[0]
    assert "absent: panx ru" in shown
    assert "four average" not in shown, "a partial suite never bears the suite's name"


def test_more_trials_extend_a_sweep(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> None:
    space = str(bench.write(tmp_path))
    crosslift("sweep", space, "--serial", "--trials", "3")
    crosslift("sweep", space, "--serial", "--trials", "5")
    assert len(as_json(crosslift("leaderboard", "bench", "--json"))["rows"]) == 5


def test_the_tuned_encoder_of_a_task_can_be_exported(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> None:
    crosslift("sweep", str(bench.write(tmp_path)), "--serial", "--trials", "2")
    assert crosslift("export", "bench", "--to", "xnli", "--task", "xnli")[0] == 0
    made = json.loads((tmp_path / "xnli/crosslift.json").read_text())
    assert made["recipe"]["intermediate"] is not None
    for argv, complaint in (
        (("--to", "xnli"), "name a new folder"),
        (("--to", "new", "--task", "tatoeba"), "without fine-tuning"),
        (("--to", "new", "--task", "xnl"), "did you mean 'xnli'"),
        (("--to", "new", "--trial", "9"), "trial 9"),
    ):
        code, _, err = crosslift("export", "bench", *argv)
        assert code == 2
        assert complaint in err
    assert not (tmp_path / "new").exists()


MENDABLE: dict[str, tuple[Sequence[str], str]] = {
    "no command": (("swep", "x"), "sweep"),
    "no option": (("leaderboard", "x", "--stor", "y"), "--store"),
    "no argument": (("sweep",), "SPACE"),
    "wrong type": (("sweep", "quickstart", "--serial", "--trials", "many"), "--trials"),
    "out of range": (("sweep", "quickstart", "--serial", "--trials", "0"), "--trials"),
    "no space": (("plan", "quickstar"), "quickstart"),
    "no space file": (("plan", "nowhere.yaml"), "nowhere.yaml"),
    "no cluster": (("sweep", "bench.yaml", "--address", "127.0.0.1:9"), "--address"),
    "no sweep": (("leaderboard", "nothing"), "nothing"),
    "no recipe file": (("final", "nowhere.yaml"), "nowhere.yaml"),
    "no data folder": (("plan", "bench.yaml", "--data", "nowhere"), "--data"),
    "no task kind": (("tasks", "--kind", "poetry"), "tagging"),
}


@pytest.mark.parametrize("name", MENDABLE)
def test_what_the_user_can_mend_is_one_line(crosslift: Run, tmp_path: Path, name: str) -> None:
    bench.write(tmp_path)
    argv, hint = MENDABLE[name]
    code, out, err = crosslift(*argv)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert hint in err


def test_a_fault_of_ours_is_a_line_with_the_log(crosslift: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(location: str) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr("tune_jobs.results.results.open_objects", broken)
    code, out, err = crosslift("leaderboard", "x")
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    path = re.search(r"\S+\.log", err)
    assert path is not None
    assert "ZeroDivisionError: nobody foresaw this" in Path(path[0]).read_text()


class FaultyLane(bench.LotLane):
    """Runs intermediate training as a real lane does."""

    def run(self, assignment: Assignment, report: Callable[[int, int], Verdict]) -> Outcome:
        if isinstance(assignment.stage.spec, IntermediateSpec):
            return Runner(self.store, Settings(cache=self.folder)).run(assignment, report)
        return super().run(assignment, report)


def test_a_stage_that_fails_leaves_its_traceback_in_the_log(
    crosslift: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def broken(spec: IntermediateSpec, session: Session) -> None:
        session.note("out of something")
        raise ZeroDivisionError("first line\nsecond line")

    monkeypatch.setitem(runner.WORK, IntermediateSpec, broken)
    monkeypatch.setattr(serial_lane, "serial_lane", lambda store, *settings: FaultyLane(store, tmp_path / "lane"))
    code, swept, err = crosslift("sweep", str(bench.write(tmp_path)), "--serial", "--trials", "3")
    assert (code, swept.splitlines()[0]) == (0, "bench: trials: 1 complete, 2 failed")
    why = "intermediate mnli: failed: ZeroDivisionError: first line second line"
    said = rf"^{why} \(log: (crosslift stages \w{{12}} --store \S+)\)$"
    named = re.search(said, err, re.MULTILINE)
    assert named is not None
    kept = crosslift(*named[1].split()[1:])[1]
    assert kept.count("INFO out of something") == kept.count("Traceback (most recent call last)") == 3, "its attempts"
    assert "Traceback" not in err + caplog.text
    [path] = [line.removeprefix("log: ") for line in err.splitlines() if line.startswith("log: ")]
    text = Path(path).read_text()
    assert "INFO trainers.session: out of something" in text
    assert text.count("Traceback (most recent call last)") == text.count("ERROR trainers.runner: ")
    assert list((tmp_path / "cache/logs").iterdir()) == [Path(path)]


class HopelessLane(bench.LotLane):
    """Every training diverges."""

    def run(self, assignment: Assignment, report: Callable[[int, int], Verdict]) -> Outcome:
        return Outcome(Ending.DIVERGED, "loss nan")


def test_a_sweep_without_a_complete_trial_says_so(
    crosslift: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(serial_lane, "serial_lane", lambda store, *settings: HopelessLane(store, tmp_path / "lane"))
    code, out, err = crosslift("sweep", str(bench.write(tmp_path)), "--serial", "--trials", "2", "--json")
    assert (code, json.loads(out)["trials"]) == (2, {"failed": 2})
    assert "sweep bench: no trial completed" in err.splitlines()[-1]
    assert "crosslift leaderboard bench" in err.splitlines()[-1]


def test_without_a_record_there_is_no_log(crosslift: Run, lot: list[bench.LotLane], tmp_path: Path) -> None:
    assert "log: " not in crosslift("plan", str(bench.write(tmp_path)))[2]
    assert not (tmp_path / "cache/logs").exists()


@pytest.mark.parametrize("stop", [Interrupted("bench"), KeyboardInterrupt()])
def test_an_interruption_names_the_command_that_continues(
    crosslift: Run, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    def interrupted(location: str) -> None:
        raise stop

    monkeypatch.setattr("tune_jobs.results.results.open_objects", interrupted)
    code, out, err = crosslift("leaderboard", "x y")
    assert (code, out) == (130, "")
    assert err.splitlines() == ["crosslift: interrupted; to continue: crosslift leaderboard 'x y'"]


def test_tasks_shows_what_is_unverified(crosslift: Run) -> None:
    code, out, _ = crosslift("tasks")
    assert code == 0
    assert "unverified" in out
    listed = as_json(crosslift("tasks", "--json"))
    assert all(task["hub"] is None or task["hub"]["verified"] or task["hub"]["revision"] is None for task in listed)


def test_help_lists_every_command(crosslift: Run) -> None:
    code, out, _ = crosslift()
    assert code == 0
    assert all(re.search(rf"^\s+{name}\s", out, re.MULTILINE) for name in main.COMMANDS)
