"""Parts of a split: the held-out fifth that stands in for a dev set, and the nested order of subsets.

Both are functions of a hash, so that they agree between machines, languages and releases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from tasks.examples import Example, Passage, Question, Translation, without_label

_FIFTH = 5
_SALT = "held-out"


class Part(StrEnum):
    """Which part of a split: all of it, the held-out fifth that selection may see, or the rest."""

    ALL = "all"
    SELECTION = "selection"
    REST = "rest"


def held_out(key: str) -> bool:
    """Whether a key is in the held-out fifth: sha256(salt, key)'s first 8 bytes, big-endian, are divisible by 5."""
    return int.from_bytes(hashlib.sha256(f"{_SALT}\0{key}".encode()).digest()[:8], "big") % _FIFTH == 0


def key_of(example: Example) -> str:
    """What decides an example's part: the article of a question, a translation's English sentence, else its id.

    The publishers' article titles are equal in all languages of XQuAD and LAReQA, so one article is in one part in
    every language. Parallel rows of other tasks have equal ids, so they agree too.
    """
    if isinstance(example, Question | Passage):
        return example.article
    return example.query if isinstance(example, Translation) else example.id


def article_of(context: str) -> str:
    """What stands for the article of a question where the publisher names none: its context, hashed."""
    return hashlib.sha256(context.encode()).hexdigest()[:16]


def take(examples: Sequence[Example], part: Part) -> tuple[Example, ...]:
    """The examples of a part, in their order.

    What belongs to a pool stays, since every query searches all of it; outside the part it loses its gold, so that it
    is not scored.
    """
    if part is Part.ALL:
        return tuple(examples)
    wanted = part is Part.SELECTION
    if examples and isinstance(examples[0], Translation | Passage):
        return tuple(without_label(e) if held_out(key_of(e)) != wanted else e for e in examples)
    return tuple(e for e in examples if held_out(key_of(e)) == wanted)


def nested_order(ids: Sequence[str], salt: str = "crosslift") -> np.ndarray:
    """The order in which subsets are filled: by sha256 of (salt, example id), whatever the training seed.

    The first half of the order contains the first quarter, so a fraction of 0.5 contains that of 0.25.

    Args:
        ids: unique example ids, in file order.
        salt: another salt gives another order.

    Returns:
        int64 [n], a permutation of the positions in `ids`. It depends on the set of ids, not on their order.
    """
    hashes = [hashlib.sha256(f"{salt}\0{identifier}".encode()).digest() for identifier in ids]
    return np.array(sorted(range(len(ids)), key=hashes.__getitem__), dtype=np.int64)


def drawn(examples: Sequence[Example], like: Sequence[Example], salt: str) -> tuple[Example, ...]:
    """As many random examples as there are others, in their order: what a part of a set is compared with.

    Queries of a pool are drawn with their right candidates alone: the part has a pool of its own, too, and among more
    candidates nobody would find as much.
    """
    asking = [example for example in examples if not _offered(example)]
    order = nested_order([example.id for example in asking], salt)[: sum(not _offered(example) for example in like)]
    found = [asking[place] for place in sorted(order)]
    right = {key for example in found if isinstance(example, Passage) for key in example.relevant or ()}
    return (*found, *(example for example in examples if _offered(example) and example.id in right))


def _offered(example: Example) -> bool:
    return isinstance(example, Passage) and example.candidate
