"""Tagged sentences: UDPOS, and PANX whose names do not show their type."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tasks.toy import facts, texts
from tasks.toy.grammar import Name, Sentence
from tasks.toy.world import Key, Split, Stream


def part_of_speech_sentences(stream: Stream) -> Iterator[Sentence]:
    """All kinds of sentences; a third have words that are noun or verb by their place."""
    plain = texts.sentences(stream)
    while True:
        yield next(plain) if stream.chance(0.67) else stream.allowed(partial(_ambiguous, stream))


def entity_sentences(stream: Stream) -> Iterator[Sentence]:
    """One or two clauses with names of one or two words; any word may be part of a name of any type.

    Test sentences take half of their words from names that stand nowhere else.
    """
    while True:
        yield stream.allowed(partial(_entities, stream))


def _ambiguous(stream: Stream) -> tuple[Key, Sentence]:
    sentence = texts.ambiguous(stream)
    return ("ambiguous", *_forms(stream, sentence)), sentence


def _entities(stream: Stream) -> tuple[Key, Sentence]:
    person, place, org = (partial(_name, stream, entity) for entity in ("PER", "LOC", "ORG"))
    first = texts.entity_clause(stream, person, place, org)
    if stream.chance(0.5):
        sentence = facts.say(first)
    else:
        sentence = Sentence(first, "and", texts.entity_clause(stream, person, place, org))
    return ("entities", *_forms(stream, sentence)), sentence


def _name(stream: Stream, entity: str) -> Name:
    world = stream.world
    known = [name.words[0] for pool in (world.people, world.places, world.organisations) for name in pool]
    words = [
        stream.pick(world.unseen if stream.split is Split.TEST and stream.chance(0.5) else known)
        for _ in range(stream.pick((1, 1, 2)))
    ]
    return Name(tuple(words), entity)


def _forms(stream: Stream, sentence: Sentence) -> tuple[str, ...]:
    return tuple(token.form for token in stream.world.speakers["en"].say(sentence).tokens)
