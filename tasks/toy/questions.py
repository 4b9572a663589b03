"""Span questions: SQuAD, XQuAD, TyDiQA and their like.

A context says several facts of one template about things and people in every combination. A question names a fact by a
synonym, a hypernym or a converse, so that its sentence has no more words in common with it than the others have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tasks.toy import concepts, facts
from tasks.toy.concepts import HYPERNYM, KINDS
from tasks.toy.grammar import Clause, Name, Noun, Phrase, Pronoun, Sentence
from tasks.toy.world import Key, Stream

QUESTIONS = 2  # a paragraph


@dataclass(frozen=True)
class Asked:
    """A question; the answer is a phrase (or a numeral) of one of the context's sentences."""

    question: Sentence
    sentence: int
    answer: Phrase | str


@dataclass(frozen=True)
class Paragraph:
    """A context and the questions about it; `open` are questions that it does not answer."""

    context: tuple[Sentence, ...]
    asked: tuple[Asked, ...]
    open: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class _Fact:
    """A fact, and the question to which `answer` is the answer."""

    clause: Clause
    question: Clause
    answer: Phrase | str


Template = Callable[[Stream], tuple[Key, Sequence[_Fact]]]


def paragraphs(stream: Stream, templates: Sequence[Template] | None = None) -> Iterator[Paragraph]:
    """Paragraphs of four facts with two questions, without end; of all templates, unless some are named."""
    while True:
        known = stream.allowed(partial(stream.pick(templates or _TEMPLATES), stream))
        order = stream.shuffled(range(len(known)))
        context = tuple(facts.say(known[i].clause) for i in order)
        places = stream.sample(range(len(known)), QUESTIONS)
        asked = (Asked(facts.say(known[order[p]].question), p, known[order[p]].answer) for p in places)
        yield Paragraph(context, tuple(asked))


def of_one_domain(stream: Stream) -> Iterator[Paragraph]:
    """Paragraphs of the templates for which the words of one domain are enough."""
    return paragraphs(stream, (_how_many, _who, _what, _transfer))


def about_people(stream: Stream) -> Iterator[Paragraph]:
    """Paragraphs of one domain whose questions name a person, and so have one answer among many paragraphs."""
    return paragraphs(stream, (_how_many, _transfer))


def with_open_questions(stream: Stream) -> Iterator[Paragraph]:
    """SQuAD 2.0: each with a question of another paragraph, about a person whom this one does not name."""
    others = about_people(stream)
    for paragraph in about_people(stream):
        known = {name for sentence in paragraph.context for name in _people(stream, sentence)}
        asked = (question.question for other in others for question in other.asked)
        strange = next(question for question in asked if not known.intersection(_people(stream, question)))
        yield replace(paragraph, open=(strange,))


def _people(stream: Stream, sentence: Sentence) -> list[str]:
    said = stream.world.speakers["en"].say(sentence)
    return [token.form for token in said.tokens if token.upos == "PROPN"]


def _where(stream: Stream) -> tuple[Key, Sequence[_Fact]]:
    """The cup of Mira is in the kitchen: where is the vessel of Mira?"""
    things, tops = _four_things(stream)
    rooms = [Noun(room) for room in stream.rooms(len(things))]
    told = []
    for (owner, kind), top, room in zip(things, tops, rooms, strict=True):
        question = facts.stands(facts.owned(top, owner), "", Pronoun("where"))
        told.append(_Fact(facts.stands(facts.owned(kind, owner), "in", room), question, room))
    return ("where", *(kind for _, kind in things), *(room.head for room in rooms)), told


def _how_many(stream: Stream) -> tuple[Key, Sequence[_Fact]]:
    """Mira has three cups: how many vessels does Mira have?"""
    things, tops = _four_things(stream)
    numbers = stream.sample(tuple(concepts.NUMBERS), len(things))
    told = []
    for (owner, kind), top, word in zip(things, tops, numbers, strict=True):
        number = concepts.NUMBERS[word] if stream.chance(0.5) else word
        told.append(_Fact(facts.counts(owner, number, kind), facts.counts(owner, "how many", top), number))
    return ("many", *(kind for _, kind in things), *numbers), told


def _who(stream: Stream) -> tuple[Key, Sequence[_Fact]]:
    """Mira heats the cup: who warms the vessel?"""
    senses = stream.sample([cause for state in concepts.THING_STATES for cause in state.causes], 4)
    kind = stream.kind()
    told, words = [], []
    for agent, sense in zip(stream.people(4), senses, strict=True):
        verb, synonym = stream.shuffled(sense)
        question = facts.acts(Pronoun("who"), synonym, Noun(HYPERNYM[kind]))
        told.append(_Fact(facts.acts(agent, verb, Noun(kind)), question, agent))
        words.append(verb)
    return ("who", kind, *sorted(words)), told


def _what(stream: Stream) -> tuple[Key, Sequence[_Fact]]:
    """The cup of Mira is crimson: what is red?"""
    senses = stream.sample([v for d in concepts.THING_DIMENSIONS for v in d.values], 4)
    told, words = [], []
    for owner, sense, kind in zip(stream.people(4), senses, stream.kinds(4), strict=True):
        adjective, synonym = stream.shuffled(sense)
        thing = facts.owned(kind, owner)
        question = facts.has_quality(Pronoun("what"), synonym)
        told.append(_Fact(facts.has_quality(thing, adjective), question, thing))
        words += [kind, adjective]
    return ("what", *words), told


def _transfer(stream: Stream) -> tuple[Key, Sequence[_Fact]]:
    """Mira gives the cup to Tobin, who gives the coat to Sela, …: who receives the vessel from Mira?"""
    relation = stream.pick(concepts.TRANSFERS)
    people, kinds = stream.people(4), stream.kinds(4)
    told, words = [], []
    for giver, receiver, kind in zip(people, people[1:] + people[:1], kinds, strict=True):
        verb, converse = stream.pick(relation.forward), stream.pick(relation.backward)
        thing = Noun(HYPERNYM[kind])
        question = facts.transfers(Pronoun("who"), converse, thing, giver, away=False)
        told.append(_Fact(facts.transfers(giver, verb, Noun(kind), receiver, away=True), question, receiver))
        words += [kind, verb]
    return ("transfer", *words), told


def _four_things(stream: Stream) -> tuple[list[tuple[Name, str]], list[str]]:
    """One person's things of four hypernyms, or two people's, each one's of the same two; and the hypernyms."""
    owners = stream.people(1 if stream.chance(0.7) else 2)
    tops = stream.sample(tuple(KINDS), 4 // len(owners))
    things = [(owner, stream.kind(top)) for owner in owners for top in tops]
    return things, [HYPERNYM[kind] for _, kind in things]


_TEMPLATES: tuple[Template, ...] = (_where, _how_many, _who, _what, _transfer)
