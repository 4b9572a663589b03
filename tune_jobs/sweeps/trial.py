"""One trial's life: rung by rung, from the stages it wants to a value and a decision.

`run` is a generator that yields whenever it has to wait. The serial driver steps several of them in turn; a Tune
function sleeps between the steps of one. What a trial cannot do itself (own stages, write events) it asks of a `Desk`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from tasks.cells import Cell
from trainers.graph import Graph
from trainers.stages import Stage
from tune_jobs.lanes.broker import Answer
from tune_jobs.sweeps.events import CellOf, Decided, Ended, How, Rung, cells_digest
from tune_jobs.sweeps.history import TrialHistory


class Desk(Protocol):
    """What a trial asks of its sweep. Every call may be repeated."""

    def want(self, trial: int, rung: int, wanted: Iterable[str], stages: Mapping[str, Stage]) -> None:
        """See `Broker.want`."""

    def done(self, trial: int, wanted: Iterable[str]) -> Answer:
        """See `Broker.done`."""

    def drop(self, trial: int) -> None:
        """See `Broker.drop`."""

    def cell(self, stage: str) -> Cell:
        """The cell of a committed score stage."""

    def mean(self, cells: Sequence[Cell]) -> float:
        """The value that trials are compared by: the mean over the tasks that these cells cover."""

    def scored(self, rung: Rung) -> None:
        """Record a rung's value."""

    def decide(self, trial: int, rung: int) -> Decided:
        """Decide whether the trial goes on after this rung, and record it."""

    def ended(self, end: Ended) -> None:
        """Record the end."""


def run(trial: TrialHistory, graph: Graph, desk: Desk) -> Iterator[None]:
    """Live a trial from wherever its history leaves it to its end.

    Args:
        trial: what has happened so far; whoever runs the desk keeps it up to date.
        graph: the recipe's stages.
        desk: the sweep.
    """
    try:
        yield from _rungs(trial, graph, desk)
    finally:
        desk.drop(trial.number)


def _rungs(trial: TrialHistory, graph: Graph, desk: Desk) -> Iterator[None]:
    rungs = [number for number, stages in enumerate(graph.rungs) if stages]  # all tasks of a rung may be absent
    if trial.ended is not None:
        yield from _made_again(trial, trial.ended, graph, desk)
        return
    for rung in rungs:
        wanted = graph.rung(rung)
        desk.want(trial.number, rung, wanted, graph.stages)  # also of a rung that was scored: a stage may be lost since
        while (answer := desk.done(trial.number, wanted)).missing:
            if answer.reason:
                desk.ended(_failed(trial, answer))
                return
            yield
        if rung not in trial.rungs:
            desk.scored(_scored(trial.number, rung, graph, desk))
        if rung == rungs[-1]:
            desk.ended(Ended(trial=trial.number, how=How.COMPLETE, value=trial.value))
        elif not (trial.decisions.get(rung) or desk.decide(trial.number, rung)).go_on:
            desk.ended(Ended(trial=trial.number, how=How.PRUNED, value=trial.value))
            return


def _made_again(trial: TrialHistory, end: Ended, graph: Graph, desk: Desk) -> Iterator[None]:
    """What the store has lost of a trial that has ended: its rungs, and no event, stay as they are."""
    wanted = [stage for rung in trial.rungs for stage in graph.rung(rung)]
    desk.want(trial.number, 0, wanted, graph.stages)
    while (answer := desk.done(trial.number, wanted)).missing and not answer.reason:
        yield
    desk.ended(end)


def _failed(trial: TrialHistory, why: Answer) -> Ended:
    return Ended(trial=trial.number, how=How.FAILED, value=trial.value, reason=why.reason, diverged=why.diverged)


def _scored(trial: int, rung: int, graph: Graph, desk: Desk) -> Rung:
    """The event of a rung whose score stages are all committed."""
    here = _cells_of(graph, rung)
    cells = [_cell(name, desk) for name in here]
    before = [_cell(name, desk) for number in range(rung) for name in _cells_of(graph, number)]
    return Rung(
        trial=trial,
        rung=rung,
        value=desk.mean([*before, *cells]),
        cells=here,
        digest=cells_digest(cells),
        inputs=_inputs(graph, graph.rung(rung)),
    )


def _cells_of(graph: Graph, rung: int) -> tuple[CellOf, ...]:
    """The cells of a rung; two tasks with the same data and model are two cells of one stage."""
    stages = set(graph.rung(rung)).difference(*graph.rungs[:rung])
    return tuple(CellOf(task=t, language=la, stage=id) for (t, la), id in graph.cells.items() if id in stages)


def _cell(name: CellOf, desk: Desk) -> Cell:
    return replace(desk.cell(name.stage), task=name.task, language=name.language)


def _inputs(graph: Graph, scores: Iterable[str]) -> tuple[str, ...]:
    """The stages that some score stages read, directly or not, in the graph's order."""
    met: set[str] = set()
    todo = [need for id in scores for need in graph.stages[id].needs]
    while todo:
        id = todo.pop()
        if id not in met:
            met.add(id)
            todo.extend(graph.stages[id].needs)
    return tuple(id for id in graph.stages if id in met)
