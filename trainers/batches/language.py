"""Global batches for masked and translation language modelling over several languages.

Every slot of a batch draws its own source (a language's text, or its parallel text), so each step sees many languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tasks.data import Dataset
from tasks.examples import Sentence, SentencePair
from trainers.batches.cutting import Cut
from trainers.batches.masking import Vocabulary, mask_rows
from trainers.batches.micro import GlobalBatch, Item
from trainers.batches.streams import Draws, Epochs, draw
from trainers.batches.tokens import Tokens
from trainers.kinds.base import IGNORE
from trainers.kinds.subwords import Int64s, longest_first
from trainers.randomness import uniforms


@dataclass(frozen=True)
class Lines:
    """One source: tokenised lines, or pairs of them."""

    first: tuple[Int64s, ...]
    second: tuple[Int64s, ...] | None = None  # of parallel text: the foreign side
    weight: float = 1.0

    def __len__(self) -> int:
        return len(self.first)


def lines(dataset: Dataset, tokens: Tokens, max_length: int, weight: float = 1.0) -> Lines:
    """Tokenise a text or parallel dataset; lines without any token are left out.

    Args:
        dataset: the text.
        tokens: of the tokenizer; told how much of the text does not fit into rows.
        max_length: of a row, in tokens.
        weight: of the dataset among others.
    """
    pairs = [_sides(example) for example in dataset.examples]
    known = tokens.of(dataset, (side for pair in pairs for side in pair))
    sides = [[known[side].ids for side in pair] for pair in pairs]
    kept = [pair for pair in sides if all(map(len, pair))]
    lost = (max(0, sum(map(len, pair)) + (4 if len(pair) == 2 else 2) - max_length) for pair in kept)
    tokens.counted(dataset, Cut.of(lost, max_length))
    parallel = bool(kept) and len(kept[0]) == 2
    return Lines(tuple(k[0] for k in kept), tuple(k[1] for k in kept) if parallel else None, weight)


def _sides(example: object) -> tuple[str, ...]:
    if isinstance(example, SentencePair):
        return example.english, example.foreign
    if isinstance(example, Sentence):
        return (example.text,)
    raise TypeError(f"language modelling reads sentences and sentence pairs, not {type(example).__name__}")


class LanguageBatches:
    """The global batches of language modelling, by step."""

    def __init__(
        self,
        sources: Sequence[Lines],
        tokens: Tokens,
        *,
        batch: int,
        steps: int,
        max_length: int,
        mask: float,
        seed: int,
        shift: int = 0,
    ) -> None:
        """The batches of `steps` steps.

        Args:
            sources: with their weights (sampling probabilities, normalised).
            tokens: for the tokenizer's special tokens.
            batch: rows a step.
            steps: how many there will be.
            max_length: of a row, in tokens; longer lines are cut.
            mask: the share of tokens to predict.
            seed: the stage's.
            shift: a row's positions start at 0 … shift, each as likely (SHAPE, Kiyono et al. 2021).
        """
        self._sources, self._batch, self._length = sources, batch, max_length
        self._mask, self._seed, self._shift = mask, seed, shift
        self._frame, tokenizer = tokens.frame, tokens.tokenizer
        self._vocabulary = Vocabulary(len(tokenizer), tokenizer.mask_token_id, frozenset(tokenizer.all_special_ids))
        self.draws: Draws = draw([s.weight for s in sources], steps * batch, seed, "language source")
        self._epochs = [Epochs(len(source), seed, f"language epoch {i}") for i, source in enumerate(sources)]

    def batch(self, step: int, ingredient: int = 0) -> GlobalBatch:
        """The batch of the `step`-th step of language modelling; its divisor is the number of predicted tokens."""
        slots = range(step * self._batch, (step + 1) * self._batch)
        flips = uniforms(self._batch, self._seed, "language side", step) < 0.5
        tokens = [self._row(slot, bool(flips[i])) for i, slot in enumerate(slots)]
        rows = mask_rows(tokens, self._mask, self._vocabulary, seed=self._seed, step=step)
        starts = (uniforms(self._batch, self._seed, "position shift", step) * (self._shift + 1)).astype(int)
        items = tuple(Item((replace(row, start=int(starts[slot])),), slot) for slot, row in enumerate(rows))
        return GlobalBatch(ingredient, items, sum(int((row.target != IGNORE).sum()) for row in rows))

    def _row(self, slot: int, flip: bool) -> Int64s:
        """The tokens of a slot of the endless sequence of slots; either side of a pair may come first."""
        number = int(self.draws.ingredient[slot])
        source = self._sources[number]
        index = int(self._epochs[number].take(int(self.draws.place[slot]), 1)[0])
        if source.second is None:
            return self._frame.row(source.first[index][: self._length - 2])
        first = source.first[index]
        second = source.second[index]
        first, second = longest_first(first, second, self._length - 4)
        return self._frame.row(second, first) if flip else self._frame.row(first, second)
