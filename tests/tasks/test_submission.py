"""Submission folders against gold folders: each file form, and what is wrong with either in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.cells import Cell
from tasks.errors import UserError
from tasks.submission import score
from tasks.suites import suite
from tests.tasks.official import save

SQUAD = {
    "data": [
        {
            "title": "T",
            "paragraphs": [
                {
                    "context": "the cat sat",
                    "qas": [
                        {"id": key, "question": "?", "answers": [{"text": text, "answer_start": start}]}
                        for key, text, start in (("1", "cat", 4), ("2", "sat", 8), ("3", "the", 0))
                    ],
                }
            ],
        }
    ]
}
GOLD = {
    "xnli/test-de.tsv": "neutral\nentailment\ncontradiction\n",
    "pawsx/test-de.tsv": "0\n1\n",
    "udpos/test-de.tsv": "NOUN\nVERB\n\nADJ\n\n",
    "panx/test-de.tsv": "B-PER\nI-PER\nO\n\nB-LOC\n",
    "xquad/test-de.json": json.dumps(SQUAD),
    "mlqa/test-de.json": json.dumps(SQUAD["data"]),  # the outer key may be missing
    "tydiqa/test-fi.json": json.dumps(SQUAD),
    "bucc2018/test-de.tsv": "de-1\ten-1\nde-2\ten-2\n",
    "tatoeba/test-de.tsv": "2\n0\n1\n",
    "xcopa/test-et.jsonl": '{"label": 1}\n{"label": 0}\n',
    "lareqa/test-de.json": json.dumps({"q": ["a", "b"], "p": "c"}),
}
PERFECT = GOLD | {
    "xquad/test-de.json": json.dumps({"1": "cat", "2": "sat", "3": "the", "9": "extra"}),
    "mlqa/test-de.json": json.dumps({"1": "cat", "2": "sat"}),
    "tydiqa/test-fi.json": json.dumps({"1": "a cat", "2": "cat sat"}),
    "lareqa/test-de.json": json.dumps({"q": ["a", "b"], "p": ["c"]}),
}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    save(tmp_path / "gold", GOLD)
    save(tmp_path / "predictions", PERFECT)
    return tmp_path / "predictions", tmp_path / "gold"


def scored(folders: tuple[Path, Path], name: str = "xtreme") -> dict[str, Cell]:
    return {cell.task: cell for cell in score(*folders, suite(name))}


def test_what_is_equal_to_the_gold_scores_100(folders: tuple[Path, Path]) -> None:
    cells = scored(folders)
    assert {cells[task].score for task in ("xnli", "pawsx", "udpos", "panx", "bucc2018", "tatoeba")} == {100.0}
    assert {cell.score for cell in scored(folders, "xtreme-r").values() if cell.task in ("xcopa", "lareqa")} == {100.0}
    assert set(cells) == set(suite("xtreme").tasks)


def test_questions(folders: tuple[Path, Path]) -> None:
    """An answer that is only an article has EM 100 and F1 0; a missing id scores 0, an extra one nothing."""
    cells = scored(folders)
    assert cells["xquad"].details == {"exact_match": 100.0, "f1": pytest.approx(200 / 3)}
    assert cells["mlqa"].details["exact_match"] == pytest.approx(200 / 3)
    assert cells["tydiqa"].details == {
        "exact_match": pytest.approx(100 / 3),
        "f1": pytest.approx((1 + 2 / 3) / 3 * 100),
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("de-1\ten-1\nde-1\ten-1\nde-2\ten-2\n", 100.0),  # a repeated line is one pair
        ("de-1\ten-1\n\n\n", 50.0),  # blank lines are one wrong pair: P 1/2, R 1/2
        ("de-1\ten-2\nde-2\ten-1\n", 0.0),
        ("", 0.0),  # nothing was mined
        ("de-1\ten-1\nde-1\ten-2\nde-2\ten-2\n", 80.0),  # P 2/3, R 1
    ],
)
def test_pairs_are_a_set(folders: tuple[Path, Path], found: str, expected: float) -> None:
    (folders[0] / "bucc2018/test-de.tsv").write_text(found)
    assert scored(folders)["bucc2018"].score == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("xnli/test-de.tsv", "neutral\n", "1 lines, not 3 as in the gold"),
        ("tatoeba/test-de.tsv", "2\nx\n1\n", r"test-de.tsv:2: a row's number is wanted, not 'x'"),
        ("udpos/test-de.tsv", "NOUN\n\nADJ\n", "1 tags in sentence 1, which has 2"),
        ("udpos/test-de.tsv", "NOUN\nVERB\n", "1 sentences, not 2"),
        ("xquad/test-de.json", "[]", "a JSON object is wanted, not list"),
        ("xquad/test-de.json", "{", "not JSON"),
        ("xquad/test-de.json", '{"1": 5}', "answer to '1' must be a string, not 5"),
        ("lareqa/test-de.json", '{"q": [3]}', "'q' must have a list of ids"),
        ("xcopa/test-et.jsonl", '{"label": 1}\n{"lable": 0}\n', r"test-et.jsonl:2: 'label' must be the number"),
    ],
)
def test_what_does_not_fit_its_gold_is_one_line(
    folders: tuple[Path, Path], name: str, content: str, complaint: str
) -> None:
    (folders[0] / name).write_text(content)
    with pytest.raises(UserError, match=complaint):
        scored(folders, "xtreme-r" if name.startswith(("lareqa", "xcopa")) else "xtreme")


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("lareqa/test-de.json", '{"q": []}', "'q' must have a list of ids"),
        ("xquad/test-de.json", json.dumps(SQUAD).replace('"cat"', '""'), "question '1' has no answer"),
        ("xquad/test-de.json", '{"data": 3}', "SQuAD's JSON is wanted"),
        ("xcopa/test-et.jsonl", "{}\n{}\n", "'label' must be the number"),
    ],
)
def test_a_gold_file_that_is_none_is_one_line(
    folders: tuple[Path, Path], name: str, content: str, complaint: str
) -> None:
    (folders[1] / name).write_text(content)
    with pytest.raises(UserError, match=complaint):
        scored(folders, "xtreme-r" if name.startswith(("lareqa", "xcopa")) else "xtreme")


def test_what_the_reference_forgives_is_forgiven(folders: tuple[Path, Path]) -> None:
    """Offsets of gold answers, blanks at the ends of lines, numbers of no row, which `01` is."""
    (folders[1] / "xquad/test-de.json").write_text(json.dumps(SQUAD).replace('"answer_start": 4', '"answer_start": 7'))
    (folders[0] / "bucc2018/test-de.tsv").write_text("de-1\ten-1 \nde-2\ten-2\n")
    (folders[0] / "tatoeba/test-de.tsv").write_text(" 2 \n-1\n01\n")
    cells = scored(folders)
    assert cells["xquad"].details["exact_match"] == cells["bucc2018"].score == 100.0
    assert cells["tatoeba"].score == pytest.approx(100 / 3)


def test_nothing_to_score_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        score(tmp_path / "none", tmp_path, suite("xtreme"))
    with pytest.raises(UserError, match=r"such as xnli/test-ar.tsv"):
        score(tmp_path, tmp_path, suite("xtreme"))
