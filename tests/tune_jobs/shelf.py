"""A store in memory for the broker's tests, and small stage graphs of real specs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tasks.examples import Kind
from trainers.recipe import Numerics
from trainers.stages import STAGE_PREFIX, Data, ScoreSpec, Stage, Text, TokenizerSpec


@dataclass(frozen=True)
class Committed:
    """A commit; `evicted` names the weights that are gone."""

    attempt: str
    evicted: frozenset[str] = frozenset()


GONE = frozenset({"model.safetensors"})


@dataclass
class MemoryShelf:
    """What `broker.Shelf` asks for; `commits` is written by the tests' lanes."""

    commits: dict[str, Committed] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def committed(self, stage: str) -> Committed | None:
        return self.commits.get(stage)

    def begin(self, stage: str) -> str:
        self.attempts[stage] += 1
        return f"attempt-{self.attempts[stage]}"


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def root(name: str) -> Stage:
    """A stage that reads nothing."""
    return Stage(
        TokenizerSpec(text=(Text(language=name, fingerprint=name, examples=1),), vocabulary=64), f"root {name}"
    )


def child(name: str, *parents: Stage) -> Stage:
    """A stage that reads one or two others."""
    origins = [STAGE_PREFIX + parent.id for parent in parents]
    spec = ScoreSpec(
        tokenizer=origins[0],
        model=origins[-1],
        data=Data(fingerprint=name, kind=Kind.TAGGING, examples=1),
        language="en",
        metric="accuracy",
        part="selection",
        max_length=8,
        stride=0,
        numerics=Numerics(),
    )
    return Stage(spec, f"child {name}")


def by_id(*stages: Stage) -> dict[str, Stage]:
    """A graph as the broker is told of it."""
    return {stage.id: stage for stage in stages}
