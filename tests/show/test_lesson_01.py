"""The pictures of lesson 01 run for their default and extreme values, and the parity net does what its texts say."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from course_lib.nn.bptt import unroll
from course_lib.nn.cells import rnn_step
from course_lib.show import figure
from course_lib.show import lesson_01 as plots
from course_lib.show.colours import QUANTITIES


@pytest.fixture
def readings():
    rng = np.random.default_rng(0)
    words = ("the", "cat", "sat")
    guesses = [[("mat", 0.7), ("couch", 0.2)]] * 3
    return {"the cat sat": plots.Reading(words, rng.uniform(-1, 1, (3, 4)), guesses)}


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_reading_shows_only_what_has_been_read(readings, step):
    fig = plots.draw_reading(readings, "the cat sat", step)
    said = [t.get_text() for t in fig.axes[0].texts]
    faint = [t.get_text() for t in fig.axes[0].texts if t.get_color() == "0.6"]
    assert {"the", "cat", "sat"} <= set(said)
    assert faint == ["the", "cat", "sat"][step:]
    alt = plots.tell_reading(readings, "the cat sat", step)
    assert f"after step {step}" in alt
    assert "<img" in figure.picture(fig, alt)


def test_each_step_of_a_reading_is_another_picture(readings):
    pictures = {figure.picture(plots.draw_reading(readings, "the cat sat", step), "x" * 30) for step in (1, 2, 3)}
    assert len(pictures) == 3


@pytest.mark.parametrize("moment", range(1, 10))
def test_the_classroom_holds_one_note(readings, moment):
    fig = plots.draw_notes(readings, "the cat sat", moment)
    notes = [t.get_text() for t in fig.axes[0].texts if t.get_text().startswith("h")]
    assert notes == [f"h{plots.SUBSCRIPTS[moment // 3]}"]
    alt = plots.tell_notes(readings, "the cat sat", moment)
    assert f"Moment {moment} of 9" in alt
    assert f"student {(moment + 2) // 3}" in alt
    assert figure.picture(fig, alt)


@pytest.mark.parametrize(("K", "seed"), [(1.0, 0), (2.0, 5), (6.0, 0)])
def test_the_parity_explorer_says_what_it_draws(K, seed):
    fig = plots.draw_parity(K, seed)
    first = plots.first_error(K, seed)
    told = "no error" if first is None else f"first error at bit {first:,}"
    assert told in fig.axes[0].get_title()
    assert told in plots.tell_parity(K, seed)
    assert figure.picture(fig, plots.tell_parity(K, seed))


def test_the_parity_net_is_the_lessons_equation():
    bits = np.random.default_rng(1).integers(0, 2, 300)
    K = 6.0
    half = np.array([[0.5, -0.5], [0.5, -0.5]])
    weights = K * np.ones((2, 1)), K * half, K * np.array([-0.5, -1.5])
    hs = unroll(rnn_step, bits[:, None, None].astype(float), np.full((1, 2), -1.0), *weights)
    states, first = plots.parity_run(bits.tolist(), K)
    np.testing.assert_allclose(states, hs[:, 0], atol=1e-12)
    assert first is None


@pytest.mark.parametrize(("K", "seed"), [(1.0, 0), (2.0, 2), (2.2, 3), (2.4, 1)])
def test_the_search_for_the_first_error_stops_where_the_whole_run_finds_it(K, seed):
    bits = np.random.default_rng(seed).integers(0, 2, 3000)
    assert plots.first_error(K, seed, 3000) == plots.parity_run(bits.tolist(), K)[1]


def test_inputs_states_and_outputs_have_their_own_colour_and_shape():
    ax = plt.figure().add_subplot()
    for kind in "xhy":
        plots.node(ax, 0, 0, kind, kind)
    edges = [to_hex(patch.get_edgecolor()).upper() for patch in ax.patches]
    assert edges == [QUANTITIES[kind].colour.upper() for kind in "xhy"]
    assert len({type(patch) for patch in ax.patches}) == 3
    plt.close(ax.figure)


@pytest.mark.parametrize("step", [1, 3])
def test_the_bars_of_a_state_are_as_long_as_its_numbers(readings, step):
    fig = plots.draw_reading(readings, "the cat sat", step)
    hs = readings["the cat sat"].hs
    xs = next(line.get_xdata() for line in fig.axes[0].lines if len(line.get_xdata()) == 12 * step)
    lengths = (xs[1::3] - xs[::3]).reshape(step, 4)
    np.testing.assert_allclose(lengths, 0.56 * hs[:step] / np.abs(hs).max())
    plt.close(fig)


def test_a_weak_switch_makes_an_error_and_says_where():
    bits = np.random.default_rng(0).integers(0, 2, 200).tolist()
    states, first = plots.parity_run(bits, 1.5)
    right = (states[:, 0] - states[:, 1] > 1) == np.cumsum(bits) % 2
    assert first == 1 + int(np.argmin(right))


@pytest.mark.parametrize(("w", "said"), [(-2.5, "its sign changes"), (0.0, "is 0.000"), (2.0, "is 0.958.")])
def test_the_pulse_explorer_tells_what_is_left(w, said):
    assert said in plots.tell_pulse(w)
    assert figure.picture(plots.draw_pulse(w), plots.tell_pulse(w))


@pytest.mark.parametrize(("push", "w"), [(1.0, 1.4), (2.0, 2.1), (3.0, 3.1)])
def test_the_smallest_weight_that_withstands_the_dog(push, w):
    right, wrong = plots.withstand_alt(w, push), plots.withstand_alt(round(w - 0.1, 1), push)
    assert "were, right" in right
    assert "was, wrong" in wrong
    fig = plots.withstand(w, push)
    assert fig.axes[0].get_title("left") in right
    assert "no answer" in plots.withstand_alt(0.0, push)
    plt.close(fig)


def test_words_that_push_get_an_arrow_and_untouched_words_a_zero():
    words = ("the", "cats", "dog")
    ax = plots.state_along(words, {"h": (0, 0.8, 0.2)}, pushes={"cats": 1, "dog": -1})
    said = [t.get_text() for t in ax.texts]
    assert "+1" in said
    assert "−1" in said
    plt.close(ax.figure)
    ax = plots.change_along(words, np.array([0.0, 0.0, 0.5]))
    assert [t.get_text() for t in ax.texts] == ["0", "0"]
    plt.close(ax.figure)


DIAGRAMS = [plots.fold_unfold, plots.draw_parity_plane, plots.feedback_wirings, plots.five_shapes]


@pytest.mark.parametrize("draw", DIAGRAMS)
def test_the_diagrams_are_drawn(draw):
    assert figure.picture(draw(), "A diagram of this lesson, drawn by code.")


def test_plots_draw_on_the_axes_they_are_given():
    moves = np.triu(np.ones((4, 4), bool))
    curve, ns = np.array([0.1, 0.2, 0.9]), range(1, 4)
    drawings = [
        (plots.plot_context, (ns, curve, curve, 0.9, 0)),
        (plots.plot_influence, (moves, "who moves whom")),
        (plots.plot_probe, ([0, 1, 2], {"H = 8": (curve, 0 * curve)})),
        (plots.plot_free_run, (curve, curve, curve, 1)),
    ]
    for plot, args in drawings:
        ax = plt.figure().add_subplot()
        assert plot(*args, ax=ax) is ax
        assert ax.get_title()
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        plt.close(ax.figure)
    fig = plots.gallery({"one": (curve, "t", "v"), "two": (np.arange(100), "t", "v"), "three": (curve, "t", "v")})
    assert figure.picture(fig, "Three sequences as arrays.")
