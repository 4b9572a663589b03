"""What there is in the toy world: kinds of things, qualities, actions, relations, and how they hang together.

A concept is named by its English base form. Words of one meaning stand together (`("big", "large")`), and opposite
meanings stand in one `Dimension` or `Relation`: all that tasks ask for (synonym, contrary, hypernym, cause and effect,
converse) is read off these tables, so that a label follows from meaning and from nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

Sense = tuple[str, ...]  # words of one meaning


@dataclass(frozen=True)
class Dimension:
    """Values of which a thing has one at a time; `causes[i]` are the verbs that bring value i about, if any do."""

    name: str
    values: tuple[Sense, ...]
    causes: tuple[Sense, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All words of all values."""
        return tuple(word for value in self.values for word in value)


@dataclass(frozen=True)
class Relation:
    """`forward` holds of (a, b) exactly when `backward` holds of (b, a); it never holds both ways."""

    name: str
    forward: Sense
    backward: Sense

    @property
    def words(self) -> tuple[str, ...]:
        """All words of both directions."""
        return self.forward + self.backward


def _dimension(name: str, values: str, causes: str = "") -> Dimension:
    """`"big large / small little"`: values apart by a slash, their words by a blank."""
    senses = tuple(tuple(value.split()) for value in values.split("/"))
    return Dimension(name, senses, tuple(tuple(cause.split()) for cause in causes.split("/")) if causes else ())


def _relation(name: str, words: str) -> Relation:
    forward, backward = words.split("/")
    return Relation(name, tuple(forward.split()), tuple(backward.split()))


DOMAINS = ("home", "market", "clinic")

# hypernym → domain → kinds
KINDS: dict[str, dict[str, tuple[str, ...]]] = {
    "tool": {"home": ("lamp", "hammer"), "market": ("scale", "knife"), "clinic": ("needle", "bandage")},
    "vessel": {"home": ("cup", "kettle"), "market": ("basket", "jar"), "clinic": ("vial", "basin")},
    "garment": {"home": ("coat",), "market": ("hat",), "clinic": ("mask",)},
    "furniture": {"home": ("table",), "market": ("counter",), "clinic": ("bed",)},
    "food": {"home": ("soup", "pancake"), "market": ("apple", "cheese"), "clinic": ("broth", "biscuit")},
    "animal": {"home": ("cat",), "market": ("goat",), "clinic": ("rat",)},
}
ROOMS = {
    "home": ("kitchen", "cellar", "garden"),
    "market": ("square", "alley", "depot"),
    "clinic": ("ward", "lobby", "corridor"),
}
ROLES = {"home": ("guest", "cook"), "market": ("baker", "trader"), "clinic": ("nurse", "doctor")}

# the dimensions of each list are in order of their frequency
THING_STATES = (
    _dimension("temperature", "hot boiling / cold icy", "heat warm / cool chill"),
    _dimension("cleanness", "clean spotless / dirty filthy", "wash scrub / soil stain"),
    _dimension("wetness", "wet damp / dry arid", "soak drench / wipe drain"),
    _dimension("fullness", "full brimming / empty vacant", "fill stuff / unload vacate"),
)
THING_TRAITS = (
    _dimension("colour", "red crimson / blue azure / green emerald"),
    _dimension("size", "big large / small little"),
    _dimension("weight", "heavy weighty / light feathery"),
)
PERSON_STATES = (
    _dimension("mood", "glad happy / sad gloomy", "cheer comfort / upset insult"),
    _dimension("energy", "awake alert / tired weary", "rouse stir / tire exhaust"),
    _dimension("health", "healthy fit / sick ill", "heal cure / infect poison"),
)
# verbs without a lasting effect, in contrary pairs
ACTIONS = (
    _dimension("liking", "love adore / hate detest"),
    _dimension("finding", "find discover / lose mislay"),
)
TRANSFERS = (_relation("gift", "give hand / receive get"), _relation("trade", "sell vend / buy purchase"))
POSITIONS = (_relation("vertical", "above over / below under"), _relation("order", "before facing / behind after"))
COMPARISONS = (
    _relation("age", "older elder / younger junior"),
    _relation("strength", "stronger mightier / weaker feebler"),
)
NUMBERS = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9"}

# what people, organisations and places do: these verbs tell the type of a name
PERSON_VERBS = ("sleep", "laugh", "sing", "marry")
ORGANISATION_VERBS = ("hire", "employ", "merge", "produce")
PLACE_VERBS = ("border", "visit")
OTHER_VERBS = ("be", "do", "have", "live", "work")
# nouns that are verbs too: only the context tells which
AMBIGUOUS = ("hammer", "bandage", "mask", "nurse", "cook")

FUNCTION_WORDS = (
    "the", "a", "of", "in", "near", "to", "from", "than", "for", "with", "and", "so", "because", "not", "who", "what",
    "where", "how", "many", "which", "now", "then", "it",
)  # fmt: skip

HYPERNYM = {kind: top for top, domains in KINDS.items() for kinds in domains.values() for kind in kinds}
THING_DIMENSIONS = (
    *(dimension for both in zip(THING_STATES, THING_TRAITS, strict=False) for dimension in both),
    *THING_STATES[len(THING_TRAITS) :],
)
ADJECTIVE_DIMENSIONS = (*THING_DIMENSIONS, *PERSON_STATES)
CHANGES = (*THING_STATES, *ACTIONS)  # what verbs with a thing as their object are about


def nouns() -> tuple[str, ...]:
    """Every common noun."""
    places = (*ROOMS.values(), *ROLES.values())
    return (*KINDS, *HYPERNYM, *(word for words in places for word in words))


def verbs() -> tuple[str, ...]:
    """Every verb, in its base form."""
    caused = (word for state in (*THING_STATES, *PERSON_STATES) for cause in state.causes for word in cause)
    acted = (word for action in (*ACTIONS, *TRANSFERS) for word in action.words)
    return (*caused, *acted, *PERSON_VERBS, *ORGANISATION_VERBS, *PLACE_VERBS, *OTHER_VERBS, *AMBIGUOUS)


def lexemes() -> tuple[str, ...]:
    """Every word that is translated, sorted: all but names and digits."""
    adjectives = (word for dimension in ADJECTIVE_DIMENSIONS for word in dimension.words)
    relations = (word for relation in (*POSITIONS, *COMPARISONS) for word in relation.words)
    return tuple(sorted({*nouns(), *verbs(), *adjectives, *relations, *NUMBERS, *FUNCTION_WORDS}))
