"""Base models in a store: brought once, named by their content, and read by every machine from there.

bases/<id>/<name>         its files: safetensors, JSON, and what its tokenizer has; nothing is ever unpickled
bases/<id>/FILES.json     which they are, with size and sha256; written last, so that without it there is no model
bases/named/<…>.json      which model a name of the hub at a commit means
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

from pydantic import TypeAdapter

from tasks.errors import UserError
from trainers.identity import canonical_json, digest
from trainers.store.cache import assembled, cached
from trainers.store.collect import DAY, Removal
from trainers.store.files import sha256_of
from trainers.store.manifest import StoredFile
from trainers.store.objects import ChangedObject, ObjectInfo, Objects

FOLDER = "bases/"
FILES = "FILES.json"
NAMED = f"{FOLDER}named/"
AGAIN = "the sweep's own command brings it again"

_Files = TypeAdapter(dict[str, StoredFile])


@dataclass(frozen=True)
class Pretrained:
    """A base model: its files by name."""

    files: Mapping[str, StoredFile]

    @cached_property
    def id(self) -> str:
        """sha256 of the names, sizes and digests of its files."""
        return digest({name: file.model_dump() for name, file in self.files.items()})

    @property
    def root(self) -> str:
        """The key below which it lies, which is also what a sweep refers to it by."""
        return f"{FOLDER}{self.id}"

    def key(self, name: str) -> str:
        """The key of one of its files."""
        return f"{self.root}/{name}"

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files.values())


class BaseStore:
    """The base models of a store. Stateless, as `StageStore` is."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects

    def find(self, id: str) -> Pretrained | None:
        """The model of this id if all of it is there, going by its list and by names and sizes."""
        try:
            found = Pretrained(_Files.validate_json(self.objects.read(f"{FOLDER}{id}/{FILES}")))
        except (KeyError, ValueError, ChangedObject):  # not there, or its list is not what was written
            return None
        return found if found.id == id and not self.missing(found) else None

    def missing(self, base: Pretrained) -> list[str]:
        """Names of a model's files that the store lacks or has in another size, and of its list."""
        there = {info.key: info.size for info in self.objects.list(f"{base.root}/")}
        names = [name for name, file in base.files.items() if there.get(base.key(name)) != file.size]
        return names if base.key(FILES) in there else [*names, FILES]

    def bring(self, base: Pretrained, folder: Path) -> None:
        """Store what is missing of a model, which lies in a folder.

        Raises:
            UserError: a file in the folder is not what it was when the model was looked at.
        """
        for name in self.missing(base):
            if name != FILES:
                self._upload(base, name, folder / name)
        content = canonical_json({name: file.model_dump() for name, file in base.files.items()})
        if not self.objects.create(base.key(FILES), content) and self.find(base.id) is None:
            self.objects.delete(base.key(FILES))  # it is damaged
            self.objects.create(base.key(FILES), content)

    def _upload(self, base: Pretrained, name: str, path: Path) -> None:
        if not path.is_file() or sha256_of(path) != base.files[name].sha256:
            raise UserError("the base model has changed since it was looked at; start again", where=str(path))
        try:
            self.objects.upload(base.key(name), path)
        except FileExistsError:  # of another size: what was there is damaged
            self.objects.delete(base.key(name))
            self.objects.upload(base.key(name), path)

    def name(self, named: str, base: Pretrained) -> None:
        """Remember what a name means for ever, such as that of a model of the hub at a commit."""
        self.objects.create(_name_key(named), canonical_json({"name": named, "base": base.id}))

    def named(self, name: str) -> Pretrained | None:
        """The model that a name means, if all of it is there."""
        try:
            note = json.loads(self.objects.read(_name_key(name)))
            return self.find(str(note["base"])) if note["name"] == name else None
        except (KeyError, ValueError, TypeError, ChangedObject):
            return None

    def folder(self, base: Pretrained, cache: Path) -> Path:
        """A local folder with a model's files, verified and linked from the cache.

        Raises:
            UserError: a file is missing, or is not what was stored; it then counts no longer.
        """
        return assembled(cache, f"bases/{base.id}", base.files, lambda name: self.fetch(base, name, cache / "files"))

    def fetch(self, base: Pretrained, name: str, cache: Path) -> Path:
        """A local, read-only copy of one of its files, verified; raises as `folder` does."""
        key = base.key(name)
        try:
            return cached(cache, name, base.files[name], lambda path: self.objects.download(key, path))
        except KeyError:
            raise UserError(f"a file of the base model is missing; {AGAIN}", where=key) from None
        except ChangedObject:
            lost = UserError(f"a file of the base model has changed; {AGAIN}", where=key)
            try:
                self.objects.delete(base.key(FILES))
                self.objects.delete(key)
            except UserError as error:  # a store that may only be read
                raise lost from error
            raise lost from None

    def listing(self) -> Iterator[tuple[str, list[ObjectInfo]]]:
        """All objects by model, as the id says; also of models that are there in part."""
        keys = (info for info in self.objects.list(FOLDER) if not info.key.startswith(NAMED))
        for id, found in groupby(keys, lambda info: info.key.split("/")[1]):
            yield id, list(found)

    def collect(self, live: Set[str], *, grace: float = DAY, dry_run: bool = False) -> list[Removal]:
        """Remove models that nobody refers to.

        Args:
            live: what sweeps refer to (`Pretrained.root`).
            grace: seconds since the last write of a model during which it is not touched.
            dry_run: only say what would go.

        Returns:
            What went or would go; lists first, so that a model that is deleted in part does not look whole.
        """
        before = self.objects.now() - grace
        gone: list[ObjectInfo] = []
        kept: set[str] = set()
        for id, found in self.listing():
            if f"{FOLDER}{id}" in live or any(info.modified >= before for info in found):
                kept.add(id)
            else:
                gone += sorted(found, key=lambda info: not info.key.endswith(f"/{FILES}"))
        gone += [info for info in self.objects.list(NAMED) if info.modified < before and not self._means(info, kept)]
        if not dry_run:
            for info in gone:
                self.objects.delete(info.key)
        return [Removal(info.key, info.size, "no sweep refers to the base model") for info in gone]

    def _means(self, info: ObjectInfo, kept: Set[str]) -> bool:
        try:
            return json.loads(self.objects.read(info.key))["base"] in kept
        except (KeyError, ValueError, TypeError, ChangedObject):
            return False


def _name_key(name: str) -> str:
    return f"{NAMED}{digest(name)[:32]}.json"
