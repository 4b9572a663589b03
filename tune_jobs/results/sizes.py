"""How many bytes a stage will leave in the store, from its spec alone."""

from __future__ import annotations

from collections.abc import Mapping

from trainers.stages import STAGE_PREFIX, IntermediateSpec, PretrainSpec, ScoreSpec, Stage, TargetSpec
from trainers.store.stages import WEIGHTS

FLOAT = 4  # bytes: weights are stored in 32 bits
PREDICTION = 300  # bytes an example: id, prediction, gold and statistics, compressed; measured on question answering
WORD = 40  # bytes an entry of a vocabulary, with its merges


def stage_bytes(stage: Stage, stages: Mapping[str, Stage]) -> int:
    """Bytes of a stage's files.

    Args:
        stage: the stage.
        stages: by id, at least those that it comes from.
    """
    spec = stage.spec
    if isinstance(spec, ScoreSpec):
        return PREDICTION * spec.data.examples
    if isinstance(spec, PretrainSpec):
        return FLOAT * parameters(spec, _vocabulary(spec, stages))
    if isinstance(spec, IntermediateSpec | TargetSpec):
        return _encoder_bytes(spec.encoder, stage, stages)
    return WORD * spec.vocabulary


def parameters(spec: PretrainSpec, vocabulary: int) -> int:
    """Parameters of a small XLM-R (see `trainers.model.encoder.build`), its language-model head included."""
    h = spec.hidden
    embeddings = (vocabulary + spec.positions + 2 + 1) * h + 2 * h  # words, positions, the one segment, LayerNorm
    layer = 4 * (h * h + h) + 2 * (4 * h * h) + 4 * h + h + 4 * h  # attention, feed-forward, two LayerNorms
    head = h * h + h + 2 * h + vocabulary  # its output matrix is that of the words
    return embeddings + spec.layers * layer + head


def _vocabulary(spec: PretrainSpec, stages: Mapping[str, Stage]) -> int:
    tokenizer = stages[spec.tokenizer.removeprefix(STAGE_PREFIX)].spec
    assert tokenizer.kind == "tokenizer"
    return tokenizer.vocabulary


def _encoder_bytes(origin: str, stage: Stage, stages: Mapping[str, Stage]) -> int:
    if origin.startswith(STAGE_PREFIX):
        return stage_bytes(stages[origin.removeprefix(STAGE_PREFIX)], stages)
    files = stage.base.files if stage.base is not None else {}
    return sum(file.size for name, file in files.items() if name.endswith(WEIGHTS))
