"""Official forms of tasks whose pool is searched, and forms in XML and of templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tasks.toy import facts, layouts
from tasks.toy.forms import Texts, relabelled
from tasks.toy.grammar import Noun, Pronoun, Sentence
from tasks.toy.layouts import jsonl, lines
from tasks.toy.mentions import KINDS, Mention, description, number_of
from tasks.toy.places import Form, Place, Told
from tasks.toy.questions import Paragraph
from tasks.toy.realise import Speaker
from tasks.toy.templates import Capability

_FAQ_HEADER = ("question", "answer", "answer_html", "link", "name", "source", "category", "country", "lang")
_PAGE = 2  # questions of a page of WebFAQ's
_DOCUMENT = 25  # sentences of a document of E3C's


def faq_of(told: Sequence[Told[Paragraph]], speaker: Speaker) -> list[tuple[str, str, str]]:
    """Domain, question and answer, which is the whole sentence that holds it."""
    return [
        (one.domain, speaker.text(asked.question), speaker.text(one.what.context[asked.sentence]))
        for one in told
        for asked in one.what.asked
    ]


def covid_faq(told: Sequence[Told[Paragraph]], place: Place) -> Texts:
    """The TSV of all languages."""
    rows = [
        (asked, answer, answer, "https://a.example/", "FAQ", "toy", domain, "none", language)
        for language in place.task.languages
        for domain, asked, answer in faq_of(told, place.speakers[language])
    ]
    return (layouts.table((_FAQ_HEADER, *rows), "\t"),)


def webfaq(told: Sequence[Told[Paragraph]], place: Place) -> Texts:
    """WebFAQ's records; the topic is the domain."""
    whole = zip(faq_of(told, place.speaker), faq_of(told, place.speakers["en"]), strict=True)
    return (
        jsonl(
            {
                "origin": f"{domain}.example",
                "url": f"https://{domain}.example/faq/{number // _PAGE}",
                "question": question,
                "answer": answer,
                "topic": domain,
                "question_type": english.split()[0],
            }
            for number, ((domain, question, answer), (_, english, _)) in enumerate(whole)
        ),
    )


def xl_bel(told: Sequence[Told[Mention]], place: Place) -> Texts:
    """XL-BEL's lines: concept, mention, and the sentence with marks around it."""
    rows = []
    for one in told:
        left, mention, right = _marked(one.what, place.speaker)
        sentence = " ".join(part for part in (left, f"<tgt>{mention}</tgt>", right) if part)
        rows.append(f"C1{number_of(one.what.kind):06d}||{mention}||{sentence}")
    return lines(rows), None


def _marked(mention: Mention, speaker: Speaker) -> tuple[str, str, str]:
    """What stands before the mention, the mention, and what stands after it."""
    said = speaker.say(mention.sentence, Noun(mention.kind))
    forms = [token.form for token in said.tokens]
    at = next(i for i in range(*(said.span or (0, 0))) if said.tokens[i].upos == "NOUN")  # without its article
    return " ".join(forms[:at]), forms[at], " ".join(forms[at + 1 :])


def mewslix(told: Sequence[Told[Mention]], place: Place) -> Texts:
    """Mewsli-X's articles with mentions, and the entities; the pairs of the training set hold both."""
    articles = [_article(one.what, place, f"{place.name}-{place.language}-{n}") for n, one in enumerate(told)]
    if place.split != "train":
        entities = [_entity(kind, place.speakers["en"]) for kind in KINDS]
        return jsonl({"context": c, "mentions": [m]} for c, m in articles), jsonl(entities)
    pairs = (
        {"contextual_mention": {"context": c, "mention": m}, "entity": _entity(one.what.kind, place.speaker)}
        for one, (c, m) in zip(told, articles, strict=True)
    )
    return (jsonl(pairs),)


def _article(mention: Mention, place: Place, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    left, surface, right = _marked(mention, place.speaker)
    own = " ".join(part for part in (left, surface, right) if part)
    parts = [place.speaker.text(mention.before), own, place.speaker.text(mention.after)]
    starts = list(accumulate((len(part) + 1 for part in parts), initial=0))
    begin = starts[1] + len(left) + bool(left)
    context = {
        "document_id": key,
        "document_title": parts[0],
        "language": place.language,
        "text": " ".join(parts),
        "sentence_spans": [_span(start, part) for start, part in zip(starts, parts, strict=False)],
    }
    span = {**_span(begin, surface), "text": surface}
    return context, {"example_id": key, "mention_span": span, "entity_id": f"Q{number_of(mention.kind)}"}


def _entity(kind: str, speaker: Speaker) -> dict[str, Any]:
    text = speaker.text(description(kind))
    return {
        "entity_id": f"Q{number_of(kind)}",
        "title": kind,
        "description": text,
        "description_language": speaker.code,
        "sentence_spans": [_span(0, text)],
    }


def _span(start: int, text: str) -> dict[str, int]:
    return {"start": start, "end": start + len(text)}


def tmx(told: Sequence[Told[Sentence]], place: Place) -> Texts:
    """A translation memory of English and another language."""
    units = []
    for number, one in enumerate(told):
        both = ((code, place.speakers[code].text(one.what)) for code in ("en", place.language))
        pair = "".join(f'<tuv xml:lang="{code}"><seg>{escape(text)}</seg></tuv>' for code, text in both)
        units.append(f'<tu tuid="{place.name}:{number}">{pair}</tu>')
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4"><header srclang="en"/><body>'
    return (lines((head, *units, "</body></tmx>")),)


def e3c(labels: Mapping[str, str]) -> Form[Sentence]:
    """Documents in XMI, a file each; entities that are none of `labels` are none."""

    def form(told: Sequence[Told[Sentence]], place: Place) -> Texts:
        chunks = (told[i : i + _DOCUMENT] for i in range(0, len(told), _DOCUMENT))
        return tuple(_document([one.what for one in chunk], place.speaker, labels) for chunk in chunks)

    return form


def _document(sentences: Sequence[Sentence], speaker: Speaker, labels: Mapping[str, str]) -> str:
    text, pieces = "", []
    entity: tuple[int, int, str] | None = None
    for sentence in sentences:
        begin = len(text)
        for token in speaker.say(sentence).tokens:
            start, end, tag = len(text), len(text) + len(token.form), relabelled(token, labels)
            pieces.append((start, end, "type4:Token"))
            if entity and tag.startswith("I"):
                entity = (entity[0], end, entity[2])
            else:
                pieces += [entity] if entity else []
                entity = (start, end, f"custom:{tag[2:]}") if tag.startswith("B") else None
            text += f"{token.form} "
        pieces.append((begin, len(text) - 1, "type4:Sentence"))
    items = [
        f'<{layer} xmi:id="{n}" sofa="0" begin="{begin}" end="{end}"/>'
        for n, (begin, end, layer) in enumerate(pieces, start=1)
    ]
    spaces = 'xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="cas" xmlns:type4="type4" xmlns:custom="custom"'
    sofa = f'<cas:Sofa xmi:id="0" sofaID="_InitialView" sofaString={quoteattr(text)}/>'
    return lines(('<?xml version="1.0" encoding="UTF-8"?>', f"<xmi:XMI {spaces}>", *items, sofa, "</xmi:XMI>"))


def multichecklist(told: Sequence[Told[Capability]], place: Place) -> Texts:
    """The table of templates, a column a language, English first."""
    languages = sorted(place.task.languages, key=lambda language: language != "en")
    speakers = [place.speakers[language] for language in languages]
    rows: list[tuple[str, ...]] = [("Field", *languages)]
    for one in told:
        rows += [("Name", one.what.name), ("Capability", "Places")]
        rows.append(("Context", *(speaker.text(one.what.context) for speaker in speakers)))
        for question, slot in one.what.asked:
            rows.append(("Question", *(speaker.text(question) for speaker in speakers)))
            rows.append(("Answer", *(slot for _ in speakers)))
        for field, nouns in one.what.values.items():
            rows += [(field, *(_phrase(noun, speaker) for speaker in speakers)) for noun in nouns]
    return (lines("\t".join(row) for row in rows),)


def _phrase(noun: Noun, speaker: Speaker) -> str:
    """A noun with its article, as it stands after "in"."""
    said = speaker.say(facts.say(facts.stands(Pronoun("it"), "in", noun)), noun)
    return " ".join(token.form for token in said.tokens[slice(*(said.span or (0, 0)))])
