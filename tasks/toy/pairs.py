"""Pairs of sentences with a label: inference with labels of other names, and questions that ask the same or do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from tasks.toy import concepts, facts
from tasks.toy.concepts import HYPERNYM
from tasks.toy.grammar import Noun, Pronoun, Sentence
from tasks.toy.inference import LABELS, inferences
from tasks.toy.world import Key, Stream

SAME, OTHER = "1", "0"


@dataclass(frozen=True)
class Pair:
    """Two sentences and a label."""

    first: Sentence
    second: Sentence
    label: str


def inferred(labels: Mapping[str, str]) -> Callable[[Stream], Iterator[Pair]]:
    """Premises and hypotheses; what they are called by their label in `labels`, the others are left out."""

    def make(stream: Stream) -> Iterator[Pair]:
        for one in inferences(stream):
            if one.label in labels:
                yield Pair(one.premise, one.hypothesis, labels[one.label])

    return make


INFERENCES = inferred({label: label for label in LABELS})
PARAPHRASES = inferred({"entailment": SAME, "contradiction": OTHER})


def same_questions(stream: Stream) -> Iterator[Pair]:
    """QQP: a synonym asks the same, a word of contrary meaning does not; all else is as it was."""
    for same in stream.positions(2):
        yield stream.allowed(partial(_questions, stream, bool(same)))


def _questions(stream: Stream, same: bool) -> tuple[Key, Pair]:
    """Who heats the cup? Who warms the vessel?"""
    change, kind, room = stream.one(concepts.CHANGES), stream.kind(), stream.room()
    sense, contrary = stream.shuffled(change.causes or change.values)
    word, synonym = stream.shuffled(sense)
    used = synonym if same else stream.pick(contrary)
    first, second = (
        facts.say(facts.acts(Pronoun("who"), verb, Noun(noun), room))
        for verb, noun in ((word, kind), (used, stream.pick((kind, HYPERNYM[kind]))))
    )
    return ("same", kind, word, room), Pair(first, second, SAME if same else OTHER)
