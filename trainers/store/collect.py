"""Mark and sweep: what nobody needs any more leaves the store, after a time of grace by the store's own clock.

Marked are, in every live stage, the files of the commit that counts; where there is none, or its weights were evicted,
also the newest attempt and the furthest progress. A stage that was written to within the grace, or that somebody is
making, is left alone.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from trainers.store.leases import held
from trainers.store.manifest import Commit
from trainers.store.objects import ObjectInfo
from trainers.store.stages import WEIGHTS, StageStore
from trainers.store.survey import Survey, deletion_order

DAY = 24 * 3600.0


@dataclass(frozen=True)
class Removal:
    """One object that goes, with its size in bytes and the reason."""

    key: str
    size: int
    why: str


def collect(
    store: StageStore,
    live: Set[str],
    *,
    weights: Set[str] | None = None,
    running: Set[str] = frozenset(),
    grace: float = DAY,
    dry_run: bool = False,
) -> list[Removal]:
    """Remove what no sweep needs. It may be interrupted at any point and run again.

    Args:
        store: the store.
        live: ids of the stages that some sweep refers to; all others go.
        weights: ids of the live stages whose weights stay, by the sweeps' policies; None: all. Evicted weights can be
            made again, and the stage's other files stay.
        running: ids of stages that are known to run; nothing of them is touched.
        grace: seconds since a stage's last write during which nothing of it is touched; of a stage that somebody
            holds, nothing is in any case.
        dry_run: only say what would go.

    Returns:
        What went or would go, stage by stage.
    """
    now = store.objects.now()
    before = now - grace
    gone: list[Removal] = []
    for survey in Survey.all(store.objects):
        if survey.stage in running or any(info.modified >= before for info in survey.found.values()):
            continue
        if held(survey, now, store.term):
            continue
        if survey.stage not in live:
            removals = _all(survey)
        else:
            commit = survey.commit()
            evict = commit is not None and weights is not None and survey.stage not in weights
            if evict and not dry_run:
                store.evict(survey.stage)
            removals = _unmarked(survey, commit, evict)
        gone += removals
        if not dry_run:
            for removal in removals:
                store.objects.delete(removal.key)
    if not dry_run:
        store.objects.tidy(before)
    return gone


def _all(survey: Survey) -> list[Removal]:
    """All of a stage; COMMITs and their like first, so that a stage deleted in part does not look complete."""
    return [_removal(info, "no sweep refers to the stage") for info in deletion_order(survey.found.values())]


def _unmarked(survey: Survey, commit: Commit | None, evict: bool) -> list[Removal]:
    marked = _marked(survey, commit)
    removals = []
    for info in deletion_order(survey.found.values()):
        if info.key not in marked:
            removals.append(_removal(info, "left over from an attempt that does not count"))
        elif evict and commit is not None and info.key.endswith(WEIGHTS) and info.key.startswith(commit.folder):
            removals.append(_removal(info, "the policy lets these weights go"))
    return removals


def _marked(survey: Survey, commit: Commit | None) -> set[str]:
    """The keys of a live stage that stay."""
    marked = {info.key for key, info in survey.found.items() if "/" not in key}
    if commit is not None:
        marked |= {commit.key(name) for name in commit.kept}
        marked |= {info.key for info in survey.logs() if info.key.startswith(commit.folder)}
    if commit is None or commit.evicted:  # somebody may be at work on it
        newest = survey.newest()
        if newest is not None and (commit is None or newest != commit.attempt):
            marked |= {info.key for info in survey.under(newest)}
        progress = survey.progress()
        if progress is not None:
            marked |= {info.key for info in survey.saves() if info.key.startswith(progress.folder)}
    return marked


def _removal(info: ObjectInfo, why: str) -> Removal:
    return Removal(info.key, info.size, why)
