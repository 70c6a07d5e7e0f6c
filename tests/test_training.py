"""Schedules equal torch's, the loop does what its settings say, and nothing touches a global seed."""

import dataclasses
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import data, training
from course_lib.recipes import PLAIN, RECIPES, learn_was_or_were, run_recipe, was_or_were
from course_lib.show import bar as training_bar
from course_lib.show import training_curve
from course_lib.training import Goal, History, SequenceModel, Settings, fit

torch.set_num_threads(1)


def model_of(cell="lstm", D=3, H=6, out=2, seed=0, **options):
    return SequenceModel(cell, D, H, out, generator=torch.Generator().manual_seed(seed), **options)


def draws(seed=0, T=6, B=16):
    rng = np.random.default_rng(seed)
    return lambda step: data.latch(rng, T, B)


# ---- schedules


def torch_rates(make, steps):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


S = torch.optim.lr_scheduler


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (training.exponential(0.3, 0.9), lambda o: S.ExponentialLR(o, 0.9)),
        (training.step_decay(0.3, 7, 0.5), lambda o: S.StepLR(o, 7, 0.5)),
        (training.cosine(0.3, 40, 0.01), lambda o: S.CosineAnnealingLR(o, 40, 0.01)),
        (training.warm_up(training.constant(0.3), 9, 0.2), lambda o: S.LinearLR(o, 0.2, 1.0, 9)),
        (
            training.warm_up(training.cosine(0.3, 31), 9, 0.2),
            lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.2, 1.0, 9), S.CosineAnnealingLR(o, 31)], [9]),
        ),
    ],
    ids=["exponential", "step", "cosine", "warm-up", "warm-up then cosine"],
)
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_schedule_equals_torch(ours, theirs):
    np.testing.assert_allclose([ours(t) for t in range(40)], torch_rates(theirs, 40), rtol=1e-10)


def test_fit_follows_the_schedule():
    history = fit(model_of(), draws(), Settings(steps=5, lr=training.exponential(0.1, 0.5)))
    assert history.lr == [0.1 * 0.5**t for t in range(5)]


# ---- model


@pytest.mark.parametrize("cell", ["rnn", "relu", "lstm", "gru", nn.GRU])
def test_model_is_torchs_layer_and_a_head(cell):
    model, xs = model_of(cell), torch.randn(5, 4, 3)
    outputs, state = model(xs)
    hs, _ = model.rnn(xs)
    torch.testing.assert_close(outputs, hs @ model.head.weight.T + model.head.bias)
    last, _ = SequenceModel(cell, 3, 6, 2, read="last", generator=torch.Generator().manual_seed(0))(xs)
    torch.testing.assert_close(last, outputs[-1])
    chunked = [model(xs[:2])]
    torch.testing.assert_close(model(xs[2:], chunked[0][1])[0], outputs[2:])


def test_weights_come_from_the_given_generator_alone():
    before = torch.get_rng_state()
    one, two, other = model_of(gate_bias="chrono", T_max=9), model_of(gate_bias="chrono", T_max=9), model_of(seed=1)
    assert torch.equal(before, torch.get_rng_state())
    same = [torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True)]
    assert all(same) and not torch.equal(one.rnn.weight_hh_l0, other.rnn.weight_hh_l0)


def test_inits():
    generator = torch.Generator().manual_seed(0)
    rnn = nn.LSTM(3, 8, num_layers=2)
    training.set_weights(rnn, "orthogonal", generator)
    for W in rnn.weight_hh_l1.split(8):
        torch.testing.assert_close(W @ W.T, torch.eye(8))
    assert not rnn.bias_hh_l1.any() and rnn.weight_ih_l0.abs().max() <= math.sqrt(6 / (3 + 8))
    irnn = model_of("relu", init="identity").rnn
    assert torch.equal(irnn.weight_hh_l0, torch.eye(6))
    assert model_of(init="default").rnn.weight_hh_l0.abs().max() <= 6**-0.5


def test_a_module_without_a_recurrent_matrix_is_told_so():
    with pytest.raises(ValueError, match="weight_hh, as nn.RNN has it, got Linear"):
        training.SequenceModel(nn.Linear, 3, 6, 2)


@pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru", 3)])
def test_gate_bias_is_the_sum_of_both_biases(cell, gates):
    rnn = model_of(cell, H=6, gate_bias=1.5).rnn
    total = (rnn.bias_ih_l0 + rnn.bias_hh_l0).view(gates, 6)
    assert torch.equal(total[1], torch.full((6,), 1.5))  # f of the LSTM, z of the GRU
    assert len(total[[0, 2]].unique()) == 12  # the other gates keep what they had


def test_chrono_spreads_memory_from_one_step_to_t_max():
    rnn = model_of("lstm", H=500, gate_bias="chrono", T_max=50).rnn
    i, f, _, _ = (rnn.bias_ih_l0 + rnn.bias_hh_l0).view(4, 500)
    assert f.min() >= 0 and math.log(40) < f.max() <= math.log(49) and torch.equal(i, -f)


# ---- loss


def test_a_masked_loss_is_the_mean_over_the_real_steps():
    outputs, targets = torch.randn(4, 2, 3), torch.tensor([[0, 1], [2, 0], [1, 1], [0, 0]])
    mask = torch.tensor([[1, 1], [1, 1], [1, 0], [0, 0]], dtype=torch.bool)
    by_hand = torch.cat(
        [
            nn.functional.cross_entropy(outputs[:3, 0], targets[:3, 0], reduction="none"),
            nn.functional.cross_entropy(outputs[:2, 1], targets[:2, 1], reduction="none"),
        ]
    ).mean()
    torch.testing.assert_close(training.sequence_loss(outputs, data.Batch(None, targets, mask)), by_hand)
    last = training.sequence_loss(outputs, data.Batch(None, targets[0], mask))
    picked = torch.stack([outputs[2, 0], outputs[1, 1]])
    torch.testing.assert_close(last, nn.functional.cross_entropy(picked, targets[0]))


def test_floats_mean_squared_error_at_the_last_step_or_at_all():
    outputs = torch.randn(4, 2, 1)
    at_end, everywhere = torch.randn(2, 1), torch.randn(4, 2, 1)
    torch.testing.assert_close(training.mse(outputs, data.Batch(None, at_end)), ((outputs[-1] - at_end) ** 2).mean())
    torch.testing.assert_close(
        training.mse(outputs, data.Batch(None, everywhere)), ((outputs - everywhere) ** 2).mean()
    )
    assert training.within(10.0)(outputs, data.Batch(None, at_end)) == 1


# ---- loop


def test_fit_learns_stops_at_the_goal_and_repeats_exactly():
    goal = Goal(data.latch(np.random.default_rng(9), 6, 300), training.accuracy, at_least=0.99)
    runs = [fit(model_of(), draws(), Settings(steps=400, lr=1e-2), goal=goal) for _ in range(2)]
    assert runs[0].solved and runs[0].solved_at == len(runs[0].loss) < 400
    assert runs[0].loss == runs[1].loss and runs[0].scores == runs[1].scores
    assert runs[0].sequences[-1] == 16 * runs[0].solved_at and runs[0].seconds == sorted(runs[0].seconds)


@pytest.mark.parametrize("clip_by", ["norm", "value", "none"])
def test_clipping_bounds_the_step_and_reports_the_norm_before(clip_by):
    model, batch = model_of(), draws()(0)
    before = [p.detach().clone() for p in model.parameters()]
    history = fit(model, [batch], Settings(steps=1, lr=1.0, optimizer="sgd", clip=1e-3, clip_by=clip_by))
    moved = torch.cat([(p.detach() - q).flatten() for p, q in zip(model.parameters(), before, strict=True)])
    if clip_by == "norm":
        assert moved.norm().item() == pytest.approx(1e-3, rel=1e-3)
    elif clip_by == "value":
        assert moved.abs().max().item() == pytest.approx(1e-3, rel=1e-3)
    else:
        assert moved.norm().item() == pytest.approx(history.grad_norm[0], rel=1e-3)
    assert history.grad_norm[0] > 1e-2


def chunk_gradients(model, batch, k):
    """Truncated BPTT by hand: the loss and gradient norm of each chunk, weights fixed."""
    state, found = None, []
    for start in range(0, len(batch.xs), k):
        part = data.Batch(batch.xs[start : start + k], batch.targets[start : start + k])
        outputs, state = model(part.xs, state)
        state = tuple(s.detach() for s in state)
        loss = training.sequence_loss(outputs, part)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        found.append((loss.item(), torch.cat([g.flatten() for g in gradients]).norm().item()))
    return np.array(found)


def test_truncation_carries_the_state_and_cuts_the_gradient():
    xs, targets, _ = data.parity(np.random.default_rng(0), 10, 4)
    batch = data.Batch(torch.tensor(xs, dtype=torch.float32), torch.tensor(targets))
    model = model_of(D=1)
    history = fit(model, [batch], Settings(steps=6, lr=0.0, optimizer="sgd", clip_by="none", truncate=4))
    by_hand = chunk_gradients(model, batch, 4)
    np.testing.assert_allclose(np.column_stack([history.loss, history.grad_norm])[:3], by_hand, rtol=1e-5)
    assert history.loss[3:] == history.loss[:3]  # the next batch starts from a zero state
    assert history.sequences == [4, 4, 4, 8, 8, 8]


def test_carry_goes_on_into_the_next_window_and_starts_afresh_each_round():
    ids = np.random.default_rng(0).integers(0, 5, 81)
    windows, whole = data.stream_batches(ids, 5, 4), data.stream_batches(ids, 20, 4)
    options = {"lr": 0.0, "optimizer": "sgd", "clip_by": "none"}
    model = model_of(D=2, out=5, vocabulary=5)
    carried = fit(model, windows, Settings(steps=8, carry=True, **options)).loss
    at_once = fit(model, whole, Settings(steps=4, truncate=5, **options)).loss
    cold = fit(model, windows, Settings(steps=4, **options)).loss
    np.testing.assert_allclose(carried[:4], at_once, rtol=1e-5)
    assert carried[4:] == carried[:4] and cold[0] == carried[0] and cold[1:] != carried[1:4]


def test_truncation_with_one_answer_at_the_end_reads_the_chunks_before():
    model = model_of()
    batch = draws(T=10)(0)
    history = fit(model, [batch], Settings(steps=2, lr=0.0, optimizer="sgd", truncate=4))
    whole = training.score(model, batch)
    np.testing.assert_allclose(history.loss, [whole, whole], rtol=1e-5)
    assert history.sequences == [16, 32]


def test_a_chunk_of_nothing_but_padding_is_read_and_not_learned_from():
    xs, targets, _ = data.parity(np.random.default_rng(0), 6, 2)
    mask = np.arange(6)[:, None] < [2, 1]
    settings = Settings(steps=3, lr=0.0, optimizer="sgd", truncate=2)
    history = fit(model_of(D=1), [data.Batch(xs, targets, mask)], settings)
    assert history.loss == [history.loss[0]] * 3 and np.isfinite(history.loss[0])
    assert history.sequences == [2, 4, 6]


def test_an_interrupt_leaves_what_was_reached_in_the_history_that_was_given(capsys):
    def stop(step, history, model):
        if step == 2:
            raise KeyboardInterrupt

    history = History()
    with pytest.raises(KeyboardInterrupt):
        fit(model_of(), draws(), Settings(steps=9, progress=True), history=history, callbacks=[stop])
    assert [len(column) for column in (history.loss, history.grad_norm, history.lr, history.seconds)] == [3] * 4
    assert capsys.readouterr().err.endswith("\r")  # the bar is cleared: what is printed next has its own line


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, bool])
def test_class_ids_may_be_of_any_whole_number_type(dtype):
    xs, targets, _ = draws()(0)
    losses = [fit(model_of(), [data.Batch(xs, targets.astype(t))], Settings(steps=1)).loss for t in (dtype, np.int64)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("nonfinite", ["raise", "skip", "allow"])
def test_a_gradient_that_is_not_finite(nonfinite):
    xs, targets, _ = draws()(0)
    xs[0, 0, 0] = np.nan
    model = model_of()
    settings = Settings(steps=2, nonfinite=nonfinite)
    if nonfinite == "raise":
        with pytest.raises(FloatingPointError, match="step 0: gradient: expected a finite norm, got nan"):
            fit(model, [data.Batch(xs, targets)], settings)
        return
    history = fit(model, [data.Batch(xs, targets)], settings)
    healthy = all(p.isfinite().all() for p in model.parameters())
    assert (healthy, history.skipped) == ((True, 2) if nonfinite == "skip" else (False, 0))


def test_callbacks_and_continuing():
    steps, model = [], model_of()
    optimizer = training.make_optimizer(model, Settings())
    history = fit(model, draws(), Settings(steps=3), callbacks=[lambda t, h, m: steps.append(t)], optimizer=optimizer)
    same = fit(model, draws(1), Settings(steps=2), history=history, optimizer=optimizer)
    assert steps == [0, 1, 2] and same is history and history.sequences == [16, 32, 48, 64, 80]


class Shown:
    """Stands in for IPython's display, and keeps what a notebook would show."""

    def __call__(self, content, **_):
        self.first = self.content = content
        return self

    def update(self, content, **_):
        self.content = content


@pytest.fixture
def shown(monkeypatch):
    """As in a notebook."""
    for module in (training, training_bar):
        monkeypatch.setattr(module, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", shown := Shown())
    return shown


@pytest.mark.parametrize("cost", [0.0, 0.2])
def test_a_curve_takes_a_tenth_of_the_time_and_changes_nothing(shown, monkeypatch, cost):
    clock, drawn, pair = [0.0], [], (model_of(), model_of())

    def draw(self):
        drawn.append(clock[0])
        clock[0] += cost
        return ""

    def work(*_):
        clock[0] += 0.05

    monkeypatch.setattr(training_curve, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(training_curve.Curve, "_drawn", draw)
    watched = fit(pair[0], draws(), Settings(steps=100), watch=True, callbacks=[work])
    assert watched.loss == fit(pair[1], draws(), Settings(steps=100)).loss
    assert all(torch.equal(a, b) for a, b in zip(*(model.parameters() for model in pair)))
    waits = np.diff(drawn)[1:] - cost
    assert len(waits) > 1 and waits.min() > max(0.25, 9 * cost) - 1e-9


def test_a_curve_says_the_time_left_and_ends_as_a_figure_with_alt_text(shown, monkeypatch):
    clock, said, goal = iter(np.arange(0, 1000, 0.5)), [], Goal(draws(9)(0), training.accuracy, at_least=0.1)
    monkeypatch.setattr(training_curve, "perf_counter", lambda: next(clock))
    watch = training.Watch(floor=0.0, rivals={"guessing": 0.7}, unit="nats")
    told = [lambda *_: said.append(shown.first.children[0].children[1].value)]
    history = fit(model_of(), draws(), Settings(steps=8, every=5), goal=goal, watch=watch, callbacks=told)
    assert said[0] == "0 of 8 updates" and re.match(r"1 of 8 updates · at most about \d+ s left · ■", said[1])
    html = shown.content.data
    assert html.count("<img") == 1 and f"{history.loss[0]:.3g} nats at the first of 5 updates" in html
    assert f"{history.loss[-1]:.3g} nats at the end (mean of 1). Lines: guessing 0.7, floor 0." in html
    assert f"ends at {history.scores[-1][1]:.3g}. The goal, at least 0.1, was reached after 5 updates." in html


@pytest.mark.parametrize("notebook", [True, False])
def test_an_interrupt_of_a_watched_training_keeps_what_was_trained(notebook, request, capsys):
    def stop(step, history, model):
        if step == 2:
            raise KeyboardInterrupt

    shown = request.getfixturevalue("shown") if notebook else None
    history = fit(model_of(), draws(), Settings(steps=9), callbacks=[stop], watch=True)
    assert len(history.loss) == len(history.seconds) == 3
    assert capsys.readouterr() == ("stopped after 3 of 9 updates: what was trained is kept\n", "")
    assert not notebook or "at the first of 3 updates" in shown.content.data


def test_the_stop_button_ends_the_training_after_the_update(shown, capsys):
    press = [lambda step, *_: step == 3 and shown.first.children[0].children[0].click()]
    assert len(fit(model_of(), draws(), Settings(steps=9), watch=True, callbacks=press).loss) == 4
    assert "stopped after 4 of 9 updates" in capsys.readouterr().out


def test_a_loss_that_is_no_number_is_drawn_and_an_error_leaves_the_curve(shown):
    xs, targets, _ = draws()(0)
    batches = [draws()(0), data.Batch(xs * np.nan, targets)]
    fit(model_of(), batches, Settings(steps=9, nonfinite="allow"), watch=True)
    assert "no finite number at the end" in shown.content.data
    with pytest.raises(FloatingPointError):
        fit(model_of(), batches, Settings(steps=9), watch=True)
    assert "at the first of 1 updates" in shown.content.data


def test_a_bar_in_a_notebook_leaves_nothing(shown):
    items = training_bar.bar("abc", "letters", delay=0)
    assert next(iter(items)) == "a" and shown.first["text/plain"].startswith("letters:   0%")
    items.close()
    assert shown.content == {}


def test_many_short_loops_of_a_cell_are_no_longer_silent_than_a_long_one(shown, monkeypatch):
    clock, seen = [0.0], []
    monkeypatch.setattr(training_bar, "perf_counter", lambda: clock[0])
    monkeypatch.setattr("tqdm.std.time", lambda: clock[0])
    monkeypatch.setattr(Shown, "update", lambda self, content, **_: seen.append(clock[0]))
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: SimpleNamespace(execution_count=1))
    for _ in range(20):
        for _ in training_bar.bar(range(3)):
            clock[0] += 0.3
    assert len(seen) > 3 and max(np.diff([0.0, *seen, clock[0]])) < 3.0


def test_progress_is_silent_away_from_a_terminal_and_shown_on_request(capsys):
    fit(model_of(), draws(), Settings(steps=2))
    assert capsys.readouterr() == ("", "")
    fit(model_of(), draws(), Settings(steps=2, progress=True))
    assert "/2" in capsys.readouterr().err


def test_padded_reber_batches_and_double_precision():
    rng, model = np.random.default_rng(0), model_of(D=7, out=7).double()
    draw = lambda step: data.Batch(*data.reber_batch(rng, 8)[:3])  # noqa: E731
    history = fit(model, draw, Settings(steps=30, lr=2e-2))
    assert history.loss[-1] < history.loss[0] < 2.1 and next(model.parameters()).dtype == torch.float64


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no accelerator")
def test_fit_on_an_accelerator():
    model = model_of()
    assert np.isfinite(fit(model, draws(), Settings(steps=2, device="auto")).loss).all()
    assert next(model.parameters()).is_cuda


# ---- recipes


@pytest.mark.parametrize(("name", "sizes"), [("adding", (10,)), ("temporal_order", (20,)), ("first_symbol", (5, 10))])
def test_recipes_solve_a_short_form(name, sizes):
    run = run_recipe(name, 1, sizes=sizes, H=16)
    assert run.solved and run.sequences == run.history.sequences[-1] and run.history.solved
    assert run.score < 0.02 if name == "adding" else run.score > 0.95


def test_the_copy_recipe_runs_and_says_when_it_has_not_solved():
    run = run_recipe("copy", sizes=((2, 2), (2, 5)), H=8, settings=Settings(steps=3))
    assert not run.solved and run.sequences == 3 * RECIPES["copy"].B and len(run.history.scores) == 1


def test_was_or_were_is_learned_on_short_sentences_and_a_start_is_repeatable():
    once, again = (learn_was_or_were("rnn", clauses=(0, 1), start=3) for _ in range(2))
    assert once.updates == again.updates and once.updates % 25 == 0
    assert all(torch.equal(a, b) for a, b in zip(once.model.parameters(), again.model.parameters(), strict=True))
    fresh = was_or_were(np.random.default_rng(9), 500, 1)
    assert training.score(once.model, fresh, training.accuracy) > 0.97
    assert learn_was_or_were("rnn", clauses=10, settings=dataclasses.replace(PLAIN, steps=2)).updates is None


# ---- errors

EMPTY = data.Batch(np.zeros((0, 2, 3)), np.zeros((0, 2), int))


def masked(value):
    return data.Batch(np.zeros((4, 2, 3)), np.zeros((4, 2), int), np.full((4, 2), value))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: model_of("mamba"), "cell: expected one of rnn, relu, lstm, gru or a callable, got 'mamba'"),
        (lambda: model_of(init="best"), "init: expected one of default, xavier, orthogonal, identity, got 'best'"),
        (lambda: model_of(read="first"), "read: expected 'all' or 'last', got 'first'"),
        (
            lambda: model_of("rnn", gate_bias=1.0),
            "expected an LSTM \\(4 blocks\\) or a GRU \\(3 blocks\\), got 1 block",
        ),
        (lambda: model_of(gate_bias="chrono"), "T_max: expected at least 3 for 'chrono', got None"),
        (lambda: model_of(gate_bias="big"), "gate_bias: expected a finite number or 'chrono', got 'big'"),
        (lambda: model_of()(torch.zeros(5, 2, 4)), "\\(T, B, 3\\) floats with T, B >= 1, got \\(5, 2, 4\\) float32"),
        (lambda: model_of()(torch.zeros(0, 2, 3)), "T, B >= 1, got \\(0, 2, 3\\)"),
        (lambda: model_of(vocabulary=4)(torch.full((5, 2), 4)), "xs: expected ids in 0..3, got 4..4"),
        (lambda: model_of(vocabulary=4)(torch.zeros(5, 2)), "integer ids with T, B >= 1, got \\(5, 2\\) float32"),
        (lambda: model_of()(np.zeros((5, 2, 3))), "xs: expected a tensor, got ndarray"),
        (lambda: training.step_decay(0.1, 0), "size: expected an integer >= 1, got 0"),
        (lambda: training.cosine(0.1, 0), "steps: expected an integer >= 1, got 0"),
        (lambda: training.warm_up(training.constant(0.1), -1), "steps: expected an integer >= 0, got -1"),
        (lambda: Settings(lr="0.1"), "lr: expected a finite number in 0..inf, got '0.1'"),
        (lambda: Settings(every=None), "every: expected an integer >= 1, got None"),
        (lambda: Settings(clip_by="size"), "clip_by: expected one of norm, value, none, got 'size'"),
        (lambda: Settings(steps=0), "steps: expected an integer >= 1, got 0"),
        (lambda: Settings(truncate=0), "truncate: expected an integer >= 1, got 0"),
        (lambda: Settings(clip=0.0), "clip: expected a number > 0, got 0.0"),
        (lambda: fit(model_of(), draws()(0)), "batches: expected a function or a list of batches, got Batch"),
        (lambda: fit(model_of(), iter([])), "batches: expected a function or a list of batches, got list_iterator"),
        (lambda: fit(model_of(), [EMPTY], Settings(truncate=2)), r"xs: expected T, B >= 1, got \(0, 2, 3\)"),
        (lambda: fit(model_of(), [masked(0 > 1)]), "mask: expected at least one step that counts, got none"),
        (lambda: fit(model_of(), [masked(1)]), r"mask: expected bool \(T, B\) = \(4, 2\), got torch.int64 \(4, 2\)"),
        (lambda: fit(model_of(), [data.Batch(np.zeros((4, 2, 3)), np.array([0, 2]))]), "class ids in 0..1, got 0..2"),
        (lambda: training.accuracy(torch.zeros(2, 1), data.Batch(None, torch.zeros(2, 1))), "expected class ids for"),
        (lambda: training.mse(torch.zeros(2, 2), data.Batch(None, torch.tensor([0, 1]))), "targets: expected floats"),
        (lambda: training.within(1)(torch.zeros(2, 1), data.Batch(None, torch.zeros(2, 3))), "expected K = 3 numbers"),
        (lambda: fit(model_of(), []), "batches: expected at least one batch, got none"),
        (lambda: fit(model_of(), draws(), watch="yes"), "watch: expected True, False or a Watch, got 'yes'"),
        (lambda: fit(model_of(), [draws(B=4)(0), draws(B=5)(0)], Settings(carry=True)), "the same B = 4, got 5"),
        (
            lambda: fit(model_of(D=1, read="last"), lambda t: data.parity(np.random.default_rng(0), 5, 4)),
            "outputs: expected \\(T, B, K\\) = \\(5, 4, 'K'\\), got \\(4, 2\\)",
        ),
        (
            lambda: fit(model_of(D=2), lambda t: data.adding(np.random.default_rng(0), 5, 4)),
            "outputs: expected K = 1 numbers per answer, got 2",
        ),
        (lambda: run_recipe("subtracting"), "recipe: expected one of adding, .*, sums, got 'subtracting'"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_history_starts_empty():
    assert not History().solved and History().loss == []
