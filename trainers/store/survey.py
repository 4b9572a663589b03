"""What lies in a store under one stage, read from one listing: its numbered keys, its attempts, and what counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal, TypeVar

from trainers.store.manifest import Commit, Damaged, Manifest, Progress, Tombstone
from trainers.store.objects import ChangedObject, ObjectInfo, Objects

Numbered = Literal["BEGIN", "COMMIT", "EVICTED", "DAMAGED"]
M = TypeVar("M", bound=Manifest)

PROGRESS = "PROGRESS.json"
"""The manifest of a save, beside its files."""
ALIVE = "alive"
"""The folder of an attempt's signs of life."""
RELEASED = "RELEASED"
"""What an attempt writes that stops without a COMMIT."""

_NUMBERED = re.compile(r"(BEGIN|COMMIT|EVICTED|DAMAGED)\.(0|[1-9][0-9]*)\.json")
_PROGRESS = re.compile(r"(?P<attempt>[^/]+)/progress/(?P<step>[0-9]{9})-[^/]+/PROGRESS\.json")


@dataclass
class Survey:
    """One stage's objects, and the commit and the progress that count.

    `damage` gathers a line for every manifest that was passed over because it or its files cannot be believed.
    """

    objects: Objects
    stage: str
    found: dict[str, ObjectInfo]  # by key below the stage's folder
    damage: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, objects: Objects, stage: str, below: str = "") -> Survey:
        """List one stage, or what of it begins with `below`."""
        return next(_by_stage(objects, objects.list(f"stages/{stage}/{below}")), cls(objects, stage, {}))

    @classmethod
    def all(cls, objects: Objects, prefix: str = "") -> Iterator[Survey]:
        """List all stages at once whose ids begin so, sorted by id."""
        return _by_stage(objects, objects.list(f"stages/{prefix}"))

    def numbers(self, *kinds: Numbered) -> list[int]:
        """The numbers taken by keys of some kinds, in order."""
        matches = (_NUMBERED.fullmatch(key) for key in self.found)
        return sorted(int(match[2]) for match in matches if match and match[1] in kinds)

    def free(self, *kinds: Numbered) -> int:
        """The first number above all that are taken."""
        return max(self.numbers(*kinds), default=-1) + 1

    def newest(self) -> str | None:
        """The attempt that began last."""
        return max((key.split("/")[0] for key in self.found if "/" in key), default=None)

    def has_commit(self) -> bool:
        """Whether there is a COMMIT that nobody has found damaged, going by the names alone."""
        return bool(set(self.numbers("COMMIT")) - set(self.numbers("DAMAGED")))

    def passed_over(self) -> list[int]:
        """Numbers of the COMMITs above the one that counts which cannot be believed, and which no name says so of."""
        commit = self.commit()
        above = (number for number in self.numbers("COMMIT") if commit is None or number > commit.number)
        known = self.numbers("DAMAGED")
        return [number for number in above if number not in known]

    def commit(self) -> Commit | None:
        """The valid commit with the highest number."""
        for number in reversed(self.numbers("COMMIT")):
            key = f"COMMIT.{number}.json"
            if f"DAMAGED.{number}.json" in self.found:
                self.damage.append(f"{key}: a read found its files changed")
                continue
            commit = self._manifest(Commit, key)
            if commit is None:
                continue
            if f"EVICTED.{number}.json" in self.found:
                tombstone = self._manifest(Tombstone, f"EVICTED.{number}.json")
                if tombstone is None:
                    continue
                commit = commit.model_copy(update={"evicted": frozenset(tombstone.files)})
            if self._has_files(commit, key):
                return commit
        return None

    def progress(self) -> Progress | None:
        """The complete progress with the highest step, of whichever attempt; of equal steps the newest attempt's."""
        saves = [match for match in map(_PROGRESS.fullmatch, self.found) if match]
        for match in sorted(saves, key=lambda match: (match["step"], match["attempt"]), reverse=True):
            progress = self._manifest(Progress, match[0])
            if progress is not None and self._has_files(progress, match[0]):
                return progress
        return None

    def under(self, attempt: str) -> list[ObjectInfo]:
        """All objects of an attempt."""
        return [info for key, info in self.found.items() if key.startswith(f"{attempt}/")]

    def saves(self, attempt: str | None = None) -> list[ObjectInfo]:
        """All objects of saved progress, of one attempt or of all."""
        return [
            info
            for key, info in self.found.items()
            if (parts := key.split("/"))[1:2] == ["progress"] and attempt in (None, parts[0])
        ]

    def signs(self) -> list[ObjectInfo]:
        """What all attempts have written for their leases alone."""
        return [info for key, info in self.found.items() if key.split("/")[1:2] in ([ALIVE], [RELEASED])]

    def logs(self) -> list[ObjectInfo]:
        """The parts of all attempts' logs, in order."""
        return [info for key, info in sorted(self.found.items()) if key.split("/")[1:2] == ["log"]]

    def _manifest(self, form: type[M], key: str) -> M | None:
        try:
            manifest = form.unseal(self.objects.read(f"stages/{self.stage}/{key}"))
        except KeyError:  # deleted since the listing
            return None
        except (Damaged, ChangedObject) as error:
            self.damage.append(f"{key}: {error}")
            return None
        if manifest.stage != self.stage:
            self.damage.append(f"{key}: it belongs to stage {manifest.stage}")
            return None
        return manifest

    def _has_files(self, manifest: Manifest, key: str) -> bool:
        lost = self.lost(manifest)
        if lost:
            self.damage.append(f"{key}: missing, or of another size: {', '.join(lost)}")
        return not lost

    def lost(self, manifest: Manifest) -> list[str]:
        """Names of the manifest's files that are not there with their size."""
        sizes = {info.key: info.size for info in self.under(manifest.attempt)}
        return [name for name, file in manifest.kept.items() if sizes.get(manifest.key(name)) != file.size]


def deletion_order(infos: Iterable[ObjectInfo]) -> list[ObjectInfo]:
    """Objects in the order in which they may be deleted: manifests first, since what an interruption leaves must not
    look complete, and of a stage's COMMITs the one that counts last, since an older one must not come back to count.
    """

    def rank(info: ObjectInfo) -> tuple[int, int, str]:
        name = info.key.rpartition("/")[2]
        match = _NUMBERED.fullmatch(name)
        if match and match[1] == "COMMIT":
            return 0, int(match[2]), info.key
        return 1 if name == PROGRESS else 2, 0, info.key

    return sorted(infos, key=rank)


def _by_stage(objects: Objects, infos: Iterable[ObjectInfo]) -> Iterator[Survey]:
    """Cut a listing of `stages/<id>/…` into stages."""
    for stage, group in groupby(infos, key=lambda info: info.key.split("/")[1]):
        cut = len(f"stages/{stage}/")
        yield Survey(objects, stage, {info.key[cut:]: info for info in group})
