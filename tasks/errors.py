"""The one exception a user can mend: shown as a single line, exit code 2."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """What is wrong, where, and what would be right, in one line.

    Anything the person at the keyboard can put right (a key, a file, a folder, a setting) raises this; every other
    exception is a fault of ours and ends with exit code 1.
    """

    def __init__(self, what: str, *, where: str | None = None) -> None:
        line = f"{where}: {what}" if where else what
        super().__init__(" ".join(line.split()))


def nearest(word: str, known: Iterable[str]) -> str:
    """The tail of an error about an unknown word: the nearest known one, or all of them when none is near."""
    words = sorted(known)
    close = get_close_matches(word, words, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(words)}"
