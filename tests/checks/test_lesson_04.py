"""Lesson 04: the references against torch and by brute force, and what the statements say of their own examples."""

import nbformat
import numpy as np
import pytest
import torch

from course_lib.checks import lesson_04 as lesson
from course_lib.checks.solution import FOLDER


def cell(name):
    (path,) = FOLDER.glob("04_*.ipynb")
    return next(c.source for c in nbformat.read(path, as_version=4).cells if c.id == name)


def test_the_order_of_the_five_loops_is_that_of_their_powers():
    loops = {
        "A": (np.diag([0.9, 0.9]), 0.0),
        "B": (np.array([[0.0, -1.0], [1.0, 0.0]]), 0.0),
        "C": (np.diag([2.0, 2.0]), 0.9575),
        "D": (np.array([[0.0, 50.0], [0.0, 0.0]]), 0.0),
        "E": (np.full((2, 2), 0.6), 0.0),
    }
    statement = lesson.REACH.solution.statement
    shares = {}
    for name, (W_hh, state) in loops.items():
        row = f"| {name} | `{[[round(x, 1) if x % 1 else int(x) for x in line] for line in W_hh.tolist()]}` |"
        assert f"{row} {state:g} |" in statement
        assert abs(np.tanh(W_hh @ [state, state]) - state).max() < 1e-4  # the state stays where it is
        shares[name] = np.linalg.norm([1.0, 2.0] @ np.linalg.matrix_power((1 - state**2) * W_hh, 17))
    assert "".join(sorted(shares, key=shares.get, reverse=True)) == lesson.REACH.reference


def test_the_suspect_product_passes_its_authors_tests_and_has_the_two_faults(capsys):
    space = {"np": np}
    exec(cell("code-def-suspect-product"), space)
    assert capsys.readouterr().out.splitlines()[0].startswith("one unit, lag 2: [[1.08]]")
    suspect, right = space["suspect_product"], lesson.PRODUCT.reference
    agree = {}
    for case in lesson.PRODUCT.draw(0):
        hs, W_hh, k = case.args
        agree.setdefault((k, case.label == "equal states"), np.allclose(suspect(hs, W_hh, k), right(hs, W_hh, k)))
    assert agree == {(k, False): k == 1 for k in (3, 5, 2, 0, 1)} | {(3, True): True}


@pytest.mark.parametrize("case", lesson._product_cases(np.random.default_rng(5)), ids=lambda c: c.label)
def test_the_product_of_jacobians_is_that_of_torch(case):
    hs, W_hh, k = case.args
    T = len(hs) - 1
    offsets = [torch.tensor(np.arctanh(hs[t]) - W_hh @ hs[t - 1]) for t in range(T - k + 1, T + 1)]

    def last(h):
        for a in offsets:
            h = torch.tanh(torch.tensor(W_hh) @ h + a)
        return h

    theirs = torch.autograd.functional.jacobian(last, torch.tensor(hs[T - k])).numpy()
    np.testing.assert_allclose(lesson.PRODUCT.reference(hs, W_hh, k), theirs, atol=1e-12)


@pytest.mark.parametrize("case", lesson._by_lag_cases(np.random.default_rng(5)), ids=lambda c: c.label)
def test_gradient_by_lag_is_what_autograd_finds(case):
    xs, h0, W_xh, W_hh, b_h, leak, dh_T = case.args
    W_xh, W_hh, b_h = (torch.tensor(a) for a in (W_xh, W_hh, b_h))
    hs = [torch.tensor(h0, requires_grad=True)]
    for x_t in torch.tensor(xs):
        hs.append((1 - leak) * hs[-1] + leak * torch.tanh(x_t @ W_xh.T + hs[-1] @ W_hh.T + b_h))
        hs[-1].retain_grad()
    hs[-1].backward(torch.tensor(dh_T))
    theirs = [np.linalg.norm(h.grad.numpy()) for h in reversed(hs)]
    np.testing.assert_allclose(lesson.BY_LAG.reference(*case.args), theirs, atol=1e-12)


def test_the_limits_are_judged_on_the_norms_that_the_notebook_draws():
    space = {}
    exec(cell("code-norms-of-three-runs").split("\n\n")[0], space)
    for name, norms in lesson.RUNS.items():
        np.testing.assert_allclose(space[f"run_{name.lower()}"], norms)


@pytest.mark.parametrize(
    ("run", "limit", "effect"),
    [
        ("A", 0.46, "more than a quarter is shortened"),
        ("A", 0.47, "long gradients only"),
        ("A", 3.35, "long gradients only"),
        ("A", 3.36, "more than ten times the median passes"),
        ("B", 32 * 0.47, "long gradients only"),
        ("B", 32 * 3.35, "long gradients only"),
        ("B", 5, "more than a quarter is shortened"),
        ("C", None, "no limit"),
    ],
)
def test_a_limit_is_good_from_the_longest_quarter_to_ten_times_the_median(run, limit, effect):
    assert lesson._effect(run, limit) == effect


def test_powers_are_those_of_the_matrix():
    A = np.array([[0.7, 8.0], [0.0, 0.7]])
    norms = [np.linalg.norm(np.linalg.matrix_power(A, k), 2) for k in range(1, 60)]
    below = next(k for k in range(1, 60) if max(norms[k - 1 :]) < 1)
    assert lesson.POWERS.reference == {"largest at": int(np.argmax(norms)) + 1, "below 1 from": below}
