"""The gold of an example apart from its text: small enough to lie beside predictions, enough to score them again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tasks.examples import Answer, Choices, Example, Kind, Passage, Question, Tagged, TextPair, Translation


def gold(example: Example) -> Any:
    """What a metric compares a prediction with, as JSON: a label, an index, tags, answers or a matching id."""
    match example:
        case TextPair(label=label) | Choices(label=label):
            return label
        case Tagged(tags=tags):
            return None if tags is None else list(tags)
        case Question(answers=answers):
            return [asdict(answer) for answer in answers]
        case Translation(match=row):
            return row
        case Passage(relevant=relevant):
            return None if relevant is None else list(relevant)
        case _:
            raise TypeError(f"a {type(example).__name__} has no gold")


def labelled(kind: Kind, id: str, value: Any) -> Example:
    """An example with this gold and no text, as a metric accepts it."""
    match kind:
        case Kind.CLASSIFICATION:
            return TextPair(id, "", None, value)
        case Kind.CHOICE:
            return Choices(id, "", "", (), value)
        case Kind.TAGGING:
            tags = tuple(value)
            return Tagged(id, ("",) * len(tags), tags)
        case Kind.SPAN:
            return Question(id, "", "", tuple(Answer(a["text"], a["start"]) for a in value), "")
        case Kind.RETRIEVAL:
            return Translation(id, "", "", value)
        case Kind.RANKING | Kind.MINING:
            return Passage(id, "", "", False, tuple(value), "")
        case _:
            raise TypeError(f"examples of kind {kind} have no gold")
