"""The plots of lesson 09's second half: one panel a word, the frame where the weight is largest."""

import matplotlib.pyplot as plt
import numpy as np

from course_lib.show import lesson_09b as plots


def test_a_caption_has_a_panel_for_each_word_and_a_frame_on_the_largest_weight():
    weights = np.eye(4)[[2, 0, 3, 1, 2, 2, 0]]
    fig = plots.caption_looks(np.zeros((16, 16)), list("abcdefg"), weights)
    shown = [ax for ax in fig.axes if ax.get_visible()]
    assert [ax.get_title() for ax in shown] == [f"{word}  1.00" for word in "abcdefg"]
    frames = [next(p for p in ax.patches if not p.get_fill()).get_xy() for ax in shown]
    assert frames == [plots.CORNERS[k] for k in weights.argmax(1)]
    plt.close(fig)


def test_pictures_stand_above_their_captions():
    fig = plots.captioned(np.zeros((2, 16, 16)), ["a one", "a two"])
    assert [ax.get_xlabel() for ax in fig.axes] == ["a one", "a two"]
    plt.close(fig)


def test_a_map_of_looks_names_rows_and_columns():
    ax = plots.looks(["ada", "ran"], ["x"], np.array([[0.2, 0.8]]))
    assert [t.get_text() for t in ax.get_xticklabels()] == ["ada", "ran"]
    assert [t.get_text() for t in ax.texts] == ["0.80"]
    plt.close(ax.figure)
