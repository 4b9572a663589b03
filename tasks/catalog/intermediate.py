"""English intermediate tasks: the nine of Phang et al. 2020 (arXiv 2005.13013), their parts, COPA and Social IQa.

Sizes are those of the paper's table 1 and of the datasets' cards.
"""

from __future__ import annotations

from itertools import product

from tasks.catalog.build import EN, NLI_LABELS, english
from tasks.declaration import Layout, Split, Task
from tasks.examples import Kind

CCG_TAGS = 1_363
ANLI_LETTERS = {"c": "contradiction", "e": "entailment", "n": "neutral"}

SNLI = Task(
    name="snli",
    kind=Kind.CLASSIFICATION,
    reader="nli",
    metric="accuracy",
    languages=EN,
    splits={
        name: english(f"snli/snli_1.0_{name}.jsonl", f"snli_1.0/snli_1.0_{name}.jsonl")
        for name in ("train", "dev", "test")
    },
    domain="image captions",
    licence="CC BY-SA 4.0",
    citation="Bowman et al. 2015, A large annotated corpus for learning natural language inference",
    labels=NLI_LABELS,
    dev="dev",
    sizes={"train": 549_367, "dev": 9_842, "test": 9_824},
)

# XNLI's English training set (`xnli/train-en.tsv`) holds the same pairs: it stands in where MultiNLI's file is missing
MNLI = Task(
    name="mnli",
    kind=Kind.CLASSIFICATION,
    reader="nli",
    metric="accuracy",
    languages=EN,
    splits={
        "train": english("mnli/multinli_1.0_train.jsonl", "multinli_1.0/multinli_1.0_train.jsonl", "xnli/train-en.tsv"),
        "dev": english("mnli/multinli_1.0_dev_matched.jsonl", "multinli_1.0/multinli_1.0_dev_matched.jsonl"),
        "dev_mismatched": english(
            "mnli/multinli_1.0_dev_mismatched.jsonl", "multinli_1.0/multinli_1.0_dev_mismatched.jsonl"
        ),
    },
    domain="mixed genres",
    licence="OANC, CC BY-SA 3.0, CC BY 3.0 by genre",
    citation="Williams et al. 2018, A broad-coverage challenge corpus for sentence understanding through inference",
    labels=NLI_LABELS,
    aliases={"contradictory": "contradiction"},
    filters=("genre",),
    dev="dev",
    sizes={"train": 392_702, "dev": 9_815, "dev_mismatched": 9_832},
)

ROUNDS = ("R1", "R2", "R3")


def _joined(snli: str, mnli: str, anli: str) -> Split:
    """SNLI, MNLI and the rounds of ANLI, each where it may lie, as one set."""
    theirs = tuple(f"anli_v1.0/{number}/{anli}.jsonl" for number in ROUNDS)
    places = product(
        (layout.files for layout in SNLI.splits[snli].layouts), (lay.files for lay in MNLI.splits[mnli].layouts)
    )
    return Split(tuple(Layout((*one, *two, *theirs)) for one, two in places), EN)


ANLI_PLUS = Task(
    name="anli+",
    kind=Kind.CLASSIFICATION,
    reader="nli",
    metric="accuracy",
    languages=EN,
    splits={"train": _joined("train", "train", "train"), "dev": _joined("dev", "dev", "dev")},
    domain="mixed",
    licence="CC BY-NC 4.0 (ANLI), and those of MNLI and SNLI",
    citation="Nie et al. 2020, Adversarial NLI; joined with MNLI and SNLI as in Phang et al. 2020",
    labels=NLI_LABELS,
    aliases={"contradictory": "contradiction", **ANLI_LETTERS},
    dev="dev",
    sizes={"train": 1_104_934, "dev": 22_857},
)

QQP = Task(
    name="qqp",
    kind=Kind.CLASSIFICATION,
    reader="qqp",
    metric="accuracy",
    languages=EN,
    splits={"train": english("qqp/train.tsv", "QQP/train.tsv"), "dev": english("qqp/dev.tsv", "QQP/dev.tsv")},
    domain="Quora questions",
    licence="Quora's terms",
    citation="Iyer et al. 2017, First Quora dataset release: question pairs (in GLUE, Wang et al. 2019)",
    labels=("0", "1"),
    dev="dev",
    sizes={"train": 363_846, "dev": 40_430},
)

SQUAD = Task(
    name="squad",
    kind=Kind.SPAN,
    reader="squad",
    metric="squad",
    languages=EN,
    splits={
        "train": english("squad/train-v1.1.json", "squad/train-v1.1.{language}.json"),  # the second: translations
        "dev": english("squad/dev-v1.1.json"),
    },
    domain="Wikipedia",
    licence="CC BY-SA 4.0",
    citation="Rajpurkar et al. 2016, SQuAD: 100,000+ questions for machine comprehension of text",
    dev="dev",
    sizes={"train": 87_599, "dev": 10_570},
)

SQUAD2 = Task(
    name="squad2",
    kind=Kind.SPAN,
    reader="squad",
    metric="squad2",
    languages=EN,
    splits={"train": english("squad/train-v2.0.json"), "dev": english("squad/dev-v2.0.json")},
    domain="Wikipedia",
    licence="CC BY-SA 4.0",
    labels=("unanswerable",),
    citation="Rajpurkar et al. 2018, Know what you don't know: unanswerable questions for SQuAD",
    dev="dev",
    sizes={"train": 130_319, "dev": 11_873},
)

HELLASWAG = Task(
    name="hellaswag",
    kind=Kind.CHOICE,
    reader="hellaswag",
    metric="accuracy",
    languages=EN,
    splits={"train": english("hellaswag/hellaswag_train.jsonl"), "dev": english("hellaswag/hellaswag_val.jsonl")},
    domain="video captions and WikiHow",
    licence="MIT",
    citation="Zellers et al. 2019, HellaSwag: can a machine really finish your sentence?",
    dev="dev",
    sizes={"train": 39_905, "dev": 10_042},
)

COSMOSQA = Task(
    name="cosmosqa",
    kind=Kind.CHOICE,
    reader="cosmosqa",
    metric="accuracy",
    languages=EN,
    splits={"train": english("cosmosqa/train.csv"), "dev": english("cosmosqa/valid.csv")},
    domain="blogs",
    licence="none stated",
    citation="Huang et al. 2019, Cosmos QA: machine reading comprehension with contextual commonsense reasoning",
    dev="dev",
    sizes={"train": 25_262, "dev": 2_985},
)

COMMONSENSEQA = Task(
    name="commonsenseqa",
    kind=Kind.CHOICE,
    reader="commonsenseqa",
    metric="accuracy",
    languages=EN,
    splits={
        "train": english("commonsenseqa/train_rand_split.jsonl"),
        "dev": english("commonsenseqa/dev_rand_split.jsonl"),
    },
    domain="ConceptNet",
    licence="none stated",
    citation="Talmor et al. 2019, CommonsenseQA: a question answering challenge targeting commonsense knowledge",
    dev="dev",
    sizes={"train": 9_741, "dev": 1_221},
)

# The labels are the numbers of the supertags, as in jiant
CCG = Task(
    name="ccg",
    kind=Kind.TAGGING,
    reader="ccg",
    metric="tag_accuracy",
    languages=EN,
    splits={
        name: Split((Layout((f"ccg/ccg.{name}", "ccg/tags_to_id.json")),), EN) for name in ("train", "dev", "test")
    },
    domain="newspaper (WSJ)",
    licence="LDC: the user brings the files",
    citation="Hockenmaier & Steedman 2007, CCGbank",
    labels=tuple(map(str, range(CCG_TAGS))),
    dev="dev",
    sizes={"train": 38_015, "dev": 5_484},
    brings="your own CCGbank (LDC): a sentence a line, its tokens, TAB, its supertags, with blanks between them; and "
    "`tags_to_id.json`, {supertag: number from 0}",
)

COPA = Task(
    name="copa",
    kind=Kind.CHOICE,
    reader="copa",
    metric="accuracy",
    languages=EN,
    splits={
        "train": english("xcopa/train-en.jsonl", "copa/train.jsonl"),
        "dev": english("xcopa/val-en.jsonl", "copa/val.jsonl"),
    },
    domain="everyday events",
    licence="BSD 2-clause",
    citation="Roemmele et al. 2011, Choice of plausible alternatives (in SuperGLUE, Wang et al. 2019)",
    dev="dev",
    sizes={"train": 400, "dev": 100},
)

SOCIALIQA = Task(
    name="socialiqa",
    kind=Kind.CHOICE,
    reader="socialiqa",
    metric="accuracy",
    languages=EN,
    splits={name: english(f"siqa/socialIQa_v1.4_{place}.jsonl") for name, place in (("train", "trn"), ("dev", "dev"))},
    domain="social situations",
    licence="CC BY 4.0",
    citation="Sap et al. 2019, Social IQa: commonsense reasoning about social interactions",
    dev="dev",
    sizes={"train": 33_410, "dev": 1_954},
)

COUNTERFACTUAL_NLI = Task(
    name="cad-nli",
    kind=Kind.CLASSIFICATION,
    reader="nli",
    metric="accuracy",
    languages=EN,
    splits={
        name: english(f"cad-nli/revised_combined/{name}.tsv", f"intermediate/cad-nli/revised_combined/{name}.tsv")
        for name in ("train", "dev", "test")
    },
    domain="image captions, revised to another label",
    licence="Apache-2.0",
    citation="Kaushik et al. 2020, Learning the difference that makes a difference (counterfactually augmented data)",
    labels=NLI_LABELS,
    dev="dev",
    sizes={"train": 6_664},
)

TASKS = (
    ANLI_PLUS,
    MNLI,
    QQP,
    SQUAD2,
    SQUAD,
    HELLASWAG,
    CCG,
    COSMOSQA,
    COMMONSENSEQA,
    SNLI,
    COPA,
    SOCIALIQA,
    COUNTERFACTUAL_NLI,
)
