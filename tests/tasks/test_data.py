"""Where data is found, what is absent and why, and that a dataset does not depend on where it lies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks import catalog, readers
from tasks.data import Absent, DataFolders, DataSource, Part, load
from tasks.errors import UserError
from tasks.examples import Translation
from tests.tasks.official import save
from tests.tasks.test_malformed import COPA, PAIR, squad

UNLABELLED = "one\ttwo\n"


def folders(*paths: Path, **files: dict[str, list[str]]) -> DataFolders:
    return DataFolders(paths, files)


def source(found: DataSource | Absent) -> DataSource:
    assert isinstance(found, DataSource), found
    return found


def why(found: DataSource | Absent) -> str:
    assert isinstance(found, Absent), found
    return found.why


def test_folders_are_searched_in_order(tmp_path: Path) -> None:
    save(tmp_path, {"one/xnli/dev-de.tsv": PAIR, "two/xnli/dev-de.tsv": PAIR * 2, "two/xnli/dev-tr.tsv": PAIR})
    data = folders(tmp_path / "one", tmp_path / "two")
    assert len(load(source(data.find("xnli", "dev", "de")))) == 1
    assert "two" in source(data.find("xnli", "dev", "tr")).files[0]


def test_the_file_decides_about_a_language_not_the_declaration(tmp_path: Path) -> None:
    save(tmp_path, {"xnli/dev-qaa.tsv": PAIR, "xnli/train-en.tsv": PAIR, "tatoeba/tatoeba.qab-eng.qab": "x\n"})
    save(tmp_path, {"tatoeba/tatoeba.qab-eng.eng": "y\n", "tatoeba/tatoeba.cmn-eng.cmn": "x\n"})
    save(tmp_path, {"tatoeba/tatoeba.cmn-eng.eng": "y\n", "text/en.txt": "a\n", "text/qaa.txt": "a\n"})
    data = folders(tmp_path)
    assert source(data.find("xnli", "dev", "qaa")).language == "qaa"
    assert data.languages("xnli", "dev") == ("qaa",)
    assert data.languages("xnli", "train") == ("en",)
    assert data.languages("tatoeba", "test") == ("qab", "zh")
    assert data.languages("text", "train") == ("en", "qaa")
    assert data.languages("xnli", "nonsense") == ()


def test_what_is_missing_is_absent_and_says_why(tmp_path: Path) -> None:
    save(
        tmp_path, {"xnli/train-en.tsv": PAIR, "xnli/test-de.tsv": UNLABELLED, "xquad/xquad.de.json": squad(answers=[])}
    )
    data = folders(tmp_path)
    assert why(data.find("xnli", "dev", "de")) == "no file xnli/dev-de.tsv"
    assert why(data.find("xnli", "train", "de")) == "no file xnli/train-de.tsv"
    assert why(data.find("snli", "train", "de")) == "only in en"
    assert why(data.find("xquad", "train", "en")) == "there is no train split"
    assert "no labels in" in why(data.find("xnli", "test", "de"))
    assert "no labels in" in why(data.find("xquad", "test", "de"))
    assert why(data.find_dev("tatoeba")) == "there is no English development set"
    assert why(data.find_dev("xquad")) == "no file squad/dev-v1.1.json"


def test_unlabelled_data_is_found_for_predictions_alone(tmp_path: Path) -> None:
    save(tmp_path, {"xnli/test-de.tsv": UNLABELLED})
    found = source(folders(tmp_path).find("xnli", "test", "de", labelled=False))
    assert load(found).examples[0].label is None


@pytest.mark.parametrize(
    ("task", "published", "gold", "label"),
    [
        (
            "xnli",
            {"xnli/test-de.tsv": "a\tb\nc\td\n"},
            {"gold/xnli/test-de.tsv": "neutral\nentailment\n"},
            "entailment",
        ),
        ("xcopa", {"xcopa/test-de.jsonl": COPA * 2}, {"gold/xcopa/test-de.jsonl": '{"label": 0}\n{"label": 1}\n'}, 1),
        ("panx", {"panx/test-de.tsv": "a\n\nb\nc\n"}, {"gold/panx/test-de.tsv": "O\n\nO\nB-LOC\n"}, ("O", "B-LOC")),
    ],
)
def test_labels_come_from_the_gold_folder(
    task: str, published: dict[str, str], gold: dict[str, str], label: object, tmp_path: Path
) -> None:
    save(tmp_path, {**published, **gold})
    last = load(source(folders(tmp_path).find(task, "test", "de"))).examples[-1]
    assert label in (getattr(last, "label", None), getattr(last, "tags", None))


def test_question_answering_is_read_from_the_gold_folder_where_answers_were_stripped(tmp_path: Path) -> None:
    save(tmp_path, {"xquad/xquad.de.json": squad(answers=[{"text": "", "answer_start": 0}])})
    save(tmp_path, {"gold/xquad/test-de.json": squad()})
    found = source(folders(tmp_path).find("xquad", "test", "de"))
    assert load(found).examples[0].answers[0].text == "cup"


def test_both_layouts_of_tatoeba_are_the_same_data(tmp_path: Path) -> None:
    """Row i asks with the i-th English sentence of XTREME's file and offers the i-th foreign one."""
    foreign, english = ["drei", "eins", "zwei"], ["three", "one", "two"]
    rows = sorted(range(3), key=english.__getitem__)
    side = "\n".join(foreign)
    save(tmp_path, {"laser/tatoeba/tatoeba.deu-eng.deu": side, "laser/tatoeba/tatoeba.deu-eng.eng": "\n".join(english)})
    save(tmp_path, {"xtreme/tatoeba/de-en.de": side, "xtreme/tatoeba/de-en.en": "\n".join(english[r] for r in rows)})
    bare = folders(tmp_path / "xtreme")
    assert "no labels" in why(bare.find("tatoeba", "test", "de"))
    # the English side is sorted: without the gold file nothing says what translates what
    alone = load(source(bare.find("tatoeba", "test", "de", labelled=False)))
    assert all(isinstance(e, Translation) and e.match is None for e in alone.examples)
    save(tmp_path, {"xtreme/tatoeba/test-de.tsv": "\n".join(map(str, rows))})
    laser, xtreme = (
        load(source(folders(tmp_path / name).find("tatoeba", "test", "de"))) for name in ("laser", "xtreme")
    )
    assert laser.fingerprint == xtreme.fingerprint
    pairs = [(e.query, foreign[int(e.match or "")]) for e in xtreme.examples if isinstance(e, Translation)]
    assert pairs == sorted(zip(english, foreign, strict=True))
    assert [e.candidate for e in xtreme.examples if isinstance(e, Translation)] == foreign


def test_a_space_names_files_for_a_split(tmp_path: Path) -> None:
    save(tmp_path, {"mine/a.tsv": PAIR, "mine/b.tsv": PAIR, "mine/x.qaa": PAIR})
    data = folders(tmp_path, xnli={"train": ["mine/a.tsv", "mine/b.tsv"], "dev": ["mine/x.{language}"]})
    assert len(load(source(data.find("xnli", "train", "en")))) == 2
    assert why(data.find("xnli", "train", "de")) == "only in en"
    assert source(data.find("xnli", "dev", "qaa")).files == (str(tmp_path / "mine/x.qaa"),)
    assert why(data.find("xnli", "dev", "qab")) == "no file mine/x.qab"
    assert data.languages("xnli", "dev") == ("qaa",)


def test_a_declared_task_whose_files_cannot_be_read_yet_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "READERS", {})
    save(tmp_path, {"ccg/ccg.train": "{}"})
    assert why(folders(tmp_path).find("ccg", "train", "en")) == "its files cannot be read yet"
    with pytest.raises(UserError, match="'ccg' is declared, but its files cannot be read yet"):
        load(DataSource("ccg", "train", "en", (str(tmp_path / "ccg/ccg.train"),)))


def test_mistakes_in_named_files_and_folders_are_told(tmp_path: Path) -> None:
    data = folders(tmp_path, xnli={"train": ["mine/a.tsv"]})
    with pytest.raises(UserError, match=r"files.xnli.train: no file 'mine/a.tsv' in"):
        data.find("xnli", "train", "en")
    with pytest.raises(UserError, match=r"files.xnli: unknown split 'trian', did you mean 'train'\?"):
        folders(tmp_path, xnli={"trian": ["a"]})
    with pytest.raises(UserError, match="unknown task 'xnly', did you mean 'xnli'"):
        folders(tmp_path, xnly={"train": ["a"]})
    with pytest.raises(UserError, match="nowhere: no such data folder"):
        folders(tmp_path / "nowhere").find("xnli", "dev", "de")


def test_english_dev_is_that_of_the_training_task(tmp_path: Path) -> None:
    save(tmp_path, {"xcopa/val-en.jsonl": COPA, "xcopa/val-it.jsonl": COPA, "squad/dev-v1.1.json": squad()})
    data = folders(tmp_path)
    assert source(data.find_dev("xcopa")).task == "copa"
    assert source(data.find_dev("xquad")).task == "squad"
    assert source(data.find_selection("xcopa", "it")).split == "dev"
    assert why(data.find_selection("squad", "en")) == "the task is not ranked on"
    assert why(data.find_report("squad", "en")) == "the task is not reported"


def test_a_dataset_is_the_same_wherever_it_lies_and_read_once(tmp_path: Path) -> None:
    save(tmp_path, {"one/xnli/dev-de.tsv": PAIR, "two/xnli/dev-de.tsv": PAIR.replace("\n", "\r\n")})
    one, two = (source(folders(tmp_path / name).find("xnli", "dev", "de")) for name in ("one", "two"))
    assert load(one).fingerprint == load(two).fingerprint
    assert load(one) is load(one)
    save(tmp_path, {"one/xnli/dev-de.tsv": PAIR * 2})
    assert len(load(one)) == 2


def test_a_held_out_part_without_examples_is_absent(tmp_path: Path) -> None:
    save(tmp_path, {"xquad/xquad.de.json": squad()})
    data = folders(tmp_path)
    found = [data.find("xquad", "test", "de", part) for part in (Part.SELECTION, Part.REST)]
    assert [isinstance(f, Absent) for f in found].count(True) == 1
    assert len(load(source(data.find_report("xquad", "de")))) == 1


def test_every_declaration_is_sound() -> None:
    for task in catalog.all_tasks():
        assert catalog.get(task.name) is task
        rules = [r if isinstance(r, str) or r is None else r.split for r in (task.selection, task.report, task.dev)]
        assert all(rule in task.splits for rule in rules if rule is not None), task.name
        assert task.train_on is None or "train" in catalog.get(task.train_on).splits, task.name
        assert set(task.sizes) <= set(task.splits), task.name
        assert set(task.aliases.values()) <= set(task.labels), task.name
        assert len(set(task.languages)) == len(task.languages), task.name
        assert task.hub is None or task.hub.verified == (task.hub.revision is not None), task.name
    with pytest.raises(UserError, match="unknown task 'xqad', did you mean 'xquad'"):
        catalog.get("xqad")


def test_the_test_set_of_pubmedqa_is_what_its_answers_are_given_for(tmp_path: Path) -> None:
    asked = {str(i): {"QUESTION": "?", "CONTEXTS": ["c"], "final_decision": "yes"} for i in range(9)}
    save(tmp_path, {"pubmedqa/ori_pqal.json": json.dumps(asked)})
    assert why(folders(tmp_path).find("pubmedqa", "train", "en")) == "no file pubmedqa/test_ground_truth.json"
    save(tmp_path, {"pubmedqa/test_ground_truth.json": json.dumps({"7": "yes", "2": "yes"})})
    train, test = (load(source(folders(tmp_path).find("pubmedqa", split, "en"))) for split in ("train", "test"))
    assert [example.id for example in test.examples] == ["2", "7"]
    assert [example.id for example in train.examples] == [key for key in asked if key not in ("2", "7")]


def test_placeholders_in_place_of_labels_are_never_read(tmp_path: Path) -> None:
    """COPA's test has no labels, so it is no split of COPA; XCOPA's labels are those of the gold folder."""
    save(tmp_path, {"xcopa/test-en.jsonl": COPA, "xcopa/test-it.jsonl": COPA})
    data = folders(tmp_path)
    assert json.loads(COPA)["label"] == 0
    assert why(data.find("copa", "test", "en")) == "there is no test split"
    save(tmp_path, {"gold/xcopa/test-it.jsonl": '{"label": 1}'})
    assert [getattr(e, "label", None) for e in load(source(data.find("xcopa", "test", "it"))).examples] == [1]
    save(tmp_path, {"xcopa/test-tr.jsonl": COPA.replace('"label": 0', '"label": -1')})
    with pytest.raises(UserError, match=r"test-tr\.jsonl:1: label -1 is none of 0 to 1"):
        data.find("xcopa", "test", "tr")
