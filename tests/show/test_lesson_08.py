"""The pictures and the explorer of lesson 08 draw what they are given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.show import lesson_08 as pictures

ALPHABET = ["\ufffd", "\n", " ", *"abcdefghijklmnop"]
P = np.random.default_rng(0).dirichlet(np.ones(len(ALPHABET)))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_temperature_and_top_k_keep_the_order_and_add_up_to_one():
    assert pictures.cut(P, 1.0, len(P)) == pytest.approx(P)
    for temperature in (0.3, 1.0, 2.0):
        q = pictures.cut(P, temperature, 3)
        assert q.sum() == pytest.approx(1)
        assert (q > 0).sum() == 3
        assert set(np.argsort(-q)[:3]) == set(np.argsort(-P)[:3])
    assert pictures.cut(P, 0.5, 1).max() == 1
    assert pictures.entropy(np.array([0.5, 0.5, 0.0])) == 1.0


@pytest.mark.parametrize(("temperature", "top_k"), [(0.3, 1), (1.0, 97), (2.0, 2)])
def test_the_explorer_tells_the_entropy_that_it_draws(temperature, top_k):
    lines = {(temperature, top_k): ["read(", "x\n", ""]}
    fig = pictures.draw_choice(ALPHABET, "if self.", P, lines, temperature, top_k)
    entropy = f"{pictures.entropy(pictures.cut(P, temperature, top_k)):.2f}"
    assert f"entropy {entropy} bits" in fig.axes[1].get_title(loc="left")
    assert entropy in pictures.tell_choice("if self.", P, lines, temperature, top_k)


def test_typed_shows_the_last_line_and_its_completion_in_bold():
    fig = pictures.typed("def f():\n  a", "bc\nd", ALPHABET, P)
    texts = fig.axes[0].texts
    assert "".join(text.get_text() for text in texts) == "  abc"
    assert [text.get_weight() == "bold" for text in texts] == [False] * 3 + [True] * 2
    assert "'bc\\nd'" in pictures.tell_typed("def f():\n  a", "bc\nd", ALPHABET, P)
    pictures.typed("x" * 200, "", ALPHABET, P)


def test_painted_text_has_a_ground_for_each_character():
    lines = ["ab c", "", "x" * 100]
    rows = {name: [np.arange(len(line), dtype=float) for line in lines] for name in ("network", "5-gram")}
    fig = pictures.painted(lines, rows, 8, "bits")
    assert len(fig.axes[0].collections) == 4  # two readers of two lines; the empty one has none
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["network", "5-gram"] * 3
    pictures.painted(lines, {"": rows["network"]}, 3, "cell state", signed=True)


def test_static_figures_draw():
    pictures.one_axis([4.5, 3.5, 2.8], {"xz": 1.6}, {"yours": [2.3], "stored": [2.1, 2.2, 2.15]})
    pictures.kinds({"5-gram": {"a": 1.0, "b": 2.0}, "network": {"a": 0.5, "b": 2.0}}, {"a": 0.3, "b": 0.001})
    pictures.along_window({"state reset": np.ones(100), "state carried": np.ones(100)})
    ax = pictures.against_chance({"a": 0.9}, {"a": np.array([0.5, 0.6])})
    assert "0.90" in [text.get_text() for text in ax.texts]
