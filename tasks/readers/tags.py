"""UDPOS and PANX in XTREME's layout: token TAB tag, a blank line between sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Tagged
from tasks.readers.source import label_of, lines_of


def read_tags(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Tagged]:
    """Sentences, numbered over all files. A test file may have tokens alone in all its lines: no tags."""
    number = 0
    for path in files:
        lines = lines_of(path)
        labelled = split != "test" or any("\t" in line for line in lines)
        tokens: list[str] = []
        tags: list[str] = []
        for place, line in enumerate((*lines, ""), start=1):
            if line.strip("\t"):  # WNUT-17 has a tab where others have nothing
                token, tag = _token(task, line, labelled, f"{path}:{place}")
                tokens.append(token)
                tags.append(tag)
            elif tokens:
                yield Tagged(str(number), tuple(tokens), tuple(tags) if labelled else None)
                number += 1
                tokens, tags = [], []


def _token(task: Task, line: str, labelled: bool, where: str) -> tuple[str, str]:
    columns = line.split("\t")
    if len(columns) != 1 + labelled:
        wanted = "token TAB tag" if labelled else "a token alone, as the file's other lines"
        raise UserError(f"{len(columns)} columns, not {1 + labelled} ({wanted})", where=where)
    if not columns[0]:
        raise UserError("a tag without a token", where=where)
    return columns[0], label_of(task, columns[1], where) if labelled else ""
