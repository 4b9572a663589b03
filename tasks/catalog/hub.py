"""What the Hugging Face hub keeps of each task, and in which form; nobody has verified these without a network.

`crosslift data fetch` brings them to a data folder, a JSON object a line. A task is not here if its hub copy cannot
stand for the official files: BUCC's holds no distractors. Without splits, neither can those that stand here.
XQuAD's names no articles: its fifth is held out by paragraph, and so has other questions than that of the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tasks.declaration import Hub, Layout, Split, Table, Task

VALIDATED = {"train": "train", "dev": "validation"}
WHOLE = {**VALIDATED, "test": "test"}


def table(
    *,
    only: tuple[tuple[str, str], ...] = (),
    prefixed: tuple[tuple[str, str], ...] = (),
    unlabelled: tuple[str, ...] = ("-1",),
    counted_from: str = "0",
    **columns: str | tuple[str, ...],
) -> Table:
    """A table by its roles; `counted_from` is what the first choice is called."""
    roles = {role: (c,) if isinstance(c, str) else c for role, c in columns.items()}
    return Table(tuple(sorted(roles.items())), only, unlabelled, prefixed, counted_from)


NLI = table(first="premise", second="hypothesis", label="label")
SENTENCES = table(first="sentence1", second="sentence2", label="label")
QUESTIONS = table(
    id="id", question="question", context="context", answers="answers.text", starts="answers.answer_start"
)
ARTICLES = table(
    id="id",
    article="title",
    question="question",
    context="context",
    answers="answers.text",
    starts="answers.answer_start",
)
NAMES = table(tokens="tokens", tags="ner_tags")

HUBS: Mapping[str, Hub] = {
    "snli": Hub("stanfordnlp/snli", splits=WHOLE, table=NLI),
    "mnli": Hub(
        "nyu-mll/multi_nli",
        splits={"train": "train", "dev": "validation_matched", "dev_mismatched": "validation_mismatched"},
        table=NLI,
    ),
    "anli+": Hub(
        "facebook/anli",
        splits={"train": "train_r1 train_r2 train_r3", "dev": "dev_r1 dev_r2 dev_r3"},
        table=NLI,
        after=("snli", "mnli"),
    ),
    "qqp": Hub("nyu-mll/glue", "qqp", VALIDATED, table(first="question1", second="question2", label="label")),
    "squad": Hub("rajpurkar/squad", splits=VALIDATED, table=ARTICLES),
    "squad2": Hub("rajpurkar/squad_v2", splits=VALIDATED, table=ARTICLES),
    "hellaswag": Hub("Rowan/hellaswag", splits=VALIDATED),
    "cosmosqa": Hub(
        "allenai/cosmos_qa",
        splits=VALIDATED,
        table=table(
            id="id",
            context="context",
            question="question",
            choices=("answer0", "answer1", "answer2", "answer3"),
            label="label",
        ),
    ),
    "commonsenseqa": Hub("tau/commonsense_qa", splits=VALIDATED),
    "copa": Hub("aps/super_glue", "copa", VALIDATED),
    "socialiqa": Hub(
        "allenai/social_i_qa",
        splits=VALIDATED,
        table=table(
            context="context",
            question="question",
            choices=("answerA", "answerB", "answerC"),
            label="label",
            counted_from="1",
        ),
    ),
    "xnli": Hub("facebook/xnli", "{language}", WHOLE, NLI),
    "pawsx": Hub("google-research-datasets/paws-x", "{language}", WHOLE, SENTENCES),
    "udpos": Hub("google/xtreme", "udpos", lacks="XTREME's conversion of fused tokens"),
    "panx": Hub("google/xtreme", "PAN-X.{language}", WHOLE, NAMES),
    "xquad": Hub("google/xquad", "xquad.{language}", {"test": "validation"}, replace(QUESTIONS, paragraphs=True)),
    "mlqa": Hub("facebook/mlqa", "mlqa.{language}.{language}", {"dev": "validation", "test": "test"}, QUESTIONS),
    "tydiqa": Hub(
        "google-research-datasets/tydiqa",
        "secondary_task",
        {"train": "train", "test": "validation"},
        replace(ARTICLES, prefixed=(("id", "{iso3}-"),)),
    ),
    "xcopa": Hub("cambridgeltl/xcopa", "{language}", {"dev": "validation", "test": "test"}),
    "pubmedqa": Hub("qiaojin/PubMedQA", "pqa_labeled"),  # does not say which of its rows are the test's
    "ncbi-disease": Hub("ncbi/ncbi_disease", splits=WHOLE, table=NAMES),
    "umsab": Hub("cardiffnlp/tweet_sentiment_multilingual", "{iso3}", WHOLE, table(first="text", label="label")),
    "tweeteval-emotion": Hub("cardiffnlp/tweet_eval", "emotion", WHOLE, table(first="text", label="label")),
    "wnut17": Hub("leondz/wnut_17", splits=WHOLE, table=NAMES),
    "covid-qa": Hub("deepset/covid_qa_deepset", lacks="offsets that lead to all its answers"),
    "webfaq": Hub("PaDaS-Lab/webfaq", "{iso3}", {"test": "default"}),
    "medmcqa": Hub(
        "openlifescienceai/medmcqa",
        splits=VALIDATED,
        table=table(id="id", question="question", choices=("opa", "opb", "opc", "opd"), label="cop"),
    ),
    "headqa": Hub(
        "dvilares/head_qa",
        "{language}",
        WHOLE,
        table(question="qtext", choices="answers.atext", label="ra", counted_from="1"),
    ),
    "scitail": Hub("allenai/scitail", "tsv_format", WHOLE, NLI),
    "afrisenti": Hub("shmuhammad/AfriSenti-twitter-sentiment", "{iso3}", WHOLE, table(first="tweet", label="label")),
    "ocnli": Hub("clue/clue", "ocnli", VALIDATED, SENTENCES),
    "klue-nli": Hub("klue/klue", "nli", VALIDATED, NLI),
    "indonli": Hub("afaji/indonli", splits={**VALIDATED, "test": "test_lay"}, table=NLI),
    "sberquad": Hub("kuznetsoffandrey/sberquad", splits=VALIDATED, table=ARTICLES),
    "cmrc": Hub("hfl/cmrc2018", splits=WHOLE, table=QUESTIONS),
    "xstorycloze": Hub(
        "juletxara/xstory_cloze",
        "{language}",
        {"train": "train", "test": "eval"},
        table(
            id="story_id",
            context=("input_sentence_1", "input_sentence_2", "input_sentence_3", "input_sentence_4"),
            choices=("sentence_quiz1", "sentence_quiz2"),
            label="answer_right_ending",
            counted_from="1",
        ),
    ),
    "x-csqa": Hub(
        "INK-USC/xcsr",
        "X-CSQA-{language}",
        {"dev": "validation", "test": "test"},
        table(
            id="id",
            question="question.stem",
            choices="question.choices.text",
            letters="question.choices.label",
            label="answerKey",
        ),
    ),
}


def numbered(labels: str) -> dict[str, str]:
    """`"O B-PER"` → `{"0": "O", "1": "B-PER"}`."""
    return {str(number): label for number, label in enumerate(labels.split())}


NUMBERED: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(
        ("snli", "mnli", "anli+", "xnli", "klue-nli", "indonli"), numbered("entailment neutral contradiction")
    ),
    "ocnli": numbered("neutral entailment contradiction"),
    "panx": numbered("O B-PER I-PER B-ORG I-ORG B-LOC I-LOC"),
    "ncbi-disease": numbered("O B-Disease I-Disease"),
    "wnut17": numbered(
        "O B-corporation I-corporation B-creative-work I-creative-work B-group I-group "
        "B-location I-location B-person I-person B-product I-product"
    ),
    "afrisenti": numbered("positive neutral negative"),
}
"""What the hub calls labels: mostly numbers, in an order of its own."""


def with_hub(task: Task) -> Task:
    """A task that can also be read as the hub has it, where the official files are not there."""
    hub = HUBS.get(task.name)
    if hub is None:
        return task
    splits = {name: _extended(split, hub, task.name, name) for name, split in task.splits.items()}
    return replace(task, hub=hub, splits=splits, aliases={**NUMBERED.get(task.name, {}), **task.aliases})


def _extended(split: Split, hub: Hub, task: str, name: str) -> Split:
    if name not in hub.splits:
        return split
    parts = tuple(HUBS[other].file(other, name) for other in hub.after)
    layout = Layout((*parts, hub.file(task, name)), table=hub.table)
    return split if layout in split.layouts else replace(split, layouts=(*split.layouts, layout))
