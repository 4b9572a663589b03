"""Mewsli-X: mentions of entities in news, to be found among the descriptions of a million entities.

The forms are those of Mewsli-X's documentation and schema (google-research, `mel/mewsli-x.md`, 2022-05-18).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Passage
from tasks.readers.source import list_field, object_field, objects_of, record_of, span_of, stamp, text_field

SPAN = ("start", "end")


def read_mewslix(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Passage]:
    """The mentions of the first file in a language, and as candidates the entities of the second; ids are QIDs.

    A mention is written as in XTREME-R's reference code, `mention: left { mention } right`, with its sentence; an
    entity as its description. A file of pairs (Wikipedia's) holds its entities itself where it stands alone.
    """
    mentions, *pools = files
    asked: dict[str, str] = {}  # QID → the query that it is right for
    for query in _queries(mentions, language):
        asked.update(dict.fromkeys(query.relevant or (), query.id))
        yield query
    pool = _pool(pools[0], *stamp(pools[0])) if pools else _own_pool(mentions)
    missing = asked.keys() - {entity.id for entity in pool}
    if missing:
        gone = min(missing)
        what = f"no entity {gone}, which mention {asked[gone]} is linked to"
        raise UserError(what, where=str(pools[0] if pools else mentions))
    yield from pool


def _queries(path: Path, language: str) -> Iterator[Passage]:
    for where, record in objects_of(path):
        pair = object_field(record, "contextual_mention", where) if "contextual_mention" in record else record
        context = object_field(pair, "context", where)
        if text_field(context, "language", where) != language:
            continue
        found = [object_field(pair, "mention", where)] if pair is not record else list_field(pair, "mentions", where)
        for mention in found:
            yield _query(context, record_of(mention, where), where)


def _query(context: Mapping[str, Any], mention: Mapping[str, Any], where: str) -> Passage:
    text = text_field(context, "text", where)
    if not text:
        raise UserError("the article has no text: Mewsli-X's own script get-mewsli-x.sh fills it in", where=where)
    span = object_field(mention, "mention_span", where)
    begin, end = span_of(span, SPAN, len(text), where)
    surface = text_field(span, "text", where)
    if text[begin:end] != surface:
        raise UserError(f"the mention {surface!r} is not in the text at {begin} (counted in code points)", where=where)
    sentences = _spans(context, len(text), where)
    left = text[max((first for first, _ in sentences if first <= begin), default=0) : begin]
    right = text[end : min((last for _, last in sentences if last >= end), default=len(text))]
    key, entity = (text_field(mention, name, where) for name in ("example_id", "entity_id"))
    query = _line(f"{surface}: {left} {{ {surface} }} {right}")
    return Passage(key, query, "", False, (entity,), text_field(context, "document_id", where))


def _spans(record: Mapping[str, Any], size: int, where: str) -> list[tuple[int, int]]:
    return [span_of(record_of(item, where), SPAN, size, where) for item in list_field(record, "sentence_spans", where)]


@lru_cache(maxsize=1)  # eleven languages search the same million entities: they are kept once
def _pool(path: Path, size: int, changed: int) -> tuple[Passage, ...]:
    return tuple(_entity(record, where) for where, record in objects_of(path))


def _own_pool(path: Path) -> tuple[Passage, ...]:
    """The entities of a file of pairs, each once."""
    found = (_entity(object_field(record, "entity", where), where) for where, record in objects_of(path))
    return tuple({entity.id: entity for entity in found}.values())


def _entity(record: Mapping[str, Any], where: str) -> Passage:
    key, text = (text_field(record, name, where) for name in ("entity_id", "description"))
    pieces = [text[begin:end] for begin, end in _spans(record, len(text), where)]
    return Passage(key, _line(" ".join(pieces)), "", True, None, key)


def _line(text: str) -> str:
    return " ".join(text.split())
