"""What XTREME-R (Ruder et al. 2021, arXiv 2104.07412) adds: tasks, and languages for tasks of XTREME."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.catalog.build import english, split, with_gold, words
from tasks.catalog.xtreme import (
    MLQA_LANGUAGES,
    PANX_LANGUAGES,
    TATOEBA_LANGUAGES,
    TYDIQA_LANGUAGES,
    UDPOS_LANGUAGES,
    XNLI_LANGUAGES,
    XQUAD_LANGUAGES,
)
from tasks.declaration import Group, HeldOut, Layout, Split, Task
from tasks.examples import Kind

XCOPA_LANGUAGES = words("et ht id it qu sw ta th tr vi zh")
MEWSLIX_LANGUAGES = words("ar de en es fa ja pl ro ta tr uk")
MULTICHECKLIST_LANGUAGES = words(
    "af ar az bg bn de el en es et eu fa fi fr gu ha he hi ht hu id it ja jv ka kk ko lt ml mr ms my nl pa pl pt qu ru "
    "sw ta te th tl tr uk ur vi wo yo zh"
)
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
    before="socialiqa",
    selection="dev",
    report="test",
    sizes={"dev": 100, "test": 500},
)


def _news(name: str) -> Split:
    """Mentions of a language, in a file of their own or in one of all languages, and the entities that they search."""
    places = (f"mewslix/wikinews_mentions/{name}-{{language}}.jsonl", f"mewslix/wikinews_mentions-{name}.jsonl")
    layouts = (Layout((place, "mewslix/candidate_set_entities.jsonl")) for place in places)
    return Split(tuple(layouts), MEWSLIX_LANGUAGES)


# Sizes and files are those of the release of May 2022, which is not the one of the paper's scores
MEWSLIX = Task(
    name="mewslix",
    kind=Kind.RANKING,
    reader="mewslix",
    metric="map@20",
    group=Group.RETRIEVAL,
    languages=MEWSLIX_LANGUAGES,
    splits={
        "train": english("mewslix/wikipedia_pairs-train.jsonl"),
        "dev": _news("dev"),
        "test": _news("test"),
    },
    domain="news",
    licence="CC BY-SA 3.0 and CC BY 2.5 by source",
    citation="Ruder et al. 2021, XTREME-R; after Botha et al. 2020, Entity linking in 100 languages",
    train_on="mewslix",
    selection="dev",
    report="test",
    dev="dev",
    sizes={"train": 167_719, "dev": {"en": 316}, "test": {"en": 1_490}},
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
    train_on="squad",
    selection=HeldOut("test"),
    report="test",
    pool=LAREQA_LANGUAGES,
    normalised=False,
    sizes={"test": 1_190},
)

# The cases are filled into the published templates here, since the published ones are pickles (`readers.checklist`):
# scores are not comparable with the paper's error rates
MULTICHECKLIST = Task(
    name="multichecklist",
    kind=Kind.SPAN,
    reader="multichecklist",
    metric="squad",
    group=Group.QA,
    languages=MULTICHECKLIST_LANGUAGES,
    splits={"test": split(MULTICHECKLIST_LANGUAGES, "multichecklist/checklist_templates.tsv")},
    domain="templates",
    licence="Apache-2.0",
    citation="Ruder et al. 2021, XTREME-R (MultiCheckList); after Ribeiro et al. 2020, CheckList",
    train_on="squad",
    selection=HeldOut("test"),
    report="test",
    sizes={"test": 1_200},
    omits="cases that a language's templates cannot say",
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

TASKS = (XCOPA, MEWSLIX, LAREQA, MULTICHECKLIST)
