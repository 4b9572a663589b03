"""Small official files, a space on them, and a lane that answers by lot instead of training: the service, quickly.

How often the lane is right depends on the recipe alone: an intermediate phase helps, and seeds differ a little.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.cells import Cell
from tasks.data import load
from tasks.examples import Example, Tagged, TextPair, Translation, is_labelled
from trainers import predictions
from trainers.identity import canonical_json
from trainers.lane import Assignment, Ending, Outcome, Verdict
from trainers.stages import STAGE_PREFIX, ScoreSpec
from trainers.store.stages import StageStore

NLI = ("contradiction", "entailment", "neutral")
TAGS = ("NOUN", "VERB", "ADJ")
NAMES = ("B-PER", "O", "B-LOC")
LANGUAGES = ("en", "de")

SPACE = """\
name: bench
data: {folders: [data]}
suite:
  name: four
  tasks: [xnli, udpos, tatoeba, panx]
  languages: {xnli: [en, de], udpos: [en, de], tatoeba: [de], panx: [en, de, ru]}
rungs: [[xnli, udpos, tatoeba], [panx]]
recipe:
  base: {model: scratch, scratch: {steps: 10, languages: [en, de], vocabulary: 100, hidden: 16, layers: 1}}
  intermediate:
    tasks: {simplex: {of: [snli, mnli], at_most: 2, parts: 2}}
  target:
    optimisation: {lr: {choice: [1e-4, 3e-4]}, epochs: 1}
  retrieval: {layer: 1}
search: {sampler: grid, concurrency: 2}
"""


def write(folder: Path) -> Path:
    """Files and space; returns the space's path. What they say is generated."""
    lot = random.Random(0)
    data = folder / "data"
    for language in LANGUAGES:
        _lines(data / f"text/{language}.txt", [f"{language} sentence {i}" for i in range(40)])
    _lines(data / "parallel/de-en.de", [f"satz {i}" for i in range(20)])
    _lines(data / "parallel/de-en.en", [f"sentence {i}" for i in range(20)])
    _lines(data / "snli/snli_1.0_train.jsonl", [_snli(i, lot) for i in range(60)])
    _lines(data / "xnli/train-en.tsv", [f"pair {i}\tsecond\t{lot.choice(NLI)}" for i in range(60)])
    for task, tags in (("udpos", TAGS), ("panx", NAMES)):
        _lines(data / f"{task}/train-en.tsv", _sentences(20, tags, lot))
        for split in ("dev", "test"):
            for language in LANGUAGES:
                _lines(data / f"{task}/{split}-{language}.tsv", _sentences(40, tags, lot))
    for split in ("dev", "test"):
        labels = [lot.choice(NLI) for _ in range(80)]
        for language in LANGUAGES:
            rows = [f"{language} {i}\tsecond" for i in range(80)]
            if split == "dev":
                rows = [f"{row}\t{label}" for row, label in zip(rows, labels, strict=True)]
            else:
                _lines(data / f"gold/xnli/test-{language}.tsv", labels)
            _lines(data / f"xnli/{split}-{language}.tsv", rows)
    _lines(data / "tatoeba/tatoeba.deu-eng.deu", [f"satz {i}" for i in range(150)])
    _lines(data / "tatoeba/tatoeba.deu-eng.eng", [f"sentence {i}" for i in range(150)])
    path = folder / "bench.yaml"
    path.write_text(SPACE)
    return path


@dataclass
class LotLane:
    """Commits what a lane would: predictions and cells of score stages, a small file for all others."""

    store: StageStore
    folder: Path
    ran: list[str] = field(default_factory=list)

    def run(self, assignment: Assignment, report: Callable[[int, int], Verdict]) -> Outcome:
        if report(1, 1) is Verdict.STOP:
            return Outcome(Ending.STOPPED)
        stage = assignment.stage
        assert self.store.committed(stage.id) is None, f"{stage.label} is made again"
        self.ran.append(stage.label)
        self.folder.mkdir(parents=True, exist_ok=True)
        made = self._score(assignment) if isinstance(stage.spec, ScoreSpec) else self._model()
        files = {path.name: self.store.put(stage.id, assignment.attempt, path.name, path) for path in made}
        facts = {"seconds": 2.0, "tokens": 1000}
        self.store.commit(stage.id, assignment.attempt, files, {}, stage.spec, facts)
        return Outcome(Ending.COMMITTED)

    def _model(self) -> list[Path]:
        return [self._file("config.json", b"{}"), self._file("model.safetensors", b"weights")]

    def _file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def _score(self, assignment: Assignment) -> list[Path]:
        spec = assignment.stage.spec
        assert isinstance(spec, ScoreSpec)
        dataset = load(assignment.stage.sources[spec.data.fingerprint].here(self.folder / "cache"))
        chance = self._chance(spec.model)
        lot = random.Random(assignment.stage.id)
        examples = [example for example in dataset.examples if is_labelled(example)]
        answers = [_answer(example, chance, lot) for example in examples]
        found = predictions.predictions(spec.data.kind, spec.metric, spec.language, examples, answers)
        predictions.write(self.folder / "predictions.parquet", found)
        score = found.score
        cell = Cell(
            task=dataset.source.task,
            language=spec.language,
            score=score.value,
            n=score.n,
            part=spec.part,  # type: ignore[arg-type]  # a pattern holds it to these words
            metric=spec.metric,
            version=1,
            details=dict(score.details),
        )
        return [self.folder / "predictions.parquet", self._file("cell.json", canonical_json(cell.to_json()))]

    def _chance(self, model: str) -> float:
        """0.5, and 0.25 more after an intermediate phase."""
        spec: dict[str, Any] | None = self._spec(model)
        kinds = []
        while spec is not None:
            kinds.append(spec["kind"])
            spec = self._spec(spec["encoder"]) if "encoder" in spec else None
        return 0.75 if "intermediate" in kinds else 0.5

    def _spec(self, origin: str) -> dict[str, Any] | None:
        """Of the stage that made a model; None for a base model."""
        if not origin.startswith(STAGE_PREFIX):
            return None
        commit = self.store.committed(origin.removeprefix(STAGE_PREFIX))
        assert commit is not None
        return commit.spec


def _answer(example: Example, chance: float, lot: random.Random) -> Any:
    right = lot.random() < chance
    match example:
        case TextPair():
            return example.label if right else lot.choice(NLI)
        case Translation():
            return example.match if right else "999999"
        case Tagged(tags=tags) if tags is not None:
            known = sorted(set(tags))
            return [tag if lot.random() < chance else lot.choice(known) for tag in tags]
    raise AssertionError(example)


def _snli(number: int, lot: random.Random) -> str:
    row = {"sentence1": f"a {number}", "sentence2": "b", "gold_label": lot.choice(NLI), "pairID": str(number)}
    return json.dumps(row)


def _sentences(count: int, tags: tuple[str, ...], lot: random.Random) -> list[str]:
    return [line for i in range(count) for line in (*(f"w{i}{j}\t{lot.choice(tags)}" for j in range(5)), "")]


def _lines(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
