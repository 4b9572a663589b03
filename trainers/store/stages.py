"""The stages of a store: attempts that are never rewritten, and a COMMIT, created once, that makes one of them count.

stages/<id>/BEGIN.<n>.json            an attempt has begun, and who makes it; n orders the attempts of a stage
stages/<id>/<attempt>/<name>          its files
stages/<id>/<attempt>/progress/<step>-<nonce>/…   its progress, with a manifest that is written last
stages/<id>/<attempt>/log/<part>.txt  its log, part by part
stages/<id>/<attempt>/alive/<k>       a sign of life; RELEASED: it has stopped (see `leases`)
stages/<id>/COMMIT.<n>.json           n counts repairs; the highest valid n counts
stages/<id>/EVICTED.<n>.json          tombstone of the weights of COMMIT n
stages/<id>/DAMAGED.<n>.json          a verifying read found a file of COMMIT n changed: it no longer counts
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, overload
from uuid import uuid4

from tasks.errors import UserError
from trainers.identity import Spec, canonical_json
from trainers.store.cache import cached
from trainers.store.files import sha256_of
from trainers.store.leases import TERM, Begin, Held, Holder, lease
from trainers.store.manifest import Commit, Progress, StoredFile, Tombstone, plain
from trainers.store.objects import ChangedObject, ObjectInfo, Objects
from trainers.store.survey import ALIVE, PROGRESS, RELEASED, Survey, deletion_order

__all__ = ["WEIGHTS", "Commit", "LostFile", "Progress", "StageStore", "StoredFile"]

log = logging.getLogger(__name__)

WEIGHTS = ".safetensors"
"""What the names of weight files end with: eviction takes these and leaves all others."""


class LostFile(UserError):
    """A stage's file is evicted, missing or changed.

    `StageStore.committed` knows it from then on, so that whoever asks again makes the stage anew.
    """


class StageStore:
    """Stages on any store. Stateless: any number of processes may use the same store at once.

    All of them have the same `term`: seconds without a sign of life after which an attempt holds its stage no more.
    """

    def __init__(self, objects: Objects, term: float = TERM) -> None:
        self.objects = objects
        self.term = term

    def committed(self, stage: str) -> Commit | None:
        """The commit that counts, or None. Where `evicted` is not empty its weights must be made again to be used.

        A commit whose manifest is damaged, or whose files are missing or have another size, is passed over and logged.
        """
        survey = Survey.of(self.objects, stage)
        commit = survey.commit()
        _report(survey)
        return commit

    def look(self, stage: str, holder: Holder) -> tuple[Commit | None, Held | None]:
        """The commit that counts, and where it is not whole who else is making it at the moment."""
        _, commit, other = self._found(stage, holder)
        return commit, other

    def commits(self) -> Iterator[Commit]:
        """The commits that count of all stages, sorted by stage id, from one listing."""
        for survey in Survey.all(self.objects):
            commit = survey.commit()
            _report(survey)
            if commit is not None:
                yield commit

    def unmade(self, stages: Set[str]) -> set[str]:
        """Those of some stages that have no commit, or one that was found damaged, from one listing of names."""
        made = {survey.stage for survey in Survey.all(self.objects) if survey.has_commit()} if stages else set()
        return set(stages) - made

    def condemn(self, stage: str, number: int, names: Iterable[str] = ()) -> None:
        """Make COMMIT `number` count no longer: it, or some of its files, are damaged or missing."""
        self.objects.create(f"stages/{stage}/DAMAGED.{number}.json", canonical_json({"files": sorted(names)}))

    @overload
    def begin(self, stage: str) -> str: ...

    @overload
    def begin(self, stage: str, holder: Holder) -> str | None: ...

    def begin(self, stage: str, holder: Holder | None = None) -> str | None:
        """Begin an attempt: its name, unique, and greater than those of all attempts of the stage that began before.

        The newest attempt fences the others. An older one may still commit: COMMIT is created once.

        Args:
            stage: the stage's id.
            holder: who makes it, and holds it from now on; None: nobody does, and whatever is there does not matter.

        Returns:
            The attempt. None: a `look` tells what of it is made, or who else holds it.
        """
        nonce = uuid4().hex[:12]
        while True:
            if holder is None:
                survey = Survey.of(self.objects, stage)
            else:
                survey, there, other = self._found(stage, holder)
                if other is not None or (there is not None and not there.evicted):
                    return None
            number, commit = survey.free("BEGIN"), survey.free("COMMIT", "EVICTED", "DAMAGED")
            begin = Begin(attempt=f"{number:06d}-{nonce}", holder=holder, commit=commit)
            if self.objects.create(f"stages/{stage}/BEGIN.{number}.json", begin.seal()):
                return begin.attempt

    def put(self, stage: str, attempt: str, name: str, path: Path) -> StoredFile:
        """Store a file of an attempt under a name (which may have slashes); what it is goes into `commit`."""
        if name == RELEASED or name.startswith(("progress/", "log/", f"{ALIVE}/")):
            raise ValueError(f"{name!r} would lie among the attempt's progress, log or signs of life")
        return self._upload(f"stages/{stage}/{attempt}/{name}", path)

    def commit(
        self,
        stage: str,
        attempt: str,
        files: Mapping[str, StoredFile],
        inputs: Mapping[str, str],
        spec: Spec | Mapping[str, Any],
        facts: Mapping[str, Any],
    ) -> Commit:
        """Make an attempt the stage's result, and drop the stage's progress and signs of life.

        Args:
            stage: the stage's id.
            attempt: what `begin` gave.
            files: all files of the result, as `put` gave them.
            inputs: what the stage read → its sha256.
            spec: the stage's spec.
            facts: JSON-able facts about the making: tokens, seconds, versions, realised mixture, …

        Returns:
            The winning commit: if another writer's is valid already it stays, and this attempt's files are removed.
        """
        draft = Commit(
            stage=stage,
            attempt=attempt,
            number=0,
            files=dict(files),
            inputs=dict(inputs),
            spec=plain({"spec": spec})["spec"],
            facts=plain(facts),
        )
        while True:
            survey = Survey.of(self.objects, stage)
            winner = survey.commit()
            if winner is not None and not winner.evicted:
                break
            if lost := survey.lost(draft):
                raise LostFile(f"put before the commit, but not there: {', '.join(lost)}", where=draft.folder)
            ours = draft.model_copy(update={"number": survey.free("COMMIT", "EVICTED", "DAMAGED")})
            if self.objects.create(f"stages/{stage}/COMMIT.{ours.number}.json", ours.seal()):
                winner = ours
                break
        if winner.attempt != attempt:
            self._delete(survey.under(attempt))
        self._delete(survey.saves() + survey.signs())
        return winner

    def fetch(self, source: Commit | Progress, name: str, cache_dir: Path) -> Path:
        """A local, read-only copy of a stored file, verified by its sha256.

        Raises:
            LostFile: it is evicted, missing or changed.
        """
        if name not in source.files:
            raise KeyError(f"{name!r} is no file of stage {source.stage}")
        if name not in source.kept:
            raise LostFile("it was evicted; a sweep that needs it makes it again", where=source.key(name))
        try:
            return cached(
                cache_dir, name, source.files[name], lambda path: self.objects.download(source.key(name), path)
            )
        except KeyError:
            raise LostFile("it is missing; a sweep that needs it makes it again", where=source.key(name)) from None
        except ChangedObject:
            lost = LostFile("its content has changed; a sweep that needs it makes it again", where=source.key(name))
            try:
                self._condemn(source, name)
            except UserError as error:  # a store that may only be read
                raise lost from error
            raise lost from None

    def read(self, source: Commit | Progress, name: str) -> bytes:
        """A small file's bytes, verified; raises as `fetch` does."""
        with TemporaryDirectory() as folder:
            return self.fetch(source, name, Path(folder)).read_bytes()

    def evict(self, stage: str) -> Commit | None:
        """Remove the weights of the commit that counts, under a tombstone; all other files stay.

        Returns:
            The commit as it is now; None if the stage has none.
        """
        commit = self.committed(stage)
        if commit is None:
            return None
        weights = {name: file for name, file in commit.files.items() if name.endswith(WEIGHTS)}
        if not weights:
            return commit
        if not commit.evicted:
            tombstone = Tombstone(stage=stage, attempt=commit.attempt, files=weights, facts={})
            self.objects.create(f"stages/{stage}/EVICTED.{commit.number}.json", tombstone.seal())
        for name in weights:  # also what a process that died after its tombstone has left
            self.objects.delete(commit.key(name))
        return commit.model_copy(update={"evicted": frozenset(weights)})

    def save_progress(
        self, stage: str, attempt: str, step: int, files: Mapping[str, Path], facts: Mapping[str, Any]
    ) -> Progress:
        """Save the state at a step; once it is complete, the attempt's earlier saves are dropped."""
        draft = Progress(stage=stage, attempt=attempt, step=step, nonce=uuid4().hex[:12], files={}, facts=plain(facts))
        stored = {name: self._upload(draft.key(name), path) for name, path in files.items()}
        progress = draft.model_copy(update={"files": stored})
        self.objects.create(progress.key(PROGRESS), progress.seal())
        survey = Survey.of(self.objects, stage)
        self._delete([info for info in survey.saves(attempt) if not info.key.startswith(progress.folder)])
        return progress

    def latest_progress(self, stage: str) -> Progress | None:
        """The complete save with the highest step, of whichever attempt."""
        survey = Survey.of(self.objects, stage)
        progress = survey.progress()
        _report(survey)
        return progress

    def keep_log(self, stage: str, attempt: str, part: str, text: str) -> None:
        """Store a part of an attempt's log; parts are in the order of their names."""
        self.objects.create(f"stages/{stage}/{attempt}/log/{part}.txt", text.encode())

    def logs(self, stage: str) -> dict[str, str]:
        """What there is of the logs of a stage's attempts, in the order in which these began."""
        texts: dict[str, str] = {}
        for info in Survey.of(self.objects, stage).logs():
            attempt = info.key.split("/")[2]
            texts[attempt] = texts.get(attempt, "") + self.objects.read(info.key).decode()
        return texts

    def _found(self, stage: str, holder: Holder) -> tuple[Survey, Commit | None, Held | None]:
        """What there is of a stage, the commit that counts, and whose lease the holder has to respect."""
        now: float | None = None
        while True:
            survey = Survey.of(self.objects, stage)
            commit = survey.commit()
            other = lease(survey) if commit is None or commit.evicted else None
            _report(survey)
            if other is None or holder.succeeds(other.holder):
                return survey, commit, None
            if now is not None:
                return survey, commit, other if now - other.seen <= self.term else None
            now = self.objects.now()  # before the look that counts: whatever is written meanwhile is seen by it

    def _upload(self, key: str, path: Path) -> StoredFile:
        self.objects.upload(key, path)
        return StoredFile(sha256=sha256_of(path), size=path.stat().st_size)

    def _condemn(self, source: Commit | Progress, name: str) -> None:
        """Make a changed file's manifest count no longer."""
        log.warning("%s: its content has changed", source.key(name))
        if isinstance(source, Commit):
            self.condemn(source.stage, source.number, [name])
        else:
            self.objects.delete(source.key(PROGRESS))

    def _delete(self, infos: Iterable[ObjectInfo]) -> None:
        for info in deletion_order(infos):
            self.objects.delete(info.key)


def _report(survey: Survey) -> None:
    for line in survey.damage:
        log.warning("stage %s: passed over %s", survey.stage, line)
