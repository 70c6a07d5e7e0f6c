"""Lesson 04: spectral radius, Jacobian products, gradient by lag, clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.inputs import zeroed
from course_lib.checks.probe import Source

Array = np.ndarray


# ---------------------------------------------------------------- 04.1 spectral_radius


def _radius_cases(rng: np.random.Generator) -> list[Case]:
    def square(n: int) -> Array:
        return rng.normal(0, 1 / np.sqrt(n), (n, n)) + 0.1 * rng.normal(size=(n, n))

    turn, size, basis, half = rng.uniform(0.3, 1.3), rng.uniform(0.5, 2), square(4), square(5)
    rotation = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    negative = basis @ np.diag(rng.permutation([-1.5, 0.7, 0.4, -0.2])) @ np.linalg.inv(basis)
    # the eigenvalues of the shear come in this order
    shear = np.array([[rng.uniform(0.1, 0.25), rng.uniform(5, 100)], [0.0, rng.uniform(0.3, 0.8)]])
    return [
        Case("a random 5 x 5 matrix", (square(5),)),
        Case("a random 7 x 7 matrix", (square(7),)),
        Case("a rotation with a scale", (rotation,)),
        Case("a leading eigenvalue that is negative", (negative,)),
        Case("a shear", (shear,)),
        Case("a shear, turned round", (shear[::-1, ::-1].T.copy(),)),
        Case("[[0, 100], [0, 0]]", (np.array([[0.0, 100.0], [0.0, 0.0]]),)),
        Case("a symmetric W", (half + half.T,), True, "look at what is different where W is not symmetric"),
        Case("a diagonal W", (np.diag(rng.uniform(0.2, 1.5, 4)),), True, "look at what entries off the diagonal do"),
    ]


_GROWTH = (
    "Try [[0, 1], [9, 0]]: its eigenvalues are 3 and -3. What do you get?",
    "Apply W fifty times to a vector and watch the growth per step. Is it your number?",
)
_SIZE = (
    "Try diag(1, -2), diag(-2, 1) and the rotation by 90 degrees: the radii are 2, 2 and 1. What are yours?",
    "Eigenvalues come in no order, may be negative and may be complex: which of the three does your line miss?",
)
_SIZES, _LARGEST = "np.abs(eigenvalues)", "np.abs(eigenvalues).max()"
_TRACE = [("np.linalg.eigvals(W)", "np.trace(W)"), (_LARGEST, "eigenvalues.sum()")]
_HALF = [("eigvals(W)", "eigvalsh(W)"), ("eigvals(W)", "eigvalsh(W, 'U')")]
_RADIUS_SLIPS = {
    _GROWTH: {
        "the largest entry of W": ("np.linalg.eigvals(W)", "W"),
        "the sum of the diagonal, which is that of the eigenvalues": _TRACE,
        "the largest entry of the diagonal": ("np.linalg.eigvals(W)", "np.diag(W)"),
        "the largest row sum": ("np.linalg.eigvals(W)", "np.abs(W).sum(1)"),
        "the largest column sum": ("np.linalg.eigvals(W)", "np.abs(W).sum(0)"),
        "the root of the sum of all squares of W": ("eigvals(W)", "norm(W)"),
        "largest singular value taken for the spectral radius": ("eigvals(W)", "norm(W, 2)"),
        "the determinant, which is the product of the eigenvalues": ("eigvals(W)", "det(W)"),
        "the eigenvalues of a symmetric matrix, made of one half of W": _HALF,
        "the eigenvalues of W + W.T": ("eigvals(W)", "eigvalsh(W + W.T)"),
        "the eigenvalues of (W + W.T) / 2": ("eigvals(W)", "eigvalsh(W / 2 + W.T / 2)"),
        "the sum of the eigenvalues' sizes": ("max()", "sum()"),
        "the sizes of all eigenvalues, not the largest": (_LARGEST, _SIZES),
        "the square of the radius: the root is missing": (_SIZES, "(np.abs(eigenvalues) ** 2)"),
    },
    _SIZE: {
        "the mean of the sizes, not the largest": ("max()", "mean()"),
        "the smallest size": ("max()", "min()"),
        "the largest real part": (_SIZES, "eigenvalues.real"),
        "the largest size of a real part": (_SIZES, "np.abs(eigenvalues.real)"),
        "the size of the eigenvalue that max() takes for the largest": (_LARGEST, "abs(eigenvalues.max())"),
        "the eigenvalue that max() takes for the largest, not its size": (_SIZES, "eigenvalues"),
        "the leading eigenvalue itself, not its size": (_LARGEST, "max(eigenvalues, key=abs)"),
        "the size of the first eigenvalue": (_LARGEST, "abs(eigenvalues[0])"),
        "the size of the last eigenvalue": (_LARGEST, "abs(eigenvalues[-1])"),
    },
}
_HOW = ("Which NumPy function returns all eigenvalues of a matrix that is not symmetric?", *_SIZE)
_RADIUS = ("the spectral radius",)
RADIUS = Exercise("04.1", "spectral_radius", 1, _radius_cases, _RADIUS, slips(_RADIUS_SLIPS), bare=True, hints=_HOW)


# ---------------------------------------------------------------- 04.2 jacobian_product


def _product_cases(rng: np.random.Generator) -> list[Case]:
    W_hh, hs = rng.normal(0, 0.7, (4, 4)), np.tanh(rng.normal(0, 0.9, (7, 4)))
    equal, look = np.tile(hs[-1], (7, 1)), "look at which state belongs to which factor"
    return [
        Case("lag 3", (hs, W_hh, 3)),
        Case("lag 5", (hs, W_hh, 5)),
        Case("lag 2, another network", (np.tanh(rng.normal(0, 0.9, (5, 3))), rng.normal(0, 0.8, (3, 3)), 2)),
        Case("lag 0", (hs, W_hh, 0), True, "look at what happens from the first factor on"),
        Case("lag 1", (hs, W_hh, 1), True, "look at how the second factor joins the first"),
        Case("symmetric W_hh", (hs, W_hh + W_hh.T, 2), True, "is W_hh transposed somewhere?"),
        Case("states near 0", (1e-3 * rng.normal(size=(7, 4)), W_hh, 3), True, "look at the slopes 1 - h_t**2"),
        Case("equal states", (equal, W_hh, 3), True, look),
    ]


_EXAMPLE = "Work the example with one unit: lag 0 is 1, lag 1 is 0.72, lag 2 is 1.08. Which of yours differs first?"
_TANH = "What is the derivative of tanh, written with its value?"
_SLOPE = (_EXAMPLE, _TANH)
_COUNT = (_EXAMPLE, "Which steps does your loop visit for lag 0, 1 and 2, and what does each do to those before?")
_ORDER = (
    "Test with lag 1 and lag 2: which one is right?",
    "Which factor touches the earliest state, and at which end of the product must it stand?",
)
_TRANSPOSED = (
    "Put a single 1 into W_hh, in row 0 and column 1: which unit listens to which, and what does lag 1 say?",
    "dh_t[i] / dh_{t-1}[j] holds one entry of W_hh: which one?",
)
_MATRIX = (
    "Compare lag 1 and lag 2 with the equation for two units, entry by entry. Which products are matrix products?",
    "Whose slope is it: the old state's or the new state's? So does it scale rows of W_hh, or columns?",
)
_STEPS, _DIAG = "range(T, T - k, -1)", "(1 - hs[t] ** 2)[:, None] * W_hh"
_BY_ENTRY = [("product @ J_t", "product * J_t"), (_DIAG, "np.diag(1 - hs[t] ** 2) * W_hh")]
_BEFORE = [("hs[t]", "hs[max(t - 1, 0)]"), (_STEPS, "range(T - 1, T - k - 1, -1)")]
_TOO_MANY = [(_STEPS, "range(T, T - k - 1, -1)"), (_STEPS, "range(T, max(T - k, 1) - 1, -1)")]
_PRODUCT_SLIPS = {
    _ORDER: {"Jacobians multiplied in the wrong order": ("product @ J_t", "J_t @ product")},
    _TRANSPOSED: {
        "Jacobian transposed: W_hh.T in every factor": ("* W_hh", "* W_hh.T"),
        "Jacobian transposed: each factor as a whole": ("@ J_t", "@ J_t.T"),
        "Jacobian transposed: the result as a whole": ("return product", "return product.T"),
    },
    _MATRIX: {
        "slope factor on the wrong side: it scales columns, not rows": ("[:, None]", "[None]"),
        "entry by entry (*), not a matrix product: the diagonal is left": _BY_ENTRY,
        "W_hh left out of the factors": (_DIAG, "np.diag(1 - hs[t] ** 2)"),
        "the product starts from ones everywhere, not from the identity": ("np.eye(len(W_hh))", "W_hh**0"),
    },
    _SLOPE: {
        "slope factor missing": ("1 - hs[t] ** 2", "hs[t] ** 0"),
        "the slope is taken for 1 + h_t**2": ("1 - hs[t] ** 2", "1 + hs[t] ** 2"),
        "tanh taken of a state, which is a tanh already": ("hs[t] ** 2", "np.tanh(hs[t]) ** 2"),
        "the state is not squared in the slope": ("hs[t] ** 2", "hs[t]"),
        "the slope is that of a sigmoid": ("1 - hs[t] ** 2", "hs[t] * (1 - hs[t])"),
        "(1 - h_t)**2 in the place of 1 - h_t**2": ("1 - hs[t] ** 2", "(1 - hs[t]) ** 2"),
    },
    _COUNT: {
        "each factor replaces those before: only one is left": ("product @ J_t", "J_t"),
        "the factors are added, not multiplied": ("product @ J_t", "product + J_t"),
        "the product starts from zeros and stays there": ("np.eye(len(W_hh))", "0 * W_hh"),
        "the product starts from W_hh, not from the identity": ("np.eye(len(W_hh))", "W_hh"),
        "the last Jacobian used for every step": ("hs[t]", "hs[-1]"),
        "slopes of h_{t-1} where those of h_t belong": _BEFORE,
        "lag off by one: one factor too many": _TOO_MANY,
        "lag off by one: one factor too few": (_STEPS, "range(T, T - k + 1, -1)"),
        "k is ignored: all factors back to h_0": (_STEPS, "range(T, 0, -1)"),
        "for lag 0 hs[-0:] is all of hs, not nothing": (_STEPS, "range(T, T - k if k else -1, -1)"),
        "lag counted from the start: the first k steps instead of the last k": (_STEPS, "range(k, 0, -1)"),
        "the loop ends at step k: T - k factors": (_STEPS, "range(T, k, -1)"),
    },
}
_ONE = ("Begin with the identity, for lag 0.", "Write one Jacobian first and test lag 1.", *_ORDER)
_DH_DH = ("dh_T/dh_{T-k}",)
PRODUCT = Exercise("04.2", "jacobian_product", 2, _product_cases, _DH_DH, slips(_PRODUCT_SLIPS), bare=True, hints=_ONE)


# ---------------------------------------------------------------- 04.3 gradient_by_lag of a leaky cell


def _by_lag_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, B: int, D: int, H: int, leak: float) -> list[Any]:
        xs, h0 = rng.normal(0, 0.8, (T, B, D)), np.tanh(rng.normal(0, 0.8, (B, H)))
        W_xh, W_hh, b_h = rng.normal(0, 0.7, (H, D)), rng.normal(0, 1.1 / np.sqrt(H), (H, H)), rng.normal(0, 0.5, H)
        return [xs, h0, W_xh, W_hh, b_h, leak, rng.normal(size=(B, H))]

    symmetric, still = args(5, 3, 2, 4, 0.6), args(5, 3, 2, 4, 0.6)
    symmetric[3] = symmetric[3] + symmetric[3].T
    return [
        Case("T = 7, leak 0.6", tuple(args(7, 3, 2, 4, 0.6))),
        Case("T = 6, leak 0.35", tuple(args(6, 4, 3, 5, 0.35))),
        Case("T = 1", tuple(args(1, 3, 2, 4, 0.6)), True, "look at what is carried from step to step"),
        Case("leak = 1", tuple(args(5, 3, 2, 4, 1.0)), True, "look at the short path, (1 - leak) h_{t-1}"),
        Case("leak = 0", tuple(args(5, 3, 2, 4, 0.0)), True, "look at the path through tanh"),
        Case("symmetric W_hh", tuple(symmetric), True, "is W_hh transposed somewhere?"),
        Case("all states 0", zeroed(still, 0, 1, 4), True, "look at the slope of tanh"),
    ]


_WRONG_NORM = (
    "dL/dh_{T-k} has the shape (B, H), and norms[0] is the length of dh_T. Which array is it in your line?",
    "Is your number about the state of one step, or about something else of that step?",
)
_LAG_INDEX = (
    "Entry 0 belongs to lag 0: which gradient do you know before you take any step back?",
    "How many states are there, h_0 included? In which order does your loop meet them?",
)
_PATHS = "h_prev enters h_t in two places. Which factors does each of the two terms of dh_prev carry?"
_LEAK = ("Set leak = 0: h_t is h_{t-1}. Then leak = 1: a plain RNN. At which of the two are your norms right?", _PATHS)
_CANDIDATE = (
    "Set leak = 1: is the answer right? Then the mistake needs the leak to show.",
    "tanh(a_t) is n_t, not h_t. Whose square is in the slope, and what must the forward loop keep for it?",
)
_SATURATED = ("Set leak = 1 and b_h = -100: all slopes are 0, so are the norms behind norms[0]. Are yours?", _TANH)
_BACK = ("Is it right for a symmetric W_hh? For the identity?", "Which units listen to one of h_{t-1}? Sum over them.")
_START = ("Is your answer right for T = 1? And for T = 2?", "Which dh and which n_t does your second step back read?")
_FORWARD = (
    "Compare your n_1, h_1 and n_2 with the equations of the statement, for one sequence and by hand.",
    "Rows are the batch: how does the equation's W_hh h become code, and which h and which leak does each line read?",
)
_LENGTH = (
    "Compute your number for one row dh = (3, 4), and for the two rows (3, 0) and (0, 4): both are 5 long.",
    "dh is taken as one long vector: where are its squares, the sum and the root?",
)
_STATE, _GRADIENT = "h = (1 - leak) * h + leak * n_t", "dh = da @ W_hh + (1 - leak) * dh"
_SHORT, _DN, _NORM_DH = " + (1 - leak) * dh", "leak * dh\n", "np.linalg.norm(dh)"
_SLOPE_N, _ALL_SLOPED = "(1 - n_t**2) * ", "dh = (1 - n_t**2) * (da @ W_hh + (1 - leak) * dh)"
_KEEP_H = {"h, candidates = h0, []": "h, candidates, hs = h0, [], []", "n_t = np": "hs.append(h)\nn_t = np"}
_SUM_OF_DW = {"[dh_T]": "[0 * W_hh]", "dhs.append(dh)": "dhs.append(dhs[-1] + da.T @ hs.pop())"}
_SHARE = {"[dh_T]": "[]", "append(dh)": "append(da.T @ hs.pop())"}
_POWERS = {"[dh_T]": "[np.eye(len(W_hh))]", "append(dh)": "append(dhs[-1] @ W_hh)"}
_BY_LAG_SLIPS = {
    _LEAK: {
        "the short path forgotten": (_SHORT, ""),
        "the short path takes the slope of tanh, too": (_SHORT, " + (1 - leak) * (1 - n_t**2) * dh"),
        "a loss at every step, not at the last one only": (_SHORT, " + (1 - leak) * dh + dh_T"),
        "the short path takes the new dh, not the old one": (_SHORT, "\ndh = dh + (1 - leak) * dh"),
        "the slope multiplies the sum of both paths": {_SLOPE_N: "", _GRADIENT: _ALL_SLOPED},
        "the factor leak lost on the path through tanh": (_DN, "dh\n"),
        "leak and 1 - leak exchanged": ("", "leak = 1 - leak"),
        "this is the plain RNN: leak is ignored": ("", "leak = 1"),
        "leak and 1 - leak exchanged on the way back": {_DN: "(1 - leak) * dh\n", _SHORT: " + leak * dh"},
        "1 - leak is a factor of both paths": (_GRADIENT, "dh = (1 - leak) * (da @ W_hh + dh)"),
        "the short path without its factor 1 - leak": (_SHORT, " + dh"),
    },
    _CANDIDATE: {"slope taken from h_t instead of n_t": ("append(n_t)", "append(h)")},
    _SATURATED: {
        "slope taken from h_{t-1} instead of n_t": {"n_t = np": "a_t = h\nn_t = np", "append(n_t)": "append(a_t)"},
        "slope taken from the sum in the tanh, not from n_t": {"tanh(": "tanh(a_t := ", "append(n_t)": "append(a_t)"},
        "slope factor missing": (_SLOPE_N, ""),
        "tanh taken of n_t, which is a tanh already": ("n_t**2", "np.tanh(n_t) ** 2"),
        "slope written as 1 - n_t: it is not squared": ("n_t**2", "n_t"),
        "the slope is that of a sigmoid": ("1 - n_t**2", "n_t * (1 - n_t)"),
    },
    _BACK: {
        "W_hh transposed on the way back": ("da @ W_hh", "da @ W_hh.T"),
        "the slope multiplies behind W_hh": {_SLOPE_N: "", "da @ W_hh": "(1 - n_t**2) * (da @ W_hh)"},
    },
    _START: {
        "the slopes are read in the order of the forward loop": ("reversed(candidates)", "candidates"),
        "the path through tanh starts from dh_T at every step": (_DN, "leak * dh_T\n"),
    },
    _FORWARD: {
        "the forward loop is that of the plain RNN, without the leak": (_STATE, "h = n_t"),
        "leak and 1 - leak exchanged in the forward loop": (_STATE, "h = leak * h + (1 - leak) * n_t"),
        "W_hh transposed in the forward loop": ("W_hh.T", "W_hh"),
        "every step of the forward loop reads h0": ("h @ W_hh.T", "h0 @ W_hh.T"),
        "the state left out of the tanh": ("h @ W_hh.T", "0"),
        "bias forgotten in the forward loop": (" + b_h", ""),
        "the loop starts from zeros instead of h0": ("", "h0 = 0 * h0"),
    },
    _LENGTH: {
        "the largest entry taken for the length": (_NORM_DH, "np.abs(dh).max()"),
        "sum of the entries' sizes taken for the length": (_NORM_DH, "np.abs(dh).sum()"),
        "mean of the entries' sizes taken for the length": (_NORM_DH, "np.abs(dh).mean()"),
        "largest singular value taken for the length": ("norm(dh)", "norm(dh, 2)"),
        "mean of the rows' lengths, not the whole array's": ("norm(dh)", "norm(dh, axis=1).mean()"),
        "sum of the rows' lengths, not the whole array's": ("norm(dh)", "norm(dh, axis=1).sum()"),
        "a length for each sequence, not one for the whole array": ("norm(dh)", "norm(dh, axis=1)"),
        "length squared: the root is missing": ("norm(dh)", "norm(dh) ** 2"),
        "lengths divided by that of dh_T": ("return np", "return 1 / np.linalg.norm(dh_T) * np"),
        "lengths divided by B": ("return np", "return 1 / len(h0) * np"),
        "root of the mean of the squares, not of their sum": (_NORM_DH, "np.sqrt((dh**2).mean())"),
        "the gradients themselves, not their lengths": (_NORM_DH, "dh"),
    },
    _LAG_INDEX: {
        "lags in the wrong order: forward in time": ("in dhs])", "in dhs][::-1])"),
        "lag off by one: h_0 is left out": ("in dhs", "in dhs[:-1]"),
        "lag off by one: dh_T itself, lag 0, is left out": ("[dh_T]", "[]"),
    },
    _WRONG_NORM: {
        "the length of da, not of dh": ("append(dh)", "append(da)"),
        "the length of dW_hh, summed up to this lag": _KEEP_H | _SUM_OF_DW,
        "the length of one step's share of dW_hh": _KEEP_H | _SHARE,
        "the length of powers of W_hh": _POWERS,
    },
}
_KEEP = ("Forward: keep every n_t.", "Backward: dh_prev has two terms, one for each path of h_prev into h_t.", *_LEAK)
BY_LAG = Exercise("04.3", "gradient_by_lag", 2, _by_lag_cases, ("norms",), slips(_BY_LAG_SLIPS), bare=True, hints=_KEEP)


# ---------------------------------------------------------------- 04.4 clip_by_norm


def _clip_cases(rng: np.random.Generator) -> list[Case]:
    def grads(norm: float) -> list[Array]:
        arrays = [rng.normal(0, 1.0, (4, 3)), rng.normal(0, 2.5, (4, 4)), rng.normal(0, 0.4, 4)]
        return [g * norm / np.sqrt(sum((a**2).sum() for a in arrays)) for g in arrays]

    nan_last, nan_first, with_inf, above = grads(8.0), grads(6.0), grads(0.5), float(rng.uniform(15, 25))
    nan_first[0][3, 2] = nan_last[2][1] = np.nan
    with_inf[0][1, 1] = np.inf
    return [
        Case("norm above the limit", (grads(above), 3.0)),
        Case("norm far above the limit, limit 0.5", (grads(70.0), 0.5)),
        Case("norm just above the limit", (grads(5.6), 5.0)),
        Case("a NaN in the last array", (nan_last, 3.0)),
        Case("a NaN in the first array", (nan_first, 3.0)),
        Case("an inf in one array", (with_inf, 3.0)),
        Case("norm below the limit", (grads(2.0), 3.0), True, "look at what happens above the limit"),
        Case("norm far below the limit", (grads(0.5), 3.0), True, "look at what happens above the limit"),
        Case("one array only", (grads(above)[:1], 3.0), True, "how many norms has a list of arrays?"),
        Case("all entries positive", ([*map(np.abs, grads(above))], 3.0), True, "look at the negative entries"),
        Case("all gradients 0", ([np.zeros((4, 3)), np.zeros(4)], 3.0), True, "look at gradients that are not 0"),
    ]


_EACH = ("Print new / old of every entry: is it the same for all?", 'How many norms has "the norm of the gradient"?')
_BY_VALUE = (
    "Take the gradient (-3, 4) and the limit 1. Which direction should come out?",
    "Limit the length or limit the entries: which one was asked? Does every entry shrink by the same factor?",
)
_FACTOR = (
    "Clip gradients of length 5, 1.5 and 0 with the limit 2: 2, 1.5 and 0 should come out. What does?",
    "Read the factor of the equation aloud, then yours: what is it for a long gradient, and what for a short one?",
)
_NORM = (
    "Take the arrays (3) and (4, -12): their norm is 13. What does your formula give?",
    "Join all arrays into one long vector: where are its squares, the sum and the root?",
)
_CALLER = ("Print the arguments after the call. Are new arrays asked for?", "What does `*=` do to the caller's array?")
_NAN = (
    "Put a NaN into the first array, then into the last, then an inf: which two results come back, and which should?",
    "What is NaN > 5 in Python? Which single number is not finite as soon as any entry is not?",
)
_REPORT = (
    "Take a gradient of length 5 and the limit 2: which number do you hand back beside the arrays?",
    "Which norm tells you that a step was dangerous, and where in your code do you compute it?",
)
_SUM, _SQUARES = "np.sqrt(sum((g**2).sum() for g in grads))", "sum((g**2).sum() for g in grads)"
_RATIO, _LIMIT, _GUARD = "max_norm / norm", " if norm > max_norm else 1.0", "not np.isfinite(norm)"
_OWN_GUARD = {"np.isfinite(norm)": "all(np.isfinite(g).all() for g in grads)"}  # it stands beside any norm
_BY_ROW = ("factor * g", "g * (max_norm / np.sqrt((g**2).sum(-1, keepdims=True))).clip(0, 1)")
_IN_PLACE = ("clipped = [factor * g for g in grads]", "for g in grads:\n    g *= factor\nclipped = grads")
_LARGEST_NORM, _LARGEST_ENTRY = "max([np.linalg.norm(g) for g in grads])", "max([np.abs(g).max() for g in grads])"
_LARGEST_NORMS = [(_SUM, _LARGEST_NORM), (_SUM, f"np.{_LARGEST_NORM}"), {_SUM: _LARGEST_NORM} | _OWN_GUARD]
_FIRST = [(_SUM, "np.linalg.norm(grads[0])"), {_SUM: "np.linalg.norm(grads[0])"} | _OWN_GUARD]
_MEANS = [
    (_SUM, "np.sqrt(sum((g**2).mean() for g in grads))"),
    ("np.sqrt(", "np.sqrt(1 / sum(g.size for g in grads) * "),
]
_NO_GUARD = [(_GUARD, "False"), {_GUARD: "False", _RATIO + _LIMIT: "np.minimum(max_norm / norm, 1)"}]
_AFTER = [(", norm", ", min(norm, max_norm)"), ("clipped, norm", "clipped, norm * factor")]
_BESIDE_ROOT = {_SUM: _SQUARES, ", norm": ", norm**0.5"}
_GROW, _UNIT = "long gradients grow: they are multiplied by norm / limit", "the length is set to 1, not to the limit"
_IGNORED = "1 is taken for the limit: max_norm is ignored"
_TURNED = "the condition turned round: short gradients grow, long ones stay"
_ONE_SIDE = "clipped by value: only entries above the limit, negative ones go on"
_CLIP_SLIPS = {
    _EACH: {
        "each array clipped by itself": ("factor * g", "g * min(1, max_norm / np.linalg.norm(g))"),
        "each array scaled to the limit by itself": ("factor * g", "g * max_norm / (np.linalg.norm(g) + 1e-12)"),
        "each row clipped by itself": _BY_ROW,
    },
    _BY_VALUE: {
        "clipped by value: every entry by itself": ("factor * g", "np.clip(g, -max_norm, max_norm)"),
        _ONE_SIDE: ("factor * g", "np.minimum(g, max_norm)"),
    },
    _FACTOR: {
        "the arrays come back as they were: the factor is not used": ("factor * g", "1 * g"),
        _IGNORED: ("", "max_norm = 1.0"),
        _GROW: [("factor * g", "g / factor"), (_RATIO, "norm / max_norm")],
        "all arrays joined into one": ("[factor * g for g in grads]", "factor * np.hstack([g.ravel() for g in grads])"),
        "always rescaled": (_LIMIT, " if norm > 0 else 1.0"),
        "always rescaled, with a division by 0 when all gradients are 0": (_LIMIT, ""),
        _TURNED: [("norm > max_norm", "norm < max_norm"), ("norm > max_norm", "0 < norm < max_norm")],
        "the square of the norm is compared with the limit": ("norm > max_norm", "norm**2 > max_norm"),
        "short gradients become zeros": ("else 1.0", "else 0.0"),
        _UNIT: [(_RATIO, "1 / norm"), (_RATIO + _LIMIT, "1 / norm if norm > 0 else 1.0")],
        "the factor is the limit, not divided by the norm": (_RATIO, "max_norm"),
        "long gradients become zeros": (_RATIO, "0.0"),
        "zeros come back, whatever the norm": (_RATIO + _LIMIT, "0.0"),
        "norm / limit where that is below 1": (_RATIO + _LIMIT, "min(norm / max_norm, 1.0)"),
    },
    _NORM: {
        "the norm is the sum of all squares: the root is missing": (_SUM, _SQUARES),
        "the norm is the sum of the arrays' norms": (_SUM, "sum(map(np.linalg.norm, grads))"),
        "the norm is the largest of the arrays' norms": _LARGEST_NORMS,
        "the norm is the largest entry": [(_SUM, f"np.{_LARGEST_ENTRY}"), (_SUM, _LARGEST_ENTRY)],
        "the norm is the sum of the entries' sizes": (_SUM, "sum(np.abs(g).sum() for g in grads)"),
        "the norm is the root of a mean, not of a sum": _MEANS,
        "the norm is that of the first array": _FIRST,
        "the norm is that of the last array": (_SUM, "np.linalg.norm(grads[-1])"),
        "clipped with the square of the norm, its root only returned": _BESIDE_ROOT,
    },
    _CALLER: {"caller's gradients changed": _IN_PLACE},
    _NAN: {
        "the guard is missing: NaN and inf slip through": _NO_GUARD,
        "NaN is caught, inf slips through": (_GUARD, "np.isnan(norm)"),
        "inf is caught, NaN slips through": (_GUARD, "np.isinf(norm)"),
        "the guard reads the first array only": (_GUARD, "not np.isfinite(grads[0]).all()"),
        "NaN and inf replaced by numbers, not None": ("", "grads = [np.nan_to_num(g) for g in grads]"),
        "zeros instead of None": ("None, norm", "[g * 0 for g in map(np.nan_to_num, grads)], norm"),
        "the arrays as they were instead of None": ("None, norm", "[g.copy() for g in grads], norm"),
        "None alone, without the norm": ("None, norm", "None"),
    },
    _REPORT: {
        "norm returned after clipping, not before": _AFTER,
        "a norm for each array returned, not one for all": (", norm", ", [np.linalg.norm(g) for g in grads]"),
        "the square of the norm returned": ("clipped, norm", "clipped, norm**2"),
    },
}
_ALL = ("One norm for all arrays together.", "Is the norm finite? Above the limit?", *_FACTOR)
_BOTH = ("clipped", "norm")
CLIP = Exercise(
    "04.4", "clip_by_norm", 2, _clip_cases, _BOTH, slips(_CLIP_SLIPS), bare=True, arguments="left", new=True, hints=_ALL
)


# ---------------------------------------------------------------- 04.5 clipped_descent


def _descent_cases(rng: np.random.Generator) -> list[Case]:
    a, b = np.round(rng.uniform(2, 6, 2), 2)
    bowl = Source(f"lambda w: np.array([{a}, {b}, 0.8]) * w")
    wave = Source(f"lambda w: np.array([{a} * w[0]**3 - w[1], {b} * np.sin(w[1]) + w[0]])")
    start3, start2 = rng.uniform(1, 2, 3) * [1, -1, 1], rng.uniform(1.2, 2, 2) * [1, -1]
    near = 0.8 * float(np.linalg.norm([a, b, 0.8] * start3))  # clipped at first, later below it, not so the squares
    return [
        Case("a bowl", (bowl, start3, 0.1, near, 6)),
        Case("a curved surface", (wave, start2, 0.05, 2.0, 5)),
        Case("limit 0.001", (wave, start2, 0.3, 0.001, 3)),
        Case("one step", (bowl, start3, 0.1, 1.5, 1), True, "look at what is carried from step to step"),
        Case("limit never reached", (bowl, 0.1 * start3, 0.1, 5.0, 4), True, "look at where the clipping happens"),
    ]


_STEP = (
    "Work the example by hand: from 1.0, a gradient of 10 clipped to 2 leads to 0.8, then to 0.6. Where do you go?",
    "Write the lines of one training step in order: gradient, norm, clip, update. Which array does each one change?",
)
_ROUNDS = (
    "Print g and w in two rounds. Which of them should change, and which does?",
    "What is still stored from the round before, and what is read again in each round?",
)
_LENGTH_OF_G = (
    "Give it the constant gradient (3, 4): every norm is 5. What are yours?",
    "Which array is to be shortened, and what is its length: where are its squares and the root?",
)
_ROWS = (
    "How many rows has the path after 0 steps, and after 1?",
    "What do you store before the first step, and at which place of the loop do you store the rest?",
)
_ALIAS = ("Print the first row of your path before and after the loop.", "What does -= do to an array in a list?")
_WHICH_G = (
    "In the example the norms are 10 and 8. What are yours?",
    "Which g does your number belong to: before or after clipping, at the old or at the new weights?",
)
_CLIPPING, _UPDATE = "if norm > max_norm:\n    g = g * (max_norm / norm)", "w = w - lr * g"
_CLIPPED_UPDATE = "if lr * norm > max_norm:\n    g = g * (max_norm / norm / lr)"
_OF_WEIGHTS = {_CLIPPING: "", _UPDATE: "w = w - lr * g\nw = w * min(1, max_norm / np.linalg.norm(w))"}
_ADD_UP = {"path, norms = [w]": "total, path, norms = 0, [w]", "g = gradient": "g = total = total + gradient"}
_ONCE = {"": "start = 1 * w", "gradient(w)": "gradient(start)"}
_COPIED = {"[w], []": "[w.copy()], []", _UPDATE: "w = path[-1] if path[1:] else w\nw -= lr * g"}
_COPIES = {_UPDATE: "w -= lr * g", "path.append(w)": "path.append(w.copy())"}
_BEFORE_UPDATE = ("w = w - lr * g\npath.append(w)", "path.append(w)\nw = w - lr * g")
_DESCENT_SLIPS = {
    _STEP: {
        "the step is made with the gradient as it was before clipping": (_CLIPPING, ""),
        "a step up the gradient": ("w - lr * g", "w + lr * g"),
        "the learning rate is left out": ("w - lr * g", "w - g"),
        "the update lr * g is clipped, not g": (_CLIPPING, _CLIPPED_UPDATE),
        "the weights are clipped, not the gradient": _OF_WEIGHTS,
    },
    _ROUNDS: {
        "old gradients kept: they add up": _ADD_UP,
        "the gradient is computed once, not at every step": _ONCE,
    },
    _BY_VALUE: {"clipped by value: every entry by itself": (_CLIPPING, "g = np.clip(g, -max_norm, max_norm)")},
    _FACTOR: {
        "always rescaled": ("norm > max_norm", "norm > 0"),
        _TURNED: ("norm > max_norm", "norm < max_norm"),
        "the square of the norm is compared with the limit": ("norm > max_norm", "norm**2 > max_norm"),
        _UNIT: [("max_norm / norm", "1 / norm"), (_CLIPPING, "g = g / norm")],
        "the factor is the limit, not divided by the norm": ("max_norm / norm", "max_norm"),
        _GROW: ("max_norm / norm", "norm / max_norm"),
        "long gradients become zeros": ("max_norm / norm", "0"),
        "norm / limit where that is below 1": (_CLIPPING, "g = g * min(1.0, norm / max_norm)"),
        _IGNORED: ("", "max_norm = 1.0"),
    },
    _LENGTH_OF_G: {
        "the norm is that of the weights, not of the gradient": ("norm(g)", "norm(w)"),
        "the norm is the sum of all squares: the root is missing": ("norm(g)", "norm(g) ** 2"),
        "the norm is the sum of the entries' sizes": ("np.linalg.norm(g)", "np.abs(g).sum()"),
        "the norm is the largest entry": ("np.linalg.norm(g)", "np.abs(g).max()"),
    },
    _ALIAS: {
        "the same array in every row of the path": [(_UPDATE, "w -= lr * g"), _COPIED],
        "w changed in place: the start in the path is overwritten": _COPIES,
    },
    _ROWS: {
        "the start left out of the path": ("[w], []", "[], []"),
        "w stored before the update: the start twice, the last w missing": _BEFORE_UPDATE,
        "the last w left out of the path": ("path)", "path[:-1])"),
        "one step too many": ("range(steps)", "range(steps + 1)"),
    },
    _WHICH_G: {
        "norms reported after clipping, not before": ("(norm)\n", "(np.linalg.norm(g))\n"),
        "norms reported at the new weights, one step late": ("(norm)\n", "(np.linalg.norm(gradient(w)))\n"),
        "the last norm alone, not all of them": ("np.array(norms)", "norm"),
    },
}
_TURN = ("One turn of the loop: gradient, norm, clip, update, store.", *_STEP)
_WALK = ("path", "norms")
DESCENT = Exercise(
    "04.5", "clipped_descent", 1, _descent_cases, _WALK, slips(_DESCENT_SLIPS), bare=True, arguments="free", hints=_TURN
)


# ---------------------------------------------------------------- 04.6 POWERS and 04.7 DIAGNOSIS: values


def _as_text(_case: Case, result: Any) -> dict[str, str]:
    """Numbers as words, so that a message shows what came, not what was expected."""
    if not isinstance(result, dict) or set(result) != {"largest at", "below 1 from"}:
        raise ValueError("expected a dict with the keys 'largest at', 'below 1 from'")
    try:
        return {key: f"power {float(value):g}" for key, value in result.items()}
    except (TypeError, ValueError):
        raise ValueError(f"expected two whole numbers, got {list(result.values())}") from None


_BY_HAND = (
    "Compute the upper right entry of A, A @ A, A @ A @ A and one more by hand.",
    "A^k = 0.7^k [[1, k c], [0, 1]]: which factor grows, which one shrinks?",
)
_BELOW = (
    "Compute the norm for your k, for k - 1 and for k + 1. Which of the three is the first one below 1?",
    "Which power is the first in your list? A^1 is A itself.",
)
_POWERS_SLIPS = {
    _BY_HAND: {
        "eigenvalues below 1 taken to shrink every vector at once": {"3": "1", "15": "1"},
        "the numbers of the lecture's matrix": {"3": "1", "15": "8"},
        "the first power taken for the largest": ("3", "1"),
    },
    _BELOW: {
        "powers counted from 0": {"3": "2", "15": "14"},
        "below 1 from: one power too early, there the norm is still above 1": ("15", "14"),
        "below 1 from: one power too late, the one before is below 1 already": ("15", "16"),
        "below 1 from: the factor k is left out of the norm": [("15", "6"), ("15", "7")],
    },
}
_SHEAR = ("Write A as 0.7 [[1, c], [0, 1]] with c = 8 / 0.7.", "The power k of [[1, c], [0, 1]] is [[1, k c], [0, 1]].")
POWERS = Exercise("04.6", "POWERS", 1, outputs=("POWERS",), slips=slips(_POWERS_SLIPS), view=_as_text, hints=_SHEAR)

_PLOTS = (
    "Which of the curves fall? For those: is the slope 1 - h^2 the reason, or the weights?",
    "A median slope near 1 means that tanh hardly squeezes: then only W_hh can shrink the gradient.",
    "A median slope near 0 means saturation: then even large weights vanish.",
)
_RISING = (
    "The axis is the lag: to the right is further back. Where is the gradient larger, at lag 0 or at lag 100?",
    "Slopes below 1 shrink, W_hh stretches: the curve shows which of the two wins.",
)
_USABLE = (
    "Read the axis: how large is the gradient at lag 50, and at lag 100? Healthy is neither too small nor too large.",
    "The slope is one factor of the Jacobian. Which one is the other?",
)
_SMALL = "small weights"
_NEAR_1 = [{_SMALL: "healthy", "healthy": _SMALL}, (_SMALL, "healthy")]
_GROWING = [{"exploding": "healthy", "healthy": "exploding"}, ("exploding", "healthy")]
_DIAGNOSIS_SLIPS = {
    _PLOTS: {
        "saturation and small weights exchanged": {"saturation": _SMALL, _SMALL: "saturation"},
        "every falling curve has the same cause": [("saturation", _SMALL), (_SMALL, "saturation")],
    },
    _USABLE: {
        "a slope near 1 taken for a healthy gradient": _NEAR_1,
        "a growing gradient taken for a healthy one": _GROWING,
        "a vanishing gradient taken for a healthy one": ("saturation", "healthy"),
        "a healthy gradient taken for a vanishing one": [("healthy", "saturation"), ("healthy", _SMALL)],
    },
    _RISING: {
        "growing and falling curves exchanged": {"saturation": "exploding", "exploding": "saturation"},
        "a falling curve taken for a growing one": [("saturation", "exploding"), (_SMALL, "exploding")],
        "a network with low slopes cannot explode": ("exploding", "saturation"),
        "a growing curve taken for a falling one": ("exploding", _SMALL),
    },
}
DIAGNOSIS = Exercise("04.7", "DIAGNOSIS", 1, outputs=("DIAGNOSIS",), slips=slips(_DIAGNOSIS_SLIPS), hints=_PLOTS)

EXERCISES = (RADIUS, PRODUCT, BY_LAG, CLIP, DESCENT, POWERS, DIAGNOSIS)
