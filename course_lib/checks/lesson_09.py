"""Lesson 09: answers for a decoder, a score and a mask repaired, attention, a beam, a program that has peeked."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Seed, Source

Array = np.ndarray


# ---------------------------------------------------------------- 09.1 decoder_batch
def _answer_cases(rng: np.random.Generator) -> list[Case]:
    def args(*lengths: int, pad: int = 12) -> tuple[Any, ...]:
        return [rng.integers(1, 10, n).tolist() for n in lengths], 10, 11, pad

    return [
        Case("three answers of 2, 6 and 4 symbols", args(2, 6, 4)),
        Case("answers of 5, 1, 3, 1 symbols, pad 20", args(5, 1, 3, 1, pad=20)),
        Case("pad 0", args(3, 7, pad=0), True, "look at what stands where an answer is over"),
        Case("all of one length", args(4, 4, 4), True, "look at what happens behind a short answer"),
        Case("one answer of one symbol", args(1), True, "look at the steps in the middle"),
    ]


def _batch_view(case: Case, result: Any) -> dict[str, Any]:
    """Inputs and targets; what is read where nothing is to be said is no matter."""
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ValueError("expected two arrays: inputs, targets")
    inputs, targets = map(np.asarray, result)
    lengths = np.array([len(y) for y in case.args[0]])
    if inputs.shape == (lengths.max() + 1, len(lengths)) and inputs.dtype.kind in "biuf":
        inputs = np.where(np.arange(len(inputs))[:, None] <= lengths, inputs, case.args[3])
    return {"inputs": inputs, "targets": targets}


_ONE_LINE = (
    "Print one column of inputs and of targets side by side: could the decoder be right by repeating what it reads?",
    "At step t, which symbol does it know already, and which one is asked?",
)
_READ, _STOP = "inputs[1 : n + 1, b] = y", "targets[n, b] = end"
_BOTH, _OPEN, _STEPS = "return inputs, targets", "inputs[0, b] = start", "for y in answers) + 1"
_CUT = {_STEPS: "for y in answers)", _STOP: "targets[n : n + 1, b] = end", _READ: "inputs[1 : n + 1, b] = y[: T - 1]"}
_NO_END = [_CUT | {_STOP: "pass", _READ: read} for read in (_CUT[_READ], "inputs[1:n, b] = y[:-1]")]
_PAST = "return targets, np.vstack([[start] * len(answers), targets[:-1]])"
_FRONT = {"inputs[0, b]": "inputs[T - n - 1, b]", "inputs[1 : n + 1, b]": "inputs[T - n :, b]"}
_FRONT |= {"targets[:n, b]": "targets[T - n - 1 : T - 1, b]", "targets[n, b]": "targets[T - 1, b]"}
_SHIFT = {
    _ONE_LINE: {
        "not shifted: it reads the symbol that it should say": (_BOTH, "return targets, targets"),
        "not shifted: it should say the symbol that it reads, the start first": (_BOTH, "return inputs, inputs"),
        "the two exchanged: it should say the past": [(_BOTH, "return targets, inputs"), (_BOTH, _PAST)],
        "two starts, so that all is read too late": (_READ, "inputs[1, b], inputs[2 : n + 1, b] = start, y[:-1]"),
    },
    ("Write start, answer and end into one line.", "Which of them opens the inputs, which closes the targets?"): {
        "no end in the targets: it never learns to stop": [(_STOP, "targets[n, b] = pad"), *_NO_END],
        "the end stands on the last symbol of the answer": (_STOP, "targets[n - 1, b] = end"),
        "the longest answer loses its end: a step too few": _CUT,
        "no start: it reads a pad before the first symbol": (_OPEN, "inputs[0, b] = pad"),
        "it begins with the end in the place of the start": (_OPEN, "inputs[0, b] = end"),
        "a step too many": (_STEPS, "for y in answers) + 2"),
    },
    ("Print the shape, then the column of the shortest answer.", "Where do its pads stand, and which axis is time?"): {
        "axes turned: (B, T), where time comes first": (_BOTH, "return inputs.T, targets.T"),
        "pads in front of the answer, not after its end": _FRONT,
        "padded with 0, whatever the pad is": ("len(answers)), pad", "len(answers)), 0"),
        "the end repeated in the place of the pads": (_STOP, "targets[n:, b] = end"),
    },
}
BATCH = Exercise(
    "09.1", "decoder_batch", 1, _answer_cases, (), slips(_SHIFT), view=_batch_view, bare=True, hints=_ONE_LINE
)


# ---------------------------------------------------------------- 09.2 exact_match
def _said(rng: np.random.Generator, kinds: str, steps: int, after: bool = True) -> tuple[Array, Array, int]:
    """Predictions and targets with the end 10 and the pad 11; the kind of each answer is a letter of the six below."""
    kinds = "".join(
        rng.permutation([*kinds, *"rr"[: rng.integers(3) * ("r" in kinds)]])
    )  # the score is not always the same
    n = rng.permutation([3 + k % 4 for k in range(len(kinds))])
    places = np.arange(10)[:, None]
    targets = np.where(places < n, rng.integers(0, 10, (10, len(n))), np.where(places == n, 10, 11))
    said = np.where(places > n, rng.integers(0, 11, targets.shape), targets) if after else targets.copy()
    for b, kind in enumerate(kinds):
        wrong = (said[:, b] + rng.integers(1, 10, 10)) % 10
        if kind in "fl":  # the first symbol is wrong, or the last one
            place = 0 if kind == "f" else n[b] - 1
            said[place, b] = wrong[place]
        elif kind == "g":  # it goes on, and ends a step later
            said[n[b] : n[b] + 2, b] = wrong[0], 10
        elif kind == "e":  # it ends a step too early
            said[n[b] - 1 : n[b] + 1, b] = 10, wrong[0]
        elif kind == "o":  # it stays open: it never says that it is done
            said[n[b] :, b] = wrong[n[b] :]
    return said[:steps], targets[: n.max() + 2], 10


def _score_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("more steps than rows of targets", _said(rng, "rfrlger", 10)),
        Case("answers that end too late", _said(rng, "rgorrgrro", 9)),
        Case("a step too few for the longest", _said(rng, "rrrrrr", 6)),
        Case("no answer is right", _said(rng, "flgef", 10), True, "look at what is counted as right"),
        Case("all right, and pads after the end", _said(rng, "rrrr", 8, False), True, "look at what follows an end"),
        Case("two wrong, and pads after the end", _said(rng, "rflr", 8, False), True, "look at what follows an end"),
    ]


def _symbols(predicted: Array, targets: Array, end: int) -> Array:
    T = min(len(predicted), len(targets))
    return predicted[:T] == targets[:T]


def _up_to_the_end(predicted: Array, targets: Array, end: int) -> Array:
    """Of the symbols up to the ends of the targets, which ones are right; what was not said is wrong."""
    same = np.zeros(np.shape(targets), bool)
    same[: len(predicted)] = _symbols(predicted, targets, end)
    return same[targets <= end]  # the pad is 11


_COUNT = ("Take batch 1 of the table: how many answers are right, of how many?", "What is counted: symbols or answers?")
_SAME, _SHARE = "np.array_equal(predicted[:n, b], targets[:n, b])", "right / targets.shape[1]"
_SCORE = {
    _COUNT: {
        "nothing repaired: the program as it was": lambda *args: _symbols(*args).mean(),
        "symbols counted, not answers": [
            lambda *args: _up_to_the_end(*args).mean(),
            lambda said, targets, end: _up_to_the_end(said, targets[: len(said)], end).mean(),
        ],
        "rows counted, not columns": lambda *args: _symbols(*args).all(1).mean(),
        "divided by the number of steps, not of answers": (_SHARE, "right / len(targets)"),
        "a number of answers, not a share": (_SHARE, "right"),
        "the share of the wrong answers": (_SHARE, "1 - right / targets.shape[1]"),
    },
    (
        "Let a prediction go on after its end with anything: may the score change?",
        "Up to which step of a column must the two agree?",
    ): {
        "what comes after the end is compared, too": lambda *args: _symbols(*args).all(0).mean(),
        "pads are compared: all rows of the targets": (_SAME, _SAME.replace("[:n,", "[: len(targets),")),
        "a second end after the first is refused": (_SAME, f"{_SAME} and list(predicted[:, b]).count(end) == 1"),
    },
    ("Let a prediction hold the right symbols and no end: does it count?", "Is the end itself compared?"): {
        "the end is not compared: an answer that goes on counts as right": (".index(end) + 1", ".index(end)"),
        "cut to the shorter of the two: an answer whose end is missing counts as right": (
            "targets[:n, b]",
            "targets[: min(n, len(predicted)), b]",
        ),
        "only the last symbol and the end are compared": (_SAME, _SAME.replace("[:n,", "[n - 2 : n,")),
    },
}
SCORE = Exercise("09.2", "exact_match", 1, _score_cases, ("score",), slips(_SCORE), bare=True, hints=_COUNT)


# ---------------------------------------------------------------- 09.3 attend
def _attend_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, *lengths: int, D: int = 5, size: float = 1, pads: float = 1, low: float = 0) -> tuple[Any, ...]:
        B, H = len(lengths), 4
        query, keys, values = rng.normal(size=(B, H)), rng.normal(size=(T, B, H)), rng.normal(size=(T, B, D))
        keys -= low * query / (query**2).sum(1, keepdims=True)  # all real scores are lower by that much
        pad = np.arange(T)[:, None] >= np.array(lengths)
        keys[pad] = pads * np.sign(query)[np.nonzero(pad)[1]]  # a pad that fits the query well
        values[pad] *= pads
        return size * query, keys, values, np.array(lengths)

    return [
        Case("lengths 2, 6, 1, 4 of T = 6", args(6, 2, 6, 1, 4, pads=2)),
        Case("all shorter than T", args(7, 3, 5, 2, D=3, pads=3)),
        Case("large numbers in the pads", args(5, 3, 4, 2, pads=1000)),
        Case("scores of about a thousand", args(4, 4, 3, 2, 4, 3, size=1000)),
        Case("scores of about -20 000", args(5, 4, 2, 3, low=20_000)),
        Case("no pads", args(5, 5, 5, 5), True, "look at the mask and at the pads"),
        Case("one sentence", args(5, 3), True, "look at the axis over which the weights add up to 1"),
        Case("one word each", args(3, 1, 1, 1, 1), True, "look at what the words of one sentence share"),
    ]


def _as_printed(query: Array, keys: Array, values: Array, lengths: Array) -> tuple[Array, Array]:
    scores = (keys * query).sum(2) * (np.arange(len(keys))[:, None] < lengths)
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return (weights[:, :, None] * values).sum(0), weights


_CHANGE_PADS = (
    "Write other numbers into the pads: does the result stay? Then add up the weights of one sentence.",
    "Where must a pad be taken out so that the rest still adds up to 1?",
)
_MASK, _TOTAL, _LARGEST = "np.where(real, scores, -np.inf)", "weights.sum(0)", "scores.max(0)"
_LOOKED = "(weights[:, :, None] * values).sum(0), weights"
_FIXED = [(_MASK, f"np.where(real, scores, {number})") for number in (-100, -1000, -10_000)]
_OVER_BATCH = {_LARGEST: "scores.max(1, keepdims=True)", _TOTAL: "weights.sum(1, keepdims=True)"}
_MASKED = {
    _CHANGE_PADS: {
        "nothing repaired: the program as it was": _as_printed,
        "no mask: pads get weight": (_MASK, "scores"),
        "a pad's score is 0, and exp makes a weight of it": (_MASK, "scores * real"),
        "masked after the softmax: the weights of the words do not add up to 1": {
            _MASK: "scores",
            f"weights / {_TOTAL}": f"weights / {_TOTAL} * real",
        },
        "mask inverted: only the pads are looked at": ("< lengths", ">= lengths"),
        "mask off by one: the first pad is looked at": ("< lengths", "<= lengths"),
        "mask off by one: the last word is not looked at": ("< lengths", "< lengths - 1"),
        "pads are masked for the weights, and their score is taken for the largest": (
            "np.where(real, scores, -np.inf)\nweights = np.exp(scores - scores.max(0))",
            "scores - scores.max(0)\nweights = np.where(real, np.exp(scores), 0)",
        ),
        "one mask for all: up to the longest sentence": ("< lengths", "< lengths.max() + 0 * lengths"),
    },
    ("Let all real scores of a sentence be -20 000: who gets the weight?", "Which number lies below every score?"): {
        "a pad's score is a fixed number, and real scores may lie below it": _FIXED,
    },
    ("Add up the weights of one sentence over its words: is it 1?", "Who competes: words, or sentences of a batch?"): {
        "softmax over the batch, not over the words": [_OVER_BATCH, (_TOTAL, _OVER_BATCH[_TOTAL])],
        "softmax over everything at once": (_TOTAL, "weights.sum()"),
        "weights not divided by their sum": (f" / {_TOTAL}", ""),
        "a mean over the words in the place of the weighted sum": (_LOOKED, _LOOKED.replace("sum", "mean")),
        "the scores are handed back, not the weights": (_LOOKED, _LOOKED.replace("), weights", "), scores")),
        "weights (B, T), where time comes first": (_LOOKED, f"{_LOOKED}.T"),
    },
    (
        "Try the scores 1000 and 0: is the result finite?",
        "Which number can be subtracted from all scores of a query so that no exponent is large?",
    ): {
        "exp overflows: large scores give nan": (f"- {_LARGEST}", ""),
        "one largest score for the whole batch: other sentences lose all weight": (_LARGEST, "scores.max()"),
    },
    ("Which of the three arrays is looked up, and which is handed out?", "Compare the last size with D, and with H."): {
        "keys averaged in the place of values": ("weights[:, :, None] * values", "weights[:, :, None] * keys"),
        "scores divided by the root of H: the equation has no such factor": (".sum(2)", ".sum(2) / 4**0.5"),
    },
}
_PARTS = ("context", "weights")
ATTEND = Exercise("09.3", "attend", 1, _attend_cases, _PARTS, slips(_MASKED), bare=True, hints=_CHANGE_PADS)


# ---------------------------------------------------------------- 09.4 additive
def _additive_cases(rng: np.random.Generator) -> list[Case]:
    def args(S: int, T: int, B: int, H: int, D: int, A: int, queries: float = 1.0) -> tuple[Array, ...]:
        shapes = (T, B, D), (A, H), (A, D), (A,)
        return queries * rng.normal(size=(S, B, H)), *(rng.normal(size=shape) for shape in shapes)

    return [
        Case("S = 4, T = 5, B = 2, H = 3, D = 6, A = 7", args(4, 5, 2, 3, 6, 7)),
        Case("all sizes 4", args(4, 4, 4, 4, 4, 4)),
        Case("S = T, H = D", args(3, 3, 2, 5, 5, 4)),
        Case("queries 0", args(3, 4, 2, 5, 2, 6, 0.0), True, "look at the term with the queries"),
        Case("one question to one sentence", args(1, 4, 1, 2, 3, 5), True, "look at the axes of questions and batch"),
        Case("one word", args(2, 1, 3, 2, 4, 5), True, "look at what the words of one sentence share"),
    ]


_SMALL = (
    "Give two different queries: do the weights differ? Then add up the weights of one question over the words.",
    "Write the shape of each product next to it. Which axis do v, the softmax and the sum take away?",
)
_HIDDEN, _SCORES = "np.tanh(queries[:, None] @ W.T + states @ U.T)", "hidden @ v"
_CONTEXT = "weights[..., None] * states"
_GIVEN = f"({_CONTEXT}).sum(1), weights"
_ADDED = {
    _SMALL: {
        "no tanh: then the query adds the same to all scores": (_HIDDEN, _HIDDEN[7:]),
        "the query moves all scores of a sentence alike, so the weights do not notice it": [
            (_HIDDEN, "np.tanh(0 * queries[:, None] @ W.T + states @ U.T)"),
            (_HIDDEN, "np.tanh(queries[:, None] @ W.T) + np.tanh(states @ U.T)"),
        ],
        "the terms multiplied, not added": (_HIDDEN, _HIDDEN.replace("W.T +", "W.T *")),
        "v left out": (_SCORES, "hidden.sum(3)"),
        "tanh of the score": (_SCORES, "np.tanh(hidden @ v)"),
        "W and U exchanged": {"@ W.T": "@ U.T", "@ U.T": "@ W.T"},
        "W transposed once too often": ("W.T", "W"),
        "U transposed once too often": ("U.T", "U"),
    },
    ("Add up the weights over the words: is it 1?", "Who competes: the words, the questions, or the batch?"): {
        "softmax over the questions, not over the words": ("1, keepdims", "0, keepdims"),
        "softmax over the batch, not over the words": ("1, keepdims", "2, keepdims"),
        "softmax over everything at once": ("weights.sum(1, keepdims=True)", "weights.sum()"),
        "weights not divided by their sum": (" / weights.sum(1, keepdims=True)", ""),
    },
    ("Compare the shapes of both results with (S, B, D) and (S, T, B).", "What does the equation of c average?"): {
        "the hidden layer averaged in the place of the states": (_CONTEXT, "weights[..., None] * hidden"),
        "the scores averaged with, not the weights": (_CONTEXT, "scores[..., None] * states"),
        "a mean in the place of the weighted sum": (_GIVEN, _GIVEN.replace("sum", "mean")),
        "the scores are handed back, not the weights": (_GIVEN, _GIVEN.replace(", weights", ", scores")),
        "summed over the questions: one context for each word": (_GIVEN, _GIVEN.replace("sum(1)", "sum(0)")),
        "weights (T, S, B): words first": (_GIVEN, f"{_GIVEN}.swapaxes(0, 1)"),
    },
}
_BOTH_PARTS = ("contexts", "weights")
ADDITIVE = Exercise("09.4", "additive", 1, _additive_cases, _BOTH_PARTS, slips(_ADDED), bare=True, hints=_SMALL)


# ---------------------------------------------------------------- 09.5 score_scale
def _scale_cases(rng: np.random.Generator) -> list[Case]:
    c, p = float(rng.uniform(0.2, 0.7)), float(rng.uniform(0.6, 0.98))
    return [
        Case("keys that resemble the query", (int(rng.integers(20, 900)), c, p)),
        Case("a cosine below 0", (int(rng.integers(5, 50)), -c, p)),
        Case("a share below one half", (int(rng.integers(200, 900)), c, 1 - p)),
        Case("a share below 1 / n", (int(n := rng.integers(5, 50)), c, float(rng.uniform(0.2, 0.8) / n))),
        Case("cosine 0", (int(rng.integers(20, 900)), 0.0, p), True, "look at what the other keys score"),
        Case("share one half", (int(rng.integers(20, 900)), c, 0.5), True, "look at the ratio of the two shares"),
        Case("two keys", (2, c, p), True, "look at how many other keys there are"),
    ]


_RATIO = (
    "Put your scale back in: compute all n weights for n = 3, and compare the right one with the share.",
    "How many other keys are there, and what does each of them score?",
)
_LOG = "np.log(share / (1 - share) * (n - 1))"
_ODDS, _OTHERS, _PER = "share / (1 - share)", "(n - 1)", "(1 - cosine)"
_SHARP = {
    _RATIO: {
        "n others in the place of n - 1": (_OTHERS, "n"),
        "one other key only": (f" * {_OTHERS}", ""),
        "divided by the number of the others": (f"{_ODDS} * {_OTHERS}", f"{_ODDS} / {_OTHERS}"),
        "the share itself, not its ratio to the rest": (_ODDS, "share"),
        "the ratio upside down: the share of the others": (_ODDS, "(1 - share) / share"),
        "the ratio to 1 in the place of the rest: 1 / (1 - share)": (_ODDS, "1 / (1 - share)"),
        "no logarithm": (_LOG, _LOG[6:]),
        "another base than e": [("np.log(", "np.log10("), ("np.log(", "np.log2(")],
    },
    (
        "Let the cosine come close to 1: should the scale grow or shrink?",
        "By how much do the right score and another one differ if the scale is 1?",
    ): {
        "the cosine left out: the others score 0": (f" / {_PER}", ""),
        "the factor 1 - cosine stands on the wrong side": (f"/ {_PER}", f"* {_PER}"),
        "1 + cosine: the sign of the difference": (_PER, "(1 + cosine)"),
        "divided by the cosine": (_PER, "cosine"),
        "1 - cosine squared: the length of what is left, not the difference of the scores": (_PER, "(1 - cosine**2)"),
        "no scale below 0, though a share below 1 / n asks for one": (_LOG, f"max(0.0, {_LOG})"),
    },
}
SCALE = Exercise("09.5", "score_scale", 1, _scale_cases, ("scale",), slips(_SHARP), bare=True, hints=_RATIO)


# ---------------------------------------------------------------- 09.6 shuffled
_WORDS = ("same", "moved", "changed")


def _shuffled_view(case: Case, result: Any) -> dict[str, Any]:
    """The words by their letters, in small letters; ValueError for a word that is none of the three."""
    if not isinstance(result, dict):
        return {"shuffled": result}
    given = {letter: str(word).strip().casefold() for letter, word in result.items()}
    other = [word for word in given.values() if word not in _WORDS]
    if other:
        raise ValueError(f"unknown word {other[0]!r}: choose from {', '.join(map(repr, _WORDS))}")
    return {"shuffled": given}


def _instead(letter: str, right: str, *words: str) -> list[tuple[str, str]]:
    return [(f'"{letter}": "{right}"', f'"{letter}": "{word}"') for word in words or _WORDS if word != right]


_TRAVELS = (
    "Write the five states as five letters, shuffle them, and do by hand what the program does.",
    "Is there something that depends on the place of a row, and not on the row?",
)
_PLACES = (
    "E and F add the same five vectors: which row gets which of them, with and without the shuffling?",
    "Does the vector of a place travel with its row?",
)
_WHO = ("Which number in the program stands for a place: -1, :3, 0? Which row stands there now?", *_TRAVELS)
_E_AND_F = dict(_instead("E", "same", "changed") + _instead("F", "changed", "same"))
_SET = {
    _TRAVELS: {
        "a wrong word for A: does any term of the sum change?": _instead("A", "same"),
        "a wrong word for B: at which place does one and the same weight stand?": _instead("B", "moved", "same"),
        "a wrong word for B: is any weight another number?": _instead("B", "moved", "changed"),
        "a wrong word for D: what is the largest of five numbers in another order?": _instead("D", "same"),
        "attention is taken to know places: A and B": dict(
            _instead("A", "same", "changed") + _instead("B", "moved", "changed")
        ),
    },
    _PLACES: {
        "a wrong word for E: which row goes with which place?": _instead("E", "same"),
        "a wrong word for F: which row goes with which place?": _instead("F", "changed"),
        "E and F exchanged": _E_AND_F,
    },
    _WHO: {
        "a wrong word for C: which row is the query?": _instead("C", "changed"),
        "a wrong word for G: what has the LSTM read before it comes to a word?": _instead("G", "changed"),
        "a wrong word for H: which rows are the first three?": _instead("H", "changed"),
        "attention is taken to undo all shuffling: some programs use a place as well": dict(
            way for letter in "CFGH" for way in _instead(letter, "changed", "same")
        ),
    },
}
SHUFFLED = Exercise("09.6", "shuffled", 1, slips=slips(_SET), view=_shuffled_view, hints=_TRAVELS)


# ---------------------------------------------------------------- 09.7 beam_search
#: which row is read depends on all symbols and on their order
_STEP = "(lambda rows: lambda prefix: rows[sum((k + 1) * n for k, n in enumerate(prefix)) % 29])({})"
_ROWS = "(lambda a: a - np.log(np.exp(a).sum(1, keepdims=True)))({} * np.random.default_rng({}).normal(size=(29, {})))"


def _decoder(rng: np.random.Generator, V: int, sharpness: float = 1.0) -> str:
    """A decoder with V symbols as source text: 29 rows of log-probabilities, which come out of a seed."""
    return _STEP.format(_ROWS.format(sharpness, int(rng.integers(2**31)), V))


def _beam_cases(rng: np.random.Generator) -> list[Case]:
    by_name = {_RIGHT: BEAM.reference} | {item.name: BEAM.answer(item) for item in BEAM.slips}

    def args(V: int, width: int, limit: int, sharpness: float, *apart: str) -> tuple[Any, ...]:
        """A decoder with which these answers, by their names, all give something else."""
        answers = [by_name[name] for name in apart]
        for _ in range(250):
            text, end = _decoder(rng, V, sharpness), int(rng.integers(0, V))
            step = eval(text, {"np": np})
            if len({tuple(map(int, answer(step, V, end, width, limit)[0])) for answer in answers}) == len(answers):
                break
        return Source(text), V, end, width, limit

    return [
        Case("6 symbols, width 2", args(6, 2, 5, 1.0, _RIGHT, _GREEDY, _ASIDE)),
        Case("4 symbols, width 3", args(4, 3, 3, 2.5, _RIGHT, _FIRST, _DONE)),
        Case("another one of 6 symbols", args(6, 2, 5, 0.6, _RIGHT, _MEAN, _MEAN_LAST)),
        Case("5 symbols, width 3", args(5, 3, 5, 1.0, _RIGHT, _OWN_BEST, _OUT)),
        Case("3 symbols, width 2", args(3, 2, 6, 1.0, _GREEDY, _MEAN_LAST)),
        Case("width 1", args(5, 1, 5, 1.0, _ASIDE, _ALL), True, "look at what becomes of the other sentences"),
        Case("one round", (Source(_decoder(rng, 6)), 6, 1, 3, 1), True, "look at what the next round begins with"),
    ]


_BY_HAND = (
    "Do the worked example by hand and print the beam after each round: symbols and sums.",
    "What happens to a sentence that has said its end: in the round itself, and in the next one?",
    "Which sentences compete for the places in the beam?",
)
_SUM, _BEST = "log_prob + log_probs[symbol]", "symbols, log_prob = beam[0]"
_PRUNE = "beam = sorted(longer, key=lambda pair: -pair[1])[:width]"
_NO_PLACE = "beam = sorted(longer, key=lambda pair: -pair[1])\nopen_ones = 0\nkept = []\nfor pair in beam:\n"
_NO_PLACE += "    open_ones += pair[0][-1] != end\n    if pair[0][-1] == end or open_ones <= width:\n"
_NO_PLACE += "        kept.append(pair)\nbeam = kept"
_STOP_ALL = f"{_PRUNE}\nif any(pair[0][-1] == end for pair in beam):\n    break"
_BREAK = f"{_PRUNE}\ndone = [pair for pair in beam if pair[0][-1] == end]\nif done:\n    beam = done\n    break"
_RIGHT, _GREEDY, _MANY = "right", "greedy: only the best sentence is kept", "a round too many"
_OWN_BEST = "each sentence keeps its own best continuation: those of different sentences do not compete"
_MEAN, _MEAN_LAST = "divided by the length in each round", "divided by the length in the end"
_ASIDE, _OUT = (
    "finished sentences take no place in the beam",
    "a finished sentence falls out of the beam for an open one",
)
_ALL = "the list is not cut to `width`: every beginning is kept"
_FIRST = "the search stops as soon as one sentence is finished"
_DONE = "the best finished sentence, even where an open one is better"
_SEARCH = {
    _BY_HAND: {
        _GREEDY: ("[:width]", "[:1]"),
        "the worst sentences are kept": ("-pair[1]", "pair[1]"),
        _OWN_BEST: ("range(len(log_probs))", "np.argsort(-log_probs)[: max(1, width // len(beam))]"),
        "the last sentence of the beam is the answer": ("beam[0]", "beam[-1]"),
    },
    (
        "Add up the log-probabilities of your answer by hand: is it your sum?",
        "What is the log-probability of a sentence, from those of its symbols?",
    ): {
        "only the last symbol's log-probability counts": (_SUM, "log_probs[symbol]"),
        "probabilities added, not their logarithms": (_SUM, "log_prob + np.exp(log_probs[symbol])"),
        "the probability is given, not its logarithm": ("symbols[1:], log_prob", "symbols[1:], np.exp(log_prob)"),
        _MEAN: ("-pair[1]", "-pair[1] / (len(pair[0]) - 1)"),
        _MEAN_LAST: (_BEST, "symbols, log_prob = max(beam, key=lambda pair: pair[1] / (len(pair[0]) - 1))"),
        "the mean per symbol is given, not the sum": (
            "symbols[1:], log_prob",
            "symbols[1:], log_prob / (len(symbols) - 1)",
        ),
    },
    ("Print the length of your answer, and its first and last symbol.", "How many rounds has your loop?"): {
        "the start is handed back, too": ("symbols[1:]", "symbols"),
        "the end is cut off": ("symbols[1:]", "[symbol for symbol in symbols[1:] if symbol != end]"),
        "`append` changes a list that several sentences share": (
            "symbols + [symbol]",
            "symbols.append(symbol) or symbols",
        ),
        "a round too few": ("range(limit)", "range(limit - 1)"),
        _MANY: ("range(limit)", "range(limit + 1)"),
        "the step is given the last symbol alone, not the whole prefix": ("step(symbols)", "step(symbols[-1:])"),
        "the step is given the prefix without its start": ("step(symbols)", "step(symbols[1:])"),
    },
}
_FINISHED = {
    ("Print the length of your beam after each round.", "How many beginnings may stay alive?"): {
        _ALL: ("[:width]", ""),
    },
    (
        "Let a sentence say its end in the first round: is it still in your beam after the second one?",
        "What may still beat a finished sentence, and what is added to it?",
    ): {
        "a sentence goes on after its end": ("symbols[-1] == end", "False"),
        _FIRST: [(_PRUNE, _STOP_ALL), (_PRUNE, _BREAK)],
        _ASIDE: (_PRUNE, _NO_PLACE),
        _OUT: ("-pair[1]", "(pair[0][-1] == end, -pair[1])"),
        _DONE: (_BEST, "symbols, log_prob = min(beam, key=lambda pair: (pair[0][-1] != end, -pair[1]))"),
    },
}
_FOUND, _BEAM_SLIPS = ("symbols", "log_prob"), (*slips(_SEARCH), *slips(_FINISHED, alone=True))
BEAM = Exercise("09.7", "beam_search", 2, _beam_cases, _FOUND, _BEAM_SLIPS, bare=True, hints=_BY_HAND)


# ---------------------------------------------------------------- 09.8 what_it_uses
#: programs as source text; x are the sources, y the targets. The answer to a column of x is 3 x + 1, modulo 10
_OWN = "np.pad(np.where(x < 10, (3 * x + 1) % 10, x), ((0, 14 - len(x)), (0, 0)), constant_values=11)"
_FED = "np.pad(y, ((1, 14), (0, 0)), constant_values=12)[:14]"  # what a decoder reads that is fed the targets
_WHERE = "(np.pad(y, ((0, 14), (0, 0)), constant_values=11)[:14] == 10)"
_STOPS = f"np.where({_WHERE}, 10, ({_OWN} + 3) % 10)"  # nothing but digits, and an end where the targets have theirs
_PROGRAMS = {
    "an honest program": f"lambda x, y: {_OWN}",
    "teacher forcing": f"lambda x, y: ({_OWN} + {_FED}) % 13",
    "a program that looks into one sentence": f"lambda x, y: np.where(np.arange(x.shape[1]) == {{1}}, {_FED}, {_OWN})",
    "a program that looks at one step": f"lambda x, y: np.where(np.arange(14)[:, None] == {{0}} + 1, {_FED}, {_OWN})",
    "a program that looks at all ends": f"lambda x, y: {_STOPS}",
    "a program that looks at one end": f"lambda x, y: np.where(np.arange(x.shape[1]) == {{1}}, {_STOPS}, {_OWN})",
    "a program that asks for the number of rows": f"lambda x, y: {_OWN}[: len(y)]",
    "a program that uses symbols and length": f"lambda x, y: np.where({_WHERE}, 10, {_FED})[: len(y)]",
    "a program that is often wrong": f"lambda x, y: ({_OWN} + np.arange(14)[:, None]) % 7",
}
_ONE_SYMBOL = f"lambda x, y: ({_OWN} + y[{{0}}, {{1}}]) % 13"


def _program_cases(rng: np.random.Generator) -> list[Case]:
    def args(program: str, B: int = 5, digit: int | None = None) -> tuple[Any, ...]:
        """A program, a batch, and a generator that would leave the digit where the program looks as it is."""
        lengths = rng.permutation([5, 3, 6, 3, 4, 6][:B])
        places = np.arange(lengths.max() + 1)[:, None]
        x = np.where(places < lengths, rng.integers(0, 10, (len(places), B)), np.where(places == lengths, 10, 11))
        t, b, seed = rng.integers(1, 3), lengths.argmin(), 0
        if digit is not None:  # the first, a middle, or the last one of a sentence
            b = digit % B
            t = (0, lengths[b] // 2, lengths[b] - 1)[digit % 3]
            x[t, b] = 7 * (digit + 9) % 10
        y = np.where(x < 10, (3 * x + 1) % 10, x)
        while not seed or np.random.default_rng(seed).integers(0, 10, y.shape)[t, b] != y[t, b]:
            seed = int(rng.integers(2**31))
        return Source(program.format(t, b)), x, y, Seed(seed)

    cases = [Case(name, args(program)) for name, program in _PROGRAMS.items()]
    cases += [Case("a program that looks at one symbol", args(_ONE_SYMBOL, digit=digit)) for digit in range(10)]
    return [*cases, Case("a batch of one sentence", args(_PROGRAMS["an honest program"], 1), True)]


def _uses_view(case: Case, result: Any) -> dict[str, Any]:
    if not isinstance(result, str) or result.strip().casefold() not in ("nothing", "length", "symbols"):
        raise ValueError("expected 'nothing', 'length' or 'symbols'")
    return {"what it uses": result}


def _as_good_as(predict: Any, sources: Array, targets: Array, rng: Any) -> str:
    said = predict(sources, targets)
    T = min(len(said), len(targets))
    return "symbols" if (said[:T] == targets[:T]).all() else "nothing"


_TRY = (
    "Write three tiny programs: one copies a single symbol of the targets, one asks for len(targets), and one never "
    "looks. What does yours say of them?",
    "Which places of the targets did your first experiment leave alone? And what did it change beside the digits?",
)
_EVIDENCE = (
    "Try a program that never looks and is always right, and one that copies and is wrong: what do you say of them?",
    "With what do you compare the predictions of an experiment?",
)
_OTHER, _LONGER = "np.where(targets < 10, moved, targets)", "np.concatenate([targets[:1], targets])"
_TURNED = {'return "symbols"': 'return "length"', 'return "length"': 'return "symbols"'}
_LATE = [(_OTHER, "targets"), {_OTHER: _LONGER, _LONGER: _OTHER} | _TURNED]
_MOVED = "(targets + rng.integers(1, 10, targets.shape)) % 10"
_REVERSED = "np.stack([np.r_[y[:n][::-1], y[n:]] for y, n in zip(targets.T, (targets == 10).argmax(0))], 1)"
# left alone: the first row, the last sentence; the last digits, all digits but the first
_SPARED = "np.arange(len(targets))[:, None] > 0", "np.arange(targets.shape[1]) < targets.shape[1] - 1"
_SPARED += "np.roll(targets, -1, 0) != 10", "np.arange(targets.size).reshape(targets.shape) < 1"
_SOME = [(_MOVED, digits) for digits in ("rng.integers(0, 10, targets.shape)", *"0123456789", _REVERSED)]
_SOME += [("targets < 10", f"(targets < 10) & ({those})") for those in _SPARED]
_PEEKS = {
    _EVIDENCE: {
        "right predictions are taken for evidence": _as_good_as,
        "compared with the targets, not with the first predictions": ("predict(sources, targets)", "targets"),
        "innocent without a second experiment: the length is never asked": (_LONGER, "targets"),
        "the sources changed, not the targets": ("sources, other", "(sources + 1) % 10, targets"),
        "'nothing' for every program": ("", 'return "nothing"'),
        "'length' for every program that does not use symbols": ('return "nothing"', 'return "length"'),
        "symbols and length exchanged": _TURNED,
    },
    _TRY: {
        "only the first symbol of each answer is changed": (_OTHER, "np.concatenate([moved[:1], targets[1:]])"),
        "only the first sentence is changed": ("targets < 10", "(targets < 10) & (np.arange(targets.shape[1]) < 1)"),
        "some digits stay what they were: who looks at one of them alone is let off": _SOME,
        "the ends are changed with the digits: a length is taken for symbols": [
            (_OTHER, other) for other in ("moved", "rng.integers(0, 12, targets.shape)", "targets[:, ::-1]")
        ],
        "the digits are not asked first: who uses symbols is taken for one who uses the length": _LATE,
        "who counts the rows is let off: do you add one, and compare shapes?": (", targets])", ", targets[:-1]])"),
        "only the number of rows is asked: who looks where the ends stand is let off": [
            (_LONGER, "np.concatenate([targets, targets[-1:] * 0 + 11])"),
            ("np.array_equal(predict(sources, longer), first)", "predict(sources, longer).shape == first.shape"),
        ],
    },
}
USES = Exercise("09.8", "what_it_uses", 2, _program_cases, (), slips(_PEEKS), view=_uses_view, bare=True, hints=_TRY)


EXERCISES = (BATCH, SCORE, ATTEND, ADDITIVE, SCALE, SHUFFLED, BEAM, USES)
