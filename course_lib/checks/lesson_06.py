"""Lesson 06: a GRU repaired, told from its relatives, differentiated, in another role; one gate, two sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.inputs import away_from_zero, zeroed

Array = np.ndarray


def _args(rng: np.random.Generator, B: int = 3, D: int = 5, H: int = 4, gates: int = 3) -> tuple[Array, ...]:
    """x_t, h_prev, W_xh, W_hh, b_x, b_h of a cell with stacked gates; |h_prev| < 1, as a GRU leaves it."""
    shapes = [(B, D), (B, H), (gates * H, D), (gates * H, H), (gates * H,), (gates * H,)]
    scales = [1.0, 0.75, 0.6, 0.6, 0.8, 0.8]
    return tuple(scale * away_from_zero(rng, shape) for scale, shape in zip(scales, shapes))


# ---------------------------------------------------------------- slips of more than one exercise


def picked(order: str, *arrays: Array) -> list[Array]:
    """The arrays with other blocks in the places of r, z and n: those of these names."""
    return [np.concatenate([np.split(a, 3)["rzn".index(k)] for k in order]) for a in arrays]


def without(names: str, *arrays: Array) -> list[Array]:
    """The arrays with zeros in the blocks of these names."""
    return [np.concatenate([b * (k not in names) for k, b in zip("rzn", np.split(a, 3))]) for a in arrays]


def turned(names: str, W: Array) -> Array:
    """The matrix with the blocks of these names transposed."""
    return np.concatenate([b.T if k in names else b for k, b in zip("rzn", np.split(W, 3))])


def n_of(a: Array) -> Array:
    """The candidate's block of an array."""
    return np.split(a, 3)[2]


_HELP = (picked, without, turned, n_of)

_MIXTURE = (
    "Push the gate to 1 through its bias: what should be left, the old state or the new one? Push it to 0: what then?",
    "What does your last line do with n and h_prev? Do the two weights add up to 1, and what stands around their sum?",
    "Papers differ here: which of the two forms does the statement give?",
)
_BLOCKS = (
    "Push only the first block of the bias up, then only its first entries. What should react, and what does?",
    "In which order does the statement stack the blocks, and which rows does each name of yours get?",
)
_TURNED = (
    "The shape is right, the numbers are not: which matrix is square and cannot complain?",
    "Put a single 1 off the diagonal of one block of W_hh. Which unit should it feed?",
    "A batch keeps its vectors as rows: what does that ask of each matrix?",
)
_SEEN = (
    "Change x_t, h_prev and each block of the biases in turn: which of the gates and the candidate should move?",
    "How many products and how many biases stand in each equation, and how many in your line?",
)
_RANGE = (
    "Try inputs of size 10: between which numbers do the gates and the candidate lie?",
    "Which block is a value, and which are gates?",
    "Which function stands around each sum in the statement, and which around yours?",
)
_SIGN = ("What is your sigmoid of 5? Of -5?", "A strongly positive sum: is that gate open or closed?")
_AFTER = (
    "Does the gate act on the state, or on the result of the product? Which of the two does the statement give?",
    "Push the gate to 0 for one unit only: which entries of the candidate should notice, and which do?",
    "Write down what stands inside the bracket that the gate multiplies.",
)
_RESET = (
    "Push the gate to 0 through its bias: which part of the candidate must vanish, which must stay? Then push it to 1.",
    "What does the gate multiply in the equation of n, and what in your line?",
    "Where does the bracket of the tanh open, and where does it close?",
)
_WHICH_GATE = (
    "Change only r's block of b_x, then only that of z: which of r, z and n should react, and which do?",
    "Push r to 0 and z to 1: what should the new state be, and what is yours?",
    "Read the letters r and z aloud in each line, equation and code.",
)
_ALL, _SWAPPED = "W_xh, W_hh, b_x, b_h", "{0} = (np.roll(a, len(a) // 2, 0) for a in ({0}))".format


# ---------------------------------------------------------------- 06.1 gru_step


def _gru_cases(rng: np.random.Generator) -> list[Case]:
    args = _args(rng)
    cut = "look at how the blocks are cut, and at the product in the candidate"
    return [
        Case("B = 3, D = 5, H = 4", args),
        Case("B = D = H = 3", _args(rng, 3, 3, 3)),
        Case("h_prev = 0", zeroed(args, 1), True, "look at what happens to the old state"),
        Case("x_t = 0", zeroed(args, 0), True, "look at the input terms"),
        Case("b_x = b_h = 0", zeroed(args, 4, 5), True, "look at the biases"),
        Case("b_h = 0", zeroed(args, 5), True, "look at where b_h enters"),
        Case("B = 1", _args(rng, B=1), True, "look at how rows of the batch are kept apart"),
        Case("H = 1", _args(rng, H=1), True, cut),
    ]


_ONE_BY_ONE = (
    "Put the three readings of the statement into your code: which of them are right now?",
    "Begin with the first two: which gate does each number of b_x push in your code, and which should it push?",
    "Then z = 1: what becomes of the old state? Then r = 0: what may it shut off?",
)
_PRODUCT = "(r_t * h_prev) @ n_of(W_hh).T"

_STEP = {
    _BLOCKS: {
        "blocks in the order z, r, n": ("", f"{_ALL} = picked('zrn', {_ALL})"),
    },
    _MIXTURE: {
        "z and 1 - z exchanged": ("return", "z_t = 1 - z_t\nreturn"),
        "the old state is lost: only (1 - z) n": (" + z_t * h_prev", ""),
        "the candidate returned: no mixture with the old state": ("(1 - z_t) * n_t + z_t * h_prev", "n_t"),
        "the weight z of h_prev is missing": (" + z_t * h_prev", " + h_prev"),
        "a tanh around the new state": {"return (1": "return np.tanh((1", "z_t * h_prev": "z_t * h_prev)"},
    },
    _WHICH_GATE: {
        "the reset gate used for the mixing": ("return", "z_t = r_t\nreturn"),
        "the reset gate acts in the last line too": ("return", "h_prev = r_t * h_prev\nreturn"),
        "the update gate used in the candidate too": ("n_t =", "r_t = z_t\nn_t ="),
    },
    _SEEN: {
        "b_h is missing": ("", "b_h = 0 * b_h"),
        "b_x is missing": ("", "b_x = 0 * b_x"),
        "b_x in both places: b_h is not used": ("", "b_h = b_x"),
        "b_h in both places: b_x is not used": ("", "b_x = b_h"),
        "h_prev left out of the gates": ("", "[W_hh] = without('rz', W_hh)"),
        "h_prev left out of z": ("", "[W_hh] = without('z', W_hh)"),
    },
    _TURNED: {
        "each block of W_hh transposed": ("", "W_hh = turned('rzn', W_hh)"),
        "the candidate's block of W_hh transposed": ("", "W_hh = turned('n', W_hh)"),
    },
    _RANGE: {
        "no activation on the gates": ("sigmoid(", "("),
        "no tanh on the candidate": ("np.tanh(", "("),
        "sigmoid on the candidate": ("np.tanh(", "sigmoid("),
    },
    _SIGN: {"both gates turned round, by a sigmoid of the wrong sign": ("sigmoid(", "1 - sigmoid(")},
    _ONE_BY_ONE: {
        "nothing is repaired: all three faults are still there": {
            "": f"{_ALL} = picked('zrn', {_ALL})",
            "x_n + r_t * h_n": "r_t * (x_n + h_n)",
            "return": "z_t = 1 - z_t\nreturn",
        }
    },
    _AFTER: {
        "reset before the matrix product": ("r_t * h_n", f"{_PRODUCT} + n_of(b_h)"),
        "reset before the matrix product, the bias under it too": ("r_t * h_n", f"{_PRODUCT} + r_t * n_of(b_h)"),
        "recurrent bias outside the reset": ("r_t * h_n", "r_t * (h_n - n_of(b_h)) + n_of(b_h)"),
        "both biases under the reset": ("x_n + r_t * h_n", "x_n - n_of(b_x) + r_t * (h_n + n_of(b_x))"),
    },
    _RESET: {
        "1 - r where r belongs": ("n_t =", "r_t = 1 - r_t\nn_t ="),
        "reset gate not used": ("r_t * h_n", "h_n"),
        "reset gate on the input term": ("x_n + r_t * h_n", "r_t * x_n + h_n"),
        "reset gate on both terms": ("x_n + r_t * h_n", "r_t * (x_n + h_n)"),
        "h_prev without its matrix in the candidate": ("r_t * h_n", "r_t * (h_prev + n_of(b_h))"),
        "h_prev without its matrix and its bias in the candidate": ("r_t * h_n", "r_t * h_prev"),
    },
}

_PRINT = (
    "Print r, z and n of the worked example and compare them one by one.",
    "Compute both products whole, (B, 3H), and cut them into three blocks afterwards.",
    "Three blocks, two products, two biases: only one block treats the product of h_prev differently.",
)
GRU_STEP = Exercise(
    "06.1", "gru_step", 2, _gru_cases, ("h_t",), slips(_STEP), None, _HELP, bare=True, arguments="left", hints=_PRINT
)


# ---------------------------------------------------------------- 06.2 ONE_CALL


def _call_view(case: Case, call: Any) -> dict[str, Any]:
    """Whether a call tells the four cells apart, in words, and if not, why."""
    shapes = {"x_t": (1, 1), "h_prev": (1, 2), "W_xh": (6, 1), "W_hh": (6, 2), "b": (6,)}
    if not isinstance(call, (tuple, list)) or len(call) != 5:
        raise ValueError(f"expected five arrays: {', '.join(shapes)}")
    arrays = [np.array(a, dtype=float) for a in call]
    for a, (name, shape) in zip(arrays, shapes.items()):
        if a.shape != shape or not np.isfinite(a).all():
            raise ValueError(f"{name}: expected numbers of shape {shape}, got shape {a.shape}")
    h, W_hn = arrays[1], arrays[3][4:]
    given = ONE_CALL.solution.space  # the functions of the notebook's first cell
    results, (r_t, z_t, _) = list(given["four_results"](*arrays).values()), given["gates"](*arrays)
    far = [[np.abs(a - b).max() >= 0.1 for a in results] for b in results]
    reset = update = "told apart"
    if not (far[0][2] and far[1][3]):
        causes = {
            "the old state is zero": not h.any(),
            "no unit listens to the other": not W_hn[[0, 1], [1, 0]].any(),
            "r is the same in both units": np.ptp(r_t) < 1e-6,
            "told apart by one kind of z only": far[0][2] or far[1][3],
        }
        reset = next((cause for cause, is_so in causes.items() if is_so), "less than 0.1 apart")
    if not (far[0][1] and far[2][3]):
        update = "z is near one half" if np.abs(z_t - 0.5).max() < 0.1 else "less than 0.1 apart"
    return {
        "before or after": reset,
        "keeps or replaces": update,
        "all four": "told apart" if far[0][3] and far[1][2] else "two of them agree",
        "numbers other than zero": "at most six" if sum(map(np.count_nonzero, arrays)) <= 6 else "more than six",
        "h_prev": "a state" if np.abs(h).max() <= 1 else "outside of -1 to 1",
    }


_LISTEN = (
    "Print `four_results(*ONE_CALL)`: which two of the four agree?",
    "Write the candidate of each unit on paper, once for before and once for after. Where do they differ at all?",
    "Which number of W_hn lets one unit hear the other, and do the two units have different gates?",
)
_SHOWN = (
    _LISTEN[0],
    "At z = 1, how much of n and how much of h_prev is left in a cell that keeps? And in one that replaces?",
    "Which unit has to show its candidate in both kinds of cell, and where must its z stand for that?",
)
_FEW = (
    "Begin with zeros everywhere. What do the four cells give, and why?",
    "Then change one number after the other: which question does each of them answer?",
)
_GATES_OF, _SHUT = "[-20, 0, 20, 0, 0, 0]", "[-20, 0, 20, 20, 0, 0]"

_CALL_SLIPS = {
    _LISTEN: {
        "no unit listens to the other: gate and matrix change places": ("[0, 0], [2, 0]]", "[2, 0], [0, 0]]"),
        "r is the same in both units: then before and after agree": (_GATES_OF, "[-20, -20, 20, 0, 0, 0]"),
        "the old state is zero: then the reset gate has nothing to act on": [
            ("[[1.0, 0.0]]", "[[0.0, 0.0]]"),
            {"[[1.0, 0.0]]": "[[0.0, 0.0]]", _GATES_OF: "[-20, 0, 20, 0, 1, 0]"},
        ],
        "before and after are less than 0.1 apart": ("[2, 0]]", "[0.2, 0]]"),
    },
    _SHOWN: {
        "z is at one half, or near it: then keeping and replacing are the same": (_GATES_OF, "[-20, 0, 0, 0, 0, 0]"),
        "z is at its end in the unit that should show the reset: one kind of cell hides it": (_GATES_OF, _SHUT),
    },
    _FEW: {
        "more than six numbers are other than zero": ("W_xh = np.zeros(", "W_xh = np.ones("),
        "h_prev is not between -1 and 1, as a state is": ("[[1.0, 0.0]]", "[[2.0, 0.0]]"),
    },
}

ONE_CALL = Exercise("06.2", "ONE_CALL", 2, view=_call_view, slips=slips(_CALL_SLIPS), hints=(*_LISTEN, _SHOWN[-1]))


# ---------------------------------------------------------------- 06.3 gru_before_backward


def _back(rng: np.random.Generator) -> list[Case]:
    args, square, one = (_args(rng, *sizes)[:-1] for sizes in [(3, 5, 4), (3, 3, 3), (1, 5, 4)])
    dh, dh_square, dh_one = (away_from_zero(rng, a[1].shape) for a in (args, square, one))
    return [
        Case("B = 3, D = 5, H = 4", (dh, *args)),
        Case("B = D = H = 3", (dh_square, *square)),
        Case("h_prev = 0", (dh, *zeroed(args, 1)), True, "look at the terms that hold h_prev"),
        Case("b = 0", (dh, *zeroed(args, 4)), True, "look at where the bias enters"),
        Case("B = 1", (dh_one, *one), True, "look at what is summed over the batch"),
    ]


_PATHS = (
    "List every place where h_prev appears in the forward equations: there are four.",
    "Set W_hh to zero: what must remain of dh_prev, and what does? Then give one block after the other back.",
    "Which of the paths has no matrix on it? Are all of them added?",
)
_LAST_LINE = (
    "Differentiate h_t = (1 - z) n + z h_prev by n, by z and by h_prev.",
    "Push z to 1, then to 0: when should n get a gradient, when should h_prev get it straight, and when do they?",
    "Check the blocks of z and n in db with finite differences. Is each of them 0 when dh_t is 0?",
)
_SLOPES = (
    "Which function made this block in the forward pass? Write its slope in terms of its own output.",
    "Compare the three blocks of your db with finite differences: which one is wrong?",
)
_OF_M = (
    "Give m = r * h_prev its own gradient. Which gradient arrives at m, and what stands on its way: a slope, a matrix?",
    "m is a product of two factors. What does each of them get?",
    "Push r to 0: what must the block of n in dW_hh be, and what is left of the path through m?",
    "Set h_prev to zero: may r have any influence? Check the block of r in your db.",
)
_STACK_ORDER = (
    "Are the wrong numbers right numbers at the wrong place? Compare the thirds of your db with finite differences.",
    "In which order does the statement stack the blocks?",
)
_BATCH = (
    "Double the batch by repeating it: should the gradient double, and does it?",
    "What shape has the bias, and what shape has your gradient?",
)
_SHAPE = (
    "Compare the shape of each gradient with the shape of what it belongs to.",
    "Which of the two arrays must be transposed, so that 3H comes first?",
)
_R, _Z = " * r_t * (1 - r_t)", " * z_t * (1 - z_t)"
_DA, _DW_HH = "[da_r, da_z, da_n]", "[da_r.T @ h_prev, da_z.T @ h_prev, da_n.T @ m_t]"
_MEANS = {"da.T @ x_t": "da.T @ x_t / len(x_t)", "return": "dW_hh = dW_hh / len(x_t)\nreturn"}
_FORWARD, _ZRN = "gates(x_t, h_prev, W_xh, W_hh, b)", "[dW_hh] = picked('zrn', dW_hh)"
_DR, _DM = "dm_t * h_prev", "dm_t * r_t"
_AFTERWARDS = {
    _DR: "da_n * (h_prev @ W_hn.T)",
    _DM: "(da_n * r_t) @ W_hn",
    "da_n.T @ m_t": "(da_n * r_t).T @ h_prev",
}

_BACK = {
    _PATHS: {
        "the direct path z * dh_t to h_prev is missing": ("dh_t * z_t + ", ""),
        "the direct path not weighted: dh_t where z * dh_t belongs": ("dh_t * z_t + ", "dh_t + "),
        "dh_prev has the direct path only": (" + dm_t * r_t + da_r @ W_hr + da_z @ W_hz", ""),
        "dh_prev without the path through r": (" + da_r @ W_hr", ""),
        "dh_prev without the path through z": (" + da_z @ W_hz", ""),
        "dh_prev without the path through m": ("dm_t * r_t + ", ""),
    },
    _LAST_LINE: {
        "the way back of the other convention: h_t = (1 - z) h_prev + z n": {
            "dn_t = dh_t * (1 - z_t)": "dn_t = dh_t * z_t",
            "h_prev - n_t": "n_t - h_prev",
            "dh_t * z_t + ": "dh_t * (1 - z_t) + ",
        },
        "the direct path weighted with 1 - z": ("dh_t * z_t + ", "dh_t * (1 - z_t) + "),
        "dz from n - h_prev: the sign is turned": ("h_prev - n_t", "n_t - h_prev"),
        "dz from h_prev alone: the term - n is missing": ("(h_prev - n_t)", "h_prev"),
        "the factor 1 - z of the candidate is missing": ("dh_t * (1 - z_t)", "dh_t"),
        "n gets z * dh_t: the two weights are exchanged": ("dh_t * (1 - z_t)", "dh_t * z_t"),
    },
    _OF_M: {
        "the way back of the lecture's GRU, in which the reset stands after the product": [
            _AFTERWARDS,
            {**_AFTERWARDS, _FORWARD: 'gates(x_t, h_prev, W_xh, W_hh, b, "after")'},
        ],
        "the way forward with the reset after the product": (_FORWARD, 'gates(x_t, h_prev, W_xh, W_hh, b, "after")'),
        "dm_t is da_n: it does not pass through the matrix W_hn": ("da_n @ W_hn", "da_n"),
        "dr_t from da_n * h_prev: it does not pass through the matrix W_hn": ("dm_t * h_prev", "da_n * h_prev"),
        "dr_t from dm_t alone: the factor h_prev is missing": ("dm_t * h_prev", "dm_t"),
        "dr_t from m where h_prev belongs: r is in it a second time": ("dm_t * h_prev", "dm_t * m_t"),
        "dr_t without the candidate's slope: from dn where da_n belongs": ("dm_t * h_prev", "dn_t @ W_hn * h_prev"),
        "dr_t from W_hn h_prev, as in the lecture: here r meets h_prev before the matrix": (_DR, _AFTERWARDS[_DR]),
        "to h_prev r comes before the matrix, (da_n * r) @ W_hn: here it comes after it": (_DM, _AFTERWARDS[_DM]),
        "the path through m is not multiplied by r": ("dm_t * r_t", "dm_t"),
        "the path through m passes no matrix: da_n * r": ("dm_t * r_t", "da_n * r_t"),
        "the block of n in dW_hh from h_prev: what met W_hn is m": ("da_n.T @ m_t", "da_n.T @ h_prev"),
        "all of dW_hh from m: what met W_hr and W_hz is h_prev": (_DW_HH, _DW_HH.replace("h_prev", "m_t")),
        "dW_hh from the new state h_t": ("dW_hh =", "h_prev = (1 - z_t) * n_t + z_t * h_prev\ndW_hh ="),
        "da_n is multiplied by r in dx_t, dW_xh and db: r acts on the past alone": (_DA, "[da_r, da_z, da_n * r_t]"),
    },
    _TURNED: {
        "the matrices on the way back transposed": {"@ W_hr": "@ W_hr.T", "@ W_hz": "@ W_hz.T", "@ W_hn": "@ W_hn.T"},
        "W_hn transposed on the way back": ("@ W_hn", "@ W_hn.T"),
        "W_hr and W_hz transposed on the way back": {"@ W_hr": "@ W_hr.T", "@ W_hz": "@ W_hz.T"},
    },
    _SLOPES: {
        "the slope of the candidate's tanh is missing": ("dn_t * (1 - n_t**2)", "dn_t"),
        "sigmoid's slope on the candidate": ("(1 - n_t**2)", "n_t * (1 - n_t)"),
        "the gates' slopes s (1 - s) are missing": {_R: "", _Z: ""},
        "the slope r (1 - r) is missing": (_R, ""),
        "the slope z (1 - z) is missing": (_Z, ""),
        "tanh's slope on the gates": {_R: " * (1 - r_t**2)", _Z: " * (1 - z_t**2)"},
    },
    _STACK_ORDER: {
        "blocks stacked in the order z, r, n": {_DA: "[da_z, da_r, da_n]", "return": f"{_ZRN}\nreturn"},
    },
    _SHAPE: {"weight gradients transposed": {"da.T @ x_t": "x_t.T @ da", "return": "dW_hh = dW_hh.T\nreturn"}},
    _BATCH: {
        "the bias gradient is not summed over the batch": (".sum(axis=0)", ""),
        "the bias gradient is averaged over the batch": (".sum(", ".mean("),
        "weight gradients averaged over the batch": {**_MEANS, ".sum(": ".mean("},
    },
}

_EACH = (
    "Write the forward equations with a name for every intermediate, then go through them from last to first.",
    "Check one quantity after the other: da_n, da_z, dm, da_r, and only then the five results.",
    "In dW_hh not all three blocks met the same array: which one met m?",
)
_FIVE, _RZN = ("dx_t", "dh_prev", "dW_xh", "dW_hh", "db"), {"dW_hh": "rzn", "db": "rzn"}
GRU_BACKWARD = Exercise(
    "06.3", "gru_before_backward", 2, _back, _FIVE, slips(_BACK), None, _HELP, bare=True, hints=_EACH, blocks=_RZN
)


# ---------------------------------------------------------------- 06.4 as_gru


def _small(rng: np.random.Generator) -> list[Case]:
    sizes = {"D = 5, H = 4": (3, 5, 4), "D = H = 3": (3, 3, 3)}
    return [Case(label, _args(rng, *size, gates=2)[2:5]) for label, size in sizes.items()]


def _as_gru(case: Case, result: Any) -> dict[str, Any]:
    """What the cell of 06.1 computes with the weights: how biases are spread over b_x and b_h is free."""
    if not isinstance(result, (tuple, list)) or len(result) != 4:
        raise ValueError("expected 4 results (W_xh, W_hh, b_x, b_h)")
    H, D = case.args[1].shape[1], case.args[0].shape[1]
    shapes = {"W_xh": (3 * H, D), "W_hh": (3 * H, H), "b_x": (3 * H,), "b_h": (3 * H,)}
    for new, (name, shape) in zip(result, shapes.items()):
        if np.shape(new) != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {np.shape(new)}")
    rng = np.random.default_rng(0)
    x_t, h_prev = rng.normal(size=(6, D)), rng.uniform(-1, 1, (6, H))
    with np.errstate(all="ignore"):  # a wrong answer may hold inf or nan
        h_t = GRU_STEP.reference(x_t, h_prev, *(np.asarray(a, dtype=float) for a in result))
    return {"h_t of the GRU": h_t}


_NEGATE = (
    "Run both cells on one input: what are their two z, and should they be the same?",
    "The gate you want is 1 - sigmoid(a). For which argument does sigmoid give that?",
    "Everything that enters the argument of z must change, and nothing else: in which rows of how many arrays is that?",
)
_OPEN_RESET = (
    "Compute r of your GRU for a few inputs. Which value should it have, and which does it have?",
    "Which bias makes a sigmoid 1 to three digits, and what must the weights of r be, so that no input moves it?",
)
_THIRDS = (
    "Which rows hold n and which hold z in what you get? And in what you hand back?",
    "Compute r, z and n of your GRU and compare them with 1, 1 - z and n of the small cell, one by one.",
)
_TWO_BIASES = (
    "Set x_t and h_prev to zero: which sum should reach z and which n, and which does?",
    "b_x and b_h are added in r and z; with an open reset gate, in n as well. How often is each bias in your sum?",
)
_NEW = "new_xh, new_hh, b_x"

_PLAY = {
    _NEGATE: {
        "z is nowhere turned round: this GRU keeps": {"-W_xz": "W_xz", "-W_hz": "W_hz", "-b_z": "b_z"},
        "z is not turned round in W_xh": ("-W_xz", "W_xz"),
        "z is not turned round in W_hh": ("-W_hz", "W_hz"),
        "z is not turned round in the bias": ("-b_z", "b_z"),
        "1 - w where -w belongs": {"-W_xz": "1 - W_xz", "-W_hz": "1 - W_hz", "-b_z": "1 - b_z"},
        "the candidate is turned round too": {", W_xn]": ", -W_xn]", ", W_hn]": ", -W_hn]", ", b_n]": ", -b_n]"},
    },
    _OPEN_RESET: {
        "the block of r left at zero: the reset gate stands at one half": ("20.0", "0.0"),
        "the reset gate is shut": ("20.0", "-20.0"),
        "1 written as the bias of r: sigmoid(1) is 0.73": ("20.0", "1.0"),
        "the bias of r is too small: sigmoid(5) is 0.993": ("20.0", "5.0"),
        "r is given the weights of z": [
            {"0 * W_xn": "W_xz", "0 * W_hn": "W_hz", "[b_r": "[b_z"},
            {"0 * W_xn": "-W_xz", "0 * W_hn": "-W_hz", "[b_r": "[-b_z"},
        ],
    },
    _THIRDS: {
        "the blocks n and z read in the other order": ("", _SWAPPED("W_xh, W_hh, b")),
        "blocks handed back in the order r, n, z": ("return", f"{_NEW} = picked('rnz', {_NEW})\nreturn"),
        "blocks handed back in the order z, r, n": ("return", f"{_NEW} = picked('zrn', {_NEW})\nreturn"),
    },
    _TWO_BIASES: {
        "the biases are in b_x and in b_h: they count twice": ("0 * b_x", "b_x"),
        "the biases of z and n are lost": {"-b_z": "0 * b_z", ", b_n]": ", 0 * b_n]"},
        "the bias of z is lost": ("-b_z", "0 * b_z"),
        "the bias of n is lost": (", b_n]", ", 0 * b_n]"),
    },
}

_HOW = (_OPEN_RESET[1], *_NEGATE[1:])
AS_GRU = Exercise(
    "06.4", "as_gru", 1, _small, (), slips(_PLAY), None, _HELP, _as_gru, 1e-3, arguments="left", new=True, hints=_HOW
)


# ---------------------------------------------------------------- 06.5 mgu_step


def _mgu_cases(rng: np.random.Generator) -> list[Case]:
    args = _args(rng, gates=2)[:5]
    return [
        Case("B = 3, D = 5, H = 4", args),
        Case("B = D = H = 3", _args(rng, 3, 3, 3, gates=2)[:5]),
        Case("h_prev = 0", zeroed(args, 1), True, "look at the terms with the old state"),
        Case("b_h = 0", zeroed(args, 4), True, "look at the bias"),
    ]


_PAST, _OPEN = "(f_t * h_prev) @ W_hh[H:].T", "h_prev @ W_hh[H:].T"
_X_N = "x_t @ W_xh[H:].T + "

_MGU_SLIPS = {
    _MIXTURE: {
        "f and 1 - f exchanged: in this cell f = 1 takes the new value": ("return", "f_t = 1 - f_t\nreturn"),
        "the candidate returned: no mixture with the old state": ("(1 - f_t) * h_prev + f_t * n_t", "n_t"),
        "the weight f of n is missing": (" + f_t * n_t", " + n_t"),
        "the weight 1 - f of h_prev is missing": ("(1 - f_t) * h_prev", "h_prev"),
        "the old state is lost: only f n": ("(1 - f_t) * h_prev + ", ""),
    },
    _AFTER: {
        "the gate acts after the matrix product": (_PAST, f"f_t * ({_OPEN})"),
        "the gate acts after the product, on the bias too": (f"{_PAST} + b_h[H:]", f"f_t * ({_OPEN} + b_h[H:])"),
    },
    _RESET: {
        "the gate does not act inside the candidate": ("(f_t * h_prev)", "h_prev"),
        "the gate on the input term": (f"{_X_N}{_PAST}", f"f_t * ({_X_N}0) + {_OPEN}"),
        "the gate on both terms": (f"{_X_N}{_PAST} + b_h[H:]", f"f_t * ({_X_N}{_OPEN} + b_h[H:])"),
        "1 - f inside the candidate, where f belongs": ("(f_t * h_prev)", "((1 - f_t) * h_prev)"),
        "h_prev without its matrix in the candidate": (_PAST, "f_t * h_prev"),
    },
    _SEEN: {
        "the candidate does not see the past at all": (f"{_PAST} + ", ""),
        "x_t left out of the candidate": (_X_N, ""),
        "h_prev left out of the gate": ("h_prev @ W_hh[:H].T + ", ""),
        "bias forgotten": ("", "b_h = 0 * b_h"),
    },
    _TURNED: {
        "each block of W_hh transposed": {"W_hh[:H].T": "W_hh[:H]", "W_hh[H:].T": "W_hh[H:]"},
        "the gate's block of W_hh transposed": ("W_hh[:H].T", "W_hh[:H]"),
    },
    _SIGN: {"f and 1 - f exchanged everywhere, as by a sigmoid of the wrong sign": ("sigmoid(", "1 - sigmoid(")},
    _RANGE: {
        "no activation on the gate": ("sigmoid(", "("),
        "no tanh on the candidate": ("np.tanh(", "("),
        "sigmoid on the candidate": ("np.tanh(", "sigmoid("),
    },
    _BLOCKS: {"the two blocks exchanged": ("", _SWAPPED("W_xh, W_hh, b_h"))},
}

_MGU_HINTS = (
    "Two blocks, f first, then the candidate: cut W_xh, W_hh and b_h at H.",
    "One gate does two jobs: where does f appear in your three equations?",
)
MGU = Exercise("06.5", "mgu_step", 1, _mgu_cases, ("h_t",), slips(_MGU_SLIPS), bare=True, hints=_MGU_HINTS)


# ---------------------------------------------------------------- 06.6 count_parameters


def _count_cases(rng: np.random.Generator) -> list[Case]:
    def case(kind: str, layers: int, both: bool) -> Case:
        D, H, easy = int(rng.integers(3, 30)), int(rng.integers(31, 60)), layers == 1 and not both
        label = f"{kind}, {layers} layer{'s' * (layers > 1)}, {'both directions' if both else 'one direction'}"
        return Case(label, (kind, D, H, layers, both), easy, "look at deeper layers and directions" * easy)

    hard = [("lstm", 2, True), ("gru", 3, False), ("rnn", 2, True), ("gru", 1, True), ("lstm", 2, False)]
    easy = [("lstm", 1, False), ("gru", 1, False), ("rnn", 1, False)]
    return [case(*sizes) for sizes in hard + easy]


_ONE_LAYER = (
    "Count one layer in one direction, for each of the three cells: how many blocks, matrices and biases?",
    "Print the shapes of nn.GRU's parameters and add them up.",
    "Write the shape of each parameter next to the part of your formula that counts it.",
)
_DEEPER = (
    "What does the second layer receive, and how long is it? How long is the output of a bidirectional layer?",
    "List the shapes for one, two and three layers, in both directions.",
)
_DIRECTIONS = (
    "Count one layer in one direction, then in both: by which factor should the number grow, and by which does yours?",
    "Which of the arrays does each direction have for itself, and what does each of them receive?",
)
_COUNT_SLIPS = {
    _ONE_LAYER: {
        "one bias where PyTorch keeps two": ("2 * H)", "H)"),
        "no bias counted": (" + 2 * H)", ")"),
        "gates counted, not blocks: two for the GRU, three for the LSTM": ('3, "lstm": 4', '2, "lstm": 3'),
        "the GRU counted with two blocks": ('"gru": 3', '"gru": 2'),
        "the LSTM counted with three blocks": ('"lstm": 4', '"lstm": 3'),
        "H times H counted as H times the inputs": [("H * H", "H * D"), ("H * H", "H * size")],
    },
    _DEEPER: {
        "deeper layers counted with D inputs": ("[directions * H]", "[D]"),
        "deeper layers counted with H inputs: both directions arrive": ("[directions * H]", "[H]"),
        "deeper layers counted with 2H inputs, even in one direction": ("[directions * H]", "[2 * H]"),
        "deeper layers not counted": (" + [directions * H] * (layers - 1)", ""),
    },
    _DIRECTIONS: {
        "the biases counted once per layer, not for each direction": ("2 * H)", "2 * H / directions)"),
        "the weights of the second direction are not counted": ("directions * blocks", "blocks"),
        "the first layer given 2D inputs in both directions": ("[D]", "[directions * D]"),
    },
}
_ONE_DIRECTION = {  # with a second slip it is the same as two others
    _DIRECTIONS: {"bidirectional not used: one direction counted": ("2 if bidirectional else 1", "1")}
}

_COUNTED = (*slips(_COUNT_SLIPS), *slips(_ONE_DIRECTION, alone=True))
_COUNT_HINTS = (*_ONE_LAYER, _DEEPER[0])
COUNT = Exercise(
    "06.6", "count_parameters", 1, _count_cases, ("parameters",), _COUNTED, rtol=1e-9, bare=True, hints=_COUNT_HINTS
)


# ---------------------------------------------------------------- 06.7 bias_for_two


def _two(rng: np.random.Generator) -> list[Case]:
    near, far = int(rng.integers(2, 9)), int(rng.integers(20, 400))
    pairs = [(near, 3 * near + 1), (near, far), (far, far + 1), (1, near + 1)]
    return [Case(f"near = {a}, far = {b}", (a, b)) for a, b in pairs]


_SAME = (
    "Put your bias back: how much is left after near words, as a share of the best? And after far words?",
    "Write the two shares down as one equation. What stands on both sides and goes away?",
    "A power of z is left on one side: which one? What is on the other side depends on near and far alone.",
)
_BEST = (
    "For k = 1 the best gate is 1/2. How much of the noun is left then, after the writing and the keeping?",
    "Which two factors has what is left, and which gate makes it largest?",
)
_BACK_TO_B = (
    "What is the sigmoid of your result? It should lie between the gates that are best for near and for far.",
    "A bias is not the gate: which function leads from the one to the other, and which leads back?",
)
_FOUND, _LOGIT = "(best_far / best_near) **", "np.log(z / (1 - z))"
_LEFT, _LEFT_FAR = "(1 - z_near) * z_near**", "(1 - z_far) * z_far**"

_BIAS = {
    _SAME: {
        "the mean of the two biases ln near and ln far": (_LOGIT, "(np.log(near) + np.log(far)) / 2"),
        "the bias for the mean distance": (_LOGIT, "np.log((near + far) / 2)"),
        "the mean of the two gates": ("return", "z = (z_near + z_far) / 2\nreturn"),
        "the best for the near distance alone": (_LOGIT, "np.log(near)"),
        "the best for the far distance alone": (_LOGIT, "np.log(far)"),
        "the root is missing: z to the power far - near given": ("1 / (far - near)", "1"),
        "z to the power far, where far - near are left": ("(far - near)", "far"),
        "a gate above 1, which has no bias: are the two best amounts exchanged?": (_FOUND, "(best_near / best_far) **"),
    },
    _BEST: {
        "the best amounts without the writing: z ** k in the place of (1 - z) z ** k": {
            _LEFT: "z_near**",
            _LEFT_FAR: "z_far**",
        },
    },
    _BACK_TO_B: {
        "the gate's value given, not its bias": (_LOGIT, "z"),
        "the sign is turned: this bias forgets": ("return ", "return -"),
        "log z given, not log(z / (1 - z))": (_LOGIT, "np.log(z)"),
        "z / (1 - z) without its logarithm": (_LOGIT, "z / (1 - z)"),
        "half of the bias: the statement asks for the two biases together": (_LOGIT, f"{_LOGIT} / 2"),
    },
}
BIAS_FOR_TWO = Exercise("06.7", "bias_for_two", 1, _two, ("bias",), slips(_BIAS), rtol=2e-4, hints=_SAME)

EXERCISES = (GRU_STEP, ONE_CALL, GRU_BACKWARD, AS_GRU, MGU, COUNT, BIAS_FOR_TWO)
