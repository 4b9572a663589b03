"""The official files themselves: as many examples as their publishers say, and parts that agree across languages."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tasks import catalog, metrics
from tasks.data import Absent, DataFolders, Dataset, DataSource, Part, load
from tasks.declaration import Task
from tasks.errors import UserError
from tasks.examples import (
    Example,
    Kind,
    Passage,
    Question,
    Sentence,
    SentencePair,
    Tagged,
    TextPair,
    Translation,
    is_labelled,
)
from tasks.gold import gold
from tasks.parts import nested_order
from tests.conftest import PACKED

pytestmark = pytest.mark.slow

FILES = {
    "snli": {
        "train": [f"intermediate/esnli/{name}.dev" for name in ("s1", "s2", "labels")],
        "dev": ["intermediate/snli_1.0/snli_1.0_dev.jsonl"],
        "test": ["intermediate/snli_1.0/snli_1.0_test.jsonl"],
    },
    "hellaswag": {"train": ["intermediate/hellaswag/hellaswag_val.first2000.jsonl"]},
    "cosmosqa": {"train": ["intermediate/cosmosqa/valid.csv"]},
    "squad": {"train": ["squad/dev-v1.1.minus-xquad.json"]},
    "squad2": {"dev": ["squad/dev-v2.0.minus-xquad.json"]},
    "anli+": {
        "dev": [
            "intermediate/snli_1.0/snli_1.0_dev.jsonl",
            *(f"intermediate/anli_v1.0/{number}/dev.jsonl" for number in ("R1", "R2")),
        ]
    },
    "cad-nli": {
        "train": ["intermediate/cad-nli/revised_combined/train.tsv"],
        "dev": ["intermediate/cad-nli/original/dev.tsv"],
        "test": ["intermediate/cad-nli/original/test.tsv"],
    },
    "commonsenseqa": {
        "train": ["intermediate/commonsenseqa/dev_rand_split.hf.jsonl"],
        "dev": ["intermediate/commonsenseqa/dev_rand_split.jsonl"],
    },
    "webfaq": {"test": ["webfaq/FAQPage_sample.txt"]},
}
NTREX = "ar de el es fr hi ru sw th tr vi zh"
THERE: dict[tuple[str, str], str] = {
    **{("snli", split): "en" for split in ("train", "dev", "test")},
    **{("cad-nli", split): "en" for split in ("train", "dev", "test")},
    **{("commonsenseqa", split): "en" for split in ("train", "dev")},
    **{("pubmedqa", split): "en" for split in ("train", "test")},
    **{("ncbi-disease", split): "en" for split in ("train", "dev", "test")},
    **{("umsab", split): "de en es" for split in ("train", "dev", "test")},
    **{("tweeteval-emotion", split): "en" for split in ("train", "dev", "test")},
    **{("wnut17", split): "en" for split in ("train", "dev")},
    **{("copa", split): "en" for split in ("train", "dev")},
    **{(task, "train"): "en" for task in ("hellaswag", "cosmosqa", "squad", "udpos", "panx", "tydiqa", "e3c")},
    **{(task, "dev"): "en" for task in ("squad2", "anli+", "socialiqa")},
    ("covid-faq-similarity", "train"): "en",
    ("covid-faq-similarity", "test"): "de",
    ("covid-faq", "test"): "de en it pl sv",
    ("xnli", "dev"): "de en es ru tr zh",
    ("pawsx", "dev"): "de en es zh",
    ("udpos", "dev"): "de en es ru tr zh",
    ("panx", "dev"): "de en es ru tr zh",
    ("xquad", "test"): "de en es ru tr zh",
    ("mlqa", "dev"): "de en es zh",
    ("xcopa", "dev"): "en it tr zh",
    ("lareqa", "test"): "de en zh",
    ("bucc2018", "dev"): "zh",
    ("tatoeba", "test"): "de es ru tr zh",
    ("ntrex", "train"): f"ar de el en {NTREX[9:]}",
    ("ntrex-parallel", "train"): NTREX,
    ("tico19", "train"): "es ru zh",
    ("tico19-text", "train"): "es ru zh",
    ("e3c", "test"): "es",
}
"""The languages that are there of each task and split."""

COUNTED = {
    ("snli", "dev", "en"): 1289 - 16,  # lines without a gold label
    ("snli", "test", "en"): 1277 - 23,
    ("anli+", "dev", "en"): 1289 - 16 + 1000 + 1000,
    ("pubmedqa", "train", "en"): 500,
    ("pubmedqa", "test", "en"): 500,
    ("e3c", "train", "en"): 142,  # sentences of six documents
    ("e3c", "test", "es"): 66,
    **{("covid-faq", "test", la): n for la, n in (("de", 399), ("en", 224), ("it", 78), ("pl", 131), ("sv", 64))},
}
"""Examples where the manifest's number of the first file is another one."""


ONLY_AN_ARTICLE = {("mlqa", "es"): 1}
"""Answers such as «una»: all of it is taken away before words are compared."""


@pytest.fixture(scope="module")
def data(real: Path) -> DataFolders:
    places = ("download", "source", "domain/biomed", "domain/social", "domain/faq")
    return DataFolders((*(real / place for place in places), real), FILES)


@pytest.fixture(scope="module")
def manifest(real: Path) -> dict[str, int]:
    """The number of examples in each file, as those say who have collected the files."""
    with (PACKED / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {str(real / row["path"].removesuffix(".gz")): int(row["examples"]) for row in rows}


def dataset(found: DataSource | Absent) -> Dataset:
    assert isinstance(found, DataSource), found
    return load(found)


@pytest.mark.parametrize(("task", "split"), THERE)
def test_every_example_is_read(task: str, split: str, data: DataFolders, manifest: dict[str, int]) -> None:
    languages = THERE[task, split].split()
    assert data.languages(task, split) == tuple(languages)
    for language in languages:
        read = dataset(data.find(task, split, language))
        examples = list(filter(asks, read.examples))
        expected = COUNTED.get((task, split, language)) or manifest[read.source.files[0]]
        assert len(examples) == expected, language
        assert all(map(is_labelled, examples))


@pytest.mark.parametrize(("task", "split"), [cell for cell in THERE if catalog.get(cell[0]).metric != "none"])
def test_what_is_right_scores_100(task: str, split: str, data: DataFolders) -> None:
    """But for an answer that is only an article, of which F1 sees nothing, as in the reference."""
    declared = catalog.get(task)
    for language in THERE[task, split].split():
        examples = list(filter(asks, dataset(data.find(task, split, language)).examples))
        metric = metrics.get(declared.metric, language)
        score = metric.score(metric.statistics(examples, [right(declared, example) for example in examples]))
        unseen = ONLY_AN_ARTICLE.get((task, language), 0) / len(examples)
        assert score.value == pytest.approx(100 - 50 * unseen), language


def right(task: Task, example: Example) -> Any:
    """A prediction that is right: of several answers and pairs the first."""
    match gold(example):
        case [{"text": text}, *_]:
            return text
        case [*ids] if task.kind is Kind.MINING:
            return next(iter(ids), None)
        case value:
            return value


def test_commonsenseqa_is_the_same_from_the_hub(data: DataFolders) -> None:
    hub, own = (dataset(data.find("commonsenseqa", split, "en")) for split in ("train", "dev"))
    assert hub.fingerprint == own.fingerprint


def test_squad_2_asks_what_has_no_answer(data: DataFolders) -> None:
    asked = dataset(data.find("squad2", "dev", "en")).examples
    assert sum(isinstance(q, Question) and q.answers[0].text != "" for q in asked) == 1799


def test_bucc_has_its_pairs(data: DataFolders) -> None:
    passages = [e for e in dataset(data.find("bucc2018", "dev", "zh")).examples if isinstance(e, Passage)]
    assert (sum(not e.candidate for e in passages), sum(e.candidate for e in passages)) == (8624, 13589)
    assert sum(len(e.relevant or ()) for e in passages) == 257


def test_mentions_of_xl_bel_search_what_other_languages_name(data: DataFolders) -> None:
    counts = {"de": (371, 3193), "en": (321, 3209), "es": (419, 3239), "ru": (550, 3385), "tr": (669, 3512)}
    assert data.languages("xl-bel", "test") == (*counts, "zh")
    for language, sizes in counts.items():
        passages = [e for e in dataset(data.find("xl-bel", "test", language)).examples if isinstance(e, Passage)]
        assert (sum(not e.candidate for e in passages), sum(e.candidate for e in passages)) == sizes
        assert all(e.relevant and e.text for e in passages if not e.candidate)


def test_e3c_has_its_entities_less_those_that_lie_in_others(data: DataFolders) -> None:
    for split, language, count in (("train", "en", 132 - 5), ("test", "es", 90)):
        cases = [e for e in dataset(data.find("e3c", split, language)).examples if isinstance(e, Tagged)]
        assert sum(tag.startswith("B-") for e in cases for tag in e.tags or ()) == count


def test_the_faq_pages_have_their_questions_in_the_language_that_their_file_names(
    data: DataFolders, real: Path, tmp_path: Path
) -> None:
    # pages of several languages, of which no quad says its language
    with pytest.raises(UserError, match="holds no examples"):
        data.find("webfaq", "test", "en")
    (sample,) = real.glob("domain/faq/webfaq/*_sample.txt")
    copy = tmp_path / "faq.en.nq"
    copy.write_bytes(sample.read_bytes())
    passages = load(DataSource("webfaq", "test", "en", (str(copy),))).examples
    assert sum(is_labelled(e) for e in passages) == 56


def test_the_checklists_ask_nearly_all_their_cases_in_every_language(data: DataFolders) -> None:
    languages = data.languages("multichecklist", "test")
    assert len(languages) == 50
    english = {e.id for e in dataset(data.find("multichecklist", "test", "en")).examples}
    assert len(english) == 1200
    for language in languages:
        asked = dataset(data.find("multichecklist", "test", language)).examples
        assert 950 < len(asked) <= 1200, language
        assert {e.id for e in asked} <= english
        assert not any("{" in text for e in asked if isinstance(e, Question) for text in (e.context, e.question))


def test_lareqa_s_questions_search_all_languages(data: DataFolders) -> None:
    for language in ("de", "en", "zh"):
        passages = [e for e in dataset(data.find("lareqa", "test", language)).examples if isinstance(e, Passage)]
        asked = [e for e in passages if not e.candidate]
        assert len(asked) == 1190
        assert {len(e.relevant or ()) for e in asked} == {3}, "a sentence in each of the three languages"
        sizes = Counter(e.id.partition("-")[0] for e in passages if e.candidate)
        assert set(sizes) == {"de", "en", "zh"}
        assert all(852 <= size <= 1276 for size in sizes.values()), sizes


def test_what_was_stripped_is_absent(data: DataFolders) -> None:
    found = data.find("tydiqa", "test", "en")
    assert isinstance(found, Absent)
    assert found.why.startswith("no labels in")
    assert isinstance(data.find("tydiqa", "test", "en", labelled=False), DataSource)


def test_the_held_out_articles_are_the_same_in_every_language_and_a_fifth(data: DataFolders) -> None:
    parts = {
        language: [e.id for e in dataset(data.find_selection("xquad", language)).examples]
        for language in ("de", "en", "es", "ru", "tr", "zh")
    }
    assert all(ids == parts["en"] for ids in parts.values())
    assert len(parts["en"]) == 236
    rest = dataset(data.find_report("xquad", "tr", Part.REST))
    assert len(rest) == 1190 - 236


def test_tatoeba_keeps_its_pool(data: DataFolders) -> None:
    for language in ("de", "zh"):
        selection = dataset(data.find_selection("tatoeba", language)).examples
        asked = [e for e in selection if isinstance(e, Translation) and e.match is not None]
        assert len(selection) == 1000
        assert 150 < len(asked) < 250


def test_training_data_shares_no_paragraph_with_xquad(data: DataFolders) -> None:
    squad = {e.context for e in dataset(data.find("squad", "train", "en")).examples}
    xquad = {e.context for e in dataset(data.find("xquad", "test", "en")).examples}
    assert len(xquad) == 240
    assert not squad & xquad


def test_lines_that_end_in_crlf_and_are_quoted_leave_no_trace(data: DataFolders) -> None:
    for task in ("xnli", "pawsx"):
        pairs = [e for e in dataset(data.find(task, "dev", "de")).examples if isinstance(e, TextPair)]
        assert not any(text.endswith(("\r", '"\t')) for e in pairs for text in (e.first, e.second or ""))
        assert {e.label for e in pairs} == set(catalog.get(task).labels), "no carriage return is part of a label"


def test_paws_x_placeholders_are_examples(data: DataFolders) -> None:
    """They count, as in the reference, which reads the file line by line."""
    pairs = [e for e in dataset(data.find("pawsx", "dev", "de")).examples if isinstance(e, TextPair)]
    assert 0 < sum("NS" in (e.first, e.second) for e in pairs) < 100


def test_the_offset_says_which_of_several_places_an_answer_is(data: DataFolders) -> None:
    asked = [e for e in dataset(data.find("mlqa", "dev", "de")).examples if isinstance(e, Question)]
    several = [e for e in asked if e.context.count(e.answers[0].text) > 1]
    assert len(several) > len(asked) / 20
    assert any(e.context.index(e.answers[0].text) != e.answers[0].start for e in several)


def test_parallel_tasks_are_parallel(data: DataFolders) -> None:
    """Ids and labels of a row are the same in all languages, so that what is held out is, too."""
    for task, split in (("xnli", "dev"), ("xquad", "test"), ("lareqa", "test"), ("xcopa", "dev")):
        rows = [
            [(e.id, getattr(e, "label", None)) for e in dataset(data.find(task, split, language)).examples if asks(e)]
            for language in THERE[task, split].split()
        ]
        assert all(each == rows[0] for each in rows), task
    texts = [
        [e.text for e in dataset(data.find("ntrex", "train", la)).examples if isinstance(e, Sentence)]
        for la in ("de", "zh")
    ]
    pairs = dataset(data.find("ntrex-parallel", "train", "de")).examples
    assert [e.foreign for e in pairs if isinstance(e, SentencePair)] == texts[0] != texts[1]


def asks(example: Example) -> bool:
    return not (isinstance(example, Passage) and example.candidate)


def test_umsab_s_labels_that_take_turns_do_not_take_turns_in_training(data: DataFolders) -> None:
    tweets = {la: dataset(data.find("umsab", "train", la)).examples for la in ("de", "en")}
    labels = {la: [e.label for e in found if isinstance(e, TextPair)] for la, found in tweets.items()}
    assert labels["de"] == labels["en"] and labels["de"][:6] == ["negative", "neutral", "positive"] * 2
    order = nested_order([e.id for e in tweets["en"]])[:300]
    drawn = Counter(labels["en"][i] for i in order)
    assert min(drawn.values()) > 70
    assert [labels["en"][i] for i in order[:9]] != labels["en"][:9]
