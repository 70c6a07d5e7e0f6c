"""The linear recurrence: the scan is the loop, in NumPy and in torch, and minGRU is a GRU with less in it."""

import numpy as np
import pytest
import torch

from course_lib.nn.linear_recurrence import MinGRU, depth, loop, scan

LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100]


def drawn(T, *shape):
    rng = np.random.default_rng(T)
    return rng.uniform(-1, 1, (T, *shape)), rng.normal(size=(T, *shape)), rng.normal(size=shape)


def made(**options):
    return MinGRU(3, 5, generator=torch.Generator().manual_seed(0), **options).double()


@pytest.mark.parametrize("T", LENGTHS)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_the_scan_is_the_loop(T, shape):
    a, b, h0 = drawn(T, *shape)
    for start in (None, h0):
        hs = loop(a, b, start)
        assert isinstance(hs, np.ndarray)
        assert np.allclose(scan(a, b, start), hs, atol=1e-13)
        theirs = scan(*(part if part is None else torch.tensor(part) for part in (a, b, start)))
        assert np.allclose(theirs.numpy(), hs, atol=1e-13)
    assert np.allclose(hs[-1], a[-1] * (hs[-2] if T > 1 else h0) + b[-1])


@pytest.mark.parametrize("way", [loop, scan])
def test_arguments_are_left_alone(way):
    a, b, h0 = drawn(9, 2)
    before = a.copy(), b.copy(), h0.copy()
    way(a, b, h0)
    assert all(np.array_equal(old, new) for old, new in zip(before, (a, b, h0), strict=True))


@pytest.mark.parametrize("T", [1, 2, 5, 8])
def test_gradients_agree_with_differences(T):
    inputs = [torch.tensor(part, requires_grad=True) for part in drawn(T, 2)]
    assert torch.autograd.gradcheck(scan, inputs)


@pytest.mark.parametrize("signed", [False, True])
@torch.no_grad()
def test_min_gru_is_the_equation_step_by_step(signed):
    layer, xs = made(signed=signed), torch.randn(6, 2, 3, dtype=torch.float64)
    hs, h_n = layer(xs)
    W_z, W_n = layer.weight_ih_l0.chunk(2)
    b_z, b_n = layer.bias_ih_l0.chunk(2)
    h_t = torch.zeros(2, 5, dtype=torch.float64)
    for t in range(6):
        z, n = torch.sigmoid(xs[t] @ W_z.T + b_z), xs[t] @ W_n.T + b_n
        h_t = (1 - z) * n + (2 * z - 1 if signed else z) * h_t
        assert torch.allclose(hs[t], h_t, atol=1e-12)
    assert torch.equal(h_n[0], hs[-1])


def test_in_pieces_as_at_once_and_in_a_loop():
    layer, xs = made(), torch.randn(7, 2, 3, dtype=torch.float64)
    hs, h_n = layer(xs)
    first, state = layer(xs[:3])
    rest, state = layer(xs[3:], state)
    assert torch.allclose(torch.cat([first, rest]), hs, atol=1e-12)
    assert torch.allclose(state, h_n, atol=1e-12)
    assert torch.allclose(made(way="loop")(xs)[0], hs, atol=1e-12)


def test_a_factor_of_minus_one_turns_the_state_round():
    """Parity with one unit: each 1 multiplies the state by -1, each 0 by 1."""
    bits = np.random.default_rng(0).integers(0, 2, 1000)
    hs = scan(1.0 - 2 * bits, np.zeros(1000), np.ones(()))
    assert np.array_equal(hs < 0, bits.cumsum() % 2 == 1)


def test_the_depth_is_what_waits():
    assert [depth(T) for T in (1, 2, 3, 1024, 1025)] == [0, 2, 4, 20, 22]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: loop(np.ones((3, 2)), np.ones((3, 1))), r"a, b: expected one shape .* got \(3, 2\) and \(3, 1\)"),
        (lambda: scan(np.ones(0), np.ones(0)), "with T >= 1"),
        (lambda: scan(np.ones((3, 2)), np.ones((3, 2)), np.ones(3)), r"h0: expected \(2,\), got \(3,\)"),
        (lambda: made(way="tree"), "way: expected one of scan, loop, got 'tree'"),
        (lambda: made()(torch.ones(2, 2, 4)), r"xs: expected \(T, B, D\) = \(T, B, 3\), got \(2, 2, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(call, said):
    with pytest.raises(ValueError, match=said):
        call()
