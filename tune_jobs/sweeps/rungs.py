"""The rung scheduler: after a rung, does a trial go on to the next group of tasks?

Successive halving (Jamieson and Talwalkar 2016) without its synchronous brackets, as in ASHA (Li et al. 2020), with two
differences. Trials are compared at exactly the rungs of the space, which are groups of tasks instead of epochs. And a
trial is compared with the trials that had ended when it began, never with those that run beside it, so that a decision
is a function of values and not of which lane was faster: an interrupted sweep decides as an undisturbed one. (A search
that is not `reproducible` compares with all that stand at the rung, as ASHA does.)
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

BASELINE = 0
ROUNDING = 1e-9  # a twentieth of 20 is 1, though 0.05 · 20 may come out a little above


@dataclass(frozen=True)
class Halving:
    """Keep the top `keep` share (0 < keep ≤ 1) of a rung once `least` values stand at it, the trial's own too."""

    keep: float = 0.5
    least: int = 4


def goes_on(trial: int, value: float, others: Collection[float], rule: Halving | None) -> bool:
    """Whether a trial goes on after a rung.

    Args:
        trial: its number; the baseline is never pruned, since every lift is measured against it.
        value: its mean over the tasks so far.
        others: the values of the trials it is compared with, at the same rung.
        rule: None prunes nothing.
    """
    standing = len(others) + 1
    if trial == BASELINE or rule is None or standing < rule.least:
        return True
    better = sum(other > value for other in others)
    return better < math.ceil(rule.keep * standing - ROUNDING)
