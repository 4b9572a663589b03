"""Which stages and base models a store's sweeps and final runs refer to: what collection starts from.

`sweeps/<name>/stages/<digest>.json`: a list of stage ids, and of base models as `bases/<id>`, written before the first
stage is begun, so that no collector ever meets a stage whose trial it does not know of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from tasks.errors import UserError
from trainers.identity import digest
from trainers.store.objects import Objects


def refer(objects: Objects, sweep: str, roots: Iterable[str]) -> None:
    """Note what a trial of a sweep, or its final run, stands on.

    Args:
        objects: the store.
        sweep: its name.
        roots: `Graph.roots`.
    """
    ids = sorted(roots)
    objects.create(f"sweeps/{sweep}/stages/{digest(ids)[:32]}.json", json.dumps(ids).encode())


def referred_by(objects: Objects, sweep: str) -> set[str]:
    """The stages and base models that one sweep and its final runs refer to; raises as `referred` does."""
    return {id for info in objects.list(f"sweeps/{sweep}/stages/") for id in _ids(objects, info.key)}


def referred(objects: Objects) -> set[str]:
    """All stages and base models that a sweep or a final run of this store refers to.

    Raises:
        UserError: a list cannot be read: what it names would be lost.
    """
    found: set[str] = set()
    for info in objects.list("sweeps/"):
        if info.key.split("/")[2:3] == ["stages"]:
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
