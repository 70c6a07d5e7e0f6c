"""Lesson 03: the references against torch's autograd, and the worked examples of the statements."""

import functools

import numpy as np
import pytest
import torch

from course_lib.checks import find, lesson_03, probe
from course_lib.checks.judge import judge as give_verdict


def one(value):
    return np.array([[float(value)]])


@pytest.mark.parametrize("case", lesson_03._sequence_cases(np.random.default_rng(5)), ids=lambda c: c.label)
def test_the_leaky_reference_is_what_autograd_finds(case):
    *arrays, leak, dhs = case.args
    xs, h, W_xh, W_hh, b_h = tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    loss = 0.0
    for x_t, dh in zip(xs, torch.tensor(dhs), strict=True):
        h = (1 - leak) * h + leak * torch.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)
        loss = loss + (h * dh).sum()
    expected = torch.autograd.grad(loss, tensors)
    for ours, judge in zip(lesson_03.SEQUENCE.reference(*case.args), expected, strict=True):
        assert np.abs(ours - judge.numpy()).max() < 1e-10


@pytest.mark.parametrize("case", lesson_03._chunk_cases(np.random.default_rng(5)), ids=lambda c: c.label)
def test_the_truncated_reference_is_what_detach_finds(case):
    xs, h, W_hh, dhs, k = case.args
    xs, h, W_hh = torch.tensor(xs, requires_grad=True), torch.tensor(h), torch.tensor(W_hh, requires_grad=True)
    loss = 0.0
    for t, dh in enumerate(torch.tensor(dhs)):
        h = torch.tanh(xs[t] + (h.detach() if t % k == 0 else h) @ W_hh.T)
        loss = loss + (h * dh).sum()
    for ours, judge in zip(
        lesson_03.TRUNCATED.reference(*case.args)[1:], torch.autograd.grad(loss, [xs, W_hh]), strict=True
    ):
        assert np.abs(ours - judge.numpy()).max() < 1e-10


@pytest.mark.parametrize("case", lesson_03._arrow_cases(np.random.default_rng(5)), ids=lambda c: c.label)
def test_the_second_arrow_is_what_autograd_finds(case):
    given, dhs, W_1, W_2 = map(torch.tensor, case.args)
    before = [torch.zeros_like(given[0]), torch.zeros_like(given[0])]
    hs, loss = [], 0.0
    for h_t, dh in zip(given, dhs, strict=True):
        one_back, two_back = (before + hs)[-1], (before + hs)[-2]
        x_t = torch.atanh(h_t) - (one_back @ W_1.T + two_back @ W_2.T).detach()  # the input that makes this state
        hs.append(torch.tanh(x_t + one_back @ W_1.T + two_back @ W_2.T).requires_grad_())
        loss = loss + (hs[-1] * dh).sum()
    expected = torch.stack(torch.autograd.grad(loss, hs))
    assert np.abs(lesson_03.ARROW.reference(*case.args) - expected.numpy()).max() < 1e-10


def test_the_walks_that_are_handed_in_fail_where_they_are_said_to():
    found = {case.label: lesson_03.FIRST_T.reference(probe.materialise(*case.args)) for case in find("03.5").draw(0)}
    at = [0] + [1] * 5 + [2] * 5 + [3] * 2 + [6]
    assert found == {f"a walk with {name}": T for name, T in zip(lesson_03._FAULTS, at, strict=True)}


def test_the_worked_examples_hold():
    weights = one(1), one(0.5), np.zeros(1)
    step = lesson_03.STEP.reference(one(1), one(0), one(1), *weights, 0.5)
    assert [v.item() for v in step] == pytest.approx([0.3932, 0.6966, 0, 0.3932, 0.3932], abs=5e-5)
    dxs, *rest = lesson_03.SEQUENCE.reference(np.zeros((2, 1, 1)), one(1), *weights, 0.5, np.array([[[0.0]], [[1.0]]]))
    assert dxs.ravel().tolist() == pytest.approx([0.2829, 0.4387], abs=5e-5)
    assert [v.item() for v in rest] == pytest.approx([0.5011, 0, 0.6036, 0.7216], abs=5e-5)
    xs = np.array([1.0, 0, 0]).reshape(3, 1, 1)
    for k, dx, dW in ((2, [0.6022, 0.8679, 0.9677], 1.0127), (3, [0.6904, 1.2879, 0.9677], 1.3325)):
        hs, dxs, dW_hh = lesson_03.TRUNCATED.reference(xs, one(0), one(0.5), np.ones((3, 1, 1)), k)
        assert hs.ravel().tolist() == pytest.approx([0.7616, 0.3634, 0.1797], abs=5e-5)
        assert [*dxs.ravel(), dW_hh.item()] == pytest.approx([*dx, dW], abs=5e-5)
    hs, dhs = np.full((3, 1, 1), 0.5), np.array([0.0, 0, 1]).reshape(3, 1, 1)
    for W_2, oldest in ((0.4, 0.66), (0.0, 0.36)):
        totals = lesson_03.ARROW.reference(hs, dhs, one(0.8), one(W_2))
        assert totals.ravel().tolist() == pytest.approx([oldest, 0.6, 1])
    for k, first in ((1, 2), (4, 5), (6, 0)):
        cut = functools.partial(lesson_03.TRUNCATED.reference, k=k)
        assert lesson_03.FIRST_T.reference(lambda *data, cut=cut: cut(*data)[2]) == first
    assert lesson_03.BAND.reference(np.array([[4.0, 0, 0], [2, 4, 0], [1, -2, 4]]), 0.9) == 2


def test_two_slips_in_two_results_are_both_named_and_one_unlisted_slip_is_not_blamed():
    def two_slips(*args):
        dx_t, dh_prev, dW_xh, dW_hh, db_h = lesson_03.STEP.reference(*args)
        return dx_t, dh_prev, dW_xh, dW_hh.T, db_h / len(dx_t)

    def unlisted(*args):
        dx_t, *rest = lesson_03.STEP.reference(*args)
        return 2 * dx_t, *rest

    task = find("03.1")
    cases = task.draw(0)

    def verdict_of(answer):
        return give_verdict(task, cases, probe.outcomes(answer, [c.args for c in cases], False))

    assert verdict_of(two_slips).misconception == "dw_hh-transposed+db_h-averaged-over-the-batch"
    verdict = verdict_of(unlisted)
    assert verdict.misconception is None
    assert verdict.message.startswith("wrong: dx_t; right: dh_prev, dW_xh, dW_hh, db_h")


def in_place(xs, h0, W_xh, W_hh, b_h, leak, dhs):
    """The usual loop backward, with the total written where the direct gradient stood."""
    hs = [h0]
    for x_t in xs:
        hs.append((1 - leak) * hs[-1] + leak * np.tanh(x_t @ W_xh.T + hs[-1] @ W_hh.T + b_h))
    dxs, totals, dh_next = np.zeros_like(xs), [0, 0, 0], 0 * h0
    for t in reversed(range(len(xs))):
        dhs[t] += dh_next
        dxs[t], dh_next, *parts = lesson_03.STEP.reference(dhs[t], xs[t], hs[t], W_xh, W_hh, b_h, leak)
        totals = [a + b for a, b in zip(totals, parts)]
    return dxs, dh_next, *totals


def test_a_gradient_summed_in_place_keeps_its_points_with_a_note():
    task = find("03.2")
    cases = task.draw(0)
    verdict = give_verdict(task, cases, probe.outcomes(in_place, [c.args for c in cases], False))
    assert verdict.points == task.points
    assert verdict.message.endswith("note: your code changes `dhs`, work on a copy if you need it later")
