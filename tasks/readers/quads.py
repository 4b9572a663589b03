"""N-Quads of schema.org's FAQ pages, as the Web Data Commons publish them: questions with their answers and pages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import UserError
from tasks.readers.source import lines_of

_NODE = r"<[^<>\s]*>|_:\S+"
_LITERAL = r'"(?:[^"\\]|\\.)*"(?:@[\w-]+|\^\^<[^<>\s]*>)?'
_TAG = re.compile(r'.*"@([A-Za-z]+)[\w-]*', re.DOTALL)
_QUAD = re.compile(rf"({_NODE})\s+<([^<>\s]*)>\s+({_NODE}|{_LITERAL})\s+({_NODE})\s*\.\s*")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_LETTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_SCHEMA = re.compile(r"https?://schema\.org/")
_ANSWERED, _NAME, _TEXT = "acceptedAnswer", "name", "text"


@dataclass(frozen=True)
class Quad:
    """One line: what is said of a node on a page; the tag is the language of a literal, in small letters, or ""."""

    subject: str
    predicate: str
    object: str
    tag: str
    page: str
    where: str


def questions_of(path: Path, language: Collection[str], *, untagged: bool) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The questions of a file in a language, each with its place and as a record of `question`, `answer` and `url`.

    They come in the order in which their answers are named. Where a page gives a question or an answer no text, there
    is nothing to ask or to find, and the pair is left out, as in WebFAQ. There are no topics: these are WebFAQ's own.

    Args:
        path: the N-Quads.
        language: what tags call it (`de-AT` is `de`): the tags of question and answer must be of these.
        untagged: whether pairs without any tag are in the language, too.
    """
    said: dict[tuple[str, str, str], Quad] = {}
    answered: list[Quad] = []
    for quad in _quads(path):
        if quad.predicate == _ANSWERED:
            answered.append(quad)
        else:
            said.setdefault((quad.page, quad.subject, quad.predicate), quad)
    for quad in answered:
        asked, told = said.get((quad.page, quad.subject, _NAME)), said.get((quad.page, quad.object, _TEXT))
        if asked is None or told is None or not asked.object.strip() or not told.object.strip():
            continue
        tags = {asked.tag, told.tag} - {""}
        if tags <= set(language) if tags else untagged:
            texts = {"question": asked.object.strip(), "answer": told.object.strip()}
            yield quad.where, {**texts, "url": quad.page.strip("<>")}


def _quads(path: Path) -> Iterator[Quad]:
    for number, line in enumerate(lines_of(path), start=1):
        where = f"{path}:{number}"
        match = _QUAD.fullmatch(line)
        if match is None:
            raise UserError("a quad is wanted: subject, predicate, object, page and a full stop", where=where)
        subject, predicate, value, page = match.groups()
        if _SCHEMA.match(predicate):
            text = _literal(value, where) if value.startswith('"') else value
            tag = _TAG.fullmatch(value)
            yield Quad(subject, _SCHEMA.sub("", predicate), text, tag[1].casefold() if tag else "", page, where)


def _literal(value: str, where: str) -> str:
    """The text between the quotes, without escapes."""
    try:
        text = _ESCAPE.sub(_unescaped, value[1 : value.rindex('"')])
        text.encode()
    except (KeyError, ValueError, OverflowError) as error:
        raise UserError("an escape that stands for no character", where=where) from error
    return text


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _LETTERS[code]
