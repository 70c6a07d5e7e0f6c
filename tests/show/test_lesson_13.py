"""The plots and explorers of lesson 13 draw what they are given, at their default and extreme values."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

from course_lib.show import lesson_13 as pictures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize(("reader", "position"), [("forward", 1), ("forward", 8), ("backward", 1), ("backward", 5)])
def test_what_an_output_has_seen_is_what_moves_it_in_torch(layer, reader, position):
    torch.manual_seed(0)
    stack = nn.LSTM(2, 3, num_layers=layer, bidirectional=True)
    xs = torch.randn(pictures.STEPS, 1, 2, requires_grad=True)
    half = slice(0, 3) if reader == "forward" else slice(3, 6)
    stack(xs)[0][position - 1, 0, half].sum().backward()
    moves = xs.grad.abs().sum((1, 2)).numpy() > 0
    assert (pictures.seen_by(layer, reader, position) == moves).all()


@pytest.mark.parametrize("values", [(1, "forward", 1), (1, "backward", 8), (2, "forward", 4), (2, "backward", 1)])
def test_draw_seen(values):
    title = pictures.draw_seen(*values).axes[0].get_title(loc="left")
    count = pictures.seen_by(*values).sum()
    assert f"has seen {count} of 8" in title
    assert f"seen {count} of them" in pictures.seen_text(*values)


@pytest.mark.parametrize(("share", "answer"), [(0.99, "good"), (0.01, "bad")])
def test_the_last_bar_is_the_answer(share, answer):
    ax = pictures.opinion_along(["it", "was", "not"], [0.5, 0.4, share])
    assert f"meant as {answer}" in ax.get_title(loc="left")
    assert ax.patches[-1].get_height() == pytest.approx(2 * share - 1)


def test_one_word_and_a_very_long_sentence_are_drawn():
    pictures.opinion_along(["lovely"], [0.9])
    ax = pictures.opinion_along(["word"] * 60, np.linspace(0, 1, 60))
    assert ax.get_xticklabels()[0].get_text() == "…"


def test_the_explorers_of_sentences():
    def read(text):
        return text.split(), [0.2] * len(text.split())

    assert pictures.draw_opinion("not bad", read).axes
    assert "not -0.6" in pictures.opinion_text("not bad", read)
    shares = {("it was bad", place): np.full(4, 0.7) for place in (0, 3)}
    for place in (0, 3):
        assert pictures.draw_not(place, "it was bad", shares).axes
    assert "“it was bad not”" in pictures.not_text(3, "it was bad", shares)


def test_static_figures_draw():
    pictures.surprise_by_position({"one": np.full(20, 4.0), "both": np.zeros(20)}, floor=4)
    pictures.moved({"one": np.zeros(8), "both": np.ones(8)})
    pictures.by_distance({"a": {"before": 0.9, "one ahead": 0.4}, "b": {"before": 0.9, "one ahead": 0.99}})
