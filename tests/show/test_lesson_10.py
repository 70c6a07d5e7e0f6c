"""The plots and explorers of lesson 10 draw what they are given, at their default and extreme values."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.nn import ctc
from course_lib.show import lesson_10 as pictures

HEARD = pictures.Heard(np.zeros((40, 32)), 0.01, [(0.1, "t"), (0.2, "w"), (0.3, " ")], "tw ")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("word", ["cat", "see", "hello", "aabb", "aaa"])
@pytest.mark.parametrize("T", [3, 6, 8])
def test_the_lit_places_are_those_of_some_path(word, T):
    on = pictures.lattice_of(word, T).on
    visited = np.zeros_like(on)
    for path in ctc.paths(word, T, "-") if len(word) < 5 or T < 8 else ():
        s = 0 if path[0] == "-" else 1
        visited[0, s] = True
        for t in range(1, T):
            if path[t] != path[t - 1]:
                letter = s % 2 == 1
                s += 2 if letter and path[t] != "-" else 1
            visited[t, s] = True
    if len(word) < 5 or T < 8:
        assert (on == visited).all()
    assert on.any() == ctc.fits(word, T)


@pytest.mark.parametrize(
    ("word", "T", "told"), [("hello", 6, "1 path"), ("hello", 8, "66 paths"), ("hello", 5, "needs 6")]
)
def test_draw_lattice_counts_the_paths(word, T, told):
    assert pictures.draw_lattice(word, T).axes[0].get_title(loc="left").endswith(told)
    assert told in pictures.lattice_text(word, T)


def test_the_recogniser_at_work():
    def hear(digits):
        return HEARD

    ax = pictures.draw_recognised("2", hear).axes[0]
    assert [text.get_text() for text in ax.texts] == ["t", "w", "␣"]
    assert "it says: tw" in ax.get_title(loc="left")
    assert "says: tw" in pictures.recognised_text("2", hear)
    assert "(nothing)" in pictures.recognised(HEARD._replace(letters=[], said="")).get_title(loc="left")


def test_each_spike_has_its_letter_once():
    y = np.full((9, 3), 0.1)
    y[:, 0] = 0.8
    y[[2, 3, 5, 8]] = [[0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]
    ax = pictures.spikes(y, ["-", "e", " "], 0.03, "see")
    assert [text.get_text() for text in ax.texts] == ["e", "e", "␣"]


def test_letters_stand_apart_and_in_order():
    for places in ([], [1.0], [0, 0.1, 0.2, 5], [0, 1.5, 1.6, 1.7, 3.1], [2.0] * 30):
        moved = pictures.apart(places, 1.0)
        assert len(moved) == len(places) and (np.diff(moved) >= 1 - 1e-5).all()
    assert pictures.apart([0, 1, 5], 0.5) == [0, 1, 5]


def test_what_is_heard_is_the_text_of_the_best_path():
    rng = np.random.default_rng(0)
    for _ in range(20):
        y = rng.dirichlet(np.full(3, 0.3), 40)
        heard = pictures.heard(np.zeros((120, 32)), y, "-ab", 0.01)
        assert heard.said == "".join("-ab"[k] for k in ctc.best_path(np.log(y + 1e-9)))
        times = [seconds for seconds, _ in heard.letters]
        assert times == sorted(times) and all(0 < t < 1.2 for t in times)
    assert pictures.heard(np.zeros((3, 32)), np.array([[1.0, 0, 0]]), "-ab", 0.01).said == ""


def test_static_figures_draw():
    rng = np.random.default_rng(0)
    pictures.waveform(rng.normal(size=800), 8000, {"s": (0.01, 0.03), "i": (0.05, 0.07)})
    piece = {"s": rng.normal(size=200), "i": np.zeros(200)}
    pictures.two_frames(piece, {"s": np.ones(129), "i": np.zeros(129)}, 8000)
    pictures.triangles(rng.random((32, 129)), 8000)
    pictures.maps({"power": rng.random((50, 129))}, 0.01, {"power": "Hz"})
    pictures.voices({"a": rng.random((50, 32)), "b": rng.random((30, 32))}, 0.01)
    pictures.warping(rng.random((20, 30)), [(0, 0), (10, 12), (19, 29)], ("a", "b"))
    pictures.lattice("two", np.full((9, 7), 0.2), "two")
