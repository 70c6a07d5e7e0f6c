"""Classic experiments, ready to run: how many sequences until a long-lag task is solved?

A lesson and `course bench experiments` run the same recipe. A run is judged on held-out data: training stops when the
goal is met on a held-out batch and then again on 2560 fresh sequences; when the second fails, it goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import data
from ..show.bar import bar
from ..training import (
    Goal,
    History,
    Metric,
    SequenceModel,
    Settings,
    accuracy,
    exponential,
    fit,
    make_optimizer,
    mse,
    score,
    sequence_loss,
    within,
)
from .experiments import EXPERIMENTS as EXPERIMENTS
from .experiments import stored as stored


@dataclass(frozen=True)
class Recipe:
    """A task, a model and how to train it.

    draw         (rng, size, B) -> Batch; size is the length T or lag L (copy: the pair of word length and lag)
    sizes        the curriculum: each size is trained until its goal is met; the last one is the task itself
    out          numbers per answer
    at_most, at_least  the goal, in units of `metric`
    advance      the goal of the sizes before the last, where it differs
    open_gate    a gate of the LSTM that is held open: "i", "f" or "o"
    fresh        how sequences to judge by are drawn, where that differs
    held         how many of them: while it trains, and to confirm
    """

    title: str
    draw: Callable[[np.random.Generator, Any, int], data.Batch]
    sizes: tuple[Any, ...]
    out: int
    metric: Metric
    at_most: float | None = None
    at_least: float | None = None
    advance: float | None = None
    loss: Metric = sequence_loss
    cell: str = "lstm"
    H: int = 32
    B: int = 16
    init: str = "orthogonal"
    gate_bias: float | str | None = "chrono"
    T_max: int | None = 100
    read: str = "last"
    settings: Settings = Settings(steps=4000, lr=2e-2)
    open_gate: str | None = None
    fresh: Callable[[np.random.Generator, Any, int], data.Batch] | None = None
    held: tuple[int, int] = (512, 2560)


@dataclass(frozen=True)
class Run:
    """What came out.

    score      the metric on 2560 fresh sequences (of the size that was not solved, where solved is False)
    sequences, seconds  of training, all sizes together; CPU seconds, the checks on the held-out batch included
    """

    model: torch.nn.Module
    history: History
    solved: bool
    score: float
    sequences: int
    seconds: float


def every_step_loss(outputs: torch.Tensor, batch: data.Batch) -> torch.Tensor:
    """`sequence_loss` over all steps, the masked ones too: the published loss of the copy task counts the blanks."""
    return sequence_loss(outputs, batch._replace(mask=None))


def exact(outputs: torch.Tensor, batch: data.Batch) -> torch.Tensor:
    """A metric: the share of sequences in which every answer that counts is right."""
    return _right(outputs, batch).all(0).float().mean()


def longest(outputs: torch.Tensor, batch: data.Batch) -> torch.Tensor:
    """A metric: how many sequences from the first one on are answered without any mistake."""
    return _right(outputs, batch).all(0).float().cumprod(0).sum()


def _right(outputs: torch.Tensor, batch: data.Batch) -> torch.Tensor:
    return (outputs.argmax(-1) == batch.targets) | ~batch.mask


def error_free(outputs: torch.Tensor, batch: data.Batch) -> torch.Tensor:
    """A metric: after how many steps the first mistake comes, on the average of the streams; targets (T, B, K) are 1
    for each symbol that may come next, and a mistake is one of the others among the most likely ones."""
    may = batch.targets > 0
    right = outputs.masked_fill(~may, torch.inf).amin(-1) > outputs.masked_fill(may, -torch.inf).amax(-1)
    return right.float().cumprod(0).sum(0).mean()


def _reber(rng: np.random.Generator, size: Any, B: int) -> data.Batch:
    return data.Batch(*data.reber_batch(rng, B)[:3])


def _outer_letter(rng: np.random.Generator, size: Any, B: int) -> data.Batch:
    """Reber strings of which only the second-last symbol counts: the one that needs memory."""
    batch = data.reber_batch(rng, B)
    return data.Batch(*batch[:2], np.arange(len(batch.xs))[:, None] == batch.lengths - 2)


def _streams(rng: np.random.Generator, size: int, B: int) -> data.Batch:
    return data.Batch(*data.continual_reber_batch(rng, size, B)[:2])


def _long_streams(rng: np.random.Generator, size: int, B: int) -> data.Batch:
    batch = data.continual_reber_batch(rng, 10_000, B)
    return data.Batch(batch.xs, batch.allowed.astype(float))


RECIPES = {
    "adding": Recipe("adding T=100, MSE < 0.01", data.adding, (100,), out=1, metric=mse, at_most=0.01),
    "adding_1997": Recipe(
        "adding T=100 as in 1997, 99 % within 0.04", data.adding_1997, (100,), out=1, metric=within(0.04), at_least=0.99
    ),
    "temporal_order": Recipe(
        "temporal order T=100, 99 % right",
        lambda rng, T, B: data.temporal_order(rng, T, B, stretch=0.1),
        (100,),
        out=4,
        metric=accuracy,
        at_least=0.99,
        settings=Settings(steps=4000, lr=1e-2),
    ),
    "temporal_order_3": Recipe(
        "temporal order of three T=100, 99 % right",
        lambda rng, T, B: data.temporal_order(rng, T, B, symbols=3, stretch=0.1),
        (100,),
        out=8,
        metric=accuracy,
        at_least=0.99,
    ),
    "copy": Recipe(
        "copy T=100, 99 % of symbols right",
        lambda rng, size, B: data.copy_memory(rng, lag=size[1], B=B, length=size[0]),
        ((3, 5), (6, 10), (10, 10), (10, 30), (10, 100)),
        out=9,
        metric=accuracy,
        at_least=0.99,
        advance=0.9,
        loss=every_step_loss,
        H=128,
        read="all",
        T_max=120,
        settings=Settings(steps=12_000, lr=exponential(5e-3, 0.9998)),
    ),
    "first_symbol": Recipe(
        "first symbol after 100 steps, 99 % right", data.first_symbol, (100,), out=8, metric=accuracy, at_least=0.99
    ),
    "latch": Recipe(
        "latch T=100, 99 % right",
        lambda rng, T, B: data.two_sequences(rng, T, B, signs=1),
        (100,),
        out=2,
        metric=accuracy,
        at_least=0.99,
    ),
    "two_sequences": Recipe(
        "two sequences T=100, 99 % right", data.two_sequences, (100,), out=2, metric=accuracy, at_least=0.99
    ),
    "reber": Recipe(
        "embedded Reber, outer letter 99.9 % right",
        _reber,
        ("one",),
        out=7,
        metric=accuracy,
        at_least=0.999,
        H=16,
        read="all",
        T_max=20,
        fresh=_outer_letter,
    ),
    "continual_reber": Recipe(
        "continual Reber, 1000 symbols without a mistake",
        _streams,
        (200,),
        out=7,
        metric=error_free,
        at_least=1000,
        H=16,
        read="all",
        T_max=20,
        settings=Settings(steps=4000, lr=1e-2, truncate=50, every=50),
        fresh=_long_streams,
        held=(16, 64),
    ),
    "digits": Recipe(
        "digits pixel by pixel, 95 % right",
        lambda rng, size, B: data.pixel_sequence(data.digit_images(rng, B)),
        (64,),
        out=10,
        metric=accuracy,
        at_least=0.95,
        H=64,
        T_max=64,
        settings=Settings(steps=4000, lr=5e-3, every=50),
    ),
    "digit_rows": Recipe(
        "digits row by row, 95 % right",
        lambda rng, size, B: data.row_sequence(data.digit_images(rng, B)),
        (8,),
        out=10,
        metric=accuracy,
        at_least=0.95,
        H=64,
        T_max=8,
        settings=Settings(steps=4000, lr=5e-3, every=50),
    ),
    "counting": Recipe(
        "as many b as a, trained to 50, right to 100",
        lambda rng, size, B: data.a_n_b_n(rng.integers(1, size + 1, B)),
        (50,),
        out=2,
        metric=longest,
        at_least=100,
        H=8,
        read="all",
        gate_bias=1.0,
        settings=Settings(steps=5000, lr=1e-2, every=100),
        fresh=lambda rng, size, B: data.a_n_b_n(np.arange(1, B + 1)),
        held=(120, 400),
    ),
    "sums": Recipe(
        "sums of two digits, 95 % exact",
        data.sums,
        (1, 2),
        out=12,
        metric=exact,
        at_least=0.95,
        H=128,
        B=64,
        read="all",
        T_max=10,
        settings=Settings(steps=10_000, lr=5e-3, every=100),
    ),
}


#: Plain descent: a fixed step against the gradient, which is clipped at norm 1.
PLAIN = Settings(steps=1500, lr=0.3, optimizer="sgd")


def run_recipe(recipe: str | Recipe, seed: int = 0, **changes: Any) -> Run:
    """Train one model from one seed and judge it on fresh data.

    recipe   a name in `RECIPES`, or a Recipe
    changes  fields of the Recipe to replace: `run_recipe("adding", cell="gru", sizes=(50,))`

    Raises ValueError for an unknown name. Not solved within `settings.steps` updates at some size: solved = False.

    >>> run = run_recipe("first_symbol", sizes=(5,), B=8)
    >>> run.solved, run.score > 0.9
    (True, True)
    """
    recipe = _with(recipe, changes)
    train_rng, goal_rng, test_rng = np.random.default_rng(seed).spawn(3)
    model = _model(recipe, seed)
    optimizer, history = make_optimizer(model, recipe.settings), History()
    with bar(recipe.sizes, recipe.title, shown=recipe.settings.progress) as sizes:
        for size in sizes:
            goal = _goal(recipe, goal_rng, size)

            def draw(step: int, size: Any = size) -> data.Batch:
                return recipe.draw(train_rng, size, recipe.B)

            end, history.solved_at = len(history.loss) + recipe.settings.steps, None
            while not history.solved and len(history.loss) < end:
                settings = _remaining(recipe.settings, end - len(history.loss))
                fit(model, draw, settings, goal=goal, loss=recipe.loss, optimizer=optimizer, history=history)
                sizes.set_postfix_str(f"size {size}, on fresh sequences")
                fresh = score(model, _held(recipe, test_rng, size, 1), recipe.metric)
                if not goal.reached(fresh):
                    history.solved_at = None
            if not history.solved:
                break
    return Run(model, history, history.solved, fresh, history.sequences[-1], history.seconds[-1])


def guess_weights(
    recipe: str | Recipe, seed: int = 0, *, guesses: int = 5000, scale: float = 100.0, **changes: Any
) -> Run:
    """The baseline that learns nothing: draw all weights from U(-scale, scale) until a network meets the goal.

    `sequences` of the Run counts the guesses. Source: Schmidhuber, Hochreiter & Bengio 2001.

    >>> guess_weights("latch", sizes=(5,), cell="rnn", H=1, held=(100, 100)).solved
    True
    """
    recipe = _with(recipe, changes)
    goal_rng, test_rng = np.random.default_rng(seed).spawn(2)
    model, generator, begun = _model(recipe, seed), torch.Generator().manual_seed(seed), process_time()
    goal, guess, fresh = _goal(recipe, goal_rng, recipe.sizes[-1]), 0, float("nan")
    while guess < guesses and not goal.reached(fresh):
        guess += 1
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.uniform_(-scale, scale, generator=generator)
        fresh = score(model, goal.batch, goal.metric)
        if goal.reached(fresh):
            fresh = score(model, _held(recipe, test_rng, recipe.sizes[-1], 1), recipe.metric)
    return Run(model, History(), goal.reached(fresh), fresh, guess, process_time() - begun)


class Learned(NamedTuple):
    """A network that was asked "was or were?", and after how many updates it was right (None: not within them)."""

    model: SequenceModel
    updates: int | None


def learn_was_or_were(
    cell: str | Callable[[int, int], torch.nn.Module] = "rnn",
    clauses: int | tuple[int, ...] = 5,
    start: int = 0,
    *,
    H: int = 32,
    init: str = "default",
    gate_bias: float | str | None = None,
    T_max: int | None = None,
    settings: Settings = PLAIN,
) -> Learned:
    """Train one network on "was or were?", asked after the last word: the loop of lesson 04, for any cell.

    clauses   sentences of this many clauses; for a tuple each update draws one of its numbers
    start     the number of the random start: weights, training sentences and fresh sentences come from it
    settings  plain descent with the gradient clipped at norm 1, unless you say otherwise; 32 sentences an update

    Every `settings.every` updates the network is asked 500 sentences it has not seen, of the longest kind; it has
    learned when it is right on 99 of 100. Raises ValueError for an unknown cell or init.

    >>> learn_was_or_were("rnn", clauses=0).updates
    25
    """
    kinds = (clauses,) if isinstance(clauses, int) else clauses
    train_rng, fresh_rng = np.random.default_rng(start).spawn(2)
    generator = torch.Generator().manual_seed(start)
    model = SequenceModel(
        cell, len(data.WORDS), H, 2, init=init, gate_bias=gate_bias, T_max=T_max, read="last", generator=generator
    )
    goal = Goal(was_or_were(fresh_rng, 500, max(kinds)), accuracy, at_least=0.99)
    history = fit(model, lambda step: was_or_were(train_rng, 32, int(train_rng.choice(kinds))), settings, goal=goal)
    return Learned(model, history.solved_at)


def was_or_were(rng: np.random.Generator, B: int, clauses: int) -> data.Batch:
    """`data.sentence_batch` as one-hot vectors (T, B, 30), in single precision."""
    batch = data.sentence_batch(rng, B, clauses)
    return batch._replace(xs=data.one_hot(batch.xs, len(data.WORDS)).astype(np.float32))


def _with(recipe: str | Recipe, changes: dict[str, Any]) -> Recipe:
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise ValueError(f"recipe: expected one of {', '.join(RECIPES)}, got {recipe!r}")
        recipe = RECIPES[recipe]
    return replace(recipe, **changes)


def _remaining(settings: Settings, steps: int) -> Settings:
    """The settings for the last `steps` updates of a size: a schedule goes on, it does not begin again."""
    lr, done = settings.lr, settings.steps - steps
    return replace(settings, steps=steps, lr=(lambda step: lr(step + done)) if callable(lr) else lr)


def _goal(recipe: Recipe, rng: np.random.Generator, size: Any) -> Goal:
    at_most, at_least = recipe.at_most, recipe.at_least
    if recipe.advance is not None and size != recipe.sizes[-1]:
        at_most, at_least = (at_most and recipe.advance), (at_least and recipe.advance)
    return Goal(_held(recipe, rng, size, 0), recipe.metric, at_most, at_least)


def _held(recipe: Recipe, rng: np.random.Generator, size: Any, which: int) -> data.Batch:
    return (recipe.fresh or recipe.draw)(rng, size, recipe.held[which])


def _model(recipe: Recipe, seed: int) -> SequenceModel:
    D = recipe.draw(np.random.default_rng(0), recipe.sizes[-1], 1).xs.shape[-1]
    gated = recipe.cell in ("lstm", "gru")
    model = SequenceModel(
        recipe.cell,
        D,
        recipe.H,
        recipe.out,
        init=recipe.init,
        gate_bias=recipe.gate_bias if gated else None,
        T_max=recipe.T_max,
        read=recipe.read,
        generator=torch.Generator().manual_seed(seed),
    )
    if recipe.open_gate:
        _hold_open(model.rnn, recipe.open_gate)
    return model


@torch.no_grad()
def _hold_open(lstm: torch.nn.LSTM, gate: str) -> None:
    """Keep a gate at 1 for ever: no weights, a large bias, and no gradient."""
    k, H = "ifgo".index(gate), lstm.hidden_size
    for name, parameter in lstm.named_parameters():
        learned = torch.ones_like(parameter)
        learned[k * H : (k + 1) * H] = 0
        parameter.mul_(learned).add_((1 - learned) * (30 if name == "bias_ih_l0" else 0))
        parameter.register_hook(lambda gradient, learned=learned: gradient * learned)
