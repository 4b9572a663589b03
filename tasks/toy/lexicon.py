"""The words of a world: English ones from the tables, invented ones and proper names from the seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from tasks.toy import concepts
from tasks.toy.languages import INVENTED, Language, Phonology

_NAME_SOUNDS = Phonology("B D F G K L M N P R S T V Tr Br", "a e i o u", "n l r s x")
_IRREGULAR = {"be": "is", "do": "does", "have": "has"}
_LONGER, _CODA = 0.15, 0.4  # probabilities
_HISSING = ("s", "x", "z", "ch", "sh")


@dataclass(frozen=True)
class Lexicon:
    """`words[language][lexeme]` for the invented languages; `names` are shared by all languages, and all distinct."""

    words: Mapping[str, Mapping[str, str]]
    names: tuple[str, ...]

    @classmethod
    def invent(cls, seed: int, names: int) -> Lexicon:
        """Words that no two languages share, and `names` capitalised names that are no words."""
        taken = {form for word in concepts.lexemes() for form in (word, with_s(word))}
        words = {language.code: _invent(language, seed, taken) for language in INVENTED}
        rng = Random(f"{seed}/names")
        fresh = _fresh(_spoken(_NAME_SOUNDS, rng, 2), taken)
        return cls(words, tuple(next(fresh).capitalize() for _ in range(names)))


def with_s(word: str) -> str:
    """An English noun's plural, or a verb's third person: cup → cups, bench → benches, carry → carries."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(_HISSING) else "s")


def _invent(language: Language, seed: int, taken: set[str]) -> dict[str, str]:
    if language.phonology is None:
        raise ValueError(f"{language.code} has no phonology to invent words with")
    rng = Random(f"{seed}/lexicon/{language.code}")
    short, long = (_fresh(_spoken(language.phonology, rng, syllables), taken) for syllables in (1, 2))
    return {word: next(short if word in concepts.FUNCTION_WORDS else long) for word in concepts.lexemes()}


def _spoken(sounds: Phonology, rng: Random, syllables: int) -> Iterator[str]:
    """Pronounceable words without end; they grow longer once in a while, so that there is always another one."""
    onsets, vowels, codas = sounds.onsets.split(), sounds.vowels.split(), sounds.codas.split()
    while True:
        length = syllables + (rng.random() < _LONGER)
        body = "".join(rng.choice(onsets) + rng.choice(vowels) for _ in range(length))
        yield body + (rng.choice(codas) if rng.random() < _CODA else "")


def _fresh(spoken: Iterator[str], taken: set[str]) -> Iterator[str]:
    """Those words that are not taken yet in any case; they are from then on."""
    for word in spoken:
        if word.casefold() not in taken:
            taken.add(word.casefold())
            yield word
