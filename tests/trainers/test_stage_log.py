"""A stage's log lies beside its attempts: what a run has said, also where it failed, and nothing of other runs."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.trainers import world
from trainers.lane import Assignment, Ending
from trainers.stage_log import LINES, StageLog
from trainers.stages import Stage, TargetSpec, TokenizerSpec
from trainers.store.collect import collect
from trainers.store.folder import FolderObjects
from trainers.store.stages import StageStore

log = logging.getLogger("trainers.somewhere")


@pytest.fixture
def store(tmp_path: Path) -> StageStore:
    return StageStore(FolderObjects(tmp_path / "store"))


@pytest.fixture
def stage() -> Stage:
    return Stage(TokenizerSpec(text=(), vocabulary=300), "tokenizer")


def said(text: str) -> list[str]:
    """The messages alone."""
    return [line.split(" ", 2)[2] for line in text.splitlines()]


def test_parts_are_one_log_and_attempts_have_their_own(store: StageStore, stage: Stage) -> None:
    attempts = [store.begin(stage.id) for _ in range(2)]
    log.info("before any run")
    for attempt in attempts:
        with StageLog(store, Assignment(stage, attempt)) as kept:
            for number in range(12):
                log.info("line %d of %s", number, attempt)
                kept.keep()
            log.info("the last of %s", attempt)
    log.info("after all runs")
    logs = store.logs(stage.id)
    assert list(logs) == attempts
    for attempt in attempts:
        assert said(logs[attempt]) == [*(f"line {n} of {attempt}" for n in range(12)), f"the last of {attempt}"]


def test_of_what_is_said_without_end_the_first_and_the_last_is_kept(store: StageStore, stage: Stage) -> None:
    attempt = store.begin(stage.id)
    with StageLog(store, Assignment(stage, attempt)) as kept:
        for number in range(3 * LINES):
            log.info("line %d", number)
        kept.keep()
        log.info("the last")
    lines = said(store.logs(stage.id)[attempt])
    assert lines[:LINES] == [f"line {n}" for n in range(LINES)]
    assert lines[LINES + 1 :] == [*(f"line {n}" for n in range(2 * LINES, 3 * LINES)), "the last"]
    assert f"({LINES} lines left out)" in store.logs(stage.id)[attempt]


def test_other_ranks_add_what_goes_wrong(store: StageStore, stage: Stage) -> None:
    attempt = store.begin(stage.id)
    for rank in range(2):
        with StageLog(store, Assignment(stage, attempt), rank):
            log.info("as on all ranks")
            log.warning("amiss on rank %d", rank)
    assert said(store.logs(stage.id)[attempt]) == ["as on all ranks", "amiss on rank 0", "amiss on rank 1 (rank 1)"]


def test_a_failure_is_there_with_its_traceback(store: StageStore, tmp_path: Path) -> None:
    graph = world.graph(world.folders(tmp_path / "data"), world.recipe())
    target = next(stage for stage in graph.stages.values() if isinstance(stage.spec, TargetSpec))
    outcome = world.run(target, store, tmp_path / "cache")  # what it needs was never made
    assert outcome.ending is Ending.FAILED
    (text,) = store.logs(target.id).values()
    assert said(text.splitlines()[0]) == [target.label]
    assert "Traceback" in text
    assert outcome.reason.partition(": ")[2] in text


def test_collection_keeps_the_log_of_what_counts(store: StageStore, stage: Stage) -> None:
    dead, alive = store.begin(stage.id), store.begin(stage.id)
    for attempt in (dead, alive):
        store.keep_log(stage.id, attempt, "0000-0", "made\n")
    store.commit(stage.id, alive, {}, {}, stage.spec, {})
    collect(store, {stage.id}, grace=-1.0)
    assert store.logs(stage.id) == {alive: "made\n"}
