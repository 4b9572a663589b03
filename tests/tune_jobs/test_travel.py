"""What a driver says of data and base models suffices on a machine that has nothing of the driver's."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from search_spaces.space import Space, load
from tasks import toy
from tasks.homes import World
from tests.trainers.base_models import look_alike, tiny
from tests.trainers.stores import client, lead_to, server
from tests.tune_jobs import bench
from tests.tune_jobs.conftest import Run
from tests.tune_jobs.ray_cluster import machines
from tests.tune_jobs.test_kills import Lab
from trainers.lane import Assignment, Ending, Verdict
from trainers.located import generated
from trainers.runner import Runner
from trainers.session import Settings
from trainers.stages import Stage
from trainers.store import open_objects
from trainers.store.stages import StageStore
from tune_jobs.data_sources import expander
from tune_jobs.lanes.bases import bring_bases
from tune_jobs.places import cache_folder
from tune_jobs.results.storage import Keep, clear

SPACE = """\
name: travel
data: {data}
suite: {name: two, tasks: [xnli, tatoeba], languages: {xnli: [en, qaa], tatoeba: [qaa]}}
recipe:
  base: {model: MODEL}
  intermediate:
    tasks: {simplex: {of: [snli], at_most: 1, parts: 1}}
    optimisation: {lr: 1e-3, batch: 8, steps: 4, max_length: 64}
  target:
    optimisation: {lr: {choice: [1e-3]}, batch: 8, steps: 4, max_length: 64}
  retrieval: {layer: 1}
search: {sampler: grid}
"""
WORLD = World(toy.VERSION, 0.05, 1, False)
TOY = "{toy: {size: 0.05, seed: 1, further: false}}"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as found:
        yield found


@pytest.fixture
def prefix(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    lead_to(address, monkeypatch)
    return f"s3://lab/{uuid4().hex}"


def space_of(folder: Path, data: str = TOY) -> Space:
    path = folder / "travel.yaml"
    path.write_text(SPACE.replace("{data}", data).replace("MODEL", str(tiny(folder / "model"))))
    return load(path)


def upload(address: str, prefix: str, folder: Path) -> None:
    to = client(address)
    for file in (path for path in folder.rglob("*") if path.is_file()):
        key = f"{prefix}/{file.relative_to(folder).as_posix()}".removeprefix("s3://lab/")
        to.put_object(Bucket="lab", Key=key, Body=file.read_bytes())


def run(stages: list[Stage], location: str) -> dict[str, dict[str, str]]:
    """Run stages on this machine, whose cache the environment names; what they have made."""
    store = StageStore(open_objects(location))
    runner = Runner(store, Settings(cache_folder()))
    for stage in stages:
        outcome = runner.run(Assignment(stage, store.begin(stage.id)), lambda step, steps: Verdict.GO_ON)
        assert outcome.ending is Ending.COMMITTED, outcome
    return {commit.stage: {name: f.sha256 for name, f in commit.files.items()} for commit in store.commits()}


@pytest.mark.slow
@pytest.mark.parametrize("data", ["toy", "prefix"])
def test_a_lane_elsewhere_makes_what_one_beside_the_driver_makes(
    data: str, prefix: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, lane, place = tmp_path / "driver", tmp_path / "lane", str(tmp_path)
    driver.mkdir()
    monkeypatch.setenv("CROSSLIFT_CACHE", str(driver / "cache"))
    space, named = space_of(driver, TOY if data == "toy" else "{}"), driver
    if data == "prefix":
        upload(address, f"{prefix}/data", generated(WORLD, tmp_path / "generated"))
        named, place = Path(prefix, "data"), prefix
    graph = expander(space, named)(space.widest())
    for store in ("beside", "elsewhere"):
        bring_bases([graph], open_objects(f"{place}/{store}"), lambda notice: None)
    told = pickle.dumps(list(graph.stages.values()))
    assert str(driver).encode() not in told
    beside = run(pickle.loads(told), f"{place}/beside")
    assert set(beside) == set(graph.stages)
    shutil.rmtree(driver)
    lane.mkdir()
    monkeypatch.chdir(lane)
    monkeypatch.setenv("CROSSLIFT_CACHE", str(lane / "cache"))
    assert run(pickle.loads(told), f"{place}/elsewhere") == beside


@pytest.fixture
def based(tmp_path: Path) -> Path:
    """A space whose base model is a folder of files that nobody but a lane would load."""
    path = bench.write(tmp_path)
    scratch = next(line for line in path.read_text().splitlines() if "scratch" in line)
    base = f"  base: {{model: {look_alike(tmp_path / 'model')}}}"
    path.write_text(path.read_text().replace(scratch, base).replace("sampler: grid,", "sampler: grid, trials: 2,"))
    return path


def holdings(crosslift: Run) -> dict[str, int]:
    code, out, err = crosslift("store", "ls", "--json")
    assert code == 0, err
    return {row["kind"]: row["stages"] for row in json.loads(out)["holdings"]}


def test_a_plan_brings_nothing_and_a_sweep_once(crosslift: Run, lot: list[bench.LotLane], based: Path) -> None:
    assert crosslift("plan", str(based))[0] == 0 and holdings(crosslift) == {}
    said = [crosslift("sweep", str(based), "--serial") for _ in range(2)]
    assert [code for code, _, _ in said] == [0, 0]
    assert [err.count("base model") for _, _, err in said] == [1, 0], "a line when it is brought"
    assert holdings(crosslift)["base"] == 1


def test_a_base_model_stays_with_its_sweep_and_its_damage_is_found(
    crosslift: Run, lot: list[bench.LotLane], based: Path, tmp_path: Path
) -> None:
    assert crosslift("sweep", str(based), "--serial")[0] == 0
    assert crosslift("store", "verify")[0] == 0
    assert crosslift("store", "gc", "--grace", "0")[1].startswith("0 files")
    (weights,) = (tmp_path / "store/bases").glob("*/model.safetensors")
    weights.chmod(0o600)
    weights.write_bytes(weights.read_bytes()[::-1])
    code, _, err = crosslift("store", "verify")
    assert code == 2 and "base" in err and "brings it again" in err
    assert crosslift("sweep", str(based), "--serial", "--trials", "3")[0] == 0
    assert crosslift("store", "verify")[0] == 0, "the driver has it, and has brought it again"
    shutil.rmtree(tmp_path / "store/sweeps")
    clear(StageStore(open_objects(str(tmp_path / "store"))), Keep.of("all"), grace=-1.0)
    assert holdings(crosslift) == {}


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.timeout(900)
def test_nodes_share_nothing_but_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSLIFT_CACHE", str(tmp_path / "nobody's"))
    space_of(tmp_path)
    lab = Lab(tmp_path / "store")
    with machines(tmp_path) as here:
        here.add(2, CROSSLIFT_CACHE=str(tmp_path / "worker"))
        assert here.sweep(lab, "travel.yaml", "--lanes", "1")["trials"] == {"complete": 2}
    assert (tmp_path / "worker/worlds" / WORLD.name).is_dir()
    brought, taken = ([path.name for path in (tmp_path / of / "bases").iterdir()] for of in ("store", "worker"))
    assert len(brought) == 1 and taken == brought
    assert not (tmp_path / "store-cache/bases").exists(), "the driver's own"
    assert not (tmp_path / "nobody's").exists()
