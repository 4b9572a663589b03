"""TMX, the form of translation memories (TICO-19): units of segments in two languages, in a file or zipped."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Sentence, SentencePair
from tasks.readers.markup import root_of
from tasks.readers.source import decoded, text_of

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def read_tmx(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[SentencePair]:
    """Translation pairs: the English segment of each unit and the other one; ids are the publisher's."""
    for path in files:
        for unit in root_of(_text(path), str(path)).iter("tu"):
            key = unit.get("tuid", "")
            if not key:
                raise UserError("a unit without a 'tuid'", where=str(path))
            yield SentencePair(key, *_sides(unit, f"{path}: unit {key}"))


def read_tmx_text(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Sentence]:
    """The segments that are not English, as plain text."""
    for pair in read_tmx(task, split, language, files):
        yield Sentence(pair.id, pair.foreign)


def _sides(unit: Element, where: str) -> tuple[str, str]:
    """The English segment and the other one, each as one line."""
    segments = [(side.get(_LANGUAGE, ""), side.findall("seg")) for side in unit.findall("tuv")]
    english = [seg for code, seg in segments if code.lower().partition("-")[0] == "en"]
    foreign = [seg for code, seg in segments if code.lower().partition("-")[0] not in ("en", "")]
    if len(segments) != 2 or len(english) != 1 or len(foreign) != 1:
        codes = ", ".join(code or "none" for code, _ in segments)
        raise UserError(f"English and one other language are wanted, not {codes or 'nothing'}", where=where)
    sides = [" ".join("".join(seg.itertext()).split()) for found in (english[0], foreign[0]) for seg in found]
    if len(sides) != 2 or not all(sides):
        raise UserError("each language must have one segment, and text in it", where=where)
    return sides[0], sides[1]


def _text(path: Path) -> str:
    """The text of a TMX file, or of the one that a zip archive holds."""
    if path.suffix != ".zip":
        return text_of(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".tmx")]
            content = archive.read(names[0]) if len(names) == 1 else b""
    except _DAMAGED as error:
        raise UserError(f"no zip archive that can be read: {error}", where=str(path)) from error
    if len(names) != 1:
        raise UserError(f"a zip archive with one .tmx file is wanted, not with {len(names)}", where=str(path))
    return decoded(content, f"{path}/{names[0]}")
