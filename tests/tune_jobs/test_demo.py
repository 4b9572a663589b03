"""`make demo`, with a smaller world: all that is on screen, and that two lanes give what one process gives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.tune_jobs.test_kills import Lab
from tests.tune_jobs.test_on_ray import board, results, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.ray]

ROOT = Path(__file__).parents[2]
SMALLER = {
    "[en, qaa, qab, qac, qad, qae]": "[en, qaa]",
    "[qaa, qab, qac, qad, qae]": "[qaa]",
    "size: 1.0": "size: 0.1",
    "vocabulary: 3000": "vocabulary: 300",
    "hidden: 128": "hidden: 16",
    "steps: 2300": "steps: 30",
    "startup: 5": "startup: 8",  # so that what is tried does not hang on scores of a world too small to learn from
}
NUMBER = r"\d+\.\d"
COST = rf"(\d+ min )?\d+ s of training and scoring, {NUMBER} million tokens"
CELLS = rf"( *({NUMBER}|–)){{4}}"

# every line is one of these; those with a count come exactly so often
SCREEN: dict[str, int | None] = {
    r"BIN/crosslift sweep SPACE --store DEMO/store": 1,
    r"trial 0: no intermediate task": 1,
    r"trial [1-7]: (hellaswag|snli|squad)( 0\.5 \+ (snli|squad) 0\.5)?": 7,
    r"[a-z]+( .*)?: step \d+ of \d+ \(\d+ stages done\)": None,
    rf"trial \d: {NUMBER} on 5 cells of rung 1": 8,
    rf"trial \d: {NUMBER} on 2 cells of rung 2": None,
    r"trial \d: pruned after rung 1": None,
    r"quickstart: trials: \d complete(, \d pruned)?": 1,
    r"stages: \d+ trained, 0 found in the store, \d shared": 1,
    rf"saved by sharing between trials: {COST}": 1,
    r"saved by what the store had: 0 s of training and scoring, 0\.0 million tokens": 1,
    rf"saved by pruning: {COST}": None,
    r"quickstart *": 1,
    r"rank  trial  recipe +average  english +lift  tatoeba +udpos +xnli +panx": 1,
    rf" +\d +0  no intermediate task +{NUMBER} +{NUMBER} +baseline{CELLS}": 1,
    rf" +\d +[1-7]  .*, fraction 0\.\d+ +{NUMBER} +{NUMBER}  [+-]{NUMBER} \[[^]]+\]{CELLS}": None,
    rf" +– +[1-7]  .*, fraction 0\.\d+ \(pruned after rung 1\) +{NUMBER} +{NUMBER} +–{CELLS}": None,
    r"average: toy average; lift: over the baseline, with a 95 % interval": 1,
    r"ranked on `average`, which looks at target languages; `english` is the strict zero-shot column": 1,
    r"tatoeba: a held-out fifth, taken from test data": 1,
    r"the best recipe is in DEMO/best\.yaml; next:": 1,
    r"BIN/crosslift final DEMO/best\.yaml --seeds 3 --store DEMO/store": 1,
}


def smaller(folder: Path) -> Path:
    """The demo's space, with less to train."""
    text = (ROOT / "search_spaces/shipped/quickstart.yaml").read_text()
    for old, new in SMALLER.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "quickstart.yaml").write_text(text)
    return folder / "quickstart.yaml"


def test_the_demo_says_this_and_no_more_and_gives_what_one_process_gives(tmp_path: Path) -> None:
    stamp = tmp_path / "installed"
    stamp.touch()
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # of a make around us
    names = {"BIN": Path(sys.executable).parent, "SPACE": smaller(tmp_path), "DEMO": tmp_path / "demo"}
    done = subprocess.run(
        ["make", "demo", f"STAMP={stamp}", *(f"{name}={path}" for name, path in names.items())],
        cwd=ROOT,
        env=outside | {"CROSSLIFT_CACHE": str(tmp_path / "cache"), "COLUMNS": "200"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout
    said = done.stdout
    for name, path in names.items():
        said = said.replace(str(path), name)
    lines = said.splitlines()
    assert len(lines) < 80
    assert [line for line in lines if not any(re.fullmatch(known, line) for known in SCREEN)] == []
    counts = {known: sum(bool(re.fullmatch(known, line)) for line in lines) for known in SCREEN}
    assert {
        known: counts[known] for known, count in SCREEN.items() if count is not None and counts[known] != count
    } == {}
    assert yaml.safe_load((tmp_path / "demo" / "best.yaml").read_text())["recipe"]
    lanes, serial = Lab(tmp_path / "demo" / "store"), Lab(tmp_path / "serial")
    run(tmp_path, "sweep", str(names["SPACE"]), "--serial", "--store", "serial")
    logs = ["".join(lanes.store.logs(stage).values()) for stage in lanes.commits()]
    assert len({re.findall(r"process (\d+)", text)[-1] for text in logs}) >= 3, "a lane for pretraining, and two more"
    assert results(lanes) == results(serial)
    assert board(lanes, "quickstart") == board(serial, "quickstart")
