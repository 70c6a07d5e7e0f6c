"""Lesson 02: a weighted loss, a floor, a loss that is too good, a temperature, a finished sentence, perplexity."""

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


# ---------------------------------------------------------------- 02.1 weighted_cross_entropy


def _targets(rng: np.random.Generator, N: int, V: int) -> Array:
    """Both ends of the list of words are asked for, and different rows ask for different words."""
    targets = rng.integers(0, V, N)
    targets[: min(N, 2)] = [0, V - 1][: min(N, 2)]
    return targets


def _weighted_cases(rng: np.random.Generator) -> list[Case]:
    def draw(N: int, V: int) -> tuple[Array, Array, Array]:
        return _logits(rng, N, V), _targets(rng, N, V), rng.choice([1.0, 2.5, 5.0], N) * rng.uniform(0.8, 1.3, N)

    far, row = 800 * np.eye(3, 12), 800 * np.eye(3)[:, :1]
    targets, weights = np.array([1, 4, 2]), np.array([1.0, 5.0, 2.0])
    return [
        Case("N = 4, V = 6", draw(4, 6)),
        Case("N = V = 5", draw(5, 5)),
        Case("one score 800 above the rest", (_logits(rng, 3, 12) + far, targets, weights)),
        Case("one row 800 above the rest", (_logits(rng, 3, 5) + row, targets, weights)),
        Case("N = 1", draw(1, 5), easy=True, look="look at what is done for each row"),
        Case("every weight is 1", (*draw(6, 3)[:2], np.ones(6)), easy=True, look="look at the weights"),
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
_WEIGHT_HINTS = (
    "Set one weight to 0: may its word still move the loss? Double all weights: which of your results change?",
    "Nudge one score of a word with weight 5: by how much does the loss grow, and what does your dlogits say?",
    "Where does each w_n stand in the formula, and by what is the sum divided? Which row of dlogits is its own?",
)
_PARTS = (
    "Take a small step along minus your gradient: does the loss go down? And does each row of yours add up to 0?",
    "There are two kinds of columns: write the formula for the target's column and for another one.",
    "Which terms does it have, what is divided by the sum of the weights, and where does each stand in your code?",
)
_INDEX = ("Two rows, two targets: which entries does each row use?", "How do you pair row n with its own targets[n]?")
_FIRST = (
    "Try the first and the last word, 0 and V - 1. Which entry or column is theirs, and which do you take?",
    "What does the index -1 mean in NumPy?",
    "Are the words numbered from 0 or from 1, and how many of them are there?",
)
_MAX = " - logits.max(axis=1, keepdims=True)"
_LOG_P = "shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))"
_LOST = {_LOG_P: _LOG_P.replace("shifted -", "logits -")}
_P, _Y, _ROWS, _W = "np.exp(log_p)", "np.eye(V)[targets]", "[np.arange(N), targets]", "weights / weights.sum()"
_LOSS, _ERROR = f"-(w * log_p{_ROWS}).sum()", f"p - {_Y}"
_GRAD, _EVEN = f"w[:, None] * ({_ERROR})", "np.full(N, 1 / N)"


def _off(off: str) -> list[dict[str, str]]:
    """What is taken off the logits, three ways: what becomes of inf - inf, inf / inf and log 0 differs."""
    return [{_MAX: off}, {_MAX: off, _LOG_P: "np.log(ratio(shifted))"}, {_MAX: off, _P: "ratio(shifted)"}]


def _over(axis: int | None) -> list[dict[str, str]]:
    """The sum over another axis, and the maximum over the right one, this one, or all."""
    log_p = {_LOG_P: f"np.log(ratio(shifted, {axis}))"}
    return [log_p, *(log_p | {_MAX: f" - logits.max({over})"} for over in (f"axis={axis}", ""))]


def _halves(error: str) -> list[tuple[str, str]]:
    """A gradient of which one half is weighted, divided in two ways."""
    return [(_GRAD, f"({error}) / {by}") for by in ("weights.sum()", "N")]


_SCALED = {"": "logits = logits * weights[:, None]", _W: _EVEN}
_WHOLE = "the largest logit of the whole array is taken off, not that of each row"
_EPS = "a small number stands in for a p that has become 0: the loss stops growing there"
_TINY = "1e-12", "1e-10", "1e-9", "1e-8", "1e-15"
_WEIGHTED_SLIPS = {
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
        _EPS: [(_LOG_P, f"np.log(ratio(shifted) + {e})") for e in _TINY],
    },
    _NORM: {
        "the largest logit is taken off in one place only: log p lost it": [_LOST, _LOST | {_P: "softmax(logits)"}],
        "not normalised: the logarithm of the sum is missing in log p": [(_LOG_P, "shifted"), (_LOG_P, "logits")],
        "p in the gradient is not normalised": (_P, "np.exp(shifted)"),
    },
    _FIRST: {"class index shifted by one": ("", "targets = targets - 1")},
    _WEIGHT_HINTS: {
        "the weights are not used at all": (_W, _EVEN),
        "the weights are missing in the gradient": ("w[:, None]", f"{_EVEN}[:, None]"),
        "the weights are missing in the loss": ("(w *", "(1 / N *"),
        "divided by the sum of the weights, but multiplied by none": (_W, "np.ones(N) / weights.sum()"),
        "divided by N, not by the sum of the weights": ("weights.sum()", "N"),
        "the gradient divided by N, not by the sum of the weights": ("w[:, None]", "weights[:, None] / N"),
        "the loss divided by N, not by the sum of the weights": ("(w *", "(weights / N *"),
        "loss and gradient summed over the rows, and divided by nothing": (_W, "weights"),
        "the gradient not divided by the sum of the weights": ("w[:, None]", "weights[:, None]"),
        "the loss not divided by the sum of the weights": ("(w *", "(weights *"),
        "the gradient divided by the sum of the weights twice": ("w[:, None]", "w[:, None] / weights.sum()"),
        "a weight for each column, not for each row": ("w[:, None]", "w"),
        "one loss for each row: their sum is missing": [(_LOSS, _LOSS[:-6]), (_LOSS, f"-log_p{_ROWS}")],
    },
    _WEIGHT_HINTS[1:]: {
        "the weight acts on the 1 of the target only, not on p": _halves(f"p - weights[:, None] * {_Y}"),
        "the weight acts on p only, not on the 1 of the target": _halves(f"weights[:, None] * p - {_Y}"),
        "the weight enters the gradient twice": ("w[:, None]", "w[:, None] * weights[:, None]"),
        "the scores are multiplied by the weights, not the loss of each word": _SCALED,
    },
    _PARTS: {
        "sign of the gradient reversed": (_ERROR, f"{_Y} - p"),
        "p is lost in the target's column: -1 stands there": (_ERROR, f"p * (1 - {_Y}) - {_Y}"),
        "the target is missing in the gradient": (_ERROR, "p"),
        "gradient only in the target's column": (_ERROR, f"(p - 1) * {_Y}"),
        "minus one-hot alone: p is missing": (_ERROR, f"-{_Y}"),
        "slope p (1 - p) entry by entry, as for a sigmoid": (_ERROR, "p * (1 - p)"),
        "the error times p (1 - p), as for a squared error": (f"({_ERROR})", f"({_ERROR}) * p * (1 - p)"),
    },
    _INDEX: {
        "1 taken from every entry, not from the target's": (_Y, "1"),
        "the indexing marks every row": [(_Y, "np.isin(np.arange(V), targets)"), (_Y, f"{_Y}.sum(axis=0)")],
        "the indexing reads every target in every row": (f"w * log_p{_ROWS}", "w * log_p[:, targets]"),
    },
    _STEPS: {"softmax applied twice": ("", "logits = softmax(logits)"), "the loss without its minus": ("-(w", "(w")},
    _BASE: {"the loss in bits: a logarithm to base 2": (_LOSS, f"{_LOSS} / np.log(2)")},
}
_WEIGHTED_ALONE = {
    _OVERFLOW: {"the largest logit of a column is taken off, not that of the row": (_MAX, " - logits.max(axis=0)")},
    _NORM: {"the target's logit in the place of log p": [("w * log_p", "w * logits"), ("w * log_p", "w * shifted")]},
    _WEIGHT_HINTS: {"the weight is inside the logarithm": (_LOSS, f"-(np.log(weights) + log_p{_ROWS}).mean()")},
    _PARTS: {
        "the logits in the place of p in the gradient": [(_ERROR, f"logits - {_Y}"), (_ERROR, f"shifted - {_Y}")],
    },
    _INDEX: {"the loss reads the most likely word, not the target": (_ROWS, ".max(axis=1)")},
    _STEPS: {"the logarithm of the mean p, not the mean logarithm": (_LOSS, f"-np.log((w * p{_ROWS}).sum())")},
}
_BY_STEPS = (
    "Compute the worked example step by step and compare each intermediate array.",
    "Check two sums: each row of p adds up to 1, each row of dlogits adds up to 0.",
    "Compare dlogits with a finite difference: nudge one logit by 1e-5 and watch the loss.",
)
_BARE = {"helpers": (ratio, softmax), "bare": True}
_PARTS_OF, _ALL = ("loss", "dlogits"), (*slips(_WEIGHTED_SLIPS), *slips(_WEIGHTED_ALONE, alone=True))
WEIGHTED = Exercise(
    "02.1", "weighted_cross_entropy", 2, _weighted_cases, _PARTS_OF, _ALL, arguments="left", hints=_BY_STEPS, **_BARE
)


# ---------------------------------------------------------------- 02.2 floor_bits


def _floor_cases(rng: np.random.Generator) -> list[Case]:
    nouns, rare, often = int(rng.integers(3, 40)), rng.uniform(0.1, 0.45, 4), rng.uniform(0.6, 0.95, 2)
    return [
        Case("aside and very are rare", (nouns, rare[0], rare[1])),
        Case("a frequent aside", (nouns + 5, often[0], rare[2])),
        Case("many very", (nouns + 9, rare[3], often[1])),
        Case("fair coins", (8, 0.5, 0.5), easy=True, look="look at what a coin costs that is not fair"),
        Case("hardly ever very", (nouns, rare[0], 1e-9), easy=True, look="look at very"),
    ]


_COIN = ("Yes comes 1 time in 4: 0.8113 bits. And yours?", "How often does each side come, and what does it cost?")
_COUNT = (
    "Let very = 0.5: a sentence has 1 very on average, the coin is thrown 2 times. What are your two numbers?",
    "The first comes with probability v, the second with v², and so on. Which sum is that?",
    "Count the throws of a sentence without very: is it none?",
)
_ROW = (
    "Write the cost below each word of: the birds which slept were tired . Which of these numbers does your sum have?",
    "What is drawn in every sentence, and what only where there is an aside?",
    "Which words cost nothing because they had to come? They count as words all the same.",
)
_PER_WORD = ("Does your first example give 9 / 7?", "Which two sums are divided by one another, and in which unit?")
_H_A, _H_V = (f"-{v} * np.log2({v}) - (1 - {v}) * np.log2(1 - {v})" for v in ("aside", "very"))
_NATS_LINES = {_H_A: _H_A.replace("log2", "log"), _H_V: _H_V.replace("log2", "log"), "np.log2(nouns)": "np.log(nouns)"}
_YES_A, _YES_V = "-aside * np.log2(aside)", "-very * np.log2(very)"
_VERYS, _ASIDE = "very / (1 - very)", "coin_aside + aside * 2"


def _each_by_its_words(nouns: int, aside: float, very: float) -> float:
    """The mean over sentences of bits by words, where both are to be added up first."""
    forms = [(a, k, p * very**k * (1 - very)) for a, p in enumerate((1 - aside, aside)) for k in range(400)]
    return sum(p * (np.log2(nouns) + 2 * a + 2 - np.log2(p)) / (5 + 2 * a + k) for a, k, p in forms if p > 0)


_FOURS = {"aside * 2 + throws": "aside * 4 + throws", "coin_very + 2": "coin_very + 4"}
_FLOOR = {
    _COIN: {
        "a coin costs one bit even where it is not fair": {_H_A: "1", _H_V: "1"},
        "the coin of the aside costs one bit even where it is not fair": (_H_A, "1"),
        "the coin of very costs one bit even where it is not fair": (_H_V, "1"),
        "only the yes of a coin is paid for, not the no": {_H_A: _YES_A, _H_V: _YES_V},
        "only the yes of the aside's coin is paid for, not the no": (_H_A, _YES_A),
        "only the yes of the coin of very is paid for, not the no": (_H_V, _YES_V),
        "the surprise of a yes taken for the mean cost of a coin": {_H_A: "-np.log2(aside)", _H_V: "-np.log2(very)"},
        "every sentence pays -log2 aside, also the one whose coin says no": (_H_A, "-np.log2(aside)"),
        "every throw pays -log2 very, also the one that says no": (_H_V, "-np.log2(very)"),
        "the coin of the aside is free": (_H_A, "0"),
        "the coins of very are free": (_H_V, "0"),
    },
    _COUNT: {
        "at most one very counted: v, not v + v² + v³ + …": [(_VERYS, "very"), {_VERYS: "very", "verys + 1": "1"}],
        "one very too many: 1 / (1 - v)": {_VERYS: "1 / (1 - very)", "verys + 1": "verys"},
        "the throw that says no is not counted": ("verys + 1", "verys"),
        "the coin of very thrown once in a sentence": ("verys + 1", "1"),
        "the words very are not counted": ("aside * 2 + verys", "aside * 2"),
        "v and 1 - v exchanged in the number of very": (_VERYS, "(1 - very) / very"),
    },
    _ROW: {
        "the act is paid for in every sentence, with or without an aside": (_ASIDE, "coin_aside + 2"),
        "the act of the aside is free": (_ASIDE, "coin_aside"),
        "a coin is thrown behind the aside, too: here there is never a second one": [
            (_ASIDE, f"coin_aside + aside * {cost}") for cost in ("3", "(2 + coin_aside)")
        ],
        "the words of the aside counted in every sentence": ("5 + aside * 2", "7"),
        "the aside counted as one word": ("5 + aside * 2", "5 + aside"),
        "the mood is free": ("* coin_very + 2", "* coin_very"),
        "the verb costs a bit though the noun decides it": ("* coin_very + 2", "* coin_very + 3"),
        "the full stop is not counted as a word": ("5 + aside", "4 + aside"),
        "four bits, not two, for one of four": _FOURS,
    },
    _PER_WORD: {
        "bits per sentence, not per word": ("bits / words", "bits"),
        "words per bit: the fraction is upside down": ("bits / words", "words / bits"),
        "2 to the power of it: that is the perplexity": ("bits / words", "2 ** (bits / words)"),
        "nats: natural logarithms beside the bits of act and mood": _NATS_LINES,
        "the answer in nats, not in bits": ("bits / words", "bits / words * np.log(2)"),
        "a mean of each sentence's bits per word: short sentences count as much as long ones": _each_by_its_words,
    },
}
_PAPER = (
    "Compute the first example on paper: which 9 bits, and which 7 words?",
    "Then let one of the two coins be unfair. Which of your terms change?",
)
FLOOR = Exercise("02.2", "floor_bits", 2, _floor_cases, ("bits per word",), slips(_FLOOR), bare=True, hints=_PAPER)


# ---------------------------------------------------------------- 02.3 sequence_loss


def _sequence_cases(rng: np.random.Generator) -> list[Case]:
    def draw(T: int, B: int, V: int) -> tuple[Array, Array]:
        return _logits(rng, T, B, V), rng.integers(0, V, (T + 1, B))

    even = (np.zeros((4, 3, 30)), rng.integers(0, 30, (5, 3)))
    return [
        Case("T = 5, B = 3, V = 4", draw(5, 3, 4)),
        Case("T = B = 4, V = 6", draw(4, 4, 6)),
        Case("B = 1", draw(6, 1, 5), easy=True, look="look at how the texts of a batch are joined"),
        Case("T = 1", draw(1, 6, 5), easy=True, look="look at which steps are paired"),
        Case("all scores 0", even, easy=True, look="look at which word is asked for"),
    ]


_PAIRED = ("To which (t, b) does each of your predictions belong?", "Compare one entry with a double loop by hand.")
_SHIFT = (
    "Write ids[0], ids[1], ids[2] under logits[0], logits[1]. What is logits[0] asked to predict?",
    "Write down each step's target in your code. Could a network that copies its input get your loss down to 0?",
    "At step t the network has read ids[t]. Which word does it not know yet?",
)
_COUNTED = (
    "Change the logits of one step after the other, then of one text. Which does your loss not notice?",
    "How many predictions do B texts of T steps contain, and how many does your mean take?",
    "Which index of yours throws predictions away, or which name is overwritten in your loop?",
)
_MEAN = (
    "Hand every text, then every step, in twice: a mean loss stays. And yours?",
    "Divide your result by the right one: which size of the arrays is the ratio?",
    "Over how many predictions does the mean run?",
)
_HERS = ("Work through her three tests: each of them shows one fault.", "Of what is the logarithm, and how many steps?")
_ONE_NUMBER = ("How many numbers are asked for?", "Which name holds the loss, and over which axes is it averaged?")
_AT_T, _CAME, _EACH, _BACK = "softmax(logits[t])", "ids[t + 1]", "-np.log(p_came).mean()", "return total / T"
_ADD, _LOG_MEAN = f"total += {_EACH}", "-np.log(p_came.mean())"
_SWAPPED = "logits = logits.swapaxes(0, 1).reshape(logits.shape)"
_UNPAIRED = "ids = np.concatenate([ids[:1], ids[1:].T.reshape(ids[1:].shape)])"
_LISTED = {"total = 0.0": "total = []", _BACK: "return np.array(total)"}


def _fewer(steps: str) -> list[tuple[str, str]]:
    """Some steps only; where none is left, NumPy's mean is nan and a division by 0 an error."""
    short = f"logits, ids = {steps}"
    return [("", short), ("", f"{short}\nif not len(logits): return np.nan")]


_SEQUENCE = {
    _HERS: {"her function as it was": {_CAME: "ids[t]", _EACH: _LOG_MEAN, "/ T": "/ len(ids)"}},
    _SHIFT: {
        "target not shifted: the network is asked for the word it has just read": (_CAME, "ids[t]"),
        "target shifted the wrong way: the past is predicted": [
            (_CAME, "ids[t - 1]"),
            (_CAME, "ids[:-1][t - 1]"),
            *_fewer("logits[1:], np.roll(ids[:-1], 1, axis=0)"),
        ],
        "target shifted by two: the word after the next one": _fewer("logits[:-1], ids[1:]"),
        "the last word is the target of every step": (_CAME, "ids[-1]"),
    },
    _FIRST: {"class index shifted by one": (_CAME, f"{_CAME} - 1")},
    _PAIRED: {
        "logits and targets paired in different order": ("", _UNPAIRED),
        "logits and targets paired in different order: the logits' axes were moved": ("", _SWAPPED),
    },
    _COUNTED: {
        "the first step's prediction is left out": _fewer("logits[1:], ids[1:]"),
        "the last step's prediction is left out": _fewer("logits[:-1], ids[:-1]"),
        "only the first step's prediction counts": ("", "logits, ids = logits[:1], ids[:2]"),
        "only the last step's prediction counts": ("", "logits, ids = logits[-1:], ids[-2:]"),
        "only the first text of the batch counts": ("", "logits, ids = logits[:, :1], ids[:, :1]"),
        "the first step is left out of the sum, but counted in the mean": ("range(T)", "range(1, T)"),
        "the last step is left out of the sum, but counted in the mean": ("range(T)", "range(T - 1)"),
    },
    _AXIS: {
        "softmax over the wrong axis: over time": (_AT_T, "softmax(logits, 0)[t]"),
        "softmax over the wrong axis: over the batch": (_AT_T, "softmax(logits[t], 0)"),
        "softmax over the whole array at once": [(_AT_T, "ratio(logits, None)[t]"), (_AT_T, "ratio(logits[t], None)")],
    },
    _NORM: {"logits taken for log p: the softmax is missing": (_AT_T, "np.exp(logits[t])")},
    _STEPS: {
        "softmax applied twice": (_AT_T, "softmax(softmax(logits[t]))"),
        "the logarithm of the mean p, not the mean logarithm": [
            (_EACH, _LOG_MEAN),
            {_ADD: "total += p_came.mean()", _BACK: "return -np.log(total / T)"},
        ],
        "minus the mean p: the logarithm is missing": (_EACH, "-p_came.mean()"),
        "the loss without its minus": ("return total", "return -total"),
    },
    _ONE_NUMBER: {
        "one loss for each prediction: their mean is missing": [
            _LISTED | {_ADD: f"total.{way}(-np.log(p_came))"} for way in ("append", "extend")
        ],
        "one loss for each step: their mean is missing": _LISTED | {_ADD: f"total.append({_EACH})"},
        "one loss for each text: their mean is missing": (_ADD, "total += -np.log(p_came)"),
    },
    _MEAN: {
        "summed over the batch, averaged over time only": (_BACK, f"{_BACK} * B"),
        "summed over time, averaged over the batch only": ("total / T", "total"),
        "summed over all predictions instead of averaged": ("total / T", "total * B"),
        "divided by T once too often": (_BACK, f"{_BACK} / T"),
        "divided by B twice: the mean over the texts, and then T * B": (_BACK, f"{_BACK} / B"),
        "divided by the T + 1 words of a text, not by its T predictions": ("/ T", "/ (T + 1)"),
    },
    _BASE: {
        "the loss in bits: a logarithm to base 2": (_BACK, f"{_BACK} / np.log(2)"),
        "exp of the loss: that is the perplexity": (_BACK, "return np.exp(total / T)"),
    },
}
_LOOP = (
    "T inputs, T predictions, T targets: which T of the T + 1 words are the targets?",
    "Repair one fault after the other, and run her three tests after each.",
    "The result is one number: the mean over all T * B predictions.",
)
_FAULTS = slips(_SEQUENCE)
SEQUENCE_LOSS = Exercise("02.3", "sequence_loss", 2, _sequence_cases, ("loss",), _FAULTS, hints=_LOOP, **_BARE)


# ---------------------------------------------------------------- 02.4 temperature_for


def entropy(p: Array) -> float:
    """The mean surprise of a draw, in bits."""
    return -(p * np.log2(p)).sum()


def _heat_cases(rng: np.random.Generator) -> list[Case]:
    def at(V: int, low: float, high: float) -> tuple[Array, float]:
        logits = _logits(rng, V)
        return logits, float(entropy(softmax(logits / rng.uniform(low, high))))

    return [
        Case("V = 6, cool", at(6, 0.4, 0.8)),
        Case("V = 12, warm", at(12, 1.3, 3.0)),
        Case("V = 30, hot", at(30, 3.0, 6.0)),
        Case("V = 12, cold", at(12, 0.3, 0.5)),
        Case("the answer is 1", at(5, 1.0, 1.0), easy=True, look="look at what the temperature does to the scores"),
    ]


_MEASURE = (
    "For the probabilities ¼ and ¾ the entropy is 0.8113. What does your line give for p = [0.25, 0.75]?",
    "Which words is the mean taken over, how much does each count, and to which base is the logarithm?",
)
_DIRECTION = (
    "Print temperature and entropy of every round. The temperature runs to one end of the range: 0.1 or 10.",
    "For the scores [0, ln 3]: is your entropy 0.8113 at tau = 1, smaller at 0.5 and larger at 2?",
    "If the entropy is still too small, must the temperature rise or fall? Which half does your code keep?",
)
_SEARCHED = ("Is the entropy at your temperature the one that was asked?", "Which of your names holds the temperature?")
_SURPRISE, _HEATED, _LESS = "-(p * np.log2(p)).sum()", "softmax(logits / tau)", "entropy < bits"
_TIMES, _MORE = {_HEATED: "softmax(logits * tau)"}, "entropy > bits"
_HEAT_SLIPS = {
    _MEASURE: {
        "the entropy in nats: a logarithm to base e": ("np.log2", "np.log"),
        "the surprise of the likeliest word, not the mean surprise": (_SURPRISE, "-np.log2(p.max())"),
        "every word's surprise counts the same: it is not weighted by its p": (_SURPRISE, "-np.log2(p).mean()"),
        "the perplexity is compared with the bits": (_SURPRISE, f"2 ** {_SURPRISE}"),
    },
    _DIRECTION: {
        "the search runs to one end of the range: the wrong half is kept, or the entropy is wrong": [
            (_LESS, _MORE),
            _TIMES,
            (_SURPRISE, "(p * np.log2(p)).sum()"),
            (_SURPRISE, "-(p * np.log2(p)).mean()"),
            *(
                (_HEATED, p)
                for p in ("softmax(logits) / tau", "np.exp(logits / tau)", "softmax(softmax(logits) / tau)")
            ),
        ],
    },
    _SEARCHED: {
        "the scores are multiplied by the temperature: one over the answer": _TIMES | {_LESS: _MORE},
        "the entropy taken as proportional to the temperature": lambda logits, bits: bits / entropy(softmax(logits)),
        "the entropy is returned, not the temperature": ("return tau", "return entropy"),
        "the probabilities are returned, not the temperature": ("return tau", "return p"),
        "close, but the search ends too early": [
            *(("range(30)", f"range({rounds})") for rounds in range(3, 11)),
            *(("return tau", f"return round(tau, {digits})") for digits in (1, 2)),
        ],
    },
}
_HEAT = slips(_HEAT_SLIPS, alone=True)
_HALVES = (
    "Check your entropy with the first example. Then compare: is your temperature close to the right one, or far off?",
    "If it is close, search on in smaller steps. If it is far off: which half of the range holds the answer, and why?",
)
HEAT = Exercise("02.4", "temperature_for", 1, _heat_cases, ("temperature",), _HEAT, rtol=2e-3, hints=_HALVES, **_BARE)


# ---------------------------------------------------------------- 02.5 finish_sentence

STEP = Source(
    "lambda x_t, h_prev, params: (lambda h_t: (params['W_hy'] @ h_t + params['b_y'], h_t))"
    "(np.tanh(params['W_xh'][:, x_t] + params['W_hh'] @ h_prev + params['b_h']))"
)
EVEN_STEP = Source("lambda x_t, h_prev, params: (np.zeros(4), h_prev)")  # p is 1/4 four times, without rounding


def _finish_cases(rng: np.random.Generator) -> list[Case]:
    def draw(n: int, V: int = 6, H: int = 5, stop: float = -1.0, read: int = 4, keep: Any = 1) -> tuple[Any, ...]:
        params = {"W_xh": 1.5 * rng.normal(size=(H, V)), "W_hh": rng.normal(size=(H, H))}
        params |= {"b_h": 0.5 * rng.normal(size=H), "W_hy": 0.8 * rng.normal(size=(V, H))}
        params["b_y"] = 0.5 * rng.normal(size=V)
        params["b_y"][0] = stop
        beginning = (keep * rng.permutation(np.arange(1, V))[:read]).tolist()
        return STEP, beginning, rng.normal(size=H), 0.999 * rng.uniform(size=n), params

    at_sums = np.array([0.5, 0.25, 0.75, 0.5, 0.8])
    later, first = "look at what is handed on", "look at the scores from which the first word is drawn"
    return [
        Case("up to the full stop", draw(60)),
        Case("up to the full stop, V = 9", draw(60, V=9, stop=-0.5)),
        Case("u is used up", draw(25, V=7, stop=-30.0)),
        Case("a full stop as the last typed word", draw(25, stop=-30.0, keep=[1, 1, 1, 0])),
        Case("a full stop among the typed words", draw(25, stop=-30.0, keep=[1, 0, 1, 1])),
        Case("u_t just at a sum", (EVEN_STEP, [2], np.zeros(1), at_sums, {})),
        # three draws, so that a wrong rule is not right on all of them by luck
        *(Case("one word to draw", draw(1, V=60, read=3), easy=True, look=later) for _ in range(3)),
        *(Case("one word typed", draw(1, V=60, read=1), easy=True, look=first) for _ in range(3)),
    ]


_FEED = (
    "Change one word of `beginning`, then h0, then a drawn word. From where on should the text be another, and is it?",
    "Print which word and which state each call of step gets: first those that you typed, then each drawn word, once.",
    "Which two things must be carried from one round to the next? Where does the first draw have its scores from?",
)
_KEPT = ("Does your list begin with the first drawn word and end with the last?", "Which words does a round store?")
_STOP = ("Let the second drawn word be the full stop: is your list [k, 0]?", "When and for which word do you stop?")
_RULE = (
    "Let p = [0.25, 0.625, 0.125]. By hand, u_t = 0.1, 0.25 and 0.8 draw the words 0, 1 and 1. And in your code?",
    "np.cumsum(p) is [0.25, 0.875, 1]. Which of these sums are at most u_t, and how many are they?",
    "The smallest k with p_0 + … + p_k > u_t: find each of these words in your code.",
)
_U = (
    "Change one entry of u after the other, from 0 to 0.99. Which word should change first, and which does?",
    "Where does your code read u_t, and which entry of u belongs to round t?",
    "All chance is in u: the same u gives the same text, another u another one. Is it so with you?",
)
_TWICE = ("Add 5 to one logit. How much does its p move?", "Count how often exp is applied in a round.")
_SUM_1 = ("Print your probabilities and their sum. What must it be?", "By which sum does the formula divide, and you?")
_DRAW, _SOFTMAX = "(np.cumsum(p) <= u_t).sum()", "softmax(logits)"
_SEARCH = "min(np.searchsorted(np.cumsum(p), u_t, side='right'), len(p) - 1)"
_FIRST_ABOVE, _STORE, _END = "np.argmax(np.cumsum(p) > u_t)", "words.append(word)", "word == 0"
_SINGLE = "np.argmax(p > u_t)", "(p <= u_t).sum()", "next((k for k, p_k in enumerate(p) if p_k > u_t), len(p) - 1)"
_RESULT, _OWN = "return words", ("default_rng(0).random", "default_rng(42).random", "RandomState(0).random_sample")
_LAST, _MAXED = "beginning = beginning[-1:]", "np.exp(logits - logits.max())"
_TYPED, _NEXT = "step(typed, h_t, params)", "logits, h_t = step(word, h_t, params)"


def _drawn_from(p: str) -> list[dict[str, str]]:
    """Other numbers in the place of p: where they do not grow to 1, each way to draw gives another word."""
    return [{_SOFTMAX: p}, {_SOFTMAX: p, _DRAW: _FIRST_ABOVE}, {_SOFTMAX: p, _DRAW: _SEARCH}]


_FINISH = {
    _U: {
        "one u for all steps": [("", "u = np.full(len(u), u[0])"), ("", "u = np.full(len(u), u[-1])")],
        "the first u is not used": ("", "u = u[1:]"),
        "random numbers of its own: u is ignored": [("", f"u = np.random.{way}(len(u))") for way in _OWN],
        "always takes the most likely word": (_DRAW, "p.argmax()"),
    },
    _FEED: {
        "h0 ignored: starts from zeros": ("", "h0 = 0 * h0"),
        "of the beginning only the last word reaches the state": [("", _LAST), (_TYPED, "step(typed, h0, params)")],
        "the last word of the beginning is not read": ("", "beginning = beginning[:-1] or beginning"),
        "the last word of the beginning is read twice": ("", "beginning = [*beginning, beginning[-1]]"),
        "the state after the beginning is thrown away: writing starts from h0": ("words = []", "words, h_t = [], h0"),
        "the drawn word is not the next input": ("step(word,", "step(typed,"),
        "the state stays as it was after the beginning": (_NEXT, _NEXT.replace("h_t =", "_ =")),
        "the state is set back to h0 at every drawn word": (_NEXT, _NEXT.replace("h_t, params", "h0, params")),
        "the scores after the beginning are used for every word": (_NEXT, "pass"),
        "the most likely word is fed back, not the drawn one": ("step(word,", "step(p.argmax(),"),
        "step is called twice in a round": (_NEXT, f"{_NEXT}\n{_NEXT}"),
    },
    _RULE: {
        "class index shifted by one": [(_DRAW, f"{_DRAW} - 1"), (_DRAW, f"max({_DRAW} - 1, 0)")],
        "the word after the drawn one": [(_DRAW, f"{_DRAW} + 1"), (_DRAW, f"min({_DRAW} + 1, len(p) - 1)")],
        "each p compared with u_t by itself, not the sum up to it": [(_DRAW, way) for way in _SINGLE],
        "the sums above u_t are counted, not those up to it": ("<= u_t", "> u_t"),
        "a sum that is equal to u_t is taken: it must be larger": ("<= u_t", "< u_t"),
        "drawn from the other end: with 1 - u_t": ("<= u_t", "<= 1 - u_t"),
        "drawn evenly: u_t * V, and p is not used": (_DRAW, "u_t * len(p)"),
    },
    _STOP: {
        "it does not stop at the full stop": (_END, "False"),
        "the full stop is drawn, but not returned": (_STORE, f"if word: {_STORE}"),
        "it stops one word after the full stop": (f"if {_END}", "if 0 in words[:-1]"),
        "a full stop in the beginning ends the writing": [
            ("words = []", f"words, u = [], u[: len(u) * {going}]")
            for going in ("(beginning[-1] > 0)", "all(beginning)")
        ],
        "a full stop in the beginning sets the state back to h0": [
            (_TYPED, "step(typed, h_t if typed else h0, params)"),
            (_TYPED, f"{_TYPED}\nh_t = h_t if typed else h0"),
        ],
        "it stops at another word: the full stop is word 0": [(_END, "word == 1"), (_END, "word == len(p) - 1")],
    },
    _KEPT: {
        "the beginning is returned, too": (_RESULT, "return [*beginning, *words]"),
        "the last word of the beginning is returned, too": (_RESULT, "return [beginning[-1], *words]"),
        "the last drawn word is not returned": (_RESULT, "return words[:-1]"),
        "the first drawn word is not returned": (_RESULT, "return words[1:]"),
        "only the last word is returned": [(_RESULT, "return word"), (_RESULT, "return [word]")],
    },
    _TWICE: {"softmax applied twice": (_SOFTMAX, f"softmax({_SOFTMAX})")},
    _SUM_1: {
        "drawn from the logits: the softmax is missing": _drawn_from("logits"),
        "exp of the logits is not divided by its sum": [(_SOFTMAX, "np.exp(logits)"), (_SOFTMAX, _MAXED)],
    },
}
_ROUNDS = (
    "Write the first calls of step by hand: what does it get while it reads, and what while it writes?",
    "np.cumsum(p) climbs from p[0] to 1; count how many of its entries are at most u_t.",
    "The scores and the state go from round to round; each round uses both and gives both a new value.",
)
FINISH = Exercise("02.5", "finish_sentence", 2, _finish_cases, ("words",), slips(_FINISH), bare=True, hints=_ROUNDS)


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
_LN_4 = ("losses = [ln 4] is a fair choice among 4 words. Do you get 4?", "Which function undoes a logarithm?")
_TOTAL = ("Cut a text into more batches. Should perplexity change?", "What did all batches cost, for how many words?")
_MEAN_LOSS = "total / counts.sum()"
_EXP = f"np.exp({_MEAN_LOSS})"
_PERPLEXITY = {
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
        "e to the power of bits: the bases do not match": (_EXP, f"np.exp({_MEAN_LOSS} / np.log(2))"),
        "the mean loss itself, without exp": (_EXP, _MEAN_LOSS),
        "a minus too many: losses are positive already": ("total /", "-total /"),
    },
    _TOTAL: {
        "exp of the total loss: not divided by the number of words": (_MEAN_LOSS, "total"),
        "exp of the total loss, then divided by the number of words": (_EXP, "np.exp(total) / counts.sum()"),
        "the mean losses added up, not averaged": (_MEAN_LOSS, "losses.sum()"),
        "the total loss divided by the number of batches, not of words": ("counts.sum()", "len(counts)"),
        "mean losses added up as if each were one word's, then divided by all words": ("losses * counts", "losses"),
    },
}
_NATS = ("Compute the worked example by hand.", "How many nats did all words cost together?")
PERPLEXITY = Exercise("02.6", "perplexity", 1, _perplexity_cases, ("perplexity",), slips(_PERPLEXITY), hints=_NATS)

EXERCISES = (WEIGHTED, FLOOR, SEQUENCE_LOSS, HEAT, FINISH, PERPLEXITY)
