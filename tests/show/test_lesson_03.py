"""Lesson 03's pictures: every draw function runs at its default and extreme values; the triangle is the gradient."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.nn.gradients import numerical_gradient
from course_lib.show import lesson_03 as draw


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("w", [-0.8, 0.5, 1.7])
def test_the_triangle_adds_up_to_the_gradient(w):
    xs = np.random.default_rng(0).normal(size=6)

    def loss(w):
        h, total = 0.3, 0.0
        for x in xs:
            h = np.tanh(w.item() * h + x)
            total += h
        return total

    M = draw.triangle(w, xs, h0=0.3)
    assert M.sum() == pytest.approx(numerical_gradient(loss, np.array([w])).item(), rel=1e-7)
    assert not np.triu(M, 1).any()


def test_many_sequences_at_once_have_the_triangles_that_they_have_alone():
    xs = np.random.default_rng(1).normal(size=(5, 3))
    alone = [draw.triangle(0.7, xs[:, n]) for n in range(3)]
    np.testing.assert_array_equal(np.moveaxis(draw.triangle(0.7, xs), 2, 0), alone)


def test_the_band_keeps_more_with_every_step_and_all_at_the_end():
    M = draw.noisy_triangle(0.9, T=8, draws=3)
    shares = [draw.kept(M, k) for k in range(1, 9)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


@pytest.mark.parametrize(("w", "k"), [(0.9, 4), (0.3, 1), (2.0, 30)])
def test_the_explorer_draws_and_says_what_it_draws(w, k):
    fig = draw.draw_band(w, k)
    assert fig.axes[0].get_title() == f"w = {w:g}, band of k = {k}"
    share = 100 * draw.kept(draw.noisy_triangle(w), k)
    assert fig.axes[2].get_title() == f"keeps {share:.1f} %"
    assert f"{share:.1f} %" in draw.describe_band(w, k)
    assert ("white line" in draw.describe_band(w, k)) == (k < 30)
    assert draw.noisy_triangle(w).max() < draw.LARGEST


def test_the_other_plots_draw_into_the_axes_they_get():
    for plot in (
        lambda ax: draw.plot_training({"right": np.ones(300)}, {"1.389": 1.389}, (1, 2), ax=ax),
        lambda ax: draw.plot_memory([200, 400], {"whole": [3.0, 6.0]}, ax),
        lambda ax: draw.plot_triangle(np.tril(np.ones((4, 4))), 2, ax),
    ):
        ax = plt.subplots()[1]
        assert plot(ax) is ax
        assert ax.get_xlabel()
        assert ax.get_ylabel()


def test_a_curve_is_drawn_at_the_update_that_ends_its_mean():
    line = draw.plot_training({"a": np.arange(10.0)}, {}, (0, 10), over=4).lines[0]
    assert line.get_xydata()[[0, -1]].tolist() == [[4, 1.5], [10, 7.5]]


@pytest.mark.parametrize(("losses", "names"), [(False, {"$L$"}), (True, {"$L_1$", "$L_3$"})])
def test_the_walk_names_states_words_and_losses_and_its_arrows_are_as_thick_as_what_is_handed_on(losses, names):
    ax = draw.walk(["cats", "which", "sat"], [3.0, 2.0, 1.0], losses=losses)
    texts = {text.get_text() for text in ax.texts}
    assert names | {"$h_1$", "$h_3$", "cats\n3.00", "sat\n1.00", f"{3.0 - losses:.2f}"} <= texts
    heights = [np.ptp(arrow.get_xy()[:, 1]) for arrow in ax.patches]
    assert len(heights) == 2
    assert heights[0] > heights[1]


def test_all_suspects_agree_at_one_step_and_only_one_is_right_at_two():
    rng = np.random.default_rng(1)
    xs, h0, dhs = rng.normal(size=(2, 2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 2, 4))
    params = rng.normal(size=(4, 3)), rng.normal(size=(4, 4)), rng.normal(size=4)

    def loss(W_hh):
        h, total = h0, 0.0
        for x_t, dh in zip(xs, dhs, strict=True):
            h = np.tanh(x_t @ params[0].T + h @ W_hh.T + params[2])
            total += float((h * dh).sum())
        return total

    one = [draw.suspect(letter, xs[:1], h0, params, dhs[:1])[1] for letter in "ABC"]
    assert np.allclose(one[0], one[1])
    assert np.allclose(one[0], one[2])
    judge = numerical_gradient(loss, params[1])
    right = [np.allclose(draw.suspect(letter, xs, h0, params, dhs)[1], judge, atol=1e-7) for letter in "ABC"]
    assert sum(right) == 1
    with pytest.raises(ValueError, match="expected A, B or C, got 'D'"):
        draw.suspect("D", xs, h0, params, dhs)
