"""Softmax and cross-entropy: loss and gradient against torch, and inputs that do not fit."""

import numpy as np
import pytest
import torch

from course_lib.nn import language_model as lm


@pytest.mark.parametrize("shape", [(7,), (7, 3)])
def test_cross_entropy_equals_torch(shape):
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(*shape, 5)), rng.integers(0, 5, shape)
    loss, dlogits = lm.cross_entropy(logits, targets)
    theirs = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(theirs.reshape(-1, 5), torch.tensor(targets).reshape(-1))
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(dlogits, theirs.grad, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(lm.softmax(logits), torch.softmax(theirs, -1).detach(), rtol=1e-12)


def test_huge_scores_do_not_overflow():
    np.testing.assert_allclose(lm.softmax(np.array([1000.0, 1001.0])), lm.softmax(np.array([0.0, 1.0])))


def test_targets_outside_the_alphabet_are_named():
    with pytest.raises(ValueError, match="targets: expected symbols 0 to 2, got 0 to 3"):
        lm.cross_entropy(np.zeros((4, 3)), np.array([0, 1, 2, 3]))
    with pytest.raises(ValueError, match=r"targets: expected \(4,\), got \(3,\)"):
        lm.cross_entropy(np.zeros((4, 3)), np.array([0, 1, 2]))
    with pytest.raises(ValueError, match="targets: expected an array of whole numbers, got float64"):
        lm.cross_entropy(np.zeros((4, 3)), np.zeros(4))
