"""Lesson 01's checks: the references equal torch, odd right styles keep their points, unknown slips accuse nobody."""

from itertools import accumulate

import numpy as np
import pytest
import torch

from course_lib.checks import lesson_01 as lesson
from course_lib.checks import study


def test_the_step_is_torchs_cell():
    x_t, h_prev, W_xh, W_hh, b_h = args = lesson._step_args(np.random.default_rng(0))
    cell = torch.nn.RNNCell(5, 4).double()
    zero = np.zeros(4)
    named = zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), (W_xh, W_hh, b_h, zero))
    cell.load_state_dict({name: torch.tensor(w) for name, w in named})
    theirs = cell(torch.tensor(x_t), torch.tensor(h_prev)).detach().numpy()
    np.testing.assert_allclose(lesson.rnn_step(*args), theirs, atol=1e-12)


def test_the_count_is_torchs_count_without_its_second_bias():
    layers = torch.nn.ModuleList([torch.nn.RNN(7, 5), torch.nn.Linear(5, 3)])
    assert lesson.count_parameters(7, 5, 3, 100) == sum(p.numel() for p in layers.parameters()) - 5


def by_einsum(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.einsum("bd,hd->bh", x_t, W_xh) + np.einsum("bj,ij->bi", h_prev, W_hh) + b_h)


def by_loops(x_t, h_prev, W_xh, W_hh, b_h):
    rows = [[b_h[i] + W_xh[i] @ x + W_hh[i] @ h for i in range(len(b_h))] for x, h in zip(x_t, h_prev)]
    return [[float(np.tanh(a)) for a in row] for row in rows]


def in_an_own_buffer(x_t, h_prev, W_xh, W_hh, b_h):
    a = x_t @ W_xh.T
    a += h_prev @ W_hh.T
    a += b_h
    return np.tanh(a, out=a)


def by_torch(*args):
    x_t, h_prev, W_xh, W_hh, b_h = map(torch.tensor, args)
    return torch.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)


def side_by_side(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.hstack([x_t, h_prev]) @ np.hstack([W_xh, W_hh]).T + b_h).astype(np.float32)


def filled_in(step, xs, h0, *params):
    hs = np.empty((len(xs), *h0.shape))
    h_t = h0
    for t in range(len(xs)):
        h_t = hs[t] = step(xs[t], h_t, *params)
    return hs


def accumulated(step, xs, h0, *params):
    return list(accumulate(xs, lambda h, x: step(x, h, *params), initial=h0))[1:]


def with_a_tiny_change(f, xs):
    before, moves = f(xs), []
    for k in range(len(xs)):
        keep = xs[k].copy()
        xs[k] += 1e-3
        moves.append([int(abs(a - b) > 1e-12) for a, b in zip(f(xs), before)])
        xs[k] = keep
    return moves


FOUR_UNITS = {
    "W_xh": [[6], [0], [6], [6]],
    "W_hh": [[0, 0, 0, 0], [6, 0, 0, 0], [3, 0, 0, 0], [3, 0, 0, 0]],
    "b_h": [-3, 0, 0, -6],
    "W_hy": [[0, 0, 1, -1]],
    "b_y": [-1],
}


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        *[("01.1", f) for f in (by_einsum, by_loops, in_an_own_buffer, by_torch, side_by_side)],
        *[("01.2", f) for f in (filled_in, accumulated)],
        ("01.3", lambda D, H, V, T: float(H * (D + H + 1) + V * (H + 1))),
        ("01.5", with_a_tiny_change),
        ("01.7", FOUR_UNITS),
    ],
    ids=str,
)
def test_a_right_answer_in_another_style_keeps_its_points(exercise, answer):
    verdict = study(exercise, answer, seed=5)
    assert verdict.points == verdict.max_points, verdict.message


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        ("01.1", lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T - b), "Right when b_h = 0: look at the bias"),
        ("01.1", lambda x, h, U, W, b: np.tanh(0.5 * x @ U.T + h @ W.T + b), "Right when x_t = 0"),
        ("01.1", lambda x, h, U, W, b: np.tanh(x @ U.T + 0.5 * h @ W.T + b), "Right when h_prev = 0"),
        ("01.2", lambda step, xs, h0, *p: lesson.unroll(step, xs[1:], h0, *p), "expected shape (6, 3, 4)"),
        ("01.6", lambda x, h, T, *p: lesson.generate(x, h, T - 1 or 1, *p), "expected shape (5, 3, 2), got (4, 3, 2)"),
        ("01.7", {**FOUR_UNITS, "W_xh": [[6, 0, 6, 6]]}, "W_xh: expected shape (4, 1), got (1, 4)"),
        ("01.7", None, "expected a dict with the keys"),
    ],
    ids=str,
)
def test_an_unlisted_slip_is_described_and_accuses_nobody(exercise, answer, says):
    verdict = study(exercise, answer, seed=5)
    assert verdict.points == 0
    assert verdict.misconception is None
    assert says in verdict.message


def test_using_the_courses_own_step_is_refused_by_name():
    def answer(x_t, h_prev, W_xh, W_hh, b_h):
        from course_lib.nn.cells import rnn_step

        return rnn_step(x_t, h_prev, W_xh, W_hh, b_h)

    verdict = study("01.1", answer)
    assert verdict.status == "not allowed"
    assert "course_lib.nn.cells.rnn_step" in verdict.message
