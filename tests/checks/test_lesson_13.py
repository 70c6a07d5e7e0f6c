"""Lesson 13: the worked examples and the floors of the statements are true, and a wrong form is told without a hint."""

from itertools import product

import numpy as np
import pytest

from course_lib.checks import find, study


def test_the_worked_examples_are_true():
    xs, lengths = np.array([[1.0, 2], [3, 4], [0, 6]])[:, :, None], np.array([2, 3])
    hs = find("13.1").reference(lambda x, h: h / 2 + x + 1, lambda x, h: h / 2 + x - 1, xs, lengths, 1)
    assert hs.transpose(1, 0, 2).tolist() == [[[2, 1], [5, 2], [0, 0]], [[3, 3.75], [6.5, 5.5], [10.25, 5]]]
    assert find("13.2").reference(hs, lengths).tolist() == [[5, 1], [10.25, 3.75]]
    assert find("13.3").reference(["ahead", 2], 5, 20) == (0, 7)
    sign = lambda xs: np.sign(xs[::-1, 0].cumsum()[::-1])  # noqa: E731
    assert find("13.4").reference(sign, np.array([[1], [-2], [3]])).tolist() == [2, 1, 0]
    assert [find("13.6").reference(*sizes) for sizes in ((8, 32, 5), (8, 1000, 5), (1000, 8, 5))] == [21, 705, 4]
    words = [text.split() for text in ("not good", "good not", "not not good", "good not")]
    assert find("13.7").reference(words, [0, 1, 1, 0]) == (0.75, 0.75)
    inputs, targets = find("13.8").reference(np.array([5.0, 6, 7])[:, None, None], np.array([[1], [0], [2]]), 2)
    assert inputs.ravel().tolist() == [5, 6, 7, 0, 0]
    assert targets.ravel().tolist() == [-1, -1, 1, 0, 2]


@pytest.mark.parametrize("order", [["ahead", "back"], ["back", "ahead"], [2, "ahead", 3]])
def test_an_output_sees_what_its_layers_read(order):
    """Each input of a stack is changed, and the output that moves has seen it."""
    T, t = 12, 4

    def read(xs, layer):
        if isinstance(layer, int):
            return np.array([xs[s : s + layer + 1].sum() for s in range(T)])
        return xs.cumsum() if layer == "ahead" else xs[::-1].cumsum()[::-1]

    moved = []
    for k in range(T):
        xs = np.eye(T)[k]
        for layer in order:
            xs = read(xs, layer)
        if xs[t]:
            moved.append(k)
    assert find("13.3").reference(order, t, T) == (moved[0], moved[-1])


def test_the_floors_are_the_entropies_of_the_sources():
    def bits(joint):
        """What a best reader pays for the last item of each key when it knows the others."""
        known = {}
        for key, p in joint.items():
            known[key[:-1]] = known.get(key[:-1], 0) + p
        return -sum(p * np.log2(p / known[key[:-1]]) for key, p in joint.items() if p)

    coin = {(a, c, b): 0.5 * (0.1, 0.9)[a == b] * (0.1, 0.9)[b == c] for a, b, c in product((0, 1), repeat=3)}
    higher = {}
    for a, b in product(range(16), repeat=2):
        higher[a, b > a] = higher.get((a, b > a), 0) + 1 / 256
    floors = find("13.5").reference
    assert floors["B"] == round(bits({(a, b): 0.5 * (0.1, 0.9)[a == b] for a, b in product((0, 1), repeat=2)}), 2)
    assert floors["C"] == round(bits(coin), 2)
    assert floors["F"] == round(bits(higher), 2)
    reported = {"A": 2.81 / np.log(2), "B": 0.40, "C": 0.30, "D": 2.10, "E": 0.01, "F": 0.55}
    assert floors["impossible"] == [letter for letter in reported if reported[letter] < floors[letter]]


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("13.1", lambda ahead, back, xs, lengths, H: xs[0], "expected numbers of shape (T, B, 2 H)"),
        ("13.5", {"A": 4.0}, 'expected a dict with the keys "A" to "F"'),
        ("13.5", dict.fromkeys("ABCDEF", 1.0) | {"impossible": "X"}, "expected a list of two letters"),
        ("13.5", dict.fromkeys("ABCDEF", "four") | {"impossible": "AB"}, "expected a number of bits"),
    ],
)
def test_a_wrong_form_is_told_and_costs_no_hint(exercise, answer, words):
    verdict = study(exercise, answer)
    assert verdict.points == 0
    assert words in verdict.message
    assert verdict.hints == ()
