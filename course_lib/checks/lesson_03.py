"""Lesson 03: the backward pass of a leaky cell, BPTT, truncation, a shortcut, a test that finds faults."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Source

Array, Rng = np.ndarray, np.random.Generator

# ---------------------------------------------------------------- one step backward, as it stands in 03.1 and in 03.2

_SLOPE = (
    "Compare with nudging at large and at tiny weights: when does the error vanish?",
    "Between h_t and the sum a_t stands a tanh. Does this gradient start from the one at a_t, behind its slope?",
)
_FORMULA = (
    "What should the slope of tanh be at 0, and what near 1 and -1? What is yours there?",
    "Which value came out of the tanh that you differentiate? Print it beside the one that your formula takes.",
)
_TURNED = (
    "Put a single 1 off the diagonal of each matrix in turn: which unit listens to which, which one does yours reach?",
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
_LECTURE = {**_PLAIN, "1 - u_t**2": f"1 - {_MIXED} ** 2"}
_BACKWARD_SLIPS = {
    _SLOPE: {
        "tanh derivative missing": (" * (1 - u_t**2)", ""),
        **_starts("tanh derivative missing in {}", "du_t"),
        **_starts("{} starts from dh_t, with neither leak nor the tanh derivative", "dh_t"),
    },
    _FORMULA: {
        "tanh derivative written as 1 - u": ("1 - u_t**2", "1 - u_t"),
        "sigmoid's derivative u (1 - u) used for the tanh": ("1 - u_t**2", "u_t * (1 - u_t)"),
        "tanh derivative taken of the tanh's output": ("1 - u_t**2", "1 - np.tanh(u_t) ** 2"),
        "tanh derivative with the value before the tanh": ("1 - u_t**2", "1 - np.arctanh(u_t) ** 2"),
        "tanh derivative taken at the old state": ("1 - u_t**2", "1 - h_prev**2"),
        "tanh derivative taken at h_t, after the old state is mixed in": ("1 - u_t**2", f"1 - {_MIXED} ** 2"),
    },
    _LEAK: {
        "the factor leak in front of the tanh is left out": ("leak * dh_t", "dh_t"),
        "the way through the tanh carries 1 - leak in place of leak": ("leak * dh_t", _PAST),
        "leak and 1 - leak are exchanged on the way back": {"leak * dh_t": _PAST, _PAST: "leak * dh_t"},
        "this is the backward of the plain RNN: leak is ignored": _PLAIN,
        "this is the lecture's backward: leak is ignored, and the slope is taken at h_t": _LECTURE,
        **_starts("the factor leak is missing in {}", "(da_t / leak)"),
    },
    _PATH: {
        "the direct path from h_prev to h_t is left out": (" + (1 - leak) * dh_t", ""),
        "the direct path carries dh_t without its factor": (_PAST, "dh_t"),
        "the direct path carries leak in place of 1 - leak": (_PAST, "leak * dh_t"),
        "the direct path carries the factor leak too": (_PAST, "(1 - leak) * du_t"),
        "the direct path goes through the tanh too": (_PAST, "(1 - leak) * da_t"),
    },
    _TURNED: {
        "dh_prev is not multiplied by W_hh": ("da_t @ W_hh", "da_t"),
        "dh_prev is multiplied by W_hh.T, not by W_hh": ("da_t @ W_hh", "da_t @ W_hh.T"),
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
_CARRIED = ("Print the size of the carried gradient at each step.", "What does a round hand on, and which part is new?")
_FIRST = ("Test with T = 1: what should dh0 be?", "Which t does your loop visit, and what does the last one hand on?")
_ORDER = ("Put a loss on the first step only: which row of dxs is not 0?", "In which order does your loop go?")
_STORED = (
    "Print the first stored state after the loop: is it still the first? And where in your list is h0?",
    "What does your code read at t = 0, and what does the index -1 mean in Python?",
    "Which state was multiplied by W_hh to make h_t?",
)
_H0 = ("Run with two different h0. Should the results agree?", "Where does your function first read h0?")
_STATES = ("Print your states for the worked example.", "Compare your first loop with the three lines of the step.")
_WRAPS, _DW_LATE = "an index below 0 wraps round to the end", "dW_hh uses h_t where the state before it belongs"
_LAST_FIRST = "dxs in the order in which the loop made it: the last step first"
_MIX = "(1 - leak) * hs[-1] + leak * us[-1]"
_AGAIN = {"du_t = leak": "u_t = np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)\ndu_t = leak"}  # as 03.1 makes it
_NO_BIAS, _FORWARD_TURNED = ("hs[-1] @ W_hh.T + b_h", "hs[-1] @ W_hh.T"), ("hs[-1] @ W_hh.T", "hs[-1] @ W_hh")
_SEQUENCE_SLIPS = {
    _TOTAL: {
        "no gradient from the future": ("dhs[t] + dh_next", "dhs[t]"),
        "the direct gradient dhs[t] is left out": ("dhs[t] + dh_next", "dh_next"),
        "no gradient from the outputs in between": ("dhs[t]", "dhs[t] * (t == len(xs) - 1)"),
        "the last step's dhs enters at every step": ("dhs[t]", "dhs[-1]"),
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
        "only the direct derivative is handed back, not the total": {
            "da_t @ W_hh": "leak * dhs[t] * (1 - u_t**2) @ W_hh",
            _PAST: "(1 - leak) * dhs[t]",
        },
        "the direct path carries dhs[t] only, not the total": (_PAST, "(1 - leak) * dhs[t]"),
    },
    _FIRST: {
        "the loop stops before the first step": ("range(len(xs))", "range(1, len(xs))"),
        "the loop begins one step before the last": ("range(len(xs))", "range(len(xs) - 1)"),
        "dh0 taken before the last step back": ("return dxs, dh_next", "return dxs, dh_t"),
    },
    _ORDER: {
        "the backward loop runs forward in time": ("reversed(range(len(xs)))", "range(len(xs))"),
        _LAST_FIRST: ("return dxs", "return dxs[::-1]"),
    },
    _STORED: {
        _DW_LATE: ("da_t.T @ h_prev", "da_t.T @ hs[t + 1]"),
        _WRAPS: [("da_t.T @ h_prev", "da_t.T @ hs[t or -1]"), {"hs[t],": "hs[t or -1],", **_AGAIN}],
        "all states that dW_hh reads are one array": ("da_t.T @ h_prev", "da_t.T @ hs[-1]"),
        "the step back gets h_t where the state before it belongs": {"hs[t],": "hs[t + 1],", **_AGAIN},
        "all stored states are one array": {"hs[t],": "hs[-1],", **_AGAIN},
    },
    _H0: {"h0 ignored: starts from zeros": ("", "h0 = np.zeros_like(h0)")},
    _MEAN: {"gradients divided by T": ("return ", _OVER.format("len(xs)"))},
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
        "truncation resets the state to zero": (_NEW, "before, h = {}, np.zeros_like(h0)"),
        "the state is set to zero at each border": [
            (_NEW, "before, h = {}, h * (0 in chunk)"),
            ("tanh(xs[t] + h @", "tanh(xs[t] + h * (t > chunk[0] or t == 0) @"),
        ],
        "every chunk starts from h0": (_NEW, "before, h = {}, h0"),
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
        "the backward loop of a chunk stops before its first step": ("reversed(chunk)", "reversed(chunk[1:])"),
    },
    _SLOPE: {
        "tanh derivative missing": (f" * ({_SLOPE_OF})", ""),
        "tanh derivative missing in dxs": ("dxs[t] = da_t", "dxs[t] = dh_t"),
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
    "What goes from chunk to chunk is the last state. What does not? (The last chunk may be shorter.)",
)
_CHUNK_RESULTS, _CHUNK_ALL = ("hs", "dxs", "dW_hh"), slips(_CHUNK_SLIPS)
TRUNCATED = Exercise("03.3", "truncated", 2, _chunk_cases, _CHUNK_RESULTS, _CHUNK_ALL, bare=True, hints=_CHUNK_HINTS)

# ---------------------------------------------------------------- 03.4 h_t = tanh(x_t + W_1 h_(t-1) + W_2 h_(t-2))


def _arrow_args(rng: Rng, T: int, B: int, H: int) -> tuple[Any, ...]:
    hs, dhs = rng.uniform(-0.9, 0.9, (T, B, H)), rng.normal(size=(T, B, H))
    return hs, dhs, rng.normal(0, 0.6, (H, H)), rng.normal(0, 0.6, (H, H))


def _arrow_cases(rng: Rng) -> list[Case]:
    hs, dhs, W_1, W_2 = _arrow_args(rng, 6, 3, 4)
    last = dhs * (np.arange(6) == 5)[:, None, None]
    return [
        Case("T = 6, B = 3, H = 4", (hs, dhs, W_1, W_2)),
        Case("T = B = H = 3", _arrow_args(rng, 3, 3, 3)),
        Case("T = 1", (hs[:1], dhs[:1], W_1, W_2), True, "look at what comes back from later steps"),
        Case("W_1 = 0", (hs, dhs, 0 * W_1, W_2), True, "look at the arrow to the next step"),
        Case("W_2 = 0", (hs, dhs, W_1, 0 * W_2), True, "look at the arrow over two steps"),
        Case("hs = 0", (0 * hs, dhs, W_1, W_2), True, "look at the slope of the tanh"),
        Case("a loss at the last step only", (hs, last, W_1, W_2), True, "look at where each dhs[t] enters"),
    ]


_ARROWS = (
    "Set W_1 = 0 and put a loss on the last step only: which states should get a gradient, and which do in yours?",
    "Draw five states and all arrows between them. How many leave h_t, and where does each of them end?",
)
_WRITTEN = ("Which states may a loss on one of the first two steps reach?", "Where does the index -1 of a list lie?")
_SUMS = ("What should your result be for T = 1 and dhs = 1?", "Is it the gradient before a tanh, or behind it?")
_NEXT, _OVER_TWO = "das[t + 1] @ W_1", "das[t + 2] @ W_2"
_HANDED, _SLOPE_AT = f" + {_NEXT} + {_OVER_TWO}", "1 - hs[t] ** 2"
_BETWEEN = "(1 - hs[min(t + 1, T - 1)] ** 2)"  # the slope of the step between
_TWICE, _EARLY = f"(das[t + 2] @ W_1 * {_BETWEEN}) @ W_1", f" + ({_NEXT} + {_OVER_TWO}) * ({_SLOPE_AT})"
_PUSHED = "totals[-1] += das[0] @ W_1 + das[1] @ W_2\ntotals[-2] += das[0] @ W_2\nreturn totals"
_ARROW_SLIPS = {
    _ARROWS: {
        "the arrow over two steps is left out": (f" + {_OVER_TWO}", ""),
        "the arrow to the next step is left out": (f"{_NEXT} + ", ""),
        "both arrows are taken from the next step": ("das[t + 2]", "das[t + 1]"),
        "W_1 and W_2 are exchanged": {"@ W_1": "@ W_2", "@ W_2": "@ W_1"},
        "the arrow over two steps is led through the step between": [
            (_OVER_TWO, f"{_OVER_TWO} * {_BETWEEN}"),
            (_OVER_TWO, f"({_OVER_TWO} * {_BETWEEN}) @ W_1"),
        ],
        "the way over the step between is counted a second time": (_OVER_TWO, f"{_OVER_TWO} + {_TWICE}"),
        "the last step but one gets nothing from the last": (_NEXT, f"(t + 2 < T) * {_NEXT}"),
    },
    _TOTAL: {
        "nothing comes back from later steps": [(_HANDED, ""), ("reversed(range(T))", "range(T)")],
        "the direct gradient dhs[t] is left out": ("dhs[t] + ", ""),
        "only the direct derivative is handed back, not the total": ("= totals[t] *", "= dhs[t] *"),
    },
    _TURNED: {
        "both matrices are transposed on the way back": {"@ W_1": "@ W_1.T", "@ W_2": "@ W_2.T"},
        "W_1 is transposed on the way back": ("@ W_1", "@ W_1.T"),
        "W_2 is transposed on the way back": ("@ W_2", "@ W_2.T"),
    },
    _SLOPE: {"tanh derivative missing": (f" * ({_SLOPE_AT})", "")},
    _FORMULA: {
        "tanh derivative written as 1 - h": (_SLOPE_AT, "1 - hs[t]"),
        "sigmoid's derivative h (1 - h) used for the tanh": (_SLOPE_AT, "hs[t] * (1 - hs[t])"),
        "tanh derivative taken at h_t, not at the later steps": {_HANDED: _EARLY, f"] * ({_SLOPE_AT})": "]"},
    },
    _WRITTEN: {_WRAPS: [("return totals", _PUSHED), ("return totals", "totals[-1] += das[1] @ W_2\nreturn totals")]},
    _SUMS: {"the gradients at the sums are returned, not those at the states": ("return totals", "return das[:T]")},
    _ORDER: {_LAST_FIRST.replace("dxs", "totals"): ("return totals", "return totals[::-1]")},
}
_ARROW_HINTS = ("Sweep back, and keep every da.", "Its own dhs[t], and what step t + 1 and step t + 2 hand back.")
_ARROW_ALL = slips(_ARROW_SLIPS)
ARROW = Exercise("03.4", "second_arrow", 1, _arrow_cases, ("totals",), _ARROW_ALL, bare=True, hints=_ARROW_HINTS)

# ---------------------------------------------------------------- 03.5 a test that no fault escapes

_WALK = """
def walk(xs, h0, W_hh, dhs):
    hs, dW_hh, dh_next = [h0], 0 * W_hh, 0 * h0
    for x_t in xs:
        hs.append(np.tanh(x_t + hs[-1] @ W_hh.T))
    for t in reversed(range(len(xs))):
        da_t = (dhs[t] + dh_next) * (1 - hs[t + 1] ** 2)
        dW_hh, dh_next = dW_hh + da_t.T @ hs[t], da_t @ W_hh
    return dW_hh
"""
_FAULTS = {  # what stands in the place of what
    "no fault": ("walk", "walk"),
    "h0 taken as zero in dW_hh": ("@ hs[t]", "@ (hs[t] * (t > 0))"),
    "no slope of the tanh": (" * (1 - hs[t + 1] ** 2)", ""),
    "dW_hh turned round": ("return dW_hh", "return dW_hh.T"),
    "a number taken from every entry": ("return dW_hh", "return dW_hh - 0.1"),
    "a mean over the sentences": ("return dW_hh", "return dW_hh / len(h0)"),
    "dW_hh overwritten": ("dW_hh + da_t", "da_t"),
    "W_hh transposed on the way back": ("@ W_hh\n", "@ W_hh.T\n"),
    "nothing handed back": (" + dh_next", ""),
    "the last loss only": ("dhs[t]", "dhs[t] * (t == len(xs) - 1)"),
    "the last loss at every step": ("dhs[t]", "dhs[-1]"),
    "what is handed back piling up": ("da_t @ W_hh", "dh_next + da_t @ W_hh"),
    "only the loss of one step handed back": ("da_t @ W_hh", "dhs[t] * (1 - hs[t + 1] ** 2) @ W_hh"),
    "a cut after five steps": ("da_t @ W_hh", "da_t @ W_hh * (t % 5 > 0)"),
}


def _test_cases(rng: Rng) -> list[Case]:
    def walk(text: str) -> Source:
        return Source(f"(lambda space: exec({text!r}, space) or space['walk'])({{'np': np}})")

    names = rng.permutation(list(_FAULTS))
    return [Case(f"a walk with {name}", (walk(_WALK.replace(*_FAULTS[name])),)) for name in names]


_DATA = (
    "Read on which walk your test is wrong. What in your data makes this walk and the right one give the same?",
    "Look at your arrays: which of them hold zeros, equal numbers or tiny ones, and which sizes are 1?",
)
_LENGTHS = ("Which T does your loop try first, and which last?", "Which T do you return, and when does the loop stop?")
_TABLES = ("Print the table of a right walk and the nudged one: how many digits agree?", "Which entries are compared?")
_FAILS = ("For the right walk, how large is the largest difference: 1e-9, or 1?", "Which loss do you nudge?")
_RANGE, _MADE, _COMPARED = "range(1, 7)", "nudged =", "np.abs(walk(xs, h0, W_hh, dhs) - nudged).max()"
_UNFAIR = "the right walk fails in your test: the limit is finer than nudging, or the nudged loss is not that of dhs"
_TEST_SLIPS = {
    _DATA: {
        "h0 is zero in your test": ("rng.normal(size=(B, H))", "np.zeros((B, H))"),
        "a loss on the last step only in your test": (_MADE, f"dhs[:-1] = 0\n{_MADE}"),
        "the same loss at every step in your test": (_MADE, f"dhs = np.ones((T, B, H))\n{_MADE}"),
        "one unit only in your test: no transpose can show": ("3, 4", "3, 1"),
        "one sentence only in your test: a mean cannot show": ("3, 4", "1, 4"),
        "W_hh of your test is its own transpose": (_MADE, f"W_hh = 0.5 * np.eye(H)\n{_MADE}"),
        "the states of your test are tiny: no slope can show": (_MADE, f"xs, h0 = 1e-4 * xs, 1e-4 * h0\n{_MADE}"),
    },
    _LENGTHS: {
        "T = 1 is not tried": (_RANGE, "range(2, 7)"),
        "T = 1 and 2 are not tried": (_RANGE, "range(3, 7)"),
        "T = 6 is not tried": [(_RANGE, "range(1, 6)"), (_RANGE, "range(1, 5)"), (_RANGE, "range(1, 4)")],
        "one T only is tried": (_RANGE, "(3,)"),
        "one too small: counted from zero": ("return T", "return T - 1"),
        "the largest T, not the smallest": (_RANGE, "range(6, 0, -1)"),
        "right and wrong are exchanged": ("difference >", "difference <"),
        "for a walk without a fault 0 is asked": [("return 0", "return None"), ("return 0", "return 7")],
    },
    _FAILS: {_UNFAIR: [("1e-6", "1e-13"), ("np.sum(dhs * ", "np.sum(")]},
    _TABLES: {
        "differences are compared with their sign": (_COMPARED, "(walk(xs, h0, W_hh, dhs) - nudged).max()"),
        "one number of the two tables is compared, not all entries": [
            (_COMPARED, "abs(walk(xs, h0, W_hh, dhs)[0, 0] - nudged[0, 0])"),
            (_COMPARED, "abs((walk(xs, h0, W_hh, dhs) - nudged).sum())"),
            (_COMPARED, "abs(np.linalg.norm(walk(xs, h0, W_hh, dhs)) - np.linalg.norm(nudged))"),
        ],
    },
}
_TEST_HINTS = ("For each T: random arrays, nudge W_hh, compare.", "Which data would show the fault that passes?")
_TEST_ALL = slips(_TEST_SLIPS, alone=True)
FIRST_T = Exercise("03.5", "first_T", 1, _test_cases, ("T",), _TEST_ALL, draws=1, bare=True, hints=_TEST_HINTS)

# ---------------------------------------------------------------- 03.6 three suspects


_DETECTIVE = (
    "Put a loss on the last step only and print each suspect's dxs for T = 3.",
    "Compare each dW_hh with nudging for T = 1, then T = 2. When does the first difference appear?",
    "If nothing is handed back, which inputs can get a gradient? With an overwritten dW, is dxs wrong at all?",
)
_WORDS = {"r": "right", "n": "nothing handed back", "w": "dW overwritten"}


def _verdicts(case: Case, given: Any) -> dict[str, Any]:
    """The verdicts by their names of today: an earlier edition said "no messenger"."""
    if isinstance(given, dict):
        given = {suspect: _WORDS["n"] if said == "no messenger" else said for suspect, said in given.items()}
        odd = [s for s in given.values() if str(s).strip().casefold() not in map(str.casefold, _WORDS.values())]
        if odd:
            raise ValueError(f"expected 'right', 'nothing handed back' or 'dW overwritten', got {odd[0]!r}")
    return {"suspects": given}


def _accused(letters: str) -> str:
    """A verdict for A, B and C: r is right, n hands nothing back, w overwrites."""
    return ", ".join(f'"{suspect}": "{_WORDS[letter]}"' for suspect, letter in zip("ABC", letters))


_ACCUSED = _accused("wrn")
_SUSPECT_SLIPS = {
    _DETECTIVE: {
        "the two faulty ones are exchanged": (_ACCUSED, _accused("nrw")),
        "the right one and the one that hands nothing back are exchanged": (_ACCUSED, _accused("wnr")),
        "the right one and the one that overwrites are exchanged": (_ACCUSED, _accused("rwn")),
        "none of the three is what you say": [(_ACCUSED, _accused("rnw")), (_ACCUSED, _accused("nwr"))],
        "one T hides it: at T = 1 all three are right": (_ACCUSED, _accused("rrr")),
    }
}
_SUSPECTS_ALL = slips(_SUSPECT_SLIPS, alone=True)
SUSPECTS = Exercise("03.6", "suspects", 1, slips=_SUSPECTS_ALL, view=_verdicts, hints=_DETECTIVE)

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
_KEPT, _EACH = "size[band].sum()", "((size * band).sum(axis=1) >= share * size.sum(axis=1)).all()"
_EACH_MEAN = "((size * band).sum(axis=1) / size.sum(axis=1)).mean() >= share"
_FEW = "one step too few: your answer is the largest lag of the band, not its number of steps"
_ALWAYS_1 = "the answer is always 1: the mask keeps the whole triangle, or the sum is compared with too small a number"
_ALWAYS_T = "the answer is always T: no band is ever enough. Is your mask one diagonal only, or that of the other side?"
_BAND_SLIPS = {
    _EXACT: {"more than the share is asked: exactly the share is enough": (">= share", "> share")},
    _SQUARED: {
        "squares are added, not sizes": [("np.abs(triangle)", "triangle**2"), (_KEPT, "(size[band] ** 2).sum()")]
    },
    _CANCEL: {
        "entries of opposite sign cancel": ("np.abs(triangle)", "triangle"),
        "entries of opposite sign cancel in the band, before the absolute value is taken": [
            (_KEPT, "triangle[band].sum()"),
            (_KEPT, "sum(abs(triangle[lag == j].sum()) for j in range(k))"),
        ],
    },
    _ROWS: {
        "each row has to keep the share, not the triangle as a whole": (_ENOUGH, _EACH),
        "the shares of the rows are averaged, not taken of the triangle as a whole": (_ENOUGH, _EACH_MEAN),
    },
    _COUNT: {
        _ALWAYS_1: [("share * size.sum()", "share"), (_LAGS, "lag < T")],
        _ALWAYS_T: [(_ENOUGH, "k == T"), (_LAGS, "lag == k - 1")],
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
_BAND_ALL = slips(_BAND_SLIPS)  # four draws: whole numbers agree by chance where there are few
BAND = Exercise("03.7", "band_needed", 1, _band_cases, ("k",), _BAND_ALL, draws=4, bare=True, hints=_BAND_HINTS)

EXERCISES = (STEP, SEQUENCE, TRUNCATED, ARROW, FIRST_T, SUSPECTS, BAND)
