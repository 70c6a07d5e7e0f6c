"""Plots and explorers of lesson 05: each draws for default and extreme values; the half-life is what it says."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.show import lesson_05 as plots


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("part", plots.PARTS)
def test_the_cell_is_drawn_with_each_part_lit(part):
    assert len(plots.cell_diagram(part).texts) > 10


def test_an_unknown_part_or_pattern_is_refused():
    with pytest.raises(ValueError, match="lit: expected one of all, forget"):
        plots.cell_diagram("memory")
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
@pytest.mark.parametrize(("bias", "steps"), [(0.0, 20), (1.0, 200), (8.0, 1000)])
def test_kept_fraction(bias, steps, gate):
    kept = plots.kept_fraction(bias, steps, gate).axes[1].get_lines()[0].get_ydata()
    assert len(kept) == steps + 1
    assert (np.diff(kept) <= 0).all()
    if gate == "constant":
        life = plots.half_life(bias)
        assert np.interp(life, np.arange(steps + 1), kept) == pytest.approx(0.5, abs=0.02) or life > steps
        assert f"after {life:.1f} steps" in plots.kept_fraction_alt(bias, steps, gate)


def test_plots_take_arrays_and_return_their_axes():
    rng = np.random.default_rng(0)
    plots.gradient_against_lag({"a": np.ones(3), "zero at the end": np.array([1.0, 0.1, 0.0])})
    plots.runs({"one": rng.normal(size=5), "many": rng.normal(size=(3, 5))})
    plots.belt([0.5, 0.0], [0.1, 2.0])
    ax = plots.solved_after({"solved": [20, 40, 60], "not": [None, None, None], "one seed": [5]}, limit=100)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["solved", "not", "one seed"]
    plots.gate_heat_map({"f": rng.uniform(size=(4, 2)), "c": rng.normal(size=(4, 2))}, ["a", "b", "c", "d"])
    panels = plots.gate_histogram({"f": np.array([0.0, 0.05, 0.5, 1.0])})
    assert "25% between" in np.atleast_1d(panels)[0].get_title()
