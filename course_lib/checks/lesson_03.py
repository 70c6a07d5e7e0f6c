"""Lesson 03: the backward pass of a leaky cell, BPTT, truncation, gradient checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Source

Array, Rng = np.ndarray, np.random.Generator

# ---------------------------------------------------------------- one step backward, as it stands in 03.1 and in 03.2

_SLOPE = (
    "Compare with a finite difference at large and at tiny weights: when does the error vanish?",
    "Between h_t and the sum a_t stands a tanh. Does this gradient start from the one at a_t, behind its slope?",
)
_FORMULA = (
    "What should the slope of tanh be at 0, and what near 1 and -1? What is yours there?",
    "Which value came out of the tanh that you differentiate? Print it beside the one that your formula takes.",
)
_TURNED = (
    "Set W_hh = 0: may any gradient come back through the tanh? Then put a single 1 off the diagonal of each matrix.",
    "Forward, unit j feeds unit i through W[i, j], and the line holds W.T. What does the line backward hold?",
)
_DW_TURNED = ("Nudge one off-diagonal weight: which entry reacts?", "W[i, j] leads from j to i: which one is da_t's?")
_STATE = ("Set the state before to zero: what should dW_hh be?", "Which state was multiplied by W_hh to make h_t?")
_DB = ("Which shape must db_h have?", "The one bias serves all rows: over which axis is it copied?")
_MEAN = ("Print the ratio to the right gradient for several B, T, k.", "Where does the loss divide: here, or before?")
_PATH = (
    "Set W_hh = 0: by which factor does h_prev still reach h_t, and what does your gradient say?",
    "h_prev stands in the equation of the step twice. Which two terms does its gradient have?",
    "Does a line above write into dh_t, so that the direct path reads another dh_t than the one that came?",
)
_LEAK = (
    "Compare leak = 1 with leak = 0.1: which gradients should shrink, and which of yours do?",
    "For leak = 0, h_t is h_prev. Which gradients must then be zero, and which of yours are?",
    "Write the factor in front of the tanh and the one in front of h_prev. Walk each term backward.",
)
_USES = {
    "dx_t": "da_t @ W_xh",
    "dh_prev": "da_t @ W_hh",
    "dW_xh": "da_t.T @ x_t",
    "dW_hh": "da_t.T @ h_prev",
    "db_h": "da_t.sum",
}


def _starts(name: str, start: str) -> dict[str, tuple[str, str]]:
    """One result starts from something else than da_t."""
    return {name.format(result): (use, use.replace("da_t", start)) for result, use in _USES.items()}


_SUM_OF, _MIXED = "da_t.sum(axis=0)", "((1 - leak) * h_prev + leak * u_t)"
_OVER = "dW_xh, dW_hh, db_h = (g / {} for g in (dW_xh, dW_hh, db_h))\nreturn "
_PAST, _PLAIN = "(1 - leak) * dh_t", {"leak * dh_t": "dh_t", " + (1 - leak) * dh_t": ""}
_BACKWARD_SLIPS = {
    _SLOPE: {
        "tanh derivative missing": (" * (1 - u_t**2)", ""),
        "tanh derivative missing in dW_xh and dW_hh": {
            "da_t.T @ x_t": "du_t.T @ x_t",
            "da_t.T @ h_prev": "du_t.T @ h_prev",
        },
        **_starts("tanh derivative missing in {}", "du_t"),
        **_starts("{} starts from dh_t, with neither leak nor the tanh derivative", "dh_t"),
    },
    _FORMULA: {
        "tanh derivative written as 1 - u": ("1 - u_t**2", "1 - u_t"),
        "sigmoid's derivative u (1 - u) used for the tanh": ("1 - u_t**2", "u_t * (1 - u_t)"),
        "tanh derivative taken of the tanh's output": ("1 - u_t**2", "1 - np.tanh(u_t) ** 2"),
        "tanh derivative with a plus sign": ("1 - u_t**2", "1 + u_t**2"),
        "tanh derivative with its sign reversed": ("1 - u_t**2", "u_t**2 - 1"),
        "divided by the tanh derivative": ("* (1 - u_t**2)", "/ (1 - u_t**2)"),
        "tanh derivative with the value before the tanh": ("1 - u_t**2", "1 - np.arctanh(u_t) ** 2"),
        "tanh derivative taken at the old state": ("1 - u_t**2", "1 - h_prev**2"),
        "tanh derivative taken at h_t, after the old state is mixed in": ("1 - u_t**2", f"1 - {_MIXED} ** 2"),
    },
    _LEAK: {
        "the factor leak in front of the tanh is left out": ("leak * dh_t", "dh_t"),
        "the way through the tanh carries 1 - leak in place of leak": ("leak * dh_t", _PAST),
        "leak and 1 - leak are exchanged on the way back": {"leak * dh_t": _PAST, _PAST: "leak * dh_t"},
        "this is the backward of the plain RNN: leak is ignored": _PLAIN,
        "this is the lecture's backward: leak is ignored, and the slope is taken at h_t": {
            **_PLAIN,
            "1 - u_t**2": f"1 - {_MIXED} ** 2",
        },
        **_starts("the factor leak is missing in {}", "(da_t / leak)"),
    },
    _PATH: {
        "the direct path from h_prev to h_t is left out": (" + (1 - leak) * dh_t", ""),
        "the direct path carries dh_t without its factor": (_PAST, "dh_t"),
        "the direct path carries leak in place of 1 - leak": (_PAST, "leak * dh_t"),
        "the direct path carries the factor leak too": (_PAST, "(1 - leak) * du_t"),
        "the direct path goes through the tanh too": [
            (_PAST, "(1 - leak) * da_t"),
            (_PAST, "(1 - leak) * da_t / leak"),
        ],
    },
    _TURNED: {
        "dh_prev is not multiplied by W_hh": ("da_t @ W_hh", "da_t"),
        "dh_prev is multiplied by W_hh.T, not by W_hh": ("da_t @ W_hh", "da_t @ W_hh.T"),
        "dx_t is multiplied by W_xh.T, not by W_xh": ("da_t @ W_xh", "da_t @ W_xh.T"),
    },
    _DW_TURNED: {
        "dW_xh transposed": ("da_t.T @ x_t", "x_t.T @ da_t"),
        "dW_hh transposed": ("return ", "dW_hh = dW_hh.T\nreturn "),
    },
    _DB: {"db_h summed to one number": (_SUM_OF, "da_t.sum()")},
    _MEAN: {
        "db_h averaged over the batch": (_SUM_OF, "da_t.mean(axis=0)"),
        "dW_xh divided by B": ("da_t.T @ x_t", "da_t.T @ x_t / len(x_t)"),
        "dW_hh divided by B": ("da_t.T @ h_prev", "da_t.T @ h_prev / len(x_t)"),
        "dW_xh, dW_hh and db_h divided by B": ("return ", _OVER.format("len(x_t)")),
    },
    _STATE: {"dW_hh uses u_t where h_prev belongs": ("da_t.T @ h_prev", "da_t.T @ u_t")},
}

# ---------------------------------------------------------------- 03.1 h_t = (1 - leak) h_prev + leak tanh(a_t)


def _weights(rng: Rng, D: int, H: int) -> tuple[Array, Array, Array]:
    return rng.normal(0, 0.5, (H, D)), rng.normal(0, 0.6, (H, H)), rng.normal(0, 0.5, H)


def _step_args(rng: Rng, B: int = 3, D: int = 5, H: int = 4, leak: float = 0.4, size: float = 1.0) -> tuple[Any, ...]:
    W_xh, W_hh, b_h = _weights(rng, D, H)
    dh_t, x_t, h_prev = (rng.normal(0, 0.8, (B, n)) for n in (H, D, H))
    return dh_t, size * x_t, size * h_prev, W_xh, W_hh, size * b_h, leak


def _step_cases(rng: Rng) -> list[Case]:
    dh, x, h, W_xh, W_hh, b, leak = _step_args(rng)
    return [
        Case("B = 3, D = 5, H = 4", (dh, x, h, W_xh, W_hh, b, leak)),
        Case("B = D = H = 3", _step_args(rng, 3, 3, 3, 0.7)),
        Case("leak = 1", (dh, x, h, W_xh, W_hh, b, 1.0), True, "look at every place where leak belongs"),
        Case("h_prev = 0", (dh, x, 0 * h, W_xh, W_hh, b, leak), True, "look at the terms that contain h_prev"),
        Case("B = 1", (dh[:1], x[:1], h[:1], W_xh, W_hh, b, leak), True, "look at the sums over the batch"),
        Case("tiny values", _step_args(rng, size=1e-5), True, "look at the slope of the tanh"),
        Case("W_hh = 0", (dh, x, h, W_xh, 0 * W_hh, b, leak), True, "look at where W_hh enters dh_prev"),
    ]


_FORWARD = (
    "Compute the worked example. Then put a single 1 in W_hh, row 0, column 1: which unit should it feed?",
    "Compare your line for the sum inside the tanh with the equation: its terms, and how W_hh h becomes code.",
)
_STEP_SLIPS = {
    _STATE: {"dW_hh uses h_t where h_prev belongs": ("da_t.T @ h_prev", f"da_t.T @ {_MIXED}")},
    _DB: {
        "db_h not summed over the batch": (_SUM_OF, "da_t"),
        "db_h summed over the units": (_SUM_OF, "da_t.sum(axis=1)"),
        "db_h keeps a batch axis of length 1": (_SUM_OF, "da_t.sum(axis=0, keepdims=True)"),
    },
    _FORWARD: {
        "bias forgotten when a_t is computed again": (" + b_h", ""),
        "W_hh transposed when a_t is computed again": ("W_hh.T", "W_hh"),
    },
}
_STEP_RESULTS = ("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_h")
_STEP_HINTS = ("Go back through h_t, u_t = tanh(a_t), a_t, last line first.", "In which two of the lines is h_prev?")
_STEP_ALL = (*slips(_BACKWARD_SLIPS), *slips(_STEP_SLIPS))
STEP = Exercise("03.1", "leaky_backward", 2, _step_cases, _STEP_RESULTS, _STEP_ALL, bare=True, hints=_STEP_HINTS)

# ---------------------------------------------------------------- 03.2 the whole sequence


def _sequence_args(rng: Rng, T: int = 6, B: int = 3, D: int = 5, H: int = 4, leak: float = 0.4) -> tuple[Any, ...]:
    W_xh, W_hh, b_h = _weights(rng, D, H)
    return rng.normal(0, 0.8, (T, B, D)), rng.normal(0, 0.8, (B, H)), W_xh, W_hh, b_h, leak, rng.normal(size=(T, B, H))


def _sequence_cases(rng: Rng) -> list[Case]:
    xs, h0, W_xh, W_hh, b, leak, dhs = _sequence_args(rng)
    last = dhs * (np.arange(6) == 5)[:, None, None]
    first = dhs * (np.arange(6) == 0)[:, None, None]
    w = (W_xh, W_hh, b, leak)
    return [
        Case("T = 6, B = 3, D = 5, H = 4", (xs, h0, *w, dhs)),
        Case("T = B = D = H = 3", _sequence_args(rng, 3, 3, 3, 3, 0.7)),
        Case("T = 1", (xs[:1], h0, *w, dhs[:1]), True, "look at what happens from the second step on"),
        Case("leak = 1", (xs, h0, *w[:3], 1.0, dhs), True, "look at every place where leak belongs"),
        Case("h0 = 0", (xs, 0 * h0, *w, dhs), True, "look at the first step: which state comes before it?"),
        Case("B = 1", (xs[:, :1], h0[:1], *w, dhs[:, :1]), True, "look at the sums over the batch"),
        Case("a loss at the last step only", (xs, h0, *w, last), True, "look at where each dhs[t] enters"),
        Case("a loss at the first step only", (xs, h0, *w, first), True, "look at what comes back from step t + 1"),
        Case("W_hh = 0", (xs, h0, W_xh, 0 * W_hh, b, leak, dhs), True, "look at where W_hh enters dh_next"),
    ]


_TOTAL = (
    "Put a loss on one step only, on each in turn. Which rows of dxs should differ from zero, and which do?",
    "Each step receives two gradients, its own and the one from later: list them for t = 1.",
)
_SUM = ("Compare yours with the part of the first step alone.", "What becomes of the later parts in your loop?")
_CARRIED = ("Print the norm of the carried gradient at each step.", "What does a round hand on, and which part is new?")
_FIRST = ("Test with T = 1: what should dh0 be?", "Which t does your loop visit, and what does the last one hand on?")
_ORDER = ("Put a loss on the first step only: which row of dxs is not 0?", "In which order does your loop go?")
_STORED = (
    "Print the first stored state after the loop: is it still the first? And where in your list is h0?",
    "What does your code read at t = 0, and what does the index -1 mean in Python?",
    "Which state was multiplied by W_hh to make h_t?",
)
_H0 = ("Run with two different h0. Should the results agree?", "Where does your function first read h0?")
_STATES = ("Print your states for the worked example.", "Compare your first loop with the three lines of the step.")
_WRAPS, _DW_LATE = "the index wraps round at the first step", "dW_hh uses h_t where the state before it belongs"
_LAST_FIRST = "dxs in the order in which the loop made it: the last step first"
_ONE_ROW = "db_h = db_h + da_t.sum(axis=0, keepdims=True)"
_MIX = "(1 - leak) * hs[-1] + leak * us[-1]"
_AGAIN = {"du_t = leak": "u_t = np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)\ndu_t = leak"}  # as 03.1 makes it
_NO_BIAS, _FORWARD_TURNED = ("hs[-1] @ W_hh.T + b_h", "hs[-1] @ W_hh.T"), ("hs[-1] @ W_hh.T", "hs[-1] @ W_hh")
_SEQUENCE_SLIPS = {
    _TOTAL: {
        "no gradient from the future": ("dhs[t] + dh_next", "dhs[t]"),
        "the direct gradient dhs[t] is left out": ("dhs[t] + dh_next", "dh_next"),
        "no gradient from the outputs in between": ("dhs[t]", "dhs[t] * (t == len(xs) - 1)"),
        "the last step's dhs enters at every step": ("dhs[t]", "dhs[-1]"),
        "step t takes the loss of step t - 1": ("dhs[t]", "dhs[t - 1]"),
        "the last loss enters twice": ("np.zeros_like(h0)", "dhs[-1]"),
    },
    _SUM: {
        "gradients overwritten instead of accumulated": (" += da_t", " = da_t"),
        "dW_xh overwritten instead of accumulated": ("dW_xh += da_t", "dW_xh = da_t"),
        "dW_hh overwritten instead of accumulated": ("dW_hh += da_t", "dW_hh = da_t"),
        "db_h overwritten instead of accumulated": ("db_h += da_t", "db_h = da_t"),
    },
    _CARRIED: {
        "the gradient from the future piles up": ("dh_next = da_t", "dh_next = dh_next + da_t"),
        "the messenger carries the direct derivative only": {
            "da_t @ W_hh": "leak * dhs[t] * (1 - u_t**2) @ W_hh",
            _PAST: "(1 - leak) * dhs[t]",
        },
        "the direct path carries dhs[t] only, not the total": (_PAST, "(1 - leak) * dhs[t]"),
        "the direct path carries only what came from later, not the total": (_PAST, "(1 - leak) * dh_next"),
    },
    _FIRST: {
        "the loop stops before the first step": ("range(len(xs))", "range(1, len(xs))"),
        "the loop begins one step before the last": ("range(len(xs))", "range(len(xs) - 1)"),
        "dh0 taken before the last product with W_hh": ("return dxs, dh_next", "return dxs, da_t + (1 - leak) * dh_t"),
        "dh0 taken before the last step back": ("return dxs, dh_next", "return dxs, dh_t"),
        "dh0 is left at zero": ("return dxs, dh_next", "return dxs, 0 * dh_next"),
    },
    _ORDER: {
        "the backward loop runs forward in time": ("reversed(range(len(xs)))", "range(len(xs))"),
        _LAST_FIRST: ("return dxs", "return dxs[::-1]"),
    },
    _STORED: {
        _DW_LATE: ("da_t.T @ h_prev", "da_t.T @ hs[t + 1]"),
        "dW_hh uses the state of one step further back": ("da_t.T @ h_prev", "da_t.T @ hs[t - 1]"),
        _WRAPS: [("da_t.T @ h_prev", "da_t.T @ hs[t or -1]"), {"hs[t],": "hs[t or -1],", **_AGAIN}],
        "all states that dW_hh reads are one array": ("da_t.T @ h_prev", "da_t.T @ hs[-1]"),
        "the step back gets h_t where the state before it belongs": {"hs[t],": "hs[t + 1],", **_AGAIN},
        "all stored states are one array": {"hs[t],": "hs[-1],", **_AGAIN},
    },
    _H0: {"h0 ignored: starts from zeros": ("", "h0 = np.zeros_like(h0)")},
    _MEAN: {"gradients divided by T": ("return ", _OVER.format("len(xs)"))},
    _DB: {"db_h keeps a batch axis of length 1": ("db_h += da_t.sum(axis=0)", _ONE_ROW)},
    _STATES: {
        "bias forgotten in the forward step": [_NO_BIAS, dict([_NO_BIAS], **_AGAIN)],
        "W_hh transposed in the forward step": [_FORWARD_TURNED, dict([_FORWARD_TURNED], **_AGAIN)],
        "the forward loop is that of the plain RNN, without the leak": (_MIX, "us[-1]"),
        "forward and backward are those of the plain RNN: leak is ignored": ("", "leak = 1.0"),
    },
}
_SEQUENCE_RESULTS = ("dxs", "dh0", "dW_xh", "dW_hh", "db_h")
_SEQUENCE_HINTS = (
    "First a loop forward that keeps every state, h0 included; then a loop backward.",
    "In round t the total is dhs[t] plus what round t + 1 handed back; before the first round that is zero.",
    "Test T = 1 first, then T = 2 with a loss on the last step only.",
)
_SEQUENCE_ALL = (*slips(_SEQUENCE_SLIPS), *slips(_BACKWARD_SLIPS))
SEQUENCE = Exercise(
    "03.2", "leaky_bptt", 2, _sequence_cases, _SEQUENCE_RESULTS, _SEQUENCE_ALL, bare=True, hints=_SEQUENCE_HINTS
)

# ---------------------------------------------------------------- 03.3 truncation: h_t = tanh(x_t + W_hh h_prev)


def _band(xs, h0, W_hh, dhs, k):
    """Every loss by itself reaches back k steps: another truncation, not the one that was asked."""
    hs, dxs, dW_hh = TRUNCATED.reference(xs, h0, W_hh, 0 * dhs, k)
    for t in range(len(xs)):
        s = max(t - k + 1, 0)
        last = dhs[s : t + 1] * (np.arange(s, t + 1) == t)[:, None, None]
        _, dxs_t, dW_hh_t = TRUNCATED.reference(xs[s : t + 1], hs[s - 1] if s else h0, W_hh, last, k)
        dxs[s : t + 1] += dxs_t
        dW_hh += dW_hh_t
    return hs, dxs, dW_hh


def _chunk_args(rng: Rng, T: int, B: int, H: int, k: int) -> tuple[Any, ...]:
    xs, h0, W_hh = rng.normal(0, 0.8, (T, B, H)), rng.normal(0, 0.8, (B, H)), rng.normal(0, 0.6, (H, H))
    return xs, h0, W_hh, rng.normal(size=(T, B, H)), k


def _chunk_cases(rng: Rng) -> list[Case]:
    xs, h0, W_hh, dhs, k = _chunk_args(rng, 7, 3, 4, 3)
    return [
        Case("T = 7, k = 3", (xs, h0, W_hh, dhs, k)),
        Case("T = 11, k = 4", _chunk_args(rng, 11, 2, 5, 4)),
        Case("T = 6, k = 3 (no rest)", (xs[:6], h0, W_hh, dhs[:6], 3), True, "look at the last, shorter chunk"),
        Case("k = T", (xs, h0, W_hh, dhs, 7), True, "look at what happens at a border between chunks"),
        Case("k = 1", (xs, h0, W_hh, dhs, 1), True, "look at what flows inside a chunk"),
        Case("h0 = 0", (xs, 0 * h0, W_hh, dhs, k), True, "look at the state that a chunk starts from"),
    ]


_RESET = ("Compare your states with those of k = T.", "Which of the two should stop at a border: values or gradients?")
_CUT = (
    "Put a loss on one step only, on each in turn. Which rows of dxs may it reach, and which does it?",
    "Print the carried gradient at the last step of each chunk, before anything is added to it.",
    "Where in your code does the carried gradient become zero, and how often?",
)
_BORDER = ("List start and end of every chunk for T = 7, k = 3.", "Is every step in exactly one, forward and backward?")
_AT_BORDER = ("Which state does W_hh multiply first in a chunk?", "A constant has no gradient. Has it no value either?")
_REACH = ("Put a loss on the first step of chunk 2 only: what may dxs hold?", "Where are all losses of a chunk cut?")
_HS = ("How many states are asked, and after which steps?", "Which input has each state of your result seen last?")
_STARTS, _CHUNK, _NEW = "range(0, len(xs), k)", "range(start,", "before = {}"
_FROM = {_CHUNK: "range(max(start, 0),"}  # chunks whose first may begin before the sequence
_SLOPE_OF, _LOSS, _LAST = "1 - hs[t] ** 2", "dhs[t] + dh_next", "return hs, dxs, dW_hh"
_READ = "@ before[t]"
_CHUNK_SLIPS = {
    _RESET: {
        "truncation resets the state to zero": [
            (_NEW, "before, h = {}, np.zeros_like(h0)"),
            ("tanh(xs[t] + h @", "tanh(xs[t] + h * (t > chunk[0]) @"),
        ],
        "the state is set to zero at each border": [
            (_NEW, "before, h = {}, h * (0 in chunk)"),
            ("tanh(xs[t] + h @", "tanh(xs[t] + h * (t > chunk[0] or t == 0) @"),
        ],
        "every chunk starts from h0": [
            (_NEW, "before, h = {}, h0"),
            ("tanh(xs[t] + h @", "tanh(xs[t] + (h if t > chunk[0] else h0) @"),
        ],
    },
    _CUT: {
        "no truncation: the gradient crosses the borders": ("", "k = len(xs)"),
        "the carried gradient is not reset between two chunks": {
            "h = h0": "h, dh_next = h0, np.zeros_like(h0)",
            "dh_next = np.zeros_like(h0)": "",
        },
        "cut at every step, whatever k is": (_LOSS, "dhs[t]"),
    },
    _BORDER: {
        "chunks of k + 1 steps": ("", "k = k + 1"),
        "chunks of k - 1 steps": [("", "k = max(k - 1, 1)"), ("", "k = k - 1")],
        "k chunks, not chunks of k steps": ("", "k = -(-len(xs) // k)"),
        "cut on the wrong side of the border step": [
            {_STARTS: "range(1 - k, len(xs), k)", **_FROM},
            {_STARTS: "range(-1, len(xs), k)", **_FROM},
        ],
        "chunks counted from the end of the sequence": {_STARTS: "range(len(xs) % k - k, len(xs), k)", **_FROM},
        "the last, shorter chunk is dropped": (_STARTS, "range(0, len(xs) - k + 1, k)"),
        "the last, shorter chunk gets no gradient": ("reversed(chunk)", "reversed(chunk[: len(chunk) // k * k])"),
        "the backward loop of a chunk stops before its first step": ("reversed(chunk)", "reversed(chunk[1:])"),
    },
    _SLOPE: {
        "tanh derivative missing": (f" * ({_SLOPE_OF})", ""),
        "tanh derivative missing in dxs": ("dxs[t] = da_t", "dxs[t] = dh_t"),
        "tanh derivative missing in dW_hh": ("da_t.T @ before[t]", "dh_t.T @ before[t]"),
        "the carried gradient skips the tanh": ("da_t @ W_hh", "dh_t @ W_hh"),
    },
    _FORMULA: {
        "tanh derivative written as 1 - u": (_SLOPE_OF, "1 - hs[t]"),
        "sigmoid's derivative u (1 - u) used for the tanh": (_SLOPE_OF, "hs[t] * (1 - hs[t])"),
    },
    _TURNED: {"the carried gradient is multiplied by W_hh.T, not by W_hh": ("da_t @ W_hh", "da_t @ W_hh.T")},
    _TOTAL: {
        "only the last loss of each chunk counts": [
            (_LOSS, "dhs[t] * (t == chunk[-1]) + dh_next"),
            (_LOSS, "dhs[t] * ((t + 1) % k == 0) + dh_next"),
        ],
    },
    _MEAN: {
        "dW_hh divided by the number of chunks": (_LAST, f"{_LAST} / len({_STARTS})"),
        "dW_hh divided by k": (_LAST, f"{_LAST} / k"),
        "dW_hh divided by B": (_LAST, f"{_LAST} / len(h0)"),
    },
    _SUM: {
        "dW_hh overwritten instead of accumulated": [("dW_hh += ", "dW_hh = "), ("dW_hh += ", "dW_hh += (t == 0) * ")],
        "only the last chunk's gradient survives": (_NEW, f"dW_hh = 0 * W_hh\n{_NEW}"),
    },
    _DW_TURNED: {"dW_hh transposed": ("return hs", "dW_hh = dW_hh.T\nreturn hs")},
    _STORED: {
        _DW_LATE: (_READ, "@ hs[t]"),
        _WRAPS: [
            (_READ, "@ (before[t] if t else hs[-1])"),
            ("return hs", "dW_hh += dxs[0].T @ (hs[-1] - h0)\nreturn hs"),
        ],
    },
    _AT_BORDER: {
        "dW_hh uses h0 at the first step of every chunk": (_READ, "@ (before[t] if t > chunk[0] else h0)"),
        "the first state of every chunk counts as zero in dW_hh, h0 too": (_READ, f"{_READ} * (t > chunk[0])"),
        "the carried state counts as zero in dW_hh": (_READ, f"{_READ} * (t > chunk[0] or t == 0)"),
    },
    _FORWARD: {"W_hh transposed in the forward step": ("h @ W_hh.T", "h @ W_hh")},
    _H0: {"h0 ignored: starts from zeros": ("", "h0 = np.zeros_like(h0)")},
    _HS: {"h0 stored with the states: one too many": ("return hs", "hs = np.concatenate([h0[None], hs])\nreturn hs")},
    _ORDER: {_LAST_FIRST: ("return hs, dxs", "return hs, dxs[::-1]")},
    _REACH: {"every loss reaches back k steps across the borders": _band},
}
_CHUNK_HINTS = (
    "Two loops inside one: for each chunk, forward through its steps, then backward through its steps.",
    "What goes from chunk to chunk is the last state. What does not?",
    "range(0, T, k) gives the starts; the last chunk may be shorter.",
)
_CHUNK_RESULTS, _CHUNK_ALL = ("hs", "dxs", "dW_hh"), slips(_CHUNK_SLIPS)
TRUNCATED = Exercise("03.3", "truncated", 2, _chunk_cases, _CHUNK_RESULTS, _CHUNK_ALL, bare=True, hints=_CHUNK_HINTS)

# ---------------------------------------------------------------- 03.4 finite differences


def _quotient_cases(rng: Rng) -> list[Case]:
    cubes = Source("lambda w: float((w ** 3).sum())")
    mixed = Source("lambda w: float((w ** 3 - w.sum() ** 3).sum())")
    sine = Source("lambda w: float(np.sin(w).sum() * np.exp(w.sum()))")
    return [
        Case("the sum of w cubed, eps = 0.5", (cubes, rng.uniform(0.5, 1.5, 4), 0.5)),
        Case("a function of a matrix, eps = 0.2", (mixed, rng.uniform(0.5, 1.5, (3, 2)), 0.2)),
        Case("eps = 1e-5", (sine, rng.uniform(-0.5, 0.5, (2, 3)), 1e-5), True, "look at where eps enters"),
        Case("one entry", (cubes, rng.uniform(0.5, 1.5, 1), 0.5), True, "look at what one entry does to the next"),
    ]


_STEP_SIZE = (
    "Test it on the sum of w ** 3 at w = 1: eps = 0.1 should give 3.01, and eps = 0.5 should give 3.25.",
    "Print the two arrays that you hand to f. How far apart are they, and which dtype do they have?",
    "How many digits are left when you subtract two nearly equal numbers? And which eps was asked for?",
)
_QUOTIENT = (
    "Test it on the sum of w ** 3 at w = 1 with eps = 0.1 and on f = -w.sum(): it should say 3.01 and -1.",
    "Print the two arrays that you hand to f, and their two values: how far apart are they?",
    "What is divided by what in the statement, and where are the brackets in your line?",
)
_ENTRY = ("Is your answer right for an array of one entry?", "In how many entries do f's arguments differ from w?")
_HALF = "one of the two points is not moved: half of a one-sided difference"
_SAME = "every difference is 0: both values are taken at the same point, or never stored"
_QUOTIENT_SLIPS = {
    _STEP_SIZE: {
        "a step of 1e-12 in place of eps: rounding eats the difference": ("", "eps = 1e-12"),
        "a step of 0.1 in place of eps": ("", "eps = 0.1"),
        "too exact for this eps: a step of your own, or another formula": ("", "eps = 1e-6"),
        "each point is moved by eps / 2: they are eps apart": ("", "eps = eps / 2"),
        "differences taken in float32": ("w.copy()", "w.astype(np.float32)"),
    },
    _QUOTIENT: {
        "one-sided difference": [{"old - eps": "old", "(2 * eps)": "eps"}, {"old + eps": "old", "(2 * eps)": "eps"}],
        _HALF: [("old - eps", "old"), ("old + eps", "old")],
        "divided by eps where the points are 2 eps apart": ("(2 * eps)", "eps"),
        "divided by eps squared": ("(2 * eps)", "eps**2"),
        "divided by 2 and multiplied by eps": ("(2 * eps)", "2 * eps"),
        "each point is moved by eps / 2, but divided by 2 eps": {"+ eps": "+ eps / 2", "- eps": "- eps / 2"},
        "above and below exchanged": ("above - below", "below - above"),
        _SAME: ("above - below", "above - above"),
    },
    _ENTRY: {
        "the entry is not restored before the next one": [
            ("w[i] = old\ngradient", "gradient"),
            ("w[i] = old\ngradient", "w[i] = old + eps\ngradient"),
            {"w[i] = old\ngradient": "gradient", "w.copy()": "w"},
        ],
        "all entries of a row are moved together": ("np.ndindex(w.shape)", "([row] for row in range(len(w)))"),
        "all entries are moved together": lambda f, w, eps: np.full(w.shape, (f(w + eps) - f(w - eps)) / (2 * eps)),
    },
}
_QUOTIENT_HINTS = (
    "np.ndindex(w.shape) visits every entry of an array of any shape.",
    "Work on a copy of w, and put the entry back before the next. The two points are 2 eps apart.",
)
_CENTRAL = slips(_QUOTIENT_SLIPS)
QUOTIENT = Exercise(
    "03.4",
    "numerical_gradient",
    1,
    _quotient_cases,
    ("gradient",),
    _CENTRAL,
    bare=True,
    arguments="left",
    hints=_QUOTIENT_HINTS,
)

# ---------------------------------------------------------------- 03.5 how wrong?


def _error_cases(rng: Rng) -> list[Case]:
    def grads() -> dict[str, Array]:
        names = {"dW_xh": (4, 5), "dW_hh": (4, 4), "db_h": (4,), "dh0": (3, 4)}
        return {name: rng.normal(size=shape) for name, shape in names.items()}

    def planted(right, name, change):
        wrong = {n: g.copy() for n, g in right.items()}
        wrong[name].flat[2] += change
        return wrong

    a, small, zero = grads(), grads(), grads()
    small["db_h"] = small["db_h"] * 1e-3
    zero["dW_xh"] = np.zeros((4, 5))
    top = 3 * float(np.abs(a["dh0"]).max())
    return [
        Case("one wrong entry in dh0", (planted(a, "dh0", -top), a)),
        Case("a tiny db_h, doubled", ({**small, "db_h": 2 * small["db_h"]}, small)),
        Case("dW_xh zero in both", (planted(zero, "dW_hh", 0.5), zero)),
        Case("dW_xh should be zero and is not", ({**zero, "dW_xh": np.full((4, 5), 0.1)}, zero)),
        Case("db_h should not be zero and is", ({**a, "db_h": np.zeros(4)}, a)),
        Case("dW_hh with its sign reversed", ({**a, "dW_hh": -a["dW_hh"]}, a)),
        Case("all wrong a little", ({n: g + 1e-2 * rng.normal(size=g.shape) for n, g in a.items()}, a)),
        Case("no error at all", (a, {n: g.copy() for n, g in a.items()}), True),
    ]


_SCALE = (
    "Would your check pass if a tiny gradient were off by a factor 2?",
    "What does your measure say when both gradients are 0? And when one of them is?",
    "By what should a difference be divided to be comparable?",
)
_SIZES = ("Which two numbers do you divide in the worked example?", "Print both for the gradients (3, -4) and (3, 5).")
_SIGNS = ("What if one entry is too small by 1, or too large by 1?", "What is your scale for the gradient (-5, 1)?")
_PLANT = (
    "Plant one wrong number in one gradient, then in another, small or large. What does your measure say each time?",
    "How do the entries, and then the parameters, become one number in the statement, and how in your code?",
)
_GAP, _G, _J = "np.abs(grads[name] - judge).max()", "np.abs(grads[name]).max()", "np.abs(judge).max()"
_TOP, _ERROR = f"max({_G}, {_J})", "gap / scale if scale > 0 else 0.0"
_NORM_GAP = {_GAP: "np.linalg.norm(grads[name] - judge)"}
_NORM_G, _NORM_J = "np.linalg.norm(grads[name])", "np.linalg.norm(judge)"
_BOTH = " > 0 and grads[name].any() and judge.any()"
_ONE_SCALE = "grads, judges = ({0: np.concatenate([d[n].ravel() for n in judges])} for d in (grads, judges))"
_ERROR_SLIPS = {
    _SCALE: {
        "absolute error only": (_ERROR, "gap"),
        "division by a scale that can be zero": (_ERROR, "np.float64(gap) / np.float64(scale)"),
        "the error counts as 0 when one of the two gradients is zero": (" > 0", _BOTH),
        "divided by the gradient under test alone": (_TOP, _G),
        "divided by the judge alone": (_TOP, _J),
    },
    _SIZES: {
        "divided by the smaller of the two sizes": (_TOP, f"min({_G}, {_J})"),
        "divided by the sum of the two sizes, not by the larger of them": [
            (_TOP, f"{_G} + {_J}"),
            (_TOP, "(np.abs(grads[name]) + np.abs(judge)).max()"),
        ],
        "divided by the mean of the two sizes, not by the larger of them": (_TOP, f"({_G} + {_J}) / 2"),
        "the scale is never below 1": (_TOP, f"max({_G}, {_J}, 1)"),
        "lengths in place of largest entries": [
            {**_NORM_GAP, _TOP: f"{_NORM_G} + {_NORM_J}"},
            {**_NORM_GAP, _TOP: f"max({_NORM_G}, {_NORM_J})"},
            {**_NORM_GAP, _TOP: _NORM_J},
        ],
        "every entry divided by itself: tiny entries shout": {
            _GAP: "np.abs(grads[name] - judge)",
            _TOP: "np.maximum(np.abs(grads[name]), np.abs(judge))",
            _ERROR: "(gap / np.where(scale > 0, scale, 1)).max()",
        },
    },
    _SIGNS: {
        "the scale is the largest entry, not the largest size": (_TOP, "max(grads[name].max(), judge.max())"),
        "signed error: what is too small does not count": (_GAP, "(grads[name] - judge).max()"),
        "signed error: what is too large does not count": (_GAP, "(judge - grads[name]).max()"),
    },
    _PLANT: {
        "mean over the entries: one wrong entry drowns": (_GAP, "np.abs(grads[name] - judge).mean()"),
        "sum over the entries": (_GAP, "np.abs(grads[name] - judge).sum()"),
        "only the first parameter is looked at": ("max(errors)", "errors[0]"),
        "only the last parameter is looked at": ("max(errors)", "errors[-1]"),
        "the smallest error of all parameters, not the largest": [
            ("max(errors)", "min(errors)"),
            ("max(errors)", "min(0.0, *errors)"),
        ],
        "the errors of the parameters are added up": ("max(errors)", "sum(errors)"),
        "mean over the parameters: one wrong parameter drowns": ("max(errors)", "np.mean(errors)"),
        "one scale for all parameters: small ones drown": ("", _ONE_SCALE),
    },
}
_ERROR_HINTS = (
    "One number per parameter first; the answer is the largest of them.",
    "The scale of a parameter is its largest absolute entry, in either of the two gradients.",
    "If that scale is zero, both gradients are zero: the error is 0.",
)
WORST_ERROR = Exercise(
    "03.5", "worst_error", 1, _error_cases, ("error",), slips(_ERROR_SLIPS), bare=True, hints=_ERROR_HINTS
)

# ---------------------------------------------------------------- 03.6 three suspects


_DETECTIVE = (
    "Put a loss on the last step only and print each suspect's dxs for T = 3.",
    "Compare each dW_hh with finite differences for T = 1, then T = 2. When does the first difference appear?",
    "Without a messenger, which inputs can get a gradient? With an overwritten dW, is dxs wrong at all?",
)


def _accused(letters: str) -> str:
    """A verdict for A, B and C: r is right, m has no messenger, w overwrites."""
    words = {"r": "right", "m": "no messenger", "w": "dW overwritten"}
    return ", ".join(f'"{suspect}": "{words[letter]}"' for suspect, letter in zip("ABC", letters))


_ACCUSED = _accused("wrm")
_SUSPECT_SLIPS = {
    _DETECTIVE: {
        "the two faulty ones are exchanged": (_ACCUSED, _accused("mrw")),
        "the right one and the one without a messenger are exchanged": (_ACCUSED, _accused("wmr")),
        "the right one and the one that overwrites are exchanged": (_ACCUSED, _accused("rwm")),
        "none of the three is what you say": [(_ACCUSED, _accused("rmw")), (_ACCUSED, _accused("mwr"))],
        "one T hides it: at T = 1 all three are right": (_ACCUSED, _accused("rrr")),
    }
}
_SUSPECTS_ALL = slips(_SUSPECT_SLIPS, alone=True)
SUSPECTS = Exercise("03.6", "suspects", 1, outputs=("suspects",), slips=_SUSPECTS_ALL, hints=_DETECTIVE)

# ---------------------------------------------------------------- 03.7 how wide a band


def _band_cases(rng: Rng) -> list[Case]:
    def triangle(T: int, decay: float, signed: bool = False) -> Array:
        lag = np.subtract.outer(np.arange(T), np.arange(T)).clip(0)
        size = decay**lag * rng.uniform(0.3, 1.0, (T, T)) * np.linspace(1.6, 0.4, T)[:, None]
        return np.tril(size * (rng.choice([-1.0, 1.0], (T, T), p=[0.35, 0.65]) if signed else 1.0))

    def ties() -> Array:
        whole = np.zeros((4, 4))
        for lag, row in enumerate(([3, 2, 2, 1], [2, 1, -1], [2, 1], [-1])):  # sizes 8, 4, 3, 1: 0.75 at k = 2
            whole += np.diag(rng.permutation(row), -lag)
        return whole

    return [
        Case("a slow decay, share 0.9", (triangle(14, 0.85, signed=True), 0.9)),
        Case("a fast decay, share 0.99", (triangle(12, 0.6, signed=True), 0.99)),
        Case("no decay, share 0.5", (triangle(9, 0.97), 0.5)),
        Case("rows that differ", (triangle(16, 0.8) * np.linspace(4, 0.1, 16)[:, None] ** 2, 0.95)),
        Case("exactly the share, 0.75", (ties(), 0.75)),
        Case("all entries positive", (triangle(12, 0.8), 0.9), True, "look at how entries of both signs add up"),
    ]


_EXACT = ("Try the identity and share = 1. Which k keeps everything?", "At least: is that > or >=?")
_SQUARED = ("What is the size of -2? What does your code add for it?", "The statement asks for absolute entries.")
_CANCEL = ("Try a diagonal with +1 and -1: how much is there to keep?", "What comes first: sum, or absolute value?")
_ROWS = ("How many sums does the statement compare?", "May one row lose more when another loses less?")
_COUNT = ("Try a triangle with a diagonal only: which k is enough?", "k = 1 keeps lag 0. Which lags does k = 3 keep?")
_COLUMNS = ("For T = 3 and k = 1, mark what you keep.", "What is constant along a band: column, or row minus column?")
_VALUES = ("Multiply one diagonal, then the first rows by 100.", "How many of the triangle's values do you use?")
_LAGS, _ENOUGH = "(lag >= 0) & (lag < k)", "size[band].sum() >= share * size.sum()"
_KEPT = "size[band].sum()"
_FEW = "one step too few: your answer is the largest lag of the band, not its number of steps"
_BAND_SLIPS = {
    _EXACT: {"more than the share is asked: exactly the share is enough": (">= share", "> share")},
    _SQUARED: {
        "squares are added, not sizes": [("np.abs(triangle)", "triangle**2"), (_KEPT, "(size[band] ** 2).sum()")]
    },
    _CANCEL: {
        "entries of opposite sign cancel": ("np.abs(triangle)", "triangle"),
        "entries of opposite sign cancel in the sum of the whole": (" size.sum()", " triangle.sum()"),
        "entries of opposite sign cancel in the band, before the absolute value is taken": [
            (_KEPT, "triangle[band].sum()"),
            (_KEPT, "sum(abs(triangle[lag == j].sum()) for j in range(k))"),
        ],
    },
    _ROWS: {
        "each row has to keep the share, not the triangle as a whole": (
            _ENOUGH,
            "((size * band).sum(axis=1) >= share * size.sum(axis=1)).all()",
        ),
    },
    _COUNT: {
        "the answer is always 1: the kept sum is compared with too small a number": ("share * size.sum()", "share"),
        "the answer is always T: no smaller band is ever found large enough": (_ENOUGH, "k == T"),
        _FEW: [("return k", "return k - 1"), ("return k", "return max(k - 1, 1)")],
        "one step too many": [("return k", "return k + 1"), ("return k", "return min(k + 1, T)")],
        "lag 0, the diagonal, is left out": [("lag >=", "lag >"), (_LAGS, "(lag > 0) & (lag <= k)")],
    },
    _COLUMNS: {
        "columns are kept, not diagonals": [
            (_LAGS, "(0 * lag + np.arange(T)) >= T - k"),
            (_LAGS, "(0 * lag + np.arange(T)) < k"),
        ],
    },
    _VALUES: {
        "entries are counted, not their sizes": (_ENOUGH, "band.sum() >= share * (lag >= 0).sum()"),
        "only the last loss is looked at": ("", "triangle = triangle[-1:] * np.eye(len(triangle))[:, -1:]"),
    },
}
_BAND_HINTS = (
    "np.subtract.outer(np.arange(T), np.arange(T)) holds row minus column: the lag of every entry.",
    "A band of k steps holds the lags 0 to k - 1. Try k = 1, 2, 3, ... and stop at the first that keeps enough.",
)
_DRAWS = 4  # whole numbers agree by chance where there are few
BAND = Exercise(
    "03.7", "band_needed", 1, _band_cases, ("k",), slips(_BAND_SLIPS), draws=_DRAWS, bare=True, hints=_BAND_HINTS
)

EXERCISES = (STEP, SEQUENCE, TRUNCATED, QUOTIENT, WORST_ERROR, SUSPECTS, BAND)
