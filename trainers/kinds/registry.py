"""From a kind's name to what does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.errors import UserError
from tasks.examples import Kind
from trainers.kinds.base import TaskKind
from trainers.kinds.choice import Choice
from trainers.kinds.classification import Classification
from trainers.kinds.retrieval import Ranking, Retrieval
from trainers.kinds.span import Span
from trainers.kinds.tagging import Tagging

KINDS: Mapping[Kind, TaskKind[Any]] = {
    Kind.CLASSIFICATION: Classification(),
    Kind.CHOICE: Choice(),
    Kind.TAGGING: Tagging(),
    Kind.SPAN: Span(),
    Kind.RETRIEVAL: Retrieval(),
    Kind.RANKING: Ranking(),
    Kind.MINING: Ranking(),
}


def kind_of(kind: Kind) -> TaskKind[Any]:
    """The instance for a kind; text for language modelling has none."""
    if kind not in KINDS:
        raise UserError(f"a {kind} task is for language modelling: it has no examples to fine-tune on or to score")
    return KINDS[kind]
