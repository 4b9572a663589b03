"""What a store holds, whether it is whole, and what nobody needs any more."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.errors import UserError
from trainers.store.collect import DAY, Removal, collect
from trainers.store.stages import WEIGHTS, LostFile, StageStore
from trainers.store.survey import Survey
from tune_jobs.sweeps.event_log import replay, sweeps
from tune_jobs.sweeps.history import History
from tune_jobs.sweeps.roots import referred

SHARED = ("tokenizer", "pretrain", "intermediate")  # stage kinds that recipes have in common


@dataclass(frozen=True)
class Holding:
    """The stages of a kind: how many are made, their bytes in weights and in all else. `kind`: None if not made yet."""

    kind: str | None
    stages: int
    weights: int
    rest: int


def holdings(store: StageStore) -> list[Holding]:
    """What a store holds, by stage kind; bytes of stages that are begun and not made count too."""
    sums: dict[str | None, list[int]] = defaultdict(lambda: [0, 0, 0])
    for survey in Survey.all(store.objects):
        commit = survey.commit()
        weights = sum(info.size for key, info in survey.found.items() if key.endswith(WEIGHTS))
        everything = sum(info.size for info in survey.found.values())
        row = sums[str(commit.spec["kind"]) if commit is not None else None]
        for place, count in enumerate((1, weights, everything - weights)):
            row[place] += count
    return [Holding(kind, *row) for kind, row in sorted(sums.items(), key=lambda item: -sum(item[1][1:]))]


@dataclass(frozen=True)
class Verified:
    """A stage whose files were read: how many and how many bytes, and a line for each fault ("": it has none)."""

    stage: str
    files: int
    size: int
    faults: tuple[str, ...]


def verify(store: StageStore, told: Callable[[Verified], None] = lambda verified: None) -> list[Verified]:
    """Read every file of every stage's commit and compare it with its digest.

    What is found changed counts no longer: a sweep that needs it makes it again, under a new COMMIT.

    Args:
        store: the store.
        told: is called after each stage.
    """
    found = []
    for survey in Survey.all(store.objects):
        verified = _verify(store, survey)
        told(verified)
        found.append(verified)
    return found


def _verify(store: StageStore, survey: Survey) -> Verified:
    commit = survey.commit()
    faults = list(survey.damage)
    for number in survey.numbers("COMMIT"):
        if commit is None or number > commit.number:  # it was passed over: from now on its name says so
            store.condemn(survey.stage, number)
    if commit is None:
        return Verified(survey.stage, 0, 0, tuple(faults))
    with TemporaryDirectory() as scratch:
        for name in commit.kept:
            try:
                path = store.fetch(commit, name, Path(scratch))
            except LostFile as error:
                faults.append(str(error))
            else:
                path.unlink()  # large ones one after another
    return Verified(survey.stage, len(commit.kept), sum(f.size for f in commit.kept.values()), tuple(faults))


@dataclass(frozen=True)
class Keep:
    """Whose weights stay: `all`; `intermediate`, those that recipes share; or of the `best` k trials of each sweep.

    Weights that went are made again where a stage needs them; cells and predictions stay in any case.
    """

    rule: str
    best: int = 0

    @classmethod
    def of(cls, text: str) -> Keep:
        """`all`, `intermediate` or `best:3`."""
        match = re.fullmatch(r"all|intermediate|best:([1-9][0-9]*)", text)
        if match is None:
            raise UserError(f"{text!r} is no policy; give all, intermediate or best:K, such as best:3", where="--keep")
        return cls(text.partition(":")[0], int(match[1] or 0))


def clear(store: StageStore, keep: Keep, *, grace: float = DAY, dry_run: bool = False) -> list[Removal]:
    """Mark and sweep: remove what no sweep and no final run refers to, and weights that the policy lets go.

    Args:
        store: the store.
        keep: the policy for the weights of what stays.
        grace: seconds since a stage's last write in which nothing of it is touched.
        dry_run: only say what would go.
    """
    live = referred(store.objects)
    return collect(store, live, weights=_weights(store, keep), grace=grace, dry_run=dry_run)


def _weights(store: StageStore, keep: Keep) -> Set[str] | None:
    if keep.rule == "all":
        return None
    if keep.rule == "intermediate":
        return {commit.stage for commit in store.commits() if commit.spec["kind"] in SHARED}
    return {stage for name in sweeps(store.objects) for stage in _of_best(store, name, keep.best)}


def _of_best(store: StageStore, name: str, best: int) -> Iterator[str]:
    """Stages of a sweep's best trials, and of those that have not ended."""
    history = History(envelope.event for envelope in replay(store.objects, name))
    for trial in (*history.ranked()[:best], *history.open()):
        yield from trial.stages
