"""What a sweep amounted to: how its trials ended, what was trained, and what sharing and the store have saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import cache

from trainers.store.stages import Commit, StageStore
from tune_jobs.sweeps.budget import Line
from tune_jobs.sweeps.events import How
from tune_jobs.sweeps.history import History

Committed = Callable[[str], Commit | None]


@dataclass(frozen=True)
class Cost:
    """Seconds of lane time and tokens read, from the facts of commits."""

    seconds: float = 0.0
    tokens: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, self.tokens + other.tokens)

    def times(self, count: int) -> Cost:
        """This cost, so many times."""
        return Cost(self.seconds * count, self.tokens * count)


@dataclass(frozen=True)
class Summary:
    """Figures of one run of a sweep.

    A stage is counted once: `trained` by this run, or `stored` before it; `shared` are those of both that more than one
    trial stands on. `saved_by_sharing` is what training each trial's stages for itself would have cost on top,
    `saved_by_store` what making the stored ones again would have cost, `saved_by_pruning` what the rungs that pruned
    trials did not reach cost the others on average.
    """

    sweep: str
    trials: Mapping[How, int]
    trained: int
    stored: int
    shared: int
    saved_by_sharing: Cost
    saved_by_store: Cost
    saved_by_pruning: Cost
    budget: tuple[Line, ...] = ()  # what is capped, and how much of it the sweep has used in all
    over: tuple[str, ...] = ()  # what of it was used up, so that the sweep rests with something left to do


def summarise(sweep: str, history: History, trained: Set[str], store: StageStore) -> Summary:
    """The figures of a sweep.

    Args:
        sweep: its name.
        history: all that has happened in it.
        trained: the stages that this run has made.
        store: where the costs are.
    """
    committed = cache(store.committed)  # each look is a request or two: trials share most of their stages
    uses = Counter(stage for trial in history.trials for stage in trial.stages)
    uses.update(dict.fromkeys(trained - uses.keys(), 1))  # made, but its trial failed or was not scored
    sharing, stored = Cost(), Cost()
    for stage, count in uses.items():
        if count == 1 and stage in trained:
            continue
        cost = cost_of(committed(stage))
        sharing += cost.times(count - 1)
        stored += Cost() if stage in trained else cost
    return Summary(
        sweep=sweep,
        trials=Counter(trial.ended.how for trial in history.trials if trial.ended is not None),
        trained=len(trained),
        stored=len(uses.keys() - trained),
        shared=sum(1 for count in uses.values() if count > 1),
        saved_by_sharing=sharing,
        saved_by_store=stored,
        saved_by_pruning=_pruned(history, committed),
    )


def _pruned(history: History, committed: Committed) -> Cost:
    """What the rungs that pruned trials did not reach would have cost, going by the trials that reached them."""
    last = max((rung for trial in history.trials for rung in trial.rungs), default=0)
    pruned = [trial for trial in history.trials if trial.ended is not None and trial.ended.how is How.PRUNED]
    missed = Counter(rung for trial in pruned for rung in range(max(trial.rungs) + 1, last + 1))
    return sum((_rung_cost(history, rung, committed).times(count) for rung, count in missed.items()), Cost())


def _rung_cost(history: History, rung: int, committed: Committed) -> Cost:
    """The mean cost of a rung: of the stages that no earlier rung of the same trial stands on."""
    costs = []
    for trial in history.trials:
        if rung in trial.rungs:
            earlier = {id for number, event in trial.rungs.items() if number < rung for id in event.stages}
            costs.append(sum((cost_of(committed(id)) for id in trial.rungs[rung].stages - earlier), Cost()))
    total = sum(costs, Cost())
    return Cost(total.seconds / len(costs), round(total.tokens / len(costs)))


def cost_of(commit: Commit | None) -> Cost:
    """What a stage has cost, as far as its commit says; nothing for a stage that was collected since."""
    if commit is None:
        return Cost()
    seconds, tokens = commit.facts.get("seconds"), commit.facts.get("tokens")
    return Cost(
        float(seconds) if isinstance(seconds, int | float) else 0.0,
        int(tokens) if isinstance(tokens, int | float) else 0,
    )
