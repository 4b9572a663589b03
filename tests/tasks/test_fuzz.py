"""Damaged files of every format: they end in a result, or in one line that names file and line; never in anything else.

FUZZ_SECONDS are spent on each format: a moment, or what `make fuzz` says.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tasks import submission
from tasks.data import DataSource, load
from tasks.errors import UserError
from tasks.examples import Kind
from tasks.suites import suite
from tests.tasks import test_submission, test_tables
from tests.tasks.official import WRITERS, save
from tests.tasks.strategies import EXAMPLES
from tests.tasks.test_malformed import COPA

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0.2"))
INTACT = 12  # lists of files that are damaged, and as many more a second

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
    return content.decode(errors="replace").encode(
        lot.choice(["utf-16", "utf-32", "cp1252", "utf-8-sig"]), errors="replace"
    )


def with_a_huge_line(content: bytes, lot: Random) -> bytes:
    place = lot.randrange(len(content) + 1)
    return content[:place] + lot.choice([b"a", b"\t", b'"', b"[", b"9"]) * 300_000 + content[place:]


def repeated(content: bytes, lot: Random) -> bytes:
    return content * lot.randint(2, 3)


DAMAGES: list[Damage] = [
    cut, shuffled, without_a_column, with_other_bytes, in_another_encoding, with_a_huge_line, repeated
]  # fmt: skip

Files = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Format:
    """How intact files come about, and how they are read; what is read is looked at, too."""

    files: Callable[[st.DataObject], Files]
    read: Callable[[Sequence[Path], Random], object]


def reader(key: str) -> Format:
    """The official files of a reader."""
    name, strategy = EXAMPLES[key]

    def read(paths: Sequence[Path], lot: Random) -> None:
        split = lot.choice(["train", "test"])
        examples = load(DataSource(name, split, "en", tuple(map(str, paths)))).examples
        assert examples
        assert len({example.id for example in examples}) == len(examples)

    return Format(lambda data: WRITERS[key](data.draw(strategy(name))), read)


def table(suffix: str) -> Format:
    """A user's own table."""
    kinds = st.sampled_from(list(test_tables.ROWS) if suffix in (".jsonl", ".parquet") else test_tables.FLAT)

    def files(data: st.DataObject) -> Files:
        kind = data.draw(kinds)
        with tempfile.TemporaryDirectory() as folder:
            path = test_tables.write(Path(folder, "table" + suffix), test_tables.ROWS[kind][1])
            return {f"{kind}{suffix}": path.read_bytes()}

    def read(paths: Sequence[Path], lot: Random) -> None:
        kind = Kind(paths[0].stem)
        own, declared = test_tables.task(kind), test_tables.table(test_tables.ROWS[kind][0])
        assert load(DataSource("mine", "train", "en", (str(paths[0]),), table=declared, own=own)).examples

    return Format(files, read)


GOLD: Mapping[str, Files] = {
    "xnli": {"a.tsv": "a\tb\nc\td\n", "gold": "neutral\nentailment\n"},
    "xcopa": {"a.jsonl": COPA * 2, "gold": '{"label": 1}\n{"label": 0}\n'},
    "panx": {"a.tsv": "a\nb\n\nc\n", "gold": "O\nB-PER\n\nO\n"},
    "tatoeba": {"a.de": "x\ny\n", "b.en": "y\nx\n", "gold": "1\n0\n"},
    "bucc2018": {"a.de": "de-1\tx\nde-2\ty\n", "b.en": "en-1\tx\nen-2\ty\n", "gold": "de-1\ten-2\n"},
}


def labels_apart(task: str) -> Format:
    """A task whose labels lie in a file of their own."""

    def read(paths: Sequence[Path], lot: Random) -> None:
        *files, gold = map(str, paths)
        assert load(DataSource(task, "test", "de", tuple(files), gold=gold)).examples

    return Format(lambda data: GOLD[task], read)


def submitted(file: str) -> Format:
    """A file of a submission, and of its gold."""

    def read(paths: Sequence[Path], lot: Random) -> None:
        name = "xtreme-r" if file.startswith(("xcopa", "lareqa")) else "xtreme"
        gold, predictions = (path.parents[1] for path in paths)
        (cell,) = submission.score(predictions, gold, suite(name))
        assert 0 <= cell.score <= 100

    files = {f"gold/{file}": test_submission.GOLD[file], f"predictions/{file}": test_submission.PERFECT[file]}
    return Format(lambda data: files, read)


FORMATS: dict[str, Callable[[], Format]] = {
    **{f"reader {key}": partial(reader, key) for key in EXAMPLES},
    **{f"table {suffix}": partial(table, suffix) for suffix in (".jsonl", ".csv", ".tsv", ".parquet")},
    **{f"gold {task}": partial(labels_apart, task) for task in GOLD},
    **{f"score {file}": partial(submitted, file) for file in test_submission.GOLD},
}


@pytest.mark.timeout(120 + 2 * SECONDS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_ends_in_a_result_or_in_one_line(name: str) -> None:
    form = FORMATS[name]()
    found, end = intact(form), time.monotonic() + SECONDS
    for seed in count():
        check(form, found, Random(seed))
        if time.monotonic() > end:
            return


def intact(form: Format) -> list[Files]:
    """Some lists of intact files; the same in every run."""
    found: list[Files] = []

    @settings(INTACT_ONES, max_examples=INTACT + int(INTACT * SECONDS))
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        found.append(form.files(data))

    draw()
    return found


INTACT_ONES = settings(
    deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)  # fmt: skip


def check(form: Format, found: Sequence[Files], lot: Random) -> None:
    """Damage one of the files, and read all of them."""
    files = {key: text.encode() if isinstance(text, str) else text for key, text in lot.choice(found).items()}
    hit, damage = lot.choice(sorted(files)), lot.choice(DAMAGES)
    files[hit] = damage(files[hit], lot)
    with tempfile.TemporaryDirectory() as folder:
        paths = save(Path(folder), files)
        try:
            form.read(paths, lot)
        except UserError as error:
            assert_says_where(str(error), paths)
        except Exception as error:
            error.add_note(f"{hit}, {damage.__name__}: {files[hit][:500]!r}")
            raise


def assert_says_where(error: str, paths: Sequence[Path]) -> None:
    """One line with the file's name, and the line's number where the file has lines and one of them is at fault."""
    assert "\n" not in error
    where = next((path for path in paths if str(path) in error), None)
    assert where is not None, error
    assert where.suffix not in (".tsv", ".csv", ".jsonl") or OF_A_LINE.search(error) or OF_A_FILE.search(error), error


OF_A_LINE = re.compile(r"\.\w+:\d+: ")
OF_A_FILE = re.compile(
    "is empty|holds no examples|no entity|occurs twice|as in the gold|has no label, but|"
    r"\d+ (labels|predictions) for \d+ examples|sentence \d+"
)
