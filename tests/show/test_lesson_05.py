"""Plots and explorers of lesson 05: each draws for default and extreme values; the half-life is what it says."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from course_lib.show import lesson_05 as plots
from course_lib.show.colours import QUANTITIES


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_an_unknown_pattern_is_refused():
    with pytest.raises(ValueError, match="gate: expected one of constant"):
        plots.kept_fraction(gate="ajar")


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
    assert plots.half_life(4.97) == pytest.approx(100, abs=0.5)
    assert plots.half_life(np.array([2.63, 7.27])) == pytest.approx([10, 1000], rel=0.005)


@pytest.mark.parametrize("gate", plots.GATE_PATTERNS)
@pytest.mark.parametrize("bias", [0.0, 1.0, 4.97, 8.0])
def test_kept_fraction(bias, gate):
    above, below = plots.kept_fraction(bias, gate).axes
    kept, f = below.get_lines()[0].get_ydata(), above.get_lines()[0].get_ydata()
    assert (np.diff(kept) <= 0).all()
    assert kept == pytest.approx(np.cumprod(f))
    assert f"after {plots.half_life(bias):.1f} steps" in plots.kept_fraction_alt(bias, gate)
    if gate == "constant" and bias < 7:
        assert below.get_title().startswith(f"one half is gone after {np.ceil(plots.half_life(bias)):.0f} step")
    elif gate == "constant":
        assert "more than one half is left" in below.get_title()


def test_seeds_in_words():
    assert plots.in_words([20, 110]) == "20, 110"


def test_plots_take_arrays_and_return_their_axes():
    rng = np.random.default_rng(0)
    plots.gradient_against_lag({"a": np.ones(3), "zero at the end": np.array([1.0, 0.1, 0.0])})
    ax = plots.runs({"one": rng.normal(size=5), "many": rng.normal(size=(3, 5))}, inks="c")
    assert [line.get_color() for line in ax.get_lines()] == ["#D55E00", "black", "black", "black"]
    plots.gradient_paths([0.5, 0.0], [0.1, 2.0])
    ax = plots.solved_after({"solved": [20, 40, 60], "not": [None, None, None], "one seed": [5]}, limit=100)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["solved", "not", "one seed"]
    plots.gate_heat_map({"input gate i": rng.uniform(size=(4, 2)), "c": rng.normal(size=(4, 2))}, ["a", "b", "c", "d"])
    panels = plots.gate_histogram({"forget gate": np.array([0.0, 0.05, 0.5, 1.0])})
    assert "25% between" in np.atleast_1d(panels)[0].get_title()
    assert to_hex(np.atleast_1d(panels)[0].patches[0].get_facecolor()) == QUANTITIES["f"].colour.lower()
