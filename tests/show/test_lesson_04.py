"""Plots and explorers of lesson 04 draw at their default and extreme values, and their texts say what is drawn."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.show import lesson_04 as pictures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("values", [(0.5, "dog"), (2.0, "dog"), (3.0, "dogs")])
def test_draw_neuron(values):
    above, below = pictures.draw_neuron(*values).axes
    state, share = (next(line for line in ax.lines if line.get_gid()).get_ydata() for ax in (above, below))
    assert share[-1] == 0 and len(state) == len(share) == 19
    assert f"w = {values[0]:.2f}" in pictures.neuron_text(*values)


def test_the_neuron_has_the_answers_that_the_lesson_gives():
    ws = np.arange(50, 301, 5) / 100
    ends = {w: pictures.neuron_reads(w, "dog")[1][-1] for w in ws}
    shares = {w: pictures.neuron_reads(w, "dog")[2][1] for w in ws}
    assert min(w for w in ws if ends[w] > 0) == 1.35
    assert max(ws, key=shares.get) == 1.3
    assert max(pictures.neuron_reads(w, "dogs")[2][1] for w in ws) < -2.5


@pytest.mark.parametrize("values", [(0.5, 0.0), (1.0, 0.3), (3.0, 1.0)])
def test_draw_flow(values):
    fig = pictures.draw_flow(*values)
    assert len(fig.axes) == 2
    assert f"radius {values[0]:g}, inputs {values[1]:g}" in fig.axes[0].get_title()
    assert f"radius {values[0]:g}" in pictures.flow_text(*values)
    (line, _level) = fig.axes[0].lines
    assert (line.get_color(), line.get_linestyle()) == ("#000000", "--")


@pytest.mark.parametrize("values", [(5.0, 300.0, 4.0), (1.0, 40.0, -40.0), (20.0, 5.0, 0.0), (20.0, 0.0, 0.0)])
def test_draw_clip(values):
    fig = pictures.draw_clip(*values)
    assert len(fig.axes) == 1
    assert {"gradient", "by norm", "by value"} == {text.get_text().partition(":")[0] for text in fig.texts[:3]}
    assert f"limit {values[0]:g}" in pictures.clip_text(*values)


def test_without_input_the_radius_decides_alone():
    norms = {r: pictures.network(r, 0.0)[0] for r in (0.9, 1.1)}
    assert norms[0.9][100] < 1e-2 * norms[0.9][0]
    assert norms[1.1][100] > 1e2 * norms[1.1][0]


def test_the_four_patients_differ_in_what_the_exercise_asks():
    end, slope = {}, {}
    for name, values in pictures.PATIENTS.items():
        norms, slopes = pictures.network(**values)
        end[name], slope[name] = norms[100] / norms[0], np.median(slopes)
    assert end["A"] < 1e-10 and slope["A"] < 0.2
    assert end["B"] > 1e3
    assert end["C"] < 1e-10 and slope["C"] > 0.9
    assert 1e-3 < end["D"] < 10
    assert len(pictures.patients().axes) == 8


def test_static_figures_draw():
    lags = np.arange(5)
    pictures.flow({"a": 0.5**lags, "b": 2.0**lags})
    pictures.bars([1.0, 0.5], first=0, xlabel="lag", ylabel="norm")
    pictures.success([5, 8], {"a": [3, 0]}, 3)
    assert len(pictures.success([5, 8], {"a": [3, 0], "b": [3, 2]}, 3).patches) == 4
    pictures.shares_along(["the", "cat", "sat"], [1e-4, 1e-2, 1.0])
    pictures.memory_and_gradient(lags, lags / 5, -lags)
    pictures.training_run([0.1, 5.0], [0.5], every=2)
    grid = np.linspace(0, 1, 4)
    pictures.cliff(grid, grid, np.ones((4, 4)), {"a": np.zeros((3, 2)), "b": np.ones((3, 2))})
