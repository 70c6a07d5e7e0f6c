"""Autoregression by least squares: its weights, its forecasts, and what it refuses."""

import numpy as np
import pytest

from course_lib.data.series import sunspots
from course_lib.nn.autoregression import fit, lagged, one_step, recursive


def process(w, n, noise=0.0):
    rng, x = np.random.default_rng(0), [1.0, 0.3, -0.2]
    for _ in range(n):
        x.append(w[0] + w[1] * x[-1] + w[2] * x[-2] + w[3] * x[-3] + noise * rng.normal())
    return np.array(x)


def test_it_finds_the_weights_that_made_the_series():
    w = np.array([0.4, 0.5, -0.3, 0.2])
    assert np.allclose(fit(process(w, 30), 3), w)
    assert np.allclose(fit(process(w, 4000, 1.0), 3)[1:], w[1:], atol=0.05)


@pytest.mark.parametrize("horizon", [1, 2, 4])
def test_rows_and_targets(horizon):
    rows, targets = lagged(np.arange(12), 3, horizon)
    assert rows.shape == (12 - 3 - horizon + 1, 3)
    assert (rows[0] == [2, 1, 0]).all() and (rows[:, 0] + horizon == targets).all() and targets[-1] == 11


def test_one_step_is_the_first_of_the_recursive_forecast():
    x = sunspots().values
    w = fit(x[:256], 9)
    made = one_step(w, x)
    assert np.isnan(made[:9]).all() and not np.isnan(made[9:]).any()
    assert np.allclose([recursive(w, x[:t], 1)[0] for t in (9, 100, 308)], made[[9, 100, 308]])


def test_the_recursive_forecast_feeds_itself():
    w, x = np.array([0.1, 0.5, 0.25]), np.array([2.0, 4.0])
    first = 0.1 + 0.5 * 4 + 0.25 * 2
    assert np.allclose(recursive(w, x, 2), [first, 0.1 + 0.5 * first + 0.25 * 4])


def test_least_squares_beats_every_neighbour():
    x = sunspots().values
    w, (rows, targets) = fit(x, 2), lagged(x, 2)

    def loss(w):
        return ((w[0] + rows @ w[1:] - targets) ** 2).mean()

    for k in range(3):
        for nudge in (-0.01, 0.01):
            other = w.copy()
            other[k] += nudge
            assert loss(other) > loss(w)


@pytest.mark.parametrize(("x", "p", "horizon"), [(np.zeros(5), 5, 1), (np.zeros((4, 2)), 1, 1), (np.zeros(9), 0, 1)])
def test_what_does_not_fit(x, p, horizon):
    with pytest.raises(ValueError, match="expected"):
        lagged(x, p, horizon)
