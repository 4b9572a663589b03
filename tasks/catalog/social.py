"""Tasks on text of social media."""

from __future__ import annotations

from tasks.catalog.build import EN, english, split, words
from tasks.declaration import Layout, Split, Task
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
    sizes={"train": 3_394, "dev": 1_009, "test": 1_287},
)

TASKS = (UMSAB, EMOTION, WNUT17)
