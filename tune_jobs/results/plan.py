"""What a sweep would cost, before anything is spent: stages, how many are shared or stored already, tokens, GB, hours.

Exact where the recipes are known beforehand (grids, random draws), and a range over simulated draws otherwise; both for
a sweep in which nothing is pruned. Hours come from timings that the store has recorded, and are unknown without them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from search_spaces.space import Space
from search_spaces.study import Past, State, Study
from trainers.graph import Graph
from trainers.identity import digest
from trainers.recipe import Recipe
from trainers.stages import Stage
from trainers.store.manifest import Commit
from tune_jobs.results.sizes import stage_bytes
from tune_jobs.sweeps.budget import HOUR, Usage, taken

KINDS = ("tokenizer", "pretrain", "intermediate", "target", "score")
DRAWS = 8  # simulated sweeps where the recipes are not known beforehand
FORESEEN = ("grid", "random")  # samplers that look at no result

Expand = Callable[[Recipe], Graph]


@dataclass(frozen=True)
class Stages:
    """Stages of one kind: what the recipes ask for one by one, how many of them differ, and how many must be run."""

    asked: int
    distinct: int
    stored: int
    to_run: int

    @property
    def shared(self) -> int:
        """How many requests are met by a stage that another recipe asks for too."""
        return self.asked - self.distinct


@dataclass(frozen=True)
class Estimate:
    """What one list of recipes would cost; all but `stages` is of those that are still to run.

    `usage`: on lanes as they were timed on, one after another; None where no timing is recorded. `money`: None also
    where nothing has a price.
    """

    recipes: int
    stages: Mapping[str, Stages]
    tokens: int
    gigabytes: float
    usage: Usage | None
    money: float | None = None

    @property
    def hours(self) -> float | None:
        """On one lane."""
        return self.usage.hours if self.usage is not None else None

    def to_json(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        stages = {kind: asdict(count) | {"shared": count.shared} for kind, count in self.stages.items()}
        hours = vars(self.usage) if self.usage is not None else dict.fromkeys(vars(Usage()))
        return {key: value for key, value in asdict(self).items() if key != "usage"} | hours | {"stages": stages}


@dataclass(frozen=True)
class Plan:
    """`low` and `high` are the same estimate where it is exact, else the cheapest and the dearest simulated sweep."""

    space: str
    exact: bool
    low: Estimate
    high: Estimate
    absent: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        return {
            "space": self.space,
            "exact": self.exact,
            "low": self.low.to_json(),
            "high": self.high.to_json(),
            "absent": list(self.absent),
            "warnings": list(self.warnings),
        }


def plan(
    space: Space, expand: Expand, commits: Iterable[Commit], price: Callable[[Usage], float] | None = None
) -> Plan:
    """Plan a sweep.

    Args:
        space: what would be searched.
        expand: a recipe's stages on the space's suite and data.
        commits: all that the store holds.
        price: what is used costs; None: nothing has a price.
    """
    stored = {commit.stage: commit for commit in commits}
    known: dict[str, Graph] = {}

    def graph(recipe: Recipe) -> Graph:
        return known.setdefault(digest(recipe), known.get(digest(recipe)) or expand(recipe))

    exact = space.search.sampler in FORESEEN
    seeds = [space.search.seed + draw for draw in range(1 if exact else DRAWS)]
    unpriced = (estimate([graph(recipe) for recipe in recipes(space, seed)], stored) for seed in seeds)
    estimates = [
        replace(e, money=price(e.usage) if price is not None and e.usage is not None else None) for e in unpriced
    ]
    by_cost = sorted(estimates, key=lambda e: (e.tokens, e.gigabytes))
    absent = [f"{a.task} {a.language}: {a.why}" for g in known.values() for a in g.absent]
    return Plan(space.name, exact, by_cost[0], by_cost[-1], tuple(dict.fromkeys(absent)), space.warnings())


def recipes(space: Space, seed: int) -> list[Recipe]:
    """The recipes of a sweep, the baseline first, as a sampler that looks at no result draws them from this seed."""
    sampler = space.search.sampler if space.search.sampler in FORESEEN else "random"
    study = Study(replace(space, search=space.search.model_copy(update={"sampler": sampler, "seed": seed})))
    found = [space.baseline()]
    past = [Past({}, State.PENDING)]
    while space.search.trials is None or len(found) < space.search.trials:
        params = study.suggest(len(found), past)
        if params is None:
            break
        found.append(space.recipe(params))
        past.append(Past(params, State.PENDING))
    return found


def estimate(graphs: Sequence[Graph], stored: Mapping[str, Commit]) -> Estimate:
    """What these recipes would cost on a store that holds these commits."""
    stages = {id: stage for graph in graphs for id, stage in graph.stages.items()}
    running = _to_run(graphs, stages, stored)
    asked: Counter[str] = Counter(stage.spec.kind for graph in graphs for stage in graph.stages.values())
    distinct: Counter[str] = Counter(stage.spec.kind for stage in stages.values())
    there: Counter[str] = Counter(stage.spec.kind for id, stage in stages.items() if id in stored)
    left: Counter[str] = Counter(stage.spec.kind for stage in running)
    return Estimate(
        recipes=len(graphs),
        stages={k: Stages(asked[k], distinct[k], there[k], left[k]) for k in KINDS if asked[k]},
        tokens=sum(stage.tokens for stage in running),
        gigabytes=sum(stage_bytes(stage, stages) for stage in running) / 1e9,
        usage=_usage(running, stages, stored),
    )


def _to_run(graphs: Sequence[Graph], stages: Mapping[str, Stage], stored: Mapping[str, Commit]) -> list[Stage]:
    """Scores that are not stored, and what they need that is not stored with its weights."""
    found: dict[str, Stage] = {}
    todo = [id for graph in graphs for id in graph.cells.values() if id not in stored]
    while todo:
        id = todo.pop()
        if id not in found:
            found[id] = stages[id]
            todo += [n for n in stages[id].needs if n not in stored or stored[n].evicted]
    return list(found.values())


def _usage(running: Sequence[Stage], stages: Mapping[str, Stage], stored: Mapping[str, Commit]) -> Usage | None:
    """What a unit of work took, as recorded for the kind and tokenizer, times the work to do."""
    took: dict[tuple[str, str], Usage] = {}
    work: Counter[tuple[str, str]] = Counter()
    for commit in stored.values():
        spent = commit.facts.get("seconds")
        done = stages[commit.stage].tokens if commit.stage in stages else commit.facts.get("tokens")
        if isinstance(spent, int | float) and isinstance(done, int) and done > 0:
            key = (str(commit.spec["kind"]), str(commit.spec.get("tokenizer")))
            took[key] = took.get(key, Usage()) + taken(commit.facts) + Usage(hours=spent / HOUR)
            work[key] += done
    total = Usage()
    for stage in running:
        key = (stage.spec.kind, str(getattr(stage.spec, "tokenizer", None)))
        if not stage.tokens:
            continue
        if key not in work:
            return None
        total += took[key].times(stage.tokens / work[key])
    return total
