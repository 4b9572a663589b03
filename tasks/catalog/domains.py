"""Tasks of other domains than XTREME's: biomedical text, social media, frequently asked questions."""

from __future__ import annotations

from tasks.catalog.build import EN, english, split, words
from tasks.declaration import HeldOut, Hub, Layout, Split, Task
from tasks.examples import Kind

UMSAB_NAMES = {
    "ar": "arabic",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "hi": "hindi",
    "it": "italian",
    "pt": "portuguese",
}
UMSAB_LANGUAGES = tuple(UMSAB_NAMES)
FAQ_LANGUAGES = words("de en it pl sv")

PUBMEDQA = Task(
    name="pubmedqa",
    kind=Kind.CLASSIFICATION,
    reader="pubmedqa",
    metric="accuracy",
    languages=EN,
    splits={"train": english("pubmedqa/ori_pqal.json")},
    domain="biomedical abstracts",
    licence="MIT",
    citation="Jin et al. 2019, PubMedQA: a dataset for biomedical research question answering",
    labels=("maybe", "no", "yes"),
    dev=HeldOut("train"),
    hub=Hub("qiaojin/PubMedQA", config="pqa_labeled"),
    sizes={"train": 1_000},
)

NCBI_DISEASE = Task(
    name="ncbi-disease",
    kind=Kind.TAGGING,
    reader="tags",
    metric="tag_f1",
    languages=EN,
    splits={
        name: english(f"ncbi-disease-iob/{place}.tsv")
        for name, place in (("train", "train"), ("dev", "devel"), ("test", "test"))
    },
    domain="biomedical abstracts",
    licence="CC BY 4.0 (of the IOB form)",
    citation="Doğan et al. 2014, NCBI disease corpus; in the IOB form of Crichton et al. 2017",
    labels=words("B-Disease I-Disease O"),
    dev="dev",
    hub=Hub("ncbi/ncbi_disease"),
    sizes={"train": 5_424, "dev": 923, "test": 940},
)

UMSAB = Task(
    name="umsab",
    kind=Kind.CLASSIFICATION,
    reader="sentences",
    metric="accuracy",
    languages=UMSAB_LANGUAGES,
    splits={
        name: split(UMSAB_LANGUAGES, Layout((f"umsab/{{iso3}}/{place}_text.txt", f"umsab/{{iso3}}/{place}_labels.txt")))
        for name, place in (("train", "train"), ("dev", "val"), ("test", "test"))
    },
    domain="social media (Twitter)",
    licence="Apache-2.0 (of the collection); the tweets' own terms",
    citation="Barbieri et al. 2022, XLM-T: multilingual language models in Twitter for sentiment analysis and beyond",
    labels=("negative", "neutral", "positive"),
    aliases={"0": "negative", "1": "neutral", "2": "positive"},
    selection="dev",
    report="test",
    dev="dev",
    codes=UMSAB_NAMES,
    hub=Hub("cardiffnlp/tweet_sentiment_multilingual"),
    sizes={"train": 1_839, "dev": 324, "test": 870},
)

EMOTION = Task(
    name="tweeteval-emotion",
    kind=Kind.CLASSIFICATION,
    reader="sentences",
    metric="accuracy",
    languages=EN,
    splits={
        name: Split((Layout(tuple(f"tweeteval/emotion/{place}_{what}.txt" for what in ("text", "labels"))),), EN)
        for name, place in (("train", "train"), ("dev", "val"), ("test", "test"))
    },
    domain="social media (Twitter)",
    licence="the source's and Twitter's terms",
    citation="Barbieri et al. 2020, TweetEval; after Mohammad et al. 2018, SemEval-2018 task 1",
    labels=("anger", "joy", "optimism", "sadness"),
    aliases={"0": "anger", "1": "joy", "2": "optimism", "3": "sadness"},
    dev="dev",
    hub=Hub("cardiffnlp/tweet_eval", config="emotion"),
    sizes={"train": 3_257, "dev": 374, "test": 1_421},
)

WNUT17 = Task(
    name="wnut17",
    kind=Kind.TAGGING,
    reader="tags",
    metric="tag_f1",
    languages=EN,
    splits={
        "train": english("wnut17/wnut17train.conll"),
        "dev": english("wnut17/emerging.dev.conll"),
        "test": english("wnut17/emerging.test.annotated"),
    },
    domain="social media",
    licence="CC BY 4.0",
    citation="Derczynski et al. 2017, Results of the WNUT2017 shared task on novel and emerging entity recognition",
    labels=(
        *(
            f"{side}-{what}"
            for side in "BI"
            for what in words("corporation creative-work group location person product")
        ),
        "O",
    ),
    dev="dev",
    hub=Hub("leondz/wnut_17"),
    sizes={"train": 3_394, "dev": 1_009, "test": 1_287},
)

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
    sizes={"test": 896},
)

COVID_FAQ_SIMILARITY = Task(
    name="covid-faq-similarity",
    kind=Kind.CLASSIFICATION,
    reader="similar",
    metric="accuracy",
    languages=("de", "en"),
    splits={
        "train": english("covid-faq/eval_question_similarity_en.csv"),
        "test": split(("de", "en"), "covid-faq/eval_question_similarity_{language}.csv"),
    },
    domain="public health FAQ",
    licence="Apache-2.0 (of the collection)",
    citation="deepset 2020, COVID-QA: pairs of questions, similar or not",
    labels=("0", "1"),
    dev=HeldOut("train"),
    selection=HeldOut("test"),
    report="test",
    sizes={"test": 624},
)

TASKS = (PUBMEDQA, NCBI_DISEASE, UMSAB, EMOTION, WNUT17, COVID_FAQ, COVID_FAQ_SIMILARITY)
