"""What a store holds, whether it is whole, and what nobody needs any more."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.errors import UserError
from trainers.store.bases import AGAIN, FILES, BaseStore
from trainers.store.collect import DAY, Removal, collect
from trainers.store.stages import WEIGHTS, LostFile, StageStore
from trainers.store.survey import Survey
from tune_jobs.sweeps.event_log import replay, sweeps
from tune_jobs.sweeps.history import History
from tune_jobs.sweeps.roots import referred

SHARED = ("tokenizer", "pretrain", "intermediate")  # stage kinds that recipes have in common


@dataclass(frozen=True)
class Holding:
    """The stages of a kind: how many, their bytes in weights and in all else.

    `kind`: `base` are base models, None are stages that are not made yet.
    """

    kind: str | None
    stages: int
    weights: int
    rest: int


def holdings(store: StageStore) -> list[Holding]:
    """What a store holds, by stage kind and of base models; bytes of what is begun and not made count too."""
    sums: dict[str | None, list[int]] = defaultdict(lambda: [0, 0, 0])
    for survey in Survey.all(store.objects):
        commit = survey.commit()
        weights = sum(info.size for key, info in survey.found.items() if key.endswith(WEIGHTS))
        everything = sum(info.size for info in survey.found.values())
        row = sums[str(commit.spec["kind"]) if commit is not None else None]
        for place, count in enumerate((1, weights, everything - weights)):
            row[place] += count
    for _, found in BaseStore(store.objects).listing():
        weights = sum(info.size for info in found if info.key.endswith(WEIGHTS))
        row = sums["base"]
        for place, count in enumerate((1, weights, sum(info.size for info in found) - weights)):
            row[place] += count
    return [Holding(kind, *row) for kind, row in sorted(sums.items(), key=lambda item: -sum(item[1][1:]))]


@dataclass(frozen=True)
class Verified:
    """A stage, or `base <id>`, whose files were read: how many and how many bytes, and a line for each fault."""

    stage: str
    files: int
    size: int
    faults: tuple[str, ...]


def verify(store: StageStore, told: Callable[[Verified], None] = lambda verified: None) -> list[Verified]:
    """Read every file of every stage's commit and of every base model, and compare it with its digest.

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
    for id, objects in BaseStore(store.objects).listing():
        if any(info.key.endswith(f"/{FILES}") for info in objects):  # else a driver is still bringing it
            verified = _verify_base(BaseStore(store.objects), id)
            told(verified)
            found.append(verified)
    return found


def _verify_base(bases: BaseStore, id: str) -> Verified:
    base, faults = bases.find(id), []
    if base is None:
        return Verified(f"base {id}", 0, 0, (f"its list or files are not what was written; {AGAIN}",))
    with TemporaryDirectory() as scratch:
        for name in base.files:
            try:
                bases.fetch(base, name, Path(scratch)).unlink()
            except UserError as error:
                faults.append(str(error))
    return Verified(f"base {id}", len(base.files), base.size, tuple(faults))


def _verify(store: StageStore, survey: Survey) -> Verified:
    if survey.passed_over():
        survey = Survey.of(store.objects, survey.stage)  # its files may have come while it was listed
    faults: list[str] = []
    for number in survey.passed_over():  # from now on its name says so
        try:
            store.condemn(survey.stage, number)
        except UserError as error:  # a store that may only be read
            faults.append(str(error))
    commit = survey.commit()
    faults += survey.damage
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

    A sweep that begins meanwhile is safe in what it makes, by the grace; of what nobody referred to for longer than
    that, it may lose a stage that it was about to share, and makes it again.

    Args:
        store: the store.
        keep: the policy for the weights of what stays.
        grace: seconds since a stage's last write in which nothing of it is touched.
        dry_run: only say what would go.
    """
    begun = store.objects.now()  # what is written while roots are read is as new as what comes later
    names = sweeps(store.objects)
    histories = [History(envelope.event for envelope in replay(store.objects, name)) for name in names]
    live = referred(store.objects) | {id for history in histories for trial in history.trials for id in trial.stages}
    weights = None if keep.rule == "all" else live - _let_go(store, keep, histories)
    grace += store.objects.now() - begun
    bases = BaseStore(store.objects).collect(live, grace=grace, dry_run=dry_run)
    return [*collect(store, live, weights=weights, grace=grace, dry_run=dry_run), *bases]


def _let_go(store: StageStore, keep: Keep, histories: Sequence[History]) -> set[str]:
    """Stages whose weights nobody needs: those of sweeps without an open trial, as far as the policy has no say."""
    over = [history for history in histories if not history.open()]
    kept = {id for history in histories if history.open() for trial in history.trials for id in trial.stages}
    kept |= {id for history in over for trial in history.ranked()[: keep.best] for id in trial.stages}
    if keep.rule == "intermediate":
        kept |= {commit.stage for commit in store.commits() if commit.spec["kind"] in SHARED}
    return {id for history in over for trial in history.trials for id in trial.stages} - kept
