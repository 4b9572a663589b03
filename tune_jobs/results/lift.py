"""Lift with an interval: how much better one recipe's average is than its baseline's, on the same examples and seeds.

The number is a paired difference: for tasks t, languages l and training seeds s,

    lift = mean over t, mean over t's l, mean over s of  score(recipe, t, l, s) − score(baseline, t, l, s).

The interval is a hierarchical bootstrap over languages, examples and seeds, with random weights instead of draws with
replacement (the Bayesian bootstrap; Rubin 1981, "The Bayesian bootstrap"). A replicate weighs

* every language: one weight for all tasks, as a language's peculiarities are the same in all of them;
* every example of a task: one weight for both recipes (that is the pairing), for all seeds, and for examples with equal
  ids in other languages, as those are translations of one another in parallel test sets;
* every training seed: one weight for both recipes, whose runs with equal seeds are a pair,

scores each cell from its weighted statistics, and averages with the weights of languages and seeds. Weights of n things
are Dirichlet(a, …, a) with a = (n − 2) / n: the variance of a weighted mean is then exactly s² / n, while draws with
replacement give (n − 1) / n of it, which is a third too little for three seeds. The interval's ends are quantiles of
the replicates. As the three sources cross, noise of single examples is counted with each of them, which makes intervals
wider, never narrower, than they claim (Owen 2007, "The pigeonhole bootstrap", section 4). With one seed, or one
language, nothing is known about that source of noise: it is not in the interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tasks.errors import UserError

Floats = npt.NDArray[np.float64]

CHUNK = 64  # replicates at a time: bounds the memory, and, being fixed, keeps the random numbers the same
PLAIN = 100  # from so many things on, a is 1 to 2 %: exponential weights, which are quicker to draw


class Scorer(Protocol):
    """What this file asks of a metric: scores that depend on the column *means* of the statistics alone."""

    def scores(self, sums: Any, n: int) -> Any:
        """Scores [...] in 0..100, of statistics [..., k] that are summed over n examples."""


@dataclass(frozen=True)
class Measured:
    """One cell of a recipe and of its baseline, example by example.

    `ours` and `theirs` are statistics [seeds, examples, k]; their rows belong to `ids`, in the same order, and seed i
    of one is paired with seed i of the other. Without `theirs` the interval is that of the score itself.
    """

    task: str
    language: str
    scorer: Scorer
    ids: tuple[str, ...]
    ours: Floats
    theirs: Floats | None = None

    def __post_init__(self) -> None:
        for side in (self.ours, self.theirs):
            if side is not None and (side.ndim != 3 or side.shape[:2] != (len(self.ours), len(self.ids))):
                raise ValueError(f"statistics {side.shape} do not belong to {len(self.ids)} ids")


@dataclass(frozen=True)
class Interval:
    """An average or a lift in points, and the ends of its interval at `level`."""

    value: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        value, low, high = (round(end, 1) + 0.0 for end in (self.value, self.low, self.high))  # no "-0.0"
        return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"

    def to_json(self) -> dict[str, float]:
        """For `--json`."""
        return asdict(self)


def paired(
    ids: Sequence[str], statistics: Floats, other_ids: Sequence[str], other: Floats, *, where: str
) -> tuple[tuple[str, ...], Floats, Floats]:
    """Bring two sides into one order of example ids.

    Args:
        ids: the example of each row of `statistics`.
        statistics: one side, [n, k].
        other_ids: the example of each row of `other`.
        other: the other side, [n, k].
        where: the cell, for the error.

    Raises:
        UserError: the two sides were scored on different examples, so there is nothing to pair.
    """
    if sorted(ids) != sorted(other_ids) or len(set(ids)) != len(ids):
        raise UserError("recipe and baseline were scored on different examples; use one data version", where=where)
    place = {example: row for row, example in enumerate(other_ids)}
    return tuple(ids), statistics, other[[place[example] for example in ids]]


def interval(cells: Sequence[Measured], *, replicates: int = 1000, seed: int = 0, level: float = 0.95) -> Interval:
    """The lift over these cells (all of a suite, one task's or one language's) with its interval.

    Args:
        cells: each (task, language) once, all with the same number of seeds.
        replicates: how many weightings.
        seed: of the weights; equal arguments give equal intervals.
        level: the share of replicates within the interval.

    Raises:
        ValueError: no cells, or different numbers of seeds.
    """
    if len({len(cell.ours) for cell in cells}) != 1:
        raise ValueError("an interval needs at least one cell, and as many seeds in each cell")
    plain = _average(cells, [_differences(cell, np.ones((1, len(cell.ids)))) for cell in cells])
    draws = np.concatenate(list(_replicates(cells, replicates, seed)))
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(plain[0]), float(low), float(high), level)


def dirichlet_weights(rng: np.random.Generator, draws: int, n: int) -> Floats:
    """Unnormalised Dirichlet weights [draws, n] under which a weighted mean has variance s² / n (see above)."""
    if n > PLAIN:
        return rng.standard_exponential((draws, n))
    # two things would need a = 0, one of them at random: 0.05 is as good as that, and has no weight of exactly 0
    return rng.standard_gamma(max((n - 2) / n, 0.05), (draws, n))


def _replicates(cells: Sequence[Measured], replicates: int, seed: int) -> Iterator[Floats]:
    rng = np.random.Generator(np.random.Philox(seed))
    languages = sorted({cell.language for cell in cells})
    column = {language: i for i, language in enumerate(languages)}
    places = _example_columns(cells)
    for begin in range(0, replicates, CHUNK):
        draws = min(CHUNK, replicates - begin)
        of_languages = dirichlet_weights(rng, draws, len(languages))
        of_seeds = dirichlet_weights(rng, draws, len(cells[0].ours))
        of_examples = {task: dirichlet_weights(rng, draws, len(places[task])) for task in sorted(places)}
        differences = [
            _differences(cell, of_examples[cell.task][:, [places[cell.task][i] for i in cell.ids]]) for cell in cells
        ]
        yield _average(cells, differences, of_seeds, [of_languages[:, column[cell.language]] for cell in cells])


def _example_columns(cells: Sequence[Measured]) -> dict[str, dict[str, int]]:
    """For each task a column a distinct example id, over all languages."""
    columns: dict[str, dict[str, int]] = {}
    for cell in cells:
        known = columns.setdefault(cell.task, {})
        for example in cell.ids:
            known.setdefault(example, len(known))
    return columns


def _differences(cell: Measured, weights: Floats) -> Floats:
    """Score differences [draws, seeds] of a cell under example weights [draws, examples]."""
    shares = weights / weights.sum(axis=1, keepdims=True)
    ours = _scores(cell.scorer, shares, cell.ours)
    return ours if cell.theirs is None else ours - _scores(cell.scorer, shares, cell.theirs)


def _scores(scorer: Scorer, shares: Floats, statistics: Floats) -> Floats:
    means = np.einsum("dn,snk->dsk", shares, statistics, optimize=True)
    # what depends on column means alone is the score of a single example with those statistics
    return np.asarray(scorer.scores(means, 1), dtype=np.float64)


def _average(
    cells: Sequence[Measured],
    differences: Sequence[Floats],
    of_seeds: Floats | None = None,
    of_languages: Sequence[Floats] | None = None,
) -> Floats:
    """Suite averages [draws]: over seeds and languages with weights, over tasks without."""
    by_task: dict[str, list[tuple[Floats, Floats]]] = {}
    for i, (cell, difference) in enumerate(zip(cells, differences, strict=True)):
        value = np.average(difference, axis=1, weights=of_seeds)
        weight = np.ones_like(value) if of_languages is None else of_languages[i]
        by_task.setdefault(cell.task, []).append((value, weight))
    means = [
        np.average(np.stack([v for v, _ in pairs]), axis=0, weights=np.stack([w for _, w in pairs]))
        for pairs in by_task.values()
    ]
    averaged: Floats = np.mean(means, axis=0)
    return averaged
