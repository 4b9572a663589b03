"""The simplex as an axis: mixtures of at most k of n tasks whose weights are multiples of 1/parts and sum to 1.

    tasks: {simplex: {of: [snli, squad, hellaswag], at_most: 2, parts: 4}}

A point is a mapping from tasks to weights above 0, sorted by task: tasks that are left out have no entry, so that order
and zero weights are no part of it.

**Order.** Points are numbered by how many tasks they mix, then by which, then by how the parts are shared out. Choosing
m of n tasks and cutting `parts` into m positive shares are both combinations, so a number is turned into its point (and
any point reached) without listing the others: Knuth, The Art of Computer Programming 4A, section 7.2.1.3.

**Prior.** The number of tasks m is uniform over 1..k, then the tasks are uniform over the C(n, m) subsets, then the
shares are uniform over the C(parts - 1, m - 1) compositions. A single task is thus as likely as all mixtures of two
together: a prior that is uniform over points would almost never try a task alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import comb
from random import Random
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from search_spaces.axes import Axis
from trainers.identity import Spec, round3

Point = dict[str, float]


class NoMixtureError(Exception):
    """Amounts that are all 0 are near no point."""


class Lattice(Spec):
    """The points: at most `at_most` tasks of `of`, weights in multiples of 1/`parts`."""

    of: Annotated[tuple[str, ...], Field(min_length=1)]
    at_most: Annotated[int, Field(ge=1)]
    parts: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        twice = next((task for task in self.of if self.of.count(task) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} stands twice in `of`")
        if self.at_most > len(self.of):
            raise ValueError(f"`at_most: {self.at_most}` of {len(self.of)} tasks; write at most {len(self.of)}")
        if self.at_most > self.parts:
            raise ValueError(f"`at_most: {self.at_most}` tasks cannot share {self.parts} parts; raise `parts`")
        return self

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks in their canonical order."""
        return tuple(sorted(self.of))

    def count(self, mixed: int) -> int:
        """How many points mix exactly so many tasks: C(n, m) · C(parts − 1, m − 1)."""
        return comb(len(self.of), mixed) * comb(self.parts - 1, mixed - 1)

    def point(self, mixed: int, subset: int, composition: int) -> Point:
        """The point with so many tasks, the subset and the composition of these numbers."""
        chosen = [self.tasks[i] for i in combination(subset, len(self.of), mixed)]
        cuts = [cut + 1 for cut in combination(composition, self.parts - 1, mixed - 1)]
        shares = [end - start for start, end in zip([0, *cuts], [*cuts, self.parts], strict=True)]
        return self.weights(dict(zip(chosen, shares, strict=True)))

    def weights(self, units: Mapping[str, int]) -> Point:
        """Weights from how many parts each task gets; zeros are dropped, tasks sorted."""
        return {task: round3(units[task] / self.parts) for task in sorted(units) if units[task]}

    def units(self, point: Mapping[str, float]) -> dict[str, int]:
        """How many parts each of the tasks gets in a point, zeros included: the inverse of `weights`."""
        return {task: round(point.get(task, 0.0) * self.parts) for task in self.tasks}

    def nearest(self, amounts: Mapping[str, float]) -> Point:
        """The point nearest to some amounts, by the method of largest remainders.

        The `at_most` largest amounts stay, are scaled to sum to `parts` and rounded down, and the parts that are left
        go to the largest remainders; ties go to the earlier task. The units of a point give that point.

        Raises:
            NoMixtureError: all amounts are 0.
        """
        largest = sorted(self.tasks, key=lambda task: -amounts[task])[: self.at_most]
        total = sum(amounts[task] for task in largest)
        if total <= 0:
            raise NoMixtureError
        exact = {task: amounts[task] * self.parts / total for task in largest}
        units = {task: int(share) for task, share in exact.items()}
        by_remainder = sorted(largest, key=lambda task: (units[task] - exact[task], task))
        for task in by_remainder[: self.parts - sum(units.values())]:
            units[task] += 1
        return self.weights(units)


class Simplex(Axis):
    """A mixture of tasks; stands for `intermediate.tasks`."""

    simplex: Lattice

    @property
    def size(self) -> int:
        """The number of points."""
        return sum(self.simplex.count(mixed) for mixed in range(1, self.simplex.at_most + 1))

    def at(self, index: int) -> Point:
        """Point number `index`: single tasks first."""
        for mixed in range(1, self.simplex.at_most + 1):
            if index < self.simplex.count(mixed):
                subset, composition = divmod(index, comb(self.simplex.parts - 1, mixed - 1))
                return self.simplex.point(mixed, subset, composition)
            index -= self.simplex.count(mixed)
        raise IndexError(f"{self!r} has no such point")

    @property
    def extremes(self) -> Iterator[Point]:
        """Each task alone."""
        return (self.at(index) for index in range(len(self.simplex.of)))

    def draw(self, random: Random) -> Point:
        """Uniform over the number of tasks, then over the subsets, then over the compositions."""
        mixed = random.randint(1, self.simplex.at_most)
        subset = random.randrange(comb(len(self.simplex.of), mixed))
        return self.simplex.point(mixed, subset, random.randrange(comb(self.simplex.parts - 1, mixed - 1)))

    def contains(self, value: Any) -> bool:
        """Whether it is a point of the lattice in canonical form."""
        if not isinstance(value, dict) or not set(value) <= set(self.simplex.of):
            return False
        if not all(isinstance(weight, float) for weight in value.values()):
            return False
        units = self.simplex.units(value)
        mixed = sum(1 for share in units.values() if share)
        whole = sum(units.values()) == self.simplex.parts and 1 <= mixed <= self.simplex.at_most
        return whole and list(value.items()) == list(self.simplex.weights(units).items())

    def canonical(self, value: Mapping[str, float]) -> Point:
        """Sorted by task, without zero weights."""
        return {task: round3(float(value[task])) for task in sorted(value) if value[task]}


def combination(rank: int, n: int, k: int) -> Sequence[int]:
    """Combination number `rank` of k of 0..n−1, ascending, in lexicographic order.

    Raises:
        IndexError: there are no more than C(n, k) of them.
    """
    if not 0 <= rank < comb(n, k):
        raise IndexError(f"no combination number {rank} of {k} of {n}")
    chosen: list[int] = []
    for candidate in range(n):
        with_it = comb(n - candidate - 1, k - len(chosen) - 1) if len(chosen) < k else 0
        if rank < with_it:
            chosen.append(candidate)
        else:
            rank -= with_it
    return chosen
