"""No shortcut solves the toy world: majority, lengths, word overlap and single words stay at chance.

Each shortcut is a table from a feature to the label that most training examples with it have (or, for multiple choice
and spans, a ranking of choices or sentences), learned on a large training set and applied to a large development set.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import islice

import pytest

from tasks.toy.choices import Choice, alternatives, endings, explanations
from tasks.toy.inference import LABELS, Inference, inferences
from tasks.toy.questions import Paragraph, paragraphs
from tasks.toy.world import Split, Stream, World

pytestmark = pytest.mark.slow  # thousands of examples for each shortcut

TRAIN, DEV = 3000, 3000
WORLD = World.create(0)
ENGLISH = WORLD.speakers["en"]
NOISE = 0.04  # about four standard errors of an accuracy on `DEV` examples

Pair = tuple[list[str], list[str], str]


def _learned(train: Sequence[tuple[Hashable, Hashable]], dev: Sequence[tuple[Hashable, Hashable]]) -> float:
    """Accuracy on dev of the most frequent training label per feature."""
    table: dict[Hashable, Counter[Hashable]] = defaultdict(Counter)
    overall: Counter[Hashable] = Counter()
    for feature, label in train:
        table[feature][label] += 1
        overall[label] += 1
    guesses = [(table.get(feature) or overall).most_common(1)[0][0] == label for feature, label in dev]
    return sum(guesses) / len(guesses)


def _pairs(name: str, split: Split, count: int) -> list[Pair]:
    some: Iterator[Inference] = islice(inferences(WORLD.stream(name, split)), count)
    return [(ENGLISH.text(e.premise).split(), ENGLISH.text(e.hypothesis).split(), e.label) for e in some]


PAIR_FEATURES: dict[str, Callable[[Pair], Hashable]] = {
    "majority": lambda pair: (),
    "premise length": lambda pair: len(pair[0]),
    "hypothesis length": lambda pair: len(pair[1]),
    "lengths": lambda pair: (len(pair[0]), len(pair[1])),
    "overlap": lambda pair: sum(word in pair[0] for word in pair[1]),
    "overlap ratio": lambda pair: round(sum(word in pair[0] for word in pair[1]) / len(pair[1]), 2),
    "overlap and lengths": lambda pair: (sum(word in pair[0] for word in pair[1]), len(pair[0]), len(pair[1])),
    "new word": lambda pair: tuple(word for word in pair[1] if word not in pair[0])[-1:],
    "premise words": lambda pair: tuple(word for word in pair[0] if word[0].islower()),
}


@pytest.fixture(scope="module", params=["snli", "xnli"])
def pairs(request: pytest.FixtureRequest) -> tuple[list[Pair], list[Pair]]:
    return _pairs(request.param, Split.TRAIN, TRAIN), _pairs(request.param, Split.DEV, DEV)


@pytest.mark.parametrize("feature", PAIR_FEATURES)
def test_inference(pairs: tuple[list[Pair], list[Pair]], feature: str) -> None:
    train, dev = ([(PAIR_FEATURES[feature](pair), pair[2]) for pair in part] for part in pairs)
    assert _learned(train, dev) < 1 / len(LABELS) + NOISE


def test_inference_labels_are_balanced(pairs: tuple[list[Pair], list[Pair]]) -> None:
    for part in pairs:
        assert set(Counter(label for *_, label in part).values()) == {len(part) // len(LABELS)}


Feature = Callable[[list[str], list[str]], Hashable]
CHOICE_FEATURES: dict[str, Feature] = {
    "length": lambda context, choice: len(choice),
    "overlap": lambda context, choice: sum(word in context for word in choice),
    "overlap ratio": lambda context, choice: round(sum(word in context for word in choice) / len(choice), 2),
    "length difference": lambda context, choice: len(context) - len(choice),
    "words": lambda context, choice: tuple(word for word in choice if word[0].islower()),
    "last word": lambda context, choice: choice[-2],
}
CHOICE_TASKS: dict[str, tuple[Callable[[Stream], Iterator[Choice]], float]] = {
    "hellaswag": (endings, 1 / 4),
    "cosmosqa": (explanations, 1 / 4),
    "xcopa": (alternatives, 1 / 2),
}


@pytest.fixture(scope="module", params=CHOICE_TASKS)
def chosen(request: pytest.FixtureRequest) -> tuple[list[Choice], list[Choice], float]:
    make, chance = CHOICE_TASKS[request.param]
    train, dev = (list(islice(make(WORLD.stream(request.param, split)), TRAIN)) for split in (Split.TRAIN, Split.DEV))
    return train, dev, chance


def _rows(choice: Choice, feature: Feature) -> list[Hashable]:
    context = ENGLISH.text(*choice.context).split()
    if not isinstance(choice.question, str):
        context += ENGLISH.text(choice.question).split()
    return [feature(context, ENGLISH.text(each).split()) for each in choice.choices]


@pytest.mark.parametrize("feature", CHOICE_FEATURES)
def test_choices(chosen: tuple[list[Choice], list[Choice], float], feature: str) -> None:
    """Choices are ranked by how often one with such a feature was right in training; the first of equals is taken."""
    train, dev, chance = chosen
    seen: Counter[Hashable] = Counter()
    right: Counter[Hashable] = Counter()
    for choice in train:
        rows = _rows(choice, CHOICE_FEATURES[feature])
        seen.update(rows)
        right[rows[choice.label]] += 1
    correct = 0
    for choice in dev:
        rates = [right[row] / seen[row] if seen[row] else 0.0 for row in _rows(choice, CHOICE_FEATURES[feature])]
        correct += rates.index(max(rates)) == choice.label
    assert correct / len(dev) < chance + NOISE


def test_positions_of_right_choices_are_balanced(chosen: tuple[list[Choice], list[Choice], float]) -> None:
    for part in chosen[:2]:
        counts = Counter(choice.label for choice in part)
        assert max(counts.values()) / len(part) < chosen[2] + 0.03
        assert len(counts) == round(1 / chosen[2])


@pytest.fixture(scope="module")
def asked() -> list[Paragraph]:
    return list(islice(paragraphs(WORLD.stream("squad", Split.DEV)), 1000))


def _answered(paragraph: Paragraph) -> Iterator[tuple[list[list[str]], list[str], int, str]]:
    """Of each question: the context's sentences, the question's words, the answering sentence, the answer."""
    for question in paragraph.asked:
        said = ENGLISH.say(paragraph.context[question.sentence], question.answer)
        assert said.span is not None
        answer = " ".join(token.form for token in said.tokens[slice(*said.span)])
        sentences = [ENGLISH.text(sentence).split() for sentence in paragraph.context]
        yield sentences, ENGLISH.text(question.question).split(), question.sentence, answer


def test_spans_are_not_in_the_sentence_with_the_highest_overlap(asked: list[Paragraph]) -> None:
    found = [
        max(range(len(sentences)), key=lambda i: len(set(sentences[i]) & set(question))) == place
        for paragraph in asked
        for sentences, question, place, _ in _answered(paragraph)
    ]
    assert sum(found) / len(found) < 0.4


def test_spans_are_not_the_first_entity(asked: list[Paragraph]) -> None:
    found = []
    for paragraph in asked:
        for sentences, question, _, answer in _answered(paragraph):
            names = [word for sentence in sentences for word in sentence if word[0].isupper() and word not in question]
            found.append(bool(names) and names[0] == answer)
    assert sum(found) / len(found) < 0.2


def test_answers_are_in_every_sentence_as_often(asked: list[Paragraph]) -> None:
    places = Counter(question.sentence for paragraph in asked for question in paragraph.asked)
    assert max(places.values()) / sum(places.values()) < 1 / 4 + NOISE
