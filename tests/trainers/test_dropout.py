"""Keyed dropout: a mask belongs to its row, site, position and feature, and is otherwise as random as any."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers import XLMRobertaConfig, XLMRobertaModel

from tasks.examples import Kind
from trainers.kinds.registry import kind_of
from trainers.model.dropout import DropoutKeys, KeyedDropout, install
from trainers.randomness import row_keys

P = 0.1
GOLDEN = ["00011010110011011111", "11011011000101110001"]
KEYS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=8)


def mask(keys, shape, site=0, p=P) -> Tensor:
    """The mask of ones that went through a site: 0 or the scale."""
    holder = DropoutKeys()
    holder.set(torch.tensor(keys, dtype=torch.int64))
    return KeyedDropout(p, holder, site).train()(torch.ones(len(keys), *shape))


def stream(step: int, n: int) -> list[int]:
    return row_keys(0, "dropout", step, np.arange(n), 0).tolist()


# --- what a mask depends on -------------------------------------------------------------------------------------------


@given(KEYS, st.integers(1, 12), st.integers(1, 21), st.integers(0, 9), st.randoms())
@settings(deadline=None)
def test_a_rows_mask_is_its_own(keys, length, hidden, padding, shuffled):
    """Alone, in any batch, in any order and under any padding."""
    together = mask(keys, (length + padding, hidden), site=3, p=0.4)
    order = list(range(len(keys)))
    shuffled.shuffle(order)
    reordered = mask([keys[i] for i in order], (length + padding, hidden), site=3, p=0.4)
    for place, i in enumerate(order):
        alone = mask([keys[i]], (length, hidden), site=3, p=0.4)[0]
        assert torch.equal(together[i, :length], alone)
        assert torch.equal(reordered[place, :length], alone)


def test_masks_never_change():
    """A golden mask: a stage that was trained once must be trained the same way by every later version."""
    kept = mask([1, -5], (2, 10), site=2, p=0.5).flatten(1) > 0
    assert ["".join(str(int(bit)) for bit in row) for row in kept] == GOLDEN


def test_a_vector_has_the_mask_of_the_first_position():
    assert torch.equal(mask([7, 8], (20,), p=0.5), mask([7, 8], (3, 20), p=0.5)[:, 0])


# --- how random it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.05, 0.1, 0.3, 0.5, 0.9])
def test_the_rate_is_kept_and_so_is_the_expectation(p):
    values = mask(stream(0, 64), (40, 128), p=p)
    n = values.numel()
    kept = (values > 0).double().mean().item()
    error = math.sqrt(p * (1 - p) / n)
    assert abs(kept - (1 - p)) < 4.5 * error
    assert values.max().item() == pytest.approx(1 / (1 - p), rel=1e-4)
    # by row, position and feature too: the largest of that many standard scores stays below 5.5
    for axes, size in (((1, 2), 64), ((0, 2), 40), ((0, 1), 128)):
        means = (values > 0).double().mean(dim=axes)
        assert (means - (1 - p)).abs().max().item() < 5.5 * error * math.sqrt(size)


def test_masks_of_other_sites_steps_positions_and_features_are_uncorrelated():
    keys = stream(0, 64)
    base = mask(keys, (32, 64), p=0.3)
    others = {
        "site": mask(keys, (32, 64), site=1, p=0.3),
        "far site": mask(keys, (32, 64), site=48, p=0.3),
        "step": mask(stream(1, 64), (32, 64), p=0.3),
        "row": base.roll(1, dims=0),
        "position": base.roll(1, dims=1),
        "feature": base.roll(1, dims=2),
        "word": base.roll(4, dims=2),
    }
    bound = 4.5 / math.sqrt(base.numel())
    for name, other in others.items():
        correlation = np.corrcoef(base.flatten().numpy(), other.flatten().numpy())[0, 1]
        assert abs(correlation) < bound, name


def test_neighbouring_keys_are_as_good_as_distant_ones():
    """Keys need not be hashed well: the finaliser separates 0, 1, 2 …"""
    values = mask(list(range(256)), (8, 64), p=0.5)
    flat = (values.flatten(1) > 0).double() - 0.5
    gram = (flat @ flat.T) / flat.shape[1] * 4
    gram.fill_diagonal_(0)
    assert gram.abs().max().item() < 6 / math.sqrt(flat.shape[1])


# --- what it does to states and gradients -----------------------------------------------------------------------------


def test_evaluation_and_rate_zero_are_the_identity_without_keys():
    states = torch.randn(2, 3, 4)
    assert KeyedDropout(P, DropoutKeys(), 0).eval()(states) is states
    assert KeyedDropout(0.0, DropoutKeys(), 0).train()(states) is states


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_the_gradient_is_that_of_a_product_with_the_mask(dtype):
    holder = DropoutKeys()
    holder.set(torch.tensor([3, 4]))
    site = KeyedDropout(0.25, holder, 5).train()
    states = torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(0)).to(dtype).requires_grad_()
    weight = torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(1)).to(dtype)
    out = site(states)
    out.backward(weight)
    factor = mask([3, 4], (6, 16), site=5, p=0.25).to(torch.float64)
    assert out.dtype == dtype
    torch.testing.assert_close(out, (states.double() * factor).to(dtype))
    torch.testing.assert_close(states.grad, (weight.double() * factor).to(dtype))


@pytest.mark.parametrize("keys", [None, torch.tensor([1, 2, 3])])
def test_missing_keys_and_keys_of_another_batch_are_errors(keys):
    holder = DropoutKeys()
    if keys is not None:
        holder.set(keys)
    with pytest.raises(RuntimeError, match="2 rows"):
        KeyedDropout(P, holder, 0).train()(torch.ones(2, 3, 4))


@pytest.mark.parametrize("bad", [torch.tensor([1], dtype=torch.int32), torch.tensor([[1]])])
def test_keys_of_the_wrong_form_are_errors(bad):
    with pytest.raises(ValueError, match="int64"):
        DropoutKeys().set(bad)


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_rates_outside_the_unit_interval_are_errors(p):
    with pytest.raises(ValueError, match="dropout rate"):
        KeyedDropout(p, DropoutKeys(), 0)


# --- a whole model ----------------------------------------------------------------------------------------------------

CONFIG = XLMRobertaConfig(
    vocab_size=50, hidden_size=20, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, pad_token_id=1,
    max_position_embeddings=40, attention_probs_dropout_prob=0.1, type_vocab_size=1,
)  # fmt: skip


class Model(nn.Module):
    """An encoder with a head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = XLMRobertaModel(CONFIG, add_pooling_layer=False).double()
        self.head = kind_of(Kind.CLASSIFICATION).head(20, 3).double()

    def forward(self, tokens: Tensor, keep: Tensor) -> Tensor:
        states = self.encoder(input_ids=tokens, attention_mask=keep.long()).last_hidden_state
        return self.head(states, keep)


@cache
def model() -> tuple[Model, DropoutKeys]:
    whole = Model().train()
    return whole, install(whole, 0.3)


def test_install_reaches_every_hidden_dropout_once():
    whole, keys = model()
    sites = [module for module in whole.modules() if isinstance(module, KeyedDropout)]
    # the embeddings, two a layer, and two in the head
    assert [site.site for site in sites] == list(range(1 + 2 * 2 + 2))
    assert all(site.keys is keys and site.p == 0.3 and site.training for site in sites)
    rest = [module for module in whole.modules() if isinstance(module, nn.Dropout)]
    assert len(rest) == CONFIG.num_hidden_layers and all(module.p == 0 for module in rest)


def test_installing_again_gives_new_keys_and_rate():
    whole = Model()
    install(whole, 0.1)
    keys = install(whole, 0.2)
    sites = [module for module in whole.modules() if isinstance(module, KeyedDropout)]
    assert [(site.site, site.p) for site in sites] == [(i, 0.2) for i in range(7)]
    assert all(site.keys is keys for site in sites)
    assert not any("dropout" in name for name in whole.state_dict())


def gradients(rows: list[Tensor], keys: list[int], padding: int = 0) -> list[Tensor]:
    whole, holder = model()
    tokens = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1)
    tokens = nn.functional.pad(tokens, (0, padding), value=1)
    holder.set(torch.tensor(keys))
    whole.zero_grad()
    whole(tokens, tokens != 1).square().sum().backward()
    return [p.grad.clone() for p in whole.parameters() if p.grad is not None]


@given(KEYS, st.integers(0, 7), st.integers(0, 10), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_gradients_with_dropout_do_not_depend_on_the_cut_into_micro_batches(keys, cut, padding, seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.randint(2, 20, (len(keys),), generator=generator).tolist()
    rows = [torch.randint(5, 50, (size,), generator=generator) for size in sizes]
    whole = gradients(rows, keys, padding)
    cut = min(cut, len(keys) - 1)
    parts = [gradients(rows[a:b], keys[a:b]) for a, b in ((0, cut), (cut, len(keys))) if a < b]
    for i, gradient in enumerate(whole):
        torch.testing.assert_close(gradient, sum(part[i] for part in parts), rtol=1e-6, atol=1e-8)


def test_the_global_generator_is_neither_read_nor_moved():
    rows = [torch.arange(5, 12)]
    torch.manual_seed(1)
    first, state = gradients(rows, [3]), torch.get_rng_state()
    torch.manual_seed(2)
    second = gradients(rows, [3])
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    torch.manual_seed(1)
    assert torch.equal(state, torch.get_rng_state())
    assert any(not torch.equal(a, b) for a, b in zip(first, gradients(rows, [4]), strict=True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_draws_the_same_masks():
    holder = DropoutKeys()
    keys = torch.tensor([*stream(0, 16), -(2**63), 2**63 - 1, 0])
    holder.set(keys.cuda())
    ours = KeyedDropout(P, holder, 3).train()(torch.ones(len(keys), 9, 30, device="cuda"))
    assert torch.equal(ours.cpu(), mask(keys.tolist(), (9, 30), site=3))
