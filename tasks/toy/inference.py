"""Natural language inference: SNLI and XNLI.

Each premise comes with three hypotheses of the same shape that differ in one word (or in the order of two names), and
that word is never in the premise. So a hypothesis' length, its overlap with the premise and its own words say nothing:
the label is in how the meanings of two words are related.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tasks.toy import concepts, facts
from tasks.toy.concepts import Dimension, Relation
from tasks.toy.grammar import Clause, Noun, Phrase, Sentence
from tasks.toy.world import Key, Stream

LABELS = ("entailment", "contradiction", "neutral")


@dataclass(frozen=True)
class Inference:
    """A pair of sentences and how they are related."""

    premise: Sentence
    hypothesis: Sentence
    label: str


Triple = tuple[Sentence, tuple[Clause, Clause, Clause]]  # a premise, and a hypothesis for each label


def inferences(stream: Stream) -> Iterator[Inference]:
    """Pairs without end: three of each premise, in random order."""
    templates, weights = tuple(_TEMPLATES), tuple(_TEMPLATES.values())
    while True:
        (template,) = stream.rng.choices(templates, weights)
        premise, hypotheses = stream.allowed(partial(template, stream))
        for label, hypothesis in stream.shuffled(tuple(zip(LABELS, hypotheses, strict=True))):
            yield Inference(premise, facts.say(hypothesis), label)


def _words(stream: Stream, dimensions: Sequence[Dimension]) -> tuple[str, tuple[str, str, str]]:
    """A word, and for each label another one: the first is then true, the second false, the third left open."""
    dimension, other = stream.two(dimensions)
    word = stream.pick(dimension.words)
    return word, (stream.synonym(word, dimension), stream.contrary(word, dimension), stream.pick(other.words))


def _named(stream: Stream, kind: str) -> str:
    """The kind itself, or its hypernym."""
    return concepts.HYPERNYM[kind] if stream.chance(0.5) else kind


def _quality_of_thing(stream: Stream) -> tuple[Key, Triple]:
    """The lamp of Mira is crimson: the tool of Mira is red."""
    word, answers = _words(stream, concepts.THING_DIMENSIONS)
    kind, (owner,) = stream.kind(), stream.people(1)
    subject = facts.owned(_named(stream, kind), owner)
    premise = facts.say(facts.has_quality(facts.owned(kind, owner), word))
    first, second, third = (facts.has_quality(subject, answer) for answer in answers)
    return ("quality", kind, word), (premise, (first, second, third))


def _quality_of_person(stream: Stream) -> tuple[Key, Triple]:
    """Mira is sad in the kitchen: Mira is gloomy."""
    word, answers = _words(stream, concepts.PERSON_STATES)
    (person,), room = stream.people(1), stream.room()
    premise = facts.say(facts.has_quality(person, word, room))
    first, second, third = (facts.has_quality(person, answer) for answer in answers)
    return ("person", room, word), (premise, (first, second, third))


def _two_things(stream: Stream) -> tuple[Key, Triple]:
    """The lamp of Mira is crimson and the cup of Tobin is big: the tool of Mira is large (open)."""
    asked, other = stream.two(concepts.THING_DIMENSIONS)
    word, distractor = stream.pick(asked.words), stream.pick(other.words)
    kinds, owners = stream.kinds(2), stream.people(2)
    clauses = [
        facts.has_quality(facts.owned(kind, owner), quality)
        for kind, owner, quality in zip(kinds, owners, (word, distractor), strict=True)
    ]
    if stream.chance(0.5):
        clauses.reverse()
    subject = facts.owned(_named(stream, kinds[0]), owners[0])
    answers = stream.synonym(word, asked), stream.contrary(word, asked), stream.synonym(distractor, other)
    first, second, third = (facts.has_quality(subject, answer) for answer in answers)
    return ("two", kinds[0], word, other.name), (Sentence(clauses[0], "and", clauses[1]), (first, second, third))


def _action(stream: Stream) -> tuple[Key, Triple]:
    """Mira finds the lamp: Mira discovers the tool."""
    word, answers = _words(stream, _ACTS)
    kind, (agent,) = stream.kind(), stream.people(1)
    patient = Noun(_named(stream, kind))
    premise = facts.say(facts.acts(agent, word, Noun(kind), stream.room()))
    first, second, third = (facts.acts(agent, answer, patient) for answer in answers)
    return ("act", kind, word), (premise, (first, second, third))


def _result(stream: Stream) -> tuple[Key, Triple]:
    """Mira heats the lamp: the tool is hot."""
    dimension, other = stream.two(concepts.THING_STATES)
    right, wrong = stream.sample(range(len(dimension.values)), 2)
    verb, kind, (agent,) = stream.pick(dimension.causes[right]), stream.kind(), stream.people(1)
    subject = Noun(_named(stream, kind))
    premise = facts.say(facts.acts(agent, verb, Noun(kind)))
    answers = (stream.pick(sense) for sense in (dimension.values[right], dimension.values[wrong], other.words))
    first, second, third = (facts.has_quality(subject, answer) for answer in answers)
    return ("result", kind, verb), (premise, (first, second, third))


def _comparison(stream: Stream) -> tuple[Key, Triple]:
    """The nurse is older than the baker: the baker is younger than the nurse."""
    roles = [role for domain in stream.domains for role in concepts.ROLES[domain]]
    animals = [animal for domain in stream.domains for animal in concepts.KINDS["animal"][domain]]
    pair = stream.sample(roles + animals, 2)
    first, second = (Noun(word) for word in pair)
    word, hypotheses = _related(stream, concepts.COMPARISONS, lambda a, w, b, _: facts.compares(a, w, b), first, second)
    return ("compare", word, *pair), (facts.say(facts.compares(first, word, second)), hypotheses)


def _position(stream: Stream) -> tuple[Key, Triple]:
    """The lamp is above the cup: the cup is below the lamp."""
    kinds = stream.kinds(2)
    first, second = (Noun(kind) for kind in kinds)
    word, hypotheses = _related(stream, concepts.POSITIONS, lambda a, w, b, _: facts.stands(a, w, b), first, second)
    return ("position", word, *kinds), (facts.say(facts.stands(first, word, second)), hypotheses)


def _transfer(stream: Stream) -> tuple[Key, Triple]:
    """Mira gives the lamp to Tobin: Tobin receives the tool from Mira."""
    kind, people = stream.kind(), stream.people(2)
    named = Noun(_named(stream, kind))
    word, hypotheses = _related(
        stream, concepts.TRANSFERS, lambda a, w, b, away: facts.transfers(a, w, named, b, away=away), *people
    )
    away = any(word in relation.forward for relation in concepts.TRANSFERS)
    premise = facts.transfers(people[0], word, Noun(kind), people[1], away=away)
    return ("transfer", word, kind), (facts.say(premise), hypotheses)


def _related(
    stream: Stream,
    relations: Sequence[Relation],
    state: Callable[[Phrase, str, Phrase, bool], Clause],
    first: Phrase,
    second: Phrase,
) -> tuple[str, tuple[Clause, Clause, Clause]]:
    """A word that holds of (first, second), and for each label a clause with another word, in either order.

    In one order of the two the synonym is true and the converse false, in the other order it is the other way round.
    """
    relation, other = stream.sample(relations, 2)
    sides = stream.shuffled((relation.forward, relation.backward))
    word = stream.pick(sides[0])
    synonyms, converses = tuple(w for w in sides[0] if w != word), sides[1]

    def hypothesis(straight: Sequence[str], turned: Sequence[str]) -> Clause:
        swapped = stream.chance(0.5)
        used = stream.pick(turned if swapped else straight)
        pair = (second, first) if swapped else (first, second)
        return state(pair[0], used, pair[1], any(used in each.forward for each in relations))

    hypotheses = hypothesis(synonyms, converses), hypothesis(converses, synonyms), hypothesis(other.words, other.words)
    return word, hypotheses


_ACTS = tuple(Dimension(change.name, change.causes or change.values) for change in concepts.CHANGES)
_TEMPLATES: dict[Callable[[Stream], tuple[Key, Triple]], int] = {  # with how often each occurs, in percent
    _quality_of_thing: 40,
    _quality_of_person: 20,
    _two_things: 10,
    _action: 10,
    _result: 11,
    _comparison: 3,
    _position: 3,
    _transfer: 3,
}
