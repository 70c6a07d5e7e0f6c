"""The judges of gradients are themselves judged: by calculus, by autograd, by torch's clipping."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.nn import gradients as g
from course_lib.nn.bptt import Params, bptt, forward, unroll
from course_lib.nn.cells import relu, rnn_step
from course_lib.nn.init import init_params


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def problem(cell, rng, T=5, B=2, D=3, H=4):
    params = init_params(cell, D, H, rng)
    state0 = (rng.standard_normal((B, H)), rng.standard_normal((B, H)))
    return rng.standard_normal((T, B, D)), state0 if cell == "lstm" else state0[0], params


# --- checks -----------------------------------------------------------------------------------------------------------


def test_numerical_gradient_equals_calculus_and_leaves_x_alone(rng):
    x = rng.standard_normal((3, 2))
    before = x.copy()
    np.testing.assert_allclose(g.numerical_gradient(lambda x: np.sin(x).sum(), x), np.cos(x), atol=1e-9)
    assert np.array_equal(x, before)


def test_check_gradients_prints_one_line_per_parameter_and_finds_the_wrong_one(rng, capsys):
    xs, h0, params = problem("rnn", rng)

    def loss(params):
        return (forward("rnn", xs, h0, params)[0] ** 2).sum() / 2

    _, grads = bptt("rnn", xs, h0, params, lambda hs, start: hs)
    assert all(row.ok for row in g.check_gradients(loss, params, grads.dparams))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["dW_xh", "dW_hh", "db_h"]
    assert all(line.endswith(" ok") for line in lines)

    wrong = grads.dparams._replace(dW_hh=grads.dparams.dW_hh.T)
    assert [row.ok for row in g.check_gradients(loss, params, wrong, show=None)] == [True, False, True]
    nan = grads.dparams._replace(db_h=grads.dparams.db_h * np.nan)
    assert [row.ok for row in g.check_gradients(loss, params, nan, show=None)] == [True, True, False]
    assert capsys.readouterr().out == ""


def test_autograd_twin_agrees_in_every_form(rng):
    def values(form):
        return list(form.values()) if isinstance(form, dict) else list(form)

    def product(form):
        x, y = values(form)
        return (x**2 * y).sum()

    x, y = rng.standard_normal(3), rng.standard_normal((2, 3))
    expected = [2 * x * y.sum(axis=0), np.tile(x**2, (2, 1))]
    for form in ([x, y], (x, y), {"x": x, "y": y}):
        grads = g.autograd_gradients(product, form)
        assert type(grads) is type(form)
        assert all(row.ok for row in g.compare_gradients(values(grads), expected, tol=1e-12, show=None))
    grads = g.autograd_gradients(lambda p: p.W_xh.sum(), Params(x, y, x))
    assert isinstance(grads, Params)
    assert not grads.b_h.any()


def test_dicts_are_compared_by_name_and_shapes_must_match():
    one, two = np.ones((2, 2)), 2 * np.ones((2, 2))
    rows = g.compare_gradients({"dA": one, "dB": two}, {"B": two, "A": one}, show=None)
    assert all(row.ok for row in rows)
    with pytest.raises(ValueError, match=r"^dA: expected \(2,\), got \(2, 2\)$"):
        g.compare_gradients({"dA": one}, {"A": np.ones(2)})
    with pytest.raises(ValueError, match="expected the names A, got dB"):
        g.compare_gradients({"dB": one}, {"A": one})
    with pytest.raises(ValueError, match="expected 1 arrays, got 2"):
        g.compare_gradients([one, one], [one])


def test_numerical_gradient_refuses_float32_nan_and_vectors():
    with pytest.raises(ValueError, match="x: expected float64"):
        g.numerical_gradient(np.sum, np.ones(2, np.float32))
    with pytest.raises(ValueError, match="x: expected finite values, got nan"):
        g.numerical_gradient(np.sum, np.array([np.nan]))
    with pytest.raises(ValueError, match=r"f\(x\): expected one finite number, got shape \(2,\)"):
        g.numerical_gradient(lambda x: x, np.ones(2))
    with pytest.raises(ValueError, match=r"f\(x\): expected one finite number, got"):
        g.numerical_gradient(lambda x: np.inf, np.ones(2))


def test_the_numpy_half_never_imports_torch():
    code = (
        "import sys, course_lib.nn as nn; nn.cells, nn.bptt, nn.gradients, nn.init;"
        "sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- reach ------------------------------------------------------------------------------------------------------------


def lag_norms_by_autograd(xs, h0, params):
    """|dL/dh_{T-k}| for a tanh network by autograd, from states that are leaves of the graph one after the other."""
    W_xh, W_hh, b_h = (torch.tensor(p) for p in params)
    h = torch.tensor(h0, requires_grad=True)
    states = [h]
    for x_t in torch.tensor(xs):
        h = torch.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)
        states.append(h)
    grads = torch.autograd.grad(h.sum(), states)
    return [d.norm(dim=1).mean().item() for d in reversed(grads)]


def test_gradient_by_lag_equals_autograd(rng):
    xs, h0, params = problem("rnn", rng, T=6)
    judge = lag_norms_by_autograd(xs, h0, params)
    np.testing.assert_allclose(g.gradient_by_lag("rnn", xs, h0, params), judge, rtol=1e-10)


@pytest.mark.parametrize("of", ["h", "c", "x"])
def test_gradient_by_lag_of_an_lstm_equals_autograd(rng, of):
    xs, (h0, c0), params = problem("lstm", rng, T=6, B=1)
    leaves = [torch.tensor(x, requires_grad=True) for x in xs]
    W_xh, W_hh, b_h = map(torch.tensor, params)
    h, c = torch.tensor(h0, requires_grad=True), torch.tensor(c0, requires_grad=True)
    seen = [{"h": h, "c": c}]
    for x_t in leaves:
        i, f, n, o = (x_t @ W_xh.T + h @ W_hh.T + b_h).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(n)
        h = torch.sigmoid(o) * torch.tanh(c)
        seen.append({"h": h, "c": c, "x": x_t})
    wanted = [s[of] for s in reversed(seen) if of in s]
    norms = [d.norm().item() for d in torch.autograd.grad(h.sum(), wanted)]
    np.testing.assert_allclose(g.gradient_by_lag("lstm", xs, (h0, c0), params, of=of), norms, rtol=1e-10)


def test_gradient_by_lag_names_what_a_cell_does_not_have(rng):
    xs, h0, params = problem("gru", rng)
    with pytest.raises(ValueError, match="of: expected h or x for gru, got 'c'"):
        g.gradient_by_lag("gru", xs, h0, params, of="c")
    with pytest.raises(ValueError, match=r"dh_T: expected \(B, H\) = \(2, 4\), got \(1, 4\)"):
        g.gradient_by_lag("gru", xs, h0, params, dh_T=np.ones((1, 4)))
    with pytest.raises(ValueError, match=r"dh_T: expected finite values, got nan at index \(0, 0\)"):
        g.gradient_by_lag("gru", xs, h0, params, dh_T=h0 * np.nan)


def test_jacobians_take_arrays_only():
    with pytest.raises(ValueError, match="h_t: expected an array of float32 or float64, got list"):
        g.jacobian([0.0, 0.5], np.eye(2))
    with pytest.raises(ValueError, match="hs: expected an array of float32 or float64, got list"):
        g.jacobian_product([[0.0, 0.5]], np.eye(2))


@pytest.mark.parametrize("f", [np.tanh, relu])
def test_jacobians_equal_autograd_and_their_product_is_the_gradient(rng, f):
    xs, h0, params = problem("rnn", rng, T=5, B=2)
    hs = unroll(lambda *args: rnn_step(*args, f=f), xs, h0, *params)
    products = g.jacobian_product(hs, params.W_hh, f)
    assert products.shape == (6, 2, 4, 4)
    activation = torch.tanh if f is np.tanh else torch.relu
    W_xh, W_hh, b_h = map(torch.tensor, params)

    def last(h, row):
        for x_t in torch.tensor(xs[:, row]):
            h = activation(W_xh @ x_t + W_hh @ h + b_h)
        return h

    for row in range(2):
        judge = torch.autograd.functional.jacobian(lambda h, row=row: last(h, row), torch.tensor(h0[row]))
        np.testing.assert_allclose(products[-1, row], judge.numpy(), atol=1e-12)
        np.testing.assert_allclose(g.jacobian_product(hs[:, row], params.W_hh, f)[-1], judge.numpy(), atol=1e-12)
    norms = np.linalg.norm(products.sum(axis=2), axis=2).mean(axis=1)  # ones^T J[k]
    cell = "rnn" if f is np.tanh else "rnn_relu"
    np.testing.assert_allclose(g.gradient_by_lag(cell, xs, h0, params), norms, rtol=1e-10)


def test_spectral_radius_and_norm(rng):
    W = rng.standard_normal((6, 6))
    assert g.spectral_radius(W) == pytest.approx(torch.linalg.eigvals(torch.tensor(W)).abs().max().item())
    assert g.spectral_norm(W) == pytest.approx(torch.linalg.matrix_norm(torch.tensor(W), 2).item())
    assert g.spectral_radius(W) <= g.spectral_norm(W)
    with pytest.raises(ValueError, match=r"W: expected \(H, H\), got \(2, 3\)"):
        g.spectral_radius(np.ones((2, 3)))
    with pytest.raises(ValueError, match="W: expected finite values"):
        g.spectral_norm(np.full((2, 2), np.inf))


def test_effective_horizon():
    norms = 3 * 0.5 ** np.arange(20.0)
    assert g.effective_horizon(norms, 0.1) == 4  # 1/16 is the first below 1/10
    assert g.effective_horizon(norms, 1e-9) is None
    for bad in (np.zeros(3), np.array([1.0, np.nan])):
        with pytest.raises(ValueError, match="norms: expected"):
            g.effective_horizon(bad)


# --- clipping ---------------------------------------------------------------------------------------------------------


def torch_clip(arrays, clip, *args):
    params = [torch.nn.Parameter(torch.zeros(a.shape, dtype=torch.tensor(a).dtype)) for a in arrays]
    for p, a in zip(params, arrays, strict=True):
        p.grad = torch.tensor(a)
    return clip(params, *args), [p.grad.numpy() for p in params]


@given(scale=st.floats(1e-6, 1e6), limit=st.floats(1e-3, 1e3), n=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_clipping_equals_torch(scale, limit, n, seed):
    rng = np.random.default_rng(seed)
    grads = [scale * rng.standard_normal((2, 3)) for _ in range(n)]
    clipped, norm = g.clip_by_norm(grads, limit)
    torch_norm, judge = torch_clip(grads, torch.nn.utils.clip_grad_norm_, limit)
    assert norm == pytest.approx(torch_norm.item(), rel=1e-12)
    np.testing.assert_allclose(clipped, judge, rtol=1e-12)
    _, judge = torch_clip(grads, torch.nn.utils.clip_grad_value_, limit)
    np.testing.assert_array_equal(g.clip_by_value(grads, limit), judge)


def test_an_update_by_plain_descent_equals_torch(rng):
    params = Params(*(rng.standard_normal(shape) for shape in ((2, 3), (2, 2), (2,))))
    grads = [rng.standard_normal(p.shape) for p in params]
    theirs = [torch.nn.Parameter(torch.tensor(p)) for p in params]
    for p, gradient in zip(theirs, grads, strict=True):
        p.grad = torch.tensor(gradient)
    torch.optim.SGD(theirs, lr=0.3).step()
    ours = g.descend(params, grads, 0.3)
    assert isinstance(ours, Params)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.detach(), rtol=1e-15)
    with pytest.raises(ValueError, match=r"W_xh: expected a gradient of shape \(2, 3\), got \(2, 2\)"):
        g.descend(params, [grads[1], *grads[1:]], 0.3)
    with pytest.raises(ValueError, match="step_size: expected a positive number"):
        g.descend(params, grads, 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nonfinite_gradients_are_treated_as_torch_treats_them(bad):
    grads = [np.array([1.0, bad]), np.array([2.0])]
    clipped, norm = g.clip_by_norm(grads, 1.0)
    torch_norm, judge = torch_clip(grads, torch.nn.utils.clip_grad_norm_, 1.0)
    np.testing.assert_equal(norm, torch_norm.item())
    for ours, theirs in zip(clipped, judge, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="grads: expected a finite norm, got"):
        g.clip_by_norm(grads, 1.0, error_if_nonfinite=True)


def test_clipping_keeps_form_dtype_and_the_original(rng):
    array = rng.standard_normal((2, 3)).astype(np.float32) * 100
    for form in (array, [array], (array,), {"dW": array}, Params(array, array, array)):
        clipped, _ = g.clip_by_norm(form, 1.0)
        assert type(clipped) is type(form)
        assert type(g.clip_by_value(form, 1.0)) is type(form)
    assert g.clip_by_norm([array], 1.0)[0][0].dtype == np.float32
    assert np.abs(array).max() > 1


@pytest.mark.parametrize("limit", [0, -1.0, np.nan, None])
def test_a_threshold_is_positive(limit):
    with pytest.raises(ValueError, match="step: expected a positive number"):
        g.numerical_gradient(np.sum, np.ones(2), limit)
    with pytest.raises(ValueError, match="max_norm: expected a positive number"):
        g.clip_by_norm(np.ones(2), limit)
    with pytest.raises(ValueError, match="limit: expected a positive number"):
        g.clip_by_value(np.ones(2), limit)
