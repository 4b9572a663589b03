"""Every line that a reader refuses is named once, with its own number, and no other line is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.data import DataSource
from tasks.faults import MOST, faults
from tests.tasks.official import save

SNLI = '{{"gold_label": "{}", "sentence1": "a", "sentence2": "b"}}'


def source(task: str, *files: Path) -> DataSource:
    return DataSource(task, "dev", "en", tuple(map(str, files)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=8), min_size=1, max_size=3))
def test_all_faulty_lines_of_all_files_are_found_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, wrong: Sequence[Sequence[bool]]
) -> None:
    folder = tmp_path_factory.mktemp("faults")
    content = {
        f"{number}.jsonl": "\n".join(SNLI.format("neutrl" if bad else "neutral") for bad in lines) + "\n"
        for number, lines in enumerate(wrong)
    }
    files = save(folder, content)
    expected = [
        f"{file}:{line}: unknown label 'neutrl', did you mean 'neutral'?"
        for file, lines in zip(files, wrong, strict=True)
        for line, bad in enumerate(lines, start=1)
        if bad
    ][:MOST]
    assert list(faults(source("snli", *files))) == expected


def test_no_more_are_looked_for_than_a_person_reads(tmp_path: Path) -> None:
    (file,) = save(tmp_path, {"a.jsonl": SNLI.format("x").replace("}}", "}") + "\n"})
    file.write_text(file.read_text() * (MOST + 5))
    assert len(faults(source("snli", file))) == MOST


def test_what_follows_from_a_missing_line_is_no_fault(tmp_path: Path) -> None:
    files = save(tmp_path, {"s1.dev": "a\nb\n", "s2.dev": "c\nd\n", "labels.dev": "neutrl\nneutral\n"})
    (fault,) = faults(source("snli", *files))
    assert fault.startswith(f"{files[2]}:1: unknown label")


def test_a_document_has_one_fault_and_what_can_be_read_has_none(tmp_path: Path) -> None:
    (document,) = save(tmp_path, {"squad.json": "[]x"})
    assert len(faults(source("squad", document))) == 1
    (pairs,) = save(tmp_path, {"a.jsonl": SNLI.format("neutral") + "\n"})
    assert faults(source("snli", pairs)) == ()
