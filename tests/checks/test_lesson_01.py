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


def test_the_repaired_network_is_torchs():
    xs, h0, W_xh, W_hh, b_h, W_hy, b_y = args = lesson._network(np.random.default_rng(0))
    layer, output = torch.nn.RNN(5, 4).double(), torch.nn.Linear(4, 2).double()
    named = {"weight_ih_l0": W_xh, "weight_hh_l0": W_hh, "bias_ih_l0": b_h, "bias_hh_l0": 0 * b_h}
    layer.load_state_dict({name: torch.tensor(w) for name, w in named.items()})
    output.load_state_dict({"weight": torch.tensor(W_hy), "bias": torch.tensor(b_y)})
    theirs = output(layer(torch.tensor(xs), torch.tensor(h0)[None])[0]).detach().numpy()
    np.testing.assert_allclose(lesson.REPAIRED.reference(*args), theirs, atol=1e-12)


def test_sequences_that_end_are_torchs_packed_ones():
    _, xs, h0, lengths, W_xh, W_hh, b_h = args = lesson._sequences(np.random.default_rng(0), [5, 2, 3])
    layer = torch.nn.RNN(5, 4).double()
    named = {"weight_ih_l0": W_xh, "weight_hh_l0": W_hh, "bias_ih_l0": b_h, "bias_hh_l0": 0 * b_h}
    layer.load_state_dict({name: torch.tensor(w) for name, w in named.items()})
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.tensor(xs), torch.tensor(lengths), enforce_sorted=False)
    last = layer(packed, torch.tensor(h0)[None])[1][0].detach().numpy()

    def step(x_t, h_prev, W_xh, W_hh, b_h):
        return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)

    np.testing.assert_allclose(lesson.UNROLL.reference(step, *args[1:])[-1], last, atol=1e-12)


@pytest.mark.parametrize("up", [0.3, 3.0])
@pytest.mark.parametrize("down", [0.5, 1.0, 2.0, 3.0])
def test_just_above_the_smallest_w_the_state_withstands_and_just_below_it_does_not(up, down):
    def after_the_dog(w):
        h = np.tanh(up)
        for _ in range(2000):
            h = np.tanh(w * h)
        return np.tanh(w * h - down)

    w = lesson.SMALLEST_W.reference(up, down)
    assert after_the_dog(1.001 * w) > 0 > after_the_dog(0.999 * w)


def test_the_count_is_torchs_count_without_its_second_bias():
    layers = torch.nn.ModuleList([torch.nn.RNN(7, 5), torch.nn.Linear(5, 3)])
    assert lesson.COUNT.reference(7, 5, 3, 100) == sum(p.numel() for p in layers.parameters()) - 5


def by_torch(*args):
    xs, h, W_xh, W_hh, b_h, W_hy, b_y = map(torch.tensor, args)
    ys = []
    for x_t in xs:
        h = torch.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)
        ys.append(h @ W_hy.T + b_y)
    return torch.stack(ys)


def side_by_side(xs, h, W_xh, W_hh, b_h, W_hy, b_y):
    ys = []
    for x_t in xs:
        h = np.tanh(np.hstack([x_t, h]) @ np.hstack([W_xh, W_hh]).T + b_h).astype(np.float32)
        ys.append(np.einsum("bh,vh->bv", h, W_hy) + b_y)
    return tuple(ys)


def in_an_own_buffer(step, xs, h0, lengths, *params):
    hs = np.empty((len(xs), *h0.shape))
    h_t = h0
    for t in range(len(xs)):
        hs[t] = h_t
        hs[t][lengths > t] = step(xs[t], h_t, *params)[lengths > t]
        h_t = hs[t]
    return hs


def accumulated(step, xs, h0, lengths, *params):
    def one(h, t):
        return np.where(lengths[:, None] > t, step(xs[t], h, *params), h)

    return list(accumulate(range(len(xs)), one, initial=h0))[1:]


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
        *[("01.1", f) for f in (by_torch, side_by_side)],
        *[("01.2", f) for f in (in_an_own_buffer, accumulated)],
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


def with_weaker(name):
    """The right network, but one of its arguments counts half."""

    def answer(xs, h0, W_xh, W_hh, b_h, W_hy, b_y):
        args = {"xs": xs, "h0": h0, "W_xh": W_xh, "W_hh": W_hh, "b_h": b_h, "W_hy": W_hy, "b_y": b_y}
        return lesson.REPAIRED.reference(*{**args, name: 0.5 * args[name]}.values())

    return answer


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        ("01.1", with_weaker("b_h"), "Right when b_h = 0: look at the bias b_h"),
        ("01.1", with_weaker("h0"), "Right when h0 = 0: look at the state before the first word"),
        ("01.1", with_weaker("b_y"), "Right when b_y = 0: look at the output's bias"),
        ("01.1", lambda *args: lesson.REPAIRED.reference(*args)[::2], "expected shape (4, 3, 2), got (2, 3, 2)"),
        ("01.2", lambda *args: lesson.UNROLL.reference(*args)[::2], "expected shape (6, 3, 4), got (3, 3, 4)"),
        ("01.6", lambda up, down: lesson.SMALLEST_W.reference(up, down) + 0.01, "w: got "),
        ("01.6", lambda up, down: (down, up), "w: expected one number"),
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
