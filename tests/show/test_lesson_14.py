"""The plots and explorers of lesson 14 draw what they are given, at their default and extreme values."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

from course_lib.nn.transformer import Transformer, causal_attention, state_bytes
from course_lib.show import lesson_14 as pictures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_cards_of_odd_or_even_end_with_their_answer():
    bits = [pictures.card_says("odd or even", k) for k in range(1, 17)]
    assert set(bits) == {"0", "1"}
    ones = bits.count("1")
    assert pictures.card_says("odd or even", 17) == f"{ones} ones: {'odd' if ones % 2 else 'even'}"


def test_the_cards_of_the_guest_list_ask_for_each_guest_once():
    told = [pictures.card_says("guest list", k).split(" has room ") for k in range(1, 9)]
    asked = [pictures.card_says("guest list", k).removeprefix("Which room has ").rstrip("?") for k in range(9, 17)]
    assert sorted(asked) == sorted(name for name, _ in told)
    assert pictures.card_says("guest list", 17) == ", ".join(f"{name} {dict(told)[name]}" for name in asked)


@pytest.mark.parametrize("game", ["odd or even", "guest list"])
@pytest.mark.parametrize("number", [1, 9, 16, 17])
def test_draw_card(game, number):
    texts = [text.get_text() for text in pictures.draw_card(game, number).axes[0].texts]
    assert texts == [pictures.card_says(game, number)]
    assert pictures.card_says(game, number) in pictures.card_text(game, number)


@pytest.mark.parametrize("width", [64, 512])
@pytest.mark.parametrize("words", [1, 2, 16])
def test_the_bytes_are_those_of_the_networks(words, width):
    found = pictures.kept(words, width)
    assert found["state of the LSTM"] == state_bytes(nn.LSTM(3, width)(torch.zeros(words, 1, 3))[1])
    model = Transformer(3, width, 1, 4, L=1, out=1, positions="none")
    assert found["cache of a block"] == state_bytes(model(torch.zeros(words, 1, 3))[1])
    q = torch.zeros(1, words, 2)
    assert found["scores of all pairs"] == 4 * (q @ q.transpose(1, 2)).numel()
    assert causal_attention(q, q, q).shape == q.shape


@pytest.mark.parametrize("values", [(1, 64), (131_072, 512)])
def test_draw_kept(values):
    assert f"{values[0]:,} word" in pictures.draw_kept(*values).axes[0].get_title(loc="left")
    assert str(values[1]) in pictures.kept_text(*values)


def test_scores_of_all_pairs_reach_64_gib():
    assert "scores of all pairs 64 GiB" in pictures.kept_text(131_072, 64)


def test_static_figures_draw():
    assert pictures.machine().axes
    assert pictures.rounds().axes
    pictures.by_place({("RNN", 0): np.ones(20), ("Transformer", 0): np.linspace(1, 0.5, 20)})
    pictures.learning({("LSTM", 0): [(75, 0.2), (150, 0.25)], ("Transformer", 0): [(20, 0.2)]}, 1 / 16, 0.26)
    pictures.the_map({"RNN": 1.0, "LSTM": 1.0, "Transformer": 0.5}, {"RNN": 0.23, "LSTM": 0.25, "Transformer": 1.0})
    pictures.times({("LSTM", 1): 0.1, ("LSTM", 4): 0.2}, [1, 4], "words", "ms")
    lines = pictures.gradient_by_distance({"RNN": np.zeros(9), "LSTM, bias 5": np.ones(9)}).get_lines()
    assert min(lines[0].get_ydata()) > 0
