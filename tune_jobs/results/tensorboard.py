"""A sweep as TensorBoard shows it: a run a trial, written from the store.

DIR/trial-007/events.out.tfevents.…

loss/<stage>, dev/<stage>   training curves of its stages, as far as their COMMITs have them (`trainers.curve`)
rung/value                  what trials are compared by, at rung 1, 2, …
score/<task>                what it scored in the end, in points
suite/average, english, lift   what the leaderboard says; with the trial's parameters on the page of hyperparameters

The same sweep gives the same files: times are those of its events.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorboardX import summary
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData
from tensorboardX.record_writer import RecordWriter

from tasks.errors import UserError
from trainers.store.files import mendable, whole_file
from trainers.store.manifest import Commit
from tune_jobs.results.leaderboard import Row, leaderboard
from tune_jobs.results.parameters import Parameter, Value, parameters, point
from tune_jobs.results.results import Results
from tune_jobs.sweeps.events import Decided, Ended, Envelope, Rung, Sampled
from tune_jobs.sweeps.history import TrialHistory

RUN = "trial-"
EVENTS, OURS = "events.out.tfevents.", ".crosslift"
VERSION = "brain.Event:2"  # of the form of event files
CURVES = ("loss", "dev")
METRICS = ("suite/average", "suite/english", "suite/lift")


@dataclass(frozen=True)
class Scalar:
    """A number at a step of a curve; `at` is in seconds since 1970."""

    tag: str
    step: int
    value: float
    at: float


def export_events(results: Results, to: Path) -> int:
    """Write the trials of a sweep as runs into a folder; those of an earlier time are taken out first.

    Returns:
        How many there are.

    Raises:
        UserError: the folder holds something else, or cannot be written.
    """
    with mendable("write the runs", to):
        _prepare(to)
        rows = {row.trial: row for row in leaderboard(results).rows}
        known = parameters(results.opened)
        stages, page, happened = _Curves(results, {}), _page(results, known), _by_trial(results)
        for trial in results.history.trials:
            events = happened[trial.number]
            parts = [page, *_steady(summary.hparams(_settings(results, trial, known), {}))[1:]]
            path = to / f"{RUN}{trial.number:03d}" / f"{EVENTS}{events[0].at:.0f}{OURS}"
            with whole_file(path) as file:
                _write(file, events[0].at, parts, scalars(trial, rows[trial.number], events, stages))
    return len(results.history.trials)


def scalars(trial: TrialHistory, row: Row, events: Sequence[Envelope], stages: _Curves) -> Iterator[Scalar]:
    """All the numbers of a trial, curve by curve; `events` are the trial's own."""
    for label, curves in stages.of(trial):
        for curve, points in curves.items():
            for step, value in points:
                yield Scalar(f"{curve}/{label}", step, value, events[0].at)
    for envelope in events:
        if isinstance(rung := envelope.event, Rung):
            yield Scalar("rung/value", rung.rung + 1, rung.value, envelope.at)
    last = events[-1].at
    for task, score in row.tasks.items():
        yield Scalar(f"score/{task}", row.rungs, score, last)
    for name, number in _metrics(row).items():
        yield Scalar(name, row.rungs, number, last)


def _metrics(row: Row) -> dict[str, float]:
    """What a whole-suite trial amounts to."""
    found = (row.average, row.english, row.lift.value if row.lift else None)
    return {name: value for name, value in zip(METRICS, found, strict=True) if row.rank and value is not None}


@dataclass(frozen=True)
class _Curves:
    """The curves of stages by label, each read once: trials share most of their stages."""

    results: Results
    known: dict[str, tuple[str, dict[str, Any]]]

    def of(self, trial: TrialHistory) -> list[tuple[str, dict[str, Any]]]:
        """Those of a trial's stages that have any, by label."""
        scores = {cell.stage for rung in trial.rungs.values() for cell in rung.cells}
        found = [self._stage(stage) for stage in sorted(trial.stages - scores)]
        return sorted((curve for curve in found if curve[1]), key=lambda curve: curve[0])

    def _stage(self, stage: str) -> tuple[str, dict[str, Any]]:
        if stage not in self.known:
            commit = self.results.scores.store.committed(stage)
            self.known[stage] = ("", {}) if commit is None else _curves(commit)
        return self.known[stage]


def _curves(commit: Commit) -> tuple[str, dict[str, Any]]:
    """A stage's label and curves; older commits say neither."""
    label, curve = commit.facts.get("label", commit.spec["kind"]), commit.facts.get("curve", {})
    assert isinstance(curve, dict)
    return str(label), {name: curve[name] for name in CURVES if curve.get(name)}


def _page(results: Results, known: list[Parameter]) -> Any:
    """What the page of hyperparameters shows. TensorBoard takes it from any one of the runs, so all have the same."""
    found: dict[str, Value] = {}
    for trial in results.history.trials:
        for name, value in _settings(results, trial, known).items():
            found[name] = value if found.get(name) is None else found[name]
    return _steady(summary.hparams(found, dict.fromkeys(METRICS)))[0]


def _settings(results: Results, trial: TrialHistory, known: list[Parameter]) -> dict[str, Value]:
    where = point(results.opened, trial)
    return {parameter.name: parameter.value(where) for parameter in known} if where else {}


def _by_trial(results: Results) -> dict[int, list[Envelope]]:
    """The events of each trial, in order: the first one is its beginning."""
    found: dict[int, list[Envelope]] = {}
    for envelope in results.envelopes:
        if isinstance(event := envelope.event, Sampled | Rung | Decided | Ended):
            found.setdefault(event.trial, []).append(envelope)
    return found


def _write(path: Path, began: float, parts: Sequence[Any], numbers: Iterable[Scalar]) -> None:
    writer = RecordWriter(str(path))
    try:
        writer.write(Event(wall_time=began, file_version=VERSION).SerializeToString())
        for part in parts:
            writer.write(Event(wall_time=began, summary=part).SerializeToString(deterministic=True))
        for scalar in numbers:
            part = summary.scalar(_tag(scalar.tag), scalar.value)
            event = Event(wall_time=scalar.at, step=scalar.step, summary=part)
            writer.write(event.SerializeToString(deterministic=True))
    finally:
        writer.close()


def _steady(parts: Sequence[Any]) -> Sequence[Any]:
    """What is said of hyperparameters, in bytes that are the same in every process."""
    for part in parts:
        for value in part.value:
            content = HParamsPluginData.FromString(value.metadata.plugin_data.content)
            value.metadata.plugin_data.content = content.SerializeToString(deterministic=True)
    return parts


def _tag(name: str) -> str:
    """A name as TensorBoard takes it: `loss/target xnli?language=de` → `loss/target_xnli_language_de`."""
    return re.sub(r"[^-/\w.]", "_", name)


def _is_run(path: Path) -> bool:
    """Whether a folder holds nothing but what was written here before."""
    ours = path.is_dir() and path.name.startswith(RUN)
    return ours and all(file.name.startswith(EVENTS) and file.name.endswith(OURS) for file in path.iterdir())


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    there = list(folder.iterdir())
    if not all(_is_run(path) for path in there):
        raise UserError("holds something else than runs of a sweep; name another folder", where=str(folder))
    for path in there:
        shutil.rmtree(path)
