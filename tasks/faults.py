"""All that is wrong in a dataset's files, not the first alone: each line that a reader refuses is left out, and the
reader looks again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.data import DataSource, load
from tasks.errors import UserError

MOST = 20
"""Faults that are looked for."""


def faults(source: DataSource) -> tuple[str, ...]:
    """The mistakes in a dataset's files, at most `MOST`, each with file and line; none where it can be read.

    After the first one, those alone count that a line is to blame for: files that must be line-parallel are not, once
    a line is out. Of files that are one JSON document the first mistake is told.
    """
    found: list[str] = []
    without: dict[str, list[int]] = {file: [] for file in source.files}
    with TemporaryDirectory() as folder:
        while len(found) < MOST and (fault := _fault(source, without, Path(folder))) is not None:
            line = next(_lines(fault, source), None)
            if line is None:
                return tuple(found or [fault])
            without[line[0]].append(line[1])
            found.append(fault)
    return tuple(found)


def _fault(source: DataSource, without: dict[str, list[int]], folder: Path) -> str | None:
    """What a reader says of the files without some of their lines, in words that fit the files themselves."""
    copies = {file: _copy(Path(file), lines, folder / str(i)) for i, (file, lines) in enumerate(without.items())}
    left = tuple(str(copies[file]) for file in source.files if copies[file].read_bytes().strip() or not without[file])
    if not left:
        return None
    try:
        load(replace(source, files=left))
    except UserError as error:
        return _about_the_files(str(error), copies, without)
    return None


def _about_the_files(fault: str, copies: dict[str, Path], without: dict[str, list[int]]) -> str:
    for file, copy in copies.items():
        if str(copy) == file:
            continue
        if match := re.match(rf"{re.escape(str(copy))}:(\d+)(.*)", fault):
            return f"{file}:{_original(int(match[1]), without[file])}{match[2]}"
        fault = fault.replace(str(copy), file)
    return fault


def _copy(file: Path, without: list[int], folder: Path) -> Path:
    """The file without some lines, under the same name; the file itself where it lacks none."""
    if not without:
        return file
    folder.mkdir(exist_ok=True)
    lines = file.read_bytes().split(b"\n")
    (folder / file.name).write_bytes(b"\n".join(line for i, line in enumerate(lines, 1) if i not in without))
    return folder / file.name


def _original(line: int, without: list[int]) -> int:
    """The number of a line of a copy in the file itself."""
    for gone in sorted(without):
        line += gone <= line
    return line


def _lines(fault: str, source: DataSource) -> Iterator[tuple[str, int]]:
    """The file and line that a fault begins with."""
    for file in source.files:
        if match := re.match(rf"{re.escape(file)}:(\d+): ", fault):
            yield file, int(match[1])
