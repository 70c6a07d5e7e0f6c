"""The Transformer: equal to PyTorch's block, blind to the future, and the same in pieces as at once."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.data import parity
from course_lib.nn.transformer import (
    POSITIONS,
    Block,
    CausalSelfAttention,
    Transformer,
    attention_in_blocks,
    causal_attention,
    join_heads,
    sine_positions,
    split_heads,
    state_bytes,
    stored_bytes,
)
from course_lib.training import Settings, fit, score


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


def made(positions="sine", **options):
    generator = torch.Generator().manual_seed(0)
    return Transformer(3, 8, 2, 16, 2, 5, positions=positions, T_max=20, generator=generator, **options).double()


@pytest.mark.parametrize("heads", [1, 2, 4])
@torch.no_grad()
def test_a_block_is_torchs(heads):
    theirs = nn.TransformerEncoderLayer(8, heads, 16, dropout=0.0, norm_first=True, dtype=torch.float64)
    for parameter in theirs.parameters():  # norms and biases too: torch starts them at 1 and 0
        parameter += 0.3 * drawn(*parameter.shape)
    ours = Block(8, heads, 16).double()
    ours.load_state_dict(theirs.state_dict())
    xs, mask = drawn(7, 3, 8), nn.Transformer.generate_square_subsequent_mask(7, dtype=torch.float64)
    assert torch.allclose(ours(xs)[0], theirs(xs, src_mask=mask), atol=1e-12)
    theirs.load_state_dict(ours.state_dict())


def test_attention_is_torchs():
    q, k, v = drawn(3, 2, 4, 7, 5)
    theirs = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    assert torch.allclose(causal_attention(q, k, v), theirs, atol=1e-12)
    layer = nn.MultiheadAttention(8, 2, dtype=torch.float64)
    ours = CausalSelfAttention(8, 2).double()
    ours.load_state_dict(layer.state_dict())
    xs = drawn(7, 3, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(7, dtype=torch.float64)
    assert torch.allclose(ours(xs)[0], layer(xs, xs, xs, attn_mask=mask)[0], atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_blocks_change_nothing(size):
    q, k, v = drawn(3, 2, 4, 7, 5)
    assert torch.allclose(attention_in_blocks(30 * q, k, v, size), causal_attention(30 * q, k, v), atol=1e-12)
    later = slice(4, 7)  # three queries that stand behind four positions
    assert torch.allclose(
        attention_in_blocks(q[..., later, :], k, v, size), causal_attention(q, k, v)[..., later, :], atol=1e-12
    )


def test_heads_are_dealt_out_and_put_back():
    xs = drawn(7, 3, 8)
    assert torch.equal(join_heads(split_heads(xs, 4)), xs)
    assert torch.equal(split_heads(xs, 4)[1, 2], xs[:, 1, 4:6])


@pytest.mark.parametrize("positions", POSITIONS)
def test_nothing_sees_the_future(positions):
    model, xs = made(positions), drawn(6, 2, 3)
    other = xs.clone()
    other[4:] += 1
    moved = (model(other)[0] - model(xs)[0]).abs().amax((1, 2))
    assert (moved[:4] == 0).all()
    assert (moved[4:] > 1e-3).all()


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("cuts", [(1, 2, 3, 4, 5), (4,), (2, 5)])
def test_in_pieces_as_at_once(positions, cuts):
    model, xs = made(positions), drawn(6, 2, 3)
    at_once, whole = model(xs)
    state, outputs = None, []
    for first, end in zip((0, *cuts), (*cuts, 6), strict=True):
        out, state = model(xs[first:end], state)
        outputs.append(out)
    assert torch.allclose(torch.cat(outputs), at_once, atol=1e-12)
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(state, whole, strict=True))


@torch.no_grad()
def test_with_reserved_room_as_without():
    model, xs = made().float(), drawn(6, 2, 3).float()
    at_once, whole = model(xs)
    state, outputs = model.reserve(6, B=2), []
    for part in (xs[:3], xs[3:5], xs[5:]):
        out, state = model(part, state)
        outputs.append(out)
    assert torch.allclose(torch.cat(outputs), at_once, atol=1e-6)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(state.tensors, whole, strict=True))
    assert state_bytes(state) == state_bytes(whole)
    with pytest.raises(ValueError, match="room: expected at most 6 positions, got 7"):
        model(xs[:1], state)


@pytest.mark.parametrize("way", ["torch", "equation"])
def test_both_ways_are_one(way):
    model, xs = made(), drawn(6, 2, 3)
    other = made(way=way)
    assert torch.allclose(other(xs)[0], model(xs)[0], atol=1e-12)
    first, state = other(xs[:2])
    assert torch.allclose(other(xs[2:], state)[0], model(xs)[0][2:], atol=1e-12)


def test_without_positions_the_past_is_a_set():
    xs, order = drawn(6, 2, 3), torch.tensor([3, 0, 4, 2, 1, 5])
    blind, sees = made("none", read="last"), made("sine", read="last")
    one_layer = Transformer(3, 8, 2, 16, 1, 5, positions="none", read="last").double()
    assert torch.allclose(one_layer(xs[order])[0], one_layer(xs)[0], atol=1e-12)
    assert not torch.allclose(blind(xs[order])[0], blind(xs)[0])  # a second block sees who could see what
    assert not torch.allclose(sees(xs[order])[0], sees(xs)[0])


def test_sine_positions_are_the_equation():
    places = sine_positions(3, 4, 6)
    for t in range(4):
        for i in range(3):
            angle = (3 + t) / 10000 ** (2 * i / 6)
            assert places[t, 2 * i].item() == pytest.approx(np.sin(angle), abs=1e-6)
            assert places[t, 2 * i + 1].item() == pytest.approx(np.cos(angle), abs=1e-6)


def test_gradients_agree_with_differences():
    model = made()
    assert torch.autograd.gradcheck(lambda xs: model(xs)[0], drawn(4, 2, 3).requires_grad_())


def test_the_cache_grows_by_two_numbers_a_block_and_unit():
    model = made()
    _, state = model(drawn(6, 1, 3))
    assert state_bytes(state) == 6 * 2 * 2 * 8 * 8  # positions, blocks, keys and values, D, bytes of float64
    assert state_bytes(nn.LSTM(3, 8)(torch.zeros(6, 1, 3))[1]) == 2 * 8 * 4


def test_what_training_keeps_is_linear_in_blocks_and_square_as_the_equation_stands():
    """Per position the same at every length by torch's function; as the equation stands, N weights for each key."""

    def per_position(way):
        layer = Block(16, 2, 32, way)
        return [stored_bytes(layer, torch.randn(T, 1, 16, requires_grad=True)) / T for T in (64, 256)]

    short, long = per_position("torch")
    assert long == pytest.approx(short, rel=0.02)
    short, long = per_position("equation")
    assert long - short >= 2 * (256 - 64) * 4  # the weights alpha of 2 looks, 4 bytes each


def test_weights_come_from_the_generator():
    before = torch.random.get_rng_state()
    assert all(torch.equal(a, b) for a, b in zip(made().parameters(), made().parameters(), strict=True))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_fit_trains_it_and_carries_its_state():
    rng = np.random.default_rng(0)
    model = Transformer(1, 16, 2, 32, 1, 2, generator=torch.Generator().manual_seed(0))
    fit(model, lambda step: parity(rng, 2, 64), Settings(steps=200, lr=1e-2))
    assert score(model, parity(np.random.default_rng(1), 2, 256)) < 0.1
    history = fit(model, lambda step: parity(rng, 6, 8), Settings(steps=4, truncate=2))
    assert len(history.loss) == 4


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: CausalSelfAttention(8, 3), "N: expected heads that divide D = 8, got 3"),
        (lambda: made("sinus"), "positions: expected one of sine, learned, none, got 'sinus'"),
        (lambda: made(way="flash"), "way: expected one of torch, equation, got 'flash'"),
        (lambda: made(read="first"), "read: expected one of all, last, got 'first'"),
        (lambda: Transformer(3, 8, 2, 16, 2, 5, positions="learned"), "T_max: expected the number of learned"),
        (lambda: made()(drawn(6, 2, 4)), r"xs: expected \(T, B, D_in\) = \(T, B, 3\) with T, B >= 1, got \(6, 2, 4\)"),
        (lambda: made("learned")(drawn(21, 1, 3)), "T_max: expected at most 20 positions, got 21"),
        (lambda: made()(drawn(1, 2, 3), (drawn(4, 2, 8),) * 2), "state: expected 4 tensors"),
        (lambda: made()(drawn(1, 3, 3), (drawn(4, 2, 8),) * 4), r"state: expected 4 tensors \(S, B, D\) = \(4, 3, 8\)"),
        (lambda: attention_in_blocks(*drawn(3, 5, 2), size=0), "size: expected a whole number >= 1, got 0"),
    ],
)
def test_what_does_not_fit_is_named(call, said):
    with pytest.raises(ValueError, match=said):
        call()
