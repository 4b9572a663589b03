"""References to a part of a task: `mnli?genre=fiction`, `xnli?language=de`.

What follows the question mark names columns of the task's files and the value that they must have, each a part of what
is trained on or scored, and so of stage ids; a value that the files do not have is the one that begins with it or holds
it. Two words are the same for all tasks: `language`, of the training set or, where a task has none, the one language
that is scored; and `control`: as many random examples as the filters leave, from the same language, drawn with this
seed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote

from tasks.declaration import Task
from tasks.errors import UserError, nearest
from tasks.layouts import names_language

LANGUAGE, CONTROL = "language", "control"


def split(reference: str) -> tuple[str, str | None]:
    """The task's own name, and what is asked of it (None where all is meant)."""
    name, mark, query = reference.partition("?")
    return name, query if mark else None


def narrowed(task: Task, query: str) -> Task:
    """The part of a task that a query asks for, under its canonical name: keys sorted, values escaped.

    Raises:
        UserError: the query is malformed, or names what the task cannot be filtered by.
    """
    where = f"{task.name}?{query}"
    try:
        pairs = parse_qsl(query, strict_parsing=True, keep_blank_values=True, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError("a filter is written as `task?key=value&key=value`", where=where) from error
    if not pairs:
        raise UserError("a filter is written as `task?key=value&key=value`", where=where)
    asked = dict(pairs)
    if (control := asked.get(CONTROL, "")).isdecimal():
        asked[CONTROL] = str(int(control))
    if not all(asked.values()):
        raise UserError("a filter's value is empty", where=where)
    if len(asked) < len(pairs):
        raise UserError("a filter names each key once", where=where)
    known = (*task.filters, LANGUAGE, CONTROL)
    for key in asked:
        if key not in known:
            raise UserError(f"{task.name} has no filter {key!r}, {nearest(key, known)}", where=where)
    only = {key: value for key, value in asked.items() if key in task.filters}
    return replace(
        task,
        name=f"{task.name}?" + "&".join(f"{key}={quote(asked[key], safe='')}" for key in sorted(asked)),
        train_on=None if task.train_on in (None, task.name) else task.train_on,
        only=only,
        control=_seed(task, asked, only, where),
        **_language(task, asked.get(LANGUAGE), where),
        sizes={},
    )


def _seed(task: Task, asked: dict[str, str], only: dict[str, str], where: str) -> int | None:
    if CONTROL not in asked:
        return None
    if not asked[CONTROL].isdecimal():
        raise UserError(f"control={asked[CONTROL]!r} must be a seed, a whole number", where=where)
    if not only:
        raise UserError("a control needs the filter that it is to be compared with beside it", where=where)
    return int(asked[CONTROL])


def _language(task: Task, language: str | None, where: str) -> dict[str, Any]:
    """What a language changes: that of the training set or, without one, those that are scored."""
    if language is None:
        return {}
    split = task.splits.get("train")
    held = [split] if split else list(task.splits.values())
    known = sorted({code for split in held for code in split.languages})
    if language not in known and not any(names_language(layout) for split in held for layout in split.layouts):
        what = f"{task.name} has no {'training set' if split else 'data'} in {language!r}, {nearest(language, known)}"
        raise UserError(what, where=where)
    return {"taught_in": language} if split else {"languages": (language,)}
