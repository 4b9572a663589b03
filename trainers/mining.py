"""Bitext mining as in BUCC 2018: margins (Artetxe & Schwenk 2019, arXiv 1811.01136) and greedy pairs.

Every step is exact; only the search for neighbours is a library's.
"""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]

NEIGHBOURS = 4


@dataclass(frozen=True)
class Mined:
    """Pairs (row of the first side, row of the second) with their margins, the best first; no row occurs twice."""

    pairs: Int64s  # [n, 2]
    margins: Float64s  # [n]


def mine(first: Float32s, second: Float32s, k: int = NEIGHBOURS) -> Mined:
    """The mutually best pairs of two sides, by the ratio margin cos(x, y) / ((mean_k(x) + mean_k(y)) / 2).

    Args:
        first: [n, width], float32, normalised; no two rows of the same text.
        second: [m, width], as `first`.
        k: neighbours on the other side that a row's mean similarity is of; also those that are looked at.
    """
    there, their_places = neighbours(first, second, k)
    back, back_places = neighbours(second, first, k)
    there_mean, back_mean = there.mean(axis=1), back.mean(axis=1)
    forth, forth_margin = _best(there, their_places, there_mean, back_mean)
    back_best, back_margin = _best(back, back_places, back_mean, there_mean)
    rows = np.concatenate((np.arange(len(first)), back_best))
    columns = np.concatenate((forth, np.arange(len(second))))
    margins = np.concatenate((forth_margin, back_margin))
    order = np.argsort(-margins, kind="stable")
    kept = _greedy(rows[order], columns[order])
    return Mined(np.stack((rows[order], columns[order]), axis=1)[kept], margins[order][kept])


def neighbours(queries: Float32s, pool: Float32s, k: int) -> tuple[Float64s, Int64s]:
    """Inner products with the k nearest of a pool, [n, k], the nearest first, and their rows."""
    found, places = faiss.knn(queries, pool, min(k, len(pool)), metric=faiss.METRIC_INNER_PRODUCT)
    return found.astype(np.float64), places


def _best(found: Float64s, places: Int64s, mine: Float64s, theirs: Float64s) -> tuple[Int64s, Float64s]:
    """For each row the neighbour with the largest margin, and that margin."""
    with np.errstate(divide="ignore", invalid="ignore"):  # of vectors that are at right angles to all others
        margins = np.nan_to_num(found / ((mine[:, None] + theirs[places]) / 2))
    best = margins.argmax(axis=1)
    rows = np.arange(len(found))
    return places[rows, best], margins[rows, best]


def _greedy(rows: Int64s, columns: Int64s) -> list[int]:
    """Places of the pairs that stay when they are gone through in order and each row and column may be used once."""
    left: set[int] = set()
    right: set[int] = set()
    kept = []
    for place, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        if row not in left and column not in right:
            left.add(row)
            right.add(column)
            kept.append(place)
    return kept
