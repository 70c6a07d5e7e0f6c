"""Lesson 01: one step, the loop, what shares weights, what depends on what, weights set by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Misconception, bugs, misread, pick
from course_lib.checks.inputs import away_from_zero, sigmoid, zeroed
from course_lib.checks.probe import Source

Array = np.ndarray


# ---------------------------------------------------------------- 01.1 rnn_step


def rnn_step(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """h_t = tanh(W_xh x_t + W_hh h_prev + b_h), rows are the batch."""
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)


def _step_args(rng: np.random.Generator, B: int = 3, D: int = 5, H: int = 4) -> list[Array]:
    shapes = [(B, D), (B, H), (H, D), (H, H), (H,)]
    scales = [1.0, 1.0, 0.6, 0.6, 0.8]
    return [scale * away_from_zero(rng, shape) for scale, shape in zip(scales, shapes)]


def _step_cases(rng: np.random.Generator) -> list[Case]:
    args = _step_args(rng)
    return [
        Case("B = 3, D = 5, H = 4", tuple(args)),
        Case("B = D = H = 3", tuple(_step_args(rng, 3, 3, 3))),
        Case("h_prev = 0", zeroed(args, 1), easy=True, look="look at the recurrent term"),
        Case("x_t = 0", zeroed(args, 0), easy=True, look="look at the input term"),
        Case("b_h = 0", zeroed(args, 4), easy=True, look="look at the bias"),
        Case("B = 1", tuple(_step_args(rng, B=1)), easy=True, look="look at how rows of the batch are kept apart"),
    ]


_step_misread = partial(misread, rnn_step)


def _written_into_h_prev(x_t, h_prev, W_xh, W_hh, b_h):
    h_prev[:] = rnn_step(x_t, h_prev, W_xh, W_hh, b_h)
    return h_prev


def _divided_by_its_maximum(*args):
    h_t = rnn_step(*args)
    return h_t / np.abs(h_t).max()


_LEFT_OUT = (
    "Feed the same x_t with two different h_prev. Should the answer change, and does yours?",
    "How many matrix products does the equation have, and how many has your line?",
    "Which symbol of the equation never meets its matrix in your code?",
)
_ACTIVATION = (
    "What is the smallest and the largest value your state takes?",
    "Try an input that makes the sum strongly negative, then one that makes it strongly positive.",
    "Compare the range of your function with the range of the one in the equation.",
)
_SHAPES = (
    "Write the shape of every operand next to the line.",
    "Which two neighbouring sizes must be equal in a matrix product, and are they?",
    "The sum must have shape (B, H). Which term of yours does not have it?",
)
_COMBINED = (
    "With h_prev = 0, what should remain of the equation? What remains of yours?",
    "Where does the bracket of the tanh open and where does it close?",
    "How are the contribution of the input and that of the past joined before the tanh?",
)
_BIAS_PLACE = (
    "Can a tanh state ever be larger than 1? Is yours?",
    "Set x_t = h_prev = 0 and b_h = 0.5: what do you get, and what should it be?",
    "Follow b_h through your code: how often and where is it added?",
)
_TRANSPOSED = (
    "The shape is right and the numbers are not: which matrix is square and cannot complain?",
    "Put a single 1 into W_hh, in row 0 and column 1. Unit 0 should now listen to unit 1. Does it?",
    "Vectors are rows here, W_hh is (to, from). Which index of W_hh must meet h_prev?",
)
_IN_PLACE = (
    "Keep a copy of the arguments, call your function, and compare: which one has changed?",
    "What is the difference between giving a name a new array and writing into the old array?",
    "Which line of yours writes into an array that it did not make?",
)

RNN_STEP = Exercise(
    id="01.1",
    name="rnn_step",
    points=2,
    reference=rnn_step,
    cases=_step_cases,
    outputs=("h_t",),
    bare=True,
    arguments="left",
    new=True,
    hints=(
        "Write the shape of every operand next to the line.",
        "Compare with the worked example: set all but one argument to zero, one after the other.",
        "The equation has two products, two sums and one function. Find each of them in your code.",
    ),
    misconceptions=(
        _step_misread(lambda x, h, U, W, b: (x, 0 * h, U, W, b), "S01", "previous state left out", _LEFT_OUT),
        _step_misread(lambda x, h, U, W, b: (0 * x, h, U, W, b), "S01.input", "input left out", _LEFT_OUT[1:]),
        Misconception(
            "S16",
            "previous state added without its matrix",
            lambda x, h, U, W, b: np.tanh(x @ U.T + h + b),
            _LEFT_OUT,
        ),
        _step_misread(
            lambda x, h, U, W, b: (x, h, U, W, 0 * b),
            "S02",
            "bias forgotten",
            (
                "Set x_t and h_prev to zero. What should come out?",
                "Your answer for that input is always 0. Which parameter should shift it?",
                "Count the arguments of the function that your code uses.",
            ),
        ),
        Misconception(
            "S03", "no nonlinearity: the tanh is missing", lambda x, h, U, W, b: x @ U.T + h @ W.T + b, _ACTIVATION
        ),
        Misconception(
            "S04",
            "sigmoid in place of tanh",
            lambda x, h, U, W, b: sigmoid(x @ U.T + h @ W.T + b),
            _ACTIVATION,
        ),
        Misconception(
            "S04.relu",
            "ReLU in place of tanh",
            lambda x, h, U, W, b: np.maximum(x @ U.T + h @ W.T + b, 0),
            _ACTIVATION,
        ),
        Misconception("S15", "an extra division by the largest value", _divided_by_its_maximum, _ACTIVATION),
        _step_misread(lambda x, h, U, W, b: (x, h, U, W.T, b), "S05", "recurrent matrix transposed", _TRANSPOSED),
        Misconception(
            "S06", "input matrix not transposed", lambda x, h, U, W, b: np.tanh(x @ U + h @ W.T + b), _SHAPES
        ),
        Misconception(
            "S06.both", "neither matrix transposed", lambda x, h, U, W, b: np.tanh(x @ U + h @ W + b), _SHAPES
        ),
        Misconception(
            "S06.columns",
            "written for column vectors: here each row of x_t is one sequence of the batch",
            lambda x, h, U, W, b: np.tanh(U @ x + W @ h + b),
            _SHAPES,
        ),
        Misconception(
            "S07",
            "the input multiplied by the recurrent matrix",
            lambda x, h, U, W, b: np.tanh(x @ W.T + h @ W.T + b),
            _SHAPES,
        ),
        Misconception(
            "S07.swapped", "the two matrices exchanged", lambda x, h, U, W, b: np.tanh(x @ W.T + h @ U.T + b), _SHAPES
        ),
        Misconception(
            "S09",
            "entry by entry (*) in place of a matrix product (@)",
            lambda x, h, U, W, b: np.tanh(x * U + h * W + b),
            _SHAPES,
        ),
        Misconception(
            "S13",
            "bias along the wrong axis: one number for each sequence, not for each unit",
            lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + b[:, None]),
            _SHAPES,
        ),
        Misconception(
            "S06.result",
            "the result is turned: a row for each unit, not for each sequence",
            lambda *args: rnn_step(*args).T,
            _SHAPES[2:] + _SHAPES[:1],
        ),
        Misconception(
            "S08", "the two terms multiplied", lambda x, h, U, W, b: np.tanh((x @ U.T) * (h @ W.T) + b), _COMBINED
        ),
        Misconception(
            "S10",
            "tanh of each term, then the sum",
            lambda x, h, U, W, b: np.tanh(x @ U.T) + np.tanh(h @ W.T + b),
            _COMBINED,
        ),
        Misconception(
            "S10.input",
            "tanh of each term, then the sum",
            lambda x, h, U, W, b: np.tanh(x @ U.T + b) + np.tanh(h @ W.T),
            _COMBINED,
        ),
        Misconception(
            "S11", "bias outside the tanh", lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T) + b, _BIAS_PLACE
        ),
        _step_misread(lambda x, h, U, W, b: (x, h, U, W, 2 * b), "S12", "bias added twice", _BIAS_PLACE),
        Misconception("S14", "state overwritten in place", _written_into_h_prev, _IN_PLACE),
    ),
)


# ---------------------------------------------------------------- 01.2 unroll

TANH_STEP = Source("lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)")
LEAKY_STEP = Source("lambda x_t, h_prev, keep: keep * h_prev + x_t[:, :1]")


def unroll(step: Any, xs: Array, h0: Array, *params: Any) -> Array:
    """h_t = step(x_t, h_{t-1}, *params) for t = 1..T, all states stacked: (T, B, H)."""
    h_t, hs = h0, []
    for x_t in xs:
        h_t = step(x_t, h_t, *params)
        hs.append(h_t)
    return np.stack(hs)


def _sequence(rng: np.random.Generator, T: int = 6, B: int = 3, D: int = 5, H: int = 4) -> list[Any]:
    _, h0, *params = _step_args(rng, B, D, H)
    return [TANH_STEP, away_from_zero(rng, (T, B, D)), h0, *params]


def _unroll_cases(rng: np.random.Generator) -> list[Case]:
    args = _sequence(rng)
    whole = _sequence(rng)
    whole[1] = rng.integers(-1, 2, whole[1].shape)
    whole[2] = rng.integers(1, 3, whole[2].shape)
    leaky = (LEAKY_STEP, away_from_zero(rng, (5, 2, 1)), away_from_zero(rng, (2, 1)), 0.7)
    return [
        Case("T = 6, B = 3, D = 5, H = 4", tuple(args)),
        Case("T = B = 4", tuple(_sequence(rng, T=4, B=4))),
        Case("whole numbers in xs and h0", tuple(whole)),
        Case("another step: keep * h_prev + x_t", leaky),
        Case("h0 = 0", zeroed(args, 2), easy=True, look="look at the place where your loop reads h0"),
        Case(
            "T = 1",
            tuple(_sequence(rng, T=1)),
            easy=True,
            look="look at what happens from the second step on",
        ),
        Case("B = 1", tuple(_sequence(rng, B=1)), easy=True, look="look at how time and batch are told apart"),
    ]


def _in_h0(step, xs, h0, *params):
    hs = []
    for x_t in xs:
        h0[:] = step(x_t, h0, *params)
        hs.append(h0)
    return np.stack(hs)


def _in_h0_names(step, xs, h0, *params):
    hs = []
    for x_t in xs:
        h0[:] = step(x_t, h0, *params)
        hs.append(h0)
    return hs


def _one_buffer(step, xs, h0, *params):
    h_t, hs = np.array(h0, dtype=float), []
    for x_t in xs:
        h_t[:] = step(x_t, h_t, *params)
        hs.append(h_t)
    return np.stack(hs)


def _cut_to_integers(step, xs, h0, *params):
    hs = np.zeros((len(xs), *h0.shape), dtype=h0.dtype)
    h_t = h0
    for t, x_t in enumerate(xs):
        hs[t] = h_t = step(x_t, h_t, *params)
    return hs


def _first_input_unread(step, xs, h0, *params):
    later = unroll(step, xs[1:], h0, *params) if len(xs) > 1 else xs[:0, :, :0]
    return np.stack([h0, *later])


def _reshaped(step, xs, *rest):
    T, B, D = xs.shape
    return step, xs.reshape(B, T, D).swapaxes(0, 1), *rest


_unroll_misread = partial(misread, unroll)
_NOT_HANDED_ON = (
    "Change the first input only. Should the last state change? Does yours?",
    "Which variable does your loop read as the state, and which does it write?",
    "What must be true, at the start of round t, about the name that holds the state?",
)
_ALL_ONE_ARRAY = (
    "Print the first stored state at the end of the loop. Is it still the first state?",
    "Does your list hold T arrays, or T names for one array?",
    "What is the difference between giving a name a new array and writing into the old array?",
)
_AXES = (
    "Write down the three sizes of xs. Which axis counts time?",
    "Take a tiny array of labelled numbers and print it before and after you move its axes.",
    "Does your operation move axes, or does it cut the same sequence of numbers in other places?",
)
_ORDER = (
    "Which input does the first state depend on?",
    "Set all inputs to zero but one, and see at which step the effect starts.",
    "What does a negative index do in Python?",
)
_WHICH_STATES = (
    "How many inputs go in, and how many states does the statement ask for?",
    "Compare the length of your result with T.",
    "Write under each state of your result which input was the last that it has seen.",
)

UNROLL = Exercise(
    id="01.2",
    name="unroll",
    points=2,
    reference=unroll,
    cases=_unroll_cases,
    outputs=("hs",),
    bare=True,
    arguments="left",
    hints=(
        "Take T = 2 and write the two calls of step by hand. Which name is new, which is handed on?",
        "Print the shape of the state after each round, and of what you return.",
        "One name holds the state before the loop, is read in each round, and is given its new value there.",
    ),
    misconceptions=(
        Misconception("S14", "state overwritten in place: all stored states are one array", _in_h0, _ALL_ONE_ARRAY),
        Misconception("S21", "the same buffer appended at each step", _one_buffer, _ALL_ONE_ARRAY),
        Misconception(
            "S17",
            "every step starts from h0",
            lambda step, xs, h0, *p: np.stack([step(x_t, h0, *p) for x_t in xs]),
            _NOT_HANDED_ON,
        ),
        Misconception(
            "S26",
            "every step starts from zeros: the state is never handed on",
            lambda step, xs, h0, *p: np.stack([step(x_t, np.zeros(h0.shape), *p) for x_t in xs]),
            _NOT_HANDED_ON,
        ),
        Misconception(
            "S27",
            "the state is set back to zeros after the first step",
            lambda step, xs, h0, *p: np.stack(
                [step(x_t, np.zeros(h0.shape) if t else h0, *p) for t, x_t in enumerate(xs)]
            ),
            _NOT_HANDED_ON,
        ),
        _unroll_misread(
            lambda step, xs, h0, *p: (step, xs, np.zeros(h0.shape), *p),
            "S18",
            "h0 ignored: starts from zeros",
            (
                "Run with two different h0. Should the results agree?",
                "Where does your function first read its argument h0?",
                "What is the state before the first input, according to the signature?",
            ),
        ),
        _unroll_misread(
            lambda step, xs, *rest: (step, np.swapaxes(xs, 0, 1), *rest),
            "S19",
            "time and batch axes mixed up: the loop runs over the batch",
            _AXES,
        ),
        _unroll_misread(_reshaped, "S19.reshape", "time and batch axes mixed up: reshape does not move axes", _AXES),
        Misconception(
            "S19.result",
            "time and batch axes mixed up in the result",
            lambda step, xs, h0, *p: unroll(step, xs, h0, *p).swapaxes(0, 1),
            _AXES,
        ),
        _unroll_misread(
            lambda step, xs, *rest: (step, xs[::-1], *rest), "S20", "inputs read in reversed order", _ORDER
        ),
        _unroll_misread(
            lambda step, xs, *rest: (step, np.roll(xs, 1, axis=0), *rest),
            "S23",
            "inputs read one step late: xs[t - 1]",
            _ORDER,
        ),
        Misconception(
            "S22",
            "h0 stored with the states: one too many",
            lambda step, xs, h0, *p: np.concatenate([h0[None], unroll(step, xs, h0, *p)]),
            _WHICH_STATES,
        ),
        Misconception(
            "S22.shifted",
            "each state stored before its step: h0 is there, the last state is not",
            lambda step, xs, h0, *p: np.concatenate([h0[None], unroll(step, xs, h0, *p)])[:-1],
            _WHICH_STATES,
        ),
        Misconception(
            "S22.first",
            "h0 stored as the first state: the first input is never read",
            _first_input_unread,
            _WHICH_STATES,
        ),
        Misconception(
            "S22.last-0",
            "the place of the last state is never filled",
            lambda *args: unroll(*args) * (np.arange(len(args[1])) < len(args[1]) - 1)[:, None, None],
            _WHICH_STATES,
        ),
        Misconception(
            "S24",
            "only the last state returned",
            lambda step, xs, h0, *p: unroll(step, xs, h0, *p)[-1],
            _WHICH_STATES,
        ),
        Misconception(
            "S25",
            "integer arrays: states stored in an array of whole numbers are cut to 0",
            _cut_to_integers,
            (
                "Look at the dtype of your result when h0 holds whole numbers.",
                "What happens when 0.7 is written into an array of integers?",
                "Which array gave your buffer its dtype?",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 01.3 count_parameters


def count_parameters(D: int, H: int, V: int, T: int, bug: tuple[str, ...] = ()) -> int:
    """Numbers in W_xh, W_hh, b_h, W_hy, b_y: the length T of the sequence plays no part."""
    if "units = steps" in bug or "exchanged" in bug:
        D, H = (D, T) if "units = steps" in bug else (H, D)
    W_xh = 0 if "no W_xh" in bug else H * D
    W_hh = pick(bug, {"no W_hh": 0, "diagonal W_hh": H}, H * H)
    b_h = pick(bug, {"no biases": 0, "no b_h": 0, "one number each": 1, "two b_h": 2 * H}, H)
    W_hy = pick(bug, {"no head": 0, "no W_hy": 0, "W_hy from x": V * D}, V * H)
    b_y = pick(bug, {"no head": 0, "no biases": 0, "no b_y": 0, "one number each": 1, "b_y as long as b_h": H}, V)
    loop, head = W_xh + W_hh + b_h, W_hy + b_y
    loops, heads = pick(bug, {"all T times": (T, T), "loop T times": (T, 1)}, (1, 1))
    return loops * loop + heads * head + (T * H if "states" in bug else 0)


def _count_cases(rng: np.random.Generator) -> list[Case]:
    D, H, V, T = (int(n) for n in rng.permutation(np.arange(3, 60))[:4])
    return [
        Case(f"D = {D}, H = {H}, V = {V}, T = {T}", (D, H, V, T)),
        Case("T = 1", (D, H, V, 1), easy=True, look="should the count depend on T?"),
    ]


_LISTS_ALL = (
    "List the arrays of the lecture's table that training may change. How many are there?",
    "Write the shape of each array and multiply its sizes.",
    "Add the products: which of them has your formula left out?",
)

_T_TIMES = (
    "Count for T = 1 and for T = 2: which array would exist twice?",
    "Look at your unroll: does the loop make new weights?",
    "What does 'the same step at every time' say about the factor T?",
)
COUNT_BUGS = (
    ("P01", "unrolled copies counted as separate layers", "all T times", _T_TIMES),
    ("P02", "only the recurrent layer multiplied by T", "loop T times", _T_TIMES),
    (
        "P03",
        "units = time steps",
        "units = steps",
        (
            "Which two letters of your formula would change if the sequence were longer?",
            "H is the size of the state at one time step. What is T?",
            "How many numbers has h_t, and how many h_t are there?",
        ),
    ),
    (
        "P04",
        "one loop per unit: W_hh counted as H numbers",
        "diagonal W_hh",
        (
            "Which units does unit 0 listen to at the next step: only itself?",
            "What is the shape of W_hh in the table of letters?",
            "A full matrix has how many entries?",
        ),
    ),
    ("P05", "biases left out", "no biases", _LISTS_ALL),
    ("P05.state", "b_h left out", "no b_h", _LISTS_ALL),
    ("P05.one", "each bias counted as one number", "one number each", _LISTS_ALL[1:]),
    ("P06", "bias of the output left out", "no b_y", _LISTS_ALL),
    ("P06.size", "b_y counted with the size of b_h", "b_y as long as b_h", _LISTS_ALL[1:]),
    ("P07", "output head left out", "no head", _LISTS_ALL),
    ("P07.matrix", "W_hy left out", "no W_hy", _LISTS_ALL),
    (
        "P07.input",
        "W_hy counted as if it read the input: V * D",
        "W_hy from x",
        ("Which vector does W_hy multiply, x_t or h_t?", *_LISTS_ALL[1:]),
    ),
    ("P09", "W_hh left out", "no W_hh", _LISTS_ALL),
    ("P10", "W_xh left out", "no W_xh", _LISTS_ALL),
    (
        "P08",
        "H numbers too many: PyTorch's second bias, or h0, is counted",
        "two b_h",
        (
            "Look at the equation: how many biases are added before the tanh?",
            "PyTorch stores two vectors whose sum is b_h. The statement asks about b_h.",
            "How many numbers has b_h? And is h0 a weight that training sets?",
        ),
    ),
    (
        "P11",
        "the states counted as parameters",
        "states",
        ("Does training set h_t, or does the network compute it?", "Count for T = 1 and T = 2: what may differ?"),
    ),
    (
        "P12",
        "D and H exchanged",
        "exchanged",
        ("In which order do D and H come in?", "Is your count right when D = H?"),
    ),
)

COUNT = Exercise(
    id="01.3",
    name="count_parameters",
    points=1,
    reference=count_parameters,
    cases=_count_cases,
    outputs=("count",),
    hints=_LISTS_ALL,
    misconceptions=bugs(count_parameters, COUNT_BUGS),
)


# ---------------------------------------------------------------- 01.4 BEHAVIOUR

BEHAVIOUR = {"A": "keeps", "B": "forgets", "C": "flips", "D": "turns", "E": "keeps", "F": "forgets"}
_TRY = (
    "Run it: h = np.array([1.0, 0.5]), then h = np.tanh(W_hh @ h) again and again.",
    "Print h after 1, 2, 3, 4 and 50 steps and compare signs and sizes.",
)

WHAT_W_DOES = Exercise(
    id="01.4",
    name="BEHAVIOUR",
    points=1,
    reference=BEHAVIOUR,
    outputs=("BEHAVIOUR",),
    hints=(*_TRY, "Which of the four words describes the 50th state, and which the way there?"),
    misconceptions=(
        Misconception(
            "W01",
            "entries below 1 taken for forgetting",
            {**BEHAVIOUR, "E": "forgets"},
            (*_TRY, "In E each unit hears two units. How large is the sum of both?"),
        ),
        Misconception(
            "W02",
            "a large entry taken for memory",
            {**BEHAVIOUR, "F": "keeps"},
            (*_TRY, "In F follow the large entry: from which unit to which? And where does it go at the next step?"),
        ),
        Misconception(
            "W03",
            "sizes of entries taken for memory, in both directions",
            {**BEHAVIOUR, "E": "forgets", "F": "keeps"},
            (*_TRY, "In E and F, follow one unit's value for two steps along the entries of the matrix."),
        ),
        Misconception(
            "W04",
            "a negative weight taken for forgetting",
            {**BEHAVIOUR, "C": "forgets"},
            (*_TRY, "In C, is the size of h gone, or only its sign changed?"),
        ),
        Misconception(
            "W05",
            "turning taken for flipping",
            {**BEHAVIOUR, "D": "flips"},
            (*_TRY, "In D, after how many steps does h come back to where it was?"),
        ),
    ),
)


# ---------------------------------------------------------------- 01.5 influence


def influence(f: Any, xs: Array) -> Array:
    """[k, t] is True where the output of step t changes when the input of step k changes."""
    before = np.asarray(f(xs))
    moves = np.zeros((len(xs), len(before)), dtype=bool)
    for k in range(len(xs)):
        changed = xs.copy()
        changed[k] += 1.0
        moves[k] = np.asarray(f(changed)) != before
    return moves


def _influence_cases(rng: np.random.Generator) -> list[Case]:
    def rnn() -> Source:
        U = 0.4 * rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 1.3, 2)  # of one sign: + 1 in both adds up
        W = 0.8 + 0.4 * rng.random()
        return Source(
            f"lambda xs: np.array((lambda h: [h := np.tanh({W:.3f} * h + {U[0]:.3f} * x[0] + {U[1]:.3f} * x[1])"
            " for x in xs])(0.0))"
        )

    def xs(T: int, silent: int | None = None) -> Array:
        """Inputs in 1024ths, so that adding 1 and taking it away again leaves no rounding; one row may be silent."""
        rows = np.round(0.3 * away_from_zero(rng, (T, 2)) * 1024) / 1024
        if silent is not None:
            rows[silent] = 0.0
        return rows

    return [
        Case("a recurrent net", (rnn(), xs(5))),
        Case("a window of two steps", (Source("lambda xs: xs[:, 1] + np.append(0, 0.01 * xs[:-1, 1])"), xs(6))),
        Case("a net that reads the future", (Source("lambda xs: 3 * xs[::-1, 0].cumsum()[::-1]"), xs(4))),
        Case("a very small influence", (Source("lambda xs: xs[:, 0] + np.append(0, 5e-9 * xs[:-1, 1])"), xs(5))),
        Case("an input row of zeros", (rnn(), xs(5, silent=int(rng.integers(4))))),
        Case("no memory", (Source("lambda xs: np.tanh(xs[:, 0] - 2 * xs[:, 1])"), xs(5)), easy=True,
             look="look at what happens between different steps"),
    ]  # fmt: skip


def _never_put_back(f, xs):
    before = np.asarray(f(xs))
    changed = xs.copy()
    moves = []
    for k in range(len(xs)):
        changed[k] += 1.0
        moves.append(np.asarray(f(changed)) != before)
    return np.stack(moves)


def _in_the_argument(f, xs):
    before = np.asarray(f(xs))
    moves = []
    for k in range(len(xs)):
        xs[k] += 1.0
        moves.append(np.asarray(f(xs)) != before)
    return np.stack(moves)


def _no_copy(f, xs):
    for k in range(len(xs)):
        xs[k] += 1.0
    return np.zeros((len(xs), len(xs)), dtype=bool)


def _by_threshold(f, xs, threshold=1e-6):
    before = np.asarray(f(xs))
    moves = []
    for k in range(len(xs)):
        changed = xs.copy()
        changed[k] += 1.0
        moves.append(np.abs(np.asarray(f(changed)) - before) > threshold)
    return np.stack(moves)


def _row_zeroed(f, xs):
    before = np.asarray(f(xs))
    moves = []
    for k in range(len(xs)):
        changed = xs.copy()
        changed[k] = 0.0
        moves.append(np.asarray(f(changed)) != before)
    return np.stack(moves)


def _one_feature_only(f, xs, feature=0):
    before = np.asarray(f(xs))
    moves = []
    for k in range(len(xs)):
        changed = xs.copy()
        changed[k, feature] += 1.0
        moves.append(np.asarray(f(changed)) != before)
    return np.stack(moves)


_PUT_BACK = (
    "For k = 1, print changed - xs: how many rows should differ from zero, and how many do?",
    "What has happened to row 0 when your loop comes to k = 1?",
    "Where is a fresh copy of xs made: once, or once for each k?",
)

_ALL_FEATURES = (
    "An input of one step has D features. Which of them does your code change?",
    "What would your function say of a net that reads only one of the other features?",
    "Change the whole row xs[k].",
)

INFLUENCE = Exercise(
    id="01.5",
    name="influence",
    points=1,
    reference=influence,
    arguments="left",
    cases=_influence_cases,
    outputs=("moves",),
    hints=(
        "Print f(xs) and f(changed) side by side for one k.",
        "For each k exactly one row of xs may differ from the original.",
        "Row k of the result holds one True or False for each step t.",
    ),
    misconceptions=(
        Misconception(
            "C01",
            "rows and columns exchanged",
            lambda f, xs: influence(f, xs).T,
            (
                "Row k belongs to the input that you change. What do your rows belong to?",
                "A recurrent net cannot move an output before the changed input: which corner must be False?",
                "Which index of the result does your loop set, the first or the second?",
            ),
        ),
        Misconception("C02", "changed inputs are never put back", _never_put_back, _PUT_BACK),
        Misconception(
            "C03", "changed inputs are never put back, and the argument is changed", _in_the_argument, _PUT_BACK
        ),
        Misconception(
            "C03.alias",
            "changed and xs are one and the same array",
            _no_copy,
            (
                "Print changed is xs. What does `changed = xs` make: a copy, or a second name?",
                "Does f get two different inputs in your comparison?",
            ),
        ),
        Misconception(
            "C07",
            "True and False exchanged",
            lambda f, xs: ~influence(f, xs),
            ("A recurrent net hears its own input: what must stand on the diagonal?", "Is your test == or != ?"),
        ),
        Misconception(
            "C04",
            "the step's own input left out",
            lambda f, xs: influence(f, xs) & ~np.eye(len(xs), dtype=bool),
            (
                "Change x_k. Does y_k, the output of the same step, move?",
                "Compare your diagonal with the picture of the unrolled net.",
                "Does your test ask for t > k or for t >= k?",
            ),
        ),
        Misconception(
            "C05",
            "causality assumed, not measured",
            lambda f, xs: np.triu(np.ones((len(xs), len(xs)), dtype=bool)),
            (
                "Which result would your function give for a net that reads from the end?",
                "Does your function call f at all?",
                "Let the outputs decide: compare f(xs) with f(changed).",
            ),
        ),
        Misconception(
            "C06",
            "only the first feature changed",
            _one_feature_only,
            _ALL_FEATURES,
        ),
        Misconception(
            "C06.last", "only the last feature changed", partial(_one_feature_only, feature=-1), _ALL_FEATURES
        ),
        Misconception(
            "C08",
            "small changes are not counted: a tolerance where every difference counts",
            _by_threshold,
            (
                "Print f(changed) - f(xs) with all its digits for a net whose influence is small.",
                "The same f on the same numbers gives the same bits: what could your tolerance be good for here?",
                "Does the statement ask whether an output changes, or whether it changes much?",
            ),
        ),
        Misconception(
            "C09",
            "a row of zeros is not changed: set to zero or multiplied, where 1 was to be added",
            _row_zeroed,
            (
                "Let one row of xs be zero. Does your changed input differ from xs there?",
                "Which change can be seen for every row, whatever it holds?",
            ),
        ),
        Misconception(
            "C05.half",
            "outputs before the changed input are not looked at: a net that reads the future is missed",
            lambda f, xs: np.triu(influence(f, xs)),
            (
                "Which result would your function give for a net that reads from the end?",
                "For k = 2, which of the outputs do you compare?",
                "Let the outputs decide: compare all of f(xs) with all of f(changed).",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 01.6 generate


def generate(x_1: Array, h0: Array, T: int, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array) -> Array:
    """One input in, T outputs out: each output is the next step's input."""
    x_t, h_t, ys = x_1, h0, []
    for _ in range(T):
        h_t = rnn_step(x_t, h_t, W_xh, W_hh, b_h)
        y_t = h_t @ W_hy.T + b_y
        ys.append(y_t)
        x_t = y_t
    return np.stack(ys)


def _generate_args(rng: np.random.Generator, T: int = 5, B: int = 3, D: int = 2, H: int = 4) -> list[Any]:
    x_1, h0, *params = _step_args(rng, B, D, H)
    return [x_1, h0, T, *params, 0.6 * away_from_zero(rng, (D, H)), 0.5 * away_from_zero(rng, (D,))]


def _generate_cases(rng: np.random.Generator) -> list[Case]:
    args = _generate_args(rng)
    return [
        Case("T = 5, B = 3, D = 2, H = 4", tuple(args)),
        Case("B = D = H = 3", tuple(_generate_args(rng, B=3, D=3, H=3))),
        Case("T = 1", tuple(_generate_args(rng, T=1)), easy=True, look="look at what the second step reads"),
        Case("b_y = 0", zeroed(args, 7), easy=True, look="look at the output's bias"),
        Case("h0 = 0", zeroed(args, 1), easy=True, look="look at the first state"),
    ]


def _same(a: Array) -> Array:
    return a


def _outputs(
    x_1: Array, h0: Array, T: int, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array,
    *, reads: str = "y", carry: bool = True, late: bool = False, f: Any = np.tanh, b_inside: bool = True,
    out: Any = _same, kept: str = "y",
) -> Array:  # fmt: skip
    x_t, h_t, ys = x_1, h0, []
    for _ in range(T):
        h_old, a_t = h_t, x_t @ W_xh.T + (h_t if carry else h0) @ W_hh.T
        h_t = f(a_t + b_h) if b_inside else f(a_t) + b_h
        y_t = out((h_old if late else h_t) @ W_hy.T + b_y)
        ys.append(h_t if kept == "h" else y_t)
        x_t = {"y": y_t, "x_1": x_1, "0": np.zeros_like(x_1), "tanh": np.tanh(y_t)}[reads]
    return np.stack(ys)


def _generate_wrong(**changes: Any) -> partial:
    return partial(_outputs, **changes)


def _in_one_array(*args):
    ys = generate(*args)
    return np.repeat(ys[-1:], len(ys), axis=0)


_generate_misread = partial(misread, generate)


def _x_1_among_the_outputs(x_1, *rest):
    return np.concatenate([x_1[None], generate(x_1, *rest)])


def _x_1_first(x_1, *rest):
    return _x_1_among_the_outputs(x_1, *rest)[:-1]


_FEED_BACK = (
    "Take T = 2 and write all four lines by hand: h_1, y_1, h_2, y_2.",
    "What does the second step read as its input?",
    "Which name must get a new value at the end of each round, besides the state?",
)

GENERATE = Exercise(
    id="01.6",
    name="generate",
    points=1,
    reference=generate,
    cases=_generate_cases,
    outputs=("ys",),
    bare=True,
    hints=_FEED_BACK,
    misconceptions=(
        Misconception("N01", "the first input is fed again at every step", _generate_wrong(reads="x_1"), _FEED_BACK),
        Misconception("N02", "zeros are fed after the first step", _generate_wrong(reads="0"), _FEED_BACK),
        Misconception("N03", "the output squashed before it is fed back", _generate_wrong(reads="tanh"), _FEED_BACK),
        Misconception(
            "N04",
            "every step starts from h0: only the output is handed on (Jordan's loop without Elman's)",
            _generate_wrong(carry=False),
            _NOT_HANDED_ON,
        ),
        Misconception(
            "N05",
            "output taken from the previous state",
            _generate_wrong(late=True),
            (
                "Which input has the state seen that your first output is made from?",
                "In the drawing, the arrow up to y_t starts at which circle?",
                "Does your code compute y_t before or after the new state?",
            ),
        ),
        _generate_misread(
            lambda *args: (*args[:-1], 0 * args[-1]),
            "N06",
            "bias of the output forgotten",
            (
                "Set all weights to zero. What should every output be?",
                "Count the arguments of the function that your code uses.",
                "Where does the equation of y_t use b_y?",
            ),
        ),
        _generate_misread(
            lambda x_1, h0, *rest: (x_1, 0 * h0, *rest),
            "S18",
            "h0 ignored: starts from zeros",
            ("Run with two different h0. Should the results agree?", "Where does your function first read h0?"),
        ),
        _generate_misread(
            lambda x_1, h0, T, W_xh, W_hh, b_h, *rest: (x_1, h0, T, W_xh, W_hh, 0 * b_h, *rest),
            "S02",
            "bias of the state forgotten",
            ("Count the arguments of the function that your code uses.", "Where does the equation of h_t use b_h?"),
        ),
        _generate_misread(
            lambda x_1, h0, T, W_xh, W_hh, *rest: (x_1, h0, T, W_xh, 0 * W_hh, *rest),
            "S01",
            "previous state left out",
            _LEFT_OUT,
        ),
        _generate_misread(
            lambda x_1, h0, T, W_xh, W_hh, *rest: (x_1, h0, T, W_xh, W_hh.T, *rest),
            "S05",
            "recurrent matrix transposed",
            _TRANSPOSED,
        ),
        Misconception("S03", "no nonlinearity: the tanh is missing", _generate_wrong(f=_same), _ACTIVATION),
        Misconception("S11", "bias of the state outside the tanh", _generate_wrong(b_inside=False), _BIAS_PLACE),
        Misconception("N09", "the outputs squashed too", _generate_wrong(out=np.tanh), _FEED_BACK[1:]),
        Misconception("S21", "the same array appended at each step", _in_one_array, _ALL_ONE_ARRAY),
        Misconception("S24", "only the last output returned", lambda *args: generate(*args)[-1], _WHICH_STATES),
        Misconception("N10", "the states returned, not the outputs", _generate_wrong(kept="h"), _WHICH_STATES),
        _generate_misread(
            lambda x_1, h0, T, *rest: (x_1, h0, T + 1, *rest), "N12", "one output too many", _WHICH_STATES[:2]
        ),
        Misconception(
            "S19.result",
            "time and batch axes exchanged",
            lambda *args: generate(*args).swapaxes(0, 1),
            (_WHICH_STATES[1], "Along which axis do you join the outputs? Which one is time in (T, B, D)?"),
        ),
        Misconception("N07", "x_1 returned as the first output: one too many", _x_1_among_the_outputs, _WHICH_STATES),
        Misconception("N08", "x_1 returned as the first output, the last one missing", _x_1_first, _WHICH_STATES),
    ),
)


# ---------------------------------------------------------------- 01.7 EDGE

K = 6.0
EDGE = {
    "W_xh": K * np.array([[1.0], [1.0], [1.0]]),
    "W_hh": K * np.array([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.5, 0.0, 0.0]]),
    "b_h": K * np.array([-0.5, 0.0, -1.0]),
    "W_hy": np.array([[0.0, 1.0, -1.0]]),
    "b_y": np.array([-1.0]),
}
BITS = np.random.default_rng(101).integers(0, 2, 400)


def _numbers(name: str, value: Any) -> Array:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected numbers in rows of one length, got {value!r:.60}") from None


def run_on_bits(weights: dict[str, Any], bits: Array = BITS) -> Array:
    """The answers (0 or 1) of a hand-set net for every bit after the first; ValueError when a shape does not fit."""
    names = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
    if not isinstance(weights, dict) or any(n not in weights for n in names):
        raise ValueError(f"expected a dict with the keys {', '.join(names)}")
    W_xh, W_hh, b_h, W_hy, b_y = (_numbers(n, weights[n]) for n in names)
    H = W_hh.shape[0] if W_hh.ndim == 2 else -1
    wanted = {"W_xh": (H, 1), "W_hh": (H, H), "b_h": (H,), "W_hy": (1, H), "b_y": (1,)}
    for name, array in zip(names, (W_xh, W_hh, b_h, W_hy, b_y)):
        if array.shape != wanted[name] or H > 64:
            form = str(wanted[name]) if H > 0 else "(H, H)"
            raise ValueError(f"{name}: expected shape {form}, got {array.shape}")
    h_t, answers = np.zeros((1, H)), []
    for bit in bits:
        h_t = rnn_step(np.array([[float(bit)]]), h_t, W_xh, W_hh, b_h)
        answers.append((h_t @ W_hy.T + b_y).item() > 0)
    return np.array(answers[1:], dtype=int)


def _edge_view(case: Case, weights: Any) -> dict[str, Any]:
    answers, pairs = run_on_bits(weights), 2 * BITS[:-1] + BITS[1:]
    return {f"{pair % 2} after {pair // 2}": answers[pairs == pair] for pair in range(4)}


_PARITY = {
    "W_xh": K * np.array([[1.0], [1.0]]),
    "W_hh": K * np.array([[0.5, -0.5], [0.5, -0.5]]),
    "b_h": K * np.array([-0.5, -1.5]),
    "W_hy": np.array([[1.0, -1.0]]),
    "b_y": np.array([-1.0]),
}

_LAST_BIT = {
    "W_xh": K * np.array([[1.0], [0.0]]),
    "W_hh": K * np.array([[0.0, 0.0], [1.0, 0.0]]),
    "b_h": K * np.array([-0.5, 0.0]),
    "W_hy": np.array([[0.0, 1.0]]),
    "b_y": np.array([0.0]),
}
_LATE = {
    "W_xh": np.vstack([EDGE["W_xh"], np.zeros((2, 1))]),
    "W_hh": np.block([[EDGE["W_hh"], np.zeros((3, 2))], [K * np.eye(3)[1:], np.zeros((2, 2))]]),
    "b_h": np.append(EDGE["b_h"], [0.0, 0.0]),
    "W_hy": np.array([[0.0, 0.0, 0.0, 1.0, -1.0]]),
    "b_y": np.array([-1.0]),
}

HAND_SET = Exercise(
    id="01.7",
    name="EDGE",
    points=2,
    reference=EDGE,
    view=_edge_view,
    hints=(
        "Let one unit keep the last bit, so that the next step can read it.",
        "Two more units see the sum s = x_t + x_{t-1}: one asks whether s is at least 1, one whether it is 2.",
        "The bit differs from the last one when the sum is at least 1 and is not 2.",
    ),
    misconceptions=(
        Misconception(
            "E01",
            "parity of all bits, not change from the last one",
            _PARITY,
            (
                "Feed 1, 1, 0, 0, 1 and compare with the table of the statement.",
                "Your net answers whether the number of ones so far is odd. Which older bit may still matter here?",
                "Which unit should carry the last bit and nothing older?",
            ),
        ),
        Misconception(
            "E02",
            "the answer is upside down: 1 where the bits agree",
            {**EDGE, "W_hy": -EDGE["W_hy"], "b_y": -EDGE["b_y"]},
            ("Feed 0, 0, 1: which of the two answers should be 1?", "What does the sign of W_hy and b_y decide?"),
        ),
        Misconception(
            "E03",
            "answers the bit itself: the past has no say",
            {**EDGE, "W_hy": np.array([[1.0, 0.0, 0.0]]), "b_y": np.array([0.0])},
            (
                "Feed 1, 1. What should the second answer be?",
                "Which unit's value depends on the last bit?",
                "Does W_hy read such a unit?",
            ),
        ),
        Misconception(
            "E04",
            "says 1 when one of the two bits is 1 (or)",
            {**EDGE, "W_hy": np.array([[0.0, 1.0, 0.0]]), "b_y": np.array([0.0])},
            (
                "Feed 1, 1. What should the second answer be?",
                "One threshold cannot tell 'one of two' from 'both'. What can a second one add?",
                "With which sign must the second threshold enter the answer?",
            ),
        ),
        Misconception(
            "E05",
            "says 1 when both bits are 1 (and)",
            {**EDGE, "W_hy": np.array([[0.0, 0.0, 1.0]]), "b_y": np.array([0.0])},
            (
                "Feed 1, 0. What should the second answer be?",
                "One threshold cannot tell 'none' from 'one of two' and from 'both'. What can a second one add?",
                "With which sign must this threshold enter the answer?",
            ),
        ),
        Misconception(
            "E03.last",
            "answers the last bit: the present has no say",
            _LAST_BIT,
            ("Feed 1, 1. What should the second answer be?", "Which unit sees the present bit when W_hy reads it?"),
        ),
        Misconception(
            "E07",
            "always says no",
            {**EDGE, "W_hy": 0 * EDGE["W_hy"]},
            ("Feed 0, 1 and print h and y: how large does y become?", "Which sum must b_y leave positive?"),
        ),
        Misconception(
            "E08",
            "always says yes",
            {**EDGE, "W_hy": 0 * EDGE["W_hy"], "b_y": np.array([1.0])},
            ("Feed 0, 0 and print h and y: what keeps y above 0?", "Which sum must b_y leave negative?"),
        ),
        Misconception(
            "E06.down",
            "finds the step from 1 to 0 only",
            {**EDGE, "W_xh": -K * np.ones((3, 1)), "W_hh": K * np.array([[0.0, 0, 0], [-0.5, 0, 0], [-0.5, 0, 0]]),
             "b_h": K * np.array([0.5, 0.0, 0.0]), "W_hy": np.array([[0.0, 1.0, 0.0]]), "b_y": np.array([0.0])},
            (
                "Feed 0, 1. What should the second answer be?",
                "Your net finds 1 → 0. Which unit would find 0 → 1?",
                "How can W_hy join two such units?",
            ),
        ),
        Misconception(
            "E09",
            "the right answers, one bit late",
            _LATE,
            (
                "Feed 0, 1, 1: after which bit does your net say yes?",
                "How many steps does a bit take in your net from W_xh to W_hy?",
                "Which unit could see the present bit and the last one in the same step?",
            ),
        ),
        Misconception(
            "E06",
            "finds the step from 0 to 1 only",
            {**EDGE, "W_hh": K * np.array([[0.0, 0, 0], [-0.5, 0, 0], [-0.5, 0, 0]]),
             "b_h": K * np.array([-0.5, -1.0, -1.5]), "W_hy": np.array([[0.0, 1.0, 0.0]]), "b_y": np.array([0.0])},
            (
                "Feed 1, 0. What should the second answer be?",
                "Your net finds 0 → 1. Which unit would find 1 → 0?",
                "How can W_hy join two such units?",
            ),
        ),
    ),
)  # fmt: skip

EXERCISES = (RNN_STEP, UNROLL, COUNT, WHAT_W_DOES, INFLUENCE, GENERATE, HAND_SET)
