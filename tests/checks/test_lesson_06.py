"""Lesson 06: the references agree with torch, a GRU has 3/4 of the parameters, the statements' numbers are true."""

import re

import numpy as np
import pytest
import torch

from course_lib.checks import lesson_06 as lesson
from course_lib.checks import probe
from course_lib.checks.judge import judge
from course_lib.nn import cells

KINDS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


def numbers_in(kind, D, H, layers, both):
    return sum(p.numel() for p in KINDS[kind](D, H, layers, bidirectional=both).parameters())


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_parameters_are_counted_as_torch_counts_them_and_a_gru_has_three_quarters(layers, both):
    for D, H in [(1, 1), (7, 5), (64, 128)]:
        counts = {kind: lesson.COUNT.reference(kind, D, H, layers, both) for kind in KINDS}
        assert counts == {kind: numbers_in(kind, D, H, layers, both) for kind in KINDS}
        assert 4 * counts["gru"] == 3 * counts["lstm"] == 12 * counts["rnn"]


def with_autograd(step, dh_t, args):
    """h_t of a step and the gradients of its arguments, by torch."""
    leaves = [torch.from_numpy(a).requires_grad_() for a in args]
    h_t = step(*leaves)
    h_t.backward(torch.from_numpy(dh_t))
    return h_t.detach().numpy(), [leaf.grad.numpy() for leaf in leaves]


def before(x_t, h_prev, W_xh, W_hh, b):
    (x_r, x_z, x_n), (W_hr, W_hz, W_hn) = (x_t @ W_xh.T + b).chunk(3, dim=1), W_hh.chunk(3)
    r_t, z_t = torch.sigmoid(x_r + h_prev @ W_hr.T), torch.sigmoid(x_z + h_prev @ W_hz.T)
    return (1 - z_t) * torch.tanh(x_n + (r_t * h_prev) @ W_hn.T) + z_t * h_prev


def test_the_repaired_step_is_that_of_torch():
    args = lesson._args(np.random.default_rng(0))
    theirs = torch.gru_cell(*map(torch.from_numpy, args)).numpy()
    np.testing.assert_allclose(lesson.GRU_STEP.reference(*args), theirs, atol=1e-12)


def friends_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    """The code that the statement of 06.1 shows."""
    (code,) = re.findall(r"```python\n(.*?)```", lesson.GRU_STEP.solution.statement, re.DOTALL)
    space = {"np": np, "sigmoid": cells.sigmoid}
    exec(code, space)
    return space["gru_step"](x_t, h_prev, W_xh, W_hh, b_x, b_h)


def test_the_readings_of_the_statement_are_those_of_a_gru_and_of_the_code_with_three_faults():
    rows = re.findall(r"\| `\[(.*?)\]` \| ([\d.]+) \| ([\d.]+) \|", lesson.GRU_STEP.solution.statement)
    assert len(rows) == 3
    none = np.zeros((3, 1))
    for b_x, right, wrong in rows:
        args = np.zeros((1, 1)), np.array([[0.5]]), none, none, np.array(b_x.split(","), dtype=float), np.zeros(3)
        assert f"{lesson.GRU_STEP.reference(*args).item():.2f}" == right
        assert f"{friends_step(*args).item():.2f}" == wrong


def test_the_way_back_through_the_other_gru_is_the_one_of_torch_and_of_the_package():
    args = lesson._args(np.random.default_rng(2))[:-1]
    dh_t = np.random.default_rng(1).normal(size=args[1].shape)
    h_t, theirs = with_autograd(before, dh_t, args)
    np.testing.assert_allclose(h_t, cells.gru_step_before(*args, 0 * args[-1]), atol=1e-12)
    ours = lesson.GRU_BACKWARD.reference(dh_t, *args)
    packages = cells.gru_step_before_backward(dh_t, *args, 0 * args[-1])
    for mine, leaf, package in zip(ours, theirs, packages[:-1], strict=True):
        np.testing.assert_allclose(mine, leaf, atol=1e-12)
        np.testing.assert_allclose(mine, package, atol=1e-12)


def small_cell(x_t, h_prev, W_xh, W_hh, b):
    a_n, a_z = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b, 2, axis=1)
    z_t = cells.sigmoid(a_z)
    return (1 - z_t) * h_prev + z_t * np.tanh(a_n)


def test_the_gru_with_the_new_weights_does_what_the_small_cell_does():
    x_t, h_prev, *weights = lesson._args(np.random.default_rng(3), gates=2)[:-1]
    as_gru = lesson.AS_GRU.reference(*weights)
    theirs = small_cell(x_t, h_prev, *weights)
    np.testing.assert_allclose(lesson.GRU_STEP.reference(x_t, h_prev, *as_gru), theirs, atol=1e-8)


def verdict_of(exercise, answer):
    cases = exercise.draw(0)
    return judge(exercise, cases, probe.outcomes(answer, [c.args for c in cases], exercise.is_value))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda W_xh, W_hh, b: (W_xh, W_hh, b), "expected 4 results"),
        (lambda W_xh, W_hh, b: (W_xh, W_hh, b, b), "W_xh: expected shape"),
        (lambda *w: [a * np.inf for a in lesson.AS_GRU.reference(*w)], "h_t of the GRU"),
    ],
)
def test_weights_of_the_wrong_form_are_told_so(answer, words):
    assert words in verdict_of(lesson.AS_GRU, answer).message


CALL = lesson.ONE_CALL.reference


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (CALL[:4], "expected five arrays"),
        ((CALL[0], CALL[1][0], *CALL[2:]), "h_prev: expected numbers of shape (1, 2)"),
        ((*CALL[:4], CALL[4] * np.nan), "b: expected numbers"),
        ((*CALL[:3], CALL[3] * 0.4, CALL[4] * 0.05), "before and after are less than 0.1 apart"),
        ((*CALL[:4], CALL[4] * 0.01), "z is at one half, or near it"),
    ],
)
def test_a_call_that_tells_too_little_is_told_what_it_does_not_tell(call, words):
    assert words in verdict_of(lesson.ONE_CALL, call).message


def test_the_example_of_a_call_that_tells_too_little_is_as_the_statement_says():
    results = lesson.ONE_CALL.solution.space["four_results"]
    given = results([[0]], [[1, 1]], np.zeros((6, 1)), np.zeros((6, 2)), [0, 0, 20, 20, 0, 0])
    for name, h_t in given.items():
        np.testing.assert_allclose(h_t, [[1, 1]] if name.endswith("keeps") else [[0, 0]], atol=1e-6)


def test_one_bias_for_two_distances_leaves_equal_shares_of_the_best_and_no_other_bias_leaves_more_of_the_worse():
    def share(bias, k):
        z, best = cells.sigmoid(bias), k / (k + 1)
        return (1 - z) * z**k / ((1 - best) * best**k)

    bias = lesson.BIAS_FOR_TWO.reference(5, 17)
    assert round(float(bias), 3) == 2.289
    np.testing.assert_allclose([share(bias, 5), share(bias, 17)], 0.848, atol=5e-4)
    others = np.linspace(0, 5, 1001)
    assert np.minimum(share(others, 5), share(others, 17)).max() <= share(bias, 5)
