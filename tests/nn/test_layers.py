"""The fast layers against torch.nn and the readable cells over random shapes; bad input gives one clear line."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.nn import cells
from course_lib.nn.layers import GRU, LAYERS, LSTM, RNN, make_layer

sizes = st.tuples(*(st.integers(1, n) for n in (40, 5, 6, 7)))  # T (two chunk borders), B, D, H
few = settings(max_examples=25, deadline=None)
NAMES = [*LAYERS, "relu"]


def build(name, D, H, rng, dtype=np.float64):
    if name == "relu":
        rnn = make_layer("rnn", D, H, rng, dtype)
        return RNN(rnn.W_xh, rnn.W_hh, rnn.b_h, nonlinearity="relu")
    return make_layer(name, D, H, rng, dtype)


def torch_twin(layer):
    kind = {RNN: torch.nn.RNN, LSTM: torch.nn.LSTM, GRU: torch.nn.GRU}[type(layer)]
    extra = {"nonlinearity": layer.nonlinearity} if kind is torch.nn.RNN else {}
    twin = kind(layer.D, layer.H, dtype=torch.float64 if layer.dtype == np.float64 else torch.float32, **extra)
    b_x = getattr(layer, "b_x", np.zeros_like(layer.b_h))
    with torch.no_grad():
        for mine, theirs in zip((layer.W_xh, layer.W_hh, b_x, layer.b_h), twin.parameters(), strict=True):
            theirs.copy_(torch.tensor(mine))
    return twin


def draw(layer, T, B, rng):
    """Inputs, initial states and the gradients that come in: xs, states, dhs, dstates."""
    count = 2 if isinstance(layer, LSTM) else 1
    normal = lambda *shape: rng.normal(size=shape).astype(layer.dtype)  # noqa: E731
    H = layer.H
    return normal(T, B, layer.D), [normal(B, H) for _ in range(count)], normal(T, B, H), [
        normal(B, H) for _ in range(count)
    ]


def ours(layer, xs, states, dhs, dstates, lengths=None):
    hs, state = layer.forward(xs, *states, lengths=lengths)
    grads = layer.backward(dhs, tuple(dstates) if isinstance(layer, LSTM) else dstates[0])
    return {"hs": hs, "h_T": np.stack(state) if isinstance(layer, LSTM) else state[None], **grads._asdict()}


def torchs(layer, xs, states, dhs, dstates, lengths=None):
    twin = torch_twin(layer)
    x, *s = (torch.tensor(a, requires_grad=True) for a in (xs, *states))
    packed = x
    if lengths is not None:
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    hs, last = twin(packed, tuple(a[None] for a in s) if len(s) == 2 else s[0][None])
    if lengths is not None:
        hs, _ = torch.nn.utils.rnn.pad_packed_sequence(hs, total_length=len(xs))
    last = torch.cat(last) if len(s) == 2 else last
    ((hs * torch.tensor(dhs)).sum() + (last * torch.tensor(np.stack(dstates))).sum()).backward()
    W_xh, W_hh, b_x, b_h = (p.grad.numpy() for p in twin.parameters())
    found = {"hs": hs, "h_T": last, "dxs": x.grad, "dh0": s[0].grad}
    found = {name: a.detach().numpy() for name, a in found.items()} | {"dW_xh": W_xh, "dW_hh": W_hh, "db_h": b_h}
    return found | ({"dc0": s[1].grad.numpy()} if len(s) == 2 else {}) | (
        {"db_x": b_x} if isinstance(layer, GRU) else {}
    )


def assert_same(mine, theirs, atol):
    assert mine.keys() == theirs.keys()
    for name in mine:
        np.testing.assert_allclose(mine[name], theirs[name], rtol=0, atol=atol, err_msg=name)


@pytest.mark.parametrize("name", NAMES)
@few
@given(size=sizes, seed=st.integers(0, 2**32 - 1), padded=st.booleans())
def test_every_output_and_gradient_equals_torch(name, size, seed, padded):
    (T, B, D, H), rng = size, np.random.default_rng(seed)
    layer = build(name, D, H, rng)
    case = draw(layer, T, B, rng)
    lengths = rng.integers(1, T + 1, B) if padded else None
    assert_same(ours(layer, *case, lengths), torchs(layer, *case, lengths), atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32_and_close(name):
    rng = np.random.default_rng(1)
    layer = build(name, 3, 5, rng, np.float32)
    case = draw(layer, 20, 2, rng)
    mine = ours(layer, *case)
    assert {a.dtype for a in mine.values()} == {np.dtype(np.float32)}
    assert_same(mine, torchs(layer, *case), atol=1e-3)


@pytest.mark.parametrize("name", LAYERS)
@few
@given(size=sizes, seed=st.integers(0, 2**32 - 1))
def test_layer_and_stream_equal_the_readable_cell(name, size, seed):
    (T, B, D, H), rng = size, np.random.default_rng(seed)
    layer = make_layer(name, D, H, rng, np.float64)
    xs, states, *_ = draw(layer, T, B, rng)
    params = (layer.W_xh, layer.W_hh, *([layer.b_x] if name == "gru" else []), layer.b_h)
    cell, stream = getattr(cells, f"{name}_step"), layer.stream(*states)
    hs, _ = layer.forward(xs, *states)
    for x_t, h_t in zip(xs, hs, strict=True):
        states = cell(x_t, *states, *params)
        states = states if name == "lstm" else [states]
        np.testing.assert_allclose(h_t, states[0], rtol=0, atol=1e-10)
        np.testing.assert_allclose(stream(x_t), states[0], rtol=0, atol=1e-10)
    np.testing.assert_allclose(np.stack(stream.state), np.stack(states) if name == "lstm" else states[0], atol=1e-10)


@pytest.mark.parametrize("name", LAYERS)
def test_windows_with_carried_state_equal_one_pass(name):
    rng = np.random.default_rng(2)
    layer = make_layer(name, 3, 4, rng, np.float64)
    xs, states, *_ = draw(layer, 30, 2, rng)
    whole, last = layer.forward(xs, *states)
    parts = []
    for window in np.split(xs, 3):
        hs, state = layer.forward(window, *states)
        states = state if name == "lstm" else [state]
        parts.append(hs)
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-12)
    np.testing.assert_allclose(np.stack(states), np.stack(last) if name == "lstm" else last[None], atol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_chunk_size_changes_nothing_and_results_are_not_overwritten(name):
    rng = np.random.default_rng(3)
    layer = make_layer(name, 2, 3, rng, np.float64)
    case = draw(layer, 11, 2, rng)
    first = ours(layer, *case)
    kept = {key: a.copy() for key, a in first.items()}
    for chunk in (1, 4, 100):
        layer.chunk = chunk
        assert_same(ours(layer, *case), kept, atol=1e-12)
    ours(layer, *draw(layer, 11, 2, rng))
    assert_same(first, kept, atol=0)


@pytest.mark.parametrize("name", LAYERS)
def test_absent_gradients_are_zeros_and_input_gradients_are_optional(name):
    rng = np.random.default_rng(4)
    layer = make_layer(name, 2, 3, rng, np.float64)
    xs, _, dhs, dstates = draw(layer, 5, 2, rng)
    layer.forward(xs)
    assert layer.backward(dhs, inputs=False).dxs is None
    dstate = tuple(dstates) if name == "lstm" else dstates[0]
    np.testing.assert_array_equal(layer.backward(None, dstate).dW_hh, layer.backward(0 * dhs, dstate).dW_hh)


@pytest.mark.parametrize("name", LAYERS)
def test_weights_are_copies_that_only_load_changes(name):
    rng = np.random.default_rng(5)
    layer, other = (make_layer(name, 2, 3, rng, np.float64) for _ in range(2))
    xs = rng.normal(size=(4, 1, 2))
    with pytest.raises(ValueError, match="read-only"):
        layer.W_hh[:] = 0
    with pytest.raises(ValueError, match="read-only"):
        layer.forward(xs)[0][:] = 0
    layer.load(*(getattr(other, p) for p in ("W_xh", "W_hh", *(["b_x"] if name == "gru" else []), "b_h")))
    with pytest.raises(ValueError, match="backward: expected a forward pass with these weights"):
        layer.backward(None)
    np.testing.assert_array_equal(layer.forward(xs)[0], other.forward(xs)[0])


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))])
@pytest.mark.parametrize("name", LAYERS)
def test_a_copied_stream_goes_on_by_itself(name, copied):
    rng = np.random.default_rng(6)
    layer = make_layer(name, 2, 3, rng, np.float64)
    xs, states, *_ = draw(layer, 6, 2, rng)
    hs, _ = layer.forward(xs, *states)
    stream = layer.stream(*states)
    stream(xs[0])
    branch = copied(stream)
    for step in (stream, branch):
        np.testing.assert_allclose([step(x_t) for x_t in xs[1:]], hs[1:], rtol=0, atol=1e-12)


def test_lengths_that_change_after_forward_do_not_reach_backward():
    rng = np.random.default_rng(7)
    layer = make_layer("lstm", 2, 3, rng, np.float64)
    case, lengths = draw(layer, 5, 2, rng), np.array([5, 2])
    expected = ours(layer, *case, [5, 2])
    layer.forward(case[0], *case[1], lengths=lengths)
    lengths[:] = 1
    np.testing.assert_array_equal(layer.backward(case[2], tuple(case[3])).dxs, expected["dxs"])


nan = np.full((5, 2, 3), np.nan)
BAD = {
    "features": ({"xs": np.zeros((5, 2, 4))}, r"xs: expected \(T, B, D\) = .*3\), got \(5, 2, 4\)"),
    "no steps": ({"xs": np.zeros((0, 2, 3))}, r"xs: expected .*\(0, 2, 3\)"),
    "no batch axis": ({"xs": np.zeros((5, 3))}, r"xs: expected \(T, B, D\).*got \(5, 3\)"),
    "float32": ({"xs": np.zeros((5, 2, 3), np.float32)}, "xs: expected float64.*got float32"),
    "integers": ({"xs": np.zeros((5, 2, 3), int)}, "xs: expected .*got int64"),
    "a list": ({"xs": [[[0.0] * 3]]}, "xs: expected .*got list"),
    "a masked array": ({"xs": np.ma.zeros((5, 2, 3))}, "xs: expected .*got MaskedArray"),
    "nan": ({"xs": nan}, r"xs: expected finite values, got nan at index \(0, 0, 0\)"),
    "inf": ({"xs": np.where(nan != nan, np.inf, 0)}, "xs: expected finite values, got inf"),
    "h0": ({"xs": np.zeros((5, 2, 3)), "h0": np.zeros((1, 4))}, r"h0: expected \(B, H\) = \(2, 4\), got \(1, 4\)"),
    "count": ({"xs": np.zeros((5, 2, 3)), "lengths": [5]}, r"lengths: expected \(B,\) = \(2,\), got \(1,\)"),
    "too long": ({"xs": np.zeros((5, 2, 3)), "lengths": [5, 6]}, "lengths: expected values in 1..T = 1..5, got 6"),
    "empty": ({"xs": np.zeros((5, 2, 3)), "lengths": [0, 5]}, "lengths: expected values in 1..T = 1..5, got 0"),
    "fractions": ({"xs": np.zeros((5, 2, 3)), "lengths": [0.5, 5]}, "lengths: expected integers, got float64"),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_one_clear_line(name, bad):
    arguments, message = BAD[bad]
    layer = make_layer(name, 3, 4, np.random.default_rng(0), np.float64)
    with pytest.raises(ValueError, match=message) as error:
        layer.forward(**arguments)
    assert "\n" not in str(error.value)


def test_huge_but_finite_inputs_are_accepted():
    layer = make_layer("rnn", 3, 4, np.random.default_rng(0), np.float32)
    assert np.isfinite(layer.forward(np.full((2, 1, 3), 1e30, np.float32))[0]).all()


@pytest.mark.parametrize("name", LAYERS)
def test_bad_gradients_states_and_weights(name):
    layer = make_layer(name, 3, 4, np.random.default_rng(0), np.float64)
    with pytest.raises(ValueError, match="backward: expected a forward pass"):
        layer.backward(None)
    layer.forward(np.zeros((5, 2, 3)))
    with pytest.raises(ValueError, match=r"dhs: expected \(T, B, H\) = \(5, 2, 4\), got \(5, 1, 4\)"):
        layer.backward(np.zeros((5, 1, 4)))
    if name == "lstm":
        with pytest.raises(ValueError, match=r"dstate: expected a tuple \(dh_T, dc_T\), got ndarray"):
            layer.backward(None, np.zeros((2, 4)))
    dhs = np.zeros((5, 2, 4))
    dhs[3, 1, 2] = np.nan
    with pytest.raises(ValueError, match=r"dhs: expected finite values, got nan at index \(3, 1, 2\)"):
        layer.backward(dhs)
    step = layer.stream(*[np.zeros((1, 4))] * (1 + (name == "lstm")))
    with pytest.raises(ValueError, match=r"x_t: expected \(B, D\) = \(1, 3\), got \(2, 3\)"):
        step(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="x_t: expected finite"):
        step(np.full((1, 3), np.inf))
    with pytest.raises(ValueError, match="W_hh: expected"):
        type(layer)(layer.W_xh, layer.W_hh[:, :3], *[layer.b_h] * (1 + (name == "gru")))


@pytest.mark.parametrize(("sizes", "message"), [
    ((3, 0), "H: expected a whole number >= 1, got 0"),
    ((2.0, 3), "D: expected a whole number >= 1, got 2.0"),
    ((2, True), "H: expected a whole number >= 1, got True"),
])
def test_sizes_that_no_layer_has(sizes, message):
    with pytest.raises(ValueError, match=message):
        make_layer("rnn", *sizes, np.random.default_rng(0))


def test_unknown_names():
    with pytest.raises(ValueError, match=r"cell: expected one of rnn, lstm, gru, got \['rnn'\]"):
        make_layer(["rnn"], 3, 4, np.random.default_rng(0))
    with pytest.raises(ValueError, match="cell: expected one of rnn, lstm, gru, got 'lstmm'"):
        make_layer("lstmm", 3, 4, np.random.default_rng(0))
    with pytest.raises(ValueError, match="nonlinearity: expected one of tanh, relu, got 'sin'"):
        RNN(np.zeros((4, 3)), np.zeros((4, 4)), np.zeros(4), nonlinearity="sin")
