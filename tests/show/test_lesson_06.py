"""Plots and explorers of lesson 06: each draws for its default and its extreme values."""

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


@pytest.mark.parametrize("bias", [-2.0, 0.0, 3.9, 8.0])
@pytest.mark.parametrize("steps", [5, 50, 200])
def test_update_gate(bias, steps):
    square, curve = plots.update_gate(bias, steps).axes
    left = plots.left_of_the_first(bias, np.arange(201))
    assert 10 ** curve.get_lines()[0].get_ydata() == pytest.approx(np.maximum(left, 1e-9))
    assert square.get_lines()[1].get_xdata().mean() == pytest.approx(1 / (1 + np.exp(-bias)))
    assert f"{left[0]:.4f} at once" in plots.update_gate_alt(bias, steps)
    assert (f"{left[steps]:.4f} after" if left[steps] >= 0.0001 else "< 0.0001") in plots.update_gate_alt(bias, steps)


def test_what_is_left_of_the_first_input_is_what_a_gru_keeps_of_it():
    W_xh, W_hh = np.array([[0.0], [0.0], [20.0]]), np.zeros((3, 1))
    b_x, b_h = np.array([0.0, 1.5, 0.0]), np.zeros(3)
    h_t = np.zeros((1, 1))
    for x in [1.0] + [0.0] * 7:
        h_t = cells.gru_step(np.array([[x]]), h_t, W_xh, W_hh, b_x, b_h)
    assert h_t.item() == pytest.approx(float(plots.left_of_the_first(1.5, 7)))


def test_the_explorers_questions_have_the_answers_that_the_lesson_gives():
    biases = np.arange(0, 8, 0.01)
    assert biases[plots.left_of_the_first(biases, 50).argmax()] == pytest.approx(np.log(50), abs=0.011)
    assert plots.left_of_the_first(2.95, 0) < 0.05 < plots.left_of_the_first(2.94, 0)


def test_plots_take_arrays_and_return_their_axes():
    rng = np.random.default_rng(0)
    keep = rng.uniform(size=(4, 3))
    panels = plots.keep_and_write({"LSTM": (keep, rng.uniform(size=(4, 3))), "GRU": (keep, 1 - keep)})
    assert [p.get_title() for p in panels] == ["LSTM", "GRU"]
    plots.updates_by_bias({"GRU": {0.0: [None, None], 3.0: [20, 40]}, "LSTM": {0.0: [None], 3.0: [5]}}, limit=100)
    assert plots.updates_by_bias({"GRU": {1.0: [5]}}, limit=9, mark=(2.0, "two")).texts[0].get_text() == "two"
    ax = plots.race({"short": {"LSTM": [20, None], "GRU": [10, 30]}, "long": {"LSTM": [5], "GRU": [None]}}, limit=100)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["short", "long"]
