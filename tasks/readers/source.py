"""Files as text, lines, rows and JSON: where every malformed byte, line and row becomes one line with its place."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError, nearest


def text_of(path: Path) -> str:
    """A file's text; UTF-8 alone, an empty file is an error."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from error
    return decoded(raw, str(path))


def decoded(raw: bytes, where: str) -> str:
    """What a file holds as text; UTF-8 alone, nothing is an error."""
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if not raw.strip():
        raise UserError("the file is empty", where=where)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"not UTF-8 (byte {raw[error.start]:#04x}): convert the file", where=f"{where}:{line}"
        ) from error


def lines_of(path: Path) -> list[str]:
    """A file's lines without their ends. Only LF and CRLF end a line: U+2028 and its like are text."""
    lines = text_of(path).split("\n")
    if lines[-1] == "":
        del lines[-1]
    return [line.removesuffix("\r") for line in lines]


def rows_of(path: Path, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """The rows of a csv-quoted file, each with its place `file:line`."""
    reader = csv.reader(io.StringIO(text_of(path), newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"not a csv-quoted row: {error}", where=f"{path}:{reader.line_num}") from error
        yield f"{path}:{reader.line_num}", row


def records_of(path: Path, delimiter: str, wanted: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a csv-quoted file by its header's names, each with its place; the columns `wanted` must be there."""
    rows = rows_of(path, delimiter)
    place, header = next(rows)
    check_header(header, wanted, place)
    for where, row in rows:
        if len(row) != len(header):
            raise UserError(f"{len(row)} columns, but the header has {len(header)}", where=where)
        yield where, dict(zip(header, row, strict=True))


def check_header(header: Sequence[str], wanted: Sequence[str], where: str) -> None:
    """Raises UserError if a column is missing."""
    if missing := [name for name in wanted if name not in header]:
        raise UserError(f"no column {missing[0]!r} in the header, {nearest(missing[0], header)}", where=where)


def objects_of(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The JSON objects of a file with one on each line, each with its place `file:line`."""
    for number, line in enumerate(lines_of(path), start=1):
        where = f"{path}:{number}"
        try:
            value = _parse(line, where)
        except json.JSONDecodeError as error:
            raise UserError(f"not JSON: {error.msg} at column {error.colno}", where=where) from error
        yield where, record_of(value, where)


def document_of(path: Path) -> Any:
    """The JSON value of a whole file."""
    try:
        return _parse(text_of(path), str(path))
    except json.JSONDecodeError as error:
        raise UserError(f"not JSON: {error.msg}", where=f"{path}:{error.lineno}") from error


def _parse(text: str, where: str) -> Any:
    """A JSON value that can be written again: JSON's escapes allow half a surrogate pair, UTF-8 does not."""
    try:
        value = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError:
        raise
    except UnicodeEncodeError as error:
        before = error.object[max(0, error.start - 20) : error.start]
        what = f"half a surrogate pair, {error.object[error.start]!a}, after {before!r}: write the character itself"
        raise UserError(what, where=where) from error
    except (RecursionError, ValueError) as error:  # a ValueError: a number of thousands of digits
        raise UserError(f"no JSON that can be read: {error}", where=where) from error
    return value


def record_of(value: Any, where: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise UserError(f"a JSON object is wanted, not {type(value).__name__}", where=where)
    return value


def text_field(record: Mapping[str, Any], name: str, where: str) -> str:
    """A string field that must be there."""
    value = _field(record, name, where)
    if not isinstance(value, str):
        raise UserError(f"{name!r} must be a string, not {type(value).__name__}", where=where)
    return value


def list_field(record: Mapping[str, Any], name: str, where: str) -> list[Any]:
    """A list field that must be there."""
    value = _field(record, name, where)
    if not isinstance(value, list):
        raise UserError(f"{name!r} must be a list, not {type(value).__name__}", where=where)
    return value


def object_field(record: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    """An object field that must be there."""
    value = _field(record, name, where)
    if not isinstance(value, dict):
        raise UserError(f"{name!r} must be an object, not {type(value).__name__}", where=where)
    return value


def span_of(record: Mapping[str, Any], names: tuple[str, str], size: int, where: str) -> tuple[int, int]:
    """Begin and end of a piece of a text of this size, from two fields with numbers or their digits."""
    begin, end = (number_of(_field(record, name, where)) for name in names)
    if begin is None or end is None or not 0 <= begin < end <= size:
        raise UserError(f"{names[0]} {begin} and {names[1]} {end} are no piece of a text of {size}", where=where)
    return begin, end


def number_of(value: Any) -> int | None:
    """A whole number, given as such or by its digits, of which files of ours need few; None for all else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _field(record: Mapping[str, Any], name: str, where: str) -> Any:
    if name not in record:
        raise UserError(f"no field {name!r}, {nearest(name, record)}", where=where)
    return record[name]


def choice_index(value: Any, choices: int, where: str) -> int:
    """The index of the right choice, given as a number or its digits."""
    index = number_of(value)
    if index is None or not 0 <= index < choices:
        raise UserError(f"label {value!r} is none of 0 to {choices - 1}", where=where)
    return index


def label_of(task: Task, word: str, where: str) -> str:
    """A label of the task's closed set; other spellings that the declaration knows are mapped to it."""
    label = task.aliases.get(word, word)
    if label not in task.labels:
        raise UserError(f"unknown label {word!r}, {nearest(word, task.labels)}", where=where)
    return label


def stamp(path: Path) -> tuple[int, int]:
    """A file's size and the time of its last change: as long as both are the same, so is what was read of it."""
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from error
    return status.st_size, status.st_mtime_ns
