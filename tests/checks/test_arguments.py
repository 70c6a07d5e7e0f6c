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


def total_in_place(xs, h0, W_hh, dhs, k):
    hs, dxs, dW_hh = find("03.3").reference(xs, h0, W_hh, dhs, k)
    for t in reversed(range(len(xs) - 1)):
        dhs[t] += 0 if (t + 1) % k == 0 else dxs[t + 1] @ W_hh
    return hs, dxs, dW_hh


def cell_in_place(x_t, h_prev, c_prev, *args):
    result = find("05.4").reference(x_t, h_prev, c_prev, *args)
    c_prev += h_prev
    return result


def padding_zeroed(batches):
    for losses, lengths in batches:
        losses[np.arange(len(losses))[:, None] >= lengths] = 0
    return sum(losses.sum() for losses, _ in batches) / sum(lengths.sum() for _, lengths in batches)


def moved_and_put_back(dh_t, dc_t, *sums):
    dc_t += 0.1
    dc_t -= 0.1


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("01.1", then("01.1", lambda xs, *_: xs.fill(0)), "changes `xs`"),
        ("01.2", then("01.2", lambda step, xs, h0, lengths, *params: lengths.fill(0)), "changes `lengths`"),
        (
            "01.2",
            then("01.2", lambda step, xs, h0, *params: np.ndim(params[-1]) and params[-1].fill(0)),
            "changes `params`",
        ),
        (
            "02.1",
            then("02.1", lambda logits, targets, weights: (logits.fill(9), targets.fill(9))),
            "changes `logits` and `targets`",
        ),
        ("04.4", clip_without_a_copy, "hands back `grads` itself, or a part of it: return new arrays"),
        ("05.2", then("05.2", lambda dh, dc, *sums: dc.fill(0)), "changes `dc_t`"),
        ("06.1", then("06.1", lambda x, h, *w: h.fill(0)), "changes `h_prev`"),
        ("06.4", then("06.4", lambda *weights: [w.fill(0) for w in weights]), "changes `W_xh` and `W_hh` and `b`"),
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
        ("05.4", cell_in_place, "c_prev"),
        ("07.3", padding_zeroed, "batches"),
        ("07.6", then("07.6", lambda sequences, *_: sequences.reverse()), "sequences"),
        ("05.2", then("05.2", moved_and_put_back), ""),
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
