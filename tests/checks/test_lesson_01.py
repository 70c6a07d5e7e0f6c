"""Lesson 01's checks: the references equal torch, odd right styles keep their points, unknown slips accuse nobody."""

from functools import partial
from itertools import accumulate

import numpy as np
import pytest
import torch

from course_lib.checks import find, judge, probe
from course_lib.checks import lesson_01 as lesson


def verdict_of(exercise, answer, seed=5):
    task = find(exercise)
    cases = task.draw(seed)
    return judge.judge(task, cases, probe.outcomes(answer, [c.args for c in cases], task.is_value))


def test_the_step_is_torchs_cell():
    x_t, h_prev, W_xh, W_hh, b_h = args = lesson._step_args(np.random.default_rng(0))
    cell = torch.nn.RNNCell(5, 4).double()
    zero = np.zeros(4)
    named = zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), (W_xh, W_hh, b_h, zero))
    cell.load_state_dict({name: torch.tensor(w) for name, w in named})
    theirs = cell(torch.tensor(x_t), torch.tensor(h_prev)).detach().numpy()
    np.testing.assert_allclose(lesson.RNN_STEP.reference(*args), theirs, atol=1e-12)


def test_the_count_is_torchs_count_without_its_second_bias():
    layers = torch.nn.ModuleList([torch.nn.RNN(7, 5), torch.nn.Linear(5, 3)])
    assert lesson.COUNT.reference(7, 5, 3, 100) == sum(p.numel() for p in layers.parameters()) - 5


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


def one_copy_put_back(f, xs):
    before, changed, moves = f(xs), xs.copy(), []
    for k in range(len(xs)):
        changed[k] = xs[k] + 1
        moves.append(f(changed) != before)
        changed[k] = xs[k]
    return moves


def by_one_up_and_down(f, xs, change=lambda row: row + 1, differ=np.not_equal):
    before, moves = f(xs), []
    for k in range(len(xs)):
        old = xs[k].copy()
        xs[k] = change(xs[k])
        moves.append(differ(f(xs), before))
        xs[k] = xs[k] - 1 if change(0) == 1 else old
    return np.stack(moves)


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
        ("01.5", one_copy_put_back),
        ("01.5", by_one_up_and_down),
        ("01.7", FOUR_UNITS),
    ],
    ids=lambda x: None if callable(x) else str(x),
)
def test_a_right_answer_in_another_style_keeps_its_points(exercise, answer):
    verdict = verdict_of(exercise, answer)
    assert verdict.points == verdict.max_points, verdict.message


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        ("01.1", lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + b.mean()), "Right when b_h = 0: look at the bias"),
        ("01.1", lambda x, h, U, W, b: np.tanh(0.5 * x @ U.T + h @ W.T + b), "Right when x_t = 0"),
        ("01.1", lambda x, h, U, W, b: np.tanh(x @ U.T + 0.5 * h @ W.T + b), "Right when h_prev = 0"),
        ("01.2", lambda *args: lesson.UNROLL.reference(*args)[::2], "expected shape (6, 3, 4), got (3, 3, 4)"),
        ("01.6", lambda *args: lesson.GENERATE.reference(*args)[::2], "expected shape (5, 3, 2), got (3, 3, 2)"),
        ("01.7", {**FOUR_UNITS, "W_xh": [[6, 0, 6, 6]]}, "W_xh: expected shape (4, 1), got (1, 4)"),
        ("01.7", None, "expected a dict with the keys"),
    ],
    ids=lambda x: None if callable(x) else str(x),
)
def test_an_unlisted_slip_is_described_and_accuses_nobody(exercise, answer, says):
    verdict = verdict_of(exercise, answer)
    assert verdict.points == 0
    assert verdict.misconception is None
    assert says in verdict.message


def by_more_than(threshold):
    return lambda a, b: np.abs(a - b) > threshold


@pytest.mark.parametrize(
    ("change", "name"),
    [
        *[({"differ": by_more_than(10.0**-n)}, "small changes are lost") for n in (2, 3, 6, 8)],
        ({"differ": lambda a, b: ~np.isclose(a, b)}, "small changes are lost"),
        ({"change": lambda row: 0 * row}, "a row of zeros is not changed"),
        ({"change": lambda row: 2 * row}, "a row of zeros is not changed"),
    ],
)
def test_a_tolerance_and_a_change_that_zeros_hide_lose_on_every_input(change, name):
    named = []
    for seed in range(25):
        verdict = verdict_of("01.5", partial(by_one_up_and_down, **change), seed)
        assert verdict.points == 0
        named.append(name in verdict.message)
    assert any(named)


def test_inputs_that_go_up_by_one_and_down_again_leave_no_rounding():
    for seed in range(25):
        assert verdict_of("01.5", by_one_up_and_down, seed).points == 1
