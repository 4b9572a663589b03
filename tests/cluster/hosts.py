"""Hosts on this machine, each with an address, an sshd and processes of its own, so that any of them can be lost.

A host is a network namespace on a bridge, with process, mount and host-name namespaces. It sees this machine's files,
save its own home, Ray's sessions and /dev/shm. Needs root, and Debian's openssh-server and -client, rsync and iproute2.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = ("openssh-server", "openssh-client", "rsync", "iproute2")
BRIDGE = "crosslift0"
NET = "10.78.0"
OUTSIDE = f"{NET}.254"  # this machine, on the bridge
PATIENCE = 60.0
RAY = Path("/", "tmp", "ray")  # where Ray keeps a machine's sessions


def call(*argv: str, check: bool = True) -> str:
    """Run a command; what it wrote."""
    done = subprocess.run(argv, check=check, capture_output=True, text=True, timeout=60)
    return done.stdout


@dataclass
class Host:
    """One of them. `process` is the first of its processes: with its end, all of them end."""

    number: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return f"crosslift{self.number}"

    @property
    def address(self) -> str:
        return f"{NET}.{self.number}"

    @property
    def home(self) -> Path:
        return self.folder / self.name / "home"

    @property
    def ray(self) -> Path:
        """Where Ray's sessions on it are."""
        return self.folder / self.name / "ray"

    def start(self, image: Mapping[str, str]) -> None:
        """A fresh machine. `image`: the files of its home."""
        shutil.rmtree(self.folder / self.name, ignore_errors=True)
        self.ray.mkdir(parents=True)
        for name, text in image.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o600)
        veth = f"clift{self.number}"
        call("ip", "netns", "add", self.name)
        call("ip", "link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        call("ip", "link", "set", veth, "master", BRIDGE, "up")
        card = f"02:00:00:00:00:{self.number:02x}"  # the lost machine's, or others would look for that one for a while
        call("ip", "-n", self.name, "link", "set", "eth0", "address", card)
        call("ip", "-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for link in ("eth0", "lo"):
            call("ip", "-n", self.name, "link", "set", link, "up")
        call("ip", "-n", self.name, "route", "add", "default", "via", OUTSIDE)  # by which Ray finds its own address
        self._run()

    def _run(self) -> None:
        passwd = self.folder / self.name / "passwd"
        lines = Path("/etc/passwd").read_text().splitlines(keepends=True)
        passwd.write_text("".join(_at_home(line, self.home) for line in lines))
        script = f"""
            hostname {self.name}
            mount --make-rprivate /
            mount --bind {shlex.quote(str(self.ray))} {RAY}
            mount --bind {shlex.quote(str(passwd))} /etc/passwd
            mount -t tmpfs -o size=2g tmpfs /dev/shm
            exec /usr/sbin/sshd -D -e -f {shlex.quote(str(self.folder / "sshd_config"))} \\
                -o ListenAddress={self.address} -o PidFile=none
        """
        inside = ("unshare", "--pid", "--fork", "--mount", "--uts", "--kill-child", "--mount-proc")
        with (self.folder / f"{self.name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.name, *inside, "bash", "-c", script],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_for_port(self.address, 22)

    def lose(self) -> None:
        """It is switched off: all of its processes are gone at once, and nobody is told."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None
        until = time.monotonic() + PATIENCE
        while call("ip", "netns", "pids", self.name).split() and time.monotonic() < until:
            time.sleep(0.1)
        call("ip", "link", "del", f"clift{self.number}", check=False)
        call("ip", "netns", "del", self.name, check=False)


@dataclass
class Hosts:
    """All hosts, and the key by which they are reached as root."""

    folder: Path
    image: dict[str, str]  # the files of a new host's home
    hosts: dict[int, Host] = field(default_factory=dict)

    @property
    def key(self) -> Path:
        return self.folder / "key"

    def add(self, number: int) -> Host:
        """A new host; in place of the one that was lost, if there was one of that number."""
        host = self.hosts.setdefault(number, Host(number, self.folder))
        public = self.key.with_suffix(".pub").read_text()
        host.start({**self.image, ".ssh/authorized_keys": public})
        return host


@contextmanager
def hosts(folder: Path, image: Mapping[str, str]) -> Iterator[Hosts]:
    """Within: a network for hosts; none is there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (Path("/run/sshd"), RAY):
        path.mkdir(exist_ok=True)
    for key in ("key", "host_key"):
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
    settings = {
        "HostKey": str(folder / "host_key"),
        "AuthorizedKeysFile": ".ssh/authorized_keys",
        "PermitRootLogin": "prohibit-password",
        "PasswordAuthentication": "no",
        "StrictModes": "no",
        "UsePAM": "no",
    }
    (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    call("ip", "link", "add", BRIDGE, "type", "bridge")
    found = Hosts(folder, dict(image))
    try:
        call("ip", "addr", "add", f"{OUTSIDE}/24", "dev", BRIDGE)
        call("ip", "link", "set", BRIDGE, "up")
        yield found
    finally:
        for host in found.hosts.values():
            host.lose()
        call("ip", "link", "del", BRIDGE)


def left_behind() -> Sequence[str]:
    """Namespaces and links of ours that are still there."""
    spaces = [line.split()[0] for line in call("ip", "netns", "list").splitlines() if line.startswith("crosslift")]
    links = [line for line in call("ip", "-brief", "link").splitlines() if line.startswith((BRIDGE, "clift"))]
    return [*spaces, *links]


def wait_for_port(address: str, port: int) -> None:
    """Until somebody listens there."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < until, f"nobody listens at {address}:{port}"
            time.sleep(0.2)


def _at_home(line: str, home: Path) -> str:
    fields = line.rstrip("\n").split(":")
    if fields[0] == "root":
        fields[5] = str(home)
    return ":".join(fields) + "\n"
