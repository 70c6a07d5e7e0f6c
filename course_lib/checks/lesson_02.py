"""Lesson 02: softmax and loss, one-hot vectors, the shifted target, temperature, generation, perplexity."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Misconception, misread
from course_lib.checks.probe import Source

Array = np.ndarray


def _softmax(logits: Array, axis: int = -1) -> Array:
    e = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _logits(rng: np.random.Generator, *shape: int) -> Array:
    return 1.5 * rng.normal(size=shape)


# ---------------------------------------------------------------- 02.1 softmax_cross_entropy


def softmax_cross_entropy(logits: Array, targets: Array) -> tuple[float, Array]:
    """loss = -mean log p[target], dlogits = (p - one_hot(target)) / N."""
    N = len(targets)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = np.exp(log_p)
    dlogits[np.arange(N), targets] -= 1
    return -log_p[np.arange(N), targets].mean(), dlogits / N


def _targets(rng: np.random.Generator, N: int, V: int) -> Array:
    """Both ends of the alphabet are asked for, and different rows ask for different symbols."""
    targets = rng.integers(0, V, N)
    targets[: min(N, 2)] = [0, V - 1][: min(N, 2)]
    return targets


def _softmax_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("N = 4, V = 6", (_logits(rng, 4, 6), _targets(rng, 4, 6))),
        Case("N = 7, V = 3", (_logits(rng, 7, 3), _targets(rng, 7, 3))),
        Case("logits near 1000", (1000 + _logits(rng, 3, 5), _targets(rng, 3, 5))),
        Case("one logit 800 above the rest", (_logits(rng, 3, 12) + 800 * np.eye(3, 12), np.array([1, 4, 2]))),
        Case("one row 800 above the rest", (_logits(rng, 3, 5) + 800 * np.eye(3)[:, :1], np.array([1, 4, 2]))),
        Case(
            "N = 1",
            (_logits(rng, 1, 5), np.array([4])),
            easy=True,
            look="look at what is done for each row, and what over all rows",
        ),
        Case("V = 2", (_logits(rng, 4, 2), _targets(rng, 4, 2)), easy=True, look="look at how classes are told apart"),
        Case(
            "every target is 0",
            (_logits(rng, 4, 6), np.zeros(4, dtype=int)),
            easy=True,
            look="look at how each row is paired with its own target",
        ),
    ]


def _softmax_wrong(
    logits: Array,
    targets: Array,
    *,
    axis: int = 1,
    stable: bool = True,
    taken_off: str = "largest",
    total: bool = False,
    log_of_p: bool = False,
    exp_of_log: bool = False,
    loss_scale: str = "N",
    loss_sign: float = -1.0,
    loss_of: str = "target",
    gradient: str = "right",
    scale: str = "N",
    sign: float = 1.0,
) -> tuple[float, Array]:
    """The right code with one change, or with several."""
    N, V = logits.shape
    at = (np.arange(N), targets)
    e = np.exp(logits - logits.max() if axis == 0 else logits - logits.max(axis=1, keepdims=True))
    off = {"mean": logits.mean(axis=1, keepdims=True), "one": logits.max(), "largest": 0.0}[taken_off]
    e = e if stable and taken_off == "largest" else np.exp(logits - off)
    p = e / (e.sum() if total else e.sum(axis=axis, keepdims=True))
    log_p = np.log(p)
    if taken_off != "largest" and not log_of_p:
        log_p = logits - off - np.log(e.sum(axis=1, keepdims=True))
    elif stable and axis == 1 and not (total or log_of_p):
        log_p = logits - logits.max(axis=1, keepdims=True) - np.log(e.sum(axis=1, keepdims=True))
    p = np.exp(log_p) if exp_of_log else p
    log_p = log_p + logits.max(axis=1, keepdims=True) if loss_of == "unshifted" else log_p
    asked = log_p[:, targets].mean(axis=1) if loss_of == "every row" else log_p[at]
    onehot = np.zeros((N, V))
    onehot[at] = 1
    dlogits = {
        "right": p - onehot,
        "p(1-p)": p * (1 - p),
        "p": p,
        "target column": (p - onehot) * onehot,
        "minus one-hot": -onehot,
        "every row": p - (onehot.sum(axis=0) > 0),
        "p - 1": p - 1,
        "1 not / N": p - N * onehot,
        "p lost": p * (1 - onehot) - onehot,
    }[gradient]
    size = {"N": N, "1": 1, "V": V, "NV": N * V, "bits": N * np.log(2), "NN": N * N}
    return loss_sign * asked.sum() / size[loss_scale], sign * dlogits / size[scale]


def _variant(**changes: Any) -> partial:
    return partial(_softmax_wrong, **changes)


def _cached_destroyed(logits, targets, made_positive=False):
    p = _softmax(logits)
    dlogits = p
    dlogits[np.arange(len(targets)), targets] -= 1
    left = p[np.arange(len(targets)), targets]
    return -np.log(np.abs(left) if made_positive else left).mean(), dlogits / len(targets)


def _into_the_argument(logits, targets):
    loss, dlogits = softmax_cross_entropy(logits, targets)
    logits[:] = dlogits
    return loss, logits


_AXIS = (
    "Which sums must be exactly 1? Add up your probabilities for one row.",
    "Over which index does the competition of one row run: over its V symbols, or over the N rows?",
    "Print p.sum(axis=0) and p.sum(axis=1). Which of the two should be all ones?",
)
_SCALE = (
    "Hand every row in twice. Should the gradient of a mean change? Does each entry of yours change as it should?",
    "Divide your gradient by the right one from the worked example: is the ratio one constant?",
    "Over how many terms does the mean of the loss run, and does the gradient know that number?",
)
_OVERFLOW = (
    "Try the logits [1000, 1001]. What does np.exp give?",
    "Softmax does not change when one number is added to all logits of a row. Check that on paper.",
    "Which number, different for each row, makes the largest exponent harmless?",
)
_SIGN = (
    "Take one small step along minus your gradient. Does the loss go down?",
    "For the right symbol, should the gradient be negative or positive?",
    "Which of p and one-hot is subtracted from which, and where is the minus of the loss?",
)
_SLOPE = (
    "Does raising one logit change only its own probability?",
    "Change the targets. Does your gradient change?",
    "Write the loss as log-sum-exp minus the target's logit, and differentiate that.",
)
_TARGET_PART = (
    "What should each row of the gradient add up to? Check the row sums of yours.",
    "There are two kinds of columns: write the formula for the target's column and for another one.",
    "In which of the two kinds does p appear, and in which the 1?",
)
_INDEX = (
    "Print which entries of a row were changed. How many should it be?",
    "What does a list of columns select together with a colon: p[:, targets]?",
    "Each row has its own column: how do you pair row n with targets[n]?",
)
_SHIFTED = (
    "Try targets = [0]. Which entry of the row is its symbol?",
    "What does the index -1 mean in NumPy?",
    "Are the symbols numbered from 0 or from 1 here?",
)
_CACHE = (
    "Print the loss before and after you build the gradient. Should it change?",
    "Do dlogits and p have memory of their own, or are they two names for one array?",
    "Which line would need a copy?",
)
_CALLERS = (
    "Keep a copy of logits, call your function, and compare.",
    "What does -= or z[...] = do to an array that somebody else also holds?",
    "Which line of yours writes into an array that it did not make?",
)


def _taken_off(what: str, name: str, *hints: str) -> list[Misconception]:
    """One slip; what becomes of log 0 and inf / inf depends on how p and log p are written."""
    ways: list[dict[str, Any]] = [{}, {"log_of_p": True}, {"exp_of_log": True}]
    wrong = [_variant(taken_off=what, **way) for way in ways]
    return [Misconception(f"H02.{what}{k or ''}", name, w, hints) for k, w in enumerate(wrong)]


SOFTMAX = Exercise(
    id="02.1",
    name="softmax_cross_entropy",
    points=3,
    reference=softmax_cross_entropy,
    cases=_softmax_cases,
    outputs=("loss", "dlogits"),
    bare=True,
    arguments="left",
    hints=(
        "Compute the worked example step by step and compare each intermediate array.",
        "Check two sums: each row of p adds up to 1, each row of dlogits adds up to 0.",
        "Compare dlogits with a finite difference: nudge one logit by 1e-5 and watch the loss.",
    ),
    misconceptions=(
        Misconception("H01", "softmax over the wrong axis: over the rows", _variant(axis=0), _AXIS),
        Misconception("H12", "softmax over the whole array at once", _variant(total=True), _AXIS),
        Misconception("H02", "softmax overflows for large logits", _variant(stable=False), _OVERFLOW),
        *_taken_off(
            "mean",
            "overflows: the mean of each row is taken off, not its largest logit",
            "Try one logit 800 among twelve. What is left of it when the mean is gone?",
            "Which number must be taken off so that no exponent is above 0?",
        ),
        *_taken_off(
            "one",
            "underflows: the largest logit of the whole array is taken off, not that of each row",
            "Try two rows, one near 1000 and one near 0. What does np.exp give for the second?",
            "Which number must be taken off so that each row keeps an exponent of 0?",
        ),
        Misconception(
            "H02.half",
            "the largest logit is taken off in one place only: log p lost it",
            _variant(loss_of="unshifted"),
            (
                "Add 5 to all logits. Should the loss change? Does yours?",
                "log p is a difference. Are both of its parts shifted?",
            ),
        ),
        Misconception(
            "H02.log",
            "the logarithm of a p that has become 0",
            _variant(log_of_p=True),
            (
                "Try the logits [0, 800] with target 0. What is p, and what is the loss by hand?",
                "log(e^a / s) can be simplified on paper. Into what?",
                "Which difference of two ordinary numbers is log p?",
            ),
        ),
        Misconception(
            "H04.sum", "the loss summed over the rows, not averaged", _variant(loss_scale="1"), _SCALE[2:] + _SCALE[:1]
        ),
        Misconception(
            "H04.sum+H04",
            "loss and gradient summed over the rows, not averaged",
            _variant(loss_scale="1", scale="1"),
            _SCALE[2:] + _SCALE[:1],
        ),
        Misconception(
            "H11.loss",
            "the loss averaged over all N * V entries",
            _variant(loss_scale="NV"),
            (
                "Of how many numbers is your mean taken? How many predictions are there?",
                "The other entries of each row are zeros by your own doing. Should they count in the mean?",
            ),
        ),
        Misconception(
            "H26.bits",
            "the loss in bits: a logarithm to base 2",
            _variant(loss_scale="bits"),
            ("Put two equal logits in. Is your loss ln 2?", "Which logarithm undoes exp?"),
        ),
        Misconception(
            "H09.loss", "the indexing reads every target in every row", _variant(loss_of="every row"), _INDEX
        ),
        misread(
            softmax_cross_entropy,
            lambda logits, targets: (_softmax(logits), targets),
            "H03",
            "softmax applied twice",
            (
                "How small can your loss get when the model is right and very sure?",
                "Count how often exp is applied between the logits and the loss.",
                "Is the thing that you take the logarithm of the softmax of logits, or of probabilities?",
            ),
        ),
        Misconception("H04", "gradient not divided by N", _variant(scale="1"), _SCALE),
        Misconception("H08", "gradient divided by V instead of N", _variant(scale="V"), _SCALE),
        Misconception("H11", "gradient divided by N and by V", _variant(scale="NV"), _SCALE),
        Misconception("H11.twice", "gradient divided by N twice", _variant(scale="NN"), _SCALE),
        Misconception(
            "H11.one",
            "the 1 of the target is not divided by N",
            _variant(gradient="1 not / N"),
            _TARGET_PART[:1] + _SCALE[2:],
        ),
        Misconception(
            "H07.lost",
            "p is lost in the target's column: -1 stands in its place",
            _variant(gradient="p lost"),
            _TARGET_PART,
        ),
        Misconception("H05", "sign of the gradient reversed", _variant(sign=-1.0), _SIGN),
        Misconception("H05.loss", "the loss without its minus", _variant(loss_sign=1.0), _SIGN),
        Misconception("H06", "slope p (1 - p) entry by entry, as for a sigmoid", _variant(gradient="p(1-p)"), _SLOPE),
        Misconception("H07", "the target is missing in the gradient", _variant(gradient="p"), _TARGET_PART),
        Misconception("H15", "gradient only in the target's column", _variant(gradient="target column"), _TARGET_PART),
        Misconception("H16", "minus one-hot alone: p is missing", _variant(gradient="minus one-hot"), _TARGET_PART),
        Misconception("H07.all", "1 taken from every entry, not from the target's", _variant(gradient="p - 1"), _INDEX),
        Misconception("H09", "the indexing marks every row", _variant(gradient="every row"), _INDEX),
        misread(
            softmax_cross_entropy,
            lambda logits, targets: (logits, targets - 1),
            "H10",
            "class index shifted by one",
            _SHIFTED,
        ),
        Misconception("H14", "probabilities destroyed before the loss is read", _cached_destroyed, _CACHE),
        Misconception(
            "H14.abs",
            "probabilities destroyed before the loss is read",
            partial(_cached_destroyed, made_positive=True),
            _CACHE,
        ),
        Misconception("H14.argument", "the logits that came in are changed", _into_the_argument, _CALLERS),
    ),
)


# ---------------------------------------------------------------- 02.2 one_hot


def one_hot(ids: Array, V: int) -> Array:
    """(..., V): 1 at the symbol's place, 0 elsewhere."""
    return (ids[..., None] == np.arange(V)).astype(float)


def _one_hot_cases(rng: np.random.Generator) -> list[Case]:
    def ids(*shape: int, V: int) -> Array:
        drawn = rng.integers(0, V, shape)
        drawn.flat[:2] = [0, V - 1][: drawn.size]
        return drawn

    return [
        Case("ids (T, B) = (4, 3), V = 5", (ids(4, 3, V=5), 5)),
        Case("ids (T,) = (6,), V = 4", (ids(6, V=4), 4), easy=True, look="look at how axes are added"),
        Case("V = T = B = 3", (ids(3, 3, V=3), 3)),
        Case("symbols that do not occur", (np.array([[0, 2], [2, 0]]), 4)),
    ]


_ENDS = (
    "Encode the first and the last symbol, 0 and V - 1, and look at their rows.",
    "What does NumPy do with the index -1?",
    "How many columns does the table need, and which of them belongs to symbol 0?",
)

ONE_HOT = Exercise(
    id="02.2",
    name="one_hot",
    points=1,
    reference=one_hot,
    cases=_one_hot_cases,
    outputs=("one-hot vectors",),
    bare=True,
    hints=(
        "How many axes does the result have, and how long is the last one?",
        "A table with one row per symbol: which well-known matrix is it?",
        "What does NumPy return when an array of any shape indexes the rows of a matrix?",
    ),
    misconceptions=(
        misread(one_hot, lambda ids, V: ((ids - 1) % V, V), "H10", "class index shifted by one", _ENDS),
        misread(
            one_hot, lambda ids, V: (ids, V + 1), "H10.depth", "one column too many: symbols counted from 1", _ENDS
        ),
        misread(
            one_hot,
            lambda ids, V: (ids, int(ids.max()) + 1),
            "H10.max",
            "as many columns as the largest symbol that happens to occur",
            (
                "Encode ids = [0, 1] with V = 4. How many columns should there be?",
                "Two batches must fit the same weight matrix. Does your number of columns depend on the batch?",
                "Which argument of the function have you not used?",
            ),
        ),
        Misconception(
            "H10.unique",
            "one column for each symbol that happens to occur",
            lambda ids, V: (ids[..., None] == np.unique(ids)).astype(float),
            (
                "Encode ids = [0, 2] with V = 4. How many columns should there be?",
                "Which argument of the function have you not used?",
            ),
        ),
        Misconception(
            "H01.axis",
            "the symbol axis is first, not last",
            lambda ids, V: np.moveaxis(one_hot(ids, V), -1, 0),
            (
                "Compare the shape of your result with (T, B, V).",
                "Which axis should be the one that sums to 1?",
                "Which single axis must be moved?",
            ),
        ),
        Misconception(
            "H10.flat",
            "the axes of ids are flattened",
            lambda ids, V: np.eye(V)[ids.ravel()],
            (
                "Compare the number of axes of ids and of your result.",
                "ids with shape (T, B) should become (T, B, V).",
                "Which call in your code throws the shape away?",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 02.3 sequence_loss


def sequence_loss(logits: Array, ids: Array) -> float:
    """Mean cross-entropy of logits (T, B, V) for the symbols that come next, ids (T + 1, B)."""
    T, B, V = logits.shape
    loss, _ = softmax_cross_entropy(logits.reshape(T * B, V), ids[1:].reshape(T * B))
    return loss


def _sequence_cases(rng: np.random.Generator) -> list[Case]:
    def draw(T: int, B: int, V: int) -> tuple[Array, Array]:
        return _logits(rng, T, B, V), rng.integers(0, V, (T + 1, B))

    return [
        Case("T = 5, B = 3, V = 4", draw(5, 3, 4)),
        Case("T = B = 4, V = 6", draw(4, 4, 6)),
        Case("B = 1", draw(6, 1, 5), easy=True, look="look at how time and batch are flattened"),
        Case("T = 1", draw(1, 6, 5), easy=True, look="look at which steps are paired"),
    ]


_loss_misread = partial(misread, sequence_loss)


def _loss_scaled(logits: Array, ids: Array, sign: int = 1, by: str = "") -> float:
    T, B, V = logits.shape
    factor = {"": 1, "T": T, "B": B, "TB": T * B, "1/V": 1 / V, "bits": 1 / np.log(2), "ids": T / (T + 1)}[by]
    return sign * sequence_loss(logits, ids) * factor


_SUMMED = (
    "Double the batch, then double T, by repeating them. Should a mean loss double? Does yours?",
    "Divide your result by the right one: which size of the arrays is the ratio?",
    "Over how many predictions does the mean run?",
)


_PAIRED = (
    "Write down which (t, b) the fifth row of each flattened array belongs to.",
    "Compute one entry by hand with a double loop over t and b, and compare.",
    "Do logits and targets have the same two axes in the same order before you flatten them?",
)
_SHIFT = (
    "Write ids[0], ids[1], ids[2] under logits[0], logits[1]. What is logits[0] asked to predict?",
    "Could a network that copies its input get your loss down to 0?",
    "At step t the network has read ids[t]. Which symbol does it not know yet?",
)

SEQUENCE_LOSS = Exercise(
    id="02.3",
    name="sequence_loss",
    points=2,
    reference=sequence_loss,
    cases=_sequence_cases,
    outputs=("loss",),
    bare=True,
    hints=(
        "T inputs, T predictions, T targets: which T of the T + 1 symbols are the targets?",
        "Write the double loop first: for t, for b, minus the log-probability of one symbol.",
        "The result is one number: the mean over all T * B predictions.",
    ),
    misconceptions=(
        _loss_misread(
            lambda logits, ids: (logits, np.roll(ids, 1, axis=0)),
            "A25",
            "target not shifted: the network is asked for the symbol it has just read",
            _SHIFT,
        ),
        _loss_misread(
            lambda logits, ids: (logits, np.insert(np.roll(ids[:-1], 1, axis=0), 0, 0, axis=0)),
            "A26",
            "target shifted the wrong way: the past is predicted",
            _SHIFT,
        ),
        _loss_misread(
            lambda logits, ids: (logits, np.append(ids[:1], ids[1:].T).reshape(ids.shape)),
            "H25",
            "logits and targets paired in different order",
            _PAIRED,
        ),
        _loss_misread(
            lambda logits, ids: (logits.swapaxes(0, 1).reshape(logits.shape), ids),
            "H25.logits",
            "logits and targets paired in different order: the logits' axes were moved",
            _PAIRED,
        ),
        Misconception(
            "H05.loss",
            "the loss without its minus",
            partial(_loss_scaled, sign=-1),
            ("Can the logarithm of a probability be positive? Can your loss be?", "Where is the minus of the loss?"),
        ),
        Misconception(
            "H04.batch", "summed over the batch, averaged over time only", partial(_loss_scaled, by="B"), _SUMMED
        ),
        Misconception(
            "H04.sum", "summed over time, averaged over the batch only", partial(_loss_scaled, by="T"), _SUMMED
        ),
        Misconception(
            "H04.total", "summed over all predictions instead of averaged", partial(_loss_scaled, by="TB"), _SUMMED
        ),
        Misconception("H11", "averaged over all T * B * V entries", partial(_loss_scaled, by="1/V"), _SUMMED[1:]),
        Misconception(
            "H11.ids",
            "divided by the number of symbols, T + 1 of each sequence, not by that of the predictions",
            partial(_loss_scaled, by="ids"),
            _SUMMED[1:],
        ),
        Misconception(
            "H26.bits",
            "the loss in bits: a logarithm to base 2",
            partial(_loss_scaled, by="bits"),
            ("What is your loss when all logits are 0: ln V?", "Which logarithm undoes exp?"),
        ),
        Misconception(
            "H26.exp",
            "exp of the loss: that is the perplexity",
            lambda logits, ids: np.exp(sequence_loss(logits, ids)),
            ("What is your result when all logits are 0: ln V, or V?", "Does the statement ask for an exp at the end?"),
        ),
        Misconception(
            "H26.mean-p",
            "the logarithm of the mean probability, not the mean of the logarithms",
            lambda logits, ids: -np.log(np.take_along_axis(_softmax(logits), ids[1:, :, None], axis=2).mean()),
            (
                "Take two predictions with p = 1 and p = 0.01. What do they cost together?",
                "Which comes first: the mean, or the logarithm?",
            ),
        ),
        Misconception(
            "H03.none",
            "logits taken for log p: the softmax is missing",
            lambda logits, ids: -np.take_along_axis(logits, ids[1:, :, None], axis=2).mean(),
            ("Add 5 to all logits. Should the loss change?", "What has to be subtracted from a logit to make log p?"),
        ),
        Misconception(
            "H01.time",
            "softmax over the wrong axis: over time",
            lambda logits, ids: -np.take_along_axis(np.log(_softmax(logits, axis=0)), ids[1:, :, None], axis=2).mean(),
            _AXIS[1:],
        ),
        _loss_misread(
            lambda logits, ids: (logits[1:], ids[1:]),
            "H25.no-first",
            "the first step's prediction is left out",
            ("How many predictions does a sequence of T steps contain?", "Which symbol is logits[0] asked for?"),
        ),
        _loss_misread(
            lambda logits, ids: (logits[:-1], ids[:-1]),
            "H25.no-last",
            "the last step's prediction is left out",
            ("How many predictions does a sequence of T steps contain?", "Which symbol is logits[-1] asked for?"),
        ),
        _loss_misread(
            lambda logits, ids: (logits[:1], ids[:2]),
            "H25.first",
            "only the first step's prediction counts",
            ("How many predictions does a sequence of T steps contain?", "Which index of yours throws steps away?"),
        ),
        _loss_misread(
            lambda logits, ids: (logits[-1:], ids[-2:]),
            "H25.last",
            "only the last step's prediction counts",
            (
                "How many predictions does a sequence of T steps contain?",
                "Change the logits of the first step only. Does your loss move?",
                "Which index of yours throws steps away?",
            ),
        ),
        _loss_misread(
            lambda logits, ids: (_softmax(logits), ids),
            "H03",
            "softmax applied twice",
            (
                "How small can your loss get when the model is right and very sure?",
                "Count how often exp is applied between logits and loss.",
                "Does the function that you call expect logits or probabilities?",
            ),
        ),
        Misconception(
            "H01",
            "softmax over the wrong axis: over the batch",
            lambda logits, ids: -np.take_along_axis(np.log(_softmax(logits, axis=1)), ids[1:, :, None], axis=2).mean(),
            _AXIS,
        ),
    ),
)


# ---------------------------------------------------------------- 02.4 temperature_probs


def temperature_probs(logits: Array, tau: float) -> Array:
    """softmax(logits / tau) along the last axis."""
    return _softmax(logits / tau)


def _temperature_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("tau = 0.5", (_logits(rng, 3, 5), 0.5)),
        Case("tau = 2.5", (_logits(rng, 3, 5), 2.5)),
        Case("tau = 0.001", ([[2], [4]] + 0.2 * _logits(rng, 2, 4), 0.001)),
        Case("tau = 1", (_logits(rng, 3, 5), 1.0), easy=True, look="look at what tau does"),
        Case("one row", (_logits(rng, 5), 0.5)),
    ]


_probs_misread = partial(misread, temperature_probs)

_WHERE = (
    "Should a low temperature make the choice surer or more random?",
    "Print the probabilities for tau = 0.1 and tau = 10.",
    "Does your tau act on the logits, before the normalisation, or after it?",
)

TEMPERATURE = Exercise(
    id="02.4",
    name="temperature_probs",
    points=1,
    reference=temperature_probs,
    cases=_temperature_cases,
    outputs=("probabilities",),
    bare=True,
    hints=("tau = 1 must give the plain softmax. Does it?", "Which logits grow apart when tau is small?"),
    misconceptions=(
        _probs_misread(lambda z, tau: (z, 1 / tau), "H17", "temperature multiplied instead of divided", _WHERE),
        _probs_misread(lambda z, tau: (z, tau**2), "H18", "temperature applied twice", _WHERE),
        _probs_misread(
            lambda z, tau: (z, 1.0), "H21", "the temperature has no effect: it cancels in the normalisation", _WHERE
        ),
        Misconception(
            "H19",
            "probabilities divided by tau: they no longer add up to 1",
            lambda z, tau: _softmax(z) / tau,
            (
                "Add up your probabilities for one row.",
                "What must be true of them whatever tau is?",
                "Which comes first: dividing by tau, or normalising?",
            ),
        ),
        _probs_misread(
            lambda z, tau: (_softmax(z), tau),
            "H22",
            "temperature on the probabilities, then a second softmax",
            (
                "With tau = 1 your result should be the plain softmax. Is it?",
                "Count how often exp is applied.",
                "Which array should be divided by tau: logits or probabilities?",
            ),
        ),
        Misconception(
            "H01", "softmax over the wrong axis: over the rows", lambda z, tau: _softmax(z / tau, axis=0), _AXIS
        ),
        Misconception(
            "H12",
            "softmax over the whole array at once",
            lambda z, tau: np.exp(z / tau - (z / tau).max()) / np.exp(z / tau - (z / tau).max()).sum(),
            _AXIS,
        ),
        Misconception(
            "H02.one",
            "not safe when tau is small: the largest entry of the whole array is taken off, not that of each row",
            lambda z, tau: np.exp(z / tau - (z / tau).max()) / np.exp(z / tau - (z / tau).max()).sum(-1, keepdims=True),
            (
                "Try the rows [0, 1] and [5, 6] with tau = 0.001. What does np.exp give for the first?",
                "Which number must be taken off so that each row keeps an exponent of 0?",
            ),
        ),
        Misconception(
            "H17.sign",
            "the sign is reversed: the smallest logit gets the largest probability",
            lambda z, tau: _softmax(-z / tau),
            ("Which symbol of [0, 1] should be the likelier one?", "Where does your code take the negative?"),
        ),
        Misconception(
            "H02",
            "not safe when tau is small: inf / inf, or 0 / 0",
            lambda z, tau: np.exp(z / tau) / np.exp(z / tau).sum(axis=-1, keepdims=True),
            _OVERFLOW,
        ),
    ),
)


# ---------------------------------------------------------------- 02.5 generate

STEP = Source(
    "lambda x_t, h_prev, params: (lambda h_t: (params['W_hy'] @ h_t + params['b_y'], h_t))"
    "(np.tanh(params['W_xh'][:, x_t] + params['W_hh'] @ h_prev + params['b_h']))"
)


EVEN_STEP = Source("lambda x_t, h_prev, params: (np.zeros(2), h_prev)")  # p is (1/2, 1/2), without rounding


def generate(step: Any, first: int, h0: Array, u: Array, params: dict[str, Array]) -> list[int]:
    """len(u) symbols: at each step the smallest k with p_0 + … + p_k > u_t, fed back as the next input."""
    symbol, h_t, symbols = first, h0, []
    for u_t in u:
        logits, h_t = step(symbol, h_t, params)
        symbol = int(np.searchsorted(np.cumsum(_softmax(logits)), u_t, side="right"))
        symbols.append(symbol)
    return symbols


def _generate_cases(rng: np.random.Generator) -> list[Case]:
    def draw(n: int, V: int = 6, H: int = 5) -> tuple[Any, ...]:
        params = {
            "W_xh": 1.5 * rng.normal(size=(H, V)),
            "W_hh": rng.normal(size=(H, H)),
            "b_h": 0.5 * rng.normal(size=H),
            "W_hy": 0.8 * rng.normal(size=(V, H)),
            "b_y": 0.5 * rng.normal(size=V),
        }
        return STEP, int(rng.integers(0, V)), rng.normal(size=H), 0.999 * rng.uniform(size=n), params

    return [
        Case("40 symbols, V = 6", draw(40)),
        Case("30 symbols, V = 9", draw(30, V=9)),
        Case("u_t just at a sum", (EVEN_STEP, 0, np.zeros(1), np.array([0.5, 0.2, 0.5, 0.7]), {})),
        *(  # three draws, so that a wrong rule is not right on all of them by luck
            Case("1 symbol", draw(1, V=60), easy=True, look="look at what is handed from one round to the next")
            for _ in range(3)
        ),
    ]


def _generate_wrong(
    step, first, h0, u, params, *, feed=True, carry=True, pick="draw", keep_first=False, keep_last=True
):
    symbol, h_t, symbols = first, h0, [first] if keep_first else []
    for u_t in u:
        logits, h_t = step(symbol if feed else first, h_t if carry else h0, params)
        p = logits if pick == "logits" else _softmax(_softmax(logits)) if pick == "twice" else _softmax(logits)
        u_t = {"first u": u[0], "from the end": 1 - u_t}.get(pick, u_t)
        drawn = min(int(np.searchsorted(np.cumsum(p), u_t, side="right")), len(p) - 1)
        if pick == "side":
            drawn = int(np.searchsorted(np.cumsum(p), u_t, side="left"))
        others = {"one less": max(drawn - 1, 0), "one more": min(drawn + 1, len(p) - 1)}
        symbol = {"argmax": int(p.argmax()), "single": int(np.argmax(p > u_t)), **others}.get(pick, drawn)
        symbols.append(symbol + (pick == "stored + 1"))
    return symbols if keep_last else symbols[:-1]


def _generate_variant(**changes: Any) -> partial:
    return partial(_generate_wrong, **changes)


_FEED = (
    "Which two things must be carried from one round to the next?",
    "Print the input symbol and the state at the start of each round.",
    "Does what comes after the first symbol depend on that symbol? Change it by hand and see.",
)

GENERATE = Exercise(
    id="02.5",
    name="generate",
    points=2,
    reference=generate,
    cases=_generate_cases,
    outputs=("symbols",),
    bare=True,
    hints=(
        "Write the first two rounds by hand: what does step get in each of them?",
        "np.cumsum(p) climbs from p[0] to 1; count how many of its entries are at most u_t.",
        "One name holds the symbol, one the state; each round reads both and gives both a new value.",
    ),
    misconceptions=(
        Misconception(
            "H20",
            "always takes the most likely symbol",
            _generate_variant(pick="argmax"),
            (
                "Call it with two different u. Should the texts differ, and do they?",
                "Where in your code is u_t read?",
                "What is the difference between the best symbol and a drawn one?",
            ),
        ),
        Misconception("H24", "the drawn symbol is not the next input", _generate_variant(feed=False), _FEED),
        Misconception("H24.state", "the state is set back at every step", _generate_variant(carry=False), _FEED),
        Misconception(
            "H24.both",
            "neither the symbol nor the state is handed on",
            _generate_variant(feed=False, carry=False),
            _FEED,
        ),
        misread(
            generate,
            lambda step, first, h0, *rest: (step, first, 0 * h0, *rest),
            "S18",
            "h0 ignored: starts from zeros",
            ("Run with two different h0. Should the texts agree?", "Where does your function first read h0?"),
        ),
        Misconception(
            "H24.shifted",
            "the first symbol is returned too, the last drawn one is not",
            _generate_variant(keep_first=True, keep_last=False),
            (
                "Was the first symbol of your list drawn, or given?",
                "Does your round store the symbol that it reads, or the one that it draws?",
            ),
        ),
        Misconception(
            "H24.first",
            "the first symbol is returned too: one too many",
            _generate_variant(keep_first=True),
            (
                "How many symbols does the statement ask for?",
                "Compare the length of your list with len(u).",
                "Was the first symbol drawn, or given?",
            ),
        ),
        Misconception(
            "H10",
            "class index shifted by one",
            _generate_variant(pick="one less"),
            (
                "Let p = [0.3, 0.7] and u_t = 0.1. Which symbol is drawn, and which do you return?",
                "np.cumsum(p)[0] is p[0], not 0. What follows for the index?",
                "Symbols are numbered from 0: how many entries of the cumulative sum are at most u_t?",
            ),
        ),
        Misconception(
            "H10.next",
            "the symbol after the drawn one",
            _generate_variant(pick="one more"),
            (
                "Let p = [0.3, 0.7] and u_t = 0.1. Which symbol is drawn, and which do you return?",
                "Symbols are numbered from 0: how many entries of the cumulative sum are at most u_t?",
            ),
        ),
        Misconception(
            "H10.stored",
            "symbols returned as if they were numbered from 1",
            _generate_variant(pick="stored + 1"),
            ("Can your list hold a 0? Can it hold V?", "Do you store the symbol that you feed back?"),
        ),
        Misconception(
            "H20.single",
            "each p compared with u_t by itself, not the sum up to it",
            _generate_variant(pick="single"),
            (
                "Let p = [0.3, 0.4, 0.3] and u_t = 0.5. Which symbol is drawn, and which do you return?",
                "The statement adds: p_0 + … + p_k. Where does your code add?",
            ),
        ),
        Misconception(
            "H20.first",
            "one u for all steps",
            _generate_variant(pick="first u"),
            ("Change the last entry of u. Should the text change?", "Which entry of u belongs to round t?"),
        ),
        Misconception(
            "H20.side",
            "a sum that is equal to u_t is taken: it must be larger",
            _generate_variant(pick="side"),
            ("Let p = [0.5, 0.5] and u_t = 0.5. Which symbol is drawn?", "Is it > or >= in the statement?"),
        ),
        Misconception(
            "H20.end",
            "drawn from the other end: with 1 - u_t",
            _generate_variant(pick="from the end"),
            ("Which symbol does u_t = 0 draw?", "From which end are the probabilities added up?"),
        ),
        Misconception(
            "H03",
            "softmax applied twice",
            _generate_variant(pick="twice"),
            ("Add 5 to one logit. How much does its probability move?", "Count how often exp is applied in a round."),
        ),
        Misconception(
            "H20.logits",
            "drawn from the logits: the softmax is missing",
            _generate_variant(pick="logits"),
            (
                "What should the numbers that you draw from add up to?",
                "Can a probability be negative? Print yours.",
                "What turns the logits of step into probabilities?",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 02.6 perplexity


def perplexity(losses: Array, counts: Array) -> float:
    """exp of the mean loss per symbol: batches count by their number of symbols."""
    return float(np.exp((losses * counts).sum() / counts.sum()))


def _perplexity_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("batches of different length", (rng.uniform(0.5, 3.0, 5), rng.integers(3, 60, 5))),
        Case("one long batch", (rng.uniform(0.5, 3.0, 3), np.array([400, 7, 2]))),
        Case("equal batches", (rng.uniform(0.5, 3.0, 4), np.full(4, 20)), easy=True, look="look at the counts"),
        Case("one batch", (rng.uniform(0.5, 3.0, 1), np.array([30])), easy=True, look="look at how batches are joined"),
        Case("equal losses", (np.full(3, 1.7), rng.integers(3, 60, 3)), easy=True, look="look at how you average"),
    ]


_ORDER = (
    "Try two batches of equal length with the losses 1 and 3.",
    "Average first or exponentiate first: does it matter?",
    "Perplexity is exp of one mean. Of which numbers is the mean?",
)
_WEIGHT = (
    "Try counts [1000, 1]: how much should the second batch matter?",
    "What does one symbol of the short batch weigh in your result, and one of the long batch?",
    "Which argument of the function is not in your formula?",
)

PERPLEXITY = Exercise(
    id="02.6",
    name="perplexity",
    points=1,
    reference=perplexity,
    cases=_perplexity_cases,
    outputs=("perplexity",),
    hints=("Compute the worked example by hand.", "How many nats did all symbols cost together?"),
    misconceptions=(
        Misconception(
            "H26",
            "mean of the perplexities of the batches",
            lambda losses, counts: float((np.exp(losses) * counts).sum() / counts.sum()),
            _ORDER,
        ),
        Misconception(
            "H26.both",
            "plain mean of the perplexities of the batches",
            lambda losses, counts: float(np.exp(losses).mean()),
            _ORDER,
        ),
        misread(
            perplexity,
            lambda losses, counts: (losses, 0 * counts + 1),
            "H26.weights",
            "batches weighted equally though they differ in length",
            _WEIGHT,
        ),
        Misconception(
            "H26.base",
            "2 to the power of nats: the bases do not match",
            lambda losses, counts: float(2 ** ((losses * counts).sum() / counts.sum())),
            (
                "What is the perplexity of a fair choice among V symbols? Its loss is ln V nats.",
                "Put losses = [ln 4] in. Do you get 4?",
                "Which base belongs to a natural logarithm?",
            ),
        ),
        Misconception(
            "H26.loss",
            "the mean loss itself, without exp",
            lambda losses, counts: float((losses * counts).sum() / counts.sum()),
            (
                "Put losses = [ln 4] in. Do you get 4?",
                "A perplexity says among how many symbols the model hesitates. Can it be below 1?",
                "Which function undoes a logarithm?",
            ),
        ),
        Misconception(
            "H26.batches",
            "the total loss divided by the number of batches, not of symbols",
            lambda losses, counts: float(np.exp((losses * counts).mean())),
            ("Cut the text into more batches. Should the perplexity change?", "Over how many symbols is the mean?"),
        ),
        Misconception(
            "H26.uncounted",
            "mean losses added up as if each were one symbol's, then divided by all symbols",
            lambda losses, counts: float(np.exp(losses.sum() / counts.sum())),
            ("What did batch k cost in total, all its symbols?", "Put one batch with loss ln 4 in. Do you get 4?"),
        ),
        Misconception(
            "H26.sum",
            "the mean losses added up, not averaged",
            lambda losses, counts: float(np.exp(losses.sum())),
            ("Read the same text twice. Should the perplexity change?", "Put losses = [ln 4, ln 4] in. Do you get 4?"),
        ),
        Misconception(
            "H26.minus",
            "a minus too many: losses are positive already",
            lambda losses, counts: float(np.exp(-(losses * counts).sum() / counts.sum())),
            ("Put losses = [ln 4] in. Do you get 4?", "Can a perplexity be below 1?"),
        ),
        Misconception(
            "H26.total",
            "exp of the total loss: not divided by the number of symbols",
            lambda losses, counts: float(np.exp((losses * counts).sum())),
            (
                "Read the same text twice. Should the perplexity change?",
                "How large is your result for a long text?",
                "By what must the total be divided before exp?",
            ),
        ),
    ),
)

EXERCISES = (SOFTMAX, ONE_HOT, SEQUENCE_LOSS, TEMPERATURE, GENERATE, PERPLEXITY)
