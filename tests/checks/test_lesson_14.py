"""Lesson 14: worked examples and reported numbers are true, and a wrong form is told without a hint."""

import math

import numpy as np
import pytest

from course_lib.checks import find, study
from course_lib.nn.linear_recurrence import depth, loop
from course_lib.nn.transformer import Transformer, causal_attention, state_bytes


def columns(*numbers):
    return np.array(numbers, float)[:, None]


def test_the_worked_examples_are_true():
    word, keys, values = np.ones(1), columns(np.log(3), 0), columns(10, 0)
    c_t, cache = find("14.1").reference(word, (keys, values), columns(1), columns(0), columns(5))
    assert np.allclose(c_t, [7])
    assert np.allclose(cache, [columns(np.log(3), 0, 0), columns(10, 0, 5)])
    look, v = find("14.2").reference, columns(0, 2, 4)
    assert np.allclose(look(np.zeros((3, 1)), np.zeros((3, 1)), v), columns(0, 1, 2))
    assert np.allclose(look(np.zeros((2, 1)), np.zeros((3, 1)), v), columns(1, 2))
    assert [find("14.3").reference(*sizes) for sizes in ((1, 64, 64, 1), (2, 32, 512, 1))] == [2, 9]
    left = (columns(2), columns(1 + np.exp(-2)), np.array([[1, np.exp(-2)]]))
    m, below, above = find("14.4").reference(left, (columns(1), columns(1), np.ones((1, 2))))
    assert [m.item(), round(below.item(), 3), *above.round(3)[0]] == [2, 1.503, 1.368, 0.503]
    assert (above / below).round(2).tolist() == [[0.91, 0.33]]
    rounds = find("14.5").reference(columns(0.5, 0.5, 0.5, 1), columns(1, 1, 7, 1))
    assert rounds[..., 0].tolist() == [[1, 1, 7, 1], [1, 1.5, 7.5, 8], [1, 1.5, 7.75, 8.75]]
    assert find("14.6").reference("sum", 2.5, 4) == (1, 2.5)
    ours, theirs = np.array([[3, 1, 5, 9], [4, 8, 5, 9]]), np.array([[2, 2, 4, 6]])
    assert find("14.8").reference(np.array([1, 4, 16, 64]), ours, theirs) == 16


def test_words_pieces_and_merged_halves_give_what_the_package_gives():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, 6, 4))
    whole = causal_attention(*map(torch.from_numpy, (q, k, v))).numpy()
    assert np.allclose(find("14.2").reference(q[2:], k, v), whole[2:])
    cache, one_more = (np.zeros((0, 4)), np.zeros((0, 4))), find("14.1").reference
    for t in range(6):
        W = [np.outer(row[t], q[t]) / (q[t] @ q[t]) for row in (q, k, v)]  # W x = the row
        c_t, cache = one_more(q[t], cache, *W)
        assert np.allclose(c_t, whole[t])
    e = q[-1:] @ k.T / 2
    triples = [(e[:, j : j + 1], np.ones((1, 1)), v[j : j + 1]) for j in range(6)]
    merge = find("14.4").reference
    a, b = merge(triples[0], triples[1]), merge(triples[2], merge(triples[3], triples[4]))
    _, below, above = merge(merge(a, b), triples[5])
    assert np.allclose(above / below, whole[-1])


@pytest.mark.parametrize("start", range(6))
@pytest.mark.parametrize(
    "power",
    [
        lambda e: np.exp(e - np.abs(e).max()),
        lambda e: np.exp(e - e.mean()),
        lambda e: np.exp(e - e[:-1].max(initial=0)),
        lambda e: np.exp(e - e[0]),
        lambda e: np.exp(np.clip(e, -500, 500)),
    ],
    ids=["absolute", "mean", "old", "first", "clipped"],
)
def test_nothing_but_the_largest_score_is_safe_to_subtract(power, start):
    def one_more(x_t, cache, W_q, W_k, W_v):
        keys, values = np.vstack([cache[0], W_k @ x_t]), np.vstack([cache[1], W_v @ x_t])
        alpha_t = power(keys @ W_q @ x_t / np.sqrt(len(W_q)))
        return alpha_t @ values / alpha_t.sum(), (keys, values)

    def look(q, k, v):
        rows = []
        for t, q_t in enumerate(q):
            n = len(k) - len(q) + t + 1
            alpha_t = power(k[:n] @ q_t / np.sqrt(len(q_t)))
            rows.append(alpha_t @ v[:n] / alpha_t.sum())
        return np.array(rows)

    assert study("14.1", one_more, start).points == 0
    assert study("14.2", look, start).points == 0


@pytest.mark.parametrize("T", [1, 2, 3, 8, 13])
def test_the_last_round_holds_the_states_of_the_loop(T):
    a, b = np.random.default_rng(T).uniform(-1, 1, (2, T, 3))
    rounds = find("14.5").reference(a, b)
    assert len(rounds) == math.ceil(math.log2(T)) + 1
    assert np.allclose(rounds[-1], loop(a, b))


def test_each_task_is_a_line_or_is_none():
    def sigmoid(x):
        return 1 / (1 + math.exp(-x))

    tasks = {
        "sum": lambda h, x, t: h + x,
        "last": lambda h, x, t: x,
        "mean": lambda h, x, t: (h * (t - 1) + x) / t,
        "largest": lambda h, x, t: max(h, x),
        "odd": lambda h, x, t: (h + x) % 2,
        "thirds": lambda h, x, t: (h + x) % 3,
        "since": lambda h, x, t: 0 if x == 1 else h + 1,
        "gate": lambda h, x, t: sigmoid(x) * h + (1 - sigmoid(x)) * x,
        "own gate": lambda h, x, t: sigmoid(h) * h + (1 - sigmoid(h)) * x,
        "tanh": lambda h, x, t: math.tanh(h + x),
    }
    bits, states = ("odd", "thirds", "since"), {"odd": (0, 1), "thirds": (0, 1, 2), "since": (0, 1, 2)}
    for task, step in tasks.items():
        for x in (0, 1) if task in bits else (-0.7, 1.2):
            answer = find("14.6").reference(task, x, 5)
            olds = states.get(task, (0.1, 0.9, 2.5))
            news = [step(h, x, 5) for h in olds]
            if answer != "no line":
                assert np.allclose([answer[0] * h + answer[1] for h in olds], news), task
            elif x not in (0, -0.7):  # for some inputs even these are lines
                assert abs(np.polyfit(olds, news, 1, full=True)[1]).max() > 1e-6, task


def test_the_numbers_of_the_reports_are_true():
    torch = pytest.importorskip("torch")
    reports = find("14.7").reference
    model = Transformer(3, 128, 4, 512, L=4, out=1, generator=torch.Generator().manual_seed(0))
    xs = torch.randn(50, 1, 3, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole, state = model(xs)
        first, cache = model(xs[:20])
        second, _ = model(xs[20:], cache)
    assert reports["A"] == 1000 * state_bytes(state) / 50 / 1024
    assert state_bytes(model(xs[:1])[1]) == 4 * 1024
    assert reports["B"] == depth(4096)
    assert reports["D"] == 100_000**2 * 4 / 10**9
    assert round((torch.cat([first, second]) - whole).abs().max().item(), 2) == reports["E"]
    work = [12 * 128**2 + 2 * S * 128 for S in (1, 1000)]
    assert reports["F"] == round(work[1] / work[0], 1)


def test_a_wrong_report_is_told_with_its_reason():
    right = find("14.7").reference
    assert study("14.7", right | {"A": 77}).message.endswith("A: got '77'")
    many = study("14.7", {"A": 4, "B": 24, "C": 170, "D": 1, "E": 0.03, "F": 1000}).message
    assert many == "wrong: A, C, D, E, F; right: B; A: got 'as reported, although a cache grows with each word'"


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("14.1", lambda x_t, *rest: (x_t, x_t, x_t), "expected a pair (c_t, cache)"),
        ("14.5", lambda a, b: b, "rounds: expected numbers of shape (R + 1, T, H)"),
        ("14.6", lambda *args: (1, "x"), 'expected a pair of numbers (a, b), or "no line"'),
        ("14.7", {"A": 4000}, 'expected a dict with the keys "A" to "F"'),
        ("14.7", dict.fromkeys("ABCDEF", "wrong"), 'A: expected a number, or "machine"'),
    ],
)
def test_a_wrong_form_is_told_and_costs_no_hint(exercise, answer, words):
    verdict = study(exercise, answer)
    assert verdict.points == 0
    assert words in verdict.message
    assert verdict.hints == ()
