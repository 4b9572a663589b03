"""Tables of any columns: JSON lines, CSV, TSV and Parquet, read as a task's declaration says.

This is how hub data and users' own tasks are read. A kind's roles are the fields of its examples; `id` may name the
column of the ids, which are row numbers otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from tasks.declaration import Table, Task
from tasks.errors import UserError, nearest
from tasks.examples import Answer, Choices, Example, Kind, Passage, Question, Sentence, SentencePair, Tagged, TextPair
from tasks.layouts import named
from tasks.parts import article_of
from tasks.readers.rows import LANGUAGE, Located, in_language, spelled_out, wanted
from tasks.readers.source import label_of, number_of, objects_of, records_of

ROLES: Mapping[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.CLASSIFICATION: (("first", "label"), ("second",)),
    Kind.CHOICE: (("choices", "label"), ("context", "question", "letters")),
    Kind.TAGGING: (("tokens", "tags"), ()),
    Kind.SPAN: (("question", "context", "answers", "starts"), ("article",)),
    Kind.RANKING: (("query", "candidate"), ("context",)),
    Kind.TEXT: (("text",), ()),
    Kind.PARALLEL: (("english", "foreign"), ()),
}
"""The roles that a table of a kind must have, and those that it may have."""

LABELS = ("label", "tags", "answers", "starts", "letters")  # what the rows of a test set may lack
FORMATS = (".jsonl", ".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class Row:
    """One row: its number over all files, its place for errors, and its values."""

    number: int
    where: str
    values: Mapping[str, Any]
    table: Table
    columns: Mapping[str, tuple[str, ...]]  # of the table, by role

    def has(self, role: str) -> bool:
        """Whether the table has the role and the row the column."""
        columns = self.columns.get(role, ())
        return bool(columns) and all(column.split(".")[0] in self.values for column in columns)

    def get(self, role: str) -> Any:
        """The value of a role; a list where several columns play it."""
        columns = self.columns[role]
        found = [_inside(self.values, column, self.where) for column in columns]
        return found[0] if len(columns) == 1 else found

    def text(self, role: str, otherwise: str | None = None) -> str:
        """A role's string, lists joined by blanks; `otherwise` where the table does not have the role."""
        if otherwise is not None and role not in self.columns:
            return otherwise
        value = self.get(role)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return " ".join(value)
        if not isinstance(value, str):
            raise UserError(f"{self._name(role)} must be a string, not {type(value).__name__}", where=self.where)
        return value

    def texts(self, role: str) -> tuple[str, ...]:
        """A role's list of strings."""
        value = self.get(role)
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            raise UserError(f"{self._name(role)} must be a list of strings", where=self.where)
        return tuple(value)

    def _name(self, role: str) -> str:
        return " + ".join(map(repr, self.columns[role]))

    def is_meant(self, only: Mapping[str, str], prefixes: Mapping[str, str]) -> bool:
        """Whether some columns have these values, and others begin like that."""
        return all(str(_inside(self.values, c, self.where)) == value for c, value in only.items()) and all(
            str(_inside(self.values, c, self.where)).startswith(value) for c, value in prefixes.items()
        )

    def id(self) -> str:
        """The example's id: unique over all files."""
        return str(self.get("id")) if "id" in self.columns else str(self.number)


def read_table(task: Task, table: Table, split: str, language: str, files: Sequence[Path]) -> Iterator[Example]:
    """Yield the examples of tables, one file after the other.

    Rows whose label means "none" are left out; in a test set they have no label, which may have none at all. Of a file
    with a column `language` that the table does not speak of, the rows of the language count.
    """
    only = {column: named(task, value, language) for column, value in table.only}
    prefixes = {column: named(task, value, language) for column, value in table.prefixed}
    rows = (row for row in _rows(task, table, language, files) if row.is_meant(only, prefixes))
    yield from EXAMPLES[task.kind](task, split, _of_part(task, rows))


def _of_part(task: Task, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows that a task's reference asks for."""
    if not task.only:
        return rows
    every = list(rows)
    meant = spelled_out(task, ((row.where, row.values) for row in every))
    return (row for row in every if wanted(meant, row.values, row.where))


def _rows(task: Task, table: Table, language: str, files: Sequence[Path]) -> Iterator[Row]:
    number, columns = 0, dict(table.columns)
    for path in files:
        for where, values in _spoken(task, table, language, path):
            yield Row(number, where, values, table, columns)
            number += 1


def _spoken(task: Task, table: Table, language: str, path: Path) -> Iterator[Located]:
    """A file's rows in a language, unless the table itself says what its column `language` is good for."""
    told = {column for column, _ in (*table.only, *table.prefixed)}
    told.update(column for _, columns in table.columns for column in columns)
    return _open(path) if LANGUAGE in told else in_language(task, language, path, _open(path))


def _open(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    match path.suffix:
        case ".jsonl":
            return objects_of(path)
        case ".csv":
            return records_of(path, ",", ())
        case ".tsv":
            return records_of(path, "\t", ())
        case ".parquet":
            return _parquet(path)
    raise UserError(f"no table that can be read; give {', '.join(FORMATS)}", where=str(path))


def _parquet(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        with parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches():
                for values in batch.to_pylist():
                    number += 1
                    yield f"{path}: row {number}", values
    except (pyarrow.ArrowException, OSError, ValueError) as error:  # a ValueError: text or a date that is none
        raise UserError(f"not a Parquet file that can be read: {error}", where=str(path)) from error


def _inside(value: Any, path: str, where: str) -> Any:
    """The value at a dotted path; of a list, the values at the path in all its items."""
    head, _, rest = path.partition(".")
    if isinstance(value, list):
        return [_inside(item, path, where) for item in value]
    if not isinstance(value, Mapping) or head not in value:
        known = value if isinstance(value, Mapping) else ()
        raise UserError(f"no column {head!r}, {nearest(head, known)}", where=where)
    return _inside(value[head], rest, where) if rest else value[head]


def _unlabelled(row: Row, split: str, role: str = "label") -> bool:
    """Whether a test set's row has no label: no column, nothing in it, or what means "none"."""
    if split != "test":
        return False
    return not row.has(role) or row.get(role) in (None, "") or str(row.get(role)) in row.table.unlabelled


def _pairs(task: Task, split: str, rows: Iterator[Row]) -> Iterator[Example]:
    for row in rows:
        second = row.text("second") if row.has("second") else None
        if _unlabelled(row, split):
            yield TextPair(row.id(), row.text("first"), second, None)
        elif (word := str(row.get("label"))) not in row.table.unlabelled:
            yield TextPair(row.id(), row.text("first"), second, label_of(task, word, row.where))


def _choices(task: Task, split: str, rows: Iterator[Row]) -> Iterator[Example]:
    for row in rows:
        offered = row.texts("choices")
        if len(offered) < 2:
            raise UserError("a choice needs two answers or more", where=row.where)
        label = None
        if not _unlabelled(row, split):
            if str(row.get("label")) in row.table.unlabelled:
                continue
            label = _right(row, len(offered))
        yield Choices(row.id(), row.text("context", ""), row.text("question", ""), offered, label)


def _right(row: Row, count: int) -> int:
    """The index of the right choice: by the letters that the row names, else counted from the table's first one."""
    value, first = row.get("label"), row.table.first
    if "letters" in row.columns:
        letters = row.texts("letters")
        if len(letters) != count or value not in letters:
            raise UserError(f"label {value!r} is none of {', '.join(letters)}", where=row.where)
        return letters.index(value)
    if isinstance(value, str) and not first.isdecimal():
        letters = tuple(chr(ord(first) + i) for i in range(count))
        if value not in letters:
            raise UserError(f"label {value!r} is none of {letters[0]} to {letters[-1]}", where=row.where)
        return letters.index(value)
    last = int(first) + count - 1 if first.isdecimal() else count - 1
    index = number_of(value)
    if index is None or not last - count < index <= last:
        raise UserError(f"label {value!r} is none of {last - count + 1} to {last}", where=row.where)
    return index - (last - count + 1)


def _tagged(task: Task, split: str, rows: Iterator[Row]) -> Iterator[Example]:
    for row in rows:
        tokens = row.texts("tokens")
        if _unlabelled(row, split, "tags"):
            yield Tagged(row.id(), tokens, None)
            continue
        tags = row.get("tags")
        if not isinstance(tags, list) or len(tags) != len(tokens):
            raise UserError(f"the tags must be a list as long as the {len(tokens)} tokens", where=row.where)
        yield Tagged(row.id(), tokens, tuple(label_of(task, str(tag), row.where) for tag in tags))


def _questions(task: Task, split: str, rows: Iterator[Row]) -> Iterator[Example]:
    paragraphs: dict[str, int] = {}
    for row in rows:
        context, article = row.text("context"), row.text("article", "")
        if row.table.paragraphs:
            article = str(paragraphs.setdefault(context, len(paragraphs)))
        found: tuple[Answer, ...] = ()
        if not _unlabelled(row, split, "answers"):
            found = _answers(row, context) or _unanswerable(task, split, row)
        yield Question(row.id(), row.text("question"), context, found, article or article_of(context))


def _unanswerable(task: Task, split: str, row: Row) -> tuple[Answer, ...]:
    """What a question without an answer means: SQuAD 2.0's are right where nothing is answered."""
    if "unanswerable" in task.labels:
        return (Answer("", 0),)
    if split == "test":
        return ()
    raise UserError("a question without an answer", where=row.where)


def _answers(row: Row, context: str) -> tuple[Answer, ...]:
    texts, starts = row.get("answers"), row.get("starts")
    texts = texts if isinstance(texts, list) else [texts]
    starts = starts if isinstance(starts, list) else [starts]
    if len(texts) != len(starts):
        raise UserError(f"{len(texts)} answers, but {len(starts)} offsets", where=row.where)
    found = (_answer(text, start, context, row.where) for text, start in zip(texts, starts, strict=True))
    return tuple(answer for answer in found if answer.text)


def _answer(text: Any, start: Any, context: str, where: str) -> Answer:
    """An answer where its offset says; a CSV has the offset's digits."""
    offset = number_of(start)
    if offset is None:
        raise UserError(f"the offset of an answer must be a number, not {start!r}", where=where)
    if not isinstance(text, str) or offset < 0 or context[offset : offset + len(text)] != text:
        raise UserError(f"the answer {text!r} does not stand at offset {start} of its context", where=where)
    return Answer(text, offset)


def _passages(task: Task, split: str, rows: Iterator[Row]) -> Iterator[Example]:
    """Queries first, then the pool: equal candidates are one, as in FAQs that answer alike."""
    pool: dict[tuple[str, str], str] = {}
    for row in rows:
        right = pool.setdefault((row.text("candidate"), row.text("context", "")), f"candidate-{row.number}")
        yield Passage(f"query-{row.id()}", row.text("query"), "", False, (right,), row.id())
    for (text, context), key in pool.items():
        yield Passage(key, text, context, True, None, key)


def _sentences(task: Task, split: str, rows: Iterator[Row]) -> Iterator[Example]:
    return (Sentence(row.id(), row.text("text")) for row in rows)


def _parallel(task: Task, split: str, rows: Iterator[Row]) -> Iterator[Example]:
    return (SentencePair(row.id(), row.text("english"), row.text("foreign")) for row in rows)


EXAMPLES: Mapping[Kind, Callable[[Task, str, Iterator[Row]], Iterator[Example]]] = {
    Kind.CLASSIFICATION: _pairs,
    Kind.CHOICE: _choices,
    Kind.TAGGING: _tagged,
    Kind.SPAN: _questions,
    Kind.RANKING: _passages,
    Kind.TEXT: _sentences,
    Kind.PARALLEL: _parallel,
}
