"""Every cell equals torch's, every backward twin equals autograd and finite differences, and nothing broadcasts."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.nn import cells
from course_lib.nn.gradients import numerical_gradient

SIZES = st.integers(1, 4)
SHAPES = {"B": SIZES, "D": SIZES, "H": SIZES, "seed": st.integers(0, 2**32 - 1)}
quick = settings(max_examples=15, deadline=None)


def draw(cell, B, D, H, seed, dtype=np.float64):
    """The arguments of a step: x_t, states, weights."""
    rng = np.random.default_rng(seed)
    G = {"rnn": 1, "relu": 1, "lstm": 4}.get(cell, 3)
    shapes = [(B, D), *[(B, H)] * (2 if cell == "lstm" else 1), (G * H, D), (G * H, H)]
    shapes += [(G * H,)] * (1 if cell in ("rnn", "relu", "lstm") else 2)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


# The same equations once more, in torch, gate by gate and vector by vector: the judge shares no line with the cells.
def torch_gru_before(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    (W_ir, W_iz, W_in), (W_hr, W_hz, W_hn), b = W_xh.chunk(3), W_hh.chunk(3), (b_x + b_h).chunk(3)
    rows = []
    for x, h in zip(x_t, h_prev, strict=True):
        r, z = torch.sigmoid(W_ir @ x + W_hr @ h + b[0]), torch.sigmoid(W_iz @ x + W_hz @ h + b[1])
        rows.append((1 - z) * torch.tanh(W_in @ x + b[2] + W_hn @ (r * h)) + z * h)
    return torch.stack(rows)


def torch_lstm(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    return torch.lstm_cell(x_t, (h_prev, c_prev), W_xh, W_hh, b_h, torch.zeros_like(b_h))


def torch_rnn(x_t, h_prev, W_xh, W_hh, b_h):
    return torch.rnn_tanh_cell(x_t, h_prev, W_xh, W_hh, b_h, torch.zeros_like(b_h))


def torch_relu(x_t, h_prev, W_xh, W_hh, b_h):
    return torch.rnn_relu_cell(x_t, h_prev, W_xh, W_hh, b_h, torch.zeros_like(b_h))


def rnn_backward(dstate, args):
    x_t, h_prev, W_xh, W_hh, _ = args
    return cells.rnn_step_backward(*dstate, x_t, h_prev, cells.rnn_step(*args), W_xh, W_hh)


def relu_step(*args):
    return cells.rnn_step(*args, f=cells.relu)


def relu_backward(dstate, args):
    x_t, h_prev, W_xh, W_hh, _ = args
    return cells.rnn_step_backward(*dstate, x_t, h_prev, relu_step(*args), W_xh, W_hh, f=cells.relu)


STEPS = {
    "rnn": (cells.rnn_step, torch_rnn, rnn_backward),
    "relu": (relu_step, torch_relu, relu_backward),
    "lstm": (cells.lstm_step, torch_lstm, lambda dstate, args: cells.lstm_step_backward(*dstate, *args)),
    "gru": (cells.gru_step, torch.gru_cell, lambda dstate, args: cells.gru_step_backward(*dstate, *args)),
    "gru_before": (
        cells.gru_step_before,
        torch_gru_before,
        lambda dstate, args: cells.gru_step_before_backward(*dstate, *args),
    ),
}


def as_tuple(state):
    return state if isinstance(state, tuple) else (state,)


def run_torch(cell, args):
    """torch's step on the same arguments; gru_cell takes its arguments in the same order."""
    tensors = [torch.tensor(a, requires_grad=True) for a in args]
    return tensors, as_tuple(STEPS[cell][1](*tensors))


@pytest.mark.parametrize("cell", STEPS)
@given(**SHAPES)
@quick
def test_step_equals_torch(cell, B, D, H, seed):
    args = draw(cell, B, D, H, seed)
    for ours, theirs in zip(as_tuple(STEPS[cell][0](*args)), run_torch(cell, args)[1], strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", STEPS)
@given(**SHAPES)
@quick
def test_backward_equals_autograd(cell, B, D, H, seed):
    args = draw(cell, B, D, H, seed)
    tensors, states = run_torch(cell, args)
    dstate = [np.random.default_rng(seed + 1).standard_normal((B, H)) for _ in states]
    ours = STEPS[cell][2](dstate, args)
    theirs = torch.autograd.grad(states, tensors, [torch.tensor(d) for d in dstate])
    for d, judge, arg in zip(ours, theirs, args, strict=True):
        assert d.shape == arg.shape
        np.testing.assert_allclose(d, judge.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("cell", sorted(STEPS.keys() - {"relu"}))  # at its kink relu has no difference quotient
@given(**SHAPES)
@settings(max_examples=5, deadline=None)
def test_backward_equals_finite_differences(cell, B, D, H, seed):
    step, _, backward = STEPS[cell]
    args = draw(cell, B, D, H, seed)
    dstate = [np.random.default_rng(seed + 1).standard_normal((B, H)) for _ in as_tuple(step(*args))]
    for i, ours in enumerate(backward(dstate, args)):

        def loss(x, i=i):
            states = as_tuple(step(*args[:i], x, *args[i + 1 :]))
            return sum((state * d).sum() for state, d in zip(states, dstate, strict=True))

        np.testing.assert_allclose(ours, numerical_gradient(loss, args[i]), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    ("module", "step"),
    [(torch.nn.RNNCell, cells.rnn_step), (torch.nn.LSTMCell, cells.lstm_step), (torch.nn.GRUCell, cells.gru_step)],
)
def test_copied_weights_of_the_torch_module_give_its_state(module, step):
    B, D, H = 3, 4, 5
    theirs = module(D, H, dtype=torch.float64)
    W_xh, W_hh, b_ih, b_hh = (p.detach().numpy() for p in theirs.parameters())
    biases = (b_ih, b_hh) if step is cells.gru_step else (b_ih + b_hh,)  # only the GRU's two biases cannot be added up
    rng = np.random.default_rng(0)
    x_t, *state = (rng.standard_normal(s) for s in [(B, D), (B, H), (B, H)][: 3 if step is cells.lstm_step else 2])
    t_state = tuple(map(torch.tensor, state))
    expected = as_tuple(theirs(torch.tensor(x_t), t_state if len(t_state) > 1 else t_state[0]))
    for ours, judge in zip(as_tuple(step(x_t, *state, W_xh, W_hh, *biases)), expected, strict=True):
        np.testing.assert_allclose(ours, judge.detach().numpy(), rtol=0, atol=1e-12)


def test_the_two_grus_are_not_interchangeable():
    args = draw("gru", 2, 3, 4, seed=0)
    assert np.abs(cells.gru_step(*args) - cells.gru_step_before(*args)).max() > 1e-3


def test_lstm_with_open_forget_and_closed_input_gate_keeps_c_exactly():
    x_t, h_prev, c_prev, W_xh, W_hh, b_h = draw("lstm", 2, 3, 4, seed=0)
    b_h[:4], b_h[4:8] = -1e4, 1e4
    np.testing.assert_array_equal(cells.lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h)[1], c_prev)


@pytest.mark.parametrize("cell", STEPS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_arguments_are_left_as_they_are(cell, dtype):
    step, _, backward = STEPS[cell]
    args = draw(cell, 2, 3, 4, seed=0, dtype=dtype)
    before = [a.copy() for a in args]
    states = as_tuple(step(*args))
    grads = backward(list(states), args)
    assert {a.dtype for a in (*states, *grads)} == {np.dtype(dtype)}
    assert all(np.array_equal(a, b) for a, b in zip(args, before, strict=True))


def test_sigmoid_equals_torch_and_never_overflows():
    a = np.linspace(-800, 800, 4001)
    with np.errstate(over="raise", invalid="raise"):
        ours = cells.sigmoid(a)
    np.testing.assert_allclose(ours, torch.sigmoid(torch.tensor(a)).numpy(), atol=1e-15)
    assert cells.sigmoid(a.astype(np.float32)).dtype == np.float32


def replaced(cell, name, array):
    names = ["x_t", "h_prev", *(["c_prev"] if cell == "lstm" else []), "W_xh", "W_hh"]
    names += ["b_h"] if cell in ("rnn", "lstm") else ["b_x", "b_h"]
    args = dict(zip(names, draw(cell, 4, 3, 8, seed=0), strict=True))
    return (args | {name: array}).values()


@pytest.mark.parametrize(
    ("cell", "name", "array", "message"),
    [
        ("rnn", "h_prev", np.zeros((4, 7)), "h_prev: expected (B, H) = (4, 8), got (4, 7)"),
        ("rnn", "h_prev", np.zeros((1, 8)), "h_prev: expected (B, H) = (4, 8), got (1, 8)"),
        ("rnn", "h_prev", np.zeros(8), "h_prev: expected (B, H) = (4, 8), got (8,)"),
        ("rnn", "x_t", np.zeros((4, 2)), "x_t: expected (B, D) = (B, 3), got (4, 2)"),
        ("rnn", "x_t", np.zeros((0, 3)), "x_t: expected no empty axis, got (B, D) = (0, 3)"),
        ("rnn", "b_h", np.zeros((8, 1)), "b_h: expected (H,) = (8,), got (8, 1)"),
        ("rnn", "W_hh", np.zeros((8, 7)), "W_hh: expected (H, H) = (8, 8), got (8, 7)"),
        ("rnn", "x_t", np.zeros((4, 3), int), "x_t: expected an array of float32 or float64, got int64"),
        ("rnn", "x_t", [[0.0]], "x_t: expected an array of float32 or float64, got list"),
        ("rnn", "x_t", np.zeros((4, 3), np.float32), "x_t: expected float64 like W_xh, got float32"),
        ("lstm", "c_prev", np.zeros((4, 1)), "c_prev: expected (B, H) = (4, 8), got (4, 1)"),
        ("lstm", "W_xh", np.zeros((30, 3)), "W_xh: expected (4H, D), got (30, 3)"),
        ("lstm", "W_hh", np.zeros((32, 7)), "W_hh: expected (4H, H) = (32, 8), got (32, 7)"),
        ("gru", "b_x", np.zeros(8), "b_x: expected (3H,) = (24,), got (8,)"),
        ("gru_before", "h_prev", np.zeros((4, 7)), "h_prev: expected (B, H) = (4, 8), got (4, 7)"),
    ],
)
def test_bad_input_gives_one_clear_line(cell, name, array, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011, the whole message is compared
        STEPS[cell][0](*replaced(cell, name, array))
    assert str(error.value) == message


@pytest.mark.parametrize("cell", STEPS)
def test_backward_refuses_a_gradient_that_would_broadcast(cell):
    args = draw(cell, 4, 3, 8, seed=0)
    with pytest.raises(ValueError, match=r"^dh_t: expected \(B, H\) = \(4, 8\), got \(1, 8\)$"):
        STEPS[cell][2]([np.zeros((1, 8))] * (2 if cell == "lstm" else 1), args)
