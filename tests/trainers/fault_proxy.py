"""An HTTP proxy on loopback that spoils some of what passes between a client and an S3 server.

In a test: `with FaultProxy(address, rate=0.1, seed=1) as proxy:`, then a client of `proxy.address`. As a process:

    python -m tests.trainers.fault_proxy http://127.0.0.1:9000 --port 9001 --rate 0.1 --seed 1

whose faults are told and changed over HTTP: `GET /-/counts`, `POST /-/outage?seconds=60`, `POST /-/rate?rate=0.3`.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


class Fault(StrEnum):
    """What may happen to a request. Those from CUT on are faults of a reply: the server has done what it was asked."""

    ERROR = "500"
    SLOW_DOWN = "503 SlowDown"
    THROTTLED = "429"
    RESET = "reset amid the request"
    STALL = "stall"
    FLIPPED_REQUEST = "bit flip of a request's body"
    CUT = "cut reply"
    RESET_REPLY = "reset amid the reply"
    FLIPPED_REPLY = "bit flip of an object on its way"
    LOST_REPLY = "lost reply of a write"


CONTROL = "/-/"  # no bucket has this name
_ANSWERS = {
    Fault.ERROR: (500, "InternalError"),
    Fault.SLOW_DOWN: (503, "SlowDown"),
    Fault.THROTTLED: (429, "TooManyRequests"),
}


class FaultProxy:
    """A proxy in front of one server, with a thread for each connection.

    Faults are drawn from a seeded stream in the order in which requests come; each request has one at most, of equal
    chances among those that it can have. Listings have no digest, so their bits are not flipped.

    Args:
        upstream: the server's address, `http://host:port`.
        rate: the share of requests with a fault.
        seed: of the draws.
        stall: seconds for which a stalled request is kept waiting; then its connection is reset. A coin says whether it
            was performed.
        kinds: which faults there are.
        port: to listen on; 0 is any free one.
    """

    def __init__(
        self,
        upstream: str,
        *,
        rate: float = 0.0,
        seed: int = 0,
        stall: float = 30.0,
        kinds: Collection[Fault] = tuple(Fault),
        port: int = 0,
    ) -> None:
        self.upstream, self.rate, self.stall, self.kinds = upstream, rate, stall, tuple(kinds)
        self.counts: Counter[str] = Counter()  # of requests, and of faults by kind
        self.over = threading.Event()
        self._lot, self._lock = random.Random(seed), threading.Lock()
        self._out_until = 0.0
        self._server = _Server(self, port)

    @property
    def address(self) -> str:
        """What clients connect to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def outage(self, seconds: float) -> None:
        """From now on, and for so long, every connection is reset."""
        self._out_until = time.monotonic() + seconds

    @property
    def is_out(self) -> bool:
        """Whether an outage is on."""
        return time.monotonic() < self._out_until

    def draw(self, method: str, path: str, sent: int) -> Drawn:
        """What happens to a request with so many bytes of body."""
        with self._lock:
            self.counts["requests"] += 1
            chance, lot = self._lot.random(), self._lot.getrandbits(64)
            can = [fault for fault in self.kinds if _can_have(fault, method, path, sent)]
            return Drawn(can[lot % len(can)] if can and chance < self.rate else None, random.Random(lot))

    def note(self, fault: Fault) -> None:
        """Count a fault that was done."""
        with self._lock:
            self.counts[fault] += 1

    def __enter__(self) -> FaultProxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class Drawn(NamedTuple):
    """A fault, or None, and the random numbers that it needs."""

    fault: Fault | None
    lot: random.Random


def _can_have(fault: Fault, method: str, path: str, sent: int) -> bool:
    match fault:
        case Fault.FLIPPED_REQUEST:
            return sent > 0
        case Fault.LOST_REPLY:
            return method in ("PUT", "POST", "DELETE")
        case Fault.CUT | Fault.RESET_REPLY:
            return method == "GET"
        case Fault.FLIPPED_REPLY:
            return method == "GET" and _of_an_object(path)
    return True


def _of_an_object(path: str) -> bool:
    parts = urlsplit(path)
    return parts.path.strip("/").count("/") > 0 and not {"list-type", "uploads"} & parse_qs(parts.query).keys()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: FaultProxy, port: int) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", port), _Connection)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        if self.proxy.is_out:
            _reset_at_close(request)
            return False
        return True

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # and no polite end before it

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what this is for."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    _upstream: HTTPConnection | None = None

    def _relay(self) -> None:
        proxy = self.server.proxy
        if self.path.startswith(CONTROL):
            self._control(proxy)
            return
        if proxy.is_out:
            self._reset()
            return
        size = int(self.headers.get("Content-Length", 0))
        fault, lot = proxy.draw(self.command, self.path, size)
        if fault is Fault.RESET:
            self.rfile.read(size // 2)
            self._end(fault)
            return
        body = self.rfile.read(size)
        if fault in _ANSWERS:
            proxy.note(fault)
            self._answer(*_ANSWERS[fault])
        elif fault is Fault.STALL:
            if lot.random() < 0.5:
                self._ask(body)
            proxy.over.wait(proxy.stall)
            self._end(fault)
        else:
            if fault is Fault.FLIPPED_REQUEST:
                proxy.note(fault)
                body = _flipped(body, lot)
            self._give(*self._ask(body), fault, lot)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _relay  # noqa: N815 - the base class's names

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """The server's status, headers and body."""
        own = ("expect", "connection")  # of this connection, not of the next one
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in own]
        for fresh in (False, True):  # the server may have closed a connection that was idle
            if self._upstream is None or fresh:
                self._upstream = HTTPConnection(urlsplit(self.server.proxy.upstream).netloc, timeout=60)
            try:
                self._upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in headers:
                    self._upstream.putheader(name, value)
                self._upstream.endheaders(body or None)
                reply = self._upstream.getresponse()
                return reply.status, reply.getheaders(), reply.read()
            except (HTTPException, OSError):
                if fresh:
                    raise
        raise AssertionError

    def _give(
        self, status: int, headers: list[tuple[str, str]], body: bytes, fault: Fault | None, lot: random.Random
    ) -> None:
        """Hand the reply on, or what a fault leaves of it."""
        if fault is Fault.LOST_REPLY:
            self._end(fault)
            return
        if fault is Fault.FLIPPED_REPLY and status in (200, 206) and body:
            self.server.proxy.note(fault)
            body = _flipped(body, lot)
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        told = [value for name, value in headers if name.lower() == "content-length"]
        if status not in (204, 304):
            self.send_header("Content-Length", told[0] if told and self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if fault in (Fault.CUT, Fault.RESET_REPLY):
            self.wfile.write(body[: len(body) // 2])
            self._end(fault)
        else:
            self.wfile.write(body)

    def _answer(self, status: int, code: str) -> None:
        """An error as the server itself would say it."""
        body = b"" if self.command == "HEAD" else f"<Error><Code>{code}</Code></Error>".encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _end(self, fault: Fault) -> None:
        """End the connection: politely where a reply is cut, else by a reset."""
        self.server.proxy.note(fault)
        if fault is Fault.CUT:
            self.close_connection = True
        else:
            self._reset()

    def _reset(self) -> None:
        self.close_connection = True
        _reset_at_close(self.connection)

    def _control(self, proxy: FaultProxy) -> None:
        parts = urlsplit(self.path)
        asked = {name: float(values[0]) for name, values in parse_qs(parts.query).items()}
        match self.command, parts.path.removeprefix(CONTROL):
            case "POST", "outage":
                proxy.outage(asked["seconds"])
            case "POST", "rate":
                proxy.rate = asked["rate"]
        body = json.dumps(proxy.counts).encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _flipped(body: bytes, lot: random.Random) -> bytes:
    place = lot.randrange(len(body))
    return body[:place] + bytes([body[place] ^ (1 << lot.randrange(8))]) + body[place + 1 :]


def _reset_at_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def main() -> None:
    """Run until a signal comes."""
    parser = argparse.ArgumentParser(description="A proxy in front of an S3 server that spoils some requests.")
    parser.add_argument("upstream", help="http://host:port of the server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0, help="share of requests with a fault")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stall", type=float, default=30.0, help="seconds")
    given = parser.parse_args()
    proxy = FaultProxy(given.upstream, rate=given.rate, seed=given.seed, stall=given.stall, port=given.port)
    with proxy, suppress(KeyboardInterrupt):
        print(proxy.address, flush=True)  # noqa: T201 - its caller reads it
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.pause()


if __name__ == "__main__":
    main()
