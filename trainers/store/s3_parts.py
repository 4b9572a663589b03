"""Files to and from a bucket: small ones in one request, larger ones in parts, a few at a time."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from trainers.store.retries import Passing, Retries
from trainers.store.s3_faults import code_of

T = TypeVar("T")

PART = 16 << 20  # bytes; larger files travel in parts of this size
_AT_ONCE = 4  # parts of a file


class Parts:
    """Moves whole files; each part is tried again by itself.

    Args:
        client: a boto3 S3 client.
        bucket: the bucket's name.
        retries: how requests are tried again.
        size: bytes of a part; servers take 5 MiB at least.
    """

    def __init__(self, client: Any, bucket: str, retries: Retries, size: int = PART) -> None:
        self._client, self._bucket, self._retries, self._size = client, bucket, retries, size

    def put(self, key: str, path: Path, sha256: str) -> None:
        """Write a file under a key, with its sha256 in the metadata.

        Raises:
            Passing: the upload in parts is gone: it was completed, and the reply was lost, or others have tidied it.
        """
        size, metadata = path.stat().st_size, {"sha256": sha256}
        if size <= self._size:
            checksum = base64_of(bytes.fromhex(sha256))
            self._ask("put_object", Key=key, Body=path.read_bytes(), ChecksumSHA256=checksum, Metadata=metadata)
            return
        begun = self._ask("create_multipart_upload", Key=key, ChecksumAlgorithm="SHA256", Metadata=metadata)
        upload = {"Bucket": self._bucket, "Key": key, "UploadId": begun["UploadId"]}

        def put(number: int) -> dict[str, Any]:
            with path.open("rb") as file:
                file.seek(number * self._size)
                data = file.read(self._size)
            part = {"PartNumber": number + 1, "ChecksumSHA256": base64_of(hashlib.sha256(data).digest())}
            reply = self._client.upload_part(Body=data, **upload, **part)
            return {**part, "ETag": reply["ETag"]}

        try:
            parts = self._at_once(put, size)
            self._ask("complete_multipart_upload", **upload, MultipartUpload={"Parts": parts})
        except ClientError as error:
            if code_of(error) == "NoSuchUpload":
                raise Passing("its upload is gone") from error
            raise

    def get(self, key: str, path: Path, size: int) -> None:
        """Copy the `size` bytes of an object into a new file."""
        path.touch(exist_ok=False)

        def get(number: int) -> None:
            begin, end = number * self._size, min((number + 1) * self._size, size)
            asked = {"Range": f"bytes={begin}-{end - 1}"} if size > self._size else {}
            data = self._client.get_object(Bucket=self._bucket, Key=key, **asked)["Body"].read()
            if len(data) != end - begin:
                raise Passing("the server gives another part than was asked for")
            with path.open("r+b") as file:
                file.seek(begin)
                file.write(data)

        self._at_once(get, size)

    def _ask(self, operation: str, **arguments: Any) -> Any:
        arguments["Bucket"] = self._bucket
        return self._retries.call(partial(getattr(self._client, operation), **arguments))

    def _at_once(self, act: Callable[[int], T], size: int) -> list[T]:
        """What an act gives for each part of a file; when one fails the others are tried no more."""
        ended = Event()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            numbers = range(max(-(-size // self._size), 1))
            parts = [pool.submit(self._retries.call, partial(act, number), ended) for number in numbers]
            try:
                for part in as_completed(parts):
                    part.result()
            except BaseException:  # an interruption as well, which must not wait for the deadline
                ended.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            return [part.result() for part in parts]


def base64_of(digest: bytes) -> str:
    """A digest as S3's headers have it."""
    return base64.b64encode(digest).decode()
