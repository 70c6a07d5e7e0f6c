"""The NumPy language model: its loss and every gradient against torch, its floor, its rivals."""

import numpy as np
import pytest
import torch

from course_lib.data import EVEN_ENTROPY, even_process
from course_lib.nn import language_model as lm


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("memory", [True, False])
def test_loss_and_gradients_equal_autograd(memory):
    weights = lm.init_weights(V=5, H=4, rng=rng())
    ids = rng().integers(0, 5, (7, 3))
    h0 = rng().normal(size=(3, 4)) if memory else None
    loss, grads, _ = lm.loss_and_gradients(weights, ids[:-1], ids[1:], h0, memory)
    w = [torch.tensor(a, requires_grad=True) for a in weights]
    h = torch.tensor(h0) if memory else torch.zeros(3, 4, dtype=torch.float64)
    ys = []
    for x in torch.eye(5, dtype=torch.float64)[torch.tensor(ids[:-1])]:
        h_t = torch.tanh(x @ w[0].T + (h @ w[1].T if memory else 0) + w[2])
        h = h_t
        ys.append(h_t @ w[3].T + w[4])
    judge = torch.nn.functional.cross_entropy(torch.cat(ys), torch.tensor(ids[1:]).reshape(-1))
    judge.backward()
    assert loss == pytest.approx(judge.item(), rel=1e-12)
    for ours, theirs in zip(grads, w):
        np.testing.assert_allclose(ours, 0 * ours if theirs.grad is None else theirs.grad, rtol=1e-10, atol=1e-14)


def test_targets_outside_the_alphabet_are_named():
    with pytest.raises(ValueError, match="targets: expected symbols 0 to 2, got 0 to 3"):
        lm.cross_entropy(np.zeros((4, 3)), np.array([0, 1, 2, 3]))
    with pytest.raises(ValueError, match=r"targets: expected \(4,\), got \(3,\)"):
        lm.cross_entropy(np.zeros((4, 3)), np.array([0, 1, 2]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: lm.logits_of(w, np.array([[-1]])), "ids: expected symbols 0 to 4, got -1 to -1"),
        (lambda w: lm.logits_of(w, np.array([[5]])), "ids: expected symbols 0 to 4, got 5 to 5"),
        (lambda w: lm.logits_of(w, [[1]]), "ids: expected an array of whole numbers, got list"),
        (lambda w: lm.logits_of(w, np.ones((3, 1))), "ids: expected an array of whole numbers, got float64"),
        (lambda w: lm.logits_of(w, np.array([1, 2])), r"ids: expected \(T, B\), got \(2,\)"),
        (lambda w: lm.sample(w, [], 3, rng()), "ids: expected an array of whole numbers, got float64"),
        (lambda w: lm.sample(w, [1], 3, rng(), -1.0), "temperature: expected a number >= 0, got -1.0"),
        (lambda w: lm.count_table_bits([0, 1], [0, 1], 2, order=2), "order: expected 0 or more, below the length"),
        (lambda w: lm.init_weights(5, 0, rng()), "H: expected a whole number >= 1, got 0"),
    ],
)
def test_bad_input_gives_one_clear_line(call, message):
    with pytest.raises(ValueError, match=message):
        call(lm.init_weights(5, 4, rng()))


def test_adam_equals_torch():
    weights = lm.init_weights(3, 2, rng())
    w = [torch.tensor(a, requires_grad=True) for a in weights]
    judge = torch.optim.Adam(w, lr=0.02, betas=(0.9, 0.99))
    update = lm.adam(0.02)
    for k in range(3):
        grads = lm.Weights(*(np.sin(k + a) for a in weights))
        for t, g in zip(w, grads):
            t.grad = torch.tensor(g)
        judge.step()
        weights = update(weights, grads)
    for ours, theirs in zip(weights, w):
        np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-6)


def test_without_memory_hello_costs_half_of_ln_2():
    ids = np.array([[0], [1], [2], [2], [3]])  # h e l l o
    _, losses = lm.train(lm.init_weights(4, 3, rng()), [(ids[:-1], ids[1:])] * 400, lr=0.05, memory=False)
    assert losses[-1] == pytest.approx(np.log(2) / 2, abs=2e-3)
    assert min(losses) >= np.log(2) / 2 - 1e-12


def test_tables_of_the_even_process_stay_above_its_entropy():
    ids = even_process(rng(), 20_000)[:, 0]
    bits = [lm.count_table_bits(ids[:15_000], ids[15_000:], 2, order) for order in (0, 2, 8)]
    assert bits[0] > bits[1] > bits[2] > EVEN_ENTROPY - 0.03


def test_samples_repeat_with_their_seed_and_freeze_with_temperature_0():
    weights = lm.init_weights(6, 8, rng())
    draw = [lm.sample(weights, [1, 2], 20, np.random.default_rng(3)) for _ in range(2)]
    assert draw[0] == draw[1]
    cold = [lm.sample(weights, [1, 2], 20, np.random.default_rng(s), temperature=0) for s in (1, 2)]
    assert cold[0] == cold[1]
