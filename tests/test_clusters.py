"""The cluster files are what Ray's launcher takes, and hold what Crosslift counts on; no network is touched."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from tune_jobs.on_ray.cluster import SLOT

ROOT = Path(__file__).parents[1]
FILES = (ROOT / "cluster.yaml", ROOT / "clusters/ssh.yaml")


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def check(config: dict[str, Any]) -> None:
    """What `ray up` does before it asks anybody for a machine."""
    validate_config(prepare_config(copy.deepcopy(config)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_launcher_takes_it(path: Path) -> None:
    check(read(path))


def break_typo(config: dict[str, Any]) -> None:
    config["max_worker"] = config.pop("max_workers")


def break_head(config: dict[str, Any]) -> None:
    config["head_node_type"] = "nobody"


def break_node(config: dict[str, Any]) -> None:
    del config["available_node_types"]["gpu"]["node_config"]


def break_counts(config: dict[str, Any]) -> None:
    config["available_node_types"]["gpu"] |= {"min_workers": 9, "max_workers": 1}


@pytest.mark.parametrize("broken", [break_typo, break_head, break_node, break_counts], ids=lambda f: f.__name__)
def test_the_check_finds_mistakes(broken: Any) -> None:
    config = read(ROOT / "cluster.yaml")
    broken(config)
    with pytest.raises(Exception):  # noqa: B017  # of several kinds
        check(config)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_crosslift_counts_on(path: Path) -> None:
    """Slots for trials on a head without lanes, a token that all nodes have, and nothing that listens to the world."""
    config = read(path)
    (start,) = [line for line in config["head_start_ray_commands"] if "--head" in line]
    kinds = config.get("available_node_types", {})
    head = kinds.get(config.get("head_node_type"), {}).get("resources", {})
    slots = head.get(SLOT) or re.search(rf'"{SLOT}": (\d+)', start)
    assert slots
    assert head.get("CPU") == 0 or "--num-cpus=0" in start
    assert "--dashboard-host=127.0.0.1" in start
    assert "~/.ray/auth_token" in config["file_mounts"]
    for line in (*config["head_start_ray_commands"], *config["worker_start_ray_commands"]):
        assert "ray start" not in line or "RAY_AUTH_MODE=token" in line
    assert any("constraints.txt" in line and "[gpu]" in line for line in config["setup_commands"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nodes_share_no_file_system(path: Path) -> None:
    """The cache, and what a driver has from the hub, lie on each node's own disk."""
    commands = read(path)["setup_commands"]
    assert not any(re.search(r"nfs|efs|mount", line) for line in commands)
    (exports,) = [line for line in commands if "export" in line and "CROSSLIFT_CACHE" in line]
    assert re.findall(r"(CROSSLIFT_CACHE|HF_HOME)=\$HOME/local/", exports) == ["CROSSLIFT_CACHE", "HF_HOME"]


def test_workers_on_aws_are_spot_from_none_and_carry_no_keys() -> None:
    config = read(ROOT / "cluster.yaml")
    gpu = config["available_node_types"]["gpu"]
    assert gpu["min_workers"] == 0 and gpu["node_config"]["InstanceMarketOptions"]["MarketType"] == "spot"
    for kind in config["available_node_types"].values():
        assert kind["node_config"]["IamInstanceProfile"]
    assert not re.search(r"AKIA|SECRET|aws_access_key", (ROOT / "cluster.yaml").read_text())
