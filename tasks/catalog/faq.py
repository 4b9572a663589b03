"""Tasks on frequently asked questions: answers to be found, and questions that ask the same."""

from __future__ import annotations

from tasks.catalog.build import english, split, words
from tasks.declaration import HeldOut, Task
from tasks.examples import Kind

FAQ_LANGUAGES = words("de en it pl sv")
WEBFAQ_LANGUAGES = words(
    "ar az bg bn ca cs da de el en es et fa fi fr he hi hr hu id is it ja ka kk ko lt lv mr ms nl no pl pt ro ru sk sl "
    "sq sr sv th tl tr uk ur uz vi zh"
)
"""The 49 languages whose questions have topics, as in WebFAQ's code; the files of others are read too."""

WEBFAQ_CODES = {
    "ca": "cat", "cs": "ces", "da": "dan", "fa": "fas", "hr": "hrv", "is": "isl", "lv": "lav", "no": "nor", "sk": "slk",
    "sl": "slv", "sq": "sqi", "sr": "srp", "sv": "swe", "uz": "uzb", "zh": "zho",
}  # fmt: skip
"""What WebFAQ calls languages that have another ISO 639-3 code in `tasks.languages`, or none."""

COVID_FAQ = Task(
    name="covid-faq",
    kind=Kind.RANKING,
    reader="covid-faq",
    metric="faq",
    languages=FAQ_LANGUAGES,
    splits={"test": split(FAQ_LANGUAGES, "covid-faq/faq_200327.tsv")},
    domain="public health FAQ",
    licence="Apache-2.0 (of the collection); the texts belong to public authorities",
    citation="deepset 2020, COVID-QA: FAQ of public authorities of 27 March 2020",
    selection=HeldOut("test"),
    report="test",
    sizes={"test": {"de": 399, "en": 224, "it": 78, "pl": 131, "sv": 64}},
)

# English pairs train, German ones are scored: each language has one file, of pairs of its own
COVID_FAQ_SIMILARITY = Task(
    name="covid-faq-similarity",
    kind=Kind.CLASSIFICATION,
    reader="similar",
    metric="accuracy",
    languages=("de",),
    splits={
        "train": english("covid-faq/eval_question_similarity_en.csv"),
        "test": split(("de",), "covid-faq/eval_question_similarity_de.csv"),
    },
    domain="public health FAQ",
    licence="Apache-2.0 (of the collection)",
    citation="deepset 2020, COVID-QA: pairs of questions, similar or not",
    labels=("0", "1"),
    dev=HeldOut("train"),
    selection=HeldOut("test"),
    report="test",
    sizes={"train": 488, "test": 624},
)

# Verified in the publishers' code and in that of users: the columns `origin`, `url`, `question`, `answer`, and `topic`
# and `question_type` in languages with enough sites; a configuration a language (ISO 639-3), the split `default`; the
# topics, such as "Healthcare Services, Wellness and Lifestyle". Not verified on the hub's files themselves: whether a
# row may lack its topic. The N-Quads are those of the Web Data Commons that WebFAQ is made from, without topics.
WEBFAQ = Task(
    name="webfaq",
    kind=Kind.RANKING,
    reader="webfaq",
    metric="faq",
    languages=WEBFAQ_LANGUAGES,
    splits={"test": split(WEBFAQ_LANGUAGES, "webfaq/{language}.jsonl", "webfaq/{language}.nq")},
    domain="FAQ pages of the web",
    licence="CC BY 4.0 (of the collection); the texts belong to their sites",
    citation="Dinzinger et al. 2025, WebFAQ: a multilingual collection of natural Q&A datasets for dense retrieval",
    selection=HeldOut("test"),
    report="test",
    codes=WEBFAQ_CODES,
    filters=("topic", "question_type", "origin"),
)

TASKS = (COVID_FAQ, COVID_FAQ_SIMILARITY, WEBFAQ)
