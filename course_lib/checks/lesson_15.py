"""Lesson 15: sentences against a table, against starts, against observations; figures, baselines, dates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Slip, slips


def _as_set(part: str, named: Any, allowed: str) -> list[str]:
    """The letters or digits of a list, a tuple, a set or a text, in order; ValueError where another thing is there."""
    found = named if isinstance(named, (str, list, tuple, set, np.ndarray)) else [named]
    letters = {str(x).strip().upper() for x in found} - {"", ",", "-", "–", "NONE"}
    if not letters <= set(allowed):
        raise ValueError(f"{part}: expected some of {', '.join(allowed)}, got {named!r}")
    return sorted(letters)


def _told(write: Callable[[str, str], str], right: dict[str, str], table: dict) -> tuple[Slip, ...]:
    """The slips of a value: hints -> "key: what is wrong" -> what stands there, "one | another"."""

    def ways(name: str, given: str) -> list[tuple[str, str]]:
        key = name.partition(":")[0]
        return [(write(key, right[key]), write(key, way.strip())) for way in given.split("|")]

    return slips({hints: {name: ways(name, given) for name, given in row.items()} for hints, row in table.items()})


# ---------------------------------------------------------------- 15.1 verdicts
_SAID = ("right", "imprecise", "wrong", "no source")


def _verdicts_view(case: Case, result: Any) -> dict[str, Any]:
    """Each sentence's verdict with the rows against it; ValueError where the form is another."""
    if not isinstance(result, dict) or {str(k) for k in result} != set("123456"):
        raise ValueError("verdicts: expected a dict with the keys 1 to 6")
    found = {}
    for key, pair in sorted(result.items(), key=str):
        word = str(pair[0]).strip().lower().replace("-", " ") if isinstance(pair, (tuple, list)) and pair else ""
        if word not in _SAID or len(pair) != 2:
            raise ValueError(f'sentence {key}: expected a pair, such as ("imprecise", "FG"), got {pair!r}')
        rows = "".join(_as_set(f"sentence {key}", pair[1], "ABCDEFG"))
        if bool(rows) != (word in ("imprecise", "wrong")):
            raise ValueError(f"sentence {key}: {word}, and {rows or 'no row'} against it: these two do not go together")
        found[f"sentence {key}"] = f"{word}, against it: {rows or 'no row'}"
    return found


_ROWS = ("Which rows does the sentence speak of? Put a finger on each.", "Does this row bear it out, or contradict it?")
_RATIO = ("Divide slowest by fastest, row by row.", "What does a row say in which no start has learned?")
_TRIED = ("Which row would decide it? Is it there?", "How many things differ between F and G?")
_V = {"1": "right", "2": "imprecise C", "3": "wrong E", "4": "imprecise AC", "5": "no source", "6": "right"}
_VERDICTS = {
    _ROWS: {
        "1: another forget bias is another sentence": "imprecise E | wrong E",
        "2: a rotation is a start of a plain network, too, and row C learned": "right",
        "2: rows B and D bear it out, so it is not wrong as a whole": "wrong C | wrong CF",
        "2: the LSTM is no plain network": "imprecise CF | imprecise CFG",
        "2: row A is not about distance 17": "imprecise AC | wrong AC",
        "2: B and D bear it out; asked are the rows that speak against it": "imprecise BD",
        "3: no start of row E has learned, so nothing of the sentence is left": "imprecise E | right",
        "6: no start of C and F failed, so it does not speak of them": "imprecise CF | imprecise C | wrong CF",
        "6: row A is about distance 8": "imprecise A | wrong A",
    },
    _RATIO: {
        "4: 350 is more than twice 125, and 50 is twice 25": "right",
        "4: 50 is twice 25, and not less than twice": "imprecise A",
        "4: 350 is more than twice 125": "imprecise C",
        "4: rows F and G bear it out, so it is not wrong as a whole": "wrong AC | wrong A",
        "4: rows in which no start learned are not spoken of": "imprecise ABCDE | imprecise ABDE | imprecise BDE",
    },
    _TRIED: {
        "5: bias 3 was never tried at distance 32": "right | wrong F | wrong G | wrong FG",
        "5: two things differ between F and G, and which of them did it?": "imprecise F | imprecise FG | imprecise G",
    },
}
_ROWS_OF = "ABCDEFG "
_LISTED = _told(
    lambda key, said: f'{key}: ("{said.rstrip(_ROWS_OF)}", "{said[len(said.rstrip(_ROWS_OF)) :].strip()}")',
    _V,
    _VERDICTS,
)
VERDICTS = Exercise("15.1", "verdicts", 1, slips=_LISTED, view=_verdicts_view, hints=_ROWS)


# ---------------------------------------------------------------- 15.2 carried
def _start_cases(rng: np.random.Generator) -> list[Case]:
    steps = np.sort(rng.choice(np.arange(2, 60), 12, replace=False)) * 25
    best, worst, far = (rng.permutation(part).tolist() for part in (steps[:5], steps[5:9], steps[9:]))
    low, high = sorted(best), sorted(worst)
    skills, below = rng.uniform(0.01, 0.4, 4).round(2).tolist(), (-rng.uniform(0.01, 0.4, 3)).round(2).tolist()
    failed = [None] * 4
    return [
        Case("A lower", (best, worst, "low")),
        Case("A lower, high is better", (best, worst, "high")),
        Case("B lower", (worst, best, "low")),
        Case("each pair in favour of A", ([100, 200, 300, 400], [110, 210, 310, 410], "low")),
        Case("medians in favour of A", ([40, 50, 60, 700, 710], [10, 20, 70, 80, 90], "low")),
        Case("one start of A far behind", ([*best, far[0]], worst, "low")),
        Case("one start of B far ahead", (low[1:], [low[0], *far], "low")),
        Case("worst of A equal to best of B", ([*low, high[0]], high, "low")),
        Case("worst of B equal to best of A", (high, [*low, high[0]], "low")),
        Case("skills above and below 0", (skills, below, "high")),
        Case("a score of 0", ([0, 2, 1], [3, 5, 4], "low")),
        Case("one start of A failed", ([None, *best], worst, "low")),
        Case("one start of A failed, high is better", ([*skills, None], below, "high")),
        Case("one start of B failed, high is better", (skills, [*below, None], "high")),
        Case("all starts of B failed", (best, failed, "low")),
        Case("all starts of A failed, high is better", (failed, skills, "high")),
        Case("all starts of both failed", (failed, failed[:3], "low")),
        Case("huge scores, two starts of B failed", ([1e30, 3e30, 2e30], [4e30, None, None], "low")),
        Case("huge scores below 0, high is better", ([-5, None, -4], [-9e30, -7e30, -8e30], "high")),
        Case("two starts of A", (best[:2], worst, "low")),
        Case("two starts of B", (best, worst[:2], "low")),
        Case("two starts of each", (best[:2], worst[:2], "low")),
        Case("two starts of A, three of B", (best[:2], worst[:3], "low")),
        Case("two starts of A, one far ahead and one far behind", ([low[0], far[0]], worst, "low")),
        Case("one start of A", (best[:1], worst, "low")),
        Case("three starts of each, two of A failed", ([best[0], None, None], worst[:3], "low")),
    ]


_WHICH_TWO = (
    "Try A = [1, 2, 9] and B = [3, 4, 5], low is better: is the 9 better than the 3?",
    "Which start of A has the hardest time to be better than each start of B, and which start of B does it meet?",
)
_NONE = ("Print what you compare, for low and for high.", "Which score is the better one, and where does a None stand?")
_FEW = ("Call it with two starts of each, far apart.", "Which starts count as starts, and on which side?")
_FEW_LINE, _INF = "len(a) < 3 or len(b) < 3", "np.inf if score is None else"
_A, _B = "max(costs(a)) < min(costs(b))", "max(costs(b)) < min(costs(a))"
_COSTS = "[np.inf if score is None else sign * score for score in scores]"
_LEFT = "[sign * score for score in scores if score is not None]"
_SOME_A = "min(costs(a)) < max(costs(b))"
_SOME = "sum(score is not None for score in {}) < 3"


def _late(*verdicts: str) -> dict[str, str]:
    """The edits that ask for too few starts only where one of these verdicts would be told."""
    return {f'return "{verdict}"': f'return "too few" if {_FEW_LINE} else "{verdict}"' for verdict in verdicts}


_CARRIED = {
    _WHICH_TWO: {
        "the mean of the starts, not each of them": {"max": "np.mean", "min": "np.mean"},
        "the median of the starts, not each of them": {"max": "np.median", "min": "np.median"},
        "only the best start of each": {"max": "min"},
        "only the worst start of each": {"min": "max"},
        "some start better than some other, not each than each": [{"max": "min", "min": "max"}, (_A, _SOME_A)],
        "start by start, as if they were pairs": {
            _A: "all(x < y for x, y in zip(costs(a), costs(b)))",
            _B: "all(x < y for x, y in zip(costs(b), costs(a)))",
        },
        "equally good counts as better": [
            *({") < min": ") <= min"}, (_A, _A.replace("<", "<=")), (_B, _B.replace("<", "<="))),
        ],
        "the contrary is never told: reversed is called open": ('"reversed"', '"open"'),
        "whatever is not carried is called reversed": ('"open"', '"reversed"'),
    },
    _NONE: {
        "failed starts are left out": [(_COSTS, f"{_LEFT} or [np.inf]"), (_COSTS, _LEFT)],
        "a failed start is taken for 0": (_INF, "0 if score is None else"),
        "a failed start is the best one where high is better": (f"{_INF} sign * score", f"sign * ({_INF} score)"),
        "a failed start gets a number, and a score may be worse than that": [
            (_INF, f"{cost} if score is None else")
            for cost in ("1000", "10**4", "10**6", "10**9", "(10**9 if sign > 0 else 1)")
        ],
        "a score of 0 is taken for a failed start": (_INF, "np.inf if not score else"),
        "low is always taken for the better score": ('1 if better == "low" else -1', "1"),
        "high is always taken for the better score": ('1 if better == "low" else -1', "-1"),
        "low and high exchanged": ('== "low"', '== "high"'),
    },
    _FEW: {
        "too few starts: never told": (_FEW_LINE, "False"),
        "too few starts: two are too few, too": (_FEW_LINE, "len(a) < 2 or len(b) < 2"),
        "too few starts: asked too late, and it is to be told whatever their scores": {
            _FEW_LINE: "False",
            **_late("open"),
        },
        "too few starts: not told where the scores are mixed": {_FEW_LINE: "False", **_late("carried", "reversed")},
        "too few starts: three are enough": (_FEW_LINE, _FEW_LINE.replace("<", "<=")),
        "too few starts: one side with fewer than three is enough": (_FEW_LINE, _FEW_LINE.replace("or", "and")),
        "too few starts: only those of A are counted": (_FEW_LINE, "len(a) < 3"),
        "too few starts: only those of B are counted": (_FEW_LINE, "len(b) < 3"),
        "too few starts: those of both are added up": (_FEW_LINE, "len(a) + len(b) < 6"),
        "too few starts: failed ones are starts, too": (_FEW_LINE, f"{_SOME.format('a')} or {_SOME.format('b')}"),
    },
}
CARRIED = Exercise("15.2", "carried", 2, _start_cases, ("verdict",), slips(_CARRIED), bare=True, hints=_WHICH_TWO)


# ---------------------------------------------------------------- 15.3 refuted
def _refuted_view(case: Case, result: Any) -> dict[str, Any]:
    """The observations against each sentence; ValueError where the form is another."""
    if not isinstance(result, dict) or set(result) != set("PQRST"):
        raise ValueError('refuted: expected a dict with the keys "P" to "T", each with a list of observations')
    return {key: " and ".join(_as_set(key, result[key], "1234567")) or "none" for key in "PQRST"}


_CASE = ("Say the sentence without *every* or *no*: of which networks does it speak?", "Is the observation about one?")
_EXISTS = ("What would you have to try before you could say that there is none?", "How many step sizes are there?")
_WHEN = ("When is the gradient measured: before the training, or while the bit is held?", "Is it a case of *if A*?")
_R = {"P": "2", "Q": "", "R": "4", "S": "7", "T": "5"}
_REFUTED = {
    _CASE: {
        "P: it speaks of the LSTM with a forget bias of 3 only": "1 | 1, 2 | 2, 3 | 2, 6 | 2, 7",
        "P: the network of observation 2 has learned in the end, but not after 500 updates": "",
        "S: observation 7 says that the mean of the GRU is the larger one": "",
    },
    _EXISTS: {
        "Q: fifty failures leave other step sizes to try": "3 | 3, 4 | 3, 6",
        "Q: observation 5 does not speak against it": "5 | 3, 5",
        "Q: weights set by hand have no step size": "4",
    },
    _WHEN: {
        "R: when the network of observation 5 holds the bit, a fifth of its gradient reaches the noun": "4, 5 | 5",
        "R: weights set by hand make a plain network, too": "",
        "T: the network of observation 4 was not trained": "4, 5 | 4",
        "T: nothing is said of a network that much of the gradient reaches": "5, 6 | 6",
        "T: observation 5 is a network that learned from just such a start": "",
        "T: a failure is what the sentence expects": "3 | 3, 5 | 1 | 1, 5",
    },
}
_OBSERVED = _told(lambda key, numbers: f'"{key}": [{numbers}]', _R, _REFUTED)
REFUTED = Exercise("15.3", "refuted", 1, slips=_OBSERVED, view=_refuted_view, hints=_CASE)


# ---------------------------------------------------------------- 15.4 quoted
def _run_cases(rng: np.random.Generator) -> list[Case]:
    def runs(n: int, low: float, high: float, *outlier: tuple[int, int]) -> list[tuple[int, int]]:
        asked = rng.integers(80, 900, n)
        shares = rng.uniform(low, high, n)
        return [(max(1, round(float(p * k))), int(k)) for p, k in zip(shares, asked, strict=True)] + list(outlier)

    before, after = (7, 36), (8, 51)  # no figure of theirs is the same when it is rounded
    look = "look at how the starts are put together"
    return [
        Case("five starts, one of them bad", (runs(4, 0.05, 0.12, (900, 1000)), runs(5, 0.02, 0.06))),
        Case("the errors have grown", (runs(3, 0.05, 0.1), runs(3, 0.15, 0.4))),
        Case("most answers wrong", (runs(5, 0.7, 0.95), runs(4, 0.5, 0.65))),
        Case("more starts before than after", (runs(6, 0.2, 0.5, (1, 900)), runs(2, 0.1, 0.3))),
        Case("there is one start each", ([before], [after]), True, look),
        Case("all starts are equal", ([before] * 3, [after] * 3), True, look),
    ]


_JOINED = ("Print the rate of each run, and what you make of them.", "What if the worst run gets still worse?")
_OF_WHAT = (
    "Put in 8 of 100 and 6 of 100: do you get 2, 25 and 1.33?",
    "Of which number is it a share: of all questions, of the errors before, or of the errors after?",
)
_RATES = "[100 * wrong / asked for wrong, asked in runs]"
_MEDIAN, _POINTS = f"np.median({_RATES})", "points = old - new"
_PERCENT, _TIMES = "100 * (old - new) / old", "old / new"
_FIGURES = ("points", "percent", "times")
_RATE = "100 * wrong / asked"
_LINES = ((_POINTS, "old - new"), (_PERCENT,) * 2, (f"times = {_TIMES}", _TIMES), (_RATE,) * 2, (_MEDIAN,) * 2)
_ALL = ", ".join(_FIGURES)


def _all_to(places: int) -> str:
    return ", ".join(f"round({name}, {places})" for name in _FIGURES)


_ROUNDED = [
    (_RATE, "100 * wrong // asked"),
    *((line, line.replace(value, f"round({value}, {k})")) for line, value in _LINES for k in range(3)),
    *((_ALL, _all_to(k)) for k in range(4)),
    *({_MEDIAN: f"round({_MEDIAN}, {k})", _ALL: _all_to(k)} for k in range(3)),
]
_QUOTED = {
    _JOINED: {
        "the mean of the rates, not the median": {"np.median": "np.mean"},
        "the best start of each": {"np.median": "min"},
        "all answers in one heap": (_MEDIAN, "100 * sum(run[0] for run in runs) / sum(run[1] for run in runs)"),
        "one of the two in the middle, not their mean": [
            (_MEDIAN, f"sorted({_RATES})[{k} // 2]") for k in ("len(runs)", "(len(runs) - 1)")
        ],
        "the middle one of the list, which is not sorted": (_MEDIAN, f"{_RATES}[len(runs) // 2]"),
    },
    _OF_WHAT: {
        "percent of what it is after, not of what it was before": (_PERCENT, "100 * (old - new) / new"),
        "percent of the right answers, not of the errors": (_PERCENT, "100 * (old - new) / (100 - old)"),
        "percent is what is left, not what is gone": (_PERCENT, "100 * new / old"),
        "percent: not divided by what it was before": (_PERCENT, "100 * (old - new)"),
        "percent and points are taken for the same": (_PERCENT, "points"),
        "the rates are shares, so points come out in hundredths": {"100 * wrong / asked": "wrong / asked"},
        "times the wrong way round": (_TIMES, "new / old"),
        "times as many right answers, not errors": (_TIMES, "(100 - new) / (100 - old)"),
        "times more, not times as many: 1 is taken off": (_TIMES, "old / new - 1"),
        "the sign turned round: a fall comes out below 0": {"old - new": "new - old"},
        "only the size is told: growing errors look like falling ones": {"old - new": "abs(old - new)"},
        "rounded": _ROUNDED,
        "before and after exchanged": ("middle(before), middle(after)", "middle(after), middle(before)"),
    },
}
QUOTED = Exercise("15.4", "quoted", 1, _run_cases, _FIGURES, slips(_QUOTED), bare=True, hints=_OF_WHAT)


# ---------------------------------------------------------------- 15.5 to_beat
def _beat_cases(rng: np.random.Generator) -> list[Case]:
    def args(m: int, stay: float, right: float, new: float = 0) -> tuple[Any, ...]:
        order = {word: rng.permutation(list("XYZ")).tolist() for word in "wxyz"}
        train = [("x", "X")] * 14  # so many that no two labels are equally frequent
        for word, labels in order.items():
            train += [(word, label) for label, k in zip(labels, (1, 2, 4), strict=True) for _ in range(k)]
        first, last = ([(word, labels[k]) for word, labels in order.items()] for k in (0, 1))  # not the commonest ones
        train, test = [*first, *(train[k] for k in rng.permutation(len(train))), *last], []
        for _ in range(m):
            word, label = train[rng.integers(len(train))]
            label = test[-1][1] if test and rng.random() < stay else label
            test.append(("v" if rng.random() < new else word, label))
        return train, test, [label if rng.random() < right else rng.choice(list("XYZ")).item() for _, label in test]

    rare = [("x", "X")] * 4 + [("y", "Y")] * 3, [("x", "Y"), ("y", "Y"), ("z", "X"), ("y", "Y"), ("y", "Y")]
    word = [("a", "X")] * 3 + [("b", "Y")] * 2 + [("c", "Y")] * 2, list(zip("abdcba", "XYYXXX", strict=True))
    train, *_ = args(1, 0, 1)
    same = [("v", "Y"), *train]
    one = [("u", "X"), *train, *[("u", "Y")] * 3, ("u", "X")], [("u", "X")], ["X"]  # of the three, the table is wrong
    return [
        Case("labels that stay", args(43, 0.8, 0.4)),
        Case("words that tell", args(38, 0.0, 0.3)),
        Case("new words in test", args(37, 0.2, 0.6, new=0.4)),
        Case("a network that is nearly always right", args(29, 0.5, 0.95, new=0.2)),
        Case("a commonest label that is rare in test", (*rare, ["X", "Y", "Y", "Y", "Y"])),
        Case("a commonest word with a label that is not the commonest", (*word, list("XYYXXY"))),
        Case("test is train", (same, same, ["X"] * len(same)), True, "where does train belong, and where test?"),
        Case("there is one item", one, True, "look at what goes from item to item"),
    ]


_BEFORE = ("Print the list of answers of `again` below the true labels.", "Which label stands before item 0?")
_TABLE = ("Print the answers of each method.", "Which list is counted, and what is said to a word that is new there?")
_LEAD = ("Print the three shares and that of the network.", "Which one has to be beaten, and what is the unit?")
_AGAIN, _SHIFT = "[overall] + [label for word, label in test[:-1]]", "[label for word, label in test[:-1]]"
_UNSEEN, _BEST = "most(seen[word]) if word in seen else overall", "max(commonest, again, table)"
_PAIRS = "np.mean([a == b for (_, a), (_, b) in zip(test[1:], test)] or [0])"
_SEEN = "np.mean([most(seen[word]) == label for word, label in test if word in seen] or [0])"
_OF_WORD = "label in train if word == most([word for word, label in train])])"
_GAIN = f"100 * (share(said) - {_BEST})"
_TO_BEAT = {
    _BEFORE: {
        "again: the label itself, not the one before": (_AGAIN, "[label for word, label in test]"),
        "again: the label after, not the one before": (_AGAIN, "[label for word, label in test[1:]] + [overall]"),
        "again: the first item is left out": (f"share({_AGAIN})", _PAIRS),
        "again: the first item counts as wrong": (_AGAIN, f"[None] + {_SHIFT}"),
        "again: the first item gets the label of the last one": (_AGAIN, f"[test[-1][1]] + {_SHIFT}"),
        "again: the network's label before, not the true one": (_AGAIN, "[overall] + list(said[:-1])"),
    },
    _TABLE: {
        "the commonest label of test: it is not known there": ("label in train])", "label in test])"),
        "commonest: the label of the commonest word, not the commonest label": ("label in train])", _OF_WORD),
        "the table is counted in test: it is not known there": ("label in train:", "label in test:"),
        "the table is counted in train and in test": ("label in train:", "label in train + test:"),
        "table: new words are left out": (f"share([{_UNSEEN} for word, label in test])", _SEEN),
        "table: a new word counts as wrong": (_UNSEEN, "most(seen[word]) if word in seen else None"),
        "table: the first label of a word in train, not the commonest": ("most(seen[word])", "seen[word][0]"),
        "table: the last label of a word in train, not the commonest": ("most(seen[word])", "seen[word][-1]"),
    },
    _LEAD: {
        "lead over the weakest of the three": (_BEST, "min(commonest, again, table)"),
        **{f"lead over {x} only": (_BEST, x) for x in ("commonest", "again", "table")},
        "lead as a share, not in points": (_GAIN, _GAIN.removeprefix("100 * ")),
        "lead in per cent of the baseline, not in points": (_GAIN, f"{_GAIN} / {_BEST}"),
        "lead: the sign is turned round": (_GAIN, f"-{_GAIN}"),
        "lead is never below 0, even where a plain method wins": (_GAIN, f"max(0, {_GAIN})"),
        "again and table exchanged": ("commonest, again, table, lead", "commonest, table, again, lead"),
        "numbers of right answers, not shares": ("sum(right) / len(test)", "sum(right)"),
    },
}
_SHARES = ("commonest", "again", "table", "lead")
TO_BEAT = Exercise("15.5", "to_beat", 2, _beat_cases, _SHARES, slips(_TO_BEAT), bare=True, hints=_TABLE)


# ---------------------------------------------------------------- 15.6 sentence
#: what lessons 06 and 07 have measured, as the exercise shows it: cell, distance, step size, updates until learned
RUNS = (
    ("LSTM", 11, 1.0, (625, 500, 225, 500, 525)),
    ("GRU", 11, 1.0, (425, 375, 400, 400, 425)),
    ("one gate", 11, 1.0, (475, 325, 350, 350, 375)),
    ("LSTM", 62, 0.02, (None,) * 5),
    ("GRU", 62, 0.02, (75, 50, 50, 75, 75)),
    ("LSTM", 62, 0.002, (75, 75, 50, 75, 50)),
)
_KEYS = ("who", "than", "distance", "step size", "starts", "what", "by", "every")
_TRUE, _NOT = "true", "cannot be compared"
_COUNTED = {5: _TRUE, 10: "those of both cells"}


def _figures(who: np.ndarray, than: np.ndarray) -> dict[str, float]:
    """The factor between the medians, and what else may be taken for it."""
    ratio = np.median(than) / np.median(who)
    return {
        _TRUE: ratio,
        "the factor upside down": 1 / ratio,
        "a number of updates, and not a factor": np.median(than) - np.median(who),
        "the factor between the means, not the medians": np.mean(than) / np.mean(who),
        "the factor between the best starts": np.min(than) / np.min(who),
        "the factor between the worst starts": np.max(than) / np.max(who),
        "per cent more, not times as many": 100 * (ratio - 1),
        "per cent fewer, not times as many": 100 * (1 - 1 / ratio),
        "the share that is saved, not times as many": 1 - 1 / ratio,
        "times more, not times as many": ratio - 1,
    }


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _fields(result: Any) -> tuple[Any, ...]:
    """What a sentence holds, words first; ValueError with the fields whose form is another."""
    if not isinstance(result, dict) or not set(_KEYS) <= set(result):
        raise ValueError(f"sentence: expected a dict with the keys {', '.join(_KEYS)}")
    who, than, what, every = (str(result[key]).strip().lower() for key in ("who", "than", "what", "every"))
    numbers = {key: _number(result[key]) for key in ("distance", "step size", "starts", "by")}
    faults = [f'"{key}": expected a number' for key, value in numbers.items() if value is None]
    faults += ['"what": expected "updates" or "learned"'] * (what not in ("updates", "learned"))
    faults += ['"every": expected True or False'] * (every not in ("true", "false", "1", "0"))
    if faults:
        raise ValueError("; ".join(faults))
    return who, than, what, every in ("true", "1"), *numbers.values()


def _sentence_view(case: Case, result: Any) -> dict[str, Any]:
    """Whether each part of a sentence is true of the runs, and if not, why; ValueError where the form is another."""
    who, than, what, every, distance, step, starts, by = _fields(result)
    found = {"who and than": _TRUE} | dict.fromkeys(("measured on", "starts", "what", "by", "every"), _NOT)
    if {who, than} != {"gru", "lstm"}:
        return found | {"who and than": "not the GRU and the LSTM, each once"}
    rows = {cell.lower(): updates for cell, *at, updates in RUNS if at == [distance, step]}
    if not {who, than} <= set(rows):
        tried = distance in {run[1] for run in RUNS} and step in {run[2] for run in RUNS}
        nowhere = "distance and step size of different runs" if tried else "no run with this distance or step size"
        return found | {"measured on": "these runs are there for one of the two cells only" if rows else nowhere}
    a, b = (np.array([np.inf if n is None else n for n in rows[cell]]) for cell in (who, than))
    more = int(np.isfinite(a).sum() - np.isfinite(b).sum())
    if np.median(a) > np.median(b) or more < 0:
        return found | {"who and than": "the other way round in these runs"}
    found |= {"measured on": _TRUE, "what": _TRUE, "starts": _COUNTED.get(starts, "another number")}
    found["every"] = _TRUE if every == bool(a.max() < b.min()) else "not what the runs say"
    if what == "learned":
        found["by"] = _TRUE if by == more > 0 else "another number" if more else "no difference in these runs"
    elif np.isfinite([np.median(a), np.median(b)]).all():
        named = [name for name, value in _figures(a, b).items() if abs(by - value) < 0.0051]
        found["by"] = named[0] if named else "another figure than that of the runs"
    else:
        found["what"] = "a cell of which most starts did not learn has no median"
    return found


_TWO_ROWS = ("Read it aloud, with a finger on the rows that it speaks of.", "Does one thing differ, or two?")
_FACTOR = ("Sort the five numbers of each row. Which one is in the middle?", "How many times 400 is 500?")
_WHO, _THAN, _FAR, _STEP = '"who": "GRU"', '"than": "LSTM"', ('"distance": 11', '"distance": 62'), '"step size": 1.0'
_BOTH = (False, True)
_BY = _figures(*(np.array(RUNS[k][3], float) for k in (1, 0)))
_SENTENCE = {
    _TWO_ROWS: {
        "who and than exchanged: the GRU was the better one": {_WHO: '"who": "LSTM"', _THAN: '"than": "GRU"'},
        "who and than: asked are the GRU and the LSTM, each once": (_WHO, '"who": "one gate"'),
        "distance and step size are of different runs": _FAR,
        "measured on: these runs are there for one of the two cells only": dict([_FAR, (_STEP, '"step size": 0.002')]),
        "measured on: no run has this distance, or none this step size": (_STEP, '"step size": 0.5'),
        "no start of that LSTM has learned, so there is no median": [
            dict([_FAR, (_STEP, '"step size": 0.02'), ('"every": False', f'"every": {every}')]) for every in _BOTH
        ],
        "every: the slowest of the one and the fastest of the other decide": ('"every": False', '"every": True'),
        "starts: those of each cell, not of both together": ('"starts": 5', '"starts": 10'),
        "starts: count the entries of `updates`": ('"starts": 5', '"starts": 1'),
        "all starts of both have learned": {'"updates"': '"learned"', '"by": 1.25': '"by": 0'},
    },
    _FACTOR: {f"by: {name}": ('"by": 1.25', f'"by": {value:.4g}') for name, value in _BY.items() if name != _TRUE},
}
SENTENCE = Exercise("15.6", "sentence", 2, slips=slips(_SENTENCE), view=_sentence_view, hints=_TWO_ROWS)


# ---------------------------------------------------------------- 15.7 earliest
_MEMOS = "ABCDEF"


def _earliest_view(case: Case, result: Any) -> dict[str, Any]:
    """The year of each memo, and the letters of the forged ones; ValueError where the form is another."""
    if not isinstance(result, dict) or set(result) != {*_MEMOS, "forged"}:
        raise ValueError('earliest: expected a dict with the keys "A" to "F" and "forged"')
    if not all(str(result[x]).partition(".")[0].isdigit() for x in _MEMOS):
        raise ValueError("earliest: expected a year for each letter")
    years = {x: int(float(result[x])) for x in _MEMOS}
    return years | {"forged": " ".join(_as_set("forged", result["forged"], _MEMOS)) or "none"}


_NEEDS = ("Which words of the memo need an invention? Look for each in the table.", "Two of them: which came later?")
_DATES = ("Put your years beside the dates.", "Can a memo be written in the year of the invention, or after it?")
_Y = {"A": "1997", "B": "2000", "C": "2013", "D": "2018", "E": "1990", "F": "2000", "forged": "BCD"}
_EARLIEST = {
    _NEEDS: {
        "A: no gate forgets there, the cells are set to 0 by hand": "2000",
        "B: the LSTM of 1997 had no gate that empties the cell": "1997",
        "C: the gradient is shortened, too, and that came later": "2006",
        "C: nobody has marked the letters, and a gradient is shortened": "1989 | 1990 | 1997 | 2000",
        "D: the gate came before the rule for its bias": "2014",
        "E: the hidden state came a year after the gradient on the way forward": "1989",
        "F: the input gate of 1997 did not see the cell": "1997",
    },
    _DATES: {
        "forged: a memo of the year of its invention, or later, is no forgery": "AEF | ABCD | BCDE | BCDF | BCDEF",
        "forged: a memo with a date before its invention is missing": "BC | BD | CD | B | C | D",
    },
}
_MEMO_SLIPS = _told(lambda x, y: f'"{x}": {y if y.isdigit() else list(y)}'.replace("'", '"'), _Y, _EARLIEST)
EARLIEST = Exercise("15.7", "earliest", 1, slips=_MEMO_SLIPS, view=_earliest_view, hints=_NEEDS)

EXERCISES = (VERDICTS, CARRIED, REFUTED, QUOTED, TO_BEAT, SENTENCE, EARLIEST)
