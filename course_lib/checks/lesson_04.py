"""Lesson 04: how far five loops reach, a product of Jacobians, gradient by lag, clipping and its limit."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import numpy as np

from course_lib.checks.exercise import AND_ALSO, Case, Exercise, slips
from course_lib.checks.inputs import zeroed

Array = np.ndarray


# ---------------------------------------------------------------- 04.1 REACH: a value


def _as_order(_case: Case, result: Any) -> dict[str, str]:
    """Five letters as one word, whether they came as a string, with commas, or as a list."""
    word = "".join(re.findall(r"\w", "".join(map(str, result)))).upper()
    if sorted(word) != list("ABCDE"):
        raise ValueError(f"expected the five letters A to E, each of them once, got {result!r}")
    return {"the order": " ".join(word)}


_SLOPES = (
    "Write the Jacobian of C with its slopes: which number stands on its diagonal?",
    "Which two things make up a factor of the product, and which of them have you ranked by?",
)
_MANY_WORDS = (
    "Multiply (1, 2) by the Jacobian of D once, then once more, each time as `dh @ J`. What is left?",
    "Multiply (1, 2) by the Jacobian of E three times: by which factor does its length grow from the second word on?",
    "Is your number about one word, or about what each further word does in the long run?",
)
_ROTATES = (
    "Multiply (1, 2) by the Jacobian of B, and take the length before and after. And twice?",
    "Can a matrix with zeros on its diagonal keep a length? What does B do to a vector?",
)
_FIRST_IS_LARGEST = ("Which share of (1, 2) is left in your first loop, and which in your last?",)
_FIRST_IS_LARGEST += ("In which direction does the statement ask you to rank?",)
_REACH_SLIPS = {
    _SLOPES: {
        "ranked by the weights alone: the slopes are left out": ("EBACD", "CEBAD"),
        "ranked by the diagonal of W_hh, without the slopes": [("EBACD", "CAEBD"), ("EBACD", "CAEDB")],
        "ranked by what one word does, without the slopes": ("EBACD", "DCEBA"),
    },
    _MANY_WORDS: {
        "ranked by the largest entry of W_hh": ("EBACD", "DCBAE"),
        "ranked by what one word does, not seventeen": ("EBACD", "DEBAC"),
        "entries below 1 taken for a gradient that shrinks": ("EBACD", "BAECD"),
    },
    _ROTATES: {
        "the rotation taken for a loop that loses the gradient": [("EBACD", "EACBD"), ("EBACD", "EACDB")],
        "ranked by the diagonal of the Jacobian": [("EBACD", "AECBD"), ("EBACD", "AECDB")],
    },
    _FIRST_IS_LARGEST: {"ranked from the smallest share to the largest": ("EBACD", "DCABE")},
}
_HOW = (
    "Each Jacobian is the same at every word, so seventeen words are its power 17.",
    "A loop whose Jacobian only stretches or turns needs no computation. Which two are left?",
    *_SLOPES,
)
REACH = Exercise("04.1", "REACH", 1, outputs=("REACH",), slips=slips(_REACH_SLIPS), view=_as_order, hints=_HOW)


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
_LAST, _DIAG = "hs[len(hs) - k :]", "(1 - h_t**2)[:, None] * W_hh"
_WALK_BACK = {_LAST: f"{_LAST}[::-1]", "J_t @ product": "product @ J_t"}  # from the last state to the first
_BY_ENTRY = [("J_t @ product", "J_t * product"), (_DIAG, "np.diag(1 - h_t**2) * W_hh")]
_ONE_LEFT = [("J_t @ product", "J_t"), {_LAST: f"{_LAST}[::-1]", "J_t @ product": "J_t"}]
_ONES = [("np.eye(len(W_hh))", "W_hh**0"), _WALK_BACK | {"np.eye(len(W_hh))": "W_hh**0"}]
_FROM_W = [("np.eye(len(W_hh))", "W_hh"), _WALK_BACK | {"np.eye(len(W_hh))": "W_hh"}]
_FIND = (
    "Which lag has the simplest answer of all? Try it with two units.",
    "With one unit, at lag 1 and where all factors are equal, no order can be wrong. Which input is left?",
)
_SUSPECT = "the suspect, both faults in it: one shows at a single lag, the other needs two units and states that move"
_PRODUCT_SLIPS = {
    _FIND: {_SUSPECT: {_LAST: "hs[-k:]", "J_t @ product": "product @ J_t"}},
    _ORDER: {"Jacobians multiplied in the wrong order": ("J_t @ product", "product @ J_t")},
    _TRANSPOSED: {
        "Jacobian transposed: W_hh.T in every factor": ("* W_hh", "* W_hh.T"),
        "Jacobian transposed: each factor as a whole": ("J_t @", "J_t.T @"),
        "Jacobian transposed: the result as a whole": ("return product", "return product.T"),
    },
    _MATRIX: {
        "slope factor on the wrong side: it scales columns, not rows": ("[:, None]", "[None]"),
        "entry by entry (*), not a matrix product: the diagonal is left": _BY_ENTRY,
        "W_hh left out of the factors": (_DIAG, "np.diag(1 - h_t**2)"),
        "the product starts from ones everywhere, not from the identity": _ONES,
    },
    _SLOPE: {
        "slope factor missing": ("1 - h_t**2", "h_t**0"),
        "the slope is taken for 1 + h_t**2": ("1 - h_t**2", "1 + h_t**2"),
        "tanh taken of a state, which is a tanh already": ("h_t**2", "np.tanh(h_t) ** 2"),
        "the state is not squared in the slope": ("h_t**2", "h_t"),
        "the slope is that of a sigmoid": ("1 - h_t**2", "h_t * (1 - h_t)"),
        "(1 - h_t)**2 in the place of 1 - h_t**2": ("1 - h_t**2", "(1 - h_t) ** 2"),
    },
    _COUNT: {
        "each factor replaces those before: only one is left": _ONE_LEFT,
        "the factors are added, not multiplied": ("J_t @ product", "J_t + product"),
        "the product starts from zeros and stays there": ("np.eye(len(W_hh))", "0 * W_hh"),
        "the product starts from W_hh, not from the identity": _FROM_W,
        "the last Jacobian used for every step": ("h_t**2", "hs[-1] ** 2"),
        "slopes of h_{t-1} where those of h_t belong": (_LAST, "hs[len(hs) - k - 1 : -1]"),
        "lag off by one: one factor too many": (_LAST, "hs[len(hs) - k - 1 :]"),
        "lag off by one: one factor too few": (_LAST, "hs[len(hs) - k + 1 :]"),
        "k is ignored: all factors back to h_0": (_LAST, "hs[1:]"),
        "for lag 0 hs[-0:] is all of hs, not nothing": (_LAST, "hs[-k:]"),
        "for lag 0 one factor is left in, there should be none": (_LAST, "hs[-max(k, 1) :]"),
        "lag counted from the start: the first k steps instead of the last k": (_LAST, "hs[1 : k + 1]"),
        "the loop ends at step k: T - k factors": (_LAST, "hs[k + 1 :]"),
    },
}
_DH_DH, _ALSO = ("dh_T/dh_{T-k}",), (*_FIND, *_ORDER)
PRODUCT = Exercise("04.2", "jacobian_product", 2, _product_cases, _DH_DH, slips(_PRODUCT_SLIPS), bare=True, hints=_ALSO)


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
    "tanh(a_t) is u_t, not h_t. Whose square is in the slope, and what must the forward loop keep for it?",
)
_SATURATED = ("Set leak = 1 and b_h = -100: all slopes are 0, so are the norms behind norms[0]. Are yours?", _TANH)
_BACK = ("Is it right for a symmetric W_hh? For the identity?", "Which units listen to one of h_{t-1}? Sum over them.")
_START = ("Is your answer right for T = 1? And for T = 2?", "Which dh and which u_t does your second step back read?")
_FORWARD = (
    "Compare your u_1, h_1 and u_2 with the equations of the statement, for one sequence and by hand.",
    "Rows are the batch: how does the equation's W_hh h become code, and which h and which leak does each line read?",
)
_LENGTH = (
    "Compute your number for one row dh = (3, 4), and for the two rows (3, 0) and (0, 4): both are 5 long.",
    "dh is taken as one long vector: where are its squares, the sum and the root?",
)
_TWO_LENGTHS = (
    "The two paths bring (3, 0) and (-3, 0) to one state: how long is the gradient there, and what do you get?",
    "At which line of your code do two gradients become one? Where is the length taken, before it or behind it?",
)
_STATE, _GRADIENT = "h = (1 - leak) * h + leak * u_t", "dh = da_t @ W_hh + (1 - leak) * dh"
_SHORT, _DN, _NORM_DH = " + (1 - leak) * dh", "leak * dh\n", "np.linalg.norm(dh)"
_SLOPE_U, _ALL_SLOPED = "(1 - u_t**2) * ", "dh = (1 - u_t**2) * (da_t @ W_hh + (1 - leak) * dh)"
_KEEP_H = {"h, candidates = h0, []": "h, candidates, hs = h0, [], []", "u_t = np": "hs.append(h)\nu_t = np"}
_SUM_OF_DW = {"[dh_T]": "[0 * W_hh]", "dhs.append(dh)": "dhs.append(dhs[-1] + da_t.T @ hs.pop())"}
_SHARE = {"[dh_T]": "[]", "append(dh)": "append(da_t.T @ hs.pop())"}
_POWERS = {"[dh_T]": "[np.eye(len(W_hh))]", "append(dh)": "append(dhs[-1] @ W_hh)"}
_OF_EACH = "of_each = np.linalg.norm(da_t @ W_hh) + np.linalg.norm((1 - leak) * dh)\n"
_BY_LAG_SLIPS = {
    _LEAK: {
        "the short path forgotten": (_SHORT, ""),
        "the short path takes the slope of tanh, too": (_SHORT, " + (1 - leak) * (1 - u_t**2) * dh"),
        "a loss at every step, not at the last one only": (_SHORT, " + (1 - leak) * dh + dh_T"),
        "the short path takes the new dh, not the old one": (_SHORT, "\ndh = dh + (1 - leak) * dh"),
        "the slope multiplies the sum of both paths": {_SLOPE_U: "", _GRADIENT: _ALL_SLOPED},
        "the factor leak lost on the path through tanh": (_DN, "dh\n"),
        "leak and 1 - leak exchanged": ("", "leak = 1 - leak"),
        "this is the plain RNN: leak is ignored": ("", "leak = 1"),
        "leak and 1 - leak exchanged on the way back": {_DN: "(1 - leak) * dh\n", _SHORT: " + leak * dh"},
        "1 - leak is a factor of both paths": (_GRADIENT, "dh = (1 - leak) * (da_t @ W_hh + dh)"),
        "the short path without its factor 1 - leak": (_SHORT, " + dh"),
    },
    _CANDIDATE: {"slope taken from h_t instead of u_t": ("append(u_t)", "append(h)")},
    _SATURATED: {
        "slope taken from h_{t-1} instead of u_t": {"u_t = np": "a_t = h\nu_t = np", "append(u_t)": "append(a_t)"},
        "slope taken from the sum in the tanh, not from u_t": {"tanh(": "tanh(a_t := ", "append(u_t)": "append(a_t)"},
        "slope factor missing": (_SLOPE_U, ""),
        "tanh taken of u_t, which is a tanh already": ("u_t**2", "np.tanh(u_t) ** 2"),
        "slope written as 1 - u_t: it is not squared": ("u_t**2", "u_t"),
        "the slope is that of a sigmoid": ("1 - u_t**2", "u_t * (1 - u_t)"),
    },
    _BACK: {
        "W_hh transposed on the way back": ("da_t @ W_hh", "da_t @ W_hh.T"),
        "the slope multiplies behind W_hh": {_SLOPE_U: "", "da_t @ W_hh": "(1 - u_t**2) * (da_t @ W_hh)"},
    },
    _START: {
        "the slopes are read in the order of the forward loop": ("reversed(candidates)", "candidates"),
        "the path through tanh starts from dh_T at every step": (_DN, "leak * dh_T\n"),
    },
    _FORWARD: {
        "the forward loop is that of the plain RNN, without the leak": (_STATE, "h = u_t"),
        "leak and 1 - leak exchanged in the forward loop": (_STATE, "h = leak * h + (1 - leak) * u_t"),
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
    _TWO_LENGTHS: {
        "the lengths of the two paths are added: take the length of their sum": {
            _GRADIENT: _OF_EACH + _GRADIENT,
            "append(dh)": "append(of_each)",
        }
    },
    _LAG_INDEX: {
        "lags in the wrong order: forward in time": ("in dhs])", "in dhs][::-1])"),
        "lag off by one: h_0 is left out": ("in dhs", "in dhs[:-1]"),
        "lag off by one: dh_T itself, lag 0, is left out": ("[dh_T]", "[]"),
    },
    _WRONG_NORM: {
        "the length of da_t, not of dh": ("append(dh)", "append(da_t)"),
        "the length of dW_hh, summed up to this lag": _KEEP_H | _SUM_OF_DW,
        "the length of one step's share of dW_hh": _KEEP_H | _SHARE,
        "the length of powers of W_hh": _POWERS,
    },
}
_KEEP = ("Forward: keep every u_t.", "Backward: dh_prev has two terms, one for each path of h_prev into h_t.", *_LEAK)
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
        "None for the norm, too": ("None, norm", "None, None"),
        "a list of None in the place of one None": ("None, norm", "[None] * len(grads), norm"),
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


# ---------------------------------------------------------------- 04.5 LIMITS: a value

#: the norms of 24 updates, as the statement shows them: plain descent of the lecture at the distances 8 and 17
AT_8 = [0.11, 0.34, 0.29, 0.21, 0.22, 0.30, 0.63, 1.36, 2.74, 0.40, 0.44, 0.48]
AT_8 += [1.01, 5.57, 0.35, 0.18, 0.23, 0.24, 0.33, 0.34, 0.17, 0.15, 0.47, 0.26]
AT_17 = [0.10, 0.17, 0.12, 0.25, 0.21, 0.17, 0.16, 0.19, 0.16, 0.10, 0.14, 0.08]
AT_17 += [0.16, 0.12, 0.15, 0.09, 0.10, 0.13, 0.18, 0.12, 0.19, 0.28, 0.27, 0.18]
RUNS = {"A": np.array(AT_8), "B": 32 * np.array(AT_8), "C": np.array(AT_17)}


def _as_effect(_case: Case, result: Any) -> dict[str, str]:
    """What each limit does to its run, in words."""
    if not isinstance(result, dict) or set(result) != set(RUNS):
        raise ValueError("expected a dict with the keys 'A', 'B', 'C'")
    return {name: _effect(name, result[name]) for name in RUNS}


def _effect(name: str, limit: Any) -> str:
    if limit is None:
        return "no limit"
    try:
        limit = float(limit)
    except (TypeError, ValueError):
        raise ValueError(f"expected a number or None for run {name}, got {limit!r}") from None
    if not limit > 0:
        raise ValueError(f"expected a limit above 0 for run {name}, got {limit:g}")
    norms = RUNS[name]
    if limit == np.inf:
        return "no limit"
    if name == "C":
        return "a limit"
    if limit >= norms.max():
        return "nothing is shortened"
    if limit > 10 * np.median(norms):
        return "more than ten times the median passes"
    return "more than a quarter is shortened" if np.mean(norms > limit) > 0.25 else "long gradients only"


_READ = (
    "Sort the norms of the run. What is its median, and above which number does the longest quarter begin?",
    "Count how many of the 24 norms lie above your limit. How many may it be?",
)
_HABIT = (
    "Compute the median of B. How does a limit of 1 or 5, the habit of many texts, compare with it?",
    "Count how many of the 24 norms lie above your limit. How many may it be?",
    "B has the same updates as A, measured with another loss. What must happen to the limit?",
)
_PASSES = (
    "Which gradient of the run is the longest, and how long is it after your clipping?",
    "Ten times the median: which number is that here? Is what you let through below it?",
)
_NOTHING_LONG = (
    "How many times the median is the longest gradient of C?",
    "C does not learn. Are its gradients too long, or is something missing in them that no factor below 1 can add?",
)
_LONG_ONES = ("Compare the longest norm of the run with its median.", "In which of the runs is a limit of use at all?")
_LIMITS_SLIPS = {
    _READ: {"run A: the limit lies among the usual norms, or below them": ("1.0", "0.2")},
    _HABIT: {"run B: the limit lies among the usual norms, or below them": ("32.0", "1.0")},
    _PASSES: {
        "run A: the limit is so high that a spike passes": ("1.0", "5.0"),
        "run B: the limit is so high that a spike passes": ("32.0", "160.0"),
        "run A: no gradient is as long as the limit, so nothing is clipped": ("1.0", "10.0"),
        "run B: no gradient is as long as the limit, so nothing is clipped": ("32.0", "320.0"),
    },
    _LONG_ONES: {
        "run A: spikes of more than ten times the usual norm, and no limit": ("1.0", "None"),
        "run B: spikes of more than ten times the usual norm, and no limit": ("32.0", "None"),
    },
    _NOTHING_LONG: {"run C: a limit for a run in which nothing is too long": ("None", "0.2")},
}
_ONE_FAULT = sorted((name, *edit) for family in _LIMITS_SLIPS.values() for name, edit in family.items())
_THREE = [three for three in combinations(_ONE_FAULT, 3) if len({right for _, right, _ in three}) == 3]
_ALL_WRONG = {AND_ALSO.join(name for name, *_ in three): dict(edit for _, *edit in three) for three in _THREE}
_LIMITS_ALL = (*slips(_LIMITS_SLIPS), *slips({(*_READ, *_NOTHING_LONG): _ALL_WRONG}, alone=True))
_MEDIAN = ("np.median and np.sort of a run tell nearly everything.", *_READ, *_NOTHING_LONG)
LIMITS = Exercise("04.5", "LIMITS", 1, outputs=("LIMITS",), slips=_LIMITS_ALL, view=_as_effect, hints=_MEDIAN)


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
    "Write A as 0.7 [[1, c], [0, 1]]: how does the power k of each factor change with k?",
)
_BELOW = (
    "Compute the norm for your k, for k - 1 and for k + 1. Which of the three is the first one below 1?",
    "Which power is the first in your list? A^1 is A itself.",
)
_ABOVE_1 = (*range(1, 6), *range(8, 15))  # 6 and 7 have a reason of their own
_POWERS_SLIPS = {
    _BY_HAND: {
        "eigenvalues below 1 taken to shrink every vector at once": {"3": "1", "15": "1"},
        "the numbers of the lecture's matrix": {"3": "1", "15": "8"},
        "the first power taken for the largest": ("3", "1"),
        "largest at: the power beside it is larger": [("3", "2"), ("3", "4")],
    },
    _BELOW: {
        "powers counted from 0": {"3": "2", "15": "14"},
        "below 1 from: too early, there the norm is still above 1": [("15", str(k)) for k in _ABOVE_1],
        "below 1 from: too late, the power before is below 1 already": [("15", str(k)) for k in range(16, 31)],
        "below 1 from: the factor k is left out of the norm": [("15", "6"), ("15", "7")],
    },
}
_SHEAR = ("Write A as 0.7 [[1, c], [0, 1]] with c = 8 / 0.7.", "Square [[1, c], [0, 1]] by hand. And its third power?")
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
        "low slopes taken for a gradient that vanishes": ("exploding", "saturation"),
        "a growing curve taken for a falling one": ("exploding", _SMALL),
    },
}
DIAGNOSIS = Exercise("04.7", "DIAGNOSIS", 1, outputs=("DIAGNOSIS",), slips=slips(_DIAGNOSIS_SLIPS), hints=_PLOTS)

EXERCISES = (REACH, PRODUCT, BY_LAG, CLIP, LIMITS, POWERS, DIAGNOSIS)
