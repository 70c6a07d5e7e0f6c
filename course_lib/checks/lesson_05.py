"""Checks of lesson 05, LSTM: units set by hand, a step back, a loop, peepholes, two biases, a half-life, a counter."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.inputs import away_from_zero, zeroed
from course_lib.checks.probe import Source

Array = np.ndarray


# ---------------------------------------------------------------- cells whose weights the learner sets: 05.1 and 05.7


def _weights(result: Any, shapes: list[tuple[int, ...]]) -> tuple[float, ...]:
    """The numbers of W_xh, W_hh and b_h, row by row; ValueError where they are no three arrays of these shapes."""
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        raise ValueError("expected three arrays: (W_xh, W_hh, b_h)")
    numbers: list[float] = []
    for name, given, shape in zip(("W_xh", "W_hh", "b_h"), result, shapes, strict=True):
        try:
            array = np.asarray(given, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(f"{name}: expected numbers in rows of one length") from None
        if array.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
        numbers += array.ravel().tolist()
    return tuple(numbers)


@lru_cache(maxsize=2000)
def _run(weights: tuple[float, ...], H: int, symbols: str, string: str) -> tuple[list[float], float]:
    """c of unit 0 after each symbol of a string, and its last h, of the LSTM with these numbers."""
    W_xh, W_hh, b_h = weights[: 16 * H], weights[16 * H : -4 * H], weights[-4 * H :]
    units, rows = range(H), range(4 * H)
    heard = [(k // H, k % H, w) for k, w in enumerate(W_hh) if w]  # row, column, weight
    sums = {symbol: [W_xh[4 * k + x] + b_h[k] for k in rows] for x, symbol in enumerate(symbols)}

    @lru_cache(maxsize=100)  # four symbols, 2000 times: where h does not come back, the gates are the same each time
    def gates(symbol: str, h: tuple[float, ...]) -> list[float]:
        a = list(sums[symbol])
        for row, column, w in heard:
            a[row] += w * h[column]
        return [math.tanh(a[k]) if k // H == 2 else 0.5 + 0.5 * math.tanh(a[k] / 2) for k in rows]

    h = c = (0.0,) * H
    cells = []
    for symbol in string:
        a = gates(symbol, h if heard else (0.0,) * H)
        c = tuple([a[H + j] * c[j] + a[j] * a[2 * H + j] for j in units])
        h = tuple([a[3 * H + j] * math.tanh(c[j]) for j in units])
        cells.append(c[0])
    return cells, h[0]


# ---------------------------------------------------------------- 05.1 FIRST_NOUN


def _noun_cases(rng: np.random.Generator) -> list[Case]:
    def words(n: int) -> str:  # P and S: a noun in plural or singular, _: another word
        return "".join(rng.choice(list("PS__"), n))

    several = [f"_{noun}_PS{words(4)}" for noun in "PS"]
    texts = [f"_P_{words(3)}.{words(3)}_S_P.", f"_S__{words(3)}._P_S.{words(2)}P"]
    return [Case("the answer", (["_P__", "_S__"], several, texts, [f"S{words(60)}"]))]


def _noun_view(case: Case, result: Any) -> dict[str, Any]:
    """The cell state of unit 0 after each word of fresh sentences, run with the learner's weights."""
    weights = _weights(result, [(8, 4), (8, 2), (8,)])
    cells = [np.concatenate([_run(weights, 2, "PS_.", s)[0] for s in strings]) for strings in case.args]
    kinds = ("with one noun", "with several nouns", "one after the other", "of sixty words")
    return {f"c in sentences {kind}": c for kind, c in zip(kinds, cells, strict=True)}


_HELPER = (
    "Follow `cat near cats . cats`: what does unit 1 show, and when does the input gate of unit 0 shut and open?",
    "Which of the sums of unit 1 must notice a noun, and which the full stop? Does it matter which noun it was?",
    "Which row of W_hh is the input gate of unit 0? tanh(1) is 0.76: what does your weight leave there of a sum of 20?",
)
_STORES = (
    "Follow `near cats near near .`: what are i, f, g and c of unit 0 at each word?",
    "Which of its four sums decides the sign, which one keeps, and which one must notice the full stop?",
    "A sum of 0 is a gate of one half, and a sum of 3 is one of 0.95. Are yours wide open?",
)
_SET, _ALL = "FIRST_NOUN = ", "(W_xh, W_hh, b_h)"


def _then(line: str) -> tuple[str, str]:
    return _SET, f"{line}\n{_SET}"


_NOUNS = {
    _HELPER: {
        "nothing shuts the input gate of unit 0: later nouns are added": _then("W_hh[0, 1] = 0"),
        "the input gate of unit 0 listens to unit 0 itself": _then("W_hh[0] = [-60, 0]"),
        "the forget gate listens to unit 1, not the input gate": _then("W_hh[0, 1], W_hh[2, 1] = 0, -60"),
        "the weight on unit 1 does not outweigh the bias: 20 * 0.76 is less than 20": _then("W_hh[0, 1] = -20"),
        "unit 1 is not cleared by the full stop: the next subject is not written": _then("W_xh[3, 3] = 0"),
        "unit 1 tells which noun it was, not only that there was one": _then("W_xh[5] = [20, -20, 0, 0]"),
        "unit 1 notices nouns of one kind only": [_then(f"W_xh[5, {k}] = 0") for k in (0, 1)],
        "unit 1 notices every word, so that the gate shuts before the noun": _then("W_xh[5] = [20, 20, 20, 0]"),
        "unit 1 does not keep: its forget gate is half open": _then("b_h[3] = 0"),
        "unit 1 shows half of what it stores: its output gate is half open": _then("b_h[7] = 0"),
        "weights of 6 or so: no gate is wide open": (_ALL, f"tuple(a / 4 for a in {_ALL})"),
    },
    _STORES: {
        "unit 0 is not cleared by the full stop": _then("W_xh[2, 3] = 0"),
        "the forget gate of unit 0 half open: only half is kept at each word": _then("b_h[2] = 0"),
        "nothing is ever written into unit 0: i or g is 0 at every noun": _then("W_xh[4] = 0"),
        "a singular noun is not written": _then("W_xh[4, 1] = 0"),
        "both nouns are written as +1": _then("W_xh[4, 1] = 20"),
        "the signs of the two nouns exchanged": _then("W_xh[4] *= -1"),
        "weight 1 into the candidate: tanh(1) = 0.76 is written": _then("W_xh[4] = [1, -1, 0, 0]"),
        "the rows stacked unit by unit, not gate by gate": (
            _ALL,
            f"tuple(a[{[*range(0, 8, 2), *range(1, 8, 2)]}] for a in {_ALL})",
        ),
    },
}
_FIRST_HINTS = (
    "Follow one short sentence, word by word: at which word is c of unit 0 wrong for the first time?",
    "Make a table for each unit: for each of the four inputs the values that i, f, g and o must have.",
    "What is the same for all words goes into b_h, what the word decides into W_xh, what unit 1 decides into W_hh.",
)
FIRST_NOUN = Exercise(
    "05.1", "FIRST_NOUN", 2, _noun_cases, (), slips(_NOUNS), view=_noun_view, rtol=1e-2, hints=_FIRST_HINTS
)


# ---------------------------------------------------------------- 05.2 coupled_backward


def _back_cases(rng: np.random.Generator) -> list[Case]:
    def draw(*shape: int) -> tuple[Array, ...]:
        scales = (1.0, 1.0, 1.2, 0.8, 1.2, 1.8)
        return tuple(scale * away_from_zero(rng, shape) for scale in scales)

    args = draw(3, 4)
    return [
        Case("B = 3, H = 4", args),
        Case("dc_t = 0", zeroed(args, 1), easy=True, look="look at what arrives from the cell of the next step"),
        Case("dh_t = 0", zeroed(args, 0), easy=True, look="look at where dh_t enters: the output gate, the cell"),
        Case("c_prev = 0", zeroed(args, 5), easy=True, look="look at what the forget gate keeps"),
        Case("a_g = 0", zeroed(args, 3), easy=True, look="look at what the gate lets in"),
        Case("B = H = 1", draw(1, 1), easy=True, look="look at whether each unit is kept for itself"),
    ]


_PATHS = (
    "Give a loss to h_t only (dc_t = 0), then to c_t only (dh_t = 0). What should come back for each of the four?",
    "How many arrows enter the sum at c_t? By what is each of them multiplied on its way?",
    "To whom does that sum go on, and by what was each of them multiplied in the forward pass?",
)
_TANH = (
    "Set dh_t = 1, c_prev = 2 and all else to 0: c_t is 1, and dc should be 0.5 * (1 - tanh(1)²) = 0.21. Is yours?",
    "h_t is a product of two things: which one do you hold fixed on this path, and what is the slope of the other?",
    "The slope of the tanh is written with its own output: is that what you square?",
)
_BLOCK = (
    "Nudge one sum by 1e-6 and compare: for which of the three is your result wrong?",
    "In which product and which function does this sum stand in the forward pass?",
    "A product hands back its other factor, a function its slope, written with its own output. Which are yours?",
)
_TWO_PLACES = (
    "Set c_prev = a_g = 0, then only a_g = 0, then only c_prev = 0: is your da_f 0 first, and then of the right sign?",
    "How often does the gate stand in the line of c_t, and with which sign each time?",
    "Open the gate a little: what does c_t gain, and what does it lose at the same time? Multiply that by dc.",
)
_DC, _SQUARE, _BOTH, _SHUT = "dc_t + dh_t", "np.tanh(c_t) ** 2", "(c_prev - g_t)", "dc * (1 - f_t)"
_F, _O, _G = "f_t * (1 - f_t)", "o_t * (1 - o_t)", "(1 - g_t**2)"  # the slope of each sum's function

_BACKWARD = {
    _TWO_PLACES: {
        "da_f with c_prev alone: the place where the gate is turned round is forgotten": (_BOTH, "c_prev"),
        "da_f from the place where the gate is turned round alone": [(_BOTH, "(-g_t)"), (_BOTH, "g_t")],
        "da_f with a plus between its two parts: 1 - f falls when f rises": (_BOTH, "(c_prev + g_t)"),
        "da_f with the signs of its two parts exchanged": (_BOTH, "(g_t - c_prev)"),
        "da_f without the factor of what the gate chooses between": (f"{_BOTH} * ", ""),
        "da_g with f in the place of 1 - f": (_SHUT, "dc * f_t"),
        "da_g without its factor 1 - f": (_SHUT, "dc"),
        "dc_prev with 1 - f in the place of f": ("dc_prev = dc * f_t", "dc_prev = dc * (1 - f_t)"),
        "f lets in and 1 - f keeps, on the way forward and back": {
            "sigmoid(a_f": "sigmoid(-a_f",
            _BOTH: "(g_t - c_prev)",
        },
        "the new let in whole, forward and back: c = f c + g": {"(1 - f_t) * g_t": "g_t", _SHUT: "dc", _BOTH: "c_prev"},
    },
    _PATHS: {
        "the path from h to the cell is missing": (f" + dh_t * o_t * (1 - {_SQUARE})", ""),
        "da_f and da_g from the incoming dc_t only": {f"da_{k} = dc": f"da_{k} = dc_t" for k in "fg"},
        "the incoming dc_t is left out": (_DC, "dh_t"),
        "dc_t times the slope of tanh, too: brackets": (f"{_DC} * o_t", f"({_DC} * o_t)"),
        "dc_prev = dc: the forget gate is missing on the way back": ("dc * f_t", "dc"),
        "dc_prev from the incoming dc_t only": ("dc * f_t", "dc_t * f_t"),
    },
    _TANH: {
        "output gate left out of the path from h to the cell": ("dh_t * o_t * (1", "dh_t * (1"),
        "slope of tanh written as 1 - c**2": (_SQUARE, "c_t ** 2"),
        "slope of tanh written as 1 - h_t**2": (_SQUARE, "(o_t * np.tanh(c_t)) ** 2"),
        "slope of tanh left out of the path from h to the cell": (f" * (1 - {_SQUARE})", ""),
    },
    _BLOCK: {
        "slope of the forget gate missing": (f" * {_F}", ""),
        "slope of the output gate missing": (f" * {_O}", ""),
        "all three slopes missing": {f" * {slope}": "" for slope in (_F, _O, _G)},
        "slope of the candidate missing": (f" * {_G}", ""),
        "slope of a sigmoid on the candidate: g * (1 - g)": (_G, "g_t * (1 - g_t)"),
        "the slope of the tanh from the sum a_g: it is written with the value g, 1 - g²": (_G, "(1 - a_g**2)"),
        "the slope of a gate from its sum a_f or a_o: it is written with the gate's value, s (1 - s)": [
            {_F: "a_f * (1 - a_f)", _O: "a_o * (1 - a_o)"},
            (_F, "a_f * (1 - a_f)"),
            (_O, "a_o * (1 - a_o)"),
        ],
        "da_o without its factor tanh(c_t)": ("dh_t * np.tanh(c_t)", "dh_t"),
        "da_o with c_t in the place of tanh(c_t)": ("dh_t * np.tanh(c_t)", "dh_t * c_t"),
        "da_o from dc in the place of dh_t": ("da_o = dh_t", "da_o = dc"),
    },
}
_HINTS = (
    "Which of the four results are right? da_o and dc_prev are as in the lecture.",
    "The total at c_t is needed by f, g and c_prev; o needs dh_t only.",
    "Walk the forward lines from the last to the first. What stands in two places gets the sum of two gradients.",
)
_WRONG, _FOUR = slips(_BACKWARD), ("da_f", "da_g", "da_o", "dc_prev")
COUPLED = Exercise("05.2", "coupled_backward", 2, _back_cases, _FOUR, _WRONG, bare=True, arguments="left", hints=_HINTS)


# ---------------------------------------------------------------- 05.3 unroll_lstm

LSTM_SOURCE = Source(
    "lambda x, h, c, U, W, b: (lambda a, n: (lambda s: (lambda c_t: (s(a[:, 3*n:]) * np.tanh(c_t), c_t))"
    "(s(a[:, n:2*n]) * c + s(a[:, :n]) * np.tanh(a[:, 2*n:3*n])))(lambda z: 1 / (1 + np.exp(-z))))"
    "(x @ U.T + h @ W.T + b, h.shape[1])"
)
TOY_SOURCE = Source("lambda x, h, c, keep: (0.5 * h + keep * c + x[:, :1], keep * c + x[:, :1] - 0.25 * h)")


def _step_args(rng: np.random.Generator, B: int = 3, D: int = 5, H: int = 4) -> tuple[Array, ...]:
    shapes = [(B, D), (B, H), (B, H), (4 * H, D), (4 * H, H), (4 * H,)]
    scales = [1.0, 0.8, 1.8, 0.5, 0.5, 0.8]
    return tuple(scale * away_from_zero(rng, shape) for scale, shape in zip(scales, shapes, strict=True))


def _sequence(rng: np.random.Generator, T: int = 6, B: int = 3, D: int = 5, H: int = 4) -> tuple[Any, ...]:
    _, h0, c0, *params = _step_args(rng, B, D, H)
    return (LSTM_SOURCE, away_from_zero(rng, (T, B, D)), h0, c0, *params)


def _sequence_cases(rng: np.random.Generator) -> list[Case]:
    args = _sequence(rng)
    toy = (TOY_SOURCE, away_from_zero(rng, (5, 2, 1)), away_from_zero(rng, (2, 1)), away_from_zero(rng, (2, 1)), 0.7)
    return [
        Case("T = 6, B = 3, D = 5, H = 4", args),
        Case("T = B = 4", _sequence(rng, T=4, B=4)),
        Case("another cell with two states", toy),
        Case("h0 = c0 = 0", zeroed(args, 2, 3), easy=True, look="look at where your loop starts"),
        Case("c0 = 0", zeroed(args, 3), easy=True, look="look at the place where your loop reads c0"),
        Case("T = 1", _sequence(rng, T=1), easy=True, look="look at what is new in the second step"),
        Case("B = 1", _sequence(rng, B=1), easy=True, look="look at which axis counts time"),
    ]


_HANDED_ON = (
    "Run the example. At which step is h or c wrong for the first time, and which h and c did that step get?",
    "How often should one round call the step, and what do both names of the states hold when it starts?",
    "Which of the two states comes first in the step's arguments, and which in its results?",
)
_WHICH = (
    "Run the example: are your results 5, 5.5, 4.25 and then 3, 1.5, 2.75?",
    "What does the statement ask for: all states, or the last ones? Both kinds, or one?",
    "What does the step return first, and where does it go in your code?",
)
_TIME = (
    "Run with T = 6, B = 3 and H = 4. Which shape is there after each line, and what comes first and last in yours?",
    "Which axis of xs counts time? Which inputs does your loop read, and in which order?",
    "Are h0 and c0 states after a step? Do your lists hold T arrays, or T names for one array?",
)
_CALL, _STATES, _STACKS = "h_t, c_t = step(x_t, h_t, c_t, *params)", "h_t, c_t, *params", "np.stack(hs), np.stack(cs)"
_H_CALL, _C_CALL = "h_t, _ = step(x_t, h_t, c_t, *params)", "_, c_t = step(x_t, h_t, c_t, *params)"
_ENDS, _END = "hs.append(h_t)", "cs.append(c_t)"
_LAST_ZERO = {"(hs)": "([*hs[:-1], 0 * h0])", "(cs)": "([*cs[:-1], 0 * c0])"}
_STORED_FIRST = {_CALL: f"{_ENDS}\n{_END}\n{_CALL}", f"{_ENDS}\n{_END}": "pass"}

_LOOP = {
    _HANDED_ON: {
        "the cell is not handed on: every step starts from c0": (_STATES, "h_t, c0, *params"),
        "h is not handed on: every step starts from h0": (_STATES, "h0, c_t, *params"),
        "every step starts from h0 and c0": (_STATES, "h0, c0, *params"),
        "h and c exchanged in each call of the step": (_STATES, "c_t, h_t, *params"),
        "the new cell is thrown away: c stays c0": (_CALL, _H_CALL),
        "h0 and c0 ignored: starts from zeros": ("", "h0, c0 = 0 * h0, 0 * c0"),
        "c0 ignored: the cell starts from zeros": ("", "c0 = 0 * c0"),
        "h0 ignored: h starts from zeros": ("", "h0 = 0 * h0"),
        "h0 and c0 exchanged at the start": ("", "h0, c0 = c0, h0"),
        "the cell computed from the new h, in a second call": (_CALL, f"{_H_CALL}\n{_C_CALL}"),
        "h computed from the new cell, in a second call": (_CALL, f"{_C_CALL}\n{_H_CALL}"),
        "the loop as it was, with both faults": (_CALL, f"{_H_CALL}\n{_C_CALL}".replace("c_t, *", "c0, *")),
    },
    _WHICH: {
        "h stored in both lists": (_END, "cs.append(h_t)"),
        "c stored in both lists": (_ENDS, "hs.append(c_t)"),
        "h and c unpacked in the wrong order": ("h_t, c_t = step", "c_t, h_t = step"),
        "h and c returned in the wrong order": (_STACKS, "np.stack(cs), np.stack(hs)"),
        "only the last states returned": (_STACKS, "hs[-1], cs[-1]"),
    },
    _TIME: {
        "the results have the batch as first axis, not time": {"(hs)": "(hs, 1)", "(cs)": "(cs, 1)"},
        "h0 and c0 returned among the states": ("[], []", "[h0], [c0]"),
        "the last step is missing": [("", "xs = xs[:-1]"), _LAST_ZERO],
        "stored before the step: h0 and c0 first, the last states missing": _STORED_FIRST,
        "all stored states are one array": {"(hs)": "([h_t] * len(xs))", "(cs)": "([c_t] * len(xs))"},
    },
}
_UNROLL_HINTS = (
    "Write the two calls for T = 2 by hand, without a loop, and compare with what the faulty loop does.",
    "Two names hold the states before the loop; both are read, and both get a new value in each round.",
    "One call of the step in each round gives both new states.",
)
UNROLL = Exercise("05.3", "unroll_lstm", 1, _sequence_cases, ("hs", "cs"), slips(_LOOP), bare=True, hints=_UNROLL_HINTS)


# ---------------------------------------------------------------- 05.4 peephole_step


def _peephole_cases(rng: np.random.Generator) -> list[Case]:
    def draw(B: int = 3, D: int = 5, H: int = 4) -> tuple[Array, ...]:
        return (*_step_args(rng, B, D, H), away_from_zero(rng, (3, H)))

    args = draw()
    return [
        Case("B = 3, D = 5, H = 4", args),
        Case("B = D = H = 3", draw(3, 3, 3)),
        Case("p = 0 (the usual LSTM)", zeroed(args, 6), easy=True, look="look at the peepholes"),
        Case("c_prev = 0", zeroed(args, 2), easy=True, look="look at what the gates see of the old cell"),
        Case("h_prev = 0", zeroed(args, 1), easy=True, look="look at where h_prev enters"),
        Case("B = 1", draw(B=1), easy=True, look="look at how rows of the batch are kept apart"),
    ]


_PEEP_WHAT = (
    "Take h_prev = 0, c_prev = 10 and p full of 0.5: the sums of i and f grow by 5, that of o by c_t / 2. Do yours?",
    "Which two factors has each peephole, and which has yours? Do they stand inside the sigmoid?",
    "Which cell is known when a gate is computed, which one does o let through, and is it stored or shown to all?",
)
_PEEP_ROWS = (
    "Set one row of p to zero after the other. Which gate should no longer see the cell?",
    "In which order does the statement list the rows of p?",
    "Which of the four blocks has no peephole?",
)
_PI, _PF, _PO, _ROWS = "p_i * c_prev", "p_f * c_prev", "p_o * c_t", "p_i, p_f, p_o = p"

_PEEPHOLE = {
    _PEEP_WHAT: {
        "the output gate looks at the old cell": (_PO, "p_o * c_prev"),
        "the output gate has no peephole": (_PO, "0"),
        "peepholes left out": {_PI: "0", _PF: "0", _PO: "0"},
        "each gate looks at h_prev, not at the cell": {_PI: "p_i * h_prev", _PF: "p_f * h_prev", _PO: "p_o * h_prev"},
        "the input gate looks at h_prev, not at the cell": (_PI, "p_i * h_prev"),
        "the forget gate looks at h_prev, not at the cell": (_PF, "p_f * h_prev"),
        "each gate looks at tanh(c), not at the cell itself": {
            " c_prev)": " np.tanh(c_prev))",
            _PO: "p_o * np.tanh(c_t)",
        },
        "the output gate looks at tanh(c_t), not at the cell state itself": (_PO, "p_o * np.tanh(c_t)"),
        "i and f look at a new cell state, but they are needed before there is one": {
            _ROWS: f"{_ROWS}\nc_t = sigmoid(a_f) * c_prev + sigmoid(a_i) * np.tanh(a_g)",
            _PI: "p_i * c_t",
            _PF: "p_f * c_t",
        },
        "each gate sees the cells of all units, not of its own alone": {
            p: f"({p}).sum(axis=1, keepdims=True)" for p in (_PI, _PF, _PO)
        },
        "each gate looks at the cell without the weights p": {_PI: "c_prev", _PF: "c_prev", _PO: "c_t"},
        "each gate adds p without the cell: one more bias": {_PI: "p_i", _PF: "p_f", _PO: "p_o"},
        "each gate adds its peephole outside the sigmoid": {f"(a_{k} + p_{k}": f"(a_{k}) + (p_{k}" for k in "ifo"},
    },
    _PEEP_ROWS: {
        "the rows of p for i and f exchanged": (_ROWS, "p_f, p_i, p_o = p"),
        "the rows of p for i and o exchanged": (_ROWS, "p_o, p_f, p_i = p"),
        "the rows of p for f and o exchanged": (_ROWS, "p_i, p_o, p_f = p"),
        "one row of p used for all gates": [(_ROWS, f"p_i = p_f = p_o = p[{k}]") for k in range(3)],
        "the candidate has a peephole, too": [("(a_g", f"(a_g + p_{k} * c_prev") for k in "oif"],
    },
}
_OLD, _NEW, _SHOWN, _RETURN = "f_t * c_prev", "i_t * g_t", "o_t * np.tanh(", "return h_t, c_t"
_BLOCKS = "a_i, a_f, a_g, a_o"

_STEP = {
    (
        "With p = 0 your h_t and c_t should be those of `lstm_step`. Are they? If not, the fault is no peephole.",
        "Fill b_h with 0, 1, 2, …, all else with zeros, and print the sums of i, f, g and o. What should each hold?",
        "In which order does the statement stack the four blocks, and what is added up in each?",
    ): {
        "blocks cut as every fourth entry": ("np.split(a_t, 4, axis=1)", "(a_t[:, k::4] for k in range(4))"),
        "input and forget gate exchanged": (_BLOCKS, "a_f, a_i, a_g, a_o"),
        "output gate and candidate exchanged": (_BLOCKS, "a_i, a_f, a_o, a_g"),
        "x_t left out of the gates": ("x_t @ W_xh.T + ", ""),
        "h_prev left out of the gates": (" + h_prev @ W_hh.T", ""),
        "bias forgotten": (" + b_h", ""),
        "candidate and forget gate exchanged": (_BLOCKS, "a_i, a_g, a_f, a_o"),
    },
    (
        "Set all but b_h to zero and b_h to -5, then to 5. Which values should i, f, g and o have? Which have yours?",
        "A gate says how much, a candidate says what, and of which sign: which range fits which?",
    ): {
        "tanh on the three gates": ("sigmoid(", "np.tanh("),
        "no activation on the three gates": ("sigmoid(", "("),
        "the gates turned round, as by 1 / (1 + exp(a))": ("sigmoid(", "1 - sigmoid("),
        "sigmoid on the candidate g": ("np.tanh(a_g", "sigmoid(a_g"),
    },
    (
        "Close the input gate (-20 in its quarter of b_h): is c_t then f * c_prev? Close the forget gate: is it i * g?",
        "Compare with the lecture's lines for c_t and h_t: which factors are in each product, and which are in yours?",
        "Which results does your function hand back, and in which order? Which may leave the range from -1 to 1?",
    ): {
        "the old cell left out": (f"{_OLD} + ", ""),
        "forget gate left out": (_OLD, "c_prev"),
        "1 - f where f belongs": (_OLD, "(1 - f_t) * c_prev"),
        "h_prev in the place of c_prev": (_OLD, "f_t * h_prev"),
        "the new part i * g left out": (f" + {_NEW}", ""),
        "input gate left out": (_NEW, "g_t"),
        "i and g added, not multiplied": (_NEW, "(i_t + g_t)"),
        "input gate tied to the forget gate: 1 - f": (_NEW, "(1 - f_t) * g_t"),
        "a tanh around the new cell": {"c_t = ": "c_t = np.tanh(", _NEW: f"{_NEW})"},
        "output without the tanh: o * c_t": (_SHOWN, "o_t * ("),
        "output gate left out": (_SHOWN, "np.tanh("),
        "h and c returned in the wrong order": (_RETURN, "return c_t, h_t"),
        "only h returned": (_RETURN, "return h_t"),
    },
}
_PEEP = slips(_PEEPHOLE | _STEP)
_PEEP_HINTS = (
    "Compare it with the lstm_step of the lecture at p = 0. If they agree, only the peepholes are left to look at.",
    "Take c_prev = 0 next: then only the output gate sees anything.",
    "c_t has to be known before the output gate can be computed.",
)
PEEPHOLE = Exercise("05.4", "peephole_step", 1, _peephole_cases, ("h_t", "c_t"), _PEEP, bare=True, hints=_PEEP_HINTS)


# ---------------------------------------------------------------- 05.5 open_forget_gate


def _biases(rng: np.random.Generator, H: int = 4) -> tuple[Any, ...]:
    return 0.5 * away_from_zero(rng, (4 * H,)), 0.5 * away_from_zero(rng, (4 * H,)), float(rng.uniform(1.5, 4))


def _bias_cases(rng: np.random.Generator) -> list[Case]:
    args = _biases(rng)
    before = zeroed(args[:2], 0, 1) + args[2:]
    return [
        Case("H = 4", args),
        Case("H = 3", _biases(rng, 3)),
        Case("both biases 0 before", before, easy=True, look="look at what was there before"),
        Case("H = 1", _biases(rng, 1), easy=True, look="look at where the forget quarter begins and ends"),
    ]


def _quarters(case: Case, result: Any) -> dict[str, Any]:
    """The four quarters of the sum, which is all that the LSTM ever sees of its two biases."""
    if not isinstance(result, (tuple, list, np.ndarray)) or len(result) != 2:
        raise ValueError("expected two results, bias_ih and bias_hh")
    first, second = (np.asarray(b, dtype=float) for b in result)
    if first.shape != case.args[0].shape or second.shape != case.args[1].shape:
        raise ValueError(f"expected two biases of shape {case.args[0].shape}, got {first.shape} and {second.shape}")
    return {f"{k} quarter of the sum": s for k, s in zip("ifgo", np.split(first + second, 4), strict=True)}


_QUARTER = (
    "Call it with H = 4 and value = 2, and print the sum of your two biases: which entries are 2?",
    "Which quarter of the vector belongs to the forget gate? The order is i, f, g, o.",
    "With H = 4, at which index does that quarter begin, and where does it end?",
)
_TWO_BIASES = (
    "Print the sum of your two biases, quarter by quarter. What should stand in each, and what does?",
    "What was in each of the two vectors before, and what of it is still there?",
    "If one of the two carries the value, what must the other one carry at the same place?",
)
_PLACE, _FIRST, _SECOND = "H : 2 * H", "first = np.zeros(4 * H)", "second = np.zeros(4 * H)"
_KEPT, _KEPT_2 = "first = bias_ih.copy()", "second = bias_hh.copy()"
_CLEARED = f"{_KEPT_2}\nsecond[H : 2 * H] = 0"

_BIASES = {
    _QUARTER: {
        "the value in the input gate's quarter": (_PLACE, ":H"),
        "the value in the candidate's quarter": (_PLACE, "2 * H : 3 * H"),
        "the value in the output gate's quarter": (_PLACE, "3 * H :"),
        "the value in all four quarters": (_PLACE, ":"),
    },
    _TWO_BIASES: {
        "the value in both biases: their sum is twice as much": ("return", "second[H : 2 * H] += value\nreturn"),
        "the gate sigmoid(value) in the place of the bias": ("= value", "= sigmoid(value)"),
        "the other quarters of bias_ih left as they were": (_FIRST, _KEPT),
        "the other quarters of bias_hh left as they were": (_SECOND, _CLEARED),
        "the other quarters left as they were": {_FIRST: _KEPT, _SECOND: _CLEARED},
        "bias_hh left as it was": (_SECOND, _KEPT_2),
        "only the forget quarter of bias_ih set, all else left": {_FIRST: _KEPT, _SECOND: _KEPT_2},
        "the value added to what was there": {_FIRST: _KEPT, _SECOND: _KEPT_2, "= value": "+= value"},
    },
}
_BIAS, _TWO = slips(_BIASES), ("bias_ih", "bias_hh")
_B_HINTS = (
    "Print the sum of your two biases, quarter by quarter.",
    "The order of the quarters is i, f, g, o.",
    "Start from two vectors of zeros.",
)
FORGET = Exercise(
    "05.5", "open_forget_gate", 1, _bias_cases, _TWO, _BIAS, view=_quarters, arguments="free", bare=True, hints=_B_HINTS
)


# ---------------------------------------------------------------- 05.6 bias_for_half_life


def _half_life_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("one number of steps", (float(rng.integers(20, 200)),)),
        Case("an array of numbers of steps", (rng.integers(3, 2000, 5).astype(float),)),
        Case("few steps", (float(rng.integers(2, 6)),)),
        Case("steps = 1", (1.0,), easy=True, look="look at how f is raised to the number of steps"),
    ]


_LAW = (
    "Put your bias for 2 steps back: is sigmoid(b) ** 2 one half, or another number?",
    "After one step the fraction f of the cell is left. What is left after n, and what is asked for? Solve for f.",
)
_INVERSE = (
    "For 100 steps the bias should be 4.97. What is yours, and what is its sigmoid?",
    "f is a sigmoid of the bias. Which function turns f back into b?",
    "Solve f = 1 / (1 + exp(-b)) for b, line by line, and compare with your last line.",
)
_LOG, _ROOT = "np.log(f / (1 - f))", "0.5 ** (1 / n)"

_BIAS_OF = {
    _INVERSE: {
        "the gate f returned in the place of the bias": (_LOG, "f"),
        "log(f) in the place of log(f / (1 - f))": (_LOG, "np.log(f)"),
        "the sign of the bias turned round": ("return np.log", "return -np.log"),
        "f / (1 - f) without its logarithm": ("np.log(", "("),
    },
    _LAW: {
        "1 / (1 - f) steps taken for the half-life": (_ROOT, "1 - 1 / n"),
        "37 % (1/e) left in the place of one half": (_ROOT, "np.exp(-1 / n)"),
        "log(steps): the lecture's rule b = ln k, at which about a third is left, not one half": (_ROOT, "n / (n + 1)"),
        "log(steps / log 2): nearly right for long half-lives only": (_LOG, "np.log(n / np.log(2))"),
        "the log of a negative number: f outside of 0 to 1, or f - 1 for 1 - f": (_ROOT, "2 ** (1 / n)"),
    },
}
_LIFE_HINTS = (
    "Put your bias back: sigmoid(b) ** steps should be 1/2.",
    "Two unknowns, two steps: first the gate f, then the bias b.",
    "The inverse of the sigmoid is log(f / (1 - f)).",
)
HALF_LIFE = Exercise(
    "05.6", "bias_for_half_life", 1, _half_life_cases, ("b",), slips(_BIAS_OF), rtol=2e-4, hints=_LIFE_HINTS
)


# ---------------------------------------------------------------- 05.7 COUNTER


def _counter_cases(rng: np.random.Generator) -> list[Case]:
    def draw(letters: str, n: int) -> list[str]:
        return ["".join(rng.choice(list(letters), int(rng.integers(5, 12)))) for _ in range(n)]

    with_dots = [f"a{s}." for s in draw("ab.", 3)]
    with_reset = [f"{s}#{'a' * int(rng.integers(1, 4))}" for s in draw("aab.", 3)]
    return [Case("the answer", (["a", "b", *draw("ab", 4)], [".", *with_dots], ["aa#", *with_reset]))]


def _counter_view(case: Case, result: Any) -> dict[str, Any]:
    """What the cell holds after fresh strings, run with the learner's weights."""
    weights = _weights(result, [(4, 4), (4, 1), (4,)])
    plain, dots, reset = ([_run(weights, 1, "ab.#", s) for s in strings] for strings in case.args)
    long = _run(weights, 1, "ab.#", "a" * 1000 + "b" * 1000)[0]
    return {
        "c after strings of a and b": np.array([c[-1] for c, _ in plain]),
        "c after strings with .": np.array([c[-1] for c, _ in dots]),
        "c after strings with #": np.array([c[-1] for c, _ in reset]),
        "c after 1000 a, then also 1000 b": np.array([long[999], long[-1]]) / 1000,
        "h = tanh(c)": np.array([h for _, h in plain]),
    }


_KEEP = (
    "Follow `a..` and `aa#`, and look at f, i and g at each symbol. What should they be, and what are they?",
    "Which gate decides what is left of the old cell? What must it be for a, b and ., and what for #?",
    "How far below zero must the sum of that gate come for # when its bias is 20, and what else happens at #?",
)
_WRITE = (
    "Follow the strings `a`, `b` and `.`, each alone: what are i, f, g and o?",
    "Which block decides the sign of what is added? Which value must it have for each symbol?",
    "tanh(20) is 1, tanh(0) is 0, sigmoid(0) is 0.5: which sums do the four symbols need, and in which row?",
)
_LEAK = (
    "Follow a hundred `a`, then a thousand. What should c be at the end, and what is it?",
    "What is sigmoid of your forget gate's sum, to eight digits? And that to the power of 1000?",
    "Which number does the statement call wide open?",
)
_RESET, _COUNT, _OPEN, _LAST = "[0, 0, 0, -40]", "[20, -20, 0, 0]", "[20, 20, 0, 20]", "np.array([20, 20, 0, 20]))"
_ROWS_AS = f"{_LAST}\nCOUNTER = tuple(a[{{}}] for a in COUNTER)".format

_COUNTS = {
    _KEEP: {
        "the forget gate half open: it keeps only half at each step": (_OPEN, "[20, 0, 0, 20]"),
        "the forget gate closed: nothing is kept": (_OPEN, "[20, -20, 0, 20]"),
        "the dot clears the cell, too": (_RESET, "[0, 0, -40, -40]"),
        "# does not clear the cell: its weight belongs into the second row, that of f": (_RESET, "[0, 0, 0, 0]"),
        "# only halves the cell: the sum of its forget gate is 0, not far below": (_RESET, "[0, 0, 0, -20]"),
        "the columns of . and # exchanged": (_RESET, "[0, 0, -40, 0]"),
        "# subtracts one; it does not clear": {_RESET: "[0, 0, 0, 0]", _COUNT: "[20, -20, 0, -20]"},
    },
    _WRITE: {
        "the input gate half open: each symbol counts one half": (_OPEN, "[0, 20, 0, 20]"),
        "b is not counted down": (_COUNT, "[20, 0, 0, 0]"),
        "b is counted up": (_COUNT, "[20, 20, 0, 0]"),
        "the dot is counted, too": (_COUNT, "[20, -20, 20, 0]"),
        "weight 1 into the candidate: tanh(1) = 0.76 per symbol": (_COUNT, "[1, -1, 0, 0]"),
        "nothing is ever written: i or g is 0 for every symbol": (_COUNT, "[0, 0, 0, 0]"),
        "a bias on the candidate: symbols without a weight are counted, too": (_OPEN, "[20, 20, 20, 20]"),
        "weights of 1: no gate is wide open": {_RESET: "[0, 0, 0, -2]", _COUNT: "[1, -1, 0, 0]", _OPEN: "[1, 1, 0, 1]"},
        "the output gate left half open: h is half of tanh(c)": (_OPEN, "[20, 20, 0, 0]"),
        "forget and candidate rows exchanged": (_LAST, _ROWS_AS([0, 2, 1, 3])),
    },
    _LEAK: {
        "the forget gate leaks: a sum of 10 loses 4 % of the count in 1000 steps, one of 5 a third in 60": [
            *((_OPEN, f"[20, {b}, 0, 20]") for b in (5, 10)),
            {_RESET: "[0, 0, 0, -10]", _COUNT: "[5, -5, 0, 0]", _OPEN: "[5, 5, 0, 5]"},
        ],
    },
}
_COUNT_HINTS = (
    "Make a table: four symbols, and for each the values that i, f, g and o must have.",
    "A sum of 20 is a gate of 1 to eight digits; a sum of 5 is 0.993, which loses a third in 60 steps.",
    "Put what is the same for all symbols into b_h, and what differs into W_xh.",
)
COUNTER = Exercise(
    "05.7", "COUNTER", 2, _counter_cases, (), slips(_COUNTS), view=_counter_view, rtol=1e-3, hints=_COUNT_HINTS
)


EXERCISES = (FIRST_NOUN, COUPLED, UNROLL, PEEPHOLE, FORGET, HALF_LIFE, COUNTER)
