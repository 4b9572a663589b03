"""Data below an `s3://` prefix: copied once into this machine's cache, and from there on a folder like any other.

The cache holds contents by their sha256, and for each state of a prefix a folder of links to them. Files from the hub
are found by the digests of the prefix's `data.lock`, others by what the bucket says of them: name, size and time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks import lock
from tasks.errors import UserError
from tasks.homes import Prefix
from trainers.located import mirrored
from trainers.store import open_objects
from trainers.store.files import mendable, sha256_of, whole_file
from trainers.store.objects import ObjectInfo, Objects, check_key
from tune_jobs.places import cache_folder

SCHEME = "s3://"


def remote(place: Path | str) -> str | None:
    """The `s3://` prefix that a user names; None for a folder. A path has made one slash of two."""
    text = str(place)
    return SCHEME + text.removeprefix("s3:").strip("/") if text.startswith("s3:/") else None


def mirror(location: str, wanted: Callable[[str], bool]) -> Prefix:
    """Copy the files below a prefix, as they are now, to `trainers.located.mirrored`.

    Args:
        location: `s3://bucket/prefix`.
        wanted: which keys below the prefix to copy; its `data.lock` is copied, too.

    Raises:
        UserError: the prefix holds nothing of the kind, cannot be read, or has a file from the hub that its lock does
            not mean.
    """
    objects = open_objects(location)
    found = [info for info in objects.list("") if _is_key(info.key) and (info.key == lock.NAME or wanted(info.key))]
    if not found:
        raise UserError("no data of a declared task is there", where=location)
    state = hashlib.sha256(json.dumps([location, *([i.key, i.size, i.modified] for i in found)]).encode()).hexdigest()
    prefix = Prefix(location, state)
    folder = mirrored(prefix, cache_folder())
    if not folder.is_dir():
        with mendable("copy data", folder), TemporaryDirectory(dir=_cache("folders")) as building:
            _build(objects, location, found, Path(building) / "data")
            try:
                (Path(building) / "data").rename(folder)
            except OSError:  # another process was as quick, with the same files
                if not folder.is_dir():
                    raise
    return prefix


def workshop(location: str) -> Path:
    """A folder in the cache where data for a prefix is made ready: it begins with the lock that is there."""
    folder = _cache("workshops") / hashlib.sha256(location.encode()).hexdigest()
    folder.mkdir(exist_ok=True)
    try:
        open_objects(location).download(lock.NAME, folder / lock.NAME)
    except KeyError:
        (folder / lock.NAME).unlink(missing_ok=True)
    return folder


def publish(folder: Path, names: Iterable[str], location: str) -> None:
    """Write files of a data folder below a prefix, in place of what is there; the last one is its lock."""
    objects = open_objects(location)
    for name in (*names, lock.NAME):
        try:
            objects.upload(name, folder / name)
        except FileExistsError:
            objects.delete(name)
            objects.upload(name, folder / name)


def _build(objects: Objects, location: str, found: Iterable[ObjectInfo], folder: Path) -> None:
    """Fill a folder; the lock comes first, since it says what other files are."""
    locked: dict[str, lock.Locked] = {}
    for info in sorted(found, key=lambda info: info.key != lock.NAME):
        meant = locked[info.key].sha256 if info.key in locked else None
        content = _content(objects, location, info, meant)
        if meant is not None and content.name != meant:
            raise UserError(f"not what was fetched from the hub; {lock.MEND} again", where=f"{location}/{info.key}")
        (folder / info.key).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(content, folder / info.key)
        except OSError:  # a cache on a file system without hard links
            shutil.copyfile(content, folder / info.key)
        if info.key == lock.NAME:
            locked = lock.read(folder)


def _content(objects: Objects, location: str, info: ObjectInfo, meant: str | None) -> Path:
    """The content of an object in the cache; copied if no earlier copy is known to be the same."""
    contents = _cache("contents")
    note = (
        _cache("seen") / hashlib.sha256(json.dumps([location, info.key, info.size, info.modified]).encode()).hexdigest()
    )
    known = meant or (note.read_text() if note.is_file() else "")
    if known and (contents / known).is_file():
        return contents / known
    with TemporaryDirectory(dir=contents) as arriving:
        copy = Path(arriving) / "copy"
        try:
            objects.download(info.key, copy)
        except KeyError as error:
            raise UserError("gone while data was copied; try again", where=f"{location}/{info.key}") from error
        content = contents / sha256_of(copy)
        copy.replace(content)
    with whole_file(note) as part:
        part.write_text(content.name)
    return content


def _cache(name: str) -> Path:
    folder = cache_folder() / "data" / name
    with mendable("write", folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _is_key(key: str) -> bool:
    """Whether a key can be a file in a folder: no key that leads out of it, none of other tools' hidden ones."""
    try:
        return check_key(key) == key
    except ValueError:
        return False
