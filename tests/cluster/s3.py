"""A real S3 server: Ceph's gateway over one monitor and one object store in memory, without systemd.

It checks signatures, refuses a second conditional create, and keeps multi-part uploads. Needs Debian's ceph-mon,
ceph-osd, radosgw and ceph-common.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.cluster.hosts import wait_for_port

PACKAGES = ("ceph-mon", "ceph-osd", "radosgw", "ceph-common")
PATIENCE = 30.0
SECTIONS = """\
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{port}
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr2 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
pid file = {folder}/run/$name.pid
log file = {folder}/log/$name.log
[mon.a]
mon data = {folder}/mon
[osd.0]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 2147483648
[client.rgw]
rgw data = {folder}/rgw
rgw frontends = beast endpoint={address}:{gateway}
rgw enable ops log = false
rgw run sync thread = false
rgw enable quota threads = false
rgw enable lc threads = false
"""


@dataclass(frozen=True)
class Server:
    """Where it is, and the keys of its one user."""

    endpoint: str
    access: str
    secret: str

    @property
    def environment(self) -> dict[str, str]:
        """What may be seen by everybody."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
            "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        }

    @property
    def credentials(self) -> str:
        """The text of `~/.aws/credentials`."""
        return f"[default]\naws_access_key_id = {self.access}\naws_secret_access_key = {self.secret}\n"


@contextmanager
def server(folder: Path, address: str = "127.0.0.1") -> Iterator[Server]:
    """Within: a server with its state below a folder; with keys of its own each time."""
    for name in ("mon", "osd", "rgw", "run", "log"):
        (folder / name).mkdir(parents=True)
    port, gateway = _free_port("127.0.0.1"), _free_port(address)
    fsid, osd = str(uuid.uuid4()), str(uuid.uuid4())
    conf = folder / "ceph.conf"
    conf.write_text(SECTIONS.format(fsid=fsid, port=port, folder=folder, address=address, gateway=gateway))
    found = Server(f"http://{address}:{gateway}", secrets.token_hex(10), secrets.token_hex(20))
    try:
        _start(conf, folder, fsid, osd, port, found)
        wait_for_port(address, gateway)
        yield found
    finally:
        _stop(folder / "run")


def _start(conf: Path, folder: Path, fsid: str, osd: str, port: int, found: Server) -> None:
    map = str(folder / "monmap")
    user = ("--uid=lab", "--display-name=lab", f"--access-key={found.access}", f"--secret-key={found.secret}")
    steps: tuple[tuple[str, ...], ...] = (
        ("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a", f"v1:127.0.0.1:{port}", map),
        ("ceph-mon", "--mkfs", "-i", "a", "--monmap", map),
        ("ceph-mon", "-i", "a"),
        ("ceph", "osd", "create", osd),
        ("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd),
        ("ceph-osd", "-i", "0"),
        ("radosgw-admin", "-n", "client.rgw", "user", "create", *user),
        ("radosgw", "-n", "client.rgw"),
    )
    with (folder / "log/start.log").open("wb") as log:
        for program, *arguments in steps:
            settings = () if program == "monmaptool" else ("-c", str(conf))
            _step([program, *settings, *arguments], log)


def _step(argv: Sequence[str], log: IO[bytes]) -> None:
    """A command, again where the monitor is not quite there yet."""
    for last in (False, False, True):
        done = subprocess.run(argv, stdout=log, stderr=log, timeout=2 * PATIENCE, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            return
        assert not last, f"{argv}: see {log.name}"
        time.sleep(1)


def _stop(run: Path) -> None:
    """End what has been started, the gateway first."""
    for path in sorted(run.glob("*.pid")):  # client, mon, osd: the gateway ends slowly where the others are gone
        pid, until = int(path.read_text()), time.monotonic() + PATIENCE
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            while _lives(pid):
                if time.monotonic() > until:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.1)


def _lives(pid: int) -> bool:
    """A daemon's parent may never ask how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as there:
        return int(there.getsockname()[1])
