"""A store in an S3 bucket: conditional writes with a nonce, SHA-256 checksums both ways, and no trust in replies."""

from __future__ import annotations

import base64
import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ResponseStreamingError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)

from tasks.errors import UserError
from trainers.store.files import mendable, sha256_of, whole_file
from trainers.store.objects import ChangedObject, ObjectInfo, check_key

_TRANSFER = TransferConfig(multipart_threshold=16 << 20, multipart_chunksize=16 << 20, max_concurrency=4)
_TRIES = 4  # of one write or read, on top of boto's own retries of a request
_ADVICE = {
    "NoSuchBucket": "the bucket does not exist; create it or choose another",
    "AccessDenied": "access is denied; the credentials need to list, get, put and delete objects here",
    "403": "access is denied; the credentials need to list, get, put and delete objects here",
    "InvalidAccessKeyId": "the server does not know the access key; check AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the server refuses the signature; check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the session token has expired; renew the credentials",
    "RequestTimeTooSkewed": "this machine's clock differs from the server's; set it right",
    "PermanentRedirect": "the bucket is in another region; set AWS_DEFAULT_REGION to it",
    "QuotaExceeded": "the quota is used up; free some space or choose another store",
}


def connect() -> Any:
    """A boto3 S3 client with the environment's credentials, region and endpoint (AWS_ENDPOINT_URL).

    boto3 ships no types, so a client is `Any`.
    """
    settings = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10, read_timeout=60)
    try:
        return boto3.client("s3", config=settings)
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
    """

    def __init__(self, bucket: str, prefix: str, client: Any) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.name = f"s3://{bucket}/{prefix}".rstrip("/")
        self._client = client
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
        with self._mendable("write", key), path.open("rb") as file:
            there = self._metadata(key)
            if there is not None:
                if there.get("sha256") != sha256:
                    raise FileExistsError(f"{self.name}/{key} is there with other content")
                return
            extra = {"ChecksumAlgorithm": "SHA256", "Metadata": {"sha256": sha256}}
            self._client.upload_fileobj(file, self.bucket, self._key(key), ExtraArgs=extra, Config=_TRANSFER)

    def read(self, key: str) -> bytes:
        """The bytes of an object."""
        with self._mendable("read", key):
            for _ in self._tries():
                reply = self._client.get_object(Bucket=self.bucket, Key=self._key(key))
                try:
                    data: bytes = reply["Body"].read()
                except (HTTPClientError, IncompleteReadError, ResponseStreamingError):
                    continue  # the connection broke in mid-body, which boto does not repeat
                self._verify(key, reply["Metadata"], hashlib.sha256(data).hexdigest())
                return data
        raise UserError("the connection breaks whenever it is read", where=f"{self.name}/{key}")

    def download(self, key: str, path: Path) -> None:
        """Copy an object to a file, in parts if it is large."""
        with self._mendable("read", key):
            metadata = self._metadata(key)
            if metadata is None:
                raise KeyError(key)
            with mendable("write", path), whole_file(path) as temporary:
                self._client.download_file(self.bucket, self._key(key), str(temporary), Config=_TRANSFER)
                self._verify(key, metadata, sha256_of(temporary))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects whose key begins with `prefix`, sorted by key (S3 sorts by UTF-8 bytes, Python's order)."""
        with self._mendable("list", prefix):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
                for item in page.get("Contents", []):
                    key = item["Key"].removeprefix(self.prefix)
                    if not key.endswith("/"):  # consoles mark "folders" so
                        yield ObjectInfo(key, item["Size"], item["LastModified"].timestamp())

    def delete(self, key: str) -> None:
        """Remove an object."""
        with self._mendable("delete", key):
            self._client.delete_object(Bucket=self.bucket, Key=self._key(key))

    def now(self) -> float:
        """Seconds by the server's clock (whole ones: the Date header of a listing)."""
        with self._mendable("list", ""):
            reply = self._client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)
            return parsedate_to_datetime(reply["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()

    def tidy(self, before: float) -> None:
        """Abort multi-part uploads that dead writers left, which cost storage and are in no listing."""
        with self._mendable("tidy", ""):
            pages = self._client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
                for upload in page.get("Uploads", []):
                    if upload["Initiated"].timestamp() < before:
                        self._client.abort_multipart_upload(
                            Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )

    def _key(self, key: str) -> str:
        return self.prefix + check_key(key)

    def _put_if_none(self, key: str, data: bytes) -> bool:
        nonce, sha256 = uuid4().hex, hashlib.sha256(data)
        for last in self._tries():
            try:
                self._client.put_object(
                    Bucket=self.bucket,
                    Key=self._key(key),
                    Body=data,
                    IfNoneMatch="*",
                    ChecksumSHA256=base64.b64encode(sha256.digest()).decode(),
                    Metadata={"nonce": nonce, "sha256": sha256.hexdigest()},
                )
                return True
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status == 412:
                    there = self._metadata(key)
                    if there is not None:
                        return there.get("nonce") == nonce
                    # deleted since: the key is free again
                elif last or (status != 409 and status < 500):  # 409: another conditional write is under way
                    raise
            except HTTPClientError:  # the reply is lost: the next try finds out what became of this one
                if last:
                    raise
        raise UserError("other writers create and delete it all the time", where=f"{self.name}/{key}")

    def _metadata(self, key: str) -> dict[str, str] | None:
        """What we wrote beside an object; None: there is no object."""
        try:
            reply = self._client.head_object(Bucket=self.bucket, Key=self._key(key))
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
            self._client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)  # is there a bucket?
            return None
        metadata: dict[str, str] = reply["Metadata"]
        return metadata

    def _verify(self, key: str, metadata: dict[str, str], sha256: str) -> None:
        """Compare with the digest in the metadata; an object that other tools copied here may have none."""
        if metadata.get("sha256", sha256) != sha256:
            raise ChangedObject("its content is not what was written", where=f"{self.name}/{key}")

    def _tries(self) -> Iterator[bool]:
        """A few tries with growing pauses in between; True is the last."""
        for number in range(_TRIES):
            if number:
                time.sleep(random.uniform(0, 0.2 * 2**number))
            yield number == _TRIES - 1

    @contextmanager
    def _mendable(self, doing: str, key: str) -> Iterator[None]:
        """Turn boto's errors into one line for the user, without anything that may hold a secret."""
        place = f"{self.name}/{key}".rstrip("/")
        try:
            yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("NoSuchKey", "404"):
                raise KeyError(key) from None
            raise UserError(f"cannot {doing}: {_ADVICE.get(code, f'the server says {code}')}", where=place) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            advice = "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile or role"
            raise UserError(f"cannot {doing}: {advice}", where=place) from error
        except (HTTPClientError, NoConnection, Boto3Error) as error:  # Boto3Error: a transfer gave up
            server = urlsplit(self._client.meta.endpoint_url)
            address = f"{server.scheme}://{server.hostname}" + (f":{server.port}" if server.port else "")
            raise UserError(
                f"cannot {doing}: {address} cannot be reached; check AWS_ENDPOINT_URL and the network", where=place
            ) from error
        except BotoCoreError as error:
            raise UserError(f"cannot {doing}: {type(error).__name__}; check the AWS_ settings", where=place) from error
