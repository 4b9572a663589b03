"""MultiCheckList's templates: a test of a capability says where two people are, and asks where each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.toy import concepts, facts
from tasks.toy.grammar import Name, Noun, Pronoun, Sentence
from tasks.toy.world import Stream


@dataclass(frozen=True)
class Capability:
    """A context with slots, questions with the slots that answer them, and the values of slots (in any language)."""

    name: str
    context: Sentence
    asked: tuple[tuple[Sentence, str], ...]
    values: dict[str, tuple[Noun, ...]]


def capabilities(stream: Stream) -> Iterator[Capability]:
    """One of each of the stream's domains."""
    for domain in stream.domains:
        first, *others = concepts.ROOMS[domain]
        people, rooms = ("{first_name}", "{first_name1}"), ("{room}", "{place}")
        clauses = [facts.stands(_slot(p), "in", _slot(r)) for p, r in zip(people, rooms, strict=True)]
        asked = [
            (facts.say(facts.stands(_slot(person), "", Pronoun("where"))), room)
            for person, room in zip(people, rooms, strict=True)
        ]
        values = {"room": (Noun(first),), "place": tuple(map(Noun, others))}
        yield Capability(f"rooms of the {domain}", Sentence(clauses[0], "and", clauses[1]), tuple(asked), values)


def _slot(name: str) -> Name:
    """A slot stands where a name could: no language changes it."""
    return Name((name,))
