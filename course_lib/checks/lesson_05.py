"""Checks of lesson 05, LSTM: the cell, its gradients, a sequence, peepholes, two biases, the half-life, a counter."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Misconception
from course_lib.checks.inputs import away_from_zero, sigmoid, zeroed
from course_lib.checks.probe import Source

Array = np.ndarray


def _same(a: Array) -> Array:
    return a


def _relu(a: Array) -> Array:
    return np.maximum(a, 0)


def _turned_round(a: Array) -> Array:
    return sigmoid(-a)


# ---------------------------------------------------------------- 05.1 lstm_step


def _sum(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    return x_t @ W_xh.T + h_prev @ W_hh.T + b_h


def _quarters(a_t):
    H = a_t.shape[1] // 4
    return a_t[:, :H], a_t[:, H : 2 * H], a_t[:, 2 * H : 3 * H], a_t[:, 3 * H :]  # ten times as fast as np.split


GATES = (sigmoid, sigmoid, np.tanh, sigmoid)


def lstm_step(
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    sums: Callable = _sum,
    cut: Callable = _quarters,
    order: str = "ifgo",
    gates: tuple[Callable, ...] = GATES,
    look: Callable = lambda k, c: 0.0,
    inside: bool = True,
    cell: Callable = lambda i, f, g, c, h: f * c + i * g,
    out: Callable = lambda o, c_t, c_prev: o * np.tanh(c_t),
    result: Callable = lambda h_t, c_t: (h_t, c_t),
) -> Any:
    """An LSTM step; from `sums` on, each argument is one place where a wrong answer differs from the right one."""
    a = dict(zip(order, cut(sums(x_t, h_prev, c_prev, W_xh, W_hh, b_h)), strict=True))
    squash = dict(zip("ifgo", gates, strict=True))

    def gate(k: str, c: Array) -> Array:
        return squash[k](a[k] + look(k, c)) if inside else squash[k](a[k]) + look(k, c)

    i_t, f_t, g_t = (gate(k, c_prev) for k in "ifg")
    c_t = cell(i_t, f_t, g_t, c_prev, h_prev)
    return result(out(gate("o", c_t), c_t, c_prev), c_t)


_step = partial(partial, lstm_step)  # _step(order="figo"): the step with that change


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


def _block(b_h: Array, k: int) -> Array:
    """One quarter of the bias, four times."""
    return np.tile(np.split(b_h, 4)[k], 4)


def _weight_for_all(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    return x_t @ W_xh.T + h_prev @ np.tile(np.split(W_hh, 4)[3], (4, 1)).T + b_h


def _turned_sum(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    return x_t @ W_xh.T + h_prev @ _blocks_turned(W_hh).T + b_h


def _blocks_turned(W_hh):
    return np.concatenate([W.T for W in np.split(W_hh, 4)])


def _one_quarter_higher(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    a_t = _sum(x_t, h_prev, c_prev, W_xh, W_hh, b_h)
    H = c_prev.shape[1]
    return a_t + np.repeat([0.0, 1.0, 0.0, 0.0], H)


def _interleaved(a_t):
    blocks = a_t.reshape(len(a_t), -1, 4)
    return [blocks[:, :, k] for k in range(4)]


def _through_the_batch(a_t):
    return list(a_t.reshape(4, len(a_t), -1))


_ORDER = (
    "Make the forget gate 1 and the input gate 0 through the bias. Does the cell stay as it was?",
    "In which order are the four blocks stacked, and in which order do you cut them?",
    "Name the block that multiplies c_prev in your code. Which rows of W_xh does it come from?",
)
_OUTPUT_ORDER = (
    "Which of the four blocks needs values of both signs?",
    "Check the order of the four blocks in the statement.",
    "Push only the last quarter of the bias up. What should change, and what changes in your code?",
)
_RANGES = (
    "Which of the four must lie between 0 and 1?",
    "Can your cell ever become negative?",
    "A gate says how much, a candidate says what: which range fits which?",
)
_OUT = (
    "Can h_t be larger than 1 in your code? Can it in the equation?",
    "Which cell, old or new, do you read for the output?",
    "What stands between the cell and the output gate in the drawing?",
)
_CELL = (
    "Close the input gate (a strongly negative bias in its quarter). Does your cell still change?",
    "Close the forget gate. Is the old cell gone?",
    "Two products are added: which two factors are in each?",
)
_RETURNED = (
    "Which of the two results may leave the range from -1 to 1?",
    "Compare your first result with the second one of the example.",
    "What does the caller unpack first?",
)
_BIAS = (
    "Set x_t, h_prev and c_prev to zero. What decides the gates now?",
    "How many times does b_h stand in the equations?",
    "PyTorch keeps two biases and adds them; here b_h is that sum already. Count how often you add it.",
)
_PLUS_ONE = (
    "With b_h = 0 and zero inputs, what should the forget gate be, and what is yours?",
    "Is the +1 a part of the equation, or of the weights a training starts from?",
    "If you train with this step, where does the 1 live: in the code or in b_h?",
)
_COPIES = (
    "Change one quarter of the bias only. How many gates should react, and how many do?",
    "Read your four lines side by side: what should differ in each?",
    "Could one product for all four gates avoid the copies?",
)
_TURNED = (
    "The shape is right, the numbers are not: which matrix is square and cannot complain?",
    "Put a single 1 off the diagonal of one block of W_hh. Which unit should it feed?",
    "A batch keeps its vectors as rows: what does that ask of each matrix?",
)
_CUT = (
    "Fill the bias with 0, 1, 2, … and all else with zeros, and print your four blocks.",
    "Are the H numbers of one gate neighbours in memory?",
    "Which axis has the length 4H, and along which axis do you cut?",
)
_TWO_MEMORIES = (
    "Set h_prev = 0 but c_prev not: which gates should notice?",
    "Which of the two memories goes through the matrix W_hh?",
    "Which of the two is only scaled, and never meets a matrix?",
)


#: the orders that no library has and no row below names; without a partial, so that no pair is tried with them
_NAMED = ("ifgo", "figo", "igfo", "iofg", "gifo", "fiog", "ofgi", "iogf", "ifog")
_ORDERS = tuple(o for o in map("".join, itertools.permutations("ifgo")) if o not in _NAMED)


def _alone(order: str) -> Callable[..., Any]:
    return lambda *args: lstm_step(*args, order=order)


LSTM_STEP = Exercise(
    id="05.1",
    name="lstm_step",
    points=2,
    reference=lstm_step,
    cases=_step_cases,
    outputs=("h_t", "c_t"),
    bare=True,
    arguments="left",
    hints=(
        "Print the four gates for one unit and compare with the worked example, one after the other.",
        "One sum of shape (B, 4H) holds all four blocks; they are cut along axis 1.",
        "Two products are added for c_t, and h_t reads the new cell.",
    ),
    misconceptions=(
        Misconception("L01", "input and forget gate exchanged", _step(order="figo"), _ORDER),
        Misconception(
            "L03", "forget gate and candidate exchanged (another library's order)", _step(order="igfo"), _ORDER
        ),
        Misconception("L03.iofg", "blocks read in the order i, o, f, g", _step(order="iofg"), _ORDER),
        Misconception("L03.gifo", "blocks read in the order g, i, f, o", _step(order="gifo"), _ORDER),
        Misconception("L03.fiog", "blocks read in the order f, i, o, g", _step(order="fiog"), _ORDER),
        Misconception("L03.output", "input and output gate exchanged", _step(order="ofgi"), _ORDER),
        Misconception("L03.last", "forget and output gate exchanged", _step(order="iogf"), _ORDER),
        Misconception("L02", "output gate and candidate exchanged", _step(order="ifog"), _OUTPUT_ORDER),
        *(Misconception(f"L03.{o}", f"blocks read in the order {', '.join(o)}", _alone(o), _ORDER) for o in _ORDERS),
        Misconception("L04", "sigmoid on the candidate g", _step(gates=(sigmoid, sigmoid, sigmoid, sigmoid)), _RANGES),
        Misconception("L18", "tanh on the gates", _step(gates=(np.tanh,) * 4), _RANGES),
        Misconception("L18.output", "tanh on the output gate", _step(gates=(*GATES[:3], np.tanh)), _RANGES),
        Misconception(
            "L18.input", "tanh on the input gate", _step(gates=(np.tanh, sigmoid, np.tanh, sigmoid)), _RANGES
        ),
        Misconception(
            "L18.forget", "tanh on the forget gate", _step(gates=(sigmoid, np.tanh, np.tanh, sigmoid)), _RANGES
        ),
        Misconception(
            "L23", "no activation on the candidate g", _step(gates=(sigmoid, sigmoid, _same, sigmoid)), _RANGES
        ),
        Misconception("L23.gates", "no activation on the gates", _step(gates=(_same, _same, np.tanh, _same)), _RANGES),
        Misconception(
            "L23.input", "no activation on the input gate", _step(gates=(_same, sigmoid, np.tanh, sigmoid)), _RANGES
        ),
        Misconception(
            "L23.forget", "no activation on the forget gate", _step(gates=(sigmoid, _same, np.tanh, sigmoid)), _RANGES
        ),
        Misconception(
            "L23.output", "no activation on the output gate", _step(gates=(sigmoid, sigmoid, np.tanh, _same)), _RANGES
        ),
        Misconception(
            "L23.sign",
            "the gates turned round, as by a sigmoid of the wrong sign: 1 / (1 + exp(a))",
            _step(gates=(_turned_round, _turned_round, np.tanh, _turned_round)),
            ("What is your sigmoid of 5? Of -5?", "A strongly positive sum: is that gate open or closed?"),
        ),
        Misconception(
            "L40",
            "the sum squashed by a sigmoid first, then by each gate's function again",
            _step(gates=tuple(lambda a, squash=squash: squash(sigmoid(a)) for squash in GATES)),
            _RANGES,
        ),
        Misconception(
            "L04.relu", "a ReLU on the candidate g", _step(gates=(sigmoid, sigmoid, _relu, sigmoid)), _RANGES
        ),
        Misconception("L24.relu", "a ReLU on the cell", _step(out=lambda o, c_t, c: o * _relu(c_t)), _OUT),
        Misconception("L05", "output without the tanh: o * c_t", _step(out=lambda o, c_t, c: o * c_t), _OUT),
        Misconception("L06", "output from the old cell", _step(out=lambda o, c_t, c: o * np.tanh(c)), _OUT),
        Misconception(
            "L19", "tanh around the product: tanh(o * c_t)", _step(out=lambda o, c_t, c: np.tanh(o * c_t)), _OUT
        ),
        Misconception("L21.cell", "the old cell left out", _step(cell=lambda i, f, g, c, h: i * g), _CELL),
        Misconception("L21.new", "the candidate left out", _step(cell=lambda i, f, g, c, h: f * c), _CELL),
        Misconception("L21", "output gate left out", _step(out=lambda o, c_t, c: np.tanh(c_t)), _OUT),
        Misconception(
            "L24", "sigmoid in place of tanh on the cell", _step(out=lambda o, c_t, c: o * sigmoid(c_t)), _OUT
        ),
        Misconception("L07", "forget gate left out", _step(cell=lambda i, f, g, c, h: c + i * g), _CELL),
        Misconception("L10", "i and g added, not multiplied", _step(cell=lambda i, f, g, c, h: f * c + (i + g)), _CELL),
        Misconception(
            "L13",
            "forget gate tied to the input gate: 1 - i",
            _step(cell=lambda i, f, g, c, h: (1 - i) * c + i * g),
            _CELL,
        ),
        Misconception(
            "L13.input",
            "input gate tied to the forget gate: 1 - f",
            _step(cell=lambda i, f, g, c, h: f * c + (1 - f) * g),
            _CELL,
        ),
        Misconception(
            "L13.turned",
            "one gate for both, and 1 - f where f belongs: (1 - f) c + f g",
            _step(cell=lambda i, f, g, c, h: (1 - f) * c + f * g),
            _CELL,
        ),
        Misconception(
            "L01.turned", "1 - f where f belongs", _step(cell=lambda i, f, g, c, h: (1 - f) * c + i * g), _CELL
        ),
        Misconception(
            "L22.forget", "the forget gate on both: f c + f g", _step(cell=lambda i, f, g, c, h: f * (c + g)), _CELL
        ),
        Misconception("L22.bracket", "brackets: f (c + i g)", _step(cell=lambda i, f, g, c, h: f * (c + i * g)), _CELL),
        Misconception(
            "L19.cell", "a tanh around the new cell", _step(cell=lambda i, f, g, c, h: np.tanh(f * c + i * g)), _CELL
        ),
        Misconception("L22", "input gate left out", _step(cell=lambda i, f, g, c, h: f * c + g), _CELL),
        Misconception("L09", "h and c returned in the wrong order", _step(result=lambda h, c: (c, h)), _RETURNED),
        Misconception("L09.both", "h returned twice", _step(result=lambda h, c: (h, h)), _RETURNED),
        Misconception("L09.cells", "c returned twice", _step(result=lambda h, c: (c, c)), _RETURNED),
        Misconception(
            "L09.tanh", "tanh(c_t) returned in the place of c_t", _step(result=lambda h, c: (h, np.tanh(c))), _RETURNED
        ),
        Misconception("L09.one", "only h returned", _step(result=lambda h, c: h), _RETURNED),
        Misconception("L11", "bias forgotten", _step(sums=lambda x, h, c, U, W, b: x @ U.T + h @ W.T), _BIAS),
        Misconception("L17", "bias added twice", _step(sums=lambda x, h, c, U, W, b: x @ U.T + h @ W.T + 2 * b), _BIAS),
        Misconception("L12", "1 added to the forget gate inside the step", _step(sums=_one_quarter_higher), _PLUS_ONE),
        Misconception(
            "L14",
            "one gate's bias used for all four",
            _step(sums=lambda x, h, c, U, W, b: x @ U.T + h @ W.T + _block(b, 3)),
            _COPIES,
        ),
        Misconception(
            "L14.first",
            "the first gate's bias used for all four",
            _step(sums=lambda x, h, c, U, W, b: x @ U.T + h @ W.T + _block(b, 0)),
            _COPIES,
        ),
        Misconception(
            "L14.weight", "one gate's recurrent weights used for all four", _step(sums=_weight_for_all), _COPIES
        ),
        Misconception("S05", "each block of W_hh transposed", _step(sums=_turned_sum), _TURNED),
        Misconception("L15", "blocks cut the wrong way: every fourth entry", _step(cut=_interleaved), _CUT),
        Misconception("L15.batch", "blocks cut the wrong way: through the batch", _step(cut=_through_the_batch), _CUT),
        Misconception(
            "L16", "h_prev in the place of c_prev", _step(cell=lambda i, f, g, c, h: f * h + i * g), _TWO_MEMORIES
        ),
        Misconception(
            "L20",
            "c_prev sent through W_hh in the place of h_prev",
            _step(sums=lambda x, h, c, U, W, b: x @ U.T + c @ W.T + b),
            _TWO_MEMORIES,
        ),
        Misconception(
            "S01.input",
            "x_t left out of the gates",
            _step(sums=lambda x, h, c, U, W, b: h @ W.T + b),
            (
                "Feed two different x_t with the same h_prev. Should the gates differ, and do yours?",
                "How many matrix products does each gate have, and how many has your line?",
                "Which argument of your function is never read?",
            ),
        ),
        Misconception(
            "S01",
            "h_prev left out of the gates",
            _step(sums=lambda x, h, c, U, W, b: x @ U.T + b),
            (
                "Feed the same x_t with two different h_prev. Should the gates differ, and do yours?",
                "How many matrix products does each gate have, and how many has your line?",
                "Which argument of your function is never read?",
            ),
        ),
    ),
)  # L08 of the catalogue is the same function as L01


# ---------------------------------------------------------------- 05.2 lstm_step_backward


def lstm_step_backward(
    dh_t: Array,
    dc_t: Array,
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    into_c: Callable = lambda dh, dc, o, c_t, c: dc + dh * o * (1 - np.tanh(c_t) ** 2),
    d_i: Callable = lambda dc, i, g, c: dc * g * i * (1 - i),
    d_f: Callable = lambda dc, f, c, c_t, g: dc * c * f * (1 - f),
    d_g: Callable = lambda dc, i, g: dc * i * (1 - g**2),
    d_o: Callable = lambda dh, o, c_t, dc: dh * np.tanh(c_t) * o * (1 - o),
    d_c: Callable = lambda dc, f, dc_t: dc * f,
    order: tuple[int, ...] = (0, 1, 2, 3),
    read: tuple[int, ...] = (0, 1, 2, 3),
    gates: tuple[Callable, ...] = GATES,
    forward: Callable = _sum,
    matrices: Callable = lambda da, U, W: (da @ U, da @ W),
    weights: Callable = lambda da, x, h, h_t: (da.T @ x, da.T @ h),
    bias: Callable = lambda da: da.sum(axis=0),
    result: Callable = lambda *six: six,
) -> tuple[Array, ...]:
    """The gradients of an LSTM step; from `into_c` on, each argument is one place where a wrong answer differs."""
    sums = _quarters(forward(x_t, h_prev, c_prev, W_xh, W_hh, b_h))
    i, f, g, o = (squash(sums[k]) for squash, k in zip(gates, read, strict=True))
    c_t = f * c_prev + i * g
    dc = into_c(dh_t, dc_t, o, c_t, c_prev)
    blocks = [d_i(dc, i, g, c_prev), d_f(dc, f, c_prev, c_t, g), d_g(dc, i, g), d_o(dh_t, o, c_t, dc)]
    da = np.concatenate([blocks[k] for k in order], axis=1)
    dx_t, dh_prev = matrices(da, W_xh, W_hh)
    dW_xh, dW_hh = weights(da, x_t, h_prev, o * np.tanh(c_t))
    return result(dx_t, dh_prev, d_c(dc, f, dc_t), dW_xh, dW_hh, bias(da))


_backward = partial(partial, lstm_step_backward)


def _backward_args(rng: np.random.Generator, B: int = 3, D: int = 5, H: int = 4) -> tuple[Array, ...]:
    return (away_from_zero(rng, (B, H)), away_from_zero(rng, (B, H)), *_step_args(rng, B, D, H))


def _backward_cases(rng: np.random.Generator) -> list[Case]:
    args = _backward_args(rng)
    return [
        Case("B = 3, D = 5, H = 4", args),
        Case("B = D = H = 3", _backward_args(rng, 3, 3, 3)),
        Case("dc_t = 0", zeroed(args, 1), easy=True, look="look at what arrives from the cell of the next step"),
        Case("dh_t = 0", zeroed(args, 0), easy=True, look="look at where dh_t enters: the output gate, the cell"),
        Case("c_prev = 0", zeroed(args, 4), easy=True, look="look at the forget gate's block"),
        Case("h_prev = 0", zeroed(args, 3), easy=True, look="look at dW_hh"),
        Case("b_h = 0", zeroed(args, 7), easy=True, look="look at where b_h enters"),
        Case("B = 1", _backward_args(rng, B=1), easy=True, look="look at how the batch is added up"),
    ]


def _slope(s: Array) -> Array:
    """What becomes of s (1 - s) when s is already the gate."""
    return sigmoid(s) * (1 - sigmoid(s))


def _wrong_bias(da: Array) -> Array:
    d_i, d_f, d_g, d_o = np.split(da.sum(axis=0), 4)
    return np.concatenate([d_f, d_f, d_g, d_f])


_PATH_FROM_H = (
    "Give a loss to h_t only (dc_t = 0). Does your cell get a gradient?",
    "Name every quantity that c_t feeds.",
    "How many arrows leave c_t in the drawing, and how many come back in your sum?",
)
_PATH_FROM_C = (
    "Give a gradient to c_t only (dh_t = 0). What comes back for c_prev?",
    "Two arrows enter the sum at c_t: which one is missing?",
    "Does your line replace what arrived, or add to it?",
)
_FACTOR = (
    "What is the slope of tanh at c = 2, and what does your line give there?",
    "h_t is a product of two things: which one do you hold fixed on this path?",
    "Is the variable that you square already the tanh of the cell?",
)
_SLOPES = (
    "Which quarter of db_h is wrong? Compare the four one by one with finite differences.",
    "Which function made this block in the forward pass?",
    "Write the slope of that function in terms of its own output.",
)
_BACK_TO_C = (
    "Close the forget gate. May the old cell still get a gradient?",
    "Which total gradient stands at c_t before you go back?",
    "By what was c_prev multiplied in the forward pass?",
)
_STORED = (
    "For each product of the forward pass: what is the other factor?",
    "Check the blocks of f, i and o one by one with finite differences.",
    "Is the c (or the h) in this line the old or the new one?",
)
_BIAS_BLOCKS = (
    "Which quarters of db_h are right?",
    "Read the four lines side by side: what should differ in each?",
    "Could one sum for all four blocks avoid the copies?",
)
_STACK = (
    "In which order were the blocks cut in the forward pass?",
    "Are the wrong numbers perhaps right numbers at the wrong place?",
    "Which matrix did x_t meet, and which one h_prev?",
)
_BATCH = (
    "Give the same row twice. Should the weight gradient double, stay, or halve?",
    "The loss is a sum over the rows of the batch: what does that say about its derivative?",
    "Which shape must db_h have, and which axis has to go?",
)

LSTM_BACKWARD = Exercise(
    id="05.2",
    name="lstm_step_backward",
    points=2,
    reference=lstm_step_backward,
    cases=_backward_cases,
    outputs=("dx_t", "dh_prev", "dc_prev", "dW_xh", "dW_hh", "db_h"),
    blocks={"db_h": "ifgo"},
    bare=True,
    hints=(
        "Check db_h first, one quarter after the other: it is the sum of the four blocks before any matrix.",
        "The total at c_t is needed by i, f, g and c_prev; o needs dh_t only.",
        "Walk the forward lines from the last to the first. Each product gives each factor the other one.",
    ),
    misconceptions=(
        Misconception(
            "L25", "the path from h to c is missing", _backward(into_c=lambda dh, dc, o, c_t, c: dc), _PATH_FROM_H
        ),
        Misconception(
            "L26",
            "the incoming cell gradient is dropped: = in the place of +=",
            _backward(into_c=lambda dh, dc, o, c_t, c: dh * o * (1 - np.tanh(c_t) ** 2)),
            _PATH_FROM_C,
        ),
        Misconception(
            "L27",
            "slope of tanh written as 1 - c**2",
            _backward(into_c=lambda dh, dc, o, c_t, c: dc + dh * o * (1 - c_t**2)),
            _FACTOR,
        ),
        Misconception(
            "L28",
            "tanh taken twice in its slope",
            _backward(into_c=lambda dh, dc, o, c_t, c: dc + dh * o * (1 - np.tanh(np.tanh(c_t)) ** 2)),
            _FACTOR,
        ),
        Misconception(
            "L27.shown",
            "slope of tanh written as 1 - h_t**2",
            _backward(into_c=lambda dh, dc, o, c_t, c: dc + dh * o * (1 - (o * np.tanh(c_t)) ** 2)),
            _FACTOR,
        ),
        Misconception(
            "L27.old",
            "slope of tanh taken at the old cell",
            _backward(into_c=lambda dh, dc, o, c_t, c: dc + dh * o * (1 - np.tanh(c) ** 2)),
            _FACTOR,
        ),
        Misconception(
            "L38",
            "output gate left out of the path from h to c",
            _backward(into_c=lambda dh, dc, o, c_t, c: dc + dh * (1 - np.tanh(c_t) ** 2)),
            _FACTOR,
        ),
        Misconception(
            "L39",
            "slope of tanh left out of the path from h to c",
            _backward(into_c=lambda dh, dc, o, c_t, c: dc + dh * o),
            _FACTOR,
        ),
        Misconception(
            "L30", "slope of the forget gate missing", _backward(d_f=lambda dc, f, c, c_t, g: dc * c), _SLOPES
        ),
        Misconception(
            "L30.input", "slope of the input gate missing", _backward(d_i=lambda dc, i, g, c: dc * g), _SLOPES
        ),
        Misconception(
            "L30.output",
            "slope of the output gate missing",
            _backward(d_o=lambda dh, o, c_t, dc: dh * np.tanh(c_t)),
            _SLOPES,
        ),
        Misconception(
            "L30.candidate", "slope of the candidate missing", _backward(d_g=lambda dc, i, g: dc * i), _SLOPES
        ),
        Misconception(
            "L30.gates",
            "slope of the three gates missing",
            _backward(
                d_i=lambda dc, i, g, c: dc * g,
                d_f=lambda dc, f, c, c_t, g: dc * c,
                d_o=lambda dh, o, c_t, dc: dh * np.tanh(c_t),
            ),
            _SLOPES,
        ),
        Misconception(
            "L30.all",
            "the slopes of all four blocks missing",
            _backward(
                d_i=lambda dc, i, g, c: dc * g,
                d_f=lambda dc, f, c, c_t, g: dc * c,
                d_g=lambda dc, i, g: dc * i,
                d_o=lambda dh, o, c_t, dc: dh * np.tanh(c_t),
            ),
            _SLOPES,
        ),
        Misconception(
            "L31.gates",
            "slope of a tanh on the three gates: 1 - s**2",
            _backward(
                d_i=lambda dc, i, g, c: dc * g * (1 - i**2),
                d_f=lambda dc, f, c, c_t, g: dc * c * (1 - f**2),
                d_o=lambda dh, o, c_t, dc: dh * np.tanh(c_t) * (1 - o**2),
            ),
            _SLOPES,
        ),
        Misconception(
            "L40.gates",
            "the sigmoid taken twice in the slopes of the three gates",
            _backward(
                d_i=lambda dc, i, g, c: dc * g * _slope(i),
                d_f=lambda dc, f, c, c_t, g: dc * c * _slope(f),
                d_o=lambda dh, o, c_t, dc: dh * np.tanh(c_t) * _slope(o),
            ),
            _SLOPES,
        ),
        Misconception(
            "L31",
            "slope of a sigmoid on the candidate: g * (1 - g)",
            _backward(d_g=lambda dc, i, g: dc * i * g * (1 - g)),
            _SLOPES,
        ),
        Misconception(
            "L40",
            "tanh taken twice on the candidate: 1 - tanh(g)**2",
            _backward(d_g=lambda dc, i, g: dc * i * (1 - np.tanh(g) ** 2)),
            _SLOPES,
        ),
        Misconception(
            "L32",
            "the forget gate is missing on the way back: dc_prev = dc",
            _backward(d_c=lambda dc, f, dc_t: dc),
            _BACK_TO_C,
        ),
        Misconception(
            "L33", "dc_prev from the incoming dc_t only", _backward(d_c=lambda dc, f, dc_t: dc_t * f), _BACK_TO_C
        ),
        Misconception(
            "L33.shown",
            "dc_prev from the path through h_t only",
            _backward(d_c=lambda dc, f, dc_t: (dc - dc_t) * f),
            _BACK_TO_C,
        ),
        Misconception(
            "L34",
            "the new cell in the place of c_prev in the forget gate's gradient",
            _backward(d_f=lambda dc, f, c, c_t, g: dc * c_t * f * (1 - f)),
            _STORED,
        ),
        Misconception(
            "L29",
            "c_t in the place of tanh(c_t) in the output gate's gradient",
            _backward(d_o=lambda dh, o, c_t, dc: dh * c_t * o * (1 - o)),
            _STORED,
        ),
        Misconception(
            "L37",
            "i in the place of g in the input gate's gradient",
            _backward(d_i=lambda dc, i, g, c: dc * i * i * (1 - i)),
            _STORED,
        ),
        Misconception(
            "L37.exchanged",
            "the other factors of i and f exchanged: c_prev for i, g for f",
            _backward(
                d_i=lambda dc, i, g, c: dc * c * i * (1 - i),
                d_f=lambda dc, f, c, c_t, g: dc * g * f * (1 - f),
            ),
            _STORED,
        ),
        Misconception(
            "L29.cell",
            "the output gate's gradient from dc in the place of dh_t",
            _backward(d_o=lambda dh, o, c_t, dc: dc * np.tanh(c_t) * o * (1 - o)),
            _STORED,
        ),
        Misconception(
            "L41",
            "h_t in the place of h_prev in dW_hh",
            _backward(weights=lambda da, x, h, h_t: (da.T @ x, da.T @ h_t)),
            _STORED,
        ),
        Misconception(
            "L35", "the forget gate's gradient used for other biases", _backward(bias=_wrong_bias), _BIAS_BLOCKS
        ),
        Misconception(
            "L01",
            "input and forget gate exchanged, on the way forward and back",
            _backward(read=(1, 0, 2, 3), order=(1, 0, 2, 3)),
            _STACK,
        ),
        Misconception(
            "L02",
            "output gate and candidate exchanged, on the way forward and back",
            _backward(read=(0, 1, 3, 2), order=(0, 1, 3, 2)),
            _STACK,
        ),
        Misconception(
            "L03",
            "forget gate and candidate exchanged, on the way forward and back",
            _backward(read=(0, 2, 1, 3), order=(0, 2, 1, 3)),
            _STACK,
        ),
        Misconception(
            "L04",
            "sigmoid on the candidate g, on the way forward and back",
            _backward(gates=(sigmoid,) * 4, d_g=lambda dc, i, g: dc * i * g * (1 - g)),
            _SLOPES,
        ),
        Misconception(
            "L04.forward",
            "sigmoid on the candidate g in the forward lines",
            _backward(gates=(sigmoid,) * 4),
            _SLOPES[1:],
        ),
        Misconception("L36", "blocks stacked in another order than the weights", _backward(order=(1, 0, 2, 3)), _STACK),
        Misconception(
            "L36.last", "blocks of g and o stacked the wrong way round", _backward(order=(0, 1, 3, 2)), _STACK
        ),
        Misconception(
            "L36.matrix",
            "dx_t and dh_prev taken from one and the same matrix",
            _backward(matrices=lambda da, U, W: (da @ U, da @ U)),
            _STACK,
        ),
        Misconception(
            "L36.matrices",
            "the two matrices exchanged: W_hh for dx_t, W_xh for dh_prev",
            _backward(matrices=lambda da, U, W: (da @ W, da @ U)),
            _STACK,
        ),
        Misconception(
            "B09",
            "weight gradients transposed",
            _backward(weights=lambda da, x, h, h_t: (x.T @ da, h.T @ da)),
            (
                "Compare the shape of your dW_xh with the shape of W_xh.",
                "A gradient has the shape of what it belongs to. Which of your six results has not?",
                "Which of the two arrays must be transposed, so that 4H comes first?",
            ),
        ),
        Misconception(
            "B06",
            "dh_prev with each block of W_hh transposed",
            _backward(matrices=lambda da, U, W: (da @ U, da @ _blocks_turned(W))),
            (
                "Forward the code has h_prev @ W_hh.T. What belongs into the way back?",
                "Test with a block that has a single 1 off the diagonal: which unit must receive the gradient?",
            ),
        ),
        Misconception(
            "L09",
            "dh_prev and dc_prev returned in the wrong order",
            _backward(result=lambda dx, dh, dc, dU, dW, db: (dx, dc, dh, dU, dW, db)),
            ("Compare your second result with the third one of the example.", "Which of the two has met a matrix?"),
        ),
        Misconception(
            "L11",
            "bias forgotten in the forward lines",
            _backward(forward=lambda x, h, c, U, W, b: x @ U.T + h @ W.T),
            (
                "Print your gates and compare them with those of 05.1.",
                "Is your answer right when b_h is 0?",
            ),
        ),
        Misconception("B11", "db_h averaged over the batch", _backward(bias=lambda da: da.mean(axis=0)), _BATCH),
        Misconception("B10", "db_h not summed over the batch", _backward(bias=lambda da: da), _BATCH),
        Misconception(
            "B12.weights",
            "the gradients of the two matrices averaged over the batch",
            _backward(weights=lambda da, x, h, h_t: (da.T @ x / len(x), da.T @ h / len(x))),
            _BATCH,
        ),
        Misconception(
            "B12",
            "weight gradients averaged over the batch",
            _backward(
                weights=lambda da, x, h, h_t: (da.T @ x / len(x), da.T @ h / len(x)), bias=lambda da: da.mean(axis=0)
            ),
            _BATCH,
        ),
    ),
)


# ---------------------------------------------------------------- 05.3 lstm over a sequence

LSTM_SOURCE = Source(
    "lambda x, h, c, U, W, b: (lambda a, n: (lambda s: (lambda c_t: (s(a[:, 3*n:]) * np.tanh(c_t), c_t))"
    "(s(a[:, n:2*n]) * c + s(a[:, :n]) * np.tanh(a[:, 2*n:3*n])))(lambda z: 1 / (1 + np.exp(-z))))"
    "(x @ U.T + h @ W.T + b, h.shape[1])"
)
TOY_SOURCE = Source("lambda x, h, c, keep: (0.5 * h + keep * c + x[:, :1], keep * c + x[:, :1] - 0.25 * h)")


def unroll_lstm(
    step: Callable,
    xs: Array,
    h0: Array,
    c0: Array,
    *params: Any,
    start: Callable = lambda h0, c0: (h0, c0),
    call: Callable = lambda step, x_t, h, c, params: step(x_t, h, c, *params),
    hand_on: Callable = lambda h_t, c_t, h0, c0: (h_t, c_t),
    keep: Callable = lambda h_t, c_t: (h_t, c_t),
    store: Callable = lambda h_t, c_t: (h_t, c_t),
    result: Callable = lambda hs, cs, h0, c0: (hs, cs),
    read: Callable = lambda xs: xs,
) -> Any:
    """All states and all cells, each (T, B, H); from `start` on, each argument is one place for a slip."""
    h_t, c_t = start(h0, c0)
    hs, cs = [], []
    for x_t in read(xs):
        h_t, c_t = keep(*call(step, x_t, h_t, c_t, params))
        for states, state in zip((hs, cs), store(h_t, c_t), strict=True):
            states.append(state)
        h_t, c_t = hand_on(h_t, c_t, h0, c0)
    return result(np.stack(hs), np.stack(cs), h0, c0)


_loop = partial(partial, unroll_lstm)


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
    "Change the first input only. Should the last cell change? Does yours?",
    "Which two variables does your loop read as states, and which two does it write?",
    "What must be true of both names at the start of each round?",
)
_START = (
    "Run with two different c0, then with two different h0. Do the results differ each time?",
    "Where does your function first read h0, and where c0?",
    "Which of the two states comes first in the step's arguments?",
)
_AXES = (
    "Write down the three sizes of xs. Which axis counts time?",
    "How often must the loop run when T = 6 and B = 3?",
    "Along which axis do you stack?",
)
_WHICH = (
    "What does the statement ask for: all states, or the last ones? Both kinds, or one?",
    "Compare the shapes of your two results with (T, B, H).",
    "Which of your results may leave the range from -1 to 1?",
)

_LENGTH = (
    "Compare the lengths of your two results with T.",
    "Which values does your loop run over, and which is the first state after an input?",
    "Are h0 and c0 states after a step?",
)


def _called_twice(step, x_t, h, c, params):
    h_t = step(x_t, h, c, *params)[0]
    return h_t, step(x_t, h_t, c, *params)[1]


def _with_the_first(hs, cs, h0, c0):
    return np.concatenate([h0[None], hs]), np.concatenate([c0[None], cs])


UNROLL = Exercise(
    id="05.3",
    name="unroll_lstm",
    points=1,
    reference=unroll_lstm,
    cases=_sequence_cases,
    outputs=("hs", "cs"),
    bare=True,
    hints=(
        "Write the two calls for T = 2 by hand, without a loop.",
        "Two names hold the state before the loop; both are read and both get a new value in each round.",
        "Two lists, one for h and one for c, stacked at the end.",
    ),
    misconceptions=(
        Misconception(
            "N01",
            "the cell is not handed on: every step starts from c0",
            _loop(hand_on=lambda h, c, h0, c0: (h, c0)),
            _HANDED_ON,
        ),
        Misconception(
            "N01.hidden",
            "h is not handed on: every step starts from h0",
            _loop(hand_on=lambda h, c, h0, c0: (h0, c)),
            _HANDED_ON,
        ),
        Misconception(
            "S17", "every step starts from h0 and c0", _loop(hand_on=lambda h, c, h0, c0: (h0, c0)), _HANDED_ON
        ),
        Misconception(
            "N01.h_for_c",
            "h handed on in the place of c",
            _loop(hand_on=lambda h, c, h0, c0: (h, h)),
            _HANDED_ON,
        ),
        Misconception(
            "N01.zero",
            "the cell is set to zero after each step",
            _loop(hand_on=lambda h, c, h0, c0: (h, 0 * c)),
            _HANDED_ON,
        ),
        Misconception(
            "N01.unread",
            "the new cell is thrown away: c stays c0",
            _loop(call=lambda step, x_t, h, c, params: (step(x_t, h, c, *params)[0], c)),
            _HANDED_ON,
        ),
        Misconception(
            "N01.unread_h",
            "the new h is thrown away: h stays h0",
            _loop(call=lambda step, x_t, h, c, params: (h, step(x_t, h, c, *params)[1])),
            _HANDED_ON,
        ),
        Misconception(
            "S17.zero",
            "every step starts from zeros",
            _loop(start=lambda h0, c0: (0 * h0, 0 * c0), hand_on=lambda h, c, h0, c0: (0 * h, 0 * c)),
            _HANDED_ON,
        ),
        Misconception(
            "S18", "h0 and c0 ignored: starts from zeros", _loop(start=lambda h0, c0: (0 * h0, 0 * c0)), _START
        ),
        Misconception(
            "S18.cell", "c0 ignored: the cell starts from zeros", _loop(start=lambda h0, c0: (h0, 0 * c0)), _START
        ),
        Misconception(
            "S18.hidden", "h0 ignored: h starts from zeros", _loop(start=lambda h0, c0: (0 * h0, c0)), _START
        ),
        Misconception("S18.h_for_c", "h0 used for the cell too", _loop(start=lambda h0, c0: (h0, h0)), _START),
        Misconception("N02", "h0 and c0 exchanged at the start", _loop(start=lambda h0, c0: (c0, h0)), _START),
        Misconception(
            "N02.call",
            "h and c exchanged in each call of the step",
            _loop(call=lambda step, x, h, c, params: step(x, c, h, *params)),
            _START,
        ),
        Misconception(
            "N03",
            "the cell computed from the new h, in a second call",
            _loop(call=_called_twice),
            (
                "How often does one time step call the step? How often does your loop?",
                "Which h may the new cell see: that of the step before, or the new one?",
                "One call gives both states. How does Python unpack two results at once?",
            ),
        ),
        Misconception("L09.stored", "h stored in both lists", _loop(store=lambda h, c: (h, h)), _WHICH),
        Misconception("L09.cells", "c stored in both lists", _loop(store=lambda h, c: (c, c)), _WHICH),
        Misconception("L09", "h and c unpacked in the wrong order", _loop(keep=lambda h, c: (c, h)), _WHICH),
        Misconception(
            "L09.result", "h and c returned in the wrong order", _loop(result=lambda hs, cs, h0, c0: (cs, hs)), _WHICH
        ),
        Misconception(
            "S24", "only the last states returned", _loop(result=lambda hs, cs, h0, c0: (hs[-1], cs[-1])), _WHICH
        ),
        Misconception(
            "S24.cell", "only the last cell returned", _loop(result=lambda hs, cs, h0, c0: (hs, cs[-1])), _WHICH
        ),
        Misconception(
            "S24.last_h",
            "the last h returned in the place of the cells, as nn.RNN does",
            _loop(result=lambda hs, cs, h0, c0: (hs, hs[-1])),
            _WHICH,
        ),
        Misconception(
            "S24.hidden", "only h returned, without the cells", _loop(result=lambda hs, cs, h0, c0: hs), _WHICH
        ),
        Misconception(
            "S19",
            "time and batch axes mixed up in the result",
            _loop(result=lambda hs, cs, h0, c0: (hs.swapaxes(0, 1), cs.swapaxes(0, 1))),
            _AXES,
        ),
        Misconception(
            "S19.loop",
            "time and batch axes mixed up: the loop runs over the batch",
            _loop(read=lambda xs: xs.swapaxes(0, 1)),
            _AXES,
        ),
        Misconception("S20", "inputs read in reversed order", _loop(read=lambda xs: xs[::-1]), _AXES),
        Misconception(
            "S23",
            "the input of the step before: xs[t - 1]",
            _loop(read=lambda xs: np.roll(xs, 1, axis=0)),
            (
                "Which input does the first state depend on?",
                "What does a negative index do in Python?",
                "Set all inputs to zero but one, and see at which step the effect starts.",
            ),
        ),
        Misconception("S22", "h0 and c0 returned among the states", _loop(result=_with_the_first), _LENGTH),
        Misconception(
            "S22.early",
            "stored before the step: h0 and c0 first, the last states missing",
            _loop(result=lambda hs, cs, h0, c0: tuple(s[:-1] for s in _with_the_first(hs, cs, h0, c0))),
            _LENGTH[1:],
        ),
        Misconception("S22.last", "the last step is missing", _loop(read=lambda xs: xs[:-1]), _LENGTH),
        Misconception("S22.first", "the first step is missing", _loop(read=lambda xs: xs[1:]), _LENGTH),
        Misconception(
            "S21",
            "all stored states are one array",
            _loop(result=lambda hs, cs, h0, c0: (0 * hs + hs[-1], 0 * cs + cs[-1])),
            (
                "Print the first stored state at the end of the loop. Has it changed since it was stored?",
                "Do your lists hold T arrays, or T names for one array?",
                "What is the difference between giving a name a new array and writing into the old one?",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 05.4 peephole_step


def peephole_step(
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    p: Array,
    into_i: Callable = lambda p, c, h: p[0] * c,
    into_f: Callable = lambda p, c, h: p[1] * c,
    into_g: Callable = lambda p, c, h: 0.0,
    into_o: Callable = lambda p, c_t, c_prev, h: p[2] * c_t,
    **changes: Any,
) -> Any:
    """An LSTM step with peepholes; from `into_i` on, each argument is one place where a wrong answer differs."""

    def look(k: str, c: Array) -> Any:
        if k == "o":
            return into_o(p, c, c_prev, h_prev)
        return {"i": into_i, "f": into_f, "g": into_g}[k](p, c, h_prev)

    return lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h, look=look, **changes)


_peephole = partial(partial, peephole_step)


def _blind(p: Array, *states: Array) -> float:
    return 0.0


def _peephole_args(rng: np.random.Generator, B: int = 3, D: int = 5, H: int = 4) -> tuple[Array, ...]:
    return (*_step_args(rng, B, D, H), away_from_zero(rng, (3, H)))


def _peephole_cases(rng: np.random.Generator) -> list[Case]:
    args = _peephole_args(rng)
    return [
        Case("B = 3, D = 5, H = 4", args),
        Case("B = D = H = 3", _peephole_args(rng, 3, 3, 3)),
        Case("p = 0 (the usual LSTM)", zeroed(args, 6), easy=True, look="look at the peepholes"),
        Case("c_prev = 0", zeroed(args, 2), easy=True, look="look at what the gates see of the old cell"),
        Case("h_prev = 0", zeroed(args, 1), easy=True, look="look at where h_prev enters"),
        Case("B = 1", _peephole_args(rng, B=1), easy=True, look="look at how rows of the batch are kept apart"),
    ]


_PEEP_TIME = (
    "Which gates can look at the new cell? Write the lines in the order in which they can be computed.",
    "Set p to zero except for the row of o. Which of h_t and c_t should change?",
    "What does the output gate let through: the old cell or the new one? Which one should it look at?",
)
_PEEP_WHAT = (
    "Set h_prev = 0 but c_prev not. Should the peepholes still matter?",
    "What does a peephole look at: what is shown to the outside, or what is stored?",
    "Compare the range of what you multiply by p with the range of the cell.",
)
_PEEP_WHERE = (
    "Print your gates for c_prev = 10. Do they stay between 0 and 1?",
    "Where do the brackets of the sigmoid close in the equation, and where in your code?",
    "A gate is one sigmoid of one sum. How many terms has your sum?",
)
_PEEP_ROWS = (
    "Set one row of p to zero after the other. Which gate should no longer see the cell?",
    "In which order does the statement list the rows of p?",
    "Which of the four blocks has no peephole?",
)

PEEPHOLE = Exercise(
    id="05.4",
    name="peephole_step",
    points=1,
    reference=peephole_step,
    cases=_peephole_cases,
    outputs=("h_t", "c_t"),
    bare=True,
    hints=(
        "With p = 0 it must be your lstm_step. Is it?",
        "Take c_prev = 0 next: then only the output gate sees anything.",
        "c_t has to be known before the output gate can be computed.",
    ),
    misconceptions=(
        Misconception("V01", "peepholes left out", _peephole(into_i=_blind, into_f=_blind, into_o=_blind), _PEEP_ROWS),
        Misconception(
            "V02", "the output gate looks at the old cell", _peephole(into_o=lambda p, c_t, c, h: p[2] * c), _PEEP_TIME
        ),
        Misconception("V02.none", "the output gate has no peephole", _peephole(into_o=_blind), _PEEP_ROWS),
        Misconception(
            "V03",
            "the peepholes look at h_prev, not at the cell",
            _peephole(
                into_i=lambda p, c, h: p[0] * h, into_f=lambda p, c, h: p[1] * h, into_o=lambda p, c_t, c, h: p[2] * h
            ),
            _PEEP_WHAT,
        ),
        Misconception(
            "V03.tanh",
            "the peepholes look at tanh(c), not at the cell itself",
            _peephole(
                into_i=lambda p, c, h: p[0] * np.tanh(c),
                into_f=lambda p, c, h: p[1] * np.tanh(c),
                into_o=lambda p, c_t, c, h: p[2] * np.tanh(c_t),
            ),
            _PEEP_WHAT,
        ),
        Misconception(
            "V03.output",
            "the output gate looks at tanh(c_t), not at c_t",
            _peephole(into_o=lambda p, c_t, c, h: p[2] * np.tanh(c_t)),
            _PEEP_WHAT,
        ),
        Misconception("V04", "peepholes added outside the sigmoid", _peephole(inside=False), _PEEP_WHERE),
        Misconception(
            "V05",
            "the rows of p for i and f exchanged",
            _peephole(into_i=lambda p, c, h: p[1] * c, into_f=lambda p, c, h: p[0] * c),
            _PEEP_ROWS,
        ),
        Misconception(
            "V05.one",
            "one row of p used for all gates",
            _peephole(into_f=lambda p, c, h: p[0] * c, into_o=lambda p, c_t, c, h: p[0] * c_t),
            _PEEP_ROWS,
        ),
        Misconception(
            "V05.input",
            "the rows of p for i and o exchanged",
            _peephole(into_i=lambda p, c, h: p[2] * c, into_o=lambda p, c_t, c, h: p[0] * c_t),
            _PEEP_ROWS,
        ),
        Misconception(
            "V05.output",
            "the rows of p for f and o exchanged",
            _peephole(into_f=lambda p, c, h: p[2] * c, into_o=lambda p, c_t, c, h: p[1] * c_t),
            _PEEP_ROWS,
        ),
        Misconception(
            "V07.cell",
            "the cell without its weights p",
            _peephole(into_i=lambda p, c, h: c, into_f=lambda p, c, h: c, into_o=lambda p, c_t, c, h: c_t),
            _PEEP_WHAT,
        ),
        Misconception(
            "V06", "the candidate has a peephole too", _peephole(into_g=lambda p, c, h: p[2] * c), _PEEP_ROWS
        ),
        Misconception(
            "V06.output",
            "a peephole on the candidate in the place of the output gate",
            _peephole(into_g=lambda p, c, h: p[2] * c, into_o=_blind),
            _PEEP_ROWS,
        ),
        Misconception(
            "V07",
            "p without the cell: used as one more bias",
            _peephole(into_i=lambda p, c, h: p[0], into_f=lambda p, c, h: p[1], into_o=lambda p, c_t, c, h: p[2]),
            _PEEP_WHAT,
        ),
        *(
            Misconception(m.key, m.name, _peephole(**m.wrong.keywords), m.hints)
            for m in LSTM_STEP.misconceptions
            if isinstance(m.wrong, partial)
        ),
    ),
)


# ---------------------------------------------------------------- 05.5 open_forget_gate


def open_forget_gate(bias_ih: Array, bias_hh: Array, value: float) -> tuple[Array, Array]:
    """Two new biases whose sum is `value` in the forget quarter and 0 elsewhere."""
    first = np.zeros(len(bias_ih))
    H = len(first) // 4
    first[H : 2 * H] = value
    return first, np.zeros(len(bias_hh))


def _biases(rng: np.random.Generator, H: int = 4) -> tuple[Any, ...]:
    return 0.5 * away_from_zero(rng, (4 * H,)), 0.5 * away_from_zero(rng, (4 * H,)), float(rng.uniform(1.5, 4))


def _bias_cases(rng: np.random.Generator) -> list[Case]:
    args = _biases(rng)
    return [
        Case("H = 4", args),
        Case("H = 3", _biases(rng, 3)),
        Case(
            "both biases 0 before", zeroed(args[:2], 0, 1) + args[2:], easy=True, look="look at what was there before"
        ),
        Case("H = 1", _biases(rng, 1), easy=True, look="look at where the forget quarter begins and ends"),
    ]


def _bias_view(case: Case, result: Any) -> dict[str, Any]:
    """The four quarters of the sum, which is all that the LSTM ever sees of its two biases."""
    if not isinstance(result, (tuple, list, np.ndarray)) or len(result) != 2:
        raise ValueError("expected two results, bias_ih and bias_hh")
    first, second = (np.asarray(b, dtype=float) for b in result)
    if first.shape != case.args[0].shape or second.shape != case.args[1].shape:
        raise ValueError(f"expected two biases of shape {case.args[0].shape}, got {first.shape} and {second.shape}")
    return {f"{k} quarter of the sum": s for k, s in zip("ifgo", np.split(first + second, 4), strict=True)}


def _set_biases(
    place: int = 1, both: bool = False, rest: bool = False, old: bool = False, add: bool = False
) -> Callable:
    """Wrong ways to set a forget bias: another quarter, both biases, the other quarters or the other bias left."""

    def wrong(bias_ih, bias_hh, value):
        H = len(bias_ih) // 4
        quarter = slice(place * H, (place + 1) * H)
        first = bias_ih.copy() if rest else np.zeros(4 * H)
        second = bias_hh.copy() if rest else np.zeros(4 * H)
        if old:
            second[quarter] = bias_hh[quarter]
        elif rest and not add:
            second[quarter] = 0
        first[quarter] = first[quarter] + value if add else value
        if both:
            second[quarter] = value
        return first, second

    return wrong


_QUARTER = (
    "Which quarter of the vector belongs to the forget gate? The order is i, f, g, o.",
    "With H = 4, at which index does that quarter begin, and where does it end?",
    "Give the cell with your biases zero inputs and measure the mean of its forget gate. Is it sigmoid(value)?",
)
_TWO_BIASES = (
    "PyTorch adds the two bias vectors. What is their sum in your answer?",
    "Compute sigmoid of that sum: is the forget gate what was asked for?",
    "If one of the two carries the value, what must the other one carry at the same place?",
)
_LEFT_OVER = (
    "Print the sum of your two biases, quarter by quarter. What should stand in the quarters of i, g and o?",
    "What was in the two vectors before, and what of it is still there?",
    "The statement says what the sum is in all four quarters. Which of them did you set?",
)

_BIAS_SLIPS = (
    ("L42", "the value in the input gate's quarter", _set_biases(place=0), _QUARTER),
    ("L42.candidate", "the value in the candidate's quarter", _set_biases(place=2), _QUARTER),
    ("L42.output", "the value in the output gate's quarter", _set_biases(place=3), _QUARTER),
    ("L42.both", "the value in both biases: their sum is twice as much", _set_biases(both=True), _TWO_BIASES),
    (
        "L42.other_quarters",
        "the other quarters left as they were",
        _set_biases(rest=True),
        _LEFT_OVER,
    ),
    (
        "L42.both_and_rest",
        "the value in both biases, and the other quarters left",
        _set_biases(both=True, rest=True),
        _TWO_BIASES,
    ),
    ("L42.other_bias", "the other bias left as it was, inside the forget quarter", _set_biases(old=True), _TWO_BIASES),
    (
        "L42.rest",
        "one bias set, the other vector and the other quarters left as they were",
        _set_biases(rest=True, old=True),
        _LEFT_OVER,
    ),
    ("L42.added", "the value added to what was there", _set_biases(rest=True, add=True), _LEFT_OVER),
    (
        "L42.input_and_rest",
        "the input gate's quarter, and the rest left as it was",
        _set_biases(place=0, rest=True, old=True),
        _QUARTER,
    ),
)


FORGET = Exercise(
    id="05.5",
    name="open_forget_gate",
    points=1,
    reference=open_forget_gate,
    cases=_bias_cases,
    view=_bias_view,
    arguments="free",
    bare=True,
    hints=(
        "Print the sum of your two biases, quarter by quarter.",
        "The order of the quarters is i, f, g, o.",
        "Start from two vectors of zeros.",
    ),
    misconceptions=tuple(Misconception(*row) for row in _BIAS_SLIPS),
)


# ---------------------------------------------------------------- 05.6 bias_for_half_life


def bias_for_half_life(steps: Any) -> Any:
    """The forget bias b with sigmoid(b) ** steps = 1/2."""
    f = 0.5 ** (1 / np.asarray(steps, dtype=float))
    return np.log(f / (1 - f))


def _half_life_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("one number of steps", (float(rng.integers(20, 200)),)),
        Case("an array of numbers of steps", (rng.integers(3, 2000, 5).astype(float),)),
        Case("few steps", (float(rng.integers(2, 6)),)),
        Case("steps = 1", (1.0,), easy=True, look="look at how f is raised to the number of steps"),
    ]


def _logit(f: Any) -> Any:
    return np.log(f / (1 - f))


_LAW = (
    "Put your bias back: what is sigmoid(b) ** steps?",
    "After one step the fraction f of the cell is left. What is left after two, after n?",
    "Which equation says that half is left after n steps? Solve it for f first.",
)
_INVERSE = (
    "Your answer for many steps should be a bias of about 5 for 100 steps. What range do your values have?",
    "f is a sigmoid of the bias. Which function turns f back into b?",
    "Is the number that you return a gate, or what goes into the gate?",
)
_CONSTANT = (
    "Compare your bias for 100 steps with the 4.97 of the lecture, to three digits.",
    "After 1 / (1 - f) steps about 37 % is left, not one half. Which of the two is asked for?",
    "Which fraction stands in your equation?",
)

HALF_LIFE = Exercise(
    id="05.6",
    name="bias_for_half_life",
    points=1,
    reference=bias_for_half_life,
    cases=_half_life_cases,
    outputs=("b",),
    rtol=2e-4,
    hints=(
        "Put your bias back: sigmoid(b) ** steps should be 1/2.",
        "Two unknowns, two steps: first the gate f, then the bias b.",
        "The inverse of the sigmoid is log(f / (1 - f)).",
    ),
    misconceptions=(
        Misconception(
            "V11", "the gate f returned in the place of the bias", lambda n: 0.5 ** (1 / np.asarray(n)), _INVERSE
        ),
        Misconception("V11.sign", "the sign of the bias turned round", lambda n: -bias_for_half_life(n), _INVERSE),
        Misconception(
            "V11.log", "log(f) in the place of log(f / (1 - f))", lambda n: np.log(0.5) / np.asarray(n), _INVERSE
        ),
        Misconception(
            "V12", "1 / (1 - f) steps taken for the half-life", lambda n: np.log(np.asarray(n) - 1), _CONSTANT
        ),
        Misconception(
            "V12.e", "37 % (1/e) left in the place of one half", lambda n: _logit(np.exp(-1 / np.asarray(n))), _CONSTANT
        ),
        Misconception(
            "V12.long",
            "log(steps / log 2): nearly right for long half-lives only",
            lambda n: np.log(np.asarray(n) / np.log(2)),
            _CONSTANT[:1] + _LAW[2:],
        ),
        Misconception(
            "V14.none",
            "f / (1 - f) without its logarithm",
            lambda n: 1 / (2 ** (1 / np.asarray(n)) - 1),
            _INVERSE,
        ),
        Misconception(
            "V12.chrono",
            "log(steps): the rule of chrono, not the half-life",
            lambda n: np.log(np.asarray(n)),
            _CONSTANT,
        ),
        Misconception(
            "V13",
            "0.5 ** steps: the loss of n steps taken for that of one",
            lambda n: _logit(0.5 ** np.asarray(n)),
            _LAW,
        ),
        Misconception(
            "V13.two",
            "the root taken of 2 in the place of one half: a gate above 1",
            lambda n: _logit(2 ** (1 / np.asarray(n))),
            _LAW,
        ),
        Misconception("V13.more", "one step too many", lambda n: bias_for_half_life(np.asarray(n) + 1), _LAW[:2]),
        Misconception("V13.less", "one step too few", lambda n: bias_for_half_life(np.asarray(n) - 1), _LAW[:2]),
        Misconception(
            "V13.linear",
            "equal losses in each step: f = 1 - 1 / (2 steps)",
            lambda n: _logit(1 - 0.5 / np.asarray(n)),
            _LAW,
        ),
        Misconception(
            "V14",
            "log to the base 2 or 10 in the inverse of the sigmoid",
            lambda n: bias_for_half_life(n) / np.log(10),
            _INVERSE,
        ),
        Misconception(
            "V14.two",
            "log to the base 2 in the inverse of the sigmoid",
            lambda n: bias_for_half_life(n) / np.log(2),
            _INVERSE,
        ),
    ),
)


# ---------------------------------------------------------------- 05.7 COUNTER

SYMBOLS = "ab.#"
OPEN = 20.0


def _weights(
    forget: tuple[float, ...] = (0, 0, 0, -2 * OPEN),
    write: tuple[float, ...] = (OPEN, -OPEN, 0, 0),
    let_in: tuple[float, ...] = (0, 0, 0, 0),
    bias: tuple[float, ...] = (OPEN, OPEN, 0, OPEN),
    order: tuple[int, ...] = (0, 1, 2, 3),
) -> tuple[Array, Array, Array]:
    rows = [let_in, forget, write, (0, 0, 0, 0)]
    W_xh = np.array([rows[k] for k in order], dtype=float)
    return W_xh, np.zeros((4, 1)), np.array([bias[k] for k in order], dtype=float)


def _strings(rng: np.random.Generator) -> tuple[list[str], ...]:
    def draw(letters: str, n: int) -> list[str]:
        return ["".join(rng.choice(list(letters), int(rng.integers(5, 12)))) for _ in range(n)]

    with_dots = [f"a{s}." for s in draw("ab.", 3)]
    with_reset = [f"{s}#{'a' * int(rng.integers(1, 4))}" for s in draw("aab.", 3)]
    return ["a", "b", *draw("ab", 4)], [".", *with_dots], ["aa#", *with_reset]


def _counter_cases(rng: np.random.Generator) -> list[Case]:
    return [Case("the answer", _strings(rng))]


@functools.lru_cache(maxsize=64)
def _run_counter(weights: bytes, strings: tuple[str, ...]) -> tuple[Array, Array]:
    """c and h of the one-unit LSTM after each string; weights: 24 numbers, W_xh (4, 4), W_hh (4, 1), b_h (4,)."""
    numbers = np.frombuffer(weights)
    W_xh, W_hh, b_h = numbers[:16].reshape(4, 4), numbers[16:20].reshape(4, 1), numbers[20:]
    h, c = np.zeros((len(strings), 1)), np.zeros((len(strings), 1))
    final_h, final_c = h.copy(), c.copy()
    with np.errstate(all="ignore"):
        for t in range(max(map(len, strings))):
            x_t = np.array([[float(s[t : t + 1] == k) for k in SYMBOLS] for s in strings])
            h, c = lstm_step(x_t, h, c, W_xh, W_hh, b_h)
            ends = np.array([len(s) == t + 1 for s in strings])
            final_h[ends], final_c[ends] = h[ends], c[ends]
    return final_c[:, 0], final_h[:, 0]


def _counter_view(case: Case, result: Any) -> dict[str, Any]:
    """What the cell holds after fresh strings, run with the learner's weights."""
    shapes = [(4, 4), (4, 1), (4,)]
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        raise ValueError("expected three arrays: (W_xh, W_hh, b_h)")
    arrays = []
    for name, given, shape in zip(("W_xh", "W_hh", "b_h"), result, shapes, strict=True):
        try:
            arrays.append(array := np.asarray(given, dtype=float))
        except (TypeError, ValueError):
            raise ValueError(f"{name}: expected numbers in rows of one length") from None
        if array.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    weights = np.concatenate([a.ravel() for a in arrays]).tobytes()
    plain, dots, reset = case.args
    c_plain, h_plain = _run_counter(weights, tuple(plain))
    return {
        "c after strings of a and b": c_plain,
        "c after strings with .": _run_counter(weights, tuple(dots))[0],
        "c after strings with #": _run_counter(weights, tuple(reset))[0],
        "c after 1000 a, then also 1000 b": _run_counter(weights, ("a" * 1000, "a" * 1000 + "b" * 1000))[0] / 1000,
        "h = tanh(c)": h_plain,
    }


_KEEP = (
    "Run your cell on a and then on three dots. What should c be, and what is it?",
    "Which gate decides what is left of the old cell, and what is its value when its row and bias are 0?",
    "What must the forget gate be for a, b and ., and what for # only?",
)
_WRITE = (
    "Run your cell on the strings a, b and . alone, and print i, f, g, o.",
    "Which block decides the sign of what is added? Which value must it have for each symbol?",
    "tanh(20) is 1, tanh(0) is 0: which pre-activations do the four symbols need?",
)
_RESET = (
    "Run your cell on aa# and print f at the last step.",
    "Which gate must close for #, and how far below zero must its sum come when its bias is 20?",
    "After # the cell should be 0. Which of the two products in c_t must vanish, or do both?",
)
_LEAK = (
    "Run your cell on 100 a, then on 1000. What should c be, and what is it?",
    "What is sigmoid of your forget gate's sum, to eight digits? And that to the power of 1000?",
    "Which number does the statement call wide open?",
)
_SHOW = (
    "Print o. What is a sigmoid of 0?",
    "h_t should be tanh(c_t). Which gate stands between the two?",
    "Which quarter of the bias opens that gate?",
)

COUNTER = Exercise(
    id="05.7",
    name="COUNTER",
    points=2,
    reference=_weights(),
    cases=_counter_cases,
    view=_counter_view,
    rtol=1e-3,
    hints=(
        "Make a table: four symbols, and for each the values that i, f, g and o must have.",
        "A sum of 20 is a gate of 1 to eight digits; a sum of 5 is 0.993, which loses a third in 60 steps.",
        "Put what is the same for all symbols into b_h, and what differs into W_xh.",
    ),
    misconceptions=(
        Misconception(
            "V21",
            "the forget gate half open: it keeps only half at each step",
            _weights(bias=(OPEN, 0, 0, OPEN)),
            _KEEP,
        ),
        Misconception(
            "V21.closed", "the forget gate closed: nothing is kept", _weights(bias=(OPEN, -OPEN, 0, OPEN)), _KEEP
        ),
        Misconception(
            "V22", "the input gate half open: each symbol counts one half", _weights(bias=(0, OPEN, 0, OPEN)), _WRITE
        ),
        Misconception("V23", "# does not clear the cell", _weights(forget=(0, 0, 0, 0)), _RESET),
        Misconception(
            "V23.half",
            "# only halves the cell: the sum of its forget gate is 0, not far below",
            _weights(forget=(0, 0, 0, -OPEN)),
            _RESET,
        ),
        Misconception(
            "V23.minus",
            "# subtracts one; it does not clear",
            _weights(forget=(0, 0, 0, 0), write=(OPEN, -OPEN, 0, -OPEN)),
            _RESET,
        ),
        Misconception("V23.written", "# clears, and counts as an a", _weights(write=(OPEN, -OPEN, 0, OPEN)), _RESET),
        Misconception("V23.written_b", "# clears, and counts as a b", _weights(write=(OPEN, -OPEN, 0, -OPEN)), _RESET),
        Misconception("V23.dot", "the columns of . and # exchanged", _weights(forget=(0, 0, -2 * OPEN, 0)), _RESET),
        Misconception(
            "V28",
            "gates with a sum of 10 leak: 4 % of the count is gone after 1000 steps",
            _weights((0, 0, 0, -20), (10, -10, 0, 0), bias=(10, 10, 0, 10)),
            _LEAK,
        ),
        Misconception(
            "V28.five",
            "gates with a sum of 5 leak: a third of the count is gone after 60 steps",
            _weights((0, 0, 0, -10), (5, -5, 0, 0), bias=(5, 5, 0, 5)),
            _LEAK,
        ),
        Misconception("V24", "b is not counted down", _weights(write=(OPEN, 0, 0, 0)), _WRITE),
        Misconception("V24.up", "b is counted up", _weights(write=(OPEN, OPEN, 0, 0)), _WRITE),
        Misconception("V24.sign", "a counts down and b counts up", _weights(write=(-OPEN, OPEN, 0, 0)), _WRITE),
        Misconception("V25", "the dot is counted too", _weights(write=(OPEN, -OPEN, OPEN, 0)), _WRITE),
        Misconception(
            "V26", "weight 1 into the candidate: tanh(1) = 0.76 per symbol", _weights(write=(1, -1, 0, 0)), _WRITE
        ),
        Misconception(
            "V27", "the output gate left half open: h is half of tanh(c)", _weights(bias=(OPEN, OPEN, 0, 0)), _SHOW
        ),
        Misconception("L02", "output and candidate rows exchanged", _weights(order=(0, 1, 3, 2)), _OUTPUT_ORDER),
        Misconception("L03", "forget and candidate rows exchanged", _weights(order=(0, 2, 1, 3)), _ORDER),
    ),
)


EXERCISES = (LSTM_STEP, LSTM_BACKWARD, UNROLL, PEEPHOLE, FORGET, HALF_LIFE, COUNTER)
