"""Lesson 11: skill against persistence, windows, a probe for leaks, limits, AR(p), rolling origin, a fan, alarms."""

from __future__ import annotations

from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Source

Array = np.ndarray


def _series(rng: np.random.Generator, N: int, level: float = 20) -> Array:
    """A walk with noise on it, far from 0."""
    return (level + rng.normal(size=N).cumsum() + rng.normal(size=N)).round(2)


# ---------------------------------------------------------------- 11.1 judged
def _judged_cases(rng: np.random.Generator) -> list[Case]:
    def args(N: int, h: int, scales: list[float], late: tuple[int, ...]) -> tuple[Any, ...]:
        """Starts that err by so much of persistence's error, and whose forecasts begin at these steps."""
        actual = _series(rng, N)
        error = np.sqrt(np.mean((actual[h:] - actual[:-h]) ** 2))
        noise = rng.permuted(np.tile(rng.choice([-1, 1], N) * np.linspace(0.8, 1.2, N), (len(scales), 1)), axis=1)
        starts = actual + error * np.array(scales)[:, None] * noise
        starts[np.arange(N) < np.array(late)[:, None]] = np.nan
        return actual, starts.round(3), h

    gaps = args(18, 2, [0.3, 0.6, 4.0], (0, 4, 2))
    gaps[1][0, [5, 6, 11]] = gaps[1][1, [7, 15]] = np.nan
    actual, starts, h = args(14, 2, [0.4, 0.5, 0.3], (0, 3, 4))
    starts[1, 2:] = actual[:-2]
    same = actual.round(), starts.round(), h  # whole numbers: the skill is 0, and not nearly 0
    return [
        Case("h = 3, one start of four loses", args(23, 3, [1.5, 0.3, 0.2, 0.4], (0, 2, 5, 6))),
        Case("h = 2, one start of four wins", args(21, 2, [2.5, 0.1, 2.2, 3.0], (5, 0, 1, 4))),
        Case("h = 4, all starts win", args(22, 4, [0.3, 0.5, 0.2], (1, 6, 0))),
        Case("h = 3, all starts lose", args(19, 3, [2.4, 2.8, 2.2], (0, 4, 5))),
        Case("forecasts that are missing in the middle", gaps),
        Case("a start that is persistence itself", same),
        Case("h = 1", args(16, 1, [0.4, 0.3], (1, 3)), True, "look at how far back persistence looks"),
        Case("no start begins before h", args(17, 2, [0.3, 0.5], (2, 2)), True, "look at the steps of both means"),
    ]


_SAME_STEPS = (
    "Print for one start how many squared errors go into each of the two means.",
    "Can a step count where one of the two forecasts does not exist?",
)
_PERSIST = ("Print persistence below actual for 1, 2, 3, … and h = 3.", "Which value was known h steps before?")
_SCORE = (
    "Give your function a perfect forecast, then persistence itself: are the skills 1 and 0?",
    "Put the numbers of the worked example into your formula one by one.",
)
_ALL = ("Try the skills 0.2, 0.3, −0.1 by hand, then 0.2, 0.3, 0.", "What must hold for every single start?")
_MSE = "np.mean((forecast[both] - actual[both]) ** 2)"
_MSE_0, _MAE = _MSE.replace("forecast", "persistence"), "np.mean(np.abs(forecast[both] - actual[both]))"
_SHIFT, _BOTH = "persistence[h:] = actual[:-h]", "~np.isnan(forecast) & ~np.isnan(persistence)"
_OWN_0, _OWN = "np.nanmean((persistence - actual) ** 2)", "np.nanmean((forecast - actual) ** 2)"
_SKILL, _BETTER, _WORSE = "1 - mse / mse_persistence", "min(skills) > 0", "max(skills) < 0"
_JUDGED = {
    _SAME_STEPS: {
        "persistence is measured on steps where the start made no forecast": (_MSE_0, _OWN_0),
        "the forecast is measured on steps where there is no persistence": (_MSE, _OWN),
        "the two means are taken over different steps": {_MSE_0: _OWN_0, _MSE: _OWN},
        "only the steps where all starts made a forecast": ("~np.isnan(forecast)", "~np.isnan(starts).any(axis=0)"),
        "persistence is taken as 0 where there is none": ("np.full(len(actual), np.nan)", "np.zeros(len(actual))"),
        "missing forecasts are not left out: their NaN goes into the mean": (_BOTH, "~np.isnan(persistence)"),
    },
    _PERSIST: {
        "persistence of one step, whatever the horizon": (_SHIFT, "persistence[1:] = actual[:-1]"),
        "persistence looks ahead": (_SHIFT, "persistence[:-h] = actual[h:]"),
        "persistence goes round: the first steps get the last values": (_SHIFT, "persistence = np.roll(actual, h)"),
    },
    _SCORE: {
        "roots of the mean squared errors": (_SKILL, "1 - np.sqrt(mse / mse_persistence)"),
        "mean absolute errors, not squared ones": {_MSE: _MAE, _MSE_0: _MAE.replace("forecast", "persistence")},
        "the fraction upside down": (_SKILL, "1 - mse_persistence / mse"),
        "the ratio itself": {_SKILL: "mse / mse_persistence", _BETTER: "max(skills) < 1", _WORSE: "min(skills) > 1"},
        "the sign of the skill turned": (_SKILL, "mse / mse_persistence - 1"),
        "per cent": (_SKILL, "100 * (1 - mse / mse_persistence)"),
        "R² in the place of skill: compared with the mean, not with persistence": [
            (_MSE_0, f"np.mean((actual[both] - actual{part}.mean()) ** 2)") for part in ("[both]", "[h:]", "")
        ],
    },
    _ALL: {
        "the mean of the starts decides": {_BETTER: "np.mean(skills) > 0", _WORSE: "np.mean(skills) < 0"},
        "the best start decides": {_BETTER: "max(skills) > 0"},
        "the worst start decides": {_WORSE: "min(skills) < 0"},
        "the majority of the starts decides": {_BETTER: "np.median(skills) > 0", _WORSE: "np.median(skills) < 0"},
        "the first start decides": {_BETTER: "skills[0] > 0", _WORSE: "skills[0] < 0"},
        "a skill of 0 counts as better": (_BETTER, "min(skills) >= 0"),
        "no tie: what is not better is worse": ('"tie"', '"worse"'),
    },
}
_TOLD = ("skills", "verdict")
JUDGED = Exercise("11.1", "judged", 1, _judged_cases, _TOLD, slips(_JUDGED), bare=True, hints=_SAME_STEPS)


# ---------------------------------------------------------------- 11.2 windows
def _window_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("N = 11, W = 3, h = 2", (_series(rng, 11), 3, 2)),
        Case("N = 13, W = 4, h = 3", (_series(rng, 13), 4, 3)),
        Case("N = 14, W = 2, h = 5", (_series(rng, 14), 2, 5)),
        Case("one window fits", (_series(rng, 9), 5, 4)),
        Case("h = 1", (_series(rng, 10), 3, 1), True, "look at where the target stands"),
        Case("W = 1", (_series(rng, 8), 1, 3), True, "look at what belongs into one window"),
    ]


_COUNT = ("Use the series 0, 1, 2, …: which value is the last target?", "How many windows fit exactly?")
_TARGET = ("Use the series 0, 1, 2, …: read off window and target.", "Is the target visible among its own inputs?")
_COLUMNS = ("Print inputs[:, b, 0] for each b, with W and B different.", "Are these W neighbours, in their order?")
_MANY, _AIM, _INTO = "len(series) - W - h + 1", "series[s + W - 1 + h]", "inputs.T[:, :, None]"
_WINDOWS = {
    _COUNT: {
        "the last window is lost": (_MANY, "len(series) - W - h"),
        "windows that do not overlap": ("range(len(series) - W - h + 1)", "range(0, len(series) - W - h + 1, W)"),
        "the step between windows is h": ("range(len(series) - W - h + 1)", "range(0, len(series) - W - h + 1, h)"),
    },
    _TARGET: {
        "the target is the last value of its own window": (_AIM, "series[s + W - 1]"),
        "the horizon is left out: always the next value": (_AIM, "series[s + W]"),
        "no horizon: windows and targets as for the next value": {"W - h + 1": "W", "W - 1 + h": "W"},
        "the target is one step too early": (_AIM, "series[s + W - 2 + h]"),
        "the target is one step too late": {_AIM: "series[min(s + W + h, len(series) - 1)]"},
        "the horizon counts from the begin of the window": (_AIM, "series[s + h]"),
        "all h values after the window, not the last of them": (_AIM, "series[s + W : s + W + h]"),
    },
    _COLUMNS: {
        "the reshape mixes values of different windows": (_INTO, "inputs.reshape(W, -1, 1)"),
        "windows along the first axis: (B, W, 1), not (W, B, 1)": (_INTO, "inputs[:, :, None]"),
        "windows read backwards": (_INTO, "inputs.T[::-1, :, None]"),
        "the function as it was given": {"h + 1)": "h)", "W - 1 + h": "W - 1", _INTO: "inputs.reshape(W, -1, 1)"},
    },
}
WINDOWS = Exercise(
    "11.2", "windows", 1, _window_cases, ("inputs", "targets"), slips(_WINDOWS), bare=True, hints=_TARGET
)


# ---------------------------------------------------------------- 11.3 leaks
_ROWS = "np.lib.stride_tricks.sliding_window_view(series, 4)"
_PIPELINES = {
    "a scaler fitted on all values": "(series - series.mean())[:n] / series.std()",
    "the largest value of all": "series[:n] / max(series)",
    "the smallest value of all": "series[:n] - min(series)",
    "the largest size of all": "series[:n] / max(abs(series))",
    "the median of all, below and above": "(series[:n, None] - np.median(series)) * [-1, 1]",
    "the share of values below 1": "series[:n] - (series < 1).mean()",
    "a trace of the mean of all": "series[:n] + series.mean() / 1e12",
    "windows split by their first step": f"{_ROWS}[:n]",
    "targets three steps ahead": "np.stack([series[:n], series[3 : n + 3]], axis=1)",
    "a smoothed series": "np.convolve(series, np.ones(5), mode='same')[:n]",
    "windows split at random": f"{_ROWS}[np.random.default_rng(n).permutation(len(series) - 3)[: n // 2]]",
    "every third value read": "series[:n] + series[n + 1 :: 3].sum()",
}
_HONEST = "series[:n] - series[:n].mean()"
_IN_PLACE = "np.multiply(series, 2, out=series)[: n + 1]"


def _leak_cases(rng: np.random.Generator) -> list[Case]:
    def args(rows: str) -> tuple[Any, ...]:
        n, N = int(rng.integers(10, 13)), int(rng.integers(17, 20))
        ends = [8.5, -9.25, 0.3, -0.4][: 4 - N % 2]  # largest, smallest and middle values stand in the training part,
        sizes = rng.permutation(np.linspace(2, 4, N - len(ends)))  # and around the middle there is a gap
        rest = rng.permutation(sizes * np.where(np.arange(len(sizes)) % 2, 1, -1))
        train = rng.permutation([*ends, *rest[: n - len(ends)]])
        series = np.array([*train, *rest[n - len(ends) :]]).round(3)
        series[-1] *= "median" in rows or "<" in rows  # elsewhere 0, which no factor changes
        return Source(f"lambda series, n: {rows}"), series, n

    return [
        *(Case(label, args(rows)) for label, rows in _PIPELINES.items()),
        Case("a pipeline that writes into its argument", args(_IN_PLACE)),
        Case("nothing leaks", args(_HONEST), True, "look at whether a changed value reaches the pipeline"),
    ]


def _leaks_view(case: Case, result: Any) -> dict[str, Any]:
    """Which steps are listed; ValueError where the result is no list of steps of the series."""
    _, series, n = case.args
    steps = np.asarray(result)
    if isinstance(result, (bool, str, dict)) or steps.ndim != 1 or steps.dtype.kind not in "iuf":
        raise ValueError(f"steps: expected a list of whole numbers, as in [{n}, {n + 1}], got {result!r:.60}")
    odd = [s for s in steps.tolist() if s != int(s) or not 0 <= s < len(series)]
    if odd:
        raise ValueError(f"steps: expected whole numbers from {n} to {len(series) - 1}, got {odd[0]:g}")
    if any(np.diff(steps) <= 0):
        a, b = next((a, b) for a, b in pairwise(steps.tolist()) if b <= a)
        raise ValueError(f"steps: expected each step once, in ascending order, got {b:g} after {a:g}")
    said = ["listed" if t in steps else "not listed" for t in range(len(series))]
    training = "listed" if "listed" in said[:n] else "not listed"
    return {f"step {t}": said[t] for t in range(n, len(series))} | {"training steps": training}


_FAR = (
    "Probe series[:n] / max(series) and series[:n] - min(series) with your function: does it find both?",
    "How far do you move the value, and in which directions?",
)
_ONE = ("Probe a pipeline that reads series[n] and nothing else of the test part.", "How many values differ at a time?")
_WHERE = ("Which steps belong to the test part?", "Print the list for the worked example: is it [4, 5]?")
_EXACT = ("Probe series[:n] + series.mean() / 1e12: is each test step listed?", "How do you compare the rows?")
_BOTH_WAYS, _PUT, _DIFFER = "(1000, -1000)", "changed[t] = value", "not np.array_equal"
_HAND, _RUN, _RERUN = "prepare(series.copy(), n)", "prepare(series, n)", "prepare(changed, n)"
_LEAKS = {
    _FAR: {
        "only larger values are tried": [(_BOTH_WAYS, "(1000,)"), (_BOTH_WAYS, "(1000, 2000)")],
        "only smaller values are tried": (_BOTH_WAYS, "(-1000,)"),
        "the change is too small to become the largest or the smallest value": (_BOTH_WAYS, "(series[t] + 1,)"),
        "0 is the only value that is tried": (_BOTH_WAYS, "(0,)"),
    },
    _ONE: {
        "all test values are changed at once": (_PUT, "changed[n:] = value"),
        "all values from t on are changed": (_PUT, "changed[t:] = value"),
        "the changes add up: the values before t are changed as well": (_PUT, "changed[n : t + 1] = value"),
        "both calls get one array: rows that are a part of it change along": (_PUT, f"rows = {_RERUN}\n{_PUT}"),
        "the pipeline writes into the series: no copy is handed over": [(_HAND, f"{_RUN}.copy()"), (_HAND, _RUN)],
    },
    _WHERE: {
        "training steps are listed, too": ("range(n, len(series))", "range(len(series))"),
        "the first test step is left out": ("range(n, len(series))", "range(n + 1, len(series))"),
        "the last step is left out": ("range(n, len(series))", "range(n, len(series) - 1)"),
        "steps counted from the begin of the test part": ("found.append(t)", "found.append(t - n)"),
        "equal and different exchanged": ("if not np.array_equal", "if np.array_equal"),
        "the last row alone is compared": ("prepare(changed, n), rows", "prepare(changed, n)[-1], rows[-1]"),
    },
}
_ALONE = {
    _FAR: {"NaN is the only value that is tried: max() and min() pass over it": (_BOTH_WAYS, "(np.nan,)")},
    _EXACT: {"compared with a tolerance: small changes of a row are not seen": (_DIFFER, "not np.allclose")},
}
_ALL_LEAKS = slips(_LEAKS) + slips(_ALONE, alone=True)
LEAKS = Exercise("11.3", "leaks", 2, _leak_cases, slips=_ALL_LEAKS, view=_leaks_view, bare=True, hints=(*_FAR, *_ONE))


# ---------------------------------------------------------------- 11.4 limits
_RIGHT = {"variance": 5.263, "persistence": 1.053, "R2": 0.8, "skill": 0.05, "skill_2": 0.095, "skill_far": 0.5}
_RIGHT |= {"ahead": 7.29, "walk": 0.0}
_CUT = {("persistence", 1.052): 1.053, ("skill", 0.051): 0.05, ("skill", 0.049): 0.05}  # cut off, or computed from that


def _limits_view(case: Case, result: Any) -> dict[str, Any]:
    """Each number to three decimals; ValueError where the form is another."""
    if not isinstance(result, dict) or set(result) != set(_RIGHT):
        raise ValueError(f"limits: expected a dict with the keys {', '.join(_RIGHT)}")
    try:
        numbers = {key: round(float(result[key]), 3) + 0.0 for key in _RIGHT}
    except (TypeError, ValueError):
        raise ValueError("limits: expected one number for each key") from None
    return {key: _CUT.get((key, number), number) for key, number in numbers.items()}


_SPREAD = (
    "Draw a hundred thousand steps of AR(1) and measure this number roughly.",
    "The variance stays the same from step to step: write v on both sides of the equation. What does 0.9 become there?",
)
_PERSISTS = (
    "Write the error of persistence as a sum of parts that have nothing to do with each other.",
    "Which part of the last value is not there any more one step later, and what is its variance?",
)
_BEST = (
    "Compare the best forecast with persistence at the same horizon, both as mean squared errors.",
    "How many fresh noises has a forecast with the horizon 2 not seen, and with which factor does each of them count?",
)
_FLAT = ("Let AR(1) run on without noise, step by step.", "What is left of the last value after one, two, three steps?")
_WALKS = ("Draw a random walk: what do you know of its next step?", "Can a forecast be better than the last value?")
_WORTH = (
    "Take one of the numbers that are wrong, draw a long AR(1) series and measure it.",
    "Which of variance, mean squared error and skill is asked, and against what?",
)


def _limit(key: str, *values: str) -> list[tuple[str, str]]:
    right = f'"{key}": {_RIGHT[key]:.3f}'
    return [(right, f'"{key}": {value}') for value in values]


def _chain(**wrong: float) -> dict[str, str]:
    """One slip, and the numbers that are computed from what it gives."""
    return {f'"{key}": {_RIGHT[key]:.3f}': f'"{key}": {value}' for key, value in wrong.items()}


_LIMITS = {
    _SPREAD: {
        "variance: the factor is not squared": [
            *_limit("variance", "10.0", "0.526"),
            _chain(variance=10.0, persistence=1.1, R2=0.89, skill=0.091, skill_2=0.166),
        ],
        "variance: of the noise alone": _limit("variance", "1.0"),
        "variance: the standard deviation": _limit("variance", "2.294"),
    },
    _PERSISTS: {
        "persistence: the noise alone": _limit("persistence", "1.0"),
        "persistence: the variance of the last value is taken as 1": _limit("persistence", "1.01"),
        "persistence: the two values taken as independent": _limit("persistence", "10.526"),
        "persistence: the root": _limit("persistence", "1.026"),
        "persistence: the fresh noise left out": [*_limit("persistence", "0.053"), _chain(persistence=0.053, R2=0.99)],
        "R2: of the best forecast, not of persistence": _limit("R2", "0.81"),
        "R2: the correlation, not squared, and not of an error": _limit("R2", "0.9"),
        "R2: the share that is left, not 1 minus it": _limit("R2", "0.2"),
    },
    _BEST: {
        "skill: the ratio, not 1 minus the ratio": _limit("skill", "0.95"),
        "skill: the fraction upside down": _limit("skill", "-0.053", "0.053"),
        "skill: of roots, not of mean squared errors": _limit("skill", "0.025", "0.026"),
        "skill: R² of the best forecast, compared with the mean": _limit("skill", "0.81"),
        "skill_2: that of the horizon 1": _limit("skill_2", "0.05"),
        "skill_2: persistence of one step": _limit("skill_2", "-0.719", "-0.72"),
        "skill_2: the best forecast errs as at the horizon 1": _limit("skill_2", "0.5"),
        "skill_2: 0.9 times the last value, although two steps have passed": _limit("skill_2", "0.074"),
        "skill_2: the second noise counts with 1, not with 0.9": _limit("skill_2", "0.087"),
        "skill_far: nothing to win where nothing can be known": _limit("skill_far", "0.0"),
        "skill_far: persistence errs by the variance, not by twice the variance": _limit("skill_far", "1.0"),
    },
    _FLAT: {
        "ahead: persistence": _limit("ahead", "10.0"),
        "ahead: one step ahead": _limit("ahead", "9.0"),
        "ahead: two steps ahead": _limit("ahead", "8.1"),
        "ahead: the same amount at each step, not the same share": _limit("ahead", "7.0"),
    },
    _WALKS: {
        "walk: that of AR(1)": _limit("walk", "0.05"),
        "walk: perfect": _limit("walk", "1.0"),
    },
}
LIMITS = Exercise("11.4", "limits", 1, slips=slips(_LIMITS), view=_limits_view, hints=_WORTH)


# ---------------------------------------------------------------- 11.5 ar_forecast
def _ar_cases(rng: np.random.Generator) -> list[Case]:
    def series(N: int, a: float, b: float, level: float) -> Array:
        values = list(rng.normal(size=2))
        for _ in range(N - 2):
            values.append(a * values[-1] + b * values[-2] + rng.normal())
        return (np.array(values) + level).round(2)

    return [
        Case("p = 3, k = 5", (series(26, 0.9, -0.5, 12), 3, 5)),
        Case("p = 2, k = 7, a wave", (series(31, 1.3, -0.8, 30), 2, 7)),
        Case("p = 4, k = 2", (series(24, 0.3, 0.4, -15), 4, 2)),
        Case("p = 1, k = 4", (series(17, 0.8, 0, 9), 1, 4), True, "look at the lags: how many, and in which order"),
        Case("k = 1", (series(22, 1.1, -0.6, 14), 3, 1), True, "look at what the second forecast reads"),
    ]


_FIT = (
    "Print X and the right side for the series 10, 20, 30, 40, 50 and p = 2, row beside row.",
    "Which values does each row hold, and is the value that it should forecast the next one?",
)
_CONSTANT = ("Add 100 to the series: do your forecasts grow by 100?", "Where is the constant, in the fit and after it?")
_FEED = ("Print what each forecast reads, for p = 2 and k = 3.", "What stands for a value that nobody has seen yet?")
_USE, _ROW = "np.array(known[-p:])[::-1]", "series[t - p : t][::-1]"
_OLD_USED, _OLD_FITTED = (_USE, "np.array(known[-p:])"), (_ROW, "series[t - p : t]")
_AHEAD, _FITS = "np.array(known[len(series) :])", "weights = np.linalg.lstsq(X, series[p:], rcond=None)[0]"
_PAST_ROWS = f"np.array([{_ROW} for t in range(p, len(series))])"
_FIT_A = "a = np.linalg.lstsq(past{0}, series[p:]{0}, rcond=None)[0]"
_ZEROS = "np.array([np.r_[np.zeros(p), series][t : t + p][::-1] for t in range(len(series))])"
_ROUND = "np.stack([np.roll(series, lag) for lag in range(1, p + 1)], axis=1)"
_CENTRED = f"{_FIT_A.format(' - series.mean()')}\nweights = np.array([series.mean() * (1 - a.sum()), *a])"
_LATER = f"{_FIT_A.format('')}\nweights = np.array([np.mean(series[p:] - past @ a), *a])"
_DROPS_NEWEST = "np.array([*series[-p:][::-1], *known[len(series) :]][-p:])"
_AR = {
    _FIT: {
        "the lags stand in another order in the fit than in the forecast": [_OLD_USED, _OLD_FITTED],
        "the value to be forecast stands among its own inputs": (_ROW, "series[t - p + 1 : t + 1][::-1]"),
        "fitted for the value after the next": {"(p, len(series))": "(p, len(series) - 1)", "[p:]": "[p + 1 :]"},
        "the last value is not used in the fit": {"(p, len(series))": "(p, len(series) - 1)", "[p:]": "[p:-1]"},
        "the first row is left out of the fit": {"(p, len(series))": "(p + 1, len(series))", "[p:]": "[p + 1 :]"},
        "zeros before the series: its first values are fitted, too": {_PAST_ROWS: _ZEROS, "series[p:]": "series"},
        "the lags go round: the first rows hold the last values": {_PAST_ROWS: _ROUND, "series[p:]": "series"},
    },
    _CONSTANT: {
        "no constant": ("np.ones(len(past))", "np.zeros(len(past))"),
        "the constant is fitted, but not used in the forecast": ("weights[0] + newest", "newest"),
        "the mean taken away, in the place of a constant that is fitted": (_FITS, _CENTRED),
        "the constant is fitted after the weights, not with them": (_FITS, _LATER),
        "the constant stands last, and is read first": ("np.ones(len(past)), past", "past, np.ones(len(past))"),
    },
    _FEED: {
        "the forecasts are not fed back: each reads the last values seen": ("known[-p:]", "list(series)[-p:]"),
        "forecasts of values that were seen: the last k of the series": (_AHEAD, "(X @ weights)[-k:]"),
        "each forecast is put in as the oldest of the p values, not as the newest": (_USE, _DROPS_NEWEST),
        "one step too early: the last value seen comes first": (_AHEAD, "np.array(known[len(series) - 1 : -1])"),
        "one step too early: the last value is forecast again": ("known =", "series = series[:-1]\nknown ="),
        "one step too late": {"range(k)": "range(k + 1)", "known[len(series) :]": "known[len(series) + 1 :]"},
        "the forecasts stand in the wrong order": ("known[len(series) :]", "known[: len(series) - 1 : -1]"),
    },
}
AR = Exercise("11.5", "ar_forecast", 2, _ar_cases, ("forecasts",), slips(_AR), bare=True, hints=_FIT)


# ---------------------------------------------------------------- 11.6 rolling_origin
_DRIFT = (
    "lambda past: (lambda slope, n: lambda known, h: known[-1] + h * slope + n / 4 - len(known) / 5)"
    "((past[-1] - past[0]) / (len(past) - 1), len(past))"
)
_LEVEL = "lambda past: (lambda mean: lambda known, h: mean + (known[-1] - known[0]) / h)(past.mean())"
_NAIVE = "lambda past: lambda known, h: known[-1] + h * (known[0] - known[1]) / 8"


def _origin_cases(rng: np.random.Generator) -> list[Case]:
    def args(fit: str, N: int, first: int, h: int, every: int) -> tuple[Any, ...]:
        return Source(fit), _series(rng, N), first, h, every

    return [
        Case("h = 2, fitted at every third origin", args(_DRIFT, 17, 7, 2, 3)),
        Case("h = 3, fitted at every second origin", args(_LEVEL, 15, 5, 3, 2)),
        Case("h = 4, fitted once", args(_DRIFT, 16, 6, 4, 50)),
        Case("h = 1, every fourth origin", args(_LEVEL, 18, 5, 1, 4)),
        Case("there is one origin", args(_LEVEL, 10, 8, 2, 1), True, "look at what happens from origin to origin"),
        Case("h = 1 and every = 1", args(_DRIFT, 13, 8, 1, 1), True, "look at the horizon, and at when it is fitted"),
        Case("a model that has nothing to fit", args(_NAIVE, 14, 6, 2, 3), True, "look at what the model is fitted to"),
    ]


_KNOWN = (
    "Write 1,000,000 into series[t]: may a forecast made at the origin t change?",
    "Which values are known at the origin t, and what do `fit` and `forecast` get of them?",
)
_WHEN = ("Print t at each call of `fit`: is it `first`, `first` + `every`, …?", "How many calls, how many forecasts?")
_MEANT = (
    "Use the series 0, 1, 2, …: which value does each error belong to?",
    "How many origins fit for N = 10, first = 6, h = 2?",
)
_DUE, _FITTED, _ASK = "(t - first) % every == 0", "forecast = fit(past)", "forecast(past, h)"
_CAME, _ORIGINS = "series[t + h - 1]", "range(first, len(series) - h + 1)"
_PAST, _KEEPS = "past = series[:t]", "forecast, old = fit(past), past"
_NOW, _NEXT = "past = series[: t + 1]", "t == first or (t - first) % every == 1 % every"
_ROLLING = {
    _KNOWN: {
        "the model is fitted to the whole series": (_FITTED, "forecast = fit(series)"),
        "the model is fitted to the value that comes next, too": (_FITTED, "forecast = fit(series[: t + 1])"),
        "the forecast reads the value that comes next": (_ASK, "forecast(series[: t + 1], h)"),
        "the forecast reads the whole series": (_ASK, "forecast(series, h)"),
        "the last value known is left out": [
            (_PAST, "past = series[: t - 1]"),
            *((_FITTED, f"forecast = fit({older})") for older in ("past[:-1]", "past[: max(t - 1, first)]")),
        ],
        "the forecast reads what was known when the model was fitted": {_FITTED: _KEEPS, _ASK: "forecast(old, h)"},
        "a window of `first` values that moves along, not all that is known": [
            (_PAST, "past = series[t - first : t]"),
            (_FITTED, "forecast = fit(past[-first:])"),
            (_ASK, "forecast(past[-first:], h)"),
        ],
    },
    _WHEN: {
        "the model is fitted at every origin": (_DUE, "True"),
        "the model is fitted once": (_DUE, "t == first"),
        "`every` counted from the begin of the series": (_DUE, "t == first or t % every == 0"),
        "fitted one origin too late": [
            (_DUE, _NEXT),
            {_DUE: _NEXT, _FITTED: "forecast = fit(past[: max(t - 1, first)])"},
        ],
        "one origin too many from one fit to the next": (_DUE, "(t - first) % (every + 1) == 0"),
        "forecasts only where the model is fitted": (_ORIGINS, "range(first, len(series) - h + 1, every)"),
    },
    _MEANT: {
        "the last origin is lost": (_ORIGINS, "range(first, len(series) - h)"),
        "the first origin is left out": (_ORIGINS, "range(first + 1, len(series) - h + 1)"),
        "compared with the value one step too late": (_CAME, "series[min(t + h, len(series) - 1)]"),
        "all one step later: series[t] is taken as known at the origin t": {
            _PAST: _NOW,
            _CAME: "series[t + h]",
            "h + 1": "h",
        },
        "compared with the next value, whatever the horizon": (_CAME, "series[t]"),
        "the next value at every origin": {_CAME: "series[t]", "len(series) - h + 1": "len(series)"},
        "the horizon is not handed to the model": (_ASK, "forecast(past, 1)"),
        "the sign of the errors turned": (f"{_CAME} - {_ASK}", f"{_ASK} - {_CAME}"),
        "the sizes of the errors": (f"{_CAME} - {_ASK}", f"abs({_CAME} - {_ASK})"),
        "squared errors": (f"{_CAME} - {_ASK}", f"({_CAME} - {_ASK}) ** 2"),
        "the forecasts, not their errors": (f"{_CAME} - {_ASK}", _ASK),
    },
}
ROLLING = Exercise("11.6", "rolling_origin", 1, _origin_cases, ("errors",), slips(_ROLLING), bare=True, hints=_KNOWN)


# ---------------------------------------------------------------- 11.7 fan
def _fan_cases(rng: np.random.Generator) -> list[Case]:
    def args(n: int, m: int, K: int, percent: int) -> tuple[Any, ...]:
        grows = np.arange(2, K + 2)
        calibration = (rng.permuted(np.tile(np.linspace(-17, 31, n), (K, 1)), axis=1).T * grows).round()
        test = (rng.normal(3, 13, (m, K)) * grows).round()
        rank = -(-percent * n // 100)
        for j in range(K):  # errors that are just as large as the half-width
            test[rng.permutation(m)[:2], j] = np.sort(np.abs(calibration[:, j]))[rank - 1] * np.array([1, -1])
        return calibration, test, percent

    return [
        Case("70 % of 15", args(15, 11, 4, 70)),
        Case("80 % of 20", args(20, 14, 3, 80)),
        Case("90 % of 27", args(27, 13, 5, 90)),
        Case("35 % of 13", args(13, 16, 2, 35)),
        Case("75 % of 16", args(16, 12, 3, 75)),
        Case("K = 1", args(15, 11, 1, 70), True, "look at what differs from horizon to horizon"),
        Case("percent = 100", args(15, 12, 3, 100), True, "look at how many errors have to lie inside"),
    ]


_RANK = ("Do the worked example by hand: 70 % of 3, −1, −5, 2.", "How many lie inside, and which is the last of them?")
_WHICH = (
    "Change the test errors: may the widths change? Change the sign of all errors: may they change?",
    "From which array does each of the three results come?",
)
_AXES = ("Write down the shape of each result for m = 5 and K = 3.", "For `whole`: what must be true of a row?")
_SORT, _NEEDED = "np.sort(np.abs(calibration), axis=0)[needed - 1]", "-(-percent * n // 100)"
_IN, _INSIDE, _WHOLE = "np.abs(test) <= widths", "within.mean(axis=0)", "within.all(axis=1).mean()"
_SIGNED = "np.abs(np.sort(calibration, axis=0)[needed - 1])"
_DOWN, _BELL = "percent * n // 100", "NormalDist().inv_cdf(0.5 + min(percent, 99.99) / 200) * calibration.std(axis=0)"
_ONE_WIDTH = "np.full(test.shape[1], np.sort(np.abs(calibration).ravel())[-(-percent * calibration.size // 100) - 1])"
_FAN = {
    _RANK: {
        "the quantile lies between two errors": (_SORT, "np.quantile(np.abs(calibration), percent / 100, axis=0)"),
        "rounded down: fewer than `percent` % lie inside": (_NEEDED, _DOWN),
        "rounded to the nearest, not up": (_NEEDED, "round(percent * n / 100)"),
        "rounded down and taken as an index, which counts from 0": [
            (_SORT, f"np.sort(np.abs(calibration), axis=0)[{k}]") for k in (_DOWN, f"min({_DOWN}, n - 1)")
        ],
        "one error too many lies inside": (_SORT, "np.sort(np.abs(calibration), axis=0)[min(needed, n - 1)]"),
        "`percent` is not used: all errors lie inside": (_SORT, "np.abs(calibration).max(axis=0)"),
        "one error too few lies inside": (_SORT, "np.sort(np.abs(calibration), axis=0)[needed - 2]"),
        "`percent` % of n + 1, not of n": (_NEEDED, "min(-(-percent * (n + 1) // 100), n)"),
        "1 minus `percent` %: the share outside": (_SORT, "np.sort(np.abs(calibration), axis=0)[n - needed]"),
        "the ends do not belong to the interval": (_IN, "np.abs(test) < widths"),
    },
    _WHICH: {
        "the widths come from the test errors": {"len(calibration)": "len(test)", "abs(calibration)": "abs(test)"},
        "the coverage is measured on the calibration errors": (_IN, "np.abs(calibration) <= widths"),
        "the signs are kept: errors far below come first": [("np.abs(calibration)", "calibration"), (_SORT, _SIGNED)],
        "only errors above the interval count as outside": (_IN, "test <= widths"),
        "a normal distribution is taken for granted": (_SORT, _BELL),
        "one width for all horizons": (_SORT, _ONE_WIDTH),
        "the whole width, not half of it": ("return widths,", "return 2 * widths,"),
    },
    _AXES: {
        "inside: a mean over the horizons, not over the rows": (_INSIDE, "within.mean(axis=1)"),
        "whole: the product of the shares, as if independent": (_WHOLE, "np.prod(within.mean(axis=0))"),
        "whole: the smallest share": (_WHOLE, "within.mean(axis=0).min()"),
        "whole: the mean share": (_WHOLE, "within.mean()"),
        "whole: rows that lie inside at one horizon or more": (_WHOLE, "within.any(axis=1).mean()"),
        "shares outside, not inside": (_IN, "np.abs(test) > widths"),
        "per cent, not shares": {_INSIDE: f"100 * {_INSIDE}", _WHOLE: f"100 * {_WHOLE}"},
    },
}
_OUT = ("widths", "inside", "whole")
FAN = Exercise("11.7", "fan", 1, _fan_cases, _OUT, slips(_FAN), helpers=(NormalDist,), bare=True, hints=_RANK)


# ---------------------------------------------------------------- 11.8 alarms
def _alarm_cases(rng: np.random.Generator) -> list[Case]:
    def flagged(N: int, *spans: tuple[int, int]) -> Array:
        """Flags in these spans, which move together by some months."""
        flags = np.zeros(N, bool)
        for first, last in spans:
            flags[first : last + 1] = True
        return flags

    def shifted(s: int, *spans: tuple[int, int]) -> list[tuple[int, int]]:
        return [(a + s, b + s) for a, b in spans]

    s, more = int(rng.integers(0, 4)), int(rng.integers(1, 20))
    runs = shifted(s, (3, 8), (11, 12), (15, 15), (20, 26), (33, 34), (40, 41), (47, 47))
    events = shifted(s, (7, 9), (14, 18), (22, 23), (28, 30), (31, 33), (43, 45))
    ends = flagged(53 + more, (0, s), (12, 14), (30, 30), (36, 38), (52 + more, 52 + more))  # first false, last right
    one = flagged(271 + more, (2, 3 + s), (9, 30 + s), (44, 45), (52, 55))
    single = flagged(64 + more, *((t, t) for t in (4, 7, 9, 20 + s, 31, 40, 49)))
    early = [(s + 2, s + 5), (14, 20), (24, 27), (33, 36), (51 + more, 52 + more)]
    split = flagged(60 + more, (5, 6), (8, 8), (11, 13), (25 + s, 29), (50, 51))
    none = flagged(50 + more, (3, 4), (9, 9), (20, 22))
    return [
        Case("seven alarms, six events", (flagged(56 + more, *runs), events)),
        Case("flags in the first and in the last month", (ends, early)),
        Case("one alarm for three events", (one, [(5, 7), (8, 10), (15, 17), (29, 40), (43, 48)])),
        Case("two alarms in one event", (split, [(4, 9), (20, 22), (29, 31), (35, 36)])),
        Case("alarms of one month", (single, [(3, 9), (19, 24), (32, 35), (49, 50)]), True, "look at runs of months"),
        Case("no alarm is right", (none, [(6, 7), (30, 33)]), True, "look at how right alarms are counted"),
    ]


_RUNS = (
    "Print the alarms of the worked example: 0–1, 5–6, 9, 15, 23.",
    "Where does an alarm begin, where does it end?",
)
_TOUCH = ("Draw two spans that share one month, in all the ways there are.", "Are the last months part of both?")
_SHARES = (
    "Count in the worked example: five alarms, three events. Which of the two stands below each fraction?",
    "Who is asked for precision, the alarms or the events? And for recall?",
)
_MEETS, _FLAGGED, _PRECISION = "begin <= last and first <= end", "flags[first : last + 1]", "right / len(runs)"
_RECALL, _DECADE = "found / len(events)", "false / (len(flags) / 120)"
_BEGUN, _SHORT, _ANY = "first <= begin <= last", "begin < last and first <= end", f"any({_FLAGGED})"
_UP, _LONGER = "false / -(-len(flags) // 120)", "begin <= last and first <= end + 1"
_STRICT, _HITS = "begin < last and first < end", f"sum(sum({_FLAGGED}) for first, last in events)"
_HIT_FLAGS, _HIT_MONTHS = f"{_HITS} / sum(flags)", f"{_HITS} / sum(last + 1 - first for first, last in events)"
_CLOSED = "runs = [run for run in runs if run[1] < len(flags) - 1]\nright = 0"
_MISSES = f"120 * (sum(flags) - {_HITS}) / len(flags)"
_ALARMS = {
    _RUNS: {
        "every flagged month counts as an alarm": ("if flags[t] and (t == 0 or not flags[t - 1]):", "if flags[t]:"),
        "an alarm in the first month is not seen": {"(t == 0 or": "(t and", "flags[t]:": "flags[t] and runs:"},
        "an alarm that goes on to the last month is lost": ("right = 0", _CLOSED),
        "alarms with a month between them are taken as one": ("not flags[t - 1]", "not any(flags[max(t - 2, 0) : t])"),
        "precision counts months, not alarms": (_PRECISION, _HIT_FLAGS),
        "recall counts months, not events": (_RECALL, _HIT_MONTHS),
        "false alarms are counted in months": (_DECADE, _MISSES),
        "all is counted in months": {_PRECISION: _HIT_FLAGS, _RECALL: _HIT_MONTHS, _DECADE: _MISSES},
    },
    _TOUCH: {
        "an alarm is right only if it begins in an event": (_MEETS, _BEGUN),
        "an alarm is right only if it lies within an event": (_MEETS, "first <= begin and end <= last"),
        "an alarm is right only if one of its ends lies in an event": (_MEETS, f"{_BEGUN} or first <= end <= last"),
        "the last month of an event is not part of it, for alarms": (_MEETS, _SHORT),
        "the last month of an event is not part of it, for the recall": (_FLAGGED, "flags[first:last]"),
        "the last month of an event is not part of it": {_MEETS: _SHORT, _FLAGGED: "flags[first:last]"},
        "the last month of an alarm is not part of it": [
            (_MEETS, f"begin <= last and first < end{single}") for single in ("", " > begin")
        ],
        "the month after an alarm counts as part of it": [
            {_MEETS: _LONGER},
            {_MEETS: _LONGER, _ANY: f"any({_LONGER} for begin, end in runs)"},
        ],
        "spans that have one month in common are not seen to meet": [
            {_MEETS: _STRICT},
            {_MEETS: _STRICT, _ANY: f"any({_STRICT} for begin, end in runs)"},
        ],
        "an event is found only if its first month has a flag": (_ANY, "flags[first]"),
        "an event is found only if all its months have a flag": (_ANY, f"all({_FLAGGED})"),
    },
    _SHARES: {
        "precision counts the events that are found, not the alarms that are right": (_PRECISION, "found / len(runs)"),
        "recall counts right alarms, not events": (_RECALL, "right / len(events)"),
        "an alarm for two events counts as two right ones": ("any(begin", "sum(begin"),
        "false alarms: every alarm beyond one for each event that is found": ("len(runs) - right", "len(runs) - found"),
        "all alarms in a decade, not the false ones": (_DECADE, "len(runs) / (len(flags) / 120)"),
        "the number of false alarms, not for each decade": (_DECADE, "false"),
        "false alarms in a year, not in a decade": (_DECADE, "false / (len(flags) / 12)"),
        "decades rounded to whole ones": [(_DECADE, "false / max(1, len(flags) // 120)"), (_DECADE, _UP)],
        "the share of the alarms that are false": (_DECADE, "false / len(runs)"),
    },
}
_NAMES = ("precision", "recall", "false_per_decade")
ALARMS = Exercise("11.8", "alarms", 1, _alarm_cases, _NAMES, slips(_ALARMS), bare=True, hints=_SHARES)

EXERCISES = (JUDGED, WINDOWS, LEAKS, LIMITS, AR, ROLLING, FAN, ALARMS)
