"""What W&B and MLflow are told of a sweep, and what happens where they are not there."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.logger import LoggerCallback

from tasks import toy
from tasks.errors import UserError
from tests.tune_jobs import bench, test_kills
from tests.tune_jobs.conftest import Run
from tests.tune_jobs.ray_cluster import CROSSLIFT, PATIENCE
from tests.tune_jobs.test_desk import sampled
from tests.tune_jobs.test_kills import Lab
from tune_jobs import tracking
from tune_jobs.on_ray.loggers import STEP, Tracking, measures
from tune_jobs.on_ray.trial import ASKED, NUMBERS, TOLD
from tune_jobs.submission import words
from tune_jobs.sweeps.events import Ended, How, Rung
from tune_jobs.sweeps.history import History
from tune_jobs.tracking import Tracker, trackers


class Notebook(LoggerCallback):
    """Ray's kind of callback, which writes down what it is told; with `strength` it fails after so many calls."""

    def __init__(self, strength: int = 1000) -> None:
        self.told: list[dict[str, float]] = []
        self.ends: list[bool] = []
        self.strength = strength

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, float]) -> None:
        self.strength -= 1
        if self.strength < 0:
            raise ConnectionError("nobody\nanswers")
        self.told.append(result)

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        self.ends.append(failed)


def rung(trial: int, number: int, value: float) -> Rung:
    return Rung(trial=trial, rung=number, value=value, cells=(), digest="")


def history() -> History:
    """The baseline has ended; trial 1 stands at the first rung."""
    baseline = (sampled(0), rung(0, 0, 40.0), rung(0, 1, 50.0), Ended(trial=0, how=How.COMPLETE, value=50.0))
    return History([*baseline, sampled(1), rung(1, 0, 43.0)])


def trial(number: int) -> Any:
    return SimpleNamespace(config={"trial": number})


def test_a_rung_is_told_with_its_scores_and_its_lift_and_the_end_with_how_it_was() -> None:
    now, numbers = history(), {"value": 43.0, "score/xnli": 60.0}
    told = measures(now, 1, {TOLD: "{}", NUMBERS: numbers})
    assert told == {**numbers, "lift_over_trial_0": 3.0, STEP: 1}
    assert measures(now, 1, {ASKED: 0}) == {}, "it goes on"
    now.apply(Ended(trial=1, how=How.PRUNED, value=43.0))
    assert measures(now, 1, {ASKED: 0}) == {"complete": 0.0, STEP: 1}
    assert measures(now, 0, {TOLD: "{}"}) == {"complete": 1.0, STEP: 2}


def test_a_tracker_that_fails_is_spoken_of_once_and_the_sweep_goes_on() -> None:
    said: list[str] = []
    notebook = Notebook(strength=1)
    shown = Tracking(Tracker("mlflow", "http://there"), notebook, history(), said.append)
    for _ in range(3):
        shown.on_trial_result(0, [], trial(1), {NUMBERS: {"value": 43.0}})
    shown.on_trial_complete(0, [], trial(1))
    assert len(notebook.told) == 1 and not notebook.ends
    assert said == ["mlflow:http://there fails, and the sweep goes on without it: nobody answers"]


def test_the_option_says_where() -> None:
    texts = ["wandb:lab", "wandb:me/lab", "mlflow:http://there:5000", "mlflow:sqlite:////lab/m.db", "wandb:lab"]
    assert [str(found) for found in trackers(texts)] == texts[:4]
    assert words({"track": tuple(texts[:2]), "seed": None}) == ("--track", texts[0], "--track", texts[1])


@pytest.mark.parametrize("text", ["wandb", "wandb:", "wandb:a/b/c", "wandb:/a", "comet:lab", "", "mlflow:"])
def test_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="wandb:PROJECT"):
        trackers([text])


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(UserError) as caught:
        trackers(["mlflow:https://me:hunter2@there/"])
    assert "password" in str(caught.value) and "hunter2" not in str(caught.value)


@pytest.mark.parametrize("kind", ["wandb", "mlflow"])
def test_what_is_not_installed_is_said_before_anything_begins(
    kind: str, crosslift: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    code, out, err = crosslift("sweep", str(bench.write(tmp_path)), "--track", f"{kind}:lab")
    assert (code, out) == (2, "")
    assert f"--track {kind}:lab" in err and f"pip install 'crosslift[{kind}]'" in err
    assert not (tmp_path / "crosslift-store").exists()


def test_without_ray_there_is_nothing_to_track(crosslift: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "find_spec", lambda name: object())
    code, _, err = crosslift("sweep", str(bench.write(tmp_path)), "--serial", "--track", "wandb:lab")
    assert code == 2 and "leave out --serial" in err


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.timeout(900)
def test_runs_of_mlflow_and_of_wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key that no file of Ray's, of the store or of theirs may hold."""
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("wandb")
    key = "0123456789abcdef" * 2 + "unguessed"
    for name, value in {
        "WANDB_MODE": "offline",
        "WANDB_API_KEY": key,
        "CROSSLIFT_CACHE": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    toy.write(tmp_path / "data", size=0.05, seed=1)
    (tmp_path / "kills.yaml").write_text(test_kills.SPACE)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    argv = ["sweep", "kills.yaml", "--lanes", "1", "--data", "data", "--store", "store"]
    done = subprocess.run(
        [CROSSLIFT, *argv, "--track", f"mlflow:{uri}", "--track", "wandb:me/lab"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        timeout=2 * PATIENCE,
    )
    assert done.returncode == 0 and "goes on without it" not in done.stderr, done.stderr
    mlflow.set_tracking_uri(uri)
    runs = {run.info.run_name: run.data for run in mlflow.search_runs(experiment_names=["kills"], output_format="list")}
    trials = Lab(tmp_path / "store").history().trials
    assert runs.keys() == {f"trial-{trial.number}" for trial in trials}
    for known in trials:
        metrics, params = runs[f"trial-{known.number}"].metrics, runs[f"trial-{known.number}"].params
        assert metrics["value"] == pytest.approx(known.value)
        assert {"score/udpos", "score/xnli", "score/tatoeba", "score/panx"} <= metrics.keys()
        assert params["recipe"] == known.sampled.recipe_id
        assert ("intermediate.tasks/snli" in params) == ("lift_over_trial_0" in metrics) == (known.number != 0)
    assert len(list(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))) == len(trials)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if key.encode() in path.read_bytes()]
