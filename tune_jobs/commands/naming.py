"""A sweep's name: that of its space."""

from __future__ import annotations

from pathlib import Path

from search_spaces.space import load


def sweep_name(name_or_space: str) -> str:
    """The name that a sweep has in its store, from that name itself or from the space's YAML file."""
    is_file = Path(name_or_space).suffix in (".yaml", ".yml") or Path(name_or_space).is_file()
    return load(name_or_space).name if is_file else name_or_space
