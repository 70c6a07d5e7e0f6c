"""Autoregression: a value as a weighted sum of the p values before it, the weights by least squares.

    x_{t+h-1} = w_0 + w_1 x_{t-1} + ... + w_p x_{t-p}

h is the horizon, 1 for the next value (Yule 1927, who had the sunspots in mind, with p = 2). Weights are ordered as
above: the intercept first, then the newest value. Built in notebooks/11_time_series.ipynb.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def lagged(x: Array, p: int, horizon: int = 1) -> tuple[Array, Array]:
    """Rows of p past values, newest first, and the value that comes `horizon` steps after each row.

    Shapes: x (n,) -> rows (n - p - horizon + 1, p), targets (n - p - horizon + 1,).
    Raises ValueError unless p and horizon are at least 1 and the series is longer than both together.

    >>> lagged(np.arange(5), 2)
    (array([[1, 0],
           [2, 1],
           [3, 2]]), array([2, 3, 4]))
    """
    x = _series(x, p, horizon)
    rows = np.stack([x[p - k : len(x) - horizon + 1 - k] for k in range(1, p + 1)], axis=1)
    return rows, x[p + horizon - 1 :]


def fit(x: Array, p: int, horizon: int = 1) -> Array:
    """The weights (p + 1,) with the least sum of squared errors on a series; w[0] is the intercept.

    >>> fit(np.array([1.0, 2.5, 5.5, 11.5, 23.5]), 1).round(9)
    array([0.5, 2. ])
    """
    rows, targets = lagged(x, p, horizon)
    design = np.column_stack([np.ones(len(rows)), rows])  # (n, p + 1)
    return np.linalg.lstsq(design, targets, rcond=None)[0]


def one_step(w: Array, x: Array) -> Array:
    """The forecast of each value from the p before it, (n,); the first p have none and are NaN.

    >>> one_step(np.array([0.0, 2.0]), np.array([1.0, 2.0, 5.0]))
    array([nan,  2.,  4.])
    """
    p = len(w) - 1
    rows, _ = lagged(x, p)
    return np.concatenate([np.full(p, np.nan), w[0] + rows @ w[1:]])


def recursive(w: Array, x: Array, steps: int) -> Array:
    """Forecasts of the next `steps` values, (steps,): each goes back in as if it had been seen.

    >>> recursive(np.array([0.0, 0.5]), np.array([4.0, 8.0]), 3)
    array([4., 2., 1.])
    """
    p = len(w) - 1
    past = list(_series(x, p, 0)[len(x) - p :])
    for _ in range(steps):
        newest_first = np.array(past[: -p - 1 : -1])
        past.append(w[0] + newest_first @ w[1:])
    return np.array(past[p:], dtype=float)


def _series(x: Array, p: int, horizon: int) -> Array:
    x = np.asarray(x)
    if p < 1 or horizon < 0:
        raise ValueError(f"p, horizon: expected at least 1 each, got {p} and {horizon}")
    if x.ndim != 1 or len(x) < p + horizon:
        raise ValueError(f"x: expected one axis with at least {p + horizon} values, got shape {x.shape}")
    return x
