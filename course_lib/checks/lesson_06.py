"""Lesson 06: the GRU step and its way back, its two conventions and two variants, a minimal gated unit, counting."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Misconception
from course_lib.checks.inputs import away_from_zero, sigmoid, zeroed

Array = np.ndarray


def _draw(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Array:
    """Entries of size 0.3 to 1.3 times scale: none so small that a bug hides behind it."""
    return scale * away_from_zero(rng, shape)


def _args(rng: np.random.Generator, B: int = 3, D: int = 5, H: int = 4, gates: int = 3) -> list[Array]:
    """x_t, h_prev, W_xh, W_hh, b_x, b_h of a cell with stacked gates; |h_prev| < 1, as a GRU leaves it."""
    return [
        _draw(rng, B, D),
        _draw(rng, B, H, scale=0.75),
        _draw(rng, gates * H, D, scale=0.6),
        _draw(rng, gates * H, H, scale=0.6),
        _draw(rng, gates * H, scale=0.8),
        _draw(rng, gates * H, scale=0.8),
    ]


# ---------------------------------------------------------------- 06.1 gru_step


def gru_step(
    x_t: Array,
    h_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_x: Array,
    b_h: Array,
    order: str = "rzn",
    cut: Callable[[Array], list[Array]] = lambda a: np.split(a, 3, axis=-1),
    matrix: Callable[[Array], Array] = lambda W: W,
    use_b_x: bool = True,
    use_b_h: bool = True,
    squash: Callable[[Array], Array] = sigmoid,
    squash_r: Callable[[Array], Array] | None = None,
    squash_z: Callable[[Array], Array] | None = None,
    sums: Callable[[Array, Array, Array], Array] = lambda x, h, b: x + h + b,
    resets: Callable[[Array, Array], Array] = lambda r, z: r,
    inner: Callable[..., Array] = lambda a_x, a_h, b, r, h, W: a_x + r * (a_h + b),
    squash_n: Callable[[Array], Array] = np.tanh,
    keep: Callable[[Array, Array, Array, Array], Array] = lambda z, n, h, r: (1 - z) * n + z * h,
) -> Array:
    """A GRU step; from `order` on, each argument is one place where a wrong answer differs from the right one."""
    W_hh = matrix(W_hh)
    b_x, b_h = b_x * use_b_x, b_h * use_b_h
    x, h, b, W = (dict(zip(order, cut(a), strict=True)) for a in (x_t @ W_xh.T + b_x, h_prev @ W_hh.T, b_h, W_hh.T))
    r, z = (f(sums(x[k], h[k], b[k])) for k, f in (("r", squash_r or squash), ("z", squash_z or squash)))
    n = squash_n(inner(x["n"], h["n"], b["n"], resets(r, z), h_prev, W["n"].T))
    return keep(z, n, h_prev, r)


_gru = partial(partial, gru_step)  # _gru(order="zrn"): the step with that change


def _blocks_turned(W: Array) -> Array:
    """Each square block transposed."""
    return np.concatenate([block.T for block in np.split(W, len(W) // W.shape[1])])


def _gates_turned(W: Array) -> Array:
    """Each square block but the last, the candidate's, transposed."""
    H = W.shape[1]
    return np.concatenate([_blocks_turned(W[:-H]), W[-H:]])


def _gru_cases(rng: np.random.Generator) -> list[Case]:
    args = _args(rng)
    return [
        Case("B = 3, D = 5, H = 4", tuple(args)),
        Case("B = D = H = 3", tuple(_args(rng, 3, 3, 3))),
        Case("h_prev = 0", zeroed(args, 1), easy=True, look="look at what happens to the old state"),
        Case("x_t = 0", zeroed(args, 0), easy=True, look="look at the input terms"),
        Case("b_x = b_h = 0", zeroed(args, 4, 5), easy=True, look="look at the biases"),
        Case("b_h = 0", zeroed(args, 5), easy=True, look="look at where b_h enters"),
        Case("B = 1", tuple(_args(rng, B=1)), easy=True, look="look at how rows of the batch are kept apart"),
        Case(
            "H = 1",
            tuple(_args(rng, H=1)),
            easy=True,
            look="look at how the blocks are cut, and at the product in the candidate",
        ),
    ]


_KEEP_OR_REPLACE = (
    "Push z to 1 through its bias. Should the state stay, or be replaced?",
    "Papers differ here: which of the two forms does the statement give?",
    "Which of the two terms of your last line carries the old state?",
)
_BLOCKS = (
    "Push only the first block's bias up. Which gate should react, and which does?",
    "In which order does the statement stack the blocks?",
    "Swap two names in your split: which two?",
)
_RESET = (
    "Push r to 0 through its bias: which part of the candidate must vanish, and which must stay?",
    "What is reset: the input or the memory?",
    "Write down what stands inside the bracket that r multiplies.",
)
_TWO_BIASES = (
    "Set x_t and h_prev to zero: what should reach the gates?",
    "Count the bias vectors of the signature and those in your code.",
    "Change each bias alone and watch whether the result moves.",
)
_TURNED = (
    "The shape is right, the numbers are not: which matrix is square and cannot complain?",
    "Put a single 1 off the diagonal of one block of W_hh. Which unit should it feed?",
    "A batch keeps its vectors as rows: what does that ask of each matrix?",
)
_SEEN = (
    "Feed two different x_t, then two different h_prev: which gates and which candidate should change?",
    "How many matrix products has each gate, and how many has your line?",
)
_RANGE = (
    "Try inputs of size 10: between which numbers do r, z and n lie?",
    "Which of the three blocks is a value, and which are gates?",
)
_MIX = (
    "Do the two weights of the mixture add up to 1?",
    "Push z to 1: what should be left? Push it to 0: what then?",
    "Is your new state always between n and h_prev?",
)

GRU_STEP = Exercise(
    id="06.1",
    name="gru_step",
    points=3,
    reference=gru_step,
    cases=_gru_cases,
    outputs=("h_t",),
    bare=True,
    arguments="left",
    hints=(
        "Print r, z and n of the worked example and compare them one by one.",
        "Compute both products whole, (B, 3H), and cut them into three blocks afterwards.",
        "Three blocks, two products, two biases: only one block treats the product of h_prev differently.",
    ),
    misconceptions=(
        Misconception(
            "U01", "z and 1 - z exchanged", _gru(keep=lambda z, n, h, r: (1 - z) * h + z * n), _KEEP_OR_REPLACE
        ),
        Misconception(
            "U11",
            "the reset gate used for the mixing",
            _gru(keep=lambda z, n, h, r: (1 - r) * n + r * h),
            _KEEP_OR_REPLACE,
        ),
        Misconception("U02", "reset gate not used", _gru(inner=lambda a_x, a_h, b, r, h, W: a_x + a_h + b), _RESET),
        Misconception(
            "U03",
            "reset before the matrix product",
            _gru(inner=lambda a_x, a_h, b, r, h, W: a_x + (r * h) @ W.T + b),
            (
                "Two versions of this cell exist. Which one does the statement give?",
                "Does r act on the state, or on the result of the product?",
                "With H = 1 both nearly agree: try H = 2 and a matrix that is not diagonal.",
            ),
        ),
        Misconception(
            "U03.inside",
            "reset before the matrix product, the bias under it too",
            _gru(inner=lambda a_x, a_h, b, r, h, W: a_x + (r * h) @ W.T + r * b),
            _RESET,
        ),
        Misconception("U04", "blocks in the order z, r, n", _gru(order="zrn"), _BLOCKS),
        Misconception("U15", "blocks in the order n, r, z", _gru(order="nrz"), _BLOCKS),
        Misconception("U04.rnz", "blocks in the order r, n, z", _gru(order="rnz"), _BLOCKS),
        Misconception("U04.znr", "blocks in the order z, n, r", _gru(order="znr"), _BLOCKS),
        Misconception("U04.nzr", "blocks in the order n, z, r", _gru(order="nzr"), _BLOCKS),
        Misconception("S05", "each block of W_hh transposed", _gru(matrix=_blocks_turned), _TURNED),
        Misconception("S05.gates", "the blocks of r and z in W_hh transposed", _gru(matrix=_gates_turned), _TURNED),
        Misconception(
            "U07.sign",
            "both gates turned round, as by a sigmoid of the wrong sign: 1 / (1 + exp(a))",
            _gru(squash=lambda a: sigmoid(-a)),
            ("What is your sigmoid of 5? Of -5?", "A strongly positive sum: is that gate open or closed?"),
        ),
        Misconception("S01.gates", "the gates do not see h_prev", _gru(sums=lambda x, h, b: x), _SEEN),
        Misconception("S01.gates_b", "h_prev left out of the gates", _gru(sums=lambda x, h, b: x + b), _SEEN),
        Misconception("S01.input", "the gates do not see x_t", _gru(sums=lambda x, h, b: h + b), _SEEN),
        Misconception(
            "U16.input",
            "x_t left out of the candidate",
            _gru(inner=lambda a_x, a_h, b, r, h, W: r * (a_h + b)),
            _SEEN,
        ),
        Misconception("S04.r", "no activation on r", _gru(squash_r=lambda a: a), _RANGE),
        Misconception("S04.z", "no activation on z", _gru(squash_z=lambda a: a), _RANGE),
        Misconception("S04.gates", "no activation on the gates", _gru(squash=lambda a: a), _RANGE),
        Misconception("U07.r", "tanh on r", _gru(squash_r=np.tanh), _RANGE),
        Misconception("U07.z", "tanh on z", _gru(squash_z=np.tanh), _RANGE),
        Misconception("U07.relu", "a ReLU on the candidate", _gru(squash_n=lambda a: np.maximum(a, 0)), _RANGE),
        Misconception(
            "U08.new",
            "the candidate returned: no mixture with the old state",
            _gru(keep=lambda z, n, h, r: n),
            _MIX,
        ),
        Misconception(
            "U14.old", "the weight z of h_prev is missing", _gru(keep=lambda z, n, h, r: (1 - z) * n + h), _MIX
        ),
        Misconception(
            "U05",
            "recurrent bias outside the reset",
            _gru(inner=lambda a_x, a_h, b, r, h, W: a_x + r * a_h + b),
            (
                "Why does this cell need two biases for n?",
                "Push r to 0: should the recurrent bias still act?",
                "What exactly is inside the bracket that r multiplies?",
            ),
        ),
        Misconception(
            "U06.candidate",
            "the recurrent bias of the candidate is missing",
            _gru(inner=lambda a_x, a_h, b, r, h, W: a_x + r * a_h),
            _TWO_BIASES,
        ),
        Misconception("U06", "b_h is missing", _gru(use_b_h=False), _TWO_BIASES),
        Misconception("U12", "b_x is missing", _gru(use_b_x=False), _TWO_BIASES),
        Misconception("U06.both", "both biases are missing", _gru(use_b_x=False, use_b_h=False), _TWO_BIASES),
        Misconception(
            "U07",
            "sigmoid on the candidate",
            _gru(squash_n=sigmoid),
            (
                "Can your state become negative?",
                "Which of the three blocks is a value, and which are gates?",
                "Which range must a value have?",
            ),
        ),
        Misconception("U08", "the old state is lost: only (1 - z) n", _gru(keep=lambda z, n, h, r: (1 - z) * n), _MIX),
        Misconception("U14", "the weight 1 - z of n is missing", _gru(keep=lambda z, n, h, r: n + z * h), _MIX),
        Misconception(
            "U09",
            "reset gate on the input term",
            _gru(inner=lambda a_x, a_h, b, r, h, W: r * a_x + a_h + b),
            _RESET,
        ),
        Misconception(
            "U10",
            "reset gate on both terms",
            _gru(inner=lambda a_x, a_h, b, r, h, W: r * (a_x + a_h + b)),
            _RESET,
        ),
        Misconception(
            "U13",
            "1 - r where r belongs",
            _gru(inner=lambda a_x, a_h, b, r, h, W: a_x + (1 - r) * (a_h + b)),
            _RESET,
        ),
        Misconception("U11.reset", "the update gate used in the candidate too", _gru(resets=lambda r, z: z), _RESET),
        Misconception(
            "U16.bias",
            "the state enters the candidate without its matrix",
            _gru(inner=lambda a_x, a_h, b, r, h, W: a_x + r * (h + b)),
            _RESET,
        ),
        Misconception(
            "U16",
            "the state enters the candidate without its matrix and bias",
            _gru(inner=lambda a_x, a_h, b, r, h, W: a_x + r * h),
            _RESET,
        ),
        Misconception(
            "U16.none",
            "the candidate does not see the past at all",
            _gru(inner=lambda a_x, a_h, b, r, h, W: a_x),
            _RESET,
        ),
        Misconception(
            "U30",
            "the reset gate acts in the last line too",
            _gru(keep=lambda z, n, h, r: (1 - z) * n + z * r * h),
            (
                "Push r to 0 and z to 1: should the old state survive?",
                "In how many of the four equations does r stand, apart from its own?",
                "Which gate alone decides about the mixture of old and new?",
            ),
        ),
        Misconception(
            "U31",
            "a tanh around the new state",
            _gru(keep=lambda z, n, h, r: np.tanh((1 - z) * n + z * h)),
            (
                "Push z to 1: is the state left exactly as it was?",
                "How many tanh does the statement have?",
                "A mean of numbers between -1 and 1: does it still need squashing?",
            ),
        ),
        Misconception(
            "U07.gates",
            "tanh on the gates",
            _gru(squash=np.tanh),
            (
                "Can your gates become negative? What would a negative share of the old state mean?",
                "Which of the three blocks is a value, and which are gates?",
            ),
        ),
        Misconception(
            "U04.cut",
            "the blocks cut as every third column",
            _gru(cut=lambda a: [a[..., k::3] for k in range(3)]),
            (
                "Push only the first H numbers of b_x up. Which entries of your r, z and n react?",
                "Are the blocks stacked one below the other, or dealt out like cards?",
                "Which columns of a (B, 3H) array belong to r?",
            ),
        ),
        Misconception(
            "S04",
            "no tanh on the candidate",
            _gru(squash_n=lambda a: a),
            (
                "How large can your candidate become? How large should it?",
                "Try inputs of size 10.",
                "Which function closes the line of n in the statement?",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 06.2 gru_step_before


def gru_step_before(
    x_t: Array,
    h_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_x: Array,
    b_h: Array,
    inner: Callable[..., Array] = lambda a_x, a_h, b, r, h, W: a_x + (r * h) @ W.T + b,
    **changes: Any,
) -> Array:
    return gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h, inner=inner, **changes)


_before = partial(partial, gru_step_before)

GRU_BEFORE = Exercise(
    id="06.2",
    name="gru_step_before",
    points=1,
    reference=gru_step_before,
    cases=_gru_cases,
    outputs=("h_t",),
    bare=True,
    hints=(
        "Only the line of the candidate differs from 06.1.",
        "Which array does r multiply here, before the product?",
    ),
    misconceptions=(
        Misconception(
            "U03.after",
            "reset after the matrix product: this is 06.1 again",
            _before(inner=lambda a_x, a_h, b, r, h, W: a_x + r * (a_h + b)),
            (
                "Compare your result with 06.1 on the same input. Should they agree?",
                "Does r act on the state here, or on the result of the product?",
                "Write the shapes of r, h_prev and W_hn: which two meet first?",
            ),
        ),
        Misconception(
            "U05.after",
            "reset after the matrix product, the bias outside",
            _before(inner=lambda a_x, a_h, b, r, h, W: a_x + r * a_h + b),
            (
                "Does r act on the state here, or on the result of the product?",
                "With a W_hn that is not diagonal the two differ: which one does the statement give?",
            ),
        ),
        Misconception(
            "U03.inside",
            "the bias of the candidate is reset too",
            _before(inner=lambda a_x, a_h, b, r, h, W: a_x + (r * h) @ W.T + r * b),
            ("Push r to 0: should b_h still act?", "What does r multiply in the statement: the state, or more?"),
        ),
        Misconception("U02", "reset gate not used", _before(inner=lambda a_x, a_h, b, r, h, W: a_x + a_h + b), _RESET),
        Misconception(
            "U05.input",
            "reset gate on the input term",
            _before(inner=lambda a_x, a_h, b, r, h, W: r * a_x + a_h + b),
            _RESET,
        ),
        Misconception(
            "U13",
            "1 - r where r belongs",
            _before(inner=lambda a_x, a_h, b, r, h, W: a_x + ((1 - r) * h) @ W.T + b),
            _RESET,
        ),
        Misconception(
            "U16",
            "the state enters the candidate without its matrix",
            _before(inner=lambda a_x, a_h, b, r, h, W: a_x + r * h + b),
            _RESET,
        ),
        Misconception(
            "U06.candidate",
            "the recurrent bias of the candidate is missing",
            _before(inner=lambda a_x, a_h, b, r, h, W: a_x + (r * h) @ W.T),
            _TWO_BIASES,
        ),
        Misconception(
            "S05.candidate",
            "the candidate's block of W_hh transposed",
            _before(inner=lambda a_x, a_h, b, r, h, W: a_x + (r * h) @ W + b),
            _TURNED,
        ),
        *(
            Misconception(m.key, m.name, _before(**m.wrong.keywords), m.hints)
            for m in GRU_STEP.misconceptions
            if "inner" not in m.wrong.keywords
        ),
    ),
)


# ---------------------------------------------------------------- 06.3 gru_step_backward


def _slope(s: Array) -> Array:
    return s * (1 - s)


def _forward(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_x: Array, b_h: Array) -> tuple[Array, ...]:
    H = h_prev.shape[1]
    a_x, a_h = x_t @ W_xh.T + b_x, h_prev @ W_hh.T + b_h
    r = sigmoid(a_x[:, :H] + a_h[:, :H])
    z = sigmoid(a_x[:, H : 2 * H] + a_h[:, H : 2 * H])
    n = np.tanh(a_x[:, 2 * H :] + r * a_h[:, 2 * H :])
    return r, z, n, a_h[:, 2 * H :]


def gru_step_backward(
    dh_t: Array,
    x_t: Array,
    h_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_x: Array,
    b_h: Array,
    dz: Callable[..., Array] = lambda dh, h, n: dh * (h - n),
    dn: Callable[..., Array] = lambda dh, z: dh * (1 - z),
    slope_n: Callable[..., Array] = lambda n: 1 - n**2,
    slopes: tuple[Callable[..., Array], ...] = (_slope, _slope),
    dr: Callable[..., Array] = lambda da_n, s, n, dn: da_n * s,
    through_r: Callable[..., Array] = lambda da_n, r: da_n * r,
    of_input: Callable[..., Array] = lambda da_n, r: da_n,
    forward: Callable[..., Array] = lambda b: b,
    read: Callable[..., Array] = lambda a: a,
    order: tuple[int, ...] = (0, 1, 2),
    direct: Callable[..., Array] = lambda dh, z: dh * z,
    back: Callable[..., Array] = lambda da_h, da_x, W: da_h @ W,
    weights: Callable[..., tuple[Array, Array]] = lambda da_x, da_h, x, h: (da_x.T @ x, da_h.T @ h),
    biases: Callable[..., tuple[Array, Array]] = lambda da_x, da_h: (da_x.sum(axis=0), da_h.sum(axis=0)),
) -> tuple[Array, ...]:
    """The backward twin of the GRU step; from `dz` on, each argument is one place where a factor can go wrong."""
    r, z, n, s = _forward(x_t, h_prev, *map(read, (W_xh, W_hh, forward(b_x), forward(b_h))))
    dn_t = dn(dh_t, z)
    da_n = dn_t * slope_n(n)
    da_r = dr(da_n, s, n, dn_t) * slopes[0](r)
    da_z = dz(dh_t, h_prev, n) * slopes[1](z)
    of_x, of_h = (da_r, da_z, of_input(da_n, r)), (da_r, da_z, through_r(da_n, r))
    da_x, da_h = (np.concatenate([blocks[k] for k in order], axis=1) for blocks in (of_x, of_h))  # (B, 3H)
    dh_prev = direct(dh_t, z) + back(da_h, da_x, W_hh)
    return da_x @ W_xh, dh_prev, *weights(da_x, da_h, x_t, h_prev), *biases(da_x, da_h)


_backward = partial(partial, gru_step_backward)


def _r_and_z_exchanged(a: Array) -> Array:
    r, z, n = np.split(a, 3)
    return np.concatenate([z, r, n])


def _backward_cases(rng: np.random.Generator) -> list[Case]:
    args = _args(rng)
    dh = _draw(rng, 3, 4)
    one = _args(rng, B=1)
    return [
        Case("B = 3, D = 5, H = 4", (dh, *args)),
        Case("B = D = H = 3", (_draw(rng, 3, 3), *_args(rng, 3, 3, 3))),
        Case("h_prev = 0", (dh, *zeroed(args, 1)), easy=True, look="look at the terms that hold h_prev"),
        Case("b_x = b_h = 0", (dh, *zeroed(args, 4, 5)), easy=True, look="look at where the biases enter"),
        Case("B = 1", (_draw(rng, 1, 4), *one), easy=True, look="look at what is summed over the batch"),
    ]


_PATHS = (
    "List every place where h_prev appears in the forward equations. There are four.",
    "Set W_hh to zero: which part of dh_prev must remain?",
    "Which of the four paths has no matrix on it?",
)
_SLOPES = (
    "Which function made this block in the forward pass?",
    "Write its slope in terms of its own output.",
    "Compare the three blocks of your dW_xh with finite differences: which one is wrong?",
)

_STACKS = (
    "The candidate's block meets r on its way to the state. Which of your results lack that factor?",
    "Push r to 0: may W_hn still get a gradient?",
    "There are two stacks, one for what met x_t, one for what met h_prev. Which one belongs here?",
)
_STACK_ORDER = (
    "In which order does the statement stack the blocks?",
    "Are the wrong numbers perhaps right numbers at the wrong place?",
    "Compare the three thirds of your db_x with finite differences.",
)
_BATCH = (
    "Is the ratio of your gradient to the right one one constant? Do the shapes agree?",
    "Double the batch by repeating it: should the gradient double?",
    "Who decides on the mean, the loss or the backward pass?",
)

GRU_BACKWARD = Exercise(
    id="06.3",
    name="gru_step_backward",
    points=2,
    reference=gru_step_backward,
    cases=_backward_cases,
    outputs=("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_x", "db_h"),
    blocks={"db_x": "rzn", "db_h": "rzn"},
    bare=True,
    hints=(
        "Write the forward equations with a name for every intermediate, then go through them from last to first.",
        "Check one quantity after the other: da_n, da_z, da_r, and only then the six results.",
        "In the candidate, x_t and h_prev meet different factors: that is why there are two bias gradients.",
    ),
    misconceptions=(
        Misconception(
            "GB1", "the direct path z * dh_t to h_prev is missing", _backward(direct=lambda dh, z: 0 * dh), _PATHS
        ),
        Misconception(
            "GB2", "the direct path weighted with 1 - z", _backward(direct=lambda dh, z: dh * (1 - z)), _PATHS
        ),
        Misconception(
            "GB2.one",
            "the direct path not weighted: dh_t where z * dh_t belongs",
            _backward(direct=lambda dh, z: dh),
            _PATHS,
        ),
        Misconception(
            "GB13",
            "dh_prev has the direct path only: the paths through r, z and n are missing",
            _backward(back=lambda da_h, da_x, W: 0.0),
            _PATHS,
        ),
        Misconception(
            "GB14",
            "db_h taken to be db_x",
            _backward(biases=lambda da_x, da_h: (da_x.sum(axis=0), da_x.sum(axis=0))),
            (
                "In the candidate, which of the two biases stands inside the bracket that r multiplies?",
                "Push r to 0: may b_h's last block still have a gradient?",
            ),
        ),
        Misconception(
            "GB15",
            "the way back of the other convention: h_t = (1 - z) h_prev + z n",
            _backward(dz=lambda dh, h, n: dh * (n - h), dn=lambda dh, z: dh * z, direct=lambda dh, z: dh * (1 - z)),
            (
                "Push z to 1: is the state kept in this course, or replaced?",
                "Differentiate the last line of 06.1 by n, by z and by h_prev.",
            ),
        ),
        Misconception(
            "U04",
            "blocks in the order z, r, n, on the way forward and back",
            _backward(read=_r_and_z_exchanged, order=(1, 0, 2)),
            _STACK_ORDER,
        ),
        Misconception(
            "GB3",
            "dz from n - h_prev: the sign is turned",
            _backward(dz=lambda dh, h, n: dh * (n - h)),
            (
                "h_t = (1 - z) n + z h_prev. Differentiate it by z.",
                "If h_prev is above n, does more z raise or lower the state?",
                "Check the z block of db_x with a finite difference.",
            ),
        ),
        Misconception(
            "GB4",
            "dz from h_prev alone: the term - n is missing",
            _backward(dz=lambda dh, h, n: dh * h),
            (
                "In how many places does z stand in the last equation?",
                "With h_prev = n, can z have any influence?",
                "Differentiate both terms of the mixture by z.",
            ),
        ),
        Misconception(
            "GB5",
            "the factor 1 - z of the candidate is missing",
            _backward(dn=lambda dh, z: dh),
            (
                "Push z to 1: can the candidate still get a gradient?",
                "By what is n multiplied in the last equation?",
            ),
        ),
        Misconception(
            "GB6",
            "n gets z * dh_t: the two weights are exchanged",
            _backward(dn=lambda dh, z: dh * z),
            ("Push z to 1: can the candidate still get a gradient?", "By what is n multiplied in the last equation?"),
        ),
        Misconception("GB7", "the slope of the candidate's tanh is missing", _backward(slope_n=lambda n: 1), _SLOPES),
        Misconception("GB8", "sigmoid's slope on the candidate", _backward(slope_n=lambda n: n * (1 - n)), _SLOPES),
        Misconception(
            "GB9", "the gates' slopes s (1 - s) are missing", _backward(slopes=(np.ones_like, np.ones_like)), _SLOPES
        ),
        Misconception("GB9.r", "the slope r (1 - r) is missing", _backward(slopes=(np.ones_like, _slope)), _SLOPES),
        Misconception("GB9.z", "the slope z (1 - z) is missing", _backward(slopes=(_slope, np.ones_like)), _SLOPES),
        Misconception("GB10", "tanh's slope on the gates", _backward(slopes=(lambda s: 1 - s**2,) * 2), _SLOPES),
        Misconception(
            "GB10.twice",
            "the sigmoid taken twice in the gates' slopes",
            _backward(slopes=(lambda s: _slope(sigmoid(s)),) * 2),
            _SLOPES,
        ),
        Misconception(
            "GB8.twice",
            "the tanh taken twice in the candidate's slope",
            _backward(slope_n=lambda n: 1 - np.tanh(n) ** 2),
            _SLOPES,
        ),
        Misconception(
            "GB11",
            "dr from n where the bracket W_hn h_prev + b_hn belongs",
            _backward(dr=lambda da_n, s, n, dn: da_n * n),
            (
                "What does r multiply in the equation of n? That factor belongs to dr.",
                "With h_prev = 0 and b_h = 0, may r have any gradient?",
            ),
        ),
        Misconception(
            "GB11.slope",
            "dr without the candidate's slope: from dn where da_n belongs",
            _backward(dr=lambda da_n, s, n, dn: dn * s),
            (
                "Does r stand inside or outside the tanh of the candidate?",
                "Which quantity is the gradient at the sum that r is a part of: dn or da_n?",
            ),
        ),
        Misconception(
            "GB12",
            "the recurrent part of the candidate is not multiplied by r",
            _backward(through_r=lambda da_n, r: da_n),
            (
                "Push r to 0: may W_hn still get a gradient?",
                "Between da_n and the product W_hn h_prev stands one more factor. Which?",
                "db_x and db_h differ in one block only. Do yours?",
            ),
        ),
        Misconception(
            "B06",
            "dh_prev with each block of W_hh transposed",
            _backward(back=lambda da_h, da_x, W: da_h @ _blocks_turned(W)),
            (
                "Forward the code has h_prev @ W_hh.T. What belongs into the way back?",
                "Test with a block that has a single 1 off the diagonal: which unit must receive the gradient?",
            ),
        ),
        Misconception(
            "GB12.input",
            "the input's part of the candidate is multiplied by r",
            _backward(of_input=lambda da_n, r: da_n * r),
            _STACKS,
        ),
        Misconception(
            "GB14.exchanged",
            "db_x and db_h exchanged",
            _backward(biases=lambda da_x, da_h: (da_h.sum(axis=0), da_x.sum(axis=0))),
            _STACKS,
        ),
        Misconception(
            "L11",
            "biases forgotten in the forward lines",
            _backward(forward=np.zeros_like),
            ("Print your gates and compare them with those of 06.1.", "Is your answer right when both biases are 0?"),
        ),
        Misconception(
            "GB12.back",
            "dh_prev from the stack of the input: there the candidate's block is not multiplied by r",
            _backward(back=lambda da_h, da_x, W: da_x @ W),
            _STACKS,
        ),
        Misconception(
            "GB12.weights",
            "dW_hh from the stack of the input: there the candidate's block is not multiplied by r",
            _backward(weights=lambda da_x, da_h, x, h: (da_x.T @ x, da_x.T @ h)),
            _STACKS,
        ),
        Misconception("L36", "blocks stacked in the order z, r, n", _backward(order=(1, 0, 2)), _STACK_ORDER),
        Misconception("L36.nrz", "blocks stacked in the order n, r, z", _backward(order=(2, 0, 1)), _STACK_ORDER),
        Misconception("L36.nzr", "blocks stacked in the order n, z, r", _backward(order=(2, 1, 0)), _STACK_ORDER),
        Misconception(
            "B09",
            "weight gradients transposed",
            _backward(weights=lambda da_x, da_h, x, h: (x.T @ da_x, h.T @ da_h)),
            (
                "Compare the shape of your dW_xh with the shape of W_xh.",
                "Which of the two arrays must be transposed, so that 3H comes first?",
            ),
        ),
        Misconception("B10", "bias gradients not summed over the batch", _backward(biases=lambda *da: da), _BATCH),
        Misconception(
            "B11",
            "bias gradients averaged over the batch",
            _backward(biases=lambda da_x, da_h: (da_x.mean(axis=0), da_h.mean(axis=0))),
            _BATCH,
        ),
        Misconception(
            "B12.weights",
            "the gradients of the two matrices averaged over the batch",
            _backward(weights=lambda da_x, da_h, x, h: (da_x.T @ x / len(x), da_h.T @ h / len(x))),
            _BATCH,
        ),
        Misconception(
            "B12",
            "weight gradients averaged over the batch",
            _backward(
                weights=lambda da_x, da_h, x, h: (da_x.T @ x / len(x), da_h.T @ h / len(x)),
                biases=lambda da_x, da_h: (da_x.mean(axis=0), da_h.mean(axis=0)),
            ),
            _BATCH,
        ),
    ),
)


# ---------------------------------------------------------------- 06.4 to_pytorch


def to_pytorch(W_xh: Array, W_hh: Array, b_x: Array, b_h: Array) -> tuple[Array, ...]:
    """sigmoid(-a) = 1 - sigmoid(a): negate the z block of every array."""
    H = W_hh.shape[1]
    sign = np.ones(3 * H)
    sign[H : 2 * H] = -1
    return sign[:, None] * W_xh, sign[:, None] * W_hh, sign * b_x, sign * b_h


def _convert_cases(rng: np.random.Generator) -> list[Case]:
    return [Case("D = 5, H = 4", tuple(_args(rng)[2:])), Case("D = H = 3", tuple(_args(rng, 3, 3, 3)[2:]))]


def _negated(which: tuple[int, ...], arrays: tuple[int, ...] = (0, 1, 2, 3)) -> Callable[..., tuple[Array, ...]]:
    def convert(*params: Array) -> tuple[Array, ...]:
        H = params[1].shape[1]
        new = [p.copy() for p in params]
        for k in arrays:
            for block in which:
                new[k][block * H : (block + 1) * H] *= -1
        return tuple(new)

    return convert


def _complement(*params: Array) -> tuple[Array, ...]:
    H = params[1].shape[1]
    new = [p.copy() for p in params]
    for p in new:
        p[H : 2 * H] = 1 - p[H : 2 * H]
    return tuple(new)


_NEGATE = (
    "The gate you want is 1 - sigmoid(a). For which argument does sigmoid give that?",
    "Run both formulas with your converted weights: do the outputs agree?",
    "Everything that enters the argument of z must change: how many arrays have a z block?",
)


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
        h_t = gru_step(x_t, h_prev, *(np.asarray(a, dtype=float) for a in result))
    return {"h_t of the converted cell": h_t}


CONVERT = Exercise(
    id="06.4",
    name="to_pytorch",
    points=1,
    reference=to_pytorch,
    arguments="left",
    new=True,
    cases=_convert_cases,
    view=_run_converted,
    hints=_NEGATE,
    misconceptions=(
        Misconception("U01.same", "nothing changed: the two conventions taken as one", _negated(()), _NEGATE),
        Misconception("U01.r", "the reset block negated instead of the update block", _negated((0,)), _NEGATE),
        Misconception("U01.n", "the candidate negated instead of the update block", _negated((2,)), _NEGATE),
        Misconception("U01.all", "every block negated", _negated((0, 1, 2)), _NEGATE),
        Misconception("U01.weights", "the biases of z are not negated", _negated((1,), (0, 1)), _NEGATE),
        Misconception("U01.bias", "only the biases of z are negated", _negated((1,), (2, 3)), _NEGATE),
        *(
            Misconception(key, f"the block of z is not negated in {name}", _negated((1,), arrays), _NEGATE)
            for key, name, arrays in (
                ("U01.W", "W_hh", (0, 2, 3)),
                ("U01.W_xh", "W_xh", (1, 2, 3)),
                ("U01.b", "b_h", (0, 1, 2)),
                ("U01.b_x", "b_x", (0, 1, 3)),
                ("U01.x", "W_hh and b_h", (0, 2)),
                ("U01.h", "W_xh and b_x", (1, 3)),
                ("U01.only_x", "W_hh and the biases", (0,)),
                ("U01.only_h", "W_xh and the biases", (1,)),
            )
        ),
        Misconception("U01.rz", "the reset block negated too", _negated((0, 1)), _NEGATE),
        Misconception("U01.zn", "the candidate negated too", _negated((1, 2)), _NEGATE),
        Misconception(
            "U01.exchanged",
            "the blocks of r and z exchanged, where z was to be negated",
            lambda *params: tuple(map(_r_and_z_exchanged, params)),
            _NEGATE,
        ),
        Misconception("U01.minus", "1 - w where -w belongs", _complement, _NEGATE),
    ),
)


# ---------------------------------------------------------------- 06.5 mgu_step


def mgu_step(
    x_t: Array,
    h_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    swap: bool = False,
    matrix: Callable[[Array], Array] = lambda W: W,
    use_b: bool = True,
    squash: Callable[[Array], Array] = sigmoid,
    inner: Callable[..., Array] = lambda a_x, b, f, h, W: a_x + (f * h) @ W.T + b,
    squash_n: Callable[[Array], Array] = np.tanh,
    keep: Callable[..., Array] = lambda f, n, h: (1 - f) * h + f * n,
    sums: Callable[[Array, Array, Array], Array] = lambda x, h, b: x + h + b,
) -> Array:
    """A step of the minimal gated unit; from `swap` on, each argument is one place for a slip."""
    H = h_prev.shape[1]
    first, second = (slice(H, 2 * H), slice(0, H)) if swap else (slice(0, H), slice(H, 2 * H))
    W_hh, b_h = matrix(W_hh), b_h * use_b
    f = squash(sums(x_t @ W_xh[first].T, h_prev @ W_hh[first].T, b_h[first]))
    n = squash_n(inner(x_t @ W_xh[second].T, b_h[second], f, h_prev, W_hh[second]))
    return keep(f, n, h_prev)


_mgu = partial(partial, mgu_step)


def _mgu_cases(rng: np.random.Generator) -> list[Case]:
    def draw(*sizes: int) -> list[Array]:
        return _args(rng, *sizes, gates=2)[:5]

    args = draw()
    return [
        Case("B = 3, D = 5, H = 4", tuple(args)),
        Case("B = D = H = 3", tuple(draw(3, 3, 3))),
        Case("h_prev = 0", zeroed(args, 1), easy=True, look="look at the terms with the old state"),
        Case("b_h = 0", zeroed(args, 4), easy=True, look="look at the bias"),
    ]


_GATED = (
    "Push f to 0 through its bias: which part of the candidate must vanish, and which must stay?",
    "Write down what stands inside the bracket that W_hn multiplies.",
)
_RANGES = (
    "Try inputs of size 10: which range has your f, and which your n?",
    "Which block is a value, and which a gate?",
)
_MIX_F = ("Push f to 0, then to 1: what should be left each time?", "Do the weights of old and new add up to 1?")

MGU = Exercise(
    id="06.5",
    name="mgu_step",
    points=1,
    reference=mgu_step,
    cases=_mgu_cases,
    outputs=("h_t",),
    bare=True,
    hints=(
        "Two blocks, f first, then the candidate: cut W_xh, W_hh and b_h at H.",
        "One gate does two jobs: where does f appear in the equations?",
    ),
    misconceptions=(
        Misconception(
            "U01",
            "f and 1 - f exchanged: in this cell f = 1 takes the new value",
            _mgu(keep=lambda f, n, h: f * h + (1 - f) * n),
            (
                "Push f to 1 through its bias. Does the statement keep the state then, or replace it?",
                "Which term of the last equation carries f, which 1 - f?",
            ),
        ),
        Misconception(
            "U02",
            "the gate does not act inside the candidate",
            _mgu(inner=lambda a_x, b, f, h, W: a_x + h @ W.T + b),
            ("f stands in two equations. In how many of your lines does it?", "Push f to 0: may n still see the past?"),
        ),
        Misconception(
            "U03",
            "the gate acts after the matrix product",
            _mgu(inner=lambda a_x, b, f, h, W: a_x + f * (h @ W.T) + b),
            ("Does f act on the state, or on the result of the product?", "Try a matrix that is not diagonal."),
        ),
        Misconception(
            "U03.bias",
            "the gate acts after the matrix product, on the bias too",
            _mgu(inner=lambda a_x, b, f, h, W: a_x + f * (h @ W.T + b)),
            ("Does f act on the state, or on the result of the product?", "Push f to 0: should b_n still act?"),
        ),
        Misconception(
            "U09", "the gate on the input term", _mgu(inner=lambda a_x, b, f, h, W: f * a_x + h @ W.T + b), _GATED
        ),
        Misconception(
            "U10",
            "the gate on both terms of the candidate",
            _mgu(inner=lambda a_x, b, f, h, W: f * (a_x + h @ W.T + b)),
            _GATED,
        ),
        Misconception(
            "U13",
            "1 - f inside the candidate, where f belongs",
            _mgu(inner=lambda a_x, b, f, h, W: a_x + ((1 - f) * h) @ W.T + b),
            _GATED,
        ),
        Misconception(
            "U16",
            "the state enters the candidate without its matrix",
            _mgu(inner=lambda a_x, b, f, h, W: a_x + f * h + b),
            _GATED,
        ),
        Misconception(
            "U16.none",
            "the candidate does not see the past at all",
            _mgu(inner=lambda a_x, b, f, h, W: a_x + b),
            _GATED,
        ),
        Misconception(
            "U06.candidate",
            "the bias of the candidate is missing",
            _mgu(inner=lambda a_x, b, f, h, W: a_x + (f * h) @ W.T),
            ("Set x_t and h_prev to zero: what should come out?", "Which half of b_h does your code use?"),
        ),
        Misconception(
            "S05.candidate",
            "the candidate's block of W_hh transposed",
            _mgu(inner=lambda a_x, b, f, h, W: a_x + (f * h) @ W + b),
            _TURNED,
        ),
        Misconception("S05", "each block of W_hh transposed", _mgu(matrix=_blocks_turned), _TURNED),
        Misconception("S05.gate", "the gate's block of W_hh transposed", _mgu(matrix=_gates_turned), _TURNED),
        Misconception(
            "U07.sign",
            "f and 1 - f exchanged everywhere, as by a sigmoid of the wrong sign",
            _mgu(squash=lambda a: sigmoid(-a)),
            ("What is your sigmoid of 5? Of -5?", "Push f to 1 through its bias: does it close in your code?"),
        ),
        Misconception("S01.gate", "h_prev left out of the gate", _mgu(sums=lambda x, h, b: x + b), _SEEN),
        Misconception("S01.input", "x_t left out of the gate", _mgu(sums=lambda x, h, b: h + b), _SEEN),
        Misconception(
            "U16.input",
            "x_t left out of the candidate",
            _mgu(inner=lambda a_x, b, f, h, W: (f * h) @ W.T + b),
            _SEEN,
        ),
        Misconception("S04.gate", "no activation on the gate", _mgu(squash=lambda a: a), _RANGES),
        Misconception(
            "U08.new", "the candidate returned: no mixture with the old state", _mgu(keep=lambda f, n, h: n), _MIX_F
        ),
        Misconception(
            "U31", "a tanh around the new state", _mgu(keep=lambda f, n, h: np.tanh((1 - f) * h + f * n)), _MIX_F
        ),
        Misconception("U07.gate", "tanh on the gate", _mgu(squash=np.tanh), _RANGES),
        Misconception("S04", "no tanh on the candidate", _mgu(squash_n=lambda a: a), _RANGES),
        Misconception("U14", "the weight f of n is missing", _mgu(keep=lambda f, n, h: (1 - f) * h + n), _MIX_F),
        Misconception("U14.old", "the weight 1 - f of h is missing", _mgu(keep=lambda f, n, h: h + f * n), _MIX_F),
        Misconception(
            "U04",
            "the two blocks exchanged",
            _mgu(swap=True),
            ("In which order does the statement stack the blocks?", "Push only the first block's bias: what reacts?"),
        ),
        Misconception(
            "U07",
            "sigmoid on the candidate",
            _mgu(squash_n=sigmoid),
            ("Can your state become negative?", "Which block is a value, and which a gate?"),
        ),
        Misconception(
            "U08",
            "the old state is lost",
            _mgu(keep=lambda f, n, h: f * n),
            ("Push f to 0: what should be left?", "Do the weights of old and new add up to 1?"),
        ),
        Misconception(
            "S02",
            "bias forgotten",
            _mgu(use_b=False),
            ("Set x_t and h_prev to zero: what should come out?", "Count the arguments that your code uses."),
        ),
    ),
)


# ---------------------------------------------------------------- 06.6 count_parameters

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def count_parameters(
    kind: str,
    D: int,
    H: int,
    layers: int,
    bidirectional: bool,
    gates: dict[str, int] = GATES,
    biases: Callable[[str], int] = lambda kind: 2,
    deeper: Callable[..., int] = lambda D, H, directions: H * directions,
    both: bool = True,
    square: bool = True,
    count: Callable[[int, int], int] = max,
) -> int:
    """The number of parameters; from `gates` on, each argument is one place for a slip."""
    directions = 2 if bidirectional else 1
    total = 0
    for layer in range(count(layers, 1)):
        size = D if layer == 0 else deeper(D, H, directions)
        recurrent = H * H if square else H * size
        total += (directions if both else 1) * gates[kind] * (H * size + recurrent + biases(kind) * H)
    return total


_counter = partial(partial, count_parameters)


def _count_cases(rng: np.random.Generator) -> list[Case]:
    def case(kind: str, layers: int, both: bool) -> Case:
        D, H = int(rng.integers(3, 30)), int(rng.integers(31, 60))
        way = "both directions" if both else "one direction"
        easy = layers == 1 and not both
        look = "look at deeper layers and directions" if easy else ""
        depth = "1 layer" if layers == 1 else f"{layers} layers"
        return Case(f"{kind}, {depth}, {way}", (kind, D, H, layers, both), easy=easy, look=look)

    return [
        case("lstm", 2, True),
        case("gru", 3, False),
        case("rnn", 2, True),
        case("gru", 1, True),
        case("lstm", 1, False),
        case("gru", 1, False),
        case("rnn", 1, False),
    ]


_GATE_COUNT = (
    "How many blocks does each kind of cell have?",
    "Print the shapes of nn.GRU's parameters and add them up.",
    "Does PyTorch keep one bias per block, or two?",
)
_DEEPER = (
    "What does the second layer receive, and how long is it?",
    "How long is the output of a bidirectional layer?",
    "List the shapes for two layers and both directions.",
)

COUNT = Exercise(
    id="06.6",
    name="count_parameters",
    points=1,
    reference=count_parameters,
    cases=_count_cases,
    outputs=("parameters",),
    rtol=1e-9,
    hints=(*_GATE_COUNT[:2], *_DEEPER[:1]),
    misconceptions=(
        Misconception("U17", "one bias where PyTorch keeps two", _counter(biases=lambda kind: 1), _GATE_COUNT),
        Misconception(
            "U17.gru",
            "two biases for the GRU only",
            _counter(biases=lambda kind: 2 if kind == "gru" else 1),
            _GATE_COUNT,
        ),
        Misconception("U18", "no bias counted", _counter(biases=lambda kind: 0), _GATE_COUNT),
        Misconception(
            "U19", "every cell counted with one block", _counter(gates={"rnn": 1, "gru": 1, "lstm": 1}), _GATE_COUNT
        ),
        Misconception(
            "U22", "the GRU counted with two blocks", _counter(gates={"rnn": 1, "gru": 2, "lstm": 3}), _GATE_COUNT
        ),
        Misconception(
            "U22.lstm",
            "the LSTM counted with three blocks",
            _counter(gates={"rnn": 1, "gru": 3, "lstm": 3}),
            _GATE_COUNT,
        ),
        Misconception("U20", "deeper layers counted with D inputs", _counter(deeper=lambda D, H, d: D), _DEEPER),
        Misconception(
            "U21",
            "deeper layers counted with H inputs: both directions arrive",
            _counter(deeper=lambda D, H, d: H),
            _DEEPER,
        ),
        Misconception("U21.first", "deeper layers not counted", _counter(count=min), _DEEPER),
        Misconception("U21.less", "one layer too few", _counter(count=lambda layers, _: layers - 1), _DEEPER),
        Misconception("U21.more", "one layer too many", _counter(count=lambda layers, _: layers + 1), _DEEPER),
        Misconception("U23", "one direction forgotten", _counter(both=False), _DEEPER),
        Misconception("U24", "H times H counted as H times D", _counter(square=False), _DEEPER),
    ),
)


# ---------------------------------------------------------------- 06.7 keep_bias


def _logit(z: float) -> float:
    return float(np.log(z / (1 - z)))


def keep_bias(steps: float) -> float:
    """z ** steps = 1/2, and z = sigmoid(bias)."""
    return _logit(0.5 ** (1 / steps))


def _keep_cases(rng: np.random.Generator) -> list[Case]:
    return [Case(f"steps = {n}", (n,)) for n in (int(rng.integers(3, 9)), int(rng.integers(20, 400)), 1)]


_LOGIT = (
    "Run a state of 1 through `steps` silent steps with your bias. How much is left?",
    "First find z: which number, multiplied by itself `steps` times, is one half?",
    "A bias is not the gate: which function leads from the one to the other, and which leads back?",
)

KEEP_BIAS = Exercise(
    id="06.7",
    name="keep_bias",
    points=1,
    reference=keep_bias,
    cases=_keep_cases,
    outputs=("bias",),
    hints=_LOGIT,
    misconceptions=(
        Misconception("U01", "the sign is turned: this bias forgets", lambda n: -keep_bias(n), _LOGIT),
        Misconception("U25", "the gate's value given, not its bias", lambda n: 0.5 ** (1 / n), _LOGIT),
        Misconception(
            "U26",
            "1/e is left instead of one half",
            lambda n: _logit(np.exp(-1 / n)),
            (
                "What share does the statement want to be left?",
                "exp(-1) is 0.37. Which number do you need?",
                *_LOGIT[:1],
            ),
        ),
        Misconception(
            "U29",
            "ln(steps) given: the lecture's rule for a first input, not the half-life",
            lambda n: float(np.log(n)),
            (
                "Put your bias back: what share is left after `steps` steps, one half?",
                "The lecture has two rules for a bias. Which one does this statement ask for?",
            ),
        ),
        Misconception(
            "U29.long",
            "ln(steps / ln 2): nearly right for long half-lives only",
            lambda n: float(np.log(n / np.log(2))),
            _LOGIT,
        ),
        Misconception(
            "U26.linear",
            "equal losses in each step: z = 1 - 1 / (2 steps)",
            lambda n: _logit(1 - 0.5 / n),
            _LOGIT,
        ),
        Misconception("U26.time", "1 / (1 - z) steps taken for the half-life", lambda n: float(np.log(n - 1)), _LOGIT),
        Misconception(
            "U28.power", "0.5 ** steps: the loss of n steps taken for that of one", lambda n: _logit(0.5**n), _LOGIT
        ),
        Misconception("U27.odds", "z / (1 - z) without its logarithm", lambda n: 1 / (2 ** (1 / n) - 1), _LOGIT),
        Misconception(
            "U27.two", "log to the base 2 in the inverse of the sigmoid", lambda n: keep_bias(n) / np.log(2), _LOGIT
        ),
        Misconception("U32", "one step too many", lambda n: keep_bias(n + 1), _LOGIT),
        Misconception("U32.less", "one step too few", lambda n: keep_bias(n - 1), _LOGIT),
        Misconception("U26.time_math", "1 / (1 - z) steps taken for the half-life", lambda n: math.log(n - 1), _LOGIT),
        Misconception("U27.ten", "log to the base 10", lambda n: keep_bias(n) / np.log(10), _LOGIT),
        Misconception(
            "U27.half",
            "half of the bias: the statement asks for the two biases together",
            lambda n: keep_bias(n) / 2,
            _LOGIT,
        ),
        Misconception("U27", "log z given, not log(z / (1 - z))", lambda n: float(np.log(0.5 ** (1 / n))), _LOGIT),
        Misconception("U28", "the root taken of 2 in place of one half", lambda n: 2.0 ** (1 / n), _LOGIT),
    ),
)

EXERCISES = (GRU_STEP, GRU_BEFORE, GRU_BACKWARD, CONVERT, MGU, COUNT, KEEP_BIAS)
