"""What an answer does to its arguments: it costs points where the statement asks for the contrary, else it is noted."""

import numpy as np
import pytest

from course_lib.checks import find, judge, probe


def verdict_of(exercise, answer, seed=3):
    task = find(exercise)
    cases = task.draw(seed)
    return judge.judge(task, cases, probe.outcomes(answer, [c.args for c in cases], task.is_value))


def then(exercise, spoil):
    """The right answer, and then something happens to the arguments."""

    def answer(*args):
        result = find(exercise).reference(*args)
        spoil(*args)
        return result

    return answer


def clip_without_a_copy(grads, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    if not np.isfinite(norm):
        return None, norm
    if norm <= max_norm:
        return grads, norm
    return [g * max_norm / norm for g in grads], norm


def drop_without_a_copy(hs, u, p, training, variational):
    if not training:
        return hs
    return hs * ((u[:1] if variational else u) >= p) / (1 - p)


def total_in_place(xs, h0, W_hh, dhs, k):
    hs, dxs, dW_hh = find("03.3").reference(xs, h0, W_hh, dhs, k)
    for t in reversed(range(len(xs) - 1)):
        dhs[t] += 0 if (t + 1) % k == 0 else dxs[t + 1] @ W_hh
    return hs, dxs, dW_hh


def cell_in_place(dh_t, dc_t, *args):
    result = find("05.2").reference(dh_t, dc_t, *args)
    dc_t += dh_t
    return result


def padding_zeroed(losses, lengths):
    mask = np.arange(len(losses))[:, None] < lengths
    losses[~mask] = 0
    loss = losses.sum() / mask.sum()
    return loss, mask / mask.sum(), np.exp(loss)


def negated_in_place(W_xh, W_hh, b_x, b_h):
    H = W_hh.shape[1]
    for a in (W_xh, W_hh, b_x, b_h):
        a[H : 2 * H] *= -1
    return W_xh, W_hh, b_x, b_h


def restored(f, w, eps, restore=True):
    gradient = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        old = w[i]
        w[i] = old + eps
        above = f(w)
        w[i] = old - eps
        gradient[i] = (above - f(w)) / (2 * eps)
        w[i] = old
    if not restore:
        w[i] += eps
    return gradient


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("01.1", then("01.1", lambda x, *_: x.fill(0)), "changes `x_t`"),
        ("01.2", then("01.2", lambda step, xs, h0, *params: h0.fill(0)), "changes `h0`"),
        (
            "01.2",
            then("01.2", lambda step, xs, h0, *params: np.ndim(params[-1]) and params[-1].fill(0)),
            "changes `params`",
        ),
        (
            "02.1",
            then("02.1", lambda logits, targets: (logits.fill(9), targets.fill(9))),
            "changes `logits` and `targets`",
        ),
        ("03.4", lambda f, w, eps: restored(f, w, eps, restore=False), "changes `w`"),
        ("04.4", clip_without_a_copy, "hands back `grads` itself: return a new array"),
        ("05.1", then("05.1", lambda x, h, c, *w: c.fill(0)), "changes `c_prev`"),
        ("06.1", then("06.1", lambda x, h, *w: h.fill(0)), "changes `h_prev`"),
        ("06.4", negated_in_place, "changes `W_xh` and `W_hh` and `b_x` and `b_h`"),
        ("07.5", drop_without_a_copy, "hands back `hs` itself: return a new array"),
    ],
)
def test_an_argument_that_had_to_stay_or_came_back_costs_the_points_and_is_named(exercise, answer, told):
    verdict = verdict_of(exercise, answer)
    assert (verdict.points, verdict.status, verdict.misconception) == (0, "wrong", None), verdict.message
    assert told in verdict.message


@pytest.mark.parametrize(
    ("exercise", "answer", "changed"),
    [
        ("03.3", total_in_place, "dhs"),
        ("05.2", cell_in_place, "dc_t"),
        ("07.3", padding_zeroed, "losses"),
        ("07.6", then("07.6", lambda sequences, *_: sequences.reverse()), "sequences"),
        ("03.4", restored, ""),
        ("04.5", then("04.5", lambda gradient, w, *_: w.fill(0)), ""),
        ("05.5", then("05.5", lambda bias_ih, *_: bias_ih.fill(0)), ""),
    ],
)
def test_where_nothing_is_asked_right_values_keep_their_points(exercise, answer, changed):
    verdict = verdict_of(exercise, answer)
    assert verdict.points == verdict.max_points, verdict.message
    note = f"; note: your code changes `{changed}`, work on a copy if you need it later" if changed else ""
    assert verdict.message.removeprefix(f"right on all {len(find(exercise).draw(3))} inputs") == note


@pytest.mark.parametrize("what", [0, 1])
def test_ids_and_labels_of_a_batch_are_whole_numbers(what):
    def answer(*args):
        batches = [list(batch) for batch in find("07.6").reference(*args)]
        for batch in batches:
            batch[what] = batch[what].astype(float)
        return batches

    verdict = verdict_of("07.6", answer)
    assert verdict.points == 0
    assert f"{['ids', 'labels'][what]} must be whole numbers" in verdict.message
