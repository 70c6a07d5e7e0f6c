"""Lesson 12: the worked examples and what the statements say are true, and a wrong form is told without a hint."""

import re
import runpy
from itertools import permutations

import numpy as np
import pytest

from course_lib.checks import find, study

TUNE = [[62, 2], [0, 1], [66, 1]]


def test_the_worked_examples_are_true():
    exact, moved = find("12.1").reference([60, 62, 64, 60, 62, 64, 62, 64, 66], 3)
    assert (exact, moved) == (1 / 7, 2 / 7)
    copies = find("12.2").reference(np.array(TUNE), 2, 60, 70)
    assert len(copies) == 7
    assert (copies[0][0].tolist(), copies[0][1]) == ([[60, 2], [0, 1], [64, 1]], 0)
    lengths = find("12.3").reference("(AB) c3/2 d/ | e>f (3gab z2", 0.5)
    assert np.allclose(lengths, [0.5, 0.5, 0.75, 0.25, 0.75, 0.25, 1 / 3, 1 / 3, 1 / 3, 1.0])
    places = find("12.4").reference([(1, 1), (3, 1), (1, 3), (1, 3), (1, 3), (2, 1), (1, 1)], 4, (1, 1))
    assert np.allclose(places, [3, 0, 3, 10 / 3, 11 / 3, 0, 2])
    train, test = [[60, 62, 64, 65, 67], [70, 69, 67, 69]], [[62, 64, 66, 67, 64], [50, 49, 47, 49, 51]]
    assert find("12.5").reference(train, test, 3) == (5 / 6, [(0, 0), (1, 1)])
    assert find("12.6").reference(lambda context: {1: 2, 2: 3, 3: 4, 4: 2}[context[0]], [1]) == (1, [3, 4, 2])
    share, expected, spread = find("12.7").reference([[60, 62, 64, 72], [67, 69, 67, 66, 62]], [0, 7])
    assert (share, round(expected, 9), round(spread, 9)) == (0.5, 0.45, 0.35)


def test_the_function_to_repair_gives_what_its_statement_says(tmp_path):
    (program,) = re.findall(r"```python\n(def .*?)```", find("12.2").solution.statement, re.DOTALL)
    path = tmp_path / "printed.py"
    path.write_text("import numpy as np\n" + program, encoding="utf-8")
    copies = runpy.run_path(str(path))["transposed"](np.array(TUNE), 2, 55, 76)
    alike = [[70, 2], [70, 1], [70, 1]]
    assert len(copies) == 12
    assert [(notes.tolist(), tonic) for notes, tonic in (copies[0], copies[-1])] == [(alike, -4), (alike, 7)]


def test_six_sixths_are_less_than_one():
    assert np.cumsum([1 / 6] * 6)[-1] == 0.9999999999999999


def test_luck_is_the_mean_over_all_orders():
    tunes, tonics = [[60, 62, 64, 72], [67, 69, 67]], [0, 7]
    shares = [
        np.mean([order[k][-1] % 12 == tonics[k] for k in (0, 1)])
        for order in ((a, b) for a in permutations(tunes[0]) for b in permutations(tunes[1]))
    ]
    _, expected, spread = find("12.7").reference(tunes, tonics)
    assert np.allclose([expected, spread], [np.mean(shares), np.std(shares)])


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("12.2", lambda notes, tonic, low, high: [notes], "expected a list of pairs (notes, tonic)"),
        ("12.2", lambda notes, tonic, low, high: [(notes[:, 0], tonic)], "expected numbers of the shape (T, 2)"),
        ("12.3", lambda text, unit: ["a"], "expected a list of numbers, one for each note"),
        ("12.5", lambda train, test, n: 0.5, "expected two results (share, pairs)"),
        ("12.5", lambda train, test, n: (0.5, [1, 2]), "expected a list of pairs (i, j)"),
        ("12.8", {"A": "held out"}, "expected a dict with the keys A, B, C, D, E, F"),
        ("12.8", dict.fromkeys("ABCDEF", "real"), "unknown heap 'real'"),
    ],
)
def test_a_wrong_form_is_told_and_costs_no_hint(exercise, answer, words):
    verdict = study(exercise, answer)
    assert verdict.points == 0
    assert words in verdict.message
    assert verdict.hints == ()
