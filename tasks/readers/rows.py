"""Which rows of a file are meant: those in the language that is read, and those of a part that a reference asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError, nearest
from tasks.languages import iso3

LANGUAGE = "language"
"""The column by which a file of several languages tells them apart, as in XNLI's own `xnli.dev.jsonl`."""

SHOWN = 40  # values that an error lists

Located = tuple[str, Mapping[str, Any]]
"""A row with its place."""


def names_of(task: Task, language: str) -> frozenset[str]:
    """What a language is called in a task's files, in small letters."""
    return frozenset(name.casefold() for name in (language, iso3(language), task.codes.get(language, language)))


def file_names(task: Task, language: str, path: Path) -> bool:
    """Whether a file's name has a word that is the language, as in `faq.de.nq` and `train-en.json`."""
    return not names_of(task, language).isdisjoint(re.split(r"[\W_]+", path.name.casefold()))


def in_language(task: Task, language: str, path: Path, rows: Iterable[Located]) -> Iterator[Located]:
    """The rows whose `language` column names a language, of a file's rows; all of them where it has no such column.

    Raises:
        UserError: rows name their languages, and none is this one.
    """
    own, others, found = names_of(task, language), set(), False
    for where, record in rows:
        named = record.get(LANGUAGE)
        if isinstance(named, str) and named.casefold() not in own:
            others.add(named)
        else:
            found = True
            yield where, record
    if others and not found:
        what = f"its column {LANGUAGE!r} names no row {language!r}, but {', '.join(sorted(others))}"
        raise UserError(what, where=str(path))


def spelled_out(task: Task, rows: Iterable[Located]) -> Task:
    """The task with the values of its filters as these rows have them.

    A value that no row has means the one that begins with it or, failing that, holds it, whatever the case of letters:
    `healthcare` is "Healthcare Services, Wellness and Lifestyle".

    Raises:
        UserError: a column is missing; no value is meant, or several.
    """
    if not task.only:
        return task
    known: dict[str, set[str]] = {column: set() for column in task.only}
    for where, record in rows:
        for column, values in known.items():
            values.add(_value(record, column, where))
    return replace(task, only={column: _meant(task, column, values) for column, values in known.items()})


def _meant(task: Task, column: str, known: set[str]) -> str:
    asked = task.only[column]
    small = asked.casefold()
    if asked in known:
        return asked
    begin = sorted(value for value in known if value.casefold().startswith(small))
    found = begin or sorted(value for value in known if small in value.casefold())
    if len(found) == 1:
        return found[0]
    what = f"several have a {column} {asked!r}" if found else f"no row has the {column} {asked!r}"
    names = found or sorted(known)
    more = ", …" if len(names) > SHOWN else ""
    raise UserError(f"{what}: {', '.join(map(repr, names[:SHOWN]))}{more}", where=f"task {task.name}")


def wanted(task: Task, record: Mapping[str, Any], where: str) -> bool:
    """Whether a row is of the part that a task's reference asks for (`tasks.references`)."""
    return all(_value(record, column, where) == value for column, value in task.only.items())


def _value(record: Mapping[str, Any], column: str, where: str) -> str:
    if column not in record:
        raise UserError(f"no column {column!r} to filter by, {nearest(column, record)}", where=where)
    return str(record[column])
