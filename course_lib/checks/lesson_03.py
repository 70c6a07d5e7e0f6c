"""Exercises of lesson 03: the backward pass of a leaky cell, BPTT, truncation, gradient checks."""

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Misconception, bugs, pick
from course_lib.checks.probe import Source

# --- 03.1 one step of a leaky cell: h_t = (1 - leak) h_prev + leak tanh(a_t) ----------------------------------------


def _sum(x_t, h_prev, W_xh, W_hh, b_h, bug=()):
    return x_t @ W_xh.T + h_prev @ (W_hh if "forward turned" in bug else W_hh.T) + (0 if "no bias" in bug else b_h)


def _slope(u_t, a_t, h_prev, h_t):
    return 1 - u_t**2


def _over_the_batch(da_t):
    return da_t.sum(axis=0)


SLOPES = {
    "no slope": lambda u_t, *_: np.ones_like(u_t),
    "1 - u": lambda u_t, *_: 1 - u_t,
    "u(1 - u)": lambda u_t, *_: u_t * (1 - u_t),
    "tanh twice": lambda u_t, *_: 1 - np.tanh(u_t) ** 2,
    "1 + u^2": lambda u_t, *_: 1 + u_t**2,
    "u^2 - 1": lambda u_t, *_: u_t**2 - 1,
    "divided": lambda u_t, *_: 1 / (1 - u_t**2),
    "1 - a^2": lambda u_t, a_t, *_: 1 - a_t**2,
    "slope at h_prev": lambda u_t, a_t, h_prev, h_t: 1 - h_prev**2,
    "slope at h_t": lambda u_t, a_t, h_prev, h_t: 1 - h_t**2,
    "plain, h_t": lambda u_t, a_t, h_prev, h_t: 1 - h_t**2,
}
SUMS = {
    "db one row": lambda da_t: da_t.sum(axis=0, keepdims=True),
    "db rows": lambda da_t: da_t,
    "db number": lambda da_t: da_t.sum(),
    "db units": lambda da_t: da_t.sum(axis=1),
    "db mean": lambda da_t: da_t.mean(axis=0),
}


def leaky_backward(dh_t, x_t, h_prev, W_xh, W_hh, b_h, leak, bug=()):
    """The right gradients, or with `bug` the same with one change, or with several."""
    a_t = _sum(x_t, h_prev, W_xh, W_hh, b_h, bug)
    u_t = np.tanh(a_t)
    h_t = (1 - leak) * h_prev + leak * u_t
    outer = pick(bug, {"no leak": 1, "leak swapped": 1 - leak, "plain": 1, "plain, h_t": 1}, leak)
    flat = outer * dh_t
    da_t = flat * pick(bug, SLOPES, _slope)(u_t, a_t, h_prev, h_t)

    def at(part):
        return flat if f"no slope in {part}" in bug else da_t

    W_back = W_hh.T if "W_hh turned" in bug else np.eye(len(W_hh)) if "no W_hh" in bug else W_hh
    inners = {"no path": 0, "whole path": 1, "leak on path": leak, "both on path": leak * (1 - leak)}
    inner = pick(bug, {**inners, "leak swapped": leak, "plain": 0, "plain, h_t": 0}, 1 - leak)
    dx_t = at("dx") @ (W_xh.T if "W_xh turned" in bug else W_xh)
    dh_prev = at("dh_prev") @ W_back + inner * (da_t if "path through tanh" in bug else dh_t)
    in_dW = "dW" if "no slope in dW" in bug else "dW_xh"
    dW_xh = at(in_dW).T @ x_t
    in_dW = "dW" if "no slope in dW" in bug else "dW_hh"
    dW_hh = at(in_dW).T @ pick(bug, {"h_t in dW_hh": h_t, "u_t in dW_hh": u_t}, h_prev)
    db_h = pick(bug, SUMS, _over_the_batch)(at("db"))
    if "dW_xh turned" in bug:
        dW_xh = dW_xh.T
    if "dW_hh turned" in bug:
        dW_hh = dW_hh.T
    if "/ B" in bug:
        dW_xh, dW_hh, db_h = dW_xh / len(x_t), dW_hh / len(x_t), db_h / len(x_t)
    return dx_t, dh_prev, dW_xh, dW_hh, db_h


def _weights(rng, D, H):
    return rng.normal(0, 0.5, (H, D)), rng.normal(0, 0.6, (H, H)), rng.normal(0, 0.5, H)


def _step_args(rng, B=3, D=5, H=4, leak=0.4, size=1.0):
    W_xh, W_hh, b_h = _weights(rng, D, H)
    arrays = [rng.normal(0, 0.8, (B, n)) for n in (H, D, H)]
    dh_t, x_t, h_prev = arrays
    return dh_t, size * x_t, size * h_prev, W_xh, W_hh, size * b_h, leak


def _step_cases(rng):
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


_SLOPE_MISSING = (
    "Between h_t and the sum a_t stands a tanh. Where is its slope in your code?",
    "Compare with a finite difference at large and at tiny weights: when does the error vanish?",
    "Every result starts from the gradient at the pre-activation a_t: do all of yours?",
)
_SLOPE_WRONG = (
    "What is the slope of tanh at 0, and what is yours?",
    "What should the slope be when the tanh is near 1 or near -1?",
    "Is the value in your formula the one before or after the tanh?",
)
_SLOPE_STEP = (
    "Which value came out of the tanh that you are differentiating?",
    "Set leak = 1 and h_prev = 0: does your answer become right in one of the two?",
    "Draw the step: name the line that leaves the tanh, before the old state is mixed in.",
)
_TURNED = (
    "Forward, unit j feeds unit i through W_hh[i, j]. In which direction does the gradient run?",
    "Test with a W_hh that has a single 1 off the diagonal.",
    "The forward line holds W_hh.T. What does its backward line hold?",
)
_DW_TURNED = (
    "A gradient has the shape of its parameter, and the same place for the same weight.",
    "Nudge one off-diagonal weight and see which entry should react.",
    "W_hh[i, j] leads from unit j to unit i: which index of dW belongs to da_t?",
)
_DB = (
    "What shape must db_h have?",
    "In the forward pass, how many rows did the one bias serve?",
    "Over which axis was it copied when it was added?",
)
_MEAN = (
    "Compare the ratio of your answer and the right one for B = 2 and B = 4.",
    "Where does the loss divide by B: here, or already in dh_t?",
    "If the gradient of h_t is given, may this function scale it again?",
)
_PATH = (
    "Set W_hh = 0. Does h_prev still reach h_t?",
    "h_prev stands in the equation of the step twice. Name both places.",
    "Two ways forward are two ways back: which two terms does dh_prev have?",
)
_LEAK = (
    "Set leak = 1: does your answer become right?",
    "Nudge a_t by a little. By how much does h_t move, compared with the tanh?",
    "Write the leak in front of every term of the forward line, then walk each term backward.",
)

STEP_BUGS = (
    ("B01", "tanh derivative missing", "no slope", _SLOPE_MISSING),
    ("B13", "tanh derivative missing in dW_xh and dW_hh", "no slope in dW", _SLOPE_MISSING),
    ("B13-xh", "tanh derivative missing in dW_xh", "no slope in dW_xh", _SLOPE_MISSING),
    ("B13-hh", "tanh derivative missing in dW_hh", "no slope in dW_hh", _SLOPE_MISSING),
    ("B17", "tanh derivative missing in db_h", "no slope in db", _SLOPE_MISSING),
    ("B19", "tanh derivative missing in dh_prev", "no slope in dh_prev", _SLOPE_MISSING),
    ("B38", "tanh derivative missing in dx_t", "no slope in dx", _SLOPE_MISSING),
    ("B02", "tanh derivative written as 1 - u", "1 - u", _SLOPE_WRONG),
    ("B03", "sigmoid's derivative u (1 - u) used for the tanh", "u(1 - u)", _SLOPE_WRONG),
    ("B04", "tanh derivative taken of the tanh's output", "tanh twice", _SLOPE_WRONG),
    ("B16", "tanh derivative with a plus sign", "1 + u^2", _SLOPE_WRONG),
    ("B16-sign", "tanh derivative with its sign reversed", "u^2 - 1", _SLOPE_WRONG),
    ("B20", "divided by the tanh derivative", "divided", _SLOPE_WRONG),
    ("B22", "tanh derivative with the value before the tanh", "1 - a^2", _SLOPE_WRONG),
    ("B05", "tanh derivative taken at the old state", "slope at h_prev", _SLOPE_STEP),
    ("leak-slope", "tanh derivative taken at h_t, after the old state is mixed in", "slope at h_t", _SLOPE_STEP),
    ("B06", "dh_prev without the transpose", "W_hh turned", _TURNED),
    ("B14", "dx_t without the transpose", "W_xh turned", _TURNED),
    ("B08", "dW_xh transposed", "dW_xh turned", _DW_TURNED),
    ("B09", "dW_hh transposed", "dW_hh turned", _DW_TURNED),
    ("B10", "db_h not summed over the batch", "db rows", _DB),
    ("B15", "db_h summed to one number", "db number", _DB),
    ("B18", "db_h summed over the units", "db units", _DB),
    ("B10-row", "db_h keeps a batch axis of length 1", "db one row", _DB),
    ("B11", "db_h averaged over the batch", "db mean", _MEAN),
    ("B12", "gradients divided by B", "/ B", _MEAN),
    (
        "B07",
        "dW_hh uses h_t where h_prev belongs",
        "h_t in dW_hh",
        (
            "Which state was multiplied by W_hh to make h_t?",
            "Set h_prev to zero: what should dW_hh be?",
            "The gradient of a matrix is the product of what came in and what came back. What came in?",
        ),
    ),
    (
        "B07-u",
        "dW_hh uses u_t where h_prev belongs",
        "u_t in dW_hh",
        (
            "Which state was multiplied by W_hh to make a_t?",
            "Set h_prev to zero: what should dW_hh be?",
        ),
    ),
    (
        "B30",
        "dh_prev is not multiplied by W_hh",
        "no W_hh",
        (
            "By which matrix did h_prev enter the sum a_t?",
            "Set W_hh to zero and leak to 1: may any gradient reach the past?",
            "What lies between a_t and h_prev in your drawing?",
        ),
    ),
    ("leak-path", "the direct path from h_prev to h_t is left out", "no path", _PATH),
    ("leak-whole", "the direct path carries dh_t without its factor", "whole path", _PATH),
    ("leak-on-path", "the direct path carries leak in place of 1 - leak", "leak on path", _PATH),
    ("leak-twice", "the direct path carries the factor leak too", "both on path", _PATH),
    (
        "leak-tanh",
        "the direct path goes through the tanh too",
        "path through tanh",
        (
            *_PATH,
            "Does a line above write into dh_t, so that the direct path reads another dh_t than the one that came?",
        ),
    ),
    ("leak-none", "the factor leak in front of the tanh is left out", "no leak", _LEAK),
    ("leak-swap", "leak and 1 - leak are exchanged", "leak swapped", _LEAK),
    ("leak-ignored", "this is the backward of the plain RNN: leak is ignored", "plain", _LEAK),
    (
        "leak-lecture",
        "this is the lecture's backward: leak is ignored, and the slope is taken at h_t",
        "plain, h_t",
        _LEAK,
    ),
    (
        "S02",
        "bias forgotten when a_t is computed again",
        "no bias",
        (
            "Does your answer become right for b_h = 0?",
            "You compute a_t again. How many terms has it in the statement, and how many in your line?",
        ),
    ),
    (
        "S05",
        "W_hh transposed when a_t is computed again",
        "forward turned",
        (
            "Is your answer right for h_prev = 0 and wrong otherwise?",
            "Put a single 1 in W_hh, row 0, column 1. Which unit should it feed in the forward line?",
            "A batch keeps its vectors as rows: how does the equation's W_hh h become code?",
        ),
    ),
)


# --- 03.2 the whole sequence ----------------------------------------------------------------------------------------


def leaky_bptt(xs, h0, W_xh, W_hh, b_h, leak, dhs, bug=()):
    """The right gradients, or with `bug` one change in the loop (or, by the same name, in the step)."""
    h0 = np.zeros_like(h0) if "h0 zero" in bug else h0
    leak = 1.0 if "plain forward too" in bug else leak
    weights = (W_xh, W_hh, b_h, leak)
    hs, T = [h0], len(xs)
    kept = 1.0 if "plain forward" in bug else leak
    for x_t in xs:
        hs.append((1 - kept) * hs[-1] + kept * np.tanh(_sum(x_t, hs[-1], W_xh, W_hh, b_h, bug)))
    hs = hs[-1:] * (T + 1) if "one array" in bug else hs
    dxs, dh_next, dh0 = np.zeros_like(xs), np.zeros_like(h0), np.zeros_like(h0)
    grads = [np.zeros_like(w) for w in (W_xh, W_hh, b_h)]
    orders = {"forward": range(T), "stops early": range(T - 1, 0, -1), "starts late": range(T - 2, -1, -1)}
    order = pick(bug, orders, range(T - 1, -1, -1))
    for t in order:
        directs = {"last only": dhs[t] * (t == T - 1), "last everywhere": dhs[-1], "one early": dhs[t - 1]}
        direct = pick(bug, directs, dhs[t])
        dh_t = direct if "no future" in bug else direct + dh_next
        dxs[t], dh_prev, *parts = leaky_backward(dh_t, xs[t], hs[t], *weights, bug=bug)
        for name, part in (("path direct", direct), ("path later", dh_next)):
            dh_prev = dh_prev + (1 - leak) * (part - dh_t) if name in bug else dh_prev
        others = {"h_t in all dW_hh": t + 1, "wraps": t or T, "last in all dW_hh": T, "one back": t - 1}
        other = pick(bug, others, None)
        if other is not None:  # the step as it was, its matrix gradient with another state
            u_t = np.tanh(xs[t] @ W_xh.T + hs[t] @ W_hh.T + b_h)
            parts[1] = (leak * dh_t * (1 - u_t**2)).T @ hs[other]
        for i, part in enumerate(parts):
            anew = "overwritten" in bug or f"overwritten {i}" in bug
            grads[i] = part if anew else grads[i] + part
        if "direct only" in bug:
            dh_prev = leaky_backward(direct, xs[t], hs[t], *weights)[1]
        dh_next = dh_next + dh_prev if "piles up" in bug else dh_prev
        dh0 = dh_t if "dh0 early" in bug else dh_next
        if "dh0 without matrix" in bug:
            dh0 = leaky_backward(dh_t, xs[t], hs[t], *weights, bug=("no W_hh",))[1]
    dh0 = np.zeros_like(h0) if "dh0 left" in bug else dh0
    dxs = dxs[::-1] if "appended" in bug else dxs
    if "/ T" in bug or "/ batch" in bug:
        grads = [g / (T if "/ T" in bug else xs.shape[1]) for g in grads]
    return dxs, dh0, *grads


def _sequence_args(rng, T=6, B=3, D=5, H=4, leak=0.4):
    W_xh, W_hh, b_h = _weights(rng, D, H)
    return rng.normal(0, 0.8, (T, B, D)), rng.normal(0, 0.8, (B, H)), W_xh, W_hh, b_h, leak, rng.normal(size=(T, B, H))


def _sequence_cases(rng):
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


_FUTURE = (
    "Put a loss on the last step only. Should the first input get a gradient?",
    "The state h_t goes to two places. Name both.",
    "Which gradient does step t + 1 hand back, and where do you add it?",
)
_BETWEEN = (
    "Put a loss on the first step only. Does the right thing come back?",
    "How many losses does the sequence have?",
    "Each step receives two gradients: list them for t = 1.",
)
_OVERWRITTEN = (
    "The same weight acts at every step. How do its effects combine?",
    "Compare your dW with the contribution of the first step alone.",
    "What happens to the value from the last round in your line?",
)
_FIRST = (
    "Test with T = 1: what should dh0 be?",
    "Which values of t does your loop visit?",
    "How many matrix products lie between h_1 and h0?",
)
_ONE_ARRAY = (
    "Print the first stored state after the loop. Is it still the first state?",
    "Does your list hold T arrays, or T names for one array?",
    "What is the difference between giving a name a new array and writing into the old array?",
)
_T_MEAN = (
    "Is the ratio of your answer to the right one one constant for all entries?",
    "Double the batch by repeating it: should dW double?",
    "Who decides on a mean: the loss, or the backward pass?",
)

LOOP_BUGS = (
    ("B23", "no gradient from the future", "no future", _FUTURE),
    ("B24", "no gradient from the outputs in between", "last only", _BETWEEN),
    ("B42", "the last step's dhs enters at every step", "last everywhere", _BETWEEN),
    ("B25", "gradients overwritten instead of accumulated", "overwritten", _OVERWRITTEN),
    ("B33", "db_h overwritten instead of accumulated", "overwritten 2", _OVERWRITTEN),
    ("B33-hh", "dW_hh overwritten instead of accumulated", "overwritten 1", _OVERWRITTEN),
    ("B33-xh", "dW_xh overwritten instead of accumulated", "overwritten 0", _OVERWRITTEN),
    (
        "B26",
        "the backward loop runs forward in time",
        "forward",
        (
            "Which step's gradient can you know first?",
            "Does step t need something from t + 1 or from t - 1?",
            "Print the order in which your loop visits the steps.",
        ),
    ),
    (
        "B27",
        "dW_hh uses h_t where the state before it belongs",
        "h_t in all dW_hh",
        (
            "Which state was multiplied by W_hh to make h_t?",
            "List the indices of your stored states: what is hs[0]?",
            "For the very first step, which state should appear in dW_hh?",
        ),
    ),
    (
        "B28",
        "the index wraps round at the first step",
        "wraps",
        (
            "What does your code read at t = 0?",
            "What does the index -1 mean in Python?",
            "Where is h0 kept in your list of states?",
        ),
    ),
    (
        "B29",
        "the gradient from the future piles up",
        "piles up",
        (
            "Print the norm of the carried gradient at each step. Does it ever forget?",
            "After it has been used at step t, should the old value still count?",
            "Replace or add: which one does the chain rule ask for here?",
        ),
    ),
    ("B31", "the carried gradient skips the tanh", "no slope in dh_prev", _SLOPE_MISSING),
    ("B32", "gradients divided by T", "/ T", _T_MEAN),
    ("B39", "gradients divided by B", "/ batch", _T_MEAN),
    ("B34-dh0", "dh0 taken before the last product with W_hh", "dh0 without matrix", _FIRST),
    ("B40", "dh0 taken before the last step back", "dh0 early", _FIRST),
    ("B40-zero", "dh0 is left at zero", "dh0 left", _FIRST),
    ("B41", "the loop stops before the first step", "stops early", _FIRST),
    (
        "B43",
        "h0 ignored: starts from zeros",
        "h0 zero",
        (
            "Run with two different h0. Should the results agree?",
            "Where does your function first read its argument h0?",
            "What is the state before the first input, according to the signature?",
        ),
    ),
    ("B34", "the loop begins one step before the last", "starts late", _FIRST[1:]),
    (
        "B24-early",
        "step t takes the loss of step t - 1",
        "one early",
        (
            "Put a loss on the last step only. Which row of dxs is the last that is not zero?",
            "dhs[t] belongs to the state after xs[t]. Which index does your loop read?",
        ),
    ),
    (
        "dxs-order",
        "dxs in the order in which the loop made it: the last step first",
        "appended",
        (
            "Put a loss on the first step only. Which row of dxs should differ from zero?",
            "Your loop runs backward. What stands in the first place of a list that it appends to?",
        ),
    ),
    (
        "B28-back",
        "dW_hh uses the state of one step further back",
        "one back",
        (
            "Which state was multiplied by W_hh to make h_t?",
            "List the indices of your stored states: what is hs[0]?",
            "What does your code read at t = 0?",
        ),
    ),
    ("path-direct", "the direct path carries dhs[t] only, not the total", "path direct", _PATH[1:]),
    ("path-later", "the direct path carries only what came from later, not the total", "path later", _PATH[1:]),
    ("S21", "all stored states are one array", "one array", _ONE_ARRAY),
    ("S21-dW", "all states that dW_hh reads are one array", "last in all dW_hh", _ONE_ARRAY),
    (
        "leak-forward",
        "the forward loop is that of the plain RNN, without the leak",
        "plain forward",
        (
            "Print your states for leak = 0. Should they change at all?",
            "Is your answer right for leak = 1?",
            "Write the three lines of the forward step. Which of them is missing in your first loop?",
        ),
    ),
    ("leak-plain", "forward and backward are those of the plain RNN: leak is ignored", "plain forward too", _LEAK),
    (
        "direct",
        "the messenger carries the direct derivative only",
        "direct only",
        (
            "Put a loss on the last step only. How many steps back does your gradient reach?",
            "dh_t is a total: its direct part plus what came from later. Which of the two do you hand back?",
            "Your answer is right for T = 1 and T = 2 in dxs[-2:]. What is new at the third step from the end?",
        ),
    ),
)
_RENAMED = {"B06": "B36", "B05": "B37", "B01": "B38", "B38": "B38-dxs"}
_IN_SEQUENCE = ("B01", "B38", "B02", "B03", "B04", "B13", "B17", "B22", "B05", "leak-slope", "B06", "B08", "B09", "B11")
_IN_SEQUENCE += (
    "B10-row",
    "B15",
    "B30",
    "leak-path",
    "leak-whole",
    "leak-on-path",
    "leak-twice",
    "leak-tanh",
    "leak-none",
    "leak-swap",
)
_IN_SEQUENCE += ("B07-u", "leak-ignored", "leak-lecture", "S02", "S05")
SEQUENCE_BUGS = LOOP_BUGS + tuple((_RENAMED.get(r[0], r[0]), *r[1:]) for r in STEP_BUGS if r[0] in _IN_SEQUENCE)


# --- 03.3 truncation: h_t = tanh(x_t + W_hh h_prev) -----------------------------------------------------------------


def truncated(xs, h0, W_hh, dhs, k, bug=()):
    """The right states and gradients, or with `bug` one change in how the chunks are cut."""
    T = len(xs)
    hs, dxs, dW_hh, h, carried = np.zeros_like(xs), np.zeros_like(xs), np.zeros_like(W_hh), h0, np.zeros_like(h0)
    k = pick(bug, {"never": T, "k + 1": k + 1, "k - 1": max(k - 1, 1)}, k)
    h = np.zeros_like(h0) if "h0 zero" in bug else h
    borders = list(range(0, T, k))
    if "from the end" in bug or "wrong side" in bug:
        borders = sorted({0, *range(T % k if "from the end" in bug else 1, T, k)})
    stop = T - T % k if "rest dropped" in bug or "rest without gradient" in bug else T
    for start in borders:
        if start >= stop and "rest dropped" in bug:
            break
        end = next((b for b in borders if b > start), T)
        h = pick(bug, {"zeros": np.zeros_like(h0), "h0 again": h0}, h)
        h = np.zeros_like(h0) if "zeros later" in bug and start > 0 else h
        before = [h]
        for t in range(start, end):
            hs[t] = np.tanh(xs[t] + before[-1] @ (W_hh if "forward turned" in bug else W_hh.T))
            before.append(hs[t])
        if "last chunk" in bug:
            dW_hh = np.zeros_like(W_hh)
        dh_next = carried if "not reset" in bug else np.zeros_like(h0)
        for t in reversed(range(start, end)):
            if start >= stop or ("stops early" in bug and t == start):
                continue
            total = dh_next + (0 * dhs[t] if "last loss" in bug and t < end - 1 else dhs[t])
            da = total * (1 if "no slope" in bug else 1 - hs[t] ** 2)
            dxs[t] = total if "no slope in dxs" in bug else da
            h_in = hs[t] if "h_t in dW" in bug else before[t - start]
            if t == start:
                firsts = {"h0 at borders": h0, "all borders zero": 0 * h0, "border zero": h_in * (t == 0)}
                h_in = pick(bug, firsts, h_in)
            share = (h_in.T @ da) if "dW turned" in bug else (da.T @ h_in)
            dW_hh = share if "overwritten" in bug else dW_hh + share
            dh_next = (0 * da if "always" in bug else da) @ (W_hh.T if "W_hh turned" in bug else W_hh)
        h, carried = before[-1], dh_next
    if "wraps" in bug:
        dW_hh = dW_hh + dxs[0].T @ (hs[-1] - h0)
    for name, size in {"/ chunks": len(borders), "/ k": k, "/ batch": len(h0)}.items():
        dW_hh = dW_hh / size if name in bug else dW_hh
    return hs, dxs, dW_hh


def _band(xs, h0, W_hh, dhs, k):
    """Every loss by itself reaches back k steps: another truncation, not the one that was asked."""
    states, T = [h0], len(xs)
    for x_t in xs:
        states.append(np.tanh(x_t + states[-1] @ W_hh.T))
    dxs, dW_hh = np.zeros_like(xs), np.zeros_like(W_hh)
    for t in range(T):
        dh = dhs[t]
        for j in range(t, max(t - k, -1), -1):
            da = dh * (1 - states[j + 1] ** 2)
            dxs[j] += da
            dW_hh += da.T @ states[j]
            dh = da @ W_hh
    return np.stack(states[1:]), dxs, dW_hh


def _chunk_args(rng, T, B, H, k):
    xs, h0, W_hh = rng.normal(0, 0.8, (T, B, H)), rng.normal(0, 0.8, (B, H)), rng.normal(0, 0.6, (H, H))
    return xs, h0, W_hh, rng.normal(size=(T, B, H)), k


def _chunk_cases(rng):
    xs, h0, W_hh, dhs, k = _chunk_args(rng, 7, 3, 4, 3)
    return [
        Case("T = 7, k = 3", (xs, h0, W_hh, dhs, k)),
        Case("T = 11, k = 4", _chunk_args(rng, 11, 2, 5, 4)),
        Case("T = 6, k = 3 (no rest)", (xs[:6], h0, W_hh, dhs[:6], 3), True, "look at the last, shorter chunk"),
        Case("k = T", (xs, h0, W_hh, dhs, 7), True, "look at what happens at a border between chunks"),
        Case("k = 1", (xs, h0, W_hh, dhs, 1), True, "look at what flows inside a chunk"),
        Case("h0 = 0", (xs, 0 * h0, W_hh, dhs, k), True, "look at the state that a chunk starts from"),
    ]


_RESET = (
    "Does cutting the gradient change the forward pass?",
    "Compare your states with an uncut run.",
    "Which of the two should stop at the border: values or gradients?",
)
_UNCUT = (
    "Put a loss in the second chunk only. May the first chunk's inputs get a gradient?",
    "Print dxs around the first border, once with your k and once with k = T.",
    "What must be zero at the end of each chunk, before its backward loop starts?",
)
_BORDER = (
    "List start and end of every chunk for T = 7, k = 3.",
    "Is every step in exactly one chunk?",
    "What does the end of a range mean in Python?",
)

CHUNK_BUGS = (
    ("B44", "truncation resets the state to zero", "zeros", _RESET),
    ("B44-later", "the state is set to zero at each border", "zeros later", _RESET),
    ("B44-h0", "every chunk starts from h0", "h0 again", _RESET),
    ("B45", "no truncation: the gradient crosses the borders", "never", _UNCUT),
    ("B50", "the carried gradient is not reset between two chunks", "not reset", _UNCUT),
    (
        "B46",
        "cut at every step, whatever k is",
        "always",
        (
            "How many steps back does your gradient reach? Put a loss on the last step only and look at dxs.",
            "Change k: does your answer change?",
            "Is the cut inside the loop over time, or outside it?",
        ),
    ),
    ("B47", "chunks of k + 1 steps", "k + 1", _BORDER),
    ("B47-short", "chunks of k - 1 steps", "k - 1", _BORDER),
    ("B47-side", "cut on the wrong side of the border step", "wrong side", _BORDER),
    ("B47-end", "chunks counted from the end of the sequence", "from the end", _BORDER),
    ("B49", "the last, shorter chunk is dropped", "rest dropped", _BORDER),
    ("B49-gradient", "the last, shorter chunk gets no gradient", "rest without gradient", _BORDER),
    ("B41", "the backward loop of a chunk stops before its first step", "stops early", _BORDER[1:]),
    (
        "B48",
        "only the last chunk's gradient survives",
        "last chunk",
        (
            "Compare with the gradient of the last chunk alone.",
            "Where in your code is dW_hh set to zero?",
            "Between two resets, does an update take place?",
        ),
    ),
    ("B01", "tanh derivative missing", "no slope", _SLOPE_MISSING),
    ("B38", "tanh derivative missing in dxs", "no slope in dxs", _SLOPE_MISSING),
    ("B24", "only the last loss of each chunk counts", "last loss", _BETWEEN),
    (
        "B32",
        "dW_hh divided by the number of chunks",
        "/ chunks",
        (
            "Is your answer right for k = T?",
            "The statement asks for a sum over all chunks. What does yours do at the end?",
        ),
    ),
    ("B32-k", "dW_hh divided by k", "/ k", _T_MEAN[:1] + ("The statement asks for a sum. What does yours do?",)),
    ("B12", "dW_hh divided by B", "/ batch", _T_MEAN),
    (
        "B28",
        "the index wraps round at the first step",
        "wraps",
        (
            "Which state does your dW_hh use at t = 0?",
            "What does the index -1 mean in Python?",
            "Where is h0 kept in your list of states?",
        ),
    ),
    ("B36", "carried gradient without the transpose", "W_hh turned", _TURNED),
    ("B09", "dW_hh transposed", "dW turned", _DW_TURNED),
    ("B25", "dW_hh overwritten instead of accumulated", "overwritten", _OVERWRITTEN),
    (
        "S05",
        "W_hh transposed in the forward step",
        "forward turned",
        (
            "Are already the states wrong, and right for h0 = 0 at the first step only?",
            "Put a single 1 in W_hh, row 0, column 1. Which unit should it feed?",
            "A batch keeps its vectors as rows: how does the equation's W_hh h become code?",
        ),
    ),
    (
        "B27",
        "dW_hh uses h_t where the state before it belongs",
        "h_t in dW",
        (
            "Which state was multiplied by W_hh to make h_t?",
            "For the very first step, which state should appear in dW_hh?",
        ),
    ),
    (
        "S18",
        "h0 ignored: starts from zeros",
        "h0 zero",
        (
            "Run with two different h0. Should the results agree?",
            "Where does your function first read its argument h0?",
        ),
    ),
    (
        "state-h0",
        "dW_hh uses h0 at the first step of every chunk",
        "h0 at borders",
        (
            "Is dxs right, and only dW_hh wrong?",
            "Which state was multiplied by W_hh in the first step of the second chunk?",
        ),
    ),
    (
        "state-all-zero",
        "the first state of every chunk counts as zero in dW_hh, h0 too",
        "all borders zero",
        (
            "Is your answer right for h0 = 0 and k = T?",
            "Which state was multiplied by W_hh in the first step of a chunk?",
            "A constant has no gradient. Has it no value either?",
        ),
    ),
    (
        "state-zero",
        "the carried state counts as zero in dW_hh",
        "border zero",
        (
            "Is dxs right, and only dW_hh wrong?",
            "Which state was multiplied by W_hh in the first step of the second chunk?",
            "A constant has no gradient. Has it no value either?",
        ),
    ),
)


# --- 03.4 and 03.5 the gradient check -------------------------------------------------------------------------------


def numerical_gradient(f, w, eps, bug=()):
    """Central differences, or with `bug` another quotient."""
    if "float32" in bug:
        w = w.astype(np.float32)
    step = pick(bug, {"1e-12": 1e-12, "1e-1": 0.1, "own": 1e-6, "near": eps / 2, "near, / eps": eps / 2}, eps)
    w, gradient = w.copy(), np.zeros(w.shape)
    for i in np.ndindex(w.shape[:1] if "rows" in bug else w.shape):
        old = w[i].copy()
        w[i] = old + step
        above = f(w)
        w[i] = old if "forward" in bug or "half" in bug else old - step
        below = f(w)
        if "backward" in bug:
            w[i] = old
            above = f(w)
        if "copy" in bug:
            below = above
        if "not restored" not in bug:
            w[i] = old
        single = {"forward", "backward", "/ eps"} & set(bug)
        below_line = pick(bug, {"* eps": 2 / step, "near": 2 * eps, "squared": step**2}, step if single else 2 * step)
        gradient[i] = (above - below) / below_line
        gradient[i] *= -1 if "sign" in bug else 1
    return gradient


def _total_only(f, w, eps):
    """One quotient for all entries moved together."""
    return np.full(w.shape, (f(w + eps) - f(w - eps)) / (2 * eps))


def _quotient_cases(rng):
    cubes = Source("lambda w: float((w ** 3).sum())")
    mixed = Source("lambda w: float((w.sum() ** 3 + w ** 3).sum())")
    sine = Source("lambda w: float(np.sin(w).sum() * np.exp(w.sum()))")
    return [
        Case("the sum of w cubed, eps = 0.5", (cubes, rng.uniform(0.5, 1.5, 4), 0.5)),
        Case("a function of a matrix, eps = 0.2", (mixed, rng.uniform(0.5, 1.5, (3, 2)), 0.2)),
        Case("eps = 1e-5", (sine, rng.uniform(-0.5, 0.5, (2, 3)), 1e-5), True, "look at where eps enters"),
        Case("one entry", (cubes, rng.uniform(0.5, 1.5, 1), 0.5), True, "look at what one entry does to the next"),
    ]


_STEP_SIZE = (
    "Plot the error against eps. What shape has the curve?",
    "Two errors pull in opposite directions: which two?",
    "How many digits are left when you subtract two nearly equal numbers? And which eps was asked for?",
)
_QUOTIENT = (
    "Test your quotient on the sum of w ** 3 at w = 1 with eps = 0.1: it should say 3.01.",
    "How far apart are your two points?",
    "Print w after the check: is it what it was?",
)
QUOTIENT_BUGS = (
    ("B51", "a step of 1e-12 in place of eps: rounding eats the difference", "1e-12", _STEP_SIZE),
    ("B51-large", "a step of 0.1 in place of eps", "1e-1", _STEP_SIZE),
    ("B51-own", "too exact for this eps: a step of your own, or another formula", "own", _STEP_SIZE),
    ("B51-float32", "differences taken in float32", "float32", _STEP_SIZE),
    ("B52", "one-sided difference", "forward", _QUOTIENT),
    ("B52-back", "one-sided difference", "backward", _QUOTIENT),
    ("B52-one", "one of the two points is not moved: half of a one-sided difference", "half", _QUOTIENT),
    (
        "B52-brackets",
        "divided by 2 and multiplied by eps",
        "* eps",
        ("What does Python make of 8 / 2 * 4?", "What belongs below the line, and where are its brackets?"),
    ),
    ("B52-half", "divided by eps where the points are 2 eps apart", "/ eps", _QUOTIENT),
    ("B52-restore", "the entry is not restored before the next one", "not restored", _QUOTIENT),
    ("B52-near", "each point is moved by eps / 2: they are eps apart", "near, / eps", _QUOTIENT),
    ("B52-near-2", "each point is moved by eps / 2, but divided by 2 eps", "near", _QUOTIENT),
    ("B52-squared", "divided by eps squared", "squared", _QUOTIENT),
    (
        "B55-rows",
        "all entries of a row are moved together",
        "rows",
        (
            "How many numbers does the gradient of a (3, 2) matrix hold, and how many quotients do you form?",
            "What does w[i] name when w is a matrix?",
        ),
    ),
    ("B52-copy", "every difference is 0: both values are taken at the same point, or never stored", "copy", _QUOTIENT),
    ("B52-sign", "above and below exchanged", "sign", _QUOTIENT),
)


def worst_error(grads, judges, bug=()):
    """The largest relative error over all parameters, or with `bug` a measure that misses something."""
    errors = []
    for name, judge in judges.items():
        grad = grads[name]
        gap, scale = np.abs(grad - judge), max(np.abs(grad).max(), np.abs(judge).max())
        top = pick(bug, {"mean": gap.mean(), "signed": (grad - judge).max(), "sum": gap.sum()}, gap.max())
        if "absolute" in bug:
            scale = 1.0
        if "own scale" in bug or "judge scale" in bug:
            scale = np.abs(grad if "own scale" in bug else judge).max()
        if "smaller scale" in bug:
            scale = min(np.abs(grad).max(), np.abs(judge).max())
        if "added scale" in bug:
            scale = np.abs(grad).max() + np.abs(judge).max()
        if "half scale" in bug:
            scale = (np.abs(grad).max() + np.abs(judge).max()) / 2
        if "either zero" in bug and min(np.abs(grad).max(), np.abs(judge).max()) == 0:
            top = 0.0
        if "signed scale" in bug:
            scale = max(grad.max(), judge.max())
        if "norms" in bug:
            top, scale = np.linalg.norm(gap), np.linalg.norm(grad) + np.linalg.norm(judge)
        if "entries" in bug:
            each = np.maximum(np.abs(grad), np.abs(judge))
            top, scale = (gap / np.where(each > 0, each, 1)).max(), 1.0
        if "unguarded" in bug:
            errors.append(float(np.float64(top) / np.float64(scale)))
        else:
            errors.append(float(top / scale) if scale > 0 else 0.0)
    if "pooled" in bug:
        flat = [np.concatenate([d[n].ravel() for n in judges]) for d in (grads, judges)]
        return worst_error({"all": flat[0]}, {"all": flat[1]})
    ways = {"first": errors[0], "last": errors[-1], "average": float(np.mean(errors)), "added": float(sum(errors))}
    ways["least"] = min(errors)
    return pick(bug, ways, max(errors))


def _error_cases(rng):
    def grads(scale=1.0):
        names = {"dW_xh": (4, 5), "dW_hh": (4, 4), "db_h": (4,), "dh0": (3, 4)}
        return {name: scale * rng.normal(size=shape) for name, shape in names.items()}

    def planted(right, name, change):
        wrong = {n: g.copy() for n, g in right.items()}
        wrong[name].flat[2] = change(wrong[name].flat[2])
        return wrong

    a, small, zero = grads(), grads(), grads()
    small["db_h"] = small["db_h"] * 1e-3
    zero["dW_xh"] = np.zeros((4, 5))
    top = 3 * float(np.abs(a["dh0"]).max())
    return [
        Case("one wrong entry in dh0", (planted(a, "dh0", lambda v: v - top), a)),
        Case("a tiny db_h, doubled", ({**small, "db_h": 2 * small["db_h"]}, small)),
        Case("dW_xh zero in both", (planted(zero, "dW_hh", lambda v: v + 0.5), zero)),
        Case("dW_xh should be zero and is not", ({**zero, "dW_xh": np.full((4, 5), 0.1)}, zero)),
        Case("db_h should not be zero and is", ({**a, "db_h": np.zeros(4)}, a)),
        Case("all wrong a little", ({n: g + 1e-2 * rng.normal(size=g.shape) for n, g in a.items()}, a)),
        Case("no error at all", (a, {n: g.copy() for n, g in a.items()}), True),
    ]


_SCALE = (
    "Would your check pass if a tiny gradient were off by a factor 2?",
    "What does your measure say when both gradients are 0? And when one of them is?",
    "By what should a difference be divided to be comparable?",
)
_SIZES = (
    "Compute the worked example by hand: 1 / 5, not 1 / 9.",
    "Which of the two arrays has the larger entry? Only that one stands below the line.",
)
_TOO_LITTLE = (
    "Plant one wrong number in one gradient. Does your measure notice?",
    "Which of the parameters does your measure look at?",
    "Mean or maximum: which hides a single mistake?",
)
ERROR_BUGS = (
    ("B53", "absolute error only", "absolute", _SCALE),
    ("B53-zero", "division by a scale that can be zero", "unguarded", _SCALE),
    ("B53-own", "divided by the gradient under test alone", "own scale", _SCALE),
    ("B53-judge", "divided by the judge alone", "judge scale", _SCALE),
    ("B53-smaller", "divided by the smaller of the two sizes", "smaller scale", _SIZES),
    ("B53-added", "divided by the sum of the two largest sizes, not by the larger of them", "added scale", _SIZES),
    ("B53-half", "divided by the mean of the two largest sizes, not by the larger of them", "half scale", _SIZES),
    (
        "B53-either",
        "the error counts as 0 when one of the two gradients is zero",
        "either zero",
        (
            "Your gradient is all zeros, the judge's is not. How wrong is that?",
            "Which scale makes the division fail: the larger or the smaller of the two?",
        ),
    ),
    ("B53-norms", "lengths in place of largest entries", "norms", _SIZES),
    (
        "B53-signs",
        "the scale is the largest entry, not the largest size",
        "signed scale",
        ("What is your scale for the gradient (-5, 1)?", "Where do you take absolute values: in the difference only?"),
    ),
    ("B53-entry", "every entry divided by itself: tiny entries shout", "entries", _SCALE),
    (
        "B53-sign",
        "signed error: what is too small does not count",
        "signed",
        (
            "Make one entry of the gradient too small. What does your measure say?",
            "Can an error be negative?",
            "What do you take of the difference before you look for the largest?",
        ),
    ),
    ("B55", "mean over the entries: one wrong entry drowns", "mean", _TOO_LITTLE),
    ("B55-sum", "sum over the entries", "sum", _TOO_LITTLE),
    ("B55-first", "only the first parameter is looked at", "first", _TOO_LITTLE),
    ("B55-last", "only the last parameter is looked at", "last", _TOO_LITTLE),
    ("B55-least", "the smallest error of all parameters, not the largest", "least", _TOO_LITTLE),
    ("B55-added", "the errors of the parameters are added up", "added", _TOO_LITTLE[1:]),
    ("B55-average", "mean over the parameters: one wrong parameter drowns", "average", _TOO_LITTLE),
    ("B55-pooled", "one scale for all parameters: small ones drown", "pooled", _TOO_LITTLE),
)


# --- 03.6 three suspects --------------------------------------------------------------------------------------------

VERDICTS = ("right", "no messenger", "dW overwritten")
SUSPECTS = {"A": "dW overwritten", "B": "right", "C": "no messenger"}
_DETECTIVE = (
    "Put a loss on the last step only and print each suspect's dxs for T = 3.",
    "Compare each dW_hh with finite differences for T = 1, then T = 2. When does the first difference appear?",
    "Without a messenger, which inputs can get a gradient? With an overwritten dW, is dxs wrong at all?",
)


def _accused(A, B, C):
    return {"A": VERDICTS[A], "B": VERDICTS[B], "C": VERDICTS[C]}


# --- 03.7 how wide a band -------------------------------------------------------------------------------------------


def band_needed(triangle, share, bug=()):
    """The smallest k whose band keeps the share, or with `bug` another count."""
    size, T = (triangle if "signed" in bug else np.abs(triangle)), len(triangle)
    size = size**2 if "squared" in bug else size
    lag = np.subtract.outer(np.arange(T), np.arange(T))
    if "all" in bug:
        return T
    for k in range(1, T + 1):
        band = (lag >= 0) & (lag < k)
        if "columns" in bug:
            band = np.broadcast_to(np.arange(T) >= T - k, (T, T))
        if "last row" in bug:
            band = band & (np.arange(T) == T - 1)[:, None]
        whole = size[-1] if "last row" in bug else size
        enough = size[band].sum() >= share * (triangle if "signed whole" in bug else whole).sum()
        if "signed lags" in bug:
            enough = sum(abs(triangle[lag == j].sum()) for j in range(k)) >= share * whole.sum()
        if "entries" in bug:
            enough = band.sum() >= share * (lag >= 0).sum()
        if "each row" in bug:
            enough = (np.where(band, size, 0).sum(axis=1) >= share * size.sum(axis=1)).all()
        if "more" in bug:
            enough = size[band].sum() > share * whole.sum()
        if enough:
            return k - ("lag" in bug) + ("one more" in bug)
    return T


def _band_cases(rng):
    def triangle(T, decay, signed=False):
        lag = np.subtract.outer(np.arange(T), np.arange(T)).clip(0)
        size = decay**lag * rng.uniform(0.3, 1.0, (T, T)) * np.linspace(1.6, 0.4, T)[:, None]
        return np.tril(size * (rng.choice([-1.0, 1.0], (T, T), p=[0.35, 0.65]) if signed else 1.0))

    def ties():
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


BAND_BUGS = (
    (
        "band-more",
        "more than the share is asked: exactly the share is enough",
        "more",
        ("Try the identity and share = 1. Which k keeps everything?", "At least: is that > or >=?"),
    ),
    (
        "band-squares",
        "squares are added, not sizes",
        "squared",
        ("What is the size of -2? What does your code add for it?", "The statement asks for absolute entries."),
    ),
    (
        "band-rows",
        "each row has to keep the share, not the triangle as a whole",
        "each row",
        ("How many sums does the statement compare?", "May one row lose more when another loses less?"),
    ),
    (
        "band-all",
        "the answer is always T: no smaller band is ever found large enough",
        "all",
        (
            "Try a triangle with entries on its diagonal only. Which k is enough, and which do you return?",
            "Print what your band holds, and what it is compared with, for k = 1, 2, 3.",
        ),
    ),
    (
        "band-one-more",
        "one step too many",
        "one more",
        (
            "Try a triangle with entries on its diagonal only. Which k keeps everything?",
            "k = 1 keeps lag 0. Which lags does k = 3 keep?",
        ),
    ),
    (
        "band-sign-lags",
        "entries of opposite sign cancel within a diagonal",
        "signed lags",
        (
            "Try a diagonal with +1 and -1. How much is there to keep?",
            "What comes first in your code: the sum of a diagonal, or the absolute value?",
        ),
    ),
    (
        "band-sign-whole",
        "the share is taken of a sum in which entries of opposite sign cancel",
        "signed whole",
        ("Try a triangle whose entries add up to 0. How much is there to keep?", "Where do you take absolute values?"),
    ),
    (
        "band-lag",
        "one step too few: your answer is the largest lag of the band, not its number of steps",
        "lag",
        (
            "Try a triangle with entries on its diagonal only. Which k keeps everything?",
            "k = 1 keeps lag 0. Which lags does k = 3 keep?",
            "Count the diagonals in your band, then read off what you return.",
        ),
    ),
    (
        "band-sign",
        "entries of opposite sign cancel",
        "signed",
        (
            "Try a row with +1 and -1. How much is there to keep?",
            "What does the share count: the sum, or the sizes?",
            "Where in your code does the sign of an entry disappear?",
        ),
    ),
    (
        "band-columns",
        "columns are kept, not diagonals",
        "columns",
        (
            "Row t reaches back from step t. Is your band the same distance back in every row?",
            "For T = 3 and k = 1, mark the entries that you keep.",
            "Which number is constant along a band: the column, or row minus column?",
        ),
    ),
    (
        "band-entries",
        "entries are counted, not their sizes",
        "entries",
        (
            "Multiply the last diagonal by 100. Should the answer change?",
            "What is summed: a mask, or the values under it?",
        ),
    ),
    (
        "band-row",
        "only the last loss is looked at",
        "last row",
        (
            "How many losses does the triangle hold, and how many rows do you use?",
            "Change the first rows. Should the answer change?",
        ),
    ),
)

EXERCISES = (
    Exercise(
        id="03.1",
        name="leaky_backward",
        points=2,
        reference=leaky_backward,
        cases=_step_cases,
        outputs=("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_h"),
        misconceptions=bugs(leaky_backward, STEP_BUGS),
        bare=True,
        hints=(
            "Write the step as three lines: a_t, u_t = tanh(a_t), h_t. Then the backward of each, last line first.",
            "h_prev stands in two of the three lines: its gradient has two terms.",
            "Compare each result with a finite difference of (h_t * dh_t).sum().",
        ),
    ),
    Exercise(
        id="03.2",
        name="leaky_bptt",
        points=2,
        reference=leaky_bptt,
        cases=_sequence_cases,
        outputs=("dxs", "dh0", "dW_xh", "dW_hh", "db_h"),
        misconceptions=bugs(leaky_bptt, SEQUENCE_BUGS),
        bare=True,
        hints=(
            "First a loop forward that keeps every state, h0 included; then a loop backward.",
            "In round t the total is dhs[t] plus what round t + 1 handed back; before the first round that is zero.",
            "Test T = 1 first, then T = 2 with a loss on the last step only.",
        ),
    ),
    Exercise(
        id="03.3",
        name="truncated",
        points=2,
        reference=truncated,
        cases=_chunk_cases,
        outputs=("hs", "dxs", "dW_hh"),
        misconceptions=(
            *bugs(truncated, CHUNK_BUGS),
            Misconception(
                "band",
                "every loss reaches back k steps across the borders",
                _band,
                (
                    "Put a loss on the first step of the second chunk only. Which dxs may differ from zero?",
                    "There are two ways to truncate: a band, and chunks. Which one does the statement ask for?",
                    "Your gradient is cut k steps before each loss. Where should all losses of a chunk be cut?",
                ),
            ),
        ),
        bare=True,
        hints=(
            "Two loops inside one: for each chunk, forward through its steps, then backward through its steps.",
            "What goes from chunk to chunk is the last state. What does not?",
            "range(0, T, k) gives the starts; the last chunk may be shorter.",
        ),
    ),
    Exercise(
        id="03.4",
        name="numerical_gradient",
        points=1,
        reference=numerical_gradient,
        cases=_quotient_cases,
        misconceptions=(
            *bugs(numerical_gradient, QUOTIENT_BUGS),
            Misconception(
                "B55-together",
                "all entries are moved together",
                _total_only,
                (
                    "How many numbers does the gradient of a matrix hold, and how many quotients do you form?",
                    "Which single entry should differ between your two points?",
                ),
            ),
        ),
        bare=True,
        arguments="left",
        hints=(
            "np.ndindex(w.shape) visits every entry of an array of any shape.",
            "Work on a copy of w, and put the entry back before you go to the next.",
            "The two points are 2 eps apart.",
        ),
    ),
    Exercise(
        id="03.5",
        name="worst_error",
        points=1,
        reference=worst_error,
        cases=_error_cases,
        misconceptions=bugs(worst_error, ERROR_BUGS),
        bare=True,
        hints=(
            "One number per parameter first; the answer is the largest of them.",
            "The scale of a parameter is its largest absolute entry, in either of the two gradients.",
            "If that scale is zero, both gradients are zero: the error is 0.",
        ),
    ),
    Exercise(
        id="03.6",
        name="suspects",
        points=1,
        reference=SUSPECTS,
        outputs=("suspects",),
        misconceptions=(
            Misconception("swap-AC", "the two faulty ones are exchanged", _accused(1, 0, 2), _DETECTIVE),
            Misconception("swap-BC", "the right one and the one without a messenger", _accused(2, 1, 0), _DETECTIVE),
            Misconception("swap-AB", "the right one and the one that overwrites", _accused(0, 2, 1), _DETECTIVE),
            Misconception("turn-1", "none of the three fits", _accused(0, 1, 2), _DETECTIVE),
            Misconception("turn-2", "no suspect is where you put it", _accused(1, 2, 0), _DETECTIVE),
            Misconception("B23", "one T hides it: at T = 1 all three are right", _accused(0, 0, 0), _DETECTIVE),
        ),
        hints=_DETECTIVE,
    ),
    Exercise(
        id="03.7",
        name="band_needed",
        points=1,
        reference=band_needed,
        cases=_band_cases,
        misconceptions=bugs(band_needed, BAND_BUGS),
        draws=4,  # whole numbers agree by chance where there are few
        bare=True,
        hints=(
            "np.subtract.outer(np.arange(T), np.arange(T)) holds row minus column: the lag of every entry.",
            "A band of k steps holds the lags 0 to k - 1.",
            "Try k = 1, 2, 3, ... and stop at the first that keeps enough.",
        ),
    ),
)
