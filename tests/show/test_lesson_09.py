"""The plots and explorers of lesson 09 draw what they are given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.show import lesson_09 as pictures

WEIGHTS = np.array([[0.7, 0.2, 0.1], [0.0, 0.1, 0.9]])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_an_alignment_has_a_row_a_symbol_and_draws_letters_that_the_font_lacks():
    ax = pictures.alignment("5月 ", "97", np.ones((2, 3)))
    ax.figure.canvas.draw()  # a letter without a glyph would be a warning, which is an error
    assert [label.get_text() for label in ax.get_xticklabels()] == ["5", "□", "␣"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["9", "7"]


def test_what_cannot_be_drawn_is_named():
    with pytest.raises(ValueError, match=r"weights: expected \(S, T\) = \(2, 3\), got \(3, 2\)"):
        pictures.alignment("abc", "97", WEIGHTS.T)
    with pytest.raises(ValueError, match="text: expected at most 64 symbols, got 70"):
        pictures.alignment("a" * 70, "97", np.ones((2, 70)))


def test_a_reading_shows_the_answer():
    assert pictures.reading("abc", "97", WEIGHTS).axes[0].get_title(loc="left") == "97"
    maps = pictures.two_maps("abc", "97", WEIGHTS, WEIGHTS / 2).axes
    assert [ax.get_title(loc="left")[-15:] for ax in maps] == ["(darkest: 0.90)", "(darkest: 0.45)"]


@pytest.mark.parametrize("step", [1, 2, 9])
def test_a_step_says_what_is_next(step):
    fig = pictures.one_step("abc", "97", WEIGHTS, step)
    title, words = fig.axes[0].get_title(loc="left"), pictures.one_step_text("abc", "97", WEIGHTS, step)
    assert title.endswith("next: 9" if step == 1 else "next: 7")
    assert ("on the letter a in place 1" if step == 1 else "on the letter c in place 3") in words


@pytest.mark.parametrize("scale", [0.0, 11.5, 20.0])
def test_draw_scale(scale):
    pictures.draw_scale(scale).canvas.draw()
    assert f"{scale:.1f}" in pictures.scale_text(scale)


def test_the_scale_of_the_lecture():
    assert pictures.share_of_right(np.log(99 * 999)) == pytest.approx(0.99)
    assert pictures.share_of_right(0) == pytest.approx(0.001)


def test_scores_are_drawn_in_percent():
    ax = pictures.by_length({"one vector": [0.9, 0.1], "additive": [1.0, 0.9]}, [3, 6])
    assert ax.lines[0].get_ydata().tolist() == [90, 10]
    assert pictures.by_place({"fed the truth": [1, 0.5]}).lines[0].get_ydata().tolist() == [100, 50]
    panels = pictures.machine().axes
    assert len(panels) == 2
    assert all("$s_0$" in [text.get_text() for text in ax.texts] for ax in panels)  # made of the last state in both
    alone = pictures.machine([False]).axes
    assert len(alone) == 1
    assert {"start", "end"} <= {text.get_text() for text in alone[0].texts}
    assert "$c_1$" not in [text.get_text() for text in alone[0].texts]
