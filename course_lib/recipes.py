"""Classic experiments, ready to run: how many sequences until a long-lag task is solved?

A lesson and `course bench tasks` run the same recipe. A run is judged on held-out data: the training stops when the
goal is met on one held-out batch, and `Run.score` is then measured on fresh sequences that decided nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from . import data
from .training import (
    Goal,
    History,
    Metric,
    SequenceModel,
    Settings,
    accuracy,
    fit,
    make_optimizer,
    mse,
    score,
    sequence_loss,
)


@dataclass(frozen=True)
class Recipe:
    """A task, a model and how to train it.

    draw         (rng, size, B) -> Batch; size is the length or lag
    sizes        the curriculum: each size is trained until its goal is met; the last one is the task itself
    out          numbers per answer
    at_most, at_least  the goal, in units of `metric`
    advance      the goal of the sizes before the last, where it differs
    """

    title: str
    draw: Callable[[np.random.Generator, int, int], data.Batch]
    sizes: tuple[int, ...]
    out: int
    metric: Metric
    at_most: float | None = None
    at_least: float | None = None
    advance: float | None = None
    loss: Metric = sequence_loss
    cell: str = "lstm"
    H: int = 32
    B: int = 32
    init: str = "default"
    gate_bias: float | str | None = "chrono"
    T_max: int | None = 100
    read: str = "last"
    settings: Settings = Settings(steps=4000, lr=1e-2)


@dataclass(frozen=True)
class Run:
    """What came out: score is the metric on 2560 fresh sequences, sequences and CPU seconds include the curriculum."""

    model: torch.nn.Module
    history: History
    solved: bool
    score: float
    sequences: int
    seconds: float


RECIPES = {
    "adding": Recipe("adding T=100, MSE < 0.01", data.adding, (100,), out=1, metric=mse, at_most=0.01),
    "temporal_order": Recipe(
        "temporal order T=100, 99 % right",
        lambda rng, T, B: data.temporal_order(rng, T, B, stretch=0.1),
        (100,),
        out=4,
        metric=accuracy,
        at_least=0.99,
    ),
    "copy": Recipe(
        "copy T=100, 99 % of symbols right",
        data.copy_memory,
        (5, 20, 50, 100),
        out=9,
        metric=accuracy,
        at_least=0.99,
        H=64,
        read="all",
        T_max=120,
        settings=Settings(steps=12_000, lr=1e-2),
    ),
    "first_symbol": Recipe(
        "first symbol after 100 steps, 99 % right", data.first_symbol, (100,), out=8, metric=accuracy, at_least=0.99
    ),
}


def run_recipe(recipe: str | Recipe, seed: int = 0, **changes: Any) -> Run:
    """Train one model from one seed and judge it on fresh data.

    recipe   a name in `RECIPES`, or a Recipe
    changes  fields of the Recipe to replace: `run_recipe("adding", cell="gru", sizes=(50,))`

    Raises ValueError for an unknown name. Not solved within `settings.steps` updates at some size: solved = False.

    >>> run = run_recipe("first_symbol", sizes=(5,), B=8)
    >>> run.solved, run.score > 0.9
    (True, True)
    """
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise ValueError(f"recipe: expected one of {', '.join(RECIPES)}, got {recipe!r}")
        recipe = RECIPES[recipe]
    recipe = replace(recipe, **changes)
    train_rng, goal_rng, test_rng = np.random.default_rng(seed).spawn(3)
    model = _model(recipe, seed)
    optimizer, history = make_optimizer(model, recipe.settings), History()
    for size in recipe.sizes:
        goal = _goal(recipe, goal_rng, size)
        history.solved_at = None
        fit(
            model,
            lambda step, size=size: recipe.draw(train_rng, size, recipe.B),
            recipe.settings,
            goal=goal,
            loss=recipe.loss,
            optimizer=optimizer,
            history=history,
        )
        if not history.solved:
            break
    fresh = score(model, recipe.draw(test_rng, recipe.sizes[-1], 2560), recipe.metric)
    return Run(model, history, history.solved, fresh, history.sequences[-1], history.seconds[-1])


def _goal(recipe: Recipe, rng: np.random.Generator, size: int) -> Goal:
    at_most, at_least = recipe.at_most, recipe.at_least
    if recipe.advance is not None and size != recipe.sizes[-1]:
        at_most, at_least = (at_most and recipe.advance), (at_least and recipe.advance)
    return Goal(recipe.draw(rng, size, 512), recipe.metric, at_most, at_least)


def _model(recipe: Recipe, seed: int) -> SequenceModel:
    D = recipe.draw(np.random.default_rng(0), recipe.sizes[-1], 1).xs.shape[-1]
    gated = recipe.cell in ("lstm", "gru")
    return SequenceModel(
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
