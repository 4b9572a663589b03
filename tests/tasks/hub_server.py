"""A hub on loopback: enough of the Hugging Face hub's interface for datasets of plain files."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHA = "a" * 40
API = re.compile(r"/api/datasets/(?P<id>[^/]+/[^/]+)(/revision/(?P<revision>[^/?]+))?(\?.*)?$")
TREE = re.compile(r"/api/datasets/(?P<id>[^/]+/[^/]+)/tree/(?P<revision>[^/?]+)(\?.*)?$")
FILE = re.compile(r"/datasets/(?P<id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>[^?]+)(\?.*)?$")


@dataclass
class HubServer:
    """What it serves, id → path → content, and what it was asked for."""

    datasets: Mapping[str, Mapping[str, bytes]]
    endpoint: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers for a path."""
        self.asked.append(path)
        for pattern, reply in ((TREE, self._tree), (FILE, self._file), (API, self._info)):
            if (found := pattern.match(path)) and found["id"] in self.datasets:
                return reply(found)
        return 404, b"{}", {"X-Error-Code": "RepoNotFound"}

    def _info(self, found: re.Match[str]) -> tuple[int, bytes, dict[str, str]]:
        names = [{"rfilename": name} for name in self.datasets[found["id"]]]
        return 200, json.dumps({"id": found["id"], "sha": SHA, "siblings": names, "tags": []}).encode(), {}

    def _tree(self, found: re.Match[str]) -> tuple[int, bytes, dict[str, str]]:
        files = self.datasets[found["id"]].items()
        listed = [{"type": "file", "path": p, "size": len(c), "oid": hashlib.sha1(c).hexdigest()} for p, c in files]
        return 200, json.dumps(listed).encode(), {}

    def _file(self, found: re.Match[str]) -> tuple[int, bytes, dict[str, str]]:
        content = self.datasets[found["id"]].get(found["path"])
        if content is None:
            return 404, b"", {"X-Error-Code": "EntryNotFound"}
        return 200, content, {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": SHA}


@contextmanager
def serving(datasets: Mapping[str, Mapping[str, bytes]]) -> Iterator[HubServer]:
    """Within: the server runs."""
    hub = HubServer(datasets)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(True)

        def do_HEAD(self) -> None:
            self._reply(False)

        def _reply(self, body: bool) -> None:
            status, content, headers = hub.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
