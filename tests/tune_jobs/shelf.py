"""A store in memory for the broker's tests, and small stage graphs of real specs."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tasks.examples import Kind
from trainers.recipe import Numerics
from trainers.stages import STAGE_PREFIX, Data, ScoreSpec, Stage, Text, TokenizerSpec
from trainers.store.leases import Held, Holder


@dataclass(frozen=True)
class Committed:
    """A commit; `evicted` names the weights that are gone."""

    attempt: str
    evicted: frozenset[str] = frozenset()


GONE = frozenset({"model.safetensors"})


@dataclass
class MemoryShelf:
    """What `broker.Shelf` asks for; `commits` and what others hold are written by the tests."""

    commits: dict[str, Committed] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    held: dict[str, Held] = field(default_factory=dict)
    looks: Counter[str] = field(default_factory=Counter)
    holders: dict[str, Holder] = field(default_factory=dict)  # stage → who began it last

    def look(self, stage: str, holder: Holder) -> tuple[Committed | None, Held | None]:
        self.looks[stage] += 1
        commit = self.commits.get(stage)
        return commit, self._held(stage, holder) if commit is None or commit.evicted else None

    def begin(self, stage: str, holder: Holder) -> str | None:
        commit, held = self.look(stage, holder)
        if held is not None or (commit is not None and not commit.evicted):
            return None
        self.attempts[stage] += 1
        self.holders[stage] = holder
        return f"attempt-{self.attempts[stage]}"

    def hold(self, stage: str, holder: Holder) -> None:
        """Another broker begins the stage."""
        self.attempts[stage] += 1
        self.held[stage] = Held(holder, f"attempt-{self.attempts[stage]}", 0.0, 0.0)

    def _held(self, stage: str, holder: Holder) -> Held | None:
        held = self.held.get(stage)
        return None if held is None or holder.succeeds(held.holder) else held


ELSEWHERE = Holder(life="another life", name="sweep far", reigns={"far": 1})


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
