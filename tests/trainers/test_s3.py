"""What is special about a bucket: lost replies, conditional writes, pages, parts, checksums and how it fails."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGINT, pthread_kill
from threading import Barrier, Thread, main_thread
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, SSLError
from botocore.response import StreamingBody
from moto.s3.models import s3_backends

from tasks.errors import UserError
from tests.trainers.stores import client, hurried, one_line, real_location
from trainers.store import open_objects
from trainers.store.objects import Objects
from trainers.store.retries import WAIT
from trainers.store.s3 import SETTINGS, S3Objects
from trainers.store.stages import Commit, LostFile, StageStore


def bucket(endpoint: str, prefix: str) -> tuple[S3Objects, Any]:
    """A store, and the boto3 client under it for a test to meddle with."""
    boto = client(endpoint)
    return S3Objects("lab", prefix, boto), boto


def break_connection(boto: Any, operation: str, *, performed: bool) -> list[str]:
    """The first request of an operation fails: after, or before, the server has performed it."""
    original, broken = getattr(boto, operation), []

    def call(**arguments: Any) -> Any:
        if broken:
            return original(**arguments)
        broken.append(operation)
        if performed:
            original(**arguments)
        raise ConnectionClosedError(endpoint_url="somewhere")

    setattr(boto, operation, call)
    return broken


def test_a_lost_reply_of_our_own_write_is_success(endpoint: str) -> None:
    objects, boto = bucket(endpoint, "lost-own")
    broken = break_connection(boto, "put_object", performed=True)
    assert objects.create("COMMIT", b"ours")
    assert broken == ["put_object"]
    assert objects.read("COMMIT") == b"ours"


def test_a_lost_reply_does_not_take_somebody_elses_write_for_ours(endpoint: str) -> None:
    bucket(endpoint, "lost-foreign")[0].create("COMMIT", b"same bytes")
    objects, boto = bucket(endpoint, "lost-foreign")
    broken = break_connection(boto, "put_object", performed=False)
    assert not objects.create("COMMIT", b"same bytes")
    assert broken == ["put_object"]


def test_a_performed_request_that_is_repeated_below_us_is_success(endpoint: str) -> None:
    """A request whose reply was lost is repeated by boto itself, and then meets a 412."""
    objects, boto = bucket(endpoint, "repeated")
    original = boto.put_object

    def twice(**arguments: Any) -> Any:
        boto.put_object = original
        original(**arguments)
        return original(**arguments)

    boto.put_object = twice
    assert objects.create("COMMIT", b"ours")


@pytest.mark.parametrize(("code", "status"), [("ConditionalRequestConflict", 409), ("InternalError", 500)])
def test_a_conflict_or_a_servers_fault_is_tried_again(endpoint: str, code: str, status: int) -> None:
    objects, boto = bucket(endpoint, f"again-{status}")
    original, refused = boto.put_object, []

    def refuse_once(**arguments: Any) -> Any:
        if not refused:
            refused.append(code)
            raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")
        return original(**arguments)

    boto.put_object = refuse_once
    assert objects.create("COMMIT", b"ours")
    assert refused == [code]


def test_a_server_without_conditional_writes_is_refused(endpoint: str) -> None:
    objects, boto = bucket(endpoint, "unconditional")
    original = boto.put_object

    def unconditional(**arguments: Any) -> Any:
        del arguments["IfNoneMatch"]
        return original(**arguments)

    boto.put_object = unconditional
    with pytest.raises(UserError) as error:
        objects.create("COMMIT", b"ours")
    one_line(error, "s3://lab/unconditional", "If-None-Match", "choose a server")


def test_more_keys_than_a_page_holds(endpoint: str) -> None:
    objects, _ = bucket(endpoint, "pages")
    backend = s3_backends["123456789012"]["aws"]  # straight into the server's memory: thousands of requests take long
    names = [f"stages/{n:04d}" for n in random.Random(0).sample(range(2500), 2500)]
    for name in names:
        backend.put_object("lab", f"pages/{name}", b"1")
    assert [info.key for info in objects.list("")] == sorted(names)
    assert [info.key for info in objects.list("stages/1")] == [f"stages/{n}" for n in range(1000, 2000)]


def test_large_files_go_in_parts_and_all_writes_carry_sha256(endpoint: str, tmp_path: Path) -> None:
    objects, boto = bucket(endpoint, "parts")
    sent: list[tuple[str, Any]] = []

    def note(request: Any, operation_name: str, **_: Any) -> None:
        headers = request.headers
        sent.append((operation_name, headers.get("x-amz-checksum-sha256") or headers.get("x-amz-trailer")))

    boto.meta.events.register("before-sign.s3", note)
    path = tmp_path / "file"
    path.write_bytes(random.Random(1).randbytes(40 << 20))
    objects.upload("model", path)
    objects.create("COMMIT", b"1")
    parts = [checksum for operation, checksum in sent if operation == "UploadPart"]
    puts = [checksum for operation, checksum in sent if operation == "PutObject"]
    assert len(parts) == 3
    assert all(parts), parts
    assert puts[0] == base64.b64encode(hashlib.sha256(b"1").digest()).decode()
    objects.download("model", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == path.read_bytes()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("ending", ["interrupted", "denied"])
def test_parts_that_wait_for_the_store_wait_no_more_when_one_ends(endpoint: str, tmp_path: Path, ending: str) -> None:
    """Three parts meet a store that is out; the fourth is refused, or somebody presses Ctrl-C."""
    objects, boto = bucket(endpoint, f"ends-{ending}")
    waiting = Barrier(4)

    def part(PartNumber: int, **_: Any) -> Any:  # noqa: N803 - boto's name
        if PartNumber <= 4 and PartNumber not in begun:
            begun.append(PartNumber)
            waiting.wait()
        if PartNumber == 4:
            if ending == "interrupted":
                pthread_kill(main_thread().ident or 0, SIGINT)
            else:
                denied = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
                raise ClientError(denied, "UploadPart")  # type: ignore[arg-type]  # boto's fields are too many
        raise ConnectionClosedError(endpoint_url="somewhere")

    begun: list[int] = []
    boto.upload_part = part
    path = tmp_path / "file"
    path.write_bytes(bytes(70 << 20))
    with pytest.raises(KeyboardInterrupt if ending == "interrupted" else UserError):
        objects.upload("model", path)
    assert sorted(begun) == [1, 2, 3, 4]


def test_an_unfinished_multipart_upload_is_tidied_when_old(endpoint: str) -> None:
    objects, boto = bucket(endpoint, "unfinished")

    def unfinished() -> int:
        return len(boto.list_multipart_uploads(Bucket="lab", Prefix="unfinished/").get("Uploads", []))

    boto.create_multipart_upload(Bucket="lab", Key="unfinished/model")
    objects.tidy(0)
    assert unfinished() == 1
    objects.tidy(4e9)  # moto dates all uploads to 2010
    assert unfinished() == 0


def test_changed_content_is_not_believed(endpoint: str, tmp_path: Path) -> None:
    objects, boto = bucket(endpoint, "changed")
    objects.create("a", b"right")
    metadata = boto.head_object(Bucket="lab", Key="changed/a")["Metadata"]
    boto.put_object(Bucket="lab", Key="changed/a", Body=b"wrong", Metadata=metadata)
    for act in (lambda: objects.read("a"), lambda: objects.download("a", tmp_path / "copy")):
        with pytest.raises(UserError) as error:
            act()
        one_line(error, "s3://lab/changed/a", "not what was written")
    assert list(tmp_path.iterdir()) == []


def test_a_stage_whose_object_changed_in_the_bucket_is_made_again(endpoint: str, tmp_path: Path) -> None:
    objects, boto = bucket(endpoint, "rotten")
    store, path = StageStore(objects), tmp_path / "model.safetensors"

    def make() -> Commit:
        path.write_bytes(b"weights")
        attempt = store.begin("stage")
        return store.commit("stage", attempt, {"m": store.put("stage", attempt, "m", path)}, {}, {}, {})

    def rot(key: str, content: bytes) -> None:
        metadata = boto.head_object(Bucket="lab", Key=f"rotten/{key}")["Metadata"]
        boto.put_object(Bucket="lab", Key=f"rotten/{key}", Body=content, Metadata=metadata)

    first = make()
    rot(first.key("m"), b"WEIGHTS")
    with pytest.raises(LostFile, match="has changed"):
        store.fetch(first, "m", tmp_path / "cache")
    assert store.committed("stage") is None
    second = make()
    assert store.committed("stage") == second
    rot("stages/stage/COMMIT.1.json", b"{}")
    assert store.committed("stage") is None
    assert make().number == 2


def test_a_connection_that_breaks_in_a_body_is_tried_again(endpoint: str) -> None:
    objects, boto = bucket(endpoint, "broken")
    objects.create("a", b"whole")
    original, broken = boto.get_object, []

    def cut(**arguments: Any) -> Any:
        reply = original(**arguments)
        if len(broken) < 2:
            broken.append("a")
            reply["Body"] = StreamingBody(io.BytesIO(b"wh"), 5)
        return reply

    boto.get_object = cut
    assert objects.read("a") == b"whole"
    assert broken == ["a", "a"]


# How it fails


def everything(objects: Objects, folder: Path) -> list[Callable[[], object]]:
    file = folder / "file"
    file.write_bytes(b"1")
    return [
        lambda: objects.create("a/b", b"1"),
        lambda: objects.upload("a/b", file),
        lambda: objects.read("a/b"),
        lambda: objects.download("a/b", folder / "copy"),
        lambda: list(objects.list("a/")),
        lambda: objects.delete("a/b"),
        lambda: objects.tidy(0),
        objects.now,
    ]


def test_a_missing_bucket(endpoint: str, tmp_path: Path) -> None:
    for act in everything(S3Objects("nowhere", "x", client(endpoint)), tmp_path):
        with pytest.raises(UserError) as error:
            act()
        one_line(error, "s3://nowhere/x", "bucket does not exist", "create it")


def test_an_unreachable_server(tmp_path: Path) -> None:
    boto = client("http://user:wordless-secret@127.0.0.1:9")
    for act in everything(S3Objects("lab", "x", boto, hurried()), tmp_path):
        with pytest.raises(UserError) as error:
            act()
        one_line(error, "s3://lab/x", "15 s", "http://127.0.0.1:9 cannot be reached", "AWS_ENDPOINT_URL")
        assert "wordless-secret" not in str(error.value)


@contextmanager
def always(status: int, code: str) -> Iterator[tuple[str, list[str]]]:
    """A server with one answer: its address, and the requests that it has had."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            asked.append(self.command)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b"" if self.command == "HEAD" else f"<Error><Code>{code}</Code></Error>".encode()
            # botocore looks for the bucket's region by a HEAD of the bucket: here it is not told
            self.send_response_only(403 if self.command == "HEAD" and self.path == "/lab" else status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - the base class's names

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as running:
        Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "AccessDenied", "access is denied; the credentials need to list, get, put and delete"),
        (403, "InvalidAccessKeyId", "does not know the access key; check AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "refuses the signature; check AWS_SECRET_ACCESS_KEY"),
        (400, "ExpiredToken", "token has expired; renew"),
        (400, "InvalidToken", "does not know the session token; check AWS_SESSION_TOKEN"),
        (403, "RequestTimeTooSkewed", "clock differs from the server's; set it right"),
        (404, "NoSuchBucket", "bucket does not exist; create it"),
        (301, "PermanentRedirect", "in another region; set AWS_DEFAULT_REGION"),
        (400, "AuthorizationHeaderMalformed", "in another region; set AWS_DEFAULT_REGION"),
        (403, "QuotaExceeded", "quota is used up; free some space"),
        (507, "XMinioStorageFull", "disk is full; free some space"),
        (400, "InvalidBucketName", "bucket's name is none; check"),
        (418, "NeverHeardOf", "the server says NeverHeardOf"),
    ],
)
def test_what_does_not_pass_is_said_at_once(tmp_path: Path, status: int, code: str, words: str) -> None:
    with always(status, code) as (address, asked):
        for act in everything(S3Objects("lab", "x", client(address)), tmp_path):
            asked.clear()
            with pytest.raises(UserError) as error:
                act()
            one_line(error, "s3://lab/x", words)
            assert "tried" not in str(error.value)
            assert len(asked) <= 4, "a HEAD has no words, and botocore looks for the bucket's region"


@pytest.mark.parametrize(
    ("key", "secret", "bucket", "words"),
    [
        ("AKIAUNHEARDOF", "wrong", None, "does not know the access key"),
        (None, "wrong", None, "refuses the signature; check AWS_SECRET_ACCESS_KEY"),
        (None, None, "crosslift-no-such-bucket", "bucket does not exist"),
    ],
)
def test_what_a_real_server_refuses(
    tmp_path: Path, key: str | None, secret: str | None, bucket: str | None, words: str
) -> None:
    location = real_location()
    keys = {"aws_access_key_id": key or os.environ["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": secret}
    boto = boto3.client("s3", config=SETTINGS, **(keys if secret else {}))
    for act in everything(S3Objects(bucket or location.split("/")[2], "x", boto), tmp_path):
        with pytest.raises(UserError) as error:
            act()
        one_line(error, words)


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (429, "TooManyRequests"), (500, "InternalError")])
def test_what_may_pass_is_given_up_in_the_end(tmp_path: Path, status: int, code: str) -> None:
    with always(status, code) as (address, _):
        for act in everything(S3Objects("lab", "x", client(address), hurried(deadline=30, reached=True)), tmp_path):
            with pytest.raises(UserError) as error:
                act()
            one_line(error, "s3://lab/x", "tried for 30 s", "the server says", "try again later")


def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    boto = client("https://127.0.0.1:9")

    def refuse(**_: Any) -> Any:
        raise SSLError(endpoint_url="x", error="[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")

    boto.meta.events.register("before-send.s3", refuse)
    for act in everything(S3Objects("lab", "x", boto), tmp_path):
        with pytest.raises(UserError) as error:
            act()
        one_line(error, "s3://lab/x", "certificate of https://127.0.0.1:9 is not trusted", "AWS_CA_BUNDLE")


@pytest.fixture
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without credentials or files that hold some."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return monkeypatch


def test_no_credentials(endpoint: str, no_settings: pytest.MonkeyPatch) -> None:
    no_settings.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(UserError) as error:
        open_objects("s3://lab/x").create("a", b"1")
    one_line(error, "s3://lab/x/a", "no credentials", "AWS_ACCESS_KEY_ID")


def test_a_wait_that_is_no_number(no_settings: pytest.MonkeyPatch) -> None:
    for text in ("long", "-1", "nan", "inf"):
        no_settings.setenv(WAIT, text)
        with pytest.raises(UserError) as error:
            open_objects("s3://lab/x")
        one_line(error, WAIT, repr(text), "give one such as 300")


def test_a_profile_that_is_not_there(no_settings: pytest.MonkeyPatch) -> None:
    no_settings.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UserError) as error:
        open_objects("s3://lab/x")
    one_line(error, "s3", "nobody", "AWS_")


# Locations


def test_locations(tmp_path: Path, endpoint: str, no_settings: pytest.MonkeyPatch) -> None:
    no_settings.chdir(tmp_path)
    assert open_objects("lab").name == str(tmp_path / "lab")
    assert not (tmp_path / "lab").exists(), "nothing is written before the first object"
    no_settings.setenv("AWS_ENDPOINT_URL", endpoint)
    no_settings.setenv("AWS_ACCESS_KEY_ID", "somebody")
    no_settings.setenv("AWS_SECRET_ACCESS_KEY", "wordless-secret")
    for location, name in {"s3://lab": "s3://lab", "s3://lab/": "s3://lab", "s3://lab/a/b/": "s3://lab/a/b"}.items():
        objects = open_objects(location)
        assert objects.name == name
        assert objects.create(f"locations/{len(location)}", b"1")
        assert "wordless-secret" not in repr(vars(objects))


@pytest.mark.parametrize(
    "location",
    ["", " ", "gs://lab/x", "s3://", "s3:///x", "s3://lab/x?endpoint_override=http://y", "s3://me:you@lab/x"],
)
def test_bad_locations_say_what_would_be_right(location: str) -> None:
    with pytest.raises(UserError) as error:
        open_objects(location)
    one_line(error, "a store is a folder or s3://bucket/prefix")
    assert "me:you" not in str(error.value)
