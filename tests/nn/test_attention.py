"""Attention: equal to PyTorch's, blind to order and to pads, and clear about shapes that do not fit."""

import pytest
import torch
from torch.nn import functional as F

from course_lib.nn.attention import AdditiveAttention, DotAttention, make_attention, masked_softmax

KINDS = (AdditiveAttention, DotAttention)


def made(kind, H=4, D=6, A=5):
    return kind(H, D, A, generator=torch.Generator().manual_seed(0)).double()


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


MASK = torch.tensor([[True, True, True]] * 4 + [[True, False, True]] * 3)  # (T, B) = (7, 3)


def test_dot_attention_is_torchs():
    attention, query, states = made(DotAttention), drawn(3, 4), drawn(7, 3, 6)
    context, _ = attention(query, states, MASK)
    q, k, v = (query @ attention.W.T)[:, None], attention.keys(states).transpose(0, 1), states.transpose(0, 1)
    theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=MASK.T[:, None])[:, 0]
    assert torch.allclose(context, theirs, atol=1e-12)


@torch.no_grad()
def test_additive_scores_are_the_equation_entry_by_entry():
    attention, query, states = made(AdditiveAttention), drawn(3, 4), drawn(7, 3, 6)
    _, weights = attention(query, states)
    e = [
        [float(attention.v @ torch.tanh(attention.W @ query[b] + attention.U @ states[t, b])) for b in range(3)]
        for t in range(7)
    ]
    assert torch.allclose(weights, torch.tensor(e, dtype=torch.float64).softmax(0), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_pads_and_order_do_not_count(kind):
    attention, query, states = made(kind), drawn(3, 4), drawn(7, 3, 6)
    context, weights = attention(query, states, MASK)
    spoiled = torch.where(MASK[..., None], states, -3 * states)
    assert torch.equal(attention(query, spoiled, MASK)[0], context)
    assert (weights[~MASK] == 0).all()
    assert torch.allclose(weights.sum(0), torch.ones(3, dtype=torch.float64))
    order = torch.tensor([3, 0, 6, 2, 5, 1, 4])
    assert torch.allclose(attention(query, states[order], MASK[order])[0], context, atol=1e-12)
    assert not torch.allclose(attention(query, spoiled)[0], context)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_agree_with_differences(kind):
    inputs = (drawn(3, 4).requires_grad_(), drawn(7, 3, 6).requires_grad_())
    assert torch.autograd.gradcheck(lambda q, h: made(kind)(q, h, MASK), inputs)


def test_what_does_not_fit_is_named():
    attention = made(AdditiveAttention)
    with pytest.raises(ValueError, match=r"query: expected \(B, H\) = \(3, 4\), got \(2, 4\)"):
        attention(drawn(2, 4), drawn(7, 3, 6))
    with pytest.raises(ValueError, match=r"states: expected \(T, B, D\) = \(T, B, 6\), got \(7, 3, 5\)"):
        attention(drawn(3, 4), drawn(7, 3, 5))
    with pytest.raises(ValueError, match=r"mask: expected bool \(T, B\) = \(7, 3\), got int64 \(7, 3\)"):
        masked_softmax(drawn(7, 3), MASK.long())
    with pytest.raises(ValueError, match="got none in column 1"):
        masked_softmax(drawn(2, 2), torch.tensor([[True, False], [True, False]]))
    with pytest.raises(ValueError, match="attention: expected one of additive, dot, got 'sdot'"):
        make_attention("sdot", 1, 2, 3)
