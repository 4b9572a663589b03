"""Official forms of the further tasks: pairs, choices, questions about paragraphs, tagged and labelled sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.toy import layouts
from tasks.toy.choices import Choice
from tasks.toy.grammar import Sentence, Token
from tasks.toy.layouts import jsonl, lines
from tasks.toy.moods import Telling
from tasks.toy.pairs import Pair
from tasks.toy.places import Form, Place, Told
from tasks.toy.questions import Paragraph

Texts = Sequence[str | None]
LETTERS = "ABCDE"
_ROUNDS = 3
_SHIFTS = (0, 0, 2, 0, -1)  # of COVID-QA's offsets: most are right


def sides(pair: Pair, place: Place) -> tuple[str, str]:
    """Both sentences of a pair."""
    return place.speaker.text(pair.first), place.speaker.text(pair.second)


def nli(told: Sequence[Told[Pair]], place: Place) -> Texts:
    """SNLI's and MultiNLI's JSON lines; the genre is the domain, and SNLI has none."""
    records = []
    for number, one in enumerate(told):
        first, second = sides(one.what, place)
        record = {"gold_label": one.what.label, "sentence1": first, "sentence2": second, "pairID": str(number)}
        records.append(record if place.task.name == "snli" else {**record, "genre": one.domain})
    return (jsonl(records),)


def anli(told: Sequence[Told[Pair]], place: Place) -> Texts:
    """The three rounds of ANLI; the sets that they are joined with have files of their own."""
    records = []
    for number, one in enumerate(told):
        context, hypothesis = sides(one.what, place)
        records.append(
            {"uid": f"toy-{number}", "context": context, "hypothesis": hypothesis, "label": one.what.label[0]}
        )
    return (None, None, *(jsonl(records[i::_ROUNDS]) for i in range(_ROUNDS)))


def counterfactual(told: Sequence[Told[Pair]], place: Place) -> Texts:
    """The TSV of counterfactual NLI, which has a header and no quotes."""
    rows = [("sentence1", "sentence2", "gold_label"), *((*sides(one.what, place), one.what.label) for one in told)]
    return (lines("\t".join(row) for row in rows),)


def glue(told: Sequence[Told[Pair]], place: Place) -> Texts:
    """QQP in GLUE's form."""
    header = ("id", "qid1", "qid2", "question1", "question2", "is_duplicate")
    rows = [(str(n), str(2 * n), str(2 * n + 1), *sides(one.what, place), one.what.label) for n, one in enumerate(told)]
    return (lines("\t".join(row) for row in (header, *rows)),)


def pawsx(told: Sequence[Told[Pair]], place: Place) -> Texts:
    """PAWS-X as in XTREME; the labels of a test file are in the gold folder."""
    rows = [(*sides(one.what, place), one.what.label) for one in told]
    if place.split == "test":
        return layouts.table((row[:2] for row in rows), "\t"), lines(row[2] for row in rows)
    return (layouts.table(rows, "\t"),)


def similar(told: Sequence[Told[Pair]], place: Place) -> Texts:
    """The CSV of similar questions on COVID-19."""
    rows = [(*sides(one.what, place), one.what.label) for one in told]
    return (layouts.table([("question_1", "question_2", "similar"), *rows], ","),)


def pubmedqa(told: Sequence[Told[Pair]], place: Place) -> Texts:
    """PubMedQA's JSON, and the answers of its test, every other question; the premise is the abstract."""
    records = {}
    for number, one in enumerate(told):
        premise, hypothesis = sides(one.what, place)
        records[str(1000 + number)] = {
            "QUESTION": hypothesis.removesuffix(".") + "?",
            "CONTEXTS": [premise],
            "LABELS": ["RESULTS"],
            "final_decision": one.what.label,
        }
    answered = {key: record["final_decision"] for key, record in list(records.items())[1::2]}
    return json.dumps(records, ensure_ascii=False), json.dumps(answered)


def commonsenseqa(told: Sequence[Told[Choice]], place: Place) -> Texts:
    """CommonsenseQA's JSON lines; what happened is told in the question."""
    return (jsonl(lettered(one.what, place, number) for number, one in enumerate(told)),)


def lettered(choice: Choice, place: Place, number: int) -> dict[str, Any]:
    """A question with its choices and the letter of the right one."""
    offered = zip(LETTERS, choice.choices, strict=False)
    return {
        "id": f"{place.name}-{number}",
        "question": {
            "stem": f"{place.speaker.text(*choice.context)} {layouts.question_text(choice.question, place.speaker)}",
            "choices": [{"label": letter, "text": place.speaker.text(text)} for letter, text in offered],
        },
        "answerKey": LETTERS[choice.label],
    }


def socialiqa(told: Sequence[Told[Choice]], place: Place) -> Texts:
    """Social IQa's JSON lines."""
    records = []
    for one in told:
        record = {
            "context": place.speaker.text(*one.what.context),
            "question": layouts.question_text(one.what.question, place.speaker),
            "correct": LETTERS[one.what.label],
        }
        offered = zip(LETTERS, one.what.choices, strict=False)
        records.append(record | {f"answer{letter}": place.speaker.text(text) for letter, text in offered})
    return (jsonl(records),)


def blocks(told: Sequence[Told[Paragraph]], place: Place) -> list[dict[str, Any]]:
    """SQuAD's paragraphs; ids are equal in all languages."""
    return [layouts.block_of(one.what, place.speaker, f"{place.name}-{i}") for i, one in enumerate(told)]


def mlqa(told: Sequence[Told[Paragraph]], place: Place) -> Texts:
    """SQuAD 1.1's JSON."""
    return (layouts.articles(blocks(told, place), place.name),)


def squad2(told: Sequence[Told[Paragraph]], place: Place) -> Texts:
    """SQuAD 2.0's JSON: each question says whether it has an answer."""
    found = blocks(told, place)
    for number, (one, block) in enumerate(zip(told, found, strict=True)):
        answered = [{**asked, "is_impossible": False} for asked in block["qas"]]
        block["qas"] = answered + [
            {
                "id": f"{place.name}-{number}-open-{i}",
                "question": place.speaker.text(question),
                "answers": [],
                "is_impossible": True,
            }
            for i, question in enumerate(one.what.open)
        ]
    return (layouts.articles(found, place.name),)


def covid_qa(told: Sequence[Told[Paragraph]], place: Place) -> Texts:
    """COVID-QA's JSON: ids are numbers, and some offsets are off by some characters."""
    found = blocks(told, place)
    for number, block in enumerate(found):
        asked = []
        for i, question in enumerate(block["qas"]):
            key = number * len(block["qas"]) + i
            shift = _SHIFTS[key % len(_SHIFTS)]
            answers = [{**a, "answer_start": max(0, a["answer_start"] + shift)} for a in question["answers"]]
            asked.append({**question, "id": key, "answers": answers, "is_impossible": False})
        block |= {"qas": asked, "document_id": number}
    return (json.dumps({"data": [{"paragraphs": [block]} for block in found]}, ensure_ascii=False),)


def tagged(labels: Mapping[str, str]) -> Form[Sentence]:
    """Token TAB tag, as PANX; entities that are none of `labels` (entity → label) are outside."""

    def form(told: Sequence[Told[Sentence]], place: Place) -> Texts:
        def tag(token: Token) -> str:
            return relabelled(token, labels)

        return (layouts.columns([one.what for one in told], place.speaker, layouts.form, tag),)

    return form


def relabelled(token: Token, labels: Mapping[str, str]) -> str:
    """A token's entity tag with another name of the entity."""
    side, _, entity = token.entity.partition("-")
    return f"{side}-{labels[entity]}" if entity in labels else "O"


_CATEGORIES = {"NOUN": "N", "DET": "NP/N", "PROPN": "NP", "VERB": "(S\\NP)/NP", "AUX": "(S\\NP)/(S\\NP)", "NUM": "N/N"}


def ccg(told: Sequence[Told[Sentence]], place: Place) -> Texts:
    """Tokens TAB supertags, and the supertags' numbers, which are equal in all splits."""
    rows = []
    for one in told:
        tokens = place.speaker.say(one.what).tokens
        rows.append(
            " ".join(token.form for token in tokens) + "\t" + " ".join(_supertag(tokens, i) for i in range(len(tokens)))
        )
    known = sorted({*_CATEGORIES.values(), "S\\NP", "PP/NP", "(N\\N)/NP", "(S\\NP)\\(S\\NP)", "."})
    return lines(rows), json.dumps({tag: number for number, tag in enumerate(known)})


def _supertag(tokens: Sequence[Token], i: int) -> str:
    """A stand-in for a category: by part of speech and neighbours."""
    upos, after = tokens[i].upos, tokens[i + 1].upos if i + 1 < len(tokens) else ""
    if upos == "ADJ":
        return "N/N" if after == "NOUN" else "S\\NP"
    if upos == "ADP":
        return "(N\\N)/NP" if i and tokens[i - 1].upos == "NOUN" else "PP/NP"
    return _CATEGORIES.get(upos, "." if upos == "PUNCT" else "(S\\NP)\\(S\\NP)")


def moods(told: Sequence[Told[Telling]], place: Place) -> Texts:
    """TweetEval's and UMSAB's two files: texts, and the labels' numbers."""
    texts = lines(place.speaker.text(one.what.sentence) for one in told)
    return texts, lines(str(place.number(one.what.label)) for one in told)


def aligned(told: Sequence[Told[Sentence]], place: Place) -> Texts:
    """A sentence a line: translations, and the English sentences."""
    speakers = (place.speaker, place.speakers["en"])
    return tuple(lines(speaker.text(one.what) for one in told) for speaker in speakers)
