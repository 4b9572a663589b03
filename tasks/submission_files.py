"""Predictions and their gold as files of XTREME's layout: what `tasks.submission` reads and the benchmark takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks import catalog
from tasks.examples import Kind
from tasks.metrics.ranking import DEPTH
from tasks.submission import place

Named = Sequence[tuple[str, Any]]
"""Ids, each with a prediction or with its gold (`tasks.gold`)."""


def write_predictions(folder: Path, task: str, language: str, found: Named) -> Path:
    """Write a cell's predictions; returns the file."""
    return _write(folder, task, language, PREDICTED[catalog.get(task).kind](found))


def write_gold(folder: Path, task: str, language: str, found: Named) -> Path:
    """Write a cell's gold under the same name; returns the file."""
    return _write(folder, task, language, GOLD[catalog.get(task).kind](found))


def _write(folder: Path, task: str, language: str, text: str) -> Path:
    path = folder / place(task, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _lines(items: Iterable[Any]) -> str:
    return "".join(f"{item}\n" for item in items)


def _labels(found: Named) -> str:
    return _lines("" if value is None else value for _, value in found)


def _choices(found: Named) -> str:
    return _lines(json.dumps({"label": value}) for _, value in found)


def _tags(found: Named) -> str:
    return "\n".join(_lines(tags) for _, tags in found)


def _answers(found: Named) -> str:
    return _json({id: answer for id, answer in found if answer is not None})


def _questions(found: Named) -> str:
    """SQuAD's JSON; the contexts hold nothing but the answers."""
    return _json({"version": "1.1", "data": [{"title": "", "paragraphs": [_paragraph(*item) for item in found]}]})


def _paragraph(id: str, answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    texts = [answer["text"] for answer in answers if answer["text"]]
    starts = [sum(len(text) + 1 for text in texts[:number]) for number in range(len(texts))]
    right = [{"text": text, "answer_start": start} for text, start in zip(texts, starts, strict=True)]
    asked = {"id": id, "question": "", "answers": right}
    return {"context": "\n".join(texts), "qas": [asked if texts else asked | {"is_impossible": True}]}


def _rankings(found: Named) -> str:
    return _json({id: list(ranked)[:DEPTH] for id, ranked in found if ranked is not None})


def _relevant(found: Named) -> str:
    return _json({id: list(relevant) for id, relevant in found})


def _pairs(found: Named) -> str:
    return _lines(f"{id}\t{other}" for id, other in found if other is not None)


def _gold_pairs(found: Named) -> str:
    return _lines(f"{id}\t{other}" for id, others in found for other in others)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


PREDICTED: Mapping[Kind, Callable[[Named], str]] = {
    Kind.CLASSIFICATION: _labels,
    Kind.CHOICE: _choices,
    Kind.TAGGING: _tags,
    Kind.SPAN: _answers,
    Kind.RETRIEVAL: _labels,
    Kind.RANKING: _rankings,
    Kind.MINING: _pairs,
}
GOLD: Mapping[Kind, Callable[[Named], str]] = {
    **PREDICTED,
    Kind.SPAN: _questions,
    Kind.RANKING: _relevant,
    Kind.MINING: _gold_pairs,
}
