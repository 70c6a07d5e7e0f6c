"""The plots and the explorer of lesson 07 draw what they are given, at their default and extreme values."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.show import lesson_07 as pictures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("values", [(0.0, 1.5), (0.35, 2.0), (0.9, 2.0)])
def test_draw_padded_loss(values):
    fig = pictures.draw_padded_loss(*values)
    assert len(fig.axes) == 1
    printed = f"{(1 - values[0]) * values[1]:.2f}"
    assert f"printed {printed} bits" in fig.axes[0].get_title(loc="left")
    assert f"prints {printed}" in pictures.padded_loss_text(*values)


def test_a_padded_batch_says_pad_where_no_word_is():
    ax = pictures.batch_rows([["the", "cat"], ["the", "cats", "which", "sat"]])
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("pad") == 2
    frames = [patch for patch in ax.patches if patch.get_linewidth() > 2]
    assert [(round(p.get_x()), round(p.get_y())) for p in frames] == [(1, 0), (3, 1)]  # each last word


def test_a_race_puts_what_has_not_learned_behind_the_limit():
    ax = pictures.race({"quick": [25, 50], "lame": [None]}, 75)
    places = [float(line.get_xdata()[0]) for line in ax.lines]
    assert places[:2] == [25, 50]
    assert places[2] > 75


def test_the_cliff_keeps_large_losses_on_its_upper_edge():
    ax = pictures.cliff({0.1: [0.9, 0.8], 1.0: [0.1, 0.2], 10.0: [40.0, 50.0]}, edge=1.0, top=3.0)
    assert max(max(line.get_ydata()) for line in ax.lines) == 3.0


def test_static_figures_draw():
    curve = np.linspace(4, 1, 5)
    pictures.through_pads(["the", "cat"], {"a": curve, "b": -curve}, 3)
    pictures.padded_batches(np.array([3, 1, 2]), {"a": [np.array([0, 1])], "b": [np.array([2])]})
    pictures.moves([5.0, 0.1], [0.05, 0.001], [0.01, 0.01])
    pictures.rates({"a": curve})
    pictures.clinic({"A": curve, "B": curve}, {"guessing": 4.0})
    pictures.norms(curve, {"1": 1.0})
    pictures.spread({"a": [0.1, 0.2], "b": [0.3]})
    pictures.two_losses(curve, [(1, 4.0), (5, 2.0)], 5)
