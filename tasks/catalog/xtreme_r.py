"""What XTREME-R (Ruder et al. 2021, arXiv 2104.07412) adds: tasks, and languages for tasks of XTREME."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.catalog.build import EN, english, split, with_gold, words
from tasks.catalog.xtreme import (
    MLQA_LANGUAGES,
    PANX_LANGUAGES,
    TATOEBA_LANGUAGES,
    TYDIQA_LANGUAGES,
    UDPOS_LANGUAGES,
    XNLI_LANGUAGES,
    XQUAD_LANGUAGES,
)
from tasks.declaration import Group, HeldOut, Hub, Layout, Task
from tasks.examples import Kind

XCOPA_LANGUAGES = words("et ht id it qu sw ta th tr vi zh")
MEWSLIX_LANGUAGES = words("ar de en es fa ja pl ro ta tr uk")
LAREQA_LANGUAGES = words("ar de el en es hi ru th tr vi zh")

XCOPA = Task(
    name="xcopa",
    kind=Kind.CHOICE,
    reader="copa",
    metric="accuracy",
    group=Group.CLASSIFICATION,
    languages=XCOPA_LANGUAGES,
    splits={
        "dev": split(XCOPA_LANGUAGES, "xcopa/val-{language}.jsonl"),
        "test": with_gold(XCOPA_LANGUAGES, "xcopa/test-{language}.jsonl", "gold/xcopa/test-{language}.jsonl"),
    },
    domain="everyday events",
    licence="CC BY 4.0",
    citation="Ponti et al. 2020, XCOPA: a multilingual dataset for causal commonsense reasoning",
    train_on="copa",
    selection="dev",
    report="test",
    hub=Hub("cambridgeltl/xcopa"),
    sizes={"dev": 100, "test": 500},
)

MEWSLIX = Task(
    name="mewslix",
    kind=Kind.RANKING,
    reader="mewslix",
    metric="map@20",
    group=Group.RETRIEVAL,
    languages=MEWSLIX_LANGUAGES,
    splits={
        "train": english("mewslix/wikipedia_pairs-train.jsonl"),
        "dev": split(EN, "mewslix/wikipedia_pairs-dev.jsonl"),
        "test": split(MEWSLIX_LANGUAGES, "mewslix/wikinews_mentions/test-{language}.jsonl"),
    },
    domain="news",
    licence="CC BY-SA 3.0 and CC BY 2.5 by source",
    citation="Ruder et al. 2021, XTREME-R; after Botha et al. 2020, Entity linking in 100 languages",
    selection="dev",
    report="test",
    dev="dev",
    sizes={"train": 167_719, "dev": 14_051, "test": 14_624},
)

LAREQA = Task(
    name="lareqa",
    kind=Kind.RANKING,
    reader="lareqa",
    metric="map@20",
    group=Group.RETRIEVAL,
    languages=LAREQA_LANGUAGES,
    # the questions of a language search the sentences of all languages whose files are there
    splits={
        "test": split(LAREQA_LANGUAGES, Layout(("lareqa/xquad-r/{language}.json", "lareqa/xquad-r/*.json"))),
    },
    domain="Wikipedia",
    licence="CC BY-SA 4.0",
    citation="Roy et al. 2020, LAReQA: language-agnostic answer retrieval from a multilingual pool",
    selection=HeldOut("test"),
    report="test",
    normalised=False,
    sizes={"test": 1_190},
)

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "xnli": XNLI_LANGUAGES,
    "xcopa": XCOPA_LANGUAGES,
    "udpos": (*UDPOS_LANGUAGES, *words("lt pl uk wo ro")),
    "panx": (*PANX_LANGUAGES, *words("qu pl uk az lt pa gu ro")),
    "xquad": (*XQUAD_LANGUAGES, "ro"),
    "mlqa": MLQA_LANGUAGES,
    "tydiqa": TYDIQA_LANGUAGES,
    "tatoeba": (*TATOEBA_LANGUAGES, *words("az lt pl uk ro")),
    "mewslix": MEWSLIX_LANGUAGES,
    "lareqa": LAREQA_LANGUAGES,
}
"""The ten tasks of XTREME-R with its languages."""

TASKS = (XCOPA, MEWSLIX, LAREQA)
