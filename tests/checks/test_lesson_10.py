"""Lesson 10: the worked examples and the tables of the statements are true, and a wrong form is told without a hint."""

from itertools import groupby, product
from math import comb, prod

import numpy as np
import pytest

from course_lib.checks import find, study


def collapsed(path):
    return "".join(symbol for symbol, _ in groupby(path) if symbol != "-")


def test_the_worked_examples_are_true():
    assert find("10.1").reference([1, 1, 2, 1, 1, 3, 3, 1, 3], 1) == ([2, 3, 3], [2, 5, 8])
    needs, keep = find("10.2").reference([8, 2, 4, 12], ["cat", "see", "see", "bookkeeper"])
    assert (needs, keep) == ([3, 4, 4, 13], [True, False, True, False])
    assert find("10.6").reference(["one to", "sick"], ["one two", "six"]) == 0.3
    assert find("10.7").reference(2000, 8000, 200, 80, "three") == (23, 3, 45.0)
    pieces = [np.array([1, 2, 3]), np.array([4, 5, 6, 7, 8]), np.array([9])]
    assert find("10.8").reference(lambda x, h: (x.sum() + h, h + 1), pieces, 4, 2, 0) == [[], [10, 19, 28], []]


@pytest.mark.parametrize(
    ("path", "text", "begins"),
    [
        ("--s-iii-x--", "six", [2, 4, 8]),
        ("tt-wo-o", "two", [0, 3, 4]),
        ("h-e-lll-l-oo", "helo", [0, 2, 4, 10]),
        ("n-n-nn", "n", [0]),
    ],
)
def test_the_broken_decoder_says_what_the_statement_prints(path, text, begins):
    found, at = [], []
    for t, k in enumerate(path):
        if k != "-" and (found == [] or k != found[-1]):
            found.append(k)
            at.append(t)
    assert ("".join(found), at) == (text, begins)
    mended = "".join(find("10.1").reference(list(path), "-")[0])
    assert mended == collapsed(path)
    assert (mended == text) == (text == "six")


@pytest.mark.parametrize(
    ("label", "T", "printed", "listed"),
    [
        ("a", 1, 0, 1),
        ("a", 2, 1, 3),
        ("cat", 3, 0, 1),
        ("cat", 6, 28, 84),
        ("see", 3, 0, 0),
        ("see", 4, 1, 1),
        ("see", 6, 28, 28),
        ("aaa", 5, 7, 1),
    ],
)
def test_the_table_of_path_counts_is_true(label, T, printed, listed):
    task = find("10.3")
    broken = task.answer(next(item for item in task.slips if item.name == "nothing mended"))
    assert broken(label, T) == printed
    assert task.reference(label, T) == listed
    assert sum(collapsed(path) == label for path in product("-" + "".join(set(label)), repeat=T)) == listed
    U, repeats = len(label), sum(a == b for a, b in zip(label, label[1:], strict=False))
    assert comb(T + U - repeats, 2 * U) == listed


@pytest.mark.parametrize("label", [[1], [2], [2, 1], [1, 1], [2, 2, 1], [1, 2, 1]])
def test_the_sum_in_logarithms_is_the_sum_over_all_paths(label):
    p = np.random.default_rng(0).dirichlet(np.ones(3), 5)
    names = "".join("-ab"[k] for k in label)
    paths = [path for path in product(range(3), repeat=5) if collapsed("".join("-ab"[k] for k in path)) == names]
    total = sum(prod(p[t, k] for t, k in enumerate(path)) for path in paths)
    assert find("10.4").reference(np.log(p), label) == pytest.approx(np.log(total), abs=1e-12)


def test_the_worked_example_of_the_sum():
    log_probs, log_p = np.log([[0.6, 0.4], [0.6, 0.4]]), find("10.4").reference
    assert log_p(log_probs, [1]) == pytest.approx(-0.4463, abs=5e-5)
    assert log_p(log_probs, [1, 1]) == -np.inf


def test_three_frames_are_worth_what_the_answer_says():
    rows = [{"-": 0.1, "a": 0.4, "b": 0.5}, {"-": 0.4, "a": 0.3, "b": 0.3}, {"-": 0.1, "a": 0.1, "b": 0.8}]
    chances = {
        "".join(path): prod(row[k] for row, k in zip(rows, path, strict=True)) for path in product("-ab", repeat=3)
    }
    totals, right = {}, find("10.5").reference
    for path, p in chances.items():
        totals[collapsed(path)] = totals.get(collapsed(path), 0) + p
    path, text = max(chances, key=chances.get), max(totals, key=totals.get)
    assert (right["path"], right["path_text"], right["text"]) == (path, collapsed(path), text)
    assert (right["path_p"], right["text_p"]) == pytest.approx((chances[path], totals[text]))
    assert right["paths"] == sum(collapsed(other) == text for other in chances)


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("10.1", lambda path, blank: 3, "expected two lists (symbols, begins)"),
        ("10.5", {"path": "b-b"}, "expected a dict with the keys path, path_p"),
        ("10.5", dict.fromkeys(("path", "path_text", "text", "path_p", "text_p", "paths"), "b"), "three characters"),
        ("10.8", lambda step, pieces, window, hop, h0: [0.0], "one list for each of the"),
        ("10.8", lambda step, pieces, window, hop, h0: [0.0] * len(pieces), "a list of numbers for each piece"),
    ],
)
def test_a_wrong_form_is_told_and_costs_no_hint(exercise, answer, words):
    verdict = study(exercise, answer)
    assert verdict.points == 0
    assert words in verdict.message
    assert verdict.hints == ()
