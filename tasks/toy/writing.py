"""Writes a world into a folder: whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tasks.errors import UserError, nearest
from tasks.toy.files import FURTHER, SIZES, files
from tasks.toy.world import World

MANIFEST = "manifest.json"
VERSION = 5  # of the generator: a folder of another version is not taken for this one's


@dataclass(frozen=True)
class Manifest:
    """What was asked for, and what lies in the folder.

    Attributes:
        version: of the generator.
        seed: of the world.
        counts: examples of each set (see `tasks.toy.SIZES`).
        files: path below the folder → sha256 of its bytes.
    """

    version: int
    seed: int
    counts: Mapping[str, int]
    files: Mapping[str, str]


def write(folder: Path, *, size: float = 1.0, seed: int = 0, further: bool = True, **counts: int) -> Manifest:
    """Write the miniature benchmark, unless the folder holds it already.

    The files are written beside the folder and moved into place at the end, so a half-written world is never taken for
    a whole one. The same arguments give the same bytes on every machine.

    Args:
        folder: it must not exist, be empty, or hold this very world.
        size: multiplies the number of examples of every set.
        seed: another seed gives other words, names and examples.
        further: whether all declared tasks are there, or those alone that the world is tried out with.
        counts: the number of examples of single sets instead, by their names in `tasks.toy.SIZES`.

    Raises:
        UserError: the folder holds something else or cannot be written; an unknown set or a number below 1.
    """
    wanted = _counts(size, further, counts)
    if _occupied(folder):
        return _verified(folder, seed, wanted)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        manifest = _fill(scratch, seed, wanted)
        scratch.chmod(0o755)
        scratch.rename(folder)
    except OSError as error:
        if _occupied(folder):  # another process was faster
            return _verified(folder, seed, wanted)
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return manifest


def _counts(size: float, further: bool, counts: Mapping[str, int]) -> dict[str, int]:
    sizes = {name: count for name, count in SIZES.items() if further or not name.startswith(FURTHER)}
    for name, count in counts.items():
        if name not in sizes:
            raise UserError(f"the toy world has no set {name!r}, {nearest(name, sizes)}")
        if count < 1:
            raise UserError(f"{name} must be at least 1, not {count}")
    if not 0 < size < float("inf"):
        raise UserError(f"the size must be above 0, not {size}")
    return {name: counts.get(name, max(1, round(standard * size))) for name, standard in sizes.items()}


def _occupied(folder: Path) -> bool:
    try:
        return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise UserError(f"it cannot be read: {error.strerror}", where=str(folder)) from error


def _fill(folder: Path, seed: int, counts: Mapping[str, int]) -> Manifest:
    digests = {}
    for name, text in files(World.create(seed), counts):
        content = text.encode()
        digests[name] = hashlib.sha256(content).hexdigest()
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    manifest = Manifest(VERSION, seed, dict(counts), digests)
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _verified(folder: Path, seed: int, counts: Mapping[str, int]) -> Manifest:
    """The manifest of a folder that holds exactly the wanted world."""
    place = folder / MANIFEST
    advice = "name a new folder, or remove this one"
    try:
        found = Manifest(**json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"there is something else than a toy world: {advice}", where=str(folder)) from error
    if found.version != VERSION:
        raise UserError(f"a toy world of version {found.version}, not {VERSION}: {advice}", where=str(folder))
    if found.seed != seed:
        raise UserError(f"a toy world of seed {found.seed}, not {seed}: {advice}", where=str(folder))
    names = dict.fromkeys((*counts, *found.counts))
    if other := [
        f"{name} {found.counts.get(name)}, not {counts.get(name)}"
        for name in names
        if found.counts.get(name) != counts.get(name)
    ]:
        raise UserError(f"a toy world of another size ({other[0]}): {advice}", where=str(folder))
    for name, digest in found.files.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise UserError(f"the file was changed or removed: {advice}", where=str(path))
    return found


def _unwritable(folder: Path, error: OSError) -> UserError:
    return UserError(f"it cannot be written: {error.strerror or error}", where=str(folder))
