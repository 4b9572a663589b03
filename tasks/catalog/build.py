"""Shorthand for declarations: splits from path templates, and label sets that several tasks share."""

from __future__ import annotations

from tasks.declaration import Layout, Split

EN = ("en",)
NLI_LABELS = ("contradiction", "entailment", "neutral")


def words(text: str) -> tuple[str, ...]:
    """`"de en es"` → `("de", "en", "es")`."""
    return tuple(text.split())


def english(*files: str) -> Split:
    """A split of one file that is published in English; several are alternatives, the preferred one first.

    With `{language}` in its name it may be there in other languages, too: translations.
    """
    return Split(tuple(Layout((file,)) for file in files), EN)


def split(languages: tuple[str, ...], *layouts: Layout | str) -> Split:
    """A split in several languages; a string is a layout of one labelled file."""
    return Split(tuple(Layout((item,)) if isinstance(item, str) else item for item in layouts), languages)


def with_gold(languages: tuple[str, ...], file: str, gold: str) -> Split:
    """A test split: with the scorer's gold file where that is there, else as far as the file itself has labels."""
    return Split((Layout((file,), gold=gold), Layout((file,))), languages)
