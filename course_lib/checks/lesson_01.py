"""Lesson 01: faults found, a loop that stops, what is counted, what holds, who hears whom, weights set by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Slip, slips
from course_lib.checks.inputs import Array, away_from_zero, zeroed
from course_lib.checks.probe import Source

# ---------------------------------------------------------------- 01.1 repaired


def _weights(rng: np.random.Generator, D: int, H: int) -> list[Array]:
    shapes, scales = [(H, D), (H, H), (H,)], [0.6, 0.6, 0.8]
    return [scale * away_from_zero(rng, shape) for scale, shape in zip(scales, shapes)]


def _network(rng: np.random.Generator, T: int = 4, B: int = 3, D: int = 5, H: int = 4, V: int = 2) -> list[Array]:
    xs, h0, loop = away_from_zero(rng, (T, B, D)), away_from_zero(rng, (B, H)), _weights(rng, D, H)
    return [xs, h0, *loop, away_from_zero(rng, (V, H)), 0.5 * away_from_zero(rng, (V,))]


def _repaired_cases(rng: np.random.Generator) -> list[Case]:
    args = _network(rng)
    return [
        Case("T = 4, B = 3, D = 5, H = 4, V = 2", tuple(args)),
        Case("B = D = H = V = 3", tuple(_network(rng, B=3, D=3, H=3, V=3))),
        Case("T = 1", tuple(_network(rng, T=1)), easy=True, look="look at what the second step reads"),
        Case("h0 = 0", zeroed(args, 1), easy=True, look="look at the state before the first word"),
        Case("b_h = 0", zeroed(args, 4), easy=True, look="look at the bias b_h"),
        Case("b_y = 0", zeroed(args, 6), easy=True, look="look at the output's bias"),
    ]


_NOT_HANDED_ON = (
    "Change the first input only. Should what comes last change? Does it, in yours?",
    "Which variable does your loop read as the state, and which does it write?",
    "What must be true, at the start of round t, about the name that holds the state?",
)
_TRANSPOSED = (
    "The shape is right and the numbers are not: which matrix is square and cannot complain?",
    "Put a single 1 into W_hh, in row 0 and column 1. Unit 0 should now listen to unit 1. Does it?",
    "Vectors are rows here, W_hh is (to, from). Which index of W_hh must meet the state?",
)
_BIAS = (
    "Set the inputs and h0 to 0 and b_h to 2. Which state is it, and can a tanh give yours?",
    "How often, where and with which sign is b_h added?",
    "Where does the bracket of the tanh open and close in the equation, and where in your code?",
)
_ALL_THREE = (
    "Run the three experiments with your function in the place of broken. Which of them say the same as before?",
    "Begin with the first one: which name does the second round of the loop read as the state?",
)
_JOINED = (
    "Double one matrix and nothing else, then the other ones. Should the outputs change, and do yours?",
    "How many matrix products do the two equations have, and how many has your code?",
    "Which symbol of the equations never meets its matrix in your code?",
)
_ACTIVATION = ("Which values can your state take?", "Make the sum strongly negative, then strongly positive.")
_SHAPES = (
    "Take B = 3, D = 5, H = 4, V = 2 and write the shape of every operand next to its line.",
    "Which two neighbouring sizes must be equal in a matrix product, and are they?",
)
_H0 = ("Run with two different h0. Should the results agree, and do yours?", "Where does your code first read h0?")
_OUTPUT = (
    "Set W_xh, W_hh and b_h to 0, so that every state is 0: what must each output be, and what is it?",
    "From which state does the equation of y_t compute, and from which does your code?",
    "How often is b_y added, and does a tanh stand around the output?",
)
_ONE_ARRAY = (
    "Print the first stored array at the end of the loop. Is it still what it was after the first round?",
    "Does your list hold T arrays, or T names for one array?",
    "What is the difference between giving a name a new array and writing into the old array?",
)
_RESULT = (
    "Take T = 2: which two values should your result hold, and which does it hold?",
    "Compare the shape of your result with the one in the table.",
)
_PRODUCT, _SUM_LINE = "h_prev @ W_hh.T", "np.tanh(news + memory + b_h)"
_REPAIRED_SLIPS = {
    _ALL_THREE: {
        "all three faults are still there": {_PRODUCT: "h0 @ W_hh", "memory + b_h)": "memory) + b_h"},
    },
    _NOT_HANDED_ON: {
        "every step starts from h0: the state is never handed on": (_PRODUCT, "h0 @ W_hh.T"),
        "the output handed on, not the state": ("h_prev = h_t", "h_prev = ys[-1]"),
        "the sum handed on before its tanh": ("h_prev = h_t", "h_prev = news + memory + b_h"),
        "the input's part handed on, not the state": ("h_prev = h_t", "h_prev = news"),
        "the state is set back to zeros after the first step": ("h_prev = h_t", "h_prev = 0 * h_t"),
    },
    _TRANSPOSED: {"recurrent matrix transposed": ("W_hh.T", "W_hh")},
    _BIAS: {
        "b_h outside the tanh": ("memory + b_h)", "memory) + b_h"),
        "b_h inside the tanh, and outside, too": ("memory + b_h)", "memory + b_h) + b_h"),
        "b_h with a tanh of its own": ("memory + b_h)", "memory) + np.tanh(b_h)"),
        "b_h forgotten": ("", "b_h = 0 * b_h"),
        "b_h added twice": ("", "b_h = 2 * b_h"),
        "b_h subtracted, not added": ("", "b_h = -b_h"),
    },
    _ACTIVATION: {
        "no nonlinearity: the tanh is missing": (_SUM_LINE, "news + memory + b_h"),
        "sigmoid in place of tanh": ("np.tanh(", "sigmoid("),
        "ReLU in place of tanh": ("np.tanh(", "np.maximum(0, "),
        "tanh of each term, then the sum": (_SUM_LINE, "np.tanh(news) + np.tanh(memory + b_h)"),
        "the previous state's term outside the tanh": (_SUM_LINE, "np.tanh(news + b_h) + memory"),
    },
    _JOINED: {
        "previous state left out": ("", "W_hh = 0 * W_hh"),
        "input left out": ("", "W_xh = 0 * W_xh"),
        "previous state added without its matrix": (_PRODUCT, "h_prev"),
        "W_hh multiplies the input's term, too": (_PRODUCT, "(news + h_prev) @ W_hh.T - news"),
    },
    _SHAPES: {
        "input matrix not transposed": ("W_xh.T", "W_xh"),
        "all three matrices the wrong way round": {"W_xh.T": "W_xh", "W_hh.T": "W_hh", "W_hy.T": "W_hy"},
        "W_hy not transposed": ("W_hy.T", "W_hy"),
        "entry by entry (*) in place of a matrix product (@)": ("@ W_hh.T", "* W_hh"),
    },
    _H0: {"h0 ignored: starts from zeros": ("", "h0 = 0 * h0")},
    _OUTPUT: {
        "output taken from the previous state: every answer comes one word late": ("h_t @ W_hy", "h_prev @ W_hy"),
        "b_y forgotten": ("", "b_y = 0 * b_y"),
        "b_y added twice": ("", "b_y = 2 * b_y"),
        "the outputs squashed, too": ("h_t @ W_hy.T + b_y", "np.tanh(h_t @ W_hy.T + b_y)"),
    },
    _ONE_ARRAY: {"the same array appended at each step": ("stack(ys)", "stack(len(xs) * [ys[-1]])")},
    _RESULT: {
        "only the last output returned": [("np.stack(ys)", "ys[-1]"), ("(ys)", "(ys[-1:])")],
        "only the first output returned": [("np.stack(ys)", "ys[0]"), ("(ys)", "(ys[:1])")],
        "the states returned, not the outputs": ("h_t @ W_hy.T + b_y", "h_t"),
        "the answer to h0 returned as well: one output too many": ("h0, []", "h0, [h0 @ W_hy.T + b_y]"),
        "time and batch axes exchanged": ("stack(ys)", "stack(ys, axis=1)"),
    },
}
_REPAIRS = slips(_REPAIRED_SLIPS)
REPAIRED = Exercise(
    "01.1", "repaired", 2, _repaired_cases, ("ys",), _REPAIRS, bare=True, arguments="left", hints=_ALL_THREE
)

# ---------------------------------------------------------------- 01.2 unroll_each

TANH_STEP = Source("lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)")
LEAKY_STEP = Source("lambda x_t, h_prev, keep: keep * h_prev + x_t")


def _sequences(rng: np.random.Generator, lengths: list[int], T: int = 6, D: int = 5, H: int = 4) -> list[Any]:
    B, xs = len(lengths), away_from_zero(rng, (T, len(lengths), D))
    return [TANH_STEP, xs, away_from_zero(rng, (B, H)), rng.permutation(lengths), *_weights(rng, D, H)]


def _unroll_cases(rng: np.random.Generator) -> list[Case]:
    args, whole, full = _sequences(rng, [5, 2, 3]), _sequences(rng, [5, 3, 2]), _sequences(rng, [6, 6, 6])
    whole[1] = rng.integers(-1, 2, whole[1].shape)
    whole[2] = rng.integers(1, 3, whole[2].shape)
    leaky = (LEAKY_STEP, away_from_zero(rng, (5, 2, 1)), away_from_zero(rng, (2, 1)), np.array([2, 4]), 0.7)
    return [
        Case("T = 6, lengths 2, 3 and 5", tuple(args)),
        Case("T = B = H = 4", tuple(_sequences(rng, [1, 2, 3, 3], T=4))),
        Case("whole numbers in xs and h0", tuple(whole)),
        Case("another step: keep * h_prev + x_t", leaky),
        Case("a sequence of length 0", tuple(_sequences(rng, [0, 2, 3]))),
        Case("all of length T", tuple(full), easy=True, look="look at what happens behind the end of a sequence"),
        Case("h0 = 0", zeroed(args, 2), easy=True, look="look at the place where your loop reads h0"),
        Case("B = 1", tuple(_sequences(rng, [3])), easy=True, look="look at how sequences are kept apart"),
    ]


_END = (
    "Take T = 3, two sequences and the lengths 3 and 1, as in the example. Print the states of the second one.",
    "Change a row of xs behind the end of its sequence. May any state change? Does one of yours?",
    "For each t and each sequence there are two possible states. Which are they, and which question decides?",
)
_COUNT_OF_STEPS = (
    "With length 1, how many times may the state of that sequence change? How many times does yours?",
    "t counts from 0 in Python: for which t does a sequence of length 3 still have an input?",
)
_EACH_ITS_OWN = (
    "Write down the shapes of the question, of the new state and of the old state. Which axis counts the sequences?",
    "Does each sequence of your batch stop by its own length, and all its H units together?",
)
_AXES = (
    "Write down the three sizes of xs and of your result. Which axis counts time?",
    "Take a tiny array of labelled numbers and print it before and after you move or join its axes.",
)
_STATES = (
    "Take T = 2 and compare your entries, the first and the last, with what step gives by hand.",
    "How many rounds does your loop make, what does each of them hand to step, and what does it store?",
    "Write next to each entry of your result which input was the last that it has seen.",
)
_BEHIND = (
    "Take T = 3, and no sequence longer than 2. How many states must your result hold, and how many does it hold?",
    "The last one of them is asked for, too. Which one is it, where every sequence is over?",
)
_INTEGERS = ("Let h0 hold whole numbers: what is your result's dtype?", "What becomes of 0.7 in an array of integers?")
_STOP, _CHOICE = "t < lengths", "np.where(running, new, h_t)"
_UNROLL_SLIPS = {
    _END: {
        "the lengths are not used: every sequence is read to the end of xs": (_CHOICE, "new"),
        "every sequence is read as far as the longest one": (_STOP, "t < 0 * lengths + max(lengths)"),
        "every sequence stops where the shortest one ends": (_STOP, "t < 0 * lengths + min(lengths)"),
        "zeros behind the end, where the last state should stay": ("new, h_t)", "new, 0 * h_t)"),
        "h0 behind the end, where the last state should stay": ("new, h_t)", "new, h0)"),
        "inputs behind the end set to 0, but read": {"xs[t]": "((t < lengths)[:, None] * xs[t])", _CHOICE: "new"},
        "turned round: the state moves only behind the end": (_STOP, "t >= lengths"),
    },
    _COUNT_OF_STEPS: {
        "each sequence is read one input too far": (_STOP, "t <= lengths"),
        "the last input of each sequence is not read": (_STOP, "t < lengths - 1"),
    },
    _EACH_ITS_OWN: {
        "the question asked along the wrong axis: units stop, not sequences": ("[:, None]", "[None, :]"),
        "the lengths read in reversed order": (_STOP, "t < lengths[::-1]"),
        "all sequences stop by the length of the first": (_STOP, "t < 0 * lengths + lengths[0]"),
    },
    _ONE_ARRAY: {
        "state overwritten in place: all stored states are one array": ("h_t = np", "h_t[:] = np"),
        "the same buffer appended at each step": {"= h0, []": "= 1.0 * h0, []", "h_t = np": "h_t[:] = np"},
    },
    _NOT_HANDED_ON: {
        "every step starts from h0": ("(xs[t], h_t", "(xs[t], h0"),
        "every step starts from zeros: the state is never handed on": ("(xs[t], h_t", "(xs[t], 0 * h0"),
    },
    _H0: {"h0 ignored: starts from zeros": ("", "h0 = 0 * h0")},
    _AXES: {
        "time and batch axes mixed up in the result": ("stack(hs)", "stack(hs, axis=1)"),
        "the states joined along the batch: no axis of time": ("stack(hs)", "concatenate(hs)"),
    },
    _STATES: {
        "inputs read in reversed order": ("", "xs = xs[::-1]"),
        "inputs read one step late: xs[t - 1]": ("xs[t]", "xs[t - 1]"),
        "the states returned last first": ("(hs)", "(hs[::-1])"),
        "h0 stored with the states: one too many": ("h0, []", "h0, [h0]"),
        "each state stored before its step: h0 is there, the last state is not": {
            "h_t = np": "h_prev, h_t = h_t, np",
            "append(h_t)": "append(h_prev)",
        },
        "only the last states returned": [("np.stack(hs)", "h_t"), ("(hs)", "(hs[-1:])")],
        "only the first states returned": [("np.stack(hs)", "hs[0]"), ("(hs)", "(hs[:1])")],
        "input and state exchanged in the call of step": ("xs[t], h_t", "h_t, xs[t]"),
        "step applied twice for each input": ("(xs[t], h_t, *params)", "(xs[t], step(xs[t], h_t, *params), *params)"),
    },
    _BEHIND: {"the states behind the longest sequence are missing": ("(hs)", "(hs[: max(lengths)])")},
    _INTEGERS: {
        "integer arrays: states stored in an array of whole numbers are cut to 0": [
            ("append(h_t)", "append(h_t.astype(h0.dtype))"),
            (_CHOICE, f"{_CHOICE}.astype(h0.dtype)"),
        ]
    },
}
UNROLL = Exercise(
    "01.2", "unroll_each", 2, _unroll_cases, ("hs",), slips(_UNROLL_SLIPS), bare=True, arguments="left", hints=_END
)

# ---------------------------------------------------------------- 01.3 count_parameters


def _count_cases(rng: np.random.Generator) -> list[Case]:
    D, H, V, T = (int(n) for n in rng.permutation(np.arange(3, 60))[:4])
    return [
        Case(f"D = {D}, H = {H}, V = {V}, T = {T}", (D, H, V, T)),
        Case("T = 1", (D, H, V, 1), easy=True, look="should the count depend on T?"),
    ]


_COUNTED = (
    "List the arrays of the two equations that training may change, each with its shape. How many are there?",
    "Multiply the sizes of each array: which two vectors does a matrix join, and which vector has its own bias?",
    "Go through your sum term by term: which array is behind it, and which array of the list has no term?",
)
_T_TIMES = (
    "Count for T = 1 and for T = 2: which array would exist twice?",
    "Look at your unroll: does the loop make new weights?",
    "How many numbers has one state, and is the number of steps among the sizes of any weight?",
)
_TOO_MANY = ("How many biases stand before the tanh? (PyTorch stores two.)", "Is h0 a weight that training sets?")
_LETTERS = ("In which order do the arguments come in?", "Is your count right when D = H = V, but not when they differ?")
_SUM = "recurrent + output"
_COUNT_SLIPS = {
    _T_TIMES: {
        "unrolled copies counted as separate layers": (_SUM, "T * (recurrent + output)"),
        "only the recurrent layer multiplied by T": (_SUM, "T * recurrent + output"),
        "W_hh counted once for each step": [("H * H", "T * H * H"), ("H * H", "(T - 1) * H * H")],
        "units = time steps": ("", "H = T"),
        "the states counted, too": (_SUM, _SUM + " + T * H"),
    },
    _COUNTED: {
        "W_hh left out": ("H * H", "0"),
        "bias of the output left out": ("V * H + V", "V * H"),
        "W_hy left out": ("V * H + V", "V"),
        "biases left out": {"H * H + H": "H * H", "V * H + V": "V * H"},
        "b_h left out": ("H * H + H", "H * H"),
        "W_xh left out": ("H * D", "0"),
        "output layer left out": (_SUM, "recurrent"),
        "one loop per unit: W_hh counted as H numbers": ("H * H", "H"),
        "each bias counted as one number": {"H * H + H": "H * H + 1", "V * H + V": "V * H + 1"},
        "b_h counted as one number": ("H + H", "H + 1"),
        "b_y counted with the size of b_h": ("H + V", "H + H"),
        "W_hy counted as if it read the input: V * D": ("V * H", "V * D"),
    },
    _TOO_MANY: {"H numbers too many: PyTorch's second bias, or h0, is counted": ("H + H", "H + 2 * H")},
    _LETTERS: {"D and H exchanged": ("", "D, H = H, D"), "H and V exchanged": ("", "H, V = V, H")},
}
_ONLY_TWO = {_COUNTED: {"only W_xh and W_hh counted": {"H * H + H": "H * H", _SUM: "recurrent"}}}
_COUNTS = (*slips(_COUNT_SLIPS), *slips(_ONLY_TWO, alone=True))
COUNT = Exercise("01.3", "count_parameters", 1, _count_cases, ("count",), _COUNTS, hints=_COUNTED)

# ---------------------------------------------------------------- 01.4 BEHAVIOUR

_TRY = (
    "Run it: h = np.array([1.0, 0.5]), then h = np.tanh(W_hh @ h) again and again.",
    "Print h after 1, 2, 3, 4 and 50 steps and compare signs and sizes.",
)
_A = (*_TRY, "In A each unit hears itself alone, doubled. What does the tanh do with a growing sum?")
_B = (*_TRY, "In B, by which factor does a small h change at each step?")
_C = (*_TRY, "In C, is the size of h gone, or only its sign changed? After how many steps is h where it was?")
_D = (*_TRY, "In D, print h after 20, 21, 22, 23 and 24 steps. When does it come back to where it was?")
_E = (*_TRY, "In E each unit hears two units. How large is the sum of both?")
_F = (*_TRY, "In F follow the large entry: from which unit to which? And where does it go at the next step?")
_WORDS_SLIPS = {
    _A: {"doubling taken for forgetting": ('"A": "keeps"', '"A": "forgets"')},
    _B: {"halving taken for keeping": ('"B": "forgets"', '"B": "keeps"')},
    _C: {
        "a negative weight taken for forgetting": ('"C": "flips"', '"C": "forgets"'),
        "flipping taken for turning": ('"C": "flips"', '"C": "turns"'),
        "the changing sign in C overlooked": ('"C": "flips"', '"C": "keeps"'),
    },
    _D: {
        "turning taken for flipping": ('"D": "turns"', '"D": "flips"'),
        "turning taken for staying in place": ('"D": "turns"', '"D": "keeps"'),
        "zeros on the diagonal of D taken for forgetting": ('"D": "turns"', '"D": "forgets"'),
    },
    _E: {"entries below 1 taken for forgetting": ('"E": "keeps"', '"E": "forgets"')},
    _F: {
        "a large entry taken for memory": ('"F": "forgets"', '"F": "keeps"'),
        "a large entry taken for coming back": [('"F": "forgets"', '"F": "turns"'), ('"F": "forgets"', '"F": "flips"')],
    },
}


def _words_view(case: Case, said: Any) -> dict[str, Any]:
    for word in said.values() if isinstance(said, dict) else ():
        if str(word).strip().casefold() not in ("keeps", "forgets", "flips", "turns"):
            raise ValueError(f"{word!r:.40} is none of the four words")
    return {"BEHAVIOUR": said}


_WORDS = (*_TRY, "Which of the four words describes the 50th state, and which the way there?")
WHAT_W_DOES = Exercise("01.4", "BEHAVIOUR", 1, view=_words_view, slips=slips(_WORDS_SLIPS), hints=_WORDS)

# ---------------------------------------------------------------- 01.5 influence


def _influence_cases(rng: np.random.Generator) -> list[Case]:
    def rnn() -> Source:
        U = 0.4 * rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 1.3, 2)  # of one sign: + 1 in both adds up
        W = 0.8 + 0.4 * rng.random()
        return Source(f"lambda xs, h=0.0: np.array([h := np.tanh({W} * h + (x * {U.tolist()}).sum()) for x in xs])")

    def xs(T: int) -> Array:
        """Inputs in 1024ths, so that adding 1 and taking it away again leaves no rounding."""
        return np.round(0.3 * away_from_zero(rng, (T, 2)) * 1024) / 1024

    silent, now = xs(5), Source("lambda xs: np.tanh(xs[:, 0] - 2 * xs[:, 1])")
    silent[rng.integers(4)] = 0.0
    return [
        Case("a recurrent net", (rnn(), xs(5))),
        Case("a window of two steps", (Source("lambda xs: xs[:, 1] + np.append(0, 0.008 * xs[:-1, 1])"), xs(6))),
        Case("a net that reads the future", (Source("lambda xs: 3 * xs[::-1, 0].cumsum()[::-1]"), xs(4))),
        Case("a very small influence", (Source("lambda xs: xs[:, 0] + np.append(0, 5e-9 * xs[:-1, 1])"), xs(5))),
        Case("an input row of zeros", (rnn(), silent)),
        Case("no memory", (now, xs(5)), easy=True, look="look at what happens between different steps"),
    ]


_ROW_OR_COLUMN = (
    "Row k belongs to the input that you change. What do your rows belong to?",
    "A recurrent net cannot move an output before the changed input: which corner must be False?",
    "Which index of the result does your loop set, the first or the second?",
)
_ONE_ROW = (
    "For each k, print changed - xs: which entries should differ from zero, and which do? Try a row of zeros, too.",
    "What have the other rows become when your loop comes to the next k? Do you change all of row k?",
    "Where is a fresh copy of xs made: once, or once for each k? Are changed and xs two arrays?",
)
_MEASURED = (
    "What would your function give for a net that reads from the start, what for one that reads from the end?",
    "For k = 2, which of the outputs do you compare?",
    "Let the outputs decide: compare all of f(xs) with all of f(changed).",
)
_ENTRY = (
    "Print your result of the example beside the right one: which entries differ? What is on your diagonal?",
    "Print changed - xs: does one row differ? And is there one answer, yes or no, for each t?",
    "What do you ask about two outputs: == or !=, for t > k or for t >= k?",
)
_TOLERANCE = (
    "Print f(changed) - f(xs) with all its digits.",
    "Same f, same numbers: same bits. Why a tolerance?",
)
_BOTH_WAYS = ("Try f = lambda xs: xs[:, 0], then -xs[:, 0]: what stands on your diagonal?", "Is > or < what is asked?")
_FUTURE = "outputs before the changed input are not looked at: a net that reads the future is missed"
_ZERO = "a row of zeros is not changed: set to zero or multiplied, where 1 was to be added"
_SMALL = "small changes are lost: by a tolerance, or by too small a change of xs"
_TRUE = [("changed[k]", "changed"), ("after != before", "np.any(after != before)")]
_MOVES = {
    _ROW_OR_COLUMN: {"rows and columns exchanged": ("moves[k]", "moves[:, k]")},
    _ONE_ROW: {
        "changed inputs are never put back": ("xs.copy()", "xs.copy() if k == 0 else changed"),
        "changed inputs are never put back, and the argument is changed": ("xs.copy()", "xs"),
        "changed and xs are one and the same array": {"xs.copy()": "xs", "before\n": "np.asarray(f(xs))\n"},
        "the inputs after step k changed, too": ("changed[k]", "changed[k:]"),
        "only the first feature changed": ("changed[k]", "changed[k, 0]"),
        "only the last feature changed": ("changed[k]", "changed[k, -1]"),
        _ZERO: [("+= 1.0", "= 0.0"), ("+= 1.0", "*= 2.0")],
        "the last input is never changed": ("in range(len(xs))", "in range(len(xs) - 1)"),
        "the first input is never changed": ("in range(len(xs))", "in range(1, len(xs))"),
    },
    _ENTRY: {
        "True everywhere: all inputs changed at once, or one answer for all outputs": _TRUE,
        "one answer for all outputs: all": ("after != before", "np.all(after != before)"),
        "True and False exchanged": ("!=", "=="),
        "the step's own input left out": ("return moves", "return moves & ~np.eye(len(xs), dtype=bool)"),
        "the differences themselves, not whether there is one": {"bool": "float", "!=": "-"},
    },
    _MEASURED: {
        _FUTURE: ("return moves", "return np.triu(moves)"),
        "outputs after the changed input are not looked at": ("return moves", "return np.tril(moves)"),
        "causality assumed, not measured": ("return moves", "return np.triu(np.ones_like(moves))"),
    },
    _TOLERANCE: {_SMALL: [("after != before", f"abs(after - before) > {e}") for e in ("1e-6", "0.02", "0.1")]},
    _BOTH_WAYS: {"only outputs that grow are counted": ("!=", ">"), "only outputs that fall are counted": ("!=", "<")},
}
INFLUENCE = Exercise(
    "01.5", "influence", 1, _influence_cases, ("moves",), slips(_MOVES), arguments="left", hints=_ONE_ROW
)

# ---------------------------------------------------------------- 01.6 smallest_w


def _border_cases(rng: np.random.Generator) -> list[Case]:
    small, large = float(rng.uniform(0.5, 1.0)), float(rng.uniform(1.6, 3.0))
    return [
        Case(f"up = {small:.2f}, down = {large:.2f}", (small, large)),
        Case(f"up = {large:.2f}, down = {small:.2f}", (large, small)),
        Case("up = down", (small, small), easy=True, look="look at which of the two pushes decides"),
    ]


_AT_REST = (
    "Simulate it with your weight: one push of up, 100 steps of silence, then the dog. Is the state 0 after it?",
    "At rest the state comes back to itself. Which equation says so?",
    "What must w times the state at rest be, so that the dog brings the sum to exactly 0?",
)
_WHICH_PUSH = (
    "Simulate up = 0.5 and up = 3, each with 100 steps of silence behind it. Where is the state then?",
    "What does the state at rest still know of how strong the first push was?",
)
_TO_THE_END = (
    "Simulate it with your weight, to four digits: is the state 0 after the dog?",
    "Your two equations are h = tanh(w h) and w h = down. Put the second one into the first.",
)
_BORDER = "down / np.tanh(down)"
_BORDER_SLIPS = {
    _AT_REST: {
        "the state at rest taken for 1: w = down": (_BORDER, "down"),
        "the weight that holds in silence, where no dog comes: 1": (_BORDER, "1.0"),
        "one more than the push: 1 + down": (_BORDER, "1 + down"),
    },
    _WHICH_PUSH: {
        "the state right after the first push, before it has come to rest": (_BORDER, "down / np.tanh(up)"),
        "the first push in the place of the second": (_BORDER, "up / np.tanh(up)"),
        "no tanh: the state taken for the first push": (_BORDER, "down / up"),
        "the two pushes exchanged, without a rest": (_BORDER, "up / np.tanh(down)"),
    },
    _TO_THE_END: {
        "the state at rest itself, not the weight": (_BORDER, "np.tanh(down)"),
        "upside down: tanh(down) / down": (_BORDER, "np.tanh(down) / down"),
        "multiplied by the state, where w is what is multiplied": (_BORDER, "down * np.tanh(down)"),
        "the push left out of w: 1 / tanh(down)": (_BORDER, "1 / np.tanh(down)"),
        "read off in steps of 0.1, as in the explorer": [
            (_BORDER, f"np.ceil(10 * {_BORDER}) / 10"),
            (_BORDER, f"np.round({_BORDER}, 1)"),
        ],
    },
}
SMALLEST_W = Exercise("01.6", "smallest_w", 1, _border_cases, ("w",), slips(_BORDER_SLIPS), hints=_AT_REST)

# ---------------------------------------------------------------- 01.7 EDGE

BITS = np.random.default_rng(101).integers(0, 2, 400)
NAMES = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def _numbers(name: str, value: Any) -> Array:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected numbers in rows of one length, got {value!r:.60}") from None


def run_on_bits(weights: dict[str, Any], bits: Array = BITS) -> Array:
    """The answers (0 or 1) of a hand-set net for every bit after the first; ValueError when a shape does not fit."""
    if not isinstance(weights, dict) or any(n not in weights for n in NAMES):
        raise ValueError(f"expected a dict with the keys {', '.join(NAMES)}")
    W_xh, W_hh, b_h, W_hy, b_y = (_numbers(n, weights[n]) for n in NAMES)
    H = W_hh.shape[0] if W_hh.ndim == 2 else -1
    wanted = {"W_xh": (H, 1), "W_hh": (H, H), "b_h": (H,), "W_hy": (1, H), "b_y": (1,)}
    for name, array in zip(NAMES, (W_xh, W_hh, b_h, W_hy, b_y)):
        if array.shape != wanted[name] or H > 64:
            form = str(wanted[name]) if H > 0 else "(H, H)"
            raise ValueError(f"{name}: expected shape {form}, got {array.shape}")
    h_t, answers = np.zeros((1, H)), []
    for bit in bits:
        h_t = np.tanh(float(bit) * W_xh.T + h_t @ W_hh.T + b_h)
        answers.append((h_t @ W_hy.T + b_y).item() > 0)
    return np.array(answers[1:], dtype=int)


def _edge_view(case: Case, weights: Any) -> dict[str, Any]:
    answers, pairs = run_on_bits(weights), 2 * BITS[:-1] + BITS[1:]
    return {f"{pair % 2} after {pair // 2}": answers[pairs == pair] for pair in range(4)}


def _late(before: float) -> dict[str, Any]:
    """The right net with one more unit, so that all bits come a step later; `before` is taken for the bit before."""
    W_xh, W_hh = [[6], [0], [0], [0]], [[0, 0, 0, 0], [6, 0, 0, 0], [3, 3, 0, 0], [3, 3, 0, 0]]
    return {"W_xh": W_xh, "W_hh": W_hh, "b_h": [-3, before, 3, -3], "W_hy": [[0, 0, 1, -1]], "b_y": [-1]}


def _says(units: str, b_y: int) -> dict[str, str]:
    """Another way to read the units of the solution: x_t, "one of two" and "both", each +1 or -1."""
    return {"0.0, 1.0, -1.0": units, "[-1.0]": f"[{b_y}]"}


_PAIRS = "Feed 0, 0, then 0, 1, then 1, 0, then 1, 1. What should the second answer be each time, and what is it?"
_PARITY = (
    "Feed 1, 1, 0, 0, 1 and compare with the table.",
    "You count the ones, odd or even. Which older bits matter?",
)
_LATE = ("Feed 0, 1, 1: when does your net say yes?", "How many steps does a bit take from W_xh to W_hy?")
_ONE_BIT = (
    _PAIRS,
    "Which unit's value depends on the last bit, and which on the present one, when W_hy reads it?",
    "Print the sums inside the tanh for the four pairs. Is one of them 0, so that its unit is neither +1 nor -1?",
    "Does W_hy read both, and how many steps does a bit take from W_xh to W_hy?",
)
_THRESHOLD = (
    _PAIRS,
    "One threshold on the sum of both bits cannot tell 'one of two' from 'none' and 'both'. What can a second one add?",
    "Print h and y: with which sign must each threshold enter y, and between which values must b_y put the 0 of y?",
)
_WITH_ANSWER = {"0.5, 0.0, 0.0": "0, 0.5, -0.5", "-0.5, 0.0, -1.0": "-0.5, -0.5, -1.5"}
_EDGE_SLIPS = {
    _THRESHOLD: {
        "always says no": _says("0, 1, -1", -9),
        "always says yes": _says("0, 1, -1", 9),
        "the answer is upside down: 1 where the bits agree": _says("0, -1, 1", 1),
        "says 1 when one of the two bits is 1 (or)": _says("0, 1, 0", 0),
        "says 1 when both bits are 1 (and)": _says("0, 0, 1", 0),
        "finds the step from 0 to 1 only": _says("1, 0, -1", -1),
        "finds the step from 1 to 0 only": _says("-1, 1, 0", -1),
    },
    _ONE_BIT: {
        "answers the bit itself, whatever came before": _says("1, 0, 0", 0),
        "answers the opposite of the bit, whatever came before": _says("-1, 0, 0", 0),
        "answers the last bit, whatever comes now": _says("-1, 1, 1", 0),
        "answers the opposite of the last bit, whatever comes now": _says("1, -1, -1", 0),
    },
    _PARITY: {"parity of all bits, not change from the last one": _WITH_ANSWER},
}
_LATE_SLIPS = tuple(Slip("the right answers, one bit late", _LATE, wrong=_late(b), alone=True) for b in (-2, 2))
_EDGE_HINTS = (
    "Let one unit keep the last bit, so that the next step can read it.",
    "Two more units see the sum s = x_t + x_{t-1}: one asks whether s is above 1/2, one whether it is above 3/2.",
    "The bit differs from the last one when the first of these says yes and the second says no.",
)
_SLIPS = (*slips(_EDGE_SLIPS, alone=True), *_LATE_SLIPS)
HAND_SET = Exercise("01.7", "EDGE", 2, view=_edge_view, slips=_SLIPS, hints=_EDGE_HINTS)

EXERCISES = (REPAIRED, UNROLL, COUNT, WHAT_W_DOES, INFLUENCE, SMALLEST_W, HAND_SET)
