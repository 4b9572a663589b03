"""Whatever is wrong with what the user gave: one line that says what, where and what would be right; nothing is lost.

Every case breaks one thing on a desk with a finished sweep (space, official files, store, best.yaml) and runs the real
command line. What the store held before must be there afterwards, byte for byte.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.trainers.stores import server
from tests.tune_jobs import bench
from tune_jobs.commands import main
from tune_jobs.lanes import serial_lane

Argv = tuple[str, ...]

pytestmark = pytest.mark.slow  # the whole command line, some seventy times over

PLAN: Argv = ("plan", "bench.yaml")
SWEEP: Argv = ("sweep", "bench.yaml", "--serial", "--trials", "3")
FINAL: Argv = ("final", "best.yaml", "--seeds", "1")
SPACE = (PLAN, SWEEP)
ALL = (PLAN, SWEEP, FINAL)

SQUAD = {
    "data": [
        {
            "title": "cups",
            "paragraphs": [
                {
                    "context": "the cup",
                    "qas": [{"id": "q7", "question": "what?", "answers": [{"text": "cup", "answer_start": 4}]}],
                }
            ],
        }
    ]
}


@dataclass
class Desk:
    """A folder that commands run in, and what a case may do to it."""

    path: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    after: contextlib.ExitStack  # what is to be undone

    def run(self, argv: Argv) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command line."""
        self.capsys.readouterr()
        code = main.run(argv)
        out, err = self.capsys.readouterr()
        return code, out, err

    def put(self, keys: str, value: Any) -> None:
        """Set a key of the space and of best.yaml."""
        for name in ("bench.yaml", "best.yaml"):
            content = yaml.safe_load((self.path / name).read_text())
            *above, last = keys.split(".")
            place = content
            for key in above:
                place = place[key]
            place[last] = value
            (self.path / name).write_text(yaml.safe_dump(content, sort_keys=False))

    def edit(self, name: str, old: str, new: str, times: int = 1) -> None:
        """Replace text in a file."""
        path = self.path / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, times))

    def save(self, name: str, content: str | bytes) -> None:
        """Write a file."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def mount(self, name: str, *options: str) -> None:
        """Mount something over a folder until the test ends."""
        if os.geteuid() != 0:
            pytest.skip("mounts need root")
        done = subprocess.run(["mount", *options, str(self.path / name)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"no mounts here: {done.stderr.strip()}")
        if "remount" not in " ".join(options):
            self.after.callback(subprocess.run, ["umount", str(self.path / name)], check=True)

    def serve(self) -> None:
        """An S3 server on loopback, with a bucket `lab`."""
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request
        self.monkeypatch.setenv("AWS_ENDPOINT_URL", self.after.enter_context(server()))

    def stored(self) -> dict[str, bytes]:
        """All objects of the store."""
        store = self.path / "store"
        files = (path for path in store.rglob("*") if path.is_file() and ".tmp" not in path.parts)
        return {str(path.relative_to(store)): path.read_bytes() for path in files}


def _lot(folder: Path) -> Callable[..., bench.LotLane]:
    return lambda store, *settings: bench.LotLane(store, folder / "lane")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk on which a sweep of two trials has ended well."""
    folder = tmp_path_factory.mktemp("desk")
    bench.write(folder)
    (folder / "bench.yaml").write_text(bench.SPACE.replace("[snli, mnli]", "[snli, squad]"))
    (folder / "data/squad").mkdir()
    (folder / "data/squad/train-v1.1.json").write_text(json.dumps(SQUAD))
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        _at_home(patch, folder)
        patch.setattr("os.fsync", lambda handle: None)
        assert main.run(("sweep", "bench.yaml", "--serial", "--trials", "2")) == 0
        out.truncate(0)
        out.seek(0)
        assert main.run(("best", "bench")) == 0
    best = yaml.safe_load(out.getvalue())
    best["recipe"]["intermediate"]["tasks"] = {"snli": 0.5, "squad": 0.5}  # reads all the data there is
    (folder / "best.yaml").write_text(yaml.safe_dump(best, sort_keys=False))
    return folder


def _at_home(patch: pytest.MonkeyPatch, folder: Path, lane: bool = True) -> None:
    patch.chdir(folder)
    patch.setenv("CROSSLIFT_CACHE", str(folder / "cache"))
    patch.setenv("CROSSLIFT_STORE", str(folder / "store"))
    patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in (
        ("ACCESS_KEY_ID", "somebody"),
        ("SECRET_ACCESS_KEY", "wordless"),
        ("DEFAULT_REGION", "us-east-1"),
    ):
        patch.setenv(f"AWS_{name}", value)
    patch.setenv("TMPDIR", str(folder))
    patch.setattr("tempfile.tempdir", None)
    if lane:
        patch.setattr(serial_lane, "serial_lane", _lot(folder))


@pytest.fixture
def desk(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    """The finished desk, to be spoilt."""
    folder = tmp_path / "desk"
    shutil.copytree(finished, folder)
    _at_home(monkeypatch, folder)
    monkeypatch.setattr("os.fsync", lambda handle: None)  # nobody pulls the plug here
    with contextlib.ExitStack() as after:
        yield Desk(folder, capsys, monkeypatch, after)


@dataclass(frozen=True)
class Case:
    """How to break something, the commands that meet it, and the line that each must print (a regular expression).

    Where the line names a line of a file, that line must hold `at`.
    """

    spoil: Callable[[Desk], object]
    commands: tuple[Argv, ...]
    line: str
    at: str = ""


def key(keys: str, value: Any, line: str, at: str, commands: tuple[Argv, ...] = ALL) -> Case:
    """A mistake in the space, and the same one in a recipe file."""
    return Case(lambda desk: desk.put(keys, value), commands, rf"(bench|best)\.yaml:\d+: {line}", at)


def data(name: str, content: str | bytes, line: str, commands: tuple[Argv, ...] = ALL, at: str = "") -> Case:
    """A file of the data that is not as it should be."""
    return Case(lambda desk: desk.save(f"data/{name}", content), commands, line, at)


def nothing(desk: Desk) -> None:
    """The command itself is what is wrong."""


def key_base(base: dict[str, Any], line: str) -> Case:
    """A base encoder that cannot be had."""
    return Case(lambda desk: [desk.put("name", "other"), desk.put("recipe.base", base)], ALL, line)


def store_commands(location: str) -> tuple[Argv, ...]:
    """Every command that takes a store, with this one."""
    commands = (*ALL, ("leaderboard", "bench"), ("best", "bench"), ("export", "bench", "--to", "out"))
    return tuple((*argv, "--store", location) for argv in commands)


def fill(desk: Desk) -> None:
    """Put the store on a disk that is as good as full."""
    (desk.path / "store").rename(desk.path / "whole")
    (desk.path / "store").mkdir()
    desk.mount("store", "-t", "tmpfs", "-o", "size=2m", "tmpfs")
    shutil.copytree(desk.path / "whole", desk.path / "store", dirs_exist_ok=True)
    with contextlib.suppress(OSError), (desk.path / "store/.ballast").open("wb") as file:
        while True:
            file.write(bytes(4096))


def damaged(change: Callable[[bytes], bytes]) -> Case:
    """An event of the sweep's log whose bytes are not those that were written."""

    def spoil(desk: Desk) -> None:
        path = desk.path / f"store/sweeps/bench/events/{2:08d}.json"
        path.chmod(0o644)
        path.write_bytes(change(path.read_bytes()))

    commands = (SWEEP, ("leaderboard", "bench"), ("best", "bench"), ("export", "bench", "--to", "out"))
    return Case(spoil, commands, r"\S+/store/sweeps/bench/events/00000002\.json: .*")


PAIR = "one\ttwo\tneutral\n"
HERE = r"\S+/"

CASES: dict[str, Case] = {
    # ---- the space, and a recipe file
    "unknown key": key(
        "recipe.retrieval.layr", 1, r"unknown key 'layr' in recipe\.retrieval, did you mean 'layer'\?", "layr"
    ),
    "unknown section": key("recip", {}, r"unknown key 'recip', did you mean 'recipe'\?", "recip:"),
    "wrong type": key("recipe.seed", "zero", r'recipe\.seed: it should be a valid integer, not "zero"', "seed"),
    "out of range": key("recipe.target.optimisation.batch", 0, r"recipe\.target\.optimisation\.batch: .*", "batch"),
    "weights that do not sum to 1": key(
        "recipe.intermediate.tasks",
        {"snli": 0.9, "squad": 0.9},
        r"recipe\.intermediate\.tasks: the weights sum to 1\.8; they are probabilities and sum to 1",
        "tasks",
    ),
    "a weight below 0": key(
        "recipe.intermediate.tasks",
        {"snli": 1.5, "squad": -0.5},
        r"recipe\.intermediate\.tasks: the weight of 'squad' is below 0.*",
        "tasks",
    ),
    "a simplex of too many at once": key(
        "recipe.intermediate.tasks",
        {"simplex": {"of": ["snli", "squad"], "at_most": 3, "parts": 2}},
        r"recipe\.intermediate\.tasks.*",
        "",
        SPACE,
    ),
    "unknown intermediate task": key(
        "recipe.intermediate.tasks", {"snly": 1.0}, r".*snly.*did you mean 'snli'\?", "snly"
    ),
    "unknown task of the suite": key(
        "suite.tasks", ["xnlj", "udpos", "tatoeba", "panx"], r".*'xnlj'.*did you mean 'xnli'\?", "xnlj"
    ),
    "unknown suite": key("suite", "xtrem", r"suite: .*did you mean 'xtreme'\?", "suite"),
    "unknown language": key(
        "suite.languages.xnli", ["en", "dee"], r"unknown language 'dee' of xnli, did you mean '\w+'\?", "dee"
    ),
    "a layer that is too deep": key(
        "recipe.retrieval.layer", 2, r"recipe\.retrieval\.layer: the encoder has 1 layers, not 2; write 0\.\.1", "layer"
    ),
    "heads that do not divide": key("recipe.base.scratch.heads", 3, r"recipe\.base\.scratch\.hidden: .*", "hidden"),
    "an axis in a recipe": key("recipe.seed", {"choice": [1, 2]}, r"recipe\.seed.* give it a value.*", "seed"),
    "no YAML": Case(
        lambda desk: [desk.save(name, "name: [x\nsuite: y\n") for name in ("bench.yaml", "best.yaml")],
        ALL,
        r"be\w+\.yaml:2: not valid YAML: .*",
        "suite",
    ),
    "an empty space": Case(
        lambda desk: [desk.save(name, "") for name in ("bench.yaml", "best.yaml")], ALL, r"be\w+\.yaml: .*mapping.*"
    ),
    "a space in another encoding": Case(
        lambda desk: [desk.save(n, "name: größe\n".encode("latin-1")) for n in ("bench.yaml", "best.yaml")],
        ALL,
        r"be\w+\.yaml: not UTF-8 \(byte 8\); save the file as UTF-8",
    ),
    "a lone surrogate in a space": key("recipe.seed", "\ud800", r"'\\ud800' has half a surrogate pair; .*", "seed"),
    "a space that is a folder": Case(
        lambda desk: (desk.path / "data.yaml").mkdir(),
        (("plan", "data.yaml"), ("sweep", "data.yaml", "--serial"), ("final", "data.yaml")),
        r"data\.yaml: .*",
    ),
    "a recipe that is a space": Case(
        nothing, (("final", "bench.yaml"),), r"bench\.yaml:\d+: unknown key 'rungs', known: .*", "rungs"
    ),
    "a recipe that is something else": Case(
        lambda desk: desk.save("best.yaml", "- 1\n- 2\n"), (FINAL,), r"best\.yaml: .*mapping.*"
    ),
    "a recipe without a recipe": key("recipe", None, r"recipe: .*", "recipe", (FINAL,)),
    "no space of this name": Case(
        nothing, (("plan", "quickstrt"), ("sweep", "quickstrt", "--serial")), r"no space 'quickstrt': .*'quickstart'\?"
    ),
    # ---- the data
    "no data folder": Case(
        lambda desk: shutil.rmtree(desk.path / "data"), ALL, r"--data: no folder \S+/data; name the folder.*"
    ),
    "a file in the data folder's place": Case(
        lambda desk: [shutil.rmtree(desk.path / "data"), desk.save("data", "x")], ALL, r"--data: no folder \S+/data; .*"
    ),
    "no training file": Case(
        lambda desk: (desk.path / "data/squad/train-v1.1.json").unlink(), ALL, r"task squad: no train data in en: .*"
    ),
    "a missing column": data(
        "xnli/train-en.tsv", PAIR + "one\ttwo\n", HERE + r"train-en\.tsv:2: 2 columns, not 3 \(.*label\)"
    ),
    "a missing column in an evaluation file": data(
        "xnli/dev-de.tsv", PAIR + "one\ttwo\n", HERE + r"dev-de\.tsv:2: 2 columns, not 3 \(.*label\)"
    ),
    "an unknown label": data("xnli/dev-de.tsv", "a\tb\tneutrl\n", HERE + r"dev-de\.tsv:1: .*did you mean 'neutral'\?"),
    "an unknown tag": data("panx/dev-de.tsv", "Bonn\tB-LOK\n", HERE + r"dev-de\.tsv:1: .*did you mean 'B-LOC'\?"),
    "an answer outside its context": data(
        "squad/train-v1.1.json",
        json.dumps(SQUAD).replace('"answer_start": 4', '"answer_start": 40'),
        HERE + r"train-v1\.1\.json: question q7: the answer 'cup' is not in the context at 40 \(counted.*\)",
    ),
    "an empty training file": data(
        "snli/snli_1.0_train.jsonl", "", HERE + r"snli_1\.0_train\.jsonl: the file is empty"
    ),
    "an empty evaluation file": data("udpos/dev-de.tsv", "", HERE + r"dev-de\.tsv: the file is empty"),
    "an empty text": data("text/de.txt", "\n", HERE + r"de\.txt: the file is empty"),
    "a wrong encoding": data(
        "xnli/train-en.tsv",
        PAIR.encode() + "größer\tb\tneutral\n".encode("latin-1"),
        HERE + r"train-en\.tsv:2: not UTF-8 \(byte 0xf6\): convert the file",
    ),
    "a lone surrogate in JSON lines": data(
        "snli/snli_1.0_train.jsonl",
        '{"gold_label": "neutral", "sentence1": "a \\ud800", "sentence2": "b"}\n',
        HERE + r"snli_1\.0_train\.jsonl:1: .*surrogate.*",
    ),
    "a lone surrogate in JSON": data(
        "squad/train-v1.1.json",
        json.dumps(SQUAD).replace("what?", "what\\udfff?"),
        HERE + r"train-v1\.1\.json.*surrogate.*",
    ),
    "JSON nested too deeply": data("squad/train-v1.1.json", "[" * 100_000, HERE + r"train-v1\.1\.json.*"),
    "a number that is too long": data(
        "snli/snli_1.0_train.jsonl", '{"x": ' + "1" * 5000 + "}\n", HERE + r"snli_1\.0_train\.jsonl:1: .*"
    ),
    "a folder in a file's place": Case(
        lambda desk: [(desk.path / "data/text/de.txt").unlink(), (desk.path / "data/text/de.txt").mkdir()],
        ALL,
        r".*de\.txt.*|task text: no train data in de.*",
    ),
    # ---- the base encoder
    "a hub model without a revision": key_base({"model": "xlm-roberta-base"}, r"recipe\.base: .*revision.*"),
    "a model folder that is not there": key_base({"model": "./nowhere"}, r".*no folder \./nowhere.*"),
    "a model folder without files": Case(
        lambda desk: [
            (desk.path / "model").mkdir(),
            desk.put("name", "other"),
            desk.put("recipe.base", {"model": "./model"}),
        ],
        ALL,
        r"recipe\.base\.model: no config\.json in \S*model; is it a model's folder.*",
    ),
    "a model folder without weights": Case(
        lambda desk: [
            desk.save("model/config.json", '{"model_type": "xlm-roberta"}'),
            desk.save("model/tokenizer.json", "{}"),
            desk.put("name", "other"),
            desk.put("recipe.base", {"model": "./model"}),
        ],
        ALL,
        r"recipe\.base\.model: .*model\.safetensors.*",
    ),
    "a hub that cannot be reached": key_base(
        {"model": "xlm-roberta-base", "revision": "e73636d4f797dec63c3081bb6ed5c7b0bb3f2089"},
        r"recipe\.base\.model: cannot fetch xlm-roberta-base at e73636d\w+: .*",
    ),
    # ---- the store
    "a store without a name": Case(nothing, store_commands(""), r".*store.*"),
    "a store of another kind": Case(nothing, store_commands("gs://bucket/x"), r"store: .*s3://bucket/prefix.*"),
    "a file in the store's place": Case(
        lambda desk: desk.save("taken", "x"), store_commands("taken"), HERE + r"taken\S*: cannot \w+: .*file.*"
    ),
    "a file on the way to the store": Case(
        lambda desk: desk.save("taken", "x"), store_commands("taken/store"), HERE + r"taken\S*: cannot \w+: .*file.*"
    ),
    "a read-only store": Case(
        lambda desk: [desk.mount("store", "--bind", "store"), desk.mount("store", "-o", "remount,ro,bind")],
        (SWEEP, FINAL),
        HERE + r"store\S*: cannot write: the file system is read-only; .*",
    ),
    "a full disk": Case(
        lambda desk: fill(desk), (SWEEP, FINAL), HERE + r"store\S*: cannot write: the disk is full; .*"
    ),
    "no credentials": Case(
        lambda desk: [desk.monkeypatch.delenv(f"AWS_{name}") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")],
        store_commands("s3://lab/x"),
        r"s3://lab/x\S*: cannot \w+: no credentials; set AWS_ACCESS_KEY_ID .*",
    ),
    "a server that cannot be reached": Case(
        lambda desk: desk.monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        tuple((*argv, "--store", "s3://lab/x") for argv in (SWEEP, ("best", "bench"))),
        r"s3://lab/x\S*: cannot \w+, tried for \d+ s: http://127\.0\.0\.1:9 cannot be reached; check AWS_.*",
    ),
    "a bucket that is not there": Case(
        Desk.serve, store_commands("s3://nobody/lab"), r"s3://nobody/lab\S*: cannot \w+: the bucket does not exist.*"
    ),
    # ---- the sweep
    "a changed space": Case(
        lambda desk: desk.edit("bench.yaml", "choice: [1e-4, 3e-4]", "choice: [1e-4, 5e-4]"),
        (SWEEP,),
        r"sweep bench: the space has changed since .* in recipe\.target\.optimisation\.lr; give .* another name.*",
    ),
    "no sweep of this name": Case(
        nothing,
        (("leaderboard", "bensh"), ("best", "bensh"), ("export", "bensh", "--to", "out")),
        r"--store: no sweep 'bensh' in \S+/store: did you mean 'bench'\?",
    ),
    "no name for a sweep": Case(nothing, (("leaderboard", "../x"), ("best", "a/b")), r"sweep '\S+': .*name.*"),
    "a damaged event": damaged(lambda event: event[:-20]),
    "an empty event": damaged(lambda event: b""),
    "a lone surrogate in an event": damaged(lambda event: event.replace(b'"type"', b'"\\ud800"', 1)),
    "another version's event": damaged(lambda event: event.replace(b'"number":', b'"nummer":', 1)),
    "a missing event": Case(
        lambda desk: (desk.path / f"store/sweeps/bench/events/{1:08d}.json").unlink(),
        (SWEEP, ("leaderboard", "bench"), ("best", "bench")),
        HERE + r"events/00000002\.json: expected event 1 next: restore the store",
    ),
    # ---- the command
    "no trials": Case(nothing, ((*SWEEP[:3], "--trials", "0"),), r".*'--trials': .*greater than or equal to 1.*"),
    "no seeds": Case(
        nothing, (("final", "best.yaml", "--seeds", "0"),), r".*'--seeds': .*greater than or equal to 1.*"
    ),
    "no number": Case(nothing, ((*SWEEP[:3], "--trials", "x"),), r".*'--trials': .*integer.*"),
    "an unknown option": Case(nothing, ((*PLAN, "--stor", "x"),), r".*--stor.*--store.*"),
    "an unknown command": Case(nothing, (("swep", "bench.yaml"),), r".*'swep'.*sweep.*"),
    "a trial that was not scored": Case(
        nothing, (("best", "bench", "--trial", "7"),), r"--trial: trial 7 .*; these were: 0, 1"
    ),
    "an export into something": Case(
        nothing, (("export", "bench", "--to", "data"),), r"data: there is something already; name a new folder"
    ),
    "an export into a file": Case(
        nothing,
        (("export", "bench", "--to", "bench.yaml"),),
        r"bench\.yaml: there is something already; name a new folder",
    ),
    "an export below a file": Case(nothing, (("export", "bench", "--to", "bench.yaml/x"),), r"bench\.yaml/x: .*"),
    "a toy world in a file's place": Case(nothing, (("toy", "bench.yaml"),), r".*bench\.yaml.*"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_one_line_and_nothing_is_lost(desk: Desk, name: str) -> None:
    case = CASES[name]
    case.spoil(desk)
    before = desk.stored()
    for argv in case.commands:
        code, out, err = desk.run(argv)
        assert (code, out) == (2, ""), err
        *noted, line = err.splitlines()
        assert all(other.startswith("log: ") for other in noted), err  # warnings are there: of a silent server
        found = re.fullmatch(f"crosslift: (?:{case.line})", line)
        assert found, line
        place = re.match(r"crosslift: (\S+):(\d+): ", line)
        if place and case.at:
            assert case.at in (desk.path / place[1]).read_text().splitlines()[int(place[2]) - 1], line
        after = desk.stored()
        assert {name: after.get(name) for name in before} == before
    assert not (desk.path / "out").exists()


def test_a_disk_that_fills_up_loses_nothing(desk: Desk) -> None:
    store = desk.path / "store"
    shutil.rmtree(store)
    store.mkdir()
    desk.mount("store", "-t", "tmpfs", "-o", "size=400k", "tmpfs")
    code, out, err = desk.run(SWEEP)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"crosslift: \S+/store/\S+: cannot write: the disk is full; .*", err.splitlines()[-1]), err
    assert sum("crosslift:" in line for line in err.splitlines()) == 1
    before = desk.stored()
    committed = [name for name in before if "/COMMIT." in name]
    assert committed, "the disk was to fill up in the middle of the sweep"
    assert desk.run(SWEEP)[0] == 2, "still full"
    desk.mount("store", "-o", "remount,size=64m")
    assert desk.run(SWEEP)[0] == 0
    after = desk.stored()
    assert {name: after[name] for name in before} == before, "what was there was neither made again nor changed"
    assert json.loads(desk.run(("leaderboard", "bench", "--json"))[1])["rows"]


def test_a_stage_that_fills_the_cache_says_so(desk: Desk) -> None:
    desk.monkeypatch.undo()
    _at_home(desk.monkeypatch, desk.path, lane=False)
    (desk.path / "small").mkdir()
    desk.monkeypatch.setenv("CROSSLIFT_CACHE", str(desk.path / "small"))
    desk.mount("small", "-t", "tmpfs", "-o", "size=4k", "tmpfs")
    code, out, err = desk.run((*SWEEP, "--store", "fresh"))
    assert (code, out) == (2, ""), err
    line = r"crosslift: \S+/small: cannot write the cache: the disk is full; .*"
    assert re.fullmatch(line, err.splitlines()[-1]), err
    assert not list((desk.path / "fresh").rglob("COMMIT.*"))


def test_a_generated_world_does_not_look_at_the_data_folder(desk: Desk) -> None:
    for name, value in (("data", {"toy": {"size": 0.01}}), ("name", "toy"), ("recipe.base.scratch.languages", [])):
        desk.put(name, value)
    toy = desk.run((*PLAN, "--json"))
    assert toy[0] == 0, toy[2]
    assert desk.run((*PLAN, "--json", "--data", "nowhere")) == toy


def test_ctrl_c_names_the_command_that_continues(desk: Desk) -> None:
    (desk.path / "bench.yaml").write_text(bench.SPACE.replace("steps: 10", "steps: 300"))
    argv = ["sweep", "bench.yaml", "--serial", "--trials", "1", "--store", "my store", "--json"]
    crosslift = [sys.executable, "-c", "from tune_jobs.commands.main import main; main()"]
    root = Path(__file__).resolve().parent.parent
    settings = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    running = subprocess.Popen(
        [*crosslift, *argv], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    _wait_for(lambda: any(desk.path.glob("my store/stages/*/COMMIT.0.json")))  # the tokenizer: pretraining is next
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert (running.returncode, out) == (130, ""), err
    continues = err.splitlines()[-1].removeprefix("crosslift: interrupted; to continue: ")
    assert shlex.split(continues) == ["crosslift", *argv]
    before = set(desk.path.glob("my store/stages/*/COMMIT.*.json"))
    again = subprocess.run(
        [*crosslift, *shlex.split(continues)[1:]], env=settings, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["stored"] == len(before)
    assert before < set(desk.path.glob("my store/stages/*/COMMIT.*.json"))


def _wait_for(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not ready():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
