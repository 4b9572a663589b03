"""Damaged files of every format: they end in examples, or in one line that names the file; never in anything else.

`make fuzz` sets FUZZ to the number of files of each format; without it there are a few.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.data import DataSource, load
from tasks.errors import UserError
from tests.tasks.official import WRITERS, save
from tests.tasks.strategies import EXAMPLES

Damage = Callable[[bytes, Random], bytes]


def cut(content: bytes, lot: Random) -> bytes:
    return content[: lot.randrange(len(content) + 1)]


def shuffled(content: bytes, lot: Random) -> bytes:
    lines = content.split(b"\n")
    lot.shuffle(lines)
    return b"\n".join(lines)


def without_a_column(content: bytes, lot: Random) -> bytes:
    """One separator less, or one JSON field."""
    separator = lot.choice([b"\t", b",", b'"', b":", b"}", b"\n"])
    parts = content.split(separator)
    del parts[lot.randrange(len(parts))]
    return separator.join(parts)


def with_other_bytes(content: bytes, lot: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(lot.randint(1, 4)):
        if changed:
            changed[lot.randrange(len(changed))] = lot.randrange(256)
    return bytes(changed)


def in_another_encoding(content: bytes, lot: Random) -> bytes:
    return content.decode().encode(lot.choice(["utf-16", "utf-32", "cp1252", "utf-8-sig"]), errors="replace")


def with_a_huge_line(content: bytes, lot: Random) -> bytes:
    place = lot.randrange(len(content) + 1)
    return content[:place] + lot.choice([b"a", b"\t", b'"', b"[", b"9"]) * 300_000 + content[place:]


def repeated(content: bytes, lot: Random) -> bytes:
    return content * lot.randint(2, 3)


DAMAGES: list[Damage] = [
    cut, shuffled, without_a_column, with_other_bytes, in_another_encoding, with_a_huge_line, repeated
]  # fmt: skip


@pytest.mark.timeout(600)
@pytest.mark.parametrize("reader", EXAMPLES)
@settings(max_examples=int(os.environ.get("FUZZ", "15")), deadline=None)
@given(
    data=st.data(),
    seed=st.integers(0, 2**32),
    damage=st.sampled_from(DAMAGES),
    split=st.sampled_from(["train", "test"]),
)
def test_a_damaged_file_ends_in_examples_or_in_one_line(
    reader: str, data: st.DataObject, seed: int, damage: Damage, split: str
) -> None:
    name, strategy = EXAMPLES[reader]
    files = {k: v.encode() if isinstance(v, str) else v for k, v in WRITERS[reader](data.draw(strategy(name))).items()}
    lot = Random(seed)
    hit = lot.choice(sorted(files))
    files[hit] = damage(files[hit], lot)
    with tempfile.TemporaryDirectory() as folder:
        paths = save(Path(folder), files)
        try:
            examples = load(DataSource(name, split, "en", tuple(map(str, paths)))).examples
        except UserError as error:
            assert "\n" not in str(error)
            assert any(str(path) in str(error) for path in paths), error
        else:
            assert examples
            assert len({example.id for example in examples}) == len(examples)
