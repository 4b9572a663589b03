"""How much of a dataset does not fit into its rows: nothing is cut without being counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cut:
    """What a limit has cut from a dataset's rows.

    Attributes:
        examples: all that were made into rows.
        cut: those of them that lost something.
        tokens: the subwords that they lost.
        max_length: of a row, in subword tokens, special ones included.
    """

    examples: int
    cut: int
    tokens: int
    max_length: int

    @classmethod
    def of(cls, lost: Iterable[int], max_length: int) -> Cut:
        """Sum up what each example lost, in subwords."""
        each = list(lost)
        return cls(len(each), sum(map(bool, each)), sum(each), max_length)

    @property
    def share(self) -> float:
        """Of the examples, 0..1."""
        return self.cut / max(self.examples, 1)

    def __str__(self) -> str:
        return f"{self.cut:,} of {self.examples:,} examples cut at {self.max_length} subwords"


def cuts(facts: Mapping[str, Any]) -> dict[str, Cut]:
    """What a COMMIT's facts say was cut, by dataset (`xnli dev th`)."""
    return {name: Cut(**cut) for name, cut in facts.get("cut", {}).items()}
