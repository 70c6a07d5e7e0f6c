"""Lesson 11: the worked examples and the limits of the statements are true, and a wrong form is told without a hint."""

import numpy as np
import pytest

from course_lib.checks import find, study


def test_the_worked_examples_are_true():
    actual, start = np.array([1.0, 3, 2, 4, 5, 7]), np.array([np.nan, 3, np.nan, 4, 4, 6])
    skills, verdict = find("11.1").reference(actual, start[None], 2)
    assert (skills[0].round(3), verdict) == (0.895, "better")
    inputs, targets = find("11.2").reference(np.arange(9), 3, 2)
    assert inputs[:, :, 0].T.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6]]
    assert targets.tolist() == [4, 5, 6, 7, 8]
    series = np.array([1.0, 3, 2, 6, 4, 5])
    assert find("11.3").reference(lambda series, n: series[: n + 1] / series.max(), series, 4) == [4, 5]
    assert find("11.5").reference(np.array([1.0, 3, 7, 15]), 1, 3).round(9).tolist() == [31, 63, 127]
    fit = lambda past: lambda known, h: past.mean() + known[-1]  # noqa: E731
    assert find("11.6").reference(fit, series[:5], 2, 1, 2).tolist() == [-3, 2, -5]
    column = np.array([3.0, -1, -5, 2])[:, None], np.array([2.0, -3, 4, -6, 0])[:, None]
    widths, inside, whole = find("11.7").reference(*column, 70)
    assert (widths.tolist(), inside.tolist(), whole) == ([3], [0.6], 0.6)
    flags = np.isin(np.arange(24), [0, 1, 5, 6, 9, 15, 23])
    precision, recall, false = find("11.8").reference(flags, [(6, 10), (12, 13), (23, 23)])
    assert (precision, round(recall, 3), false) == (0.6, 0.667, 10)


def test_the_function_that_is_to_be_mended_prints_what_the_statement_shows():
    series, W, h = np.arange(9), 3, 2
    starts = range(len(series) - W - h)
    inputs = np.array([series[s : s + W] for s in starts]).reshape(W, -1, 1)
    assert inputs[:, :, 0].T.tolist() == [[0, 2, 4], [1, 3, 3], [2, 2, 4], [1, 3, 5]]
    assert [series[s + W - 1] for s in starts] == [2, 3, 4, 5]


def test_the_limits_are_those_of_the_equations_and_of_a_long_series():
    limits, a = find("11.4").reference, 0.9
    variance = 1 / (1 - a**2)

    def skill(h):
        return 1 - variance * (1 - a ** (2 * h)) / (2 * variance * (1 - a**h))

    assert limits["variance"] == round(variance, 3)
    assert limits["persistence"] == round(2 * variance * (1 - a), 3)
    assert limits["R2"] == round(1 - 2 * (1 - a), 3)
    assert (limits["skill"], limits["skill_2"]) == (round(skill(1), 3), round(skill(2), 3))
    assert limits["skill_far"] == round(skill(1000), 3)
    assert limits["ahead"] == round(10 * a**3, 3)
    x = np.zeros(200_000)
    noise = np.random.default_rng(0).normal(size=len(x))
    for t in range(1, len(x)):
        x[t] = a * x[t - 1] + noise[t]
    for h, asked in ((1, limits["skill"]), (2, limits["skill_2"]), (100, limits["skill_far"])):
        measured = 1 - np.mean((x[h:] - a**h * x[:-h]) ** 2) / np.mean((x[h:] - x[:-h]) ** 2)
        assert abs(measured - asked) < 0.02


def test_the_third_series_of_the_worked_example():
    variance = 1 / (1 - 0.5**2)
    assert round(variance, 3) == 1.333
    assert np.isclose(1 + 0.25 * variance, variance)
    assert np.isclose(1 - 1 / variance, 0.25)


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("11.3", lambda prepare, series, n: True, "expected a list of whole numbers"),
        ("11.3", lambda prepare, series, n: [99], "expected whole numbers from"),
        ("11.3", lambda prepare, series, n: [n + 0.5], "expected whole numbers from"),
        ("11.4", {"variance": 5.263}, "expected a dict with the keys variance, persistence"),
        ("11.4", dict.fromkeys(find("11.4").reference, "none"), "expected one number for each key"),
        ("11.7", lambda calibration, test, percent: 0, "expected 3 results (widths, inside, whole)"),
    ],
)
def test_a_wrong_form_is_told_and_costs_no_hint(exercise, answer, words):
    verdict = study(exercise, answer)
    assert verdict.points == 0
    assert words in verdict.message
    assert verdict.hints == ()
