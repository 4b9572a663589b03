"""The score stage: zero-shot predictions of one (task, language), and the cell that follows from them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from tasks.cells import Cell
from tasks.data import Dataset
from tasks.examples import Kind, Passage, is_asked, is_labelled
from trainers.identity import canonical_json
from trainers.kinds.base import Limits
from trainers.kinds.registry import kind_of
from trainers.loop import Stopped
from trainers.model.encoder import load_encoder
from trainers.model.kept import kept
from trainers.model.learner import Learner
from trainers.predict import Passes, predict
from trainers.predictions import CELL, PREDICTIONS, predictions, write
from trainers.search import Embedder, match, pair, rank
from trainers.session import Session
from trainers.stages import ScoreSpec


def run(spec: ScoreSpec, session: Session) -> dict[str, Any]:
    """Predict, score and keep both; rows without gold (the pool around a held-out part) are predicted, not scored.

    Where no row has gold, as in the test sets that a benchmark keeps to itself, there are predictions alone.
    """
    dataset = session.dataset(spec.data.fingerprint)
    tokens = session.tokens(spec.tokenizer)
    limits = Limits(spec.max_length, spec.stride)
    passes = Passes(session.settings.micro_tokens, spec.numerics, session.ranks, partial(_told, session))
    if spec.data.kind.searched:
        assert spec.layer is not None and spec.pooling is not None
        encoder = kept(session.folder(spec.model), load_encoder)
        embedder = Embedder(encoder, tokens, limits, spec.layer, spec.pooling, passes, spec.normalised)
        found = _search(spec, session, embedder, dataset)
    else:
        model, labels = kept(session.folder(spec.model), load_tuned)
        found = predict(model, 0, dataset, tokens, limits, labels, passes)
    counts = is_labelled if any(map(is_labelled, dataset.examples)) else is_asked
    asked = [(example, found[i]) for i, example in enumerate(dataset.examples) if counts(example)]
    examples, predicted = [example for example, _ in asked], [prediction for _, prediction in asked]
    made = predictions(spec.data.kind, spec.metric, spec.language, examples, predicted)
    write(session.made / PREDICTIONS, made)
    if not made.scored:
        return {"examples": len(examples)}
    result, pool = made.score, pool_sizes(dataset)
    cell = Cell(
        task=dataset.source.task,
        language=spec.language,
        score=result.value,
        n=result.n,
        part=spec.part,
        metric=spec.metric,
        version=made.version,
        details=dict(result.details) | {f"candidates {language}": n for language, n in pool.items()},
        data=spec.data.fingerprint,
        revision=dataset.source.revision,
        layer=spec.layer,
        pooling=spec.pooling,
    )
    (session.made / CELL).write_bytes(canonical_json(asdict(cell)))
    return {"score": result.value, "examples": cell.n} | ({"pool": pool} if pool else {})


def pool_sizes(dataset: Dataset) -> dict[str, int]:
    """How many candidates each language has in a pool that is common to several: files may be missing from it."""
    if not dataset.source.declared.pool:
        return {}
    candidates = (e for e in dataset.examples if isinstance(e, Passage) and e.candidate)
    return dict(sorted(Counter(candidate.id.partition("-")[0] for candidate in candidates).items()))


def _search(spec: ScoreSpec, session: Session, embedder: Embedder, dataset: Dataset) -> list[Any]:
    """One prediction an example; None for those that ask nothing."""
    if spec.data.kind is Kind.RETRIEVAL:
        return list(match(embedder, dataset))
    if spec.data.kind is Kind.MINING:
        return pair(embedder, dataset, session.dataset(spec.dev.fingerprint) if spec.dev else None)
    return rank(embedder, dataset)


def _told(session: Session, done: int, passes: int) -> None:
    """A score stage keeps no progress: stopped, it begins again."""
    if session.tell(done, passes).stop and done < passes:
        raise Stopped


def load_tuned(folder: Path) -> tuple[Learner, tuple[str, ...]]:
    """The encoder and head of a target stage, and what the head's outputs mean."""
    about = json.loads((folder / "head.json").read_text())
    encoder = load_encoder(folder)
    head = kind_of(Kind(about["kind"])).head(encoder.config.hidden_size, len(about["labels"]))
    head.load_state_dict(load_file(folder / "head.safetensors"))
    return Learner(encoder, [head]), tuple(about["labels"])
