"""The hub's form of tasks that only the hub has: a JSON object a row, with the columns of the hub's copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tasks.toy import layouts
from tasks.toy.choices import Choice
from tasks.toy.forms import LETTERS, Texts, blocks, lettered, sides
from tasks.toy.moods import Telling
from tasks.toy.pairs import Pair
from tasks.toy.places import Place, Told
from tasks.toy.questions import Paragraph

Said = Callable[[Pair, Place], dict[str, Any]]


def medmcqa(told: Sequence[Told[Choice]], place: Place) -> Texts:
    """MedMCQA: the right answer is counted from 0; the domain is the subject, what is asked for the topic."""
    rows = []
    for number, one in enumerate(told):
        choice = one.what
        offered = (place.speaker.text(text) for text in choice.choices)
        rows.append(
            {
                "id": f"{place.name}-{number}",
                "question": _whole(choice, place),
                **{f"op{letter.lower()}": text for letter, text in zip(LETTERS, offered, strict=False)},
                "cop": choice.label,
                "choice_type": "single",
                "subject_name": one.domain,
                "topic_name": layouts.question_text(choice.question, place.speakers["en"]).split()[0],
            }
        )
    return (layouts.jsonl(rows),)


def headqa(told: Sequence[Told[Choice]], place: Place) -> Texts:
    """HEAD-QA: the right answer is counted from 1; the domain is the category."""
    rows = []
    for number, one in enumerate(told):
        texts = (place.speaker.text(text) for text in one.what.choices)
        rows.append(
            {
                "name": "toy",
                "category": one.domain,
                "qid": number,
                "qtext": _whole(one.what, place),
                "ra": one.what.label + 1,
                "answers": [{"aid": i, "atext": text} for i, text in enumerate(texts, start=1)],
            }
        )
    return (layouts.jsonl(rows),)


def _whole(choice: Choice, place: Place) -> str:
    """What happened and what is asked, in one text."""
    return f"{place.speaker.text(*choice.context)} {layouts.question_text(choice.question, place.speaker)}"


def xstorycloze(told: Sequence[Told[Choice]], place: Place) -> Texts:
    """XStoryCloze: four sentences and two endings, of which the right one is counted from 1."""
    rows = []
    for number, one in enumerate(told):
        say = place.speaker.text
        rows.append(
            {
                "story_id": f"{place.name}-{number}",
                **{f"input_sentence_{i}": say(sentence) for i, sentence in enumerate(one.what.context, start=1)},
                **{f"sentence_quiz{i}": say(ending) for i, ending in enumerate(one.what.choices, start=1)},
                "answer_right_ending": one.what.label + 1,
            }
        )
    return (layouts.jsonl(rows),)


def x_csqa(told: Sequence[Told[Choice]], place: Place) -> Texts:
    """X-CSQA: CommonsenseQA's, with choices as columns; the test set's letters are not published."""
    rows = []
    for number, one in enumerate(told):
        row = lettered(one.what, place, number)
        offered = row["question"]["choices"]
        row["question"]["choices"] = {name: [choice[name] for choice in offered] for name in ("label", "text")}
        rows.append({**row, "lang": place.language, "answerKey": "" if place.split == "test" else row["answerKey"]})
    return (layouts.jsonl(rows),)


def nli(told: Sequence[Told[Pair]], place: Place) -> Texts:
    """Premise, hypothesis and the label's number."""
    return _pairs(told, place, ("premise", "hypothesis"))


def ocnli(told: Sequence[Told[Pair]], place: Place) -> Texts:
    """The same under CLUE's names of the columns."""
    return _pairs(told, place, ("sentence1", "sentence2"))


def _pairs(told: Sequence[Told[Pair]], place: Place, names: tuple[str, str]) -> Texts:
    """Labels are numbers where the declaration has numbers for them."""
    rows = (
        {
            **dict(zip(names, sides(one.what, place), strict=True)),
            "label": place.number(one.what.label) if place.task.aliases else one.what.label,
        }
        for one in told
    )
    return (layouts.jsonl(rows),)


def tweets(told: Sequence[Told[Telling]], place: Place) -> Texts:
    """AfriSenti: a text and the label's number."""
    rows = ({"tweet": place.speaker.text(one.what.sentence), "label": place.number(one.what.label)} for one in told)
    return (layouts.jsonl(rows),)


def questions(told: Sequence[Told[Paragraph]], place: Place) -> Texts:
    """SQuAD's questions, a row each."""
    rows = []
    for number, block in enumerate(blocks(told, place)):
        for asked in block["qas"]:
            answers = {name: [answer[name] for answer in asked["answers"]] for name in ("text", "answer_start")}
            rows.append(
                {
                    "id": asked["id"],
                    "title": f"{place.name}-{number // 2}",
                    "context": block["context"],
                    "question": asked["question"],
                    "answers": answers,
                }
            )
    return (layouts.jsonl(rows),)
