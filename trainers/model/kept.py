"""The model that was scored with last stays in memory: the next score stage mostly asks it about another language.

There is one place, since a model of XLM-R's size fills much of a GPU; training stages clear it before they begin.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

T = TypeVar("T")

_place: dict[tuple[Path, Callable[[Path], Any]], Any] = {}


def kept(folder: Path, load: Callable[[Path], T]) -> T:
    """What `load` makes of a folder whose content never changes, perhaps from the last time."""
    key = folder, load
    if key not in _place:
        _place.clear()  # first, so that never two are in memory
        _place[key] = load(folder)
    return cast(T, _place[key])


def forget() -> None:
    """Let go of it."""
    _place.clear()
