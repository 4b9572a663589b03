"""Multiple choice: HellaSwag, Cosmos QA, COPA with XCOPA, and those of other numbers of choices.

All ask for the state that an action brings about, or for the action that brought a state about. The choices are equal
in shape, none of their deciding words is in the context, and each is right in as many contexts as the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tasks.toy import concepts, facts
from tasks.toy.concepts import HYPERNYM, Dimension
from tasks.toy.grammar import Clause, Name, Noun, Phrase, Pronoun, Sentence
from tasks.toy.world import Key, Stream


@dataclass(frozen=True)
class Choice:
    """A context, what is asked about it (a question, or HellaSwag's and COPA's word for it), and the choices."""

    context: tuple[Sentence, ...]
    question: Sentence | str
    choices: tuple[Sentence, ...]
    label: int


@dataclass(frozen=True)
class _Change:
    """An agent gives a thing or person value `value` of a dimension."""

    agent: Name
    patient: Noun
    dimension: Dimension
    value: int

    def action(self, stream: Stream, patient: Phrase | None = None, value: int | None = None) -> Clause:
        """Mira heats the soup."""
        verbs = self.dimension.causes[self.value if value is None else value]
        return facts.acts(self.agent, stream.pick(verbs), patient or self.patient)

    def state(self, stream: Stream, patient: Phrase | None = None, value: int | None = None) -> Clause:
        """The soup is hot."""
        words = self.dimension.values[self.value if value is None else value]
        return facts.has_quality(patient or self.patient, stream.pick(words))


def endings(stream: Stream) -> Iterator[Choice]:
    """HellaSwag: two actions on two things, and how one of the things is then."""
    for position in stream.positions(4):
        changes, names = stream.allowed(partial(_changes, stream, "ending"))
        asked, other = stream.shuffled((0, 1))
        actions = tuple(facts.say(change.action(stream)) for change in changes)
        states = [
            facts.say(changes[i].state(stream, names[asked], value))
            for i, value in ((asked, changes[asked].value), (asked, 1 - changes[asked].value), (other, 0), (other, 1))
        ]
        yield _placed(stream, actions, "now", states, position)


def explanations(stream: Stream) -> Iterator[Choice]:
    """Cosmos QA: what somebody did to a thing that is as it is, or how it is after all that was done."""
    for position in stream.positions(4):
        changes, names = stream.allowed(partial(_changes, stream, "explanation"))
        asked, other = stream.shuffled((0, 1))
        backward = stream.chance(0.5)
        order = ((asked, changes[asked].value), (asked, 1 - changes[asked].value), (other, 0), (other, 1))
        agent = changes[asked].agent
        if backward:
            context = tuple(facts.say(change.state(stream)) for change in changes)
            question = facts.say(Clause(agent, "do", Pronoun("what"), obliques=(("with", names[asked]),)))
            picked = [facts.acts(agent, stream.pick(changes[i].dimension.causes[v]), Pronoun("it")) for i, v in order]
        else:
            before = changes[asked].state(stream, value=1 - changes[asked].value)
            actions = [change.action(stream) for change in changes]
            context = tuple(facts.say(clause) for clause in (before, *stream.shuffled(actions)))
            question = facts.say(Clause(names[asked], quality="how", adverb="now"))
            picked = [facts.has_quality(Pronoun("it"), stream.pick(changes[i].dimension.values[v])) for i, v in order]
        yield _placed(stream, context, question, [facts.say(clause) for clause in picked], position)


def reactions(stream: Stream) -> Iterator[Choice]:
    """Social IQa: the same with three answers."""
    for position, whole in zip(stream.positions(3), explanations(stream), strict=False):
        wrong = [choice for place, choice in enumerate(whole.choices) if place != whole.label]
        choices = (whole.choices[whole.label], *wrong[:2])
        yield _placed(stream, whole.context, whole.question, choices, position)


def outcomes(stream: Stream) -> Iterator[Choice]:
    """CommonsenseQA: what was done to two things, and how one of them is now, of five possible ways."""
    for position in stream.positions(5):
        changes, names = stream.allowed(partial(_changes, stream, "outcome"))
        asked, other = stream.shuffled(changes)
        known = (asked.dimension, other.dimension)
        third = stream.pick([each for each in _states(asked.dimension) if each not in known])
        words = [
            stream.pick(dimension.values[value])
            for dimension, value in (
                (asked.dimension, asked.value),
                (asked.dimension, 1 - asked.value),
                (other.dimension, 0),
                (other.dimension, 1),
                (third, stream.pick((0, 1))),
            )
        ]
        context = tuple(facts.say(change.action(stream)) for change in changes)
        question = facts.say(Clause(names[changes.index(asked)], quality="how", adverb="now"))
        picked = [facts.say(facts.has_quality(Pronoun("it"), word)) for word in words]
        yield _placed(stream, context, question, picked, position)


def stories(stream: Stream) -> Iterator[Choice]:
    """XStoryCloze: how two things were, what was done to them, and how one of them is then, of two ways."""
    for position in stream.positions(2):
        changes, names = stream.allowed(partial(_changes, stream, "story"))
        asked = stream.pick((0, 1))
        before = [change.state(stream, value=1 - change.value) for change in changes]
        actions = stream.shuffled([change.action(stream) for change in changes])
        change, name = changes[asked], names[asked]
        ends = [change.state(stream, name, value) for value in (change.value, 1 - change.value)]
        context = tuple(facts.say(clause) for clause in (*before, *actions))
        yield _placed(stream, context, "", [facts.say(clause) for clause in ends], position)


def alternatives(stream: Stream) -> Iterator[Choice]:
    """COPA: cause or effect. Two instances in a row have the same alternatives, of which each is right once."""
    while True:
        question = stream.pick(("cause", "effect"))
        both, name = stream.allowed(partial(_rivals, stream, question))
        if question == "cause":
            premises = [each.state(stream) for each in both]
            choices = [each.action(stream, name) for each in both]
        else:
            premises = [each.action(stream) for each in both]
            choices = [each.state(stream, name) for each in both]
        order = stream.shuffled((0, 1))
        placed = tuple(facts.say(choices[i]) for i in order)
        for right in stream.shuffled((0, 1)):
            yield Choice((facts.say(premises[right]),), question, placed, order.index(right))


def _changes(stream: Stream, use: str) -> tuple[Key, tuple[list[_Change], list[Noun]]]:
    """Two changes of different dimensions in two things (or people), and what else the two may be called."""
    dimensions, patients = _changing(stream)
    changes = [
        _Change(agent, patient, dimension, stream.pick((0, 1)))
        for agent, patient, dimension in zip(stream.people(2), patients, dimensions, strict=True)
    ]
    general = stream.chance(0.5)
    key = sorted(f"{change.patient.head} {change.dimension.name} {change.value}" for change in changes)
    return (use, *key), (changes, [_called(change.patient, general) for change in changes])


def _rivals(stream: Stream, use: str) -> tuple[Key, tuple[list[_Change], Noun]]:
    """Two changes of one thing: to contrary values, or of different dimensions."""
    dimensions, (patient, _) = _changing(stream)
    (agent,), value = stream.people(1), stream.pick((0, 1))
    turned = stream.chance(0.5)
    other = (dimensions[0], 1 - value) if turned else (dimensions[1], stream.pick((0, 1)))
    both = [_Change(agent, patient, dimensions[0], value), _Change(agent, patient, *other)]
    key = sorted({change.dimension.name for change in both})
    return (use, patient.head, *key), (both, _called(patient, stream.chance(0.5)))


def _changing(stream: Stream) -> tuple[tuple[Dimension, Dimension], list[Noun]]:
    """Two dimensions, and two things or people that have them."""
    if stream.chance(0.3):
        roles = [role for domain in stream.domains for role in concepts.ROLES[domain]]
        return stream.two(concepts.PERSON_STATES), [Noun(role) for role in stream.sample(roles, 2)]
    return stream.two(concepts.THING_STATES), [Noun(kind) for kind in stream.kinds(2)]


def _states(dimension: Dimension) -> Sequence[Dimension]:
    """The dimensions of what has this one."""
    return concepts.PERSON_STATES if dimension in concepts.PERSON_STATES else concepts.THING_STATES


def _called(patient: Noun, general: bool) -> Noun:
    """A thing by its hypernym, if that is wanted."""
    return Noun(HYPERNYM.get(patient.head, patient.head)) if general else patient


def _placed(
    stream: Stream, context: tuple[Sentence, ...], question: Sentence | str, choices: Sequence[Sentence], position: int
) -> Choice:
    """The first of the choices, which is right, at a position; the others around it in random order."""
    placed = stream.shuffled(choices[1:])
    placed.insert(position, choices[0])
    return Choice(context, question, tuple(placed), position)
