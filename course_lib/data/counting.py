"""Tasks with numbers: count letters, add two numbers that are written down."""

from __future__ import annotations

import numpy as np

from ._common import Batch, at_least, one_hot

SUM_SYMBOLS = "0123456789+="


def a_n_b_n(n: np.ndarray) -> Batch:
    """n letters a, then n letters b: at each b, is it the last one?

    Shapes: n (B,) integers >= 1 -> xs (2 max n, B, 2) = (is a, is b), 0 behind the end; targets (2 max n, B), 1 at the
    last b; mask (2 max n, B), True at the b. Raises ValueError for any other n.
    Source: the language of Gers & Schmidhuber 2001 and Weiss, Goldberg & Yahav 2018, asked at the b only.

    >>> xs, targets, mask = a_n_b_n(np.array([2, 1]))
    >>> xs[:, 0].T, targets[:, 0], mask[:, 1]
    (array([[1., 1., 0., 0.],
           [0., 0., 1., 1.]]), array([0, 0, 0, 1]), array([False,  True, False, False]))
    """
    n = np.asarray(n)
    if n.ndim != 1 or not np.issubdtype(n.dtype, np.integer) or n.size == 0 or n.min() < 1:
        raise ValueError(f"n: expected (B,) integers >= 1, got {n.dtype} {n.shape} {n.ravel()[:5].tolist()}")
    t = np.arange(2 * n.max())[:, None]
    a, b = t < n, (t >= n) & (t < 2 * n)
    return Batch(np.stack([a, b], -1).astype(float), (t == 2 * n - 1).astype(np.int64), b)


def sums(rng: np.random.Generator, digits: int, B: int) -> Batch:
    """Add two numbers, written digit by digit: "47+85=132", each character the answer to the ones before it.

    Both numbers have `digits` digits and the sum one more, leading zeros included.

    Shapes: T = 3 digits + 2; xs (T, B, 12) one-hot in `SUM_SYMBOLS`, targets (T, B) the next character, mask (T, B)
    True where that is a digit of the sum. Raises ValueError for digits outside 1..17 or B < 1.
    Source: after Zaremba & Sutskever 2014 §4 (their numbers have no leading zeros).

    >>> xs, targets, mask = sums(np.random.default_rng(0), digits=2, B=1)
    >>> "".join(SUM_SYMBOLS[k] for k in [*xs[:, 0].argmax(1), targets[-1, 0]]), int(mask.sum())
    ('85+63=148', 3)
    """
    at_least("digits", digits, 1)
    at_least("B", B, 1)
    if digits > 17:
        raise ValueError(f"digits: expected at most 17, got {digits}")
    numbers = rng.integers(0, 10**digits, (2, B))

    def written(number: np.ndarray, places: int) -> np.ndarray:
        return number // 10 ** np.arange(places)[::-1, None] % 10

    plus, equals = np.full((1, B), 10), np.full((1, B), 11)
    answer = written(numbers.sum(0), digits + 1)
    ids = np.concatenate([written(numbers[0], digits), plus, written(numbers[1], digits), equals, answer])
    return Batch(one_hot(ids[:-1], 12), ids[1:], (np.arange(len(ids) - 1) > 2 * digits)[:, None] & np.ones(B, bool))
