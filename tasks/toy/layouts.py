"""Official file formats: the text of each file from abstract examples, in one language."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tasks.toy.choices import Choice
from tasks.toy.grammar import Sentence, Token
from tasks.toy.inference import Inference
from tasks.toy.questions import Asked, Paragraph
from tasks.toy.realise import Speaker

_PARAGRAPHS = 2  # an article of SQuAD's


def lines(texts: Iterable[str]) -> str:
    """A text a line."""
    return "".join(f"{text}\n" for text in texts)


def jsonl(records: Iterable[dict[str, Any]]) -> str:
    """A JSON object a line."""
    return lines(json.dumps(record, ensure_ascii=False) for record in records)


def table(rows: Iterable[Sequence[object]], delimiter: str) -> str:
    """Rows, quoted where they must be."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def snli(examples: Sequence[Inference], speaker: Speaker) -> str:
    """SNLI 1.0's JSON lines."""
    return jsonl(
        {
            "annotator_labels": [example.label],
            "captionID": f"toy{number // 3}.jpg#0",
            "gold_label": example.label,
            "pairID": f"toy{number // 3}.jpg#0r{number % 3}{example.label[0]}",
            "sentence1": speaker.text(example.premise),
            "sentence2": speaker.text(example.hypothesis),
        }
        for number, example in enumerate(examples)
    )


def xnli(examples: Sequence[Inference], speaker: Speaker, *, labelled: bool = True) -> str:
    """XNLI as in XTREME: sentence1 TAB sentence2 TAB label; test files leave the label out."""
    rows = ((speaker.text(e.premise), speaker.text(e.hypothesis), e.label) for e in examples)
    return table((row if labelled else row[:2] for row in rows), "\t")


def hellaswag(examples: Sequence[Choice], speaker: Speaker, split: str) -> str:
    """HellaSwag's JSON lines."""
    records = []
    for number, example in enumerate(examples):
        first, second = speaker.text(*example.context), str(example.question)
        records.append({
            "ind": number,
            "activity_label": "Changing things",
            "ctx_a": first,
            "ctx_b": second,
            "ctx": f"{first} {second}",
            "split": split,
            "split_type": "indomain",
            "label": example.label,
            "endings": [speaker.text(choice) for choice in example.choices],
            "source_id": f"toy~{split}~{number}",
        })  # fmt: skip
    return jsonl(records)


def cosmosqa(examples: Sequence[Choice], speaker: Speaker, split: str) -> str:
    """Cosmos QA's CSV."""
    header = ("id", "context", "question", "answer0", "answer1", "answer2", "answer3", "label")
    rows = (
        (
            f"toy##{split}##{number}",
            speaker.text(*example.context),
            question_text(example.question, speaker),
            *(speaker.text(choice) for choice in example.choices),
            example.label,
        )
        for number, example in enumerate(examples)
    )
    return table((header, *rows), ",")


def question_text(question: Sentence | str, speaker: Speaker) -> str:
    """A question, or its word."""
    return question if isinstance(question, str) else speaker.text(question)


def xcopa(examples: Sequence[Choice], speaker: Speaker, *, labelled: bool = True) -> str:
    """XCOPA's JSON lines; test files leave the label out."""
    return jsonl(
        {
            "premise": speaker.text(*example.context),
            "choice1": speaker.text(example.choices[0]),
            "choice2": speaker.text(example.choices[1]),
            "question": str(example.question),
            **({"label": example.label} if labelled else {}),
            "idx": number,
            "changed": False,
        }
        for number, example in enumerate(examples)
    )


def squad(paragraphs: Sequence[Paragraph], speaker: Speaker, name: str) -> str:
    """SQuAD 1.1's JSON: articles of two paragraphs, with titles and ids that are equal in all languages."""
    return articles([block_of(p, speaker, f"{name}-{i}") for i, p in enumerate(paragraphs)], name)


def lareqa(paragraphs: Sequence[Paragraph], speaker: Speaker, name: str) -> str:
    """XQuAD-R's JSON: SQuAD's, with the sentences of each paragraph and where they begin and end."""
    blocks = []
    for i, paragraph in enumerate(paragraphs):
        said, starts = _sentences(paragraph, speaker)
        breaks = [[start, start + len(text)] for text, start in zip(said, starts, strict=True)]
        block = block_of(paragraph, speaker, f"{name}-{i}")
        blocks.append(block | {"sentences": said, "sentence_breaks": breaks})
    return articles(blocks, name)


def articles(blocks: Sequence[dict[str, Any]], name: str) -> str:
    """SQuAD's JSON of paragraphs, two an article."""
    data = [
        {"title": f"{name.capitalize()}_{i // _PARAGRAPHS}", "paragraphs": blocks[i : i + _PARAGRAPHS]}
        for i in range(0, len(blocks), _PARAGRAPHS)
    ]
    return json.dumps({"version": "1.1", "data": data}, ensure_ascii=False)


def tydiqa(paragraphs: Sequence[Paragraph], speaker: Speaker, name: str) -> str:
    """TyDiQA's gold passages: an article for each question, ids that begin with the language."""
    language = "english" if speaker.code == "en" else speaker.code
    blocks = []
    for i, paragraph in enumerate(paragraphs):
        whole = block_of(paragraph, speaker, f"{language}-{name}-{i}")
        blocks += [{"paragraphs": [{"context": whole["context"], "qas": [asked]}]} for asked in whole["qas"]]
    return json.dumps({"version": "TyDiQA-GoldP-1.1-for-SQuAD-1.1", "data": blocks}, ensure_ascii=False)


def _sentences(paragraph: Paragraph, speaker: Speaker) -> tuple[list[str], list[int]]:
    """The sentences of a context, and where each begins."""
    said = [speaker.text(sentence) for sentence in paragraph.context]
    return said, [sum(len(text) + 1 for text in said[:i]) for i in range(len(said))]


def block_of(paragraph: Paragraph, speaker: Speaker, name: str) -> dict[str, Any]:
    """SQuAD's paragraph: a context and its questions with answers."""
    said, starts = _sentences(paragraph, speaker)
    asked = [
        _question(asked, speaker, paragraph.context[asked.sentence], starts[asked.sentence], f"{name}-{i}")
        for i, asked in enumerate(paragraph.asked)
    ]
    return {"context": " ".join(said), "qas": asked}


def _question(asked: Asked, speaker: Speaker, sentence: Sentence, start: int, name: str) -> dict[str, Any]:
    realised = speaker.say(sentence, asked.answer)
    forms = [token.form for token in realised.tokens]
    first, last = realised.span or (0, 0)
    answer = {"text": " ".join(forms[first:last]), "answer_start": start + sum(len(form) + 1 for form in forms[:first])}
    return {"id": name, "question": speaker.text(asked.question), "answers": [answer]}


def form(token: Token) -> str:
    """The token itself."""
    return token.form


def part_of_speech(token: Token) -> str:
    """UDPOS's tag of a token."""
    return token.upos


def entity(token: Token) -> str:
    """PANX's tag of a token."""
    return token.entity


def columns(sentences: Sequence[Sentence], speaker: Speaker, *fields: Callable[[Token], str]) -> str:
    """A token a line with the given columns of each token, a blank line between sentences."""
    blocks = (
        lines("\t".join(field(token) for field in fields) for token in speaker.say(sentence).tokens)
        for sentence in sentences
    )
    return "\n".join(blocks)
