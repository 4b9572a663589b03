"""The official files themselves: as many examples as their publishers say, and parts that agree across languages."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tasks import catalog
from tasks.data import Absent, DataFolders, Dataset, DataSource, Part, load
from tasks.errors import UserError
from tasks.examples import Passage, Question, Tagged, TextPair, Translation, is_labelled
from tasks.parts import nested_order

FOLDER = os.environ.get("CROSSLIFT_REAL")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="CROSSLIFT_REAL names no folder of official files")

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
NTREX = ("ar", "de", "el", "es", "fr", "hi", "ru", "sw", "th", "tr", "vi", "zh")
COUNTS: dict[tuple[str, str], dict[str, int]] = {
    # 16 and 23 of SNLI's lines have no gold label
    ("snli", "train"): {"en": 9842},
    ("snli", "dev"): {"en": 1289 - 16},
    ("snli", "test"): {"en": 1277 - 23},
    ("hellaswag", "train"): {"en": 2000},
    ("cosmosqa", "train"): {"en": 2985},
    ("squad", "train"): {"en": 9380},
    ("squad2", "dev"): {"en": 3451},
    ("anli+", "dev"): {"en": 1289 - 16 + 2000},
    ("cad-nli", "train"): {"en": 6664},
    ("cad-nli", "dev"): {"en": 200},
    ("cad-nli", "test"): {"en": 400},
    ("commonsenseqa", "train"): {"en": 1221},
    ("commonsenseqa", "dev"): {"en": 1221},
    ("socialiqa", "dev"): {"en": 1954},
    ("pubmedqa", "train"): {"en": 1000},
    ("ncbi-disease", "train"): {"en": 5424},
    ("ncbi-disease", "dev"): {"en": 923},
    ("ncbi-disease", "test"): {"en": 940},
    ("umsab", "train"): dict.fromkeys(("de", "en", "es"), 1839),
    ("umsab", "dev"): dict.fromkeys(("de", "en", "es"), 324),
    ("umsab", "test"): dict.fromkeys(("de", "en", "es"), 870),
    ("tweeteval-emotion", "train"): {"en": 3257},
    ("tweeteval-emotion", "dev"): {"en": 374},
    ("tweeteval-emotion", "test"): {"en": 1421},
    ("wnut17", "train"): {"en": 3394},
    ("wnut17", "dev"): {"en": 1009},
    ("covid-faq-similarity", "test"): {"de": 624, "en": 488},
    ("copa", "train"): {"en": 400},
    ("copa", "dev"): {"en": 100},
    ("xnli", "dev"): dict.fromkeys(("de", "en", "es", "ru", "tr", "zh"), 2490),
    ("pawsx", "dev"): dict.fromkeys(("de", "en", "es", "zh"), 2000),
    ("udpos", "train"): {"en": 21253},
    ("udpos", "dev"): {"de": 3000, "en": 3974, "es": 3054, "ru": 3000, "tr": 988, "zh": 1000},
    ("panx", "train"): {"en": 20000},
    ("panx", "dev"): dict.fromkeys(("de", "en", "es", "ru", "tr", "zh"), 10000),
    ("xquad", "test"): dict.fromkeys(("de", "en", "es", "ru", "tr", "zh"), 1190),
    ("mlqa", "dev"): {"de": 512, "en": 1148, "es": 500, "zh": 504},
    ("tydiqa", "train"): {"en": 3696},
    ("xcopa", "dev"): dict.fromkeys(("en", "it", "tr", "zh"), 100),
    ("tatoeba", "test"): dict.fromkeys(("de", "es", "ru", "tr", "zh"), 1000),
    ("ntrex", "train"): dict.fromkeys(("en", *NTREX), 1997),
    ("ntrex-parallel", "train"): dict.fromkeys(NTREX, 1997),
    ("tico19", "train"): dict.fromkeys(("es", "ru", "zh"), 3071),
    ("tico19-text", "train"): dict.fromkeys(("es", "ru", "zh"), 3071),
    ("e3c", "train"): {"en": 142},
    ("e3c", "test"): {"es": 66},
}


@pytest.fixture(scope="module")
def data() -> DataFolders:
    root = Path(FOLDER or "")
    places = ("download", "source", "domain/biomed", "domain/social", "domain/faq")
    return DataFolders((*(root / place for place in places), root), FILES)


def dataset(found: DataSource | Absent) -> Dataset:
    assert isinstance(found, DataSource), found
    return load(found)


@pytest.mark.parametrize(("task", "split"), COUNTS)
def test_every_example_is_read(task: str, split: str, data: DataFolders) -> None:
    expected = COUNTS[task, split]
    assert data.languages(task, split) == tuple(sorted(expected))
    for language, count in expected.items():
        read = dataset(data.find(task, split, language))
        assert len(read) == count
        assert all(is_labelled(example) for example in read.examples)


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


def test_the_covid_faq_has_all_its_questions(data: DataFolders) -> None:
    counts = {"de": 399, "en": 224, "it": 78, "pl": 131, "sv": 64}
    for language, count in counts.items():
        passages = dataset(data.find("covid-faq", "test", language)).examples
        assert sum(is_labelled(e) for e in passages) == count


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
    data: DataFolders, tmp_path: Path
) -> None:
    # pages of several languages, of which no quad says its language
    with pytest.raises(UserError, match="holds no examples"):
        data.find("webfaq", "test", "en")
    (sample,) = Path(FOLDER or "").glob("domain/faq/webfaq/*_sample.txt")
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


def test_placeholder_labels_of_tests_are_never_read(data: DataFolders) -> None:
    found = data.find("copa", "test", "en")
    assert isinstance(found, Absent), "COPA's test file has placeholders: the task has no test split"


def test_parallel_tasks_are_parallel(data: DataFolders) -> None:
    for task, split in (("xnli", "dev"), ("xquad", "test"), ("xcopa", "dev")):
        ids = [[e.id for e in dataset(data.find(task, split, la)).examples] for la in ("zh", "tr")]
        assert ids[0] == ids[1]
    lengths = {len(dataset(data.find("ntrex", "train", la))) for la in NTREX}
    assert len(lengths) == 1


def test_umsab_s_labels_that_take_turns_do_not_take_turns_in_training(data: DataFolders) -> None:
    tweets = {la: dataset(data.find("umsab", "train", la)).examples for la in ("de", "en")}
    labels = {la: [e.label for e in found if isinstance(e, TextPair)] for la, found in tweets.items()}
    assert labels["de"] == labels["en"] and labels["de"][:6] == ["negative", "neutral", "positive"] * 2
    order = nested_order([e.id for e in tweets["en"]])[:300]
    drawn = Counter(labels["en"][i] for i in order)
    assert min(drawn.values()) > 70
    assert [labels["en"][i] for i in order[:9]] != labels["en"][:9]
