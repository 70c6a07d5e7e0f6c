"""Lesson 06: the references agree with torch, a GRU has 3/4 of the parameters, right answers may look different."""

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


def test_the_reference_step_and_its_way_back_are_those_of_torch():
    args = lesson._args(np.random.default_rng(0))
    leaves = [torch.from_numpy(a).requires_grad_() for a in args]
    h_t = torch.gru_cell(*leaves)
    dh_t = np.random.default_rng(1).normal(size=h_t.shape)
    h_t.backward(torch.from_numpy(dh_t))
    np.testing.assert_allclose(lesson.GRU_STEP.reference(*args), h_t.detach().numpy(), atol=1e-12)
    for ours, leaf in zip(lesson.GRU_BACKWARD.reference(dh_t, *args), leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad.numpy(), atol=1e-12)


def test_the_other_convention_is_the_readable_cell_of_the_package():
    args = lesson._args(np.random.default_rng(2))
    np.testing.assert_allclose(lesson.GRU_BEFORE.reference(*args), cells.gru_step_before(*args), atol=1e-12)


def test_converted_weights_compute_what_the_replacing_gru_computes():
    x_t, h_prev, *weights = lesson._args(np.random.default_rng(3))
    r_t, z_t, n_t = cells.gru_gates(x_t, h_prev, *weights)
    replacing = (1 - z_t) * h_prev + z_t * n_t
    np.testing.assert_allclose(
        lesson.GRU_STEP.reference(x_t, h_prev, *lesson.CONVERT.reference(*weights)), replacing, atol=1e-12
    )


def conversion_verdict(answer):
    cases = lesson.CONVERT.draw(0)
    return judge(lesson.CONVERT, cases, probe.outcomes(answer, [c.args for c in cases], False))


def test_biases_may_be_spread_over_the_two_vectors_as_one_likes():
    def moved(*weights):
        W_xh, W_hh, b_x, b_h = (a.copy() for a in lesson.CONVERT.reference(*weights))
        gates = slice(0, 2 * W_hh.shape[1])
        b_x[gates] += b_h[gates]
        b_h[gates] = 0
        return W_xh, W_hh, b_x, b_h

    assert conversion_verdict(moved).status == "right"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda W_xh, W_hh, b_x, b_h: (W_xh, W_hh, b_x), "expected 4 results"),
        (lambda W_xh, W_hh, b_x, b_h: (W_xh.T, W_hh, b_x, b_h), "W_xh: expected shape"),
        (lambda W_xh, W_hh, b_x, b_h: (W_xh * np.inf, W_hh, b_x, b_h), "h_t of the converted cell"),
    ],
)
def test_a_conversion_of_the_wrong_form_is_told_so(answer, words):
    assert words in conversion_verdict(answer).message
