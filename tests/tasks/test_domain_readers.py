"""Biomedical text, FAQ, entities, supertags and templates: what their readers decide, and what is malformed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.data import Absent, DataFolders, Dataset, DataSource, load
from tasks.errors import UserError
from tasks.examples import Answer, Passage, Question, SentencePair
from tests.tasks.official import save
from tests.tasks.test_malformed import answer, squad

Contents = dict[str, str | bytes]
XL_BEL = "_1k_test_query_with_context.txt"
TU = '<tu tuid="a"><tuv xml:lang="en"><seg>One.</seg></tuv><tuv xml:lang="ru"><seg>Два.</seg></tuv></tu>'
TAGS = '{"N": 0, "S\\\\NP": 1}'
FAQ = '{"question": "When?", "answer": "Now.", "url": "u", "topic": "Travel"}\n'
PAGE = "<https://a.example/>"
QUADS = f"""_:q <http://schema.org/acceptedAnswer> _:a {PAGE} .
_:q <http://schema.org/name> "Is \\"it\\"\\u0020open?"@en {PAGE} .
_:a <http://schema.org/text> " Yes.\\n" {PAGE}   .
_:x <http://schema.org/acceptedAnswer> _:y {PAGE} .
_:x <http://schema.org/name> "No answer?" {PAGE} .
"""


def tmx(units: str) -> str:
    return f'<?xml version="1.0"?>\n<tmx version="1.4"><body>\n{units}\n</body></tmx>\n'


def case(*items: str, text: str = "Er hustet 🫁 stark.") -> str:
    body = "\n".join((*items, f'<Sofa sofaString="{text}"/>'))
    return f'<?xml version="1.0"?>\n<XMI xmlns:xmi="http://www.omg.org/XMI">\n{body}\n</XMI>\n'


def piece(layer: str, begin: object, end: object) -> str:
    return f'<{layer} xmi:id="7" begin="{begin}" end="{end}"/>'


def article(start: object = 8, **changes: object) -> str:
    context = {
        "document_id": "d",
        "language": "en",
        "text": "Rain. A river in Bonn rose. Sun.",
        "sentence_spans": [{"start": 0, "end": 5}, {"start": 6, "end": 27}, {"start": 28, "end": 32}],
    }
    span = {"start": start, "end": 13, "text": "river"}
    mention = {"example_id": "m", "mention_span": span, "entity_id": "Q1"}
    return json.dumps({"context": context | changes, "mentions": [mention]}) + "\n"


def entity(key: str = "Q1") -> str:
    spans = [{"start": 0, "end": 6}, {"start": 8, "end": 14}]
    return json.dumps({"entity_id": key, "description": "Water.  Flows.", "sentence_spans": spans}) + "\n"


def templates(*rows: str) -> str:
    return "".join(f"{row}\n" for row in ("Field\ten\tde\tde\tde-placeholders", *rows))


TABLE: list[tuple[str, str, Contents, str, str]] = [
    # task, split, files, place, what is wrong
    ("covid-qa", "train", {"a.json": answer("tea", 4)}, "a.json: question q7", "'tea' is nowhere in the context"),
    ("covid-qa", "train", {"a.json": answer("cup", "4")}, "a.json: question q7", "must be a number"),
    ("covid-qa", "train", {"a.json": squad(id=True)}, "a.json: article 0", "'id' must be a string"),
    ("xl-bel", "test", {f"en{XL_BEL}": "C0000001||x||<tgt>x</tgt>\n"}, f"en{XL_BEL}", "put one beside this file"),
    (
        "xl-bel",
        "test",
        {"en_1.txt": "C0000001||x\n", "de_1.txt": "C1||x||<tgt>x</tgt>\n"},
        "en_1.txt:1",
        "CUI||mention",
    ),
    ("xl-bel", "test", {"en_1.txt": "x", "de_1.txt": "Cx||x||<tgt>x</tgt>\n"}, "de_1.txt:1", "'Cx' is no CUI"),
    ("xl-bel", "test", {"en_1.txt": "x", "de_1.txt": "C1||x||<tgt>x\n"}, "de_1.txt:1", "one <tgt>mention</tgt>"),
    ("tico19", "train", {"a.tmx": "<tmx>\n<body>\n</tmx>\n"}, "a.tmx:3", "not XML: mismatched tag"),
    ("tico19", "train", {"a.tmx": tmx(TU.replace(' tuid="a"', ""))}, "a.tmx", "a unit without a 'tuid'"),
    ("tico19", "train", {"a.tmx": tmx(TU.replace('"ru"', '"en-GB"'))}, "a.tmx: unit a", "not en, en-GB"),
    ("tico19", "train", {"a.tmx": tmx(TU.replace("Два.", " "))}, "a.tmx: unit a", "text in it"),
    ("tico19", "train", {"a.tmx": tmx(TU.replace("<seg>Два.</seg>", ""))}, "a.tmx: unit a", "one segment"),
    ("tico19", "train", {"a.tmx": tmx("")}, "a.tmx", "no examples"),
    ("tico19", "train", {"a.tmx": tmx(TU * 2)}, "a.tmx", "'a' occurs twice"),
    ("tico19", "train", {"a.tmx.zip": b"PK\x03\x04 no archive"}, "a.tmx.zip", "no zip archive that can be read"),
    ("e3c", "train", {"a.xml": case().replace("Sofa", "Sofas")}, "a.xml", "one 'Sofa'"),
    ("e3c", "train", {"a.xml": case(piece("Token", 3, 3))}, "a.xml: Token 7", "begin 3 and end 3 are no piece"),
    ("e3c", "train", {"a.xml": case(piece("Token", 3, 99))}, "a.xml: Token 7", "no piece of a text of 19"),
    ("e3c", "train", {"a.xml": case(piece("Token", "x", 9))}, "a.xml: Token 7", "begin None"),
    ("e3c", "train", {"a.xml": case('<Token begin="3"/>')}, "a.xml: Token", "no field 'end'"),
    ("e3c", "train", {"a.xml": case(piece("Token", 0, 2))}, "a.xml", "each token must lie in one sentence"),
    ("e3c", "train", {"a.xml": case(piece("Sentence", 0, 9), piece("Token", 2, 3))}, "a.xml", "at 2 is blank"),
    ("e3c", "train", {"a.xml": case(piece("Sentence", 0, 19), piece("Token", 10, 11))}, "a.xml", "half a character"),
    ("webfaq", "test", {"a.jsonl": FAQ.replace("answer", "anser")}, "a.jsonl:1", "did you mean 'anser'"),
    ("webfaq", "test", {"a.jsonl": FAQ.replace('"u"', "null")}, "a.jsonl:1", "'url' must be a string"),
    ("webfaq", "test", {"a.nq": QUADS + "_:q nothing\n"}, "a.nq:6", "a quad is wanted"),
    ("webfaq", "test", {"a.nq": QUADS.replace("\\u0020", "\\x")}, "a.nq:2", "stands for no character"),
    ("webfaq", "test", {"a.nq": QUADS.replace("\\u0020", "\\ud800")}, "a.nq:2", "stands for no character"),
    ("webfaq", "test", {"a.nq": QUADS.replace("\\u0020", "\\UFFFFFFFF")}, "a.nq:2", "stands for no character"),
    ("ccg", "train", {"ccg.train": "a b\tN N\n"}, "task ccg", "tags_to_id.json"),
    ("ccg", "train", {"ccg.train": "a b\tN\n", "tags.json": TAGS}, "ccg.train:1", "1 supertags for 2 tokens"),
    ("ccg", "train", {"ccg.train": "a\tN\n\n", "tags.json": TAGS}, "ccg.train:2", "0 supertags for 0 tokens"),
    ("ccg", "train", {"ccg.train": "a\tS/NP\n", "tags.json": TAGS}, "ccg.train:1", "did you mean 'S\\\\NP'"),
    ("ccg", "train", {"ccg.train": "a\tN\n", "tags.json": '{"N": 1363}'}, "tags.json", "none of 0 to 1362"),
    ("ccg", "train", {"ccg.train": "a\tN\n", "tags.json": '{"N": 1, "S": 1}'}, "tags.json", "the same number"),
    ("mewslix", "test", {"a.jsonl": article(start=9), "b.jsonl": entity()}, "a.jsonl:1", "not in the text at 9"),
    ("mewslix", "test", {"a.jsonl": article(text=""), "b.jsonl": entity()}, "a.jsonl:1", "get-mewsli-x.sh"),
    ("mewslix", "test", {"a.jsonl": article(start=True), "b.jsonl": entity()}, "a.jsonl:1", "start None and end 13"),
    ("mewslix", "test", {"a.jsonl": article(), "b.jsonl": entity("Q2")}, "b.jsonl", "no entity Q1, which mention m"),
    ("mewslix", "test", {"a.jsonl": article(), "b.jsonl": entity() * 2}, "a.jsonl", "'Q1' occurs twice"),
    ("multichecklist", "test", {"t.tsv": "Field\tde\n"}, "t.tsv:1", "templates are wanted"),
    ("multichecklist", "test", {"t.tsv": templates("adj\ta")}, "t.tsv:2", "before the first test's 'Name'"),
    ("multichecklist", "test", {"t.tsv": templates("Name\tn", "Context\tc")}, "t.tsv", "1 contexts, 0 questions"),
    (
        "multichecklist",
        "test",
        {"t.tsv": templates("Name\t1\t2\t3\t4\t5")},
        "t.tsv:2",
        "6 columns, but the header has 5",
    ),
    (
        "multichecklist",
        "test",
        {"t.tsv": templates("Name\tn", "Context\t{adj}", "Question\tq", "Answer\ta")},
        "t.tsv:3",
        "no values for 'adj'",
    ),
]


@pytest.mark.parametrize(("task", "split", "contents", "place", "what"), TABLE)
def test_a_malformed_file_is_one_line(
    task: str, split: str, contents: Contents, place: str, what: str, tmp_path: Path
) -> None:
    files = save(tmp_path, contents)  # type: ignore[arg-type]
    with pytest.raises(UserError) as caught:
        load(DataSource(task, split, "en", tuple(map(str, files))))
    message = str(caught.value)
    assert "\n" not in message
    assert what in message
    where = place if place.startswith("task ") else f"{tmp_path}/{place}"
    assert message.startswith(where), message


def read(folder: Path, task: str, split: str, language: str, contents: Contents) -> Dataset:
    files = save(folder, contents)  # type: ignore[arg-type]
    return load(DataSource(task, split, language, tuple(map(str, files))))


@given(before=st.text("ab ", max_size=20), after=st.text("ab ", max_size=20), start=st.integers(-5, 60))
def test_covid_qa_s_answers_are_where_they_occur_nearest_to_their_offset(
    before: str, after: str, start: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    context = f"{before}ab{after}"
    asked = {"id": 262, "question": "?", "answers": [{"text": "ab", "answer_start": start}], "is_impossible": False}
    document = {"data": [{"paragraphs": [{"context": context, "document_id": 630, "qas": [asked]}]}]}
    folder = tmp_path_factory.mktemp("covid")
    (found,) = read(folder, "covid-qa", "train", "en", {"COVID-QA.json": json.dumps(document)}).examples
    places = [place for place in range(len(context)) if context.startswith("ab", place)]
    assert isinstance(found, Question)
    assert found.id == "262"
    assert found.answers[0].start == min(places, key=lambda place: abs(place - min(max(start, 0), len(context))))


def test_concepts_are_named_by_english_and_never_by_the_mention_s_own_file(tmp_path: Path) -> None:
    def row(key: str, mention: str) -> str:
        return f"{key}||{mention}||Ein <tgt>{mention}</tgt>.\n"

    german = row("C0000001", "Fieber") + row("C0000002", "Husten") + row("C0000003|C0000004", "Ruhe")
    english = row("C0000001", "hot") + row("C0000001", "fever") * 2 + row("C0000004", "rest")
    turkish = row("C0000001", "ateş") + row("C0000004|C0000009", "dinlenme")
    files: Contents = {f"{code}{XL_BEL}": text for code, text in (("de", german), ("tr", turkish), ("en", english))}
    passages = [e for e in read(tmp_path, "xl-bel", "test", "de", files).examples if isinstance(e, Passage)]
    assert [(e.id, e.text, e.context, e.relevant) for e in passages if not e.candidate] == [
        ("de-0", "Fieber", "Ein Fieber.", ("C0000001",)),
        ("de-2", "Ruhe", "Ein Ruhe.", ("C0000004", "C0000004|C0000009")),  # nobody else names C0000002
    ]
    named = {e.id: e.text for e in passages if e.candidate}
    assert named == {"C0000001": "fever", "C0000004": "rest", "C0000004|C0000009": "dinlenme"}


def test_a_translation_memory_may_be_zipped_and_its_languages_in_any_order(tmp_path: Path) -> None:
    other = '<tu tuid="b"><tuv xml:lang="zh"><seg>二\n 三</seg></tuv><tuv xml:lang="en-US"><seg>2</seg></tuv></tu>'
    with zipfile.ZipFile(tmp_path / "all.en-es-LA.tmx.zip", "w") as archive:
        archive.writestr("all.tmx", tmx(TU + other))
    (tmp_path / "tico-19").mkdir()
    (tmp_path / "all.en-es-LA.tmx.zip").rename(tmp_path / "tico-19/all.en-es-LA.tmx.zip")
    data = DataFolders((tmp_path,), {})
    assert data.languages("tico19", "train") == data.languages("tico19-text", "train") == ("es",)
    found = data.find("tico19", "train", "es")
    assert not isinstance(found, Absent)
    assert load(found).examples == (SentencePair("a", "One.", "Два."), SentencePair("b", "2", "二 三"))


def test_an_archive_must_hold_one_memory(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.tmx.zip", "w") as archive:
        archive.writestr("read.me", "x")
    with pytest.raises(UserError, match=r"a\.tmx\.zip: a zip archive with one \.tmx file is wanted, not with 0"):
        load(DataSource("tico19", "train", "es", (str(tmp_path / "a.tmx.zip"),)))


def test_of_overlapping_entities_the_first_and_longest_counts_and_offsets_are_utf_16(tmp_path: Path) -> None:
    tokens = [(0, 2), (3, 9), (10, 12), (13, 18), (18, 19)]
    entities = [(10, 18), (3, 12), (3, 9)]
    items = [
        piece("Sentence", 0, 19),
        *(piece("Token", *p) for p in tokens),
        *(piece("CLINENTITY", *p) for p in entities),
    ]
    (found,) = read(tmp_path, "e3c", "train", "en", {"EN1.xml": case(*items)}).examples
    assert (found.id, found.tokens) == ("EN1-0", ("Er", "hustet", "🫁", "stark", "."))  # type: ignore[union-attr]
    assert found.tags == ("O", "B-CLINENTITY", "I-CLINENTITY", "O", "O")  # type: ignore[union-attr]


def test_english_cases_train_and_other_languages_are_scored(tmp_path: Path) -> None:
    content = case(piece("Sentence", 0, 2), piece("Token", 0, 2))
    save(tmp_path, {f"e3c/{name}/layer1/{code}1.xml": content for name, code in (("English", "EN"), ("Basque", "EU"))})
    data = DataFolders((tmp_path,), {})
    assert (data.languages("e3c", "train"), data.languages("e3c", "test")) == (("en",), ("eu",))


def test_quads_become_the_questions_that_have_an_answer(tmp_path: Path) -> None:
    asked, told = read(tmp_path, "webfaq", "test", "en", {"a.nq": QUADS}).examples
    assert asked == Passage("question-0", 'Is "it" open?', "", False, ("answer-0",), "https://a.example/")
    assert told == Passage("answer-0", "Yes.", "", True, None, "answer-0")


def test_quads_are_in_the_language_of_their_tags_or_else_of_the_file_s_name(tmp_path: Path) -> None:
    def pair(number: int, question: str, answer: str) -> str:
        said = ((f"_:q{number}", "name", question), (f"_:a{number}", "text", answer))
        lines = [f'{node} <http://schema.org/{key}> "{key} {number}"{tag} {PAGE} .' for node, key, tag in said]
        return "\n".join([f"_:q{number} <http://schema.org/acceptedAnswer> _:a{number} {PAGE} .", *lines, ""])

    quads = (
        pair(0, "@de", "@de-AT") + pair(1, "@en", "@en") + pair(2, "", "") + pair(3, "@en", "@de") + pair(4, "", "@en")
    )

    def asked(language: str, name: str) -> list[str]:
        return [getattr(e, "text", "") for e in read(tmp_path, "webfaq", "test", language, {name: quads}).examples]

    assert asked("de", "all.nq") == ["name 0", "text 0"]
    assert asked("en", "all.nq") == ["name 1", "name 4", "text 1", "text 4"]
    assert asked("de", "faq.de.nq") == ["name 0", "name 2", "text 0", "text 2"]
    with pytest.raises(UserError, match="holds no examples"):
        asked("fr", "all.nq")


def test_a_topic_narrows_questions_and_pool_and_ids_stay(tmp_path: Path) -> None:
    other = FAQ.replace("Travel", "Healthcare Services, Wellness and Lifestyle").replace("Now", "Later")
    files: Contents = {"a.jsonl": FAQ + other}
    narrowed = read(tmp_path, "webfaq?topic=Healthcare Services, Wellness and Lifestyle", "test", "en", files)
    assert [e.id for e in narrowed.examples] == ["question-1", "answer-1"]
    short = read(tmp_path, "webfaq?topic=healthcare", "test", "en", files)
    assert short.examples == narrowed.examples
    with pytest.raises(UserError, match=r"several have a topic 'e': 'Healthcare Services, Well.*', 'Travel"):
        read(tmp_path, "webfaq?topic=e", "test", "en", files)
    with pytest.raises(UserError, match=r"no row has the topic 'Law': 'Healthcare Services, Well.*', 'Travel"):
        read(tmp_path, "webfaq?topic=Law", "test", "en", files)
    with pytest.raises(UserError, match=r"no column 'topic' to filter by"):
        read(tmp_path, "webfaq?topic=Travel", "test", "en", {"a.nq": QUADS})


def test_a_mention_is_read_in_its_sentence(tmp_path: Path) -> None:
    other = article(language="de")
    files: Contents = {"all.jsonl": other + article(), "pool.jsonl": entity() + entity("Q2")}
    asked, *pool = read(tmp_path, "mewslix", "test", "en", files).examples
    assert asked == Passage("m", "river: A { river } in Bonn rose.", "", False, ("Q1",), "d")
    assert pool == [Passage(key, "Water. Flows.", "", True, None, key) for key in ("Q1", "Q2")]


def test_wikipedia_s_pairs_bring_their_entities(tmp_path: Path) -> None:
    record = json.loads(article())
    pair = {"context": record["context"], "mention": record["mentions"][0]}
    lines = [{"contextual_mention": pair, "entity": json.loads(entity())} for _ in range(2)]
    lines[1] = json.loads(json.dumps(lines[1]).replace('"m"', '"n"'))
    found = read(tmp_path, "mewslix", "train", "en", {"pairs.jsonl": "".join(f"{json.dumps(x)}\n" for x in lines)})
    assert [e.id for e in found.examples] == ["m", "n", "Q1"]


def test_templates_are_said_as_their_values_ask_for_and_cases_are_the_same_in_all_languages(tmp_path: Path) -> None:
    rows = [
        "Name\tanimals",
        "Context\t{first_name} has {animal}.\t{first_name} hat {animal}.",
        "Question\tWhat has {first_name}?\tWas?\tWen?\ta dog, the cat",
        "Answer\t{animal}\t{animal}",
        "animal\ta dog\teinen Hund",
        "animal\ta cat\teine Katze",
        "animal\ta duck\teine Ente",
        "animal\ta cow\t",
    ]
    files: Contents = {"t.tsv": templates(*rows)}
    english, german = (
        {e.id: e for e in read(tmp_path, "multichecklist", "test", code, files).examples if isinstance(e, Question)}
        for code in ("en", "de")
    )
    words = {"a dog": "einen Hund", "a cat": "eine Katze", "a duck": "eine Ente"}
    assert len(english) == 100
    assert {key for key, e in english.items() if e.answers[0].text != "a cow"} == set(german)
    for key, said in german.items():
        animal = english[key].answers[0].text
        name = english[key].context.partition(" ")[0]
        start = len(f"{name} hat ")
        assert said.context == f"{name} hat {words[animal]}."
        assert said.answers == (Answer(words[animal], start),)
        assert said.question == ("Was?" if animal == "a duck" else "Wen?")
