"""What every task kind must do: lose nothing, come back to the gold, and give sums that do not depend on company."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizer

from tasks.errors import UserError
from tasks.examples import Answer, Choices, Kind, Passage, Question, Tagged, TextPair, Translation
from trainers.kinds.base import IGNORE, Limits, collate, unpad
from trainers.kinds.registry import KINDS, kind_of
from trainers.kinds.span import MAX_ANSWER, MAX_QUESTION
from trainers.kinds.subwords import Frame, longest_first, subwords
from trainers.work.tokenizer import SPECIAL, train

LABELS = ("entailment", "neutral", "contradiction", "NOUN")
LEARNABLE = [Kind.CLASSIFICATION, Kind.CHOICE, Kind.TAGGING, Kind.SPAN]

ALPHABETS = ("abcdefgh", "абвгде", "ابتثج", "北京大学的人", "नमसतेिा", "กขคงา้", "áe\u0301ñ\u0308", "🙂👩‍👧🇩🇪", "0123.,?")
ODD = [
    "\u200b",
    "\u00a0",
    "\u3000",
    "\u2028",
    "\ufeff",
    "\x1f",
    "\u00ad",
    "<pad>",
    "</s>",
    "▁",
    "\U000e0041",
    "e\u0301\u0301",
]

words = st.one_of(
    *(st.text(alphabet, min_size=1, max_size=9) for alphabet in ALPHABETS),
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4),
)
sentences = st.lists(words, max_size=25).map(" ".join)
lengths = st.integers(8, 40)


@cache
def bpe() -> PreTrainedTokenizerFast:
    chooser = random.Random(0)
    text = [
        " ".join("".join(chooser.choices(chooser.choice(ALPHABETS[:-2]), k=chooser.randint(1, 7))) for _ in range(12))
        for _ in range(300)
    ]
    return train(text, 300)


@cache
def unigram() -> PreTrainedTokenizerFast:
    """XLM-R's own class, with a small vocabulary; like XLM-R's it can spell a special token as one subword."""
    pieces = ["▁", "▁the", "北京", "大学", "гд", "▁a", *"abcdefgh", *"".join(ALPHABETS[1:5])]
    vocabulary = [(piece, 0.0) for piece in SPECIAL[:4]] + [(p, -float(len(pieces) - len(p))) for p in pieces]
    return XLMRobertaTokenizer(vocab=[*vocabulary, ("<mask>", 0.0)])


tokenizers = st.sampled_from([bpe, unigram]).map(lambda make: make())


# --- examples of every kind -------------------------------------------------------------------------------------------

pairs = st.builds(TextPair, st.text(max_size=3), sentences, st.none() | sentences, st.none() | st.sampled_from(LABELS))


@st.composite
def choices(draw):
    answers = draw(st.lists(sentences, min_size=1, max_size=5))
    label = draw(st.none() | st.integers(0, len(answers) - 1))
    return Choices("c", draw(sentences), draw(sentences), tuple(answers), label)


@st.composite
def tagged(draw):
    tokens = draw(st.lists(words | st.just(""), max_size=30))
    tags = draw(st.none() | st.lists(st.sampled_from(LABELS), min_size=len(tokens), max_size=len(tokens)).map(tuple))
    return Tagged("t", tuple(tokens), tags)


@st.composite
def questions(draw):
    parts = draw(st.lists(words, min_size=1, max_size=40))
    context = " ".join(parts)
    first = draw(st.integers(0, len(parts) - 1))
    last = draw(st.integers(first, min(first + 2, len(parts) - 1)))
    start = len(" ".join(parts[:first])) + (first > 0)
    answer = Answer(" ".join(parts[first : last + 1]), start)
    return Question("q", draw(sentences), context, draw(st.sampled_from([(), (answer,)])), "a")


translations = st.builds(Translation, st.just("r"), sentences, sentences, st.none())
passages = st.builds(Passage, st.just("p"), sentences, sentences, st.booleans(), st.none(), st.just("a"))
EXAMPLES = {
    Kind.CLASSIFICATION: pairs,
    Kind.CHOICE: choices(),
    Kind.TAGGING: tagged(),
    Kind.SPAN: questions(),
    Kind.RETRIEVAL: translations,
    Kind.RANKING: passages,
}
any_kind = st.sampled_from(list(EXAMPLES))


def encode(kind, example, tokenizer=None, limits=None):
    does, by = kind_of(kind), tokenizer or bpe()
    known = subwords(does.texts(example), by, does.offsets)
    return does.rows(example, known, Frame.of(by), limits or Limits(), LABELS)


def labelled(rows) -> bool:
    return any((row.target != IGNORE).any() for row in rows)


# --- rows -------------------------------------------------------------------------------------------------------------


@given(any_kind.flatmap(lambda kind: st.tuples(st.just(kind), EXAMPLES[kind])), tokenizers, lengths, st.integers(0, 64))
@settings(max_examples=300, deadline=None)
def test_rows_fit_and_have_the_form_of_xlm_r(kind_example, tokenizer, length, stride):
    kind, example = kind_example
    rows = encode(kind, example, tokenizer, Limits(length, stride))
    assert rows
    cls, pad, sep = (tokenizer.convert_tokens_to_ids(token) for token in ("<s>", "<pad>", "</s>"))
    for row in rows:
        assert row.tokens.dtype == row.target.dtype == np.int64
        assert len(row.tokens) <= length
        assert row.tokens[0] == cls and row.tokens[-1] == sep
        assert pad not in row.tokens and (row.tokens == cls).sum() == 1
        assert (row.tokens == sep).sum() in (1, 3)
        assert len(row.target) in (0, 1, 2, len(row.tokens))


@pytest.mark.parametrize("tokenizer", [bpe, unigram])
def test_rows_are_those_of_the_tokenizer_itself(tokenizer):
    """The template is the one of XLM-R's tokenizer, and a single sentence is cut as it cuts it."""
    own = tokenizer()
    chooser = random.Random(1)
    for _ in range(50):
        first, second = (
            " ".join(chooser.choices(["abc", "de", "f", "gh"], k=chooser.randint(1, 30))) for _ in range(2)
        )
        row = encode(Kind.CLASSIFICATION, TextPair("", first, second, None), own, Limits(1000))[0]
        assert row.tokens.tolist() == own(first, second)["input_ids"]
        single = encode(Kind.CLASSIFICATION, TextPair("", first, None, None), own, Limits(20))[0]
        assert single.tokens.tolist() == own(first, truncation=True, max_length=20)["input_ids"]


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 70))
def test_longest_first_cuts_as_little_as_it_can_from_the_longer(first, second, room):
    one, two = longest_first(np.arange(first), np.arange(second), room)
    assert one.tolist() == list(range(len(one))) and two.tolist() == list(range(len(two)))
    assert len(one) + len(two) == min(first + second, room)
    if len(one) < first:
        assert len(one) >= len(two) - 1
    if len(two) < second:
        assert len(two) >= len(one)


@given(tagged(), tokenizers, lengths)
@settings(deadline=None)
def test_tagging_loses_no_subword(example, tokenizer, length):
    rows = encode(Kind.TAGGING, example, tokenizer, Limits(length))
    whole = encode(Kind.TAGGING, example, tokenizer, Limits(10**6))
    assert len(whole) == 1
    assert [t for row in rows for t in row.tokens[1:-1]] == whole[0].tokens[1:-1].tolist()
    assert sum(len(row.note) for row in rows) == len(example.tokens)
    # a token is torn apart only where it is longer than a row
    sizes = np.diff([*whole[0].note, len(whole[0].tokens) - 1])
    where = [len(row.tokens) - 1 - position for row in rows for position in row.note]
    assert all(size <= left for size, left in zip(sizes, where, strict=True) if size <= length - 2)


@given(questions(), tokenizers, lengths, st.integers(0, 64))
@settings(deadline=None)
def test_windows_cover_the_context_and_overlap(example, tokenizer, length, stride):
    rows = encode(Kind.SPAN, example, tokenizer, Limits(length, stride))
    whole = encode(Kind.SPAN, example, tokenizer, Limits(10**6))[0].note.offsets
    room = length - 1 - rows[0].note.first
    shared = min(stride, room // 2)
    joined = rows[0].note.offsets.tolist()
    for before, after in pairwise(rows):
        assert len(before.note.offsets) == room
        assert before.note.offsets[room - shared :].tolist() == after.note.offsets[:shared].tolist()
        joined += after.note.offsets[shared:].tolist()
    assert joined == whole.tolist()


def inner(row) -> int:
    """The subwords of a row, without special tokens."""
    return int((~np.isin(row.tokens, [bpe().cls_token_id, bpe().sep_token_id])).sum())


@given(any_kind.flatmap(lambda kind: st.tuples(st.just(kind), EXAMPLES[kind])), tokenizers, lengths, st.integers(0, 64))
@settings(max_examples=300, deadline=None)
def test_every_subword_that_is_cut_is_counted(kind_example, tokenizer, length, stride):
    """What a row keeps and what it says to have cut are what it would be without a limit."""
    kind, example = kind_example
    rows = encode(kind, example, tokenizer, Limits(length, stride))
    whole = encode(kind, example, tokenizer, Limits(10**6, stride))
    if kind is Kind.TAGGING:
        assert not any(row.cut for row in rows)
    elif kind is Kind.SPAN:  # the windows lose nothing of the context, the question loses its end once
        asked = len(subwords([example.question], tokenizer)[example.question].ids)
        assert sum(row.cut for row in rows) == asked - (rows[0].note.first - 3)
        assert whole[0].cut == max(0, asked - MAX_QUESTION)
    else:
        assert [inner(row) + row.cut for row in rows] == [inner(row) for row in whole]
        assert not any(row.cut for row in whole)


@given(choices(), lengths)
@settings(deadline=None)
def test_choices_keep_their_ends(example, length):
    rows = encode(Kind.CHOICE, example, limits=Limits(length))
    whole = encode(Kind.CHOICE, example, limits=Limits(10**6))
    assert len(rows) == len(example.choices)
    for row, full in zip(rows, whole, strict=True):
        second = full.tokens[np.flatnonzero(full.tokens == bpe().sep_token_id)[1] + 1 : -1].tolist()
        kept = row.tokens[np.flatnonzero(row.tokens == bpe().sep_token_id)[1] + 1 : -1].tolist()
        assert kept == second[max(0, len(second) - (length - 4)) :]


# --- encode → an oracle's logits → decode -----------------------------------------------------------------------------


def oracle(kind, rows, noise) -> list[np.ndarray]:
    """Logits of a model that knows the targets: 9 for what is right, noise below 1 elsewhere."""
    logits = []
    for i, row in enumerate(rows):
        width = {Kind.CHOICE: 1, Kind.SPAN: 2}.get(kind, len(LABELS))
        shape = (len(row.tokens), width) if kind in (Kind.TAGGING, Kind.SPAN) else (width,)
        scores = noise.random(shape, dtype=np.float32)
        if kind is Kind.CLASSIFICATION:
            scores[row.target[0]] = 9
        elif kind is Kind.CHOICE:
            scores[0] = 9 if row.target[0] == i else 0
        elif kind is Kind.TAGGING:
            known = np.flatnonzero(row.target != IGNORE)
            scores[known, row.target[known]] = 9
        else:
            scores[row.target, [0, 1]] = 9
        logits.append(scores)
    return logits


def gold(kind, example):
    if kind is Kind.TAGGING:
        return list(example.tags)
    return example.answers[0].text.strip() if kind is Kind.SPAN else example.label


@pytest.mark.parametrize("kind", LEARNABLE)
@given(st.data(), tokenizers, lengths, st.integers(0, 99))
@settings(deadline=None)
def test_decoding_an_oracle_gives_the_gold(kind, data, tokenizer, length, seed):
    example = data.draw(EXAMPLES[kind])
    if kind is Kind.CLASSIFICATION:
        example = TextPair("", example.first, example.second, data.draw(st.sampled_from(LABELS)))
    rows = encode(kind, example, tokenizer, Limits(length, 64))
    assume(gold_stands(kind, example, rows))
    prediction = kind_of(kind).decode(example, rows, oracle(kind, rows, np.random.default_rng(seed)), LABELS)
    assert same(kind, prediction, example)


def gold_stands(kind, example, rows) -> bool:
    """Whether there is a gold, and, for a span, a window that points at it with an answer that is short enough."""
    if kind is Kind.TAGGING:
        return example.tags is not None
    if kind is Kind.SPAN:
        return any(row.target[0] > 0 and row.target[1] - row.target[0] < MAX_ANSWER for row in rows)
    return example.label is not None


def same(kind, prediction, example) -> bool:
    """Whether the gold came back: to the character, unless odd whitespace glues the answer to its neighbours."""
    if kind is Kind.SPAN and not set(example.context) <= set("".join(ALPHABETS) + " "):
        return gold(kind, example) in prediction
    return bool(prediction == gold(kind, example))


def test_spans_come_back_to_the_character_in_every_script():
    context = "Im Jahr 1889 wurde\u3000der 🙂 Turm e\u0301rigé 在 北京大学 построен नमस्ते दुनिया"
    for text in context.replace("\u3000", " ").split():
        answer = Answer(text, context.index(text))
        example = Question("q", "the 北京 ?", context, (answer,), "a")
        for tokenizer in (bpe(), unigram()):
            rows = encode(Kind.SPAN, example, tokenizer, Limits(64, 30))
            logits = oracle(Kind.SPAN, rows, np.random.default_rng(0))
            assert kind_of(Kind.SPAN).decode(example, rows, logits, LABELS) == text


@pytest.mark.parametrize("text", ["e\u0301", " e\u0301 ", "zwei \t"])
def test_accents_stay_with_their_letters_and_blanks_go(text):
    context = "un deux " + text + " trois"
    example = Question("q", "a", context, (Answer(text, 8),), "a")
    for tokenizer in (bpe(), unigram()):
        (row,) = encode(Kind.SPAN, example, tokenizer)
        logits = oracle(Kind.SPAN, [row], np.random.default_rng(0))
        assert kind_of(Kind.SPAN).decode(example, [row], logits, LABELS) == text.strip()


@pytest.mark.parametrize("text", ["", " ", "\u3000\n"])
def test_an_answer_without_a_subword_points_at_the_first_token(text):
    example = Question("q", "a", "b" + text + "c", (Answer(text, 1),), "a")
    (row,) = encode(Kind.SPAN, example)
    assert row.target.tolist() == [0, 0]
    assert kind_of(Kind.SPAN).count([row]) == 1


def test_the_best_valid_span_over_windows_wins():
    example = Question("q", "a", " ".join("abcdefgh" * 5), (), "a")
    rows = encode(Kind.SPAN, example, limits=Limits(24, 4))
    assert len(rows) == 3
    first = rows[1].note.first
    logits = [np.zeros((len(row.tokens), 2), dtype=np.float32) for row in rows]
    logits[0][0] = 100  # `<s>` and what else is not context are no answers
    logits[1][first + 5] = [8, 0]  # with the next line an end before its start, 16 in sum: not valid
    logits[1][first + 2] = [0, 8]
    logits[2][first + 3 : first + 5] = [[4, 4], [4, 5]]  # 9 is the best valid sum
    begin, end = rows[2].note.offsets[3][0], rows[2].note.offsets[4][1]
    prediction = kind_of(Kind.SPAN).decode(example, rows, logits, LABELS)
    assert prediction == example.context[begin:end].strip()


@pytest.mark.parametrize(
    ("labels", "lowest", "answered"), [((), 9, True), (("unanswerable",), 9, False), (("unanswerable",), 1, True)]
)
def test_nothing_is_answered_where_every_window_says_so(labels, lowest, answered):
    """And only where the task has a label for it; one window that sees an answer is enough."""
    example = Question("q", "a", " ".join("abcdefgh" * 5), (), "a")
    rows = encode(Kind.SPAN, example, limits=Limits(24, 4))
    logits = [np.zeros((len(row.tokens), 2), dtype=np.float32) for row in rows]
    logits[1][rows[1].note.first] = [3, 3]  # 6 in sum
    for scores, nothing in zip(logits, (9, lowest, 9), strict=True):
        scores[0] = [nothing, nothing]
    assert bool(kind_of(Kind.SPAN).decode(example, rows, logits, labels)) is answered


def test_answers_longer_than_the_limit_are_not_given():
    example = Question("q", "a", "a " * 60, (), "a")
    (row,) = encode(Kind.SPAN, example, limits=Limits(200, 4))
    logits = np.full((len(row.tokens), 2), -5, dtype=np.float32)
    logits[row.note.first, 0] = logits[row.note.first + MAX_ANSWER, 1] = 9
    logits[row.note.first + MAX_ANSWER - 1, 1] = 8
    prediction = kind_of(Kind.SPAN).decode(example, [row], [logits], LABELS)
    end = row.note.offsets[MAX_ANSWER - 1][1]
    assert prediction == example.context[:end].strip()


@given(tagged(), tokenizers, lengths, st.integers(0, 99))
@settings(deadline=None)
def test_decoding_gives_one_tag_a_token_whatever_the_logits(example, tokenizer, length, seed):
    rows = encode(Kind.TAGGING, example, tokenizer, Limits(length))
    noise = np.random.default_rng(seed)
    logits = [noise.standard_normal((len(row.tokens), len(LABELS)), dtype=np.float32) for row in rows]
    tags = kind_of(Kind.TAGGING).decode(example, rows, logits, LABELS)
    assert len(tags) == len(example.tokens) and set(tags) <= set(LABELS)


# --- losses and heads -------------------------------------------------------------------------------------------------

SMALL = XLMRobertaConfig(
    vocab_size=400, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, pad_token_id=1,
    max_position_embeddings=64, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, type_vocab_size=1,
)  # fmt: skip


@cache
def encoder() -> XLMRobertaModel:
    torch.manual_seed(0)
    return XLMRobertaModel(SMALL, add_pooling_layer=False).double()


def parts(kind) -> tuple[XLMRobertaModel, nn.Module]:
    head = kind_of(kind).head(SMALL.hidden_size, len(LABELS), torch.Generator().manual_seed(1)).double().eval()
    return encoder(), head


def run(kind, groups, pad_to=0):
    """Logits, loss and gradients of the head and of the word embeddings, for rows padded to at least `pad_to`."""
    body, head = parts(kind)
    body.zero_grad()
    batch = collate(groups, pad=1)
    extra = max(0, pad_to - batch.tokens.shape[1])
    tokens = nn.functional.pad(batch.tokens, (0, extra), value=1)
    mask = nn.functional.pad(batch.mask, (0, extra))
    targets = batch.targets
    if targets.shape[1] == batch.tokens.shape[1]:
        targets = nn.functional.pad(targets, (0, extra), value=IGNORE)
    padded = replace(batch, tokens=tokens, mask=mask, targets=targets)
    logits = head(body(tokens, attention_mask=mask.long()).last_hidden_state, mask)
    loss = kind_of(kind).loss(logits, padded)
    loss.backward()
    gradients = [p.grad.clone() for p in (*body.embeddings.parameters(), *head.parameters()) if p.grad is not None]
    return unpad(logits, padded), loss.item(), gradients


groups_of_examples = st.sampled_from(LEARNABLE).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(EXAMPLES[kind], min_size=1, max_size=4))
)


@given(groups_of_examples)
@settings(max_examples=40, deadline=None)
def test_padding_and_company_change_neither_logits_nor_loss_nor_gradients(kind_examples):
    kind, examples = kind_examples
    groups = [encode(kind, example, limits=Limits(24, 6)) for example in examples]
    together = run(kind, groups, pad_to=40)
    alone = [run(kind, [group]) for group in groups]
    for rows, single in zip(together[0], alone, strict=True):
        for ours, theirs in zip(rows, single[0][0], strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_allclose(together[1], sum(loss for _, loss, _ in alone), rtol=1e-5, atol=1e-5)
    for i, gradient in enumerate(together[2]):
        total = sum(gradients[i] for _, _, gradients in alone)
        torch.testing.assert_close(gradient, total, rtol=1e-4, atol=1e-5)


@given(groups_of_examples)
@settings(max_examples=60, deadline=None)
def test_the_count_is_the_number_of_items_with_a_loss(kind_examples):
    """With equal logits everywhere each item costs the log of the number of its outcomes: sums and counts agree."""
    kind, examples = kind_examples
    groups = [encode(kind, example, limits=Limits(24, 6)) for example in examples]
    counts = [kind_of(kind).count(rows) for rows in groups]
    assert all((count > 0) == labelled(rows) for count, rows in zip(counts, groups, strict=True))
    batch = collate(groups, pad=1)
    outcomes = {Kind.CLASSIFICATION: [len(LABELS)] * len(groups), Kind.TAGGING: [len(LABELS)] * len(groups)}
    outcomes[Kind.CHOICE] = [len(rows) for rows in groups]
    width = 1 if kind is Kind.CHOICE else 2 if kind is Kind.SPAN else len(LABELS)
    shape = (*batch.tokens.shape, width) if kind in (Kind.TAGGING, Kind.SPAN) else (len(batch.tokens), width)
    loss = kind_of(kind).loss(torch.zeros(shape), batch).item()
    if kind is Kind.SPAN:
        expected = sum(np.log(len(row.tokens)) for rows in groups for row in rows if row.target[0] != IGNORE)
    else:
        expected = sum(c * np.log(n) for c, n in zip(counts, outcomes[kind], strict=True))
    assert loss == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("kind", LEARNABLE)
def test_heads_start_alike_from_equal_generators_only(kind):
    def weights(seed):
        torch.rand(seed)  # what the global generator has done before does not matter
        head = kind_of(kind).head(16, 4, torch.Generator().manual_seed(seed))
        return torch.cat([p.flatten() for p in head.parameters()])

    assert torch.equal(weights(5), weights(5))
    assert not torch.equal(weights(5), weights(6))


@pytest.mark.parametrize("kind", LEARNABLE)
def test_heads_learn_their_own_targets(kind):
    """A few steps on one batch bring the loss down: the gradient reaches every parameter of the head."""
    chooser = random.Random(2)
    text = [" ".join(chooser.choices(["abc", "de", "f", "gh", "ab", "cd"], k=6)) for _ in range(6)]
    examples = {
        Kind.CLASSIFICATION: [TextPair("", t, None, LABELS[i % 4]) for i, t in enumerate(text)],
        Kind.CHOICE: [Choices("", "a", "", (text[i], text[i - 1]), i % 2) for i in range(6)],
        Kind.TAGGING: [Tagged("", tuple(t.split()), LABELS + LABELS[:2]) for t in text],
        Kind.SPAN: [Question("", "a", t, (Answer(t.split()[-1], t.rindex(" ") + 1),), "") for t in text],
    }[kind]
    groups = [encode(kind, e, limits=Limits(40)) for e in examples]
    batch = collate(groups, pad=1)
    head = kind_of(kind).head(SMALL.hidden_size, len(LABELS), torch.Generator().manual_seed(0)).eval()
    states = torch.randn(*batch.tokens.shape, SMALL.hidden_size, generator=torch.Generator().manual_seed(0))
    optimiser = torch.optim.Adam(head.parameters(), lr=0.03)
    losses = []
    for _ in range(60):
        loss = kind_of(kind).loss(head(states, batch.mask), batch)
        optimiser.zero_grad()
        loss.backward()
        assert all(p.grad is not None for p in head.parameters())
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "example", "words"),
    [
        (Kind.CLASSIFICATION, TextPair("7", "a", "b", "neutrl"), ["example 7", "neutrl", "did you mean 'neutral'"]),
        (Kind.TAGGING, Tagged("7", ("a",), ("X",)), ["example 7", "'X'"]),
        (Kind.TAGGING, Tagged("7", ("a", "b"), ("NOUN",)), ["example 7", "2 tokens", "not 1"]),
        (Kind.CHOICE, Choices("7", "a", "b", ("c", "d"), 2), ["example 7", "between 0 and 1", "not 2"]),
        (Kind.CHOICE, Choices("7", "a", "b", (), None), ["example 7", "at least one choice"]),
        (Kind.SPAN, Question("7", "a", "abc", (Answer("bd", 1),), ""), ["example 7", "'bd'", "character 1"]),
    ],
)
def test_bad_examples_are_named_in_one_line(kind, example, words):
    with pytest.raises(UserError) as error:
        encode(kind, example)
    assert all(word in str(error.value) for word in words)


@pytest.mark.parametrize("limits", [(7, 0), (8, -1)])
def test_bad_limits_are_named(limits):
    with pytest.raises(UserError, match=str(limits[0] if limits[0] < 8 else limits[1])):
        Limits(*limits)


def test_retrieval_encodes_both_sides_and_has_no_head():
    query, candidate = encode(Kind.RETRIEVAL, Translation("r", "the a", "北京", None), unigram())
    assert query.tokens.tolist() == unigram()("the a")["input_ids"]
    assert candidate.tokens.tolist() == unigram()("北京")["input_ids"]
    with pytest.raises(TypeError, match="no head"):
        kind_of(Kind.RETRIEVAL).head(16, 4)


def test_text_is_not_a_task_of_its_own():
    assert set(KINDS) == set(Kind) - {Kind.TEXT, Kind.PARALLEL}
    with pytest.raises(UserError, match="language modelling"):
        kind_of(Kind.TEXT)
