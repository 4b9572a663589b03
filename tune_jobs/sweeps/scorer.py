"""What trials are compared by: cells of the store, and their mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO

from tasks.cells import Cell
from tasks.suites import Suite
from trainers.predictions import CELL, PREDICTIONS, current_cell, read
from trainers.store.stages import StageStore

KEPT = 10_000  # cells that are remembered: of trials in flight, not of all that there ever were


class Scorer:
    """Reads a cell once for the trials in flight. `selection`: a space's rule, `all` languages or `english` alone."""

    def __init__(self, store: StageStore, suite: Suite, selection: str) -> None:
        self._store = store
        self._suite = suite
        self._selection = selection
        self._cell = lru_cache(KEPT)(self._read)

    def cell(self, stage: str) -> Cell:
        """The cell of a committed score stage, with the metric as it is now."""
        return self._cell(stage)

    def mean(self, cells: Sequence[Cell]) -> float:
        """The mean over the tasks so far; under `selection: english` over their English cells alone."""
        english_only = self._selection == "english"
        return self._suite.average(cell for cell in cells if cell.language == "en" or not english_only).value

    def _read(self, stage: str) -> Cell:
        commit = self._store.committed(stage)
        if commit is None:
            raise RuntimeError(f"score stage {stage} was committed and is not any more")
        stored = Cell.from_json(json.loads(self._store.read(commit, CELL)))
        return current_cell(stored, lambda: read(BytesIO(self._store.read(commit, PREDICTIONS))))
