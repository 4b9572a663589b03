"""Tags: UDPOS and PANX in XTREME's layout (token TAB tag, a blank line between sentences), and CCG in jiant's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError, nearest
from tasks.examples import Tagged
from tasks.readers.source import document_of, label_of, lines_of, record_of


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


def read_ccg(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Tagged]:
    """A sentence a line: tokens TAB supertags, both with blanks between them; ids are line numbers.

    The second file numbers the supertags (jiant's `tags_to_id.json`). The labels are these numbers, since they must be
    known without the data.
    """
    if len(files) != 2:
        what = f"two files are wanted (sentences, tags_to_id.json), not {len(files)}"
        raise UserError(what, where=f"task {task.name}")
    sentences, numbers = files
    labels = _numbered(task, numbers)
    for number, line in enumerate(lines_of(sentences)):
        where = f"{sentences}:{number + 1}"
        tokens, tags = (column.split() for column in line.partition("\t")[::2])
        if not tokens or len(tokens) != len(tags):
            raise UserError(f"{len(tags)} supertags for {len(tokens)} tokens (tokens TAB supertags)", where=where)
        for tag in tags:
            if tag not in labels:
                raise UserError(f"supertag {tag!r} is not in {numbers.name}, {nearest(tag, labels)}", where=where)
        yield Tagged(str(number), tuple(tokens), tuple(labels[tag] for tag in tags))


def _numbered(task: Task, path: Path) -> Mapping[str, str]:
    """Supertag → label; each has its own."""
    labels: dict[str, str] = {}
    for tag, number in record_of(document_of(path), str(path)).items():
        labels[tag] = str(number)
        if str(number) not in task.labels:
            what = f"supertag {tag!r} has the number {number!r}, which is none of 0 to {len(task.labels) - 1}"
            raise UserError(what, where=str(path))
    if len(set(labels.values())) < len(labels):
        raise UserError("two supertags have the same number", where=str(path))
    return labels
