"""A store in an S3 bucket: conditional writes with a nonce, SHA-256 checksums both ways, and no trust in replies."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tasks.errors import UserError
from trainers.store.files import mendable, sha256_of, whole_file
from trainers.store.objects import ChangedObject, ObjectInfo, check_key
from trainers.store.retries import Passing, Retries
from trainers.store.s3_faults import code_of, mendable_faults, passing, status_of
from trainers.store.s3_parts import PART, Parts, base64_of

SETTINGS = Config(
    retries={"mode": "standard", "total_max_attempts": 1},  # `Retries` alone decides what is tried again
    connect_timeout=5,
    read_timeout=20,  # without a byte: a stalled connection is given up and the request repeated
    s3={"payload_signing_enabled": True},  # every server refuses a body whose signed sha256 is not its own
    request_checksum_calculation="when_required",  # we give SHA-256 ourselves, in headers that older servers know
    response_checksum_validation="when_required",  # and compare what is read with the digest of what was written
)


def connect() -> Any:
    """A boto3 S3 client with the environment's credentials, region and endpoint (AWS_ENDPOINT_URL).

    boto3 ships no types, so a client is `Any`.
    """
    try:
        return boto3.client("s3", config=SETTINGS)
    except (BotoCoreError, ValueError) as error:
        raise UserError(f"no S3 client can be made: {error}; check the AWS_ settings", where="s3") from error


class S3Objects:
    """Objects below `prefix` in a bucket.

    A create is a conditional put (`If-None-Match: *`) that carries a nonce in the object's metadata. When it is refused
    (412) the object there is looked at: our own nonce means that an earlier try of ours arrived and only its reply was
    lost. Every object's sha256 is in its metadata too, and is compared after each read.

    Args:
        bucket: the bucket's name; it must exist.
        prefix: the store's prefix, without slashes at its ends; may be empty.
        client: a boto3 S3 client, as `connect` makes it.
        retries: how faults that pass are tried again; by default for five minutes.
        part: bytes of a part of a larger file; servers take 5 MiB at least.
    """

    def __init__(self, bucket: str, prefix: str, client: Any, retries: Retries | None = None, part: int = PART) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.name = f"s3://{bucket}/{prefix}".rstrip("/")
        self._client = client
        self._retries = retries or Retries(self.name, passing)
        self._parts = Parts(client, bucket, self._retries, part)
        self._conditional = False  # whether the server was seen to refuse a second create

    def create(self, key: str, data: bytes) -> bool:
        """Write a small object unless one is there."""
        with self._mendable("write", key):
            won = self._put_if_none(key, data)
            if won and not self._conditional:
                if self._put_if_none(key, data):
                    raise UserError(
                        "the server ignores If-None-Match, so two writers could overwrite each other; "
                        "choose a server with conditional writes",
                        where=self.name,
                    )
                self._conditional = True
            return won

    def upload(self, key: str, path: Path) -> None:
        """Write a file, in parts if it is large."""
        sha256 = sha256_of(path)

        def put() -> None:
            there = self._retries.call(partial(self._head, key))
            if there is None:
                self._parts.put(self._key(key), path, sha256)
            elif there["Metadata"].get("sha256") != sha256:
                raise FileExistsError(f"{self.name}/{key} is there with other content")

        with self._mendable("write", key):
            self._retries.call(put)

    def read(self, key: str) -> bytes:
        """The bytes of an object."""
        digests = _Digests(f"{self.name}/{key}")

        def get() -> bytes:
            reply = self._client.get_object(Bucket=self.bucket, Key=self._key(key))
            data: bytes = reply["Body"].read()
            digests.check(reply["Metadata"], hashlib.sha256(data).hexdigest())
            return data

        with self._mendable("read", key):
            return self._retries.call(get)

    def download(self, key: str, path: Path) -> None:
        """Copy an object to a file, in parts if it is large."""
        digests = _Digests(f"{self.name}/{key}")

        def get() -> None:
            there = self._retries.call(partial(self._head, key))
            if there is None:
                raise KeyError(key)
            with whole_file(path) as temporary:
                self._parts.get(self._key(key), temporary, there["ContentLength"])
                digests.check(there["Metadata"], sha256_of(temporary))

        with mendable("write", path), self._mendable("read", key):
            self._retries.call(get)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects whose key begins with `prefix`, sorted by key (S3 sorts by UTF-8 bytes, Python's order)."""
        with self._mendable("list", prefix):
            for page in self._pages("list_objects_v2", prefix, {"ContinuationToken": "NextContinuationToken"}):
                for item in page.get("Contents", []):
                    key = item["Key"].removeprefix(self.prefix)
                    if not key.endswith("/"):  # consoles mark "folders" so
                        yield ObjectInfo(key, item["Size"], item["LastModified"].timestamp())

    def delete(self, key: str) -> None:
        """Remove an object."""
        with self._mendable("delete", key):
            self._ask("delete_object", Key=self._key(key))

    def now(self) -> float:
        """Seconds by the server's clock (whole ones: the Date header of a listing)."""
        with self._mendable("list", ""):
            reply = self._ask("list_objects_v2", Prefix=self.prefix, MaxKeys=1)
            return parsedate_to_datetime(reply["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()

    def tidy(self, before: float) -> None:
        """Abort multi-part uploads that dead writers left, which cost storage and are in no listing."""
        markers = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        with self._mendable("tidy", ""):
            for page in self._pages("list_multipart_uploads", "", markers):
                for upload in page.get("Uploads", []):
                    if upload["Initiated"].timestamp() < before:
                        self._abort(upload["Key"], upload["UploadId"])

    def _key(self, key: str) -> str:
        return self.prefix + check_key(key)

    def _ask(self, operation: str, **arguments: Any) -> Any:
        """The reply to one request, which may be repeated."""
        return self._retries.call(partial(getattr(self._client, operation), Bucket=self.bucket, **arguments))

    def _pages(self, operation: str, prefix: str, markers: Mapping[str, str]) -> Iterator[Any]:
        """All pages of a listing. `markers`: what is asked of the next page → what a page calls it."""
        asked: dict[str, Any] = {}
        while True:
            page = self._ask(operation, Prefix=self.prefix + prefix, **asked)
            yield page
            if not page.get("IsTruncated"):
                return
            asked = {marker: page[name] for marker, name in markers.items()}

    def _put_if_none(self, key: str, data: bytes) -> bool:
        nonce, sha256 = uuid4().hex, hashlib.sha256(data)

        def put() -> bool:
            try:
                self._client.put_object(
                    Bucket=self.bucket,
                    Key=self._key(key),
                    Body=data,
                    IfNoneMatch="*",
                    ChecksumSHA256=base64_of(sha256.digest()),
                    Metadata={"nonce": nonce, "sha256": sha256.hexdigest()},
                )
            except ClientError as error:
                if status_of(error) != 412:
                    raise
                there = self._head(key)
                if there is None:
                    raise Passing("other writers create and delete it all the time") from error
                return bool(there["Metadata"].get("nonce") == nonce)
            return True

        return self._retries.call(put)

    def _abort(self, key: str, upload: str) -> None:
        try:
            self._ask("abort_multipart_upload", Key=key, UploadId=upload)
        except ClientError as error:
            if code_of(error) != "NoSuchUpload":  # somebody else was faster, or our own reply was lost
                raise

    def _head(self, key: str) -> Any:
        """What the server knows of an object, and what we wrote beside it; None: there is no object."""
        try:
            return self._client.head_object(Bucket=self.bucket, Key=self._key(key))
        except ClientError as error:
            if passing(error) is None:
                # the reply has no body that says why (a missing bucket is a 404, too): a listing's has one
                self._client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)
            if code_of(error) in ("404", "NoSuchKey"):
                return None
            raise

    def _mendable(self, doing: str, key: str) -> AbstractContextManager[None]:
        place = f"{self.name}/{key}".rstrip("/")
        return mendable_faults(doing, key, place, self._client.meta.endpoint_url)


class _Digests:
    """What the reads of one object gave: bytes that changed on their way are no damaged object.

    Wrong bytes are believed to be what the store holds when three reads give the same. An object that other tools
    copied here may lack our digest.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._wrong: Counter[str] = Counter()

    def check(self, metadata: Mapping[str, str], sha256: str) -> None:
        """Compare what was read with what was written.

        Raises:
            Passing: it differs, and is to be read again.
            ChangedObject: it differs, and two earlier reads gave the same.
        """
        if metadata.get("sha256", sha256) == sha256:
            return
        self._wrong[sha256] += 1
        if self._wrong[sha256] == 3:
            raise ChangedObject("its content is not what was written", where=self._place)
        raise Passing("its content is not what was written")
