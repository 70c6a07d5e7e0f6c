"""Lesson 02: the references against autograd and enumeration, and the numbers of the statements."""

import numpy as np
import pytest
import torch

from course_lib.checks import find, lesson_02


@pytest.mark.parametrize("case", lesson_02._weighted_cases(np.random.default_rng(5)), ids=lambda c: c.label)
def test_the_weighted_gradient_is_what_autograd_finds(case):
    logits, targets, weights = (torch.tensor(a) for a in case.args)
    logits.requires_grad = True
    each = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    loss = (weights * each).sum() / weights.sum()
    loss.backward()
    ours, dlogits = lesson_02.WEIGHTED.reference(*case.args)
    assert ours == pytest.approx(loss.item(), rel=1e-12)
    assert np.abs(dlogits - logits.grad.numpy()).max() < 1e-12


@pytest.mark.parametrize("case", lesson_02._floor_cases(np.random.default_rng(5)), ids=lambda c: c.label)
def test_the_floor_is_the_mean_over_all_sentences(case):
    nouns, aside, very = case.args
    bits = words = 0.0
    for a, p_a in ((0, 1 - aside), (1, aside)):
        for k in range(400):
            p = p_a * very**k * (1 - very)
            if p > 0:  # the probability of all sentences of this form: nouns, acts and moods are drawn besides
                bits += p * (np.log2(nouns) + 2 * a + 2 - np.log2(p))
                words += p * (5 + 2 * a + k)
    assert lesson_02.FLOOR.reference(nouns, aside, very) == pytest.approx(bits / words, rel=1e-6)


def test_the_worked_examples_hold():
    logits = np.array([[0, np.log(3)], [0, 0]])
    loss, dlogits = lesson_02.WEIGHTED.reference(logits, np.array([0, 1]), np.array([5, 1]))
    assert loss == pytest.approx(1.2708, abs=5e-5)
    assert dlogits.ravel().tolist() == pytest.approx([-0.625, 0.625, 0.0833, -0.0833], abs=5e-5)
    floor, heat = lesson_02.FLOOR.reference, lesson_02.HEAT.reference
    assert [floor(8, 0.5, 0.5), floor(8, 0.25, 0.5)] == pytest.approx([1.2857, 1.2787], abs=5e-5)
    sure = np.array([[[9.0, 0]], [[0, 9]]])
    losses = [find("02.3").reference(sure, np.array(ids)[:, None]) for ids in ([0, 0, 1], [0, 1, 0])]
    assert losses == pytest.approx([0.0001, 9.0001], abs=5e-5)
    assert [heat(logits[0], 0.8113), heat(np.array([0.0, 1]), 0.5)] == pytest.approx([1, 0.478], abs=5e-4)

    def step(word, h_prev, params):
        return np.log([0.2, 0.5, 0.3]), h_prev

    assert lesson_02.FINISH.reference(step, [1], np.zeros(1), [0.6, 0.71, 0.1, 0.9], {}) == [1, 2, 0]
    assert lesson_02.PERPLEXITY.reference(np.log([2.0, 8]), np.array([3, 1])) == pytest.approx(2.8284, abs=5e-5)


def test_the_function_that_is_too_good_gives_the_numbers_of_its_table():
    hers = next(s for s in lesson_02.SEQUENCE_LOSS.slips if s.name == "her function as it was")
    too_good = lesson_02.SEQUENCE_LOSS.answer(hers)
    assert too_good(np.zeros((4, 1, 30)), np.zeros((5, 1), int)) == pytest.approx(2.7210, abs=5e-5)
    two = np.log([[[0.9, 0.1], [0.9, 0.1]]])  # one step of two texts
    assert 2 * too_good(two, np.array([[0, 1], [0, 0]])) == pytest.approx(0.6931, abs=5e-5)
    copies = 9 * np.eye(4)[[[0], [1], [2], [3]]]
    assert too_good(copies, np.arange(5)[:, None]) == pytest.approx(0.0003, abs=5e-5)
