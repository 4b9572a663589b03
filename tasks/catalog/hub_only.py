"""Tasks of other languages and domains that the Hugging Face hub alone has; nobody has verified them without a network.

A set that is published in one language alone is trained on as `ocnli?language=zh`: so a recipe says that it leaves
zero-shot transfer from English.
"""

from __future__ import annotations

from tasks.catalog.build import EN, NLI_LABELS, words
from tasks.declaration import HeldOut, Split, Task
from tasks.examples import Kind

SENTIMENTS = ("negative", "neutral", "positive")
AFRISENTI_NAMES = {
    "am": "amh",
    "dz": "arq",
    "ha": "hau",
    "ig": "ibo",
    "rw": "kin",
    "ma": "ary",
    "pcm": "pcm",
    "pt": "por",
    "sw": "swa",
    "ti": "tir",
    "om": "orm",
    "twi": "twi",
    "ts": "tso",
    "yo": "yor",
}
"""Languages as the collection names them; `dz` and `ma` stand for Algerian and Moroccan Arabic."""

STORY_LANGUAGES = words("ar en es eu hi id my ru sw te zh")
CSQA_LANGUAGES = words("ar de en es fr hi it ja nl pl pt ru sw ur vi zh")


def _splits(languages: tuple[str, ...], names: str) -> dict[str, Split]:
    """Splits whose only layout is the hub's, which `tasks.catalog.hub` adds."""
    return {name: Split((), languages) for name in names.split()}


MEDMCQA = Task(
    name="medmcqa",
    kind=Kind.CHOICE,
    reader="table",
    metric="accuracy",
    languages=EN,
    splits=_splits(EN, "train dev"),
    domain="medical entrance exams",
    licence="Apache-2.0",
    citation="Pal et al. 2022, MedMCQA: a large-scale multi-subject multi-choice dataset for medical domain QA",
    selection="dev",
    dev="dev",
    filters=("subject_name", "topic_name"),
    sizes={"train": 182_822, "dev": 4_183},
)

HEADQA = Task(
    name="headqa",
    kind=Kind.CHOICE,
    reader="table",
    metric="accuracy",
    languages=("en", "es"),
    splits=_splits(("en", "es"), "train dev test"),
    domain="healthcare exams",
    licence="MIT",
    citation="Vilares & Gómez-Rodríguez 2019, HEAD-QA: a healthcare dataset for complex reasoning",
    selection="dev",
    report="test",
    dev="dev",
    filters=("category",),
    sizes={"train": 2_657, "dev": 1_366, "test": 2_742},
)

SCITAIL = Task(
    name="scitail",
    kind=Kind.CLASSIFICATION,
    reader="table",
    metric="accuracy",
    languages=EN,
    splits=_splits(EN, "train dev test"),
    domain="school science",
    licence="Apache-2.0",
    citation="Khot et al. 2018, SciTail: a textual entailment dataset from science question answering",
    labels=("entails", "neutral"),
    selection="dev",
    report="test",
    dev="dev",
    sizes={"train": 23_097, "dev": 1_304, "test": 2_126},
)

AFRISENTI = Task(
    name="afrisenti",
    kind=Kind.CLASSIFICATION,
    reader="table",
    metric="accuracy",
    languages=tuple(AFRISENTI_NAMES),
    splits=_splits(tuple(AFRISENTI_NAMES), "train dev test"),
    domain="social media (Twitter)",
    licence="CC BY 4.0; the tweets' own terms",
    citation="Muhammad et al. 2023, AfriSenti: a Twitter sentiment analysis benchmark for African languages",
    labels=SENTIMENTS,
    train_on="umsab",  # it has no English; the labels are those of UMSAB
    selection="dev",
    report="test",
    codes=AFRISENTI_NAMES,
)

OCNLI = Task(
    name="ocnli",
    kind=Kind.CLASSIFICATION,
    reader="table",
    metric="accuracy",
    languages=("zh",),
    splits=_splits(("zh",), "train dev"),
    domain="mixed genres",
    licence="CC BY-NC 2.0",
    citation="Hu et al. 2020, OCNLI: original Chinese natural language inference",
    labels=NLI_LABELS,
    train_on="mnli",
    selection="dev",
    sizes={"train": 50_437, "dev": 2_950},
)

KLUE_NLI = Task(
    name="klue-nli",
    kind=Kind.CLASSIFICATION,
    reader="table",
    metric="accuracy",
    languages=("ko",),
    splits=_splits(("ko",), "train dev"),
    domain="news, Wikipedia and reviews",
    licence="CC BY-SA 4.0",
    citation="Park et al. 2021, KLUE: Korean language understanding evaluation",
    labels=NLI_LABELS,
    train_on="mnli",
    selection="dev",
    sizes={"train": 24_998, "dev": 3_000},
)

INDONLI = Task(
    name="indonli",
    kind=Kind.CLASSIFICATION,
    reader="table",
    metric="accuracy",
    languages=("id",),
    splits=_splits(("id",), "train dev test"),
    domain="Wikipedia, news and web",
    licence="CC BY-SA 3.0",
    citation="Mahendra et al. 2021, IndoNLI: a natural language inference dataset for Indonesian",
    labels=NLI_LABELS,
    train_on="mnli",
    selection="dev",
    report="test",
    sizes={"train": 10_330, "dev": 2_197, "test": 2_201},
)

SBERQUAD = Task(
    name="sberquad",
    kind=Kind.SPAN,
    reader="table",
    metric="squad",
    languages=("ru",),
    splits=_splits(("ru",), "train dev"),
    domain="Wikipedia",
    licence="none stated",
    citation="Efimov et al. 2020, SberQuAD: Russian reading comprehension dataset",
    train_on="squad",
    selection="dev",
    sizes={"train": 45_328, "dev": 5_036},
)

CMRC = Task(
    name="cmrc",
    kind=Kind.SPAN,
    reader="table",
    metric="mlqa",  # Chinese answers are compared character by character
    languages=("zh",),
    splits=_splits(("zh",), "train dev test"),
    domain="Wikipedia",
    licence="CC BY-SA 4.0",
    citation="Cui et al. 2019, A span-extraction dataset for Chinese machine reading comprehension",
    train_on="squad",
    selection="dev",
    report="test",
    sizes={"train": 10_142, "dev": 3_219, "test": 1_002},
)

XSTORYCLOZE = Task(
    name="xstorycloze",
    kind=Kind.CHOICE,
    reader="table",
    metric="accuracy",
    languages=STORY_LANGUAGES,
    splits=_splits(STORY_LANGUAGES, "train test"),
    domain="everyday stories",
    licence="CC BY-SA 4.0",
    citation="Lin et al. 2022, Few-shot learning with multilingual language models; after Mostafazadeh et al. 2016",
    selection=HeldOut("test"),
    report="test",
    dev=HeldOut("train"),
    sizes={"train": 360, "test": 1_511},
)

X_CSQA = Task(
    name="x-csqa",
    kind=Kind.CHOICE,
    reader="table",
    metric="accuracy",
    languages=CSQA_LANGUAGES,
    splits=_splits(CSQA_LANGUAGES, "dev test"),
    domain="ConceptNet",
    licence="none stated",
    citation="Lin et al. 2021, Common sense beyond English: X-CSR",
    train_on="commonsenseqa",
    selection="dev",
    report="test",  # its labels are not published
    sizes={"dev": 1_000, "test": 1_074},
)

TASKS = (
    MEDMCQA,
    HEADQA,
    SCITAIL,
    AFRISENTI,
    OCNLI,
    KLUE_NLI,
    INDONLI,
    SBERQUAD,
    CMRC,
    XSTORYCLOZE,
    X_CSQA,
)
