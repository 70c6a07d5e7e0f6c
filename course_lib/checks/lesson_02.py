"""Lesson 02: softmax and loss, one-hot vectors, the shifted target, temperature, generation, perplexity."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Source

Array = np.ndarray


def _logits(rng: np.random.Generator, *shape: int) -> Array:
    return 1.5 * rng.normal(size=shape)


def ratio(z: Array, axis: int | None = -1) -> Array:
    """The softmax as its formula has it, with nothing taken off: it overflows for large z."""
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


def softmax(z: Array, axis: int = -1) -> Array:
    return ratio(z - z.max(axis=axis, keepdims=True), axis)


# ---------------------------------------------------------------- 02.1 softmax_cross_entropy


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
        Case("N = 1", (_logits(rng, 1, 5), np.array([4])), easy=True, look="look at what is done for each row"),
        Case("V = 2", (_logits(rng, 4, 2), _targets(rng, 4, 2)), easy=True, look="look at how classes are told apart"),
        Case("every target is 0", (_logits(rng, 4, 6), np.zeros(4, int)), easy=True, look="look at each row's target"),
    ]


_OVERFLOW = (
    "Try the logits [1000, 1001], one logit 800 among twelve, a row near 1000 beside one near 0. What is np.exp?",
    "Print the largest exponent of each row, just before exp is applied. Is it 0 in every row?",
    "Softmax does not change when one number is taken off all logits of a row. Which number is needed?",
)
_AXIS = ("Print the sums of p along the last axis. Are they 1?", "Which axis holds the V choices of one prediction?")
_LOG_OF_0 = ("The logits [0, 800], target 0: what is the loss by hand?", "Into what can log(e^a / s) be simplified?")
_NORM = ("Logits [3, 3]: is each p 1/2, the loss ln 2?", "log p is the logit minus one number for the row. Which one?")
_STEPS = (
    "Take two predictions whose targets have p = 1/2 and p = 1/8. By hand the loss is 2 ln 2; what is yours?",
    "Go from the inside to the outside: softmax, p of the target, its logarithm, the mean, the minus.",
    "Which of these steps does your code leave out, do twice, or do in another order?",
)
_BASE = ("Set all logits to 0. Is your loss ln V?", "Which logarithm undoes exp?")
_MEAN = (
    "Hand every row, sequence or step in twice: a mean loss stays, each entry of its gradient is halved. And yours?",
    "Divide your result by the right one: which size of the arrays is the ratio?",
    "Over how many predictions does the mean run, and do loss and gradient know that number?",
)
_PARTS = (
    "Take a small step along minus your gradient: does the loss go down? And does each row of yours add up to 0?",
    "There are two kinds of columns: write the formula for the target's column and for another one.",
    "Which terms does it have, what is divided by N, and where does each of them stand in your code?",
)
_INDEX = ("Two rows, two targets: which entries does each row use?", "How do you pair row n with its own targets[n]?")
_FIRST = (
    "Try the first and the last symbol, 0 and V - 1. Which entry or column is theirs, and which do you take?",
    "What does the index -1 mean in NumPy?",
    "Are the symbols numbered from 0 or from 1, and how many of them are there?",
)
_IN_PLACE = ("Compare logits and p with copies: which has changed?", "What does -= do to an array with a second name?")
_MAX = " - logits.max(axis=1, keepdims=True)"
_LOG_P = "shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))"
_LOST = {_LOG_P: _LOG_P.replace("shifted -", "logits -")}
_P, _Y, _ROWS = "np.exp(log_p)", "np.eye(V)[targets]", "[np.arange(N), targets]"
_LOSS, _ERROR = f"-log_p{_ROWS}.mean()", f"p - {_Y}"
_DESTROYED = f"({_ERROR})", f"abs({_ERROR})"


def _off(off: str) -> list[dict[str, str]]:
    """What is taken off the logits, three ways: what becomes of inf - inf, inf / inf and log 0 differs."""
    return [{_MAX: off}, {_MAX: off, _LOG_P: "np.log(ratio(shifted))"}, {_MAX: off, _P: "ratio(shifted)"}]


def _over(axis: int | None) -> list[dict[str, str]]:
    """The sum over another axis, and the maximum over the right one, this one, or all."""
    log_p = {_LOG_P: f"np.log(ratio(shifted, {axis}))"}
    return [log_p, *(log_p | {_MAX: f" - logits.max({over})"} for over in (f"axis={axis}", ""))]


_WHOLE = "the largest logit of the whole array is taken off, not that of each row"
_EPS = "a small number stands in for a p that has become 0: the loss stops growing there"
_TINY = "1e-6", "1e-7", "1e-15", "1e-16", "1e-20", "1e-30", "1e-300", "np.finfo(float).eps"
_SOFTMAX_SLIPS = {
    _OVERFLOW: {
        "softmax overflows for large logits": _off(""),
        "overflows: the mean of each row is taken off, not its largest logit": _off(_MAX.replace("max", "mean")),
        f"underflows: {_WHOLE}": _off(" - logits.max()"),
    },
    _AXIS: {
        "softmax over the wrong axis: over the rows": _over(0),
        "softmax over the whole array at once": _over(None),
    },
    _LOG_OF_0: {
        "the logarithm of a p that has become 0": (_LOG_P, "np.log(ratio(shifted))"),
        _EPS: [(_LOG_P, f"np.log(ratio(shifted) + {e})") for e in ("1e-12", "1e-10", "1e-9", "1e-8")],
    },
    _NORM: {
        "the largest logit is taken off in one place only: log p lost it": [_LOST, _LOST | {_P: "softmax(logits)"}],
        "not normalised: the logarithm of the sum is missing in log p": [(_LOG_P, "shifted"), (_LOG_P, "logits")],
        "p in the gradient is not normalised": (_P, "np.exp(shifted)"),
    },
    _FIRST: {"class index shifted by one": ("", "targets = targets - 1")},
    _IN_PLACE: {
        "the logits that came in are changed": ("", "logits -= logits.max(axis=1, keepdims=True)"),
        "probabilities destroyed before the loss is read": [("-log_p", f"-np.log({e})") for e in _DESTROYED],
    },
    _MEAN: {
        "gradient not divided by N": (" / N", ""),
        "gradient divided by V instead of N": (" / N", " / V"),
        "gradient divided by N twice": (" / N", " / N / N"),
        "the loss summed over the rows, not averaged": (".mean()", ".sum()"),
        "loss and gradient summed over the rows, not averaged": {".mean()": ".sum()", " / N": ""},
        "one loss for each row: their mean is missing": (".mean()", ""),
    },
    _MEAN[1:]: {
        "gradient divided by N and by V": (" / N", " / N / V"),
        "the loss averaged over all N * V entries": (".mean()", ".mean() / V"),
    },
    _PARTS: {
        "sign of the gradient reversed": (_ERROR, f"{_Y} - p"),
        "p is lost in the target's column: -1 stands there": (_ERROR, f"p * (1 - {_Y}) - {_Y}"),
        "the 1 of the target is not divided by N": (_ERROR, f"-N * {_Y} + p"),
        "the target is missing in the gradient": (_ERROR, "p"),
        "gradient only in the target's column": (_ERROR, f"(p - 1) * {_Y}"),
        "minus one-hot alone: p is missing": (_ERROR, f"-{_Y}"),
        "slope p (1 - p) entry by entry, as for a sigmoid": (_ERROR, "p * (1 - p)"),
        "the error times p (1 - p), as for a squared error": (f"({_ERROR})", f"({_ERROR}) * p * (1 - p)"),
    },
    _INDEX: {
        "1 taken from every entry, not from the target's": (_Y, "1"),
        "the indexing marks every row": [(_Y, "np.isin(np.arange(V), targets)"), (_Y, f"{_Y}.sum(axis=0)")],
        "the indexing reads every target in every row": ("np.arange(N)", ":"),
    },
    _STEPS: {
        "softmax applied twice": ("", "logits = softmax(logits)"),
        "the loss without its minus": ("-log_p", "log_p"),
    },
    _BASE: {"the loss in bits: a logarithm to base 2": (".mean()", ".mean() / np.log(2)")},
}
_SOFTMAX_ALONE = {
    _OVERFLOW: {"the largest logit of a column is taken off, not that of the row": (_MAX, " - logits.max(axis=0)")},
    _LOG_OF_0: {_EPS: [(_LOG_P, f"np.log(ratio(shifted) + {e})") for e in _TINY]},
    _NORM: {"the target's logit in the place of log p": [("-log_p", "-logits"), ("-log_p", "-shifted")]},
    _PARTS: {
        "the 1 is added in the target's column, not subtracted": (_ERROR, f"p + {_Y}"),
        "log p in the place of p in the gradient": (_ERROR, f"log_p - {_Y}"),
        "the logits in the place of p in the gradient": [(_ERROR, f"logits - {_Y}"), (_ERROR, f"shifted - {_Y}")],
        "the gradient with respect to p, not to the logits": (_ERROR, f"-{_Y} / p"),
    },
    _INDEX: {
        "the loss counts all symbols of a row, not its target alone": [(_ROWS, ""), (_ROWS, ".sum(axis=1)")],
        "the loss reads the most likely symbol, not the target": (_ROWS, ".max(axis=1)"),
    },
    _FIRST: {
        "class index shifted by one in the gradient": (_Y, "np.eye(V)[targets - 1]"),
        "class index shifted by one in the loss": ("np.arange(N), targets", "np.arange(N), targets - 1"),
    },
    _STEPS: {
        "the loss has no logarithm: it is minus the mean p": ("-log_p", "-p"),
        "the logarithm of the mean p, not the mean logarithm": (_LOSS, f"-np.log(p{_ROWS}.mean())"),
        "exp of the loss: that is the perplexity": (_LOSS, f"np.exp({_LOSS})"),
        "the entropy of p: the targets are not used in the loss": (_LOSS, "-(p * log_p).sum(axis=1).mean()"),
        "squared error, not cross-entropy": [(_LOSS, f"(({_ERROR}) ** 2){s}.mean()") for s in ("", ".sum(axis=1)")],
    },
}
_BY_STEPS = (
    "Compute the worked example step by step and compare each intermediate array.",
    "Check two sums: each row of p adds up to 1, each row of dlogits adds up to 0.",
    "Compare dlogits with a finite difference: nudge one logit by 1e-5 and watch the loss.",
)
SOFTMAX = Exercise(
    "02.1",
    "softmax_cross_entropy",
    3,
    _softmax_cases,
    ("loss", "dlogits"),
    (*slips(_SOFTMAX_SLIPS), *slips(_SOFTMAX_ALONE, alone=True)),
    helpers=(ratio, softmax),
    bare=True,
    arguments="left",
    hints=_BY_STEPS,
)


# ---------------------------------------------------------------- 02.2 one_hot


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


_AXES = ("ids (T, B) should become (T, B, V). Which shape is yours?", "Which of your calls moves or adds an axis?")
_MARKED = (
    "Encode ids = [0, 2] with V = 4 by hand. How many columns are there, and how many 1s in each vector?",
    "What of your result depends on the other symbols that occur, and what should?",
    "Each symbol marks one place, in its own vector only. Which places does your code mark, and with what?",
)
_BY_ONE = "(V, k=1)[ids]", "(V, k=-1)[ids]", "(V)[ids - 1]", "(V)[(ids - 1) % V]", "(V)[(ids + 1) % V]"
_ONE_HOT_SLIPS = {
    _FIRST: {
        "class index shifted by one": [("(V)[ids]", wrong) for wrong in _BY_ONE],
        "one column too many: symbols counted from 1": [("", "V = V + 1"), ("", "V, ids = V + 1, ids + 1")],
    },
    _AXES: {
        "the two axes of ids exchanged": ("[ids]", "[ids.T]"),
        "the symbol axis is first, not last": ("[ids]", "[ids].transpose(-1, *range(ids.ndim))"),
        "the symbol axis is in the middle, not last": ("[ids]", "[ids].swapaxes(-1, 1)"),
        "the axes in reverse order": ("[ids]", "[ids].T"),
        "the axes of ids are flattened": ("[ids]", "[ids].reshape(-1, V)"),
        "all vectors in one long row": ("[ids]", "[ids].ravel()"),
        "one axis too many": [("[ids]", more) for more in ("[ids[..., None]]", "[ids][None]", "[ids][..., None]")],
        "the vectors added up over all axes of ids": ("[ids]", "[ids].reshape(-1, V).sum(axis=0)"),
    },
    _MARKED: {
        "as many columns as the largest symbol that happens to occur": ("", "V = ids.max() + 1"),
        "one column for each symbol that happens to occur": ("[ids]", "[ids][..., np.unique(ids)]"),
        "the symbol's number stands where the 1 belongs": ("np.eye(V)", "np.diag(np.arange(V))"),
        "nothing but zeros: no 1 is stored": ("np.eye(V)", "np.zeros((V, V))"),
        "0 and 1 exchanged": ("np.eye(V)", "1 - np.eye(V)"),
        "every vector marks all symbols that occur": ("np.eye(V)", "np.isin(np.arange(V), ids) + 0 * np.eye(V)"),
        "1 at every place up to the symbol's": ("np.eye(V)", "np.tri(V)"),
    },
}
_TABLE = (
    "How many axes does the result have, and how long is the last one?",
    "A table with one row per symbol: which well-known matrix is it?",
    "What does NumPy return when an array of any shape indexes the rows of a matrix?",
)
ONE_HOT = Exercise(
    "02.2", "one_hot", 1, _one_hot_cases, ("one-hot vectors",), slips(_ONE_HOT_SLIPS), bare=True, hints=_TABLE
)


# ---------------------------------------------------------------- 02.3 sequence_loss


def picked(values: Array, targets: Array) -> Array:
    """For each prediction, the value of its target: (T, B)."""
    return np.take_along_axis(values, targets.reshape(values.shape[:-1])[..., None], axis=-1)[..., 0]


def nll(p: Array, targets: Array) -> Array:
    """The loss of each prediction, from probabilities: (T, B)."""
    return -np.log(picked(p, targets))


def _sequence_cases(rng: np.random.Generator) -> list[Case]:
    def draw(T: int, B: int, V: int) -> tuple[Array, Array]:
        return _logits(rng, T, B, V), rng.integers(0, V, (T + 1, B))

    return [
        Case("T = 5, B = 3, V = 4", draw(5, 3, 4)),
        Case("T = B = 4, V = 6", draw(4, 4, 6)),
        Case("B = 1", draw(6, 1, 5), easy=True, look="look at how time and batch are flattened"),
        Case("T = 1", draw(1, 6, 5), easy=True, look="look at which steps are paired"),
    ]


_PAIRED = ("Which (t, b) is the fifth row of each flattened array?", "Compare one entry with a double loop by hand.")
_SHIFT = (
    "Write ids[0], ids[1], ids[2] under logits[0], logits[1]. What is logits[0] asked to predict?",
    "Write down each step's target in your code. Could a network that copies its input get your loss down to 0?",
    "At step t the network has read ids[t]. Which symbol does it not know yet?",
)
_COUNTED = (
    "Change the logits of one step after the other, then of one sequence. Which does your loss not notice?",
    "How many predictions do B sequences of T steps contain, and how many does your mean take?",
    "Which index of yours throws predictions away, or which name is overwritten in your loop?",
)
_ONE_NUMBER = ("How many numbers are asked for?", "Which name holds the loss, and over which axes is it averaged?")
_CALL = "loss, _ = softmax_cross_entropy(logits.reshape(T * B, V), targets.reshape(T * B))"
_PICKED, _EACH = "picked(softmax(logits), targets)", "loss = nll(softmax(logits), targets)"
_SWAPPED = "logits = logits.swapaxes(0, 1).reshape(logits.shape)"
_ROLLED = "np.roll(ids[:-1], 1, axis=0)"
_PAST = ("ids[1:]", _ROLLED), ("ids[1:]", "np.insert(ids[:-2], 0, 0, axis=0)")


def _fewer(steps: str) -> list[tuple[str, str]]:
    """Some steps only; where none is left, NumPy's mean is nan and a division by 0 an error."""
    return [("", f"logits, ids = {steps}"), ("", f"assert len(logits) > 1\nlogits, ids = {steps}")]


_SEQUENCE = {
    _SHIFT: {
        "target not shifted: the network is asked for the symbol it has just read": ("ids[1:]", "ids[:-1]"),
        "target shifted the wrong way: the past is predicted": [*_PAST, *_fewer(f"logits[1:], {_ROLLED}")],
        "target shifted by two: the symbol after the next one": _fewer("logits[:-1], ids[1:]"),
        "the last symbol is the target of every step": ("ids[1:]", "np.tile(ids[-1], (T, 1))"),
    },
    _FIRST: {"class index shifted by one": ("ids[1:]", "ids[1:] - 1")},
    _PAIRED: {
        "logits and targets paired in different order": ("ids[1:]", "ids[1:].T"),
        "logits and targets paired in different order: the logits' axes were moved": ("", _SWAPPED),
    },
    _COUNTED: {
        "the first step's prediction is left out": _fewer("logits[1:], ids[1:]"),
        "the last step's prediction is left out": _fewer("logits[:-1], ids[:-1]"),
        "only the first step's prediction counts": ("", "logits, ids = logits[:1], ids[:2]"),
        "only the last step's prediction counts": ("", "logits, ids = logits[-1:], ids[-2:]"),
        "only the first sequence of the batch counts": ("", "logits, ids = logits[:, :1], ids[:, :1]"),
        "the first step is left out of the sum, but counted in the mean": (_CALL, f"{_EACH}[1:].sum() / (T * B)"),
        "the last step is left out of the sum, but counted in the mean": (_CALL, f"{_EACH}[:-1].sum() / (T * B)"),
    },
    _AXIS: {
        "softmax over the wrong axis: over time": (_CALL, "loss = nll(softmax(logits, 0), targets).mean()"),
        "softmax over the wrong axis: over the batch": (_CALL, "loss = nll(softmax(logits, 1), targets).mean()"),
        "softmax over the whole array at once": (_CALL, "loss = nll(ratio(logits, None), targets).mean()"),
    },
    _NORM: {"logits taken for log p: the softmax is missing": (_CALL, "loss = -picked(logits, targets).mean()")},
    _STEPS: {
        "softmax applied twice": ("", "logits = softmax(logits)"),
        "the logarithm of the mean p, not the mean logarithm": (_CALL, f"loss = -np.log({_PICKED}.mean())"),
        "minus the mean p: the logarithm is missing": (_CALL, f"loss = -{_PICKED}.mean()"),
        "the loss without its minus": ("return loss", "return -loss"),
    },
    _ONE_NUMBER: {
        "the gradient is returned, not the loss": ("loss, _", "_, loss"),
        "one loss for each prediction: their mean is missing": [(_CALL, _EACH), (_CALL, f"{_EACH}.ravel()")],
        "one loss for each step: their mean is missing": (_CALL, f"{_EACH}.mean(axis=1)"),
        "one loss for each sequence: their mean is missing": (_CALL, f"{_EACH}.mean(axis=0)"),
    },
    _MEAN: {
        "summed over the batch, averaged over time only": ("return loss", "return loss * B"),
        "summed over time, averaged over the batch only": ("return loss", "return loss * T"),
        "summed over all predictions instead of averaged": ("return loss", "return loss * T * B"),
        "divided by T once too often": ("return loss", "return loss / T"),
        "divided by B once too often": ("return loss", "return loss / B"),
        "divided by T * B once too often": ("return loss", "return loss / (T * B)"),
    },
    _MEAN[1:]: {
        "averaged over all T * B * V entries": ("return loss", "return loss / V"),
        "divided by T + 1 symbols of a sequence, not T predictions": ("return loss", "return loss * T / (T + 1)"),
    },
    _BASE: {
        "the loss in bits: a logarithm to base 2": ("return loss", "return loss / np.log(2)"),
        "exp of the loss: that is the perplexity": ("return loss", "return np.exp(loss)"),
    },
}
_WAYS = (ratio, softmax, picked, nll)
_LOOP = (
    "T inputs, T predictions, T targets: which T of the T + 1 symbols are the targets?",
    "Write the double loop first: for t, for b, minus the log-probability of one symbol.",
    "The result is one number: the mean over all T * B predictions.",
)
SEQUENCE_LOSS = Exercise(
    "02.3", "sequence_loss", 2, _sequence_cases, ("loss",), slips(_SEQUENCE), helpers=_WAYS, bare=True, hints=_LOOP
)


# ---------------------------------------------------------------- 02.4 temperature_probs


def _tau_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("tau = 0.5", (_logits(rng, 3, 5), 0.5)),
        Case("tau = 2.5", (_logits(rng, 3, 5), 2.5)),
        Case("tau = 0.001", ([[2], [4]] + 0.2 * _logits(rng, 2, 4), 0.001)),
        Case("tau = 1", (_logits(rng, 3, 5), 1.0), easy=True, look="look at what tau does"),
        Case("tau = 0.001, one logit 1 above the rest", (np.eye(2, 12), 0.001)),
        Case("one row", (_logits(rng, 5), 0.5)),
    ]


_WHERE = (
    "Print the probabilities for tau = 0.1, tau = 1 and tau = 10. Which should be the surest, and which are?",
    "A factor of all exponentials and a number added to all logits cancel. Does your tau do more than that?",
    "What exactly happens to the logits before exp is applied, in the formula and in your code?",
)
_SUM_1 = ("Print your probabilities and their sum. What must it be?", "By which sum does the formula divide, and you?")
_SMALL_TAU = (
    "Try the rows [0, 1] and [5, 6] with tau = 0.001. What does np.exp give, before you normalise?",
    "Is the largest exponent of each row 0, after the division by tau?",
    "A p that has become 0 stays 0 in every power. What should tau divide, before exp is applied?",
)
_PLAIN = ("Do the logits [0, 1] with tau = 1 give 0.2689 and 0.7311?", "Count how often exp is applied, and to what.")
_LARGEST = "z.max(axis=-1, keepdims=True)"
_POWER = (f"np.exp(z - {_LARGEST})", "softmax(logits) ** (1 / tau)")
_DIVIDE = "return e / e.sum(axis=-1, keepdims=True)"
_UNSAFE = "z.mean(axis=-1, keepdims=True)", "logits.max(axis=-1, keepdims=True)", "0"


def _divided(sums: str) -> list[dict[str, str]]:
    """The wrong sum, beside the right maximum and beside that of the whole array."""
    return [{_DIVIDE: f"return e / {sums}"}, {_DIVIDE: f"return e / {sums}", _LARGEST: "z.max()"}]


def _of_p(result: str) -> dict[str, str]:
    """What is done to the finished probabilities p, where tau should divide the logits."""
    return {"logits / tau": "logits", _DIVIDE: f"p = softmax(logits)\nreturn {result}"}


_TAU = {
    _WHERE: {
        "temperature multiplied instead of divided": ("logits / tau", "logits * tau"),
        "temperature applied twice": ("/ tau", "/ tau**2"),
        "the temperature has no effect": ("logits / tau", "logits"),
    },
    _PLAIN: {
        "the sign is reversed: the smallest logit gets the largest probability": ("logits / tau", "-logits / tau"),
        "temperature on the probabilities, then a second softmax": ("logits / tau", "softmax(logits) / tau"),
        "softmax applied twice": ("logits / tau", "softmax(logits / tau)"),
        "no exp: the logits divided by their sum": (_DIVIDE, "return z / z.sum(axis=-1, keepdims=True)"),
        "log p is returned, not p": (_DIVIDE, "return z - np.logaddexp.reduce(z, axis=-1, keepdims=True)"),
        "all or nothing: 1 for the largest logit": (_DIVIDE, f"return 1.0 * (z == {_LARGEST})"),
    },
    _SUM_1: {
        "probabilities divided by tau: they no longer add up to 1": _of_p("p / tau"),
        "probabilities multiplied by tau: they no longer add up to 1": _of_p("p * tau"),
        "probabilities to the power 1 / tau, not normalised again": _of_p("p ** (1 / tau)"),
        "not normalised: the exponentials do not add up to 1": [(_DIVIDE, f"return {e}") for e in ("e", "np.exp(z)")],
        "tau divides the logits, and the probabilities as well": (_DIVIDE, f"{_DIVIDE} / tau"),
    },
    _AXIS: {
        "softmax over the wrong axis: over the rows": [*_divided("e.sum(axis=0)"), ("axis=-1", "axis=0")],
        "softmax over the whole array at once": _divided("e.sum()"),
    },
    _SMALL_TAU: {
        "the largest entry of the column is taken off, not that of the row": (_LARGEST, "z.max(axis=0)"),
        f"not safe when tau is small: {_WHOLE.replace('logit', 'entry')}": (_LARGEST, "z.max()"),
        "not safe when tau is small: inf / inf, or 0 / 0": [_POWER, *((_LARGEST, off) for off in _UNSAFE)],
    },
}
_HELP = (softmax,)
_HEAT = ("tau = 1 must give the plain softmax. Does it?", "Which logits grow apart when tau is small?")
TEMPERATURE = Exercise(
    "02.4", "temperature_probs", 1, _tau_cases, ("probabilities",), slips(_TAU), helpers=_HELP, bare=True, hints=_HEAT
)


# ---------------------------------------------------------------- 02.5 generate

STEP = Source(
    "lambda x_t, h_prev, params: (lambda h_t: (params['W_hy'] @ h_t + params['b_y'], h_t))"
    "(np.tanh(params['W_xh'][:, x_t] + params['W_hh'] @ h_prev + params['b_h']))"
)
EVEN_STEP = Source("lambda x_t, h_prev, params: (np.zeros(2), h_prev)")  # p is (1/2, 1/2), without rounding


def _generate_cases(rng: np.random.Generator) -> list[Case]:
    def draw(n: int, V: int = 6, H: int = 5) -> tuple[Any, ...]:
        params = {"W_xh": 1.5 * rng.normal(size=(H, V)), "W_hh": rng.normal(size=(H, H))}
        params |= {"b_h": 0.5 * rng.normal(size=H), "W_hy": 0.8 * rng.normal(size=(V, H))}
        params["b_y"] = 0.5 * rng.normal(size=V)
        return STEP, int(rng.integers(0, V)), rng.normal(size=H), 0.999 * rng.uniform(size=n), params

    return [
        Case("40 symbols, V = 6", draw(40)),
        Case("30 symbols, V = 9", draw(30, V=9)),
        Case("u_t just at a sum", (EVEN_STEP, 0, np.zeros(1), np.array([0.5, 0.2, 0.5, 0.7]), {})),
        # three draws, so that a wrong rule is not right on all of them by luck
        *(Case("1 symbol", draw(1, V=60), easy=True, look="look at what is handed on") for _ in range(3)),
    ]


_FEED = (
    "Change `first`, h0 and a drawn symbol by hand. What should be another text from there on, and what is?",
    "Print the input symbol and the state at the start of each round.",
    "Which two things must be carried from one round to the next? Where does the first round have them from?",
)
_KEPT = ("Is your list as long as u?", "Does a round store the symbol that it reads, or the one that it draws?")
_RULE = (
    "Let p = [0.25, 0.625, 0.125]. By hand, u_t = 0.1, 0.25 and 0.8 draw the symbols 0, 1 and 1. And in your code?",
    "np.cumsum(p) is [0.25, 0.875, 1]. Which of these sums are at most u_t, and how many are they?",
    "The smallest k with p_0 + … + p_k > u_t: find each of these words in your code.",
)
_U = (
    "Change one entry of u after the other, from 0 to 0.99. Which symbol should change first, and which does?",
    "Where does your code read u_t, and which entry of u belongs to round t?",
    "All chance is in u: the same u gives the same text, another u another one. Is it so with you?",
)
_TWICE = ("Add 5 to one logit. How much does its p move?", "Count how often exp is applied in a round.")
_DRAW, _SOFTMAX = "(np.cumsum(p) <= u_t).sum()", "temperature_probs(logits, 1.0)"
_SEARCH = "min(np.searchsorted(np.cumsum(p), u_t, side='right'), len(p) - 1)"
_FIRST_ABOVE, _STORE = "np.argmax(np.cumsum(p) > u_t)", "symbols.append(symbol)"
_SINGLE = "np.argmax(p > u_t)", "(p <= u_t).sum()", "next((k for k, p_k in enumerate(p) if p_k > u_t), len(p) - 1)"
_SHIFTED = "logits", "logits - logits.max()"
_RESULT, _OWN = "return symbols", ("default_rng(0).random", "default_rng(42).random", "RandomState(0).random_sample")


def _drawn_from(p: str) -> list[dict[str, str]]:
    """Other numbers in the place of p: where they do not grow to 1, each way to draw gives another symbol."""
    return [{_SOFTMAX: p}, {_SOFTMAX: p, _DRAW: _FIRST_ABOVE}, {_SOFTMAX: p, _DRAW: _SEARCH}]


_GENERATE_SLIPS = {
    _U: {
        "one u for all steps": [("", "u = np.full(len(u), u[0])"), ("", "u = np.full(len(u), u[-1])")],
        "the first u is not used: one symbol too few": ("", "u = u[1:]"),
        "random numbers of its own: u is ignored": [("", f"u = np.random.{way}(len(u))") for way in _OWN],
        "always takes the most likely symbol": (_DRAW, "p.argmax()"),
    },
    _FEED: {
        "h0 ignored: starts from zeros": ("", "h0 = 0 * h0"),
        "the given first symbol ignored: starts from symbol 0": ("", "first = 0"),
        "the drawn symbol is not the next input": ("step(symbol,", "step(first,"),
        "the state is set back at every step": ("h_t, params)", "h0, params)"),
        "neither the symbol nor the state is handed on": ("symbol, h_t, params", "first, h0, params"),
        "the most likely symbol is fed back, not the drawn one": (_STORE, f"{_STORE}\nsymbol = p.argmax()"),
        "step is called twice in a round": (_STORE, f"{_STORE}\n_, h_t = step(symbol, h_t, params)"),
    },
    _RULE: {
        "class index shifted by one": [(_DRAW, f"{_DRAW} - 1"), (_DRAW, f"max({_DRAW} - 1, 0)")],
        "the symbol after the drawn one": [(_DRAW, f"{_DRAW} + 1"), (_DRAW, f"min({_DRAW} + 1, len(p) - 1)")],
        "each p compared with u_t by itself, not the sum up to it": [(_DRAW, way) for way in _SINGLE],
        "the sums above u_t are counted, not those up to it": ("<= u_t", "> u_t"),
        "a sum that is equal to u_t is taken: it must be larger": ("<= u_t", "< u_t"),
        "drawn from the other end: with 1 - u_t": ("<= u_t", "<= 1 - u_t"),
        "the sum nearest to u_t is taken, not the first above it": (_DRAW, "abs(np.cumsum(p) - u_t).argmin()"),
        "drawn evenly: u_t * V, and p is not used": (_DRAW, "u_t * len(p)"),
        "symbols returned as if they were numbered from 1": (_STORE, "symbols.append(symbol + 1)"),
    },
    _KEPT: {
        "the first symbol is returned too, the last drawn one is not": (_RESULT, "return [first] + symbols[:-1]"),
        "the first symbol is returned too: one too many": (_RESULT, "return [first] + symbols"),
        "the last drawn symbol is not returned": (_RESULT, "return symbols[:-1]"),
        "the first drawn symbol is not returned": (_RESULT, "return symbols[1:]"),
        "only the last symbol is returned": [(_RESULT, "return symbol"), (_RESULT, "return [symbol]")],
    },
    _TWICE: {"softmax applied twice": (_SOFTMAX, f"temperature_probs({_SOFTMAX}, 1.0)")},
    _SUM_1: {
        "drawn from the logits: the softmax is missing": _drawn_from("logits"),
        "exp of the logits is not divided by its sum": [(_SOFTMAX, f"np.exp({z})") for z in _SHIFTED],
        "the logits divided by their sum: exp is missing": _drawn_from("logits / logits.sum()"),
    },
}
_ROUNDS = (
    "Call it twice with the same u. Do you get the same text? All chance is in u.",
    "Write the first two rounds by hand: what does step get in each of them?",
    "np.cumsum(p) climbs from p[0] to 1; count how many of its entries are at most u_t.",
    "One name holds the symbol, one the state; each round reads both and gives both a new value.",
)
GENERATE = Exercise(
    "02.5", "generate", 2, _generate_cases, ("symbols",), slips(_GENERATE_SLIPS), bare=True, hints=_ROUNDS
)


# ---------------------------------------------------------------- 02.6 perplexity


def _perplexity_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("batches of different length", (rng.uniform(0.5, 3.0, 5), rng.integers(3, 60, 5))),
        Case("one long batch", (rng.uniform(0.5, 3.0, 3), np.array([400, 7, 2]))),
        Case("equal batches", (rng.uniform(0.5, 3.0, 4), np.full(4, 20)), easy=True, look="look at the counts"),
        Case("one batch", (rng.uniform(0.5, 3.0, 1), np.array([30])), easy=True, look="look at how batches are joined"),
        Case("equal losses", (np.full(3, 1.7), rng.integers(3, 60, 3)), easy=True, look="look at how you average"),
    ]


_ORDER = ("Try two equal batches with the losses 1 and 3.", "Perplexity is exp of one mean. Of which numbers is it?")
_WEIGHT = ("Try counts [1000, 1]: how much should the second batch matter?", "Where do the counts enter the mean?")
_LN_4 = ("losses = [ln 4] is a fair choice among 4 symbols. Do you get 4?", "Which function undoes a logarithm?")
_TOTAL = ("Cut a text into more batches. Should perplexity change?", "What did all batches cost, for how many symbols?")
_MEAN_LOSS = "total / counts.sum()"
_EXP = f"np.exp({_MEAN_LOSS})"
_PERPLEXITY_SLIPS = {
    _WEIGHT: {
        "batches weighted equally though they differ in length": ("", "counts = 0 * counts + 1"),
        "losses divided by the counts, not multiplied": ("losses * counts", "losses / counts"),
        "only the last batch counts": (_EXP, "np.exp(losses[-1])"),
    },
    _ORDER: {
        "mean of the perplexities of the batches": (_EXP, "(np.exp(losses) * counts).sum() / counts.sum()"),
        "plain mean of the perplexities of the batches": (_EXP, "np.exp(losses).mean()"),
        "one perplexity for each batch: they are not joined": (_EXP, "np.exp(losses)"),
    },
    _LN_4: {
        "2 to the power of nats: the bases do not match": (_EXP, f"2 ** ({_MEAN_LOSS})"),
        "the mean loss itself, without exp": (_EXP, _MEAN_LOSS),
        "the logarithm of the mean loss, not exp": ("np.exp", "np.log"),
        "a minus too many: losses are positive already": ("total /", "-total /"),
    },
    _TOTAL: {
        "exp of the total loss: not divided by the number of symbols": (_MEAN_LOSS, "total"),
        "exp of the total loss, then divided by the number of symbols": (_EXP, "np.exp(total) / counts.sum()"),
        "the mean losses added up, not averaged": (_MEAN_LOSS, "losses.sum()"),
        "the total loss divided by the number of batches, not of symbols": ("counts.sum()", "len(counts)"),
        "divided by the number of batches once too often": (_MEAN_LOSS, f"{_MEAN_LOSS} / len(counts)"),
        "the total divided by the mean size of a batch, not by all symbols": ("counts.sum()", "counts.mean()"),
        "mean losses added up as if each were one symbol's, then divided by all symbols": ("losses * counts", "losses"),
    },
}
_NATS = ("Compute the worked example by hand.", "How many nats did all symbols cost together?")
PERPLEXITY = Exercise(
    "02.6", "perplexity", 1, _perplexity_cases, ("perplexity",), slips(_PERPLEXITY_SLIPS), hints=_NATS
)

EXERCISES = (SOFTMAX, ONE_HOT, SEQUENCE_LOSS, TEMPERATURE, GENERATE, PERPLEXITY)
