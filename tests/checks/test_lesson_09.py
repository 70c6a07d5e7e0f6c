"""Lesson 09: what the statements say of the programs that they print is true, and a wrong form is told in one line."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from course_lib.checks import find, study


def printed(exercise, tmp_path: Path):
    """The program that a statement prints, to be repaired."""
    (program,) = re.findall(r"```python\n(def .*?)```", find(exercise).solution.statement, re.DOTALL)
    path = tmp_path / "printed.py"
    path.write_text("import numpy as np\n" + program, encoding="utf-8")
    return runpy.run_path(str(path))[find(exercise).name]


def columns(*answers):
    """Answers in rows of text, "1 9 7 e" with e for the end 10 and . for the pad 11, as columns."""
    ids = {"e": 10, ".": 11}
    return np.array([[ids.get(one) or int(one) for one in answer.split()] for answer in answers]).T


@pytest.mark.parametrize(
    ("targets", "predicted", "returned", "right"),
    [
        (("1 9 7 e", "4 0 2 e"), ("1 9 8 e", "4 0 2 e"), 0.875, 0.5),
        (("1 9 7 e", "4 2 e ."), ("1 9 7 e", "4 2 e 2"), 0.875, 1),
        (("1 9 7 e", "4 2 e ."), ("1 9 7", "4 2 e"), 1, 0.5),
    ],
)
def test_the_three_batches_of_09_2(targets, predicted, returned, right, tmp_path):
    args = columns(*predicted), columns(*targets), 10
    assert printed("09.2", tmp_path)(*args) == returned
    assert find("09.2").reference(*args) == right


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_the_three_experiments_of_09_3(tmp_path):
    ones, values = np.ones((4, 1, 2)), np.zeros((4, 2, 3))
    cases = [
        ((ones[0], ones, values[:, :1], np.array([4])), [1] * 4, [0.25] * 4),
        ((np.ones((2, 2)), np.zeros((2, 2, 2)), values[:2], np.array([1, 1])), [0.5] * 4, [1, 1, 0, 0]),
        ((np.array([[1000.0]]), np.array([[[1.0]], [[0.0]]]), values[:2, :1], np.array([2])), [np.nan, 1], [1, 0]),
    ]
    for args, returned, right in cases:
        assert printed("09.3", tmp_path)(*args)[1].ravel().tolist() == pytest.approx(returned, nan_ok=True)
        assert find("09.3").reference(*args)[1].ravel().tolist() == pytest.approx(right)


def test_the_worked_examples_are_true():
    context, weights = find("09.4").reference(*(np.array(a) for a in ([[[0]]], [[[0]], [[1]]], [[1]], [[1]], [1])))
    assert weights.ravel().round(3).tolist() == [0.318, 0.682]
    assert context.round(3).tolist() == [[[0.682]]]
    table = {(3,): [0.55, 0.4, 0.05], (3, 0): [1 / 3] * 3, (3, 1): [0.05, 0.05, 0.9]}
    step = {prefix: np.log(row) for prefix, row in table.items()}
    search = find("09.7").reference
    assert search(lambda prefix: step[tuple(prefix)], 3, 2, 2, 2) == ([1, 2], pytest.approx(-1.02, abs=0.005))
    assert search(lambda prefix: step[tuple(prefix)], 3, 2, 1, 2)[1] == pytest.approx(np.log(0.55 / 3))


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("09.1", lambda answers, start, end, pad: np.zeros(4), "expected two arrays: inputs, targets"),
        ("09.6", {"A": "permuted"}, "unknown word 'permuted'"),
        ("09.8", lambda predict, sources, targets, rng: True, "expected 'nothing', 'length' or 'symbols'"),
    ],
)
def test_a_wrong_form_is_told_and_costs_no_hint(exercise, answer, words):
    verdict = study(exercise, answer)
    assert verdict.points == 0
    assert words in verdict.message
    assert verdict.hints == ()
