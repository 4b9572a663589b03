"""Datasets as subwords: tokenised once per (data, tokenizer), in an Arrow file that all processes of a machine map."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from transformers import PreTrainedTokenizerFast

from tasks.data import Dataset
from trainers.batches.cutting import Cut
from trainers.identity import digest
from trainers.kinds.subwords import NO_OFFSETS, Frame, Int64s, Known, Subwords, subwords
from trainers.store.cache import only_one
from trainers.store.files import mendable, whole_file

VERSION = 1  # of the file's form, and of what `subwords` makes of a text

Int32s = npt.NDArray[np.int32]

KEY = 16  # bytes of a text's digest: that two texts share one is out of the question
CHUNK = 4096
"""Texts that are tokenised in one call: enough to be quick, few enough that the tokenizer's objects stay small."""


@dataclass(frozen=True)
class Tokens:
    """A tokenizer, and the folder on local disk that keeps what it makes of a dataset (None: memory alone).

    `counted` is told of each dataset that is made into rows what did not fit into them.
    """

    tokenizer: PreTrainedTokenizerFast
    folder: Path | None = None
    counted: Callable[[Dataset, Cut], None] = lambda dataset, cut: None

    @cached_property
    def name(self) -> str:
        """sha256 of the tokenizer's definition."""
        return digest(self.tokenizer.backend_tokenizer.to_str())

    @cached_property
    def frame(self) -> Frame:
        """The special tokens around a row."""
        return Frame.of(self.tokenizer)

    @property
    def pad(self) -> int:
        """The id of the padding."""
        return int(self.tokenizer.pad_token_id)

    def of(self, dataset: Dataset, texts: Iterable[str], offsets: bool = False) -> Known:
        """The subwords of a dataset's texts, from its file; the first process that asks makes it, others wait for it.

        Args:
            dataset: whose texts they are.
            texts: all of them; the same for the same dataset and `offsets`.
            offsets: whether to know where in a text its subwords stand.
        """
        if self.folder is None:
            return subwords(texts, self.tokenizer, offsets)
        what = {"version": VERSION, "data": dataset.fingerprint, "tokenizer": self.name, "offsets": offsets}
        path = self.folder / digest(what) / "subwords.arrow"
        if not path.is_file():
            with mendable("write the cache", path.parent), only_one(path.parent):
                if not path.is_file():
                    with whole_file(path, mode=0o444) as temporary:
                        _write(temporary, texts, self.tokenizer, offsets)
        return _opened(path)


class Mapped:
    """Subwords by text, out of a mapped file: memory that processes share and that the system may drop."""

    def __init__(self, path: Path) -> None:
        """Map a file that `Tokens.of` has made."""
        with pa.memory_map(str(path)) as file:
            batch = pa.ipc.open_file(file).get_batch(0)
        keys = batch.column("key")
        self._keys = np.frombuffer(keys.buffers()[1], dtype=f"S{KEY}", count=len(keys))
        self._ids = _Lists(batch.column("ids"))
        self._offsets = _Lists(batch.column("offsets")) if "offsets" in batch.schema.names else None

    def __getitem__(self, text: str) -> Subwords:
        """The subwords of a text; KeyError if it is not one of the dataset's."""
        key = np.frombuffer(_key(text), dtype=f"S{KEY}")[0]  # as an element of the column, without its last zeros
        place = int(np.searchsorted(self._keys, key))
        if place == len(self._keys) or self._keys[place] != key:
            raise KeyError(text)
        offsets = NO_OFFSETS if self._offsets is None else self._offsets[place].reshape(-1, 2)
        return Subwords(self._ids[place].astype(np.int64), offsets.astype(np.int64))


class _Lists:
    """A column of lists of integers."""

    def __init__(self, column: pa.LargeListArray) -> None:
        self._borders, self._values = column.offsets.to_numpy(), column.values.to_numpy()

    def __getitem__(self, place: int) -> Int32s:
        values: Int32s = self._values[self._borders[place] : self._borders[place + 1]]
        return values


@lru_cache(maxsize=64)
def _opened(path: Path) -> Mapped:
    return Mapped(path)


def _write(path: Path, texts: Iterable[str], tokenizer: PreTrainedTokenizerFast, offsets: bool) -> None:
    """One batch of all distinct texts, sorted by their keys."""
    by_key = sorted({_key(text): text for text in texts}.items())
    found: list[Subwords] = []
    for start in range(0, len(by_key), CHUNK):
        chunk = [text for _, text in by_key[start : start + CHUNK]]
        known = subwords(chunk, tokenizer, offsets)
        found.extend(known[text] for text in chunk)
    columns = {
        "key": pa.array([key for key, _ in by_key], pa.binary(KEY)),
        "ids": _column([subword.ids for subword in found]),
    }
    if offsets:
        columns["offsets"] = _column([subword.offsets.ravel() for subword in found])
    batch = pa.record_batch(columns)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def _column(lists: list[Int64s]) -> pa.LargeListArray:
    borders = np.cumsum([0, *map(len, lists)], dtype=np.int64)
    values = np.concatenate([np.zeros(0, dtype=np.int64), *lists]).astype(np.int32)
    return pa.LargeListArray.from_arrays(borders, values)


def _key(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=KEY).digest()
