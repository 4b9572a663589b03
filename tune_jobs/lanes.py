"""The serial lane: stages run in this process, one after another."""

from __future__ import annotations

from trainers.runner import Runner
from trainers.session import Settings
from trainers.store.stages import StageStore
from tune_jobs.places import cache_folder


def serial_lane(store: StageStore) -> Runner:
    """What runs stages here; its local copies are in this machine's cache folder."""
    return Runner(store, Settings(cache=cache_folder()))
