"""Tokenised once per (data, tokenizer): the file gives back what the tokenizer made, and one process makes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from tasks.data import Dataset, DataSource
from tasks.errors import UserError
from tasks.examples import Example, Kind, Sentence, SentencePair, TextPair
from trainers.batches import encoded
from trainers.batches.cutting import Cut
from trainers.batches.language import LanguageBatches, lines
from trainers.batches.tokens import CHUNK, Tokens
from trainers.kinds.base import Limits
from trainers.kinds.registry import kind_of
from trainers.kinds.subwords import subwords

from .test_kinds import ALPHABETS, EXAMPLES, LABELS, bpe, sentences, tokenizers, unigram

SOURCE = DataSource("xnli", "test", "en", ("nowhere",))


def dataset(kind: Kind, examples: list[Example]) -> Dataset:
    return Dataset(SOURCE, kind, tuple(examples))


any_examples = st.sampled_from(list(EXAMPLES)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(EXAMPLES[kind], min_size=1, max_size=6))
)


@given(any_examples, tokenizers)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rows_from_the_file_are_those_of_the_tokenizer(kind_examples, tokenizer: PreTrainedTokenizerFast) -> None:
    kind, examples = kind_examples
    data, limits = dataset(kind, examples), Limits(24, 4)
    does = kind_of(kind)
    with TemporaryDirectory() as folder:
        encoded._cache.clear()
        rows = encoded.encode_all(data, Tokens(tokenizer, Path(folder)), limits, LABELS)
    tokens = Tokens(tokenizer)
    for example, found in zip(examples, rows, strict=True):
        known = subwords(does.texts(example), tokenizer, does.offsets)
        alone = does.rows(example, known, tokens.frame, limits, LABELS)
        assert [shape(row) for row in found] == [shape(row) for row in alone]


@given(any_examples, tokenizers)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_cut_is_told_whether_or_not_the_rows_are_known(kind_examples, tokenizer) -> None:
    kind, examples = kind_examples
    data, limits = dataset(kind, examples), Limits(12, 4)
    told: list[Cut] = []
    tokens = Tokens(tokenizer, counted=lambda dataset, cut: told.append(cut))
    encoded._cache.clear()
    for _ in range(2):
        rows = encoded.encode_all(data, tokens, limits, LABELS)
    lost = [sum(row.cut for row in group) for group in rows]
    assert told == [Cut(len(examples), sum(n > 0 for n in lost), sum(lost), 12)] * 2


@given(st.lists(sentences, min_size=1, max_size=6), st.integers(8, 24))
@settings(deadline=None)
def test_lines_for_language_modelling_say_what_does_not_fit(texts, length: int) -> None:
    """What the batches show of single lines and what is told to be cut are the whole text."""
    told: list[Cut] = []
    data = dataset(Kind.TEXT, [Sentence(str(i), text) for i, text in enumerate(texts)])
    tokens = Tokens(bpe(), counted=lambda dataset, cut: told.append(cut))
    source = lines(data, tokens, length)
    if len(source):
        batches = LanguageBatches([source], tokens, batch=len(source), steps=1, max_length=length, mask=0.2, seed=0)
        shown = sum(len(item.rows[0].tokens) - 2 for item in batches.batch(0).items)
        assert shown + told[0].tokens == sum(map(len, source.first))
        assert told[0].cut == sum(len(line) > length - 2 for line in source.first)


def shape(row) -> tuple[object, ...]:
    note = getattr(row.note, "offsets", row.note)
    return (
        row.tokens.tolist(),
        row.target.tolist(),
        row.tokens.dtype,
        None if note is None else np.asarray(note).tolist(),
    )


@given(st.lists(sentences, min_size=1, max_size=20), st.booleans())
@settings(deadline=None)
def test_lines_of_text_come_from_the_file_too(texts: list[str], parallel: bool) -> None:
    examples = [SentencePair(str(i), t, t[::-1]) if parallel else Sentence(str(i), t) for i, t in enumerate(texts)]
    data = dataset(Kind.PARALLEL if parallel else Kind.TEXT, examples)
    with TemporaryDirectory() as folder:
        stored = lines(data, Tokens(bpe(), Path(folder)), 128)
        plain = lines(data, Tokens(bpe()), 128)
    assert [line.tolist() for line in stored.first] == [line.tolist() for line in plain.first]
    assert (stored.second is None) == (plain.second is None)


def test_more_texts_than_are_tokenised_in_one_call(tmp_path: Path) -> None:
    texts = [f"{ALPHABETS[i % 6]} {i}" for i in range(CHUNK + 3)]
    known = Tokens(bpe(), tmp_path).of(dataset(Kind.TEXT, [Sentence("0", "a")]), texts)
    plain = subwords(texts, bpe())
    assert all(known[text].ids.tolist() == plain[text].ids.tolist() for text in texts)
    with pytest.raises(KeyError):
        known["another text"]


def test_a_file_belongs_to_one_data_and_one_tokenizer(tmp_path: Path) -> None:
    some, other = (dataset(Kind.CLASSIFICATION, [TextPair("0", text, None, None)]) for text in ("a", "b"))
    for data in (some, other, some):
        for tokenizer in (bpe(), unigram(), bpe()):
            for offsets in (False, True):
                Tokens(tokenizer, tmp_path).of(data, ["a", "b"], offsets)
    assert len(list(tmp_path.glob("*/*.arrow"))) == 2 * 2 * 2


MAKER = """
import sys
from pathlib import Path
from transformers import AutoTokenizer
from tasks.data import Dataset, DataSource
from tasks.examples import Kind, Sentence
from trainers.batches import tokens
examples = tuple(Sentence(str(i), f"a b {i}") for i in range(20000))
data = Dataset(DataSource("text", "train", "en", ("nowhere",)), Kind.TEXT, examples)
write, made = tokens._write, []
tokens._write = lambda *a: (made.append(1), write(*a))
data.fingerprint
print("ready", flush=True)
sys.stdin.readline()
own = tokens.Tokens(AutoTokenizer.from_pretrained(sys.argv[1]), Path(sys.argv[2]))
known = own.of(data, [e.text for e in examples])
print(len(made), known["a b 19999"].ids.tolist(), flush=True)
"""


def test_of_several_processes_one_tokenises(tmp_path: Path) -> None:
    bpe().save_pretrained(tmp_path / "tokenizer")
    command = [sys.executable, "-c", MAKER, str(tmp_path / "tokenizer"), str(tmp_path / "tokens")]
    running = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for _ in range(3)]
    for process in running:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    ended = [process.communicate("\n")[0].split(maxsplit=1) for process in running]
    assert sorted(made for made, _ in ended) == ["0", "0", "1"]
    assert len({ids for _, ids in ended}) == 1


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("a file in its place")
    with pytest.raises(UserError, match="cannot write the cache"):
        Tokens(bpe(), tmp_path / "tokens").of(dataset(Kind.TEXT, [Sentence("0", "a")]), ["a"])
