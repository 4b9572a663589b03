"""Trials of a made-up sweep as their broker sees them: graphs of real specs that share what real recipes share.

All trials stand on one tokenizer and one encoder; two neighbours share an intermediate phase and a retrieval score of
it. Each has two targets and three scores of its own: six new stages a trial, nine in its graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tasks.data import DataSource
from tasks.examples import Kind
from tasks.homes import Folder, HomeFile
from trainers.located import Located
from trainers.recipe import Numerics
from trainers.stages import (
    STAGE_PREFIX,
    AnyStageSpec,
    Data,
    Ingredient,
    IntermediateSpec,
    PretrainSpec,
    Schedule,
    ScoreSpec,
    Stage,
    TargetSpec,
    Text,
    TokenizerSpec,
)

NEW = 6  # stages that each trial adds to those of the others
LANGUAGES = ("en", "de", "ru", "ar", "sw", "ta", "fi", "ja")
NLI = ("contradiction", "entailment", "neutral")
SCHEDULE = Schedule(
    lr=1e-5,
    batch=32,
    steps=10_000,
    warmup=0.1,
    weight_decay=0.01,
    clip=1.0,
    dropout=0.1,
    max_length=256,
    stride=0,
)


@dataclass(frozen=True)
class Wanted:
    """What a trial wants: its stages by id, and the scores of each of its rungs."""

    stages: Mapping[str, Stage]
    rungs: tuple[tuple[str, ...], ...]
    last_target: str  # the id of the stage that its last rung stands on


def wanted(trial: int) -> Wanted:
    """What trial `trial` wants."""
    tokenizer, encoder = _base()
    intermediate = _intermediate(trial // 2)
    targets = [
        _target(task, kind, trial, intermediate)
        for task, kind in (("xnli", Kind.CLASSIFICATION), ("udpos", Kind.TAGGING))
    ]
    retrieval = _score("tatoeba", Kind.RETRIEVAL, "de", intermediate)
    inference = _score("xnli", Kind.CLASSIFICATION, "de", targets[0])
    tagging = [_score("udpos", Kind.TAGGING, language, targets[1]) for language in ("en", "de")]
    stages = [tokenizer, encoder, intermediate, *targets, retrieval, inference, *tagging]
    rungs = ((retrieval.id, inference.id), tuple(score.id for score in tagging))
    return Wanted({stage.id: stage for stage in stages}, rungs, targets[1].id)


@cache
def _base() -> tuple[Stage, Stage]:
    texts = tuple(Text(language=language, fingerprint=_print(language), examples=10_000) for language in LANGUAGES)
    tokenizer = _stage(TokenizerSpec(text=texts, vocabulary=8000), "tokenizer", "text", "train")
    spec = PretrainSpec(
        tokenizer=STAGE_PREFIX + tokenizer.id,
        text=texts,
        parallel=texts[1:],
        hidden=128,
        layers=2,
        heads=2,
        positions=128,
        mask=0.3,
        parallel_share=0.5,
        smoothing=0.5,
        schedule=SCHEDULE,
        seed=0,
        numerics=Numerics(),
    )
    return tokenizer, _stage(spec, "pretrain", "text", "train")


def _intermediate(number: int) -> Stage:
    tokenizer, encoder = _base()
    data = [
        Data(fingerprint=_print(task), kind=Kind.CLASSIFICATION, examples=1000 + number, labels=NLI)
        for task in ("snli", "anli")
    ]
    spec = IntermediateSpec(
        tokenizer=STAGE_PREFIX + tokenizer.id,
        encoder=STAGE_PREFIX + encoder.id,
        mixture=tuple(Ingredient(data=d, weight=0.5) for d in data),
        mlm_share=0.0,
        mlm_text=(),
        schedule=SCHEDULE,
        keep="last",
        seed=0,
        numerics=Numerics(),
    )
    return _stage(spec, "intermediate anli+snli", "snli", "train")


def _target(task: str, kind: Kind, trial: int, encoder: Stage) -> Stage:
    spec = TargetSpec(
        tokenizer=STAGE_PREFIX + _base()[0].id,
        encoder=STAGE_PREFIX + encoder.id,
        train=Data(fingerprint=_print(task), kind=kind, examples=10_000, labels=NLI),
        schedule=SCHEDULE,
        keep="last",
        seed=trial,
        numerics=Numerics(),
    )
    return _stage(spec, f"target {task}", task, "train")


def _score(task: str, kind: Kind, language: str, model: Stage) -> Stage:
    spec = ScoreSpec(
        tokenizer=STAGE_PREFIX + _base()[0].id,
        model=STAGE_PREFIX + model.id,
        data=Data(fingerprint=_print(f"{task} {language}"), kind=kind, examples=1000, labels=NLI),
        language=language,
        metric="accuracy",
        part="selection",
        max_length=256,
        stride=0,
        numerics=Numerics(),
    )
    return _stage(spec, f"score {task} {language}", task, "dev", language)


def _stage(spec: AnyStageSpec, label: str, task: str, split: str, language: str = "en") -> Stage:
    path = f"{task}/{split}-{language}.tsv"
    source = DataSource(task, split, language, (path,))
    located = Located(source, (HomeFile(Folder("/data/benchmark"), path),))
    return Stage(spec, label, {_print(f"{task} {language}"): located}, tokens=1_000_000)


def _print(name: str) -> str:
    """What looks like a fingerprint."""
    return name.encode().hex().ljust(64, "0")[:64]
