"""Lesson 06: the GRU step and its way back, its two conventions and two variants, a minimal gated unit, counting."""

from __future__ import annotations

import math
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


def picked(order: str, *arrays: Array, axis: int = 0) -> list[Array]:
    """The arrays with other blocks in the places of r, z and n: those of these names."""
    return [np.concatenate([np.split(a, 3, axis)["rzn".index(k)] for k in order], axis) for a in arrays]


def dealt(*arrays: Array) -> list[Array]:
    """The arrays as one reads them who takes every third row for one block."""
    return [np.concatenate([a[k::3] for k in range(3)]) for a in arrays]


def without(names: str, *arrays: Array) -> list[Array]:
    """The arrays with zeros in the blocks of these names."""
    return [np.concatenate([b * (k not in names) for k, b in zip("rzn", np.split(a, 3))]) for a in arrays]


def turned(names: str, W: Array) -> Array:
    """The matrix with the blocks of these names transposed."""
    return np.concatenate([b.T if k in names else b for k, b in zip("rzn", np.split(W, 3))])


def n_of(a: Array) -> Array:
    """The candidate's block of an array."""
    return np.split(a, 3)[2]


_HELPERS = (picked, dealt, without, turned, n_of)

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
_ALL = "W_xh, W_hh, b_x, b_h"

_CELL_SLIPS = {
    _BLOCKS: {
        "the blocks cut as every third column": ("", f"{_ALL} = dealt({_ALL})"),
        "blocks in the order z, r, n": ("", f"{_ALL} = picked('zrn', {_ALL})"),
        "blocks in the order n, r, z": ("", f"{_ALL} = picked('znr', {_ALL})"),
        "blocks in the order r, n, z": ("", f"{_ALL} = picked('rnz', {_ALL})"),
        "blocks in the order z, n, r": ("", f"{_ALL} = picked('nrz', {_ALL})"),
        "blocks in the order n, z, r": ("", f"{_ALL} = picked('nzr', {_ALL})"),
    },
    _MIXTURE: {
        "z and 1 - z exchanged": ("return", "z_t = 1 - z_t\nreturn"),
        "the old state is lost: only (1 - z) n": (" + z_t * h_prev", ""),
        "the candidate returned: no mixture with the old state": ("(1 - z_t) * n_t + z_t * h_prev", "n_t"),
        "the weight z of h_prev is missing": (" + z_t * h_prev", " + h_prev"),
        "the weight 1 - z of n is missing": ("(1 - z_t) * n_t", "n_t"),
        "a tanh around the new state": {"return (1": "return np.tanh((1", "z_t * h_prev": "z_t * h_prev)"},
    },
    _WHICH_GATE: {
        "the reset gate used for the mixing": ("return", "z_t = r_t\nreturn"),
        "the reset gate acts in the last line too": ("return", "h_prev = r_t * h_prev\nreturn"),
        "the update gate used in the candidate too": ("n_t =", "r_t = z_t\nn_t ="),
    },
    _RESET: {"1 - r where r belongs": ("n_t =", "r_t = 1 - r_t\nn_t =")},
    _SEEN: {
        "b_h is missing": ("", "b_h = 0 * b_h"),
        "b_x is missing": ("", "b_x = 0 * b_x"),
        "both biases are missing": ("", "b_x, b_h = 0 * b_x, 0 * b_h"),
        "b_x in both places: b_h is not used": ("", "b_h = b_x"),
        "b_h in both places: b_x is not used": ("", "b_x = b_h"),
        "b_h is missing in the candidate": ("", "[b_h] = without('n', b_h)"),
        "h_prev left out of the gates": ("", "[W_hh] = without('rz', W_hh)"),
        "h_prev left out of z": ("", "[W_hh] = without('z', W_hh)"),
        "h_prev and b_h left out of the gates": ("", "W_hh, b_h = without('rz', W_hh, b_h)"),
        "h_prev and b_h left out of the candidate": ("", "W_hh, b_h = without('n', W_hh, b_h)"),
        "x_t and b_x left out of the gates": ("", "W_xh, b_x = without('rz', W_xh, b_x)"),
        "x_t and b_x left out of the candidate": ("", "W_xh, b_x = without('n', W_xh, b_x)"),
    },
    _TURNED: {
        "each block of W_hh transposed": ("", "W_hh = turned('rzn', W_hh)"),
        "the blocks of r and z in W_hh transposed": ("", "W_hh = turned('rz', W_hh)"),
        "the candidate's block of W_hh transposed": ("", "W_hh = turned('n', W_hh)"),
    },
    _RANGE: {
        "no activation on the gates": ("sigmoid(", "("),
        "no activation on r": ("sigmoid(x_r", "(x_r"),
        "no activation on z": ("sigmoid(x_z", "(x_z"),
        "tanh on the gates": ("sigmoid(", "np.tanh("),
        "tanh on r": ("sigmoid(x_r", "np.tanh(x_r"),
        "tanh on z": ("sigmoid(x_z", "np.tanh(x_z"),
        "no tanh on the candidate": ("np.tanh(", "("),
        "sigmoid on the candidate": ("np.tanh(", "sigmoid("),
        "a ReLU on the candidate": ("np.tanh(", "np.maximum(0, "),
    },
    _SIGN: {"both gates turned round, by a sigmoid of the wrong sign": ("sigmoid(", "1 - sigmoid(")},
}


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


_PRODUCT = "(r_t * h_prev) @ n_of(W_hh).T"

_RESET_LAST = {
    _AFTER: {
        "reset before the matrix product": ("r_t * h_n", f"{_PRODUCT} + n_of(b_h)"),
        "reset before the matrix product, the bias under it too": ("r_t * h_n", f"{_PRODUCT} + r_t * n_of(b_h)"),
        "recurrent bias outside the reset": ("r_t * h_n", "r_t * (h_n - n_of(b_h)) + n_of(b_h)"),
        "both biases under the reset": ("x_n + r_t * h_n", "x_n - n_of(b_x) + r_t * (h_n + n_of(b_x))"),
    },
    _RESET: {
        "reset gate not used": ("r_t * h_n", "h_n"),
        "reset gate on the input term": ("x_n + r_t * h_n", "r_t * x_n + h_n"),
        "reset gate on both terms": ("x_n + r_t * h_n", "r_t * (x_n + h_n)"),
        "h_prev without its matrix in the candidate": ("r_t * h_n", "r_t * (h_prev + n_of(b_h))"),
        "h_prev without its matrix and its bias in the candidate": ("r_t * h_n", "r_t * h_prev"),
    },
}

GRU_STEP = Exercise(
    "06.1",
    "gru_step",
    points=3,
    cases=_gru_cases,
    outputs=("h_t",),
    bare=True,
    arguments="left",
    helpers=_HELPERS,
    hints=(
        "Print r, z and n of the worked example and compare them one by one.",
        "Compute both products whole, (B, 3H), and cut them into three blocks afterwards.",
        "Three blocks, two products, two biases: only one block treats the product of h_prev differently.",
    ),
    slips=(*slips(_CELL_SLIPS), *slips(_RESET_LAST)),
)


# ---------------------------------------------------------------- 06.2 gru_step_before

_STATE = "(r_t * h_prev) @ W_hn.T"

_RESET_FIRST = {
    _AFTER: {
        "reset after the matrix product: this is 06.1 again": (f"{_STATE} + b_hn", "r_t * (h_prev @ W_hn.T + b_hn)"),
        "reset after the matrix product, the bias outside": (_STATE, "r_t * (h_prev @ W_hn.T)"),
        "the bias of the candidate is reset too": (".T + b_hn", ".T + r_t * b_hn"),
    },
    _RESET: {
        "reset gate not used": ("(r_t * h_prev)", "h_prev"),
        "reset gate on the input term": (f"x_n + {_STATE}", "r_t * x_n + h_prev @ W_hn.T"),
        "reset gate on both terms": (f"x_n + {_STATE} + b_hn", "r_t * (x_n + h_prev @ W_hn.T + b_hn)"),
        "h_prev without its matrix in the candidate": (_STATE, "r_t * h_prev"),
    },
}

GRU_BEFORE = Exercise(
    "06.2",
    "gru_step_before",
    points=1,
    cases=_gru_cases,
    outputs=("h_t",),
    bare=True,
    helpers=_HELPERS,
    hints=("Only the candidate's line differs from 06.1.", "Which array does r multiply here, before the product?"),
    slips=(*slips(_CELL_SLIPS), *slips(_RESET_FIRST)),
)


# ---------------------------------------------------------------- 06.3 gru_step_backward


def _backward_cases(rng: np.random.Generator) -> list[Case]:
    args, square, one = _args(rng), _args(rng, 3, 3, 3), _args(rng, B=1)
    dh, dh_square, dh_one = (away_from_zero(rng, a[1].shape) for a in (args, square, one))
    return [
        Case("B = 3, D = 5, H = 4", (dh, *args)),
        Case("B = D = H = 3", (dh_square, *square)),
        Case("h_prev = 0", (dh, *zeroed(args, 1)), True, "look at the terms that hold h_prev"),
        Case("b_x = b_h = 0", (dh, *zeroed(args, 4, 5)), True, "look at where the biases enter"),
        Case("B = 1", (dh_one, *one), True, "look at what is summed over the batch"),
    ]


_PATHS = (
    "List every place where h_prev and x_t appear in the forward equations: there are four of h_prev, three of x_t.",
    "Set W_hh to zero: what must remain of dh_prev, and what does? Then give one block after the other back.",
    "Which of the paths has no matrix on it? Are all of them added?",
)
_LAST_LINE = (
    "Differentiate h_t = (1 - z) n + z h_prev by n, by z and by h_prev.",
    "Push z to 1, then to 0: when should n get a gradient, when should h_prev get it straight, and when do they?",
    "Check the blocks of z and n in db_x with finite differences. Is each of them 0 when dh_t is 0?",
)
_SLOPES = (
    "Which function made this block in the forward pass? Write its slope in terms of its own output.",
    "Compare the three blocks of your db_x with finite differences: which one is wrong?",
)
_OF_R = (
    "What does r multiply in the equation of n? That factor belongs to dr.",
    "Which gradient arrives at the sum inside the tanh, of which r is a part: dn or da_n?",
    "Set h_prev and b_h to zero: may r have any influence? Set h_prev alone to zero: what then?",
)
_STACKS = (
    "Push r to 0: which of the six gradients must lose their candidate's block, and which of yours do?",
    "There are two stacks, one for what met x_t, one for what met h_prev. Which one belongs here?",
    "db_x and db_h differ in one block only, and there by one factor. Do yours?",
)
_STACK_ORDER = (
    "Are the wrong numbers right numbers at the wrong place? Compare the thirds of your db_x with finite differences.",
    "In which order does the statement stack the blocks?",
)
_BATCH = (
    "Double the batch by repeating it: should the gradient double, and does it?",
    "What shape has each bias, and what shape has your gradient?",
)
_SHAPE = (
    "Compare the shape of each gradient with the shape of what it belongs to.",
    "Which of the two arrays must be transposed, so that 3H comes first?",
)
_WHICH_STATE = (
    "Which state met W_hh in the forward pass? Set h_prev to zero: what must dW_hh be, and what is yours?",
    "Whose product with W_hh do you differentiate?",
)
_R, _Z = " * r_t * (1 - r_t)", " * z_t * (1 - z_t)"
_MEANS = {"@ x_t,": "@ x_t / len(x_t),", ".T @ h_prev": ".T @ h_prev / len(x_t)"}

_BACKWARD_SLIPS = {
    _PATHS: {
        "the direct path z * dh_t to h_prev is missing": ("dh_t * z_t + ", ""),
        "the direct path not weighted: dh_t where z * dh_t belongs": ("dh_t * z_t + ", "dh_t + "),
        "dh_prev has the direct path only: the paths through r, z and n are missing": (" + da_h @ W_hh", ""),
        "dh_prev without the path through r": ("da_h @ W_hh", "da_h @ without('r', W_hh)[0]"),
        "dh_prev without the path through z": ("da_h @ W_hh", "da_h @ without('z', W_hh)[0]"),
        "dh_prev without the path through n": ("da_h @ W_hh", "da_h @ without('n', W_hh)[0]"),
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
    _TURNED: {"dh_prev with each block of W_hh transposed": ("da_h @ W_hh", "da_h @ turned('rzn', W_hh)")},
    _SLOPES: {
        "the slope of the candidate's tanh is missing": ("dn_t * (1 - n_t**2)", "dn_t"),
        "sigmoid's slope on the candidate": ("(1 - n_t**2)", "n_t * (1 - n_t)"),
        "the tanh taken twice in the candidate's slope": ("n_t**2", "np.tanh(n_t)**2"),
        "the gates' slopes s (1 - s) are missing": {_R: "", _Z: ""},
        "the slope r (1 - r) is missing": (_R, ""),
        "the slope z (1 - z) is missing": (_Z, ""),
        "tanh's slope on the gates": {_R: " * (1 - r_t**2)", _Z: " * (1 - z_t**2)"},
        "the sigmoid taken twice in the gates' slopes": {
            _R: " * sigmoid(r_t) * (1 - sigmoid(r_t))",
            _Z: " * sigmoid(z_t) * (1 - sigmoid(z_t))",
        },
    },
    _OF_R: {
        "dr from n, not from the bracket s that r multiplies": ("da_n * s_t", "da_n * n_t"),
        "dr from h_prev, not from the bracket s that r multiplies": ("da_n * s_t", "da_n * h_prev"),
        "dr from s without its bias b_hn": ("da_n * s_t", "da_n * (s_t - n_of(b_h))"),
        "dr from da_n alone: the factor s is missing": ("da_n * s_t", "da_n"),
        "dr without the candidate's slope: from dn where da_n belongs": ("da_n * s_t", "dn_t * s_t"),
    },
    _STACKS: {
        "db_h taken to be db_x": ("da_h.sum", "da_x.sum"),
        "db_x and db_h exchanged": {"da_x.sum": "da_h.sum", "da_h.sum": "da_x.sum"},
        "dh_prev from the stack of the input: there the block of n is not multiplied by r": ("da_h @", "da_x @"),
        "dW_hh from the stack of the input: there the block of n is not multiplied by r": ("da_h.T", "da_x.T"),
        "the recurrent part of the candidate is not multiplied by r": ("da_n * r_t", "da_n"),
        "the input's part of the candidate is multiplied by r": ("da_r, da_z, da_n]", "da_r, da_z, ds_t]"),
    },
    _STACK_ORDER: {
        "blocks stacked in the order z, r, n": ("da_r, da_z", "da_z, da_r"),
        "blocks stacked in the order n, r, z": ("dx_t =", "da_x, da_h = picked('nrz', da_x, da_h, axis=1)\ndx_t ="),
        "blocks stacked in the order n, z, r": ("dx_t =", "da_x, da_h = picked('nzr', da_x, da_h, axis=1)\ndx_t ="),
        "blocks in the order z, r, n, on the way forward and back": {
            "x_r, x_z": "x_z, x_r",
            "h_r, h_z": "h_z, h_r",
            "da_r, da_z": "da_z, da_r",
        },
    },
    _SEEN: {"biases forgotten in the forward lines": ("", "b_x, b_h = 0 * b_x, 0 * b_h")},
    _WHICH_STATE: {"dW_hh from the new state h_t": (".T @ h_prev", ".T @ ((1 - z_t) * n_t + z_t * h_prev)")},
    _SHAPE: {"weight gradients transposed": {"da_x.T @ x_t": "x_t.T @ da_x", "da_h.T @ h_prev": "h_prev.T @ da_h"}},
    _BATCH: {
        "bias gradients not summed over the batch": (".sum(axis=0)", ""),
        "bias gradients averaged over the batch": (".sum(", ".mean("),
        "the gradients of the two matrices averaged over the batch": _MEANS,
        "weight gradients averaged over the batch": {**_MEANS, ".sum(": ".mean("},
    },
}

GRU_BACKWARD = Exercise(
    "06.3",
    "gru_step_backward",
    points=2,
    cases=_backward_cases,
    outputs=("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_x", "db_h"),
    blocks={"db_x": "rzn", "db_h": "rzn"},
    bare=True,
    helpers=_HELPERS,
    hints=(
        "Write the forward equations with a name for every intermediate, then go through them from last to first.",
        "Check one quantity after the other: da_n, da_z, da_r, and only then the six results.",
        "In the candidate, x_t and h_prev meet different factors: that is why there are two bias gradients.",
    ),
    slips=slips(_BACKWARD_SLIPS),
)


# ---------------------------------------------------------------- 06.4 to_pytorch


def _convert_cases(rng: np.random.Generator) -> list[Case]:
    return [Case("D = 5, H = 4", _args(rng)[2:]), Case("D = H = 3", _args(rng, 3, 3, 3)[2:])]


def _run_converted(case: Case, result: Any) -> dict[str, Any]:
    """What the cell of 06.1 computes with the converted weights: how biases are spread over b_x and b_h is free."""
    if not isinstance(result, (tuple, list)) or len(result) != 4:
        raise ValueError("expected 4 results (W_xh, W_hh, b_x, b_h)")
    for name, new, old in zip(("W_xh", "W_hh", "b_x", "b_h"), result, case.args, strict=True):
        if np.shape(new) != old.shape:
            raise ValueError(f"{name}: expected shape {old.shape}, got {np.shape(new)}")
    rng = np.random.default_rng(0)
    D, H = case.args[0].shape[1], case.args[1].shape[1]
    x_t, h_prev = rng.normal(size=(6, D)), rng.uniform(-1, 1, (6, H))
    with np.errstate(all="ignore"):  # a wrong answer may hold inf or nan
        h_t = GRU_STEP.reference(x_t, h_prev, *(np.asarray(a, dtype=float) for a in result))
    return {"h_t of the converted cell": h_t}


_NEGATE = (
    "The gate you want is 1 - sigmoid(a). For which argument does sigmoid give that?",
    "Run both formulas with your converted weights: do the outputs agree?",
    "Everything that enters the argument of z must change, and nothing else: in which rows of how many arrays is that?",
)
_CONVERT_SLIPS = {
    _NEGATE: {
        "nothing changed: the two conventions taken as one": ("-a[z]", "a[z]"),
        "the reset block negated instead of the update block": ("slice(H, 2 * H)", "slice(0, H)"),
        "the candidate negated instead of the update block": ("slice(H, 2 * H)", "slice(2 * H, 3 * H)"),
        "every block negated": ("slice(H, 2 * H)", "slice(0, 3 * H)"),
        "the reset block negated too": ("slice(H, 2 * H)", "slice(0, 2 * H)"),
        "the candidate negated too": ("slice(H, 2 * H)", "slice(H, 3 * H)"),
        "the block of z is not negated in W_xh": ("in new:", "in new[1:]:"),
        "the block of z is not negated in W_hh": ("in new:", "in new[:1] + new[2:]:"),
        "the block of z is not negated in b_x": ("in new:", "in new[:2] + new[3:]:"),
        "the block of z is not negated in b_h": ("in new:", "in new[:3]:"),
        "the block of z is not negated in W_xh and b_x": ("in new:", "in new[1::2]:"),
        "the block of z is not negated in W_hh and b_h": ("in new:", "in new[::2]:"),
        "the block of z is not negated in W_xh and the biases": ("in new:", "in new[1:2]:"),
        "the block of z is not negated in W_hh and the biases": ("in new:", "in new[:1]:"),
        "the biases of z are not negated": ("in new:", "in new[:2]:"),
        "only the biases of z are negated": ("in new:", "in new[2:]:"),
        "the blocks of r and z exchanged, and z not negated": ("a[z] = -a[z]", "a[: 2 * H] = np.r_[a[z], a[:H]]"),
        "1 - w where -w belongs": ("-a[z]", "1 - a[z]"),
    }
}

CONVERT = Exercise(
    "06.4",
    "to_pytorch",
    points=1,
    arguments="left",
    new=True,
    cases=_convert_cases,
    view=_run_converted,
    hints=_NEGATE,
    slips=slips(_CONVERT_SLIPS),
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
        "a tanh around the new state": {"return (1": "return np.tanh((1", "f_t * n_t": "f_t * n_t)"},
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
        "x_t left out of the gate": ("x_t @ W_xh[:H].T + ", ""),
        "bias forgotten": ("", "b_h = 0 * b_h"),
        "the bias of the candidate is missing": (" + b_h[H:]", " + 0 * b_h[H:]"),
        "the bias of the gate is missing": (" + b_h[:H]", " + 0 * b_h[:H]"),
    },
    _TURNED: {
        "each block of W_hh transposed": {"W_hh[:H].T": "W_hh[:H]", "W_hh[H:].T": "W_hh[H:]"},
        "the candidate's block of W_hh transposed": ("W_hh[H:].T", "W_hh[H:]"),
        "the gate's block of W_hh transposed": ("W_hh[:H].T", "W_hh[:H]"),
    },
    _SIGN: {"f and 1 - f exchanged everywhere, as by a sigmoid of the wrong sign": ("sigmoid(", "1 - sigmoid(")},
    _RANGE: {
        "no activation on the gate": ("sigmoid(", "("),
        "tanh on the gate": ("sigmoid(", "np.tanh("),
        "no tanh on the candidate": ("np.tanh(", "("),
        "sigmoid on the candidate": ("np.tanh(", "sigmoid("),
    },
    _BLOCKS: {
        "the two blocks exchanged": ("", "W_xh, W_hh, b_h = (np.roll(a, len(a) // 2, 0) for a in (W_xh, W_hh, b_h))")
    },
}

MGU = Exercise(
    "06.5",
    "mgu_step",
    points=1,
    cases=_mgu_cases,
    outputs=("h_t",),
    bare=True,
    hints=(
        "Two blocks, f first, then the candidate: cut W_xh, W_hh and b_h at H.",
        "One gate does two jobs: where does f appear in the equations?",
    ),
    slips=slips(_MGU_SLIPS),
)


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
        "two biases for the GRU only": ("2 * H)", '(2 if kind == "gru" else 1) * H)'),
        "every cell counted with one block": ('"gru": 3, "lstm": 4', '"gru": 1, "lstm": 1'),
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
        "one layer too few": ("in inputs", "in inputs[:-1]"),
        "one layer too many": ("(layers - 1)", "layers"),
    },
    _DIRECTIONS: {
        "the biases counted once per layer, not for each direction": ("2 * H)", "2 * H / directions)"),
        "the weights of the second direction are not counted": ("directions * blocks", "blocks"),
        "two directions counted, even where there is one": ("2 if bidirectional else 1", "2"),
        "the first layer given 2D inputs in both directions": ("[D]", "[directions * D]"),
        "the recurrent matrix counted as H times 2H in both directions": ("H * H", "H * H * directions"),
    },
}
_ONE_DIRECTION = {  # with a second slip it is the same as two others
    _DIRECTIONS: {"bidirectional not used: one direction counted": ("2 if bidirectional else 1", "1")}
}

COUNT = Exercise(
    "06.6",
    "count_parameters",
    points=1,
    cases=_count_cases,
    outputs=("parameters",),
    rtol=1e-9,
    hints=(*_ONE_LAYER, *_DEEPER[:1]),
    slips=(*slips(_COUNT_SLIPS), *slips(_ONE_DIRECTION, alone=True)),
)


# ---------------------------------------------------------------- 06.7 keep_bias


def _n(rng: np.random.Generator) -> list[Case]:
    return [Case(f"steps = {n}", (n,)) for n in (int(rng.integers(3, 9)), int(rng.integers(20, 400)), 1)]


_LOGIT = (
    "Run a state of 1 through `steps` silent steps with your bias. How much is left?",
    "First find z: which number, multiplied by itself `steps` times, is one half?",
    "A bias is not the gate: which function leads from the one to the other, and which leads back?",
)
_SHARE = ("What share does the statement want to be left?", "exp(-1) is 0.37. Which number do you need?")
_RULE = (
    "Put your bias back: what share is left after `steps` steps, one half?",
    "The lecture has two rules for a bias. Which one does this statement ask for?",
)
_INVERSE, _ROOT = "np.log(z / (1 - z))", "0.5 ** (1 / steps)"

_BIAS = {
    _LOGIT: {
        "the sign is turned: this bias forgets": ("return ", "return -"),
        "half of the bias: the statement asks for the two biases together": (_INVERSE, f"{_INVERSE} / 2"),
        "the gate's value given, not its bias": (_INVERSE, "z"),
        "log z given, not log(z / (1 - z))": (_INVERSE, "np.log(z)"),
        "z / (1 - z) without its logarithm": (_INVERSE, "z / (1 - z)"),
        "log to the base 2 in the inverse of the sigmoid": ("np.log(", "np.log2("),
        "log to the base 10": ("np.log(", "np.log10("),
        "0.5 ** steps: the loss of n steps taken for that of one": ("(1 / steps)", "steps"),
        "equal losses in each step: z = 1 - 1 / (2 steps)": (_ROOT, "1 - 0.5 / steps"),
        "one step too many": ("/ steps", "/ (steps + 1)"),
        "one step too few": ("/ steps", "/ (steps - 1)"),
        "the root taken of 2 in place of one half": {_ROOT: "2 ** (1 / steps)", _INVERSE: "z"},
        "ln(steps / ln 2): nearly right for long half-lives only": (_INVERSE, "np.log(steps / np.log(2))"),
        "z = 0.5 / steps, not 0.5 ** (1 / steps)": ("(1 / steps)", "1 / steps"),
    },
    _SHARE: {"1/e is left instead of one half": ("0.5", "np.exp(-1)")},
    _RULE: {
        "ln(steps) given: the lecture's rule for a first input, not the half-life": (_INVERSE, "np.log(steps)"),
        "1 / (1 - z) steps taken for the half-life": [(_ROOT, "1 - 1 / steps"), (_INVERSE, "log(steps - 1)")],
    },
}

KEEP_BIAS = Exercise(
    "06.7", "keep_bias", points=1, cases=_n, outputs=("bias",), helpers=(math.log,), hints=_LOGIT, slips=slips(_BIAS)
)

EXERCISES = (GRU_STEP, GRU_BEFORE, GRU_BACKWARD, CONVERT, MGU, COUNT, KEEP_BIAS)
