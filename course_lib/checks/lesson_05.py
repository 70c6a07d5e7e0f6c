"""Checks of lesson 05, LSTM: the cell, its gradients, a sequence, peepholes, two biases, the half-life, a counter."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.inputs import away_from_zero, zeroed
from course_lib.checks.probe import Source

Array = np.ndarray


# ---------------------------------------------------------------- slips of a step, with and without peepholes

_SUM = (
    "Set all but x_t and W_xh to zero and print the sum; then all but h_prev and W_hh; then all but b_h: is it right?",
    "Which matrix belongs to x_t, and which one to h_prev? Which way round does it stand?",
    "Which block and which quarter belong to each gate, and how many times does b_h stand in the equations?",
)
_BLOCKS = (
    "Fill b_h with 0, 1, 2, …, all else with zeros, and print the sums of i, f, g and o. What should each hold?",
    "In which order does the statement stack the four blocks, and along which axis?",
    "For each of i, f, g and o: from which rows of W_xh does your code take it, and what does it multiply?",
)
_RANGES = (
    "Set all but b_h to zero and b_h to -5, then to 5. Which values should i, f, g and o have, and which have yours?",
    "A gate says how much, a candidate says what, and of which sign: which range fits which?",
    "How many functions stand around each sum in the equations, and is anything added inside?",
)
_CELL = (
    "Close the input gate (-20 in its quarter of b_h): is c_t then f * c_prev? Close the forget gate: is it i * g?",
    "The equation adds two products: which two factors are in each, and which are in yours?",
    "What may happen to the old cell before the sum, and what to the sum itself?",
)
_OUT = (
    "Set all to 0 but c_prev = -2 and a bias of 2 for o: h_t should be 0.88 * tanh(-1) = -0.67, c_t -1. Are yours?",
    "Which two factors has h_t? Which function stands around the cell, and where does its bracket close?",
    "Which results does your function hand back, and in which order? Which may leave the range from -1 to 1?",
)


def _blocks(order: tuple[str, ...] | str, prefix: str = "a_") -> str:
    return ", ".join(prefix + k for k in order)  # a_i, a_f, a_g, a_o


_GATE = {"i": "input gate", "f": "forget gate", "o": "output gate"}
_SWAPS = {
    "figo": "input and forget gate exchanged",
    "igfo": "forget gate and candidate exchanged (another library's order)",
    "ofgi": "input and output gate exchanged",
    "iogf": "forget and output gate exchanged",
    "ifog": "output gate and candidate exchanged",
}
_ORDERS = {"".join(o): f"blocks read in the order {', '.join(o)}" for o in permutations("ifgo")} | _SWAPS
_USUAL = (*_SWAPS, "iofg", "gifo", "fiog")
_AGAIN = "the sum squashed by a sigmoid first, then by each gate's function again"
_TILE = "W_hh = np.tile(np.split(W_hh, 4)[{}], (4, 1))"
_OLD, _NEW, _SHOWN, _RETURN = "f_t * c_prev", "i_t * g_t", "o_t * np.tanh(", "return h_t, c_t"

_GATES = {
    _BLOCKS: {
        "blocks cut as every fourth entry": ("np.split(a_t, 4, axis=1)", "(a_t[:, k::4] for k in range(4))"),
        "blocks cut through the batch": ("np.split(a_t, 4, axis=1)", "a_t.reshape(4, len(a_t), -1)"),
        **{_ORDERS[o]: (_blocks("ifgo"), _blocks(o)) for o in _USUAL},
    },
    _RANGES: {
        **{f"tanh on the {gate}": (f"sigmoid(a_{k}", f"np.tanh(a_{k}") for k, gate in _GATE.items()},
        **{f"no activation on the {gate}": (f"sigmoid(a_{k}", f"(a_{k}") for k, gate in _GATE.items()},
        "tanh on the three gates": ("sigmoid(", "np.tanh("),
        "no activation on the three gates": ("sigmoid(", "("),
        "the gates turned round, as by 1 / (1 + exp(a))": ("sigmoid(", "1 - sigmoid("),
        "sigmoid on the candidate g": ("np.tanh(a_g", "sigmoid(a_g"),
        "no activation on the candidate g": ("np.tanh(a_g", "(a_g"),
        "a ReLU on the candidate g": ("np.tanh(a_g", "np.maximum(0, a_g"),
        "1 added to the forget gate inside the step": ("sigmoid(a_f", "sigmoid(1 + a_f"),
    },
}
_NEW_CELL = {
    _SUM: {
        "x_t left out of the gates": ("x_t @ W_xh.T + ", ""),
        "h_prev left out of the gates": (" + h_prev @ W_hh.T", ""),
        "c_prev sent through W_hh in the place of h_prev": ("h_prev @", "c_prev @"),
        "each block of W_hh transposed": ("@ W_hh.T", "@ np.hstack(np.split(W_hh, 4))"),
        "bias forgotten": (" + b_h", ""),
        "bias added twice": ("b_h", "2 * b_h"),
        "the input gate's bias used for all four": ("", "b_h = np.tile(np.split(b_h, 4)[0], 4)"),
        "the output gate's bias used for all four": ("", "b_h = np.tile(np.split(b_h, 4)[3], 4)"),
        "one gate's block of W_hh used for all four": [("", _TILE.format(0)), ("", _TILE.format(3))],
    },
    _CELL: {
        "the old cell left out": (f"{_OLD} + ", ""),
        "forget gate left out": (_OLD, "c_prev"),
        "1 - f where f belongs": (_OLD, "(1 - f_t) * c_prev"),
        "forget gate tied to the input gate: 1 - i": (_OLD, "(1 - i_t) * c_prev"),
        "h_prev in the place of c_prev": (_OLD, "f_t * h_prev"),
        "the new part i * g left out": (f" + {_NEW}", ""),
        "input gate left out": (_NEW, "g_t"),
        "i and g added, not multiplied": (_NEW, "(i_t + g_t)"),
        "input gate tied to the forget gate: 1 - f": (_NEW, "(1 - f_t) * g_t"),
        "the forget gate on both: f c + f g": (_NEW, "f_t * g_t"),
        "one gate for both, turned round: (1 - f) c + f g": {_OLD: "(1 - f_t) * c_prev", _NEW: "f_t * g_t"},
        "brackets: f (c + i g)": {_OLD: "f_t * (c_prev", _NEW: f"{_NEW})"},
        "a tanh around the new cell": {"c_t = ": "c_t = np.tanh(", _NEW: f"{_NEW})"},
    },
}
_OUTPUT = {
    "output without the tanh: o * c_t": (_SHOWN, "o_t * ("),
    "sigmoid in place of tanh on the cell": (_SHOWN, "o_t * sigmoid("),
    "a ReLU on the cell": (_SHOWN, "o_t * np.maximum(0, "),
    "output gate left out": (_SHOWN, "np.tanh("),
    "tanh around the product: tanh(o * c_t)": (_SHOWN, "np.tanh(o_t * "),
    "the forget gate in the place of the output gate": (_SHOWN, "f_t * np.tanh("),
    "output from the old cell": ("np.tanh(c_t)", "np.tanh(c_prev)"),
    "h and c returned in the wrong order": (_RETURN, "return c_t, h_t"),
    "h returned twice": (_RETURN, "return h_t, h_t"),
    "c returned twice": (_RETURN, "return c_t, c_t"),
    "tanh(c_t) returned in the place of c_t": (_RETURN, "return h_t, np.tanh(c_t)"),
    "only h returned": (_RETURN, "return h_t"),
}
_RARE = {
    _BLOCKS: {_ORDERS[o]: (_blocks("ifgo"), _blocks(o)) for o in _ORDERS if o not in ("ifgo", *_USUAL)},
    _RANGES: {_AGAIN: ("np.split(a_t", "np.split(sigmoid(a_t)")},
}
_STEP = (*slips(_GATES | {_OUT: _OUTPUT} | _NEW_CELL), *slips(_RARE, alone=True))


# ---------------------------------------------------------------- 05.1 lstm_step


def _step_args(rng: np.random.Generator, B: int = 3, D: int = 5, H: int = 4) -> tuple[Array, ...]:
    shapes = [(B, D), (B, H), (B, H), (4 * H, D), (4 * H, H), (4 * H,)]
    scales = [1.0, 0.8, 1.8, 0.5, 0.5, 0.8]
    return tuple(scale * away_from_zero(rng, shape) for scale, shape in zip(scales, shapes, strict=True))


def _step_cases(rng: np.random.Generator) -> list[Case]:
    args = _step_args(rng)
    return [
        Case("B = 3, D = 5, H = 4", args),
        Case("B = D = H = 3", _step_args(rng, 3, 3, 3)),
        Case("c_prev = 0", zeroed(args, 2), easy=True, look="look at the term with the old cell"),
        Case("h_prev = 0", zeroed(args, 1), easy=True, look="look at where h_prev enters"),
        Case("b_h = 0", zeroed(args, 5), easy=True, look="look at the bias"),
        Case("h_prev = c_prev = 0, b_h = 0", zeroed(args, 1, 2, 5), easy=True, look="look at the two memories"),
        Case("B = 1", _step_args(rng, B=1), easy=True, look="look at how rows of the batch are kept apart"),
    ]


_STEP_HINTS = (
    "Print the four gates for one unit and compare with the worked example, one after the other.",
    "One sum of shape (B, 4H) holds all four blocks; they are cut along axis 1.",
    "Two products are added for c_t, and h_t reads the new cell.",
)
LSTM_STEP = Exercise(
    "05.1", "lstm_step", 2, _step_cases, ("h_t", "c_t"), _STEP, bare=True, arguments="left", hints=_STEP_HINTS
)


# ---------------------------------------------------------------- 05.2 lstm_step_backward


def _back_cases(rng: np.random.Generator) -> list[Case]:
    def draw(B: int = 3, D: int = 5, H: int = 4) -> tuple[Array, ...]:
        return (away_from_zero(rng, (B, H)), away_from_zero(rng, (B, H)), *_step_args(rng, B, D, H))

    args = draw()
    return [
        Case("B = 3, D = 5, H = 4", args),
        Case("B = D = H = 3", draw(3, 3, 3)),
        Case("dc_t = 0", zeroed(args, 1), easy=True, look="look at what arrives from the cell of the next step"),
        Case("dh_t = 0", zeroed(args, 0), easy=True, look="look at where dh_t enters: the output gate, the cell"),
        Case("c_prev = 0", zeroed(args, 4), easy=True, look="look at the forget gate's block"),
        Case("h_prev = 0", zeroed(args, 3), easy=True, look="look at dW_hh"),
        Case("b_h = 0", zeroed(args, 7), easy=True, look="look at where b_h enters"),
        Case("B = 1", draw(B=1), easy=True, look="look at how the batch is added up"),
    ]


_PATHS = (
    "Give a loss to h_t only (dc_t = 0), then to c_t only (dh_t = 0). What should come back for c_prev and the blocks?",
    "How many arrows enter the sum at c_t? By what is each of them multiplied on its way?",
    "To whom does that sum go on, and by what was each of them multiplied in the forward pass?",
)
_TANH = (
    "Set dh_t = 1, c_prev = 2 and all else to zero: c_t is 1, and dc should be 0.5 * (1 - tanh(1)²) = 0.21. Is yours?",
    "h_t is a product of two things: which one do you hold fixed on this path, and what is the slope of the other?",
    "The slope of the tanh is written with its own output: is that what you square?",
)
_BLOCK = (
    "Which quarter of db_h is wrong? Compare the four one by one with finite differences.",
    "In which product and which function does this block stand in the forward pass?",
    "A product hands back its other factor, a function its slope, written with its own output. Which are yours?",
)
_STACK = (
    "Compare your db_h with the example: are wrong numbers perhaps right numbers at the wrong place?",
    "In which order are the rows of the weights stacked, and in which order do you cut and stack the blocks?",
)
_MET = (
    "Set W_hh to zero, then h_prev, then give one row twice: which of your six results should vanish, which double?",
    "A gradient has the shape of what it belongs to: which axis of da, (B, 4H), has to go, and which one comes first?",
    "da meets again what stood beside it in the forward product: which matrix did x_t meet, and what did W_hh meet?",
)
_DC, _DA, _SQUARE = "dc_t + dh_t", _blocks("ifgo", "da_"), "np.tanh(c_t) ** 2"
_I, _F, _O, _G = "i_t * (1 - i_t)", "f_t * (1 - f_t)", "o_t * (1 - o_t)", "(1 - g_t**2)"  # the slope of each block
_TWICE = {f"{k}_t * (1 - {k}_t)": f"sigmoid({k}_t) * (1 - sigmoid({k}_t))" for k in "ifo"}
_MEAN = {"da.T @ x_t": "da.T @ x_t / len(x_t)", "da.T @ h_prev": "da.T @ h_prev / len(x_t)"}

_BACKWARD = {
    _PATHS: {
        "the path from h to the cell is missing": (f" + dh_t * o_t * (1 - {_SQUARE})", ""),
        "da_i, da_f and da_g from the incoming dc_t only": {f"da_{k} = dc": f"da_{k} = dc_t" for k in "ifg"},
        "the incoming dc_t is left out": (_DC, "dh_t"),
        "dc_t times the slope of tanh, too: brackets": (f"{_DC} * o_t", f"({_DC} * o_t)"),
        "dc_prev = dc: the forget gate is missing on the way back": ("dc * f_t", "dc"),
        "dc_prev from the incoming dc_t only": ("dc * f_t", "dc_t * f_t"),
        "dc_prev from the path through h_t only": ("dc * f_t", "(dc - dc_t) * f_t"),
    },
    _TANH: {
        "output gate left out of the path from h to the cell": ("dh_t * o_t * (1", "dh_t * (1"),
        "slope of tanh written as 1 - c**2": (_SQUARE, "c_t ** 2"),
        "tanh taken twice in its slope": (_SQUARE, "np.tanh(np.tanh(c_t)) ** 2"),
        "slope of tanh written as 1 - h_t**2": (_SQUARE, "(o_t * np.tanh(c_t)) ** 2"),
        "slope of tanh taken at the old cell": (_SQUARE, "np.tanh(c_prev) ** 2"),
        "slope of tanh left out of the path from h to the cell": (f" * (1 - {_SQUARE})", ""),
    },
    _BLOCK: {
        **{f"slope of the {gate} missing": (f" * {k}_t * (1 - {k}_t)", "") for k, gate in _GATE.items()},
        "slope of the input gate without its factor i": (_I, "(1 - i_t)"),
        "slope of the forget gate without its factor f": (_F, "(1 - f_t)"),
        "slope of the output gate without its factor o": (_O, "(1 - o_t)"),
        "slope of the three gates missing": {f" * {slope}": "" for slope in (_I, _F, _O)},
        "the slopes of all four blocks missing": {f" * {slope}": "" for slope in (_I, _F, _O, _G)},
        "slope of a tanh on the three gates: 1 - s**2": {_I: "(1 - i_t**2)", _F: "(1 - f_t**2)", _O: "(1 - o_t**2)"},
        "the sigmoid taken twice in the slopes of the three gates": _TWICE,
        "slope of the candidate missing": (f" * {_G}", ""),
        "slope of a sigmoid on the candidate: g * (1 - g)": (_G, "g_t * (1 - g_t)"),
        "tanh taken twice on the candidate: 1 - tanh(g)**2": (_G, "(1 - np.tanh(g_t)**2)"),
        "sigmoid on the candidate g, on the way forward and back": {
            "np.tanh(a_g": "sigmoid(a_g",
            _G: "g_t * (1 - g_t)",
        },
        "da_i without its factor g": ("dc * g_t", "dc"),
        "da_i with i in the place of g": ("dc * g_t", "dc * i_t"),
        "da_f without its factor c_prev": ("dc * c_prev", "dc"),
        "da_f with the new cell in the place of c_prev": ("dc * c_prev", "dc * c_t"),
        "da_i with c_prev and da_f with g: exchanged": {"dc * g_t": "dc * c_prev", "dc * c_prev": "dc * g_t"},
        "da_g without its factor i": ("dc * i_t", "dc"),
        "da_o without its factor tanh(c_t)": ("dh_t * np.tanh(c_t)", "dh_t"),
        "da_o with c_t in the place of tanh(c_t)": ("dh_t * np.tanh(c_t)", "dh_t * c_t"),
        "da_o from dc in the place of dh_t": ("da_o = dh_t", "da_o = dc"),
    },
    _STACK: {
        "blocks of i and f stacked the wrong way round": (_DA, _blocks("figo", "da_")),
        "blocks of g and o stacked the wrong way round": (_DA, _blocks("ifog", "da_")),
        "db_h with da_f in other quarters, too": ("= da.sum", "= np.hstack([da_f, da_f, da_g, da_f]).sum"),
    },
    _MET: {
        "one matrix used for both dx_t and dh_prev": [("da @ W_hh", "da @ W_xh"), ("da @ W_xh", "da @ W_hh")],
        "W_hh used for dx_t, W_xh for dh_prev": {"da @ W_xh": "da @ W_hh", "da @ W_hh": "da @ W_xh"},
        "h_t in the place of h_prev in dW_hh": ("da.T @ h_prev", "da.T @ (o_t * np.tanh(c_t))"),
        "dh_prev with each block of W_hh transposed": ("da @ W_hh", "da @ np.hstack(np.split(W_hh, 4)).T"),
        "dh_prev and dc_prev returned in the wrong order": ("dh_prev, dc_prev", "dc_prev, dh_prev"),
        "weight gradients transposed": {"da.T @ x_t": "x_t.T @ da", "da.T @ h_prev": "h_prev.T @ da"},
        "db_h not summed over the batch": ("da.sum(axis=0)", "da"),
        "db_h averaged over the batch": ("da.sum(axis=0)", "da.mean(axis=0)"),
        "the gradients of the two matrices averaged over the batch": _MEAN,
        "weight gradients averaged over the batch": _MEAN | {"da.sum(axis=0)": "da.mean(axis=0)"},
    },
}
_BOTH_WAYS = {
    f"{_ORDERS[o]}, on the way forward and back": {_blocks("ifgo"): _blocks(o), _DA: _blocks(o, "da_")}
    for o in ("figo", "igfo", "ifog")
}
_OTHER_STACKS = [(_DA, _blocks(o, "da_")) for o in _ORDERS if o not in ("ifgo", "figo", "ifog")]
_FORWARD_PAIRED = ("bias forgotten", "sigmoid on the candidate g")
_FORWARD = (*slips(_GATES | _NEW_CELL), *slips(_RARE))
_BACK = (
    *(*slips(_BACKWARD), *slips({_STACK: _BOTH_WAYS})),
    *slips({_STACK: {"blocks stacked in another order than the weights": _OTHER_STACKS}}, alone=True),
    *(replace(s, name=f"{s.name}, in the forward lines", alone=s.name not in _FORWARD_PAIRED) for s in _FORWARD),
)
_SIX = ("dx_t", "dh_prev", "dc_prev", "dW_xh", "dW_hh", "db_h")
_BACK_HINTS = (
    "Check db_h first, one quarter after the other: it is the sum of the four blocks before any matrix.",
    "The total at c_t is needed by i, f, g and c_prev; o needs dh_t only.",
    "Walk the forward lines from the last to the first. Each product gives each factor the other one.",
)
LSTM_BACKWARD = Exercise(
    "05.2", "lstm_step_backward", 2, _back_cases, _SIX, _BACK, bare=True, hints=_BACK_HINTS, blocks={"db_h": "ifgo"}
)


# ---------------------------------------------------------------- 05.3 unroll_lstm

LSTM_SOURCE = Source(
    "lambda x, h, c, U, W, b: (lambda a, n: (lambda s: (lambda c_t: (s(a[:, 3*n:]) * np.tanh(c_t), c_t))"
    "(s(a[:, n:2*n]) * c + s(a[:, :n]) * np.tanh(a[:, 2*n:3*n])))(lambda z: 1 / (1 + np.exp(-z))))"
    "(x @ U.T + h @ W.T + b, h.shape[1])"
)
TOY_SOURCE = Source("lambda x, h, c, keep: (0.5 * h + keep * c + x[:, :1], keep * c + x[:, :1] - 0.25 * h)")


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
        "every step starts from zeros": {"": "h0, c0 = 0 * h0, 0 * c0", _STATES: "h0, c0, *params"},
        "h and c exchanged in each call of the step": (_STATES, "c_t, h_t, *params"),
        "h handed on in the place of c": (_END, f"{_END}\nc_t = h_t"),
        "the cell is set to zero after each step": (_END, f"{_END}\nc_t = 0 * c_t"),
        "the new cell is thrown away: c stays c0": (_CALL, _H_CALL),
        "the new h is thrown away: h stays h0": (_CALL, _C_CALL),
        "h0 and c0 ignored: starts from zeros": ("", "h0, c0 = 0 * h0, 0 * c0"),
        "c0 ignored: the cell starts from zeros": ("", "c0 = 0 * c0"),
        "h0 ignored: h starts from zeros": ("", "h0 = 0 * h0"),
        "h0 used for the cell, too": ("", "c0 = h0"),
        "h0 and c0 exchanged at the start": ("", "h0, c0 = c0, h0"),
        "the cell computed from the new h, in a second call": (_CALL, f"{_H_CALL}\n{_C_CALL}"),
    },
    _WHICH: {
        "h stored in both lists": (_END, "cs.append(h_t)"),
        "c stored in both lists": (_ENDS, "hs.append(c_t)"),
        "h and c unpacked in the wrong order": ("h_t, c_t = step", "c_t, h_t = step"),
        "h and c returned in the wrong order": (_STACKS, "np.stack(cs), np.stack(hs)"),
        "only the last states returned": (_STACKS, "hs[-1], cs[-1]"),
        "only the last cell returned": (_STACKS, "np.stack(hs), cs[-1]"),
        "the last h returned in the place of the cells, as nn.RNN does": (_STACKS, "np.stack(hs), hs[-1]"),
        "the last h and c in the place of the cells, as nn.LSTM does": (_STACKS, "np.stack(hs), (hs[-1], cs[-1])"),
        "only h returned, without the cells": (_STACKS, "np.stack(hs)"),
    },
    _TIME: {
        "the results have the batch as first axis, not time": {"(hs)": "(hs, 1)", "(cs)": "(cs, 1)"},
        "the steps joined along the batch: the axis of time is missing": ("np.stack(", "np.concatenate("),
        "the loop runs over the batch, not over time": ("", "xs = xs.swapaxes(0, 1)"),
        "inputs read in reversed order": ("", "xs = xs[::-1]"),
        "the input of the step before: xs[t - 1]": ("", "xs = np.roll(xs, 1, axis=0)"),
        "h0 and c0 returned among the states": ("[], []", "[h0], [c0]"),
        "the last step is missing": [("", "xs = xs[:-1]"), _LAST_ZERO],
        "the first step is missing": ("", "xs = xs[1:]"),
        "stored before the step: h0 and c0 first, the last states missing": _STORED_FIRST,
        "all stored states are one array": {"(hs)": "([h_t] * len(xs))", "(cs)": "([c_t] * len(xs))"},
    },
}
_UNROLL_HINTS = (
    "Write the two calls for T = 2 by hand, without a loop.",
    "Two names hold the state before the loop; both are read and both get a new value in each round.",
    "Two lists, one for h and one for c, stacked at the end.",
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
    "Which two factors has each peephole in the equations, and in your code? Do they stand inside the sigmoid?",
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
        "the output gate looks at tanh(c_t), not at c_t": (_PO, "p_o * np.tanh(c_t)"),
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
        "the candidate has the output gate's peephole": {"(a_g": "(a_g + p_o * c_prev", _PO: "0"},
    },
    _RANGES: {
        _AGAIN: {"sigmoid(": "sigmoid(sigmoid(", "c_prev)": "c_prev))", f"{_PO})": f"{_PO}))", "(a_g": "(sigmoid(a_g)"}
    },
}
_PEEP = (*slips(_PEEPHOLE), *_STEP)
_PEEP_HINTS = (
    "With p = 0 it must be your lstm_step. Is it?",
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
        "the value in everything from the forget quarter on": (_PLACE, "H:"),
        "the value in everything up to the end of the forget quarter": (_PLACE, ": 2 * H"),
        "the slice ends one too late": (_PLACE, "H : 2 * H + 1"),
    },
    _TWO_BIASES: {
        "the value in both biases: their sum is twice as much": ("return", "second[H : 2 * H] += value\nreturn"),
        "the gate sigmoid(value) in the place of the bias": ("= value", "= sigmoid(value)"),
        "the other quarters of bias_ih left as they were": (_FIRST, _KEPT),
        "the other quarters of bias_hh left as they were": (_SECOND, _CLEARED),
        "the other quarters left as they were": {_FIRST: _KEPT, _SECOND: _CLEARED},
        "the forget quarter of bias_hh left as it was": ("return", "second[H : 2 * H] += bias_hh[H : 2 * H]\nreturn"),
        "bias_hh left as it was": (_SECOND, _KEPT_2),
        "only the forget quarter of bias_ih set, all else left": {_FIRST: _KEPT, _SECOND: _KEPT_2},
        "the value added to what was there": {_FIRST: _KEPT, _SECOND: _KEPT_2, "= value": "+= value"},
        "the value added to bias_ih, bias_hh set to zero": {_FIRST: _KEPT, "= value": "+= value"},
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
        "log(1 - f) in the place of log(f / (1 - f))": (_LOG, "np.log(1 - f)"),
        "-log(1 - f) in the place of log(f / (1 - f))": (_LOG, "-np.log(1 - f)"),
        "the sign of the bias turned round": ("return np.log", "return -np.log"),
        "f / (1 - f) without its logarithm": ("np.log(", "("),
        "log to the base 10 in the inverse of the sigmoid": ("np.log(", "np.log10("),
        "log to the base 2 in the inverse of the sigmoid": ("np.log(", "np.log2("),
    },
    _LAW: {
        "1 / (1 - f) steps taken for the half-life": (_ROOT, "1 - 1 / n"),
        "37 % (1/e) left in the place of one half": (_ROOT, "np.exp(-1 / n)"),
        "log(steps): the rule of chrono, not the half-life": (_ROOT, "n / (n + 1)"),
        "log(steps / log 2): nearly right for long half-lives only": (_LOG, "np.log(n / np.log(2))"),
        "0.5 ** steps: the loss of n steps taken for that of one": (_ROOT, "0.5 ** n"),
        "the log of a negative number: f outside of 0 to 1, or f - 1 for 1 - f": (_ROOT, "2 ** (1 / n)"),
        "equal losses in each step: f = 1 - 1 / (2 steps)": (_ROOT, "1 - 0.5 / n"),
        "one step too many": ("float)", "float) + 1"),
        "one step too few": ("float)", "float) - 1"),
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


@lru_cache(maxsize=1000)
def _run_counter(weights: tuple[float, ...], string: str) -> tuple[list[float], float]:
    """c after each symbol, and the last h, of the one-unit LSTM with these numbers: W_xh, W_hh, b_h, row by row."""

    @lru_cache(maxsize=100)  # four symbols, 2000 times: where h does not come back, the gates are the same each time
    def gates(symbol: str, h: float) -> list[float]:
        sums = [weights[4 * k + "ab.#".index(symbol)] + weights[16 + k] * h + weights[20 + k] for k in range(4)]
        return [math.tanh(a) if k == 2 else 0.5 + 0.5 * math.tanh(a / 2) for k, a in enumerate(sums)]

    h, c, cells, recurrent = 0.0, 0.0, [], any(weights[16:20])
    for symbol in string:
        i, f, g, o = gates(symbol, h if recurrent else 0.0)
        c = f * c + i * g
        h = o * math.tanh(c)
        cells.append(c)
    return cells, h


def _counter_view(case: Case, result: Any) -> dict[str, Any]:
    """What the cell holds after fresh strings, run with the learner's weights."""
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        raise ValueError("expected three arrays: (W_xh, W_hh, b_h)")
    arrays = []
    for name, given, shape in zip(("W_xh", "W_hh", "b_h"), result, [(4, 4), (4, 1), (4,)], strict=True):
        try:
            arrays.append(array := np.asarray(given, dtype=float))
        except (TypeError, ValueError):
            raise ValueError(f"{name}: expected numbers in rows of one length") from None
        if array.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    weights = tuple(np.concatenate([a.ravel() for a in arrays]).tolist())
    plain, dots, reset = ([_run_counter(weights, s) for s in strings] for strings in case.args)
    long = _run_counter(weights, "a" * 1000 + "b" * 1000)[0]
    return {
        "c after strings of a and b": np.array([c[-1] for c, _ in plain]),
        "c after strings with .": np.array([c[-1] for c, _ in dots]),
        "c after strings with #": np.array([c[-1] for c, _ in reset]),
        "c after 1000 a, then also 1000 b": np.array([long[999], long[-1]]) / 1000,
        "h = tanh(c)": np.array([h for _, h in plain]),
    }


_KEEP = (
    "Run your cell on a.. and on aa#, and print f and i * g at each step. What should they be, and what are they?",
    "Which gate decides what is left of the old cell? What must it be for a, b and ., and what for #?",
    "How far below zero must the sum of that gate come for # when its bias is 20, and what else happens at #?",
)
_WRITE = (
    "Run your cell on the strings a, b and . alone, and print i, f, g, o.",
    "Which block decides the sign of what is added? Which value must it have for each symbol?",
    "tanh(20) is 1, tanh(0) is 0, sigmoid(0) is 0.5: which sums do the four symbols need, and in which row?",
)
_LEAK = (
    "Run your cell on 100 a, then on 1000. What should c be, and what is it?",
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
        "# does not clear the cell": (_RESET, "[0, 0, 0, 0]"),
        "# only halves the cell: the sum of its forget gate is 0, not far below": (_RESET, "[0, 0, 0, -20]"),
        "the columns of . and # exchanged": (_RESET, "[0, 0, -40, 0]"),
        "# subtracts one; it does not clear": {_RESET: "[0, 0, 0, 0]", _COUNT: "[20, -20, 0, -20]"},
        "# clears, and counts as an a": (_COUNT, "[20, -20, 0, 20]"),
        "# clears, and counts as a b": (_COUNT, "[20, -20, 0, -20]"),
    },
    _WRITE: {
        "the input gate half open: each symbol counts one half": (_OPEN, "[0, 20, 0, 20]"),
        "b is not counted down": (_COUNT, "[20, 0, 0, 0]"),
        "b is counted up": (_COUNT, "[20, 20, 0, 0]"),
        "a counts down and b counts up": (_COUNT, "[-20, 20, 0, 0]"),
        "the dot is counted, too": (_COUNT, "[20, -20, 20, 0]"),
        "weight 1 into the candidate: tanh(1) = 0.76 per symbol": (_COUNT, "[1, -1, 0, 0]"),
        "nothing is ever written: i or g is 0 for every symbol": (_COUNT, "[0, 0, 0, 0]"),
        "a bias on the candidate: symbols without a weight are counted, too": (_OPEN, "[20, 20, 20, 20]"),
        "weights of 1: no gate is wide open": {_RESET: "[0, 0, 0, -2]", _COUNT: "[1, -1, 0, 0]", _OPEN: "[1, 1, 0, 1]"},
        "the output gate left half open: h is half of tanh(c)": (_OPEN, "[20, 20, 0, 0]"),
        "output and candidate rows exchanged": (_LAST, _ROWS_AS([0, 1, 3, 2])),
        "forget and candidate rows exchanged": (_LAST, _ROWS_AS([0, 2, 1, 3])),
    },
    _LEAK: {
        "a forget gate with a sum of 10 leaks: 4 % of the count is gone after 1000 steps": [
            (_OPEN, "[20, 10, 0, 20]"),
            {_RESET: "[0, 0, 0, -20]", _COUNT: "[10, -10, 0, 0]", _OPEN: "[10, 10, 0, 10]"},
        ],
        "a forget gate with a sum of 5 leaks: a third of the count is gone after 60 steps": [
            (_OPEN, "[20, 5, 0, 20]"),
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


EXERCISES = (LSTM_STEP, LSTM_BACKWARD, UNROLL, PEEPHOLE, FORGET, HALF_LIFE, COUNTER)
