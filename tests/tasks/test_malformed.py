"""Every malformed file is one line that a user can act on: which file, which line or question, what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.data import DataSource, load
from tasks.errors import UserError
from tests.tasks.official import save

Contents = dict[str, str | bytes]

PAIR = "one\ttwo\tneutral\n"
SNLI = '{"gold_label": "neutral", "sentence1": "a", "sentence2": "b"}\n'
PUBMED = '{"1": {"QUESTION": "?", "CONTEXTS": ["c"], "final_decision": "yes"}}'
COPA = '{"premise": "p", "choice1": "a", "choice2": "b", "question": "cause", "label": 0}\n'
HELLASWAG = '{"ctx": "c", "endings": ["a", "b", "c", "d"], "label": 3}\n'
QQP = "question1\tquestion2\tis_duplicate\n"
CSQA = '{"answerKey": "A", "id": "q", "question": {"stem": "?", "choices": [{"label": "A", "text": "x"}]}}\n'
SIQA = '{"context": "c", "question": "?", "answerA": "a", "answerB": "b", "answerC": "c", "correct": "C"}\n'
COSMOSQA = "id,context,question,answer0,answer1,answer2,answer3,label\n"


def squad(**changes: object) -> str:
    question = {"id": "q7", "question": "?", "answers": [{"text": "cup", "answer_start": 4}]} | changes
    question = {key: value for key, value in question.items() if value is not None}
    return json.dumps({"data": [{"title": "T", "paragraphs": [{"context": "the cup", "qas": [question]}]}]})


def answer(text: object, start: object) -> str:
    return squad(answers=[{"text": text, "answer_start": start}])


TABLE: list[tuple[str, str, Contents, str, str]] = [
    # task, split, files, place, what is wrong
    ("xnli", "train", {"a.tsv": PAIR + "one\ttwo\n"}, "a.tsv:2", "2 columns, not 3"),
    ("xnli", "dev", {"a.tsv": "one\ttwo\n"}, "a.tsv:1", "2 columns, not 3"),
    ("xnli", "test", {"a.tsv": "one\ttwo\n" + PAIR}, "a.tsv:2", "3 columns, not 2"),
    ("xnli", "train", {"a.tsv": PAIR + "one\ttwo\tneutrl\n"}, "a.tsv:2", "did you mean 'neutral'"),
    ("xnli", "train", {"a.tsv": PAIR + '"one\ttwo\tneutral\n'}, "a.tsv:2", "csv-quoted"),
    ("xnli", "train", {"a.tsv": PAIR + 'one\t"two" and\tneutral\n'}, "a.tsv:2", "csv-quoted"),
    ("xnli", "train", {"a.tsv": ""}, "a.tsv", "empty"),
    ("xnli", "train", {"a.tsv": "\n\n"}, "a.tsv", "empty"),
    ("xnli", "train", {"a.tsv": PAIR.encode() + "größer\tb\tneutral\n".encode("latin-1")}, "a.tsv:2", "not UTF-8"),
    ("xnli", "train", {"a.tsv": PAIR.encode("utf-16")}, "a.tsv:1", "not UTF-8"),
    ("xnli", "train", {}, "missing.tsv", "No such file"),
    ("snli", "train", {"a.jsonl": SNLI + "{\n"}, "a.jsonl:2", "not JSON"),
    ("snli", "train", {"a.jsonl": SNLI + "[]\n"}, "a.jsonl:2", "object is wanted, not list"),
    ("snli", "train", {"a.jsonl": SNLI.replace("sentence2", "sentense2")}, "a.jsonl:1", "no field 'sentence2'"),
    ("snli", "train", {"a.jsonl": SNLI.replace('"b"', "3")}, "a.jsonl:1", "must be a string, not int"),
    ("snli", "train", {"a.jsonl": SNLI.replace("neutral", "maybe")}, "a.jsonl:1", "unknown label 'maybe'"),
    ("snli", "train", {"a.jsonl": SNLI.replace("neutral", "-")}, "a.jsonl", "no examples"),
    ("snli", "train", {"s1.x": "a\nb\n", "s2.x": "c\n", "labels.x": "neutral\nneutral\n"}, "s2.x", "line-parallel"),
    ("snli", "train", {"s1.x": "a\n", "s2.x": "c\n", "labels.x": "yes\n"}, "labels.x:1", "unknown label"),
    ("snli", "train", {"s1.x": "a\n", "s2.x": "c\n"}, "task snli", "three files"),
    ("hellaswag", "train", {"a.jsonl": HELLASWAG.replace(', "d"', "")}, "a.jsonl:1", "must be 4 strings"),
    ("hellaswag", "train", {"a.jsonl": HELLASWAG.replace('"label": 3', '"label": 4')}, "a.jsonl:1", "none of 0 to 3"),
    ("hellaswag", "train", {"a.jsonl": HELLASWAG.replace('"label": 3', '"label": true')}, "a.jsonl:1", "label True"),
    ("hellaswag", "train", {"a.jsonl": HELLASWAG.replace("ctx", "ctxt")}, "a.jsonl:1", "did you mean 'ctxt'"),
    ("hellaswag", "train", {"a.jsonl": HELLASWAG.replace("label", "gold")}, "a.jsonl:1", "no field 'label'"),
    ("qqp", "train", {"a.tsv": "id\tquestion1\tis_duplicate\n"}, "a.tsv:1", "no column 'question2'"),
    ("qqp", "train", {"a.tsv": QQP + "a\tb\t2\n"}, "a.tsv:2", "unknown label '2'"),
    ("qqp", "train", {"a.tsv": QQP + "a\tb\t1\tx\n"}, "a.tsv:2", "4 columns, but the header has 3"),
    ("cad-nli", "train", {"a.tsv": "sentence1\tsentence2\tgold_label\na\tb\n"}, "a.tsv:2", "2 columns, not 3"),
    ("commonsenseqa", "train", {"a.jsonl": CSQA.replace('"A"', '"Z"', 1)}, "a.jsonl:1", "'answerKey' 'Z' is none of"),
    ("commonsenseqa", "train", {"a.jsonl": CSQA.replace('"text"', '"txt"')}, "a.jsonl:1", "a 'label' and a 'text'"),
    ("socialiqa", "train", {"a.jsonl": SIQA.replace('"C"', '"D"')}, "a.jsonl:1", "must be A, B or C, not 'D'"),
    ("umsab", "train", {"a_text.txt": "x\ny\n", "b_labels.txt": "0\n"}, "b_labels.txt", "1 labels for 2 texts"),
    ("umsab", "train", {"a_text.txt": "x\n", "b_labels.txt": "7\n"}, "b_labels.txt:1", "unknown label '7'"),
    ("pubmedqa", "train", {"a.json": '{"1": {"QUESTION": "?", "CONTEXTS": [1]}}'}, "a.json: 1", "must be strings"),
    ("pubmedqa", "test", {"a.json": PUBMED, "b.json": '{"2": "yes"}'}, "b.json: 2", "no such question"),
    ("pubmedqa", "test", {"a.json": PUBMED, "b.json": PUBMED}, "b.json: 1", "'1' must be a string"),
    ("bucc2018", "dev", {"a.de": "de-1\tx\nde-1\ty\n", "b.en": "en-1\tx\n"}, "a.de:2", "'de-1' occurs twice"),
    ("bucc2018", "dev", {"a.de": "de-1 x\n", "b.en": "en-1\tx\n"}, "a.de:1", "an id TAB a sentence"),
    ("cosmosqa", "train", {"a.csv": COSMOSQA + "i,c,q,a,b,c,d\n"}, "a.csv:2", "7 columns, but the header has 8"),
    ("cosmosqa", "train", {"a.csv": COSMOSQA.replace("question", "qestion")}, "a.csv:1", "no column 'question'"),
    ("cosmosqa", "train", {"a.csv": COSMOSQA + "i,c,q,a,b,c,d,9\n"}, "a.csv:2", "label '9'"),
    ("cosmosqa", "train", {"a.csv": COSMOSQA}, "a.csv", "no examples"),
    ("cosmosqa", "train", {"a.csv": COSMOSQA + "i,c,q,a,b,c,d,1\n" * 2}, "a.csv", "'i' occurs twice"),
    ("copa", "train", {"a.jsonl": COPA.replace("cause", "reason")}, "a.jsonl:1", "'cause' or 'effect', not 'reason'"),
    ("copa", "dev", {"a.jsonl": COPA.replace("label", "gold")}, "a.jsonl:1", "no field 'label'"),
    ("xcopa", "test", {"a.jsonl": COPA + COPA.replace('"label": 0', '"x": 0')}, "a.jsonl", "'1' has no label"),
    ("squad", "train", {"a.json": "{"}, "a.json:1", "not JSON"),
    ("squad", "train", {"a.json": '{"version": "1.1"}'}, "a.json", "list of articles under 'data'"),
    ("squad", "train", {"a.json": '{"data": [{"title": "T"}]}'}, "a.json: article 0", "no field 'paragraphs'"),
    ("squad", "train", {"a.json": '{"data": ["x"]}'}, "a.json: article 0", "object is wanted, not str"),
    ("squad", "train", {"a.json": answer("cup", 3)}, "a.json: question q7", "'cup' is not in the context at 3"),
    ("squad", "train", {"a.json": answer("cup", -3)}, "a.json: question q7", "'cup' is not in the context at -3"),
    ("squad", "train", {"a.json": answer("cup", "4")}, "a.json: question q7", "must be a number"),
    ("squad", "train", {"a.json": answer(None, 4)}, "a.json: question q7", "'text' must be a string"),
    ("squad", "train", {"a.json": squad(question=None)}, "a.json: question q7", "no field 'question'"),
    ("squad", "train", {"a.json": squad(id=7)}, "a.json: article 0", "'id' must be a string"),
    ("squad", "train", {"a.json": squad(), "b.json": squad()}, "a.json", "'q7' occurs twice"),
    ("squad", "train", {"a.json": squad(), "b.json": squad(id="q8", answers=[])}, "a.json", "'q8' has no label"),
    ("panx", "train", {"a.tsv": "Bonn\tB-LOC\nliegt\n"}, "a.tsv:2", "1 columns, not 2 (token TAB tag)"),
    ("panx", "train", {"a.tsv": "Bonn\tB-LOC\t1\n"}, "a.tsv:1", "3 columns, not 2"),
    ("panx", "train", {"a.tsv": "Bonn\tB-LOK\n"}, "a.tsv:1", "did you mean 'B-LOC'"),
    ("panx", "train", {"a.tsv": "\tO\n"}, "a.tsv:1", "a tag without a token"),
    ("panx", "test", {"a.tsv": "Bonn\nliegt\tO\n"}, "a.tsv:1", "1 columns, not 2"),
    ("text", "train", {"a.txt": b"\xff\xfe"}, "a.txt:1", "not UTF-8"),
    ("parallel", "train", {"a.de": "x\ny\n", "b.en": "x\n"}, "b.en", "line-parallel"),
    ("parallel", "train", {"a.de": "x\n\n", "b.en": "x\ny\n"}, "a.de:2", "whose translation is not blank"),
    ("parallel", "train", {"a.de": "x\n"}, "task parallel", "two files are wanted"),
    ("tatoeba", "test", {"a.de": "x\ny\n", "b.en": "x\n"}, "b.en", "line-parallel"),
]


@pytest.mark.parametrize(("task", "split", "contents", "place", "what"), TABLE)
def test_a_malformed_file_is_one_line(
    task: str, split: str, contents: Contents, place: str, what: str, tmp_path: Path
) -> None:
    files = save(tmp_path, contents) or [tmp_path / "missing.tsv"]
    with pytest.raises(UserError) as caught:
        load(DataSource(task, split, "en", tuple(map(str, files))))
    message = str(caught.value)
    assert "\n" not in message
    assert what in message
    where = place if place.startswith("task ") else f"{tmp_path}/{place}"
    assert message.startswith(where), message


GOLD: list[tuple[str, Contents, str, str, str]] = [
    ("xnli", {"a.tsv": "a\tb\nc\td\n"}, "neutral\n", "gold", "1 labels for 2 examples"),
    ("xnli", {"a.tsv": "a\tb\n"}, "neutrl\n", "gold:1", "did you mean 'neutral'"),
    ("panx", {"a.tsv": "a\nb\n"}, "O\n", "gold: sentence 1", "1 tags for 2 tokens"),
    ("xcopa", {"a.jsonl": COPA}, '{"label": 2}\n', "gold:1", "label 2 is none of 0 to 1"),
    ("xcopa", {"a.jsonl": COPA}, "0\n", "gold:1", "object is wanted, not int"),
    ("tatoeba", {"a": "a\nb\n", "b": "a\nb\n"}, "0\n0\n", "gold:2", "row 0 occurs twice"),
    ("tatoeba", {"a": "a\nb\n", "b": "a\nb\n"}, "0\n2\n", "gold:2", "label '2' is none of 0 to 1"),
    ("tatoeba", {"a": "a\nb\n", "b": "a\nb\n"}, f"0\n{'1' * 5_000}\n", "gold:2", "is none of 0 to 1"),
    ("text", {"a.txt": "a\n"}, "0\n", "gold", "takes no separate gold file"),
]


@pytest.mark.parametrize(("task", "contents", "gold", "place", "what"), GOLD)
def test_a_malformed_gold_file_is_one_line(
    task: str, contents: Contents, gold: str, place: str, what: str, tmp_path: Path
) -> None:
    files = save(tmp_path, contents)
    save(tmp_path, {"gold": gold})
    with pytest.raises(UserError) as caught:
        load(DataSource(task, "test", "de", tuple(map(str, files)), gold=str(tmp_path / "gold")))
    assert str(caught.value).startswith(f"{tmp_path}/{place}: ")
    assert what in str(caught.value)
