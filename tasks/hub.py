"""From the Hugging Face hub to a data folder: one JSON object a row, every file in the folder's lock.

A revision is resolved first, so that all files of a call are of one commit. What is downloaded stays in the hub
library's own cache; what the task reads is written to `hub/<task>/` as it was published, column by column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from tasks import catalog, lock, references
from tasks.declaration import Hub, Task
from tasks.errors import UserError, nearest
from tasks.layouts import named


def fetch(
    task: Task,
    folder: Path,
    *,
    languages: Iterable[str] = (),
    endpoint: str | None = None,
    on_file: Callable[[str, int], None] = lambda name, examples: None,
) -> dict[str, lock.Locked]:
    """Bring a task from the hub to a data folder, and lock it there.

    Args:
        task: with a hub form.
        folder: a data folder; made if it is missing.
        languages: of the task's; all by default. What the task is made of, besides, is fetched with it.
        endpoint: of the hub; by default the library's own (`HF_ENDPOINT`).
        on_file: is told each file's name and its number of examples.

    Raises:
        UserError: the task is not on the hub, or the hub cannot be reached or does not have it.
    """
    if (whole := references.split(task.name)[0]) != task.name:
        raise UserError(f"only a part of {whole}; fetch {whole} itself", where=f"task {task.name}")
    if task.hub is None or not task.hub.splits:
        raise UserError(_bring(task), where=f"task {task.name}")
    if languages and not task.hub.names_language():
        raise UserError("all its languages are in one table; leave the language out", where=f"task {task.name}")
    found: dict[str, lock.Locked] = {}
    there = {entry.task for entry in lock.read(folder).values()}
    for other in (name for name in task.hub.after if name not in there):
        found |= fetch(catalog.get(other), folder, endpoint=endpoint, on_file=on_file)
    revision, snapshot = _download(task.hub, endpoint)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in _files(task, task.hub, snapshot, tuple(languages) or task.languages):
        path = folder / name
        lock.write(folder, {name: None})  # whatever comes in between: no file stands under another one's commit
        examples = _write(path, rows)
        found[name] = lock.Locked(task.name, task.hub.id, revision, lock.digest(path), examples)
        lock.write(folder, {name: found[name]})
        on_file(name, examples)
    return found


def _bring(task: Task) -> str:
    """Why a task cannot be fetched."""
    if task.hub is not None:
        return f"the hub's {task.hub.id} has not {task.hub.lacks}; bring the official files yourself"
    return f"its official files are not on the hub; bring {task.brings or 'them yourself'}"


def _download(hub: Hub, endpoint: str | None) -> tuple[str, Path]:
    """The commit that the revision means, and a folder with its files."""
    from httpx2 import HTTPError  # the hub library's own client
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        revision = HfApi(endpoint=endpoint).dataset_info(hub.id, revision=hub.revision).sha
        if revision is None:
            raise UserError("the hub names no commit of it", where=f"hub dataset {hub.id}")
        return revision, Path(snapshot_download(hub.id, repo_type="dataset", revision=revision, endpoint=endpoint))
    except (HfHubHTTPError, LocalEntryNotFoundError, HTTPError, OSError, ValueError) as error:
        raise UserError(f"cannot be fetched: {error}", where=f"hub dataset {hub.id}") from error


def _files(task: Task, hub: Hub, snapshot: Path, languages: Iterable[str]) -> Iterator[tuple[str, Iterable[Any]]]:
    """The name of each file, and its rows."""
    if not hub.names_language():
        splits = _splits(hub, snapshot, hub.config)
        yield from ((hub.file(task.name, ours), rows) for ours, rows in _ours(hub, splits))
        return
    for language in languages:
        splits = _splits(hub, snapshot, named(task, hub.config or "", language))
        yield from ((named(task, hub.file(task.name, ours), language), rows) for ours, rows in _ours(hub, splits))


def _ours(hub: Hub, splits: Mapping[str, Iterable[Any]]) -> Iterator[tuple[str, Iterable[Any]]]:
    """Our splits that the hub has whole, and their rows."""
    for ours, names in hub.splits.items():
        if all(name in splits for name in names.split()):
            yield ours, chain.from_iterable(splits[name] for name in names.split())


def _splits(hub: Hub, snapshot: Path, config: str | None) -> Mapping[str, Iterable[Any]]:
    """All splits of a config, by the hub's names."""
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError

    where = f"hub dataset {hub.id}"
    try:
        found: Mapping[str, Any] = load_dataset(str(snapshot), config)
    except (ValueError, OSError, DatasetsError) as error:
        raise UserError(f"config {config!r} cannot be read: {error}", where=where) from error
    asked = [name for names in hub.splits.values() for name in names.split()]
    if not set(asked) & set(found):
        wanted = asked[0]
        raise UserError(f"config {config!r} has no split {wanted!r}, {nearest(wanted, found)}", where=where)
    return {name: split.with_format(None) for name, split in found.items()}


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows; the file appears whole or not at all. Returns their number.

    Raises:
        UserError: a row holds what JSON cannot, such as a date or an image.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    count = 0
    with part.open("w", encoding="utf-8") as file:
        for count, row in enumerate(rows, start=1):
            file.write(_line(row, f"{path}:{count}"))
    part.replace(path)
    return count


def _line(row: Mapping[str, Any], where: str) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise UserError(f"JSON cannot hold a row of the hub's: {error}", where=where) from error
