"""`ray up` on the hosts, and commands from outside: what a user of `clusters/ssh.yaml` has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.hosts import Hosts
from tests.cluster.s3 import Server

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BUCKET, PREFIX = "lab", "sweeps"
PATIENCE = 420.0


@dataclass
class Outside:
    """A machine from which a cluster is used: its home, its credentials, its cluster file."""

    folder: Path
    server: Server

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def file(self) -> Path:
        return self.folder / "cluster.yaml"

    @property
    def store(self) -> str:
        return f"s3://{BUCKET}/{PREFIX}"

    @property
    def environment(self) -> dict[str, str]:
        settings = {
            "HOME": str(self.home),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "CROSSLIFT_STORE": self.store,
            "CROSSLIFT_CLUSTER": str(self.file),
            "RAY_AUTH_MODE": "token",
            "RAY_UP_enable_autoscaler_v2": "0",
        }
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAY_", "CROSSLIFT"))}
        return {**ours, **self.server.environment, **settings}

    @property
    def token(self) -> str:
        return (self.home / ".ray/auth_token").read_text().strip()

    def prepare(self) -> None:
        """Credentials, a token, a bucket."""
        (self.home / ".aws").mkdir(parents=True)
        (self.home / ".aws/credentials").write_text(self.server.credentials)
        self.run("ray", "get-auth-token", "--generate")
        make = "import boto3, sys; boto3.client('s3').create_bucket(Bucket=sys.argv[1])"
        self.run("python", "-c", make, BUCKET)

    def image(self) -> dict[str, str]:
        """The home of a machine that is ready to join."""
        outer = {
            "RAY_AUTH_MODE": "token",
            "GLOO_SOCKET_IFNAME": "eth0",
            "AUTOSCALER_HEARTBEAT_TIMEOUT_S": "10",
            "PATH": f"{BIN}:$PATH",
        }
        return {
            ".bashrc": "".join(f"export {name}={value}\n" for name, value in outer.items()),
            ".aws/credentials": self.server.credentials,
            ".ray/auth_token": self.token,
        }

    def write_file(self, hosts: Hosts, head: int, workers: Sequence[int]) -> None:
        """The shipped file for machines of one's own, with what it marks to be changed."""
        config: dict[str, Any] = yaml.safe_load((ROOT / "clusters/ssh.yaml").read_text())
        address = {number: hosts.hosts[number].address for number in (head, *workers)}
        config["provider"] |= {"head_ip": address[head], "worker_ips": [address[number] for number in workers]}
        config["max_workers"] = len(workers)
        config["auth"] = {"ssh_user": "root", "ssh_private_key": str(hosts.key)}
        config["file_mounts"] = {"~/.ray/auth_token": str(self.home / ".ray/auth_token")}
        config["setup_commands"] = []  # what they would do is in the image: a machine that takes a lost one's place
        config["worker_start_ray_commands"][-1] += " --num-cpus=1"  # a lane of two workers is on two hosts
        noticed = {"health_check_period_ms": 1000, "health_check_failure_threshold": 5}
        config["head_start_ray_commands"][-1] += f" --system-config='{json.dumps(noticed)}'"
        self.file.write_text(yaml.safe_dump(config, sort_keys=False))

    def start(self, *argv: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            argv, env=self.environment, cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def run(self, *argv: str, limit: float = PATIENCE) -> str:
        """A command that succeeds; what it prints."""
        done = subprocess.run(
            argv, env=self.environment, cwd=self.folder, text=True, stdin=subprocess.DEVNULL, timeout=limit,
            capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{argv}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def json(self, *argv: str) -> Any:
        return json.loads(self.run("crosslift", *argv, "--json"))

    def up(self) -> None:
        self.run("ray", "up", "--yes", "--no-config-cache", str(self.file))

    def down(self) -> None:
        self.run("ray", "down", "--yes", str(self.file))
