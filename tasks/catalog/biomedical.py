"""Tasks on biomedical text: abstracts and articles, clinical cases, concepts, and translations about COVID-19."""

from __future__ import annotations

from tasks.catalog.build import EN, english, split, words
from tasks.declaration import HeldOut, Layout, Task
from tasks.examples import Kind

XL_BEL_LANGUAGES = words("de en es fi ja ko ru th tr zh")
E3C_NAMES = {"es": "Spanish", "eu": "Basque", "fr": "French", "it": "Italian"}
E3C_OTHERS = words("es eu fr it")
TICO19_LANGUAGES = words(
    "am ar bn ckb din es fa fr fuv ha hi id km ku lg ln mr ms my ne nus om prs ps pt ru rw so sw ta ti tl ur zh zu"
)

# The 500 expert labels of the published test, whose ids stand in a file of their own, and the 500 others
_PUBMEDQA_FILES = Layout(("pubmedqa/ori_pqal.json", "pubmedqa/test_ground_truth.json"))

PUBMEDQA = Task(
    name="pubmedqa",
    kind=Kind.CLASSIFICATION,
    reader="pubmedqa",
    metric="accuracy",
    languages=EN,
    splits={"train": split(EN, _PUBMEDQA_FILES), "test": split(EN, _PUBMEDQA_FILES)},
    domain="biomedical abstracts",
    licence="MIT",
    citation="Jin et al. 2019, PubMedQA: a dataset for biomedical research question answering",
    labels=("maybe", "no", "yes"),
    dev=HeldOut("train"),
    sizes={"train": 500, "test": 500},
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
    sizes={"train": 5_424, "dev": 923, "test": 940},
)

COVID_QA = Task(
    name="covid-qa",
    kind=Kind.SPAN,
    reader="covid-qa",
    metric="squad",
    languages=EN,
    splits={"train": english("covid-qa/COVID-QA.json")},
    domain="biomedical articles",
    licence="Apache-2.0 (of the collection); the articles' own terms",
    citation="Möller et al. 2020, COVID-QA: a question answering dataset for COVID-19",
    dev=HeldOut("train"),
    sizes={"train": 2_019},
)

# A mention asks with its sentence; the candidates are the concepts of the other languages' files. The files name no
# concepts, so a concept is called what the English file calls it most often, or else another one (`readers.concepts`);
# the published scores search the names of UMLS instead, which need its licence, and so are not comparable.
XL_BEL = Task(
    name="xl-bel",
    kind=Kind.RANKING,
    reader="xl-bel",
    metric="map@20",
    languages=XL_BEL_LANGUAGES,
    splits={
        "test": split(
            XL_BEL_LANGUAGES,
            Layout(("xl-bel/{language}_1k_test_query_with_context.txt", "xl-bel/*_1k_test_query_with_context.txt")),
        )
    },
    domain="biomedical mentions in Wikipedia",
    licence="MIT (of the collection); text CC BY-SA, concepts under UMLS's licence",
    citation="Liu et al. 2021, Learning domain-specialised representations for cross-lingual biomedical entity linking",
    selection=HeldOut("test"),
    report="test",
    sizes={"test": 1_000},
    omits="mentions of concepts that no other language's file names",
)

# English cases train, those of the other languages are scored: layer 1 has no published test set of its own
E3C = Task(
    name="e3c",
    kind=Kind.TAGGING,
    reader="e3c",
    metric="tag_f1",
    languages=E3C_OTHERS,
    splits={
        "train": english("e3c/English/layer1/*.xml"),
        "test": split(E3C_OTHERS, "e3c/{iso3}/layer1/*.xml"),
    },
    domain="clinical cases",
    licence="CC BY-NC 4.0",
    citation="Magnini et al. 2021, The E3C project: European clinical case corpus",
    labels=words("B-CLINENTITY I-CLINENTITY O"),
    dev=HeldOut("train"),
    selection=HeldOut("test"),
    report="test",
    codes=E3C_NAMES,
)

_TICO19_FILES = ("tico-19/all.en-{iso3}.tmx.zip", "tico-19/all.en-{iso3}.tmx")
# The names of es-LA, ru and zh are verified; Brazilian Portuguese and the other languages' are by analogy
_TICO19_CODES = {language: language for language in TICO19_LANGUAGES} | {"es": "es-LA", "pt": "pt-BR"}
_TICO19_DOMAIN = "COVID-19: PubMed, Wikipedia, news, dialogues"
_TICO19_CITATION = "Anastasopoulos et al. 2020, TICO-19: the translation initiative for COVID-19"

TICO19 = Task(
    name="tico19",
    kind=Kind.PARALLEL,
    reader="tmx",
    metric="none",
    languages=TICO19_LANGUAGES,
    splits={"train": split(TICO19_LANGUAGES, *_TICO19_FILES)},
    domain=_TICO19_DOMAIN,
    licence="CC0 1.0",
    citation=_TICO19_CITATION,
    codes=_TICO19_CODES,
    sizes={"train": 3_071},
)

TICO19_TEXT = Task(
    name="tico19-text",
    kind=Kind.TEXT,
    reader="tmx-text",
    metric="none",
    languages=TICO19_LANGUAGES,
    splits={"train": split(TICO19_LANGUAGES, *_TICO19_FILES)},
    domain=_TICO19_DOMAIN,
    licence="CC0 1.0",
    citation=_TICO19_CITATION,
    codes=_TICO19_CODES,
    sizes={"train": 3_071},
)

TASKS = (PUBMEDQA, NCBI_DISEASE, COVID_QA, XL_BEL, E3C, TICO19, TICO19_TEXT)
