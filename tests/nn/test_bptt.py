"""Full and truncated BPTT over every cell against torch, with state gradients, memory and errors."""

import tracemalloc
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.nn import cells
from course_lib.nn.bptt import CELLS, LSTM, RNN, Cell, bptt, forward, get_cell, truncated, truncated_stream, unroll
from course_lib.nn.gradients import gradient_by_lag, numerical_gradient
from course_lib.nn.init import init_params

quick = settings(max_examples=10, deadline=None)
SIZES = {name: st.integers(1, 4) for name in "BDH"} | {"T": st.integers(1, 6), "seed": st.integers(0, 2**32 - 1)}
TORCH = {  # what torch computes itself; gru_before is built from its gates
    "rnn": lambda x, h, W_xh, W_hh, b: torch.rnn_tanh_cell(x, h, W_xh, W_hh, b, 0 * b),
    "rnn_relu": lambda x, h, W_xh, W_hh, b: torch.rnn_relu_cell(x, h, W_xh, W_hh, b, 0 * b),
    "lstm": lambda x, h, c, W_xh, W_hh, b: torch.lstm_cell(x, (h, c), W_xh, W_hh, b, 0 * b),
    "gru": torch.gru_cell,
}


def torch_gru_before(x, h, W_xh, W_hh, b_x, b_h):
    a_r, a_z, a_n = (x @ W_xh.T + b_x + b_h).chunk(3, dim=1)
    W_hr, W_hz, W_hn = W_hh.chunk(3)
    r, z = torch.sigmoid(a_r + h @ W_hr.T), torch.sigmoid(a_z + h @ W_hz.T)
    return (1 - z) * torch.tanh(a_n + (r * h) @ W_hn.T) + z * h


TORCH["gru_before"] = torch_gru_before


def as_tuple(state):
    return state if isinstance(state, tuple) else (state,)


def draw(cell, T, B, D, H, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = init_params(cell, D, H, rng, dtype=dtype)
    xs = rng.standard_normal((T, B, D)).astype(dtype)
    state0 = tuple(rng.standard_normal((B, H)).astype(dtype) for _ in range(get_cell(cell).n_states))
    dhs = rng.standard_normal((T, B, H)).astype(dtype)
    return xs, state0 if len(state0) > 1 else state0[0], params, dhs


def torch_gradients(cell, xs, state0, params, dhs, k=None, dstate_T=()):
    """hs and the gradients of xs, state0, params by autograd, the state detached every k steps."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (xs, *as_tuple(state0), *params)]
    n = len(as_tuple(state0))
    x, state, weights = leaves[0], tuple(leaves[1 : 1 + n]), leaves[1 + n :]
    hs = []
    for t, x_t in enumerate(x):
        state = tuple(s.detach() for s in state) if k and t and t % k == 0 else state
        state = as_tuple(TORCH[cell](x_t, *state, *weights))
        hs.append(state[0])
    loss = (torch.stack(hs) * torch.tensor(dhs)).sum()
    loss = loss + sum((s * torch.tensor(d)).sum() for s, d in zip(state, dstate_T, strict=False))
    grads = torch.autograd.grad(loss, leaves, materialize_grads=True)
    return torch.stack(hs).detach().numpy(), [g.numpy() for g in grads]


def assert_same(result, judge, tol=1e-10):
    (hs, grads), (judge_hs, judge_grads) = result, judge
    np.testing.assert_allclose(hs, judge_hs, rtol=tol, atol=tol)
    ours = [grads.dxs, *as_tuple(grads.dstate0), *grads.dparams]
    for a, b in zip(ours, judge_grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=tol, atol=tol)


@pytest.mark.parametrize("cell", CELLS)
@given(**SIZES)
@quick
def test_bptt_equals_autograd(cell, T, B, D, H, seed):
    args = draw(cell, T, B, D, H, seed)
    dstate_T = as_tuple(draw(cell, T, B, D, H, seed + 1)[1])
    given_T = dstate_T if len(dstate_T) > 1 else dstate_T[0]
    assert_same(bptt(cell, *args, given_T), torch_gradients(cell, *args, dstate_T=dstate_T))


@pytest.mark.parametrize("cell", CELLS)
@given(**SIZES, k=st.integers(1, 4))
@quick
def test_truncated_equals_torch_with_detach(cell, T, B, D, H, seed, k):
    args = draw(cell, T, B, D, H, seed)
    assert_same(truncated(cell, *args, k), torch_gradients(cell, *args, k=k))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("k", [6, 7, 100])
def test_truncated_with_k_of_at_least_T_is_the_full_one(cell, k):
    args = draw(cell, T=6, B=2, D=3, H=4)
    full, cut = bptt(cell, *args), truncated(cell, *args, k)
    assert np.array_equal(full[0], cut[0])
    assert all(np.array_equal(a, b) for a, b in zip(full[1].dparams, cut[1].dparams, strict=True))
    assert np.array_equal(full[1].dxs, cut[1].dxs)


@pytest.mark.parametrize("cell", CELLS)
def test_truncation_cuts_gradients_not_values(cell):
    xs, state0, params, dhs = draw(cell, T=7, B=2, D=3, H=4)
    dhs[:4] = 0  # a loss in the second chunk only
    full, cut = bptt(cell, xs, state0, params, dhs), truncated(cell, xs, state0, params, dhs, k=4)
    assert np.array_equal(full[0], cut[0])
    assert np.any(full[1].dxs[:4])
    assert not np.any(cut[1].dxs[:4])


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_bptt_equals_finite_differences(cell):
    xs, state0, params, dhs = draw(cell, T=4, B=2, D=2, H=3)
    _, grads = bptt(cell, xs, state0, params, dhs)
    for name, ours in zip(params._fields, grads.dparams, strict=True):
        judge = numerical_gradient(
            lambda W, name=name: (forward(cell, xs, state0, params._replace(**{name: W}))[0] * dhs).sum(),
            getattr(params, name),
        )
        np.testing.assert_allclose(ours, judge, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("cell", CELLS)
def test_forward_is_unroll_and_can_be_continued(cell):
    xs, state0, params, _ = draw(cell, T=7, B=2, D=3, H=4)
    hs = unroll(CELLS[cell].step, xs, state0, *params)
    first, middle = forward(cell, xs[:3], state0, params)
    second, _ = forward(cell, xs[3:], middle, params)
    assert np.array_equal(hs, np.concatenate([first, second]))


def test_unroll_equals_torch_and_takes_relu():
    xs, h0, params, _ = draw("rnn", T=5, B=2, D=3, H=4)
    theirs = torch.nn.RNN(3, 4, nonlinearity="relu", dtype=torch.float64)
    weights = (*params[:2], params.b_h, 0 * params.b_h)
    for p, a in zip(theirs.parameters(), weights, strict=True):
        p.data = torch.tensor(a)
    judge, _ = theirs(torch.tensor(xs), torch.tensor(h0)[None])
    ours = unroll(partial(cells.rnn_step, f=cells.relu), xs, h0, *params)
    np.testing.assert_allclose(ours, judge.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_float32_stays_float32(cell):
    args = draw(cell, T=3, B=2, D=3, H=4, dtype=np.float32)
    hs, grads = truncated(cell, *args, k=2)
    found = {a.dtype for a in (hs, grads.dxs, *as_tuple(grads.dstate0), *grads.dparams)}
    found |= {a.dtype for a in bptt(cell, *args)[1].dparams}
    assert found == {np.dtype(np.float32)}


def test_a_loss_that_depends_on_the_states_can_be_given_as_a_function():
    xs, h0, params, _ = draw("gru", T=5, B=2, D=3, H=4)
    hs, _ = forward("gru", xs, h0, params)
    starts = []

    def half_square(hs, start):
        starts.append(start)
        return hs

    by_array, by_function = truncated("gru", xs, h0, params, hs, 2), truncated("gru", xs, h0, params, half_square, 2)
    assert starts == [0, 2, 4]
    assert np.array_equal(by_array[1].dparams.dW_hh, by_function[1].dparams.dW_hh)


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_stream_gives_what_truncated_gives(cell):
    xs, state0, params, dhs = draw(cell, T=7, B=2, D=3, H=4)
    chunks = (xs[s : s + 3] for s in range(0, 7, 3))
    state_T, dparams = truncated_stream(cell, chunks, state0, params, lambda hs, s: dhs[s : s + len(hs)])
    expected = truncated(cell, xs, state0, params, dhs, 3)
    assert np.array_equal(as_tuple(state_T)[0], expected[0][-1])
    assert all(np.array_equal(a, b) for a, b in zip(dparams, expected[1].dparams, strict=True))


def test_the_memory_of_a_stream_does_not_grow_with_its_length():
    _, state0, params, _ = draw("lstm", T=1, B=8, D=4, H=16)

    def peak(T, k=10):
        chunks = (np.full((k, 8, 4), 0.1) for _ in range(T // k))
        tracemalloc.start()
        truncated_stream("lstm", chunks, state0, params, lambda hs, start: hs)
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    peak(40)  # what the first call loads and caches is not the loop's
    assert peak(400) < 1.5 * peak(40)  # ten times the sequence: kept states would make it almost ten times the bytes


class IndParams(NamedTuple):
    W_xh: np.ndarray
    u: np.ndarray


class DIndParams(NamedTuple):
    dW_xh: np.ndarray
    du: np.ndarray


def ind_step(x_t, h_prev, W_xh, u):
    return np.tanh(x_t @ W_xh.T + u * h_prev)


def ind_backward(dstate, x_t, state_prev, state_t, params):
    da_t = dstate[0] * (1 - state_t[0] ** 2)
    return da_t @ params.W_xh, da_t * params.u, da_t.T @ x_t, (da_t * state_prev[0]).sum(axis=0)


def test_a_cell_of_your_own_works_in_every_loop():
    xs, h0, (W_xh, _, _), dhs = draw("rnn", T=6, B=2, D=3, H=4)
    cell = Cell("ind", ind_step, ind_backward, params=IndParams, dparams=DIndParams)
    params = IndParams(W_xh, np.linspace(-1, 1, 4))
    TORCH["ind"] = lambda x, h, W_xh, u: torch.tanh(x @ W_xh.T + u * h)
    assert_same(bptt(cell, xs, h0, params, dhs), torch_gradients("ind", xs, h0, params, dhs))
    assert_same(truncated(cell, xs, h0, params, dhs, 4), torch_gradients("ind", xs, h0, params, dhs, k=4))
    assert len(gradient_by_lag(cell, xs, h0, params)) == 7


def test_params_may_be_named_or_plain():
    xs, h0, params, dhs = draw("gru", T=3, B=2, D=3, H=4)
    shuffled = dict(reversed(params._asdict().items()))
    for form in (tuple(params), list(params), shuffled):
        assert np.array_equal(bptt("gru", xs, h0, form, dhs)[1].dxs, bptt("gru", xs, h0, params, dhs)[1].dxs)


def line(message):
    return "^" + message.translate({ord(c): "\\" + c for c in "()[].*"}) + "$"


def test_bad_input_gives_one_clear_line():
    xs, h0, params, dhs = draw("rnn", T=3, B=4, D=2, H=8)
    nan = xs.copy()
    nan[1, 2, 0] = np.nan
    inf = params._replace(b_h=np.full(8, np.inf))
    cases = [
        (([], xs, h0, params, dhs), "cell: expected one of rnn, rnn_relu, lstm, gru, gru_before, got []"),
        (("lstn", xs, h0, params, dhs), "cell: expected one of rnn, rnn_relu, lstm, gru, gru_before, got 'lstn'"),
        ((RNN, xs[:0], h0, params, dhs), "xs: expected no empty axis, got (T, B, D) = (0, 4, 2)"),
        ((RNN, xs[0], h0, params, dhs), "xs: expected (T, B, D) = (T, B, 2), got (4, 2)"),
        ((RNN, xs, h0[:, :7], params, dhs), "h0: expected (B, H) = (4, 8), got (4, 7)"),
        ((RNN, xs, h0[:1], params, dhs), "h0: expected (B, H) = (4, 8), got (1, 8)"),
        ((RNN, xs, h0, params, dhs[:2]), "dhs: expected (T, B, H) = (3, 4, 8), got (2, 4, 8)"),
        ((RNN, xs, h0, params, dhs[:, :1]), "dhs: expected (T, B, H) = (3, 4, 8), got (3, 1, 8)"),
        ((RNN, nan, h0, params, dhs), "xs: expected finite values, got nan at index (1, 2, 0)"),
        ((RNN, xs, h0, params, dhs * np.nan), "dhs: expected finite values, got nan at index (0, 0, 0)"),
        ((RNN, xs, h0, inf, dhs), "b_h: expected finite values, got inf at index (0,)"),
        ((RNN, xs, h0, params[:2], dhs), "params: expected W_xh, W_hh, b_h for rnn, got 2 arrays"),
        ((RNN, xs, h0, None, dhs), "params: expected W_xh, W_hh, b_h for rnn, got NoneType"),
        ((RNN, xs, h0, {"W": h0}, dhs), "params: expected W_xh, W_hh, b_h for rnn, got W"),
        ((RNN, xs, (h0, h0), params, dhs), "state0: expected one array (B, H) for rnn, got a tuple of 2"),
        ((LSTM, xs, h0, params, dhs), "state0: expected a tuple (h, c) for lstm, got ndarray"),
        ((RNN, xs.astype(np.float32), h0, params, dhs), "xs: expected float64 like W_xh, got float32"),
    ]
    for args, message in cases:
        with pytest.raises(ValueError, match=line(message)):
            bptt(*args)
        with pytest.raises(ValueError, match=line(message)):
            truncated(*args, k=2)


def test_a_gradient_on_the_last_state_is_checked_like_the_rest():
    args = draw("rnn", T=3, B=4, D=2, H=8)
    with pytest.raises(ValueError, match=line("dh_T: expected (B, H) = (4, 8), got (1, 8)")):
        bptt("rnn", *args, dstate_T=np.ones((1, 8)))
    with pytest.raises(ValueError, match=line("dstate_T: expected one array (B, H) for rnn, got a tuple of 2")):
        bptt("rnn", *args, dstate_T=(args[1], args[1]))


@pytest.mark.parametrize("k", [0, -1, 2.0])
def test_a_chunk_has_at_least_one_step(k):
    with pytest.raises(ValueError, match="k: expected a whole number of steps >= 1, got"):
        truncated("rnn", *draw("rnn", T=3, B=1, D=1, H=1), k)


def test_a_stream_has_at_least_one_chunk():
    _, h0, params, _ = draw("rnn", T=1, B=1, D=1, H=1)
    with pytest.raises(ValueError, match="chunks: expected at least one"):
        truncated_stream("rnn", [], h0, params, lambda hs, start: hs)


def test_unroll_refuses_what_it_cannot_run():
    xs, h0, params, _ = draw("rnn", T=3, B=2, D=3, H=4)
    with pytest.raises(ValueError, match=line("xs: expected no empty axis, got (T, B, D) = (0, 2, 3)")):
        unroll(cells.rnn_step, xs[:0], h0, *params)
    with pytest.raises(ValueError, match="step: expected a function such as rnn_step, got 'rnn'"):
        unroll("rnn", xs, h0, *params)
    with pytest.raises(ValueError, match=line("h0: expected finite values, got nan at index (0, 0)")):
        unroll(cells.rnn_step, xs, h0 * np.nan, *params)
    with pytest.raises(ValueError, match=line("h_prev: expected (B, H) = (2, 4), got (2, 3)")):
        unroll(cells.rnn_step, xs, h0[:, :3], *params)
