"""Every look at the report splits is written down: whoever looks often enough selects on them.

`finals/<name>/<number>.json`: when, which recipe, and with which seeds. `crosslift final` alone looks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from search_spaces.recipes import RecipeFile
from trainers.identity import digest
from trainers.store.objects import Objects


@dataclass(frozen=True)
class Look:
    """One final run: the time of its start by the store's clock, the digest of its recipe, and its seeds."""

    time: float
    recipe: str
    seeds: tuple[int, ...]


def note(objects: Objects, file: RecipeFile, seeds: Sequence[int]) -> int:
    """Write a look down before it is taken; returns how many there have been, this one with them.

    The same recipe with the same seeds is the same look: it continues, or says again what is known.
    """
    look = Look(objects.now(), digest(file.recipe), tuple(seeds))
    before = _looks(objects, file.name)
    if any((other.recipe, other.seeds) == (look.recipe, look.seeds) for other in before):
        return len(before)
    number = len(before)
    while not objects.create(f"finals/{file.name}/{number:06d}.json", json.dumps(asdict(look)).encode()):
        number += 1  # another final run has been quicker
    return number + 1


def _looks(objects: Objects, name: str) -> list[Look]:
    """All looks at the test sets that were taken for a sweep, in their order."""
    found = (json.loads(objects.read(info.key)) for info in objects.list(f"finals/{name}/"))
    return [Look(look["time"], look["recipe"], tuple(look["seeds"])) for look in found]


def count(objects: Objects, name: str) -> int:
    """How many looks there have been."""
    return sum(1 for _ in objects.list(f"finals/{name}/"))
