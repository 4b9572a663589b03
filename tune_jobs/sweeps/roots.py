"""Which stages a store's sweeps and final runs refer to: what collection starts from.

`sweeps/<name>/stages/<number>-<digest>.json`, `finals/<name>/stages/…`: a list of stage ids, written before the trial
begins, so that no collector ever meets a stage of a trial that it does not know of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from tasks.errors import UserError
from trainers.identity import digest
from trainers.store.objects import Objects

PLACES = ("sweeps/", "finals/")
FOLDER = "stages"


def refer(objects: Objects, to: str, number: int, stages: Iterable[str]) -> None:
    """Note what a trial, or a run, stands on.

    Args:
        objects: the store.
        to: `sweeps/<name>` or `finals/<name>`.
        number: of the trial.
        stages: all ids of its graph.
    """
    ids = sorted(stages)
    objects.create(f"{to}/{FOLDER}/{number:06d}-{digest(ids)[:16]}.json", json.dumps(ids).encode())


def referred(objects: Objects) -> set[str]:
    """All stages that a sweep or a final run of this store refers to.

    Raises:
        UserError: a list cannot be read: what it names would be lost.
    """
    found: set[str] = set()
    for info in (info for place in PLACES for info in objects.list(place)):
        if f"/{FOLDER}/" in info.key:
            found.update(_ids(objects, info.key))
    return found


def _ids(objects: Objects, key: str) -> list[str]:
    try:
        ids = json.loads(objects.read(key))
    except KeyError:  # deleted since
        return []
    except ValueError as error:
        raise UserError("not a list of stages: restore it, or remove it", where=f"{objects.name}/{key}") from error
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise UserError("not a list of stages: restore it, or remove it", where=f"{objects.name}/{key}")
    return ids
