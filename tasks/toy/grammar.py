"""Abstract sentences: what is said, without the words and the word order of any language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Name:
    """A proper name, the same in all languages. `entity` is PER, LOC or ORG."""

    words: tuple[str, ...]
    entity: str = "PER"


@dataclass(frozen=True, slots=True)
class Noun:
    """A common noun: "the two red cups of Mira". `number` is a numeral, digits, or "how many"; it makes a plural."""

    head: str
    article: str = "the"
    adjectives: tuple[str, ...] = ()
    number: str = ""
    of: Name | None = None


@dataclass(frozen=True, slots=True)
class Pronoun:
    """who, what, where, how, it."""

    word: str


Phrase = Name | Noun | Pronoun

ASKING = frozenset({"who", "what", "where", "how"})


def asks(phrase: Phrase | None) -> bool:
    """Whether a phrase is what a question asks for."""
    if isinstance(phrase, Pronoun):
        return phrase.word in ASKING
    return isinstance(phrase, Noun) and (phrase.number == "how many" or phrase.article == "which")


@dataclass(frozen=True, slots=True)
class Clause:
    """Who does what to whom, where.

    `verb` is a base form; with "be" there is a `quality` (an adjective or "how"), an object (a noun that the subject
    is) or an oblique. An oblique is (adposition, phrase); the adposition is empty for "where".
    """

    subject: Phrase
    verb: str = "be"
    object: Phrase | None = None
    quality: str = ""
    obliques: tuple[tuple[str, Phrase], ...] = ()
    adverb: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """A clause, or two that are joined by `link` (and, so, because)."""

    clause: Clause
    link: str = ""
    second: Clause | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A word on its own, as a glossary lists it."""

    lexeme: str
    upos: str


class Token(NamedTuple):
    """A word of a realised sentence, with its Universal Dependencies part of speech and its entity tag (BIO)."""

    form: str
    upos: str
    entity: str = "O"
