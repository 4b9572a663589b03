"""The clauses that say a fact: what texts, premises and contexts are made of."""

from __future__ import annotations

from tasks.toy.grammar import Clause, Name, Noun, Phrase, Sentence


def say(clause: Clause) -> Sentence:
    """A clause as a sentence."""
    return Sentence(clause)


def owned(kind: str, owner: Name) -> Noun:
    """The cup of Mira."""
    return Noun(kind, of=owner)


def has_quality(thing: Phrase, adjective: str, room: str = "") -> Clause:
    """The cup of Mira is red; Mira is sad in the kitchen."""
    return Clause(thing, quality=adjective, obliques=(("in", Noun(room)),) if room else ())


def acts(agent: Phrase, verb: str, patient: Phrase, room: str = "") -> Clause:
    """Mira heats the cup in the kitchen."""
    return Clause(agent, verb, patient, obliques=(("in", Noun(room)),) if room else ())


def stands(thing: Phrase, adposition: str, place: Phrase) -> Clause:
    """The cup is above the table; the cup of Mira is in the kitchen."""
    return Clause(thing, obliques=((adposition, place),))


def compares(first: Phrase, comparative: str, second: Phrase) -> Clause:
    """Mira is older than Tobin."""
    return Clause(first, quality=comparative, obliques=(("than", second),))


def transfers(first: Phrase, verb: str, thing: Phrase, second: Phrase, *, away: bool) -> Clause:
    """Mira gives the cup to Tobin (`away`); Tobin receives the cup from Mira."""
    return Clause(first, verb, thing, obliques=(("to" if away else "from", second),))


def counts(owner: Phrase, number: str, kind: str) -> Clause:
    """Mira has three cups."""
    return Clause(owner, "have", Noun(kind, number=number))


def is_a(kind: str, hypernym: str) -> Clause:
    """A cup is a vessel."""
    return Clause(Noun(kind, "a"), object=Noun(hypernym, "a"))
