"""Writes examples in the official file forms, so that tests can read them back. Shares no code with the readers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.tasks import official_domains

Files = dict[str, str]


def pairs(examples: Sequence[Any]) -> Files:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="\t")
    for e in examples:
        writer.writerow([e.first, e.second] if e.label is None else [e.first, e.second, e.label])
    return {"pairs.tsv": out.getvalue()}


def nli(examples: Sequence[Any]) -> Files:
    records = [{"gold_label": e.label, "sentence1": e.first, "sentence2": e.second, "pairID": "x"} for e in examples]
    return {"nli.jsonl": _json_lines([_without_none(record) for record in records])}


def qqp(examples: Sequence[Any]) -> Files:
    header = ["id", "qid1", "qid2", "question1", "question2", "is_duplicate"]
    labelled = examples[0].label is not None
    rows = [[str(i), "1", "2", e.first, e.second, e.label] for i, e in enumerate(examples)]
    lines = [header if labelled else header[:-1], *(row if labelled else row[:-1] for row in rows)]
    return {"qqp.tsv": "".join("\t".join(line) + "\n" for line in lines)}


def commonsenseqa(examples: Sequence[Any]) -> Files:
    records = [
        {
            "id": e.id,
            "answerKey": None if e.label is None else "ABCDE"[e.label],
            "question": {
                "question_concept": "thing",
                "stem": e.question,
                "choices": [{"label": "ABCDE"[i], "text": text} for i, text in enumerate(e.choices)],
            },
        }
        for e in examples
    ]
    return {"csqa.jsonl": _json_lines([_without_none(r) for r in records])}


def socialiqa(examples: Sequence[Any]) -> Files:
    records = [
        {
            "context": e.context,
            "question": e.question,
            **{f"answer{'ABC'[i]}": choice for i, choice in enumerate(e.choices)},
            "correct": None if e.label is None else "ABC"[e.label],
        }
        for e in examples
    ]
    return {"siqa.jsonl": _json_lines([_without_none(r) for r in records])}


def hellaswag(examples: Sequence[Any]) -> Files:
    records = [{"ind": 7, "ctx": e.context, "endings": list(e.choices), "label": e.label} for e in examples]
    return {"hellaswag.jsonl": _json_lines([_without_none(r) for r in records])}


def cosmosqa(examples: Sequence[Any]) -> Files:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    labelled = examples[0].label is not None
    header = ["id", "context", "question", "answer0", "answer1", "answer2", "answer3"]
    writer.writerow([*header, "label"] if labelled else header)
    for e in examples:
        row = [e.id, e.context, e.question, *e.choices]
        writer.writerow([*row, e.label] if labelled else row)
    return {"cosmosqa.csv": out.getvalue()}


def copa(examples: Sequence[Any]) -> Files:
    records = [
        {
            "premise": e.context,
            "choice1": e.choices[0],
            "choice2": e.choices[1],
            "question": "cause" if "cause" in e.question else "effect",
            "label": e.label,
            "idx": 3,
        }
        for e in examples
    ]
    return {"copa.jsonl": _json_lines([_without_none(r) for r in records])}


def squad(examples: Sequence[Any]) -> Files:
    articles = [
        {
            "title": e.article,
            "paragraphs": [
                {
                    "context": e.context,
                    "qas": [
                        {
                            "id": e.id,
                            "question": e.question,
                            "answers": [{"text": a.text, "answer_start": a.start} for a in e.answers]
                            or [{"text": "", "answer_start": 0}],
                        }
                    ],
                }
            ],
        }
        for e in examples
    ]
    return {"squad.json": json.dumps({"version": "1.1", "data": articles})}


def tags(examples: Sequence[Any]) -> Files:
    def sentence(e: Any) -> str:
        if e.tags is None:
            return "\n".join(e.tokens)
        return "\n".join(f"{token}\t{tag}" for token, tag in zip(e.tokens, e.tags, strict=True))

    return {"tags.tsv": "\n\n".join(sentence(e) for e in examples) + "\n"}


def text(examples: Sequence[Any]) -> Files:
    return {"text.txt": "".join(f"{e.text}\n" for e in examples)}


def parallel(examples: Sequence[Any]) -> Files:
    return {
        "a.de": "".join(f"{e.foreign}\r\n" for e in examples),
        "b.en": "".join(f"{e.english}\r\n" for e in examples),
    }


def tatoeba(examples: Sequence[Any]) -> Files:
    return {
        "a.deu": "".join(f"{e.candidate}\n" for e in examples),
        "b.eng": "".join(f"{e.query}\n" for e in sorted(examples, key=lambda e: int(e.match))),
    }


def sentences(examples: Sequence[Any]) -> Files:
    return {
        "train_text.txt": "".join(f"{e.first} \n" for e in examples),
        "train_labels.txt": "".join(f"{e.label}\n" for e in examples),
    }


def pubmedqa(examples: Sequence[Any]) -> Files:
    records = {e.id: {"QUESTION": e.first, "CONTEXTS": [e.second], "final_decision": e.label} for e in examples}
    return {"ori_pqal.json": json.dumps(records)}


def similar(examples: Sequence[Any]) -> Files:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [["question_1", "question_2", "similar"], *([e.first, e.second, e.label] for e in examples)]
    )
    return {"similar.csv": out.getvalue()}


def covid_faq(examples: Sequence[Any]) -> Files:
    answers = {e.id: e.text for e in examples if e.candidate}
    rows = [[e.text, answers[e.relevant[0]], "en"] for e in examples if not e.candidate]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter="\t").writerows([["question", "answer", "lang"], *rows])
    return {"faq.tsv": out.getvalue()}


def bucc(examples: Sequence[Any]) -> Files:
    sides = [[e for e in examples if e.candidate is side] for side in (False, True)]
    names = ("de-en.dev.de", "de-en.dev.en")
    return {name: "".join(f"{e.id}\t{e.text}\n" for e in side) for name, side in zip(names, sides, strict=True)}


def lareqa(examples: Sequence[Any]) -> Files:
    """One paragraph an article; its sentences are joined by single blanks."""
    articles = []
    for title in dict.fromkeys(e.article for e in examples if e.candidate):
        sentences = [e for e in examples if e.article == title and e.candidate]
        starts = [sum(len(e.text) + 1 for e in sentences[:i]) for i in range(len(sentences))]
        places = {e.id: start for e, start in zip(sentences, starts, strict=True)}
        asked = [
            {"id": e.id, "question": e.text, "answers": [{"text": "", "answer_start": places[e.relevant[0]]}]}
            for e in examples
            if e.article == title and not e.candidate
        ]
        paragraph = {
            "context": sentences[0].context,
            "sentences": [e.text for e in sentences],
            "sentence_breaks": [[s, s + len(e.text)] for s, e in zip(starts, sentences, strict=True)],
            "qas": asked,
        }
        articles.append({"title": title, "paragraphs": [paragraph]})
    return {"en.json": json.dumps({"data": articles})}


WRITERS: dict[str, Callable[[Sequence[Any]], Files]] = {
    "pairs": pairs,
    "nli": nli,
    "qqp": qqp,
    "hellaswag": hellaswag,
    "cosmosqa": cosmosqa,
    "commonsenseqa": commonsenseqa,
    "copa": copa,
    "socialiqa": socialiqa,
    "squad": squad,
    "tydiqa": squad,
    "tags": tags,
    "text": text,
    "parallel": parallel,
    "tatoeba": tatoeba,
    "sentences": sentences,
    "pubmedqa": pubmedqa,
    "similar": similar,
    "covid-faq": covid_faq,
    "bucc2018": bucc,
    "lareqa": lareqa,
    "covid-qa": squad,
    **official_domains.WRITERS,
}


def save(folder: Path, files: Files) -> list[Path]:
    """Write files under a folder; contents are text or bytes."""
    paths = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(path)
    return paths


def _json_lines(records: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _without_none(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value is not None}
