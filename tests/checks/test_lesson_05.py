"""What the statements of lesson 05 say: their examples, and the cells that they give."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from course_lib import building
from course_lib.checks import find
from course_lib.nn import cells
from course_lib.nn.gradients import numerical_gradient

ROOT = Path(__file__).parents[2]


@cache
def given():
    """The names that the cells of the notebook define which no learner writes."""
    space = {}
    for cell in building.read(ROOT / "solutions" / "05_lstm.ipynb").cells:
        if cell.id in ("code-import-numpy-as-np", "code-def-follow", "code-def-coupled-step", "code-def-faulty-unroll"):
            exec(cell.source, space)
    return space


def test_follow_shows_the_examples_of_the_two_cells_set_by_hand(capsys):
    def stored(words, columns, answer):
        follow = given()["follow"]
        capsys.readouterr()
        follow(words, columns, *find(answer).reference)
        return [float(line.split("   c ")[1].split()[0]) for line in capsys.readouterr().out.splitlines()]

    nouns = ["cat", "near", "cats", ".", "near", "cats"]
    assert stored(nouns, ["cats", "cat", "near", "."], "05.1") == [-1, -1, -1, 0, 0, 1]
    assert stored("aab#a.", "ab.#", "05.7") == [1, 2, 1, 0, 1, 1]


def test_the_step_back_with_coupled_gates_is_the_derivative_and_gives_the_example():
    back, step = find("05.2").reference, given()["coupled_step"]
    one = [np.array([[v]]) for v in (1.0, 0.5, 1.0, 2.0, 1.0, 2.0)]
    assert np.ravel(back(*one)).round(4).tolist() == [0.1197, 0.0112, 0.1844, 0.4297]
    dh_t, dc_t, *args = np.random.default_rng(0).normal(size=(6, 3, 4))

    def loss(k, value):
        h_t, c_t = step(*args[:k], value, *args[k + 1 :])
        return float((dh_t * h_t).sum() + (dc_t * c_t).sum())

    for k, found in enumerate(back(dh_t, dc_t, *args)):
        assert np.allclose(found, numerical_gradient(lambda value, k=k: loss(k, value), args[k]), atol=1e-8)


@pytest.mark.parametrize("bias", [-5.0, 5.0])
def test_in_the_faulty_loop_the_forget_bias_does_nothing_and_in_the_mended_one_it_does(bias):
    rng = np.random.default_rng(1)
    xs, zeros = rng.normal(size=(6, 1, 3)), np.zeros((1, 4))
    W_xh, W_hh = rng.normal(size=(16, 3)), rng.normal(size=(16, 4))

    def states(unroll, bias, n=6):
        return unroll(cells.lstm_step, xs[:n], zeros, zeros, W_xh, W_hh, np.repeat([0.0, bias, 0.0, 0.0], 4))[0]

    faulty, mended = given()["faulty_unroll"], find("05.3").reference
    assert np.array_equal(states(faulty, bias), states(faulty, 0.0))
    assert not np.allclose(states(mended, bias), states(mended, 0.0))
    assert np.array_equal(states(faulty, bias, 1), states(mended, bias, 1))


def test_peepholes_and_half_lives_give_the_numbers_of_the_statements():
    x_t, h_prev, c_prev, W_xh = ([[1.0]], [[0.5]], [[2.0]], [[1.0], [0.0], [2.0], [0.0]])
    unit = [*map(np.array, (x_t, h_prev, c_prev, W_xh, [[0.0], [1.0], [0.0], [0.0]], [0.0, 0.5, 0.0, 1.0]))]
    peephole = find("05.4").reference
    assert np.ravel(peephole(*unit, np.array([[0.5], [-0.5], [1.0]]))).round(4).tolist() == [0.8996, 1.8491]
    assert np.allclose(peephole(*unit, np.zeros((3, 1))), cells.lstm_step(*unit))
    assert cells.lstm_step(*unit)[1].round(4) == 2.1669
    assert find("05.6").reference(np.array([1, 10, 100])).round(3).tolist() == [0.0, 2.634, 4.968]
