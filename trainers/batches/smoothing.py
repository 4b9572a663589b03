"""How often each language is drawn. No torch in here: plans are made without it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MIXTURE_SMOOTHING = 0.3
"""Of the languages of a mixture's masked-language-model share (Conneau et al. 2020, section 3)."""


def smoothed(sizes: Sequence[int], exponent: float) -> list[float]:
    """Sampling probabilities ∝ n^exponent, which lifts small languages (Lample & Conneau 2019, section 3.1)."""
    powers = np.asarray(sizes, dtype=np.float64) ** exponent
    return [float(share) for share in powers / powers.sum()]
