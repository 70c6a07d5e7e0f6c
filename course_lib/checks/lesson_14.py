"""Lesson 14: a word and a piece with a cache, bytes, merged softmaxes, scans, reports, clocks that cross."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.checks.compare import short
from course_lib.checks.exercise import Case, Exercise, slips

Array = np.ndarray


# ---------------------------------------------------------------- 14.1 one_more
def _word_cases(rng: np.random.Generator) -> list[Case]:
    def args(S: int, D: int, A: int, e: Any = None) -> tuple[Any, ...]:
        """Drawn at random; where scores e are given (S < A), a query that has nearly these."""
        cache = rng.normal(0, 1, (S, A)), rng.normal(0, 1, (S, A)) + 0.5
        W_q, W_k, W_v = (rng.normal(0, 1, (A, D)) for _ in range(3))
        x_t = rng.normal(0, 1, D)
        if e is not None:
            q_t = np.linalg.pinv([*cache[0], W_k @ x_t]) @ (e + rng.uniform(-1, 1, S + 1)) * np.sqrt(A)
            W_q = np.outer(q_t, x_t) / (x_t @ x_t)
        return x_t, cache, W_q, W_k, W_v

    alike = args(4, 3, 2)
    return [
        *(Case(f"S = {S}, D = {D}, A = {A}", args(S, D, A)) for S, D, A in ((5, 3, 4), (4, 4, 2))),
        Case("an old score near 900, the others near -900", args(5, 3, 9, np.r_[900, [-900] * 5])),
        Case("the new word's score near 900, the others near -900", args(5, 4, 8, np.r_[[-900] * 5, 900])),
        Case("all scores near -900", args(3, 3, 7, np.r_[-900, -875, -900, -900])),
        Case("S = 0, the first word of all", args(0, 3, 4), True, "look at what comes from the words before"),
        Case("all scores are 0", (*alike[:2], 0 * alike[2], *alike[3:]), True, "look at the scores and the softmax"),
    ]


def _word_view(case: Case, result: Any) -> dict[str, Any]:
    """c_t, keys and values; ValueError where the form is another."""
    pair = isinstance(result, (tuple, list)) and len(result) == 2
    if not pair or not isinstance(result[1], (tuple, list, np.ndarray)) or len(result[1]) != 2:
        raise ValueError("expected a pair (c_t, cache), and the cache is again a pair (keys, values)")
    return {"c_t": result[0], "keys": result[1][0], "values": result[1][1]}


_TAKES = (
    "Take the worked example: print the scores, then the weights. Do the weights add up to 1?",
    "Of which words are the values that go into the mean? Is the new word among them?",
)
_KEEPS = (
    "Print the shapes of keys and values before and after: how many rows are there, and where is the new one?",
    "Which two of q, k and v will a later word need?",
)
_SCALE, _SAFE = "keys @ q_t / np.sqrt(len(q_t))", "np.exp(e_t - e_t.max())"
_NEW_K, _NEW_V = "np.concatenate([keys, k_t[None]])", "np.concatenate([values, v_t[None]])"
_BACK = "c_t, (keys, values)"
_PAST = "np.append(np.exp(e_t[:-1] - e_t[:-1].max({})), 0.0)"
_MORE = {
    _TAKES: {
        "the scores are not divided by the root of A": (_SCALE, "keys @ q_t"),
        "the scores are divided by A, not by its root": (_SCALE, "keys @ q_t / len(q_t)"),
        "the scores are divided by the root of D, not of A": (_SCALE, "keys @ q_t / np.sqrt(len(x_t))"),
        "the scores are divided by the root of the number of words": (_SCALE, "keys @ q_t / np.sqrt(len(keys))"),
        "the weights are not divided by their sum": ("alpha_t @ values / alpha_t.sum()", "alpha_t @ values"),
        "no exponential: the scores themselves are the weights": (_SAFE, "e_t"),
        "the exponential of large scores is no number: subtract the largest one first": (_SAFE, "np.exp(e_t)"),
        "the new word does not look at itself": [
            (_SAFE, _PAST.format("")),
            (_SAFE, _PAST.format("initial=-np.inf")),
            {_SAFE: _PAST.format("initial=-np.inf"), "/ alpha_t.sum()": "/ max(alpha_t.sum(), 1e-300)"},
        ],
        "the new word looks at itself only": ("c_t = alpha_t @ values / alpha_t.sum()", "c_t = v_t"),
        "the new word asks with its key": ("keys @ q_t", "keys @ k_t"),
        "the mean of the keys, not of the values": ("alpha_t @ values", "alpha_t @ keys"),
        "the query meets the values, not the keys": ("keys @ q_t", "values @ q_t"),
    },
    _KEEPS: {
        "the query is kept, where the key belongs": [
            (_BACK, "c_t, (np.concatenate([cache[0], q_t[None]]), values)"),
            (_NEW_K, "np.concatenate([keys, q_t[None]])"),
        ],
        "keys and values exchanged in the cache that is returned": (_BACK, "c_t, (values, keys)"),
        "the new word is put in front of the old ones": {
            _NEW_K: "np.concatenate([k_t[None], keys])",
            _NEW_V: "np.concatenate([v_t[None], values])",
        },
        "the cache is handed back as it came: the next word will not see this one": (_BACK, "c_t, cache"),
    },
}
MORE = Exercise(
    "14.1", "one_more", 1, _word_cases, (), slips(_MORE), view=_word_view, bare=True, arguments="left", hints=_TAKES
)


# ---------------------------------------------------------------- 14.2 look
def _piece_cases(rng: np.random.Generator) -> list[Case]:
    def args(S: int, T: int, A: int) -> tuple[Array, ...]:
        return rng.normal(0, 1, (T, A)), rng.normal(0, 1, (S + T, A)), rng.normal(0, 1, (S + T, A)) + 0.5

    far, same = args(0, 4, 3), args(3, 4, 2)
    far[1][:] = np.array([[-1.0], [1.0], [1.0], [1.0]]) * rng.uniform(30, 30.05, (4, 3))
    far[0][:] = np.array([[1.0], [0.9], [-0.05], [-0.7]]) * 1000 * np.sqrt(3) / abs(far[1].sum(axis=1)).max()
    # the first word may see a score near -1000 only, and those that are hidden from it are near 1000
    return [
        *(Case(f"S = {S}, T = {T}, A = {A}", args(S, T, A)) for S, T, A in ((3, 4, 5), (6, 2, 3), (1, 5, 4))),
        Case("scores from -1000 to 1000, by word", far),
        Case("all scores from -900 to -760", (0 * same[0] - 30, 0 * same[1] + np.c_[18:21.5:0.5], same[2])),
        Case("S = 0, a text from its beginning", args(0, 5, 3), True, "look at where the piece stands in the text"),
        Case("T = 1, a single word", args(5, 1, 3), True, "look at what each word of a piece may see"),
        Case("all scores are 0", (0 * same[0], *same[1:]), True, "look at the scores and the softmax"),
    ]


_MASK = (
    "Let all scores be 0 and v be 0, 1, 2, …: each context is then the mean of the places that were seen.",
    "At which place of the text stands word t of the piece? And which places may it see, its own among them?",
)
_WEIGHTS = (
    "Print the table of weights: what should each row add up to, and what stands in the hidden places?",
    "Over which axis does a query choose? And what must happen to a hidden place before the softmax?",
)
_SHIFT, _SUM = "e - e.max(axis=1, keepdims=True)", "alpha.sum(axis=1, keepdims=True)"
_ROOT, _INF, _ROWS = "q @ k.T / np.sqrt(A)", "e = np.where(hidden, -np.inf, e)", "np.arange(T)[:, None]"
_ASKS = f"S + {_ROWS}"
_LOOK = {
    _MASK: {
        "no mask: a word sees what comes after it": (_INF, "pass"),
        "the mask is one too far: a word sees its successor": (f"> {_ASKS}", f"> 1 + {_ASKS}"),
        "the mask is one too near: a word does not see itself": [
            (f"> {_ASKS}", f">= {_ASKS}"),
            {f"> {_ASKS}": f">= {_ASKS}", "return alpha": "return np.nan_to_num(alpha)"},
            {f"> {_ASKS}": f">= {_ASKS}", "T, A = q.shape": "T, A = q.shape\n1 / (len(k) - T)"},
        ],
        "the mask forgets the past: word t sees the places up to t, not up to S + t": (f"> {_ASKS}", f"> {_ROWS}"),
        "each word sees up to S only, wherever it stands in the piece": (f"> {_ASKS}", "> S"),
        "the mask is turned round: a word sees itself and what comes after it": (f"> {_ASKS}", f"< {_ASKS}"),
        "seen and hidden exchanged": (_INF, "e = np.where(hidden, e, -np.inf)"),
        "the past is left out: the piece looks at itself only": (_INF, f"{_INF}\ne[:, :S] = -np.inf"),
    },
    _WEIGHTS: {
        "0 in the place of minus infinity: hidden places keep a weight": (_INF, "e = np.where(hidden, 0, e)"),
        "-100 or -1,000 in the place of minus infinity: a score that is seen may be as low": [
            (_INF, f"e = np.where(hidden, {low}, e)") for low in (-100, -1000)
        ],
        "hidden weights are set to 0 after the softmax: the others do not add up to 1": {
            _INF: "pass",
            "alpha @ v": "np.where(hidden, 0, alpha) @ v",
        },
        "the softmax goes over the queries, not over the keys": [
            {_SHIFT: _SHIFT.replace("1", "0"), _SUM: _SUM.replace("1", "0")},
            {_INF: f"top = e.max(axis=0)\n{_INF}", _SHIFT: "e - top", _SUM: _SUM.replace("1", "0")},
        ],
        "the weights are not divided by their sum": (f"alpha / {_SUM}", "alpha"),
        "the exponential of large scores is no number: subtract the largest one first": (_SHIFT, "e"),
        "the largest absolute value is subtracted": (_SHIFT, "e - abs(np.where(hidden, 0, e)).max(1, keepdims=True)"),
        "one largest score for the whole table: rows far below it have no weight left": (_SHIFT, "e - e.max()"),
        "the largest score is taken before the mask: a hidden one may be far above the others": {
            _INF: f"top = e.max(axis=1, keepdims=True)\n{_INF}",
            _SHIFT: "e - top",
        },
        "the scores are not divided by the root of A": (_ROOT, "q @ k.T"),
        "the scores are divided by A, not by its root": (_ROOT, "q @ k.T / A"),
        "the scores are divided by the root of the number of keys": (_ROOT, "q @ k.T / np.sqrt(len(k))"),
        "no exponential: the scores themselves are the weights": (f"np.exp({_SHIFT})", "np.where(hidden, 0, e)"),
        "the mean of the keys, not of the values": ("alpha @ v", "alpha @ k"),
    },
}
LOOK = Exercise("14.2", "look", 2, _piece_cases, ("contexts",), slips(_LOOK), bare=True, hints=_MASK)


# ---------------------------------------------------------------- 14.3 from_when
def _size_cases(rng: np.random.Generator) -> list[Case]:
    L, D = int(rng.integers(2, 6)), int(rng.choice([24, 40, 56]))
    n, layers = int(rng.integers(150, 400)), int(rng.integers(3, 7))
    return [
        Case("the cache is just as large after some words", (L, D, L * D * n, 2)),
        Case("the cache is never just as large", (L, D + 1, L * (D + 1) * n + D // 2, layers)),
        Case("one less than the cache", (3, D, 3 * D * n - 1, 1)),
        Case("many layers", (2, D, 7 * D + 3, 40 + layers)),
        Case("the first word is enough", (4 + L, 64, 100, 2)),
        Case("there is one block and one layer", (1, D, D * n, 1), True, "look at what L and the layers count"),
    ]


_BOTH_SIDES = (
    "Write down for the second worked example what both keep after 8 and after 9 words, in numbers or in bytes.",
    "How many numbers does a block get with each word, and how many does a layer of the LSTM keep?",
)
_EDGE = ("Try it with the first worked example: is the cache larger after one word?", "Is as large already larger?")
_KEPT, _STATES, _FIRST = "2 * L * D", "2 * layers * H", "states // for_each_word + 1"
_SIZES = {
    _BOTH_SIDES: {
        "keys or values, one of them is forgotten": (_KEPT, "L * D"),
        "c is forgotten: an LSTM keeps h and c": (_STATES, "layers * H"),
        "L is forgotten: each block keeps keys and values of its own": (_KEPT, "2 * D"),
        "one layer only: each layer of the LSTM keeps a state of its own": (_STATES, "2 * H"),
        "queries are kept, too: nobody needs them again": (_KEPT, "3 * L * D"),
        "4 bytes on one side, numbers on the other": [(_KEPT, "8 * L * D"), (_STATES, "8 * layers * H")],
        "the weights of the LSTM are counted, not its states": (_STATES, "8 * layers * H * H"),
    },
    _EDGE: {
        "as large is not yet larger": (_FIRST, "max(-(-states // for_each_word), 1)"),
        "rounded down: the cache is not yet larger there": (_FIRST, "states // for_each_word"),
        "one word too late": (_FIRST, "states // for_each_word + 2"),
        "not a whole number of words": (_FIRST, "states / for_each_word"),
        "rounded to the nearest, not to the first that is larger": (_FIRST, "round(states / for_each_word)"),
    },
}
SIZES = Exercise("14.3", "from_when", 1, _size_cases, ("T",), slips(_SIZES), bare=True, rtol=1e-9, hints=_BOTH_SIDES)


# ---------------------------------------------------------------- 14.4 merge
def _half(rng: np.random.Generator, T: int, A: int, at: float, *empty: int) -> tuple[Array, ...]:
    m, below = at + rng.uniform(-1.5, 1.5, (T, 1)), 1 + rng.uniform(0.2, 3, (T, 1))
    above = below * rng.normal(0.4, 1, (T, A))
    for row in empty:
        m[row], below[row], above[row] = -np.inf, 0, 0
    return m, below, above


def _half_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, A: int, left: float, right: float, gone: Any = (), lost: Any = ()) -> tuple[Any, ...]:
        return _half(rng, T, A, left, *gone), _half(rng, T, A, right, *lost)

    one, two = args(3, 2, 0.3, 0.3)
    return [
        Case("the larger score is on the right", args(3, 4, -1.0, 2.5)),
        Case("the larger score is on the left", args(4, 3, 1.5, -2.0)),
        Case("now on the left, now on the right", args(6, 2, 0.5, 0.5)),
        Case("scores near 900 and near 902", args(3, 2, 900.0, 902.0)),
        Case("scores near -900", args(3, 4, -901.0, -899.5)),
        Case("some halves are empty", args(5, 3, 0.4, 1.0, (0, 2), (3,))),
        Case("both halves are empty for a query", args(4, 2, 0.4, -0.8, (1, 2), (2, 3))),
        Case("both largest scores are equal", ((one[0], *one[1:]), (one[0], *two[1:])), True, "look at the factors"),
    ]


_FACTOR = (
    "Begin with one query, and two halves of one key each: what must come out for the scores 2 and 1?",
    "Which factor makes the sums of a half relative to the new m? Is it the same for both sums?",
)
_LARGEST = ("Which of the two m is larger, and does that hold for each row?", "What is the largest of all scores?")
_NOBODY = (
    "Call it with a query for which both halves are empty, and print the exponents.",
    "What is minus infinity minus minus infinity? Which number could stand in the place of m there?",
)
_M, _BASE, _TRIPLE = "np.maximum(m_left, m_right)", "np.where(m == -np.inf, 0, m)", "return m, below, above"
_LEFT, _RIGHT_ = "np.exp(m_left - base)", "np.exp(m_right - base)"
_BELOW = "scale_left * below_left + scale_right * below_right"
_ABOVE = "scale_left * above_left + scale_right * above_right"
_MERGE = {
    _FACTOR: {
        "nothing is scaled: both sums are added as they are": {_LEFT: "1.0", _RIGHT_: "1.0"},
        "only the left half is scaled": (_RIGHT_, "1.0"),
        "only the right half is scaled": (_LEFT, "1.0"),
        "below is scaled, above is not": (_ABOVE, "above_left + above_right"),
        "above is scaled, below is not": (_BELOW, "below_left + below_right"),
        "the factors are turned round: exp(m - m of the half)": [
            {_LEFT: "np.exp(base - m_left)", _RIGHT_: "np.exp(base - m_right)"},
            {_LEFT: "np.nan_to_num(np.exp(base - m_left))", _RIGHT_: "np.nan_to_num(np.exp(base - m_right))"},
        ],
        "the sums are made absolute on the way: exp(900) is no number": {
            _LEFT: "np.exp(m_left) / np.exp(m)",
            _RIGHT_: "np.exp(m_right) / np.exp(m)",
        },
        "the factors of the two halves exchanged": {_LEFT: _RIGHT_, _RIGHT_: _LEFT},
        "the factor is the difference itself: its exponential is left out": {
            _LEFT: "np.where(m_left == -np.inf, 0, m_left - base)",
            _RIGHT_: "np.where(m_right == -np.inf, 0, m_right - base)",
        },
        "the sums are relative to 0, not to the new m": {_LEFT: "np.exp(m_left)", _RIGHT_: "np.exp(m_right)"},
        "above and below exchanged": (_TRIPLE, "return m, above, below"),
        "the quotient is returned, not the sum: nobody can go on from there": [
            (_TRIPLE, "return m, below, above / np.where(below == 0, 1, below)"),
            (_TRIPLE, "return m, below, above / below"),
        ],
    },
    _LARGEST: {
        "m is that of the right half, whichever is larger": (_M, "m_right"),
        "m is that of the left half, whichever is larger": (_M, "m_left"),
        "the two m are added": [(_M, "m_left + m_right"), (_TRIPLE, "return m_left + m_right, below, above")],
        "the smaller m, not the larger one": (_M, "np.minimum(m_left, m_right)"),
        "the sums are relative to the smaller m": (_BASE, "np.minimum(m_left, m_right)"),
        "one m for all queries": (_M, "np.zeros_like(m_left) + max(m_left.max(), m_right.max())"),
        "m is the logarithm of both sums, not the largest score": (_M, "np.logaddexp(m_left, m_right)"),
    },
    _NOBODY: {
        "both halves empty: minus infinity minus minus infinity is NaN": (_BASE, "m"),
        "both halves empty: m is not minus infinity any more": [
            (_TRIPLE, f"return {other}, below, above") for other in ("base", "np.nan_to_num(m)")
        ],
    },
}
MERGE = Exercise(
    "14.4", "merge", 2, _half_cases, ("m", "below", "above"), slips(_MERGE), bare=True, rtol=1e-6, hints=_FACTOR
)


# ---------------------------------------------------------------- 14.5 doubling
def _scan_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, H: int) -> tuple[Array, Array]:
        return rng.choice([-1, 1], (T, H)) * rng.uniform(0.4, 1.3, (T, H)), rng.normal(0, 1, (T, H)) + 0.3

    return [
        *(Case(f"T = {T}, H = {H}", args(T, H)) for T, H in ((8, 3), (7, 2), (9, 4), (13, 1))),
        Case("T = 2", args(2, 3), True, "look at what happens after the first round"),
        Case("T = 1", args(1, 2), True, "look at the rounds"),
    ]


def _rounds(case: Case, result: Any) -> dict[str, Any]:
    """The number of rows, the last one, and all of them; ValueError where they are no arrays (T, H)."""
    shape = case.args[1].shape
    rows = [np.asarray(row) for row in result] if isinstance(result, (list, tuple, np.ndarray)) else []
    if not rows or any(row.shape != shape or row.dtype.kind not in "biuf" for row in rows):
        raise ValueError(f"rounds: expected numbers of shape (R + 1, T, H) = (R + 1, {shape[0]}, {shape[1]})")
    return {"rows of rounds": len(rows), "the states": rows[-1], "rounds": np.array(rows)}


_OLD = (
    "Do the worked example by hand, and put your rounds beside it: which is the first number that differs?",
    "Which numbers of the round before go into b of step 3 in the second round? Are they still there then?",
)
_HOW_MANY = (
    "Print d in each round, for T = 4, 5 and 8.",
    "After a round with the distance d each state knows its last 2d steps. When does it know all of them?",
)
_A_JOIN, _B_JOIN = "a_new[d:] = a[d:] * a[:-d]", "b_new[d:] = a[d:] * b[:-d] + b[d:]"
_IN_PLACE = "b_new[t], a_new[t] = a_new[t] * b_new[t - d] + b_new[t], a_new[t] * a_new[t - d]"
_RETURN = "return np.array(rounds)"
_DOUBLE = {
    _OLD: {
        "written in place from the left: a step reads numbers that are already new": {
            _A_JOIN: f"for t in range(d, T):\n    {_IN_PLACE}",
            _B_JOIN: "pass",
        },
        "joined in pairs, as in the lecture's scan: here each step is joined in each round": {
            _A_JOIN: f"for t in range(2 * d - 1, T, 2 * d):\n    {_IN_PLACE}",
            _B_JOIN: "pass",
        },
        "a is joined first, and b then takes the new a": (_B_JOIN, "b_new[d:] = a_new[d:] * b[:-d] + b[d:]"),
        "a is not joined: it stays as it was given": (_A_JOIN, "pass"),
        "a of this step is left out of the new a": (_A_JOIN, "a_new[d:] = a[:-d]"),
        "a is squared, not multiplied by the one d steps before": (_A_JOIN, "a_new[d:] = a[d:] * a[d:]"),
        "the a of the earlier step, where the one of this step belongs": ("a[d:] * b[:-d]", "a[:-d] * b[:-d]"),
        "the earlier b is added without its factor a": ("a[d:] * b[:-d]", "b[:-d]"),
        "its own b is left out": ("* b[:-d] + b[d:]", "* b[:-d]"),
        "a multiplies this step's b, not the earlier one": (_B_JOIN, "b_new[d:] = b[:-d] + a[d:] * b[d:]"),
        "joined with the step d after it, not before it": {
            _A_JOIN: "a_new[:-d] = a[:-d] * a[d:]",
            _B_JOIN: "b_new[:-d] = a[:-d] * b[d:] + b[:-d]",
        },
        "the first steps wrap round to the last ones": {
            _A_JOIN: "a_new = a * np.roll(a, d, 0)",
            _B_JOIN: "b_new = a * np.roll(b, d, 0) + b",
        },
    },
    _HOW_MANY: {
        "the distance grows by 1 in each round: it should double": {"range(R)": "range(T - 1)", "2**r": "r + 1"},
        "the distance stays 1 in all rounds": {"[d:]": "[1:]", "[:-d]": "[:-1]"},
        "a round is missing where T is no power of two": ("np.ceil", "np.floor"),
        "a round too many: nothing is left to join": [
            ("range(R)", "range(R + 1)"),
            ("range(R)", "range(R + 1 if T > 1 else 0)"),
            ("np.ceil(np.log2(T))", "np.floor(np.log2(T)) + 1"),
        ],
        "rounds[0], b itself, is missing": [(_RETURN, f"return np.array(rounds[1:]{x})") for x in ("", " or rounds")],
        "b after the last round is missing": (_RETURN, "return np.array(rounds[:-1] or rounds)"),
        "the states alone, without the rounds": (_RETURN, "return np.array(rounds[-1:])"),
        "all rounds are one array, which is changed again and again": (_RETURN, "return np.array([b] * len(rounds))"),
    },
}
DOUBLING = Exercise(
    "14.5", "doubling", 1, _scan_cases, (), slips(_DOUBLE), view=_rounds, bare=True, arguments="left", hints=_OLD
)


# ---------------------------------------------------------------- 14.6 as_recurrence
_BITS, _NONE = ("odd", "thirds", "since"), ("largest", "thirds", "own gate", "tanh")


def _task_cases(rng: np.random.Generator) -> list[Case]:
    def number() -> float:
        return float(rng.choice([-1, 1]) * rng.uniform(0.4, 2.5))

    numbers = ("sum", "last", "mean", "gate", "own gate", "tanh")
    asked = [(task, number(), int(rng.integers(3, 12))) for task in numbers]
    asked += [(task, x, int(rng.integers(4, 12))) for task in _BITS for x in (0, 1)]
    asked += [("largest", abs(number()), 4), ("largest", -abs(number()), 5), ("mean", number(), 1)]
    return [Case(f'"{task}", x = {x:.3g}, t = {t}', (task, x, t)) for task, x, t in asked]


def _next_states(case: Case, result: Any) -> dict[str, Any]:
    """What a and b make of some old states, or "no line"; ValueError where it is neither a pair of numbers nor that."""
    task, _, t = case.args
    old = {"odd": [0, 1], "since": [0, 1, 3]}.get(task, [-1.25, 0, 0.5, 2]) if t > 1 else [0]
    asked = "the answer" if task in _NONE else f"a h + b for h = {', '.join(map(str, old))}"
    if isinstance(result, str) and result.strip().casefold() == "no line":
        return {asked: "no line"}
    try:
        a, b = (float(np.asarray(value).reshape(())) for value in result)
    except (TypeError, ValueError):
        raise ValueError('expected a pair of numbers (a, b), or "no line"') from None
    return {asked: "a pair (a, b)" if task in _NONE else a * np.array(old) + b}


_LINE = (
    "Take one input and three old states that can stand there. Do the three new states lie on a straight line?",
    "What is the new state for h = 0? That is b. And by how much does it grow when h grows by 1?",
)
_FORMULA = (
    "Run your a and b by hand for four steps of inputs that you choose, from h = 0, beside the table's own words.",
    "What should be left of the old state, for each x and t? That is a.",
)


def _at(task: str, what: str) -> tuple[str, str]:
    """The edit that makes one task give something else."""
    return "", f'if task == "{task}":\n    return {what}'


_ODD, _SINCE, _GATE, _AVERAGE = "1 - 2 * x, x", "1 - x, 1 - x", "z, (1 - z) * x", "(t - 1) / t, x / t"
_TASKS = {
    _LINE: {
        "largest taken for a line: whether h stays depends on h, which makes a kink": _at("largest", "1, x"),
        "thirds taken for a line: a one makes 1, 2, 0 of 0, 1, 2": _at("thirds", "1, x"),
        "own gate taken for a line: its factor is made of h itself": _at("own gate", "0.5, 0.5 * x"),
        "tanh taken for a line: it is around h, and bends what h does": _at("tanh", "1, x"),
        'a line for some inputs only: "no line" is said of the whole task': [
            ("", f"if x <= 0 and task in {tasks}:\n    return 1, x") for tasks in (_NONE[:1], _NONE[1:2], _NONE[:2])
        ],
        '"no line" is never the answer, although some of the ten bend or jump': ('return "no line"', "return 1, x"),
        "odd taken for a bend: its state has two values only, and two points are on a line": _at("odd", '"no line"'),
        "since taken for a bend: each input makes a line, and not the same one": _at("since", '"no line"'),
        "gate taken for a bend: its z is made of x alone": _at("gate", '"no line"'),
        "mean taken for a bend: a and b may depend on t": _at("mean", '"no line"'),
        "last taken for a bend: a factor may be 0": _at("last", '"no line"'),
    },
    _FORMULA: {
        "mean: the weights of old and new exchanged": (_AVERAGE, "1 / t, (t - 1) / t * x"),
        "mean: this is the sum": (_AVERAGE, "1, x"),
        "mean: t counts from 1, so x is one of t numbers": [
            (_AVERAGE, f"({n} - 1) / ({n}), x / ({n})") for n in ("t + 1", "t - 1")
        ],
        "mean: the old mean is added as it is": (_AVERAGE, "1, x / t"),
        "odd: a 1 adds up, and never turns 1 into 0": (_ODD, "1, x"),
        "odd: this is the last bit": (_ODD, "0, x"),
        "odd: h is turned round, but 0 stays 0": [(_ODD, "1 - 2 * x, 0"), (_ODD, "(-1.0) ** x, 0")],
        "odd: a 0 turns h round, not a 1": (_ODD, "2 * x - 1, 1 - x"),
        "odd: h is turned round at each step, whatever x is": [(_ODD, "-1, 1"), (_ODD, "-1, x")],
        "odd: a 1 sets h to 1, and nothing sets it back": (_ODD, "1 - x, x"),
        "since: the step of the 1 itself is counted, too": (_SINCE, "1 - x, 1"),
        "since: a 1 wipes nothing out": [(_SINCE, "1, 1 - x"), (_SINCE, "1, 1")],
        "since: 0 and 1 exchanged": (_SINCE, "x, x"),
        "since: nothing is counted up": (_SINCE, "1 - x, 0"),
        "gate: old and new exchanged": [(_GATE, "1 - z, z * x"), ("np.exp(-x)", "np.exp(x)")],
        "gate: what comes in is not gated": (_GATE, "z, x"),
        "gate: what was there is not gated": (_GATE, "1, (1 - z) * x"),
        "last: the old state is still there": ("return 0, x", "return 1, x"),
        "the pair turned round: a comes first, then b": {
            "return 1, x": "return x, 1",
            "return 0, x": "return x, 0",
            _AVERAGE: "x / t, (t - 1) / t",
            _ODD: "x, 1 - 2 * x",
            _GATE: "(1 - z) * x, z",
        },
    },
}
_FOR_ALL = (_LINE[0], *_FORMULA)
TASKS = Exercise(
    "14.6", "as_recurrence", 1, _task_cases, (), slips(_TASKS), view=_next_states, bare=True, hints=_FOR_ALL
)


# ---------------------------------------------------------------- 14.7 reports
_PUBLISHED = {"A": 4000, "B": 24, "C": "machine", "D": 40, "E": 0, "F": 2.3}
_PENCIL = "a machine asked where a pencil is enough"
_ONLY = "the weights cost the same for each word, and only looking grows"
#: letter → wrong number → how people get it; of C and E each number that is wrong is wrong for one reason
_WHY: dict[str, dict[float, str]] = {
    "A": {
        4: "as reported, although a cache grows with each word",
        2000: "half of it, although keys and values are kept, and a number takes 4 bytes",
        1000: "a quarter of the numbers, as if there were one block, or one byte for each",
        500: "one block, and of it keys or values, although all four blocks keep both",
        4096: "1,024 words taken for 1,000, or KiB of 1,000 bytes",
        3.9: "in MiB, where KiB are asked",
        4096000: "in bytes, where KiB are asked",
        16000: "128 numbers for each head, although the four heads share them",
        6000: "queries are kept, too, although no later word needs them",
        4000000: "the square of the length, although a cache has a key for each word and not for each pair",
    },
    "B": {
        12: "one way only, although the scan goes down and up again",
        4096: "this is the loop, and a scan joins steps in rounds",
        23: "a round left out, although all rounds down and all rounds up count",
        22: "a halving too few, although 4,096 is 2 to the power of 12",
        26: "a halving too many, although 4,096 is 2 to the power of 12",
    },
    "C": {170: "rounds that wait taken for time, which depends on the machine and on the loop"},
    "D": {
        1: "as reported, although the square of 100,000 is ten thousand million",
        0.0004: "one row of scores, although each word has one",
        10: "the bytes are forgotten, although a score takes 4",
        20: "half of it, although the whole square is kept, and a score takes 4 bytes",
        37.25: "in GiB, where GB are asked",
        40000: "in MB, where GB are asked",
        4e10: "in bytes, where GB are asked",
    },
    "E": {0.03: "a difference that one can see, although the old keys are the same and 8 bytes round far finer"},
    "F": {
        1000: f"as reported, although {_ONLY}",
        500: f"a half of what is reported, although {_ONLY}",
        1: "the weights alone, although the thousandth word looks at a thousand keys",
        1.3: "the looking beside the weights, where both together are asked",
        1.65: "scores or the mean of the values, one of them is forgotten",
        4.89: "the four matrices of the look alone, without the two layers behind it",
    },
}


def _reports_view(case: Case, result: Any) -> dict[str, Any]:
    """Of each letter "right", or how one gets its number, or the number; ValueError where the form is another."""
    if not isinstance(result, dict) or set(result) != set(_PUBLISHED):
        raise ValueError('reports: expected a dict with the keys "A" to "F"')
    return {letter: _told(letter, result[letter]) for letter in _PUBLISHED}


def _told(letter: str, value: Any) -> str:
    if isinstance(value, str) and value.strip().casefold() == "machine":
        return "right" if letter == "C" else _PENCIL
    try:
        number = abs(float(value))
    except (TypeError, ValueError):
        raise ValueError(f'{letter}: expected a number, or "machine", got {short(value)}') from None
    if letter == "C" or (letter == "E" and number > 1e-4):
        return next(iter(_WHY[letter].values()))
    if abs(number - _PUBLISHED[letter]) <= 0.012 * _PUBLISHED[letter] + 1e-4:
        return "right"
    return next((why for wrong, why in _WHY[letter].items() if abs(number - wrong) < 0.012 * wrong), f"{number:g}")


def _letter(letter: str, value: Any, why: str) -> tuple[str, tuple[str, str]]:
    """A slip of one letter as an edit of the published dict, in its writing."""
    right = {"C": '"machine"'}.get(letter, str(_PUBLISHED[letter]))
    return f"{letter}: {why}", (f'"{letter}": {right}', f'"{letter}": {value!r}')


_COUNT = (
    "A and D: write the numbers that are kept as a product, and put what each factor counts beside it.",
    "Which of the factors has your product too many, or not at all?",
)
_WAIT = (
    "B and C: which sentence is about what is counted, and which about a clock?",
    "With one hand, what does it help that work could be shared? How many multiplications are there in all?",
)
_PAST_WORDS = (
    "E and F: what does the model compute anew when a word comes, and what has it already?",
    "What of the work for one word depends on how many words there are, and what does not?",
)
_REPORTS = {
    hints: dict(
        _letter(x, value, why)
        for x in letters
        for value, why in (*_WHY[x].items(), ("machine", _PENCIL))
        if (x, value) != ("C", "machine")
    )
    for letters, hints in (("AD", _COUNT), ("BC", _WAIT), ("EF", _PAST_WORDS))
}
REPORTS = Exercise(
    "14.7", "reports", 1, slips=slips(_REPORTS), view=_reports_view, hints=(_COUNT[0], _WAIT[0], _PAST_WORDS[0])
)


# ---------------------------------------------------------------- 14.8 crossing
def _clock_cases(rng: np.random.Generator) -> list[Case]:
    def args(signs: str, R: int = 3, Q: int = 2, equal: Any = ()) -> tuple[Array, ...]:
        """Clocks of which ours is slower at each +, by its fastest run; other runs are slow by chance."""
        n = len(signs)
        theirs = np.sort(rng.uniform(1, 9, n))
        ours = theirs * np.where(np.array(list(signs)) == "+", rng.uniform(1.1, 1.3, n), rng.uniform(0.75, 0.9, n))
        for i in equal:
            ours[i] = theirs[i]

        def runs(best: Array, count: int) -> Array:
            times = best * (1 + rng.exponential(0.8, (count, n)))
            times[rng.integers(count, size=n), np.arange(n)] = best
            return times

        lengths = np.cumprod(rng.integers(2, 4, n)) * int(rng.integers(60, 90))
        return lengths, runs(ours, R), runs(theirs, Q)

    return [
        Case("ours is slower at some lengths, not at the next, and then for good", args("-+--+++", 4, 3)),
        Case("slower at first, and again at the end", args("++-++-++", 3, 4)),
        Case("slower once, and again at the longest length", args("--+---+", 2, 5)),
        Case("slower at the longest length only", args("---+")),
        Case("equally fast in between", args("--++++", 3, 3, (3,))),
        Case("slower at many lengths, but not at the longest", args("+-+++-", 3, 2)),
        Case("equally fast at the longest", args("-+++", 2, 3, (3,))),
        Case("never slower", args("-----", 3, 3)),
        Case("ours is always slower", args("+++++", 3, 2)),
        Case("there is one run, and one crossing", args("---+++", 1, 1), True, "look at runs, and at what comes later"),
    ]


_PROMISE = (
    "Write + or - below each length for slower and not slower. From where on is there nothing but +?",
    "Begin at the longest length: when do you stop?",
)
_FASTEST = ("Print the two rows of times that you compare.", "Which of several runs says most, and along which axis?")
_SLOWER, _FOUND = "ours.min(axis=0) > theirs.min(axis=0)", "found = None"
_BACKWARDS = "for i in reversed(range(len(lengths))):\n    if not slower[i]:\n        break\n    found = lengths[i]"
_CLOCKS = {
    _PROMISE: {
        "the first length at which ours is slower, even if it is faster again later": (
            _BACKWARDS,
            "if slower.any():\n    found = lengths[slower.argmax()]",
        ),
        "the last length at which ours is slower": (_BACKWARDS, "found = max(lengths[slower], default=None)"),
        "the last length at which ours is not slower": (_BACKWARDS, "found = max(lengths[~slower], default=None)"),
        "the last change from faster to slower, also where ours is faster again behind it": (
            _BACKWARDS,
            "for i, T in enumerate(lengths):\n    if slower[i] and not slower[:i][-1:].any():\n        found = T",
        ),
        "None where ours is slower at all lengths": ("return found", "return None if slower.all() else found"),
        "None where only the longest length is left, although it keeps the promise": [
            ("return found", f"return None if found == lengths[-1]{where} else found")
            for where in ("", " and not slower[:-1].any()")
        ],
        "the longest length where there is none: None is asked": (_FOUND, "found = lengths[-1]"),
        "0 where there is none: None is asked": (_FOUND, "found = 0"),
        "the place of the length, not the length": ("found = lengths[i]", "found = i"),
        "equally fast taken for slower": ("axis=0) > ", "axis=0) >= "),
        "ours and theirs exchanged: from which length on ours is the faster one": ("axis=0) > ", "axis=0) < "),
    },
    _FASTEST: {
        "the mean of the runs, not the fastest one": (_SLOWER, "ours.mean(axis=0) > theirs.mean(axis=0)"),
        "the median of the runs, not the fastest one": (_SLOWER, "np.median(ours, axis=0) > np.median(theirs, axis=0)"),
        "the slowest run, not the fastest one": (_SLOWER, "ours.max(axis=0) > theirs.max(axis=0)"),
        "the first run alone": (_SLOWER, "ours[0] > theirs[0]"),
        "the fastest run of ours with the slowest of theirs": ("theirs.min(axis=0)", "theirs.max(axis=0)"),
        "the slowest run of ours with the fastest of theirs": ("ours.min(axis=0)", "ours.max(axis=0)"),
    },
}
CROSSING = Exercise(
    "14.8", "crossing", 1, _clock_cases, ("length",), slips(_CLOCKS), bare=True, rtol=1e-9, hints=_PROMISE
)

EXERCISES = (MORE, LOOK, SIZES, MERGE, DOUBLING, TASKS, REPORTS, CROSSING)
