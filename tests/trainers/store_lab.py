"""What tests of the stage store work with: a store with a folder, and a store that dies at an exact call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.trainers.stores import Open
from trainers.store.manifest import Commit, Progress, StoredFile
from trainers.store.objects import ObjectInfo, Objects
from trainers.store.stages import StageStore

STAGE = "5" * 64
OTHER = "7" * 64
CONTENT = {"model.safetensors": b"weights" * 100, "config.json": b"{}", "cell.json": b'{"score": 50.0}'}


class Lab:
    """A store and a folder to write files in."""

    def __init__(self, open_store: Open, folder: Path) -> None:
        self.open, self.folder = open_store, folder
        self.objects = open_store()
        self.store = StageStore(self.objects)

    def file(self, content: bytes) -> Path:
        path = self.folder / "file-to-store"
        path.write_bytes(content)
        return path

    def put(self, attempt: str, content: dict[str, bytes], stage: str = STAGE) -> dict[str, StoredFile]:
        return {name: self.store.put(stage, attempt, name, self.file(data)) for name, data in content.items()}

    def make(self, content: dict[str, bytes] = CONTENT, stage: str = STAGE) -> Commit:
        """A whole attempt: begin, put, commit."""
        attempt = self.store.begin(stage)
        return self.commit(attempt, self.put(attempt, content, stage), stage)

    def commit(self, attempt: str, files: dict[str, StoredFile], stage: str = STAGE) -> Commit:
        return self.store.commit(stage, attempt, files, {"encoder": "1" * 64}, {"kind": "target"}, {"tokens": 12})

    def save(self, attempt: str, step: int, content: bytes = b"state", stage: str = STAGE) -> Progress:
        return self.store.save_progress(stage, attempt, step, {"state.safetensors": self.file(content)}, {"step": step})

    def listed(self, prefix: str = "") -> list[str]:
        return [info.key for info in self.objects.list(prefix)]

    def overwrite(self, key: str, content: bytes) -> None:
        """What a broken disk or a careless hand does."""
        self.objects.delete(key)
        self.objects.create(key, content)

    def content(self, commit: Commit) -> dict[str, bytes]:
        return {name: self.store.fetch(commit, name, self.folder / "cache").read_bytes() for name in commit.kept}


class Dies(Exception):
    """The process is gone."""


class Mortal:
    """A store whose process dies at its n-th write or delete, before or after that is done."""

    def __init__(self, objects: Objects, at: int, done: bool) -> None:
        self._objects, self._left, self._done = objects, at, done
        self.name = objects.name

    def _change(self, act: Callable[..., Any], *arguments: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Dies
        if self._left == 0 and not self._done:
            raise Dies
        result = act(*arguments)
        if self._left == 0:
            raise Dies
        return result

    def create(self, key: str, data: bytes) -> bool:
        won: bool = self._change(self._objects.create, key, data)
        return won

    def upload(self, key: str, path: Path) -> None:
        self._change(self._objects.upload, key, path)

    def delete(self, key: str) -> None:
        self._change(self._objects.delete, key)

    def read(self, key: str) -> bytes:
        return self._objects.read(key)

    def download(self, key: str, path: Path) -> None:
        self._objects.download(key, path)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._objects.list(prefix)

    def now(self) -> float:
        return self._objects.now()

    def tidy(self, before: float) -> None:
        self._objects.tidy(before)


def deaths(lab: Lab, act: Callable[[StageStore], object]) -> Iterator[int]:
    """Run something again and again, dying one write later each time, until it lives through."""
    for at in range(1, 60):
        for done in (False, True):
            try:
                act(StageStore(Mortal(lab.objects, at, done)))
            except Dies:
                yield at
            else:
                return
    raise AssertionError("it never ends")
