"""Stores for tests: a folder, a bucket on a server in this process, and a real server where one is named.

`CROSSLIFT_S3=s3://bucket/prefix` (with the usual AWS_ settings) runs the same tests on that server.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from tasks.errors import UserError
from trainers.store import open_objects
from trainers.store.folder import FolderObjects
from trainers.store.objects import Objects
from trainers.store.retries import Retries
from trainers.store.s3 import SETTINGS, S3Objects
from trainers.store.s3_faults import passing

Open = Callable[[], Objects]
"""Opens one and the same store anew, as another process would."""


def client(endpoint: str, **settings: Any) -> Any:
    """An S3 client for a server on loopback, with invented credentials and, unless told otherwise, our settings."""
    config = SETTINGS.merge(Config(connect_timeout=2, **settings))
    keys = {"aws_access_key_id": "somebody", "aws_secret_access_key": "wordless-secret", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=endpoint, config=config, **keys)


@contextmanager
def server() -> Iterator[str]:
    """The address of an S3 server on loopback with the bucket `lab`."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        _behave(running)
        client(f"http://{host}:{port}").create_bucket(Bucket="lab")
        yield f"http://{host}:{port}"
    finally:
        running.stop()


def _behave(running: ThreadedMotoServer) -> None:
    """What S3 does and the server in this process does not: look for a key and write it in one step (so requests are
    served one at a time), and refuse a body whose signed digest is not its own.
    """
    wsgi, lock = running._server, threading.Lock()
    assert wsgi is not None
    app = wsgi.app

    def behaving(environ: Any, start_response: Any) -> Any:
        signed = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
        if len(signed) == 64 and environ.get("CONTENT_LENGTH"):  # else: it is not signed, or comes in chunks
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            if hashlib.sha256(body).hexdigest() != signed:
                answer = b"<Error><Code>XAmzContentSHA256Mismatch</Code></Error>"
                start_response("400 Bad Request", [("Content-Length", str(len(answer)))])
                return [answer]
            environ["wsgi.input"] = io.BytesIO(body)
        with lock:
            return app(environ, start_response)

    wsgi.app = behaving


def lead_to(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the environment means that server, with invented credentials."""
    keys = {"ACCESS_KEY_ID": "somebody", "SECRET_ACCESS_KEY": "wordless-secret", "DEFAULT_REGION": "us-east-1"}
    for name, value in {"ENDPOINT_URL": endpoint, **keys}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def real_location() -> str:
    """A prefix on a real server; the test is skipped where none is named."""
    location = os.environ.get("CROSSLIFT_S3")
    if location is None:
        pytest.skip("CROSSLIFT_S3 names no bucket on a real server")
    return location


def opener(kind: str, endpoint: str, folder: Path) -> Open:
    """A fresh, empty store of a kind: `folder`, `s3` (the server at `endpoint`) or `real s3`."""
    if kind == "folder":
        return lambda: FolderObjects(folder / "store")
    prefix = uuid4().hex
    if kind == "s3":
        return lambda: S3Objects("lab", prefix, client(endpoint))
    location = real_location()
    return lambda: open_objects(f"{location}/{prefix}")


class Hurry:
    """A clock that jumps over all pauses."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pause(self, ended: threading.Event, seconds: float) -> None:
        """Wait, as `Event.wait` does, in no time."""
        if not ended.is_set():
            self.now += seconds


def hurried(**settings: Any) -> Retries:
    """Tries without pauses."""
    clock = Hurry()
    return Retries("s3://lab", passing, clock=clock, pause=clock.pause, **settings)


def one_line(error: pytest.ExceptionInfo[UserError], *words: str) -> None:
    """The error is a single line that holds all these words."""
    text = str(error.value)
    assert "\n" not in text
    for word in words:
        assert word in text, f"{word!r} is not in {text!r}"
