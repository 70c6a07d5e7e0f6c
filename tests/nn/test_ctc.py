"""CTC: the sum over paths equals brute force, PyTorch and finite differences; the length rule and both searches."""

from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.nn import ctc

LABELS = ([], [1], [1, 2], [2, 2], [1, 1, 1], [3, 1, 1, 2], [1, 2, 1])


def drawn(T, V=4):
    """Log-probabilities (T, V), the same for the same T and V."""
    logits = np.random.default_rng(100 * T + V).normal(0, 1.5, (T, V))
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("path", "text"), [("", ""), ("---", ""), ("aa-a", "aa"), ("-a-", "a"), ("aab-b", "abb"), ("a-a-a", "aaa")]
)
def test_equal_neighbours_are_merged_before_the_blanks_go(path, text):
    assert "".join(ctc.collapse(path, "-")) == text


@pytest.mark.parametrize("label", ["", "a", "aa", "aaa", "ab", "aabb", "hello"])
def test_paths_are_counted_and_the_shortest_has_one(label):
    need = ctc.shortest(label)
    for T in range(max(need - 1, 0), min(need + 3, 7)):
        listed = ctc.paths(label, T, "-")
        assert len(set(listed)) == len(listed) == ctc.count(label, T)
        assert ctc.fits(label, T) == bool(listed)
    assert ctc.count(label, need) == 1


def test_a_rule_of_twice_the_repeats_less_one_asks_too_much():
    assert [ctc.shortest(label) for label in ("aabb", "aaa")] == [6, 5]  # 7 and 6 by that rule
    assert F.ctc_loss(torch.tensor(drawn(6))[:, None], torch.tensor([[1, 1, 2, 2]]), [6], [4]).isfinite()


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("T", [1, 3, 6])
def test_the_forward_sum_is_that_of_all_paths(label, T):
    log_probs = drawn(T)
    every = [sum(row[k] for row, k in zip(log_probs, path)) for path in ctc.paths(label, T)]
    expected = np.logaddexp.reduce(every) if every else -np.inf
    assert np.isclose(ctc.log_probability(log_probs, label), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("label", [label for label in LABELS if label])
@pytest.mark.parametrize("T", [6, 40])
@pytest.mark.parametrize("blank", [0, 3])
def test_loss_and_gradient_are_torchs_and_those_of_finite_differences(label, T, blank):
    label = [k - 1 for k in label] if blank == 3 else label
    logits = np.random.default_rng(T).normal(0, 2, (T, 4))
    loss, gradient = ctc.loss_and_gradient(logits, label, blank)

    theirs = torch.tensor(logits, requires_grad=True)
    log_probs = theirs.log_softmax(1)[:, None]
    F.ctc_loss(log_probs, torch.tensor([label]), [T], [len(label)], blank, reduction="sum").backward()
    expected = F.ctc_loss(log_probs, torch.tensor([label]), [T], [len(label)], blank, reduction="sum").item()
    assert abs(loss - expected) < 1e-10
    assert np.abs(gradient - theirs.grad.numpy()).max() < 1e-10

    for t, k in ((0, blank), (T // 2, label[0]), (T - 1, label[-1])):
        up, down = logits.copy(), logits.copy()
        up[t, k] += 1e-5
        down[t, k] -= 1e-5
        slope = (ctc.loss_and_gradient(up, label, blank)[0] - ctc.loss_and_gradient(down, label, blank)[0]) / 2e-5
        assert slope == pytest.approx(gradient[t, k], abs=1e-8)


def test_alpha_and_beta_meet_in_every_frame_and_shares_sum_to_one():
    log_probs, label = drawn(9), [3, 1, 1, 2]
    both = np.logaddexp.reduce(ctc.forward_log(log_probs, label) + ctc.backward_log(log_probs, label), axis=1)
    assert np.allclose(both, ctc.log_probability(log_probs, label), rtol=0, atol=1e-12)
    assert np.allclose(ctc.occupancy(log_probs, label).sum(1), 1)


def test_a_thousand_frames_do_not_drown():
    assert np.isfinite(ctc.log_probability(drawn(1000), [1, 2, 3] * 20))


def test_a_label_that_does_not_fit_is_infinite_and_told_in_one_line():
    hello = [3, 2, 1, 1, 2]
    assert ctc.log_probability(drawn(5), hello) == -np.inf
    with pytest.raises(ValueError, match="expected at least 6 frames for 5 letters and 1 repeat, got 5") as told:
        ctc.loss_and_gradient(drawn(5), hello)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("log_probs", "label", "told"),
    [
        (np.zeros(3), [1], r"log_probs: expected \(T, V\) with T >= 1, got \(3,\)"),
        (np.zeros((0, 3)), [], r"got \(0, 3\)"),
        (np.zeros((2, 3)), [0], "without the blank 0"),
        (np.zeros((2, 3)), [3], "ids 0 to 2"),
        (np.array([[0, -np.inf]]), [1], "probability 0 for all"),
    ],
)
def test_what_does_not_fit_is_told(log_probs, label, told):
    with pytest.raises(ValueError, match=told):
        ctc.occupancy(log_probs, label)


def test_the_best_path_need_not_have_the_best_text():
    two = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert ctc.best_path(two) == []
    assert ctc.prefix_beam(two)[0] == ((1,), pytest.approx(np.log(0.64)))


@pytest.mark.parametrize("T", [1, 4, 5])
def test_a_wide_beam_finds_every_text_with_its_probability(T):
    log_probs = drawn(T, V=3)
    totals = {}
    for path in product(range(3), repeat=T):
        text = tuple(ctc.collapse(path))
        totals[text] = np.logaddexp(totals.get(text, -np.inf), sum(row[k] for row, k in zip(log_probs, path)))
    found = dict(ctc.prefix_beam(log_probs, width=10**6))
    assert {text: p for text, p in found.items() if p > -np.inf}.keys() == totals.keys()
    assert all(found[text] == pytest.approx(p, abs=1e-12) for text, p in totals.items())
    assert next(iter(found)) == max(totals, key=totals.get)


def test_a_beam_needs_a_width():
    with pytest.raises(ValueError, match="width: expected at least 1, got 0"):
        ctc.prefix_beam(drawn(2), width=0)
