"""Each initialisation has the property that it is named after."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.nn import init
from course_lib.nn.bptt import CELLS, forward, unroll
from course_lib.nn.cells import sigmoid
from course_lib.nn.gradients import spectral_norm, spectral_radius


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_uniform_and_xavier_fill_their_interval(rng):
    W = init.uniform((400, 3), rng, H=100)
    assert 0.099 < np.abs(W).max() <= 0.1
    W = init.xavier((200, 100), rng)
    assert 0.99 * np.sqrt(6 / 300) < np.abs(W).max() <= np.sqrt(6 / 300)


@given(rows=st.integers(1, 8), columns=st.integers(1, 8), gain=st.floats(0.1, 3))
def test_orthogonal_has_singular_values_of_one_gain(rows, columns, gain):
    W = init.orthogonal((rows, columns), np.random.default_rng(rows), gain)
    assert W.shape == (rows, columns)
    np.testing.assert_allclose(np.linalg.svd(W, compute_uv=False), gain, rtol=1e-12)


def test_orthogonal_is_uniform_over_the_rotations():
    rng = np.random.default_rng(0)
    first = [init.orthogonal((2, 2), rng)[0, 0] for _ in range(400)]
    assert abs(np.mean(first)) < 0.15  # without the sign fix the first entry of LAPACK's Q is never positive


def test_per_gate_treats_every_block_by_itself(rng):
    W = init.per_gate(init.orthogonal, 4, (12, 3), rng)
    for block in np.split(W, 4):
        np.testing.assert_allclose(block @ block.T, np.eye(3), atol=1e-12)
    with pytest.raises(ValueError, match=r"shape: expected rows that divide by n_gates = 4, got \(10, 3\)"):
        init.per_gate(init.orthogonal, 4, (10, 3), rng)


def test_scaled_to_radius(rng):
    W = rng.standard_normal((5, 5))
    assert spectral_radius(init.scaled_to_radius(W, 0.7)) == pytest.approx(0.7)
    with pytest.raises(ValueError, match="got a matrix with radius 0"):
        init.scaled_to_radius(np.array([[0.0, 50.0], [0.0, 0.0]]), 1.0)


@pytest.mark.parametrize(("cell", "block"), [("lstm", "i f g o"), ("gru", "r z n"), ("gru_before", "r z n")])
def test_forget_bias_reaches_the_gate_that_keeps(cell, block):
    blocks = dict(zip(block.split(), np.split(init.forget_bias(3, 2.5, cell), len(block.split())), strict=True))
    keep = blocks.pop("f" if cell == "lstm" else "z")
    assert np.all(keep == 2.5)
    assert not any(b.any() for b in blocks.values())


@pytest.mark.parametrize("cell", ["lstm", "gru", "gru_before"])
def test_an_open_keeping_gate_keeps_the_state(cell, rng):
    """The convention is proved by its effect: with the gate wide open the state stays where it was."""
    params = init.init_params(cell, 2, 3, rng, "orthogonal", forget=50.0)
    start = rng.uniform(-0.5, 0.5, (1, 3))
    if cell == "lstm":
        params.b_h[:3] = -50.0  # the input gate shut; what is left to see is c through the output gate
        _, (_, c_T) = forward(cell, rng.standard_normal((20, 1, 2)), (0 * start, start), params)
        np.testing.assert_allclose(c_T, start, atol=1e-12)
    else:
        hs = unroll(CELLS[cell].step, rng.standard_normal((20, 1, 2)), start, *params)
        np.testing.assert_allclose(hs[-1], start, atol=1e-12)


def test_chrono_spans_lie_between_1_and_T_max(rng):
    b_i, b_f, b_g, b_o = np.split(init.chrono(500, 100, rng), 4)
    spans = 1 / (1 - sigmoid(b_f))  # mean life of a state that keeps sigmoid(b_f) a step = 1 + exp(b_f)
    assert spans.min() >= 2
    assert 90 < spans.max() <= 100
    assert np.array_equal(b_i, -b_f)
    assert not b_g.any()
    assert not b_o.any()
    b_r, b_z, b_n = np.split(init.chrono(500, 100, rng, "gru"), 3)
    assert b_z.min() >= 0
    assert not b_r.any()
    assert not b_n.any()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("scheme", init.SCHEMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_init_params_fits_every_cell(cell, scheme, dtype, rng):
    params = init.init_params(cell, 3, 4, rng, scheme, dtype=dtype)
    G = CELLS[cell].n_gates
    assert params._fields == CELLS[cell].params._fields
    assert params.W_xh.shape == (4 * G, 3)
    assert params.W_hh.shape == (4 * G, 4)
    assert all(b.shape == (4 * G,) for b in params[2:])
    assert {p.dtype for p in params} == {np.dtype(dtype)}
    if scheme in ("orthogonal", "identity"):
        assert spectral_norm(params.W_hh[:4]) == pytest.approx(1, rel=1e-6)
    if scheme != "uniform":
        assert not any(b.any() for b in params[2:])


def test_gate_biases_of_init_params_are_added_once(rng):
    params = init.init_params("gru", 2, 3, rng, forget=1.0)  # two uniform biases, and exactly 1 where the gate keeps
    assert np.all((params.b_x + params.b_h)[3:6] == 1.0)
    b_i, b_f, _, _ = np.split(init.init_params("lstm", 2, 50, rng, T_max=100).b_h, 4)
    assert np.array_equal(b_i, -b_f)


def test_the_generator_decides():
    a, b = (init.init_params("gru", 2, 3, np.random.default_rng(7)) for _ in range(2))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: init.init_params("lstn", 2, 3, rng), "cell: expected one of rnn"),
        (lambda rng: init.init_params("rnn", 2, 3, rng, "he"), "scheme: expected one of uniform, xavier, orthogonal"),
        (lambda rng: init.init_params("rnn", 0, 3, rng), "D: expected a whole number >= 1, got 0"),
        (lambda rng: init.init_params("rnn", 2, 3, rng, forget=1.0), "cell: expected lstm, gru or gru_before"),
        (lambda rng: init.init_params("lstm", 2, 3, rng, forget=1.0, T_max=9), "forget, T_max: expected one of the"),
        (lambda rng: init.chrono(3, 1, rng), "T_max: expected at least 2 steps, got 1"),
        (lambda rng: init.chrono(3, np.inf, rng), "T_max: expected at least 2 steps, got inf"),
        (lambda rng: init.uniform(3, rng), "shape: expected positive sizes, got 3"),
        (lambda rng: init.init_params("rnn", 2, 3, rng, dtype=int), "dtype: expected float32 or float64, got int64"),
        (lambda rng: init.forget_bias(3, np.nan), r"result: expected finite values, got nan at index \(3,\)"),
        (lambda rng: init.xavier((3,), rng), r"shape: expected \(out, in\), got \(3,\)"),
    ],
)
def test_bad_input_gives_one_clear_line(call, message, rng):
    with pytest.raises(ValueError, match=message):
        call(rng)
