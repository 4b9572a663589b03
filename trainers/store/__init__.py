"""Where stages and results live: a folder, or a prefix in an S3 bucket."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from tasks.errors import UserError
from trainers.store.folder import FolderObjects
from trainers.store.objects import Objects


def open_objects(location: str, *, reached: bool = False) -> Objects:
    """The store at a folder's path or at `s3://bucket/prefix`; nothing is read or written yet.

    A bucket that fails is tried again: for 15 s if it has never answered, else for five minutes, or for as many seconds
    as `CROSSLIFT_STORE_WAIT` says.

    Args:
        location: where the store is.
        reached: whether another process of the same work has reached it, so that it is waited for from the start.

    Raises:
        UserError: the location is of neither form, or the variable holds no number of seconds.
    """
    if "://" not in location:
        if not location.strip():
            raise UserError("a store is a folder or s3://bucket/prefix, not an empty name", where="store")
        return FolderObjects(Path(location).expanduser().absolute())
    parts = urlsplit(location)
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
        raise UserError(
            "a store is a folder or s3://bucket/prefix (the server's address goes into AWS_ENDPOINT_URL)", where="store"
        )
    from trainers.store.retries import Retries, deadline
    from trainers.store.s3 import S3Objects, connect  # boto3 takes a second to import: only where it is used
    from trainers.store.s3_faults import passing

    retries = Retries(location, passing, deadline(), reached=reached)
    return S3Objects(parts.netloc, parts.path.strip("/"), connect(), retries)
