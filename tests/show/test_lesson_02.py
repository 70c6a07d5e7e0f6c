"""The pictures of lesson 02 draw at their ends and say what they show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.data import even_process_table
from course_lib.show import lesson_02 as plots

WORDS = ("which", "was", "were")


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("temperature", [0.2, 1.0, 3.0])
def test_temperature_tells_the_share_of_the_wrong_verb(temperature):
    scores = np.array([1.0, 0.0, np.log(9)])
    fig = plots.draw_temperature(WORDS, scores, temperature)
    share = f"{1 / (1 + 9 ** (1 / temperature)):.0%}"
    assert sum(bar.get_height() for bar in fig.axes[0].patches) == pytest.approx(1)
    assert f": {share} of the verbs" in fig.axes[0].get_title(loc="left")
    assert f"“was” has {share}" in plots.tell_temperature(WORDS, scores, temperature)


@pytest.mark.parametrize("context", [0, 12])
def test_even(context):
    fig = plots.draw_even(context)
    assert f"{even_process_table(context):.4f} bits" in fig.axes[0].get_title()
    assert f"Marked: {context} symbols, {even_process_table(context):.4f} bits" in plots.tell_even(context)


def test_ladder_puts_the_best_at_the_bottom():
    ax = plots.ladder(["a", "b"], [2.0, 1.0], "letter")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "a"]


def test_the_word_that_came_is_hatched():
    fig = plots.pushes(WORDS, [0.2, 0.3, 0.5], [0.2, -0.7, 0.5])
    assert [bar.get_hatch() for bar in fig.axes[1].patches] == [None, "///", None]


def test_a_curve_begins_at_the_first_loss():
    assert plots.learning([4.0, 2.0, 0.0], {}).lines[0].get_ydata().tolist() == [4, 3, 2]


def test_text_is_escaped():
    assert "&lt;" in plots.colour_text("<b", np.array([1.0, 9.0]))
