"""The toy world's languages: exact translations, words of their own, and sets that share no situation."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations, islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.toy import choices, concepts, facts, inference, questions, tagging, texts
from tasks.toy.grammar import Clause, Name, Noun, Pronoun, Sentence
from tasks.toy.languages import ALL, INVENTED
from tasks.toy.lexicon import with_s
from tasks.toy.realise import Speaker
from tasks.toy.world import Split, Stream, World

WORLD = World.create(0)
ENGLISH = WORLD.speakers["en"]
MIRA, TOBIN = Name(("Mira",)), Name(("Tobin", "Sol"))

SAID: list[tuple[Clause, str]] = [
    (facts.has_quality(facts.owned("cup", MIRA), "red"), "the cup of Mira is red ."),
    (facts.acts(MIRA, "wash", Noun("soup", "a", ("hot",))), "Mira washes a hot soup ."),
    (facts.transfers(MIRA, "give", Noun("cup"), TOBIN, away=True), "Mira gives the cup to Tobin Sol ."),
    (facts.counts(MIRA, "3", "cup"), "Mira has 3 cups ."),
    (facts.counts(MIRA, "how many", "cup"), "how many cups does Mira have ?"),
    (facts.stands(Noun("cup"), "", Pronoun("where")), "where is the cup ?"),
    (facts.acts(Pronoun("who"), "heat", Noun("cup")), "who heats the cup ?"),
    (Clause(Noun("cup"), quality="how", adverb="now"), "now how is the cup ?"),
    (Clause(MIRA, "do", Pronoun("what"), obliques=(("with", Noun("cup")),)), "what does Mira do with the cup ?"),
    (Clause(Noun("cup", "a"), quality="red", negated=True), "a cup is not red ."),
]


@pytest.mark.parametrize(("clause", "text"), SAID)
def test_english(clause: Clause, text: str) -> None:
    assert ENGLISH.text(facts.say(clause)) == text


@pytest.mark.parametrize(
    ("word", "inflected"), [("bench", "benches"), ("carry", "carries"), ("toy", "toys"), ("box", "boxes")]
)
def test_english_inflection(word: str, inflected: str) -> None:
    assert with_s(word) == inflected


def _sentences(seed: int, count: int) -> list[Sentence]:
    return list(islice(texts.corpus(WORLD.stream(f"test-{seed}", Split.TRAIN)), count))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_translations_have_the_same_words_by_part_of_speech(seed: int) -> None:
    """Articles, copulas and "does" come and go with the language; everything else is translated one to one."""
    for sentence in _sentences(seed, 20):
        by_language = [
            Counter(token.upos for token in WORLD.speakers[language.code].say(sentence).tokens) for language in ALL
        ]
        for counts in by_language:
            for upos in ("DET", "AUX"):
                counts.pop(upos, None)
        assert all(counts == by_language[0] for counts in by_language)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_names_and_digits_are_shared(seed: int) -> None:
    for sentence in _sentences(seed, 20):
        shared = [
            Counter(
                token.form for token in speaker.say(sentence).tokens if token.upos == "PROPN" or token.form.isdigit()
            )
            for speaker in WORLD.speakers.values()
        ]
        assert all(names == shared[0] for names in shared)


def test_a_translation_is_a_function_of_the_lexeme() -> None:
    """Each invented word stands for one English base form, whatever the sentence."""
    for language in INVENTED:
        forms = WORLD.speakers[language.code]
        meanings: dict[str, set[str]] = defaultdict(set)
        for word in concepts.lexemes():
            for clause in (Clause(MIRA, word, TOBIN), Clause(TOBIN, word, MIRA)):
                (verb,) = [token.form for token in forms.say(facts.say(clause)).tokens if token.upos == "VERB"] or [""]
                meanings[verb].add(word)
        assert all(len(words) == 1 for verb, words in meanings.items() if verb)


def test_no_two_languages_share_a_word() -> None:
    names = {word.casefold() for pool in (WORLD.people, WORLD.places) for name in pool for word in name.words}
    vocabularies = []
    for speaker in WORLD.speakers.values():
        tokens = (token for sentence in _sentences(1, 2000) for token in speaker.say(sentence).tokens)
        vocabularies.append({t.form for t in tokens if t.upos not in ("PROPN", "PUNCT") and not t.form.isdigit()})
    assert all(not first & second for first, second in combinations(vocabularies, 2))
    assert all(not words & names for words in vocabularies)


@pytest.mark.parametrize("language", ALL, ids=lambda language: language.code)
def test_word_order(language: Any) -> None:
    """Subject, verb and object, adjective and noun, adposition and phrase stand in the declared order."""
    speaker = WORLD.speakers[language.code]
    clause = facts.acts(MIRA, "heat", Noun("cup", adjectives=("red",)), room="kitchen")
    tokens = speaker.say(facts.say(clause)).tokens
    place = {upos: [t.upos for t in tokens].index(upos) for upos in ("PROPN", "VERB", "ADJ", "ADP")}
    first, second = speaker.say(facts.say(clause), Noun("kitchen")).span or (0, 0)
    objects = speaker.say(facts.say(clause), Noun("cup", adjectives=("red",))).span or (0, 0)
    letters = {"S": place["PROPN"], "V": place["VERB"], "O": objects[0]}
    assert "".join(sorted(letters, key=letters.__getitem__)) == language.order
    assert tokens[objects[1] - 1 if not language.adjectives_after else objects[1] - 2].upos == "NOUN"
    assert place["ADP"] == (second if language.postpositions else first - 1)


def test_the_answer_is_marked_in_every_language() -> None:
    for paragraph in islice(questions.paragraphs(WORLD.stream("marks", Split.TRAIN)), 200):
        for asked in paragraph.asked:
            for speaker in WORLD.speakers.values():
                said = speaker.say(paragraph.context[asked.sentence], asked.answer)
                assert said.span is not None
                answer = said.tokens[slice(*said.span)]
                others = [speaker.text(s) for s in paragraph.context if s is not paragraph.context[asked.sentence]]
                assert not any(" ".join(token.form for token in answer) in other for other in others if len(answer) > 2)
                assert {token.upos for token in answer} & {"PROPN", "NOUN", "NUM"}


Texts = Callable[[Stream], Iterator[str]]


def _english(*sentences: Sentence | str) -> str:
    return " / ".join(each if isinstance(each, str) else ENGLISH.text(each) for each in sentences)


SETS: dict[str, Texts] = {
    "inference": lambda s: (_english(e.premise, e.hypothesis) for e in inference.inferences(s)),
    "hellaswag": lambda s: (_english(*e.context, *sorted(e.choices, key=str)) for e in choices.endings(s)),
    "cosmosqa": lambda s: (_english(*e.context, e.question) for e in choices.explanations(s)),
    "xcopa": lambda s: (_english(*e.context, *e.choices) for e in choices.alternatives(s)),
    "spans": lambda s: (_english(*p.context) for p in questions.paragraphs(s)),
    "panx": lambda s: (_english(e) for e in tagging.entity_sentences(s)),
    "tatoeba": lambda s: (_english(e) for e in texts.different(s)),
}
_NAME = re.compile(r"[A-Z]\w+")


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_training_and_evaluation_share_no_instance(name: str) -> None:
    """Whatever the files: SNLI's training set and XNLI's test set come from different situations too."""
    seen = {split: set(islice(SETS[name](WORLD.stream(f"any/{split}", split)), 1500)) for split in Split}
    assert not any(seen[first] & seen[second] for first, second in combinations(Split, 2))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["inference", "hellaswag", "cosmosqa", "xcopa", "spans"])
def test_not_even_with_other_names(name: str) -> None:
    seen = {
        split: {_NAME.sub("NAME", text) for text in islice(SETS[name](WORLD.stream(f"any/{split}", split)), 1500)}
        for split in Split
    }
    assert not any(seen[first] & seen[second] for first, second in combinations(Split, 2))


def test_a_name_does_not_tell_its_type() -> None:
    types: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in islice(tagging.entity_sentences(WORLD.stream("panx", Split.TRAIN)), 3000):
        for token in ENGLISH.say(sentence).tokens:
            if token.entity.startswith("B-"):
                types[token.form][token.entity] += 1
    usual = sum(counts.most_common(1)[0][1] for counts in types.values())
    overall = Counter(tag for counts in types.values() for tag in counts.elements())
    assert usual / sum(overall.values()) < overall.most_common(1)[0][1] / sum(overall.values()) + 0.1


def test_half_of_the_test_names_are_unseen_in_training() -> None:
    words = {
        split: [
            token.form
            for sentence in islice(tagging.entity_sentences(WORLD.stream("panx", split)), 800)
            for token in ENGLISH.say(sentence).tokens
            if token.upos == "PROPN"
        ]
        for split in (Split.TRAIN, Split.TEST)
    }
    unseen = sum(word not in set(words[Split.TRAIN]) for word in words[Split.TEST])
    assert 0.4 < unseen / len(words[Split.TEST]) < 0.6


def test_some_words_are_noun_or_verb_by_their_place() -> None:
    speaker: Speaker = WORLD.speakers["qaa"]  # without English's endings
    tags: dict[str, set[str]] = defaultdict(set)
    for sentence in islice(tagging.part_of_speech_sentences(WORLD.stream("udpos", Split.TRAIN)), 1500):
        for token in speaker.say(sentence).tokens:
            tags[token.form].add(token.upos)
    assert sum({"NOUN", "VERB"} <= each for each in tags.values()) == len(concepts.AMBIGUOUS)
