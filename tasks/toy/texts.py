"""Plain text: what monolingual and parallel files and Tatoeba say.

Some lines state facts, some ask, and some say how facts and words hang together: a cup is a vessel, a big cup is not
small, what is heated is hot. So what the tasks ask for can be learned from text, in every language by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tasks.toy import concepts, facts
from tasks.toy.grammar import Clause, Entry, Name, Noun, Phrase, Pronoun, Sentence
from tasks.toy.world import Key, Stream

_ENTRIES, _SHORT = 0.3, 0.2  # of a corpus' lines
_OF_PEOPLE = 0.3  # of the sentences that could be about things as well
_RARE = (
    *(Entry(word, "ADP") for relation in concepts.POSITIONS for word in relation.words),
    *(Entry(word, "ADJ") for relation in concepts.COMPARISONS for word in relation.words),
    *(Entry(word, "VERB") for relation in concepts.TRANSFERS for word in relation.words),
    *(Entry(word, "VERB") for word in (*concepts.PERSON_VERBS, *concepts.ORGANISATION_VERBS, *concepts.PLACE_VERBS)),
    *(Entry(word, "NUM") for word in concepts.NUMBERS),
)


def corpus(stream: Stream) -> Iterator[Sentence | Entry]:
    """What monolingual and parallel files hold: the sentences below, short ones, and a glossary's entries."""
    long = sentences(stream)
    while True:
        length = stream.rng.random()
        if length < _ENTRIES:
            yield _entry(stream)
        else:
            yield _short(stream) if length < _ENTRIES + _SHORT else next(long)


def sentences(stream: Stream) -> Iterator[Sentence]:
    """Sentences without end, each of the stream's split."""
    templates, weights = tuple(_TEMPLATES), tuple(_TEMPLATES.values())
    while True:
        (template,) = stream.rng.choices(templates, weights)
        yield stream.allowed(partial(_keyed, stream, template))


def different(stream: Stream) -> Iterator[Sentence]:
    """The same without repetition."""
    seen: set[Sentence] = set()
    for sentence in sentences(stream):
        if sentence not in seen:
            seen.add(sentence)
            yield sentence


def _keyed(stream: Stream, template: Callable[[Stream], Sentence]) -> tuple[Key, Sentence]:
    sentence = template(stream)
    return ("text", *(token.form for token in stream.world.speakers["en"].say(sentence).tokens)), sentence


def _entry(stream: Stream) -> Entry:
    """red; cup; heats; above."""
    about = stream.pick(("quality", "quality", "noun", "verb", "verb", "rest"))
    of_person = stream.chance(_OF_PEOPLE)
    if about == "quality":
        dimension = stream.one(concepts.PERSON_STATES if of_person else concepts.THING_DIMENSIONS)
        return Entry(stream.pick(dimension.words), "ADJ")
    if about == "noun":
        return Entry(stream.pick(concepts.nouns()), "NOUN")
    if about == "verb":
        change = stream.one(concepts.PERSON_STATES if of_person else concepts.CHANGES)
        return Entry(stream.pick(stream.pick(change.causes or change.values)), "VERB")
    return stream.pick(_RARE)


def _short(stream: Stream) -> Sentence:
    """It is red; it is a cup; it heats Mira; it is above Mira; Mira has two cups."""
    entry, it, (person,) = _entry(stream), Pronoun("it"), stream.people(1)
    if entry.upos == "NOUN":
        return facts.say(Clause(it, object=Noun(entry.lexeme, "a")))
    if entry.upos == "NUM":
        return facts.say(facts.counts(person, entry.lexeme, stream.kind()))
    if entry.upos == "VERB":
        return facts.say(facts.acts(it, entry.lexeme, person))
    if entry.upos == "ADP":
        return facts.say(facts.stands(it, entry.lexeme, person))
    than = (("than", person),) if entry in _RARE else ()
    return facts.say(Clause(it, quality=entry.lexeme, obliques=than))


def _thing(stream: Stream) -> Noun:
    """The cup, the cup of Mira, or the red cup."""
    kind = stream.kind()
    return stream.pick((
        Noun(kind),
        facts.owned(kind, stream.people(1)[0]),
        Noun(kind, adjectives=(stream.pick(stream.one(concepts.THING_TRAITS).words),)),
    ))  # fmt: skip


def _named(stream: Stream, kind: str) -> Noun:
    return Noun(concepts.HYPERNYM[kind] if stream.chance(0.5) else kind)


def _quality(stream: Stream) -> Sentence:
    """The cup of Mira is red; Mira is glad."""
    if stream.chance(_OF_PEOPLE):
        word = stream.pick(stream.one(concepts.PERSON_STATES).words)
        return facts.say(facts.has_quality(stream.people(1)[0], word, stream.room() if stream.chance(0.5) else ""))
    dimension = stream.one(concepts.THING_DIMENSIONS)
    return facts.say(facts.has_quality(_thing(stream), stream.pick(dimension.words)))


def _two_qualities(stream: Stream) -> Sentence:
    """The cup of Mira is red and the lamp of Tobin is big."""
    first, second = (_quality(stream).clause for _ in range(2))
    return Sentence(first, "and", second)


def _action(stream: Stream) -> Sentence:
    """Mira finds the cup in the kitchen."""
    verb = stream.pick(stream.one(concepts.ACTIONS).words)
    return facts.say(facts.acts(stream.people(1)[0], verb, _thing(stream), stream.room()))


def _change(stream: Stream) -> tuple[Clause, Clause]:
    """Mira heats the cup; the cup is hot."""
    of_person, value = stream.chance(_OF_PEOPLE), stream.pick((0, 1))
    dimension = stream.one(concepts.PERSON_STATES if of_person else concepts.THING_STATES)
    agent, person = stream.people(2)
    patient: Phrase = person
    again: Phrase = person
    if not of_person:
        kind = stream.kind()
        patient, again = Noun(kind), _named(stream, kind)
    action = facts.acts(agent, stream.pick(dimension.causes[value]), patient)
    return action, facts.has_quality(again, stream.pick(dimension.values[value]))


def _effect(stream: Stream) -> Sentence:
    """Mira heats the cup so the vessel is hot; the vessel is hot because Mira heats the cup."""
    action, state = _change(stream)
    return Sentence(action, "so", state) if stream.chance(0.6) else Sentence(state, "because", action)


def _synonym(stream: Stream) -> Sentence:
    """A big cup is large; a big cup is not small; a glad nurse is happy."""
    of_person = stream.chance(_OF_PEOPLE)
    dimension = stream.one(concepts.PERSON_STATES if of_person else concepts.THING_DIMENSIONS)
    roles = concepts.ROLES[stream.pick(stream.domains)]
    kind = stream.pick(roles) if of_person else stream.kind()
    word = stream.pick(dimension.words)
    subject = Noun(kind, "a", (word,))
    if stream.chance(0.5):
        return facts.say(Clause(subject, quality=stream.contrary(word, dimension), negated=True))
    return facts.say(facts.has_quality(subject, stream.synonym(word, dimension)))


def _connected(stream: Stream) -> Sentence:
    """The cup is red so it is crimson, so it is not blue, and it is big: which of them, follows from the meanings."""
    of_person = stream.chance(_OF_PEOPLE)
    dimension, other = stream.two(concepts.PERSON_STATES if of_person else concepts.THING_DIMENSIONS)
    word, it = stream.pick(dimension.words), Pronoun("it")
    first = facts.has_quality(stream.people(1)[0] if of_person else Noun(stream.kind()), word)
    how = stream.pick(("so", "not", "and"))
    if how == "so":
        return Sentence(first, "so", facts.has_quality(it, stream.synonym(word, dimension)))
    if how == "and":
        return Sentence(first, "and", facts.has_quality(it, stream.pick(other.words)))
    return Sentence(first, "so", Clause(it, quality=stream.contrary(word, dimension), negated=True))


def _hypernym(stream: Stream) -> Sentence:
    """A cup is a vessel."""
    kind = stream.kind()
    subject = Noun(kind, "a", (stream.pick(stream.one(concepts.THING_TRAITS).words),))
    return facts.say(Clause(subject, object=Noun(concepts.HYPERNYM[kind], "a")))


def _verb_synonym(stream: Stream) -> Sentence:
    """Mira finds the cup so Mira discovers the vessel."""
    change = stream.one(concepts.CHANGES)
    first, second = stream.shuffled(stream.pick(change.causes or change.values))
    kind, (agent,) = stream.kind(), stream.people(1)
    return Sentence(facts.acts(agent, first, Noun(kind)), "so", facts.acts(agent, second, _named(stream, kind)))


def _relation(stream: Stream) -> Sentence:
    """The cup is above the lamp so the lamp is below the cup; and so with comparisons and transfers."""
    relation = stream.pick((*concepts.POSITIONS, *concepts.COMPARISONS, *concepts.TRANSFERS))
    people, kinds = stream.people(2), stream.kinds(3)
    word, converse = stream.pick(relation.forward), stream.pick(relation.backward)
    if relation in concepts.TRANSFERS:
        thing = Noun(kinds[0])
        clauses = [
            facts.transfers(people[0], word, thing, people[1], away=True),
            facts.transfers(people[1], converse, thing, people[0], away=False),
        ]
    elif relation in concepts.POSITIONS:
        things = [Noun(kind) for kind in kinds[1:]]
        clauses = [facts.stands(things[0], word, things[1]), facts.stands(things[1], converse, things[0])]
    else:
        clauses = [facts.compares(people[0], word, people[1]), facts.compares(people[1], converse, people[0])]
    clauses = stream.shuffled(clauses)
    return Sentence(clauses[0], "so", clauses[1]) if stream.chance(0.5) else facts.say(clauses[0])


def _place(stream: Stream) -> Sentence:
    """The cup of Mira is in the kitchen; Mira has three cups."""
    if stream.chance(0.5):
        return facts.say(facts.stands(_thing(stream), stream.pick(("in", "near")), Noun(stream.room())))
    word = stream.pick(tuple(concepts.NUMBERS))
    number = concepts.NUMBERS[word] if stream.chance(0.5) else word
    return facts.say(facts.counts(stream.people(1)[0], number, stream.kind()))


def _question(stream: Stream) -> Sentence:
    """Where is the cup of Mira? Who heats the cup? What is red? How many cups does Mira have?"""
    (person,), kind = stream.people(1), stream.kind()
    action, state = _change(stream)
    clauses = (
        facts.stands(facts.owned(kind, person), "", Pronoun("where")),
        facts.acts(Pronoun("who"), action.verb, Noun(kind)),
        facts.has_quality(Pronoun("what"), state.quality),
        facts.counts(person, "how many", kind),
        Clause(Noun(kind), quality="how", adverb="now"),
        Clause(person, "do", Pronoun("what"), obliques=(("with", Noun(kind)),)),
    )
    return facts.say(stream.pick(clauses))


def entity_clause(
    stream: Stream, person: Callable[[], Name], place: Callable[[], Name], org: Callable[[], Name]
) -> Clause:
    """A clause in which only the other words tell which type a name has."""
    kind = stream.kind()
    builders: tuple[Callable[[], Clause], ...] = (
        lambda: Clause(person(), stream.pick(("sleep", "laugh", "sing")), obliques=(("in", Noun(stream.room())),)),
        lambda: Clause(person(), "marry", person()),
        lambda: Clause(org(), "merge", obliques=(("with", org()),)),
        lambda: Clause(org(), stream.pick(("hire", "employ")), person()),
        lambda: Clause(org(), "produce", Noun(kind, number=stream.pick(tuple(concepts.NUMBERS)))),
        lambda: Clause(place(), "border", place()),
        lambda: Clause(person(), "visit", place()),
        lambda: Clause(person(), "live", obliques=(("in", place()),)),
        lambda: Clause(person(), "work", obliques=(("for", org()),)),
    )
    return stream.pick(builders)()


def _entities(stream: Stream) -> Sentence:
    """Mira lives in Varo; Solen hires Mira."""
    world = stream.world
    pools = (world.people, world.places, world.organisations)
    person, place, org = (partial(stream.pick, pool) for pool in pools)
    return facts.say(entity_clause(stream, person, place, org))


def ambiguous(stream: Stream) -> Sentence:
    """The nurse hammers the hammer: words that are noun or verb by their place."""
    role = stream.pick(concepts.ROLES[stream.pick(stream.domains)])
    nouns = [word for word in concepts.AMBIGUOUS if word != role]
    patient = Noun(stream.pick(nouns)) if stream.chance(0.5) else _thing(stream)
    return facts.say(facts.acts(Noun(role), stream.pick(concepts.AMBIGUOUS), patient, stream.room()))


_TEMPLATES: dict[Callable[[Stream], Sentence], int] = {  # with how often each occurs, in percent
    _quality: 10,
    _two_qualities: 3,
    _action: 6,
    _effect: 16,
    _synonym: 6,
    _connected: 22,
    _hypernym: 6,
    _verb_synonym: 5,
    _relation: 8,
    _place: 6,
    _question: 5,
    _entities: 5,
    ambiguous: 3,
}
