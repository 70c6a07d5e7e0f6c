"""Lesson 04: spectral radius, Jacobian products, gradient by lag, clipping."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Misconception, bugs, misread, pick
from course_lib.checks.probe import Source

Array = np.ndarray


# ---------------------------------------------------------------- 04.1 spectral_radius


def spectral_radius(W: Array) -> float:
    return np.abs(np.linalg.eigvals(W)).max()


def _radius_cases(rng: np.random.Generator) -> list[Case]:
    def square(n: int) -> Array:
        return rng.normal(0, 1 / np.sqrt(n), (n, n)) + 0.1 * rng.normal(size=(n, n))

    turn, size = rng.uniform(0.3, 1.3), rng.uniform(0.5, 2)
    rotation = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    basis = square(4)
    negative = basis @ np.diag(rng.permutation([-1.5, 0.7, 0.4, -0.2])) @ np.linalg.inv(basis)
    small, large = rng.uniform(0.1, 0.25), rng.uniform(0.3, 0.8)
    shear = np.array([[small, rng.uniform(5, 100)], [0.0, large]])  # the eigenvalues come in this order
    symmetric = square(5)
    return [
        Case("a random 5 x 5 matrix", (square(5),)),
        Case("a random 7 x 7 matrix", (square(7),)),
        Case("a rotation with a scale", (rotation,)),
        Case("a leading eigenvalue that is negative", (negative,)),
        Case("a shear", (shear,)),
        Case("a shear, turned round", (shear[::-1, ::-1].T.copy(),)),
        Case("[[0, 100], [0, 0]]", (np.array([[0.0, 100.0], [0.0, 0.0]]),)),
        Case(
            "a symmetric W",
            (symmetric + symmetric.T,),
            True,
            "look at what is different where W is not symmetric",
        ),
        Case(
            "a diagonal W", (np.diag(rng.uniform(0.2, 1.5, 4)),), True, "look at what the entries off the diagonal do"
        ),
    ]


_ENTRIES = (
    "What does the matrix [[0, 100], [0, 0]] do when it is applied twice?",
    "Apply W fifty times to a vector and watch the growth per step.",
    "Which property of W decides the growth in the long run?",
)
_EIGEN = (
    "Try a rotation by 90 degrees. What is its radius?",
    "Eigenvalues may be complex: what is the size of a complex number?",
    "Are the eigenvalues sorted?",
)
_SINGULAR = (
    "Growth in one step, or growth per step in the long run?",
    "Compare your number with the growth of W**50.",
    "For which matrices do the two numbers agree, and is W one of them?",
)
_FROM_ENTRIES = "spectral radius taken from the entries or from a sum"
_EIGEN_WRONG = "eigenvalues used wrongly"
_EIG = np.linalg.eigvals

RADIUS_WRONG = (
    Misconception("G18", f"{_FROM_ENTRIES}: the largest entry", lambda W: np.abs(W).max(), _ENTRIES),
    Misconception("G21", f"{_FROM_ENTRIES}: the root of all squares", lambda W: np.linalg.norm(W), _ENTRIES),
    Misconception(
        "G24", f"{_FROM_ENTRIES}: the size of the sum of the eigenvalues", lambda W: abs(_EIG(W).sum()), _ENTRIES
    ),
    Misconception(
        "G24b", f"{_FROM_ENTRIES}: the sum of the eigenvalues' sizes", lambda W: np.abs(_EIG(W)).sum(), _ENTRIES
    ),
    Misconception("G18b", f"{_FROM_ENTRIES}: the largest row sum", lambda W: np.abs(W).sum(1).max(), _ENTRIES),
    Misconception("G18c", f"{_FROM_ENTRIES}: the largest column sum", lambda W: np.abs(W).sum(0).max(), _ENTRIES),
    Misconception(
        "G18d", f"{_FROM_ENTRIES}: the largest entry of the diagonal", lambda W: np.abs(np.diag(W)).max(), _ENTRIES
    ),
    Misconception(
        "G19", "largest singular value taken for the spectral radius", lambda W: np.linalg.norm(W, 2), _SINGULAR
    ),
    Misconception("G20", f"{_EIGEN_WRONG}: the largest real part", lambda W: _EIG(W).real.max(), _EIGEN),
    Misconception(
        "G20b", f"{_EIGEN_WRONG}: the largest size of a real part", lambda W: np.abs(_EIG(W).real).max(), _EIGEN
    ),
    Misconception(
        "G20c",
        f"{_EIGEN_WRONG}: the size of the one that max() takes for the largest",
        lambda W: abs(_EIG(W).max()),
        _EIGEN,
    ),
    Misconception(
        "G20d",
        f"{_EIGEN_WRONG}: the one that max() takes for the largest, not its size",
        lambda W: _EIG(W).max(),
        _EIGEN,
    ),
    Misconception(
        "G20e",
        f"{_EIGEN_WRONG}: the leading one itself, not its size",
        lambda W: _EIG(W)[np.abs(_EIG(W)).argmax()],
        _EIGEN,
    ),
    Misconception(
        "G20f",
        f"{_EIGEN_WRONG}: the square of its size, the root is missing",
        lambda W: (np.abs(_EIG(W)) ** 2).max(),
        ("Try 3 times the identity. What is its radius?", *_EIGEN[1:2]),
    ),
    Misconception(
        "G24c", f"{_EIGEN_WRONG}: the mean of the sizes, not the largest", lambda W: np.abs(_EIG(W)).mean(), _EIGEN
    ),
    Misconception(
        "G24d", f"{_FROM_ENTRIES}: the sum of the diagonal, which is that of the eigenvalues", np.trace, _ENTRIES
    ),
    Misconception(
        "G24e",
        f"{_FROM_ENTRIES}: the determinant, which is the product of the eigenvalues",
        lambda W: abs(np.linalg.det(W)),
        _ENTRIES,
    ),
    Misconception(
        "G22",
        f"{_EIGEN_WRONG}: those of a symmetric matrix, made of one half of W",
        lambda W: np.abs(np.linalg.eigvalsh(W)).max(),
        _EIGEN,
    ),
    Misconception(
        "G22b", f"{_EIGEN_WRONG}: those of W + W.T", lambda W: np.abs(np.linalg.eigvalsh((W + W.T) / 2)).max(), _EIGEN
    ),
    Misconception("G23c", f"{_EIGEN_WRONG}: the smallest size", lambda W: np.abs(_EIG(W)).min(), _EIGEN),
    Misconception("G23", f"{_EIGEN_WRONG}: the first one", lambda W: abs(_EIG(W)[0]), _EIGEN),
    Misconception("G23b", f"{_EIGEN_WRONG}: the last one", lambda W: abs(_EIG(W)[-1]), _EIGEN),
)


# ---------------------------------------------------------------- 04.2 jacobian_product


def _jacobian(h_t: Array, W_hh: Array) -> Array:
    return (1 - h_t**2)[:, None] * W_hh


def jacobian_product(hs: Array, W_hh: Array, k: int) -> Array:
    return _product(hs, W_hh, k)


def _product(
    hs: Array,
    W_hh: Array,
    k: int,
    jacobian: Callable[[Array, Array], Array] = _jacobian,
    earliest_left: bool = False,
    shift: int = 0,
    more: int = 0,
    turned: bool = False,
) -> Array:
    """J_T ... J_{T-k+1} of the states hs (T + 1, H) = h_0 .. h_T, with the changes that learners make."""
    T = len(hs) - 1
    product = np.eye(len(W_hh))
    for t in range(T, T - k - more, -1):
        J_t = jacobian(hs[max(t - shift, 0)], W_hh)
        product = J_t @ product if earliest_left else product @ J_t
    return product.T if turned else product


def _product_cases(rng: np.random.Generator) -> list[Case]:
    H, T = 4, 6
    W_hh = rng.normal(0, 0.7, (H, H))
    hs = np.tanh(rng.normal(0, 0.9, (T + 1, H)))
    small = 1e-3 * rng.normal(size=(T + 1, H))
    return [
        Case("lag 3", (hs, W_hh, 3)),
        Case("lag 5", (hs, W_hh, 5)),
        Case("lag 2, another network", (np.tanh(rng.normal(0, 0.9, (5, 3))), rng.normal(0, 0.8, (3, 3)), 2)),
        Case("lag 0", (hs, W_hh, 0), True, "look at what happens from the first factor on"),
        Case("lag 1", (hs, W_hh, 1), True, "look at how the second factor joins the first"),
        Case("symmetric W_hh", (hs, W_hh + W_hh.T, 2), True, "is W_hh transposed somewhere?"),
        Case("states near 0", (small, W_hh, 3), True, "look at the slopes 1 - h_t**2"),
        Case(
            "equal states", (np.tile(hs[-1], (T + 1, 1)), W_hh, 3), True, "look at which state belongs to which factor"
        ),
    ]


_ORDER = (
    "Test with lag 1 and lag 2: which one is right?",
    "Which factor touches the earliest state?",
    "In the product for column vectors, does a new, earlier step join on the left or on the right?",
)
_TRANSPOSED = (
    "Entry (i, j): which unit is nudged, which one is watched?",
    "Nudge one unit by 1e-6 and see whether a row or a column matches.",
    "dh_t[i] / dh_{t-1}[j] holds one entry of W_hh: which one?",
)
_SLOPE = (
    "Whose slope is it: the old state's or the new state's?",
    "Multiply a matrix by diag from the left and from the right: what changes?",
    "Which index of the Jacobian belongs to the tanh?",
)
_SLOPE_FORM = (
    "Nudge one unit by 1e-6 and compare with lag 1.",
    "What is the derivative of tanh, written with its value?",
)
_LAG = (
    "What should the answer be for lag 0?",
    "Count the factors for lag 1.",
    "Which steps does your range visit?",
)


def _with_slope(jacobian: Callable[[Array, Array], Array]) -> Callable:
    return partial(_product, jacobian=jacobian)


PRODUCT_WRONG = (
    Misconception("G25", "Jacobians multiplied in the wrong order", partial(_product, earliest_left=True), _ORDER),
    misread(
        _product, lambda hs, W_hh, k: (hs, W_hh.T, k), "G26", "Jacobian transposed: W_hh.T in every factor", _TRANSPOSED
    ),
    Misconception("G31", "Jacobian transposed: the result as a whole", partial(_product, turned=True), _TRANSPOSED),
    Misconception(
        "G26b", "Jacobian transposed: each factor as a whole", _with_slope(lambda h, W: (1 - h**2) * W.T), _TRANSPOSED
    ),
    Misconception(
        "G27",
        "slope factor on the wrong side: it scales columns, not rows",
        _with_slope(lambda h, W: (1 - h**2) * W),
        _SLOPE,
    ),
    Misconception("G30", "slope factor missing", _with_slope(lambda h, W: W), _SLOPE),
    Misconception(
        "G27b",
        "tanh taken of a state: its slope is written with h_t as it is",
        _with_slope(lambda h, W: (1 - np.tanh(h) ** 2)[:, None] * W),
        _SLOPE_FORM,
    ),
    Misconception(
        "G27c",
        "slope factor wrong: the state is not squared",
        _with_slope(lambda h, W: (1 - h)[:, None] * W),
        _SLOPE_FORM,
    ),
    Misconception(
        "G27d", "slope factor wrong: 1 + h_t**2", _with_slope(lambda h, W: (1 + h**2)[:, None] * W), _SLOPE_FORM
    ),
    Misconception(
        "G27e",
        "slope factor wrong: that of a sigmoid",
        _with_slope(lambda h, W: (h * (1 - h))[:, None] * W),
        _SLOPE_FORM,
    ),
    Misconception(
        "one-jacobian",
        "the last Jacobian used for every step",
        lambda hs, W_hh, k: np.linalg.matrix_power(_jacobian(hs[-1], W_hh), k),
        (
            "Test lag 1 and lag 2: which one is right?",
            "Which parts of J_t are the same at every step, and which are not?",
        ),
    ),
    Misconception("G28", "lag off by one: one factor too many", partial(_product, more=1), _LAG),
    misread(
        _product, lambda hs, W_hh, k: (hs, W_hh, max(k - 1, 0)), "G28b", "lag off by one: one factor too few", _LAG
    ),
    Misconception(
        "G29", "lag off by one: slopes of h_{t-1} where those of h_t belong", partial(_product, shift=1), _LAG
    ),
    misread(
        _product,
        lambda hs, W_hh, k: (hs[: k + 1], W_hh, k),
        "G29b",
        "lag counted from the start: the first k steps instead of the last k",
        _LAG,
    ),
)


# ---------------------------------------------------------------- 04.3 gradient_by_lag of a leaky cell


def gradient_by_lag(xs: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: float, dh_T: Array) -> Array:
    return _by_lag(xs, h0, W_xh, W_hh, b_h, leak, dh_T)


def _by_lag(
    xs: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: float, dh_T: Array, bug: tuple[str, ...] = ()
) -> Array:
    """|dL/dh_{T-k}| of h_t = (1 - leak) h_{t-1} + leak n_t, k = 0 .. T, with the changes that learners make."""
    h, candidates, states = h0, [], [h0]
    forward_leak = 1.0 if "plain forward" in bug else leak
    for x_t in xs:
        n_t = np.tanh(x_t @ W_xh.T + h @ (W_hh if "forward turned" in bug else W_hh.T) + b_h)
        h = (1 - forward_leak) * h + forward_leak * n_t
        candidates.append(n_t)
        states.append(h)
    squeezed = states[1:] if "slope of h_t" in bug else candidates
    squeezed = squeezed[::-1] if "slopes forward" in bug else squeezed
    dh, dhs, da_parts = dh_T, [dh_T], []
    for t in range(len(xs), 0, -1):
        n_t = squeezed[t - 1]
        factor = pick(bug, {"leak lost on the tanh path": 1.0, "leak swapped": 1 - leak}, leak)
        slope = pick(bug, {"no slope": 1.0, "tanh twice": 1 - np.tanh(n_t) ** 2, "1 - n": 1 - n_t}, 1 - n_t**2)
        da = factor * dh * slope
        da_parts.append(da.T @ states[t - 1])
        keeps = {"only the tanh path": 0.0, "whole dh on the short path": 1.0, "leak swapped": leak}
        keep = pick(bug, keeps, 1 - leak)
        dh = da @ (W_hh.T if "W_hh transposed" in bug else W_hh) + keep * dh
        if "a loss at every step" in bug:
            dh = dh + dh_T
        dhs.append(dh)
    if "norm of dW" in bug:
        total, lengths = np.zeros_like(W_hh), [0.0]
        for part in da_parts:
            total = total + part
            lengths.append(np.linalg.norm(total))
        return np.array(lengths)
    if "norm of dW by step" in bug:
        return np.array([np.linalg.norm(d) for d in da_parts])
    if "norm of W" in bug:
        return np.array([np.linalg.norm(np.linalg.matrix_power(W_hh, k)) for k in range(len(xs) + 1)])
    lengths = {
        "sum of sizes": lambda d: np.abs(d).sum(),
        "largest size": lambda d: np.abs(d).max(),
        "singular": lambda d: np.linalg.norm(d, 2),
        "mean of sizes": lambda d: np.abs(d).mean(),
        "mean over rows": lambda d: np.linalg.norm(d, axis=1).mean(),
    }
    norms = np.array([pick(bug, lengths, np.linalg.norm)(d) for d in dhs])
    ways: dict[str, Callable[[Array], Array]] = {
        "squared": lambda n: n**2,
        "over B": lambda n: n / len(h0),
        "relative": lambda n: n / n[0],
        "lag 0 left out": lambda n: n[1:],
        "h_0 left out": lambda n: n[:-1],
        "reversed": lambda n: n[::-1],
    }
    for name, way in ways.items():
        norms = way(norms) if name in bug else norms
    return norms


def _by_lag_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, B: int, D: int, H: int, leak: float, size: float = 0.8) -> list[Any]:
        return [
            rng.normal(0, size, (T, B, D)),
            np.tanh(rng.normal(0, size, (B, H))),
            rng.normal(0, 0.7, (H, D)),
            rng.normal(0, 1.1 / np.sqrt(H), (H, H)),
            rng.normal(0, 0.5, H),
            leak,
            rng.normal(size=(B, H)),
        ]

    symmetric = args(5, 3, 2, 4, 0.6)
    symmetric[3] = symmetric[3] + symmetric[3].T
    plain = args(5, 3, 2, 4, 1.0)
    frozen = args(5, 3, 2, 4, 0.0)
    still = args(5, 3, 2, 4, 0.6)
    still[0], still[1], still[4] = 0 * still[0], 0 * still[1], 0 * still[4]
    return [
        Case("T = 7, leak 0.6", tuple(args(7, 3, 2, 4, 0.6))),
        Case("T = 6, leak 0.35", tuple(args(6, 4, 3, 5, 0.35))),
        Case("T = 1", tuple(args(1, 3, 2, 4, 0.6)), True, "look at what is carried from step to step"),
        Case("leak = 1", tuple(plain), True, "look at the short path, (1 - leak) h_{t-1}"),
        Case("leak = 0", tuple(frozen), True, "look at the path through tanh"),
        Case("symmetric W_hh", tuple(symmetric), True, "is W_hh transposed somewhere?"),
        Case("all states 0", tuple(still), True, "look at the slope of tanh"),
    ]


_WRONG_NORM = (
    "Which quantity must shrink when the lag grows?",
    "Put the loss on the last step only: how many curves do you need?",
    "Is your number about one step or about all steps together?",
)
_LAG_INDEX = (
    "Entry 0 belongs to lag 0: which gradient do you know before you take any step back?",
    "How many states are there, h_0 included?",
    "In which order does your loop meet the states, and in which order are they asked for?",
)
_LEAK = (
    "Set leak = 0: h_t is h_{t-1}, so how must the gradient change from lag to lag?",
    "h_prev enters h_t in two places. How many terms has dh_prev?",
    "Which of the two paths carries the factor leak, and which 1 - leak?",
)
_CANDIDATE = (
    "Set leak = 1: is the answer right? Then the mistake needs the leak to show.",
    "tanh(a_t) is n_t, not h_t. Whose square is in the slope?",
    "Which of the two must the forward loop keep for the way back?",
)


_FORWARD = (
    "Compare your n_1 and h_1 with the two equations of the statement, for one sequence and by hand.",
    "Is your answer right for leak = 1? For a symmetric W_hh?",
    "Rows are the batch: how does the equation's W_hh h become code, and where does leak stand?",
)
_LENGTH = (
    "Compute your number for one row dh = (3, 4), and for the two rows (3, 0) and (0, 4).",
    "What should norms[0] be: can you tell without any backward step?",
    "dh is taken as one long vector: where are its squares and the root?",
)
BY_LAG_BUGS = (
    ("G34", "the wrong norm against the lag: that of dW_hh", "norm of dW", _WRONG_NORM),
    ("G34b", "the wrong norm against the lag: that of powers of W_hh", "norm of W", _WRONG_NORM),
    ("G34c", "the wrong norm against the lag: that of one step's dW_hh", "norm of dW by step", _WRONG_NORM),
    ("G34d", "a loss at every step, not at the last one only", "a loss at every step", _WRONG_NORM),
    ("lag-order", "lags in the wrong order: forward in time", "reversed", _LAG_INDEX),
    ("G28", "lag off by one: dh_T itself, lag 0, is left out", "lag 0 left out", _LAG_INDEX),
    ("G28b", "lag off by one: h_0 is left out", "h_0 left out", _LAG_INDEX),
    ("leak-short", "the short path forgotten", "only the tanh path", _LEAK),
    ("leak-tanh", "the factor leak lost on the path through tanh", "leak lost on the tanh path", _LEAK),
    ("leak-whole", "the short path without its factor 1 - leak", "whole dh on the short path", _LEAK),
    ("slope-h", "slope taken from h_t instead of n_t", "slope of h_t", _CANDIDATE),
    ("G30", "slope factor missing", "no slope", _SLOPE),
    ("G26", "W_hh transposed on the way back", "W_hh transposed", _TRANSPOSED),
    ("S05", "W_hh transposed in the forward loop", "forward turned", _FORWARD),
    ("leak-forward", "the forward loop is that of the plain RNN, without the leak", "plain forward", _FORWARD),
    ("leak-back", "leak and 1 - leak exchanged on the way back", "leak swapped", _LEAK),
    (
        "B26",
        "the slopes are read in the order of the forward loop",
        "slopes forward",
        (
            "Is your answer right for T = 1?",
            "The first step back crosses the last tanh. Which n_t does yours read first?",
        ),
    ),
    ("G27b", "tanh taken of n_t: its slope is written with n_t as it is", "tanh twice", _SLOPE_FORM),
    ("G27c", "slope written as 1 - n_t: it is not squared", "1 - n", _SLOPE_FORM),
    ("G07", "the largest entry taken for the length", "largest size", _LENGTH),
    ("G08-sum", "sum of the entries' sizes taken for the length", "sum of sizes", _LENGTH),
    ("G19", "largest singular value taken for the length", "singular", _LENGTH),
    ("B12", "lengths divided by B", "over B", _LENGTH[1:]),
    ("relative", "lengths divided by that of dh_T", "relative", _LENGTH[1:]),
    (
        "row-mean",
        "mean of the rows' lengths, not the length of the whole array",
        "mean over rows",
        ("Is your answer right for B = 1?", "dL/dh_{T-k} is one array (B, H): how many lengths has it here?"),
    ),
    (
        "G05",
        "length squared: the root is missing",
        "squared",
        ("Compute your number for dh = (3, 4).", "Is that a length or the square of one?"),
    ),
    (
        "G08",
        "mean of the entries' sizes taken for the length",
        "mean of sizes",
        ("Compute your number for dh = (3, 4).", "The length of a vector has squares and a root: where are they?"),
    ),
)
_lag_misread = partial(misread, _by_lag)
BY_LAG_WRONG = (
    *bugs(_by_lag, BY_LAG_BUGS),
    _lag_misread(
        lambda xs, h0, W_xh, W_hh, b_h, leak, dh_T: (xs, h0, W_xh, W_hh, b_h, 1 - leak, dh_T),
        "leak-swapped",
        "leak and 1 - leak exchanged",
        _LEAK,
    ),
    _lag_misread(
        lambda xs, h0, W_xh, W_hh, b_h, leak, dh_T: (xs, h0, W_xh, W_hh, b_h, 1.0, dh_T),
        "leak-ignored",
        "this is the plain RNN: leak is ignored",
        _LEAK,
    ),
    _lag_misread(
        lambda xs, h0, *rest: (xs, 0 * h0, *rest),
        "zero-start",
        "the loop starts from zeros instead of h0",
        ("Is your answer right for h0 = 0?", "What is the first h_prev of your forward loop?"),
    ),
    _lag_misread(
        lambda xs, h0, W_xh, W_hh, b_h, *rest: (xs, h0, W_xh, W_hh, 0 * b_h, *rest),
        "S02",
        "bias forgotten in the forward loop",
        ("Is your answer right for b_h = 0?", "How many terms has the sum inside the tanh, and how many has yours?"),
    ),
)


# ---------------------------------------------------------------- 04.4 clip_by_norm


def clip_by_norm(grads: list[Array], max_norm: float) -> tuple[list[Array] | None, float]:
    norm = _length(grads)
    if not np.isfinite(norm):
        return None, norm
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return [factor * g for g in grads], norm


def _length(grads: list[Array]) -> float:
    return float(np.sqrt(sum((g**2).sum() for g in grads)))


def _join(grads: list[Array]) -> Array:
    return np.concatenate([np.ravel(g) for g in grads])


def _factor(norm: float, max_norm: float) -> float:
    return max_norm / norm if norm > max_norm else 1.0


def _clip(
    grads: list[Array],
    max_norm: float,
    *,
    norm_of: Callable[[list[Array]], float] = _length,
    factor_of: Callable[[float, float], float] = _factor,
    one: Callable[[Array, float], Array] | None = None,
    trusted: Callable[[float], bool] = np.isfinite,
    report: Callable[[float, float], float] = lambda norm, max_norm: norm,
) -> tuple[list[Array] | None, float]:
    """The right clipping with another norm, factor, guard or report, or with every array clipped by itself."""
    norm = float(norm_of(grads))
    reported = report(norm, max_norm)
    if not trusted(_length(grads)):
        return None, reported
    return [one(g, max_norm) if one else g * factor_of(norm, max_norm) for g in grads], reported


def _always(_norm: float) -> bool:
    return True


def _shrunk(g: Array, max_norm: float) -> Array:
    norm = np.linalg.norm(g)
    return g * (max_norm / norm) if norm > max_norm else g.copy()


def _shrunk_rows(g: Array, max_norm: float) -> Array:
    norms = np.sqrt((g**2).sum(-1, keepdims=True))
    return g * np.minimum(1.0, max_norm / np.maximum(norms, 1e-300))


def _clip_in_place(grads: list[Array], max_norm: float) -> tuple[list[Array] | None, float]:
    norm = _length(grads)
    if not np.isfinite(norm):
        return None, norm
    if norm > max_norm:
        for g in grads:
            g *= max_norm / norm
    return grads, norm


def _clip_nan_to_num(grads: list[Array], max_norm: float) -> tuple[list[Array] | None, float]:
    return clip_by_norm([np.nan_to_num(g) for g in grads], max_norm)


def _clip_to_zero(grads: list[Array], max_norm: float) -> tuple[list[Array], float]:
    clipped, norm = clip_by_norm(grads, max_norm)
    return [np.zeros_like(g) for g in grads] if clipped is None else clipped, norm


def _clip_cases(rng: np.random.Generator) -> list[Case]:
    def grads(norm: float, positive: bool = False) -> list[Array]:
        arrays = [rng.normal(0, 1.0, (4, 3)), rng.normal(0, 2.5, (4, 4)), rng.normal(0, 0.4, 4)]
        arrays = [np.abs(g) for g in arrays] if positive else arrays
        return [g * (norm / _length(arrays)) for g in arrays]

    with_nan, nan_first, with_inf = grads(8.0), grads(6.0), grads(0.5)
    nan_first[0][3, 2] = np.nan
    with_nan[1][2, 1] = np.nan
    with_inf[0][1, 1] = np.inf
    above = float(rng.uniform(15, 25))
    return [
        Case("norm above the limit", (grads(above), 3.0)),
        Case("norm far above the limit, limit 0.5", (grads(70.0), 0.5)),
        Case("norm just above the limit", (grads(5.6), 5.0)),
        Case("a NaN in one array", (with_nan, 3.0)),
        Case("a NaN in the first array", (nan_first, 3.0)),
        Case("an inf in one array", (with_inf, 3.0)),
        Case("norm below the limit", (grads(2.0), 3.0), True, "look at what happens above the limit"),
        Case("norm far below the limit", (grads(0.5), 3.0), True, "look at what happens above the limit"),
        Case("one array only", (grads(above)[:1], 3.0), True, "how many norms has a list of arrays?"),
        Case("all entries positive", (grads(above, positive=True), 3.0), True, "look at the negative entries"),
        Case("all gradients 0", ([np.zeros((4, 3)), np.zeros(4)], 3.0), True, "look at gradients that are not 0"),
    ]


_EACH = (
    "Is the direction of the whole gradient kept?",
    "Compare the ratio new/old for each array.",
    'How many norms does "the norm of the gradient" have?',
)
_BY_VALUE = (
    "Take the gradient (3, 4) and the limit 1. Which direction should come out?",
    "Does every entry shrink by the same factor?",
    "Limit the length or limit the entries: which one was asked?",
)
_ALWAYS = (
    "What should happen to a gradient that is already short?",
    "Try a gradient of length 0.01 and limit 1.",
    "For which norms may the factor be larger than 1?",
)
_NORM = (
    "Compute the length of (3, 4) with your formula.",
    "Join all arrays into one long vector: is its length your total?",
    "Where is the root, and over what is the sum?",
)
_FACTOR = (
    "What is the norm after your clipping? Compute it.",
    "Should the factor be above or below 1 for a long gradient?",
    "Where does the scaled array go after the loop?",
)
_CALLER = (
    "Print the arguments after the call.",
    "Does the task ask for new arrays or for a change in place?",
    "What does `*=` do to an array that somebody else also holds?",
)
_NAN = (
    "What is NaN > 5 in Python?",
    "Pass one NaN, then one inf: which arrays come back, and is the first result None?",
    "Should a training step be taken at all when the norm is not finite?",
)
_EACH_NAME = "each array clipped by itself"
_VALUE_NAME = "clipped by value, and on one side only"
_NORM_NAME = "norm computed wrongly"
_FACTOR_NAME = "factor inverted or lost"
_NAN_NAME = "NaN slips through"


def _clip_wrong(key: str, name: str, hints: tuple[str, ...], **changes: Callable) -> Misconception:
    return Misconception(key, name, partial(_clip, **changes), hints)


CLIP_WRONG = (
    _clip_wrong("G01", _EACH_NAME, _EACH, one=_shrunk),
    _clip_wrong("G01b", f"{_EACH_NAME}: each row, even", _EACH, one=_shrunk_rows),
    _clip_wrong(
        "G10", f"{_EACH_NAME}: the norm is that of the first one", _EACH, norm_of=lambda gs: np.linalg.norm(gs[0])
    ),
    _clip_wrong("G02", "clipped by value: every entry by itself", _BY_VALUE, one=lambda g, c: np.clip(g, -c, c)),
    _clip_wrong("G13", f"{_VALUE_NAME}: large entries only, negative ones go on", _BY_VALUE, one=np.minimum),
    _clip_wrong("G03", "always rescaled", _ALWAYS, factor_of=lambda n, c: c / n if n > 0 else 0.0),
    _clip_wrong(
        "G03b",
        "always rescaled, with a division by 0 when all gradients are 0",
        _ALWAYS,
        factor_of=lambda n, c: np.float64(c) / np.float64(n),
    ),
    _clip_wrong(
        "G05", f"{_NORM_NAME}: the square, its root is missing", _NORM, norm_of=lambda gs: (_join(gs) ** 2).sum()
    ),
    _clip_wrong(
        "G04",
        f"{_NORM_NAME}: the sum of the arrays' norms",
        _NORM,
        norm_of=lambda gs: sum(np.linalg.norm(g) for g in gs),
    ),
    _clip_wrong("G07", f"{_NORM_NAME}: the largest entry", _NORM, norm_of=lambda gs: np.abs(_join(gs)).max()),
    _clip_wrong("G08", f"{_NORM_NAME}: the sum of the sizes", _NORM, norm_of=lambda gs: np.abs(_join(gs)).sum()),
    _clip_wrong(
        "G14",
        f"{_NORM_NAME}: the largest of the arrays' norms",
        _NORM,
        norm_of=lambda gs: max(np.linalg.norm(g) for g in gs),
    ),
    _clip_wrong(
        "G15",
        f"{_NORM_NAME}: the root of a mean, not of a sum",
        _NORM,
        norm_of=lambda gs: np.sqrt((_join(gs) ** 2).mean()),
    ),
    _clip_wrong(
        "G05b",
        "clipped with the square of the norm, its root only returned",
        _NORM,
        norm_of=lambda gs: (_join(gs) ** 2).sum(),
        report=lambda n, c: np.sqrt(n),
    ),
    _clip_wrong(
        "G05c",
        "the square of the norm is compared with the limit",
        (
            "Try a gradient of length 2 and limit 3. Should it change?",
            "Which number do you compare with the limit: the norm, or its square?",
        ),
        factor_of=lambda n, c: c / n if n * n > c else 1.0,
    ),
    _clip_wrong(
        "G03c",
        "the length is set to 1, not to the limit",
        _ALWAYS,
        factor_of=lambda n, c: 1 / n if n > 0 else 0.0,
    ),
    _clip_wrong("G17b", f"{_FACTOR_NAME}: zeros come back, whatever the norm", _FACTOR, factor_of=lambda n, c: 0.0),
    _clip_wrong("G06", f"{_FACTOR_NAME}: norm over limit", _FACTOR, factor_of=lambda n, c: min(1.0, n / c)),
    _clip_wrong(
        "G09", f"{_FACTOR_NAME}: never below 1", _FACTOR, factor_of=lambda n, c: max(1.0, c / n) if n > 0 else 1.0
    ),
    _clip_wrong("G12", f"{_FACTOR_NAME}: the arrays come back as they were", _FACTOR, factor_of=lambda n, c: 1.0),
    _clip_wrong(
        "G17", f"{_FACTOR_NAME}: long gradients become zeros", _FACTOR, factor_of=lambda n, c: 0.0 if n > c else 1.0
    ),
    _clip_wrong(
        "G06b", f"{_FACTOR_NAME}: long gradients grow", _FACTOR, factor_of=lambda n, c: n / c if n > c else 1.0
    ),
    Misconception("G11", "caller's gradients changed", _clip_in_place, _CALLER),
    _clip_wrong("G16", _NAN_NAME, _NAN, trusted=_always),
    _clip_wrong(
        "G16c",
        _NAN_NAME,
        _NAN,
        trusted=_always,
        factor_of=lambda n, c: np.minimum(1.0, np.float64(c) / n),  # unlike min(), it hands NaN on to every array
    ),
    Misconception("G16d", _NAN_NAME, _clip_nan_to_num, _NAN),
    Misconception("G16f", "zeros instead of None: the update is not skipped", _clip_to_zero, _NAN),
    _clip_wrong("G16e", "NaN is caught, inf slips through", _NAN, trusted=lambda n: not np.isnan(n)),
    _clip_wrong("G16g", "inf is caught, NaN slips through", _NAN, trusted=lambda n: not np.isinf(n)),
    _clip_wrong(
        "norm-after",
        "norm returned after clipping, not before",
        ("Which norm tells you that a step was dangerous?", "When do you compute the number that you return?"),
        report=lambda n, c: min(n, c) if np.isfinite(n) else n,
    ),
)


# ---------------------------------------------------------------- 04.5 clipped_descent


def clipped_descent(
    gradient: Callable[[Array], Array], w: Array, lr: float, max_norm: float, steps: int
) -> tuple[Array, Array]:
    return _descent(gradient, w, lr, max_norm, steps)


def _descent(
    gradient: Callable[[Array], Array], w: Array, lr: float, max_norm: float, steps: int, bug: tuple[str, ...] = ()
) -> tuple[Array, Array]:
    """Gradient descent that clips by norm; returns the path (steps + 1, n) and the norms before clipping (steps,)."""
    w, path, norms, stored = np.array(w, float), [np.array(w, float)], [], 0.0
    first = gradient(w)
    for _ in range(steps):
        g = first if "gradient once" in bug else gradient(w)
        if "gradients add up" in bug:
            stored = g = stored + g
        norm = np.linalg.norm(g)
        sizes = {"squared": norm**2, "sum of sizes": np.abs(g).sum(), "of the weights": np.linalg.norm(w)}
        norm = pick(bug, sizes, norm)
        if "no clipping" in bug:
            step = lr * g
        elif "the update is clipped" in bug:
            step = _shrunk(lr * g, max_norm)
        elif "the weights are clipped" in bug:
            step = lr * g
        elif "by value" in bug:
            step = lr * np.clip(g, -max_norm, max_norm)
        elif "always rescaled" in bug or "unit" in bug:
            step = lr * (1 if "unit" in bug else max_norm) * g / norm
        elif "inverted" in bug:
            step = lr * g * max(1.0, norm / max_norm)
        else:
            step = lr * g * _factor(norm, max_norm)
        norms.append(np.linalg.norm(step) / lr if "norm after clipping" in bug else norm)
        step = step / lr if "no lr" in bug else step
        w = w + step if "uphill" in bug else w - step
        if "the weights are clipped" in bug:
            w = _shrunk(w, max_norm)
        path.append(w.copy())
    path = path[-1:] * len(path) if "one array" in bug else path
    return np.array(path[1:] if "no start" in bug else path), np.array(norms)


def _descent_cases(rng: np.random.Generator) -> list[Case]:
    a, b = np.round(rng.uniform(2, 6, 2), 2)
    bowl = Source(f"lambda w: np.array([{a}, {b}, 0.8]) * w")
    wave = Source(f"lambda w: np.array([{a} * w[0]**3 - w[1], {b} * np.sin(w[1]) + w[0]])")
    start3, start2 = rng.uniform(1, 2, 3) * [1, -1, 1], rng.uniform(1.2, 2, 2) * [1, -1]
    return [
        Case("a bowl", (bowl, start3, 0.1, 1.5, 6)),
        Case("a curved surface", (wave, start2, 0.05, 2.0, 5)),
        Case("limit 0.001", (wave, start2, 0.3, 0.001, 3)),
        Case("one step", (bowl, start3, 0.1, 1.5, 1), True, "look at what is carried from step to step"),
        Case("limit never reached", (bowl, 0.1 * start3, 0.1, 5.0, 4), True, "look at where the clipping happens"),
    ]


_PLACE = (
    "Set the limit to 1e-9. Do the weights still move?",
    "When does the gradient exist, and when is it used?",
    "Write the lines of one training step in order: gradient, norm, clip, update.",
)
_THING = (
    "Print the gradient norm of two equal steps in a row.",
    "Which array did your clipping change?",
    "What is still stored from the step before?",
)

_ALIAS = ("Print the first row of your path before and after the loop.", "What does -= do to an array in a list?")


DESCENT_BUGS = (
    ("G32", "clipping at the wrong place: after the update", "no clipping", _PLACE),
    ("G32b", "clipping at the wrong place: the update lr * g is clipped", "the update is clipped", _PLACE),
    ("G33", "wrong thing clipped: the weights", "the weights are clipped", _THING),
    ("G33b", "old gradients kept", "gradients add up", _THING),
    ("G02", "clipped by value: every entry by itself", "by value", _BY_VALUE),
    ("G03", "always rescaled", "always rescaled", _ALWAYS),
    ("G03c", "the length is set to 1, not to the limit", "unit", _ALWAYS),
    (
        "norm-weights",
        "the norm is that of the weights, not of the gradient",
        "of the weights",
        ("Which array is to be shortened?", "What is norms[0] in the worked example: 10 or 1?"),
    ),
    (
        "norm-after",
        "norms reported after clipping, not before",
        "norm after clipping",
        ("Which norm tells you that a step was dangerous?", "When do you store the number: before or after clipping?"),
    ),
    (
        "uphill",
        "a step up the gradient",
        "uphill",
        ("Does the loss fall along your path?", "Which sign leads downhill?"),
    ),
    (
        "no-start",
        "the start left out of the path",
        "no start",
        ("How many rows has the path after 0 steps?", "What do you store before the first step?"),
    ),
    ("same-array", "the same array in every row of the path", "one array", _ALIAS),
    (
        "once",
        "the gradient is computed once, not at every step",
        "gradient once",
        ("Print g in two rounds. Should it change when w does?", "Which lines stand inside your loop?"),
    ),
    (
        "no-lr",
        "the learning rate is left out",
        "no lr",
        ("Set lr to 0. Do your weights move?", "Which argument of the function is not in your update?"),
    ),
    ("G05", f"{_NORM_NAME}: the square, its root is missing", "squared", _NORM),
    ("G08", f"{_NORM_NAME}: the sum of the sizes", "sum of sizes", _NORM),
    ("G06", f"{_FACTOR_NAME}: long gradients grow", "inverted", _FACTOR[:2]),
)
# ---------------------------------------------------------------- 04.6 POWERS and 04.7 DIAGNOSIS: values

#: A = [[0.7, 8], [0, 0.7]]: A^k = 0.7^k [[1, 8 k / 0.7], [0, 1]]
POWERS = {"largest at": 3, "below 1 from": 15}


def _as_text(_case: Case, result: Any) -> dict[str, str]:
    """Numbers as words, so that a message shows what came, not what was expected."""
    if not isinstance(result, dict) or set(result) != set(POWERS):
        raise ValueError(f"expected a dict with the keys {', '.join(map(repr, POWERS))}")
    try:
        return {key: f"power {float(value):g}" for key, value in result.items()}
    except (TypeError, ValueError):
        raise ValueError(f"expected two whole numbers, got {list(result.values())}") from None


DIAGNOSIS = {"A": "saturation", "B": "exploding", "C": "small weights", "D": "healthy"}


def _diagnosis(**changes: str) -> dict[str, str]:
    return {**DIAGNOSIS, **changes}


POWERS_WRONG = (
    Misconception(
        "eigenvalue-bound",
        "eigenvalues below 1 taken to shrink every vector at once",
        {"largest at": 1, "below 1 from": 1},
        (
            "Multiply A with the vector (0, 1): how long is the result?",
            "Write A as 0.7 times [[1, c], [0, 1]] and take the square. What happens to the upper right entry?",
            "A^k = 0.7^k [[1, k c], [0, 1]]: which factor grows, which one shrinks?",
        ),
    ),
    Misconception(
        "peak-first",
        "the first power taken for the largest",
        {"largest at": 1, "below 1 from": 15},
        (
            "Compute the upper right entry of A @ A by hand.",
            "A^k = 0.7^k [[1, k c], [0, 1]]: compare k = 1, 2, 3.",
        ),
    ),
    Misconception(
        "last-above",
        "the last power above 1 given instead of the first below",
        {"largest at": 3, "below 1 from": 14},
        ("Compute the norm for your k, and for k + 1.", "Which of the two is below 1?"),
    ),
    Misconception(
        "count-from-0",
        "powers counted from 0",
        {"largest at": 2, "below 1 from": 14},
        ("In your list, which power stands in place 0?", "A^1 is A itself: where is it in your list?"),
    ),
)

_PLOTS = (
    "Which of the curves fall? For those: is the slope 1 - h^2 the reason, or the weights?",
    "A median slope near 1 means that tanh hardly squeezes: then only W_hh can shrink the gradient.",
    "A median slope near 0 means saturation: then even large weights vanish.",
)
DIAGNOSIS_WRONG = (
    Misconception(
        "swap-vanishing",
        "saturation and small weights exchanged",
        _diagnosis(A="small weights", C="saturation"),
        _PLOTS,
    ),
    Misconception(
        "saturation-explodes",
        "a network with low slopes cannot explode",
        _diagnosis(A="saturation", B="saturation"),
        (
            "Look at the upper row: in which direction does B's curve go?",
            "Slopes below 1 shrink, W_hh stretches: which of the two wins in B?",
        ),
    ),
    Misconception(
        "all-vanish",
        "every falling curve has the same cause",
        _diagnosis(A="small weights"),
        _PLOTS,
    ),
    Misconception(
        "all-saturate",
        "every falling curve has the same cause",
        _diagnosis(C="saturation"),
        _PLOTS,
    ),
    Misconception(
        "slope-healthy",
        "a slope near 1 taken for a healthy gradient",
        _diagnosis(C="healthy", D="healthy"),
        ("What is C's gradient at lag 50?", "The slope is one factor of the Jacobian. Which one is the other?"),
    ),
    Misconception(
        "swap-healthy",
        "a slope near 1 taken for a healthy gradient",
        _diagnosis(C="healthy", D="small weights"),
        (
            "What is C's gradient at lag 50, and what is D's?",
            "The slope is one factor of the Jacobian. Which is the other?",
        ),
    ),
    Misconception(
        "swap-growing",
        "a growing gradient taken for a healthy one",
        _diagnosis(B="healthy", D="exploding"),
        (
            "Read B's axis: how large is its gradient at lag 100?",
            "Healthy means usable: neither too small nor too large.",
        ),
    ),
    Misconception(
        "swap-explode",
        "growing and falling curves exchanged",
        _diagnosis(A="exploding", B="saturation"),
        ("The axis is the lag: to the right is further back.", "Where is the gradient larger, at lag 0 or at lag 100?"),
    ),
)


EXERCISES = (
    Exercise(
        id="04.1",
        name="spectral_radius",
        points=1,
        reference=spectral_radius,
        cases=_radius_cases,
        outputs=("the spectral radius",),
        misconceptions=RADIUS_WRONG,
        bare=True,
        hints=("Which numpy function returns all eigenvalues of a matrix that is not symmetric?",) + _EIGEN,
    ),
    Exercise(
        id="04.2",
        name="jacobian_product",
        points=2,
        reference=jacobian_product,
        cases=_product_cases,
        outputs=("dh_T/dh_{T-k}",),
        misconceptions=PRODUCT_WRONG,
        bare=True,
        hints=("Begin with the identity, for lag 0.", "Write one Jacobian first and test lag 1.") + _ORDER,
    ),
    Exercise(
        id="04.3",
        name="gradient_by_lag",
        points=2,
        reference=gradient_by_lag,
        cases=_by_lag_cases,
        outputs=("norms",),
        misconceptions=BY_LAG_WRONG,
        bare=True,
        hints=("Forward: keep every n_t.", "Backward: dh_prev has two terms, one for each path of h_prev into h_t.")
        + _LEAK,
    ),
    Exercise(
        id="04.4",
        name="clip_by_norm",
        points=2,
        reference=clip_by_norm,
        cases=_clip_cases,
        outputs=("clipped", "norm"),
        misconceptions=CLIP_WRONG,
        bare=True,
        arguments="left",
        new=True,
        hints=("One norm for all arrays together.", "Is the norm finite? Above the limit?") + _FACTOR,
    ),
    Exercise(
        id="04.5",
        name="clipped_descent",
        points=1,
        arguments="free",
        reference=clipped_descent,
        cases=_descent_cases,
        outputs=("path", "norms"),
        misconceptions=bugs(_descent, DESCENT_BUGS),
        bare=True,
        hints=("One turn of the loop: gradient, norm, clip, update, store.",) + _PLACE,
    ),
    Exercise(
        id="04.6",
        name="POWERS",
        points=1,
        reference=POWERS,
        outputs=("POWERS",),
        view=_as_text,
        misconceptions=POWERS_WRONG,
        hints=(
            "Write A as 0.7 times [[1, c], [0, 1]] with c = 8 / 0.7.",
            "The power k of [[1, c], [0, 1]] is [[1, k c], [0, 1]].",
        ),
    ),
    Exercise(
        id="04.7",
        name="DIAGNOSIS",
        points=1,
        reference=DIAGNOSIS,
        outputs=("DIAGNOSIS",),
        misconceptions=DIAGNOSIS_WRONG,
        hints=_PLOTS,
    ),
)
