"""A store in a folder: every object is a file that appears whole, once, by a hard link."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from trainers.store.files import make_folder, mendable, sha256_of, sync_folder, whole_file
from trainers.store.objects import ObjectInfo, check_key

_TEMPORARY = ".tmp"  # files being written lie here, on the same file system; names with a leading dot are no keys


class FolderObjects:
    """Objects as files below `root`, which is made by the first write.

    A write goes to a temporary file, which is synced and then hard-linked to its name: `link` refuses a name that is
    taken, so exactly one of many writers wins, and a writer that dies leaves no visible object.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)

    def create(self, key: str, data: bytes) -> bool:
        """Write a small object unless one is there."""
        return self._publish(key, lambda file: file.write(data))

    def upload(self, key: str, path: Path) -> None:
        """Write a copy of a file."""
        with path.open("rb") as source:
            if self._publish(key, lambda file: shutil.copyfileobj(source, file, 1 << 20)):
                return
        if sha256_of(self._path(key)) != sha256_of(path):
            raise FileExistsError(f"{self._path(key)} is there with other content")

    def read(self, key: str) -> bytes:
        """The bytes of an object."""
        with self._open(key) as file, mendable("read", self._path(key)):
            return file.read()

    def download(self, key: str, path: Path) -> None:
        """Copy an object to a file."""
        with (
            self._open(key) as source,
            mendable("write", path),
            whole_file(path) as temporary,
            temporary.open("xb") as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects whose key begins with `prefix`, sorted by key."""
        folder, _, _ = prefix.rpartition("/")
        with mendable("read", self.root):
            try:
                mode = self.root.stat().st_mode  # with a file on the way there this raises, unlike `exists`
            except FileNotFoundError:
                return
            if not stat.S_ISDIR(mode):
                raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        yield from self._walk(f"{check_key(folder)}/" if folder else "", prefix)

    def delete(self, key: str) -> None:
        """Remove an object, and the folders that it leaves empty."""
        path = self._path(key)
        with mendable("delete", path):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
        for folder in path.parents:
            if folder == self.root:
                break
            try:
                folder.rmdir()
            except OSError:  # not empty, or gone: somebody else's
                break

    def now(self) -> float:
        """Seconds by the file system's clock, which is a server's on a network file system."""
        path = self.root / _TEMPORARY / uuid4().hex
        with mendable("write", self.root):
            make_folder(path.parent)
            path.touch()
            try:
                return path.stat().st_mtime
            finally:
                path.unlink()

    def tidy(self, before: float) -> None:
        """Remove the temporary files that dead writers left."""
        with mendable("tidy", self.root):
            for path in (self.root / _TEMPORARY).glob("*"):
                try:
                    if path.stat().st_mtime < before:
                        path.unlink()
                except FileNotFoundError:  # its writer has finished
                    continue

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _open(self, key: str) -> BinaryIO:
        path = self._path(key)
        with mendable("read", path):
            try:
                return path.open("rb")
            except (FileNotFoundError, IsADirectoryError):
                raise KeyError(key) from None
            except NotADirectoryError:
                if self.root.is_dir():  # a part of the key is an object: there is none below it
                    raise KeyError(key) from None
                raise

    def _publish(self, key: str, write: Callable[[BinaryIO], object]) -> bool:
        target = self._path(key)
        temporary = self.root / _TEMPORARY / uuid4().hex
        with mendable("write", target):
            make_folder(temporary.parent)
            try:
                with temporary.open("xb") as file:
                    write(file)
                    file.flush()
                    os.fsync(file.fileno())
                return _link(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)

    def _walk(self, folder: str, prefix: str) -> Iterator[ObjectInfo]:
        """Depth first; a folder sorts as its name with a slash, which is the order of whole keys."""
        with mendable("read", self.root / folder):
            try:
                with os.scandir(self.root / folder) as found:
                    entries = {e.name + "/" * e.is_dir(): e for e in found if not e.name.startswith(".")}
            except (FileNotFoundError, NotADirectoryError):
                return
        for name in sorted(entries):
            key = folder + name
            if not key.startswith(prefix):
                continue
            if name.endswith("/"):
                yield from self._walk(key, prefix)
                continue
            try:
                status = entries[name].stat()
            except FileNotFoundError:  # deleted since
                continue
            yield ObjectInfo(key, status.st_size, status.st_mtime)


def _link(temporary: Path, target: Path) -> bool:
    """Give a finished file its name. False: the name is taken."""
    while True:
        try:
            make_folder(target.parent)
            os.link(temporary, target)
        except FileNotFoundError:
            if not temporary.exists():
                raise
            continue  # a delete removed the empty folder in between
        except FileExistsError:
            if target.is_dir():
                raise
            try:  # a network file system may repeat a link whose reply was lost, and then refuses its own
                ours = target.samefile(temporary)
            except FileNotFoundError:
                continue  # deleted since: the name is free again
        else:
            ours = True
        with suppress(FileNotFoundError):  # deleted since, with its folder
            sync_folder(target.parent)
        return ours
