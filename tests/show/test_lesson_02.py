"""The pictures of lesson 02 draw at their ends and say what they show."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.data import even_process_table
from course_lib.show import lesson_02 as pictures


@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
def test_temperature(temperature):
    fig = pictures.draw_temperature(temperature)
    assert sum(bar.get_height() for bar in fig.axes[0].patches) == pytest.approx(1)
    entropy = re.search(r"entropy ([\d.]+)", fig.axes[0].get_title())[1]
    assert f"Entropy {entropy} bits" in pictures.tell_temperature(temperature)
    plt.close(fig)


@pytest.mark.parametrize("context", [0, 12])
def test_even(context):
    fig = pictures.draw_even(context, rnn_bits=0.668)
    assert fig.axes[0].get_title().startswith(f"k = {context}: {even_process_table(context):.4f} bits")
    assert f"k = {context}, {even_process_table(context):.4f} bits" in pictures.tell_even(context)
    plt.close(fig)


def test_ladder_puts_the_best_at_the_bottom():
    ax = pictures.ladder(["a", "b"], [2.0, 1.0], floor=0.5)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "a"]
    plt.close(ax.figure)


def test_entropy_of_a_fair_choice_is_log2():
    assert pictures.entropy_bits(np.full(4, 0.25)) == 2
    assert pictures.entropy_bits(np.array([1.0, 0.0])) == 0


def test_text_is_escaped():
    assert "&lt;" in pictures.colour_text("<b", np.array([1.0, 9.0]))
