"""What every reader must pass: a round trip through the official form, unique ids, and fingerprints."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks import catalog, readers
from tasks.data import DataSource, load
from tasks.errors import UserError
from tasks.examples import (
    EXAMPLE_TYPES,
    Answer,
    Choices,
    Example,
    Question,
    Tagged,
    TextPair,
    fingerprint,
    is_labelled,
    without_label,
)
from tests.tasks.official import WRITERS, save
from tests.tasks.strategies import EXAMPLES

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_every_reader_is_in_this_suite() -> None:
    assert set(readers.READERS) == set(WRITERS) == set(EXAMPLES)


@pytest.mark.parametrize("reader", EXAMPLES)
@FEW
@given(data=st.data())
def test_what_is_written_in_the_official_form_is_read_back(reader: str, data: st.DataObject) -> None:
    name, strategy = EXAMPLES[reader]
    examples = data.draw(strategy(name))
    with tempfile.TemporaryDirectory() as folder:
        files = save(Path(folder), WRITERS[reader](examples))
        task = catalog.get(name)
        read = list(readers.get(task)(task, "train", "en", files))
        assert read == examples
        assert {type(e) for e in read} == {EXAMPLE_TYPES[task.kind]}
        assert all(is_labelled(e) for e in read) or task.kind.searched, "a pool has no labels"
        assert len({e.id for e in read}) == len(read)
        source = DataSource(name, "train", "en", tuple(map(str, files)))
        assert load(source).fingerprint == fingerprint(examples)


@pytest.mark.parametrize(
    "reader",
    ["pairs", "nli", "qqp", "hellaswag", "cosmosqa", "commonsenseqa", "copa", "socialiqa", "squad", "tydiqa", "tags"],
)
@FEW
@given(data=st.data())
def test_a_test_set_may_lack_its_labels(reader: str, data: st.DataObject) -> None:
    name, strategy = EXAMPLES[reader]
    examples = [without_label(e) for e in data.draw(strategy(name))]
    with tempfile.TemporaryDirectory() as folder:
        files = save(Path(folder), WRITERS[reader](examples))
        task = catalog.get(name)
        assert list(readers.get(task)(task, "test", "en", files)) == examples


@pytest.mark.parametrize("reader", EXAMPLES)
@FEW
@given(data=st.data())
def test_equal_fingerprints_mean_equal_examples(reader: str, data: st.DataObject) -> None:
    name, strategy = EXAMPLES[reader]
    one, two = data.draw(strategy(name)), data.draw(strategy(name))
    assert (fingerprint(one) == fingerprint(two)) == (one == two)


@pytest.mark.parametrize(
    ("example", "line"),
    [
        (
            TextPair("0", "Ein Satz.", "Größer.", None),
            '{"first":"Ein Satz.","id":"0","label":null,"second":"Größer."}',
        ),
        (
            Question("q", "?", "a cup", (Answer("cup", 2),), "T"),
            '{"answers":[{"start":2,"text":"cup"}],"article":"T","context":"a cup","id":"q","question":"?"}',
        ),
        (Tagged("0", ("a", '"'), ("O", "B-LOC")), '{"id":"0","tags":["O","B-LOC"],"tokens":["a","\\""]}'),
    ],
)
def test_the_fingerprint_is_sha256_of_canonical_json_lines(example: Example, line: str) -> None:
    # stage ids are made of it: a change here would orphan every stored stage
    assert fingerprint([example, example]) == hashlib.sha256(f"{line}\n{line}\n".encode()).hexdigest()


def test_several_files_are_one_set_with_unique_ids(tmp_path: Path) -> None:
    save(tmp_path, {"a.tsv": "x\ty\tneutral\n", "b.tsv": "u\tv\tentailment\n"})
    source = DataSource("xnli", "train", "en", (str(tmp_path / "a.tsv"), str(tmp_path / "b.tsv")))
    assert [(e.id, e.label) for e in load(source).examples] == [("0", "neutral"), ("1", "entailment")]


def test_pairs_without_a_gold_label_are_dropped_and_keep_their_number(tmp_path: Path) -> None:
    line = '{"gold_label": "%s", "sentence1": "a", "sentence2": "b"}\n'
    save(tmp_path, {"snli.jsonl": line % "neutral" + line % "-" + line % "entailment"})
    examples = load(DataSource("snli", "train", "en", (str(tmp_path / "snli.jsonl"),))).examples
    assert [e.id for e in examples] == ["0", "2"]


def test_anli_s_letters_join_the_labels_of_snli_and_mnli(tmp_path: Path) -> None:
    line = '{"gold_label": "%s", "sentence1": "a", "sentence2": "b"}\n'
    snli = line % "-" + line % "neutral"
    anli = '{"uid": "u", "context": "c", "hypothesis": "h", "label": "c", "reason": "because"}\n'
    paths = save(tmp_path, {"snli.jsonl": snli, "train-en.tsv": "x\ty\tcontradictory\n", "R1.jsonl": anli})
    examples = load(DataSource("anli+", "train", "en", tuple(map(str, paths)))).examples
    assert [(e.id, e.first, e.label) for e in examples] == [
        ("1", "a", "neutral"),
        ("2", "x", "contradiction"),
        ("3", "c", "contradiction"),
    ]


def test_counterfactual_nli_has_a_header_and_no_quotes(tmp_path: Path) -> None:
    text = 'sentence1\tsentence2\tgold_label\nA "man\tA man.\tentailment\n'
    (path,) = save(tmp_path, {"train.tsv": text})
    (example,) = load(DataSource("cad-nli", "train", "en", (str(path),))).examples
    assert (example.id, example.first, example.label) == ("0", 'A "man', "entailment")


def test_rows_of_qqp_that_break_off_are_dropped_and_keep_their_number(tmp_path: Path) -> None:
    text = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n0\t1\t2\tbroken\n1\t1\t2\ta\tb\t1\n"
    (path,) = save(tmp_path, {"train.tsv": text})
    (example,) = load(DataSource("qqp", "train", "en", (str(path),))).examples
    assert (example.id, example.first, example.label) == ("1", "a", "1")


def test_commonsenseqa_is_the_same_from_the_hub(tmp_path: Path) -> None:
    offered = '{"label": ["A", "B"], "text": ["bank", "mall"]}'
    hub = f'{{"id": "q", "question": "Where?", "question_concept": "x", "choices": {offered}, "answerKey": "B"}}\n'
    pairs = '[{"label": "A", "text": "bank"}, {"label": "B", "text": "mall"}]'
    own = f'{{"id": "q", "answerKey": "B", "question": {{"stem": "Where?", "choices": {pairs}}}}}\n'
    paths = save(tmp_path, {"hub.jsonl": hub, "own.jsonl": own})
    both = [load(DataSource("commonsenseqa", "train", "en", (str(path),))).examples for path in paths]
    assert both[0] == both[1] == (Choices("q", "", "Where?", ("bank", "mall"), 1),)


def test_what_squad_2_calls_impossible_has_the_empty_answer(tmp_path: Path) -> None:
    asked = {"id": "q", "question": "?", "answers": [], "is_impossible": True, "plausible_answers": []}
    document = {"version": "v2.0", "data": [{"title": "T", "paragraphs": [{"context": "a b", "qas": [asked]}]}]}
    (path,) = save(tmp_path, {"train-v2.0.json": json.dumps(document)})
    (example,) = load(DataSource("squad2", "train", "en", (str(path),))).examples
    assert example.answers == (Answer("", 0),) and is_labelled(example)


def test_three_line_parallel_files_are_e_snli(tmp_path: Path) -> None:
    files = {"labels.dev": "neutral\n", "s2.dev": "Second . \n", "s1.dev": "First . \n"}
    paths = save(tmp_path, files)
    (example,) = load(DataSource("snli", "train", "en", tuple(map(str, paths)))).examples
    assert (example.first, example.second, example.label) == ("First .", "Second .", "neutral")


def test_the_official_hellaswag_form_joins_both_halves_of_the_context(tmp_path: Path) -> None:
    line = '{"ctx_a": "A man sits.", "ctx_b": "he", "endings": ["a", "b", "c", "d"], "label": 1}\n'
    (path,) = save(tmp_path, {"h.jsonl": line})
    (example,) = load(DataSource("hellaswag", "train", "en", (str(path),))).examples
    assert example.context == "A man sits. he"


def test_tydiqa_trains_on_english_alone_and_mends_repeated_ids(tmp_path: Path) -> None:
    def document(*ids: str) -> str:
        questions = [{"id": i, "question": "?", "answers": [{"text": "a", "answer_start": 0}]} for i in ids]
        return json.dumps({"data": [{"paragraphs": [{"context": "a b", "qas": questions}]}]})

    (path,) = save(tmp_path, {"en.json": document("0", "english-1", "0", "0")})
    source = DataSource("tydiqa", "train", "en", (str(path),))
    assert [e.id for e in load(source).examples] == ["0", "english-1", "0#2", "0#3"]
    save(tmp_path, {"en.json": document("english-1", "finnish-2")})
    with pytest.raises(UserError, match="'finnish-2' is not in 'en'"):
        load(source)


def asked(*ids: str) -> str:
    questions = [{"id": i, "question": "?", "answers": [{"text": "a", "answer_start": 0}]} for i in ids]
    return json.dumps({"data": [{"paragraphs": [{"context": "a b", "qas": questions}]}]})


@pytest.mark.parametrize(
    ("name", "fits"), [("tydiqa.goldp.en.train.json", True), ("tydiqa.goldp.fi.train.json", False)]
)
def test_a_number_says_no_language_so_the_file_s_name_must(name: str, fits: bool, tmp_path: Path) -> None:
    save(tmp_path, {name: asked("0", "1")})
    source = DataSource("tydiqa", "train", "en", (str(tmp_path / name),))
    if fits:
        assert len(load(source)) == 2
    else:
        with pytest.raises(UserError, match="'0' is not in 'en', as far as its id tells"):
            load(source)


def test_of_a_file_of_all_languages_a_test_set_is_its_own(tmp_path: Path) -> None:
    (path,) = save(tmp_path, {"dev.json": asked("english-1", "finnish-2", "finnish-3", "korean-4")})
    found = {
        language: [e.id for e in load(DataSource("tydiqa", "test", language, (str(path),))).examples]
        for language in ("en", "fi", "ko")
    }
    assert found == {"en": ["english-1"], "fi": ["finnish-2", "finnish-3"], "ko": ["korean-4"]}
    # one context, one article: the parts keep its questions together even without a title
    assert len({e.article for e in load(DataSource("tydiqa", "test", "fi", (str(path),))).examples}) == 1  # type: ignore[union-attr]
    with pytest.raises(UserError, match="none of its questions is in 'te': no id begins with 'telugu-'"):
        load(DataSource("tydiqa", "test", "te", (str(path),)))


@pytest.mark.parametrize("split", ["train", "dev"])
def test_of_xnli_s_own_file_the_rows_of_a_language_are_read_and_counted(split: str, tmp_path: Path) -> None:
    line = '{"language": "%s", "gold_label": "neutral", "sentence1": "%s", "sentence2": "b"}\n'
    (path,) = save(tmp_path, {"xnli.jsonl": "".join(line % (code, code + n) for n in "01" for code in ("de", "en"))})
    for language in ("de", "en"):
        examples = load(DataSource("xnli", split, language, (str(path),))).examples
        assert [(e.id, e.first) for e in examples] == [("0", f"{language}0"), ("1", f"{language}1")]  # type: ignore[union-attr]
    with pytest.raises(UserError, match=r"column 'language' names no row 'fr', but de, en"):
        load(DataSource("xnli", split, "fr", (str(path),)))
