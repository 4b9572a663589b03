"""Two ranks of one worker group run stages one after another, as processes of their own and without Ray."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from pathlib import Path
from uuid import uuid4

import torch
from torch import distributed

from trainers.lane import Assignment, Ending, Verdict
from trainers.ranks import Ranks
from trainers.runner import Runner
from trainers.session import Settings
from trainers.stages import Stage
from trainers.store.folder import FolderObjects
from trainers.store.stages import StageStore

Stages = Callable[[], Iterable[Stage]]


def run_pair(root: Path, stages: Stages, micro_tokens: int, stop_at: int = 0) -> StageStore:
    """The store of two ranks that have run these stages, in this order, below `root`.

    Args:
        root: for the store and the cache.
        stages: can be sent to another process.
        micro_tokens: padded tokens that a micro-batch holds at most.
        stop_at: at this step each training stops, and begins again; 0: never.
    """
    root.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    shared = (f"file://{root}/meeting-{uuid4().hex}", root, stages, micro_tokens, stop_at)
    workers = [context.Process(target=_work, args=(Ranks(rank, 2), *shared), daemon=True) for rank in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(240)
        assert worker.exitcode == 0
    return StageStore(FolderObjects(root / "store"))


def _work(ranks: Ranks, meeting: str, root: Path, stages: Stages, micro_tokens: int, stop_at: int) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", meeting, rank=ranks.rank, world_size=ranks.size)
    store = StageStore(FolderObjects(root / "store"))
    runner = Runner(store, Settings(root / "cache", micro_tokens=micro_tokens), ranks)
    for stage in stages():
        for stop in (stop_at, 0):

            def report(step: int, steps: int, stop: int = stop) -> Verdict:
                assert ranks.first, "rank 0 speaks for all"
                return Verdict.STOP if step == stop else Verdict.GO_ON

            attempt = ranks.agree(store.begin(stage.id) if ranks.first else "")
            if runner.run(Assignment(stage, attempt), report).ending is Ending.COMMITTED:
                break
        ranks.agree(None)  # rank 0 has committed
    distributed.destroy_process_group()
