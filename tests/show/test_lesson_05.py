"""Plots and explorers of lesson 05: each draws for default and extreme values; the picture shows the rule ln k."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.show import lesson_05 as plots
from course_lib.show.colours import QUANTITIES

WORDS = ["the", "cats", "which", "sat", "near", "the", "dog", "and", "slept", "there"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("values", [(), (0.0, 0.0, 0.0), (1.0, 1.0, 0.0), (0.5, 0.8, 1.0)])
def test_gates_by_hand(values):
    stored, shown = plots.gates_by_hand(*values).axes
    assert shown.get_lines()[0].get_ydata().max() <= 1
    assert "80 steps" in plots.gates_by_hand_alt(*values)
    if values == (0.0, 0.0, 0.0):
        assert not stored.get_lines()[0].get_ydata().any()


def test_the_explorers_questions_have_the_answers_that_the_lesson_gives():
    fig = plots.gates_by_hand(forget_gate=0.8)
    assert "c at step 40 is 5.00" in fig.axes[0].get_title()
    for bias, clauses, k in ((2.80, 5, 17), (3.45, 10, 32)):
        left = plots.left_at_verb(bias, clauses).axes[0].get_lines()[0].get_ydata()[k]
        steps = np.arange(0, 6.01, 0.05)
        assert bias == pytest.approx(steps[np.abs((1 / (1 + np.exp(-steps))) ** k - np.exp(-1)).argmin()])
        assert left == pytest.approx(np.exp(-1), abs=0.01)


@pytest.mark.parametrize(("bias", "clauses"), [(0.0, 0), (1.0, 5), (6.0, 20)])
def test_left_at_verb(bias, clauses):
    ax = plots.left_at_verb(bias, clauses).axes[0]
    left, f = ax.get_lines()[0].get_ydata(), 1 / (1 + np.exp(-bias))
    assert left == pytest.approx(f ** np.arange(71))
    assert plots.memory_time(bias) == pytest.approx(1 / (1 - f))
    assert f"memory time {plots.memory_time(bias):.1f} words" in plots.left_at_verb_alt(bias, clauses)


def test_pictures_along_the_sentence_have_its_words_below():
    c, h = np.ones(len(WORDS)), np.zeros(len(WORDS))
    axes = [
        plots.cells_along(WORDS, {"sum": c, "gated": h}),
        plots.stored_and_shown(WORDS, c, h),
        plots.shares_along(WORDS, {"a": c, "b": 0.1 * c}),
        plots.reading_unit(WORDS, c, 0.5 * c, c, -c).axes[1],
    ]
    for ax in axes:
        assert [label.get_text() for label in ax.get_xticklabels()] == WORDS
    assert {line.get_color() for line in axes[0].get_lines()[:2]} == {QUANTITIES["c"].colour}
    assert axes[2].get_yscale() == "log"


def test_plots_take_arrays_and_return_their_axes():
    rng = np.random.default_rng(0)
    plots.gradient_against_lag({"a": np.ones(3), "zero at the end": np.array([1.0, 0.1, 0.0])})
    ax = plots.runs({"one": rng.normal(size=5), "many": rng.normal(size=(3, 5))}, inks="c")
    assert [line.get_color() for line in ax.get_lines()] == ["#D55E00", "black", "black", "black"]
    plots.gradient_paths([0.5, 0.0], [0.1, 2.0])
    plots.counted([0.0, 1.0, 0.0], [0.0, 0.8, 0.0])
    ax = plots.learned_after({"learned": [20, 40, 60], "not": [None, None, None], "one start": [5]}, limit=100)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["learned", "not", "one start"]
    assert plots.in_words([20, None]) == "20, not learned"
