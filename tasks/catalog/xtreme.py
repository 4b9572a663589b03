"""The nine target tasks of XTREME (Hu et al. 2020, arXiv 2003.11080), in the layout of its preprocessing.

Test files of that layout have no labels. They come from the gold folder of the benchmark's scorer (`gold/…`) where a
user has it, and from the original files where those carry them.
"""

from __future__ import annotations

from tasks.catalog.build import NLI_LABELS, english, split, with_gold, words
from tasks.declaration import Group, HeldOut, Layout, Task
from tasks.examples import Kind

XNLI_LANGUAGES = words("ar bg de el en es fr hi ru sw th tr ur vi zh")
PAWSX_LANGUAGES = words("de en es fr ja ko zh")
PANX_LANGUAGES = words(
    "ar he vi id jv ms tl eu ml ta te af nl en de "
    "el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk tr et fi hu"
)
UDPOS_LANGUAGES = words(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh"
)
XQUAD_LANGUAGES = words("en es de el ru tr ar vi th zh hi")
MLQA_LANGUAGES = words("en es de ar hi vi zh")
TYDIQA_LANGUAGES = words("en ar bn fi id ko ru sw te")
TYDIQA_NAMES = {  # what ids of questions begin with
    "ar": "arabic",
    "bn": "bengali",
    "en": "english",
    "fi": "finnish",
    "id": "indonesian",
    "ko": "korean",
    "ru": "russian",
    "sw": "swahili",
    "te": "telugu",
}
BUCC_LANGUAGES = words("de fr ru zh")
TATOEBA_LANGUAGES = words(
    "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw zh kk tr et fi hu"
)
TATOEBA_FEWER = {"jv": 205, "ka": 746, "kk": 575, "ml": 687, "sw": 390, "ta": 307, "te": 234, "th": 548}

XNLI = Task(
    name="xnli",
    kind=Kind.CLASSIFICATION,
    reader="nli",  # its own TSV, or SNLI's forms where a space names such files to train on
    metric="accuracy",
    group=Group.CLASSIFICATION,
    languages=XNLI_LANGUAGES,
    splits={
        "train": english("xnli/train-{language}.tsv"),
        "dev": split(XNLI_LANGUAGES, "xnli/dev-{language}.tsv"),
        "test": with_gold(XNLI_LANGUAGES, "xnli/test-{language}.tsv", "gold/xnli/test-{language}.tsv"),
    },
    domain="mixed genres",
    licence="CC BY-NC 4.0",
    citation="Conneau et al. 2018, XNLI: evaluating cross-lingual sentence representations",
    labels=NLI_LABELS,
    aliases={"contradictory": "contradiction"},
    selection="dev",
    report="test",
    dev="dev",
    sizes={"train": 392_702, "dev": 2_490, "test": 5_010},
)

PAWSX = Task(
    name="pawsx",
    kind=Kind.CLASSIFICATION,
    reader="pairs",
    metric="accuracy",
    group=Group.CLASSIFICATION,
    languages=PAWSX_LANGUAGES,
    splits={
        "train": english("pawsx/train-{language}.tsv"),
        "dev": split(PAWSX_LANGUAGES, "pawsx/dev-{language}.tsv"),
        "test": with_gold(PAWSX_LANGUAGES, "pawsx/test-{language}.tsv", "gold/pawsx/test-{language}.tsv"),
    },
    domain="Wikipedia and Quora",
    licence="free for any purpose, as is; acknowledge Google",
    citation="Yang et al. 2019, PAWS-X: a cross-lingual adversarial dataset for paraphrase identification",
    labels=("0", "1"),
    selection="dev",
    report="test",
    dev="dev",
    sizes={"train": 49_401, "dev": 2_000, "test": 2_000},
)

UDPOS = Task(
    name="udpos",
    kind=Kind.TAGGING,
    reader="tags",
    metric="tag_f1",
    group=Group.TAGGING,
    languages=UDPOS_LANGUAGES,
    splits={
        "train": english("udpos/train-{language}.tsv"),
        "dev": split(UDPOS_LANGUAGES, "udpos/dev-{language}.tsv"),
        "test": with_gold(UDPOS_LANGUAGES, "udpos/test-{language}.tsv", "gold/udpos/test-{language}.tsv"),
    },
    domain="mixed (Universal Dependencies 2.5)",
    licence="by treebank; some CC BY-NC-SA 3.0",
    citation="Nivre et al. 2018, Universal Dependencies; converted as in Hu et al. 2020",
    labels=words("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"),
    selection="dev",
    report="test",
    dev="dev",
    sizes={"train": {"en": 21_253}, "dev": {"en": 3_974}},
)

PANX = Task(
    name="panx",
    kind=Kind.TAGGING,
    reader="tags",
    metric="tag_f1",
    group=Group.TAGGING,
    languages=PANX_LANGUAGES,
    splits={
        "train": english("panx/train-{language}.tsv"),
        "dev": split(PANX_LANGUAGES, "panx/dev-{language}.tsv"),
        "test": with_gold(PANX_LANGUAGES, "panx/test-{language}.tsv", "gold/panx/test-{language}.tsv"),
    },
    domain="Wikipedia",
    licence="none stated; text CC BY-SA (Wikipedia)",
    citation="Pan et al. 2017, Cross-lingual name tagging and linking for 282 languages; splits of Rahimi et al. 2019",
    labels=words("B-LOC B-ORG B-PER I-LOC I-ORG I-PER O"),
    selection="dev",
    report="test",
    dev="dev",
    sizes={"train": {"en": 20_000}, "dev": {"en": 10_000}, "test": {"en": 10_000}},
)

XQUAD = Task(
    name="xquad",
    kind=Kind.SPAN,
    reader="squad",
    metric="squad",
    group=Group.QA,
    languages=XQUAD_LANGUAGES,
    splits={
        # XTREME strips the answers of its copy; the original files and the gold folder carry them
        "test": split(XQUAD_LANGUAGES, "xquad/xquad.{language}.json", "gold/xquad/test-{language}.json"),
    },
    domain="Wikipedia",
    licence="CC BY-SA 4.0",
    citation="Artetxe et al. 2020, On the cross-lingual transferability of monolingual representations",
    train_on="squad",
    selection=HeldOut("test"),
    report="test",
    sizes={"test": 1_190},
)

MLQA = Task(
    name="mlqa",
    kind=Kind.SPAN,
    reader="squad",
    metric="mlqa",
    group=Group.QA,
    languages=MLQA_LANGUAGES,
    splits={
        "dev": split(MLQA_LANGUAGES, "mlqa/MLQA_V1/dev/dev-context-{language}-question-{language}.json"),
        "test": split(
            MLQA_LANGUAGES,
            "mlqa/MLQA_V1/test/test-context-{language}-question-{language}.json",
            "gold/mlqa/test-{language}.json",
        ),
    },
    domain="Wikipedia",
    licence="CC BY-SA 3.0",
    citation="Lewis et al. 2020, MLQA: evaluating cross-lingual extractive question answering",
    train_on="squad",
    selection="dev",
    report="test",
    sizes={
        "dev": {"en": 1_148, "de": 512, "es": 500, "ar": 517, "hi": 507, "vi": 511, "zh": 504},
        "test": {"en": 11_590, "de": 4_517, "es": 5_253, "ar": 5_335, "hi": 4_918, "vi": 5_495, "zh": 5_137},
    },
)

TYDIQA = Task(
    name="tydiqa",
    kind=Kind.SPAN,
    reader="tydiqa",
    metric="squad",
    group=Group.QA,
    languages=TYDIQA_LANGUAGES,
    splits={
        "train": english("tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.{language}.train.json"),
        # the official dev set is the benchmark's test set; XTREME strips its answers
        "test": split(
            TYDIQA_LANGUAGES,
            "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{language}.dev.json",
            "gold/tydiqa/test-{language}.json",
        ),
    },
    domain="Wikipedia",
    licence="Apache-2.0",
    citation="Clark et al. 2020, TyDi QA: a benchmark for information-seeking question answering (gold passage task)",
    selection=HeldOut("test"),
    report="test",
    dev=HeldOut("test"),
    codes=TYDIQA_NAMES,
    sizes={"train": {"en": 3_696}, "test": {"en": 440}},
)

BUCC = Task(
    name="bucc2018",
    kind=Kind.MINING,
    reader="bucc2018",
    metric="bucc_f1",
    group=Group.RETRIEVAL,
    languages=BUCC_LANGUAGES,
    splits={
        "dev": split(
            BUCC_LANGUAGES,
            Layout(
                ("bucc2018/{language}-en.dev.{language}", "bucc2018/{language}-en.dev.en"),
                gold="bucc2018/{language}-en.dev.gold",
            ),
        ),
        "test": split(
            BUCC_LANGUAGES,
            Layout(
                ("bucc2018/{language}-en.test.{language}", "bucc2018/{language}-en.test.en"),
                gold="gold/bucc2018/test-{language}.tsv",
            ),
            # without gold: pairs can be mined, not scored
            Layout(("bucc2018/{language}-en.test.{language}", "bucc2018/{language}-en.test.en"), labelled=False),
        ),
    },
    domain="Wikipedia and news commentary",
    licence="none stated (shared task)",
    citation="Zweigenbaum et al. 2018, Overview of the third BUCC shared task",
    selection="dev",
    report="test",
)

TATOEBA = Task(
    name="tatoeba",
    kind=Kind.RETRIEVAL,
    reader="tatoeba",
    metric="accuracy",
    group=Group.RETRIEVAL,
    languages=TATOEBA_LANGUAGES,
    splits={
        "test": split(
            TATOEBA_LANGUAGES,
            # LASER's own: line i of one side translates line i of the other
            Layout(("tatoeba/tatoeba.{iso3}-eng.{iso3}", "tatoeba/tatoeba.{iso3}-eng.eng")),
            # XTREME's: the English side is sorted, the gold file says which line each one translates
            Layout(
                ("tatoeba/{language}-en.{language}", "tatoeba/{language}-en.en"), gold="tatoeba/test-{language}.tsv"
            ),
            Layout(
                ("tatoeba/{language}-en.{language}", "tatoeba/{language}-en.en"),
                gold="gold/tatoeba/test-{language}.tsv",
            ),
            Layout(("tatoeba/{language}-en.{language}", "tatoeba/{language}-en.en"), labelled=False),
        ),
    },
    domain="everyday sentences",
    licence="CC BY 2.0 FR",
    citation="Artetxe & Schwenk 2019, Massively multilingual sentence embeddings for zero-shot cross-lingual transfer",
    selection=HeldOut("test"),
    report="test",
    sizes={"test": {**dict.fromkeys(TATOEBA_LANGUAGES, 1_000), **TATOEBA_FEWER}},
)

TASKS = (XNLI, PAWSX, UDPOS, PANX, XQUAD, MLQA, TYDIQA, BUCC, TATOEBA)
