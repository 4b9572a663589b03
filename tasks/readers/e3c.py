"""E3C: clinical cases in UIMA's XMI, with tokens, sentences and clinical entities as pieces of one text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import Tagged
from tasks.readers.markup import local_name, root_of
from tasks.readers.source import span_of, text_of

ENTITY = "CLINENTITY"
_BYTES = 2  # of a UTF-16 unit, in which UIMA counts


@dataclass(frozen=True, order=True)
class Piece:
    """A piece of the text, in UTF-16 units, the end not included."""

    begin: int
    end: int

    def holds(self, other: Piece) -> bool:
        """Whether the other piece lies in this one."""
        return self.begin <= other.begin and other.end <= self.end

    def meets(self, other: Piece) -> bool:
        """Whether the two pieces share a character."""
        return self.begin < other.end and other.begin < self.end


@dataclass(frozen=True)
class Case:
    """A document: its text in UTF-16, and the pieces of each layer of annotation, in the order of the text."""

    text: bytes
    layers: dict[str, list[Piece]]
    where: str

    def word(self, piece: Piece) -> str:
        """The text of a token."""
        try:
            word = self.text[_BYTES * piece.begin : _BYTES * piece.end].decode("utf-16-le")
        except UnicodeDecodeError as error:
            raise UserError(f"the token at {piece.begin} is half a character", where=self.where) from error
        if not word.strip():
            raise UserError(f"the token at {piece.begin} is blank", where=self.where)
        return word


def read_e3c(task: Task, split: str, language: str, files: Sequence[Path]) -> Iterator[Tagged]:
    """The sentences of one document a file; ids are the file's name and the sentence's number in it.

    Tags say which tokens a clinical entity (`CLINENTITY`) covers. Tags cannot nest: of entities that overlap, the one
    that begins first counts, and the longer one of those that begin together. Sentences without tokens are skipped.
    """
    for path in files:
        case = _case(path)
        entities = _apart(case.layers[ENTITY])
        tokens, sentences = case.layers["Token"], case.layers["Sentence"]
        inside = [[token for token in tokens if sentence.holds(token)] for sentence in sentences]
        if sum(map(len, inside)) != len(tokens):
            raise UserError("each token must lie in one sentence", where=str(path))
        for number, own in enumerate(inside):
            if own:
                yield Tagged(f"{path.stem}-{number}", tuple(map(case.word, own)), _tags(own, entities))


def _case(path: Path) -> Case:
    root = root_of(text_of(path), str(path))
    texts = [item.get("sofaString") for item in root if local_name(item) == "Sofa"]
    if len(texts) != 1 or texts[0] is None:
        raise UserError("one 'Sofa' with a 'sofaString' is wanted", where=str(path))
    text = texts[0].encode("utf-16-le")
    layers: dict[str, list[Piece]] = {"Token": [], "Sentence": [], ENTITY: []}
    for item in root:
        layer = local_name(item)
        if layer in layers:
            where = f"{path}: {layer} {item.get('{http://www.omg.org/XMI}id', '')}".rstrip()
            layers[layer].append(Piece(*span_of(item.attrib, ("begin", "end"), len(text) // _BYTES, where)))
    return Case(text, {name: sorted(pieces) for name, pieces in layers.items()}, str(path))


def _apart(entities: Sequence[Piece]) -> list[Piece]:
    """Entities that do not overlap."""
    kept: list[Piece] = []
    for entity in sorted(entities, key=lambda piece: (piece.begin, -piece.end)):
        if not kept or not kept[-1].meets(entity):
            kept.append(entity)
    return kept


def _tags(tokens: Sequence[Piece], entities: Sequence[Piece]) -> tuple[str, ...]:
    tags = ["O"] * len(tokens)
    for entity in entities:
        covered = [i for i, token in enumerate(tokens) if tags[i] == "O" and entity.meets(token)]
        for place, token in enumerate(covered):
            tags[token] = f"{'I' if place else 'B'}-{ENTITY}"
    return tuple(tags)
