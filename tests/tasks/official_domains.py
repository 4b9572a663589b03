"""Writes biomedical text, FAQ, entities, supertags and templates in their forms. Shares no code with the readers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Files = dict[str, str]


def ccg(examples: Sequence[Any]) -> Files:
    numbers = {f"S[dcl]\\NP/{tag}": int(tag) for e in examples for tag in e.tags}
    tags = {str(number): tag for tag, number in numbers.items()}
    lines = (" ".join(e.tokens) + "\t" + " ".join(tags[tag] for tag in e.tags) for e in examples)
    return {"ccg.train": "".join(f"{line}\n" for line in lines), "tags_to_id.json": json.dumps(numbers)}


def webfaq(examples: Sequence[Any]) -> Files:
    answers = {e.id: e.text for e in examples if e.candidate}
    records = [
        {
            "origin": "a.example",
            "url": e.article,
            "question": e.text,
            "answer": answers[e.relevant[0]],
            "topic": "Travel",
        }
        for e in examples
        if not e.candidate
    ]
    return {"en.jsonl": "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)}


def xl_bel(examples: Sequence[Any]) -> Files:
    """Each sentence begins with its mention; rows of concepts that nobody names keep the place of queries."""
    asked = {int(e.id.partition("-")[2]): e for e in examples if not e.candidate}
    lines = ["C9999999||x||<tgt>x</tgt>"] * (max(asked) + 1)
    for number, e in asked.items():
        lines[number] = f"{e.article}||{e.text}||<tgt>{e.text}</tgt>{e.context.removeprefix(e.text)}"
    names = [f"{e.id}||{e.text}||<tgt>{e.text}</tgt> ." for e in examples if e.candidate]
    ending = "_1k_test_query_with_context.txt"
    return {f"en{ending}": "".join(f"{x}\n" for x in lines), f"de{ending}": "".join(f"{x}\n" for x in names)}


def tmx(examples: Sequence[Any]) -> Files:
    def unit(key: str, english: str, foreign: str) -> str:
        sides = (("en", english), ("es-LA", foreign))
        told = "".join(f'<tuv xml:lang="{code}">\n<seg>{escape(text)}</seg></tuv>' for code, text in sides)
        return f"<tu tuid={quoteattr(key)}><prop type='note'>x</prop>{told}</tu>\n"

    units = "".join(
        unit(e.id, getattr(e, "english", "x"), e.foreign if hasattr(e, "foreign") else e.text) for e in examples
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4"><header srclang="en"></header><body>\n'
    return {"all.tmx": f"{head}{units}</body></tmx>\n"}


def e3c(examples: Sequence[Any]) -> Files:
    """One document: tokens are joined by blanks, and offsets count UTF-16 units."""

    def size(text: str) -> int:
        return len(text.encode("utf-16-le")) // 2

    items: list[str] = []
    text = ""
    for e in examples:
        begin, entity = size(text), None
        for token, tag in zip(e.tokens, e.tags, strict=True):
            start, end = size(text), size(text + token)
            items.append(_piece("type4:Token", start, end))
            if tag.startswith("B"):
                items.append(_piece("custom:CLINENTITY", start, end))
                entity = start
            elif tag.startswith("I"):
                items[items.index(next(x for x in items if x.startswith(f'<custom:CLINENTITY begin="{entity}"')))] = (
                    _piece("custom:CLINENTITY", entity or 0, end)
                )
            text += f"{token} "
        items.append(_piece("type4:Sentence", begin, size(text) - 1))
    spaces = 'xmlns:type4="t.ecore" xmlns:custom="c.ecore" xmlns:cas="cas.ecore" xmlns:xmi="http://www.omg.org/XMI"'
    body = "\n".join([*items, f"<cas:Sofa sofaString={quoteattr(text)}/>"])
    return {"EN1.xml": f'<?xml version="1.0" encoding="UTF-8"?><xmi:XMI {spaces}>\n{body}\n</xmi:XMI>\n'}


def _piece(layer: str, begin: int, end: int) -> str:
    return f'<{layer} begin="{begin}" end="{end}"/>'


def mewslix(examples: Sequence[Any]) -> Files:
    """Words alone: `mention: left { mention } right`, with a sentence before and one after it."""
    articles, entities = [], []
    for e in examples:
        if e.candidate:
            spans = [{"start": 0, "end": len(e.text)}]
            entities.append({"entity_id": e.id, "title": "T", "description": e.text, "sentence_spans": spans})
            continue
        mention, _, sentence = e.text.partition(": ")
        left, right = sentence.split(f" {{ {mention} }} ")
        parts = ["Before .", f"{left} {mention} {right}", "After ."]
        starts = [sum(len(part) + 1 for part in parts[:i]) for i in range(3)]
        begin = starts[1] + len(left) + 1
        spans = [{"start": s, "end": s + len(part)} for s, part in zip(starts, parts, strict=True)]
        context = {"document_id": e.article, "language": "en", "text": " ".join(parts), "sentence_spans": spans}
        span = {"start": begin, "end": begin + len(mention), "text": mention}
        articles.append(
            {
                "context": context,
                "mentions": [{"example_id": e.id, "mention_span": span, "entity_id": e.relevant[0]}],
            }
        )
    files = {"test-en.jsonl": articles, "candidate_set_entities.jsonl": entities}
    return {
        name: "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items) for name, items in files.items()
    }


def multichecklist(examples: Sequence[Any]) -> Files:
    """Templates without slots: every case of a test is the same."""
    rows = [["Field", "en"]]
    for number in dict.fromkeys(e.id.partition("-")[0] for e in examples):
        first = [e for e in examples if e.id.startswith(f"{number}-0-")]
        rows += [["Name", f"test {number}"], ["Capability", "x"], ["Context", first[0].context]]
        for e in first:
            rows += [["Question", e.question], ["Answer", e.answers[0].text]]
        rows.append(["", ""])
    return {"checklist_templates.tsv": "".join("\t".join(row) + "\n" for row in rows)}


WRITERS: dict[str, Callable[[Sequence[Any]], Files]] = {
    "ccg": ccg,
    "webfaq": webfaq,
    "xl-bel": xl_bel,
    "tmx": tmx,
    "tmx-text": tmx,
    "e3c": e3c,
    "mewslix": mewslix,
    "multichecklist": multichecklist,
}
