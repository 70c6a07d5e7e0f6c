"""Lesson 13: two readers in one padded batch, their ends, what an output has seen, how long it waits, floors, bags."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Source

Array = np.ndarray


# ---------------------------------------------------------------- 13.1 two_readers
def _step(rng: np.random.Generator, D: int, H: int) -> Source:
    """One step of a small network with a bias, so that a pad moves its state."""
    W, U = rng.normal(0, 0.8, (D, H)).round(2).tolist(), rng.normal(0, 0.6, (H, H)).round(2).tolist()
    b = (rng.choice([-1, 1], H) * rng.uniform(0.3, 0.7, H)).round(2).tolist()
    return Source(f"lambda x_t, h_prev: np.tanh(x_t @ np.array({W}) + h_prev @ np.array({U}) + np.array({b}))")


def _batch(rng: np.random.Generator, T: int, lengths: tuple[int, ...], D: int) -> Array:
    xs = rng.normal(0, 1, (T, len(lengths), D))
    xs[np.arange(T)[:, None] >= np.array(lengths)] = 0
    return xs


def _reader_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, *lengths: int, D: int = 3, H: int = 5) -> tuple[Any, ...]:
        return _step(rng, D, H), _step(rng, D, H), _batch(rng, T, lengths, D), np.array(lengths), H

    zeros = args(6, 5, 3, 6)
    zeros[2][[2, 2], [0, 1]] = 0  # in the middle of a sentence, and at its end
    return [
        Case("lengths 2, 6, 1, 4 of T = 6", args(6, 2, 6, 1, 4)),
        Case("the longest shorter than T", args(7, 4, 2, 5, D=4, H=2)),
        Case("words that are all zeros", zeros),
        Case("all lengths are T", args(5, 5, 5, 5), True, "look at what happens where there are pads"),
        Case("sentences have one word", args(4, 1, 1, 1), True, "look at what is handed on from word to word"),
        Case("B = 1", args(6, 4), True, "does each sentence begin with the state 0, and at a step of its own?"),
    ]


def _halves(case: Case, result: Any) -> dict[str, Any]:
    """The states of the two readers; ValueError where the result is no array (T, B, ·)."""
    hs, T, B, H = np.asarray(result), *case.args[2].shape[:2], case.args[4]
    if hs.ndim != 3 or hs.dtype.kind not in "biuf":
        raise ValueError(f"hs: expected numbers of shape (T, B, 2 H) = {(T, B, 2 * H)}, got the shape {hs.shape}")
    return {"forward half": hs[:, :, :H], "backward half": hs[:, :, H:]}


_PADS_FIRST = (
    "Write 100 into the padded steps of xs: may a state beside a word change?",
    "Print the state of the backward reader after each step of its loop: is it 0 when the last word comes?",
)
_ORDER = (
    "Let one sentence of three words go through: which words has the backward state beside word 0 read?",
    "Which word does the backward loop read first, and beside which one does this state stand in your result?",
)
_PLACE = ("In the worked example, put your numbers beside the table: which half is wrong?", "Which columns are whose?")
_PAD_ROWS = ("Print hs at the pads of the shortest sentence.", "Is t = n a word of a sentence of the length n?")
_MASKED, _NEW = "np.where(real, back(xs[t], h_back), 0)", "back(xs[t], h_back)"
_KEPT, _HALF_A, _HALF_B = "np.where(real, h_ahead, 0)", "hs[t, :, :H]", "hs[t, :, H:]"
_LATE = f"h_back = {_MASKED}  # stays 0 until the last word comes\n{_HALF_B} = h_back"
_READERS = {
    _PADS_FIRST: {
        "the backward reader reads the pads first": [
            {_MASKED: _NEW, f"{_HALF_B} = h_back": f"{_HALF_B} = np.where(real, h_back, 0)"},
            (_MASKED, "np.where(real, back(xs[t], h_back), back(0 * xs[t], h_back))"),
        ],
        "no mask: the backward reader reads the pads first, and the pads get states": {_MASKED: _NEW, _KEPT: "h_ahead"},
    },
    _ORDER: {
        "the backward reader reads forwards, too": ("reversed(range(T))", "range(T)"),
        "the backward states stand in the order in which they were computed": [
            (_HALF_B, "hs[T - 1 - t, :, H:]"),
            (
                f"{_HALF_B} = h_back",
                "for b in np.flatnonzero(t < lengths):\n    hs[lengths[b] - 1 - t, b, H:] = h_back[b]",
            ),
        ],
        "the backward state beside a word has not read this word yet": (
            _LATE,
            f"{_HALF_B} = np.where(real, h_back, 0)\nh_back = {_MASKED}",
        ),
        "the backward reader goes on from the last state of the forward one": [
            ("for t in reversed(", "h_back = h_ahead\nfor t in reversed("),
            ("back(xs[t], h_back)", "back(xs[t], np.where((t == lengths - 1)[:, None], hs[t, :, :H], h_back))"),
        ],
        "the backward state is not handed on": ("back(xs[t], h_back)", "back(xs[t], 0 * h_back)"),
    },
    _PLACE: {
        "one reader for both directions: back is never called": ("back(xs[t], h_back)", "ahead(xs[t], h_back)"),
        "one reader for both directions: ahead is never called": ("ahead(xs[t], h_ahead)", "back(xs[t], h_ahead)"),
        "the readers exchanged: each reads in the other's direction": {
            "ahead(xs[t], h_ahead)": "back(xs[t], h_ahead)",
            "back(xs[t], h_back)": "ahead(xs[t], h_back)",
        },
        "the halves exchanged: the backward state comes first": {_HALF_A: _HALF_B, _HALF_B: _HALF_A},
        "the two states added, not side by side": ("return hs", "return hs[:, :, :H] + hs[:, :, H:]"),
    },
    _PAD_ROWS: {
        "the forward half is not 0 at the pads": (_KEPT, "h_ahead"),
        "mask off by one: the last word of each sentence is lost": ("t < lengths", "t < lengths - 1"),
        "mask off by one: a pad of each sentence is read": ("t < lengths", "t <= lengths"),
        "a row of zeros taken for a pad: a real word may be 0, too": [
            ("(t < lengths)[:, None]", "xs[t].any(1)[:, None]"),
            ("", "lengths = xs.any(2).sum(0)"),
            ("", "lengths = len(xs) - xs.any(2)[::-1].argmax(0)"),
        ],
    },
}
READERS = Exercise("13.1", "two_readers", 2, _reader_cases, (), slips(_READERS), view=_halves, bare=True, hints=_ORDER)


# ---------------------------------------------------------------- 13.2 both_ends
def _end_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, *lengths: int, H: int = 3) -> tuple[Any, ...]:
        return rng.normal(0, 1, (T, len(lengths), 2 * H)), np.array(lengths)

    return [
        Case("lengths 2, 6, 1, 4 of T = 6", args(6, 2, 6, 1, 4)),
        Case("the longest shorter than T", args(8, 4, 2, 6, 3, 5, H=2)),
        Case("B = T", args(5, 3, 5, 1, 4, 2, H=4)),
        Case("all lengths are T", args(5, 5, 5, 5), True, "look at which step is read for a short sentence"),
        Case("sentences have one word", args(4, 1, 1, 1), True, "look at which end belongs to which half"),
    ]


_ENDS_HINTS = (
    "Cover the sentence with your hand and uncover it from the right: when has the backward reader read everything?",
    "How many words has the backward half beside the last word read?",
    "And which step is the last one of a sentence of the length n?",
)
_SIDES = ("Put 1 into all forward and 2 into all backward states: what comes out?", "Which columns are whose?")
_FORWARD, _BACKWARD = "hs[lengths - 1, np.arange(len(lengths)), :H]", "hs[0, :, H:]"
_AT_LAST, _JOINED = "hs[lengths - 1, np.arange(len(lengths)), H:]", "[forward, backward], axis=1"
_BOTH_HALVES, _OF_WORDS = f"np.concatenate({_JOINED})", "np.array([hs[:n, b].mean(0) for b, n in enumerate(lengths)])"
_ENDS = {
    _ENDS_HINTS: {
        "nothing mended: the last row for both halves": {_FORWARD: "hs[-1, :, :H]", _BACKWARD: "hs[-1, :, H:]"},
        "both halves beside the last word: the backward one has read a single word": (_BACKWARD, _AT_LAST),
        "both halves beside the first word: the forward one has read a single word": (_FORWARD, "hs[0, :, :H]"),
        "the ends exchanged: each half has read a single word": {_FORWARD: "hs[0, :, :H]", _BACKWARD: _AT_LAST},
        "the backward half from the last row: for most sentences a pad": (_BACKWARD, "hs[-1, :, H:]"),
        "one step for all sentences: the forward half from the last row": (_FORWARD, "hs[-1, :, :H]"),
        "the forward half one step too late: hs[length]": [
            (_FORWARD, "hs[np.minimum(lengths, len(hs) - 1), np.arange(len(lengths)), :H]"),
            (_FORWARD, "hs[lengths, np.arange(len(lengths)), :H]"),
        ],
        "the forward half one step too early: hs[length - 2]": (_FORWARD, _FORWARD.replace("- 1", "- 2")),
        "the backward half at T - length": (_BACKWARD, "hs[len(hs) - lengths, np.arange(len(lengths)), H:]"),
        "a mean over the words: most states have read only a part of the sentence": (_BOTH_HALVES, _OF_WORDS),
        "a mean over all steps, pads too": (_BOTH_HALVES, "hs.mean(0)"),
    },
    _SIDES: {
        "the halves exchanged: the backward state comes first": (_JOINED, "[backward, forward], axis=1"),
        "the two states added, where they should stand side by side": (_BOTH_HALVES, "forward + backward"),
        "one below the other: (2 B, H)": (_JOINED, "[forward, backward], axis=0"),
        "glued together by a reshape: states of several sentences in one row": (
            _BOTH_HALVES,
            "np.stack([forward, backward]).reshape(len(lengths), 2 * H)",
        ),
    },
}
ENDS = Exercise("13.2", "both_ends", 1, _end_cases, ("ends",), slips(_ENDS), bare=True, hints=_ENDS_HINTS)


# ---------------------------------------------------------------- 13.3 seen
def _stacks(rng: np.random.Generator) -> list[Case]:
    t, a, b = (int(rng.integers(low, low + 3)) for low in (4, 1, 3))
    T = t + 15
    return [
        Case("two layers ahead", (["ahead", "ahead"], t, T)),
        Case("ahead, and back on top", (["ahead", "back"], t, T)),
        Case("back, and ahead on top", (["back", "ahead"], t + 1, T)),
        Case("two windows around a reader", ([a, "ahead", b], t, T)),
        Case("windows only", ([b, a, b + 1], t, T)),
        Case("both, and a window on top", (["both", a, "ahead"], t, T)),
        Case("back, and a window on top", (["back", a], t, T)),
        Case("a window is near the end", ([b, "ahead"], T - 2, T), True, "what stops a window at the end?"),
        Case("there is one window", ([b], t, T), True, "look at what several layers do together"),
        Case("there is one layer back", (["back"], t, T), True, "look at what several layers do together"),
    ]


_DOWN = (
    "Draw the layers as rows of twenty dots, begin at output t of the highest one, and mark what each layer reads.",
    "What the layer below is asked for is a stretch from first to last: what does each kind make of it?",
)
_STRETCH = ("Try two windows, 2 and 3: how far does the upper one see?", "Where does a sequence of T inputs end?")
_STACKED = {
    _DOWN: {
        "only the highest layer counted": ("reversed(layers)", "layers[-1:]"),
        "only the lowest layer counted": ("reversed(layers)", "layers[:1]"),
        "ahead read the wrong way round, as if it saw all that comes": ("first = 0", "last = T - 1"),
        "ahead and back exchanged": {'"ahead"': '"back"', '"back", "both"': '"ahead", "both"'},
        "a layer ahead takes away what those above it saw of the future": ("first = 0", "first, last = 0, t"),
        "a layer back takes away what those above it saw of the past": ("last = T - 1", "first, last = t, T - 1"),
        "a bidirectional layer taken for one that reads ahead": ('("back", "both")', '("back",)'),
    },
    _STRETCH: {
        "windows do not add up: each begins at t again": ("last + layer", "t + layer"),
        "only the widest window counted": ("last + layer, T - 1", "max(last, t + layer), T - 1"),
        "a window goes beyond the last input": [
            ("min(last + layer, T - 1)", "last + layer"),
            {"min(last + layer, T - 1)": "last + layer", "reversed(layers)": "layers"},
        ],
        "a window one too short": ("last + layer", "last + layer - 1"),
        "a window one too long": ("last + layer", "last + layer + 1"),
        "a window that looks back, not ahead": ("last = min(last + layer, T - 1)", "first = max(first - layer, 0)"),
        "a window to both sides": ("last = min(", "first = max(first - layer, 0)\nlast = min("),
        "the last input is T - 1, steps count from 0": ("T - 1", "T"),
        "steps counted from 1": ("return first, last", "return first + 1, last + 1"),
        "the end not included": ("return first, last", "return first, last + 1"),
        "how many inputs, not which is the last": ("return first, last", "return first, last - first + 1"),
    },
}
SEEN = Exercise("13.3", "seen", 1, _stacks, ("first", "last"), slips(_STACKED), bare=True, hints=_DOWN)


# ---------------------------------------------------------------- 13.4 waits
#: models of whole sequences in numbers that are exact in binary; column 1 marks a full stop
_RUN = "lambda xs: np.array(list(__import__('itertools').accumulate({order}, lambda h, x: {step}))){back}"
_CAUSAL = _RUN.format(order="xs[:, 0]", step="h / 2 + x", back="")
_WHOLE = _RUN.format(order="xs[::-1, 0]", step="h / 2 + x", back="[::-1]")
_STOPS = _RUN.format(order="xs[::-1]", step="x + h / 2 * (x[1] == 0)", back="[::-1, 0]")
_AHEAD = "lambda xs: xs[:, 0] + np.append(xs[2:, 0], [0, 0])[: len(xs)] / 4"
_SIGN = "lambda xs: np.sign(xs[::-1, 0].cumsum()[::-1])"
_LENGTH = "lambda xs: xs[:, 0] + np.arange(len(xs))[::-1]"


def _wait_cases(rng: np.random.Generator) -> list[Case]:
    def xs(T: int) -> Array:
        """Eighths in column 0, all different in size; zeros in column 1."""
        sizes = rng.permutation(np.arange(3, 3 + T)) * rng.choice([-1, 1], T) / 8
        return np.stack([sizes, np.zeros(T)], axis=1)

    stops, flips = xs(8), xs(7)
    stops[[2, 5], 1] = 1
    flips[:, 0] = np.arange(1, 8) * (-1.0) ** (np.arange(7) + rng.integers(2))  # each input turns the sign of the sum
    return [
        Case("a model that looks two words ahead", (Source(_AHEAD), xs(6))),
        Case("a model that reads backwards", (Source(_WHOLE), xs(5))),
        Case("a reader that begins anew after each full stop", (Source(_STOPS), stops)),
        Case("a tagger that takes tags back", (Source(_SIGN), flips)),
        Case("the same tagger on other words", (Source(_SIGN), xs(8))),
        Case("a model that knows how long the sequence is", (Source(_LENGTH), xs(6))),
        Case("the model reads in one direction", (Source(_CAUSAL), xs(6)), True, "look at what the outputs wait for"),
        Case("there is one input", (Source(_WHOLE), xs(1)), True, "look at what happens when inputs follow"),
    ]


_COLUMN = (
    "Print model(xs[:n]) for each n below one another and follow one column downwards.",
    "Where in the column is the last value that is not the final one? How many inputs were there?",
)
_CUT = ("Print what you hand to the model: how many rows has it?", "Can the model know what has not arrived?")
_DIFFERS, _WAITED = "if early[t] != final[t]:", "waits[t] = n - t"


def _first_agreement(model: Any, xs: Array) -> Array:
    """The wrong answer that stops at the first output that equals the final one."""
    final, runs = model(xs), [model(xs[:n]) for n in range(1, len(xs) + 1)]
    return np.array([[run[t] == final[t] for run in runs[t:]].index(True) for t in range(len(xs))])


def _by_influence(model: Any, xs: Array) -> Array:
    """The farthest input behind t that moves output t when 1 is added to it."""
    final, found = model(xs), np.zeros(len(xs), int)
    for k in range(len(xs)):
        changed = xs.copy()
        changed[k] += 1
        after = model(changed)
        found[:k] = np.where(after[:k] != final[:k], k - np.arange(k), found[:k])
    return found


_WAITS = {
    _COLUMN: {
        "the first time that the output is right, not the last time that it changes": _first_agreement,
        "counted how often the output is not final, not until when": (_WAITED, "waits[t] += 1"),
        "one input too early: the last one at which the output is still wrong": (_WAITED, "waits[t] = n - 1 - t"),
        "one input too late": (_WAITED, "waits[t] = n - t + 1"),
        "counted from the first input, not from input t": [
            (_WAITED, "waits[t] = n"),
            *(("return waits", f"return waits + np.arange(T) + {k}") for k in (0, 1)),
        ],
        "counted how often it changes": {_DIFFERS: "if early[t] != model(xs[: n + 1])[t]:", _WAITED: "waits[t] += 1"},
        "waits for the end, if it waits at all": (_WAITED, "waits[t] = T - 1 - t"),
        "waits for the end, whatever the model": ("return waits", "return np.arange(T)[::-1]"),
        "yes or no, not how long": (_WAITED, "waits[t] = 1"),
        "one answer for all outputs: any change anywhere counts": (_DIFFERS, "if (early != final[:n]).any():"),
        "equal and different exchanged": (_DIFFERS, "if early[t] == final[t]:"),
        "from the end to the begin: the steps turned round": ("return waits", "return waits[::-1]"),
        "the run without the last input is left out": ("range(1, T)", "range(1, T - 1)"),
    },
    _CUT: {
        "the future set to 0, not cut off: the model still sees how long the sequence is": (
            "model(xs[:n])",
            "model(np.where(np.arange(T)[:, None] < n, xs, 0))",
        ),
        "an input of the future changed, not cut off: this asks who moves an output": _by_influence,
        "the past cut off, too: xs[t:n] is read": (_DIFFERS, "if model(xs[t:n])[0] != final[t]:"),
        "the beginning cut off, not the end": ("model(xs[:n])", "model(xs[T - n :])"),
    },
}
WAITS = Exercise("13.4", "waits", 2, _wait_cases, ("waits",), slips(_WAITS), bare=True, hints=_COLUMN)


# ---------------------------------------------------------------- 13.5 floors
_LETTERS = "ABCDEF"
_CUT = {("B", 0.46): 0.47, ("F", 0.71): 0.72}  # cut off, not rounded; of C this may be a slip


def _floors_view(case: Case, result: Any) -> dict[str, Any]:
    """Each floor to two decimals, and the letters that cannot be true; ValueError where the form is another."""
    if not isinstance(result, dict) or set(result) != {*_LETTERS, "impossible"}:
        raise ValueError('floors: expected a dict with the keys "A" to "F" and "impossible"')
    named = result["impossible"]
    letters = sorted({str(x) for x in named} - set(", ")) if isinstance(named, (str, list, tuple, set)) else []
    if not set(letters) <= set(_LETTERS) or len(letters) != 2:
        raise ValueError(f'"impossible": expected a list of two letters, as in ["A", "B"], got {named!r}')
    try:
        floors = {x: float(result[x]) for x in _LETTERS}
    except (TypeError, ValueError):
        raise ValueError("floors: expected a number of bits for each letter") from None
    floors = {x: _CUT.get((x, round(bits, 2)), round(bits, 2) + 0.0) for x, bits in floors.items()}
    return floors | {"impossible": " ".join(letters)}


_BITS = ("Toss it in your head: how many yes-no questions tell which face it is?", "Bits or nats: which logarithm?")
_GAP = ("Fill the gaps in 1 1 ? 1 1 and in 1 1 ? 0 0 by hand.", "How sure can you be in each, and how often is it so?")
_TAGS = ("What may be read, and does the answer stand in it?", "After a throw of 16: is the next one higher? After 8?")
_JUDGE = ("Put your floors beside the reports, all in bits.", "Is a loss below the floor of another question a leak?")
_WRONG = (
    "Take one of the letters that are wrong. Which answers can the best reader still expect, and how likely is each?",
    "B is one coin; C is two, for equal and for different neighbours; F is one for each throw. What does each cost?",
)
_F = {x: f'"{x}": {bits}' for x, bits in zip(_LETTERS, ("4.00", "0.47", "0.26", "2.00", "0.00", "0.72"), strict=True)}
_OUT = '["B", "F"]'
_FLOORS = {
    _BITS: {
        "A: in nats": (_F["A"], '"A": 2.77'),
        "A: the number of faces": (_F["A"], '"A": 16.0'),
        "B: in nats": (_F["B"], '"B": 0.33'),
        "B: the likelier face alone": (_F["B"], '"B": 0.15'),
        "B: the coin is taken as fair": (_F["B"], '"B": 1.0'),
        "B: the share of surprises, not their bits": (_F["B"], '"B": 0.1'),
        "D: the repetition is not used": (_F["D"], '"D": 4.0'),
    },
    _GAP: {
        "C: only the face before is used": (_F["C"], '"C": 0.47'),
        "C: nothing is left to guess, although both neighbours can mislead": (_F["C"], '"C": 0.0'),
        "C: equal neighbours only, different ones left out": [(_F["C"], '"C": 0.08'), (_F["C"], '"C": 0.1')],
        "C: 0.1 for the other face, although both neighbours are known": (_F["C"], '"C": 0.56'),
        "C: a share of all gaps, not of the equal neighbours; or cut off, not rounded": (_F["C"], '"C": 0.25'),
        "C: in nats, or with the different neighbours only": (_F["C"], '"C": 0.18'),
    },
    _TAGS: {
        "E: a fair coin, although the next throw may be read": (_F["E"], '"E": 1.0'),
        "E: the floor of F, although the next throw may be read": (_F["E"], '"E": 0.72'),
        "F: a fair coin, although this throw is known": (_F["F"], '"F": 1.0'),
        "F: nothing to pay, although the next throw is not known": (_F["F"], '"F": 0.0'),
        "F: in nats": [(_F["F"], '"F": 0.5'), (_F["F"], '"F": 0.496')],
        "F: 15 in the place of 16": [(_F["F"], '"F": 0.67'), (_F["F"], '"F": 0.76')],
        "E and F exchanged": {_F["E"]: '"E": 0.72', _F["F"]: '"F": 0.0'},
    },
    _JUDGE: {
        "C is possible: the future may be read there": [(_OUT, '["B", "C"]'), (_OUT, '["C", "F"]')],
        "E is possible: the answer may be read there": [(_OUT, '["B", "E"]'), (_OUT, '["E", "F"]')],
        "C and E are possible: the future may be read there": (_OUT, '["C", "E"]'),
        "neither report is below its floor": [(_OUT, f'["{a}", "{b}"]') for a, b in ("AC", "AD", "AE", "CD", "DE")],
        "A is possible: its report is in nats": [(_OUT, '["A", "B"]'), (_OUT, '["A", "F"]')],
        "D is possible: only every second symbol is new": [(_OUT, '["B", "D"]'), (_OUT, '["D", "F"]')],
    },
}
FLOORS = Exercise("13.5", "floors", 1, slips=slips(_FLOORS), view=_floors_view, hints=(*_WRONG, _JUDGE[0]))


# ---------------------------------------------------------------- 13.6 twin
def _twin_cases(rng: np.random.Generator) -> list[Case]:
    D, H, V = (int(rng.integers(*span)) for span in ((60, 90), (290, 340), (100, 140)))
    equal = ((2, 15, 4), (5, 27, 8), (12, 48, 8), (25, 78, 39), (56, 45, 20))
    above = ((13, 80, 25), (49, 43, 17), (10, 58, 20), (27, 49, 35), (41, 87, 39))
    return [
        Case("a count that is just reached", equal[rng.integers(5)]),
        Case("a count that is just missed", above[rng.integers(5)]),
        Case("more units than inputs", (D, H, V)),
        Case("more inputs than units", (5 * H, 2 * D, V + 7)),
        Case("a great many scores", (D, 2 * D, 12 * D * D)),
        Case("a large network", (int(rng.choice([65, 66, 72, 73, 80, 88])), 1200, 40)),  # the next count is nearer
        Case("there are few scores", (D + 11, H + 5, 2), True, "look at what the head reads"),
    ]


_COUNT_BOTH = (
    "Count the two networks of the worked example, the layer and the head each for itself.",
    "How many parameters has one direction of n units, and how many numbers does the head read in each network?",
)
_NEAREST = "return n + (parameters(2, n) + parameters(2, n + 1) < 2 * parameters(1, H))"
_LIMIT = ("Print the counts for n, n + 1 and the one direction.", "Does 'at most' allow to be above?")
_LSTM, _HEAD, _MOST = "4 * (n * D + n * n + 2 * n)", "V * directions * n + V", "parameters(2, n + 1) <="
_TWINS = {
    _COUNT_BOTH: {
        "half of the units": ("", "return H // 2"),
        "divided by the root of 2, whatever the sizes": ("", "return int(H / np.sqrt(2))"),
        "the head reads one direction only": (_HEAD, "V * n + V"),
        "the head left out": (_HEAD, "0"),
        "the second direction not counted": ("directions * lstm", "lstm"),
        "a plain network: one block of rows, not four": (_LSTM, "n * D + n * n + 2 * n"),
        "one bias for each gate: PyTorch has two": (_LSTM, "4 * (n * D + n * n + n)"),
        "the head's V biases counted twice": (_HEAD, "directions * (V * n + V)"),
        "three blocks of rows, as in a GRU": (_LSTM, "3 * (n * D + n * n + 2 * n)"),
    },
    _LIMIT: {
        "one unit too many: above the one direction": ("return n", "return n + 1"),
        "fewer, not at most: an equal count is allowed": (_MOST, _MOST[:-1]),
        "the nearest count, even if it is above": ("return n", _NEAREST),
        "one unit too few": ("return n", "return n - 1"),
        "units of both directions together": ("return n", "return 2 * n"),
        "the number of parameters, not of units": ("return n", "return parameters(2, n)"),
    },
}
TWIN = Exercise("13.6", "twin", 1, _twin_cases, ("n",), slips(_TWINS), bare=True, rtol=1e-9, hints=_COUNT_BOTH)


# ---------------------------------------------------------------- 13.7 ceilings
def _files(rng: np.random.Generator) -> list[Case]:
    def file(n: int, words: str, lengths: tuple[int, int], share: float) -> tuple[Any, ...]:
        sentences = [rng.choice(words.split(), int(k)).tolist() for k in rng.integers(*lengths, n)]
        return sentences, (rng.random(n) < share).astype(int).tolist()

    pairs, labels = [], []
    for noun in ("film", "book", "song", "play"):
        for first, second, label in (("good", "bad", 0), ("bad", "good", 1)):
            pairs.append(f"the {noun} was not {first} but {second}".split())
            labels.append(label)
    group = [w.split() for w in ("not good", "good not", "not not good", "good", "good not not", "not good")]
    y, joined = int(rng.integers(2)), [w.split() for w in ("day time", "daytime", "day time", "daytime", "day time")]
    return [
        Case("words that make another one", (joined, [y, 1 - y, y, 1 - y, 1 - y])),
        Case("short sentences of two words", file(41, "not good", (1, 5), 0.6)),
        Case("sentences of three words", file(57, "not good bad", (2, 4), 0.45)),
        Case("rare zeros", file(47, "good not", (2, 4), 0.75)),
        Case("six sentences", (group, [int(x) for x in rng.permutation([0, 1, 1, 0, 1, 1])])),
        Case("there are minimal pairs only", (pairs, labels), True, "look at how the groups are weighed"),
        Case("there is one sentence", ([["good"]], [1]), True, "look at what several sentences do together"),
    ]


_GROUPS = (
    "Print the groups of the worked example, with their labels.",
    "Which sentences look the same to the classifier, and does your key put all of them, and only them, in one group?",
)
_VOTE = ("Of the labels 0, 1, 1, how many are right at best?", "What does a group of ten weigh, what one of two?")
_BAG, _TEXT, _BEST = "tuple(sorted(words))", "tuple(words)", "max(group.count(0), group.count(1))"
_AGREE = "len(group) if len(set(group)) == 1"
_CEILINGS = {
    _GROUPS: {
        "the bag without its counts: not good and not not good in one group": (_BAG, "tuple(sorted(set(words)))"),
        "a set and a length: not not good like not good good": (_BAG, "(len(words), *sorted(set(words)))"),
        "order kept in the bag, too": [(_BAG, _TEXT), (_BAG, "tuple({w: words.count(w) for w in words}.items())")],
        "words run together: day time like daytime": [(_BAG, '"".join(sorted(words))'), (_TEXT, '"".join(words)')],
        "reader always 1: the same sentence can stand there with two labels": ("best(texts)", "1.0"),
        "the reader is shown a bag, too": (_TEXT, "tuple(sorted(words))"),
        "the two results exchanged": ("best(bags), best(texts)", "best(texts), best(bags)"),
    },
    _VOTE: {
        "the commonest label of the file for every sentence": (
            "return best(bags), best(texts)",
            "share = max(labels.count(0), labels.count(1)) / len(labels)\nreturn share, share",
        ),
        "a mean over the groups: a group of one weighs as much as a group of ten": {
            _BEST: f"{_BEST} / len(group)",
            "right / len(labels)": "right / len(groups)",
        },
        "the first label of a group for all of it": (_BEST, "group.count(group[0])"),
        "the last label of a group for all of it": (_BEST, "group.count(group[-1])"),
        "a coin in every group with two labels": (_BEST, f"({_AGREE} else len(group) / 2)"),
        "a group counts only if all its labels agree": (_BEST, f"({_AGREE} else 0)"),
        "the share of wrong ones: the worst answer of each group": [
            (_BEST, "min(group.count(0), group.count(1))"),
            ("right / len(labels)", "1 - right / len(labels)"),
        ],
        "the number that is right, not the share": ("right / len(labels)", "right"),
        "per cent, not the share": ("right / len(labels)", "100 * right / len(labels)"),
        "a classifier that draws labels as the group has them, not the best one": (
            _BEST,
            "(group.count(0) ** 2 + group.count(1) ** 2) / len(group)",
        ),
    },
}
CEILINGS = Exercise("13.7", "ceilings", 1, _files, ("bag", "reader"), slips(_CEILINGS), bare=True, hints=_GROUPS)


# ---------------------------------------------------------------- 13.8 answer_later
def _later_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, k: int, *lengths: int, D: int = 2) -> tuple[Any, ...]:
        tags = rng.integers(1, 6, (T, len(lengths)))
        tags[np.arange(T)[:, None] >= np.array(lengths)] = -1
        return _batch(rng, T, lengths, D), tags, k

    return [
        Case("k = 2, lengths 3, 6, 1 of T = 6", args(6, 2, 3, 6, 1)),
        Case("k = 3, a batch longer than its sentences", args(7, 3, 5, 2, 4, 6, D=3)),
        Case("k = 4, more than the sentence has words", args(3, 4, 3, 2)),
        Case("k = 1", args(5, 1, 5, 5, 4), True, "look at what happens when k is larger"),
        Case("k = 0", args(4, 0, 2, 4, 3), True, "look at how far the tags are moved, and in which direction"),
    ]


_ARROWS = (
    "Let the tags be 0, 1, 2, … and print inputs and targets: which word has been read when a tag is due?",
    "Which tag belongs to word 0, and in which row is it asked for?",
)
_ROWS = ("Print the shapes for T = 3 and k = 2.", "Are all tags still there? What fills the rows that are new?")
_INPUT, _FILL, _MOVED = "inputs[:T] = xs", "np.full((T + k, B), -1)", "targets[k:] = tags"
_RETURN = "return inputs, targets"
_LATER = {
    _ARROWS: {
        "the tags are not moved": (_MOVED, "targets[:T] = tags"),
        "the wrong way round: the words are moved, and the tag comes before its word": {
            _INPUT: "inputs[k:] = xs",
            _MOVED: "targets[:T] = tags",
        },
        "words and tags are both moved: nothing is gained": (_INPUT, "inputs[k:] = xs"),
        "moved in a circle: the last tags are asked in the first rows": (_MOVED, "targets[:T] = np.roll(tags, k, 0)"),
        "one too late": {_MOVED: "targets[k + 1 :] = tags[: T - 1]"},
        "one too early": [(_MOVED, f"targets[{r} : {r} + T] = tags") for r in ("max(k - 1, 0)", "(k - 1)")],
        "tags moved to the beginning": [(_MOVED, f"targets[: {n}] = tags[k:]") for n in ("max(T - k, 0)", "T - k")],
    },
    _ROWS: {
        "not longer than before: the last k tags are never asked": [
            (_RETURN, "return inputs[:T], targets[:T]"),
            {_FILL: "np.full((T, B), -1)", _MOVED: "targets[k:] = tags[: T - k]", _RETURN: "return xs, targets"},
        ],
        "the last k tags are lost": [
            (_MOVED, "targets[k:T] = tags[: max(T - k, 0)]"),
            (_MOVED, "targets[k:T] = tags[: T - k]"),
            (_MOVED, "for b, L in enumerate((tags >= 0).sum(0)):\n    targets[k:L, b] = tags[: L - k, b]"),
        ],
        "0 where no tag is due: 0 is a tag": (_FILL, "np.zeros((T + k, B), int)"),
        "the last word is read again in place of zeros": (_INPUT, "inputs[:T] = xs\ninputs[T:] = xs[-1]"),
        "-1 in the inputs, where zeros belong": (_INPUT, "inputs[:] = -1\ninputs[:T] = xs"),
        "the two results exchanged": (_RETURN, "return targets, inputs"),
    },
}
_BOTH = ("inputs", "targets")
LATER = Exercise("13.8", "answer_later", 1, _later_cases, _BOTH, slips(_LATER), bare=True, hints=_ARROWS)

EXERCISES = (READERS, ENDS, SEEN, WAITS, FLOORS, TWIN, CEILINGS, LATER)
