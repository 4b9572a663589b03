"""The way to a cluster's dashboard: an address that is given, or a tunnel by ssh for as long as a command runs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tasks.errors import UserError

DEFAULT = "http://127.0.0.1:8265"
PATIENCE = 60.0  # seconds that ssh has for its tunnel
LOOK = 0.3


@contextmanager
def dashboard(address: str | None, cluster: Path | None) -> Iterator[str]:
    """Within: the address of a cluster's dashboard.

    Args:
        address: `http://host:port`, where it can be reached already; None: `RAY_API_SERVER_ADDRESS`, or Ray's usual one
            on this machine.
        cluster: the file of `ray up`: a tunnel to its head is opened, on a port of this machine's loopback.

    Raises:
        UserError: the tunnel does not come.
    """
    if cluster is None:
        yield address or os.environ.get("RAY_API_SERVER_ADDRESS") or DEFAULT
        return
    if not cluster.is_file():
        raise UserError("no such file; give the one that `ray up` was given", where=str(cluster))
    port = _free_port()
    with tempfile.TemporaryFile() as said:
        command = [_ray(), "dashboard", str(cluster), "--port", str(port)]
        tunnel = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
        try:
            _wait(tunnel, port, cluster, said)
            yield f"http://127.0.0.1:{port}"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(tunnel.pid, signal.SIGTERM)
            tunnel.wait()


def _wait(tunnel: subprocess.Popen[bytes], port: int, cluster: Path, said: IO[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if tunnel.poll() is not None:
            break
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=LOOK).close()
            return
        time.sleep(LOOK)
    said.seek(0)
    words = said.read().decode(errors="replace").strip().splitlines() or ["ssh says nothing"]
    raise UserError(
        f"no tunnel to the head of this cluster; is it up? `ray up` it ({words[-1][:200]})", where=str(cluster)
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _ray() -> str:
    """The command line of Ray, beside this Python if it is there."""
    beside = Path(sys.executable).parent / "ray"
    return str(beside) if beside.is_file() else shutil.which("ray") or "ray"
