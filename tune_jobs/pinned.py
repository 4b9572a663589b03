"""The files from the hub that a sweep read: what its log and its recipes say of them, and whether they are the same.

`data.lock` lies beside the data and may change with it; a sweep and `best.yaml` remember what it said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from search_spaces.settings import Pinned
from tasks import lock
from tasks.errors import UserError
from trainers.graph import Graph
from tune_jobs.places import cache_folder

_PARTS = 3  # of a path below a data folder: hub/<task>/<file>


def pinned_files(graph: Graph) -> dict[str, Pinned]:
    """The files from the hub that a graph's stages read, by their paths below their data folder."""
    located = (located for stage in graph.stages.values() for located in stage.sources.values())
    sources = (found.here(cache_folder()) for found in located if found.source.revision is not None)
    files = (Path(file) for source in sources for file in source.files)
    found: dict[str, Pinned] = {}
    for file in files:
        folder, name = file.parents[_PARTS - 1], "/".join(file.parts[-_PARTS:])
        found[name] = locked_in([folder])[name]
    return dict(sorted(found.items()))


def locked_in(folders: Iterable[Path]) -> dict[str, Pinned]:
    """All files that the locks of some data folders name; the first folder that has one counts."""
    found: dict[str, Pinned] = {}
    for folder in folders:
        for name, entry in lock.read(folder).items():
            found.setdefault(name, Pinned(revision=entry.revision, sha256=entry.sha256))
    return found


def check_pinned(before: Mapping[str, Pinned], now: Mapping[str, Pinned], where: str) -> None:
    """Raises UserError, in one line, if a file that was read before is missing now or is another one."""
    for name, was in before.items():
        there = now.get(name)
        if there is None:
            what = "it is not there now"
        elif there.revision != was.revision:
            what = f"it is of commit {there.revision[:12]} now"
        elif there.sha256 != was.sha256:
            what = "its content is another one now"
        else:
            continue
        raise UserError(
            f"{name} was read as of commit {was.revision[:12]}, but {what}; bring that one back", where=where
        )
