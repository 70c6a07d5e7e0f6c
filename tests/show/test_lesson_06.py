"""Plots and explorers of lesson 06: each draws for its default and its extreme values, and its rule is the GRU's."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.nn import cells
from course_lib.show import lesson_06 as plots


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("bias", [-2.0, 0.0, 2.4, 8.0])
@pytest.mark.parametrize("words", [1, 11, 100])
def test_update_gate(bias, words):
    square, curve = plots.update_gate(bias, words).axes
    left = plots.left_of_the_first(bias, np.arange(101))
    assert 10 ** curve.get_lines()[0].get_ydata() == pytest.approx(np.maximum(left, 1e-9))
    assert square.get_lines()[1].get_xdata().mean() == pytest.approx(1 / (1 + np.exp(-bias)))
    assert f"{left[0]:.4f} at once" in plots.update_gate_alt(bias, words)
    assert (f"{left[words]:.4f} after" if left[words] >= 0.0001 else "< 0.0001") in plots.update_gate_alt(bias, words)


def test_what_is_left_of_the_first_input_is_what_a_gru_keeps_of_it():
    W_xh, W_hh = np.array([[0.0], [0.0], [20.0]]), np.zeros((3, 1))
    b_x, b_h = np.array([0.0, 1.5, 0.0]), np.zeros(3)
    h_t = np.zeros((1, 1))
    for x in [1.0] + [0.0] * 7:
        h_t = cells.gru_step(np.array([[x]]), h_t, W_xh, W_hh, b_x, b_h)
    assert h_t.item() == pytest.approx(float(plots.left_of_the_first(1.5, 7)))


@pytest.mark.parametrize(("words", "best", "left"), [(11, 2.40, 0.0320), (22, 3.09, 0.0164)])
def test_the_explorers_questions_have_the_answers_that_the_lesson_gives(words, best, left):
    biases = np.arange(0, 8, 0.01)
    found = plots.left_of_the_first(biases, words)
    assert biases[found.argmax()] == pytest.approx(best, abs=0.006)
    assert best == pytest.approx(np.log(words), abs=0.006)
    assert found.max() == pytest.approx(left, abs=5e-5)


def test_bars_of_one_gate_add_up_to_one():
    keep = np.array([0.9, 0.6])
    free, tied = plots.kept_and_written(["the", "cats"], {"LSTM": (keep, keep), "one gate": (keep, 1 - keep)}).axes
    assert [bar.get_y() + bar.get_height() for bar in tied.patches[2:]] == pytest.approx([1, 1])
    assert [bar.get_y() + bar.get_height() for bar in free.patches[2:]] == pytest.approx([1.8, 1.2])


def test_starts_that_did_not_learn_are_crosses_at_the_limit():
    rows = plots.parts_taken_out({"LSTM": [20, None], "GRU": [10, 30]}, limit=100).axes[0]
    crosses = [line for line in rows.get_lines() if line.get_marker() == "x"]
    assert [line.get_xdata()[0] for line in crosses] == [100]
    assert [label.get_text() for label in rows.get_yticklabels()] == ["LSTM", "GRU"]
    curve = plots.updates_by_bias({1.0: [None, None], 2.4: [20, 40]}, limit=100, mark=2.4).axes[0]
    assert sum(line.get_marker() == "x" for line in curve.get_lines()) == 2
    assert curve.texts[0].get_text() == "the rule: 2.4"


def test_smoothing_draws_both_lines():
    labels = [line.get_label() for line in plots.smoothing([1.0, 2.0], [0.1, 0.3]).axes[0].get_lines()]
    assert labels == ["input x", "state h, with z = 0.9"]
