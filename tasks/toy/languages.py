"""English and the five invented languages: word order, morphology, sounds, and how much text each one has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phonology:
    """Words are runs of onset + vowel syllables with a coda at the end of some; all lists are apart by blanks."""

    onsets: str
    vowels: str
    codas: str = ""


@dataclass(frozen=True)
class Language:
    """One language of the toy world.

    Attributes:
        code: ISO 639 code; the invented ones are from the range for private use, qaa to qtz.
        resource: its amount of monolingual and parallel text relative to the richest.
        order: of subject, verb and object.
        adjectives_after: adjectives and numbers follow their noun.
        postpositions: adpositions follow their phrase, and an owner precedes what is owned.
        articles: has words for "the" and "a".
        question_first: the question word moves to the front.
        copula: has a word for "is".
        object_suffix: bound to common nouns that are objects.
    """

    code: str
    resource: float
    order: str = "SVO"
    adjectives_after: bool = False
    postpositions: bool = False
    articles: bool = True
    question_first: bool = True
    copula: bool = True
    object_suffix: str = ""
    phonology: Phonology | None = None


ENGLISH = Language("en", 1.0)

INVENTED = (
    Language(
        "qaa", 1.0, adjectives_after=True,
        phonology=Phonology("m n t k l s p v r", "a e i o u", "n s"),
    ),
    Language(
        "qab", 0.8, articles=False, object_suffix="ix",
        phonology=Phonology("zh dr kr gl j z g b sk", "u a o e", "kh m g"),
    ),
    Language(
        "qac", 0.5, adjectives_after=True, question_first=False,
        phonology=Phonology("h f w th y l bh s", "ä ö ü î ê", "l r sh"),
    ),
    Language(
        "qad", 0.4, copula=False, question_first=False,
        phonology=Phonology("ბ გ დ ვ ზ თ კ ლ მ ნ ჟ რ ს ტ", "ა ე ი ო უ", "კ ნ შ"),
    ),
    Language(
        "qae", 0.1, order="VSO", adjectives_after=True, postpositions=True, question_first=False,
        phonology=Phonology("q tx x ts nd mb p d hw", "aa ii uu o e", "ng t q"),
    ),
)  # fmt: skip

LANGUAGES: dict[str, float] = {language.code: language.resource for language in INVENTED}
"""The invented languages and their resource levels, richest first."""

LOWEST = min(LANGUAGES, key=lambda code: LANGUAGES[code])
"""The language with the least text, declared beforehand as the one to which transfer may fail."""

ALL = (ENGLISH, *INVENTED)
