"""Tables of every kind and format are read as declared; what is wrong in one is named with its place."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tasks.data import Dataset, DataSource, load
from tasks.declaration import Layout, Split, Table, Task
from tasks.errors import UserError
from tasks.examples import Answer, Choices, Example, Kind, Passage, Question, TextPair
from tasks.parts import article_of, nested_order
from tasks.readers.table import EXAMPLES, ROLES, read_table

ROWS: Mapping[Kind, tuple[dict[str, str | tuple[str, ...]], list[dict[str, Any]]]] = {
    Kind.CLASSIFICATION: (
        {"first": "text", "label": "says"},
        [{"text": "a", "says": "no"}, {"text": "b", "says": "yes"}],
    ),
    Kind.CHOICE: (
        {"choices": ("one", "two"), "label": "right", "question": "q"},
        [{"one": "x", "two": "y", "right": 1, "q": "?"}, {"one": "x", "two": "z", "right": 0, "q": "!"}],
    ),
    Kind.TAGGING: (
        {"tokens": "words", "tags": "ner"},
        [{"words": ["a", "b"], "ner": ["no", "yes"]}, {"words": ["c"], "ner": ["yes"]}],
    ),
    Kind.SPAN: (
        {"question": "q", "context": "c", "answers": "a.text", "starts": "a.at", "id": "key"},
        [{"key": "k", "q": "?", "c": "so it is", "a": {"text": ["it"], "at": [3]}}],
    ),
    Kind.RANKING: (
        {"query": "q", "candidate": "a"},
        [{"q": "1", "a": "same"}, {"q": "2", "a": "same"}, {"q": "3", "a": "other"}],
    ),
    Kind.TEXT: ({"text": "line"}, [{"line": "one"}, {"line": "two"}]),
    Kind.PARALLEL: ({"english": "en", "foreign": "xx"}, [{"en": "one", "xx": "eins"}]),
}
"""For each kind: columns, and rows that they fit."""

FLAT = (Kind.CLASSIFICATION, Kind.CHOICE, Kind.RANKING, Kind.TEXT, Kind.PARALLEL)


def table(columns: Mapping[str, str | tuple[str, ...]], **more: Any) -> Table:
    return Table(tuple((role, (c,) if isinstance(c, str) else c) for role, c in columns.items()), **more)


def task(kind: Kind, **more: Any) -> Task:
    facts = {"name": "mine", "reader": "table", "metric": "accuracy", "languages": ("en",), "splits": {}}
    facts |= {"domain": "", "licence": "", "citation": "", "labels": ("no", "yes")}
    return Task(kind=kind, **(facts | more))


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        parquet.write_table(pa.Table.from_pylist(list(rows)), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(rows[0]), delimiter="," if path.suffix == ".csv" else "\t")
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(buffer.getvalue())
    return path


def examples(kind: Kind, path: Path, split: str = "train", **more: Any) -> list[Example]:
    return list(read_table(task(kind), table(ROWS[kind][0], **more), split, "en", [path]))


def test_every_kind_with_roles_has_a_reader_and_rows_here() -> None:
    assert EXAMPLES.keys() == ROLES.keys() == ROWS.keys()


@pytest.mark.parametrize("kind", ROWS)
def test_all_formats_give_the_same_examples(kind: Kind, tmp_path: Path) -> None:
    _, rows = ROWS[kind]
    formats = [".jsonl", ".parquet", *((".csv", ".tsv") if kind in FLAT else ())]
    found = [examples(kind, write(tmp_path / f"t{suffix}", rows)) for suffix in formats]
    assert found[0] and all(other == found[0] for other in found)
    assert len({example.id for example in found[0]}) == len(found[0])


def test_what_the_columns_say_is_what_is_read(tmp_path: Path) -> None:
    def read(kind: Kind) -> list[Example]:
        return examples(kind, write(tmp_path / "t.jsonl", ROWS[kind][1]))

    assert read(Kind.CLASSIFICATION) == [TextPair("0", "a", None, "no"), TextPair("1", "b", None, "yes")]
    assert read(Kind.CHOICE)[0] == Choices("0", "", "?", ("x", "y"), 1)
    assert read(Kind.SPAN) == [Question("k", "?", "so it is", (Answer("it", 3),), article_of("so it is"))]
    queries = [e for e in read(Kind.RANKING) if isinstance(e, Passage)]
    assert [q.relevant for q in queries] == [("candidate-0",), ("candidate-0",), ("candidate-2",), None, None]


@pytest.mark.parametrize(
    ("right", "first", "index"), [(0, "0", 0), ("1", "0", 1), (2, "1", 1), ("B", "A", 1), ("a", "a", 0)]
)
def test_the_right_choice_may_be_counted_or_lettered(right: int | str, first: str, index: int, tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", [{"one": "x", "two": "y", "right": right, "q": ""}])
    (found,) = examples(Kind.CHOICE, path, first=first)
    assert isinstance(found, Choices) and found.label == index


def test_only_rows_that_count_are_read_and_ids_do_not_depend_on_the_others(tmp_path: Path) -> None:
    rows = [
        {"text": t, "says": s, "lang": la} for t, s, la in (("a", "no", "de"), ("b", "?", "en"), ("c", "yes", "en"))
    ]
    path = write(tmp_path / "t.csv", rows)
    found = examples(Kind.CLASSIFICATION, path, only=(("lang", "{language}"),), unlabelled=("?",))
    assert found == [TextPair("2", "c", None, "yes")]


def test_a_column_that_names_the_language_is_heeded_unless_the_table_speaks_of_it(tmp_path: Path) -> None:
    rows = [{"text": t, "says": "no", "language": la} for t, la in (("a", "de"), ("b", "eng"), ("c", "en"))]
    path = write(tmp_path / "t.csv", rows)
    assert [getattr(e, "first", "") for e in examples(Kind.CLASSIFICATION, path)] == ["b", "c"]
    german = examples(Kind.CLASSIFICATION, path, only=(("language", "de"),))
    assert [getattr(e, "first", "") for e in german] == ["a"]
    with pytest.raises(UserError, match=r"t\.csv: its column 'language' names no row 'en', but de, fr"):
        examples(
            Kind.CLASSIFICATION,
            write(path, [{**row, "language": la} for row, la in zip(rows[:2], ("de", "fr"), strict=True)]),
        )


def test_offsets_may_be_the_digits_of_a_csv(tmp_path: Path) -> None:
    columns = table({"question": "q", "context": "c", "answers": "a", "starts": "at"})
    path = write(tmp_path / "t.csv", [{"q": "?", "c": "so it is", "a": "it", "at": 3}])
    (found,) = read_table(task(Kind.SPAN), columns, "train", "en", [path])
    assert isinstance(found, Question) and found.answers == (Answer("it", 3),)


def test_a_test_set_may_lack_its_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", [{"text": "a"}])
    assert examples(Kind.CLASSIFICATION, path, split="test") == [TextPair("0", "a", None, None)]
    none = write(tmp_path / "none.jsonl", [{"text": "a", "says": "?"}])
    assert examples(Kind.CLASSIFICATION, none, split="test", unlabelled=("?",)) == [TextPair("0", "a", None, None)]
    with pytest.raises(UserError, match=r"t\.jsonl:1: no column 'says'"):
        examples(Kind.CLASSIFICATION, path)


WRONG: list[tuple[Kind, dict[str, Any], str]] = [
    (Kind.CLASSIFICATION, {"text": 3, "says": "no"}, "'text' must be a string, not int"),
    (Kind.CLASSIFICATION, {"text": "a", "says": "nope"}, "unknown label 'nope'"),
    (Kind.CHOICE, {"one": "x", "two": 2, "right": 0, "q": ""}, "must be a list of strings"),
    (Kind.CHOICE, {"one": "x", "two": "y", "right": 2, "q": ""}, "label 2 is none of 0 to 1"),
    (Kind.TAGGING, {"words": ["a", "b"], "ner": ["no"]}, "as long as the 2 tokens"),
    (Kind.SPAN, {"key": "k", "q": "?", "c": "abc", "a": {"text": ["b"], "at": [0]}}, "does not stand at offset 0"),
    (Kind.SPAN, {"key": "k", "q": "?", "c": "abc", "a": {"text": ["b"]}}, "no column 'at'"),
    (Kind.SPAN, {"key": "k", "q": "?", "c": "abc", "a": {"text": ["b"], "at": [-2]}}, "does not stand at offset -2"),
    (Kind.SPAN, {"key": "k", "q": "?", "c": "abc", "a": {"text": ["b"], "at": [True]}}, "must be a number"),
    (Kind.SPAN, {"key": "k", "q": "?", "c": "abc", "a": {"text": [""], "at": [0]}}, "a question without an answer"),
    (Kind.CHOICE, {"one": "x", "two": "y", "right": True, "q": ""}, "label True is none of 0 to 1"),
    (Kind.SPAN, {"key": "k", "q": "?", "c": "abc", "a": {"text": ["b"], "at": []}}, "1 answers, but 0 offsets"),
    (Kind.CHOICE, {"one": "x", "two": "y", "right": "1" * 5_000, "q": ""}, "is none of 0 to 1"),
    (Kind.SPAN, {"key": "k", "q": "?", "c": "abc", "a": {"text": ["b"], "at": "1" * 5_000}}, "must be a number"),
]


@pytest.mark.parametrize(("kind", "row", "what"), WRONG, ids=[what for _, _, what in WRONG])
def test_a_row_that_does_not_fit_is_named(kind: Kind, row: dict[str, Any], what: str, tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", [row])
    with pytest.raises(UserError) as error:
        examples(kind, path)
    assert what in str(error.value) and str(error.value).startswith(f"{path}:1: ")


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    for name, content in (("t.parquet", b"nothing of the kind"), ("t.xlsx", b"?")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=name):
            examples(Kind.TEXT, tmp_path / name)


def dataset(path: Path, **more: Any) -> Dataset:
    columns = table(ROWS[Kind.CLASSIFICATION][0])
    layout = Layout((path.name,), table=columns)
    declared = task(Kind.CLASSIFICATION, splits={"train": Split((layout,), ("en",))}, **more)
    return load(DataSource("mine", "train", "en", (str(path),), table=columns, own=declared))


def test_a_control_has_as_many_random_examples_as_the_filter_leaves(tmp_path: Path) -> None:
    rows = [{"text": f"t{i}", "says": "no", "topic": "sport" if i % 3 else "news"} for i in range(90)]
    path = write(tmp_path / "t.jsonl", rows)
    whole, news = dataset(path), dataset(path, only={"topic": "news"})
    one, same, other = (dataset(path, only={"topic": "news"}, control=seed) for seed in (1, 1, 2))
    assert [e.id for e in news.examples] == [str(i) for i in range(0, 90, 3)]
    assert len(one) == len(other) == len(news) and one.examples == same.examples != other.examples
    assert set(one.examples) <= set(whole.examples) and one.examples != news.examples
    places = [int(example.id) for example in one.examples]
    assert places == sorted(places)
    assert set(places) == set(nested_order([e.id for e in whole.examples], "control 1")[:30].tolist())


def test_the_control_of_queries_has_a_pool_of_its_own(tmp_path: Path) -> None:
    rows = [{"q": f"q{i}", "a": f"a{i % 40}", "topic": "news" if i % 3 else "sport"} for i in range(90)]
    path = write(tmp_path / "t.jsonl", rows)
    columns = table(ROWS[Kind.RANKING][0])
    splits = {"test": Split((Layout((path.name,), table=columns),), ("en",))}
    source = DataSource("mine", "test", "en", (str(path),), table=columns)
    part, control = (
        load(replace(source, own=task(Kind.RANKING, splits=splits, only={"topic": "sport"}, control=seed))).examples
        for seed in (None, 3)
    )
    for found in (part, control):
        asked = [e for e in found if isinstance(e, Passage) and not e.candidate]
        assert len(asked) == 30
        assert {key for e in asked for key in e.relevant or ()} == {e.id for e in found[len(asked) :]}
    assert {e.id for e in part} != {e.id for e in control}


def fingerprints(found: Iterable[Dataset]) -> set[str]:
    return {dataset.fingerprint for dataset in found}


def test_a_filter_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    rows = [{"text": f"t{i}", "says": "no", "topic": f"{i % 2}"} for i in range(8)]
    path = write(tmp_path / "t.jsonl", rows)
    parts = [dataset(path), *(dataset(path, only={"topic": value}) for value in "01")]
    assert len(fingerprints(parts)) == 3
    with pytest.raises(UserError, match=r"no column 'genre' to filter by"):
        dataset(path, only={"genre": "x"})


def test_text_of_a_parquet_file_that_is_none_is_one_line(tmp_path: Path) -> None:
    texts = pa.array([b"one", b"t\xe4o"], pa.binary()).view(pa.string())
    parquet.write_table(pa.table({"line": texts}), tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"t\.parquet: not a Parquet file that can be read: 'utf-8'"):
        examples(Kind.TEXT, tmp_path / "t.parquet")
