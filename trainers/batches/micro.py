"""A global batch, cut into micro-batches of similar length that fit a token budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trainers.kinds.base import Row


@dataclass(frozen=True, slots=True)
class Item:
    """One example of a global batch: its rows, which stay together, and its slot, which names its randomness."""

    rows: tuple[Row, ...]
    slot: int

    @property
    def length(self) -> int:
        """Tokens of the longest row."""
        return max(len(row.tokens) for row in self.rows)


@dataclass(frozen=True)
class GlobalBatch:
    """What one optimiser step learns from: examples of one ingredient, and what the summed loss is divided by."""

    ingredient: int
    items: tuple[Item, ...]
    count: int

    @property
    def tokens(self) -> int:
        """Real tokens, without padding."""
        return sum(len(row.tokens) for item in self.items for row in item.rows)


def micro_batches(items: Sequence[Item], budget: int) -> Iterator[list[Item]]:
    """Cut `items` into groups of at most `budget` padded tokens (at least one item each), longest first.

    Neighbours in length share a group, so little is padded; the grouping moves results only by rounding.
    """
    group: list[Item] = []
    rows = longest = 0
    for item in sorted(items, key=lambda item: (-item.length, item.slot)):
        if group and (rows + len(item.rows)) * longest > budget:
            yield group
            group, rows = [], 0
        longest = longest if group else item.length
        group.append(item)
        rows += len(item.rows)
    if group:
        yield group
