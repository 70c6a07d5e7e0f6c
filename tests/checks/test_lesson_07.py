"""Lesson 07: what the statements say of their examples and files is true, and a wrong form is told without a hint."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from course_lib import building
from course_lib.checks import find, study

ROOT = Path(__file__).parents[2]


@cache
def file_of_the_notebook():
    """The names of the cell that writes a file like those of the check."""
    (cell,) = (
        c
        for c in building.read(ROOT / "solutions" / "07_training_tips.ipynb").cells
        if c.id == "code-a-file-like-those-of-the-check"
    )
    space = {"np": np}
    exec(cell.source, space)
    return space


def between(texts):
    """Words between noun and verb: all but the first two."""
    return {len(text) - 2 for text in texts}


def test_the_files_of_07_8_hold_nothing_short_and_the_notebook_writes_one_of_their_kind():
    own = file_of_the_notebook()
    files = [(own["xs"], own["ys"], own["xs_test"], own["ys_test"])]
    files += [(*case.args[:3], case.expected) for case in find("07.8").draw(3)]
    assert len(files) == 3
    for xs, ys, xs_test, ys_test in files:
        assert len(xs) == len(ys) == 800
        assert len(xs_test) == len(ys_test) == 300
        assert between(xs) == {26, 29, 32, 35, 38}
        assert between(xs_test) == {26, 29, 32, 35, 38, 62}
        assert sum(len(text) - 2 == 62 for text in xs_test) == 200
    the, other = (int(case.args[0][0][0]) for case in find("07.8").draw(3))
    assert the != other  # the first word of each sentence has another id


def test_a_rare_word_moves_as_far_as_adam_moves_it():
    step_size, g, n = 0.01, -0.3, 25
    m = v = moved = 0.0
    for update in range(1, 10_001):
        gradient = g if update % n == 0 else 0.0
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        moved += (update > 10_000 - n) * step_size * m / (v**0.5 + 1e-8)
    assert abs(moved) == pytest.approx(find("07.4").reference(step_size, g, n)[1], rel=0.02)


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("07.6", lambda sequences, labels, B, rng: [(np.zeros((3, 2)), np.zeros(2, int))], "ids must be whole numbers"),
        ("07.7", {"A": "pads in mean"}, "unknown cause 'pads in mean'"),
        ("07.8", lambda xs, ys, xs_test, seed: np.full(len(xs_test), 0.5), "expected 0 (was) or 1 (were)"),
    ],
)
def test_a_wrong_form_is_told_and_costs_no_hint(exercise, answer, words):
    verdict = study(exercise, answer)
    assert verdict.points == 0
    assert words in verdict.message
    assert verdict.hints == ()
