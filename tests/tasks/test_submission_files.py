"""What is written as a submission and its gold scores what the predictions themselves score, for every kind."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import catalog, metrics
from tasks.data import DataFolders, DataSource, load
from tasks.examples import Kind
from tasks.gold import gold, labelled
from tasks.submission import READERS, score
from tasks.submission_files import GOLD, PREDICTED, write_gold, write_predictions
from tasks.suites import Suite
from tests.tasks.official import save

WORDS = st.lists(st.sampled_from(["the", "cat", "sat", "北京", "ää", "."]), min_size=1, max_size=4).map(" ".join)
ANSWERS = st.lists(WORDS, min_size=1, max_size=3).map(lambda texts: [{"text": t, "start": 0} for t in texts])
TAGS = st.lists(st.sampled_from(["B-PER", "I-PER", "O"]), min_size=1, max_size=5)
IDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True, min_size=1, max_size=3)


@st.composite
def tagged(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    gold = draw(TAGS)
    return gold, draw(st.lists(st.sampled_from(["B-PER", "I-PER", "O"]), min_size=len(gold), max_size=len(gold)))


PAIRS: dict[str, st.SearchStrategy[Any]] = {
    "xnli": st.tuples(*2 * [st.sampled_from(catalog.get("xnli").labels)]),
    "xcopa": st.tuples(*2 * [st.integers(0, 1)]),
    "panx": tagged(),
    "xquad": st.tuples(ANSWERS, st.none() | WORDS),
    "mlqa": st.tuples(ANSWERS, st.none() | WORDS),
    "tatoeba": st.tuples(*2 * [st.integers(0, 9).map(str)]),
    "lareqa": st.tuples(IDS, st.none() | IDS),
    "bucc2018": st.tuples(st.just([]) | IDS.map(lambda ids: ids[:1]), st.none() | IDS.map(lambda ids: ids[0])),
}
"""A task of each kind: gold and prediction of one example."""


def test_every_kind_that_is_scored_is_written() -> None:
    assert PREDICTED.keys() == GOLD.keys() == READERS.keys()
    assert {catalog.get(task).kind for task in PAIRS} == set(READERS)


@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=40)
@given(data=st.data())
def test_written_equals_unwritten(name: str, data: st.DataObject) -> None:
    found = data.draw(st.lists(PAIRS[name], min_size=1, max_size=6))
    task, language = catalog.get(name), catalog.get(name).languages[0]
    if task.kind is Kind.MINING and not any(gold for gold, _ in found):
        found.append((["a"], None))  # a gold file without any pair is no file
    if task.kind is Kind.MINING and not any(predicted for _, predicted in found):
        found.append(([], "a"))
    ids = [str(number) for number in range(len(found))]
    examples = [labelled(task.kind, id, gold) for id, (gold, _) in zip(ids, found, strict=True)]
    scorer = metrics.get(task.metric, language)
    expected = scorer.score(scorer.statistics(examples, [predicted for _, predicted in found]))
    with tempfile.TemporaryDirectory() as folder:
        predictions, right = Path(folder, "predictions"), Path(folder, "gold")
        write_predictions(predictions, name, language, [(id, p) for id, (_, p) in zip(ids, found, strict=True)])
        write_gold(right, name, language, [(id, g) for id, (g, _) in zip(ids, found, strict=True)])
        (cell,) = score(predictions, right, Suite("one", (name,), {name: (language,)}))
    assert cell.score == pytest.approx(expected.value)
    assert dict(cell.details) == pytest.approx(dict(expected.details))


FOREIGN = ("Zwei", "Ja!", "Éclair", "Jawohl!", "eins")
TRANSLATED = ("Two", "Yes! ", "Éclair", "Yes!", "one")
# What XTREME makes of it: the English sentences without their blanks, by code points, and the foreign line of each
ENGLISH = ["Two", "Yes!", "Yes!", "one", "Éclair"]
ROWS = "0\n1\n3\n4\n2\n"


@pytest.mark.parametrize("form", ["laser", "xtreme"])
def test_a_perfect_model_scores_100_against_the_benchmark_s_own_gold(form: str, tmp_path: Path) -> None:
    laser = {"tatoeba/tatoeba.deu-eng.deu": FOREIGN, "tatoeba/tatoeba.deu-eng.eng": TRANSLATED}
    xtreme = {"tatoeba/de-en.de": FOREIGN, "tatoeba/de-en.en": ENGLISH}
    save(tmp_path, {name: "\n".join(side) for name, side in (laser if form == "laser" else xtreme).items()})
    save(tmp_path, {"gold/tatoeba/test-de.tsv": ROWS})
    found = DataFolders((tmp_path,), {}).find_report("tatoeba", "de")
    assert isinstance(found, DataSource)
    named = [(example.id, gold(example)) for example in load(found).examples]
    predicted = write_predictions(tmp_path / "predictions", "tatoeba", "de", named)
    assert predicted.read_text() == write_gold(tmp_path / "ours", "tatoeba", "de", named).read_text() == ROWS
    (cell,) = score(tmp_path / "predictions", tmp_path / "gold", Suite("one", ("tatoeba",), {"tatoeba": ("de",)}))
    assert (cell.score, cell.n) == (100.0, 5)
