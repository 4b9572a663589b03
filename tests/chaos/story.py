"""One run: a sweep that is struck, and all that must hold in the end."""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from tests.chaos.blows import Plan
from tests.chaos.ground import BOARD, Bucket, Ground, command
from tests.chaos.strikes import Mark, Over, Sweep, sweep
from tests.tune_jobs.test_on_ray import results
from tests.tune_jobs.test_ray_kills import living

LIMIT = 420.0  # seconds after which a sweep is taken to hang
LEAVING = 90.0  # seconds that what is left behind has to go
VERIFY = ("store", "verify")
MADE = ("/alive/", "/progress/", "/RELEASED")  # what stands in a store only while stages are made


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        faults: what should hold and does not.
        seconds: of the sweep.
        marks: of the blows that fell.
        again: stages that were begun more than once.
        lost: steps that a death took along, at most: of a checkpoint interval of the struck stage.
        injected: the proxy's counts.
        said: of its last process, where there are faults.
    """

    faults: list[str]
    seconds: float
    marks: list[Mark]
    again: int = 0
    lost: int = 0
    injected: dict[str, int] | None = None
    said: str = ""

    @property
    def broken(self) -> bool:
        """Whether the cluster is not to be used any more."""
        return bool(self.faults)


def live(ground: Ground, plan: Plan) -> Ended:
    """A run, from an empty store."""
    ground.forget()
    lab, begun, here = ground.bucket(plan.run), time.monotonic(), ground.here
    lab.clear()
    marks: list[Mark] = []
    with ground.proxy(plan.run) as proxy:
        with sweep(here, lab, proxy, plan.wide, Random(f"victims of {plan.run}"), begun + LIMIT) as struck:
            with suppress(Over):
                for blow in plan.blows:
                    marks.append(struck.strike(blow))
            faults, said = _finish(struck)
        seconds = time.monotonic() - begun
        if not faults:
            faults = [*_differences(ground, plan, lab), *_trained_again(lab, marks)]
            faults += [*_too_much_lost(lab, marks), *_left(ground, lab, struck)]
        counts = {str(kind): count for kind, count in proxy.counts.items()}
    return Ended(faults, seconds, marks, len(_again(lab)), _lost(lab, marks), counts, said if faults else "")


def _finish(struck: Sweep) -> tuple[list[str], str]:
    """What is wrong with the sweep's own end, and what it said."""
    try:
        out, err = struck.process.communicate(timeout=max(struck.until - time.monotonic(), 1.0))
    except subprocess.TimeoutExpired as error:
        said = error.stderr or b""
        return [f"no end after {LIMIT:.0f} s"], said.decode() if isinstance(said, bytes) else said
    code = struck.process.returncode
    return [] if code == 0 else [f"exit code {code}"], out + err


def _differences(ground: Ground, plan: Plan, lab: Bucket) -> Iterator[str]:
    """What an undisturbed sweep leaves otherwise, bit for bit."""
    made, whole = results(lab), ground.wholes[plan.wide]
    for stage in sorted(made.keys() ^ whole.keys()):
        yield f"stage {stage[:12]}: made by one of both alone"
    for stage in sorted(made.keys() & whole.keys()):
        if made[stage] != whole[stage]:
            yield f"stage {stage[:12]}: other files than undisturbed"
    for argv, wanted in ((BOARD, ground.board), (VERIFY, None)):
        code, printed = command(*argv, "--store", lab.location)
        if code:
            yield f"{argv[0]}: exit code {code}"
        elif wanted is not None and printed != wanted:
            yield "another leaderboard than undisturbed"


def _trained_again(lab: Bucket, marks: list[Mark]) -> Iterator[str]:
    """Stages that were made although they had been."""
    after, begun = lab.commits(), Counter(lab.begun())
    for commit in after.values():
        if commit.number:
            yield f"stage {commit.stage[:12]}: repaired, COMMIT {commit.number}"
    for mark in marks:
        before = Counter(mark.begun)
        for stage, attempt in mark.commits.items():
            if after[stage].attempt != attempt or begun[stage] != before[stage]:
                yield f"stage {stage[:12]}: trained again, though committed before: {mark.blow.kind}"


def _again(lab: Bucket) -> list[str]:
    return [stage for stage, count in Counter(lab.begun()).items() if count > 1]


def _too_much_lost(lab: Bucket, marks: list[Mark]) -> Iterator[str]:
    """Struck stages that went on from before their last save."""
    for mark in marks:
        for stage, saved in mark.saved.items():
            if saved is None:
                continue
            later = [text for attempt, text in lab.store.logs(stage).items() if attempt > saved.attempt]
            steps = [int(step) for text in later for step in re.findall(r"going on from step (\d+)", text)]
            if any(step < saved.step for step in steps) or (later and "going on from" not in later[-1]):
                yield f"stage {stage[:12]}: saved at step {saved.step}, and went on from {steps}: {mark.blow.kind}"


def _lost(lab: Bucket, marks: list[Mark]) -> int:
    """The most steps between two saves of a stage that was struck and begun again: a death loses fewer."""
    struck = {stage for mark in marks for stage in mark.saved} & set(_again(lab))
    return max((interval(text) for stage in struck for text in lab.store.logs(stage).values()), default=0)


def interval(log: str) -> int:
    """The most steps of an attempt from one save to the next, or to its end."""
    found = [int(step) for step in re.findall(r"(?:going on from|saved at|\bstep) (?:step )?(\d+)", log)]
    saves = [int(step) for step in re.findall(r"(?:going on from|saved at) step (\d+)", log)]
    places = sorted({0 if "going on from" not in log else min(saves), *saves, max(found, default=0)})
    return max((after - before for before, after in pairwise(places)), default=0)


def _left(ground: Ground, lab: Bucket, struck: Sweep) -> Iterator[str]:
    """What is there still of actors, placement groups, workers, saves and leases."""
    until = time.monotonic() + LEAVING
    while (left := ground.here.left() | living(struck.processes)) and time.monotonic() < until:
        time.sleep(0.2)
    if left:
        yield f"left behind: {left}"
    for key in sorted(lab.keys()):
        if any(part in key for part in MADE):
            yield f"left in the store: {key}"
